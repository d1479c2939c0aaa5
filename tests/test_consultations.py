"""The comparison with real stalled handoffs (bench/consultations.py), on made rows: no file from outside is needed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.bench.consultations import by_chance, each_count, evidence, read, report, table
from relaypoint.bench.conventions import Found, Kind, Waiting, classify, us_counts

COUNTS = us_counts()
WORKING = COUNTS[Kind.WORKING]
YEAR_END = date(2019, 9, 30)
#: Of very different ages, and none with another a whole number of years apart.
RECEIVED = [
    date(2012, 3, 6),
    date(2014, 1, 23),
    date(2015, 6, 18),
    date(2016, 11, 2),
    date(2018, 2, 8),
    date(2019, 5, 21),
]
DAYS = st.dates(date(1994, 1, 1), date(2024, 9, 30))


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2021, 6, 17), date(2021, 6, 21), 1),  # Juneteenth, a Saturday, is kept on the Friday
        (date(2020, 6, 18), date(2020, 6, 22), 2),  # and was none a year before
        (date(2020, 10, 9), date(2020, 10, 13), 1),  # Columbus Day
        (date(2018, 11, 9), date(2018, 11, 13), 1),  # Veterans Day, a Sunday, is kept on the Monday
        (date(2019, 2, 15), date(2019, 2, 19), 1),  # Washington's Birthday
        (date(2021, 12, 23), date(2022, 1, 3), 5),  # New Year's Day is kept in the old year
        (date(2020, 2, 28), date(2020, 3, 2), 1),  # a leap day on a Saturday
        (date(2024, 2, 28), date(2024, 3, 1), 2),  # and one on a Thursday
        (date(2019, 3, 8), date(2019, 3, 11), 1),  # the clocks change
        (date(2012, 9, 28), date(2012, 9, 30), 0),  # a fiscal year that ends on a Sunday
        (date(2019, 9, 30), date(2019, 9, 30), 0),
        (date(2007, 9, 30), date(2008, 9, 30), 252),
        (date(2021, 9, 30), date(2022, 9, 30), 250),
    ],
)
def test_working_days_over_federal_holidays(since: date, until: date, days: int) -> None:
    assert WORKING(since, until) == days


@given(DAYS, DAYS)
def test_working_days_are_those_that_counting_one_by_one_gives(one: date, other: date) -> None:
    since, until = sorted((one, other))
    federal = holidays.country_holidays("US", years=range(since.year, until.year + 1))
    day, days = since, 0
    while day < until:
        day += timedelta(days=1)
        days += day.weekday() < 5 and day not in federal
    assert WORKING(since, until) == days


def test_a_day_on_which_the_president_closed_the_agencies_is_no_holiday_of_the_plain_calendar() -> None:
    mourning = date(2018, 12, 4), date(2018, 12, 5)
    assert (WORKING(*mourning), COUNTS[Kind.CLOSINGS](*mourning)) == (1, 0)
    assert COUNTS[Kind.CLOSINGS](date(2018, 12, 5), date(2018, 12, 12)) == 5


def row(received: date, said: int, year: int = 2019, agency: str = "agency") -> Waiting:
    end = date(year, 9, 30)
    return Waiting(year, agency, received, said, WORKING(received, end) if received <= end else None)


def listed(kind: Kind, more: int = 0) -> list[Waiting]:
    return [row(day, COUNTS[kind](day, YEAR_END) + more) for day in RECEIVED]


def found(rows: Iterable[Waiting]) -> list[Found]:
    return classify(list(rows), COUNTS)


@pytest.mark.parametrize("kind", [Kind.WORKING, Kind.WEEKDAYS, Kind.CALENDAR])
def test_a_list_is_known_by_the_way_it_was_counted(kind: Kind) -> None:
    assert found(listed(kind)) == [Found(kind, 0)] * 6


def test_the_closed_days_are_seen_where_they_are_more_than_two() -> None:
    kinds = found(listed(Kind.CLOSINGS))
    assert kinds[:3] == [Found(Kind.CLOSINGS, 0)] * 3
    assert kinds[3:] == [Found(Kind.WORKING, off) for off in (-2, -2, 0)]


@pytest.mark.parametrize(("kind", "more"), [(Kind.WORKING, 30), (Kind.WORKING, -6), (Kind.CALENDAR, 67)])
def test_a_list_that_is_off_throughout(kind: Kind, more: int) -> None:
    assert found(listed(kind, more)) == [Found(Kind.SHIFTED, 0, more, kind)] * 6


def test_two_rows_make_no_pattern() -> None:
    kinds = [each.kind for each in found(listed(Kind.WORKING, 30)[:2])]
    assert kinds == [Kind.UNEXPLAINED] * 2


def test_one_day_of_receipt_makes_no_pattern() -> None:
    rows = [row(RECEIVED[0], WORKING(RECEIVED[0], YEAR_END) + 30)] * 5
    assert {each.kind for each in found(rows)} == {Kind.UNEXPLAINED}


def test_a_year_of_another_length() -> None:
    share = 232 / 251
    rows = [row(day, round(share * WORKING(day, YEAR_END))) for day in RECEIVED[:4]]
    assert {(each.kind, each.free) for each in found(rows)} == {(Kind.OTHER_YEAR, 232)}


def test_a_number_that_was_not_brought_up_to_date() -> None:
    before = row(RECEIVED[0], 1500, year=2017)
    copied = row(RECEIVED[0], 1500)
    stale = row(RECEIVED[3], WORKING(RECEIVED[3], date(2018, 9, 30)) + 1)
    assert found([before, copied, stale])[1:] == [Found(Kind.STALE, 0), Found(Kind.STALE, 1)]


def test_the_same_consultation_a_year_on() -> None:
    early = row(RECEIVED[0], WORKING(RECEIVED[0], date(2018, 9, 30)) - 14, year=2018)
    late = row(RECEIVED[0], WORKING(RECEIVED[0], YEAR_END) - 15)
    assert found([early, late]) == [Found(Kind.CARRIED, 1, -15), Found(Kind.CARRIED, -1, -14)]
    elsewhere = replace(early, agency="other")
    assert [each.kind for each in found([elsewhere, late])] == [Kind.UNEXPLAINED] * 2


def test_a_slip_in_the_year() -> None:
    meant = date(2016, 11, 8)
    slip = row(meant.replace(year=2018), WORKING(meant, YEAR_END) + 1)
    future = row(date(2019, 11, 8), WORKING(date(2018, 11, 8), YEAR_END))
    assert found([*listed(Kind.WORKING), slip, future])[6:] == [
        Found(Kind.WRONG_YEAR, 1, 2016),
        Found(Kind.WRONG_YEAR, 0, 2018),
    ]


def test_what_nothing_explains_is_said_to_be_so() -> None:
    plain = listed(Kind.WORKING)
    rows = [*plain[:4], replace(plain[4], said=plain[4].said + 4), replace(plain[5], said=plain[5].said + 400)]
    assert found(rows)[4:] == [Found(Kind.FEW, 4), Found(Kind.UNEXPLAINED, 400)]
    never = row(date(2019, 10, 2), 3)
    assert found([never]) == [Found(Kind.UNEXPLAINED, 3)]


def test_numbers_at_random_are_not_explained() -> None:
    dice = random.Random(7)
    rows = []
    for number in range(40):
        for _ in range(10):
            received = YEAR_END - timedelta(days=dice.randrange(200, 3000))
            rows.append(row(received, WORKING(received, YEAR_END) + dice.randrange(6, 400), agency=f"agency-{number}"))
    explained = [each for each in found(rows) if each.kind not in (Kind.FEW, Kind.UNEXPLAINED)]
    assert len(explained) < len(rows) / 5
    assert by_chance(rows, found(rows), COUNTS) < 0.2


async def test_every_handoff_is_in_the_report_with_the_age_that_counting_gives(tmp_path: Path) -> None:
    file = tmp_path / "made.csv"
    lines = [
        "2019,First,2012-03-06,1900,0,0",
        "2019,First,2019-09-28,0,0,0",  # a Saturday
        "2019,Second,2019-09-30,0,0,0",  # the last day
        "2019,Second,2019-05-21,131,0,0",
        "2019,Second,2019-10-02,250,0,0",  # after the year that it is said of
        "2018,Second,2018-05-21,90,0,0",
    ]
    header = "fiscal_year,agency,received,reported_days_pending,calc_business_days,calc_calendar_days"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    rows = await report(read(file), 2019, str(tmp_path))
    waited = {each.received: each.waited for each in rows}
    assert waited == {
        day: WORKING(day, YEAR_END) if day <= YEAR_END else None
        for day in (date(2012, 3, 6), date(2019, 9, 28), date(2019, 9, 30), date(2019, 5, 21), date(2019, 10, 2))
    }
    kinds = found(rows)
    shares = table(kinds)
    assert sum(line["rows"] for line in shares.values()) == 5
    assert each_count(rows, COUNTS)[Kind.WORKING]["exact"] == sum(each.said == each.waited for each in rows)
    assert evidence(rows, kinds)[Kind.WRONG_YEAR] == ["Second: 2019 1/3 for 2018"]
