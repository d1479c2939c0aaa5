"""Who is really reached: nobody whom the case avoids, nobody who is not there, and nobody left out who is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from relaypoint.domain.errors import NoChannel
from relaypoint.graph import Store
from relaypoint.resolvers import referrals
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import Roster, member, row
from relaypoint.tests.test_find_attacks import foreign, only_desk, relayed
from relaypoint.tests.test_plan import HOUSING, UNIT, changed, codes, desks

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
            await referrals.refer(AUTHORITY, backend, replace(need, avoid=("police",)))


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
        await referrals.refer(UNIT, backend, HOUSING)


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
    sent = await referrals.refer(UNIT, backend, replace(need, service="child-protection"))
    assert sent.referral["handoffs"][0]["contact_point"]["id"] == "north-desk"


# who stands in


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("serves", "male", ("eligibility", "out.stand-in-eligibility")),
        ("jurisdictions", "GB-X-SOUTH", ("place", "out.stand-in-place")),
        ("service_types", "advice", ("no-contact-point", "out.stand-in-service")),
    ],
)
async def test_a_desk_that_answers_for_another_has_to_be_for_the_case(
    store: Store, column: str, value: str, reason: tuple[str, str]
) -> None:
    def fire(roster: Roster) -> None:
        row(roster, "contact_points", "shelter-night-desk")[column] = value
        strike = row(roster, "contingencies", "line-strike")
        roster["contingencies"].append(
            {**strike, "id": "fire", "organization": "example-shelter", "since": "2026-03-01", "until": "2026-03-10"}
        )

    answer = await find(UNIT, await changed(store, fire), HOUSING)
    assert desks(answer) == []
    (out,) = [out for out in answer.finding.excluded if out.service.id == "shelter-beds"]
    told = {(each.code, each.text.message_id): str(each.text) for each in out.reasons}
    assert "Shelter night desk, which answers for Shelter desk now" in told[reason]


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
