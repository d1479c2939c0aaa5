"""``find`` against an oracle: on small random rosters the program says what the plain loops of ``oracle`` say."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from relaypoint.domain import model
from relaypoint.domain.answer import Finding, Need
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.clock import fixed_clock, format_instant
from relaypoint.domain.index import INDEXES, Index
from relaypoint.domain.plan import plan
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.responsiveness import Responsiveness
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_kept import RECORDED
from relaypoint.domain.view import View
from relaypoint.domain.words import TAG_DIMENSIONS, Confidentiality, Priority
from relaypoint.graph import Store
from relaypoint.resolvers import contingency
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.known import read_whole
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.tables_cells import cell
from relaypoint.tests.helpers import FULL, imported, make_backend
from relaypoint.tests.oracle import SHOWN, Asked, Candidate, Expected, answer
from relaypoint.tests.oracle_cases import DAY, MOMENTS, Case, Columns, Making, Rows, cases, rosters


def examples(quick: int, full: int) -> settings:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(
        max_examples=full if FULL else quick, suppress_health_check=[*slow, HealthCheck.function_scoped_fixture]
    )


# What the program says


def found(case: Case, index: Index | None = None) -> Finding:
    asked, responses = case.asked, {key: Responsiveness(5, None, minutes) for key, minutes in case.decided.items()}
    need = Need(
        asker=asked.asker,
        service=asked.service,
        place=asked.place,
        languages=asked.languages,
        priority=Priority(asked.priority),
        confidentiality=Confidentiality(asked.confidentiality),
        tags=asked.tags,
        avoid=Avoid.of(asked.avoid),
        near=asked.near,
        consent=None if asked.consent is None else frozenset(asked.consent),
    )
    view = View(index or Index(case.rows), case.at.date().isoformat())
    return plan(view, need, (), case.at, responses).items[0].finding


def shown(finding: Finding) -> Expected:
    """In the oracle's words."""
    candidates = [
        Candidate(each.service.id, each.contact_point.id, {of.name: of.value for of in each.criteria})
        for each in finding.candidates
    ]
    out = {each.service.id: sorted(reason.code for reason in each.reasons) for each in finding.excluded[:SHOWN]}
    return Expected(candidates, out, finding.total)


def same(one: Expected, other: Expected) -> None:
    assert one.candidates == other.candidates
    assert list(one.excluded.items()) == list(other.excluded.items())
    assert one.total == other.total


def pairs(case: Case) -> set[tuple[str, str]]:
    """The candidates, whatever their order."""
    return {(each.service.id, each.contact_point.id) for each in found(case).candidates}


def changed(case: Case, **asked: Any) -> Case:
    return replace(case, asked=replace(case.asked, **asked))


# The program and the rules

REASONS: Final = """avoided organization-ended suspended service-ended place eligibility closed full no-contact-point
contact-point-closed contact-point-ended language no-channel channel-assurance no-working-channel no-pathway
pathway-expired pathway-elsewhere consent"""
#: What the examples have to bring about, lest they agree on nothing in particular.
EVERYTHING: Final = frozenset(
    {
        *(f"out: {code}" for code in REASONS.split()),
        *(f"route: {value}" for value in range(4)),
        *(f"{name}: {value}" for name in ("reachable", "language", "capacity", "staffing") for value in range(3)),
        *(f"fit: {value}" for value in (0, 1, 2, 3, 6, 7, 12)),
        *(f"place: {value}" for value in range(4)),
        *(f"responsiveness: {value}" for value in range(6)),
        *("nobody fits", "1 candidate", "2 candidates", "more candidates", "a tie"),
        *("diverted", "allowed by a task force", "another order", "more than can be shown"),
    }
)


