"""When messages go out, and how many at once: never later than they may, and nobody is rung at night for what can wait.

The clock is simulated. Times in the tables are those of the contact point's wall clock, in London unless they say so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.app.delivering import deliver_due
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.digests import MOST, NOT_FOR_ALL, STORM, common, key_of, parcels
from relaypoint.domain.digests import usable as usable_by
from relaypoint.domain.evidence import address_id
from relaypoint.domain.model import Channel, ContactPoint
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.quiet import LONGEST, RINGING, Plan, Reader, Sending, plan
from relaypoint.domain.roster_desks import HolderRow
from relaypoint.domain.roster_reading import read_row
from relaypoint.domain.words import ChannelKind, Confidentiality, Priority
from relaypoint.graph import Operation, Row, Step
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.messages import Message
from relaypoint.resolvers import contingency, digesting, handoffs, outbox, rounds, settling
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.referral_steps import notice
from relaypoint.resolvers.roster import export_roster
from relaypoint.schema.operational import schema
from relaypoint.tests.helpers import Roster, Through, at_time, dump, imported, raw, row, tiny_roster
from relaypoint.tests.test_evidence import back
from relaypoint.tests.test_notices import SHELTER, SITE, UNIT, Failing, notices, send, tried

OFFICE = "Mo-Fr 08:00-18:00"


def on(text: str, zone: str = "Europe/London") -> datetime:
    """Of ``2026-03-03 07:30`` on that wall clock, the instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shown(at: datetime | None, zone: str = "Europe/London") -> str | None:
    return None if at is None else at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def desk_of(*channels: str, hours: str | None = OFFICE, zone: str = "Europe/London") -> ContactPoint:
    """One with these channels, as ``sms`` or ``sms 24/7``: the kind, and its own hours."""
    parted = [each.partition(" ") for each in channels]
    return ContactPoint(
        id="desk",
        name="Desk",
        calendar=Calendar(zone, hours, None),
        channels=tuple(
            Channel(id=f"{kind}-{rank}", kind=ChannelKind(kind), address="somewhere", rank=rank, hours=own or None)
            for rank, (kind, _, own) in enumerate(parted, 1)
        ),
    )


def weighed(desk: ContactPoint, at: datetime) -> tuple[ChannelUse, ...]:
    return weigh(desk, floor=Confidentiality.OFFICIAL, at=at)


def planned(desk: ContactPoint, sending: Sending, at: datetime, reader: Reader | None = None) -> Plan:
    return plan(sending, weighed(desk, at), at, desk.calendar, reader)


def goes_out(desk: ContactPoint, sending: Sending, reader: Reader | None = None) -> datetime:
    """When it goes out, with a look at it whenever it is due."""
    at = sending.begun
    for _ in range(50):
        found = planned(desk, sending, at, reader)
        if found.until is None:
            return at
        assert found.until > at, "it waits for what lies ahead"
        at = found.until
    raise AssertionError("it is put off again and again")


def usable(found: Plan) -> list[str]:
    return [use.channel.id for use in found.channels if use.carries_message]


# hours of channels


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize(
    ("channels", "now", "deadlines", "used", "until"),
    [
        # Tuesday night: what rings waits for the morning, mail does not.
        (("sms",), "2026-03-03 22:00", (), [], "2026-03-04 08:00"),
        (("messenger",), "2026-03-03 22:00", (), [], "2026-03-04 08:00"),
        (("email",), "2026-03-03 22:00", (), ["email-1"], None),
        (("secure-email",), "2026-03-03 22:00", (), ["secure-email-1"], None),
        (("sms", "email"), "2026-03-03 22:00", (), ["email-2"], None),
        (("sms",), "2026-03-03 10:00", (), ["sms-1"], None),
        # A channel's own hours count before the contact point's, and the first that opens decides.
        (("sms 24/7",), "2026-03-03 22:00", (), ["sms-1"], None),
        (("sms", "messenger Mo-Su 06:00-07:00"), "2026-03-03 22:00", (), [], "2026-03-04 06:00"),
        (('sms "by appointment"',), "2026-03-03 22:00", (), ["sms-1"], None),
        # On Friday night Monday is too far off.
        (("sms",), "2026-03-06 22:00", (), ["sms-1"], None),
        (("sms Mo-Su 22:00-23:00",), "2026-03-03 23:00", (), [], "2026-03-04 22:00"),
        (("sms Mo-Fr off",), "2026-03-03 22:00", (), ["sms-1"], None),
        # Its step waits for it: it goes out while that is of use. What was missed already hurries nothing.
        (("sms",), "2026-03-03 22:00", ("2026-03-04 07:59",), ["sms-1"], None),
        (("sms",), "2026-03-03 22:00", ("2026-03-04 08:00",), ["sms-1"], None),
        (("sms",), "2026-03-03 22:00", ("2026-03-04 08:01",), [], "2026-03-04 08:00"),
        (("sms",), "2026-03-03 22:00", ("2026-03-03 21:00", "2026-03-04 10:00"), [], "2026-03-04 08:00"),
        (("sms",), "2026-03-03 22:00", ("2026-03-04 10:00", "2026-03-03 23:00"), ["sms-1"], None),
        # Nothing that rings among them.
        (("phone",), "2026-03-03 22:00", (), [], None),
    ],
)
def test_what_rings_is_used_within_its_hours(
    priority: Priority,
    channels: tuple[str, ...],
    now: str,
    deadlines: tuple[str, ...],
    used: list[str],
    until: str | None,
) -> None:
    at = on(now)
    sending = Sending(priority=priority, kind="requested", begun=at, deadlines=tuple(on(each) for each in deadlines))
    desk = desk_of(*channels)
    found = planned(desk, sending, at)
    if priority in (Priority.ASAP, Priority.STAT):
        all_of_them = [use.channel.id for use in weighed(desk, at) if use.carries_message]
        assert (usable(found), found.until, found.opens) == (all_of_them, None, None)
        return
    assert (usable(found), shown(found.until)) == (used, until)
    assert found.why == ("closed" if until else None)
    if until is not None:
        assert found.opens == found.until
        assert f"closed until {format_instant(found.until or at)}" in [use.barred for use in found.channels]


