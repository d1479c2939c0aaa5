"""Whom the two sides of an open handoff have around them, beside plain loops over small random rosters."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relaypoint.domain import around
from relaypoint.domain.index import Index
from relaypoint.domain.view import View
from relaypoint.tests.oracle_cases import DAY, Rows, rosters


def holds(row: Any) -> bool:
    return (row["since"] or "") <= DAY < (row["until"] or "9999")


def above(rows: Rows, sheet: str, id: str | None) -> list[str]:
    return [] if id is None else [id, *above(rows, sheet, rows[sheet][id]["within"])]


@st.composite
def coordinated(draw: st.DrawFn) -> Rows:
    """With somebody who coordinates some of the task forces, and hotlines of some places."""
    rows = {sheet: dict(of) for sheet, of in draw(rosters()).items()}
    desk = st.none() | st.sampled_from(sorted(rows["contact_points"]))
    for id, force in rows["task_forces"].items():
        rows["task_forces"][id] = {**force, "coordinator": draw(desk), "level": draw(st.sampled_from(LEVELS))}
    for id, place in rows["jurisdictions"].items():
        rows["jurisdictions"][id] = {**place, "hotline": draw(desk)}
    return rows


LEVELS = ("local", "national")


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(coordinated(), st.data())
def test_the_program_says_what_the_loops_say(rows: Rows, data: st.DataObject) -> None:
    view = View(Index(rows), DAY)
    sender, receiver = (data.draw(st.sampled_from(sorted(rows["organizations"]))) for _ in range(2))

    both = set()
    for mine in rows["memberships"].values():
        for theirs in rows["memberships"].values():
            if (mine["organization"], theirs["organization"]) == (sender, receiver) and holds(mine) and holds(theirs):
                both |= {mine["task_force"]} & {theirs["task_force"]}
    assert around.shared_forces(view, sender, receiver) == sorted(both)

    leading: list[str] = []
    lines: set[str] = set()
    for level in LEVELS:
        desks = set()
        for force in {each for of in both for each in above(rows, "task_forces", of)}:
            row = rows["task_forces"][force]
            if row["level"] == level and row["coordinator"]:
                desks.add(row["coordinator"])
        leading += sorted(desks - set(leading))
    for force in both:
        for place in above(rows, "jurisdictions", rows["task_forces"][force]["jurisdiction"]):
            lines |= {rows["jurisdictions"][place]["hotline"]} - {None}
    told = [(desk.id, owner.id) for desk, owner in around.coordinators(view, sorted(both))]
    assert told == [(desk, rows["contact_points"][desk]["organization"]) for desk in leading]
    assert [desk.id for desk, _ in around.hotlines(view, sorted(both))] == sorted(lines)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rosters(), st.data())
def test_another_desk_is_for_the_type_and_the_place(rows: Rows, data: st.DataObject) -> None:
    view = View(Index(rows), DAY)
    desk = data.draw(st.sampled_from(sorted(rows["contact_points"])))
    type = data.draw(st.sampled_from(sorted(rows["service_types"])))
    place = data.draw(st.none() | st.sampled_from([*sorted(rows["jurisdictions"]), "GB-GONE"]))
    own = rows["contact_points"][desk]
    fitting = []
    for id, other in sorted(rows["contact_points"].items()):
        if id == desk or other["organization"] != own["organization"]:
            continue
        types, places = other["service_types"], other["jurisdictions"]
        near = any(
            place in above(rows, "jurisdictions", each) or each in above(rows, "jurisdictions", place)
            for each in places
            if place in rows["jurisdictions"]
        )
        if (not types or type in types) and (not places or place not in rows["jurisdictions"] or near):
            fitting.append(id)
    assert [each.id for each in around.other_desks(view, view.desk(desk), type, place)] == fitting


def test_a_desk_that_is_gone_from_the_roster_is_left_out() -> None:
    assert around.reachable(View(Index({"contact_points": {}}), DAY), ["gone"]) == ()
