"""When each stage of a handoff is due, and how old something is.

A handoff has five deadlines: delivered, acknowledged, decided, started and completed. The first three run from when
it was sent, the fourth from its acceptance, the last from its start. ``stat`` and ``asap`` run on the clock, day and
night; the others on the receiver's working calendar. A pathway's own durations are what its partners agreed, so they
stand in place of the defaults, but for one: an emergency is never acknowledged later than the default asks, for an aim
written for everyday cases must not slow it down. While the receiver waits for an answer to what it asked, its clocks
stand still.

They are counted when the handoff moves, and anew when the calendar that they were counted on has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import Duration, Instant, format_instant, parse_duration, parse_instant, shortest
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import ARRIVED, Status, accepted_by_phone
from relaypoint.domain.hours import WORKING_WEEK
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import Priority

Basis: TypeAlias = Literal["clock", "working"]


class Default(NamedTuple):
    """ISO 8601 durations, on the clock or in working time; ``deliver`` always on the clock."""

    deliver: str
    acknowledge: str
    decide: str
    start: str
    complete: str
    basis: Basis


DEFAULTS: Final[Mapping[Priority, Default]] = MappingProxyType(
    {
        Priority.STAT: Default("PT5M", "PT15M", "PT1H", "PT4H", "P30D", "clock"),
        Priority.ASAP: Default("PT15M", "PT1H", "PT4H", "P1D", "P30D", "clock"),
        Priority.URGENT: Default("PT1H", "PT4H", "P1D", "P3D", "P60D", "working"),
        Priority.ROUTINE: Default("PT4H", "P1D", "P3D", "P10D", "P90D", "working"),
    }
)


#: So much later than in a usual working week a deadline in working time may lie, however seldom a desk is open.
LATEST: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """``acknowledge_by`` is never later than ``decide_by``. None: that clock has not begun."""

    acknowledge_by: Instant
    decide_by: Instant
    basis: Basis
    deliver_by: Instant = ""
    start_by: Instant | None = None
    complete_by: Instant | None = None


@dataclass(frozen=True, slots=True)
class Age:
    """Hours, never below zero."""

    clock_hours: float
    working_hours: float


class Agreed(NamedTuple):
    """ISO 8601 durations that partners agreed on; None: the default of the priority."""

    acknowledge_within: str | None = None
    decide_within: str | None = None
    start_within: str | None = None
    complete_within: str | None = None

    def over(self, other: Agreed) -> Agreed:
        """These, and where they name none the other ones."""
        return Agreed(*(mine or theirs for mine, theirs in zip(self, other, strict=True)))


AS_USUAL: Final = Agreed()


def agreed(*rules: Agreed) -> Agreed:
    """Of several, the shortest of each."""
    return Agreed(*(shortest(each) for each in zip(*rules, strict=True))) if rules else AS_USUAL


def deadlines(
    priority: Priority,
    sent_at: datetime | Instant,
    calendar: Calendar,
    acknowledge_within: str | None = None,
    decide_within: str | None = None,
    start_within: str | None = None,
    complete_within: str | None = None,
    *,
    accepted_at: Instant | None = None,
    started_at: Instant | None = None,
    pauses: Sequence[tuple[Instant, Instant]] = (),
) -> Deadlines:
    """``calendar`` is the receiver's; the durations are the pathway's, None where it names none. ``pauses`` are the
    times, in order, in which the receiver's clocks stood still.

    Raises Invalid for a duration that cannot be read, with the name of its field as path.
    """
    default = DEFAULTS[priority]
    sent = _at(sent_at)

    def due(begun: datetime, within: str, field: str) -> datetime:
        duration = parse_duration(within, path=(field,))
        return waited(begun, duration, calendar, working=default.basis == "working", pauses=pauses)

    usual = due(sent, default.acknowledge, "acknowledge_within")
    decide = due(sent, decide_within or default.decide, "decide_within")
    acknowledge = usual
    if acknowledge_within:
        acknowledge = due(sent, acknowledge_within, "acknowledge_within")
        if default.basis == "clock":
            acknowledge = min(acknowledge, usual)
    start = due(_at(accepted_at), start_within or default.start, "start_within") if accepted_at else None
    complete = due(_at(started_at), complete_within or default.complete, "complete_within") if started_at else None
    return Deadlines(
        acknowledge_by=format_instant(min(acknowledge, decide)),
        decide_by=format_instant(decide),
        basis=default.basis,
        deliver_by=deliver_by(priority, sent),
        start_by=format_instant(start) if start else None,
        complete_by=format_instant(complete) if complete else None,
    )


#: Of a handoff in that status, the deadlines that still run. What has been met, or missed, stays as it was.
RUNNING: Final[Mapping[Status, tuple[str, ...]]] = {
    Status.REQUESTED: ("deliver_by", "acknowledge_by", "decide_by"),
    Status.RECEIVED: ("decide_by",),
    Status.ACCEPTED: ("start_by",),
    Status.IN_PROGRESS: ("complete_by",),
}


def counted(priority: Priority, handoff: Mapping[str, Any], calendar: Calendar) -> dict[str, Any]:
    """The deadlines of a handoff that run as it stands, and the calendar that they are counted on, as it stores them.

    ``handoff`` has the names of ``domain.handoffs.STATE`` and ``TERMS``. Where an official form is the referral, the
    receiver's clock starts when it was submitted. What was accepted on the phone, as its sender reports, is to begin as
    if it had been accepted then, and is to be completed as if it had begun when the person arrived; that it is still to
    be decided stays as it is.
    """
    running = RUNNING.get(Status(handoff["status"]))
    if running is None:
        return {}
    accepted_at, started_at = handoff.get("accepted_at"), handoff.get("started_at")
    if accepted_by_phone(handoff):
        running, accepted_at = (*running, "start_by"), handoff["phoned_at"]
        if handoff.get("arrival") == ARRIVED:
            running, started_at = (*running, "complete_by"), handoff["arrival_at"]
    due = deadlines(
        priority,
        handoff["form_submitted_at"] or handoff["sent_at"],
        calendar,
        *(handoff.get(name) for name in Agreed._fields),
        accepted_at=accepted_at,
        started_at=started_at,
        pauses=pauses_of(handoff.get("pauses")),
    )
    return {**{name: getattr(due, name) for name in running}, "calendar": calendar.text}


def recounted(priority: Priority, handoff: Mapping[str, Any], calendar: Calendar, at: datetime) -> dict[str, Any]:
    """The same, counted anew at a moment because the calendar may be another one now. What was missed by then stays
    missed: its hours are the desk's own to change."""
    return counted(priority, handoff, calendar) | _missed(handoff, format_instant(at))


