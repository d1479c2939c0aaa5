"""The timeline of a referral in words."""

from __future__ import annotations

from dataclasses import replace

from relaypoint.domain.chain import Event
from relaypoint.domain.handoffs import MOVES, REMARKS
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.told_events import KINDS, told
from relaypoint.resolvers import handoffs, referrals
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, sent


def test_every_verb_has_its_words() -> None:
    assert {f"handoff-{verb}" for verb in (*MOVES, *REMARKS)} <= set(KINDS)
    assert len(set(KINDS.values())) == len(KINDS)


async def test_each_entry_says_what_was_given_with_it(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "phoned", reason="reached", role="duty-officer")
    await handoffs.move_handoff(SHELTER, at(backend, 2), step["id"], "ask", lacking=["language", "age"])
    await handoffs.move_handoff(UNIT, at(backend, 3), step["id"], "answer", reason="told")
    await handoffs.move_handoff(SHELTER, at(backend, 4), step["id"], "accept")
    await pass_handoff(SHELTER, at(backend, 5), step["id"], "pass-on", "shelter-night-desk")
    lines = [told(event) for event in await referrals.timeline(UNIT, at(backend, 6), step["referral"])]
    assert lines[0].startswith("sent: to shelter-desk")
    assert lines[1:] == [
        "phoned, as its sender reports: reached, duty-officer",
        "its sender is asked: the person's age group, the person's language",
        "its sender answers: told on the phone or by a safe channel",
        "accepted",
        "passed on",
        "sent on: to shelter-night-desk",
    ]
    assert all(line.message_id for line in lines)


async def test_times_and_desks_say_what_they_are(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "expect", expected="2026-03-02T14:00:00Z")
    await handoffs.move_handoff(
        SHELTER, at(backend, 3), step["id"], "hold", reason="awaiting-person", review="2026-03-04"
    )
    lines = [told(event) for event in await referrals.timeline(UNIT, at(backend, 6), step["referral"])]
    assert lines[-2:] == [
        "the person is on the way: expected by 2026-03-02 14:00 UTC",
        "put on hold: waiting for the person, to be looked at again on 2026-03-04",
    ]


async def test_an_escalation_tells_nobody_whom_it_passed_over(backend: Backend) -> None:
    step = await sent(backend)
    await escalate(OPERATOR, at(backend, 61))
    (*_, (last, text)) = await referrals.told_timeline(OPERATOR, at(backend, 62), step["referral"])
    assert (last.kind, text) == ("handoff-escalated", KINDS["handoff-escalated"])
    (*_, (last, _)) = await referrals.told_timeline(SHELTER, at(backend, 62), step["referral"])
    assert last.kind == "referral-sent", "when somebody was to be told would tell it as well"


async def test_an_escalation_tells_its_sender_whom_it_turned_to(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("competent-authority",)))
    await climbed(backend, 350)
    lines = [text for _, text in await referrals.told_timeline(UNIT, at(backend, 600), step["referral"])]
    assert [line.removeprefix(f"{KINDS['handoff-escalated']}: ") for line in lines[1:]] == [
        "unacknowledged, reminder (Shelter desk, Example Shelter)",
        "unacknowledged, deputy (Shelter desk, Example Shelter)",
        "unacknowledged, another desk (nobody could be told)",
        "unacknowledged, coordinator (Line, Example Line)",
        "unacknowledged, national coordinator (nobody could be told)",
        "unacknowledged, offer to send it elsewhere (Unit desk, Example Police Unit)",
    ]
    assert len(await referrals.told_timeline(SHELTER, at(backend, 600), step["referral"])) == 1


def test_a_kind_of_another_version_is_told_as_it_is() -> None:
    properties = {"id": "e", "aggregate": "r", "sequence": 1, "actor": "operator", "previous": ""}
    event = Event(kind="handoff-sung", at="2026-03-02T10:00:00.000Z", data='{"after": {}}', **properties)  # type: ignore[arg-type]
    assert told(event) == "handoff-sung"
