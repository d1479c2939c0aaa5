"""What a task force may rule, and what no rule of it can touch."""

from __future__ import annotations

from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.policy import OPERATOR, POLICY, Kind, Subject
from relaypoint.domain.roster import SHEETS
from relaypoint.graph import Store
from relaypoint.resolvers import (
    audit,
    contingency,
    ending,
    finding,
    news,
    outbox,
    proposals,
    proposing,
    rounds,
    sending,
    vouching,
)
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import (
    NOW,
    Roster,
    at_time,
    dump,
    filled,
    imported,
    make_backend,
    member,
    raw,
    tiny_roster,
)
from relaypoint.tests.helpers import row as row_of

SHELTER, LINE, UNIT, COORDINATOR = (member(f"example-{each}") for each in ("shelter", "line", "unit", "authority"))
BEDS = NeedInput(
    from_organization="example-unit", service="night-shelter", place="GB-X-NORTH", tags=("female",), priority="routine"
)


async def ruled(store: Store, sheet: str, id: str, **columns: str) -> Backend:
    changed: Roster = tiny_roster()
    row_of(changed, sheet, id).update(columns)
    backend = make_backend(store, NOW)
    await imported(backend, changed)
    return backend


async def usable(backend: Backend, desk: str, confidentiality: str) -> dict[str, str | None]:
    """The desk's channels for such a case, each with why it is barred."""
    need = NeedInput(
        from_organization="example-unit",
        service="night-shelter",
        place="GB-X-NORTH",
        tags=("female",),
        confidentiality=confidentiality,
    )
    found = (await finding.find(UNIT, backend, need)).finding
    for candidate in found.candidates:
        if candidate.contact_point.id == desk:
            return {use.channel.id: use.barred for use in candidate.channels}
    return {}


async def test_a_channel_assures_no_more_than_its_task_force_grants(store: Store) -> None:
    backend = await filled(store)
    assert (await usable(backend, "shelter-desk", "confidential"))["shelter-phone"] is None
    rule = {"task_force": "example-force", "kind": "phone", "assurance": "official"}
    await proposing.edit(COORDINATOR, backend, "channel_rules", "phones", rule, new=True)
    assert (await usable(backend, "shelter-desk", "confidential"))["shelter-phone"] == "assurance"
    assert (await usable(backend, "shelter-desk", "official"))["shelter-phone"] is None
    # The outbox obeys it as well: a message goes by no channel that the task force trusts less than the case needs.
    await proposing.edit(
        COORDINATOR,
        backend,
        "channel_rules",
        "mails",
        {**rule, "kind": "secure-email", "assurance": "public"},
        new=True,
    )
    done = await sending.refer(UNIT, backend, NeedInput(**{**_fields(BEDS), "confidentiality": "official"}))
    leased = await outbox.lease(OPERATOR, backend)
    uses = {use.channel.id: use.barred for use in leased[0].channels}
    assert uses.get("shelter-mail", "assurance") == "assurance"
    assert done.referral["handoffs"]


def _fields(need: NeedInput) -> dict[str, Any]:
    return {name: getattr(need, name) for name in NeedInput.__dataclass_fields__}


async def test_where_the_pathway_says_nothing_the_task_forces_deadlines_hold(store: Store) -> None:
    need = NeedInput(from_organization="example-line", service="identification", place="GB-X-SOUTH")

    async def deadlines(backend: Backend) -> tuple[str, str]:
        changed = {"acknowledge_within": "", "decide_within": ""}
        await proposing.edit(OPERATOR, backend, "pathways", "to-authority", changed)
        sent = await sending.refer(LINE, backend, need, consent=True)
        (step,) = sent.referral["handoffs"]
        return step["acknowledge_by"], step["decide_by"]

    backend = await filled(store)
    usual = await deadlines(backend)
    own = {"acknowledge_within": "PT2H", "decide_within": "P2D"}
    await proposing.edit(COORDINATOR, backend, "task_forces", "example-force", own)
    ruled_ones = await deadlines(backend)
    assert ruled_ones == ("2026-03-03T12:00:00.000Z", "2026-03-05T10:00:00.000Z")
    assert ruled_ones < usual
    # The local one is the shelter's and the unit's: it says nothing between others.
    await proposing.edit(COORDINATOR, backend, "task_forces", "example-force-north", {"decide_within": "PT1H"})
    assert await deadlines(backend) == ruled_ones
    # What the pathway names goes first.
    beds = await sending.refer(UNIT, backend, BEDS, to="shelter-desk")
    assert beds.referral["handoffs"][0]["acknowledge_by"] == "2026-03-03T14:00:00.000Z"


