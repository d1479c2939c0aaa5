"""Whom a stored case must not reach, from its sealed fields."""

from __future__ import annotations

from relaypoint.domain.avoid import EVERYBODY, Avoid
from relaypoint.domain.errors import Unavailable
from relaypoint.resolvers.backend import Backend


def whom_to_avoid(backend: Backend, sealed_key: str | None, sealed: str) -> Avoid:
    """Where that can't be read any more, nobody may be reached: one lost key neither leaks nor stops the others."""
    if sealed_key is None:
        return EVERYBODY
    try:
        return Avoid.of(backend.vault.unseal(sealed_key, sealed)["avoid"])
    except Unavailable:
        return EVERYBODY
