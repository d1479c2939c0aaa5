"""Which way leads there: what was agreed, for whom, for which place and kind of help, and how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from relaypoint.graph import Store
from relaypoint.resolvers.finding import find
from relaypoint.tests.helpers import Roster, member, row
from relaypoint.tests.test_find_attacks import only_desk
from relaypoint.tests.test_plan import HOUSING, UNIT, changed, codes, desks
from relaypoint.tests.test_reached import IDENTIFICATION

# agreed ways


async def test_who_is_suspended_takes_no_way_of_that_task_force(store: Store) -> None:
    def suspended(roster: Roster) -> None:
        full = row(roster, "memberships", "unit-in-force")
        review = {"standing": "suspended", "reason": "Conduct under review", "continuity": "line-desk"}
        roster["memberships"].append({**full, "id": "unit-suspended", "role": "member", **review})

    answer = await find(UNIT, await changed(store, suspended), IDENTIFICATION)
    assert (desks(answer), codes(answer)["authority-decision"]) == ([], ["no-pathway"])


async def test_what_a_task_force_agreed_ends_with_it(store: Store) -> None:
    def ended(roster: Roster) -> None:
        row(roster, "task_forces", "example-force")["until"] = "2026-03-03"

    answer = await find(UNIT, await changed(store, ended), IDENTIFICATION)
    assert (desks(answer), codes(answer)["authority-decision"]) == ([], ["pathway-expired"])


async def test_another_way_hides_no_desk(store: Store) -> None:
    """The authority's second desk is reached through the gate, and there by way of the helpers. Another way to the gate
    leads through the authority's own first desk."""

    def two_ways(roster: Roster) -> None:
        line, desk = row(roster, "organizations", "example-line"), row(roster, "contact_points", "line-desk")
        phone, way = row(roster, "channels", "line-phone"), row(roster, "pathways", "to-authority")
        for number, id in enumerate(("helpers", "gate")):
            own = {"id": f"{id}-desk", "organization": id}
            roster["organizations"].append({**line, "id": id, "name": id})
            roster["contact_points"].append({**desk, **own})
            called = {"contact_point": f"{id}-desk", "address": f"+44207946014{number}"}
            roster["channels"].append({**phone, "id": f"{id}-phone", **called})
        second = {**row(roster, "contact_points", "authority-desk"), "id": "second-desk"}
        roster["contact_points"].append(second)
        mail = row(roster, "channels", "authority-mail")
        roster["channels"].append({**mail, "id": "second-mail", "contact_point": "second-desk"})
        plain = {**way, "from_role": "", "task_force": "", "form": "", "consent": "none", "contact_point": ""}
        roster["pathways"].remove(way)
        roster["pathways"] += [
            {**plain, "id": id, "from_organization": start, "to_organization": to, "contact_point": at}
            for id, start, to, at in (
                ("1-first", "example-unit", "example-authority", "authority-desk"),
                ("2-helpers", "example-unit", "helpers", ""),
                ("3-own", "example-authority", "gate", ""),
                ("4-gate", "helpers", "gate", ""),
                ("5-second", "gate", "example-authority", "second-desk"),
            )
        ]

    answer = await find(UNIT, await changed(store, two_ways), IDENTIFICATION)
    assert desks(answer) == ["authority-desk", "second-desk"]
    assert [hop.id for hop in answer.finding.candidates[1].route.hops] == ["2-helpers", "4-gate", "5-second"]


# narrower kinds of help


def for_children(access: str) -> Callable[[Roster], None]:
    """The authority decides on a narrower kind alone."""

    def change(roster: Roster) -> None:
        narrower = {"id": "fast", "name": "Fast identification", "within": "identification", "access": access}
        roster["service_types"].append(narrower)
        row(roster, "services", "authority-decision")["service_type"] = "fast"
        row(roster, "contact_points", "authority-desk")["service_types"] = ""
        row(roster, "pathways", "to-authority")["service_types"] = "fast;identification"

    return change