async def test_a_deputy_office_coordinates_as_well(store: Store) -> None:
    backend = await ruled(store, "task_forces", "example-force", deputies="unit-desk")
    done = await rounds.start(UNIT, backend, "drill", "2026-03-10", task_force="example-force")
    assert done.links
    assert (await proposing.edit(UNIT, backend, "task_forces", "example-force", {"name": "Force"})).applied


async def test_where_the_coordinator_designates_a_member_proposes(store: Store) -> None:
    backend = await ruled(store, "task_forces", "example-force", designation="coordinator")
    new = {"contact_point": "shelter-desk", "role": "deputy", "rank": "3"}
    made = (await proposing.edit(SHELTER, backend, "holders", "shelter-third", new, new=True)).proposal
    assert made is not None
    assert "example-authority" in made.deciders
    # How it is reached and whether they are there stays its own to say.
    assert (await proposing.edit(SHELTER, backend, "channels", "shelter-phone", {"rank": "5"})).applied
    assert (await proposing.edit(SHELTER, backend, "holders", "shelter-first", {"confirmed_on": "2026-03-01"})).applied
    done = await proposing.decide(COORDINATOR, backend, made.row["id"], "accept")
    assert done.row["state"] == "accepted"


async def test_two_members_vouch_for_a_newcomer(store: Store) -> None:
    backend = await filled(store)
    joins = {"organization": "example-police", "task_force": "example-force", "role": "first-responder"}
    made = (await proposing.edit(COORDINATOR, backend, "memberships", "police-joins", joins, new=True)).proposal
    assert made is not None, "whoever coordinates it"
    id = made.row["id"]
    with pytest.raises(Invalid) as early:
        await proposing.decide(OPERATOR, backend, id, "accept")
    assert (early.value.message_id, early.value.path) == ("proposal.vouchers", ("columns", "vouched_by"))
    for subject in (member("example-police"), OPERATOR):
        with pytest.raises(NotFound):
            await vouching.vouch(subject, backend, id)
    assert [each.row["id"] for each in await proposals.proposals(SHELTER, backend)] == [id]
    for _ in range(2):  # One member counts once.
        await vouching.vouch(SHELTER, backend, id)
    with pytest.raises(Invalid):
        await proposing.decide(OPERATOR, backend, id, "accept")
    await vouching.vouch(LINE, backend, id)
    await proposing.decide(OPERATOR, backend, id, "accept")
    rows = {row["row"]["id"]: row["row"] for row in await store.read("memberships_list")}
    assert sorted(rows["police-joins"]["vouched_by"]) == ["example-line", "example-shelter"]
    with pytest.raises(Conflict):
        await vouching.vouch(UNIT, backend, id)
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_suspension_takes_two_a_reason_and_somebody_for_the_open_cases(store: Store) -> None:
    backend = await filled(store)
    before = await dump(store)
    given: dict[str, str] = {"standing": "suspended"}
    for column, value in (("reason", "Its licence is under review"), ("continuity", "authority-desk")):
        with pytest.raises(Invalid) as refused:
            await proposing.edit(COORDINATOR, backend, "memberships", "shelter-in-force", given)
        assert refused.value.path == ("columns", column)
        given[column] = value
    with pytest.raises(Invalid) as unsaid:
        await proposing.edit(OPERATOR, backend, "organizations", "example-shelter", {"status": "suspended"})
    assert unsaid.value.path == ("reason",)
    assert await dump(store) == before
    for subject in (COORDINATOR, OPERATOR):
        made = (await proposing.edit(subject, backend, "memberships", "shelter-in-force", given)).proposal
        assert made is not None
        with pytest.raises(Invalid):  # Who proposes it does not decide on it.
            await proposing.decide(subject, backend, made.row["id"], "accept")
    await proposing.decide(OPERATOR, backend, "proposal-1", "accept")
    told = await news.news(LINE, backend)
    assert told[0].text == (
        "Example Shelter is suspended in Example Task Force: Its licence is under review."
        " For its open cases turn to Authority desk."
    )
    # What lies there goes on: it answers for what it has, and its senders see it.
    assert (await finding.find(UNIT, backend, BEDS)).finding.candidates
    back = {"standing": "full", "reason": "", "continuity": ""}
    assert (await proposing.edit(COORDINATOR, backend, "memberships", "shelter-in-force", back)).applied


