"""When messages go out, and how many at once: never later than they may, and nobody is rung at night for what can wait.

The clock is simulated. Times in the tables are those of the contact point's wall clock, in London unless they say so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.model import Channel, ContactPoint
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.quiet import LONGEST, RINGING, Plan, Reader, Sending, plan
from relaypoint.domain.roster_desks import HolderRow
from relaypoint.domain.roster_reading import read_row
from relaypoint.domain.words import ChannelKind, Confidentiality, Priority
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.messages import Message
from relaypoint.resolvers import contingency, handoffs, outbox, rounds
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.referral_steps import notice
from relaypoint.resolvers.roster import export_roster
from relaypoint.tests.helpers import Roster, at_time, imported, raw, row, tiny_roster
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
        assert usable(found) == [use.channel.id for use in weighed(desk, goes) if use.carries_message and use.open]
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
    assert await came_of(backend, transport := Failing(0)) == {"delivered": 1}
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


async def test_a_holder_is_asked_in_their_own_language(backend: Backend) -> None:
    await imported(backend, wanting(first={"message_language": "uk"}))
    started = await rounds.start(OPERATOR, backend, "confirmation", "2026-03-10")
    assert {link.subject: link.languages[0] for link in started.links} == {
        "shelter-first": "uk",
        "shelter-second": "en",
    }


async def test_while_another_desk_answers_the_wishes_of_its_holders_count(backend: Backend) -> None:
    roster = wanting(first={"message_language": "uk", "digest": "10:30"})
    night = {**row(roster, "holders", "shelter-first"), "id": "night", "contact_point": "shelter-night-desk"}
    roster["holders"].append({**night, "message_language": "es", "digest": "11:00"})
    mail = {**row(roster, "channels", "shelter-mail"), "id": "night-mail", "contact_point": "shelter-night-desk"}
    roster["channels"].append(mail)
    await imported(backend, roster)
    step = (await send(backend))["handoffs"][0]["id"]
    await deliver_due(backend, Failing(0), SITE)
    flood = contingency.Scope(organization="example-shelter")
    await contingency.declare(OPERATOR, backend, flood, "The office is flooded", "2026-03-20", id="flood")
    await promised(backend, step, "shelter-desk")
    assert await came_of(backend, transport := Failing(0)) == {}
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
        ("important_only", "maybe", "roster.bad-enum"),
    ],
)
def test_what_is_no_wish_is_refused(column: str, value: str, message_id: str) -> None:
    cells = {"id": "holder", "contact_point": "desk", "role": "primary", column: value}
    _, _, faults = read_row(HolderRow, cells)
    assert [(each.column, each.message_id) for each in faults] == [(column, message_id)]
