"""What a contingency lets wait of what is done about silence, who may say so, and that it is told. On each engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.errors import NotFound
from relaypoint.domain.model import Declared
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import contingency, handoffs, referrals, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.pausing import waiting
from relaypoint.tests.helpers import member, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, sent

#: Declared by its coordinator for the shelter alone, with its escalations waiting.
SCOPE = contingency.Scope(organization="example-shelter")
LINE, AUTHORITY = member("example-line"), member("example-authority")


async def flooded(backend: Backend, minute: int, subject: Subject = LINE) -> None:
    await contingency.declare(
        subject, at(backend, minute), SCOPE, "A flood", "2026-03-10", id="flood", pause_escalations=True
    )


async def test_a_contingency_may_let_it_wait_and_nothing_is_forgotten(backend: Backend) -> None:
    await sent(backend, replace(NEED, priority="urgent"))
    assert await climbed(backend, 245, start=240) == [(245, "remind", "shelter-desk")]
    await flooded(backend, 255)
    assert await climbed(backend, 1440, every=60, start=260) == []
    assert (await escalate(OPERATOR, at(backend, 1440))).waiting == 1
    for subject in (UNIT, SHELTER):
        (seen,) = await stalled.stalled(subject, at(backend, 1440))
        assert seen.stall.waits == Declared("flood", "Example Shelter", "A flood", "2026-03-10")
    (step,) = (await referrals.referral(UNIT, at(backend, 1440), seen.stall.handoff.reference))["handoffs"]
    assert step["paused"] == seen.stall.waits
    await contingency.end(SHELTER, at(backend, 1445), "flood")
    # Fifteen minutes of the four hours had passed when it was first seen to pause.
    assert await climbed(backend, 1920, start=1450, every=15) == [
        (1675, "deputy", "shelter-desk"),
        (1915, "other-desk", None),
        (1915, "coordinator", "line-desk"),
    ]
    assert (await escalate(OPERATOR, at(backend, 1920))).waiting == 0


@pytest.mark.parametrize("priority", ["asap", "stat"])
async def test_what_presses_waits_for_no_contingency(backend: Backend, priority: str) -> None:
    step = await sent(backend, replace(NEED, priority=priority))
    await flooded(backend, 1)
    assert (await handoffs.handoff(UNIT, at(backend, 2), step["id"])).handoff["paused"] is None
    assert (65, "remind") in [each[:2] for each in await climbed(backend, 65, start=65)]
    assert (await escalate(OPERATOR, at(backend, 66))).waiting == 0


async def test_neither_a_silent_coordinator_nor_what_came_back_waits_for_the_contingency_of_a_desk(
    backend: Backend,
) -> None:
    step = await sent(backend, replace(NEED, priority="urgent"))
    await flooded(backend, 1)
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    (first, *_) = await climbed(backend, 245, start=245)
    assert first == (245, "remind", "line-desk")
    await handoffs.move_handoff(LINE, at(backend, 250), step["id"], "respond", reason="spoken")
    await handoffs.move_handoff(SHELTER, at(backend, 251), step["id"], "reject", reason="no-capacity")
    (first, *_) = await climbed(backend, 255, start=255)
    assert first == (255, "remind", "unit-desk")


async def test_nobody_lets_what_is_done_about_its_own_silence_wait(backend: Backend) -> None:
    await sent(backend)
    with pytest.raises(NotFound) as refused:
        await flooded(backend, 1, SHELTER)
    assert refused.value.message_id == "contingency.pause"
    own = contingency.Scope(organization="example-line")
    with pytest.raises(NotFound):
        await contingency.declare(LINE, at(backend, 1), own, "A flood", "2026-03-10", pause_escalations=True)
    await flooded(backend, 2)
    with pytest.raises(NotFound):
        await contingency.renew(SHELTER, at(backend, 3), "flood", "2026-03-20")
    await contingency.renew(LINE, at(backend, 4), "flood", "2026-03-20")
    await contingency.end(SHELTER, at(backend, 5), "flood")
    assert (await contingency.declare(SHELTER, at(backend, 6), SCOPE, "A flood", "2026-03-10")).active


async def test_who_declared_it_is_told_how_much_waits_and_of_nobody_in_particular(backend: Backend) -> None:
    for _ in range(6):
        await sent(backend, replace(NEED, priority="urgent"))
    # Of these the line knows nothing, and their number would tell it that there are such cases.
    for _ in range(6):
        await sent(backend, replace(NEED, priority="urgent", avoid=("example-line",)))
    await flooded(backend, 1)
    told = {subject: await waiting(subject, at(backend, 300), "flood") for subject in (OPERATOR, LINE, SHELTER)}
    assert told == {OPERATOR: 12, LINE: 5, SHELTER: None}
    assert await waiting(LINE, at(backend, 2), "flood") == 0, "nothing is silent yet"
    assert await waiting(LINE, at(backend, 300), "another") == 0


async def test_a_place_lets_only_those_wait_whom_its_coordinators_coordinate(backend: Backend) -> None:
    roster = tiny_roster()
    for name in ("shelter-in-force", "shelter-in-north"):
        row(roster, "memberships", name)["until"] = "2026-03-02"
    for outside, first in ((False, None), (True, "remind")):
        step = await sent(backend, replace(NEED, priority="urgent"), roster if outside else None)
        if not outside:
            place = contingency.Scope(place="GB-X-NORTH")
            row(roster, "contact_points", "shelter-desk")["jurisdictions"] = "GB-X-NORTH"
            with pytest.raises(NotFound) as refused:  # Some there are in the national task force alone.
                await contingency.declare(LINE, at(backend, 1), place, "A flood", "2026-03-10", pause_escalations=True)
            assert refused.value.message_id == "contingency.pause"
            await contingency.declare(
                AUTHORITY, at(backend, 1), place, "A flood", "2026-03-10", id="flood", pause_escalations=True
            )
        found = (await escalate(OPERATOR, at(backend, 300))).taken
        assert next((each.action for each in found if each.handoff == step["id"]), None) == first
