"""Deadlines by priority, pathway and the receiver's calendar; ages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import parse_instant
from relaypoint.domain.deadlines import DEFAULTS, Age, Agreed, age, deadlines
from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import Priority

OFFICE = Calendar("Europe/London", "Mo-Fr 09:00-17:00", "GB-ENG")
ALWAYS = Calendar("Europe/London", "24/7", "GB-ENG")
UNKNOWN = Calendar("Europe/London", None, "GB-SCT")
FRIDAY_NIGHT = "2026-11-20T23:30:00.000Z"


@pytest.mark.parametrize("calendar", [OFFICE, ALWAYS, UNKNOWN])
@pytest.mark.parametrize(
    ("priority", "acknowledge_by", "decide_by"),
    [
        (Priority.STAT, "2026-11-20T23:45:00.000Z", "2026-11-21T00:30:00.000Z"),
        (Priority.ASAP, "2026-11-21T00:30:00.000Z", "2026-11-21T03:30:00.000Z"),
    ],
)
def test_emergencies_run_on_the_clock(
    priority: Priority, acknowledge_by: str, decide_by: str, calendar: Calendar
) -> None:
    found = deadlines(priority, FRIDAY_NIGHT, calendar)
    assert (found.acknowledge_by, found.decide_by, found.basis) == (acknowledge_by, decide_by, "clock")


@pytest.mark.parametrize(
    ("priority", "calendar", "acknowledge_by", "decide_by"),
    [
        (Priority.URGENT, OFFICE, "2026-11-23T13:00:00.000Z", "2026-11-24T09:00:00.000Z"),
        (Priority.ROUTINE, OFFICE, "2026-11-24T09:00:00.000Z", "2026-11-26T09:00:00.000Z"),
        (Priority.URGENT, ALWAYS, "2026-11-21T03:30:00.000Z", "2026-11-21T23:30:00.000Z"),
        (Priority.ROUTINE, ALWAYS, "2026-11-21T23:30:00.000Z", "2026-11-23T23:30:00.000Z"),
        (Priority.ROUTINE, UNKNOWN, "2026-11-24T09:00:00.000Z", "2026-11-26T09:00:00.000Z"),
    ],
)
def test_the_others_run_on_the_receivers_calendar(
    priority: Priority, calendar: Calendar, acknowledge_by: str, decide_by: str
) -> None:
    found = deadlines(priority, FRIDAY_NIGHT, calendar)
    assert (found.acknowledge_by, found.decide_by, found.basis) == (acknowledge_by, decide_by, "working")


def test_the_holidays_are_those_of_the_receiver() -> None:
    new_years_eve = "2026-12-31T12:00:00.000Z"  # a Thursday; in Scotland Monday the 4th is off for the 2nd
    assert deadlines(Priority.URGENT, new_years_eve, OFFICE).decide_by == "2027-01-04T12:00:00.000Z"
    assert deadlines(Priority.URGENT, new_years_eve, UNKNOWN).decide_by == "2027-01-05T12:00:00.000Z"


def test_the_change_of_the_clocks_lies_between() -> None:
    sent = "2026-03-27T16:00:00.000Z"
    assert deadlines(Priority.URGENT, sent, OFFICE).decide_by == "2026-03-30T15:00:00.000Z"
    assert deadlines(Priority.URGENT, sent, OFFICE).acknowledge_by == "2026-03-30T11:00:00.000Z"
    saturday = "2026-03-28T23:30:00.000Z"
    assert deadlines(Priority.ASAP, saturday, OFFICE).decide_by == "2026-03-29T03:30:00.000Z"


def test_what_a_pathway_agrees_stands() -> None:
    sent = "2026-11-23T10:00:00.000Z"
    found = deadlines(Priority.ROUTINE, sent, OFFICE, "PT2H", "P5D")
    assert (found.acknowledge_by, found.decide_by) == ("2026-11-23T12:00:00.000Z", "2026-11-30T10:00:00.000Z")
    slow = deadlines(Priority.URGENT, sent, OFFICE, "P2D", "P5D")
    assert (slow.acknowledge_by, slow.decide_by) == ("2026-11-25T10:00:00.000Z", "2026-11-30T10:00:00.000Z")


def test_a_pathways_aim_never_slows_the_answer_to_an_emergency() -> None:
    found = deadlines(Priority.STAT, FRIDAY_NIGHT, OFFICE, acknowledge_within="P5D", decide_within="P5D")
    assert found.acknowledge_by == "2026-11-20T23:45:00.000Z"
    assert found.decide_by == "2026-11-25T23:30:00.000Z"
    faster = deadlines(Priority.STAT, FRIDAY_NIGHT, OFFICE, acknowledge_within="PT5M")
    assert faster.acknowledge_by == "2026-11-20T23:35:00.000Z"


def test_acknowledging_is_never_due_after_deciding() -> None:
    found = deadlines(Priority.ROUTINE, "2026-11-23T10:00:00.000Z", OFFICE, decide_within="PT2H")
    assert found.acknowledge_by == found.decide_by == "2026-11-23T12:00:00.000Z"


@pytest.mark.parametrize("field", ["acknowledge_within", "decide_within"])
@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("value", ["soon", "P1M", "-P1D", "PT0S"])
def test_a_duration_that_cannot_be_read_is_refused_with_its_field(priority: Priority, field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        deadlines(priority, FRIDAY_NIGHT, OFFICE, *(value if each == field else None for each in Agreed._fields))
    assert caught.value.path == (field,)


YEARLY = Calendar("Europe/London", "Dec 24 10:00-10:01")
MONDAYS = Calendar("Europe/London", "Mo 09:00-17:00", "GB-ENG")


@pytest.mark.parametrize("calendar", [YEARLY, MONDAYS])
def test_hours_put_a_deadline_off_by_fourteen_days_at_most(calendar: Calendar) -> None:
    usual = deadlines(Priority.ROUTINE, FRIDAY_NIGHT, OFFICE, "P4D", "P9D")
    found = deadlines(Priority.ROUTINE, FRIDAY_NIGHT, calendar, "P4D", "P9D")
    for name in ("acknowledge_by", "decide_by"):
        later = parse_instant(getattr(found, name)) - parse_instant(getattr(usual, name))
        assert later == timedelta(days=14), name
    # The longest that can be written is no exception, nor does any desk's hours make it one that can't be counted.
    longest = deadlines(Priority.ROUTINE, FRIDAY_NIGHT, calendar, decide_within="P9999W").decide_by
    assert longest < "2218-08"
    soon = deadlines(Priority.ROUTINE, FRIDAY_NIGHT, MONDAYS, "P1D")
    assert soon.acknowledge_by == "2026-11-30T09:00:00.000Z", "what lies nearer is as the desk is open"


def test_a_pause_puts_a_deadline_off_by_what_it_took_however_seldom_the_desk_is_open() -> None:
    sent, pauses = "2026-11-23T10:00:00.000Z", (("2026-11-24T10:00:00.000Z", "2026-11-26T10:00:00.000Z"),)
    before = deadlines(Priority.URGENT, sent, YEARLY, decide_within="P5D").decide_by
    paused = deadlines(Priority.URGENT, sent, YEARLY, decide_within="P5D", pauses=pauses).decide_by
    assert (before, paused) == ("2026-12-14T10:00:00.000Z", "2026-12-16T10:00:00.000Z")


def test_every_priority_has_a_default() -> None:
    assert set(DEFAULTS) == set(Priority)


@settings(deadline=None)
@given(
    st.sampled_from(list(Priority)),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001
    st.sampled_from([OFFICE, ALWAYS, UNKNOWN, Calendar("Asia/Kathmandu", "Su-Fr 10:00-13:00", "NP")]),
    st.sampled_from([None, "PT1H", "P1D", "P2W"]),
    st.sampled_from([None, "PT1H", "P1D", "P2W"]),
)
def test_deadlines_lie_ahead_and_in_order(
    priority: Priority, sent: datetime, calendar: Calendar, acknowledge: str | None, decide: str | None
) -> None:
    sent_at = parse_instant(sent.isoformat(timespec="milliseconds") + "Z")
    found = deadlines(priority, sent_at, calendar, acknowledge, decide)
    assert sent_at < parse_instant(found.acknowledge_by) <= parse_instant(found.decide_by)
    assert len(found.acknowledge_by) == len(found.decide_by) == 24


def test_ages() -> None:
    friday, monday = "2026-11-20T16:00:00.000Z", parse_instant("2026-11-23T10:30:00.000Z")
    assert age(monday, friday, OFFICE) == Age(clock_hours=66.5, working_hours=2.5)
    assert age(monday, parse_instant(friday), ALWAYS) == Age(66.5, 66.5)
    assert age(friday, monday, OFFICE) == Age(0.0, 0.0)
    assert age(monday, monday - timedelta(minutes=15), OFFICE) == Age(0.25, 0.25)
