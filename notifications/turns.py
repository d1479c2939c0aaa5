"""Who goes first where many are to be told and not all can be at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from relaypoint.domain.words import Priority


class Busy(Exception):
    """No turn came in time."""


class Turns:
    """So many ``at_once``, the most urgent first, and whoever came first among these. For an emergency (``stat``) some
    more are ``kept``, so that it waits for nobody who is slow and less urgent."""

    def __init__(self, at_once: int, kept: int) -> None:
        self._at_once, self._kept = at_once, kept
        self._waiting: dict[Hashable, _Waiting] = {}
        self.taken = 0

    @asynccontextmanager
    async def turn(self, name: Hashable, priority: Priority, *, within: float | None = None) -> AsyncIterator[None]:
        """Waits for one. Of each name only one waits at a time. Raises ``Busy`` where none comes within so many
        seconds."""
        self._waiting[name] = waiting = _Waiting(priority)
        try:
            self._give()
            try:
                async with asyncio.timeout(within):
                    await waiting.given.wait()
            except TimeoutError:
                raise Busy from None
            yield
        finally:
            if self._waiting.get(name) is waiting:
                del self._waiting[name]
            else:
                self.taken -= 1
            self._give()

    def hasten(self, name: Hashable, priority: Priority) -> None:
        """What that one waits for is at least so urgent. Nothing where it does not wait."""
        waiting = self._waiting.get(name)
        if waiting is not None and waiting.priority.level < priority.level:
            waiting.priority = priority
            self._give()

    def _give(self) -> None:
        while self._waiting and self.taken < self._at_once + self._kept:
            first = max(self._waiting, key=lambda name: self._waiting[name].priority.level)
            if self.taken >= self._at_once and self._waiting[first].priority is not Priority.STAT:
                return
            self.taken += 1
            self._waiting.pop(first).given.set()


@dataclass(eq=False)
class _Waiting:
    priority: Priority
    given: asyncio.Event = field(default_factory=asyncio.Event)
