"""What every use case is given beside its subject, and the one way in which use cases are declared."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

import uuid_utils

from relaypoint.domain.clock import format_instant
from relaypoint.domain.policy import Action, Subject, require
from relaypoint.graph import Store
from relaypoint.resolvers.known import Memory
from relaypoint.resolvers.precedence import Precedence
from relaypoint.resolvers.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")

#: Without the letters that are mistaken for digits when they are read out over a phone.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Backend:
    """The store, the clock, the ids and the keys. All of them are injected; none is a global.

    ``memory`` is what was known of this store's roster last; ``precedence`` whom work has to give way to.
    """

    store: Store
    clock: Callable[[], datetime]
    vault: Vault
    new_id: Callable[[], str] = lambda: str(uuid_utils.uuid7())
    random: Callable[[], str] = lambda: "".join(secrets.choice(_ALPHABET) for _ in range(10))
    memory: Memory = field(default_factory=Memory)
    precedence: Precedence = field(default_factory=Precedence)

    def now(self) -> str:
        """The present instant, 24 characters, UTC."""
        return format_instant(self.clock())

    def new_token(self) -> str:
        """A secret for one answer, of 98 random bits: for a link, or to be read out. Only its hash is stored."""
        text = self.random() + self.random()
        return "-".join(text[at : at + 5] for at in range(0, len(text), 5))

    def new_reference(self) -> str:
        """A random reference for a person to read out; it says nothing and is never used again."""
        text = self.random()
        return f"{text[:5]}-{text[5:]}"


def permitted(
    action: Action,
) -> Callable[
    [Callable[Concatenate[Subject, Backend, P], Awaitable[T]]],
    Callable[Concatenate[Subject, Backend, P], Awaitable[T]],
]:
    """Declares a use case: its subject may do ``action``, or it does not start."""

    def declare(
        use_case: Callable[Concatenate[Subject, Backend, P], Awaitable[T]],
    ) -> Callable[Concatenate[Subject, Backend, P], Awaitable[T]]:
        @functools.wraps(use_case)
        async def guarded(subject: Subject, backend: Backend, *args: P.args, **kwargs: P.kwargs) -> T:
            require(subject, action)
            return await use_case(subject, backend, *args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]
        return cast("Callable[Concatenate[Subject, Backend, P], Awaitable[T]]", guarded)

    return declare
