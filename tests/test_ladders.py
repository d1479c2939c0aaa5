"""Ladders of their own: for a person who is missing, for a coordinator who is silent; and what a desk's own policy can
do. On each engine."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.domain.clock import Duration
from relaypoint.domain.errors import IllegalTransition, NoChannel, NotFound
from relaypoint.domain.escalation import Progress, Rungs, Step, _hastened, due
from relaypoint.domain.handoffs import Status
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.stalls import stall
from relaypoint.domain.told_events import told
from relaypoint.domain.words import Rung
from relaypoint.resolvers import audit, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.open_handoffs import open_handoffs
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import imported, member, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, USUAL, at, climbed, sent
from relaypoint.tests.test_stalls import at as instant
from relaypoint.tests.test_stalls import handoff

LINE, AUTHORITY = member("example-line"), member("example-authority")
DAY = 24 * 60


async def ladder_of(backend: Backend, step: dict[str, Any], ladder: str) -> list[tuple[str, str | None]]:
    """The rungs of one silence of it, by the record."""
    events = await referrals.timeline(UNIT, backend, step["referral"])
    rungs = [json.loads(event.data)["escalation"] for event in events if event.kind == "handoff-escalated"]
    return [(each["action"], each["reached"]) for each in rungs if each["ladder"] == ladder]


#: Whom the search for a person turns to, in the tiny roster.
SEARCH = [USUAL[0], USUAL[3], USUAL[4], USUAL[5]]


async def test_a_missing_person_is_not_told_at_the_end_of_another_silences_ladder(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected="2026-03-05T10:00:00Z")
    # Not begun in a day: the ladder is climbed to its end.
    found = await climbed(backend, 2 * DAY - 5, every=30, start=DAY)
    assert [(action, desk) for _, action, desk in found][: len(USUAL)] == USUAL
    # The person does not come on Thursday: that is acted on from the first rung on, and at once.
    found = await climbed(backend, 3 * DAY + 300, every=5, start=3 * DAY + 5)
    assert await ladder_of(backend, step, "missing") == SEARCH
    assert (3 * DAY + 5, *SEARCH[0]) in found
    # What had not begun goes on beside it.
    assert (await ladder_of(backend, step, "step"))[: len(USUAL) + 3] == [*USUAL, USUAL[0], USUAL[5], USUAL[3]]
    (seen,) = await stalled.stalled(UNIT, at(backend, 3 * DAY + 600))
    assert (seen.stall.reason, seen.escalated and seen.escalated.taken) == ("arrival-unknown", len(SEARCH))
    # That it is said now is acted on at once as well, where the ladder stood.
    await handoffs.move_handoff(SHELTER, at(backend, 4 * DAY), step["id"], "not-arrived")
    await escalate(OPERATOR, at(backend, 4 * DAY))
    assert len(await ladder_of(backend, step, "missing")) > len(SEARCH)
    assert await audit.verify(OPERATOR, backend) == []


async def test_who_did_not_arrive_is_looked_for_from_when_it_was_said_and_at_any_hour(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, priority="routine"))
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected="2026-03-04T10:00:00Z")
    # At seven in the evening, when the desk is closed, and two days before the person was to be there.
    await handoffs.move_handoff(SHELTER, at(backend, 540), step["id"], "not-arrived")
    (seen,) = await stalled.stalled(UNIT, at(backend, 550))
    assert (seen.stall.reason, seen.stall.due) == ("not-arrived", at(backend, 540).now())
    # First its sender, who knows of the person; the desk has said what it knows.
    assert await climbed(backend, 700, start=540) == [
        (540, "remind", "unit-desk"),
        (570, "coordinator", "line-desk"),
        (600, "national-coordinator", "authority-desk"),
        (600, "offer", "unit-desk"),
    ]


async def test_whether_a_person_arrived_is_asked_at_any_hour(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, priority="routine"))
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected="2026-03-02T19:00:00Z")
    found = await climbed(backend, 800, start=540)
    assert [(action, desk) for _, action, desk in found] == SEARCH
    # The shelter's office has closed, and so has the authority's: they are told, and nobody waits for them.
    assert [minute for minute, *_ in found] == [545, 545, 575, 575]


async def test_a_policy_that_was_agreed_holds_for_a_missing_person_on_the_clock(backend: Backend) -> None:
    roster = tiny_roster()
    agreed = {"task_force": "example-force-north", "hours": "working"}
    roster["escalations"] += [
        {**agreed, "id": "north-1", "position": "1", "action": "remind"},
        {**agreed, "id": "north-2", "position": "2", "action": "coordinator", "wait": "PT1H"},
    ]
    step = await sent(backend, replace(NEED, priority="routine"), roster)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected="2026-03-04T10:00:00Z")
    await handoffs.move_handoff(SHELTER, at(backend, 540), step["id"], "not-arrived")
    assert await climbed(backend, 700, start=540) == [(540, "remind", "unit-desk"), (600, "coordinator", "line-desk")]


async def test_the_receiver_is_told_to_say_what_helps(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected="2026-03-02T11:00:00Z")
    moves = []
    for minute in (70, 80):
        (held,) = await stalled.stalled(SHELTER, at(backend, minute))
        moves.append(held.next_steps[0].text.split(f"{step['reference']} ")[1])
        await handoffs.move_handoff(SHELTER, at(backend, minute), step["id"], "not-arrived")
    assert moves == ["VERB (VERB: arrived, not-arrived)", "arrived"]


async def test_a_silent_coordinator_is_reminded_and_the_others_are_told(backend: Backend) -> None:
    step = await sent(backend)
    assert [(action, desk) for _, action, desk in await climbed(backend, 300)] == USUAL
    await handoffs.move_handoff(UNIT, at(backend, 301), step["id"], "raise")
    assert await climbed(backend, 360, start=305) == [], "it has an hour"
    await climbed(backend, 550, start=365)
    assert await ladder_of(backend, step, "coordinator") == [
        ("remind", "line-desk"),
        ("deputy", None),
        ("other-desk", None),
        ("coordinator", "authority-desk"),
        ("national-coordinator", None),
        ("offer", "unit-desk"),
    ]
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_silent_coordinator_is_the_one_that_was_asked(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("example-line",)))
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    (_, action, desk), *_ = await climbed(backend, 65, start=65)
    assert (action, desk) == ("remind", "authority-desk")


def led_by(desk: str) -> Any:
    """The local task force of both sides is coordinated from that desk."""
    roster = tiny_roster()
    row(roster, "task_forces", "example-force-north")["coordinator"] = desk
    return roster


@pytest.mark.parametrize("own", ["unit-desk", "shelter-night-desk"])
async def test_nobody_is_the_judge_of_what_it_sent_or_holds(backend: Backend, own: str) -> None:
    step = await sent(backend, roster=led_by(own))
    body = UNIT if own == "unit-desk" else SHELTER
    with pytest.raises(IllegalTransition):
        await pass_handoff(body, at(backend, 1), step["id"], "redirect", "shelter-night-desk")
    raised = await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    assert raised.handoff["respond_by"]
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(body, at(backend, 3), step["id"], "respond", reason="upheld")
    answered = await handoffs.move_handoff(AUTHORITY, at(backend, 3), step["id"], "respond", reason="spoken")
    assert answered.handoff["response"] == "spoken"
    # Nor is it told as a coordinator that it is silent itself.
    told = {action: desk for _, action, desk in await climbed(backend, 600)}
    assert (told["coordinator"], told["national-coordinator"]) == ("authority-desk", None)


async def test_where_only_the_two_sides_coordinate_nobody_can_be_turned_to(backend: Backend) -> None:
    roster = led_by("shelter-night-desk")
    row(roster, "task_forces", "example-force")["coordinator"] = "unit-desk"
    step = await sent(backend, roster=roster)
    with pytest.raises(NoChannel, match="No coordinator"):
        await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")


async def test_who_only_deputises_from_a_desk_that_the_case_avoids_has_no_part_in_it(backend: Backend) -> None:
    roster = tiny_roster()
    for force in roster["task_forces"]:
        force["deputies"] = ""
    row(roster, "task_forces", "example-force-north").update(coordinator="authority-desk", deputies="line-desk")
    child = replace(NEED, tags=("child", "female", "labour"))
    await imported(backend, roster)
    free = (await sending.refer(UNIT, at(backend, 0), child, to="shelter-desk")).referral["handoffs"][0]
    bound = (
        await sending.refer(UNIT, at(backend, 0), replace(child, avoid=("line-desk",)), to="shelter-desk")
    ).referral["handoffs"][0]
    done = await pass_handoff(LINE, at(backend, 1), free["id"], "redirect", "shelter-night-desk")
    assert not done.sender_asked
    with pytest.raises(NotFound):
        await pass_handoff(LINE, at(backend, 1), bound["id"], "redirect", "shelter-night-desk")


STEPS = st.builds(
    Step,
    action=st.sampled_from(list(Rung)),
    wait=st.one_of(
        st.none(),
        st.builds(
            Duration, st.integers(0, 1), st.integers(0, 2), st.integers(1, 20).map(lambda n: n * timedelta(minutes=30))
        ),
    ),
    working=st.just(value=False),
)
LADDERS = st.lists(STEPS, min_size=1, max_size=8).map(tuple)


def times(rungs: Rungs, vain: frozenset[Rung] = frozenset()) -> dict[tuple[Rung, int], timedelta]:
    """When each rung is taken, where somebody looks all the time and those actions reach nobody."""
    late = handoff(status=Status.REQUESTED)
    silence = stall(late, instant("2026-04-01T00:00"))
    assert silence is not None
    turns, found, progress = Counter[Rung](), {}, Progress("requested")
    begun = due(rungs, replace(progress, in_vain=True), silence, late.desk.calendar)
    while progress.taken < len(rungs):
        when = due(rungs, progress, silence, late.desk.calendar)
        step = rungs[progress.taken]
        found[step.action, turns[step.action]] = when - begun
        turns[step.action] += 1
        taken_at = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        in_vain = step.action in vain or (step.extra and progress.in_vain)
        progress = replace(progress, taken=progress.taken + 1, taken_at=taken_at, in_vain=in_vain)
    return found


@given(LADDERS, LADDERS, st.frozensets(st.sampled_from(list(Rung))))
def test_whatever_a_desk_sets_for_itself_nobody_is_told_later(agreed: Rungs, own: Rungs, vain: frozenset[Rung]) -> None:
    usual, hastened = times(agreed, vain), times(_hastened(agreed, own), vain)
    for rung, when in usual.items():
        assert hastened[rung] <= when, rung
    alone = times(_hastened(agreed, own))
    for rung, when in times(own).items():
        assert alone[rung] <= when, rung


async def test_where_time_presses_nobody_waits_for_who_is_closed(backend: Backend) -> None:
    step = await sent(backend)
    # Looked at first in the evening, when the shelter's office and the authority's have closed.
    found = await climbed(backend, 12 * 60, start=12 * 60)
    assert [(action, desk) for _, action, desk in found] == USUAL[:4], "told, and the next one at once"
    assert [each[1:] for each in await climbed(backend, 12 * 60 + 30, start=12 * 60 + 30)] == USUAL[4:]
    events = await referrals.timeline(UNIT, backend, step["referral"])
    rungs = [json.loads(event.data)["escalation"] for event in events if event.kind == "handoff-escalated"]
    assert [each["closed"] for each in rungs] == [True, True, False, False, True, False]
    assert "closed then" in told(events[-2], (await open_handoffs(OPERATOR, backend)).view)
    # What does not press waits for the hours in which it is read.
    calm = await sent(backend, replace(NEED, priority="urgent"))
    evening = at(backend, 4 * 60 + 1), at(backend, 12 * 60)
    for when in evening:
        taken = [each.action for each in (await escalate(OPERATOR, when)).taken if each.handoff == calm["id"]]
        assert taken == (["remind"] if when is evening[0] else [])


async def test_a_server_whose_clock_runs_ahead_holds_no_ladder_up(backend: Backend) -> None:
    await sent(backend)
    assert [each[1:] for each in await climbed(backend, DAY + 65, start=DAY + 65)] == USUAL[:1]
    assert await climbed(backend, 70, start=70) == [], "from now on its time counts"
    assert [each[1:] for each in await climbed(backend, 101, start=101)] == USUAL[1:2]
