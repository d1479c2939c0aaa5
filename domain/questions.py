"""What the sender of a step is asked now: by the receiver, or by a coordinator that would send it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relaypoint.domain.handoffs import AGREED


def consent_asked(handoff: Mapping[str, Any]) -> bool:
    """Whether what its sender is asked now is whether the person agrees: to be made known somewhere, or to this."""
    if handoff.get("asked_at"):
        return bool(handoff.get("asked_about")) or "consent" in (handoff.get("asked") or "").split()
    return wished(handoff)


def asked_where(handoff: Mapping[str, Any]) -> str | None:
    """The contact point at which the person would be made known, by the question that its sender answers next."""
    return handoff.get("asked_about") if handoff.get("asked_at") else handoff.get("wished_to")


def answers(handoff: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that answer what its sender is asked now."""
    return (AGREED if consent_asked(handoff) else "told", "not-agreed", "not-known")


def wished(handoff: Mapping[str, Any]) -> bool:
    """Whether a coordinator would send it on, and its sender has not said yet whether the person agrees. No clock
    stands still for that, and a question of the receiver's is answered first."""
    return bool(handoff.get("wished_to"))
