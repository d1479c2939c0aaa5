"""To whom ``refer`` sends: the first candidate or the one that is named, and nobody else in its stead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.errors import Invalid, NoChannel
from relaypoint.domain.texts import Text
from relaypoint.graph import Store
from relaypoint.resolvers import referrals, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.referring import refer_many, split
from relaypoint.tests.helpers import Roster, raw, row
from relaypoint.tests.test_plan import HOUSING, UNIT, changed, desks


def sent_to(sent: sending.Sent) -> str:
    return str(sent.referral["handoffs"][0]["contact_point"]["id"])


async def test_capitals_and_stray_blanks_are_no_reason_to_send_nothing(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    typed = replace(HOUSING, priority="STAT ", confidentiality=" Official")
    sent = await sending.refer(UNIT, backend, typed, to=" Shelter-Night-Desk ", reply_to="UNIT-desk")
    assert (sent_to(sent), sent.phone_now) == ("shelter-night-desk", True)
    (step,) = sent.referral["handoffs"]
    passed = await pass_handoff(UNIT, backend, step["id"], "resend", "Shelter-Desk ", consent=True)
    assert passed.handoff["contact_point"]["id"] == "shelter-desk"
    with pytest.raises(NoChannel) as refused:
        await sending.refer(UNIT, backend, replace(HOUSING, avoid=("shelter-desk",)), to="SHELTER-DESK")
    assert refused.value.message_id == "refer.excluded"


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
            await sending.refer(UNIT, backend, DECISION, to=to)
        problem = refused.value
        assert (problem.message_id, problem.path) == ("refer.gateway", ("to",))
        assert "Phone Line of Example Line and ask them to refer: +442079460103." in problem.remedy
        assert "which comes after it: --to authority-desk." in problem.remedy
    with pytest.raises(Invalid) as refused:
        await refer_many(UNIT, backend, DECISION, people=2)
    assert refused.value.message_id == "refer.gateway"
    assert await referrals.referrals(UNIT, backend) == []
    assert sent_to(await sending.refer(UNIT, backend, DECISION, to="authority-desk")) == "authority-desk"


async def test_a_gateway_without_a_voice_is_asked_by_what_it_has_and_nobody_comes_after(store: Store) -> None:
    def written(roster: Roster) -> None:
        through_the_line(roster)
        roster["channels"] = [each for each in roster["channels"] if each["id"] != "line-phone"]
        roster["pathways"] = [each for each in roster["pathways"] if each["id"] != "to-authority"]
        roster["jurisdictions"][0]["hotline"] = ""

    backend = await changed(store, written)
    with pytest.raises(Invalid) as refused:
        await sending.refer(UNIT, backend, replace(DECISION, priority="routine"))
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
        for send in (sending.refer, refer_many):
            with pytest.raises(Invalid) as refused:
                await send(UNIT, backend, need)
            assert (refused.value.message_id, refused.value.path) == ("refer.part", ("place",))
        assert sent_to(await sending.refer(UNIT, backend, need, to="south-council-desk")) == "south-council-desk"
        assert sent_to(await sending.refer(UNIT, backend, replace(need, place="GB-X-SOUTH"))) == "south-council-desk"


async def test_a_childs_protection_is_never_sent_to_the_one_council_of_a_larger_place(store: Store) -> None:
    def only_north(roster: Roster) -> None:
        councils(roster)
        roster["services"] = [each for each in roster["services"] if not each["id"].startswith("south-")]

    backend = await changed(store, only_north)
    assert desks(await find(UNIT, backend, CHILD)) == ["north-council-desk"]
    with pytest.raises(Invalid) as refused:
        await sending.refer(UNIT, backend, CHILD)
    assert refused.value.message_id == "refer.part"
    # A bed is another matter: there is one, and whoever refers may take it.
    bed = replace(CHILD, service="refuge", tags=("adult",))
    assert sent_to(await sending.refer(UNIT, backend, bed)) == "north-council-desk"


# An adult's consent


def by_consent(roster: Roster) -> None:
    """The agreed way to the shelter needs consent; the shelter itself can be asked directly."""
    row(roster, "pathways", "unit-to-shelter")["consent"] = "required"


async def ways(backend: Backend, need: NeedInput) -> list[list[str]]:
    """Of the first candidate: the pathways that it is reached by, and the other ways."""
    first = (await find(UNIT, backend, need)).finding.candidates[0]
    assert first.contact_point.id == "shelter-desk"
    return [[hop.id for hop in route.hops] for route in (first.route, *first.alternatives)]


async def test_who_refuses_reaches_the_shelter_that_was_found_for_them(store: Store) -> None:
    backend = await changed(store, by_consent)
    assert await ways(backend, HOUSING) == [["unit-to-shelter"], []]
    assert await ways(backend, replace(HOUSING, consent=("housing",))) == [["unit-to-shelter"]]
    for consent in ((), ("advice",)):
        assert await ways(backend, replace(HOUSING, consent=consent)) == [[]]
    with pytest.raises(Invalid, match="Unit to shelter") as refused:
        await sending.refer(UNIT, backend, HOUSING)
    assert "--no-consent" in refused.value.remedy
    found = (await find(UNIT, backend, HOUSING)).finding.candidates[0]
    assert "note.without-consent" in {note.message_id for note in found.notes if isinstance(note, Text)}

    sent = await sending.refer(UNIT, backend, replace(HOUSING, consent=()))
    assert (sent_to(sent), sent.referral["case"]["agreed_types"]) == ("shelter-desk", [])
    many = await refer_many(UNIT, backend, replace(HOUSING, consent=()), people=2)
    assert {each["handoffs"][0]["contact_point"]["id"] for each in many.referrals} == {"shelter-desk"}
    told = await sending.refer(UNIT, backend, HOUSING, consent=True)
    assert (told.referral["case"]["agreed_types"], told.referral["case"]["consent"]) == (None, True)
    along = await raw(store, "MATCH (h:Handoff)-[:ALONG]->(p:Pathway) RETURN h.id AS id, p.id AS pathway")
    assert along == [{"id": told.referral["handoffs"][0]["id"], "pathway": "unit-to-shelter"}]
    for send in (sending.refer, refer_many):
        with pytest.raises(Invalid) as refused:
            await send(UNIT, backend, replace(HOUSING, consent=()), consent=True)
        assert refused.value.message_id == "refer.consent-twice"


async def test_a_refusal_stays_with_the_case(store: Store) -> None:
    backend = await changed(store, by_consent)
    unsaid = await sending.refer(UNIT, backend, replace(HOUSING, service="advice"))
    refused = await sending.refer(UNIT, backend, replace(HOUSING, service="advice", consent=()))
    with pytest.raises(Invalid, match="Unit to shelter"):
        await split(UNIT, backend, unsaid.referral["id"], ["housing"])
    for one, again in ((refused, False), (unsaid, True)):
        (more,) = (await split(UNIT, backend, one.referral["id"], ["housing"], no_consent=again)).referrals
        assert more["handoffs"][0]["contact_point"]["id"] == "shelter-desk"
        assert more["case"]["agreed_types"] == []
    assert not await raw(store, "MATCH (h:Handoff)-[:ALONG]->(p:Pathway {id: 'unit-to-shelter'}) RETURN h.id AS id")
    # Who comes to agree goes the agreed way, and who is said to do both is asked.
    with pytest.raises(NoChannel):
        await split(UNIT, backend, refused.referral["id"], ["identification"])
    (agreed,) = (await split(UNIT, backend, unsaid.referral["id"], ["housing"], consent=True)).referrals
    assert agreed["case"]["consents"][0]["service_type"] == "night-shelter"
    with pytest.raises(Invalid) as both:
        await split(UNIT, backend, unsaid.referral["id"], ["housing"], consent=True, no_consent=True)
    assert both.value.path == ("consent",)


async def test_who_refused_and_then_agrees_to_one_desk_is_sent_there_by_the_agreed_way(store: Store) -> None:
    def two_ways(roster: Roster) -> None:
        through_the_line(roster)
        row(roster, "pathways", "to-authority")["consent"] = "required"
        roster["pathways"] = [each for each in roster["pathways"] if not each["id"].startswith("unit-to-line")]
        roster["pathways"].append(
            {**row(roster, "pathways", "line-to-second"), "id": "unit-to-second", "from_organization": "example-unit"}
        )

    backend = await changed(store, two_ways)
    refused = await sending.refer(UNIT, backend, replace(DECISION, consent=()))
    (step,) = refused.referral["handoffs"]
    assert step["contact_point"]["id"] == "second-desk"
    with pytest.raises(NoChannel, match="has not agreed"):
        await pass_handoff(UNIT, backend, step["id"], "resend", "authority-desk")
    passed = await pass_handoff(UNIT, backend, step["id"], "resend", "authority-desk", consent=True)
    assert passed.handoff["contact_point"]["id"] == "authority-desk"
    case = (await referrals.referral(UNIT, backend, refused.referral["id"]))["case"]
    assert case["agreed_types"] == ["identification"]
