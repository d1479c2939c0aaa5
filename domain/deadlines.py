"""When a handoff has to be acknowledged and decided, and how old something is. Counted once, when it is sent.

``stat`` and ``asap`` run on the clock, day and night; the others on the receiver's working calendar. A pathway's own
durations are what its partners agreed, so they stand in place of the defaults, but for one: an emergency
is never acknowledged later than the default asks, for an aim written for everyday cases must not slow it down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import Duration, Instant, format_instant, parse_duration, parse_instant, shortest
from relaypoint.domain.errors import Invalid
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import Priority

Basis: TypeAlias = Literal["clock", "working"]


class Default(NamedTuple):
    """ISO 8601 durations, on the clock or in working time."""

    acknowledge: str
    decide: str
    basis: Basis


DEFAULTS: Final[Mapping[Priority, Default]] = MappingProxyType(
    {
        Priority.STAT: Default("PT15M", "PT1H", "clock"),
        Priority.ASAP: Default("PT1H", "PT4H", "clock"),
        Priority.URGENT: Default("PT4H", "P1D", "working"),
        Priority.ROUTINE: Default("P1D", "P3D", "working"),
    }
)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """``acknowledge_by`` is never later than ``decide_by``."""

    acknowledge_by: Instant
    decide_by: Instant
    basis: Basis


@dataclass(frozen=True, slots=True)
class Age:
    """Hours, never below zero."""

    clock_hours: float
    working_hours: float


class Agreed(NamedTuple):
    """ISO 8601 durations that partners agreed on; None: the default of the priority."""

    acknowledge_within: str | None = None
    decide_within: str | None = None


AS_USUAL: Final = Agreed()


def agreed(*rules: Agreed) -> Agreed:
    """Of several, the shorter one each."""
    return Agreed(shortest(each.acknowledge_within for each in rules), shortest(each.decide_within for each in rules))


def deadlines(
    priority: Priority,
    sent_at: datetime | Instant,
    calendar: Calendar,
    acknowledge_within: str | None = None,
    decide_within: str | None = None,
) -> Deadlines:
    """``calendar`` is the receiver's; the durations are the pathway's, None where it names none.

    Raises Invalid for a duration that cannot be read, with the name of its field as path.
    """
    default = DEFAULTS[priority]
    sent = _at(sent_at)
    usual = _due(sent, default.acknowledge, default.basis, calendar, "acknowledge_within")
    decide = _due(sent, decide_within or default.decide, default.basis, calendar, "decide_within")
    acknowledge = usual
    if acknowledge_within:
        acknowledge = _due(sent, acknowledge_within, default.basis, calendar, "acknowledge_within")
        if default.basis == "clock":
            acknowledge = min(acknowledge, usual)
    return Deadlines(format_instant(min(acknowledge, decide)), format_instant(decide), default.basis)


def agreed_time(priority: Priority, agreed: Agreed) -> str | None:
    """In how much time task forces decide, as they agreed. Where time presses, no later than is usual: it was agreed
    for everyday cases. None: as is usual."""
    default = DEFAULTS[priority]
    return shortest((agreed.decide_within, default.decide)) if default.basis == "clock" else agreed.decide_within


def in_all(priority: Priority, steps: Sequence[str | None]) -> Text:
    """In how much time a case is decided that takes these steps one after the other: the sum of their durations; None
    is the default of the priority."""
    default = DEFAULTS[priority]
    total = Duration()
    for step in steps:
        each = parse_duration(step or default.decide)
        total = Duration(total.weeks + each.weeks, total.days + each.days, total.time + each.time)
    return duration_told(total, working=default.basis == "working")


def age(at: datetime | Instant, since: datetime | Instant, calendar: Calendar) -> Age:
    """How long ago ``since`` was, on the clock and in the calendar's working time; nothing if it is still to come."""
    now, then = _at(at), _at(since)
    if now <= then:
        return Age(0.0, 0.0)
    return Age((now - then).total_seconds() / 3600, calendar.working_hours_between(then, now))


def _due(sent: datetime, within: str, basis: Basis, calendar: Calendar, field: str) -> datetime:
    duration = parse_duration(within, path=(field,))
    try:
        return sent + duration.elapsed if basis == "clock" else calendar.add_working(sent, duration)
    except Invalid as problem:
        problem.path = (field,)
        raise


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
