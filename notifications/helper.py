"""A process beside this one that does one kind of work for it: a request a line on its stdin, an answer a line on its
stdout, by id. It is kept, and where it has ended the next request starts another.

What is secret goes there over a pipe, and neither into its arguments nor into its environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from relaypoint.notifications.delivery import NotNow

#: All that the process is told of this one's environment: where the code is, and whom to trust besides.
_ENVIRONMENT: Final = ("PYTHONPATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")

#: So many seconds it has to leave by itself.
_LEAVE: Final = 2.0


class Helper:
    """``module`` is run as a program, and told ``first`` before any request."""

    def __init__(self, module: str, first: Mapping[str, Any]) -> None:
        self._module, self._first = module, first
        self._starting = asyncio.Lock()
        self._running: _Running | None = None

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        return self._running.process.pid if self._running and self._running.lives else None

    async def begin(self) -> Any:
        """Starts it anew; returns what it says to ``first``. Raises ``NotNow``."""
        await self.end()
        running = await self._started()
        return await running.first

    async def ask(self, request: Mapping[str, Any]) -> Any:
        """What it answers; many may ask at once. Raises ``NotNow`` where it ends before it does."""
        return await (await self._started()).ask(request)

    async def end(self, *, kindly: bool = False) -> None:
        """Ends it; ``kindly``: it may take its leave first. Whoever waits for an answer is told."""
        running, self._running = self._running, None
        if running is not None:
            await running.end(_LEAVE if kindly else 0)

    async def _started(self) -> _Running:
        async with self._starting:
            if self._running is None or not self._running.lives:
                try:
                    self._running = _Running(await _process(self._module), self._first)
                except OSError:
                    raise NotNow("silent") from None
            return self._running


class _Running:
    """One process from its start to its end. ``first`` is what it says to what it was told first."""

    def __init__(self, process: asyncio.subprocess.Process, first: Mapping[str, Any]) -> None:
        self.process = process
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.first = self._put(first)
        self._reading = asyncio.create_task(self._read())

    @property
    def lives(self) -> bool:
        return self.process.returncode is None and not self._reading.done()

    async def ask(self, request: Mapping[str, Any]) -> Any:
        if not self.lives:
            raise NotNow("silent")
        return await self._put(request)

    def _put(self, request: Mapping[str, Any]) -> asyncio.Future[Any]:
        self._asked += 1
        asked = self._asked
        said = self._waiting[asked] = asyncio.get_running_loop().create_future()
        said.add_done_callback(lambda _: self._waiting.pop(asked, None))
        _pipes(self.process)[0].write(json.dumps({"id": asked, **request}).encode() + b"\n")
        return said

    async def end(self, seconds: float) -> None:
        _pipes(self.process)[0].close()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.process.wait()
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._reading

    async def _read(self) -> None:
        """Hands out the answers; those that nobody waits for any more are passed over."""
        try:
            while line := await _pipes(self.process)[1].readline():
                answer = json.loads(line)
                said = self._waiting.get(answer["id"])
                if said is not None and not said.done():
                    said.set_result(answer["said"])
        except (ValueError, LookupError, TypeError, OSError):  # What speaks otherwise is of no use any more.
            with suppress(ProcessLookupError):
                self.process.kill()
        finally:
            _pipes(self.process)[0].close()
            for said in self._waiting.values():
                if not said.done():
                    said.set_exception(NotNow("silent"))
                    said.exception()  # To the first one perhaps nobody listens.


async def _process(module: str) -> asyncio.subprocess.Process:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-B", "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # No .netrc of this user is sent along with a request.
        env={**environment, "NETRC": os.devnull, "PYTHONUTF8": "1"},
        # An interrupt at the terminal is for this process, which ends that one.
        start_new_session=True,
    )


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    return process.stdin, process.stdout
