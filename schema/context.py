"""What every resolver of the schema is given: who asks, and the backend to ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from strawberry.types.info import Info as StrawberryInfo

from relaypoint.domain.policy import Subject
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.rounds import Link


class Post(Protocol):
    def __call__(self, links: Sequence[Link], *, test: bool) -> Awaitable[frozenset[str]]:
        """Hands the links to their channels; returns the keys of those for which that went well."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """``deliver`` runs the outbox once, ``post`` sends links; the composition root gives both, since transports are
    not the schema's."""

    subject: Subject
    backend: Backend
    deliver: Callable[[], Awaitable[dict[str, int]]]
    post: Post


Info = StrawberryInfo[Context, None]
