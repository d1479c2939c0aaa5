"""What the rest of relaypoint may ask of a store, and how a store says no.

A use case reads, lets ``domain`` decide, and hands over one list of ``Step``s. The adapter runs the list whole or
not at all. No driver type leaves this package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a write. ``expect`` is how many rows it must return, or None for any number."""

    statement: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expect: int | None = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """Makes a write happen once. Its id is made before the write, so that a retried commit finds its own trace.

    ``fingerprint`` tells two different requests under one id apart; ``result`` is the JSON text that a repeat of
    the same request is answered with; ``expires`` is the instant from which the trace may be swept.
    """

    id: str
    at: str
    fingerprint: str
    result: str
    expires: str

    def as_parameters(self) -> dict[str, Any]:
        return asdict(self)


class Unmet(Exception):
    """A step returned another number of rows than it had to. Nothing of the write was kept."""

    def __init__(self, step: Step, index: int) -> None:
        super().__init__(f"{step.statement} (step {index}) did not find what it was to change")
        self.step = step
        self.index = index


class AlreadyDone(Exception):
    """The operation was carried out before: ``result`` and ``fingerprint`` are what was stored then."""

    def __init__(self, fingerprint: str, result: str) -> None:
        super().__init__("this operation was carried out before")
        self.fingerprint = fingerprint
        self.result = result


class Duplicate(Exception):
    """A node with that id is there already. Nothing of the write was kept."""


class Store(Protocol):
    """One graph. Every method is safe to call from many tasks at once.

    Raises ``relaypoint.domain.errors.Unavailable`` when the engine can't be reached.
    """

    engine: str

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        """The rows of one read-only statement, this store's own writes included.

        The embedded engine reads one snapshot. Neo4j reads what is committed row by row, so that a statement beside
        a write may see part of it: what was decided on is tested again, by version, where it is written.
        """
        ...

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        """Runs all steps as one durable, atomic write and returns the rows of each.

        Raises ``Unmet``, ``AlreadyDone`` or ``Duplicate``; in each case nothing is stored.
        """
        ...

    async def apply(self, statements: Sequence[str]) -> None:
        """Runs schema statements (constraints, indexes), each on its own."""
        ...

    async def ready(self) -> None:
        """Returns when the engine answers; raises ``Unavailable`` otherwise."""
        ...

    async def close(self) -> None: ...
