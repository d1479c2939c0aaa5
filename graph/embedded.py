"""The embedded engine: kglite in this process, with a durable log and no server.

kglite detects conflicts on the whole graph, so one thread does all that writes, one write after the other; without that
concurrent writers would mostly lose to each other. Reads take a snapshot, in other threads, and never wait for a write,
however many are waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import kglite

from relaypoint.domain.errors import Unavailable
from relaypoint.graph.library import statements
from relaypoint.graph.port import AlreadyDone, Duplicate, Operation, Row, Step, Unmet

T = TypeVar("T")

FILE = "graph.kgl"

#: So many reads at once; each holds the interpreter but for what the engine itself does.
_READERS = 4


class EmbeddedStore:
    """A store in ``folder``. One process holds it at a time."""

    engine = "embedded"

    def __init__(self, session: kglite.Session) -> None:
        self._session = session
        self._writer = ThreadPoolExecutor(1, "relaypoint-writer")
        self._readers = ThreadPoolExecutor(_READERS, "relaypoint-reader")
        self._closed = False

    @classmethod
    async def open(cls, folder: str, *, wait: float = 3.0) -> EmbeddedStore:
        """Opens or makes the store. Waits up to ``wait`` seconds for another process to let go of it."""
        return cls(await asyncio.to_thread(_open, folder, wait))

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        text = statements()[statement].text
        return await self._run(self._readers, lambda: _rows(self._session.cypher(text, params=parameters)))

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        return await self._run(self._writer, lambda: self._write(steps, operation))

    async def apply(self, texts: Sequence[str]) -> None:
        def run() -> None:
            for text in texts:
                self._session.execute(text)

        await self._run(self._writer, run)

    async def ready(self) -> None:
        await self._run(self._readers, lambda: _rows(self._session.cypher("RETURN 1 AS one")))

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._ended)

    def _ended(self) -> None:
        """What was begun is done first, as with a write whose caller went away."""
        self._writer.shutdown()
        self._readers.shutdown()
        self._session.close()

    def _write(self, steps: Sequence[Step], operation: Operation | None) -> list[list[Row]]:
        with self._session.begin() as transaction:
            results: list[list[Row]] = []
            if operation is not None:
                _begin_operation(lambda text, parameters: _rows(transaction.cypher(text, params=parameters)), operation)
            for index, step in enumerate(steps):
                text = statements()[step.statement].text
                rows = _rows(transaction.cypher(text, params=dict(step.parameters)))
                if step.expect is not None and len(rows) != step.expect:
                    raise Unmet(step, index)
                results.append(rows)
        return results

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:  # The engine would go on answering reads from what it holds in memory.
            raise Unavailable("store.closed", "The store is closed.", remedy="Start the program again.")
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work)
        except kglite.ConstraintViolationError as error:
            raise Duplicate(str(error)) from error
        except (kglite.FileError, kglite.FileIoError, kglite.CypherTimeoutError) as error:
            raise Unavailable(
                "store.failed",
                "The store could not carry this out; nothing was changed.",
                remedy="Check the disk that holds the store, then try again.",
            ) from error


def _begin_operation(run: Callable[[str, dict[str, Any]], list[Row]], operation: Operation) -> None:
    """Records the operation as the first act of its own transaction, or raises ``AlreadyDone``."""
    moment = {"id": operation.id, "at": operation.at}
    for known in run(statements()["operation_find"].text, moment):
        if known["holds"]:
            raise AlreadyDone(known["fingerprint"], known["result"])
        run(statements()["operation_sweep"].text, moment)
    run(statements()["operation_record"].text, operation.as_parameters())


def _open(path: str, wait: float) -> kglite.Session:
    folder = Path(path).expanduser()
    deadline = time.monotonic() + wait
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A pattern on a kind that has no node yet is an empty answer here, not something to warn of.
        kglite.set_query_warning_policy("silent")
        while True:
            try:
                return kglite.open_session(str(folder / FILE), durable="full")
            except kglite.WriterLeaseHeldError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
    except kglite.WriterLeaseHeldError as error:
        raise Unavailable(
            "store.held",
            "Another process holds the store in {folder}.",
            remedy="Use the running server, or stop it and try again.",
            folder=str(folder),
        ) from error
    except (OSError, RuntimeError, kglite.KgError) as error:
        raise Unavailable(
            "store.unopened",
            "The store in {folder} can't be opened.",
            remedy="Check that the folder is yours to write and that its disk is not full.",
            folder=str(folder),
        ) from error


def _rows(result: Any) -> list[Row]:
    rows: list[Row] = result.to_list()
    return rows
