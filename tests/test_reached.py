"""Who is really reached: nobody whom the case avoids, nobody who is not there, and nobody left out who is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from relaypoint.domain.errors import NoChannel
from relaypoint.graph import Store
from relaypoint.resolvers import sending
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import Roster, member, row
from relaypoint.tests.test_find_attacks import foreign, only_desk, relayed
from relaypoint.tests.test_plan import HOUSING, LINE, UNIT, changed, codes, desks

AUTHORITY = member("example-authority")
#: Asked by a body that is neither the police nor the line.
BEDS = replace(HOUSING, from_organization="example-authority", tags=("female",))
IDENTIFICATION = NeedInput(
    from_organization="example-unit", service="identification", place="GB-X-NORTH", tags=("adult",)
)


def closed(roster: Roster, organization: str) -> None:
    """It says so of itself."""
    said = row(roster, "operational_statuses", "shelter-in-august")
    roster["operational_statuses"].append(
        {**said, "id": f"{organization}-closed", "organization": organization, "service": "", "state": "closed",
         "capacity": "", "since": "2026-03-01", "until": "2026-03-10"}
    )  # fmt: skip


# through others


def also_by(**columns: str) -> Callable[[Roster], None]:
    """The line, through which the shelter is reached, has a phone of its own beside its way through the police."""

    def change(roster: Roster) -> None:
        phone = row(roster, "channels", "line-phone")
        relayed(roster)
        roster["channels"].append({**phone, "condition": "", **columns})

    return change


@pytest.mark.parametrize(
    ("phone", "confidentiality", "through"),
    [
        ({"state": "dead"}, "official", False),
        ({"assurance": "public"}, "confidential", False),
        ({"condition": "contingency"}, "official", False),
        ({}, "confidential", True),
    ],
)
async def test_a_way_that_can_not_be_taken_leads_past_nobody(
    store: Store, phone: dict[str, str], confidentiality: str, through: bool
) -> None:
    backend = await changed(store, also_by(**phone))
    need = replace(BEDS, confidentiality=confidentiality)
    assert desks(await find(AUTHORITY, backend, need)) == ["shelter-desk"]
    past_the_police = await find(AUTHORITY, backend, replace(need, avoid=("police",)))
    assert desks(past_the_police) == (["shelter-desk"] if through else [])
    if not through:
        with pytest.raises(NoChannel):
            await sending.refer(AUTHORITY, backend, replace(need, avoid=("police",)))


def through_the_line(roster: Roster) -> None:
    only_desk(roster)
    roster["channels"] = [c for c in roster["channels"] if c["id"] not in ("shelter-mail", "shelter-phone")]


def line_ended(roster: Roster) -> None:
    row(roster, "contact_points", "line-desk")["until"] = "2026-01-01"


def line_shut(roster: Roster) -> None:
    row(roster, "contact_points", "line-desk")["presence"] = "closed"


def line_suspended(roster: Roster) -> None:
    row(roster, "organizations", "example-line")["status"] = "suspended"


def line_closed(roster: Roster) -> None:
    closed(roster, "example-line")


def line_dead(roster: Roster) -> None:
    for channel in roster["channels"]:
        if channel["contact_point"] == "line-desk":
            channel["state"] = "dead"


@pytest.mark.parametrize("gone", [line_ended, line_shut, line_suspended, line_closed, line_dead])
async def test_nothing_goes_through_whom_nobody_can_ask(store: Store, gone: Callable[[Roster], None]) -> None:
    def change(roster: Roster) -> None:
        through_the_line(roster)
        gone(roster)

    backend = await changed(store, change)
    answer = await find(UNIT, backend, HOUSING)
    assert codes(answer)["shelter-beds"] == ["no-working-channel"]
    with pytest.raises(NoChannel):
        await sending.refer(UNIT, backend, HOUSING)


async def test_what_goes_through_others_counts_where_they_can_be_asked(store: Store) -> None:
    assert desks(await find(UNIT, await changed(store, through_the_line), HOUSING)) == ["shelter-desk"]


# who has closed


async def test_who_has_closed_is_no_gateway_no_coordinator_and_no_hotline(store: Store) -> None:
    def by_the_line(roster: Roster) -> None:
        way = row(roster, "pathways", "to-authority")
        way.update(from_role="", task_force="", from_organization="example-line", form="", consent="none")
        first = {**way, "id": "to-line", "from_organization": "example-unit", "to_organization": "example-line"}
        roster["pathways"].append({**first, "contact_point": "line-desk"})
        row(roster, "services", "shelter-beds")["capacity"] = "full"

    def shut(roster: Roster) -> None:
        by_the_line(roster)
        closed(roster, "example-line")

    backend = await changed(store, by_the_line)
    assert desks(await find(UNIT, backend, IDENTIFICATION)) == ["authority-desk"]
    answer = await find(UNIT, backend, HOUSING)
    assert [each.contact_point.id for each in answer.coordinators] == ["line-desk", "authority-desk"]
    assert answer.emergency.hotline is not None

    backend = await changed(store, shut)
    answer = await find(UNIT, backend, IDENTIFICATION)
    (out,) = [out for out in answer.finding.excluded if out.service.id == "authority-decision"]
    assert [reason.text.message_id for reason in out.reasons] == ["out.gateway-gone"]
    answer = await find(UNIT, backend, HOUSING)
    assert [each.contact_point.id for each in answer.coordinators] == ["authority-desk"]
    assert answer.emergency.hotline is None


async def test_a_successor_that_has_closed_is_not_named(store: Store) -> None:
    def shut(roster: Roster) -> None:
        closed(roster, "example-shelter")

    for change, named in ((only_desk, True), (shut, False)):
        answer = await find(UNIT, await changed(store, change), replace(HOUSING, place="GB-X-OLD"))
        (former,) = [out for out in answer.finding.excluded if out.service.id == "former-beds"]
        assert (former.reasons[0].relax is not None) == named


# the same number


def shares_the_shelters(kind: str, address: str) -> Callable[[Roster], None]:
    """The police have a channel with the same address as one of the shelter's."""

    def change(roster: Roster) -> None:
        mine, theirs = row(roster, "channels", "night-phone"), row(roster, "channels", "unit-mail")
        mine.update(kind=kind, address=address)
        roster["channels"].append({**theirs, "id": "unit-other", "kind": kind, "address": address})

    return change


