"""When messages go out, and how many at once: never later than they may, and nobody is rung at night for what can wait.

The clock is simulated. Times in the tables are those of the contact point's wall clock, in London unless they say so.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.model import Channel, ContactPoint
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.quiet import LONGEST, RINGING, Plan, Sending, plan
from relaypoint.domain.words import ChannelKind, Confidentiality, Priority
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.messages import Message
from relaypoint.resolvers import handoffs, outbox
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.referral_steps import notice
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


def planned(desk: ContactPoint, sending: Sending, at: datetime) -> Plan:
    return plan(sending, weighed(desk, at), at)


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
