"""A step may be silent in several ways at once: none hides another, each has a ladder of its own. On each engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import IllegalTransition
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.silences import Strand
from relaypoint.resolvers import audit, contingency, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import imported, member, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, deliver, sent
from relaypoint.tests.test_ladders import ladder_of
from relaypoint.tests.test_passing import two_shelters

LINE, AUTHORITY, DAY = member("example-line"), member("example-authority"), 24 * 60
#: A Monday morning is minute 0; on Tuesday at that time the person is expected.
EXPECTED = "2026-03-03T10:00:00Z"


async def expected(backend: Backend, priority: str = "urgent", **roster: dict[str, str]) -> dict[str, str]:
    """Accepted on Monday, and the person is to come on Tuesday."""
    made = two_shelters()
    for id, changes in roster.items():
        row(made, "holders", id.replace("_", "-")).update(changes)
    step = await sent(backend, replace(NEED, priority=priority), made)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected=EXPECTED)
    return step


async def reasons(subject: Subject, backend: Backend, minute: float) -> list[tuple[str, int]]:
    """What is listed first, and how many other ways are told beside it."""
    return [(each.stall.reason, len(each.stall.also)) for each in await stalled.stalled(subject, at(backend, minute))]


async def test_that_nobody_holds_the_desk_does_not_hide_who_has_not_arrived(backend: Backend) -> None:
    left = {"until": "2026-03-03"}
    step = await expected(backend, shelter_first=left, shelter_second=left)
    for subject in (UNIT, SHELTER):
        assert await reasons(subject, backend, DAY + 5) == [("arrival-unknown", 1)]
    asked = await stalled.stalled(UNIT, at(backend, DAY + 5), WantedInput(reason="orphaned"))
    assert [each.stall.reason for each in asked] == ["orphaned"]
    await climbed(backend, DAY + 300, every=30, start=DAY + 5)
    assert len(await ladder_of(backend, step, "missing")) > 3
    assert len(await ladder_of(backend, step, "desk")) > 1


@pytest.mark.parametrize(
    ("verb", "how", "left"),
    [
        ("fail", {"reason": "other"}, "failed"),
        ("complete", {"reason": "waitlisted"}, "waitlisted"),
        ("correct", {}, "entered-in-error"),
        ("complete", {"reason": "advised"}, "not-served"),
    ],
)
async def test_to_end_the_step_does_not_end_the_search(
    backend: Backend, verb: str, how: dict[str, Any], left: str
) -> None:
    step = await expected(backend)
    await handoffs.move_handoff(SHELTER, at(backend, DAY + 1), step["id"], verb, **how)
    ((reason, _),) = await reasons(UNIT, backend, DAY + 5)
    assert reason in ("arrival-unknown", "not-arrived")
    await climbed(backend, DAY + 300, every=30, start=DAY + 5)
    assert ("coordinator", "line-desk") in await ladder_of(backend, step, "missing")
    await handoffs.move_handoff(UNIT, at(backend, DAY + 301), step["id"], "seen", reason="found")
    # They are found, and nobody has their case: its sender says that it sees to it.
    assert await reasons(UNIT, backend, DAY + 302) == [(left, 0)]
    await handoffs.move_handoff(UNIT, at(backend, DAY + 303), step["id"], "seen")
    assert await reasons(UNIT, backend, DAY + 304) == []


async def test_who_is_sent_elsewhere_is_expected_there_only_once_that_is_said(backend: Backend) -> None:
    step = await expected(backend, "asap")
    await handoffs.move_handoff(SHELTER, at(backend, DAY + 1), step["id"], "fail", reason="other")
    there = await pass_handoff(UNIT, at(backend, DAY + 2), step["id"], "resend", "line-desk")
    assert (there.handoff["expected_by"], there.handoff["arrival"]) == (None, None)
    # They are looked for from where they did not come, until somebody says what became of them.
    assert await reasons(UNIT, backend, DAY + 63) == [("arrival-unknown", 0), ("unacknowledged", 0)]
    # Its sender may say so before anybody has accepted it; who is to take it only then.
    line = handoffs.move_handoff(
        LINE, at(backend, DAY + 64), there.handoff["id"], "expect", expected="2026-03-03T20:00:00Z"
    )
    with pytest.raises(IllegalTransition):
        await line
    said = await handoffs.move_handoff(
        UNIT, at(backend, DAY + 64), there.handoff["id"], "expect", expected="2026-03-03T20:00:00Z"
    )
    assert said.handoff["expected_by"] == "2026-03-03T20:00:00.000Z"


async def test_that_its_sender_turned_to_the_coordinator_lets_nobody_else_off(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 10), step["id"], "raise")
    await climbed(backend, 200, start=60)
    assert await reasons(UNIT, backend, 100) == [("coordinator-silent", 1)]
    assert [action for action, _ in await ladder_of(backend, step, "step")][:2] == ["remind", "deputy"]
    assert (await ladder_of(backend, step, "coordinator"))[0] == ("remind", "line-desk")
    # A second question is a second silence.
    await handoffs.move_handoff(LINE, at(backend, 201), step["id"], "respond", reason="spoken")
    await handoffs.move_handoff(UNIT, at(backend, 202), step["id"], "raise")
    before = len(await ladder_of(backend, step, "coordinator"))
    await climbed(backend, 270, start=265)
    assert (await ladder_of(backend, step, "coordinator"))[before] == ("remind", "line-desk")


async def test_a_second_hold_is_a_second_silence(backend: Backend) -> None:
    step = await sent(backend)
    for verb in ("accept", "start"):
        await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], verb)
    held: dict[str, Any] = {"reason": "awaiting-person"}
    await handoffs.move_handoff(SHELTER, at(backend, 2), step["id"], "hold", review="2026-03-03", **held)
    await climbed(backend, 3 * DAY, every=60, start=DAY)
    await handoffs.move_handoff(SHELTER, at(backend, 3 * DAY + 1), step["id"], "resume")
    await handoffs.move_handoff(SHELTER, at(backend, 3 * DAY + 2), step["id"], "hold", review="2026-03-06", **held)
    (first, *_) = await climbed(backend, 4 * DAY, start=4 * DAY)
    assert first[1:] == ("remind", "shelter-desk")


async def test_what_is_said_of_an_arrival_puts_off_no_other_ladder(backend: Backend) -> None:
    step = await expected(backend, "asap")
    await climbed(backend, 2 * DAY, every=60, start=DAY + 6)  # Not begun in a day.
    taken = len(await ladder_of(backend, step, "step"))
    await handoffs.move_handoff(SHELTER, at(backend, 2 * DAY + 1), step["id"], "arrived")
    await climbed(backend, 4 * DAY, every=60, start=2 * DAY + 2)
    assert "deputy" not in [action for action, _ in (await ladder_of(backend, step, "step"))[taken:]]


async def test_its_receiver_is_told_nothing_of_when_others_were_told(backend: Backend) -> None:
    """Neither the rungs, nor from a gap in the numbers that there was something."""
    step = await sent(backend, replace(NEED, avoid=("line-desk",)))
    await climbed(backend, 200)
    await handoffs.move_handoff(SHELTER, at(backend, 201), step["id"], "accept")
    events = await referrals.timeline(SHELTER, at(backend, 202), step["referral"])
    assert [(event.sequence, event.kind) for event in events] == [(1, "referral-sent"), (2, "handoff-accept")]
    assert "handoff-escalated" in {each.kind for each in await referrals.timeline(UNIT, backend, step["referral"])}


async def test_neither_an_avoided_desk_nor_an_erasure_is_brought_before_a_coordinator(backend: Backend) -> None:
    """It would find nothing in its lists, and learn from the message what it is not to know."""
    step = await sent(backend, replace(NEED, avoid=("shelter-night-desk",)))
    await contingency.declare(
        SHELTER, at(backend, 2), contingency.Scope(organization="example-shelter"), "A flood", "2026-03-10"
    )
    assert await reasons(UNIT, backend, 10) == [("avoided", 0)]
    assert await reasons(SHELTER, backend, 10) == []
    await climbed(backend, 3 * DAY, every=30, start=5)
    told = await ladder_of(backend, step, "avoided")
    assert told[0] == ("remind", "unit-desk")
    assert {action for action, _ in told}.isdisjoint({"coordinator", "national-coordinator"})
    # That the desk does not answer is no less brought before them: whoever it avoids, it would be.
    assert ("coordinator", "line-desk") in await ladder_of(backend, step, "step")
    assert await reasons(LINE, backend, 3 * DAY) == [("unacknowledged", 0)]


@pytest.mark.parametrize("scope", [{"task_force": "example-force"}, {"organization": "example-line"}])
async def test_who_coordinates_lets_no_silence_of_its_own_wait(backend: Backend, scope: dict[str, str]) -> None:
    await imported(backend, two_shelters())
    whom = contingency.Scope(**scope)
    await contingency.declare(OPERATOR, at(backend, 1), whom, "A flood", "2026-03-10", pause_escalations=True)
    sent = await sending.refer(UNIT, at(backend, 2), replace(NEED, priority="urgent"), to="line-desk")
    await deliver(backend, 2)
    (seen,) = await stalled.stalled(UNIT, at(backend, DAY))
    assert (seen.stall.handoff.id, seen.stall.waits) == (sent.referral["handoffs"][0]["id"], None)
    assert (await escalate(OPERATOR, at(backend, DAY))).taken


async def test_a_contingency_lets_nothing_wait_but_slowness(backend: Backend) -> None:
    roster = tiny_roster()
    for channel in roster["channels"]:
        if channel["contact_point"] in ("shelter-desk", "shelter-night-desk"):
            channel["state"] = "dead"
    await sent(backend, replace(NEED, priority="urgent"))
    await imported(backend, roster)
    scope = contingency.Scope(organization="example-shelter")
    await contingency.declare(LINE, at(backend, 5), scope, "A flood", "2026-03-10", pause_escalations=True)
    (seen,) = await stalled.stalled(UNIT, at(backend, 10))
    assert (seen.stall.reason, seen.stall.waits) == ("unreachable", None)


async def withdrawn(backend: Backend, *verbs: str, **how: Any) -> dict[str, str]:
    """The person takes the consent back an hour after the step was ended so."""
    await imported(backend, two_shelters())
    done = await sending.refer(UNIT, at(backend, 0), NEED, to="shelter-desk", consent=True)
    step = done.referral["handoffs"][0]
    for verb in verbs:
        await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], verb, **(how if verb == verbs[-1] else {}))
    await record_consent(UNIT, at(backend, 60), done.referral["id"], "shelter-desk", withdraw=True)
    return {"id": step["id"], "referral": done.referral["id"]}


async def test_nobody_is_served_by_a_step_that_is_over(backend: Backend) -> None:
    step = await withdrawn(backend, "accept", "complete")
    with pytest.raises(IllegalTransition) as refused:
        await handoffs.move_handoff(SHELTER, at(backend, 70), step["id"], "must-keep", reason="still-serving")
    assert refused.value.message_id == "handoff.served-no-more"


async def test_what_came_back_hides_no_erasure(backend: Backend) -> None:
    step = await withdrawn(backend, "accept", "fail", reason="other")
    assert [each.what for each in await backlog(SHELTER, at(backend, DAY), hours=24 * 14)] == ["erase"]
    assert await reasons(SHELTER, backend, 15 * DAY) == [("erasure-not-answered", 0)]
    assert await reasons(UNIT, backend, 15 * DAY) == [("failed", 1)]
    assert await reasons(LINE, backend, 15 * DAY) == []
    await climbed(backend, 15 * DAY, start=15 * DAY)
    assert (await ladder_of(backend, step, "erasure"))[0] == ("remind", "shelter-desk")


async def resent(backend: Backend, step: dict[str, str]) -> None:
    await pass_handoff(UNIT, at(backend, 70), step["id"], "resend", "shelter-night-desk", consent=True)


@pytest.mark.parametrize("again", [resent])
async def test_who_agrees_again_by_any_way_is_kept(
    backend: Backend, again: Callable[[Backend, dict[str, str]], Awaitable[None]]
) -> None:
    step = await withdrawn(backend, "reject", reason="no-capacity")
    assert [each.what for each in await backlog(SHELTER, at(backend, 65), hours=24 * 14)] == ["erase"]
    await again(backend, step)
    assert "erase" not in [each.what for each in await backlog(SHELTER, at(backend, 75), hours=24 * 14)]
    assert Strand.ERASURE not in [each.stall.strand for each in await stalled.stalled(UNIT, at(backend, 16 * DAY))]
    assert await audit.verify(OPERATOR, backend) == []


async def test_who_is_sent_round_is_brought_before_the_coordinator_at_once(backend: Backend) -> None:
    step = await sent(backend)
    desks, id, minute = ["shelter-night-desk", "shelter-desk"], step["id"], 10
    for turn in range(4):
        minute += 10
        id = (await pass_handoff(SHELTER, at(backend, minute), id, "pass-on", desks[turn % 2])).handoff["id"]
    (first, *_) = await climbed(backend, minute + 5, start=minute + 5)
    assert first[1:] == ("coordinator", "line-desk")


async def test_at_the_end_of_the_ladder_whoever_coordinates_and_can_be_told_is_told_again(backend: Backend) -> None:
    await sent(backend, replace(NEED, avoid=("example-line",)))
    await climbed(backend, 200, every=10)
    again = await climbed(backend, 2 * DAY, every=60, start=DAY)
    assert ("coordinator", "authority-desk") in [each[1:] for each in again]
    (due, *_) = [each for each in await backlog(AUTHORITY, at(backend, 2 * DAY), hours=48) if each.what == "look"]
    assert due.at > at(backend, 2 * DAY).now()
