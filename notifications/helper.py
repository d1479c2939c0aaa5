"""A process beside this one that does one kind of work for it: a request a line on its stdin, an answer a line on its
stdout, by id. It is kept, and where it has ended the next request starts another.

What is secret goes there over a pipe, and neither into its arguments nor into its environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, Final

from relaypoint.notifications.delivery import Unable

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

    async def begin(self, seconds: float) -> Any:
        """Starts it anew; returns what it says to ``first``. Raises as ``ask``."""
        await self.end()
        running = await self._started()
        return await self._answer(running, running.first, seconds)

    async def ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        """What it answers; many may ask at once. Raises ``Unable`` where it ends before it does, or does not within so
        many ``seconds``: then it is ended."""
        running = await self._started()
        return await self._answer(running, running.ask(request), seconds)

    async def end(self, *, kindly: bool = False) -> None:
        """Ends it; ``kindly``: it may take its leave first. Whoever waits for an answer is told."""
        running, self._running = self._running, None
        if running is not None:
            await running.end(_LEAVE if kindly else 0)

    async def _answer(self, running: _Running, said: Awaitable[Any], seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await said
        except TimeoutError:
            await running.end(0)  # It alone: another may have taken its place.
            raise Unable("silent") from None

    async def _started(self) -> _Running:
        async with self._starting:
            if self._running is None or not self._running.lives:
                if self._running is not None:
                    await self._running.end(_LEAVE)
                try:
                    self._running = _Running(await _process(self._module), self._first)
                except OSError:
                    raise Unable("silent") from None
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
            raise Unable("silent")
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
                    said.set_exception(Unable("silent"))
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