def test_hours_that_nobody_knows_are_no_reason_to_wait() -> None:
    at = on("2026-03-03 03:00")
    sending = Sending(priority=Priority.ROUTINE, kind="moved", begun=at)
    assert usable(planned(desk_of("sms", hours=None), sending, at)) == ["sms-1"]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # The clocks go forward, so that a whole night is an hour shorter; and back.
        ("2026-03-28 23:30", "2026-03-29 08:00"),
        ("2026-10-24 23:30", "2026-10-25 08:00"),
        # What opens a day later by the wall clock opens 23 or 25 hours later.
        ("2026-03-28 08:00", "2026-03-29 08:00"),
        ("2026-10-24 08:00", None),
        ("2026-10-24 09:00", "2026-10-25 08:00"),
    ],
)
def test_the_days_on_which_the_clocks_change(now: str, until: str | None) -> None:
    desk = desk_of("sms We 07:00-08:00, Su 08:00-09:00")
    sending = Sending(priority=Priority.URGENT, kind="moved", begun=on(now))
    found = planned(desk, sending, on(now))
    assert shown(found.until) == until
    assert usable(found) == ([] if until else ["sms-1"])


def test_it_is_never_put_off_for_more_than_a_day_in_all() -> None:
    """Whatever its channels' hours come to be while it waits."""
    begun = on("2026-03-03 22:00")
    sending = Sending(priority=Priority.ROUTINE, kind="moved", begun=begun)
    later = on("2026-03-04 08:00")
    assert planned(desk_of("sms Mo-Su 21:00-22:00"), sending, later).until == on("2026-03-04 21:00")
    assert planned(desk_of("sms Mo-Su 22:01-23:00"), sending, later).until is None


# what who answers there wants

TWICE = ("08:30", "16:00")
NEVER: tuple[str, ...] = ()
#: Of a step that was sent just now, by when it has to be out and acknowledged; of one that was answered none.
SOON, ANSWERED = ("2026-03-03 14:00", "2026-03-04 10:00"), NEVER


@pytest.mark.parametrize(
    ("priority", "kind", "begun", "deadlines", "digest", "important_only", "on_duty", "goes"),
    [
        # Nothing is wanted: at once, whatever it is.
        ("routine", "requested", "2026-03-03 10:00", SOON, NEVER, False, False, "2026-03-03 10:00"),
        ("routine", "moved", "2026-03-03 22:00", ANSWERED, NEVER, False, False, "2026-03-03 22:00"),
        # Together with others.
        ("routine", "moved", "2026-03-03 10:00", ANSWERED, TWICE, False, False, "2026-03-03 16:00"),
        ("routine", "handed-over", "2026-03-03 16:01", ANSWERED, TWICE, False, False, "2026-03-04 08:30"),
        ("routine", "moved", "2026-03-03 08:30", ANSWERED, TWICE, False, False, "2026-03-03 08:30"),
        ("routine", "moved", "2026-03-06 17:00", ANSWERED, TWICE, False, False, "2026-03-07 08:30"),
        ("routine", "moved", "2026-03-03 10:00", SOON, TWICE, False, False, "2026-03-03 16:00"),
        # What asks for something only while that is of use, and an hour is left for it.
        ("routine", "requested", "2026-03-03 10:00", SOON, TWICE, False, False, "2026-03-03 10:00"),
        ("routine", "requested", "2026-03-03 10:00", SOON, ("13:00",), False, False, "2026-03-03 13:00"),
        ("routine", "requested", "2026-03-03 10:00", SOON, ("13:01",), False, False, "2026-03-03 10:00"),
        ("routine", "escalated", "2026-03-03 14:30", SOON, TWICE, False, False, "2026-03-03 16:00"),
        ("routine", "escalated", "2026-03-03 16:30", SOON, TWICE, False, False, "2026-03-04 08:30"),
        ("routine", "escalated", "2026-03-03 16:30", SOON, ("09:01",), False, False, "2026-03-03 16:30"),
        ("routine", "offered", "2026-03-04 11:00", SOON, TWICE, False, False, "2026-03-04 11:00"),
        ("routine", "cancelled", "2026-03-03 10:00", ANSWERED, TWICE, False, False, "2026-03-03 10:00"),
        ("routine", "cancelled", "2026-03-03 10:00", SOON, ("12:00",), False, False, "2026-03-03 12:00"),
        # Only what is important: of a time of day, or of the next working day's morning.
        ("routine", "moved", "2026-03-03 10:00", ANSWERED, TWICE, True, False, "2026-03-03 16:00"),
        ("routine", "moved", "2026-03-03 10:00", ANSWERED, NEVER, True, False, "2026-03-04 08:00"),
        ("routine", "handed-over", "2026-03-03 07:59", ANSWERED, NEVER, True, False, "2026-03-03 08:00"),
        ("routine", "moved", "2026-03-03 08:00", ANSWERED, NEVER, True, False, "2026-03-03 08:00"),
        ("routine", "requested", "2026-03-03 10:00", SOON, NEVER, True, False, "2026-03-03 10:00"),
        ("routine", "cancelled", "2026-03-03 10:00", ANSWERED, NEVER, True, False, "2026-03-03 10:00"),
        # Over a weekend that would be too long.
        ("routine", "moved", "2026-03-06 17:00", ANSWERED, NEVER, True, False, "2026-03-06 17:00"),
        ("routine", "moved", "2026-03-08 08:01", ANSWERED, NEVER, True, False, "2026-03-09 08:00"),
        # What presses, and whose turn it is.
        ("urgent", "moved", "2026-03-03 10:00", ANSWERED, TWICE, True, False, "2026-03-03 10:00"),
        ("asap", "moved", "2026-03-03 10:00", ANSWERED, TWICE, True, False, "2026-03-03 10:00"),
        ("stat", "handed-over", "2026-03-03 10:00", ANSWERED, TWICE, True, False, "2026-03-03 10:00"),
        ("routine", "moved", "2026-03-03 10:00", ANSWERED, TWICE, True, True, "2026-03-03 10:00"),
        ("routine", "requested", "2026-03-03 10:00", SOON, ("13:00",), True, True, "2026-03-03 10:00"),
    ],
)
def test_what_who_answers_wants_counts_as_far_as_the_case_allows(
    priority: str,
    kind: str,
    begun: str,
    deadlines: tuple[str, ...],
    digest: tuple[str, ...],
    important_only: bool,
    on_duty: bool,
    goes: str,
) -> None:
    due = tuple(on(each) for each in deadlines)
    sending = Sending(priority=Priority(priority), kind=kind, begun=on(begun), deadlines=due)
    reader = Reader(digest=digest, important_only=important_only, on_duty=on_duty)
    assert shown(goes_out(desk_of("email"), sending, reader)) == goes
    waits = planned(desk_of("email"), sending, on(begun), reader)
    assert waits.why == ("digest" if goes != begun else None)
    assert planned(desk_of("email"), sending, on(goes), reader).gathered == (goes != begun)
    assert goes_out(desk_of("phone"), sending, reader) == on(begun), "what nothing carries is said at once"