def _missed(handoff: Mapping[str, Any], at: Instant) -> dict[str, Instant]:
    running = RUNNING.get(Status(handoff["status"]), ())
    told = {name: due for name in (*running, "start_by", "complete_by") if (due := handoff.get(name)) and due < at}
    # While the receiver waits for an answer its clocks stand still.
    asked = handoff.get("asked_at")
    return {name: due for name, due in told.items() if not (asked and asked <= due)}


def pauses_of(text: str | None) -> tuple[tuple[Instant, Instant], ...]:
    """What a handoff stores of the times in which its clocks stood still, in order. A question and a hold may lie over
    each other: what overlaps or touches is one."""
    found: list[tuple[Instant, Instant]] = []
    for begun, _, ended in sorted(each.partition("/") for each in (text or "").split()):
        if found and begun <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ended))
        else:
            found.append((begun, ended))
    return tuple(found)


def deliver_by(priority: Priority, sent_at: datetime | Instant) -> Instant:
    """By when the notification has to be out; on the clock."""
    return format_instant(_at(sent_at) + parse_duration(DEFAULTS[priority].deliver).elapsed)


def answer_due(priority: Priority, asked_at: datetime) -> Instant:
    """By when its sender answers what the receiver asked: as long as a message of that priority takes to be
    acknowledged, on the clock, for a sender's hours are not those of its case."""
    return format_instant(asked_at + parse_duration(DEFAULTS[priority].acknowledge).elapsed)


#: So long a body has to say that it has erased what it knows of a person who wants that, or why it has to keep it.
ERASE_WITHIN: Final = timedelta(days=14)


def erase_due(asked_at: Instant) -> Instant:
    """By when that is answered, on the clock; the law's month is the sender's, who has to answer the person."""
    return format_instant(parse_instant(asked_at) + ERASE_WITHIN)


def agreed_time(priority: Priority, agreed: Agreed) -> str | None:
    """In how much time task forces decide, as they agreed; None: as is usual, where that is sooner as well."""
    decided = agreed_times(priority, agreed).decide_within
    return decided if decided == agreed.decide_within else None


