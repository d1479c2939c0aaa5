"""Opening hours and working time, against a count minute by minute that shares nothing with them but the zone files."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import Duration, fixed_clock, format_instant, parse_duration, parse_instant, system_clock
from relaypoint.domain.errors import Invalid

MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def in_zone(text: str, zone: str = "Europe/London", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def local(at: datetime | None, zone: str = "Europe/London") -> str | None:
    return at.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M") if at else None


# --- the oracle -------------------------------------------------------------------------------------------------------


class Week(NamedTuple):
    """Hours as text, and as a plain rule on weekday (Monday 0) and minute of the day."""

    text: str | None
    open: Callable[[int, int], bool]
    on_holidays: bool = False


WEEKS = [
    Week(None, lambda day, minute: day < 5 and 540 <= minute < 1020),
    Week("24/7", lambda day, minute: True, on_holidays=True),
    Week("Mo-Fr 08:30-12:15,13:00-17:45; Sa 10:00-12:00", lambda day, minute: office(day, minute)),
    Week("Mo-Su 00:00-03:30", lambda day, minute: minute < 210),
    Week("22:00-02:30", lambda day, minute: minute >= 1320 or minute < 150),
    Week("Sa,Su 01:15-02:45; Mo-Fr 23:00-24:00", lambda day, minute: weekend(day, minute)),
]


def office(day: int, minute: int) -> bool:
    if day == 5:
        return 600 <= minute < 720
    return day < 5 and (510 <= minute < 735 or 780 <= minute < 1065)


def weekend(day: int, minute: int) -> bool:
    return 75 <= minute < 165 if day >= 5 else minute >= 1380


class Place(NamedTuple):
    zone: str
    around: date
    holidays: str | None = None
    days_off: frozenset[date] = frozenset()


PLACES = [
    Place("Europe/London", date(2026, 3, 29)),
    Place("Europe/London", date(2026, 10, 25)),
    Place("Europe/London", date(2024, 3, 31), "GB-ENG", frozenset({date(2024, 3, 29), date(2024, 4, 1)})),
    Place("America/New_York", date(2026, 3, 8)),
    Place("America/New_York", date(2026, 11, 1)),
    Place("America/New_York", date(2024, 7, 4), "US", frozenset({date(2024, 7, 4)})),
    Place("Asia/Kathmandu", date(2024, 2, 29)),
    Place("Australia/Lord_Howe", date(2026, 4, 5)),
    Place("Australia/Lord_Howe", date(2026, 10, 4)),
]


def works(place: Place, week: Week, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(place.zone))
    if wall.date() in place.days_off and not week.on_holidays:
        return False
    return week.open(wall.weekday(), wall.hour * 60 + wall.minute)


@st.composite
def moments(draw: st.DrawFn) -> tuple[Place, Week, datetime]:
    place, week = draw(st.sampled_from(PLACES)), draw(st.sampled_from(WEEKS))
    noon = datetime(place.around.year, place.around.month, place.around.day, 12, tzinfo=UTC)
    return place, week, noon + draw(st.integers(-3 * 1440, 3 * 1440)) * MINUTE


def calendar(place: Place, week: Week) -> Calendar:
    return Calendar(place.zone, week.text, place.holidays)


@settings(deadline=None)
@given(moments(), st.integers(0, 4 * 1440))
def test_working_hours_between_is_the_count_of_working_minutes(
    moment: tuple[Place, Week, datetime], minutes: int
) -> None:
    place, week, start = moment
    counted = sum(works(place, week, start + n * MINUTE) for n in range(minutes))
    found = calendar(place, week).working_hours_between(start, start + minutes * MINUTE)
    assert found == pytest.approx(counted / 60, abs=1e-9)


@settings(deadline=None)
@given(moments(), st.integers(1, 12 * 60))
def test_add_working_hours_ends_after_that_many_working_minutes(
    moment: tuple[Place, Week, datetime], minutes: int
) -> None:
    place, week, start = moment
    at, left = start, minutes
    while left:
        left -= works(place, week, at)
        at += MINUTE
    assert calendar(place, week).add_working(start, minutes * MINUTE) == at


@settings(deadline=None)
@given(moments(), st.integers(1, 3))
def test_add_working_days_lands_in_the_hours_of_the_right_day(moment: tuple[Place, Week, datetime], days: int) -> None:
    """Days whose clocks change are left out: there "the same clock time" has explicit cases below."""
    place, week, start = moment
    zone = ZoneInfo(place.zone)
    at = start
    while not works(place, week, at):
        at += MINUTE
    opening = at.astimezone(zone)
    day = opening.date()
    passed = 0
    while passed < days:
        day += timedelta(days=1)
        noon = datetime(day.year, day.month, day.day, tzinfo=zone)
        minutes = [n for n in range(1440) if works(place, week, noon.replace(hour=n // 60, minute=n % 60))]
        passed += bool(minutes)
    if day == place.around or opening.date() == place.around:
        return
    target = opening.hour * 60 + opening.minute
    # The latest moment that is still within, or at the end of, that day's hours.
    wanted = max((min(target, n + 1) for n in minutes if n <= target), default=minutes[0])
    expected = datetime(day.year, day.month, day.day, tzinfo=zone) + wanted * MINUTE
    assert calendar(place, week).add_working(start, Duration(days=days)) == expected


@settings(deadline=None)
@given(moments())
def test_is_open_and_the_next_changes_agree_with_the_wall_clock(moment: tuple[Place, Week, datetime]) -> None:
    place, week, at = moment
    found = calendar(place, week)
    if week.text is None:
        assert (found.is_open(at), found.next_opening(at), found.next_closing(at)) == (None, None, None)
        return
    assert found.is_open(at) is works(place, week, at)
    opening = at
    while not works(place, week, opening):
        opening += MINUTE
    assert found.next_opening(at) == opening
    closing = opening
    while works(place, week, closing) and closing < at + timedelta(days=8):
        closing += MINUTE
    assert found.next_closing(at) == (None if week.text == "24/7" else closing)


@settings(deadline=None)
@given(moments(), st.integers(0, 200), st.integers(0, 200))
def test_working_time_adds_up(moment: tuple[Place, Week, datetime], first: int, second: int) -> None:
    place, week, start = moment
    found = calendar(place, week)
    middle, end = start + timedelta(hours=first), start + timedelta(hours=first + second)
    whole = found.working_hours_between(start, end)
    assert whole == pytest.approx(found.working_hours_between(start, middle) + found.working_hours_between(middle, end))
    assert found.working_hours_between(end, start) == -whole


# --- holidays ---------------------------------------------------------------------------------------------------------

OFFICE = "Mo-Fr 09:00-17:00"


@pytest.mark.parametrize(
    ("code", "day", "is_open"),
    [
        ("GB-ENG", "2026-01-02", True),
        ("GB-SCT", "2026-01-02", False),
        ("GB-ENG", "2026-12-25", False),
        ("GB-SCT", "2026-12-25", False),
        ("GB-ENG", "2026-12-28", False),  # for Boxing Day, a Saturday
        ("GB-SCT", "2026-11-30", False),
        ("GB-ENG", "2026-11-30", True),
        ("GB-NIR", "2026-03-17", False),
        ("GB-WLS", "2026-03-17", True),
        ("US", "2021-12-31", False),  # for the New Year of 2022, a Saturday
        ("US", "2026-11-26", False),
        (None, "2026-12-25", True),
    ],
)
def test_holidays_follow_the_code(code: str | None, day: str, is_open: bool) -> None:
    assert Calendar("Europe/London", OFFICE, code).is_open(utc(f"{day}T12:00")) is is_open
    assert Calendar("Europe/London", OFFICE, code).is_holiday(date.fromisoformat(day)) is not is_open


def test_days_over_christmas_and_new_year_differ_between_england_and_scotland() -> None:
    sent = in_zone("2026-12-24T15:00")  # a Thursday
    for code, expected in (("GB-ENG", "Thu 2027-01-07 15:00"), ("GB-SCT", "Fri 2027-01-08 15:00")):
        due = Calendar("Europe/London", None, code).add_working(sent, Duration(days=7))
        assert local(due) == expected


def test_round_the_clock_means_on_holidays_too() -> None:
    christmas = utc("2026-12-25T03:00")
    for hours in ("24/7", "Mo-Su 00:00-24:00", '24/7 "press 2"'):
        assert Calendar("Europe/London", hours, "GB-ENG").is_open(christmas) is True
    assert Calendar("Europe/London", "Mo-Su 00:00-20:00", "GB-ENG").is_open(christmas) is False


def test_hours_that_speak_of_holidays_decide_for_themselves() -> None:
    def is_open(hours: str, at: str) -> bool | None:
        return Calendar("Europe/London", hours, "GB-SCT").is_open(utc(at))

    assert is_open("Mo-Fr 09:00-17:00; PH off", "2026-01-02T12:00") is False
    assert is_open("Mo-Fr 09:00-17:00; PH 10:00-14:00", "2026-01-02T13:00") is True
    assert is_open("Mo-Fr 09:00-17:00; PH 10:00-14:00", "2026-01-02T15:00") is False
    assert is_open("Mo-Fr 09:00-17:00; PH 10:00-14:00", "2026-01-05T15:00") is True
    assert is_open("PH,Su 10:00-12:00", "2026-01-02T11:00") is True
    assert is_open("24/7; PH off", "2026-01-02T11:00") is False
    assert is_open('24/7 "PH by phone"', "2026-01-02T11:00") is True


# --- hours ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hours",
    [
        "",
        "  ",
        '"by appointment"',
        'Mo "by appointment"',
        "unknown",
        "Mo-Fr 09:00-17:00; SH off",
        "sunrise-sunset",
        "Mo-Fr 09:00+",
        "Mo-Fr 09:00-17:00 || unknown",
        "Mo-Fr 09:00-17:00; PH -1 day off",
    ],
)
def test_what_nobody_can_know_is_unknown_and_counts_as_the_working_week(hours: str) -> None:
    monday = utc("2026-11-23T12:00")
    found = Calendar("Europe/London", hours, "GB-ENG")
    assert found.is_open(monday) is None
    assert found.next_opening(monday) is None
    assert found.working_hours_between(monday, monday + timedelta(days=7)) == 40


def test_a_comment_beside_clock_times_leaves_them_known() -> None:
    assert Calendar("Europe/London", 'Mo-Fr 09:00-17:00 "ask for duty"').is_open(utc("2026-11-23T12:00")) is True


def test_partly_unknown_hours() -> None:
    found = Calendar("Europe/London", "Mo-Fr 09:00-17:00; Sa unknown")
    assert [found.is_open(utc(f"2026-11-{day}T12:00")) for day in (27, 28, 29)] == [True, None, False]
    assert local(found.next_opening(utc("2026-11-28T12:00"))) == "Mon 2026-11-30 09:00"


def test_a_desk_that_never_opens_still_has_deadlines() -> None:
    for hours in ("off", "2020-2025 Mo-Fr 09:00-17:00"):
        found = Calendar("Europe/London", hours)
        monday = utc("2026-11-23T12:00")
        assert found.is_open(monday) is False
        assert found.next_opening(monday) is None
        assert found.next_closing(monday) is None
        assert local(found.add_working(monday, timedelta(hours=4))) == "Mon 2026-11-23 16:00"


def test_the_edges_of_an_opening() -> None:
    found = Calendar("Europe/London", OFFICE)
    opening, closing = in_zone("2026-11-23T09:00"), in_zone("2026-11-23T17:00")
    tick = timedelta(microseconds=1)
    assert [found.is_open(at) for at in (opening - tick, opening, closing - tick, closing)] == [
        False,
        True,
        True,
        False,
    ]
    assert found.next_opening(opening) == opening
    assert local(found.next_opening(closing)) == "Tue 2026-11-24 09:00"
    assert found.next_closing(opening) == closing
    assert local(found.next_closing(closing)) == "Tue 2026-11-24 17:00"


def test_the_last_opening_and_one_over_the_turn_of_the_year() -> None:
    ending = Calendar("Europe/London", "2026 Mo-Fr 09:00-17:00")
    assert local(ending.next_closing(in_zone("2026-12-31T12:00"))) == "Thu 2026-12-31 17:00"
    assert ending.next_opening(in_zone("2026-12-31T18:00")) is None
    night = Calendar("Europe/London", "22:00-06:00")
    assert local(night.next_closing(in_zone("2026-12-31T23:00"))) == "Fri 2027-01-01 06:00"
    leap = Calendar("Europe/London", "Feb 29 10:00-12:00")
    assert local(leap.next_opening(utc("2097-01-01T00:00"))) == "Fri 2104-02-29 10:00"


def test_what_cannot_be_read_is_refused_with_its_field() -> None:
    for field, values in {
        "time_zone": ("Europe/Atlantis", "", "../etc/passwd", "Europe", "GB\0"),
        "hours": ("Mo-Fr 9-17", "nine to five", '"', "\0"),
        "holidays": ("GB-XX", "ZZ", "", "gb", "GB-"),
    }.items():
        for value in values:
            with pytest.raises(Invalid) as caught:
                Calendar(**{"time_zone": "Europe/London", field: value})
            assert caught.value.path == (field,)
            assert caught.value.remedy


# --- working days and the clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        ("2026-11-23T10:30", "P5D", "Mon 2026-11-30 10:30"),
        ("2026-11-20T18:00", "P1D", "Tue 2026-11-24 09:00"),  # counts from Monday's opening
        ("2026-11-21T12:00", "PT4H", "Mon 2026-11-23 13:00"),
        ("2026-11-20T16:00", "PT4H", "Mon 2026-11-23 12:00"),
        ("2026-11-20T13:00", "PT4H", "Fri 2026-11-20 17:00"),  # ends with the day, not at the next opening
        ("2026-11-23T10:30", "P1DT8H", "Wed 2026-11-25 10:30"),
        ("2026-11-23T10:30", "PT24H", "Thu 2026-11-26 10:30"),  # hours are hours
        ("2026-11-23T10:30", "P1W", "Mon 2026-11-30 10:30"),
        ("2026-01-30T12:00", "P1D", "Mon 2026-02-02 12:00"),
        ("2024-02-28T12:00", "P1D", "Thu 2024-02-29 12:00"),
        ("2023-02-28T12:00", "P1D", "Wed 2023-03-01 12:00"),
        ("2024-02-29T16:59", "P1D", "Fri 2024-03-01 16:59"),
        ("2026-12-31T12:00", "P1D", "Fri 2027-01-01 12:00"),
        ("2026-03-27T12:00", "P1D", "Mon 2026-03-30 12:00"),  # over the change of the clocks
        ("2026-10-23T12:00", "P1D", "Mon 2026-10-26 12:00"),
    ],
)
def test_working_durations(start: str, duration: str, due: str) -> None:
    found = Calendar("Europe/London", OFFICE).add_working(in_zone(start), parse_duration(duration))
    assert local(found) == due


def test_a_day_is_cut_back_to_the_hours_it_lands_in() -> None:
    found = Calendar("Europe/London", "Mo-Th 09:00-12:00,13:00-17:00; Fr 10:00-12:00")
    day = Duration(days=1)
    assert local(found.add_working(in_zone("2026-11-26T16:30"), day)) == "Fri 2026-11-27 12:00"
    assert local(found.add_working(in_zone("2026-11-26T09:30"), day)) == "Fri 2026-11-27 10:00"
    assert local(found.add_working(in_zone("2026-11-23T12:30"), day)) == "Tue 2026-11-24 13:00"  # sent in the break
    assert local(found.add_working(in_zone("2026-11-26T16:30"), Duration(days=1, time=timedelta(hours=1)))) == (
        "Mon 2026-11-30 10:00"
    )


def test_a_day_that_lands_in_a_break_is_due_before_it() -> None:
    found = Calendar("Europe/London", "Mo 09:00-17:00; Tu 09:00-12:00,13:00-17:00")
    assert local(found.add_working(in_zone("2026-11-23T12:30"), Duration(days=1))) == "Tue 2026-11-24 12:00"


def test_a_week_that_lands_on_a_holiday_goes_on_to_the_next_working_day() -> None:
    found = Calendar("Europe/London", None, "GB-ENG")
    assert local(found.add_working(in_zone("2026-12-18T12:00"), Duration(weeks=1))) == "Tue 2026-12-29 12:00"


def test_round_the_clock_a_day_keeps_its_clock_time() -> None:
    london = Calendar("Europe/London", "24/7")
    assert london.add_working(in_zone("2026-03-28T12:00"), Duration(days=1)) == utc("2026-03-29T11:00")
    assert london.add_working(in_zone("2026-03-28T12:00"), timedelta(hours=24)) == utc("2026-03-29T12:00")
    # 01:30 is skipped on that day, and comes twice on the other: the first of them counts.
    assert london.add_working(in_zone("2026-03-28T01:30"), Duration(days=1)) == utc("2026-03-29T01:30")
    assert london.add_working(in_zone("2026-10-24T01:30"), Duration(days=1)) == utc("2026-10-25T00:30")
    assert london.add_working(in_zone("2026-10-25T01:30", fold=1), Duration(days=1)) == utc("2026-10-26T01:30")
    howe = Calendar("Australia/Lord_Howe", "24/7")
    start = in_zone("2026-10-03T12:00", "Australia/Lord_Howe")
    assert howe.add_working(start, Duration(days=1)) - start == timedelta(hours=23, minutes=30)


def test_night_hours_shrink_and_grow_with_the_clocks() -> None:
    for zone, spring, autumn, change in (
        ("Europe/London", "2026-03-29", "2026-10-25", 1.0),
        ("America/New_York", "2026-03-08", "2026-11-01", 1.0),
        ("Australia/Lord_Howe", "2026-10-04", "2026-04-05", 0.5),
        ("Asia/Kathmandu", "2026-03-29", "2026-10-25", 0.0),
    ):
        found = Calendar(zone, "00:00-06:00")
        for day, hours in ((spring, 6 - change), (autumn, 6 + change)):
            start = in_zone(f"{day}T00:00", zone)
            end = in_zone(f"{day}T12:00", zone)
            assert found.working_hours_between(start, end) == hours, (zone, day)


def test_zero_and_negative_amounts() -> None:
    found = Calendar("Europe/London", OFFICE)
    assert found.add_working(in_zone("2026-11-23T10:00"), timedelta()) == in_zone("2026-11-23T10:00")
    assert found.add_working(in_zone("2026-11-22T10:00"), timedelta()) == in_zone("2026-11-23T09:00")
    for amount in (timedelta(hours=-1), Duration(days=-1)):
        with pytest.raises(Invalid):
            found.add_working(in_zone("2026-11-23T10:00"), amount)
    with pytest.raises(Invalid):
        found.add_working(in_zone("2026-11-23T10:00"), timedelta(days=200_000))
    with pytest.raises(Invalid):
        Calendar("Europe/London", "Dec 24 10:00-12:00").add_working(utc("2026-11-23T10:00"), Duration(days=9999))


def test_naive_datetimes_are_a_fault_of_the_caller() -> None:
    naive = datetime(2026, 11, 23, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="without time zone"):
        Calendar("Europe/London", OFFICE).is_open(naive)
    with pytest.raises(ValueError, match="without time zone"):
        format_instant(naive)


def test_a_year_of_working_time_is_counted_fast() -> None:
    found = Calendar("Europe/London", "Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-12:00", "GB-SCT")
    found.is_holiday(date(2025, 1, 1))  # reads the package's files, once in a process
    begin = time.perf_counter()
    hours = found.working_hours_between(utc("2030-03-01T12:00"), utc("2031-03-01T12:00"))
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(100):
        found.working_hours_between(utc("2030-03-01T12:00"), utc("2031-03-01T12:00"))
    assert 1700 < hours < 1900
    assert first < 0.05
    assert (time.perf_counter() - begin) / 100 < 0.005


# --- instants and durations -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T20:08:41.123Z", "2026-11-23T20:08:41.123Z"),
        ("2026-11-23T20:08:41Z", "2026-11-23T20:08:41.000Z"),
        ("2026-11-23T20:08Z", "2026-11-23T20:08:00.000Z"),
        ("2026-11-23T20:08:41.123999Z", "2026-11-23T20:08:41.123Z"),
        ("2026-11-23T20:08:41+05:45", "2026-11-23T14:23:41.000Z"),
        ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000Z"),
    ],
)
def test_instants(text: str, instant: str) -> None:
    assert format_instant(parse_instant(text)) == instant
    assert len(instant) == 24
    assert fixed_clock(text)() == parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-11-23", "2026-11-23T20:08:41", "2026-11-23 20:08:41Z", "20261123T200841Z", "{value}"),
        *("2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:59:60Z", "2026-11-23T20:08:41+25:00"),
        *("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "9999-12-31T00:00:00Z", "2026-11-23T20:08:41Z\n"),
        "٢٠٢٦-11-23T20:08:41Z",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_instant(text)
    assert caught.value.remedy


@given(st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_instants_round_trip_and_keep_their_order(at: datetime) -> None:
    text = format_instant(at)
    back = parse_instant(text)
    assert timedelta() <= at.astimezone(UTC) - back < timedelta(milliseconds=1)
    assert format_instant(back) == text
    assert (text < "2026-11-23T20:08:41.123Z") == (back < parse_instant("2026-11-23T20:08:41.123Z"))


def test_the_system_clock_is_the_same_after_a_way_through_the_store() -> None:
    at = system_clock()
    assert parse_instant(format_instant(at)) == at


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P5D", Duration(days=5)),
        ("PT4H", Duration(time=timedelta(hours=4))),
        ("P2W", Duration(weeks=2)),
        ("P1DT12H30M", Duration(days=1, time=timedelta(hours=12, minutes=30))),
        ("PT24H", Duration(time=timedelta(hours=24))),
        ("PT1.5H", Duration(time=timedelta(minutes=90))),
        ("PT90S", Duration(time=timedelta(seconds=90))),
    ],
)
def test_durations(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "5D", "P0D", "PT0S", "P1M", "P1Y", "-P1D", "P-1D", "P0.5D", "p1d", " P1D", "P1D\n"),
        *("P1W2D", "PT1M1H", "PT1H1H", "P99999D", "P٣D", "five days", "{0}", "P0003-06-04T12:30:05"),
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_duration(text, path=("decide_within",))
    assert caught.value.path == ("decide_within",)
    assert caught.value.remedy
