"""Who asks goes before what the server does by itself: they share one interpreter."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

#: Seconds for which work gives way at most: however much is asked, what was promised goes out.
_LONGEST: Final = 0.03

#: Seconds after which somebody who is still being answered does not count any more: a request may never end.
_PATIENCE: Final = 1.0


class Precedence:
    """Knows who is being answered, and lets work wait meanwhile."""

    def __init__(self) -> None:
        self._asking = set[object]()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._one = asyncio.Lock()

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """For as long as somebody is being answered."""
        who = object()
        self._asking.add(who)
        self._nobody.clear()
        forgotten = asyncio.get_running_loop().call_later(_PATIENCE, self._answered, who)
        try:
            yield
        finally:
            forgotten.cancel()
            self._answered(who)

    async def give_way(self) -> None:
        """Called by work between two of its parts; returns once nobody is being answered, or after a while. Where
        several pieces of work wait they go on one after the other."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST), self._one:
                await asyncio.sleep(0)
                while self._asking:
                    await self._nobody.wait()

    def _answered(self, who: object) -> None:
        self._asking.discard(who)
        if not self._asking:
            self._nobody.set()