@pytest.mark.parametrize(
    ("kind", "address", "left"),
    [
        ("phone", "+442079460102", ["shelter-desk"]),
        ("email", "both@example.org", ["shelter-desk"]),
        # A form's page asks whom it is for.
        ("web-form", "https://example.org/form", ["shelter-desk", "shelter-night-desk"]),
    ],
)
async def test_a_number_that_is_also_that_of_somebody_avoided_is_not_used(
    store: Store, kind: str, address: str, left: list[str]
) -> None:
    backend = await changed(store, shares_the_shelters(kind, address))
    need = replace(HOUSING, from_organization="example-line")
    assert desks(await find(LINE, backend, need)) == ["shelter-desk", "shelter-night-desk"]
    for avoided in ("police", "unit-desk"):
        assert desks(await find(LINE, backend, replace(need, avoid=(avoided,)))) == left


# where a child is


def councils(roster: Roster) -> None:
    """Each of the two answers for the children of its own area; the one in the north at day alone."""
    line = row(roster, "organizations", "example-line")
    advice = row(roster, "services", "line-advice")
    desk, phone = row(roster, "contact_points", "line-desk"), row(roster, "channels", "line-phone")
    roster["service_types"].append({"id": "child-protection", "name": "Child protection", "added_for": "child"})
    for number, area in enumerate(("north", "south")):
        id, place = f"{area}-council", f"GB-X-{area.upper()}"
        own = {"organization": id, "service_type": "child-protection", "jurisdictions": place, "serves": "child"}
        hours = "Mo-Fr 18:00-20:00" if area == "north" else "24/7"
        roster["organizations"].append(
            {**line, "id": id, "name": id, "kind": "social-services", "jurisdictions": place}
        )
        roster["services"].append({**advice, "id": f"{area}-protection", **own})
        roster["contact_points"].append({**desk, "id": f"{area}-desk", "organization": id, "hours": hours})
        roster["channels"].append(
            {**phone, "id": f"{area}-phone", "contact_point": f"{area}-desk", "address": f"+44207946013{number}",
             "hours": ""}
        )  # fmt: skip