@pytest.mark.parametrize(("access", "found"), [("", []), ("pathway", []), ("direct", ["authority-desk"])])
async def test_a_narrower_kind_is_asked_for_as_the_wider_unless_it_says_otherwise(
    store: Store, access: str, found: list[str]
) -> None:
    backend = await changed(store, for_children(access))
    for type in ("identification", "fast"):
        need = replace(IDENTIFICATION, from_organization="example-shelter", service=type)
        assert desks(await find(member("example-shelter"), backend, need)) == found


async def test_who_agrees_to_a_kind_of_help_agrees_to_the_narrower(store: Store) -> None:
    backend = await changed(store, for_children(""))

    async def found(service: str, *consent: str) -> list[str]:
        return desks(await find(UNIT, backend, replace(IDENTIFICATION, service=service, consent=consent)))

    assert await found("fast", "identification") == await found("identification", "identification")
    assert await found("fast", "identification") == ["authority-desk"]
    assert await found("fast", "advice") == []


# places


def twice_abolished(roster: Roster) -> None:
    """The old town became the middle town, and that a part of the north."""
    old = row(roster, "jurisdictions", "GB-X-OLD")
    old["replaced_by"] = "GB-X-MID"
    roster["jurisdictions"].append(
        {**old, "id": "GB-X-MID", "name": "Example Middle Town", "replaced_by": "GB-X-NORTH", "until": "2023-01-01"}
    )


async def test_a_place_that_was_abolished_twice_stands_for_what_is_there_now(store: Store) -> None:
    backend = await changed(store, twice_abolished)
    answer = await find(UNIT, backend, replace(HOUSING, place="Example Old Town"))
    assert (answer.need.place, answer.need.formerly) == ("GB-X-NORTH", "GB-X-OLD")
    assert "shelter-desk" in desks(answer)
    assert "former-beds" in codes(answer)


async def test_a_place_that_has_not_begun_stands_for_none(store: Store) -> None:
    def not_yet(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB-X-OLD")["replaced_by"] = "GB-X-NEW"
        north = row(roster, "jurisdictions", "GB-X-NORTH")
        roster["jurisdictions"].append({**north, "id": "GB-X-NEW", "name": "New", "since": "2027-01-01"})

    answer = await find(UNIT, await changed(store, not_yet), replace(HOUSING, place="GB-X-OLD"))
    assert answer.need.place == "GB-X-OLD"


@pytest.mark.parametrize("agreed_for", ["GB-X-OLD", "GB-X-MID"])
async def test_a_way_that_was_agreed_for_the_old_place_leads_on(store: Store, agreed_for: str) -> None:
    def for_the_old(roster: Roster) -> None:
        twice_abolished(roster)
        row(roster, "pathways", "to-authority")["jurisdictions"] = agreed_for

    answer = await find(UNIT, await changed(store, for_the_old), replace(IDENTIFICATION, place="GB-X-OLD"))
    assert desks(answer) == ["authority-desk"]


async def test_places_may_lie_in_each_other_as_deep_as_one_likes(store: Store) -> None:
    def deep(roster: Roster) -> None:
        for number in range(1200):
            within = f"GB-D{number - 1}" if number else "GB"
            roster["jurisdictions"].append({"id": f"GB-D{number}", "name": "Deep", "kind": "area", "within": within})
        row(roster, "services", "shelter-beds")["jurisdictions"] = "GB-D1199"
        for id in ("shelter-desk", "shelter-night-desk"):
            row(roster, "contact_points", id)["jurisdictions"] = ""

    answer = await find(UNIT, await changed(store, deep), replace(HOUSING, place="GB"))
    assert "shelter-night-desk" in desks(answer)


async def test_a_kind_of_help_that_has_ended_is_said_to_have(store: Store) -> None:
    def ended(roster: Roster) -> None:
        row(roster, "service_types", "housing")["until"] = "2026-01-01"

    for change, said in ((only_desk, False), (ended, True)):
        answer = await find(UNIT, await changed(store, change), HOUSING)
        assert ("note.type-ended" in {note.message_id for note in answer.finding.notes}) == said
        assert desks(answer)
