"""By which convention a reported number of days was counted, where it is not the plain count of working days.

The numbers come from lists: what one agency reported for one fiscal year. Whoever wrote such a list counted all of it
alike, as a rule, so a convention is looked for in the whole list before anything is said of a single row. A
convention without a free number (calendar days, say) is taken for a row only where it is far from the plain count, or
where three rows follow it; one with a free number (all of them 7 days more) needs three rows that were received on
different days. What is left has a difference that nothing explains, and says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from statistics import median, median_low
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import holidays

from relaypoint.domain.calendars import Calendar

#: What a number may differ by and still count as the same: the day of receipt counted or not, the last day or not.
NEAR: Final = 2
#: Up to here a difference alone tells no convention from another.
SMALL: Final = 5
#: So many rows that differ by the same make a pattern.
PATTERN: Final = 3

HOURS: Final = "Mo-Fr 09:00-17:00"
ZONE: Final = "America/New_York"
_A_DAY: Final = 8

#: How many days lie after the first day, up to and with the second.
Count: TypeAlias = Callable[[date, date], int]


class Kind(StrEnum):
    """The conventions, in the order of the tables."""

    WORKING = "working days, no federal holidays"
    CLOSINGS = "nor the days on which the President closed the agencies"
    WEEKDAYS = "Monday to Friday, holidays counted"
    CALENDAR = "calendar days"
    SHIFTED = "the same number of days off in all the list"
    OTHER_YEAR = "a working year of another length"
    STALE = "the number of an earlier year, not brought up to date"
    CARRIED = "the same consultation is off by as much in another year"
    WRONG_YEAR = "another year in the date of receipt"
    FEW = "3 to 5 days off, by itself"
    UNEXPLAINED = "more than 5 days off, nothing found"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row: it was received on a day, and at the end of the fiscal year was ``said`` to have waited so many days.

    ``waited`` is how many working days it had waited by our own count; None where it had not been received by then.
    """

    year: int
    agency: str
    received: date
    said: int
    waited: int | None = None

    @property
    def end(self) -> date:
        return date(self.year, 9, 30)


@dataclass(frozen=True, slots=True)
class Found:
    """``off`` is the reported number less the one that the convention gives.

    ``free`` is the convention's free number, where it has one: how many days the list is off, or the consultation in
    another year; how many days the list's year has; which year was meant. ``counted`` is the kind of days of a list
    that is off.
    """

    kind: Kind
    off: int
    free: int = 0
    counted: Kind = Kind.WORKING


def at_close(day: date) -> datetime:
    """The end of the office day. What is received on a day counts from there: the law counts from the day after."""
    return datetime.combine(day, time(17), tzinfo=ZoneInfo(ZONE))


def office_days(calendar: Calendar) -> Count:
    return lambda since, until: round(calendar.working_hours_between(at_close(since), at_close(until)) / _A_DAY)


def us_counts() -> Mapping[Kind, Count]:
    """The four ways to count that need no list to compare with, on relaypoint's own calendars."""
    return {
        Kind.WORKING: office_days(Calendar(ZONE, HOURS, "US")),
        Kind.CLOSINGS: office_days(Calendar(ZONE, f"{HOURS}; {_closings()}", "US")),
        Kind.WEEKDAYS: office_days(Calendar(ZONE, HOURS)),
        Kind.CALENDAR: lambda since, until: (until - since).days,
    }


def _closings() -> str:
    """Days off by executive order, as rules of opening hours. The holiday package keeps them in a category of their
    own, so that they are no holidays of the plain calendar."""
    years = range(1990, 2026)
    federal = holidays.country_holidays("US", years=years)
    closed = holidays.country_holidays("US", years=years, categories=("government",))
    return "; ".join(f"{day:%Y %b %d} off" for day in sorted(closed.keys() - federal.keys()))


def classify(rows: Sequence[Waiting], counts: Mapping[Kind, Count]) -> list[Found]:
    """For each row the convention that it was counted by."""
    return _Sorting(rows, counts).sort()


#: What a convention would say of some rows, by their index.
_Offer: TypeAlias = dict[int, Found]


