"""Claiming a step, and handing a shift over. On each engine."""

from __future__ import annotations

import asyncio

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, handoffs, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.shifts import hand_over_shift
from relaypoint.tests.helpers import dump, imported, member, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at

LINE = member("example-line")


async def three(backend: Backend) -> list[str]:
    await imported(backend, tiny_roster())
    sent = [await sending.refer(UNIT, at(backend, n), NEED, to="shelter-desk") for n in range(3)]
    return [each.referral["handoffs"][0]["id"] for each in sent]


async def faces(backend: Backend, ids: list[str]) -> list[str]:
    shown = [await handoffs.handoff(UNIT, at(backend, 9), id) for id in ids]
    return [each.handoff["answered_by"]["id"] for each in shown]


async def test_who_claims_a_step_is_whom_the_sender_sees(backend: Backend) -> None:
    ids = await three(backend)
    assert await faces(backend, ids) == ["shelter-first"] * 3
    await handoffs.move_handoff(SHELTER, at(backend, 5), ids[1], "claim", holder="shelter-second")
    assert await faces(backend, ids) == ["shelter-first", "shelter-second", "shelter-first"]
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(SHELTER, at(backend, 6), ids[1], "claim", holder="shelter-first")
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, at(backend, 6), ids[1], "claim", holder="shelter-first")
    with pytest.raises(Invalid):
        await handoffs.move_handoff(SHELTER, at(backend, 6), ids[0], "claim", holder="line-first")
    await handoffs.move_handoff(SHELTER, at(backend, 7), ids[1], "release")
    assert await faces(backend, ids) == ["shelter-first"] * 3
    assert await audit.verify(OPERATOR, backend) == []


async def test_of_two_that_claim_at_once_one_has_it(backend: Backend) -> None:
    id, *_ = await three(backend)
    found = await asyncio.gather(
        *(
            handoffs.move_handoff(SHELTER, at(backend, 5), id, "claim", holder=holder)
            for holder in ("shelter-first", "shelter-second")
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, handoffs.Moved) for each in found) == 1, found


async def test_a_shift_is_handed_over_as_one(backend: Backend) -> None:
    ids = await three(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 5), ids[0], "claim", holder="shelter-first")
    taken = await hand_over_shift(
        SHELTER, at(backend, 6), "shelter-desk", "shelter-second", taken_from="shelter-first", idempotency_key="six"
    )
    assert taken == [ids[0]]
    assert await faces(backend, ids) == ["shelter-second", "shelter-first", "shelter-first"]
    assert await hand_over_shift(
        SHELTER, at(backend, 7), "shelter-desk", "shelter-second", taken_from="shelter-first", idempotency_key="six"
    ) == [ids[0]]
    assert sorted(await hand_over_shift(SHELTER, at(backend, 8), "shelter-desk", "shelter-second")) == sorted(ids[1:])
    assert await hand_over_shift(SHELTER, at(backend, 8), "shelter-desk", "shelter-second") == []
    assert await audit.verify(OPERATOR, backend) == []


async def test_nobody_hands_over_what_is_not_theirs(backend: Backend) -> None:
    await three(backend)
    before = await dump(backend.store)
    for subject, desk, to, wrong in (
        (LINE, "shelter-desk", "shelter-second", NotFound),
        (UNIT, "shelter-desk", "shelter-second", NotFound),
        (SHELTER, "nowhere", "shelter-second", NotFound),
        (SHELTER, "shelter-desk", "nobody", Invalid),
    ):
        with pytest.raises(wrong):
            await hand_over_shift(subject, at(backend, 5), desk, to)
    assert await dump(backend.store) == before
