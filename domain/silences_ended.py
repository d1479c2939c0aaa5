"""Why a handoff that is over is silent still: it came back, a person is looked for, somebody has to answer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from relaypoint.domain.handoffs import ARRIVED, NOT_ARRIVED, UNSERVED, Status
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.silences import Check, Found, Strand, each_strand, missing, unerased, unheard
from relaypoint.domain.texts import Text, say


def ended_reasons(handoff: OpenHandoff, at: datetime) -> list[tuple[Strand, Found]]:
    """Of one that is over: a person is looked for, a coordinator asked, and what was erased told, until its sender has
    seen how it ended; and that by itself."""
    return each_strand(_ENDED if handoff.must_see else _OVER, handoff, at)


def _gone(handoff: OpenHandoff, at: datetime) -> Found | None:
    """Who was closed without having come has not arrived, and is not merely late once they should have. Who was taken
    back before they were expected is not; nor who is looked for no more."""
    if handoff.sought:
        return None
    if handoff.status is Status.CANCELLED and not handoff.missing_at_end:
        return None
    return (None if handoff.arrival == NOT_ARRIVED else _closed_missing(handoff, at)) or missing(handoff, at)


def _closed_missing(handoff: OpenHandoff, at: datetime) -> Found | None:
    if handoff.status is not Status.COMPLETED or handoff.code in UNSERVED:
        return None
    text = say("stall.closed-missing", "it was closed, and nobody has said that the person arrived")
    return "not-arrived", text, handoff.moved_at or handoff.changed_at


_VOIDED: Final = say("stall.voided", "the receiving side marked it as entered in error; nobody has the case")
#: Its sender may have marked it so itself, while the person was looked for.
_VOIDED_FOUND: Final = say(
    "stall.voided-found", "it was marked as entered in error, and the person was looked for; nobody has the case"
)
_NOT_SERVED: Final = say("stall.not-served", "it was closed, and the person has not come there; nobody has the case")


def _returned(handoff: OpenHandoff, at: datetime) -> Found | None:
    """How a closed handoff came back, or that nobody could be told that it was closed."""
    if handoff.status is Status.COMPLETED and handoff.code not in UNSERVED:
        # It came back for the person who is missing, or was until their sender said what became of them.
        return ("not-served", _NOT_SERVED, handoff.moved_at or handoff.changed_at) if handoff.sought else None
    if handoff.gone_on or (handoff.missing_at_end and handoff.status in (Status.CANCELLED, Status.ENTERED_IN_ERROR)):
        return None  # So it did here, whether anybody could be told of it or not.
    code = handoff.code or "–"
    reason, text = {
        Status.REJECTED: (
            "rejected",
            say("stall.rejected", "it was declined ({code}); nobody has the case", code=code),
        ),
        Status.COMPLETED: (
            "waitlisted",
            say("stall.waitlisted", "the person was put on a waiting list; nobody serves them yet"),
        ),
        Status.FAILED: ("failed", _failed(handoff, code)),
        Status.ENTERED_IN_ERROR: (
            "entered-in-error",
            _VOIDED_FOUND if handoff.sought else _VOIDED,
        ),
    }.get(
        handoff.status,
        ("untold", say("stall.untold", "it is over, but no message could tell the contact point so")),
    )
    # What is said of it afterwards makes it no younger.
    return reason, text, handoff.moved_at or handoff.changed_at


def _failed(handoff: OpenHandoff, code: str) -> Text:
    if handoff.arrival == ARRIVED and (handoff.arrival_at or "") > (handoff.moved_at or ""):
        text = "it was given up ({code}), and the person has come since: send it there anew, or elsewhere"
        return say("stall.failed-arrived", text, code=code)
    return say("stall.failed", "it could not be done ({code}); nobody has the case", code=code)


_ENDED: Final[tuple[tuple[Strand, Check], ...]] = (
    (Strand.MISSING, _gone),
    (Strand.COORDINATOR, unheard),
    (Strand.SENDER, _returned),
    (Strand.ERASURE, unerased),
)
_OVER: Final[tuple[tuple[Strand, Check], ...]] = ((Strand.ERASURE, unerased),)
