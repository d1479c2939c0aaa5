"""Instants, durations and the clock. Nothing asks for the time in passing: a ``Clock`` is handed in.

An instant is text of 24 characters, ``2026-11-23T20:08:41.123Z``: UTC, so that the order of the texts is that of time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

import isodate  # type: ignore[import-untyped, unused-ignore]

from relaypoint.domain.errors import Invalid

Instant: TypeAlias = str
Clock: TypeAlias = Callable[[], datetime]

_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
#: Four digits at most: what is longer is a slip of the pen, and no deadline.
_DURATION: Final = re.compile(r"P(?:([0-9]{1,4})W|(?:([0-9]{1,4})D)?(T(?:[0-9]{1,4}(?:\.[0-9]{1,3})?[HMS]){1,3})?)")
#: Within these years every zone and holiday calendar can be counted, and a sum of durations stays a date.
YEARS: Final = range(1970, 3000)


@dataclass(frozen=True, slots=True)
class Duration:
    """Weeks, days and hours kept apart: on a working calendar a day is a working day, and not 24 working hours."""

    weeks: int = 0
    days: int = 0
    time: timedelta = timedelta()

    @property
    def elapsed(self) -> timedelta:
        """Its length on the clock, where a day has 24 hours."""
        return timedelta(weeks=self.weeks, days=self.days) + self.time


def format_instant(at: datetime) -> Instant:
    """The instant of an aware datetime, cut to the millisecond. A naive one is a fault of the caller: ValueError."""
    return _aware(at).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """An aware UTC datetime. Takes any offset, and a time without fractions or seconds. Raises Invalid for the rest."""
    if _INSTANT.fullmatch(text):
        try:
            at = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            if at.year in YEARS:
                return at
    raise Invalid(
        "clock.instant",
        "'{value}' is not an instant.",
        remedy="Write date, time and offset, such as 2026-11-23T20:08:41Z or 2026-11-23T20:08+01:00.",
        value=text[:60],
    )


def parse_day(text: str, *, path: tuple[str, ...] = ()) -> str:
    """An ISO day, as ``2026-03-01``. Raises Invalid with that path for anything else."""
    try:
        day = date.fromisoformat(text.strip()).isoformat()
        if day == text.strip():  # Not one that is written as a week or without hyphens.
            return day
        raise ValueError
    except ValueError:
        raise Invalid(
            "clock.day",
            "'{value}' is not a day.",
            path=path,
            remedy="Write it as year, month and day, such as 2026-03-01.",
            value=text[:60],
        ) from None


def parse_duration(text: str, *, path: tuple[str, ...] = ()) -> Duration:
    """ISO 8601 in weeks, or in days, hours, minutes and seconds; more than zero. Raises Invalid with that path.

    Months and years are refused: they have no fixed length.
    """
    found = _duration(text)
    if found.elapsed:
        return found
    raise Invalid(
        "clock.duration",
        "'{value}' is not a duration.",
        path=path,
        remedy="Use ISO 8601 with weeks, days, hours or minutes, more than zero, such as P5D or PT4H.",
        value=text[:60],
    )


@lru_cache(maxsize=1024)
def _duration(text: str) -> Duration:
    """Nothing at all for what is none. A few durations are read again and again: what pathways agree."""
    match = _DURATION.fullmatch(text)
    if not match:
        return Duration()
    weeks, days, time = match.groups()
    try:
        return Duration(int(weeks or 0), int(days or 0), isodate.parse_duration(f"P{time}") if time else timedelta())
    except isodate.ISO8601Error:
        return Duration()


def system_clock() -> datetime:
    """The time of the machine, cut to the millisecond, so that it is the same after a way through the store."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def fixed_clock(instant: Instant | datetime) -> Clock:
    """A clock that stands still. Raises Invalid for a text that is no instant."""
    at = parse_instant(instant) if isinstance(instant, str) else _aware(instant).astimezone(UTC)
    return lambda: at


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a datetime without time zone is not an instant")
    return at


def shortest(durations: Iterable[str | None]) -> str | None:
    """The shortest of several ISO 8601 durations; None where there is none."""
    return min((each for each in durations if each), key=lambda each: parse_duration(each).elapsed, default=None)


def later(day: str, days: int) -> str:
    """The ISO day so many days later; the last there is where that is beyond all calendars."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return date.max.isoformat()


def parse_end(text: str, today: str, most: int, *, path: tuple[str, ...]) -> str:
    """The ISO day on which something that begins today no longer holds. Raises ``Invalid`` for one that is not after
    today and within ``most`` days."""
    day = parse_day(text, path=path)
    last = later(today, most)
    if not today < day <= last:
        raise Invalid(
            "clock.end",
            "It has to end after today and within {most} days, not on {day}.",
            path=path,
            remedy="Give a day up to {last}; it can be said anew then.",
            most=most,
            day=day,
            last=last,
        )
    return day
