"""What the sealed fields of a stored case decide: whom it must not reach, where it is, who else could take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relaypoint.domain.avoid import EVERYBODY, Avoid
from relaypoint.domain.errors import Unavailable
from relaypoint.resolvers.backend import Backend


@dataclass(frozen=True, slots=True)
class StoredCase:
    """``candidates`` are the contact points that could take it when it was sent, the best first."""

    avoid: Avoid
    place: str | None = None
    candidates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    consent: bool = False


def languages_of(fields: Mapping[str, Any]) -> list[str]:
    """A case that was sealed by an earlier version has one language, or none."""
    return list(fields["languages"]) if "languages" in fields else [each for each in (fields.get("language"),) if each]


def stored_case(backend: Backend, sealed_key: str | None, sealed: str) -> StoredCase:
    """Where it can't be read any more, nobody may be reached: one lost key neither leaks nor stops the others."""
    if sealed_key is None:
        return StoredCase(EVERYBODY)
    try:
        fields = backend.vault.unseal(sealed_key, sealed)
    except Unavailable:
        return StoredCase(EVERYBODY)
    return StoredCase(
        Avoid.of(fields["avoid"]),
        fields["place"],
        tuple(fields["candidates"]),
        tuple(languages_of(fields)),
        tuple(fields.get("tags", ())),
        fields.get("consent", False),
    )
