"""Neo4j, or a cluster of it, through the official async driver: managed transactions with retry, and bookmarks,
so that what this process wrote it also reads, whichever member of a cluster answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import neo4j
from neo4j import exceptions as failures

from relaypoint.domain.errors import Unavailable
from relaypoint.graph.library import statements
from relaypoint.graph.port import AlreadyDone, Duplicate, Operation, Row, Step, Unmet

T = TypeVar("T")


class Neo4jStore:
    """A store at a ``neo4j://``, ``neo4j+s://`` or ``bolt://`` address."""

    engine = "neo4j"

    def __init__(self, driver: neo4j.AsyncDriver) -> None:
        self._driver = driver
        self._bookmarks = neo4j.AsyncGraphDatabase.bookmark_manager()

    @classmethod
    async def open(cls, address: str, *, user: str | None, password: str | None) -> Neo4jStore:
        try:
            driver = neo4j.AsyncGraphDatabase.driver(
                address,
                auth=(user, password or "") if user else None,
                notifications_min_severity="OFF",
                connection_acquisition_timeout=15.0,
                # The driver waits 1, 2, 4, 8 … seconds between its tries, the last of them beyond this time.
                max_transaction_retry_time=10.0,
            )
        except (failures.ConfigurationError, ValueError) as error:
            raise _no_address() from error
        store = cls(driver)
        try:
            await store.ready()
        except ValueError as error:  # Host or port turn out to be none only when they are looked up.
            await driver.close()
            raise _no_address() from error
        except BaseException:
            await driver.close()
            raise
        return store

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        text = statements()[statement].text

        async def work(transaction: neo4j.AsyncManagedTransaction) -> list[Row]:
            return await _rows(transaction, text, parameters)

        async with self._session() as session:
            return await self._guard(lambda: session.execute_read(work))

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        async def work(transaction: neo4j.AsyncManagedTransaction) -> list[list[Row]]:
            if operation is not None:
                await _begin_operation(transaction, operation)
            results = []
            for index, step in enumerate(steps):
                rows = await _rows(transaction, statements()[step.statement].text, dict(step.parameters))
                if step.expect is not None and len(rows) != step.expect:
                    raise Unmet(step, index)
                results.append(rows)
            return results

        async with self._session() as session:
            try:
                return await self._guard(lambda: session.execute_write(work))
            except Duplicate:
                if operation is None:
                    raise
        # Two writers of one operation met: the loser waited for the winner's commit and can now read its result.
        known = await self.read("operation_find", id=operation.id, at=operation.at)
        if known and known[0]["holds"]:
            raise AlreadyDone(known[0]["fingerprint"], known[0]["result"])
        raise Duplicate("an id of this write is taken")

    async def apply(self, texts: Sequence[str]) -> None:
        async with self._session() as session:
            for text in texts:

                async def run(text: str = text) -> None:
                    await (await session.run(neo4j.Query(text))).consume()

                await self._guard(run)

    async def ready(self) -> None:
        await self._guard(self._driver.verify_connectivity)

    async def explain(self, text: str, parameters: dict[str, Any]) -> Any:
        """The planner's plan of a statement, for the test that refuses scans."""
        async with self._session() as session:
            result = await session.run(neo4j.Query("EXPLAIN " + text), parameters)
            return (await result.consume()).plan

    async def close(self) -> None:
        await self._driver.close()

    def _session(self) -> neo4j.AsyncSession:
        try:
            return self._driver.session(bookmark_manager=self._bookmarks)
        except failures.DriverError as error:  # The driver is closed.
            raise _unavailable("store.away", "Neo4j does not answer.") from error

    async def _guard(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        except failures.ConstraintError as error:
            raise Duplicate(str(error.code)) from error
        except failures.AuthError as error:
            raise _unavailable("store.refused", "Neo4j refused the user name or password.") from error
        # Of a driver's errors: nobody answers, the session expired, or the driver is closed.
        except (failures.DriverError, failures.TransientError, OSError) as error:
            raise _unavailable("store.away", "Neo4j does not answer.") from error
        except failures.ClientError as error:
            if str(error.code).startswith("Neo.ClientError.Security"):
                raise _unavailable("store.refused", "Neo4j refused the user name or password.") from error
            raise


async def _begin_operation(transaction: neo4j.AsyncManagedTransaction, operation: Operation) -> None:
    moment = {"id": operation.id, "at": operation.at}
    for known in await _rows(transaction, statements()["operation_find"].text, moment):
        if known["holds"]:
            raise AlreadyDone(known["fingerprint"], known["result"])
        await _rows(transaction, statements()["operation_sweep"].text, moment)
    await _rows(transaction, statements()["operation_record"].text, operation.as_parameters())


async def _rows(transaction: neo4j.AsyncManagedTransaction, text: str, parameters: dict[str, Any]) -> list[Row]:
    result = await transaction.run(text, parameters)
    # Statements give texts, numbers, lists and maps, and never a node: there is nothing in a row to take apart.
    return [dict(zip(record.keys(), record.values(), strict=True)) async for record in result]


def _no_address() -> Unavailable:
    return _unavailable("store.address", "RELAYPOINT_STORE is not an address that Neo4j can be reached at.")


def _unavailable(message_id: str, message: str) -> Unavailable:
    return Unavailable(
        message_id,
        message,
        remedy="Check RELAYPOINT_STORE, RELAYPOINT_NEO4J_USER and RELAYPOINT_NEO4J_PASSWORD, and that Neo4j runs.",
    )
