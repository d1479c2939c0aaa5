"""The life of a handoff. Everything about its moves lives here, as data.

``MOVES`` is the whole table: from which status which verb leads where, and which side may say it. The receiving side
moves a handoff on; the sending side cancels. Delivery of a notification is not a status, and neither is "stalled".
Statuses are FHIR's task-status codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from relaypoint.domain.errors import IllegalTransition, Invalid


class Status(StrEnum):
    REQUESTED = "requested"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"

    @property
    def open(self) -> bool:
        return self not in _CLOSED


class Side(StrEnum):
    SENDER = "sender"
    RECEIVER = "receiver"


_CLOSED: Final = frozenset(
    {Status.REJECTED, Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.ENTERED_IN_ERROR}
)

_BEFORE: Final = frozenset({Status.REQUESTED, Status.RECEIVED})
_ACTIVE: Final = frozenset({Status.ACCEPTED, Status.IN_PROGRESS, Status.ON_HOLD})
_ANY: Final = frozenset(Status) - {Status.ENTERED_IN_ERROR}
_EITHER: Final = frozenset(Side)


@dataclass(frozen=True, slots=True)
class Move:
    """One verb: from which statuses, to which, by which side."""

    verb: str
    sources: frozenset[Status]
    target: Status
    sides: frozenset[Side]


MOVES: Final = {
    move.verb: move
    for move in (
        Move("receive", frozenset({Status.REQUESTED}), Status.RECEIVED, frozenset({Side.RECEIVER})),
        Move("accept", _BEFORE, Status.ACCEPTED, frozenset({Side.RECEIVER})),
        Move("reject", _BEFORE, Status.REJECTED, frozenset({Side.RECEIVER})),
        Move("start", frozenset({Status.ACCEPTED}), Status.IN_PROGRESS, frozenset({Side.RECEIVER})),
        Move("hold", frozenset({Status.ACCEPTED, Status.IN_PROGRESS}), Status.ON_HOLD, frozenset({Side.RECEIVER})),
        Move("resume", frozenset({Status.ON_HOLD}), Status.IN_PROGRESS, frozenset({Side.RECEIVER})),
        Move("complete", _ACTIVE, Status.COMPLETED, frozenset({Side.RECEIVER})),
        Move("fail", _ACTIVE, Status.FAILED, frozenset({Side.RECEIVER})),
        Move("cancel", _BEFORE | _ACTIVE, Status.CANCELLED, frozenset({Side.SENDER})),
        Move("correct", _ANY, Status.ENTERED_IN_ERROR, _EITHER),
    )
}

#: Not a change of status: the sender records that the official form, which is the referral itself, was submitted.
FORM_SUBMITTED: Final = "form-submitted"

#: Nor is this: the sender has seen that a step came back, or that nobody could be told of its end, and acts on it.
SEEN: Final = "seen"

VERBS: Final = (*MOVES, FORM_SUBMITTED, SEEN)

#: What a person may say instead of a verb.
ALIASES: Final = {"acknowledge": "receive", "decline": "reject"}

#: What a handoff is at any moment, as it is stored, recorded and shown.
STATE: Final = (
    "status",
    "version",
    "reason",
    "review_on",
    "sent_at",
    "changed_at",
    "acknowledge_by",
    "decide_by",
    "form",
    "form_submitted_at",
)

#: The coded reasons that each of these statuses needs.
REASONS: Final[dict[Status, tuple[str, ...]]] = {
    Status.REJECTED: (
        "no-capacity",
        "not-eligible",
        "out-of-area",
        "language-not-covered",
        "not-safe-here",
        "duplicate",
        "insufficient-information",
        "other",
    ),
    Status.FAILED: ("unreachable", "declined-by-person", "no-capacity", "not-eligible", "other"),
    Status.CANCELLED: (
        "declined-by-person",
        "consent-withdrawn",
        "no-longer-needed",
        "sent-elsewhere",
        "duplicate",
        "other",
    ),
    Status.ON_HOLD: ("awaiting-information", "awaiting-capacity", "awaiting-person", "other"),
}

#: How many days ahead the review of a hold may lie.
LONGEST_HOLD: Final = 90

#: Reasons that pass a case on. They are kept for moves that make the successor handoff in the same write.
PASSING_ON: Final = frozenset({"referred-onward", "redirected", "reassigned"})


def passing_on(status: Status, reason: str = "reassigned") -> tuple[Status, str]:
    """How an open step ends whose successor is made in the same write: its status and coded reason.

    Before acceptance the receiving side declines it as referred onward; after it, it is cancelled for ``reason``.
    """
    return (Status.REJECTED, "referred-onward") if status in _BEFORE else (Status.CANCELLED, reason)


def move(status: Status, verb: str, side: Side, *, reason: str | None, review: str | None, day: str) -> Status:
    """The status that ``verb`` leads to. ``review`` is the ISO day on which a hold is looked at again.

    Raises ``Invalid`` for an unknown verb, a missing or unknown reason or review day, and ``IllegalTransition``
    where the table has no such move for this side.
    """
    wanted = MOVES.get(verb)
    if wanted is None:
        raise Invalid(
            "handoff.verb",
            "'{verb}' is not a verb of a referral step.",
            path=("verb",),
            remedy="Use one of: {known}.",
            verb=verb,
            known=", ".join(VERBS),
        )
    if status not in wanted.sources:
        raise IllegalTransition(
            "handoff.transition",
            "A referral step that is {status} can't {verb}.",
            path=("verb",),
            remedy="From {status} these are possible: {known}.",
            status=status,
            verb=verb,
            known=", ".join(possible(status)) or "none",
            present={"status": str(status)},
        )
    if side not in wanted.sides:
        raise IllegalTransition(
            "handoff.side",
            "'{verb}' is for the {other} to say, not for the {side}.",
            path=("verb",),
            remedy="The receiving side moves a step on; the sending side cancels it.",
            verb=verb,
            side=side,
            other=" or ".join(sorted(wanted.sides)),
            present={"status": str(status)},
        )
    _check_reason(wanted.target, reason, review, day)
    return wanted.target


def possible(status: Status, side: Side | None = None) -> list[str]:
    """The verbs that the table offers from a status, to one side or to any."""
    return [verb for verb, m in MOVES.items() if status in m.sources and (side is None or side in m.sides)]


def _check_reason(target: Status, reason: str | None, review: str | None, day: str) -> None:
    known = REASONS.get(target, ())
    if known and reason not in known:
        passing = reason in PASSING_ON
        raise Invalid(
            "handoff.passing-on" if passing else "handoff.reason",
            "'{reason}' needs a successor step, which this move does not make."
            if passing
            else "{status} needs a coded reason, not '{reason}'.",
            path=("reason",),
            remedy="Use one of: {known}.",
            status=target,
            reason=reason or "",
            known=", ".join(known),
        )
    if not known and reason is not None:
        raise Invalid(
            "handoff.no-reason",
            "{status} takes no reason.",
            path=("reason",),
            remedy="Leave the reason out.",
            status=target,
        )
    if (target is Status.ON_HOLD) != (review is not None) or (review is not None and not _to_come(review, day)):
        raise Invalid(
            "handoff.review",
            "A hold, and nothing else, needs the day on which it is reviewed: after today, within {most} days.",
            path=("review",),
            most=LONGEST_HOLD,
            remedy="Give a day as YYYY-MM-DD." if target is Status.ON_HOLD else "Leave the review day out.",
        )


def _to_come(review: str, day: str) -> bool:
    """Whether it is a day after today, and near enough to be looked at again by the same people."""
    try:
        ahead = (date.fromisoformat(review) - date.fromisoformat(day)).days
    except ValueError:
        return False
    return len(review) == len(day) and 0 < ahead <= LONGEST_HOLD
