"""What the sender of a step is asked now: by the receiver, or by a coordinator that would send it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relaypoint.domain.errors import IllegalTransition
from relaypoint.domain.handoffs import AGREED, LAST_WORDS


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


def said_all(handoff: Mapping[str, Any]) -> frozenset[str]:
    """The bodies that have answered as coordinators, since the step moved last, that they can do no more about it."""
    moved = handoff.get("moved_at") or handoff["sent_at"]
    return frozenset((handoff.get("last_words") or "").split() if (handoff.get("last_words_at") or "") >= moved else ())


def check_no_own_wish(handoff: Mapping[str, Any], body: str | None, response: str) -> None:
    """Raises ``IllegalTransition`` for a last word of the body that waits itself for where the case might go."""
    if handoff.get("wished_to") and handoff.get("wished_by") == body and response in LAST_WORDS:
        raise IllegalTransition(
            "handoff.wish-open",
            "You have asked its sender whether it may go to {desk}, and there is no answer yet.",
            path=("reason",),
            remedy="Wait for the answer, or speak with its sender; or say spoken.",
            desk=handoff["wished_to"],
            present={"status": handoff["status"], "version": handoff["version"]},
        )


def answered_by(handoff: Mapping[str, Any], body: str | None, response: str, now: str) -> dict[str, Any]:
    """What is kept of who answered as coordinator; None: the operator."""
    found: dict[str, Any] = {"responded_by": body}
    if body is not None and response in LAST_WORDS:
        found |= {"last_words": " ".join(sorted(said_all(handoff) | {body})), "last_words_at": now}
    return found


def wished(handoff: Mapping[str, Any]) -> bool:
    """Whether a coordinator would send it on, and its sender has not said yet whether the person agrees. No clock
    stands still for that, and a question of the receiver's is answered first."""
    return bool(handoff.get("wished_to"))