async def test_a_child_is_protected_where_it_is_though_housing_is_looked_for_around(store: Store) -> None:
    backend = await changed(store, councils)
    need = replace(HOUSING, tags=("child",), near=True, priority="stat")
    answer = await find(UNIT, backend, need)
    assert [item.need.near for item in answer.items] == [True, False]
    assert desks(answer, 1) == ["north-desk"]
    sent = await sending.refer(UNIT, backend, replace(need, service="child-protection"))
    assert sent.referral["handoffs"][0]["contact_point"]["id"] == "north-desk"


# who stands in


@pytest.mark.parametrize(
    ("column", "value", "fits"),
    [("serves", "male", False), ("jurisdictions", "GB-X-SOUTH", True), ("service_types", "advice", True)],
)
async def test_a_desk_that_answers_for_another_has_to_take_such_a_person(
    store: Store, column: str, value: str, fits: bool
) -> None:
    def fire(roster: Roster) -> None:
        row(roster, "contact_points", "shelter-night-desk")[column] = value
        strike = row(roster, "contingencies", "line-strike")
        roster["contingencies"].append(
            {**strike, "id": "fire", "organization": "example-shelter", "since": "2026-03-01", "until": "2026-03-10"}
        )

    answer = await find(UNIT, await changed(store, fire), HOUSING)
    if fits:  # A diversion is planned for just that: an office elsewhere answers. It is asked whether it knows of it.
        (candidate, *_) = answer.finding.candidates
        assert candidate.contact_point.id == "shelter-desk"
        assert any(text.message_id == "confirm.stand-in" for text in candidate.confirm)
        return
    assert desks(answer) == []
    (out,) = [out for out in answer.finding.excluded if out.service.id == "shelter-beds"]
    told = {(each.code, each.text.message_id): str(each.text) for each in out.reasons}
    assert "Shelter night desk, which answers for Shelter desk now" in told["eligibility", "out.stand-in"]


# into another country


async def test_what_is_elsewhere_and_abroad_is_told_so_and_nobody_is_told_to_cross_a_border(store: Store) -> None:
    def irish(roster: Roster) -> None:
        foreign(roster)
        row(roster, "services", "irish-advice")["jurisdictions"] = "GB-X-SOUTH;IE"

    answer = await find(UNIT, await changed(store, irish), replace(HOUSING, service="advice"))
    (out,) = answer.finding.excluded
    assert [each.id for each in answer.ground.elsewhere] == ["irish-advice"]
    assert {id: land.id for id, land in answer.ground.foreign.items()} == {"irish-line": "IE"}
    assert [str(reason.relax) for reason in out.reasons] == ["It fits if the person can get to: Example South."]


# names


async def test_a_name_that_an_ended_body_bore_too_avoids_what_came_after_it(store: Store) -> None:
    def harbour(roster: Roster) -> None:
        row(roster, "organizations", "example-former")["name"] = "Harbour House"
        line = row(roster, "organizations", "example-line")
        roster["organizations"].append({**line, "id": "harbour", "name": "Harbour House"})

    answer = await find(UNIT, await changed(store, harbour), replace(HOUSING, avoid=("Harbour House",)))
    assert answer.need.avoid.entries == {"harbour", "example-former"}
    assert desks(answer) == []