async def test_what_takes_two_waits_for_another_person(store: Store) -> None:
    backend = await filled(store)
    for subject in (SHELTER, member("example-police")):
        with pytest.raises(NotFound):
            await ending.end(subject, backend, "organization", "example-shelter")
    first = await ending.end(COORDINATOR, backend, "task-force", "example-force-north")
    assert first.waits
    before = await dump(store)
    again = await ending.end(COORDINATOR, backend, "task-force", "example-force-north")
    assert (again.waits, await dump(store)) == (True, before)
    # Nor does the same organization count twice, however it comes.
    by_hand = Subject(Kind.OPERATOR, "example-authority")
    assert (await ending.end(by_hand, backend, "task-force", "example-force-north")).waits
    # Another thing is not what the first one said; nor is it the same a week later.
    assert (await ending.end(OPERATOR, backend, "task-force", "example-force")).waits
    later = at_time(backend, "2026-03-10T10:00:00.000Z")
    assert (await ending.end(OPERATOR, later, "task-force", "example-force-north")).waits
    done = await ending.end(LINE, later, "task-force", "example-force-north")
    assert (done.applied, done.waits) == (True, False)
    assert (await news.news(SHELTER, later))[0].text == "Example Task Force North ends on 2026-03-10."
    assert await audit.verify(OPERATOR, later) == []


async def test_who_may_declare_a_contingency(store: Store) -> None:
    backend = await filled(store)
    until = "2026-03-20"

    async def declared(subject: Subject, **scope: str) -> None:
        await contingency.declare(subject, backend, contingency.Scope(**scope), "Water in the office", until)

    for subject, scope in (
        (SHELTER, {"task_force": "example-force"}),
        (SHELTER, {"organization": "example-line"}),
        (UNIT, {"place": "GB-X-NORTH"}),
        (LINE, {"task_force": "example-force"}),
    ):
        with pytest.raises(NotFound):
            await declared(subject, **scope)
    await declared(SHELTER, organization="example-shelter")
    await declared(LINE, task_force="example-force-north")
    await declared(LINE, place="GB-X-NORTH")
    await declared(COORDINATOR, organization="example-unit")
    with pytest.raises(NotFound):
        await contingency.end(UNIT, backend, "summer-flood")
    told = [each.text for each in await news.news(UNIT, backend)]
    assert told[0] == "A contingency holds for Example Police Unit until 2026-03-20: Water in the office"
    assert len([each for each in told if "contingency holds" in each]) >= 4


def test_no_rule_can_reserve_referring_seeing_or_escalating() -> None:
    """The policy knows kinds of subject, never kinds of organization; and a task force has no column for a verb."""
    assert set(Kind) == {Kind.ANONYMOUS, Kind.MEMBER, Kind.INTEGRATOR, Kind.OPERATOR}
    for kinds in POLICY.values():
        assert kinds <= set(Kind)
    words = ("refer", "escalat", "handoff", "referral")
    for sheet in ("task_forces", "channel_rules", "memberships"):
        assert not [each for each in SHEETS[sheet].columns if any(word in each for word in words)]


async def test_what_a_rule_holds_is_in_the_graph(store: Store) -> None:
    await ruled(store, "task_forces", "example-force", deputies="unit-desk;line-desk")
    (row,) = await raw(
        store, "MATCH (:TaskForce {id: 'example-force'})-[:DEPUTISED_BY]->(d) RETURN collect(d.id) AS ids"
    )
    assert sorted(row["ids"]) == ["line-desk", "unit-desk"]
