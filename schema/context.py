"""What every resolver of the schema is given: who asks, and the backend to ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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


class Hooks(Protocol):
    """What webhooks need of the way out."""

    def checked(self, url: str) -> str:
        """The URL, where events may go to it. Raises ``Invalid``."""
        ...

    def new_secret(self) -> str:
        """A random one, to sign events with."""
        ...


class Pushing(Protocol):
    """What browsers need of the way out."""

    @property
    def public_key(self) -> str:
        """What a browser is given when it subscribes."""
        ...

    def subscribed(self, endpoint: str, p256dh: str, auth: str) -> Mapping[str, str]:
        """The same by name, where it can be right. Raises ``Invalid``."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """``deliver`` runs the outbox once, ``post`` sends links; the composition root gives these, ``hooks`` and
    ``pushing``, since transports are not the schema's."""

    subject: Subject
    backend: Backend
    deliver: Callable[[], Awaitable[dict[str, int]]]
    post: Post
    hooks: Hooks
    pushing: Pushing


Info = StrawberryInfo[Context, None]
