"""The chain of events of one aggregate: each event's hash covers its content and the hash before it.

Events never hold a case's readable fields; what can be erased enters only as a salted digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

#: What the first event of a chain follows.
START: Final = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``data`` is canonical JSON text with ``before`` and ``after``; ``at`` is the instant of recording."""

    id: str
    aggregate: str
    sequence: int
    kind: str
    at: str
    actor: str
    data: str
    previous: str
    hash: str = ""

    def properties(self) -> dict[str, Any]:
        return asdict(self)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks, so that equal content has equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def append(aggregate: str, length: int, head: str, *, kind: str, at: str, actor: str, data: Mapping[str, Any]) -> Event:
    """The next event of a chain that has ``length`` events and ends in ``head``."""
    event = Event(
        id=f"{aggregate}.{length + 1}",
        aggregate=aggregate,
        sequence=length + 1,
        kind=kind,
        at=at,
        actor=actor,
        data=canonical(data),
        previous=head or START,
    )
    return Event(**{**asdict(event), "hash": digest(event)})


def digest(event: Event) -> str:
    fields = asdict(event)
    del fields["hash"]
    return hashlib.sha256(canonical(fields).encode()).hexdigest()


def salted_digest(sealed: str) -> str:
    """What stands in the chain for content that can be erased. The sealed text itself carries its random salt."""
    return hashlib.sha256(sealed.encode()).hexdigest()


def broken_link(events: Sequence[Event], length: int, head: str) -> int | None:
    """The sequence number of the first link that does not hold, or None for a whole chain."""
    previous = START
    for number, event in enumerate(events, start=1):
        if event.sequence != number or event.previous != previous or event.hash != digest(event):
            return number
        previous = event.hash
    if len(events) != length or (length and previous != head):
        return len(events) + 1
    return None
