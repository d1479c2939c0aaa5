"""Reading ``opening_hours`` texts: what the wall clock shows while a desk is open, year by year.

The parser is the library's. What it would take for a plain yes or no although nobody can know (school holidays without
a school calendar, sunset without a place, an open end, a bare "by appointment"), or answers wrongly (a fallback
rule), counts as unknown here. Public holidays are those of the ``holidays`` package, which knows subdivisions.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

import holidays as holiday_calendars
import opening_hours
from opening_hours import OpeningHours, State

from relaypoint.domain.errors import Invalid

#: What a desk of unknown hours is measured by.
WORKING_WEEK: Final = "Mo-Fr 09:00-17:00"

#: Half-open, in whole microseconds since 1970, so that sums are exact.
Span: TypeAlias = tuple[int, int]
#: ``work`` is what counts for deadlines: open time, or the working week in a year of which no open time is known.
Kind: TypeAlias = Literal["open", "unknown", "work"]

TICK: Final = timedelta(microseconds=1)

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time has no offset
_COMMENT: Final = re.compile(r'"[^"]*"')
_UNKNOWABLE: Final = re.compile(r"\bSH\b|sunrise|sunset|dawn|dusk|\d:\d\d\+|\|\|", re.IGNORECASE)
#: A rule that says when, or whether; without either, its comment is all there is ("by appointment").
_SAYS: Final = re.compile(r"\d:\d\d|24/7|\b(?:open|closed|off|unknown)\b", re.IGNORECASE)
_RULE: Final = re.compile(r'(?:[^;"]|"[^"]*")+')


class _Hours(NamedTuple):
    """``holiday`` holds for public holidays; None: closed."""

    usual: OpeningHours
    holiday: OpeningHours | None


@lru_cache(maxsize=1024)
def read_hours(text: str) -> _Hours | None:
    """None where it is not known when they are. Raises Invalid for a text that is not in the format."""
    # A blank text would be read as always open.
    if not text.strip():
        return None
    try:
        OpeningHours(text)
    except opening_hours.ParserError:  # type: ignore[attr-defined]
        raise Invalid(
            "calendar.hours",
            "'{value}' cannot be read as opening hours.",
            path=("hours",),
            remedy="Write them as in OpenStreetMap, such as Mo-Fr 09:00-17:00 or 24/7; leave them empty when unknown.",
            value=text[:60],
        ) from None
    bare = _COMMENT.sub("", text)
    if _UNKNOWABLE.search(bare):
        return None
    try:
        usual = OpeningHours(_RULE.sub(_plain_rule, text))
        if not re.search(r"\bPH\b", bare):
            always = _COMMENT.sub("", str(usual.normalize())).strip() in ("24/7", "24/7 unknown")
            return _Hours(usual, usual if always else None)
        # The library has holidays of its own, by country only. Without a country its PH never matches: right for the
        # usual days. For ours, a text whose PH is any day of the week says the same.
        every_day = re.sub(r'"[^"]*"|\bPH\b', lambda found: "Mo-Su" if found[0] == "PH" else found[0], text)
        return _Hours(usual, OpeningHours(_RULE.sub(_plain_rule, every_day)))
    except opening_hours.ParserError:  # type: ignore[attr-defined]  # such as the day before a holiday
        return None


def _plain_rule(found: re.Match[str]) -> str:
    rule = found[0]
    return rule if _SAYS.search(_COMMENT.sub("", rule)) else re.sub(r'\s*"', ' unknown "', rule, count=1)


@lru_cache(maxsize=1024)
def public_holidays(code: str, year: int) -> frozenset[date]:
    """The public holidays of a country (US) or its part (GB-SCT), substitute days included. Raises Invalid."""
    country, dash, part = code.partition("-")
    try:
        # With an empty part the package would answer for the whole country.
        return frozenset(holiday_calendars.country_holidays(country, part or dash or None, years=year))
    except (NotImplementedError, KeyError):
        raise Invalid(
            "calendar.holidays",
            "No holiday calendar '{value}' is known.",
            path=("holidays",),
            remedy="Use the code of a country or of its part, such as GB, GB-SCT or US.",
            value=code[:60],
        ) from None


@lru_cache(maxsize=1024)
def wall_hours(hours: str | None, holidays: str | None, year: int, kind: Kind) -> tuple[Span, ...]:
    """The spans of that kind in one year, on the wall clock: in order, apart."""
    read = None if hours is None else read_hours(hours)
    if kind == "work":
        found = _spans(read, holidays, year, State.OPEN) if read else ()
        return found or _spans(read_hours(WORKING_WEEK), holidays, year, State.OPEN)
    if read is None:
        return ((_ticks(date(year, 1, 1)), _ticks(date(year + 1, 1, 1))),) if kind == "unknown" else ()
    return _spans(read, holidays, year, State.OPEN if kind == "open" else State.UNKNOWN)


def _spans(hours: _Hours | None, holidays: str | None, year: int, state: State) -> tuple[Span, ...]:
    if hours is None:
        return ()
    days = sorted(day for day in public_holidays(holidays, year) if day.year == year) if holidays else []
    spans: list[Span] = []
    begin = date(year, 1, 1)
    for day in [*days, date(year + 1, 1, 1)]:
        _collect(spans, hours.usual, begin, day, state)
        begin = day
        if day.year == year:
            begin += timedelta(days=1)
            _collect(spans, hours.holiday, day, begin, state)
    return tuple(spans)


def _collect(spans: list[Span], hours: OpeningHours | None, begin: date, end: date, state: State) -> None:
    if hours is None or begin >= end:
        return
    midnight = datetime.min.time()
    for start, until, found, _ in hours.intervals(datetime.combine(begin, midnight), datetime.combine(end, midnight)):
        if found != state:
            continue
        span = _ticks(start), _ticks(until)
        if spans and spans[-1][1] == span[0]:
            span = spans.pop()[0], span[1]
        spans.append(span)


def _ticks(wall: date) -> int:
    at = wall if isinstance(wall, datetime) else datetime.combine(wall, datetime.min.time())
    return (at - _EPOCH) // TICK