class _Sorting:
    def __init__(self, rows: Sequence[Waiting], counts: Mapping[Kind, Count]) -> None:
        self.rows = rows
        self.counts = counts
        self.found: _Offer = {}
        #: By list, and by consultation: the same one is on the list of several years.
        self.lists: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.same: dict[tuple[str, date], list[int]] = defaultdict(list)
        #: By how much the reported number exceeds each count.
        self.offs: dict[Kind, dict[int, int]] = {kind: {} for kind in counts}
        for index, row in enumerate(rows):
            if row.waited is None:
                continue
            self.lists[row.agency, row.year].append(index)
            self.same[row.agency, row.received].append(index)
            for kind, count in counts.items():
                given = row.waited if kind is Kind.WORKING else count(row.received, row.end)
                self.offs[kind][index] = row.said - given

    def sort(self) -> list[Found]:
        plain = self.offs[Kind.WORKING]
        self.found |= {index: Found(Kind.WORKING, off) for index, off in plain.items() if abs(off) <= NEAR}
        for indices in self.lists.values():
            while offers := [offer for offer in self._offers(indices) if offer]:
                best = max(offers, key=self._weight)
                self.found |= best
            self.found |= self._other_year(indices)
        self.found |= {i: each for i in filter(self._open, plain) if (each := self._carried(i))}
        for index in filter(self._open, range(len(self.rows))):
            off = plain.get(index)
            few = off is not None and abs(off) <= SMALL
            rest = Found(Kind.FEW if few else Kind.UNEXPLAINED, self.rows[index].said if off is None else off)
            self.found[index] = self._wrong_year(index) or rest
        return [self.found[index] for index in range(len(self.rows))]

    def _open(self, index: int) -> bool:
        return index not in self.found

    def _weight(self, offer: _Offer) -> tuple[float, ...]:
        """The convention that explains most; of equals one without a free number, then the closest."""
        some = next(iter(offer.values()))
        return len(offer), some.kind is not Kind.SHIFTED, -sum(abs(f.off) for f in offer.values()), -abs(some.free)

    def _offers(self, indices: Sequence[int]) -> Iterator[_Offer]:
        """What each convention would explain of what is still open in a list."""
        left = set(filter(self._open, indices))
        for kind in (Kind.CLOSINGS, Kind.WEEKDAYS, Kind.CALENDAR):
            yield self._clear({i: Found(kind, self.offs[kind][i]) for i in left if abs(self.offs[kind][i]) <= NEAR})
        yield self._clear({i: found for i in left if (found := self._stale(i))})
        for kind in self.offs:
            yield self._shifted(kind, left, left)
        # A list may be off by 2 throughout, and one row of it by 3.
        yield self._shifted(Kind.WORKING, indices, left, at_least=len(indices) / 2)

    def _clear(self, offer: _Offer) -> _Offer:
        """Without rows for which the plain count is nearly as good, unless there are several."""
        if len(offer) >= PATTERN:
            return offer
        return {index: found for index, found in offer.items() if abs(self.offs[Kind.WORKING][index]) > SMALL}

    def _stale(self, index: int) -> Found | None:
        row = self.rows[index]
        others = (self.rows[other] for other in self.same[row.agency, row.received])
        if any(other.year < row.year and other.said == row.said for other in others):
            return Found(Kind.STALE, 0)
        before = date(row.year - 1, 9, 30)
        off = row.said - self.counts[Kind.WORKING](row.received, before)
        return Found(Kind.STALE, off) if row.received <= before and abs(off) <= NEAR else None

    def _shifted(self, kind: Kind, among: Collection[int], left: Set[int], at_least: float = PATTERN) -> _Offer:
        """Rows within a day of a common difference; it is looked for ``among`` some, and told of those ``left``."""
        offs = self.offs[kind]
        best: _Offer = {}
        for shift in {offs[index] for index in among}:
            near = [index for index in among if abs(offs[index] - shift) <= 1]
            days = {self.rows[index].received for index in near}
            if len(near) < max(at_least, PATTERN) or len(days) < 2:
                continue
            offer = {i: Found(Kind.SHIFTED, offs[i] - shift, shift, kind) for i in near}
            if not left.isdisjoint(near) and (not best or self._weight(offer) > self._weight(best)):
                best = offer
        return {index: found for index, found in best.items() if index in left}

    def _other_year(self, indices: Sequence[int]) -> _Offer:
        """Off by a share of the time: somebody's year has fewer working days, or more."""
        plain = self.offs[Kind.WORKING]
        waited = {i: self.rows[i].said - plain[i] for i in indices if self._open(i)}
        if not all(waited.values()) or len(waited) < PATTERN:
            return {}
        share = median(self.rows[index].said / days for index, days in waited.items())
        a_year = self.counts[Kind.WORKING](date(2008, 9, 30), date(2024, 9, 30)) / 16
        offer = {}
        for index, days in waited.items():
            off = self.rows[index].said - round(share * days)
            if abs(off) <= NEAR:
                offer[index] = Found(Kind.OTHER_YEAR, off, round(share * a_year))
        wide = [plain[index] for index in offer]
        # Where all of them are about as old, it could as well be a common difference.
        return offer if len(offer) >= PATTERN and max(wide) - min(wide) > 2 * SMALL else {}

    def _carried(self, index: int) -> Found | None:
        """Between two lists it has aged by the working days between them, so the difference lies in how it began."""
        row, plain = self.rows[index], self.offs[Kind.WORKING]
        others = [plain[i] for i in self.same[row.agency, row.received] if self.rows[i].year != row.year]
        nearest = min(others, key=lambda off: abs(plain[index] - off), default=None)
        if nearest is None or abs(plain[index] - nearest) > 1:
            return None
        return Found(Kind.CARRIED, plain[index] - nearest, nearest)

    def _wrong_year(self, index: int) -> Found | None:
        """The number is right, by the difference that its list has, if one year is put for another."""
        row, plain = self.rows[index], self.offs[Kind.WORKING]
        others = [plain[i] for i in self.lists[row.agency, row.year] if i != index]
        usual = median_low(others) if others else 0
        for year in range(row.year - 10, row.year + 1):
            try:
                meant = row.received.replace(year=year)
            except ValueError:  # 29 February
                continue
            off = row.said - self.counts[Kind.WORKING](meant, row.end) - usual
            if year != row.received.year and meant <= row.end and abs(off) <= 1:
                return Found(Kind.WRONG_YEAR, off, year)
        return None
