"""The most urgent go first, and an emergency has turns kept for it."""

from __future__ import annotations

import asyncio

import pytest

from relaypoint.domain.words import Priority
from relaypoint.notifications.turns import Busy, Turns

ROUTINE, URGENT, ASAP, STAT = Priority
AT_ONCE, KEPT = 2, 1


class Several:
    """Desks that have a turn until they are told to end."""

    def __init__(self) -> None:
        self.turns = Turns(AT_ONCE, KEPT)
        self.order: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, priority: Priority) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._at(name, priority))
        await _settled()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await _settled()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.gather(self._tasks[name], return_exceptions=True)
        await _settled()

    async def _at(self, name: str, priority: Priority) -> None:
        async with self.turns.turn(name, priority):
            self.order.append(name)
            await self._ends[name].wait()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def full() -> Several:
    """As many as are told at once, all of them slow."""
    several = Several()
    for name in ("slow", "slower"):
        await several.come(name, ROUTINE)
    assert several.order == ["slow", "slower"]
    return several


async def test_the_most_urgent_goes_first_and_whoever_came_first_among_these(full: Several) -> None:
    for name, priority in (("a", ROUTINE), ("b", URGENT), ("c", ASAP), ("d", URGENT), ("e", ROUTINE)):
        await full.come(name, priority)
    for name in ("slow", "c", "b", "d", "a"):
        await full.end(name)
    assert full.order[2:] == ["c", "b", "d", "a", "e"]


async def test_an_emergency_waits_for_none_of_these_but_for_other_emergencies(full: Several) -> None:
    await full.come("asap", ASAP)
    await full.come("stat", STAT)
    assert full.order[2:] == ["stat"]
    await full.come("second", STAT)
    assert full.order[2:] == ["stat"]
    # Its turn was one more than there are: nobody else is given it.
    await full.end("slow")
    assert full.order[2:] == ["stat", "second"]
    await full.end("second")
    assert full.order[2:] == ["stat", "second"]
    await full.end("slower")
    assert full.order[2:] == ["stat", "second", "asap"]


async def test_one_that_waits_is_hastened(full: Several) -> None:
    await full.come("first", ROUTINE)
    await full.come("second", ROUTINE)
    full.turns.hasten("second", URGENT)
    full.turns.hasten("second", ROUTINE)
    full.turns.hasten("nobody", STAT)
    await full.end("slow")
    assert full.order[2:] == ["second"]
    full.turns.hasten("first", STAT)
    await _settled()
    assert full.order[2:] == ["second", "first"]


async def test_who_gives_up_takes_no_turn_along(full: Several) -> None:
    await full.come("gone", ASAP)
    await full.give_up("gone")
    await full.give_up("slow")
    assert full.turns.taken == 1
    await full.come("next", ROUTINE)
    await full.end("slower")
    await full.end("next")
    assert (full.order[2:], full.turns.taken) == (["next"], 0)


async def test_who_waits_too_long_is_told(full: Several) -> None:
    with pytest.raises(Busy):
        async with full.turns.turn("late", URGENT, within=0.01):
            pytest.fail("there was no turn")
    assert full.turns.taken == AT_ONCE
    await full.end("slow")
    assert full.turns.taken == AT_ONCE - 1
