"""To whom ``refer`` sends: the first candidate or the one that is named, and nobody else in its stead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.errors import Invalid
from relaypoint.graph import Store
from relaypoint.resolvers import referrals
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.referring import refer_many
from relaypoint.tests.helpers import Roster, row
from relaypoint.tests.test_plan import HOUSING, UNIT, changed, desks


def sent_to(sent: referrals.Sent) -> str:
    return str(sent.referral["handoffs"][0]["contact_point"]["id"])


# Through others


def through_the_line(roster: Roster) -> None:
    """A second authority, open at night, is reached only through the line; the first one has closed by then."""
    authority, way = row(roster, "organizations", "example-authority"), row(roster, "pathways", "to-authority")
    way |= {"form": "", "consent": "none"}
    roster["organizations"].append({**authority, "id": "second", "name": "Second Authority"})
    service, desk = (row(roster, *of) for of in (("services", "authority-decision"), ("contact_points", "line-desk")))
    roster["services"].append({**service, "id": "second-decision", "organization": "second"})
    roster["contact_points"].append({**desk, "id": "second-desk", "organization": "second", "name": "Second desk"})
    phone = row(roster, "channels", "line-phone")
    roster["channels"] += [
        {**phone, "id": f"{of}-phone", "contact_point": f"{of}-desk", "address": address, "hours": ""}
        for of, address in (("second", "+442079460111"), ("authority", "+442079460112"))
    ]
    for id, start, end, at in (
        ("unit-to-line", "example-unit", "example-line", "line-desk"),
        ("line-to-second", "example-line", "second", "second-desk"),
    ):
        ends = {"from_organization": start, "to_organization": end, "contact_point": at}
        roster["pathways"].append({**way, "id": id, "name": id, "from_role": "", "task_force": "", **ends})


DECISION = replace(HOUSING, service="identification", priority="stat", tags=("adult",))


async def test_nobody_is_sent_to_instead_of_the_first_where_that_one_is_reached_through_others(store: Store) -> None:
    backend = replace(await changed(store, through_the_line), clock=fixed_clock("2026-03-03T02:00:00.000Z"))
    assert desks(await find(UNIT, backend, DECISION)) == ["second-desk", "authority-desk"]
    for to in (None, "second-desk"):
        with pytest.raises(Invalid) as refused:
            await referrals.refer(UNIT, backend, DECISION, to=to)
        problem = refused.value
        assert (problem.message_id, problem.path) == ("refer.gateway", ("to",))
        assert "Phone Line of Example Line and ask them to refer: +442079460103." in problem.remedy
        assert "which comes after it: --to authority-desk." in problem.remedy
    with pytest.raises(Invalid) as refused:
        await refer_many(UNIT, backend, DECISION, people=2)
    assert refused.value.message_id == "refer.gateway"
    assert await referrals.referrals(UNIT, backend) == []
    assert sent_to(await referrals.refer(UNIT, backend, DECISION, to="authority-desk")) == "authority-desk"


async def test_a_gateway_without_a_voice_is_asked_by_what_it_has_and_nobody_comes_after(store: Store) -> None:
    def written(roster: Roster) -> None:
        through_the_line(roster)
        roster["channels"] = [each for each in roster["channels"] if each["id"] != "line-phone"]
        roster["pathways"] = [each for each in roster["pathways"] if each["id"] != "to-authority"]
        roster["jurisdictions"][0]["hotline"] = ""

    backend = await changed(store, written)
    with pytest.raises(Invalid) as refused:
        await referrals.refer(UNIT, backend, replace(DECISION, priority="routine"))
    assert refused.value.remedy == "Ask Line of Example Line to refer: desk@line.example.org."


# A place that is too large to tell


def councils(roster: Roster) -> None:
    """Each half of the country has a council of its own for the protection of children, and a house for adults."""
    for kind, added in (("protection", "child"), ("refuge", "")):
        type = {"id": kind, "name": kind, "access": "direct", "added_for": added}
        roster["service_types"].append(type)
    for half in ("north", "south"):
        body = f"{half}-council"
        shelter = row(roster, "organizations", "example-shelter")
        roster["organizations"].append({**shelter, "id": body, "name": body, "kind": "social-services"})
        desk = row(roster, "contact_points", "line-desk")
        roster["contact_points"].append({**desk, "id": f"{body}-desk", "organization": body})
        phone = {**row(roster, "channels", "line-phone"), "id": f"{body}-phone", "contact_point": f"{body}-desk"}
        roster["channels"].append({**phone, "address": "+442079460121" if half == "north" else "+442079460122"})
        beds = {**row(roster, "services", "shelter-beds"), "organization": body, "serves": ""}
        beds |= {"jurisdictions": f"GB-X-{half.upper()}", "capacity": "unknown"}
        roster["services"] += [
            {**beds, "id": f"{half}-protection", "service_type": "protection", "serves": "child"},
            {**beds, "id": f"{half}-refuge", "service_type": "refuge"},
        ]


CHILD = NeedInput(from_organization="example-unit", service="protection", place="GB", tags=("child",))


async def test_a_council_is_not_chosen_by_its_id(store: Store) -> None:
    backend = await changed(store, councils)
    for need in (CHILD, replace(CHILD, service="refuge", tags=("adult",))):
        assert desks(await find(UNIT, backend, need)) == ["north-council-desk", "south-council-desk"]
        for send in (referrals.refer, refer_many):
            with pytest.raises(Invalid) as refused:
                await send(UNIT, backend, need)
            assert (refused.value.message_id, refused.value.path) == ("refer.part", ("place",))
        assert sent_to(await referrals.refer(UNIT, backend, need, to="south-council-desk")) == "south-council-desk"
        assert sent_to(await referrals.refer(UNIT, backend, replace(need, place="GB-X-SOUTH"))) == "south-council-desk"


async def test_a_childs_protection_is_never_sent_to_the_one_council_of_a_larger_place(store: Store) -> None:
    def only_north(roster: Roster) -> None:
        councils(roster)
        roster["services"] = [each for each in roster["services"] if not each["id"].startswith("south-")]

    backend = await changed(store, only_north)
    assert desks(await find(UNIT, backend, CHILD)) == ["north-council-desk"]
    with pytest.raises(Invalid) as refused:
        await referrals.refer(UNIT, backend, CHILD)
    assert refused.value.message_id == "refer.part"
    # A bed is another matter: there is one, and whoever refers may take it.
    bed = replace(CHILD, service="refuge", tags=("adult",))
    assert sent_to(await referrals.refer(UNIT, backend, bed)) == "north-council-desk"