@pytest.mark.parametrize(
    ("channel", "begun", "goes"),
    [
        ("sms", "2026-03-03 19:00", "2026-03-04 08:00"),  # At 21 o'clock it is time for it, and the office is closed.
        ("sms 24/7", "2026-03-03 19:00", "2026-03-03 21:00"),
        ("sms Mo-Fr 18:00-20:00", "2026-03-03 19:00", "2026-03-04 18:00"),
        ("sms Mo-Fr 19:01-20:00", "2026-03-03 19:00", "2026-03-03 21:00"),
    ],
)
def test_what_waited_for_a_time_of_day_still_does_not_ring_at_night(channel: str, begun: str, goes: str) -> None:
    sending = Sending(priority=Priority.ROUTINE, kind="moved", begun=on(begun))
    found = goes_out(desk_of(channel), sending, Reader(digest=("21:00",)))
    assert shown(found) == goes
    assert planned(desk_of(channel), sending, found, Reader(digest=("21:00",))).gathered


@pytest.mark.parametrize(
    ("zone", "times", "begun", "goes"),
    [
        ("Europe/London", ("08:30",), "2026-03-29T06:00:00Z", "2026-03-29T07:30:00Z"),
        ("Europe/London", ("08:30",), "2026-10-25T06:00:00Z", "2026-10-25T08:30:00Z"),
        # A time that the clocks leave out comes an hour later, one that comes twice the first time.
        ("Europe/London", ("01:30",), "2026-03-29T00:10:00Z", "2026-03-29T01:30:00Z"),
        ("Europe/London", ("01:30",), "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"),
        ("Europe/London", ("01:30",), "2026-10-25T00:31:00Z", "2026-10-25T00:31:00Z"),  # 25 hours would be too long.
        ("Europe/London", ("01:30",), "2026-10-25T02:00:00Z", "2026-10-26T01:30:00Z"),
        ("Europe/London", ("08:30",), "2026-10-24T07:31:00Z", "2026-10-24T07:31:00Z"),  # So here.
        ("Europe/London", ("08:30",), "2026-03-28T08:31:00Z", "2026-03-29T07:30:00Z"),
        ("Asia/Kathmandu", ("08:30",), "2026-03-03T02:44:00Z", "2026-03-03T02:45:00Z"),
        ("Pacific/Auckland", ("00:00", "23:59"), "2026-03-03T10:59:30Z", "2026-03-03T11:00:00Z"),
    ],
)
def test_times_of_day_are_those_of_the_contact_point(zone: str, times: tuple[str, ...], begun: str, goes: str) -> None:
    sending = Sending(priority=Priority.ROUTINE, kind="moved", begun=parse_instant(begun))
    found = goes_out(desk_of("email", zone=zone), sending, Reader(digest=times))
    assert found == parse_instant(goes)


def test_a_working_day_is_one_on_which_the_contact_point_works() -> None:
    desk = replace(desk_of("email"), calendar=Calendar("Europe/London", "Mo-Fr 08:00-18:00; Sa 09:00-12:00", "GB-ENG"))
    wants = Reader(important_only=True)
    for begun, goes in (
        ("2026-03-06 17:00", "2026-03-07 08:00"),  # On this Saturday somebody works.
        ("2026-12-24 17:00", "2026-12-24 17:00"),  # Christmas: it would wait for two days.
        ("2026-12-28 09:00", "2026-12-29 08:00"),
    ):
        sending = Sending(priority=Priority.ROUTINE, kind="moved", begun=on(begun))
        assert shown(goes_out(desk, sending, wants)) == goes


