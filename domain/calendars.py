"""Opening hours and working time of a contact point, in its own time zone.

Hours are written as in OpenStreetMap's ``opening_hours``. They are read on the wall clock of the zone, and an instant
counts as open when the wall clock shows an open time; so an hour that the clocks repeat counts twice, and one that
they skip does not exist.

On a public holiday of the calendar's code nobody is there, from midnight to midnight, except where the hours are 24/7
or speak of public holidays (``PH``) themselves. Hours that cannot be judged from the calendar alone (school holidays,
the sun, an open end, a fallback rule, by appointment) are unknown, never guessed. Working time is the open time; for a
year in which no open time is known it is the ordinary working week.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from relaypoint.domain.clock import Duration
from relaypoint.domain.errors import Invalid
from relaypoint.domain.hours import TICK, Kind, Span, public_holidays, read_hours, wall_hours

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = 3_600_000_000
_DAY: Final = 24 * _HOUR
#: How far to look for an opening: hours for 29 February come round after eight years at the latest.
_AHEAD: Final = 9
#: How far a deadline may lie off. 9999 weeks, the longest duration that can be written, are 192 years.
_FAR: Final = 200


@dataclass(frozen=True)
class Calendar:
    """``time_zone`` is an IANA name; ``hours`` None means unknown; ``holidays`` a code such as GB-SCT or US.

    Raises Invalid where one of them cannot be read. Every method takes aware datetimes and answers in UTC.
    """

    time_zone: str
    hours: str | None = None
    holidays: str | None = None

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(
                "calendar.time-zone",
                "'{value}' is not a time zone.",
                path=("time_zone",),
                remedy="Use a name of the IANA list, such as Europe/London.",
                value=self.time_zone[:60],
            ) from None
        if self.hours is not None:
            read_hours(self.hours)
        if self.holidays is not None:
            public_holidays(self.holidays, 2026)

    @property
    def text(self) -> str:
        """What two calendars have in common that count alike."""
        return "|".join((self.time_zone, self.holidays or "", self.hours or ""))

    def is_open(self, at: datetime) -> bool | None:
        """None where it is not known."""
        now = _ticks(at)
        if self._table("open", self._year(at)).covers(now):
            return True
        return None if self._table("unknown", self._year(at)).covers(now) else False

    def next_opening(self, at: datetime) -> datetime | None:
        """The first instant from ``at`` on at which it is open: ``at`` itself while it is. None: unknown, or never."""
        return next((_instant(start) for start, _ in self._spans("open", at, _AHEAD)), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """The end of the present opening or, while closed, of the next one. None: unknown, or no end in sight."""
        end: int | None = None
        for start, until in self._spans("open", at, _AHEAD):
            if end is not None and start > end:
                break
            end = until
        last = _ticks(datetime(self._year(at) + _AHEAD, 1, 1, tzinfo=UTC)) - 2 * _DAY
        return None if end is None or end > last else _instant(end)

    def is_holiday(self, day: date) -> bool:
        return self.holidays is not None and day in public_holidays(self.holidays, day.year)

    def works_on(self, day: date) -> bool:
        """Whether there is any working time on that local day."""
        return bool(self._day(day))

    def working_hours_between(self, start: datetime, end: datetime) -> float:
        """Working time from ``start`` to ``end`` in hours; negative when ``end`` comes first."""
        if end < start:
            return -self.working_hours_between(end, start)
        tables = (self._table("work", year) for year in range(self._year(start), self._year(end) + 1))
        return sum(table.until(_ticks(end)) - table.until(_ticks(start)) for table in tables) / _HOUR

    def add_working(self, start: datetime, amount: timedelta | Duration) -> datetime:
        """When that much working time has passed. A start outside working time counts from the next opening.

        A timedelta, and the hours of a Duration, are working time. A day is a working day: the same time on the local
        clock, cut back to that day's hours. A week is the same weekday, or the next working day after it. Raises
        Invalid where that lies more than 200 years off, and for less than nothing.
        """
        if isinstance(amount, timedelta):
            amount = Duration(time=amount)
        if min(amount.weeks, amount.days) < 0 or amount.time < timedelta():
            raise Invalid(
                "calendar.negative", "A deadline cannot lie before its start.", remedy="Use a positive duration."
            )
        days = bool(amount.weeks or amount.days)
        at = self._after_days(start, amount) if days else start
        return at if days and not amount.time else self._after_time(at, amount.time // TICK)

    def _after_time(self, at: datetime, left: int) -> datetime:
        for start, end in self._spans("work", at, _FAR):
            if left <= end - start:
                return _instant(start + left)
            left -= end - start
        raise _too_far()

    def _after_days(self, at: datetime, amount: Duration) -> datetime:
        zone = ZoneInfo(self.time_zone)
        opening = self._after_time(at, 0).astimezone(zone)
        day = opening.date() + timedelta(weeks=amount.weeks)
        if amount.weeks:
            day = self._working_day(day)
        for _ in range(amount.days):
            day = self._working_day(day + timedelta(days=1))
            if day.year > opening.year + _FAR:
                raise _too_far()
        # fold=0: of a clock time that comes twice the first, which is the stricter deadline.
        target = _ticks(datetime.combine(day, opening.time().replace(fold=0), tzinfo=zone))
        spans = self._day(day)
        return _instant(max((min(target, end) for start, end in spans if start <= target), default=spans[0][0]))

    def _working_day(self, day: date) -> date:
        while not self._day(day):
            day += timedelta(days=1)
        return day

    def _day(self, day: date) -> list[Span]:
        """The working spans of one local day."""
        midnight = (day - _EPOCH.date()).days * _DAY
        wall = wall_hours(self.hours, self.holidays, day.year, "work")
        # Wall spans lie in order and apart, so that those of the day are next to each other.
        first = bisect_right(wall, midnight, key=lambda span: span[1])
        last = bisect_right(wall, midnight + _DAY - 1, key=lambda span: span[0])
        cut = [(max(start, midnight), min(end, midnight + _DAY)) for start, end in wall[first:last]]
        return _on_the_clock(cut, self.time_zone, day.year)

    def _spans(self, kind: Kind, at: datetime, years: int) -> Iterator[Span]:
        """Spans of that kind from ``at`` on, the first cut to start there. Two may touch where years meet."""
        now, first = _ticks(at), self._year(at)
        for year in range(first, first + years):
            table = self._table(kind, year)
            for index in range(bisect_right(table.ends, now), len(table.ends)):
                yield max(table.starts[index], now), table.ends[index]

    def _table(self, kind: Kind, year: int) -> _Table:
        return _table(self.time_zone, self.hours, self.holidays, year, kind)

    def _year(self, at: datetime) -> int:
        return at.astimezone(ZoneInfo(self.time_zone)).year


class _Table(NamedTuple):
    """The spans of one local year; ``before`` is the sum of all earlier ones."""

    starts: list[int]
    ends: list[int]
    before: list[int]

    def until(self, now: int) -> int:
        """How much of them has passed."""
        index = bisect_right(self.starts, now) - 1
        return 0 if index < 0 else self.before[index] + min(now, self.ends[index]) - self.starts[index]

    def covers(self, now: int) -> bool:
        index = bisect_right(self.starts, now) - 1
        return index >= 0 and now < self.ends[index]


@lru_cache(maxsize=2048)
def _table(time_zone: str, hours: str | None, holidays: str | None, year: int, kind: Kind) -> _Table:
    table = _Table([], [], [])
    total = 0
    for start, end in _on_the_clock(wall_hours(hours, holidays, year, kind), time_zone, year):
        table.starts.append(start)
        table.ends.append(end)
        table.before.append(total)
        total += end - start
    return table


def _on_the_clock(wall: Iterable[Span], time_zone: str, year: int) -> list[Span]:
    """Wall spans of one local year as spans of real time, in order, touching ones joined."""
    found: list[Span] = []
    for begin, end, offset in _offsets(time_zone, year):
        for start, until in wall:
            span = max(start - offset, begin), min(until - offset, end)
            if span[0] >= span[1]:
                continue
            if found and found[-1][1] == span[0]:
                span = found.pop()[0], span[1]
            found.append(span)
    return found


@lru_cache(maxsize=1024)
def _offsets(time_zone: str, year: int) -> list[tuple[int, int, int]]:
    """``begin, end, offset`` of each stretch between changes of the clocks, from before that year to after it."""
    zone = ZoneInfo(time_zone)

    def offset(now: int) -> int:
        return (_instant(now).astimezone(zone).utcoffset() or timedelta()) // TICK

    begin = _ticks(datetime(year, 1, 1, tzinfo=UTC)) - 2 * _DAY
    last = _ticks(datetime(year + 1, 1, 1, tzinfo=UTC)) + 2 * _DAY
    stretches: list[tuple[int, int, int]] = []
    for day in range(begin, last, _DAY):
        low, high = day, day + _DAY
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(day) else (low, middle)
        stretches.append((begin, high, offset(day)))
        begin = high
    return [*stretches, (begin, last, offset(last))]


def _ticks(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a datetime without time zone is not an instant")
    return (at - _EPOCH) // TICK


def _instant(ticks: int) -> datetime:
    return _EPOCH + ticks * TICK


def _too_far() -> Invalid:
    return Invalid("calendar.too-far", "That deadline lies too far off.", remedy="Use a shorter duration.")
