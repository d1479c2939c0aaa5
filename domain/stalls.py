"""When a handoff has gone silent, why, and whom to turn to. Derived at any instant from what is stored; never a status.

A stalled handoff always has a reason, an age, who holds it now, and the steps that can be taken next, each with its
channel. A step never leads to whom the case avoids, nor over a channel that is not safe enough for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, usable, weigh
from relaypoint.domain.clock import parse_instant
from relaypoint.domain.deadlines import Age, age
from relaypoint.domain.handoffs import Status
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import MESSAGE_KINDS, Confidentiality, Priority, Staffing

#: A notification that is still on its way is a stall for these once this long has passed.
_UNDELIVERED_AFTER = {
    Priority.STAT: timedelta(minutes=5),
    Priority.ASAP: timedelta(minutes=15),
    Priority.URGENT: timedelta(hours=1),
    Priority.ROUTINE: timedelta(hours=4),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHandoff:
    """What the report needs of one open handoff. Instants are texts, ``coordinators`` come nearest first."""

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
    other_desks: tuple[ContactPoint, ...] = ()
    coordinators: tuple[tuple[ContactPoint, Organization], ...] = ()
    hotlines: tuple[tuple[ContactPoint, Organization], ...] = ()
    avoid: Avoid = field(default_factory=Avoid)


@dataclass(frozen=True, slots=True)
class NextStep:
    """``role`` is same-desk, other-desk, coordinator, hotline or sender; the sender's step has no desk or channel."""

    role: str
    text: Text
    contact_point: ContactPoint | None = None
    organization: str | None = None
    channel: ChannelUse | None = None


@dataclass(frozen=True, slots=True)
class Stall:
    """``due`` is the instant that was missed; ``age`` runs from there."""

    handoff: OpenHandoff
    reason: str
    text: Text
    due: str
    age: Age
    next_steps: tuple[NextStep, ...]


def stall(handoff: OpenHandoff, at: datetime) -> Stall | None:
    """The first of the reasons that holds at that moment, gravest first; None while all is well."""
    found = _reason(handoff, at)
    if found is None:
        return None
    reason, text, due = found
    return Stall(
        handoff=handoff,
        reason=reason,
        text=text,
        due=due,
        age=age(at, parse_instant(due), handoff.desk.calendar),
        next_steps=tuple(_next_steps(handoff, reason, at)),
    )


def _reason(handoff: OpenHandoff, at: datetime) -> tuple[str, Text, str] | None:
    day = at.date().isoformat()
    desk = handoff.desk
    waiting = handoff.status in (Status.REQUESTED, Status.RECEIVED)
    if desk.ended(day) or handoff.receiver.ended(day):
        ended = min(until for until in (desk.until, handoff.receiver.until) if until is not None and until <= day)
        return "orphaned", say("stall.ended", "the contact point that holds it has ended"), _start(ended)
    if desk.staffing is Staffing.HOLDER and desk.holders and not any(h.holds(day) for h in desk.holders):
        left = max((h.until for h in desk.holders if h.until and h.until <= day), default=day)
        return (
            "orphaned",
            say("stall.vacant", "nobody holds the contact point any more"),
            max(_start(left), handoff.sent_at),
        )
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


def _next_steps(handoff: OpenHandoff, reason: str, at: datetime) -> list[NextStep]:
    """In the order in which to try them. The last resort is always the sender, who can send it elsewhere."""
    steps: list[NextStep] = []
    if reason == "form-not-submitted":
        return [
            NextStep("sender", say("next.form", "Submit the official form: {form}; then record it.", form=handoff.form))
        ]
    if reason not in ("orphaned", "avoided"):
        own = _reach(handoff, handoff.desk, handoff.receiver, at, by_voice=True)
        if own:
            steps.append(
                NextStep(
                    "same-desk",
                    say("next.same-desk", "Contact the desk that holds it."),
                    handoff.desk,
                    handoff.receiver.name,
                    own,
                )
            )
    for role, text, reachable in (
        ("other-desk", say("next.other-desk", "Turn to the organization's other contact point."), _others(handoff)),
        (
            "coordinator",
            say("next.coordinator", "Ask the coordinator of the task force to step in."),
            handoff.coordinators,
        ),
        ("hotline", say("next.hotline", "Ask the national hotline for advice."), handoff.hotlines),
    ):
        for desk, organization in reachable:
            if handoff.avoid.bars_contact_point(desk, organization) or not (
                desk.holds(at.date().isoformat()) and organization.holds(at.date().isoformat())
            ):
                continue
            channel = _reach(handoff, desk, organization, at, by_voice=role != "coordinator")
            if channel:
                steps.append(NextStep(role, text, desk, organization.name, channel))
    steps.append(NextStep("sender", say("next.sender", "Find another contact point and send the referral there.")))
    return steps


def _others(handoff: OpenHandoff) -> Sequence[tuple[ContactPoint, Organization]]:
    return [(desk, handoff.receiver) for desk in handoff.other_desks]


def _reach(
    handoff: OpenHandoff, desk: ContactPoint, organization: Organization, at: datetime, *, by_voice: bool
) -> ChannelUse | None:
    """The channel to use. A message went unanswered, so one by voice comes first where there is one open now."""
    if handoff.avoid.bars_contact_point(desk, organization):
        return None
    may = usable(weigh(desk, floor=handoff.confidentiality, at=at, avoid=handoff.avoid))
    if by_voice:
        may.sort(key=lambda use: (not use.usable_now, use.channel.kind in MESSAGE_KINDS))
    return may[0] if may else None


def _passed(instant: str | None, at: datetime) -> bool:
    return instant is not None and parse_instant(instant) < at


def _start(day: str) -> str:
    # A slip in a roster's year must not stop the report of everything else.
    return f"{max(day, '1970-01-01')}T00:00:00.000Z"
