"""Keys for programs: what a key lets them do, how it reads, and how it is known again.

A key acts for its organization, and may do what one of its scopes names; the table of ``policy`` says what that is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import Scope

#: A key is valid for so many days unless it is said, and at most.
USUAL, LONGEST = timedelta(days=90), timedelta(days=366)

#: By this, what searches code for secrets that were left there finds one.
_PREFIX: Final = "rpk"
_FORM: Final = re.compile(rf"{_PREFIX}_([0-9a-f]{{32}})_([A-Za-z0-9_-]{{43}})")

_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Presented:
    """What somebody shows: the ``id`` under which a key is kept, and the digest of its secret."""

    id: str
    digest: str


def written(id: str, secret: str) -> str:
    """The whole key, as its owner is shown it once. ``secret`` has 43 characters of base64url (256 random bits)."""
    return f"{_PREFIX}_{id.replace('-', '')}_{secret}"


def presented(text: str) -> Presented | None:
    """None for what is no key at all."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    id = found[1]
    parts = (id[:8], id[8:12], id[12:16], id[16:20], id[20:])
    return Presented("-".join(parts), digest(found[2]))


def digest(secret: str) -> str:
    """What is kept of a secret. It is random and long: a slow hash would make it no safer."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(shown: Presented, kept: str) -> bool:
    """Whether it is the key of which this digest is kept, in a time that tells nothing."""
    return hmac.compare_digest(shown.digest, kept)


def checked_name(name: str, path: tuple[str, ...]) -> str:
    """What the key is called by who keeps it. Raises ``Invalid``."""
    name = " ".join(name.split())
    if not name or len(name) > _NAME or not name.isprintable():
        raise Invalid(
            "api-key.name",
            "A key is called something, in {most} characters at most.",
            path=path,
            remedy="Say which program it is for.",
            most=_NAME,
        )
    return name


def checked_scopes(scopes: Sequence[str], path: tuple[str, ...]) -> tuple[Scope, ...]:
    """In the order of their declaration, each once. Raises ``Invalid``."""
    for at, scope in enumerate(scopes):
        if scope not in set(Scope):
            raise Invalid(
                "api-key.scope",
                "'{scope}' is no scope.",
                path=(*path, str(at)),
                remedy="Use {scopes}.",
                scope=scope[:40],
                scopes=", ".join(Scope),
            )
    if not scopes:
        raise Invalid(
            "api-key.scopes",
            "A key without a scope may do nothing.",
            path=path,
            remedy="Name at least one of {scopes}.",
            scopes=", ".join(Scope),
        )
    return tuple(scope for scope in Scope if scope in set(scopes))


def checked_expiry(expires: str | None, today: str, path: tuple[str, ...]) -> str:
    """The last day (ISO, UTC) on which the key is valid. Raises ``Invalid``."""
    now = date.fromisoformat(today)
    if expires is None:
        return (now + USUAL).isoformat()
    try:
        last = date.fromisoformat(expires)
    except ValueError:
        last = None
    if last is None or not now <= last <= now + LONGEST:
        raise Invalid(
            "api-key.expiry",
            "'{day}' is no day from today on up to {latest}.",
            path=path,
            remedy="Write it as 2026-12-31. A key that goes on being used is exchanged once a year.",
            day=expires[:20],
            latest=(now + LONGEST).isoformat(),
        )
    return last.isoformat()


def named(scopes: Collection[str]) -> frozenset[Scope]:
    """The scopes that are kept by these names; what there is no more is none."""
    return frozenset(scope for scope in Scope if scope in scopes)
