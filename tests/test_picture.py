"""A picture of routes: as a tree in a terminal and as SVG, each whole, in order and fit to be shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from itertools import combinations, pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len

from relaypoint.domain.picture import KINDS, NARROWEST, Picture, Stop, Way, cells, columns, lines, plain, wrap
from relaypoint.domain.picture_svg import DARK, LIGHT, STYLE, svg
from relaypoint.domain.texts import say

SVG = "{http://www.w3.org/2000/svg}"
EXPIRED = say("test.expired", "expired on {day}", day="2026-03-01")
ASKER = Stop("asker", "Shelter", "asker", "first responder")
#: Five candidates: over two gateways, one by a broken link, one of them shared; two asked directly, one on both ways.
WALES = Picture(
    "Emergency support in Wales",
    (
        Stop("far", "Far desk", "out", "It does not cover Wales."),
        Stop("home", "Home", "contact", "closed now", 4),
        Stop("unit", "Unit", "gateway", "form"),
        Stop("line", "Line", "gateway", "phone 0800"),
        Stop("beds", "Beds", "contact", "open now", 1),
        Stop("haven", "Haven", "contact", "", 2),
        Stop("advice", "Advice", "contact", "", 3),
        Stop("authority", "Authority", "contact", "formal identification"),
        ASKER,
    ),
    (
        Way("unit", "home", "Housing protocol", "answer within 5 days", EXPIRED),
        Way("unit", "beds", "Regional pathway"),
        Way("asker", "unit", "Regional form", "answer within 2 working days"),
        Way("line", "beds", "Subcontract", "accept within 4 h"),
        Way("line", "advice", "Subcontract"),
        Way("asker", "line", "Victim care contract", "answer within 1 h"),
        Way("asker", "haven", "asked directly"),
        Way("asker", "authority", "National form", beside=True),
        Way("asker", "advice", "asked directly", "", "it takes no case from a shelter"),
    ),
)
#: No two libraries agree on the width of these: Unicode 16 made the signs for divination wide.
UNSETTLED = "".join(map(chr, (*range(0x2630, 0x2638), *range(0x268A, 0x2690), *range(0x4DC0, 0x4E00)))) + "".join(
    map(chr, range(0x1D300, 0x1D380))
)
words = st.text(st.characters(exclude_characters=UNSETTLED), max_size=40) | st.sampled_from(
    [
        "Bundesarbeitsgemeinschaft der Beratungsstellen",
        "مركز إيواء الناجيات",
        "人身取引被害者支援全国",
        "a\u0301" * 30,
        "☎️" * 9,
    ]
)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Any graph: circles, loops, several ways between two stops, stops to which no way leads."""
    kinds = st.sampled_from(sorted(KINDS.keys() - {"asker"}))
    ranks = st.none() | st.integers(1, 20)
    stops = [Stop("s0", draw(words), "asker", draw(words))]
    stops += [
        Stop(f"s{n}", draw(words), draw(kinds), draw(words), draw(ranks)) for n in range(1, draw(st.integers(1, 9)))
    ]
    ids = st.sampled_from([stop.id for stop in stops])
    ways = st.builds(Way, ids, ids, words, words, st.just("") | words, st.booleans())
    return Picture(draw(words), tuple(stops), tuple(draw(st.lists(ways, max_size=14))))


