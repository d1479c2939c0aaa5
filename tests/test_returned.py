"""What came back, or could not be told, stays its sender's open work until the sender has seen it. On each engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.errors import IllegalTransition, Invalid, NotFound
from relaypoint.domain.handoffs import SEEN
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.notifications.spool import Spool
from relaypoint.resolvers import audit, handoffs, outbox, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import Roster, at_time, imported, make_backend, member, raw, row, tiny_roster

NEED = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female", "labour"))
UNIT, SHELTER, LINE = member("example-unit"), member("example-shelter"), member("example-line")


async def send(backend: Backend, need: NeedInput = NEED, **how: Any) -> dict[str, Any]:
    referral = (await sending.refer(UNIT, backend, need, to="shelter-desk", **how)).referral
    return {**referral["handoffs"][0], "reference": referral["reference"]}


async def report(subject: Subject, backend: Backend, now: str = "2026-03-03T10:00:00.000Z") -> list[tuple[str, str]]:
    found = await stalled.stalled(subject, at_time(backend, now))
    return [(each.stall.handoff.reference, each.stall.reason) for each in found]


def without_desk_of_the_unit() -> Roster:
    roster = tiny_roster()
    row(roster, "contact_points", "unit-desk")["until"] = "2026-01-01"
    return roster


@pytest.mark.parametrize(
    ("moves", "reason"),
    [
        ([("reject", "no-capacity")], "rejected"),
        ([("accept", None), ("fail", "unreachable")], "failed"),
        ([("correct", None)], "entered-in-error"),
        ([("accept", None), ("complete", None), ("correct", None)], "entered-in-error"),
    ],
)
@pytest.mark.parametrize("roster", [tiny_roster, without_desk_of_the_unit])
async def test_what_came_back_is_the_senders_open_work_until_it_was_seen(
    backend: Backend, moves: list[tuple[str, str | None]], reason: str, roster: Any
) -> None:
    await imported(backend, roster())
    step = await send(backend)
    for verb, code in moves:
        moved = await handoffs.move_handoff(SHELTER, backend, step["id"], verb, reason=code)
        assert SEEN not in moved.next_verbs
    assert await report(UNIT, backend) == await report(OPERATOR, backend) == [(step["reference"], reason)]
    assert await report(SHELTER, backend) == await report(LINE, backend) == []
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(SHELTER, backend, step["id"], SEEN)
    with pytest.raises(NotFound):
        await handoffs.move_handoff(LINE, backend, step["id"], SEEN)
    shown = await handoffs.handoff(UNIT, backend, step["reference"])
    assert (shown.handoff["must_see"], SEEN in shown.next_verbs) == (True, True)
    moved = await handoffs.move_handoff(UNIT, backend, step["id"], SEEN)
    assert (moved.handoff["must_see"], moved.handoff["status"], SEEN in moved.next_verbs) == (False, reason, False)
    assert await report(UNIT, backend) == await report(OPERATOR, backend) == []
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, backend, step["id"], SEEN)


@pytest.mark.parametrize("said", [None, "not-arrived"])
async def test_a_step_that_was_closed_while_its_person_is_missing_is_told_as_that(
    backend: Backend, said: str | None
) -> None:
    step = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "expect", expected="2026-03-03T11:00Z")
    if said:
        await handoffs.move_handoff(SHELTER, backend, step["id"], said)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "complete", reason="advised")
    assert await report(UNIT, backend) == [(step["reference"], "not-arrived")]
    now = "2026-03-03T10:00:00.000Z"
    past = await stalled.stalled(UNIT, at_time(backend, now), as_of=now)
    assert [each.stall.reason for each in past] == ["not-arrived"]


@pytest.mark.parametrize(
    ("end", "left"),
    [(("complete", "advised"), None), (("complete", "waitlisted"), "waitlisted"), (("fail", "unreachable"), "failed")],
)
async def test_who_comes_once_it_was_ended_without_them_has_arrived(
    backend: Backend, end: tuple[str, str], left: str | None
) -> None:
    late = at_time(backend, "2026-03-03T12:00:00.000Z")
    step = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "expect", expected="2026-03-03T11:00Z")
    ended = await handoffs.move_handoff(SHELTER, backend, step["id"], end[0], reason=end[1])
    assert "arrived" in ended.next_verbs
    arrived = await handoffs.move_handoff(SHELTER, late, step["id"], "arrived")
    assert (arrived.handoff["status"], arrived.handoff["arrival_at"]) == (ended.handoff["status"], late.now())
    # It stays its sender's where nobody serves the person who has come.
    assert arrived.handoff["must_see"] == bool(left)
    assert await report(UNIT, backend, late.now()) == ([(step["reference"], left)] if left else [])
    past = await stalled.stalled(UNIT, late, as_of=late.now())
    assert [each.stall.reason for each in past] == ([left] if left else [])
    if left == "failed":
        assert "the person has come since" in past[0].stall.text
    found = await referrals.referral(UNIT, late, step["reference"])
    last = (await referrals.timeline(UNIT, late, found["id"]))[-1]
    assert last.kind == "handoff-arrived"
    assert await audit.verify(OPERATOR, late) == []


async def test_once_its_sender_has_seen_to_it_nobody_arrives_there(backend: Backend) -> None:
    step = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "fail", reason="unreachable")
    await handoffs.move_handoff(UNIT, backend, step["id"], SEEN)
    with pytest.raises(IllegalTransition, match="nobody waits to be told"):
        await handoffs.move_handoff(SHELTER, backend, step["id"], "arrived")


async def test_what_is_erased_once_it_was_seen_does_not_come_back(backend: Backend) -> None:
    step = await send(backend, consent=True)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "reject", reason="no-capacity")
    await handoffs.move_handoff(UNIT, backend, step["id"], SEEN)
    await record_consent(UNIT, backend, step["reference"], "shelter-desk", withdraw=True)
    erased = await handoffs.move_handoff(SHELTER, backend, step["id"], "erased")
    assert not erased.handoff["must_see"]
    assert await report(UNIT, backend) == []


async def test_who_decides_anew_about_a_step_has_seen_it(backend: Backend) -> None:
    step = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "reject", reason="no-capacity")
    moved = await handoffs.move_handoff(UNIT, backend, step["id"], "correct")
    assert not moved.handoff["must_see"]
    assert await report(UNIT, backend) == []


async def test_a_sender_that_is_its_own_receiver_sees_what_came_back(backend: Backend) -> None:
    need = replace(NEED, from_organization="example-shelter")
    sent = await sending.refer(SHELTER, backend, need, to="shelter-desk")
    id = sent.referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, id, "reject", reason="no-capacity")
    assert await report(SHELTER, backend) == [(sent.referral["reference"], "rejected")]
    await handoffs.move_handoff(SHELTER, backend, id, SEEN)
    assert await report(SHELTER, backend) == []


async def test_the_receiver_is_not_told_of_a_message_that_was_kept_from_it(backend: Backend, tmp_path: Path) -> None:
    await send(backend)
    await backend.store.apply(["MATCH (n:Notice) SET n.status = 'dead'"])
    assert [reason for _, reason in await report(UNIT, backend)] == ["undelivered"]
    assert await report(SHELTER, backend) == []


async def test_what_was_served_or_closed_by_its_sender_is_nobodys_open_work(backend: Backend) -> None:
    served, cancelled, voided = [await send(backend) for _ in range(3)]
    await handoffs.move_handoff(SHELTER, backend, served["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, served["id"], "complete")
    await handoffs.move_handoff(UNIT, backend, cancelled["id"], "cancel", reason="no-longer-needed")
    await handoffs.move_handoff(UNIT, backend, voided["id"], "correct")
    assert await report(UNIT, backend) == []
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, backend, served["id"], SEEN)


async def test_an_end_that_nobody_could_be_told_of_is_told_to_the_sender(backend: Backend, tmp_path: Path) -> None:
    step = await send(backend)
    await deliver_due(backend, Spool(tmp_path), "https://relaypoint.example.org")
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["state"] = "dead"
    await imported(backend, roster)
    await handoffs.move_handoff(UNIT, backend, step["id"], "cancel", reason="no-longer-needed")
    assert await report(UNIT, backend) == []
    assert (await deliver_due(backend, Spool(tmp_path), "https://relaypoint.example.org"))["dead"] == 1
    (found,) = await stalled.stalled(UNIT, backend)
    assert (found.stall.reason, [s.role for s in found.next_steps]) == ("untold", ["same-desk", "other-desk", "sender"])
    await handoffs.move_handoff(UNIT, backend, step["id"], SEEN)
    assert await report(UNIT, backend) == []


def second_shelter() -> Roster:
    """A second body with beds, which anyone may ask."""
    roster = tiny_roster()
    line = {**row(roster, "services", "shelter-beds"), "id": "line-beds", "organization": "example-line"}
    roster["services"].append({**line, "capacity": "unknown", "capacity_as_of": ""})
    return roster


async def test_who_else_could_take_it_is_named_to_the_sender_alone(backend: Backend) -> None:
    await imported(backend, second_shelter())
    step = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "reject", reason="no-capacity")
    (found,) = await stalled.stalled(UNIT, backend)
    desks = {s.role: s.contact_point.id for s in found.next_steps if s.contact_point}
    assert desks["next-candidate"] == "line-desk"
    assert not desks.keys() & {"same-desk", "other-desk"}
    assert found.next_steps[-1].text.endswith(f"relaypoint handoff {step['reference']} seen")
    (all_of_it,) = await stalled.stalled(OPERATOR, backend)
    assert "next-candidate" not in {s.role for s in all_of_it.next_steps}, "that is of the case"


async def test_who_else_could_take_it_is_not_named_once_gone_or_avoided(backend: Backend) -> None:
    roster = second_shelter()
    roster["holders"].append({"id": "line-first", "contact_point": "line-desk", "role": "primary", "rank": "1"})
    await imported(backend, roster)
    step = await send(backend, replace(NEED, avoid=("line-first",)))
    await handoffs.move_handoff(SHELTER, backend, step["id"], "reject", reason="no-capacity")
    (found,) = await stalled.stalled(UNIT, backend)
    assert "line-desk" not in {s.contact_point.id for s in found.next_steps if s.contact_point}
    other = await send(backend)
    row(roster, "organizations", "example-line")["until"] = "2026-03-01"
    await imported(backend, roster)
    await handoffs.move_handoff(SHELTER, backend, other["id"], "reject", reason="no-capacity")
    found = (await stalled.stalled(UNIT, backend))[-1]
    assert "line-desk" not in {s.contact_point.id for s in found.next_steps if s.contact_point}


@pytest.mark.parametrize("avoid", [(), ("cso",), ("shelter-desk", "example-line", "authority-desk")])
async def test_the_receiver_can_not_tell_whom_the_case_avoids(backend: Backend, avoid: tuple[str, ...]) -> None:
    """As where somebody whom it avoids has come to hold the desk since."""
    await send(backend)
    (held,) = await raw(backend.store, "MATCH (r:Referral)-[:SEALED_UNDER]->(k) RETURN r.id AS id, k.sealed_key AS key")
    text = backend.vault.seal(held["key"], {"avoid": list(avoid), "place": "GB-X-NORTH", "candidates": []})
    await backend.store.apply([f"MATCH (r:Referral {{id: '{held['id']}'}}) SET r.sealed = '{text}'"])
    late = at_time(backend, "2026-03-03T15:00:00.000Z")
    (mine,) = await stalled.stalled(UNIT, late)
    assert mine.stall.reason == ("avoided" if avoid else "unacknowledged")
    (theirs,) = await stalled.stalled(SHELTER, late)
    assert theirs.stall.reason == "unacknowledged"
    reference = theirs.stall.handoff.reference
    assert [(step.role, str(step.text), step.channels) for step in theirs.next_steps] == [
        (
            "receiver",
            f"It is yours to move on: relaypoint handoff {reference} VERB (VERB: receive, accept, reject)",
            (),
        )
    ]


async def test_the_most_urgent_comes_first_then_the_oldest(backend: Backend) -> None:
    order = []
    for hour, priority in enumerate(("routine", "urgent", "stat", "asap", "urgent")):
        then = at_time(backend, f"2026-03-03T{10 + hour}:00:00.000Z")
        order.append((await send(then, replace(NEED, priority=priority)))["reference"])
    routine, urgent, stat, asap, later = order
    found = [reference for reference, _ in await report(UNIT, backend, "2026-03-20T10:00:00.000Z")]
    assert found == [stat, asap, urgent, later, routine]


async def test_an_emergency_is_told_before_what_has_waited_longer(backend: Backend) -> None:
    for priority in ("routine", "urgent", "stat"):
        await send(backend, replace(NEED, priority=priority))
    leased = await outbox.lease(OPERATOR, backend, limit=2)
    assert [each.priority.value for each in leased] == ["stat", "urgent"]


async def test_another_desk_has_to_be_for_the_place_of_the_case(backend: Backend) -> None:
    for places, offered in (("GB-X-SOUTH", False), ("GB-X-NORTH", True), ("GB", True)):
        roster = tiny_roster()
        row(roster, "contact_points", "shelter-night-desk")["jurisdictions"] = places
        await imported(backend, roster)
        step = await send(backend)
        late = at_time(backend, "2026-03-10T10:00:00.000Z")
        (found,) = await stalled.stalled(UNIT, late)
        assert ("other-desk" in {s.role for s in found.next_steps}) == offered, places
        await handoffs.move_handoff(UNIT, backend, step["id"], "cancel", reason="duplicate")


async def test_a_vacancy_older_than_the_referral_is_counted_from_its_sending(backend: Backend) -> None:
    await send(backend)
    # Past the import, which would refuse to leave the open step to nobody.
    await backend.store.apply(["MATCH (d:ContactPoint {id: 'shelter-desk'}) SET d.until = '2026-01-01'"])
    anew = make_backend(backend.store, vault=backend.vault)
    (found,) = await stalled.stalled(UNIT, anew)
    assert (found.stall.reason, found.stall.due) == ("orphaned", "2026-03-03T10:00:00.000Z")


# where the sender is told


def two_desks() -> Roster:
    roster = tiny_roster()
    desk = row(roster, "contact_points", "unit-desk")
    roster["contact_points"] += [
        {**desk, "id": "a-south-desk", "name": "South", "jurisdictions": "GB-X-SOUTH"},
        {**desk, "id": "north-desk", "name": "North", "jurisdictions": "GB-X-NORTH"},
    ]
    mail = row(roster, "channels", "unit-mail")
    roster["channels"] += [
        {**mail, "id": "south-mail", "contact_point": "a-south-desk", "address": "south@unit.example.org"},
        {**mail, "id": "north-mail", "contact_point": "north-desk", "address": "north@unit.example.org"},
    ]
    return roster


@pytest.mark.parametrize(
    ("reply_to", "told"), [(None, "north-desk"), ("a-south-desk", "a-south-desk"), (" Unit-Desk ", "unit-desk")]
)
async def test_the_senders_nearest_desk_is_told_or_the_one_it_names(
    backend: Backend, reply_to: str | None, told: str
) -> None:
    await imported(backend, two_desks())
    step = await send(backend, reply_to=reply_to)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    (moved,) = await raw(backend.store, "MATCH (n:Notice {kind: 'moved'})-[:FOR]->(d:ContactPoint) RETURN d.id AS id")
    assert moved["id"] == told


@pytest.mark.parametrize("reply_to", ["shelter-desk", "nobody", ""])
async def test_a_desk_of_others_is_not_told_instead(backend: Backend, reply_to: str) -> None:
    with pytest.raises(Invalid) as refused:
        await send(backend, reply_to=reply_to)
    assert refused.value.path == ("replyTo",)
    assert "unit-desk" in (refused.value.remedy or "")
    assert await raw(backend.store, "MATCH (r:Referral) RETURN r.id AS id") == []


async def test_where_that_desk_has_ended_another_is_told(backend: Backend) -> None:
    await imported(backend, two_desks())
    step = await send(backend)
    roster = two_desks()
    row(roster, "contact_points", "north-desk")["until"] = "2026-03-02"
    await imported(backend, roster)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    (moved,) = await raw(backend.store, "MATCH (n:Notice {kind: 'moved'})-[:FOR]->(d:ContactPoint) RETURN d.id AS id")
    assert moved["id"] == "a-south-desk"


# references, repeats, forms


async def test_each_reference_leads_to_the_step_for_those_who_may_see_it(backend: Backend) -> None:
    step = await send(backend)
    (notice,) = await raw(backend.store, "MATCH (n:Notice) RETURN n.reference AS reference")
    for reference in (step["reference"], notice["reference"], f" {notice['reference'].lower()} "):
        for subject in (UNIT, SHELTER, OPERATOR):
            assert (await handoffs.handoff(subject, backend, reference)).handoff["id"] == step["id"]
            shown = await referrals.referral(subject, backend, reference)
            assert shown["reference"] == step["reference"]
        for ask in (handoffs.handoff, referrals.referral):
            with pytest.raises(NotFound) as refused:
                await ask(LINE, backend, reference)
            assert step["id"] not in str(refused.value.as_dict())
            assert reference in refused.value.message


async def test_a_repeat_still_says_how_to_reach_them_and_that_nothing_was_sent(backend: Backend) -> None:
    need = replace(NEED, priority="stat", avoid=("example-line",))
    first = await sending.refer(UNIT, backend, need, to="shelter-desk", idempotency_key="one")
    again = await sending.refer(UNIT, backend, need, to="shelter-desk", idempotency_key="one")
    assert (first.repeated, again.repeated) == (False, True)
    assert replace(again, repeated=False) == first
    assert again.emergency is not None
    assert again.emergency.number == "999"
    assert len(await raw(backend.store, "MATCH (n:Notice) RETURN n.id AS id")) == 1


async def test_an_office_that_knows_only_the_form_gets_no_message_about_it(backend: Backend) -> None:
    form = NeedInput(from_organization="example-line", service="identification", place="GB-X-SOUTH")
    for how in ("cancel", "correct"):
        sent = await sending.refer(LINE, backend, form, consent=True)
        id = sent.referral["handoffs"][0]["id"]
        assert "form-submitted" in (await handoffs.handoff(LINE, backend, id)).next_verbs
        moved = await handoffs.move_handoff(LINE, backend, id, "form-submitted")
        assert "form-submitted" not in moved.next_verbs
        await handoffs.move_handoff(LINE, backend, id, how, reason="duplicate" if how == "cancel" else None)
    assert await raw(backend.store, "MATCH (n:Notice) RETURN n.id AS id") == []
