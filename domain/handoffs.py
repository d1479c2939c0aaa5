"""The life of a handoff. Everything about its moves lives here, as data.

``MOVES`` is the whole table: from which status which verb leads where, which side may say it, and with which coded
reason. The receiving side moves a handoff on; the sending side cancels. ``PASSES`` are the moves that make the
successor handoff in the same write. ``REMARKS`` change no status: they record what happened around it. Delivery of a
notification is not a status, and neither is "stalled". Statuses are FHIR's task-status codes; a reason is a FHIR
statusReason: a code, with its words in ``domain.codes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from relaypoint.domain.words import Priority


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
    """``COORDINATOR``: of a task force that both sides belong to."""

    SENDER = "sender"
    RECEIVER = "receiver"
    COORDINATOR = "coordinator"


_CLOSED: Final = frozenset(
    {Status.REJECTED, Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.ENTERED_IN_ERROR}
)

BEFORE: Final = frozenset({Status.REQUESTED, Status.RECEIVED})
_WORKING: Final = frozenset({Status.ACCEPTED, Status.IN_PROGRESS})
ACTIVE: Final = _WORKING | {Status.ON_HOLD}
_OPEN: Final = BEFORE | ACTIVE
_ANY: Final = frozenset(Status) - {Status.ENTERED_IN_ERROR}

_SENDER: Final = frozenset({Side.SENDER})
_RECEIVER: Final = frozenset({Side.RECEIVER})
_EITHER: Final = _SENDER | _RECEIVER


@dataclass(frozen=True, slots=True)
class Move:
    """One verb: from which statuses, to which, by which side, with which coded reasons (none: it takes none).

    ``usual`` is the reason that is meant where none is given.
    """

    verb: str
    sources: frozenset[Status]
    target: Status
    sides: frozenset[Side]
    reasons: tuple[str, ...] = ()
    usual: str | None = None


_DECLINED: Final = (
    "no-capacity",
    "not-eligible",
    "out-of-area",
    "language-not-covered",
    "not-safe-here",
    "duplicate",
    "insufficient-information",
    "other",
)
_ON_HOLD: Final = ("awaiting-information", "awaiting-capacity", "awaiting-person", "other")
_SERVED: Final = ("served", "advised", "waitlisted")
_FAILED: Final = ("unreachable", "declined-by-person", "no-capacity", "not-eligible", "other")
#: How its sender ends a step of an office without accounts, which has said on the phone that it took the case, and now
#: that it is done.
SERVED_THERE: Final = "served-there"
_CANCELLED: Final = (
    SERVED_THERE,
    "declined-by-person",
    "consent-withdrawn",
    "no-longer-needed",
    "sent-elsewhere",
    "duplicate",
    "other",
)

MOVES: Final = {
    move.verb: move
    for move in (
        Move("receive", frozenset({Status.REQUESTED}), Status.RECEIVED, _RECEIVER),
        Move("accept", BEFORE, Status.ACCEPTED, _RECEIVER),
        Move("reject", BEFORE, Status.REJECTED, _RECEIVER, _DECLINED),
        Move("start", frozenset({Status.ACCEPTED}), Status.IN_PROGRESS, _RECEIVER),
        Move("hold", _WORKING, Status.ON_HOLD, _RECEIVER, _ON_HOLD),
        Move("resume", frozenset({Status.ON_HOLD}), Status.IN_PROGRESS, _RECEIVER),
        Move("complete", ACTIVE, Status.COMPLETED, _RECEIVER, _SERVED, usual="served"),
        Move("fail", ACTIVE, Status.FAILED, _RECEIVER, _FAILED),
        Move("cancel", _OPEN, Status.CANCELLED, _SENDER, _CANCELLED),
        Move("correct", _ANY, Status.ENTERED_IN_ERROR, _EITHER),
    )
}


@dataclass(frozen=True, slots=True)
class Pass:
    """A verb that ends a step with its successor in the same write. ``reason`` is that of an end after acceptance."""

    verb: str
    sources: frozenset[Status]
    sides: frozenset[Side]
    reason: str


PASSES: Final = {
    each.verb: each
    for each in (
        Pass("pass-on", _OPEN, _RECEIVER, "referred-onward"),
        Pass("redirect", _OPEN, frozenset({Side.COORDINATOR}), "redirected"),
        # What came back is sent anew as it stands; what is still open is recalled first.
        Pass("resend", frozenset(Status), _SENDER, "sent-elsewhere"),
    )
}

#: How an end reads that was made together with a successor.
PASSING_ON: Final = frozenset({"referred-onward", "redirected", "reassigned"})


@dataclass(frozen=True, slots=True)
class Remark:
    """A verb that moves nothing. ``words`` are the codes of which it takes one, or several where ``many``, or none
    where ``optional``."""

    verb: str
    sources: frozenset[Status]
    sides: frozenset[Side]
    words: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False


#: The sender records that the official form, which is the referral itself, was submitted.
FORM_SUBMITTED: Final = "form-submitted"
#: The sender has seen that a step came back, or that nobody could be told of its end, and acts on it. Where a person is
#: looked for, from a step that is open or from one that is over, it says what became of them.
SEEN: Final = "seen"
#: The sender reports what was said on the phone. It stops the clock of acknowledging and nothing else.
PHONED: Final = "phoned"
#: What a call may have come to that stops no clock: the record says that it was made.
NO_ANSWER: Final = "no-answer"
#: The receiver asks for what it lacks, which acknowledges the step, and the sender answers; between the two the
#: receiver's clocks stand still.
ASK: Final = "ask"
ANSWER: Final = "answer"
#: How the sender answers whether the person agrees; told does not say it.
AGREED: Final = "agreed"
#: Where a person moves, accepted is not arrived: by when they are expected, and whether they came. That they came may
#: also be said of a step that was ended without them, as long as the case has not gone on from there.
EXPECT: Final = "expect"
ARRIVED: Final = "arrived"
NOT_ARRIVED: Final = "not-arrived"
#: So it is recorded of the steps from which they were looked for, where they come elsewhere.
FOUND: Final = "found"
#: What is kept of it.
ARRIVING: Final = ("expected_by", "arrival", "arrival_at", "sought")
#: What its sender may say became of a person who was looked for.
NO_LONGER_SOUGHT: Final = "no-longer-sought"
WAS_FOUND: Final = "found"
SOUGHT: Final = (WAS_FOUND, "reported-missing", NO_LONGER_SOUGHT)
#: Who of those that share a desk does it, and that nobody in particular does.
CLAIM: Final = "claim"
RELEASE: Final = "release"

#: The sender turns to the coordinator about a refusal or a silence, and the coordinator answers.
RAISE: Final = "raise"
RESPOND: Final = "respond"
#: Who answers so can do no more about it, until the step moves.
LAST_WORDS: Final = frozenset({"nobody-else", "upheld"})

#: Where the person withdrew the consent: the receiving body has erased what it had, or says why it has to keep it.
ERASED: Final = "erased"
MUST_KEEP: Final = "must-keep"
#: Why a body may keep what it knows as long as it serves the person.
STILL_SERVING: Final = "still-serving"

#: How ``received`` was said where nobody signed in for it: through the link in a message. By whom is not verified.
BY_LINK: Final = "link"

#: With whom the sender spoke on the phone: roles, never names.
ROLES: Final = ("duty-officer", "caseworker", "manager", "reception", "interpreter", "other")

REMARKS: Final = {
    each.verb: each
    for each in (
        Remark(FORM_SUBMITTED, _OPEN, _SENDER),
        Remark(SEEN, frozenset(Status), _SENDER, SOUGHT, optional=True),
        Remark(PHONED, BEFORE, _SENDER, ("reached", "accepted", "refused", NO_ANSWER)),
        Remark(
            ASK,
            _OPEN,
            _RECEIVER,
            ("age", "call-back", "consent", "health", "language", "place", "risk", "service", "other"),
            many=True,
        ),
        Remark(ANSWER, _OPEN, _SENDER, ("told", AGREED, "not-known", "not-agreed")),
        Remark(EXPECT, _OPEN, _EITHER),
        # Of what an office without accounts accepted, its sender reports it.
        Remark(ARRIVED, frozenset(Status), _EITHER),
        Remark(NOT_ARRIVED, _OPEN, _EITHER),
        Remark(RAISE, frozenset(Status), _SENDER),
        Remark(RESPOND, frozenset(Status), frozenset({Side.COORDINATOR}), ("spoken", *sorted(LAST_WORDS))),
        # Of an office without accounts, its sender reports it.
        Remark(ERASED, frozenset(Status), _EITHER),
        Remark(
            MUST_KEEP,
            frozenset(Status),
            _EITHER,
            (STILL_SERVING, "child-protection", "legal-duty", "legal-claim", "audit"),
        ),
        Remark(CLAIM, _OPEN, _RECEIVER),
        Remark(RELEASE, _OPEN, _RECEIVER),
    )
}

VERBS: Final = (*MOVES, *PASSES, *REMARKS)

#: What a person may say instead of a verb.
ALIASES: Final = {
    "acknowledge": "receive",
    "decline": "reject",
    "recall": "cancel",
    "request-information": ASK,
    "forward": "pass-on",
    "appeal": RAISE,
}

#: What a handoff is at any moment, as it is stored, recorded and shown. Times are instants. ``pauses`` are the times,
#: as ``from/to``, in which the receiver's clocks stood still; ``calendar`` is what its deadlines were counted on.
STATE: Final = (
    "status",
    "version",
    "reason",
    "review_on",
    "sent_at",
    "changed_at",
    "moved_at",
    "accepted_at",
    "started_at",
    "held_at",
    "held_days",
    "deliver_by",
    "acknowledge_by",
    "decide_by",
    "start_by",
    "complete_by",
    "calendar",
    "pauses",
    "form",
    "form_submitted_at",
    "phoned",
    "phoned_at",
    "phoned_role",
    "received_by",
    "asked",
    "asked_at",
    "asked_about",
    "wished_to",
    "wish_by",
    "wished_by",
    "wish_about",
    "wish_answered",
    "answer_by",
    "answered",
    "expected_by",
    "arrival",
    "arrival_at",
    "sought",
    "raised_at",
    "raised_to",
    "respond_by",
    "response",
    "responded_by",
    "last_words",
    "last_words_at",
    "erasure_asked_at",
    "erasure",
)

#: What was agreed for a step when it was sent: how long it may take, what stood in for the person's consent, and the
#: coordinator's body that sent it on. It does not change.
TERMS: Final = (
    "acknowledge_within",
    "decide_within",
    "start_within",
    "complete_within",
    "hops",
    "been_here",
    "without_consent",
    "redirected_by",
)

#: What of a step is about the person, or about what they agreed to: its two sides know it, and nobody else need.
OF_THE_PERSON: Final = frozenset({"asked", "asked_about", "answered", "without_consent", "erasure_asked_at", "erasure"})

#: Between the coordinators and the sender: how a wish was answered; and which of them wished, was asked or answered,
#: for who was passed over would tell the receiver whom the case avoids.
OF_COORDINATORS: Final = frozenset(
    {"wished_by", "wish_about", "wish_answered", "raised_to", "responded_by", "last_words", "last_words_at"}
)

#: The coded reasons that each of these statuses needs.
REASONS: Final[Mapping[Status, tuple[str, ...]]] = {m.target: m.reasons for m in MOVES.values() if m.reasons}

#: Ended so by the receiving side, nobody has served the person; and so where the outcome is one of these.
_CAME_BACK: Final = frozenset({Status.REJECTED, Status.FAILED, Status.ENTERED_IN_ERROR})
UNSERVED: Final = frozenset({"waitlisted"})

#: How many days a step may be held, all its holds together: a clock that stands still for ever is no clock.
LONGEST_HOLD: Final = 90

#: Within how many days a hold is looked at again at the latest: what presses is not put off for weeks.
REVIEWED_WITHIN: Final[Mapping[Priority, int]] = {
    Priority.STAT: 1,
    Priority.ASAP: 3,
    Priority.URGENT: 14,
    Priority.ROUTINE: LONGEST_HOLD,
}


def awaited(handoff: Mapping[str, Any]) -> bool:
    """Whether a person was expected of whom nobody has said that they arrived."""
    return bool(handoff.get("expected_by")) and handoff.get("arrival") != ARRIVED


def missing_at_end(handoff: Mapping[str, Any]) -> bool:
    """Whether a step was ended while a person was looked for (who was expected by then, or is said not to have come),
    and nobody has said since what became of them."""
    ended = not Status(handoff["status"]).open and not handoff.get("sought")
    late = handoff.get("arrival") == NOT_ARRIVED or (handoff.get("expected_by") or "~") <= (handoff["moved_at"] or "")
    return ended and awaited(handoff) and late


def missing_now(handoff: Mapping[str, Any], now: str) -> bool:
    """Whether a person has not come to a step that is open: they were expected by now, or are said not to have come.
    What its sender said became of them it may say otherwise."""
    late = handoff.get("arrival") == NOT_ARRIVED or (handoff.get("expected_by") or "~") <= now
    return Status(handoff["status"]).open and awaited(handoff) and late


def looked_for(handoff: Mapping[str, Any]) -> bool:
    """Whether, from a step that has ended, somebody has to say what became of a person who was expected there."""
    closed = _closed_without(handoff) and not handoff.get("sought")
    return closed or missing_at_end(handoff)


def came_back(handoff: Mapping[str, Any]) -> bool:
    """Whether a step that the receiving side has ended so is its sender's again: nobody has served the person, or
    nobody has said that one who was expected arrived, and they are not given up. ``handoff`` has the names of
    ``STATE``, as far as they were said.
    """
    return (
        handoff["status"] in _CAME_BACK
        or handoff.get("reason") in UNSERVED
        or (_closed_without(handoff) and handoff.get("sought") != NO_LONGER_SOUGHT)
    )


def found_with_nobody(handoff: Mapping[str, Any]) -> bool:
    """Whether a step that came back is its sender's still once the person was found: nobody has their case, until it is
    sent on or its sender sees to it. ``handoff`` also has ``gone_on``."""
    return handoff.get("sought") == WAS_FOUND and came_back(handoff) and not handoff.get("gone_on")


def _closed_without(handoff: Mapping[str, Any]) -> bool:
    return handoff["status"] == Status.COMPLETED and awaited(handoff)


def accepted_by_phone(handoff: Mapping[str, Any]) -> bool:
    """Whether its sender reports that it was accepted on the phone, and the receiving side has not decided here."""
    return handoff["status"] in BEFORE and handoff.get("phoned") == "accepted"


def may_resend(handoff: Mapping[str, Any]) -> bool:
    """Whether its sender may send the case anew from this step: not where the person was served, nor where the sender
    itself has called it an error. ``handoff`` also has ``must_see``."""
    if handoff["status"] == Status.ENTERED_IN_ERROR:
        return bool(handoff.get("must_see"))
    served = handoff["status"] == Status.COMPLETED or handoff.get("reason") == SERVED_THERE
    return not served or came_back(handoff) or _closed_without(handoff)


def passing_on(status: Status, reason: str = "reassigned") -> tuple[Status, str]:
    """How an open step ends whose successor is made in the same write: its status and coded reason.

    Before acceptance the receiving side, where it is the one that passes it on, declines it as referred onward; after
    it, and where others send it elsewhere, it is cancelled for ``reason``.
    """
    if status in BEFORE and reason in ("referred-onward", "reassigned"):
        return Status.REJECTED, "referred-onward"
    return Status.CANCELLED, reason