times_of_day = st.times().map(lambda each: each.strftime("%H:%M"))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
offices = st.builds(
    lambda zone, hours, channels: desk_of(*channels, hours=hours, zone=zone),
    zone=st.sampled_from(["Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    hours=st.sampled_from([None, "24/7", OFFICE, "Mo-Su 22:00-06:00", "We 10:00-10:30", "off"]),
    channels=st.lists(
        st.sampled_from(["email", "sms", "messenger", "phone", "sms 24/7", "messenger Mo-Su 11:00-12:00", "sms off"]),
        max_size=3,
        unique_by=lambda each: each.split()[0],
    ),
)
readers = st.none() | st.builds(
    Reader,
    digest=st.lists(times_of_day, max_size=3).map(tuple),
    important_only=st.booleans(),
    on_duty=st.booleans(),
)


@pytest.mark.counted
@given(
    offices,
    readers,
    instants,
    st.sampled_from(list(Priority)),
    st.sampled_from(["requested", "moved", "handed-over", "cancelled", "escalated", "offered"]),
    st.lists(st.timedeltas(timedelta(hours=-3), timedelta(hours=60)), max_size=2),
)
def test_nothing_is_later_than_its_priority_allows(
    desk: ContactPoint,
    reader: Reader | None,
    begun: datetime,
    priority: Priority,
    kind: str,
    deadlines: list[timedelta],
) -> None:
    due = tuple(begun + each for each in deadlines)
    sending = Sending(priority=priority, kind=kind, begun=begun, deadlines=due)
    goes = goes_out(desk, sending, reader)
    waited, found = goes - begun, planned(desk, sending, goes, reader)
    assert timedelta() <= waited <= timedelta(hours=24)
    ahead = [each for each in due if each > begun]
    if priority in (Priority.ASAP, Priority.STAT):
        assert not waited
    if kind not in ("moved", "handed-over") and ahead:
        assert not waited or goes < min(ahead)
    rings = any(use.channel.kind in RINGING and use.carries_message for use in weighed(desk, goes))
    wished = reader is not None and not reader.on_duty and priority is Priority.ROUTINE
    if not rings and waited:
        assert wished
        assert kind in ("moved", "handed-over") or goes + timedelta(hours=1) <= min(ahead)
    if waited and not wished:
        assert next(use for use in found.channels if use.carries_message).open
    # It goes by what it could have gone by, if nothing was quiet; at night only where it could not wait.
    assert bool(usable(found)) == any(use.carries_message for use in weighed(desk, goes))


# what becomes of it in the outbox


def ringing(hours: str = OFFICE, *also: str) -> Roster:
    """The shelter is reached by text messages alone, and by what else is named."""
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["hours"] = hours
    channel = row(roster, "channels", "shelter-mail")
    channel |= {"kind": "sms", "address": "+442079460111", "rank": "3"}
    roster["channels"] += [
        {**channel, "id": f"shelter-{kind}", "kind": kind, "address": "second@shelter.example.org", "rank": "1"}
        for kind in also
    ]
    return roster


def later(backend: Backend, at: datetime | str) -> Backend:
    return at_time(backend, at if isinstance(at, str) else format_instant(at))


async def came_of(backend: Backend, transport: Failing) -> dict[str, int]:
    done = await deliver_due(backend, transport, SITE)
    return {status: count for status, count in done.items() if count}


async def waiting(backend: Backend) -> list[tuple[str, int]]:
    """When each pending message is due, and how often it was tried."""
    text = "MATCH (n:Notice) WHERE n.status = 'pending' RETURN n.due_at AS at, n.attempts AS tries ORDER BY n.id"
    return [(each["at"], each["tries"]) for each in await raw(backend.store, text)]


async def moved_at_night(backend: Backend, priority: str) -> Backend:
    """The unit tells the shelter at 22 o'clock that something about its step has changed."""
    step = (await send(backend, priority=priority))["handoffs"][0]["id"]
    await deliver_due(backend, Failing(0), SITE)
    await handoffs.move_handoff(SHELTER, backend, step, "receive")
    night = later(backend, on("2026-03-03 22:00"))
    await deliver_due(night, Failing(0), SITE)
    await handoffs.move_handoff(UNIT, night, step, "cancel", reason="duplicate")
    return night


@pytest.mark.parametrize("priority", list(Priority))
async def test_a_text_message_waits_until_the_office_opens(backend: Backend, priority: str) -> None:
    await imported(backend, ringing())
    night, transport = await moved_at_night(backend, priority), Failing(0)
    if priority in ("asap", "stat"):
        assert await came_of(night, transport) == {"delivered": 1}
        return
    assert await came_of(night, transport) == {}
    opens = "2026-03-04T08:00:00.000Z"
    assert await waiting(night) == [(opens, 0)]
    (why,) = [each["why"] for each in await notices(backend) if each["status"] == "pending"]
    assert f"shelter-mail: closed until {opens}" in why
    assert await came_of(later(night, parse_instant(opens) - timedelta(milliseconds=1)), transport) == {}
    before = len(await tried(backend))
    assert await came_of(later(night, opens), transport) == {"delivered": 1}
    assert [each["attempt"] for each in (await tried(backend))[before:]] == [1], "it was no attempt to wait"


async def test_what_is_to_be_taken_on_now_rings_at_night(backend: Backend) -> None:
    """A routine referral has to be out within four hours."""
    await imported(backend, ringing("Mo-Fr 08:00-09:30"))
    await send(backend, priority="routine")
    transport = Failing(0)
    assert await came_of(backend, transport) == {"delivered": 1}
    await imported(backend, ringing("Mo-Fr 12:00-18:00"))
    await send(backend, priority="routine")
    assert await came_of(backend, transport) == {}
    assert await came_of(later(backend, on("2026-03-03 12:00")), transport) == {"delivered": 1}


async def promised(backend: Backend, step: str, *desks: str, kind: str = "moved", priority: str = "routine") -> None:
    """A message about the step for each of these desks, in this order."""
    for desk in desks:
        one = notice(
            backend, handoff=step, contact_point=desk, kind=kind, priority=priority, confidentiality="official"
        )
        await backend.store.write([one])


async def test_what_waits_does_not_keep_others_from_going_out(backend: Backend) -> None:
    """Though all that is taken at once is put off."""
    await imported(backend, ringing("Mo-Fr 12:00-18:00"))
    step = (await send(backend, priority="routine"))["handoffs"][0]["id"]
    await promised(backend, step, *["shelter-desk"] * 4, "line-desk")
    (leased,) = await outbox.lease(OPERATOR, backend, limit=2)
    assert leased.contact_point == "line-desk"
    assert await outbox.lease(OPERATOR, backend, limit=2) == []


class Asked(Failing):
    """A transport that answers for each address as it is told, and takes the rest."""

    def __init__(self, **errors: Exception) -> None:
        super().__init__(0)
        self.errors = errors

    async def send(self, kind: str, message: Message) -> None:
        if error := self.errors.get(kind.replace("-", "_")):
            raise error
        await super().send(kind, message)


@pytest.mark.parametrize("error", [Refused("550 5.1.1"), NotNow("451")])
async def test_what_another_channel_does_not_take_waits_for_the_one_that_opens(
    backend: Backend, error: Exception
) -> None:
    await imported(backend, ringing(OFFICE, "email"))
    night = await moved_at_night(backend, "urgent")
    bad = Asked(email=error)
    assert await came_of(night, bad) == {"failed": 1}
    ((due, tries),) = await waiting(night)
    assert tries == 1
    if isinstance(error, Refused):
        assert due == "2026-03-04T08:00:00.000Z"
    for minutes in range(10, 600, 50):
        assert set(await came_of(later(night, night.clock() + timedelta(minutes=minutes)), bad)) <= {"failed"}
    assert await came_of(later(night, on("2026-03-04 08:00")), bad) == {"delivered": 1}
    assert [kind for kind, _ in bad.taken] == ["sms"]


def test_only_what_rings_has_hours_to_keep() -> None:
    assert {kind.value for kind in RINGING} == {"sms", "messenger"}
    assert timedelta(hours=24) == LONGEST


# whose wishes count


def wanting(**of: dict[str, str]) -> Roster:
    """The shelter's holders with these columns: ``first`` is the primary, ``second`` the deputy. Both read mail."""
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["kind"] = "email"
    for name, columns in of.items():
        row(roster, "holders", f"shelter-{name}").update(columns)
    return roster


AT_NOON = {"digest": "12:00"}
#: From the Monday before ``NOW`` on the first is on duty for a week, then the second.
TURNS = {"rota_every": "P7D", "rota_since": "2026-03-02"}


@pytest.mark.parametrize(
    ("first", "second", "desk", "due"),
    [
        (AT_NOON, {}, {}, "2026-03-03 12:00"),
        ({}, AT_NOON, {}, None),
        ({**AT_NOON, "until": "2026-03-01"}, {"digest": "11:00"}, {}, "2026-03-03 11:00"),
        ({"digest": "16:00; 11:30"}, AT_NOON, {}, "2026-03-03 11:30"),
        ({"important_only": "yes"}, {}, {}, "2026-03-04 08:00"),
        ({"important_only": "no"}, {}, {}, None),
        # Whose turn it is gets all at once; where nothing turns, a place in the order is nothing.
        (AT_NOON | {"rota": "1"}, AT_NOON | {"rota": "2"}, TURNS, None),
        (AT_NOON | {"rota": "1"}, AT_NOON | {"rota": "2"}, {}, "2026-03-03 12:00"),
        # An office that answers without holders wants nothing.
        ({**AT_NOON, "until": "2026-03-01"}, {**AT_NOON, "until": "2026-03-01"}, {"staffing": "office"}, None),
    ],
)
async def test_the_wishes_of_who_answers_first_count(
    backend: Backend, first: dict[str, str], second: dict[str, str], desk: dict[str, str], due: str | None
) -> None:
    roster = wanting(first=first, second=second)
    row(roster, "contact_points", "shelter-desk").update(desk)
    await imported(backend, roster)
    step = (await send(backend))["handoffs"][0]["id"]
    await deliver_due(backend, Failing(0), SITE)
    await promised(backend, step, "shelter-desk")
    assert await came_of(backend, Failing(0)) == ({} if due else {"delivered": 1})
    assert await waiting(backend) == ([(format_instant(on(due)), 0)] if due else [])


@pytest.mark.parametrize("stand_in", ["", "shelter-second"])
async def test_who_stands_in_is_asked_instead(backend: Backend, stand_in: str) -> None:
    roster = wanting(first={"digest": "11:00", "rota": "1"}, second=AT_NOON)
    away = {"id": "away", "holder": "shelter-first", "stand_in": stand_in, "since": "2026-03-03", "until": "2026-03-04"}
    roster["absences"].append(away)
    await imported(backend, roster)
    step = (await send(backend))["handoffs"][0]["id"]
    await deliver_due(backend, Failing(0), SITE)
    await promised(backend, step, "shelter-desk")
    assert await came_of(backend, Failing(0)) == {}
    assert await waiting(backend) == [("2026-03-03T12:00:00.000Z", 0)]
    # Who stands in for the one whose turn it is, is on duty.
    row(roster, "contact_points", "shelter-desk").update(TURNS)
    await imported(backend, roster)
    await promised(backend, step, "shelter-desk")
    assert await came_of(backend, Failing(0)) == ({"delivered": 1} if stand_in else {})


@pytest.mark.parametrize(
    ("language", "spoken", "used"),
    [("uk", "fr;en", "uk"), ("", "fr;en", "fr"), ("cy", "fr;en", "fr"), ("cy", "", "en")],
)
async def test_they_are_told_in_their_language(backend: Backend, language: str, spoken: str, used: str) -> None:
    roster = wanting(first={"message_language": language}, second={"message_language": "ar"})
    await imported(backend, roster)
    await send(backend)
    row(roster, "contact_points", "shelter-desk")["languages"] = spoken
    await imported(backend, roster)
    await deliver_due(backend, transport := Failing(0), SITE)
    assert [message.language for _, message in transport.taken] == [used]


async def test_who_wants_a_language_that_nothing_is_written_in_is_warned(backend: Backend) -> None:
    context = Runtime(Settings(), backend).context(OPERATOR)
    done = await imported(backend, wanting(first={"message_language": "cy"}, second={"message_language": "ar"}))
    (warning,) = done.warnings
    assert (
        "holders shelter-first, message_language: no messages are written in Welsh, only in English, Arabic" in warning
    )
    assert (await imported(backend, wanting(first={"message_language": "cy"}))).warnings == [], "it is so already"
    query = """mutation ($to: String!) { editRoster(edit: {sheet: "holders", key: "shelter-first", columns: [
      {name: "message_language", value: $to}]}) { ... on RosterEdit { applied warnings } } }"""
    for to, warned in (("fr-CA", 0), ("gd", 1), ("", 0)):
        answer = await schema.execute(query, {"to": to}, context_value=context)
        assert answer.data is not None, answer.errors
        assert (answer.data["editRoster"]["applied"], len(answer.data["editRoster"]["warnings"])) == (True, warned)


async def test_a_holder_is_asked_in_their_own_language(backend: Backend) -> None:
    await imported(backend, wanting(first={"message_language": "uk"}))
    started = await rounds.start(OPERATOR, backend, "confirmation", "2026-03-10")
    assert {link.subject: link.languages[0] for link in started.links} == {
        "shelter-first": "uk",
        "shelter-second": "en",
    }


@pytest.mark.parametrize("turning", ["", "shelter-desk", "shelter-night-desk"])
async def test_while_another_desk_answers_the_wishes_of_its_holders_count(backend: Backend, turning: str) -> None:
    roster = wanting(first={"message_language": "uk", "digest": "10:30", "rota": "1"})
    night = {**row(roster, "holders", "shelter-first"), "id": "night", "contact_point": "shelter-night-desk"}
    roster["holders"].append({**night, "message_language": "es", "digest": "11:00"})
    if turning:
        row(roster, "contact_points", turning).update(TURNS)
    mail = {**row(roster, "channels", "shelter-mail"), "id": "night-mail", "contact_point": "shelter-night-desk"}
    roster["channels"].append(mail)
    await imported(backend, roster)
    step = (await send(backend))["handoffs"][0]["id"]
    await deliver_due(backend, Failing(0), SITE)
    flood = contingency.Scope(organization="example-shelter")
    await contingency.declare(OPERATOR, backend, flood, "The office is flooded", "2026-03-20", id="flood")
    await promised(backend, step, "shelter-desk")
    transport = Failing(0)
    if turning == "shelter-night-desk":
        assert await came_of(backend, transport) == {"delivered": 1}
    else:
        assert await came_of(backend, transport) == {}
        assert await waiting(backend) == [("2026-03-03T11:00:00.000Z", 0)]
        assert await came_of(later(backend, "2026-03-03T11:00:00.000Z"), transport) == {"delivered": 1}
    assert [message.language for _, message in transport.taken] == ["es"]


async def test_wishes_are_recorded_and_exported(backend: Backend) -> None:
    wishes = {"message_language": "FR_ca", "digest": "16:00; 8:30;08:30:00", "important_only": "YES"}
    await imported(backend, wanting(first=wishes))
    kept = {"message_language": "fr-CA", "digest": ["08:30", "16:00"], "important_only": "yes"}
    first, second = (await export_roster(OPERATOR, backend))["holders"]
    assert {name: first[name] for name in kept} == kept
    assert {name: second[name] for name in kept} == {"message_language": None, "digest": [], "important_only": None}
    # A file that has no such columns changes nothing.
    assert (await imported(backend, wanting())).changes == []
    again = await export_roster(OPERATOR, backend)
    assert again["holders"] == [first, second]


@pytest.mark.parametrize(
    ("column", "value", "message_id"),
    [
        ("digest", "24:00", "roster.bad-time"),
        ("digest", "08:30; noon", "roster.bad-time"),
        ("digest", "8:30:15", "roster.bad-time"),
        ("message_language", "klingon", "roster.bad-language"),
        ("message_language", "xx", "roster.bad-language"),
        ("important_only", "maybe", "roster.bad-enum"),
    ],
)
def test_what_is_no_wish_is_refused(column: str, value: str, message_id: str) -> None:
    cells = {"id": "holder", "contact_point": "desk", "role": "primary", column: value}
    _, _, faults = read_row(HolderRow, cells)
    assert [(each.column, each.message_id) for each in faults] == [(column, message_id)]


# what goes out as one


@dataclass(frozen=True)
class Parcel:
    """A message that is due, as the rule of grouping sees it; ``ways`` are its channels, those in brackets barred."""

    name: str
    priority: Priority
    ways: str = "mail"
    gathered: bool = False
    apart: bool = False

    @property
    def channels(self) -> tuple[ChannelUse, ...]:
        uses = weighed(desk_of("email"), on("2026-03-03 10:00"))[:1]
        return tuple(
            replace(
                uses[0],
                channel=replace(uses[0].channel, id=way.strip("()")),
                barred="assurance" if way.startswith("(") else None,
            )
            for way in self.ways.split()
        )


def due(text: str, **more: Any) -> list[Parcel]:
    """Of ``r u s``: messages with these names and priorities, ``R`` one that waited for its time of day; after a colon
    the channels, with commas."""
    by_letter = {each.value[0]: each for each in Priority}
    found = []
    for number, word in enumerate(text.split()):
        letter, _, ways = word.partition(":")
        by = ways.replace(",", " ") or "mail"
        found.append(Parcel(f"{letter}{number}", by_letter[letter.lower()], by, gathered=letter.isupper(), **more))
    return found


def grouped(found: Sequence[Parcel]) -> list[str]:
    return [" ".join(each.name for each in parcel) for parcel in parcels(found)]


@pytest.mark.parametrize(
    ("text", "goes"),
    [
        ("", []),
        ("r r r r", ["r0", "r1", "r2", "r3"]),
        ("r r r r r", ["r0 r1 r2 r3 r4"]),
        ("r u a u r", ["a2 u1 u3 r0 r4"]),
        # What waited for a time of day together, were it two; others go their own way, if it is no storm.
        ("R R", ["R0 R1"]),
        ("R", ["R0"]),
        ("R u R r", ["u1", "R0 R2", "r3"]),
        ("R u R r r", ["u1 R0 R2 r3 r4"]),
        # Emergencies by themselves, first; from five on they are a storm of their own.
        ("s r r r r", ["s0", "r1", "r2", "r3", "r4"]),
        ("r r r s r s r", ["s3", "s5", "r0 r1 r2 r4 r6"]),
        ("s s s s s r", ["s0 s1 s2 s3 s4", "r5"]),
        ("S S", ["S0", "S1"]),
        ("s s s s r r", ["s0", "s1", "s2", "s3", "r4", "r5"]),
        # By the same channel first, whatever comes after it.
        ("r:x,y r:x r:x r:x,z r:y", ["r0 r1 r2 r3", "r4"]),
        ("r:(x),y r:x r:y r:x r:y", ["r0 r2 r4", "r1 r3"]),
        ("r:(x) r:x r:x r:x r:x", ["r0", "r1 r2 r3 r4"]),
        ("r:(x) r:(x) r:(x) r:(x) r:(x)", ["r0", "r1", "r2", "r3", "r4"]),
        ("R:x R:y R:x", ["R0 R2", "R1"]),
    ],
)
def test_what_goes_out_as_one(text: str, goes: list[str]) -> None:
    assert grouped(due(text)) == goes


def test_what_goes_apart_goes_with_its_like() -> None:
    ways = "r:x,y r:x r:x,y r:x r:x,z"
    assert grouped(due(ways)) == ["r0 r1 r2 r3 r4"]
    assert grouped(due(ways, apart=True)) == ["r0 r2", "r1 r3", "r4"]
    mixed = [*due("r:x r:x", apart=True), *due("r:x r:x r:x")]
    assert [len(parcel) for parcel in parcels(mixed)] == [2, 3]


def test_no_message_holds_more_than_fifty() -> None:
    assert [len(parcel) for parcel in parcels(due("r " * 123))] == [50, 50, 23]
    assert [len(parcel) for parcel in parcels(due("s " * 51))] == [50, 1]
    first, second = parcels(due("r " * 50 + "u " * 50))
    assert {each.priority for each in first} == {Priority.URGENT}
    assert {each.priority for each in second} == {Priority.ROUTINE}


def test_a_channel_is_used_only_if_it_is_good_enough_for_each() -> None:
    parcel = due("r:x,y,z,(w) r:x,(y),z r:x,y r:x,y,z,w")
    assert [(use.channel.id, use.barred) for use in common(parcel)] == [
        ("x", None),
        ("y", NOT_FOR_ALL),
        ("z", NOT_FOR_ALL),
        ("w", "assurance"),
    ]


@pytest.mark.counted
@given(
    st.lists(
        st.builds(
            Parcel,
            name=st.uuids().map(str),
            priority=st.sampled_from(list(Priority)),
            ways=st.sampled_from(["x", "y", "x y", "(x) y", "(x)", "y x"]),
            gathered=st.booleans(),
            apart=st.booleans(),
        ),
        max_size=130,
    )
)
def test_nothing_is_lost_or_sent_twice(found: list[Parcel]) -> None:
    sent = parcels(found)
    assert sorted(each.name for parcel in sent for each in parcel) == sorted(each.name for each in found)
    for parcel in sent:
        assert 1 <= len(parcel) <= MOST
        levels = [each.priority.level for each in parcel]
        assert levels == sorted(levels, reverse=True)
        if len(parcel) > 1:
            assert len({usable_by(each)[0] for each in parcel}) == 1
            assert any(use.barred is None for use in common(parcel))
            assert len({each.priority is Priority.STAT for each in parcel}) == 1
    alone = [parcel[0] for parcel in sent if len(parcel) == 1 and usable_by(parcel[0])]
    leads = [parcel[0].priority.level for parcel in sent]
    assert leads == sorted(leads, reverse=True)
    assert len(alone) < 2 * STORM + len({(each.ways, each.apart, each.priority) for each in found})


def test_a_digest_has_one_key_however_it_was_put_together() -> None:
    assert key_of(["b", "a"]) == key_of(["a", "b"]) != key_of(["a", "b", "c"])
    assert re.fullmatch(r"[a-z0-9]{64}", key_of(["a", "b"])), "as the reading of reports takes it"


async def storm(backend: Backend, count: int, confidentiality: str = "official", step: str | None = None) -> str:
    """So many routine messages to the shelter's desk, about a step of which nothing else is to be told. Its id."""
    if step is None:
        step = str((await send(backend))["handoffs"][0]["id"])
        await deliver_due(backend, Failing(0), SITE)
    steps = [
        notice(
            backend,
            handoff=step,
            contact_point="shelter-desk",
            kind="moved",
            priority="routine",
            confidentiality=confidentiality,
        )
        for _ in range(count)
    ]
    await backend.store.write(steps)
    return step


def references(message: Message) -> list[str]:
    return re.findall(rf"{SITE}n/(\S+)", message.body)


async def together(backend: Backend) -> dict[str, list[str]]:
    """By the key of each digest that was put together, what it holds."""
    text = "MATCH (g:Digest)-[:HOLDS]->(n:Notice) RETURN g.id AS key, n.id AS id ORDER BY n.id"
    found: dict[str, list[str]] = {}
    for each in await raw(backend.store, text):
        found.setdefault(each["key"], []).append(each["id"])
    return found


async def refused_at(backend: Backend, address: str) -> int:
    """How often an address has spoken against itself."""
    id = address_id("email", address)
    found = await raw(backend.store, f"MATCH (a:Address {{id: '{id}'}}) RETURN a.refused AS count")
    return int(found[0]["count"] or 0) if found else 0


async def test_fifty_at_once_in_a_contingency_are_one(backend: Backend) -> None:
    """They lie there when it is declared, and go to who answers meanwhile."""
    roster = wanting()
    mail = {**row(roster, "channels", "shelter-mail"), "id": "night-mail", "contact_point": "shelter-night-desk"}
    roster["channels"].append({**mail, "address": "night@shelter.example.org", "condition": "contingency"})
    await imported(backend, roster)
    await storm(backend, 50)
    flood = contingency.Scope(organization="example-shelter")
    await contingency.declare(OPERATOR, backend, flood, "The office is flooded", "2026-03-20", id="flood")
    transport = Failing(0)
    assert await came_of(backend, transport) == {"delivered": 50}
    ((_, message),) = transport.taken
    assert (message.address, len(set(references(message)))) == ("night@shelter.example.org", 50)


async def test_so_many_at_once_are_one(backend: Backend) -> None:
    await imported(backend, wanting())
    await storm(backend, 50)
    waits = await raw(backend.store, "MATCH (n:Notice) WHERE n.status = 'pending' RETURN n.id AS id, n.reference AS r")
    transport = Failing(0)
    assert await came_of(backend, transport) == {"delivered": 50}
    ((kind, message),) = transport.taken
    assert (kind, message.address) == ("email", "desk@shelter.example.org")
    assert message.subject == "Routine. Messages: 50"
    assert sorted(references(message)) == sorted(each["r"] for each in waits)
    assert await together(backend) == {message.key: sorted(each["id"] for each in waits)}
    assert message.key == key_of(each["id"] for each in waits)
    assert {(each["status"], each["channel"]) for each in await notices(backend)} == {("delivered", "shelter-mail")}
    assert len([each for each in await tried(backend) if each["result"] == "taken"]) == 51, "of each it is known"
    assert await came_of(backend, transport) == {}


async def test_emergencies_go_first_and_by_themselves(backend: Backend) -> None:
    await imported(backend, wanting())
    step = await storm(backend, 52)
    await promised(backend, step, *["shelter-desk"] * 4, priority="stat")
    await came_of(backend, transport := Failing(0))
    assert [message.subject.partition(":")[0] for _, message in transport.taken] == [
        *["Emergency"] * 4,
        "Routine. Messages",
        "Routine. Messages",
    ]
    assert [len(references(message)) for _, message in transport.taken] == [1, 1, 1, 1, 50, 2]
    await promised(backend, step, *["shelter-desk"] * 5, priority="stat")
    await came_of(backend, transport)
    assert [message.subject for _, message in transport.taken[6:]] == ["Emergency. Messages: 5"]


async def test_what_waited_for_a_time_of_day_comes_together(backend: Backend) -> None:
    await imported(backend, wanting(first=AT_NOON))
    step = await storm(backend, 2)
    transport = Failing(0)
    assert await came_of(backend, transport) == {}
    noon = later(backend, on("2026-03-03 12:00"))
    await promised(noon, step, "shelter-desk", priority="urgent")
    assert await came_of(noon, transport) == {"delivered": 3}
    assert [message.subject.partition(":")[0] for _, message in transport.taken] == ["Urgent", "Routine. Messages"]
    assert len(references(transport.taken[1][1])) == 2
    # Who waited alone is told as ever.
    await promised(noon, step, "shelter-desk")
    assert await came_of(noon, transport) == {"delivered": 1}, "at noon it is noon"


async def test_a_text_message_says_how_many_and_how_urgent(backend: Backend) -> None:
    await imported(backend, ringing())
    step = await storm(backend, 6)
    await promised(backend, step, "shelter-desk", priority="urgent")
    await came_of(backend, transport := Failing(0))
    ((kind, message),) = transport.taken
    assert (kind, message.html) == ("sms", None)
    assert message.body == f"Messages: 7\nUrgent\n{SITE}\n"


async def test_it_has_one_key_at_every_attempt_and_the_address_is_to_blame_once(backend: Backend) -> None:
    await imported(backend, wanting())
    await storm(backend, 20)
    bad = Keeping(NotNow("452 4.2.2"))
    for hour in range(settling.MOST_ATTEMPTS):
        done = await deliver_due(later(backend, backend.clock() + timedelta(hours=hour)), bad, SITE)
        assert {status: count for status, count in done.items() if count} in ({"failed": 20}, {"dead": 20})
    assert len(bad.keys) == settling.MOST_ATTEMPTS
    assert len(set(bad.keys)) == 1
    assert len([each for each in await notices(backend) if each["status"] == "dead"]) == 20
    assert await refused_at(backend, "desk@shelter.example.org") == 1


class Keeping(Failing):
    """A transport that takes nothing, and keeps the keys of what it was asked to."""

    def __init__(self, error: Exception) -> None:
        super().__init__(10**6, error)
        self.keys: list[str] = []

    async def send(self, kind: str, message: Message) -> None:
        self.keys.append(message.key)
        await super().send(kind, message)


async def test_only_who_was_tried_often_enough_is_given_up(backend: Backend) -> None:
    await imported(backend, wanting())
    step = await storm(backend, 6)
    bad = Keeping(NotNow("452 4.2.2"))
    for hour in range(settling.MOST_ATTEMPTS):
        at = later(backend, backend.clock() + timedelta(hours=hour))
        if hour == settling.MOST_ATTEMPTS - 1:
            await promised(at, step, *["shelter-desk"] * 2)
        done = await deliver_due(at, bad, SITE)
    assert (done["dead"], done["failed"]) == (6, 2)
    assert await came_of(later(at, at.clock() + timedelta(hours=2)), Failing(0)) == {"delivered": 2}


def two_ways() -> Roster:
    """The shelter's desk has a secure mailbox, and one that is good enough for official cases only."""
    roster = wanting()
    row(roster, "channels", "shelter-mail")["kind"] = "secure-email"
    second = {**row(roster, "channels", "line-mail"), "id": "second", "contact_point": "shelter-desk", "rank": "9"}
    roster["channels"].append({**second, "address": "second@shelter.example.org"})
    return roster


@pytest.mark.parametrize("error", [Refused("550 5.7.1"), Refused("550 5.1.1"), NotNow("451")])
async def test_what_may_go_by_another_channel_does_so_when_the_common_one_fails(
    backend: Backend, error: Exception
) -> None:
    await imported(backend, two_ways())
    await storm(backend, 3, "strict", await storm(backend, 3))
    bad = Asked(secure_email=error)
    assert await came_of(backend, bad) == {"failed": 6}
    assert len(await together(backend)) == 1
    whys = [next(why for why in each["why"] if why.startswith("second")) for each in (await notices(backend))[1:]]
    assert whys == [f"second: {NOT_FOR_ALL}"] * 3 + ["second: assurance"] * 3, "of each its own"
    now = later(backend, backend.clock() + timedelta(minutes=1))
    strictly = {"failed": 3} if isinstance(error, NotNow) else {"dead": 3}
    assert await came_of(now, bad) == {"delivered": 3} | strictly
    ((kind, message),) = bad.taken
    assert (kind, message.address, len(references(message))) == ("email", "second@shelter.example.org", 3)
    assert len(await together(backend)) == 3
    if isinstance(error, NotNow):
        assert await came_of(later(now, now.clock() + timedelta(minutes=3)), bad) == {"failed": 3}
    for each in await notices(backend):
        assert ("second: assurance" in (each["why"] or ())) == (each["channel"] is None), each


async def test_what_bars_a_channel_for_one_is_not_noted_with_the_others(backend: Backend) -> None:
    roster = two_ways()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    for avoid in ((), (), (), (), (), ("newcomer",)):
        await send(backend, avoid=avoid, confidentiality="official")
    row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
    await imported(backend, roster)
    transport = Failing(0)
    assert await came_of(backend, transport) == {"delivered": 5, "dead": 1}
    assert [len(references(message)) for _, message in transport.taken] == [5]
    avoided = [each["status"] for each in await notices(backend) if "shelter-mail: avoided" in each["why"]]
    assert avoided == ["dead"]


async def test_a_worker_whose_lease_ran_out_settles_none_of_them(backend: Backend) -> None:
    await imported(backend, wanting())
    await storm(backend, 6)
    slow = await outbox.lease(OPERATOR, backend)
    over = later(backend, backend.clock() + outbox.LEASE)
    (taken,) = await outbox.lease(OPERATOR, over, limit=1)
    assert taken.id in {each.id for each in slow}
    before = await dump(backend.store)
    assert await digesting.put_together(OPERATOR, over, slow) is None
    for status in ("delivered", "failed", "dead"):
        of = settling.settlement(over, slow, status, "shelter-mail", {})
        assert await settling.settle_all(OPERATOR, over, [of]) == [None]
    assert await dump(backend.store) == before
    assert await came_of(later(over, over.clock() + outbox.LEASE), Failing(0)) == {"delivered": 6}


async def test_a_slow_worker_leaves_what_others_have_taken_over(backend: Backend) -> None:
    """Also where that is noticed only when the messages are put together."""
    await imported(backend, wanting())
    await storm(backend, 6)
    over, other = later(backend, backend.clock() + outbox.LEASE), Failing(0)

    class Slow(Through):
        async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
            if steps[0].statement == "digest_put":
                await deliver_due(replace(over, store=self.inner), other, SITE)
            return await super().write(steps, operation)

    mine = Failing(0)
    assert await came_of(replace(backend, store=Slow(backend.store)), mine) == {}
    assert (len(mine.taken), len(other.taken)) == (0, 1)


async def test_all_that_was_in_one_goes_out_again_when_that_comes_back(backend: Backend) -> None:
    await imported(backend, two_ways() | {"channels": mailboxes()})
    await storm(backend, 6)
    await came_of(backend, transport := Failing(0))
    ((_, message),) = transport.taken
    assert message.address == "desk@shelter.example.org"
    for wrong in (("0" * 64, "desk@shelter.example.org"), (message.key, "other@shelter.example.org")):
        assert await back(backend, *wrong, "5.1.1") is None
    assert await back(backend, message.key, message.address, "5.1.1") == "shelter-desk"
    assert await back(backend, message.key, message.address, "5.1.1") is None, "once"
    assert await refused_at(backend, message.address) == 1
    assert await came_of(backend, transport) == {"delivered": 6}
    again = transport.taken[1][1]
    assert (again.address, sorted(references(again))) == ("second@shelter.example.org", sorted(references(message)))
    assert again.key == message.key


def mailboxes() -> list[dict[str, str]]:
    """All channels of the roster, the shelter's two both plain mail."""
    found = two_ways()["channels"]
    next(each for each in found if each["id"] == "shelter-mail")["kind"] = "email"
    return found
