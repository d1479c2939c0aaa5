"""When a handoff has gone silent, and why. Derived at any instant from what is stored; never a status.

A stalled handoff always has a reason, an age, who holds it now, and the steps that can be taken next
(``domain.next_steps``). A handoff that came back stays one until its sender has seen it: nobody has the case then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import usable, weigh
from relaypoint.domain.clock import parse_instant
from relaypoint.domain.deadlines import Age, age
from relaypoint.domain.handoffs import Side, Status
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import Confidentiality, Priority, Staffing

#: A notification that is still on its way is a stall for these once this long has passed.
_UNDELIVERED_AFTER = {
    Priority.STAT: timedelta(minutes=5),
    Priority.ASAP: timedelta(minutes=15),
    Priority.URGENT: timedelta(hours=1),
    Priority.ROUTINE: timedelta(hours=4),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHandoff:
    """What the report needs of one open handoff. Instants are texts, ``coordinators`` come nearest first.

    ``must_see``: it is closed, and its sender has yet to see how. ``candidates`` are those who could take the case
    when it was sent, the best first, without the one who holds it.
    """

    id: str
    reference: str
    status: Status
    version: int
    priority: Priority
    confidentiality: Confidentiality
    service_type: str
    sent_at: str
    changed_at: str
    acknowledge_by: str | None
    decide_by: str | None
    review_on: str | None
    form: str | None
    form_submitted_at: str | None
    notice: str | None
    sender: Organization
    receiver: Organization
    desk: ContactPoint
    must_see: bool = False
    code: str | None = None
    candidates: tuple[tuple[ContactPoint, Organization], ...] = ()
    other_desks: tuple[ContactPoint, ...] = ()
    coordinators: tuple[tuple[ContactPoint, Organization], ...] = ()
    hotlines: tuple[tuple[ContactPoint, Organization], ...] = ()
    avoid: Avoid = field(default_factory=Avoid)


@dataclass(frozen=True, slots=True)
class Stall:
    """``due`` is the instant that was missed; ``age`` runs from there."""

    handoff: OpenHandoff
    reason: str
    text: Text
    due: str
    age: Age


def stall(handoff: OpenHandoff, at: datetime, side: Side = Side.SENDER) -> Stall | None:
    """The first of the reasons that holds at that moment, gravest first; None while all is well.

    The receiving side is told nothing that whom the case avoids decides.
    """
    if side is Side.RECEIVER:
        # Nor of a message: it may not have arrived because of whom the case avoids, and who reads this knows of it.
        handoff = replace(handoff, avoid=Avoid(), notice=None)
    found = _returned(handoff) if handoff.must_see else _reason(handoff, at)
    if found is None or (side is Side.RECEIVER and found[0] == "form-not-submitted"):
        return None
    reason, text, due = found
    return Stall(
        handoff=handoff,
        reason=reason,
        text=text,
        due=due,
        age=age(at, parse_instant(due), handoff.desk.calendar),
    )


def _returned(handoff: OpenHandoff) -> tuple[str, Text, str]:
    """How a closed handoff came back, or that nobody could be told that it was closed."""
    code = handoff.code or "–"
    reason, text = {
        Status.REJECTED: (
            "rejected",
            say("stall.rejected", "it was declined ({code}); nobody has the case", code=code),
        ),
        Status.FAILED: ("failed", say("stall.failed", "it could not be done ({code}); nobody has the case", code=code)),
        Status.ENTERED_IN_ERROR: (
            "entered-in-error",
            say("stall.voided", "the receiving side marked it as entered in error; nobody has the case"),
        ),
    }.get(
        handoff.status,
        ("untold", say("stall.untold", "it is over, but no message could tell the contact point so")),
    )
    return reason, text, handoff.changed_at


def _reason(handoff: OpenHandoff, at: datetime) -> tuple[str, Text, str] | None:
    day = at.date().isoformat()
    desk = handoff.desk
    waiting = handoff.status in (Status.REQUESTED, Status.RECEIVED)
    if desk.ended(day) or handoff.receiver.ended(day):
        ended = min(until for until in (desk.until, handoff.receiver.until) if until is not None and until <= day)
        text = say("stall.ended", "the contact point that holds it has ended")
        return "orphaned", text, max(_start(ended), handoff.sent_at)
    if desk.staffing is Staffing.HOLDER and desk.holders and not any(h.holds(day) for h in desk.holders):
        left = max((h.until for h in desk.holders if h.until and h.until <= day), default=day)
        return (
            "orphaned",
            say("stall.vacant", "nobody holds the contact point any more"),
            max(_start(left), handoff.sent_at),
        )
    if desk.staffing is Staffing.HOLDER and desk.holders and not any(h.answers(day) for h in desk.holders):
        left = max(away.since or day for h in desk.holders if h.holds(day) for away in h.away(day))
        text = say("stall.away", "who holds the contact point is away, and nobody stands in")
        return "orphaned", text, max(_start(left), handoff.sent_at)
    if handoff.avoid.bars_contact_point(desk, handoff.receiver):
        text = say("stall.avoided", "somebody whom the case avoids may hold it now")
        return "avoided", text, handoff.sent_at
    if not usable(weigh(desk, floor=handoff.confidentiality, at=at, avoid=handoff.avoid)):
        return (
            "unreachable",
            say("stall.unreachable", "no channel of the contact point can be used for it"),
            handoff.sent_at,
        )
    if handoff.form and handoff.form_submitted_at is None:
        if _passed(handoff.acknowledge_by, at):
            return (
                "form-not-submitted",
                say("stall.form", "the official form is not recorded as submitted"),
                handoff.acknowledge_by or "",
            )
        return None
    if handoff.status is Status.REQUESTED:
        if handoff.notice == "dead":
            return (
                "undelivered",
                say("stall.undeliverable", "no message could be delivered; it has to be phoned"),
                handoff.sent_at,
            )
        late = parse_instant(handoff.sent_at) + _UNDELIVERED_AFTER[handoff.priority]
        if handoff.notice == "pending" and at > late and not _passed(handoff.acknowledge_by, at):
            return "undelivered", say("stall.undelivered", "the notification has not gone out"), handoff.sent_at
        if _passed(handoff.acknowledge_by, at) and not _passed(handoff.decide_by, at):
            return (
                "unacknowledged",
                say("stall.unacknowledged", "nobody has acknowledged it"),
                handoff.acknowledge_by or "",
            )
    if waiting and _passed(handoff.decide_by, at):
        if handoff.status is Status.REQUESTED and handoff.acknowledge_by:
            return "unacknowledged", say("stall.unacknowledged", "nobody has acknowledged it"), handoff.acknowledge_by
        return "undecided", say("stall.undecided", "nobody has accepted or declined it"), handoff.decide_by or ""
    if handoff.status is Status.ON_HOLD and handoff.review_on is not None and handoff.review_on <= day:
        return "hold-expired", say("stall.hold", "the review of its hold is due"), _start(handoff.review_on)
    return None


def _passed(instant: str | None, at: datetime) -> bool:
    return instant is not None and parse_instant(instant) < at


def _start(day: str) -> str:
    # A slip in a roster's year must not stop the report of everything else.
    return f"{max(day, '1970-01-01')}T00:00:00.000Z"
