"""The steps of a referral stand in the order in which they continue each other, whatever the clocks of the servers say
that sent them. On each engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.errors import Conflict, NotFound
from relaypoint.domain.moves import in_order
from relaypoint.resolvers import handoffs, referrals
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.test_passing import AUTHORITY, LINE, NEED, SHELTER, UNIT, sent, steps_of, told, whole

CHILD = replace(NEED, tags=("child", "female", "labour"))


def of_another_server(backend: Backend, hours: int) -> Backend:
    """A server whose clock is so many hours behind; the ids that it makes come before all others."""
    ids = iter(f"0000000{hours}-0000-7000-8000-{number:012}" for number in range(1, 99))
    return replace(backend, clock=fixed_clock(f"2026-03-03T{10 - hours:02}:00:00.000Z"), new_id=lambda: next(ids))


async def test_two_servers_with_two_clocks_tell_one_order(backend: Backend) -> None:
    step = await sent(backend, CHILD)
    slow = of_another_server(backend, 1)
    second = await pass_handoff(SHELTER, slow, step["id"], "pass-on", "line-desk")
    assert second.handoff["id"] < step["id"], "or it would tell nothing"
    third = await pass_handoff(LINE, of_another_server(backend, 2), second.handoff["id"], "pass-on", "shelter-desk")
    assert third.handoff["hops"] == 3
    assert [desk for desk, *_ in await steps_of(backend, step)] == ["shelter-desk", "line-desk", "shelter-desk"]
    for id in (step["id"], second.handoff["id"]):
        with pytest.raises(Conflict, match="gone on"):
            await pass_handoff(UNIT, backend, id, "resend", "line-desk")
    # All are closed: the reference leads to the last one, and that one alone came back.
    await handoffs.move_handoff(SHELTER, backend, third.handoff["id"], "reject", reason="no-capacity")
    assert (await handoffs.handoff(UNIT, backend, step["reference"])).handoff["id"] == third.handoff["id"]
    corrected = await handoffs.move_handoff(SHELTER, backend, step["id"], "correct")
    assert corrected.handoff["must_see"] is False, "the referral has gone on from it"
    assert (await pass_handoff(UNIT, backend, step["reference"], "resend", "line-desk")).handoff["hops"] == 4
    assert await whole(backend)


async def test_a_body_sees_what_it_had_and_no_more_whatever_the_clocks_say(backend: Backend) -> None:
    step = await sent(backend, CHILD)
    second = await pass_handoff(UNIT, of_another_server(backend, 1), step["id"], "resend", "line-desk")
    found = await referrals.referral(SHELTER, backend, step["referral"])
    assert [each["id"] for each in found["handoffs"]] == [step["id"]]
    found = await referrals.referral(LINE, backend, step["referral"])
    assert [each["id"] for each in found["handoffs"]] == [step["id"], second.handoff["id"]]
    with pytest.raises(NotFound):
        await handoffs.handoff(SHELTER, backend, second.handoff["id"])


async def test_a_coordinator_who_sends_it_elsewhere_declines_nothing_for_the_desk(backend: Backend) -> None:
    step = await sent(backend, CHILD)
    await pass_handoff(AUTHORITY, backend, step["id"], "redirect", "line-desk")
    assert (await steps_of(backend, step))[0] == ("shelter-desk", "cancelled", "redirected")
    # It did not pass it on, and does not see what becomes of it.
    found = await referrals.referral(SHELTER, backend, step["referral"])
    assert [each["id"] for each in found["handoffs"]] == [step["id"]]
    assert ("shelter-desk", "cancelled") in await told(backend)


@given(st.permutations(range(6)), st.integers(1, 6))
def test_a_chain_is_told_from_its_beginning(ids: list[int], length: int) -> None:
    chain: list[dict[str, Any]] = [
        {"id": str(id), "continues": str(ids[at - 1]) if at else None} for at, id in enumerate(ids[:length])
    ]
    assert in_order(sorted(chain, key=lambda each: str(each["id"]))) == chain
    # Who sees the end of it alone is told that.
    assert in_order(chain[1:]) == chain[1:]