def happenings(case: Case, finding: Finding) -> Iterator[str]:
    """Which rules the example brings into play."""
    said = shown(finding)
    for each in said.candidates:
        yield from (f"{name}: {value}" for name, value in each.values.items())
    for codes in said.excluded.values():
        yield from (f"out: {code}" for code in codes)
    keys = [tuple(each.values.values()) for each in said.candidates]
    yield ("nobody fits", "1 candidate", "2 candidates", "more candidates")[min(len(keys), 3)]
    if len(set(keys)) < len(keys):
        yield "a tie"
    if finding.candidates[1:] and finding.candidates[0].criteria[0].name not in ("route", "reachable"):
        yield "another order"
    if any(each.contact_point.diverted_to for each in finding.candidates):
        yield "diverted"
    if any(each.route.by for each in finding.candidates):
        yield "allowed by a task force"
    if said.total > SHOWN:
        yield "more than can be shown"


def test_the_program_says_what_the_rules_say() -> None:
    seen: Counter[str] = Counter()

    @examples(120, 4000)
    @given(cases())
    def compare(case: Case) -> None:
        finding = found(case)
        for each in sorted(set(happenings(case, finding))):
            seen[each] += 1
            event(each)
        same(shown(finding), answer(case.rows, case.asked, case.at, case.decided))

    compare()
    if FULL:
        assert not EVERYTHING.difference(seen), EVERYTHING.difference(seen)


@examples(25, 400)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case: Case, chance: Any) -> None:
    shuffled = {sheet: dict(chance.sample(list(rows.items()), len(rows))) for sheet, rows in case.rows.items()}
    assert found(replace(case, rows=shuffled)) == found(case)


@examples(25, 400)
@given(cases(), rosters(), st.randoms(use_true_random=False))
def test_an_index_that_is_carried_over_changes_is_as_good_as_a_new_one(case: Case, before: Rows, chance: Any) -> None:
    changes: list[dict[str, Any]] = [
        {"sheet": sheet, "id": id, "before": before[sheet].get(id), "after": case.rows[sheet].get(id)}
        for sheet in RECORDED
        for id in sorted({*before[sheet], *case.rows[sheet]})
        if before[sheet].get(id) != case.rows[sheet].get(id)
    ]
    chance.shuffle(changes)
    rows, index = before, Index(before)
    while changes:
        for name in chance.sample(list(INDEXES), 6):
            index.ids(name, "")  # Made now, so that it has to be carried on.
        some, changes = changes[:10], changes[10:]
        rows = {sheet: dict(each) for sheet, each in rows.items()}
        for change in some:
            rows[change["sheet"]].pop(change["id"], None)
            if change["after"]:
                rows[change["sheet"]][change["id"]] = change["after"]
        index = index.after(rows, some)
    assert found(case, index) == found(case)


@examples(25, 400)
@given(cases())
def test_a_body_that_has_nothing_to_do_with_the_case_changes_nothing(case: Case) -> None:
    making = Making(_nothing_is_drawn, {sheet: dict(rows) for sheet, rows in case.rows.items()})
    making.put("service_types", "another")
    making.put("organizations", "other", kind="police", jurisdictions=["GB", "FR"])
    making.put("task_forces", "other", level="national", jurisdiction="GB", direct_for=["another"], ranking=["fit"])
    making.put("memberships", "other", organization="other", task_force="other", role="first-responder")
    making.put("services", "other", organization="other", service_type="another", jurisdictions=["GB", "FR"])
    making.put("contact_points", "other", organization="other", time_zone="Europe/London", hours="24/7")
    making.put("holders", "other", contact_point="other", role="primary")
    making.put("channels", "other", contact_point="other", kind="in-person", assurance="strict", state="working")
    making.put("channel_rules", "other", task_force="other", kind="phone", assurance="public")
    making.put("contingencies", "other", organization="other", reason="Rain", since="2026-11-01", until="2026-12-24")
    making.put("pathways", "other", from_kind="cso", to_organization="other", service_types=["another"], basis="mou")
    assert found(replace(case, rows=making.rows)) == found(case)


def _nothing_is_drawn(_: object) -> Any:
    raise AssertionError