# --- the description --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stops", "ways", "told"),
    [
        ((ASKER, ASKER), (), "one id"),
        ((), (), "asker"),
        ((ASKER, Stop("other", "Other", "asker")), (), "asker"),
        ((ASKER, Stop("other", "Other", "desk")), (), "desk"),
        ((ASKER,), (Way("asker", "nowhere", "x"),), "nowhere"),
        ((ASKER,), (Way("nobody", "asker", "x"),), "nobody"),
    ],
)
def test_a_picture_that_makes_no_sense_is_refused(stops: tuple[Stop, ...], ways: tuple[Way, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Picture("x", stops, ways)


def ids(picture: Picture) -> list[list[str]]:
    return [[stop.id for stop in stops] for stops in columns(picture)]


def test_columns_are_hops_and_rows_go_by_rank_below_the_same_stop() -> None:
    # Advice is reached over the line: a broken way does not make it near. The far desk is not reached at all.
    assert ids(WALES) == [["asker"], ["line", "unit", "haven", "authority"], ["beds", "advice", "home"], ["far"]]


def fork(*broken: str) -> Picture:
    """Two gateways, a row above b; four candidates behind them. The ways named, as "a1", are broken."""
    stops = [ASKER, *(Stop(id, id.upper(), "gateway") for id in "ab")]
    stops += [Stop(str(rank), f"Candidate {rank}", "contact", rank=rank) for rank in (1, 2, 3, 4)]
    ways = [("asker", "a"), ("asker", "b"), ("a", "1"), ("a", "3"), ("b", "2"), ("b", "3"), ("b", "4")]
    reasons = {way: "expired" if "".join(way) in broken else "" for way in ways}
    return Picture("x", tuple(stops), tuple(Way(*way, "to", "", reason) for way, reason in reasons.items()))


def test_what_lies_behind_the_same_stop_stays_together() -> None:
    assert ids(fork()) == [["asker"], ["a", "b"], ["1", "3", "2", "4"]]


def test_of_two_without_a_rank_the_name_decides() -> None:
    stops = (ASKER, Stop("a", "Zeta", "contact"), Stop("b", "Alpha", "contact"))
    assert ids(Picture("x", stops, (Way("asker", "a", ""), Way("asker", "b", "")))) == [["asker"], ["b", "a"]]


def test_what_only_a_broken_way_leads_to_has_its_place_by_it() -> None:
    stops = (ASKER, Stop("a", "A", "gateway"), Stop("b", "B", "contact"))
    ways = (Way("a", "b", "then"), Way("asker", "a", "first", broken="expired"))
    assert ids(Picture("x", stops, ways)) == [["asker"], ["a"], ["b"]]


# --- the terminal -----------------------------------------------------------------------------------------------------


def test_the_tree_in_a_terminal() -> None:
    assert lines(WALES, 76) == [
        "Emergency support in Wales",
        "Shelter (asks)",
        "first responder",
        "├── Victim care contract → Line (gateway)",
        "│   answer within 1 h",
        "│   phone 0800",
        "│   ├── Subcontract → 1. Beds (contact point)",
        "│   │   accept within 4 h",
        "│   │   open now",
        "│   └── Subcontract → 3. Advice (contact point)",
        "├── Regional form → Unit (gateway)",
        "│   answer within 2 working days",
        "│   form",
        "│   ├── Regional pathway → 1. Beds: shown under Line",
        "│   └─✗ Housing protocol → 4. Home (contact point)",
        "│       answer within 5 days",
        "│       can't be used: expired on 2026-03-01",
        "│       closed now",
        "├── asked directly → 2. Haven (contact point)",
        "├── National form → Authority (contact point)",
        "│   beside the help, which does not wait for it",
        "│   formal identification",
        "└─✗ asked directly → 3. Advice: shown under Line",
        "    can't be used: it takes no case from a shelter",
        "No way leads to:",
        "Far desk (ruled out)",
        "It does not cover Wales.",
    ]


def test_a_stop_is_told_under_a_way_that_can_be_used() -> None:
    told = lines(fork("a1", "a3"))
    assert told[3:] == [
        "├── to → A (gateway)",
        "│   ├─✗ to → 1. Candidate 1 (contact point)",
        "│   │   can't be used: expired",
        "│   └─✗ to → 3. Candidate 3: shown under B",
        "│       can't be used: expired",
        "└── to → B (gateway)",
        "    ├── to → 3. Candidate 3 (contact point)",
        "    ├── to → 2. Candidate 2 (contact point)",
        "    └── to → 4. Candidate 4 (contact point)",
    ]


def test_ways_that_can_be_used_come_first() -> None:
    assert [line[4:14] for line in lines(fork("asker" + "a")) if "gateway" in line] == ["to → B (ga", "to → A (ga"]


def test_a_circle_ends() -> None:
    stops = (ASKER, Stop("a", "A", "gateway"), Stop("b", "B", "gateway"), Stop("c", "C", "out"), Stop("d", "D", "out"))
    ways = (("asker", "a"), ("a", "b"), ("b", "a"), ("b", "asker"), ("b", "b"), ("c", "d"), ("d", "c"), ("d", "a"))
    assert lines(Picture("x", stops, tuple(Way(start, end, "to") for start, end in ways)))[2:] == [
        "first responder",
        "└── to → A (gateway)",
        "    └── to → B (gateway)",
        "        ├── to → Shelter: where this starts",
        "        ├── to → A: shown under Shelter",
        "        └── to → B: shown under A",
        "No way leads to:",
        "C (ruled out)",
        "└── to → D: shown on its own",
        "D (ruled out)",
        "├── to → A: shown under Shelter",
        "└── to → C: shown on its own",
    ]


@given(pictures(), st.integers(NARROWEST, 120))
def test_no_line_is_wider_than_asked_and_none_commands_the_terminal(picture: Picture, width: int) -> None:
    told = lines(picture, width)
    assert [line for line in told if cell_len(line) > width] == []
    assert [c for line in told for c in line if unicodedata.category(c) in ("Cc", "Cs")] == []
    assert told == lines(picture, width)


@given(pictures())
def test_the_tree_tells_every_way_once_and_every_stop_in_full_once(picture: Picture) -> None:
    named = Picture(
        "x",
        tuple(Stop(s.id, f"<{s.id}>", s.kind, "note", s.rank) for s in picture.stops),
        tuple(Way(w.start, w.end, f"[{n}]", "", w.broken) for n, w in enumerate(picture.ways)),
    )
    told = lines(named, 400)
    for number, way in enumerate(named.ways):
        (line,) = [line for line in told if f"[{number}] →" in line]
        assert f"<{way.end}>" in line.split("→")[1]
        assert ("✗" in line) == bool(way.broken)
    for stop in named.stops:
        assert sum(f"<{stop.id}> ({KINDS[stop.kind]})" in line for line in told) == 1


def test_too_narrow_a_terminal_is_refused() -> None:
    with pytest.raises(ValueError, match="20 cells"):
        lines(WALES, NARROWEST - 1)


def test_a_long_chain_stays_within_the_width() -> None:
    stops = (ASKER, *(Stop(f"s{n}", "A long name of a stop", "gateway") for n in range(300)))
    ways = tuple(Way(a.id, b.id, "then") for a, b in pairwise(stops))
    told = lines(Picture("x", stops, ways), NARROWEST)
    assert max(map(len, told)) <= NARROWEST
    assert sum("then" in line for line in told) == 300


def test_wide_and_combining_characters_are_counted_as_they_are_shown() -> None:
    assert [cells(text) for text in ("人身", "a\u0301", "مركز", "ｱ", "☎️")] == [4, 1, 4, 1, 2]
    assert wrap("人身取引 ab", 4, cells) == ["人身", "取引", "ab"]
    assert wrap("one two  three", 7, cells) == ["one two", "three"]


# --- the SVG ----------------------------------------------------------------------------------------------------------


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Area) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def drawn(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(svg(picture))


def group(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in root.iter(f"{SVG}g") if each.get("class") == kind]


def words_of(element: ElementTree.Element) -> str:
    return " ".join(text.text or "" for text in element.iter(f"{SVG}text"))


def areas(root: ElementTree.Element) -> dict[str, Area]:
    found = {}
    for each in group(root, "stop"):
        rect = each.find(f"{SVG}rect")
        assert rect is not None
        x, y, width, height = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
        found[each.get("data-stop", "")] = Area(x, y, x + width, y + height)
    return found


def segments(path: str) -> list[Area]:
    """The least area around each piece of a line; a curve lies within its control points."""
    x = y = 0.0
    found = []
    for command, numbers in re.findall(r"([MHVC])([^MHVC]*)", path):
        values = [float(number) for number in numbers.split()]
        xs, ys = {"H": (values, []), "V": ([], values)}.get(command, (values[::2], values[1::2]))
        if command != "M":
            found.append(Area(min([x, *xs]), min([y, *ys]), max([x, *xs]), max([y, *ys])))
        x, y = [x, *xs][-1], [y, *ys][-1]
    return found


def rows(root: ElementTree.Element) -> list[Area]:
    """The least that a line of text takes: its height, and some width around its middle."""
    found = []
    for text in root.iter(f"{SVG}text"):
        x, y = float(text.get("x", "nan")), float(text.get("y", "nan"))
        half = max(2, 2.5 * len(plain(text.text or "")) if (text.text or "").isascii() else 2)
        found.append(Area(x - half, y - 10, x + half, y + 2))
    return found


@given(pictures())
def test_no_boxes_texts_or_lines_meet_that_should_not(picture: Picture) -> None:
    root = drawn(picture)
    boxes, texts = areas(root), rows(root)
    x, y, width, height = map(float, root.get("viewBox", "").split())
    assert [pair for pair in combinations(boxes.values(), 2) if pair[0].meets(pair[1])] == []
    assert [pair for pair in combinations(texts, 2) if pair[0].meets(pair[1])] == []
    labels = [area for each in group(root, "way") for area in rows(each)]
    assert [(label, box) for label in labels for box in boxes.values() if label.meets(box)] == []
    for each in group(root, "way"):
        line = each.find(f"{SVG}path")
        assert line is not None
        pieces = segments(line.get("d", ""))
        assert [(piece, box) for piece in pieces for box in boxes.values() if piece.meets(box)] == []
        assert [(piece, text) for piece in pieces for text in texts if piece.meets(text)] == []
        assert [piece for piece in pieces if piece.left <= x or piece.right >= width or piece.bottom >= height] == []
        # It leads from the right of the one to the left of the other.
        start, end = boxes[each.get("data-start", "")], boxes[each.get("data-end", "")]
        assert pieces[0].left == start.right
        assert start.top < pieces[0].top < start.bottom
        assert 0 < end.left - pieces[-1].right <= 10
        assert end.top < pieces[-1].top < end.bottom
    for area in (*boxes.values(), *texts):
        assert (x <= area.left, y <= area.top, area.right <= width, area.bottom <= height) == (True,) * 4


@pytest.mark.parametrize(("letter", "width"), [("i", 0.343), ("n", 0.712), ("N", 0.837), ("W", 1.103), ("人", 1.0)])
def test_a_name_stays_within_its_box_in_a_wide_font(letter: str, width: float) -> None:
    """The widths are those of DejaVu Sans Bold, and of any font for Chinese, in sizes of the font."""
    root = drawn(Picture("x", (Stop("asker", letter * 150, "asker"),), ()))
    (box,) = areas(root).values()
    names = [each.text or "" for each in root.iter(f"{SVG}text") if each.get("class") == "name"]
    assert "".join(names) == letter * 150
    assert 0.6 < max(map(len, names)) * width * 14 / (box.right - box.left) <= 1


@given(pictures())
def test_lines_leave_a_box_in_the_order_in_which_they_arrive(picture: Picture) -> None:
    root = drawn(picture)
    left: dict[str, list[tuple[float, bool, float]]] = {}
    for each in group(root, "way"):
        path = next(each.iter(f"{SVG}path")).get("d", "")
        pieces = segments(path)
        # A curve leads one column onward; what has none goes round beneath, and leaves below the others.
        order = (pieces[0].top, "C" not in path, pieces[-1].top if "C" in path else 0)
        left.setdefault(each.get("data-start", ""), []).append(order)
    for orders in left.values():
        assert [order[1:] for order in sorted(orders)] == sorted(order[1:] for order in orders)


@given(pictures())
def test_every_stop_and_way_is_drawn_and_told(picture: Picture) -> None:
    root = drawn(picture)
    assert sorted(each.get("data-stop", "") for each in group(root, "stop")) == sorted(s.id for s in picture.stops)
    ends = [(each.get("data-start"), each.get("data-end")) for each in group(root, "way")]
    assert sorted(map(str, ends)) == sorted(str((way.start, way.end)) for way in picture.ways)
    told = root.findtext(f"{SVG}desc") or ""
    everything = "".join(words_of(root).split())
    for text in [text for way in picture.ways for text in (way.label, way.within, way.broken)]:
        assert plain(text).rstrip(".") in told
        assert "".join(plain(text).split()) in everything
    for stop in picture.stops:
        assert (plain(stop.name) or stop.id) in told
        assert "".join(plain(stop.name).split()) in everything
        assert plain(stop.note).rstrip(".") in told


@given(
    st.text()
    | st.sampled_from(["</text><script>alert(1)</script>", '"/><script/>', "]]>", "&lt;", "\x1b[2J\x00\ufffe\ud800"])
)
def test_any_text_is_escaped(text: str) -> None:
    assume(text != "asker")
    stops = (Stop("asker", text, "asker", text), Stop(text or "b", text, "contact", text, 1))
    there, back = ("asker", stops[1].id), (stops[1].id, "asker")
    root = drawn(Picture(text, stops, (Way(*there, text, text, text), Way(*back, text, beside=True))))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "g", "path", "text"}
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on") or "href" in key]
    (style,) = root.iter(f"{SVG}style")
    assert style.text == STYLE
    assert plain(text) == (root.findtext(f"{SVG}title") or "")


def test_a_broken_way_says_so_in_line_mark_and_words_and_one_beside_too() -> None:
    root = drawn(WALES)
    kinds: dict[str, list[str]] = {}
    for each in group(root, "way"):
        marks = [path.get("class", "") for path in each.iter(f"{SVG}path")]
        kinds.setdefault(marks[0], []).append(words_of(each))
        assert ("line broken cross" in marks) == (marks[0] == "line broken")
    assert sorted(kinds["line broken"]) == [
        "Housing protocol answer within 5 days can't be used: expired on 2026-03-01",
        "asked directly can't be used: it takes no case from a shelter",
    ]
    assert kinds["line beside"] == ["National form beside the help, which does not wait for it"]
    assert len(kinds["line plain"]) == 6
    for rule in (".line.broken { stroke-dasharray: 8 5", ".line.beside { stroke-dasharray: 1 5"):
        assert rule in STYLE


def test_a_reason_that_cannot_be_shown_still_breaks_the_way() -> None:
    picture = Picture("x", (ASKER, Stop("b", "B", "out")), (Way("asker", "b", "to", broken="\x00"),))
    assert "can't be used: no reason is given" in words_of(drawn(picture)).replace("  ", " ")
    assert "    can't be used: no reason is given" in lines(picture)


def test_who_does_not_see_it_is_told_all_of_it() -> None:
    root = drawn(WALES)
    assert root.get("role") == "img"
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    title, desc = (by_id[id] for id in root.get("aria-labelledby", "").split())
    assert title.text == "Emergency support in Wales"
    told = (desc.text or "").splitlines()
    assert told[:2] == ["Far desk (ruled out); It does not cover Wales.", "4. Home (contact point); closed now."]
    assert told[9] == (
        "From Unit to 4. Home: Housing protocol; answer within 5 days; can't be used: expired on 2026-03-01."
    )
    assert "From Shelter to Authority: National form; beside the help, which does not wait for it." in told
    assert len(told) == len(WALES.stops) + len(WALES.ways)


def test_two_pictures_in_one_page_keep_their_descriptions_apart() -> None:
    other = Picture("Other", WALES.stops, WALES.ways)
    assert drawn(WALES).get("aria-labelledby") != drawn(other).get("aria-labelledby")


def test_names_from_right_to_left_run_so() -> None:
    names = {"مركز إيواء": "rtl", "מקלט": "rtl", "Refuge ملجأ": None, "(1) ملجأ": "rtl", "1. Beds": None}
    for name, direction in names.items():
        root = drawn(Picture("x", (Stop("asker", name, "asker"),), ()))
        (text,) = [each for each in root.iter(f"{SVG}text") if each.get("class") == "name"]
        assert (text.text, text.get("direction")) == (name, direction)
        assert (text.get("unicode-bidi") == "embed") == (direction == "rtl")


def test_a_name_cannot_turn_the_words_beside_it_round() -> None:
    picture = Picture("x", (Stop("asker", "A\u202eb\u2066c", "asker"),), ())
    assert lines(picture)[1] == "Abc (asks)"
    assert words_of(drawn(picture)) == "x asks Abc"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_can_be_told_apart(palette: dict[str, str]) -> None:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        dark, bright = sorted((light(palette[one]), light(palette[other])))
        return (bright + 0.05) / (dark + 0.05)

    assert contrast("paper", "ink") > 10
    grounds = ["paper", *KINDS]
    pairs = [("ink", ground) for ground in grounds] + [("line", "paper"), ("broken", "paper")]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []
    assert set(palette.values()) <= set(re.findall("#[0-9a-f]{6}", STYLE))


def test_light_and_dark_are_each_whole() -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    for part, palette in ((light, LIGHT), (dark, DARK)):
        for kind in KINDS:
            assert f".routes .{kind} {{ fill: {palette[kind]} }}" in part
        assert f".routes text {{ fill: {palette['ink']} }}" in part
    # Only what the document brings itself: nothing is fetched, and nothing else in a page is restyled.
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", light)
    assert {part.strip().split()[0] for each in selectors for part in each.split(",")} == {".routes"}


def test_the_same_picture_gives_the_same_bytes_in_every_run() -> None:
    code = "from relaypoint.tests.test_picture import *; import sys; sys.stdout.buffer.write(svg(WALES).encode())"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert [run.stdout for run in runs] == [svg(WALES).encode()] * 2


def test_the_order_in_which_stops_are_given_moves_nothing() -> None:
    turned = Picture(WALES.title, WALES.stops[::-1], WALES.ways[::-1])
    assert areas(drawn(WALES)) == areas(drawn(turned))
    assert lines(WALES) == lines(turned)


def test_a_single_way_is_a_straight_line_and_small_pictures_are_not_blown_up() -> None:
    picture = Picture(
        "x", (ASKER, Stop("b", "B", "contact", "open now", 1)), (Way("asker", "b", "asked directly", "4 h"),)
    )
    root = drawn(picture)
    line = group(root, "way")[0].find(f"{SVG}path")
    assert line is not None
    assert len({area.top for area in segments(line.get("d", ""))}) == 1
    assert root.get("width") == "100%"
    lone = drawn(Picture("x", (ASKER,), ())).get("viewBox", "").split()
    assert int(lone[2]) >= 600
