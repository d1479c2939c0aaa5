"""What is said of what a body knows of a person who took the consent back: that it is erased, or why it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relaypoint.domain.clock import format_instant
from relaypoint.domain.handoffs import BEFORE, ERASED, Status, accepted_by_phone
from relaypoint.domain.saying import Here, not_now


def erasure_asked(handoff: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The person has withdrawn the consent: the receiving body is asked to erase what it has, once."""
    return {} if handoff.get("erasure_asked_at") else {"erasure_asked_at": format_instant(now), "erasure": None}


def erasure_over(handoff: Mapping[str, Any]) -> dict[str, Any]:
    """The person agrees again: what was not erased may be kept."""
    asked = handoff.get("erasure_asked_at") and handoff.get("erasure") != ERASED
    return {"erasure_asked_at": None, "erasure": None} if asked else {}


def erased(here: Here) -> dict[str, Any]:
    _check_erasure(here.handoff)
    if Status(here.handoff["status"]).open:
        raise not_now(
            here.handoff,
            "handoff.still-open",
            "The step is open: who serves the person has not erased what it needs for that.",
            "Say must-keep, and why; once it is over, or declined, say erased.",
        )
    return {"erasure": ERASED}


def must_keep(here: Here) -> dict[str, Any]:
    # What an office without accounts has accepted on the phone, it does.
    before = Status(here.handoff["status"]) in BEFORE and not accepted_by_phone(here.handoff)
    _check_erasure(here.handoff)
    if here.words == "still-serving" and not Status(here.handoff["status"]).open:
        raise not_now(
            here.handoff,
            "handoff.served-no-more",
            "The step is over: nobody is served by it any more.",
            "Say erased, or for what else it has to be kept.",
        )
    if here.words == "still-serving" and before:
        raise not_now(
            here.handoff,
            "handoff.not-served-yet",
            "It is not accepted: nobody is served by it yet.",
            "Say for what else it has to be kept; or decline it, then say erased.",
        )
    if here.handoff.get("erasure") == here.words:
        raise not_now(here.handoff, "handoff.kept", "That was said already.", "Say it once; or erased, once it is.")
    return {"erasure": here.words}


def _check_erasure(handoff: Mapping[str, Any]) -> None:
    if not erasure_open(handoff):
        raise not_now(
            handoff,
            "handoff.erasure",
            "Nobody has asked for what is known of the person to be erased, or it is erased already.",
            "There is nothing to answer.",
        )


def erasure_open(handoff: Mapping[str, Any]) -> bool:
    """Who had to keep it may erase it later."""
    return bool(handoff.get("erasure_asked_at")) and handoff.get("erasure") != ERASED
