"""Search over names: what is found by which way of typing, in which order, and what is not."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.domain.language_names import languages
from relaypoint.domain.roster import SHEETS as ALL_SHEETS
from relaypoint.domain.search import HOW, LONGEST, SHEETS, Entry, Hit, Names, entries_of, normalised
from relaypoint.resolvers.roster_check import check
from relaypoint.resolvers.tables import read_tables
from relaypoint.tests.helpers import EXAMPLE, tables, tiny_roster


def entry(id: str, *names: str, sheet: str = "organizations", ended: bool = False) -> Entry:
    return Entry(sheet, id, names[0], names, ended)


SOME = Names(
    [
        entry("GB-WLS", "Wales", "Cymru", sheet="jurisdictions"),
        entry("w-15", "Cardiff", "Caerdydd", sheet="jurisdictions"),
        entry("la-cardiff", "City of Cardiff Council", "Cardiff Council"),
        entry("la-carlisle", "Carlisle City Council"),
        entry("la-bedford", "Bedford Borough Council"),
        entry("police-kent", "Kent Police"),
        entry("la-kent", "Kent Council"),
        entry("police-essex", "Essex Police"),
        entry("police-devon-and-cornwall", "Devon & Cornwall Police"),
        entry("crime", "National Crime Agency"),
        entry("education", "Department for Education"),
        entry("migrant", "Migrant Help"),
        entry("children-1", "Barnardo's"),
        entry("army", "The Salvation Army", "Salvation Army"),
        entry("welfare", "Joint Council for the Welfare of Immigrants (JCWI)"),
        entry("children-2", "Red Thread (Safe Homes UK)"),
        entry("capital-1", "Київ"),
        entry("capital-2", "القاهرة"),
        entry("capital-3", "Bayrut"),
        entry("city", "دبي"),
        entry("isles", "Na h-Eileanan Siar"),
        entry("appeal", "Asylum Group (appeals)"),
        entry("home-1", "Łódź"),
        entry("umlaut", "Frauenhaus Köln"),
        entry("ending", "Harbour Trust", ended=True),
        entry("lasting", "Harbour Trust for Seafarers"),
    ]
)


def found(text: str, names: Names = SOME, **options: Any) -> list[tuple[str, str]]:
    return [(hit.entry.id, hit.how) for hit in names.search(text, **options)]


# reading


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  KYIV ", "kyiv"),
        ("Ynys Môn", "ynys mon"),
        ("Ynys Mo\u0302n", "ynys mon"),
        ("Чорнии\u0306", "chorniy"),
        ("Straße", "strasse"),
        ("Ｋｅｎｔ ﬁre", "kent fire"),
        ("Łódź, Đà Nẵng", "lodz da nang"),
        ("Київ", "kiiv"),
        ("Москва", "moskva"),
        ("Ελλάδα", "ellada"),
        ("القاهرة", "lqhrh"),
        ("١٢٣", "123"),
        ("北京", "beijing"),
        ("Barnardo's; Yarl’s Wood; Qurʼan; Hawaiʻi", "barnardos yarls wood quran hawaii"),
        ("Devon&Cornwall", "devon and cornwall"),
        ("Barrow-in-Furness — (Safe)", "barrow in furness safe"),
        ("Na\u200btio\u00adnal\u200f", "national"),
        ("a\x00b\tc\n", "a b c"),
        ("…—!?»", ""),
        ("\u200b\u200f\u2066\ufeff", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_reading_levels_what_people_type_differently(text: str, plain: str) -> None:
    assert normalised(text) == plain
    assert normalised(plain) == plain


def test_a_long_text_is_cut_before_and_after_it_is_read() -> None:
    assert normalised("a" * 200 + "b") == "a" * 200 == normalised("a" * 1_000_000)
    assert len(normalised("ﷺ" * 200)) <= LONGEST == 200
    assert normalised("a" * (LONGEST - 1) + "&") == "a" * (LONGEST - 1)


# each way of finding


@pytest.mark.parametrize(
    ("text", "id", "how"),
    [
        ("gb-wls", "GB-WLS", "id"),
        (" police-kent ", "police-kent", "id"),
        ("KENT  POLICE", "police-kent", "whole"),
        ("devon and cornwall police", "police-devon-and-cornwall", "whole"),
        ("Barnardos", "children-1", "whole"),
        ("caerdydd", "w-15", "whole"),
        ("Kiiv", "capital-1", "whole"),
        ("LODZ", "home-1", "whole"),
        ("Nat", "crime", "start"),
        ("national cr", "crime", "start"),
        ("agency", "crime", "start"),
        ("crime agency", "crime", "start"),
        ("JCWI", "welfare", "abbreviation"),
        ("(jcwi)", "welfare", "abbreviation"),
        ("safe h", "children-2", "start"),
        ("safe homes uk", "children-2", "start"),
        ("appeals", "appeal", "start"),
        ("b", "capital-3", "start"),
        ("salvation and army", "army", "words"),
        ("agency national", "crime", "words"),
        ("pol dev cor", "police-devon-and-cornwall", "words"),
        ("police of the devon", "police-devon-and-cornwall", "words"),
        ("NCA", "crime", "abbreviation"),
        ("n.c.a.", "crime", "abbreviation"),
        ("DfE", "education", "abbreviation"),
        ("de", "education", "abbreviation"),
        ("jcftwoi", "welfare", "abbreviation"),
        ("Natonal Crime Agency", "crime", "alike"),
        ("natonal crme", "crime", "alike"),
        ("natonal cri", "crime", "alike"),
        ("Cirme", "crime", "alike"),
        ("Kant Police", "police-kent", "alike"),
        ("knt", "police-kent", "alike"),
        ("knt police", "police-kent", "alike"),
        ("th salvationarmy", "army", "alike"),
        ("migranthelp", "migrant", "alike"),
        ("migrant holp", "migrant", "alike"),
        ("Cardif County Council", "la-cardiff", "alike"),
        ("Kyiv", "capital-1", "alike"),
        ("Kiev", "capital-1", "alike"),
        ("KYIV", "capital-1", "alike"),
        ("Al-Qahirah", "capital-2", "alike"),
        ("al qahira", "capital-2", "alike"),
        ("بيروت", "capital-3", "alike"),
        ("Koeln Frauenhaus", "umlaut", "alike"),
    ],
)
def test_each_way_of_typing_finds_it_first(text: str, id: str, how: str) -> None:
    assert found(text)[:1] == [(id, how)]


@pytest.mark.parametrize(
    ("text", "not_found"),
    [
        ("Kent Police", ["police-essex", "police-devon-and-cornwall"]),
        ("Sussex Police", ["police-essex", "police-kent"]),
        ("Gwent Police", ["police-kent"]),
        ("Gwent Council", ["la-kent"]),
        ("Kint Council", ["la-cardiff"]),
        ("Kxxt Police", ["police-kent"]),
        ("Cardif County Council", ["la-carlisle", "la-bedford"]),
        ("Cardiff Police", ["police-kent"]),
        ("xyzzy council", ["la-cardiff", "la-carlisle"]),
        ("migrant", ["children-2"]),
        ("nac", ["crime"]),
        ("nca", ["isles"]),
        ("hal", ["migrant"]),
        ("Adobe", ["city"]),
        ("ncaa", ["crime"]),
        ("ffice", ["police-kent"]),
        ("safehomesuk", ["children-2"]),
        ("cr", ["capital-2"]),
        ("Bairat", ["capital-2"]),
        ("bert", ["capital-3"]),
        ("the", ["education", "crime"]),
        ("police national", ["crime", "police-kent"]),
    ],
)
def test_what_is_unlike_is_not_found(text: str, not_found: list[str]) -> None:
    assert not {id for id, _ in found(text)} & set(not_found)


def test_a_hit_says_which_name_it_was_and_how_well_it_fits() -> None:
    kent, cardiff, city = (SOME.search(text)[0] for text in ("police-kent", "Caerdydd", "city of cardiff"))
    assert (kent.matched, kent.score) == ("Kent Police", 100)
    assert (cardiff.entry.name, cardiff.matched, cardiff.score) == ("Cardiff", "Caerdydd", 100)
    assert (city.matched, city.score) == ("City of Cardiff Council", 100)
    assert [hit.score for hit in SOME.search("cadiff council")] == [96]
    assert [hit.score for hit in SOME.search("migrrant help")] == [99]
    assert [hit.score for hit in SOME.search("بيروت")][:1] == [99]
    assert [hit.score for hit in Names([entry("a", "افغانستان")]).search("Afghastan")] == [92]
    assert [hit.score for hit in SOME.search("the natonal crime agency of")] == [97]


def test_a_wrong_word_is_forgiven_if_the_others_tell_enough() -> None:
    names = Names([entry("network", "Northern Refuge Network for Young People Leaving Care")])
    assert found("leaving people young network refuge northern qqq", names) == [("network", "alike")]
    assert found("young people qqq", names) == []


def test_one_letter_again_and_again_is_no_beginning() -> None:
    assert found("xxxxxx", Names([entry("a", "Xenia")])) == []


def test_an_entry_comes_once_by_its_best_name() -> None:
    names = Names([entry("both", "Refuge of Hope", "Hope Refuge", "Hope"), entry("other", "Hopewell")])
    assert [(hit.entry.id, hit.how, hit.matched) for hit in names.search("hope")] == [
        ("both", "whole", "Hope"),
        ("other", "start", "Hopewell"),
    ]
    assert [(hit.entry.id, hit.matched) for hit in names.search("hope r")] == [("both", "Hope Refuge")]
    assert [hit.matched for hit in Names([entry("same", "Hope", "HOPE")]).search("HOPE")] == ["Hope"]


# ranking


def test_the_ways_come_in_their_order() -> None:
    names = Names(
        [
            entry("sca", "Some Body"),
            entry("b", "SCA"),
            entry("c", "Single Competent Authority"),
            entry("d", "Scarborough"),
            entry("e", "Bureau of scavenging"),
        ]
    )
    assert found("sca", names) == [
        ("sca", "id"),
        ("b", "whole"),
        ("c", "abbreviation"),
        ("d", "start"),
        ("e", "start"),
    ]
    words = Names([entry("f", "Safe House Nort"), entry("g", "House of Safe Return"), entry("h", "Safe Houses")])
    assert found("safe house", words) == [("f", "start"), ("h", "start"), ("g", "words")]
    assert found("saef house", words) == [("h", "alike"), ("f", "alike"), ("g", "alike")]
    assert HOW == ("id", "whole", "abbreviation", "start", "words", "alike")


def test_a_start_is_better_at_a_whole_word_and_at_the_beginning() -> None:
    names = Names(
        [entry("a", "Old Hull"), entry("b", "Hullbridge"), entry("c", "Hull Harbour"), entry("d", "A Hulled")]
    )
    hits = names.search("hull")
    assert [(hit.entry.id, hit.score) for hit in hits] == [("c", 100), ("a", 95), ("b", 85), ("d", 80)]


def test_of_names_with_all_words_the_one_that_was_typed_more_of() -> None:
    names = Names([entry("a", "Kent", "Aid for Women of Kent and Essex"), entry("b", "Shelter, Aid and Women")])
    assert found("women aid", names) == [("b", "words"), ("a", "words")]


def test_what_fits_equally_well_comes_in_a_stated_order() -> None:
    in_order = [
        entry("z", "Refuge"),
        entry("a", "Refuge", sheet="services"),
        entry("b", "Refuge", sheet="contact_points"),
        entry("b", "Refuge", sheet="services"),
        entry("c", "Refuge A"),
        entry("a", "Refuge B"),
        entry("x", "Refuge Long"),
        entry("1", "Refuge", ended=True),
    ]
    in_order = [in_order[1], in_order[2], in_order[3], in_order[0], in_order[7], *in_order[4:7]]
    for seed in range(5):
        shuffled = random.Random(seed).sample(in_order, len(in_order))
        assert [hit.entry for hit in Names(shuffled).search("refuge")] == in_order
    alike = [entry("3", "Harbor"), entry("2", "Harbour Trust", "Harber"), entry("1", "Harbar", ended=True)]
    assert [id for id, _ in found("Harbir", Names(reversed(alike)))] == ["3", "2", "1"]


def test_an_abbreviation_that_many_share_comes_after_what_begins_so() -> None:
    cities = [entry(f"city-{letter}", f"City of L{letter}n") for letter in "abcdefghij"]
    columbus = entry("columbus", "Columbus")
    assert found("col", Names([*cities, columbus]))[-1] == ("columbus", "start")
    more = Names([*cities, entry("city-k", "City of Lkn"), columbus, entry("x", "Law of Col")])
    assert found("col", more)[:3] == [("x", "start"), ("columbus", "start"), ("city-a", "abbreviation")]
    baths = [entry(f"baths-{letter}", f"City of L{letter} Baths") for letter in "abcdefghijk"]
    assert found("colb", Names([*baths, entry("coll", "Coll")]))[-2:] == [
        ("baths-k", "abbreviation"),
        ("coll", "alike"),
    ]


def test_only_the_sheets_asked_for_and_no_more_than_the_limit() -> None:
    desks = [entry(f"desk-{number:03}", "Desk", sheet="contact_points") for number in range(300)]
    names = Names([*desks, entry("desks", "Desk", sheet="services"), entry("desker", "Desk maker")])
    assert found("desk", names) == [(f"desk-{number:03}", "whole") for number in range(20)]
    assert found("desk", names, sheets={"services", "organizations"}) == [("desks", "whole"), ("desker", "start")]
    assert found("desk-007", names, sheets=["services"]) == []
    assert found("desk-007", names, limit=1) == [("desk-007", "id")]
    assert found("a", Names([entry("a", "A"), entry("a", "A", sheet="services")]), limit=1) == [("a", "id")]
    assert found("desk", names, sheets=()) == []
    assert len(found("desk", names, limit=302)) == len(set(found("desk", names, limit=500))) == 302
    assert found("desk", names, limit=0) == found("desk", names, limit=-1) == []


# whatever is typed


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "…—!?»«()[]{}",
        "\u200f\u202e\u2066\u200b\ufeff" * 100,
        "\ud800\udfff",
        "\x00\x00",
        "\u0301" * 50,
        "(" * 10_000,
        "x" * 10_000,
        "zq " * 5_000,
        "ﷺ" * 10_000,
        "😀" * 10_000,
        "'; MATCH (n) DETACH DELETE n //",
        ".*(zq+)+$",
    ],
)
def test_hostile_texts_find_nothing_and_do_no_harm(text: str) -> None:
    assert SOME.search(text) == []
    assert Names([]).search(text) == []
    assert isinstance(languages(text), list)


def test_names_of_which_nothing_can_be_read_are_found_by_their_id_alone() -> None:
    names = Names([entry("marks", "…!", " " * LONGEST + "(NCA)"), entry("none", "")])
    assert found("…!", names) == found("nca", names) == []
    assert found("marks", names) == [("marks", "id")]


_texts = st.text(st.characters(exclude_categories=()), max_size=40)
_names = st.lists(st.one_of(_texts, st.sampled_from(["Kent Police", "القاهرة", "City of L", "Aid (NCA)"])), max_size=6)


@given(_names, st.one_of(_texts, st.text("acinlot fK.(", max_size=12)), st.integers(-1, 5))
def test_search_never_raises_and_keeps_its_word(names: list[str], text: str, limit: int) -> None:
    entries = [entry(f"row-{number}", name) for number, name in enumerate(names)]
    hits = Names(entries).search(text, limit=limit)
    assert len(hits) <= max(limit, 0)
    assert len({hit.entry.id for hit in hits}) == len(hits)
    assert all(hit.how in HOW and 0 < hit.score <= 100 and hit.matched in hit.entry.names for hit in hits)
    assert hits == Names(reversed(entries)).search(text, limit=limit)


@given(st.lists(_texts, min_size=1, max_size=8, unique=True), st.data())
def test_a_name_finds_all_that_have_it_before_any_other(names: list[str], data: st.DataObject) -> None:
    entries = [entry(f"{number}!", name, *names[:number:3]) for number, name in enumerate(names)]
    name = data.draw(st.sampled_from(names))
    same = {each.id for each in entries if normalised(name) in map(normalised, each.names)}
    hits = Names(entries).search(name, limit=len(entries))
    if normalised(name):
        assert {hit.entry.id for hit in hits[: len(same)]} == same
        assert [hit.how == "whole" for hit in hits] == [hit.entry.id in same for hit in hits]


_syllables = st.sampled_from(["ba", "ko", "de", "lin", "mur", "sta", "ver", "gan", "hol", "wick"])
_words = st.lists(_syllables, min_size=2, max_size=4).map("".join)
_long_names = st.lists(_words, min_size=3, max_size=6).map(" ".join)


@given(_long_names, st.lists(_long_names, max_size=5), st.data())
def test_a_long_name_is_found_with_a_letter_dropped_doubled_or_wrong(
    name: str, others: list[str], data: st.DataObject
) -> None:
    names = Names([entry("sought", name), *(entry(f"row-{number}", other) for number, other in enumerate(others))])
    at = data.draw(st.integers(0, len(name) - 1).filter(lambda at: name[at] != " "))
    for instead in ("", name[at] * 2, "x"):
        assert "sought" in [id for id, _ in found(name[:at] + instead + name[at + 1 :], names)]


# the roster


@pytest.fixture(scope="module")
def example() -> list[Entry]:
    checked = check(read_tables(EXAMPLE), {})
    rows = {sheet: {row.id: row.model_dump(mode="json") for row in checked.rows[sheet]} for sheet in checked.rows}
    return entries_of(rows, "2026-11-24")


def test_the_rows_of_a_roster_become_entries() -> None:
    roster = tiny_roster()
    roster["jurisdictions"][1]["other_names"] = "Gogledd; Nord"
    checked = check(tables(roster), {})
    rows = {sheet: {row.id: row.model_dump(mode="json") for row in checked.rows[sheet]} for sheet in checked.rows}
    entries = {(each.sheet, each.id): each for each in entries_of(rows, "2020-01-01")}
    assert {sheet for sheet, _ in entries} == set(SHEETS) <= set(ALL_SHEETS)
    assert len(entries) == sum(len(rows[sheet]) for sheet in SHEETS)
    assert entries["jurisdictions", "GB-X-NORTH"].names == ("Example North", "Gogledd", "Nord")
    assert entries["services", "shelter-beds"] == Entry("services", "shelter-beds", "Beds", ("Beds",))
    assert [id for (_, id), each in entries.items() if each.ended] == ["GB-X-OLD", "example-former"]
    assert not any(each.ended for each in entries_of(rows, "2019-12-31"))
    assert entries_of({}, "2020-01-01") == []


def test_every_name_of_the_example_finds_its_own_first(example: list[Entry]) -> None:
    names = Names(example)
    for each in example:
        for name in each.names:
            hits = names.search(name, sheets={each.sheet}, limit=600)
            same = [hit for hit in hits if hit.how in ("id", "whole")]
            assert each in [hit.entry for hit in same], name
            assert hits[: len(same)] == same


def test_organizations_of_the_example_are_found_with_a_letter_missing(example: list[Entry]) -> None:
    names = Names(example)
    bodies = [each for each in example if each.sheet == "organizations"]
    assert len(bodies) > 500
    for body in bodies:
        for at in range(1, len(body.name), 5):
            typed = body.name[:at] + body.name[at + 1 :]
            hits = names.search(typed, sheets={"organizations"}, limit=3)
            assert body in [hit.entry for hit in hits], typed


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("NCA", "nca"),
        ("National Crime", "nca"),
        ("glaa", "glaa"),
        ("HSC Trusts", "hsc-trusts"),
        ("nspcc ctac", "nspcc"),
        ("kent police", "police-kent"),
        ("met police", "police-metropolitan"),
        ("wales helpline salvation", None),
        ("Cardif Council", "la-cardiff"),
        ("Cardif Borough Council", "la-cardiff"),
        ("Caerdydd", "GB-GSS-W06000015"),
        ("ynys mon", "GB-GSS-W06000001"),
        ("GB-SCT", "GB-SCT"),
        ("bristol", "GB-GSS-E06000023"),
        ("Glasgw", "GB-GSS-S12000049"),
        ("emergency support scotland", None),
        ("scotland support", "migrant-help-scotland-emergency-support"),
        ("Manchestr Police", "police-greater-manchester"),
    ],
)
def test_real_names_as_people_type_them(example: list[Entry], text: str, first: str | None) -> None:
    hits: list[Hit] = Names(example).search(text, limit=1)
    assert [hit.entry.id for hit in hits] == ([first] if first else [])


# languages


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Vietnamese", ["vi"]),
        ("vietnamien", ["vi"]),
        ("tiếng Việt", ["vi"]),
        ("tieng viet", ["vi"]),
        ("VIET", ["vi"]),
        ("Vietnamase", ["vi"]),
        ("vi", ["vi"]),
        ("pt-br", ["pt-BR"]),
        ("iw", ["he"]),
        ("Kurdish", ["ku", "ckb", "sdh"]),
        ("Sorani", ["ckb"]),
        ("Kurmanji", ["kmr"]),
        ("arabic", ["ar"]),
        ("العربية", ["ar"]),
        ("Farsi", ["fa"]),
        ("Dari", ["fa-AF"]),
        ("francais", ["fr"]),
        ("Українська", ["uk"]),
        ("вьетнамскии\u0306", ["vi"]),
        ("Tigrinia", ["ti"]),
        ("ga", ["ga", "gaa"]),
        ("BSL", ["bfi"]),
        ("british sign", ["bfi"]),
        ("malayo", ["ms", "mbp"]),
    ],
)
def test_a_language_is_known_by_its_names_and_tag(text: str, tags: list[str]) -> None:
    assert languages(text)[: len(tags)] == tags


@pytest.mark.parametrize("text", ["", "Manchester", "Norfolk County Council", "xx-yy-zz", "?", "\ud800"])
def test_what_names_no_language_gives_none(text: str) -> None:
    assert languages(text) == []


def test_no_more_languages_than_the_limit() -> None:
    assert len(languages("a")) == 5
    assert languages("Kurdish", 1) == ["ku"]
    assert languages("Kurdish", 0) == languages("Kurdish", -1) == []


@given(_texts)
def test_languages_never_raise(text: str) -> None:
    found = languages(text, 3)
    assert len(found) == len(set(found)) <= 3