def relaxed(asked: Asked, types: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What asks less than the case does. Of several languages, and of several tags of one dimension, any is enough: to
    leave out one of them asks more."""
    yield {"languages": ()}
    yield {"languages": (*asked.languages, "de")} if asked.languages else {}
    for tags in TAG_DIMENSIONS.values():
        rest = tuple(tag for tag in asked.tags if tag not in tags)
        # Who is no longer known to be a child may have to agree, which is not said then.
        yield {"tags": rest, "consent": None} if "child" in tags else {"tags": rest}
    yield {"tags": tuple(tag for tag in asked.tags if tag != "night")}
    for entry in asked.avoid:
        yield {"avoid": tuple(each for each in asked.avoid if each != entry)}
    for word in itertools.takewhile(lambda word: word != asked.confidentiality, Confidentiality):
        yield {"confidentiality": str(word)}
    yield {"near": True}
    yield {"consent": tuple(types)}


@examples(30, 600)
@given(cases())
def test_asking_less_loses_nobody(case: Case) -> None:
    before = pairs(case)
    for less in relaxed(case.asked, sorted(case.rows["service_types"])):
        assert before <= pairs(changed(case, **less)), less


def without(rows: Rows, bodies: Collection[str], desks: Collection[str], person: str | None) -> Rows:
    """The roster after these bodies and desks, and those with these people, have ended, with what led to them."""
    points, holders = rows["contact_points"], rows["holders"]
    gone = {*desks, *(id for id, row in points.items() if row["organization"] in bodies)}
    people = {person} if person else {id for id, row in holders.items() if row["contact_point"] in gone}
    held = {row["holder"] for row in rows["absences"].values() if row["stand_in"] in people}
    gone |= {row["contact_point"] for id, row in holders.items() if id == person or id in held}
    channels = rows["channels"].values()
    there = {row["id"] for row in points.values() if model.holds(row, DAY)}
    theirs = {
        row["address"]
        for row in channels
        if row["contact_point"] in gone & there and model.holds(row, DAY) and row["kind"] in ("phone", "email")
    } - {None}
    over = {"since": None, "until": "2020-01-01"}
    ended = {"organizations": bodies, "contact_points": gone}
    return {
        sheet: {
            id: {**row, **over} if id in ended.get(sheet, ()) else row
            for id, row in each.items()
            if not (sheet in ("channels", "pathways") and row["contact_point"] in gone)
            and not (sheet == "channels" and row["address"] in theirs)
        }
        for sheet, each in rows.items()
    }


@examples(40, 1000)
@given(cases(), st.data())
def test_whom_a_case_avoids_might_as_well_have_ended(case: Case, data: st.DataObject) -> None:
    """A body, a kind, a desk or a person: what is at them or goes through them is out, and nothing else."""
    # In calm times: in a contingency a desk that isn't there is not one that another desk answers for.
    case = replace(case, rows={**case.rows, "contingencies": {}}, at=MOMENTS[0])
    rows, view = case.rows, View(Index(case.rows), DAY)
    words = {
        id: {word for body in view.organization(id).lineage for word in (body.id, body.kind)}
        for id in rows["organizations"]
    }
    known = {*rows["organizations"], *rows["contact_points"], *rows["holders"], "police", "health"}
    entry = data.draw(st.sampled_from(sorted(known - words[case.asked.asker])))
    bodies = {id for id in words if entry in words[id]}
    less = without(rows, bodies, {entry} & set(rows["contact_points"]), entry if entry in rows["holders"] else None)
    avoiding = found(changed(case, avoid=(*case.asked.avoid, entry)))
    assert shown(avoiding).candidates == shown(found(replace(case, rows=less))).candidates


@examples(30, 600)
@given(cases(), st.data())
def test_a_contingency_that_is_over_leaves_nothing_behind(case: Case, data: st.DataObject) -> None:
    making = Making(data.draw, {sheet: dict(rows) for sheet, rows in case.rows.items()})
    scopes = {"organization": "organizations", "place": "jurisdictions", "task_force": "task_forces"}
    scope, id = making.one([(scope, id) for scope, sheet in scopes.items() for id in making.ids(sheet)])
    index, row = Index(case.rows), None
    first = found(case, index)
    for until in ("2026-12-24", case.at.date().isoformat()):
        making.put("contingencies", "late", reason="Rain", **{scope: id}, since="2026-11-23", until=until)
        change = {"sheet": "contingencies", "id": "late", "before": row, "after": making.rows["contingencies"]["late"]}
        row, rows = change["after"], {sheet: dict(rows) for sheet, rows in making.rows.items()}
        index = index.after(rows, [change])
        same(shown(found(replace(case, rows=rows), index)), answer(rows, case.asked, case.at, case.decided))
    assert found(case, index) == first


# The same through each engine

_MARKS: Final = itertools.count(1)


def marked(case: Case) -> Case:
    """With ids of its own, so that one store takes one roster after the other. Countries are the same for all."""
    mark = f"e{next(_MARKS)}"
    names = {
        id: f"{id}-{mark.upper() if sheet == 'jurisdictions' else mark}"
        for sheet, rows in case.rows.items()
        for id in rows
        if id not in ("GB", "FR")
    }

    def named(value: Any) -> Any:
        return [names.get(each, each) for each in value] if isinstance(value, list) else names.get(value, value)

    rows: Rows = {sheet: {} for sheet in RECORDED}
    for name, sheet in SHEETS.items():
        for row in case.rows[name].values():
            own = {column: named(row[column]) for column in ("id", *sheet.references)}
            rows[name][own["id"]] = {**row, **own}
    asked, tags = case.asked, {tag for row in rows["services"].values() for tag in row["serves"]}
    asked = replace(
        asked,
        asker=named(asked.asker),
        service=named(asked.service),
        place=named(asked.place),
        tags=tuple(tag for tag in asked.tags if tag != "night" or tag in tags),  # Others are unknown words.
        avoid=tuple(named(list(asked.avoid))),
        consent=None if asked.consent is None else tuple(named(list(asked.consent))),
    )
    return Case(rows, asked, case.at)


def as_typed(asked: Asked) -> NeedInput:
    return NeedInput(
        from_organization=asked.asker,
        service=asked.service,
        place=asked.place,
        languages=asked.languages,
        priority=asked.priority,
        confidentiality=asked.confidentiality,
        tags=asked.tags,
        avoid=asked.avoid,
        near=asked.near,
        consent=asked.consent,
    )


@pytest.fixture
async def empty(store: Store) -> Backend:
    """A store without a roster, with the proof of its key."""
    backend = make_backend(store)
    await prove_key(backend)
    return backend


@examples(6, 100)
@given(case=cases())
async def test_each_engine_says_what_the_rules_say(empty: Backend, case: Case) -> None:
    """Imported, then read back; and once more in a contingency, and after it."""
    case = marked(case)
    backend = replace(empty, clock=fixed_clock(format_instant(case.at)))
    sheets = {sheet: [*rows.values()] for sheet, rows in case.rows.items() if sheet in SHEETS and rows}
    await imported(backend, {sheet: [_cells(row) for row in rows] for sheet, rows in sheets.items()})

    async def asked() -> Finding:
        finding = (await find(OPERATOR, backend, as_typed(case.asked))).items[0].finding
        rows = (await read_whole(backend.store)).rows
        same(shown(finding), answer(rows, case.asked, case.at))
        return finding

    first = await asked()
    whose = first.candidates[0].service.organization.id if first.candidates else case.asked.asker
    declared = await contingency.declare(
        OPERATOR, backend, contingency.Scope(organization=whose), "A flood", "2026-12-24"
    )
    await asked()
    await contingency.end(OPERATOR, backend, declared.row["id"])
    assert await asked() == first


def _cells(row: Columns) -> dict[str, str]:
    return {column: cell(value) for column, value in row.items()}
