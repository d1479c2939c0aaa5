"""Who goes first where many are to be told and not all can be at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from relaypoint.domain.words import Priority


class Turns:
    """So many ``at_once``, the most urgent first, and whoever came first among these. For an emergency (``stat``) some
    more are ``kept``, so that it waits for nobody who is slow and less urgent."""

    def __init__(self, at_once: int, kept: int) -> None:
        self._at_once, self._kept = at_once, kept
        self._taken = 0
        self._waiting: dict[asyncio.Event, Callable[[], Priority]] = {}

    @property
    def taken(self) -> int:
        """How many have one now."""
        return self._taken

    @asynccontextmanager
    async def turn(self, priority: Callable[[], Priority]) -> AsyncIterator[None]:
        """Waits for one. ``priority`` is asked again whenever one can be given: what comes may be more urgent than what
        began to wait."""
        given = asyncio.Event()
        self._waiting[given] = priority
        try:
            self.give()
            await given.wait()
            yield
        finally:
            if self._waiting.pop(given, None) is None:
                self._taken -= 1
            self.give()

    def give(self) -> None:
        """Gives what turns there are. To be called also where one that waits has become more urgent."""
        while self._waiting:
            first = max(self._waiting, key=lambda each: self._waiting[each]().level)
            stat = self._waiting[first]() is Priority.STAT
            if self._taken >= self._at_once + (self._kept if stat else 0):
                return
            del self._waiting[first]
            self._taken += 1
            first.set()
