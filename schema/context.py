"""What every resolver of the schema is given: who asks, and the backend to ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from strawberry.types.info import Info as StrawberryInfo

from relaypoint.domain.policy import Subject
from relaypoint.resolvers.backend import Backend


@dataclass(frozen=True, slots=True)
class Context:
    """``deliver`` runs the outbox once; the composition root gives it, since transports are not the schema's."""

    subject: Subject
    backend: Backend
    deliver: Callable[[], Awaitable[dict[str, int]]]


Info = StrawberryInfo[Context, None]