def agreed_times(priority: Priority, agreed: Agreed) -> Agreed:
    """What task forces agreed. Where time presses, nothing is due later than is usual: it was agreed for everyday
    cases."""
    default = DEFAULTS[priority]
    if default.basis == "working":
        return agreed
    return Agreed(
        agreed.acknowledge_within,
        shortest((agreed.decide_within, default.decide)),
        shortest((agreed.start_within, default.start)),
        shortest((agreed.complete_within, default.complete)),
    )


def in_all(priority: Priority, steps: Sequence[str | None]) -> Text:
    """In how much time a case is decided that takes these steps one after the other: the sum of their durations; None
    is the default of the priority."""
    default = DEFAULTS[priority]
    total = Duration()
    for step in steps:
        each = parse_duration(step or default.decide)
        total = Duration(total.weeks + each.weeks, total.days + each.days, total.time + each.time)
    told = duration_told(total, working=default.basis == "working")
    if default.basis == "clock" and (total.days or total.weeks):
        return say("duration.by-the-clock", "{time} by the clock, as the priority asks", time=told)
    return told


def age(at: datetime | Instant, since: datetime | Instant, calendar: Calendar) -> Age:
    """How long ago ``since`` was, on the clock and in the calendar's working time; nothing if it is still to come."""
    now, then = _at(at), _at(since)
    if now <= then:
        return Age(0.0, 0.0)
    return Age((now - then).total_seconds() / 3600, calendar.working_hours_between(then, now))


def waited(
    since: datetime,
    duration: Duration,
    calendar: Calendar,
    *,
    working: bool,
    pauses: Sequence[tuple[Instant, Instant]] = (),
    later: timedelta = LATEST,
) -> datetime:
    """When so much time has passed, on the clock or of the desk's working time, but for the ``pauses``.

    Hours are the receiver's to say, and no way to put off an answer: it is at most that much ``later`` than in a usual
    working week.
    """
    if not working:
        return _paused(since + duration.elapsed, since, None, pauses)
    usual = replace(calendar, hours=WORKING_WEEK)
    latest = _paused(usual.add_working(since, duration), since, usual, pauses) + later
    try:
        return min(_paused(calendar.add_working(since, duration), since, calendar, pauses), latest)
    except Invalid:
        return latest  # The desk opens too seldom for it to be looked for.


def _paused(
    due: datetime, begun: datetime, calendar: Calendar | None, pauses: Sequence[tuple[Instant, Instant]]
) -> datetime:
    """Later by what of its time the pauses took, on the clock where no calendar is given; a pause that began once it
    had passed changes nothing."""
    for since, until in pauses:
        start, end = max(begun, _at(since)), _at(until)
        if start >= due or end <= start:
            continue
        if calendar is None:
            due += end - start
        else:
            left = calendar.working_hours_between(start, due)
            due = calendar.add_working(end, timedelta(milliseconds=round(left * 3_600_000)))
    return due


def _at(at: datetime | Instant) -> datetime:
    return parse_instant(at) if isinstance(at, str) else at


def duration_told(duration: Duration, *, working: bool) -> Text:
    """In words; ``working``: its days and hours are those of a working calendar."""
    hours, minutes = divmod(duration.time // timedelta(minutes=1), 60)
    parts = [
        _count("duration.weeks", "{count} weeks", "1 week", duration.weeks),
        _count("duration.working-days", "{count} working days", "1 working day", duration.days)
        if working
        else _count("duration.days", "{count} days", "1 day", duration.days),
        _count("duration.working-hours", "{count} working hours", "1 working hour", hours)
        if working
        else _count("duration.hours", "{count} hours", "1 hour", hours),
        _count("duration.minutes", "{count} minutes", "1 minute", minutes),
    ]
    return listed(part for part in parts if part is not None)


def minutes_told(minutes: int) -> Text:
    """So many minutes on the clock, in words; from two days on to the day."""
    days = minutes // (24 * 60)
    if days >= 2:
        return duration_told(Duration(days=days), working=False)
    return duration_told(Duration(time=timedelta(minutes=max(1, minutes))), working=False)


def _count(message_id: str, many: str, one: str, count: int) -> Text | None:
    if count == 0:
        return None
    return say(f"{message_id}.one", one) if count == 1 else say(message_id, many, count=count)
