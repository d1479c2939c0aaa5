"""Why a handoff has gone silent: one check for each reason, the gravest first.

It may be silent in several ways at once, and none of them hides another: that the desk is vacant does not find the
person who has not arrived. So each strand tells its own reason, and has a ladder of its own (``domain.escalation``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import reachable
from relaypoint.domain.clock import parse_instant
from relaypoint.domain.deadlines import deliver_by
from relaypoint.domain.handoffs import ARRIVED, NOT_ARRIVED, Status
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import Staffing

#: The reason, its words, and the instant from which it holds.
Found: TypeAlias = tuple[str, Text, str]


class Strand(StrEnum):
    """What is silent: the desk with the step; that there is nobody at the desk; the sender, whose turn it is; whom the
    case avoids; a case that is sent round; who should say that a person arrived; the coordinator that was asked; who
    should say what was erased; or the sender that should phone again. Within one strand one ladder is climbed."""

    STEP = "step"
    DESK = "desk"
    SENDER = "sender"
    AVOIDED = "avoided"
    ROUND = "round"
    MISSING = "missing"
    COORDINATOR = "coordinator"
    ERASURE = "erasure"
    PHONE = "phone"


#: Where it is not known where the person is. Somebody has to look for them, at any hour.
MISSING: Final = frozenset({"not-arrived", "arrival-unknown"})

#: So many hops of one referral before anybody has accepted it are too many.
MOST_HOPS: Final = 3


def open_reasons(handoff: OpenHandoff, at: datetime) -> list[tuple[Strand, Found]]:
    """Of an open one, the first of each strand. While nobody is at the desk, nobody there is slow."""
    found = each_strand(_CHECKS, handoff, at)
    gone = any(strand is Strand.DESK for strand, _ in found)
    return [each for each in found if not (gone and each[0] is Strand.STEP)]


def each_strand(
    checks: Iterable[tuple[Strand, Check]], handoff: OpenHandoff, at: datetime
) -> list[tuple[Strand, Found]]:
    found: dict[Strand, Found] = {}
    for strand, check in checks:
        if strand not in found and (reason := check(handoff, at)) is not None:
            found[strand] = reason
    return list(found.items())


def _orphaned(handoff: OpenHandoff, at: datetime) -> Found | None:
    day = at.date().isoformat()
    desk = handoff.desk
    if desk.ended(day) or handoff.receiver.ended(day):
        ended = min(until for until in (desk.until, handoff.receiver.until) if until is not None and until <= day)
        text = say("stall.ended", "the contact point that holds it has ended")
        return "orphaned", text, max(_start(ended), handoff.sent_at)
    if desk.staffing is not Staffing.HOLDER or not desk.holders:
        return None
    if not any(h.holds(day) for h in desk.holders):
        left = max((h.until for h in desk.holders if h.until and h.until <= day), default=day)
        text = say("stall.vacant", "nobody holds the contact point any more")
        return "orphaned", text, max(_start(left), handoff.sent_at)
    if not any(h.answers(day) for h in desk.holders):
        left = max(away.since or day for h in desk.holders if h.holds(day) for away in h.away(day))
        text = say("stall.away", "who holds the contact point is away, and nobody stands in")
        return "orphaned", text, max(_start(left), handoff.sent_at)
    return None


def _avoided(handoff: OpenHandoff, at: datetime) -> Found | None:
    if handoff.avoid == Avoid():
        return None
    if handoff.avoid.bars_contact_point(handoff.desk, handoff.receiver):
        return "avoided", say("stall.avoided", "somebody whom the case avoids may hold it now"), handoff.sent_at
    # That no channel is left but through them is as telling.
    if not _reached(handoff, at, handoff.avoid) and _reached(handoff, at, Avoid()):
        text = say("stall.avoided-way", "the contact point can be reached through somebody alone whom the case avoids")
        return "avoided", text, handoff.sent_at
    return None


def _reached(handoff: OpenHandoff, at: datetime, avoid: Avoid) -> bool:
    return bool(reachable(handoff.desk, floor=handoff.confidentiality, at=at, avoid=avoid))


def missing(handoff: OpenHandoff, at: datetime) -> Found | None:
    """Accepted is not arrived: the one silence that neither side may wait out. It ends with what became of them."""
    if handoff.sought:
        return None
    if handoff.arrival == NOT_ARRIVED:
        text = say("stall.not-arrived", "the person has not arrived{todo}", todo=_todo(handoff))
        since = min(filter(None, (handoff.expected_by, handoff.arrival_at)), default=handoff.changed_at)
        return "not-arrived", text, since
    if handoff.expected_by and handoff.arrival is None and _passed(handoff.expected_by, at):
        text = say("stall.arrival", "nobody has said whether the person arrived{todo}", todo=_todo(handoff))
        return "arrival-unknown", text, handoff.expected_by
    return None


def _todo(handoff: OpenHandoff) -> str:
    """What the task force has agreed for a missing person, in its own words."""
    return f": {handoff.missing_person}" if handoff.missing_person else ""


def unheard(handoff: OpenHandoff, at: datetime) -> Found | None:
    """Its sender has turned to the coordinator, who does not answer either."""
    # Who would send it on, and has asked the sender, is not silent.
    if handoff.wish_open or not _passed(handoff.respond_by, at):
        return None
    text = say("stall.unheard", "its sender has turned to the coordinator, who has not answered")
    return "coordinator-silent", text, handoff.respond_by or ""


def _unreachable(handoff: OpenHandoff, at: datetime) -> Found | None:
    if _reached(handoff, at, Avoid()):
        return None
    return (
        "unreachable",
        say("stall.unreachable", "no channel of the contact point can be used for it"),
        handoff.sent_at,
    )


def _closed(handoff: OpenHandoff, at: datetime) -> Found | None:
    if handoff.closed_since is None:
        return None
    text = say("stall.closed", "who is to take it says that it is closed")
    return "target-closed", text, max(_start(handoff.closed_since), handoff.sent_at)


def _refused(handoff: OpenHandoff, at: datetime) -> Found | None:
    if not handoff.refused_by_phone:
        return None
    text = say("stall.refused", "it was refused on the phone, as its sender reports; nobody has the case")
    return "refused-by-phone", text, handoff.phoned_at or handoff.sent_at


def _form(handoff: OpenHandoff, at: datetime) -> Found | None:
    if not handoff.form_awaited or not _passed(handoff.acknowledge_by, at):
        return None
    text = say("stall.form", "the official form is not recorded as submitted")
    return "form-not-submitted", text, handoff.acknowledge_by or ""


def _unacknowledged(handoff: OpenHandoff, at: datetime) -> Found | None:
    """Not delivered, or delivered and nobody has acknowledged it. A call that reached somebody stands for both."""
    if handoff.status is not Status.REQUESTED or handoff.phoned or handoff.form_awaited:
        return None
    late = _passed(handoff.acknowledge_by, at)
    if handoff.notice == "dead":
        text = say("stall.undeliverable", "no message could be delivered; it has to be phoned")
        return "undelivered", text, handoff.sent_at
    if handoff.notice == "pending" and not late and _passed(deliver_by(handoff.priority, handoff.sent_at), at):
        return "undelivered", say("stall.undelivered", "the notification has not gone out"), handoff.sent_at
    if late:
        text = say("stall.unacknowledged", "nobody has acknowledged it")
        return "unacknowledged", text, handoff.acknowledge_by or ""
    return None


def _undecided(handoff: OpenHandoff, at: datetime) -> Found | None:
    if not handoff.waiting or handoff.form_awaited or handoff.accepted_by_phone or handoff.refused_by_phone:
        return None
    if not _missed(handoff, handoff.decide_by, at):
        return None
    return "undecided", say("stall.undecided", "nobody has accepted or declined it"), handoff.decide_by or ""


def _unconfirmed(handoff: OpenHandoff, at: datetime) -> Found | None:
    """An office without an account says nothing here: its sender has to phone again, once it should have begun; and
    where the person has arrived, so that it has, once it should be done."""
    due = phone_again_by(handoff)
    if not _missed(handoff, due, at):
        return None
    text = say("stall.unconfirmed", "it was accepted on the phone, as its sender reports, and not confirmed since")
    return "accepted-by-phone", text, due or ""


def phone_again_by(handoff: OpenHandoff) -> str | None:
    """By when its sender is to phone again an office that accepted on the phone; None: it did not."""
    if not handoff.accepted_by_phone:
        return None
    return handoff.complete_by if handoff.arrival == ARRIVED else handoff.start_by or handoff.decide_by


def _unanswered(handoff: OpenHandoff, at: datetime) -> Found | None:
    """The receiver waits for its sender."""
    if not handoff.asked_at or not _passed(handoff.answer_by, at):
        return None
    return (
        "information-not-answered",
        say("stall.unanswered", "the receiver has asked for information, and waits for the answer"),
        handoff.answer_by or "",
    )


def _wish_unanswered(handoff: OpenHandoff, at: datetime) -> Found | None:
    """A coordinator waits for its sender."""
    if not handoff.wish_open or not _passed(handoff.wish_by, at):
        return None
    text = say(
        "stall.wish",
        "a coordinator would send it to {desk}, and waits for its sender to say whether the person agrees",
        desk=handoff.wished_to,
    )
    return "wish-not-answered", text, handoff.wish_by or ""


def _not_started(handoff: OpenHandoff, at: datetime) -> Found | None:
    if handoff.status is not Status.ACCEPTED or not _missed(handoff, handoff.start_by, at):
        return None
    return "not-started", say("stall.not-started", "it was accepted, and has not begun"), handoff.start_by or ""


def _overdue(handoff: OpenHandoff, at: datetime) -> Found | None:
    if handoff.status is not Status.IN_PROGRESS or not _missed(handoff, handoff.complete_by, at):
        return None
    return "overdue", say("stall.overdue", "it has begun, and is not completed in time"), handoff.complete_by or ""


def _hold_expired(handoff: OpenHandoff, at: datetime) -> Found | None:
    if handoff.status is not Status.ON_HOLD or handoff.review_on is None or handoff.review_on > at.date().isoformat():
        return None
    return "hold-expired", say("stall.hold", "the review of its hold is due"), _start(handoff.review_on)


def _bounced(handoff: OpenHandoff, at: datetime) -> Found | None:
    # To accept it and pass it on, from desk to desk, is to send it round as well.
    around = handoff.hops > MOST_HOPS and (handoff.waiting or handoff.status is Status.ACCEPTED)
    if not around and not (handoff.waiting and handoff.been_here):
        return None
    text = (
        say("stall.back", "it is back where it was before, and nobody has accepted it")
        if handoff.been_here
        else say("stall.hops", "it has been passed on {count} times, and nobody has accepted it", count=handoff.hops)
    )
    return "bounced", text, handoff.sent_at


def unerased(handoff: OpenHandoff, at: datetime) -> Found | None:
    if not _passed(handoff.erase_by, at):
        return None
    text = "the person took the consent back, and nobody has said whether what is known of them was erased"
    return "erasure-not-answered", say("stall.unerased", text), handoff.erase_by or ""


Check: TypeAlias = Callable[[OpenHandoff, datetime], Found | None]

_CHECKS: Final[tuple[tuple[Strand, Check], ...]] = (
    (Strand.MISSING, missing),
    (Strand.AVOIDED, _avoided),
    (Strand.DESK, _orphaned),
    (Strand.COORDINATOR, unheard),
    (Strand.DESK, _unreachable),
    (Strand.DESK, _closed),
    (Strand.SENDER, _refused),
    (Strand.SENDER, _form),
    (Strand.STEP, _unacknowledged),
    (Strand.STEP, _undecided),
    (Strand.SENDER, _unanswered),
    (Strand.SENDER, _wish_unanswered),
    (Strand.STEP, _not_started),
    (Strand.STEP, _overdue),
    (Strand.STEP, _hold_expired),
    (Strand.ROUND, _bounced),
    (Strand.PHONE, _unconfirmed),
    (Strand.ERASURE, unerased),
)

#: Every reason that can be told, those of what came back among them.
REASONS: Final = (
    "rejected",
    "failed",
    "waitlisted",
    "not-served",
    "entered-in-error",
    "untold",
    "orphaned",
    "avoided",
    "not-arrived",
    "arrival-unknown",
    "coordinator-silent",
    "unreachable",
    "target-closed",
    "refused-by-phone",
    "form-not-submitted",
    "undelivered",
    "unacknowledged",
    "undecided",
    "accepted-by-phone",
    "information-not-answered",
    "wish-not-answered",
    "not-started",
    "overdue",
    "hold-expired",
    "bounced",
    "erasure-not-answered",
)


def _missed(handoff: OpenHandoff, instant: str | None, at: datetime) -> bool:
    """Whether the deadline passed; a question that was asked before stops the clock, one that was asked late does
    not."""
    if instant is not None and handoff.asked_at and handoff.asked_at <= instant:
        return False
    return _passed(instant, at)


def _passed(instant: str | None, at: datetime) -> bool:
    return instant is not None and parse_instant(instant) < at


def _start(day: str) -> str:
    # A slip in a roster's year must not stop the report of everything else.
    return f"{max(day, '1970-01-01')}T00:00:00.000Z"
