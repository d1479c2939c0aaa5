"""When a message goes out: at once, or a little later so that nobody is disturbed without need.

A channel that makes a device ring is not used outside its hours for what can wait. Mail is taken at any hour: its hours
say when somebody reads. Who answers at a contact point may want what is routine at some times of day, together.

Nothing here is quieter than the priority allows: ``asap`` and ``stat`` wait for nothing. Nothing that rings or asks for
something waits past the time in which its step has to be delivered or acknowledged, and nothing for more than a day.
What could only go out too late goes out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.clock import format_instant
from relaypoint.domain.words import ChannelKind, Priority

#: Kinds that make a device ring.
RINGING: Final = frozenset({ChannelKind.SMS, ChannelKind.MESSENGER})

#: Nothing waits for longer, whatever it waits for.
LONGEST: Final = timedelta(hours=24)

#: What asks for something waits for a time of day only if so much is left then: it has to be read and answered too.
MARGIN: Final = timedelta(hours=1)

#: Kinds of messages that ask nothing of who reads them.
TELLING: Final = frozenset({"moved", "handed-over"})

#: When a working day begins for who wants to be told then of what asks for nothing, and has set no time.
MORNING: Final = time(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message that is to go out: ``begun`` is when it was promised, or put in again; ``deadlines`` are those of its
    step that run, for it to be delivered and acknowledged."""

    priority: Priority
    kind: str
    begun: datetime
    deadlines: tuple[datetime, ...] = ()

    def ahead(self, at: datetime) -> tuple[datetime, ...]:
        """The deadlines that were not missed yet at that moment."""
        return tuple(each for each in self.deadlines if each > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who answers at a contact point first on the day, and what they want. ``digest`` are times of day (``HH:MM``);
    ``important_only``: what asks for nothing may wait; ``on_duty``: it is their turn on a rota."""

    language: str | None = None
    digest: tuple[str, ...] = ()
    important_only: bool = False
    on_duty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with a message now. It waits until ``until``, for the cause ``why`` (``closed`` or ``digest``); None:
    it goes out. ``gathered``: what waited for a time of day has come to it, and goes out with what waited with it.

    ``channels`` are those of the contact point; one that is kept shut is barred, as ``closed until`` with the instant.
    ``opens`` is when the first of these opens: what no other channel takes waits for that.
    """

    channels: tuple[ChannelUse, ...]
    until: datetime | None = None
    why: str | None = None
    opens: datetime | None = None
    gathered: bool = False


def plan(
    sending: Sending, uses: Sequence[ChannelUse], at: datetime, calendar: Calendar, reader: Reader | None = None
) -> Plan:
    """``uses`` are the contact point's channels, weighed for the case at that moment, in the order of trying;
    ``calendar`` is its own; ``reader`` None: nobody is known who answers there."""
    together = _together(sending, calendar, reader) if reader else None
    # What nothing carries is said at once.
    if together and at < together and any(use.carries_message for use in uses):
        return Plan(channels=tuple(uses), until=together, why="digest")
    channels, opens = _kept_shut(sending, tuple(uses), at)
    shut = opens is not None and not any(use.carries_message for use in channels)
    return Plan(
        channels=channels,
        until=opens if shut else None,
        why="closed" if shut else None,
        opens=opens,
        gathered=together is not None,
    )


def _together(sending: Sending, calendar: Calendar, reader: Reader) -> datetime | None:
    """The time of day that it waits for; None where it waits for none. Counted from when it began to wait, so that the
    answer is the same whenever it is asked for."""
    telling = sending.kind in TELLING
    if sending.priority is not Priority.ROUTINE or reader.on_duty:
        return None
    if reader.digest:
        at = _next(sending.begun, calendar, [time.fromisoformat(each) for each in reader.digest])
    elif reader.important_only and telling:
        at = _next(sending.begun, calendar, [MORNING], working=True)
    else:
        return None
    if at is None or at == sending.begun or at - sending.begun > LONGEST:
        return None
    due = sending.ahead(sending.begun)
    return at if telling or (due and at + MARGIN <= min(due)) else None


def _next(begun: datetime, calendar: Calendar, times: Sequence[time], *, working: bool = False) -> datetime | None:
    """The first of these times of day from then on, on the clock of the calendar; ``working``: of a working day. None:
    not on this day, nor on the next two. Of a time that comes twice the first is meant; one that is left out comes as
    much later."""
    zone = ZoneInfo(calendar.time_zone)
    today = begun.astimezone(zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(3)]
    found = (
        datetime.combine(day, each, tzinfo=zone).astimezone(UTC)
        for day in days
        if not working or calendar.works_on(day)
        for each in times
    )
    return min((each for each in found if each >= begun), default=None)


def _kept_shut(
    sending: Sending, uses: tuple[ChannelUse, ...], at: datetime
) -> tuple[tuple[ChannelUse, ...], datetime | None]:
    """The channels, those barred that would ring outside their hours; and when the first of these opens. Where that
    is too late none is barred; one that never opens is used only where there is no other."""
    if sending.priority.level >= Priority.ASAP.level:
        return uses, None
    shut = [use for use in uses if use.carries_message and use.channel.kind in RINGING and use.open is False]
    opens = min((use.opens_at for use in shut if use.opens_at), default=None)
    if opens is None:
        if not any(use.carries_message and use not in shut for use in uses):
            return uses, None
    elif opens - sending.begun > LONGEST or any(opens >= each for each in sending.ahead(at)):
        return uses, None
    return tuple(replace(use, barred=_closed(use)) if use in shut else use for use in uses), opens


def _closed(use: ChannelUse) -> str:
    return f"closed until {format_instant(use.opens_at)}" if use.opens_at else "closed"
