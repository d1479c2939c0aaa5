"""The outbox's way to the spool, on each engine: what leaves, over which channel, and what if none can be used."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.receipts import PURPOSE
from relaypoint.domain.words import MESSAGE_KINDS
from relaypoint.notifications.delivery import NotNow
from relaypoint.notifications.messages import Message
from relaypoint.notifications.spool import Spool
from relaypoint.resolvers import handoffs, outbox, referrals, sending, settling, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import at_time, imported, member, raw, row, settle, tiny_roster

SITE = "https://site.example.org/"
NEED = NeedInput(
    from_organization="example-unit",
    service="housing",
    place="GB-X-NORTH",
    languages=("cy",),
    priority="stat",
    tags=("female", "labour"),
)
UNIT, SHELTER = member("example-unit"), member("example-shelter")


async def send(backend: Backend, to: str = "shelter-desk", **changes: Any) -> dict[str, Any]:
    """The referral."""
    return (await sending.refer(UNIT, backend, replace(NEED, **changes), to=to)).referral


async def deliver(backend: Backend, folder: Path) -> tuple[dict[str, int], list[dict[str, Any]]]:
    counts = await deliver_due(backend, Spool(folder), SITE)
    return counts, messages_in(folder)


def messages_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*"))]


async def notices(backend: Backend) -> list[dict[str, Any]]:
    text = "MATCH (n:Notice) RETURN n.id AS id, n.status AS status, n.why AS why, n.channel AS channel ORDER BY n.id"
    return await raw(backend.store, text)


async def tried(backend: Backend) -> list[dict[str, Any]]:
    """What came of each attempt, the oldest first."""
    text = "MATCH (n:Notice)-[t:TRIED]->(:Address) RETURN n.id AS id, t.at AS at, t.attempt AS attempt, "
    text += "t.channel AS channel, t.result AS result, t.reply AS reply ORDER BY t.at, t.attempt, t.channel"
    return await raw(backend.store, text)


async def due_at(backend: Backend) -> str:
    """When the one message is due."""
    (due,) = [each["at"] for each in await raw(backend.store, "MATCH (n:Notice) RETURN n.due_at AS at")]
    return str(due)


async def test_a_message_holds_an_urgency_a_reference_and_two_links(backend: Backend, tmp_path: Path) -> None:
    sent = await send(backend, avoid=("example-line",))
    counts, (message,) = await deliver(backend, tmp_path / "spool")
    assert counts == {"delivered": 1, "dead": 0, "failed": 0}
    assert set(message) == {"channel", "key", "address", "subject", "body", "html", "language", "proof", "priority"}
    reference = message["subject"].split(": ")[1]
    assert message["subject"] == f"Emergency: {reference}"
    token = backend.vault.token(PURPOSE, reference)
    assert message["body"] == (
        f"Emergency\n\nReference\n{reference}\n\nSign in to read this message\nhttps://site.example.org/n/{reference}\n\n"
        f"Confirm that you have received this message\nhttps://site.example.org/r/en-{reference}-{token}\n"
    )
    assert (message["channel"], message["address"]) == ("secure-email", "desk@shelter.example.org")
    assert reference != sent["reference"]
    told = (message["subject"] + message["body"] + message["html"] + message["key"]).lower()
    ids = (sent["id"], sent["reference"], sent["handoffs"][0]["id"])
    for word in (*ids, "housing", "shelter", "unit", "example-", "gb-x", "north", "female", "labour", "line"):
        assert word.lower() not in told, word
    (stored,) = await notices(backend)
    assert (stored["status"], stored["channel"], message["key"]) == ("delivered", "shelter-mail", stored["id"])


async def test_each_notice_becomes_one_file_that_only_its_owner_reads(backend: Backend, tmp_path: Path) -> None:
    for _ in range(3):
        await send(backend)
    counts, messages = await deliver(backend, tmp_path / "spool")
    assert counts["delivered"] == 3
    assert len({message["key"] for message in messages}) == 3
    assert len({message["subject"] for message in messages}) == 3, "two messages can't be told to be of one case"
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "spool").iterdir()} == {0o600}
    assert (await deliver(backend, tmp_path / "spool"))[0] == {"delivered": 0, "dead": 0, "failed": 0}


def test_a_message_sent_twice_is_one_file(tmp_path: Path) -> None:
    message = Message("key", "desk@shelter.example.org", "subject", "body")
    for _ in range(2):
        asyncio.run(Spool(tmp_path).send("email", message))
    assert [file.name for file in tmp_path.iterdir()] == ["key.json"]


@pytest.mark.parametrize(("confidentiality", "used"), [("confidential", "shelter-mail"), ("strict", None)])
async def test_a_channel_below_the_case_is_never_used(
    backend: Backend, tmp_path: Path, confidentiality: str, used: str | None
) -> None:
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["assurance"] = "confidential"
    row(roster, "channels", "shelter-phone")["assurance"] = "strict"
    roster["channels"].append(
        {**row(roster, "channels", "line-mail"), "id": "shelter-open-mail", "contact_point": "shelter-desk"}
    )
    await imported(backend, roster)
    await send(backend, confidentiality=confidentiality)
    counts, messages = await deliver(backend, tmp_path / "spool")
    (notice,) = await notices(backend)
    assert notice["channel"] == used
    assert "shelter-open-mail: assurance" in notice["why"] or used
    assert len(messages) == counts["delivered"] == (1 if used else 0)


async def test_where_no_channel_carries_a_message_it_is_said_at_once(backend: Backend, tmp_path: Path) -> None:
    sent = await sending.refer(UNIT, backend, NEED, to="shelter-night-desk")
    assert sent.by_hand
    counts, messages = await deliver(backend, tmp_path / "spool")
    assert (counts, messages) == ({"delivered": 0, "dead": 1, "failed": 0}, [])
    (notice,) = await notices(backend)
    assert (notice["status"], notice["why"]) == ("dead", ["night-phone: needs a person"])
    (stall,) = await stalled.stalled(UNIT, backend)
    assert stall.stall.reason == "undelivered"
    assert stall.next_steps[0].channels
    assert stall.next_steps[0].channels[0].channel.address == "+442079460102"


async def test_who_came_to_be_avoided_is_not_told(backend: Backend, tmp_path: Path) -> None:
    """A holder who took the desk over after the referral was sent."""
    roster = tiny_roster()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    await send(backend, avoid=("newcomer",))
    row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
    await imported(backend, roster)
    counts, messages = await deliver(backend, tmp_path / "spool")
    assert (counts["dead"], messages) == (1, [])
    (notice,) = await notices(backend)
    assert set(notice["why"]) == {f"shelter-{name}: avoided" for name in ("mail", "phone", "relay")}
    (stall,) = await stalled.stalled(UNIT, backend)
    assert "shelter-desk" not in {step.contact_point.id for step in stall.next_steps if step.contact_point}


@pytest.mark.parametrize("avoid", ["example-line", "line-desk", "court", "example-court"])
async def test_a_relay_by_whom_the_case_avoids_is_never_used(backend: Backend, avoid: str) -> None:
    roster = tiny_roster()
    roster["organizations"].append({"id": "example-court", "name": "Example Court", "kind": "court"})
    row(roster, "organizations", "example-line")["part_of"] = "example-court"
    await imported(backend, roster)
    await send(backend, avoid=(avoid,))
    (leased,) = await outbox.lease(OPERATOR, backend)
    barred = {use.channel.id: use.barred for use in leased.channels}
    assert barred == {"shelter-mail": None, "shelter-phone": None, "shelter-relay": "avoided"}


@pytest.mark.parametrize(
    ("verb", "who", "more", "told"),
    [
        ("accept", SHELTER, {}, "desk@unit.example.org"),
        ("reject", SHELTER, {"reason": "no-capacity"}, "desk@unit.example.org"),
        ("correct", SHELTER, {}, "desk@unit.example.org"),
        ("cancel", UNIT, {"reason": "duplicate"}, "desk@shelter.example.org"),
        ("correct", UNIT, {}, "desk@shelter.example.org"),
    ],
)
async def test_a_move_is_told_to_the_other_side(
    backend: Backend, tmp_path: Path, verb: str, who: Subject, more: dict[str, Any], told: str
) -> None:
    step = (await send(backend))["handoffs"][0]["id"]
    await deliver(backend, tmp_path / "first")
    await handoffs.move_handoff(who, backend, step, verb, **more)
    _, (message,) = await deliver(backend, tmp_path / "second")
    assert message["address"] == told
    assert verb not in message["body"]


class Failing:
    """A transport that fails so many times, then takes every message."""

    def __init__(self, times: int, error: Exception | type[Exception] | None = None) -> None:
        self.kinds = MESSAGE_KINDS
        self.times = times
        self.error = error or ConnectionError("nobody listens at desk@shelter.example.org")
        self.taken: list[tuple[str, Message]] = []

    async def send(self, kind: str, message: Message) -> None:
        self.times -= 1
        if self.times >= 0:
            raise self.error
        self.taken.append((kind, message))

    async def close(self) -> None: ...


async def test_a_transport_that_fails_is_tried_again_later_and_more_slowly(backend: Backend) -> None:
    await send(backend)
    transport = Failing(2)
    assert await deliver_due(backend, transport, SITE) == {"delivered": 0, "dead": 0, "failed": 1}
    (notice,) = await notices(backend)
    assert (notice["status"], "shelter-mail: failed: ConnectionError" in notice["why"]) == ("pending", True)
    assert "nobody listens" not in str(notice)
    for pause, ended in ((30, {"failed": 1}), (60, {"delivered": 1})):
        before, due = (await tried(backend))[-1]["at"], (await due_at(backend))
        waits = (parse_instant(due) - parse_instant(before)).total_seconds()
        assert pause <= waits <= pause * 1.25
        for now, expected in ((parse_instant(due) - timedelta(milliseconds=1), {}), (parse_instant(due), ended)):
            done = await deliver_due(at_time(backend, format_instant(now)), transport, SITE)
            assert {status: count for status, count in done.items() if count} == expected, now
    ((kind, message),) = transport.taken
    assert (kind in MESSAGE_KINDS, message.key) == (True, notice["id"])


async def test_the_next_channel_is_tried_where_one_fails(backend: Backend) -> None:
    roster = tiny_roster()
    second = {**row(roster, "channels", "line-mail"), "id": "second", "contact_point": "shelter-desk", "rank": "9"}
    roster["channels"].append({**second, "address": "second@shelter.example.org"})
    await imported(backend, roster)
    await send(backend)
    transport = Failing(1)
    assert (await deliver_due(backend, transport, SITE))["delivered"] == 1
    assert [message.address for _, message in transport.taken] == ["second@shelter.example.org"]
    (notice,) = await notices(backend)
    assert notice["channel"] == "second"


@pytest.mark.parametrize(
    ("error", "step", "attempts"), [(NotNow("451"), 60, settling.MOST_ATTEMPTS), (OSError, 480, 4)]
)
async def test_what_fails_to_the_end_is_counted_as_dead(
    backend: Backend, error: OSError, step: int, attempts: int
) -> None:
    """What puts the message off is asked so many times; where nobody can be asked at all, for a day."""
    await send(backend)
    transport = Failing(1000, error)
    ends = []
    for at in range(attempts):
        now = backend.clock() + timedelta(minutes=step * at)
        done = await deliver_due(at_time(backend, format_instant(now)), transport, SITE)
        ends += [status for status, count in done.items() if count]
    assert ends == ["failed"] * (attempts - 1) + ["dead"]
    assert await outbox.lease(OPERATOR, at_time(backend, "2027-01-01T10:00:00.000Z")) == []
    (stall,) = await stalled.stalled(UNIT, backend)
    assert stall.stall.reason == "undelivered"


async def test_an_outage_costs_no_attempt_and_its_day_begins_with_it(backend: Backend) -> None:
    """However long it waited before, and what a server that has just come back says first ends nothing."""
    await send(backend)
    late = backend.clock() + timedelta(days=2)
    for hour in range(0, 20, 2):
        now = at_time(backend, format_instant(late + timedelta(hours=hour)))
        assert (await deliver_due(now, Failing(1, OSError()), SITE))["failed"] == 1
    for hour in range(20, 20 + 2 * (settling.MOST_ATTEMPTS - 1), 2):
        now = at_time(backend, format_instant(late + timedelta(hours=hour)))
        assert (await deliver_due(now, Failing(1, NotNow("451")), SITE))["failed"] == 1
    # Away again: a day of its own.
    for hour in range(40, 64, 2):
        now = at_time(backend, format_instant(late + timedelta(hours=hour)))
        assert (await deliver_due(now, Failing(1, OSError()), SITE))["failed"] == 1
    now = at_time(backend, format_instant(late + timedelta(hours=64)))
    assert (await deliver_due(now, Failing(1, OSError()), SITE))["dead"] == 1


@pytest.mark.parametrize(("priority", "most"), [("stat", 60), ("asap", 300), ("urgent", 3600)])
async def test_what_presses_goes_out_soon_after_an_outage(backend: Backend, priority: str, most: int) -> None:
    await send(backend, priority=priority)
    due = backend.now()
    for _ in range(12):
        last = due
        await deliver_due(at_time(backend, due), Failing(1, OSError()), SITE)
        due = await due_at(backend)
    assert most <= (parse_instant(due) - parse_instant(last)).total_seconds() <= most * 1.25


async def test_a_sender_sees_whether_a_message_is_on_its_way(backend: Backend) -> None:
    sent = await send(backend)
    step = sent["handoffs"][0]["id"]

    async def seen(who: Subject) -> tuple[Any, ...]:
        by_step = (await handoffs.handoff(who, backend, step)).handoff
        (listed,) = (await referrals.referral(who, backend, sent["id"]))["handoffs"]
        names = ("message_taken_at", "message_due_at", "undelivered")
        assert [by_step[name] for name in names] == [listed[name] for name in names]
        return tuple(by_step[name] for name in names)

    assert await seen(UNIT) == (None, backend.now(), False)
    await deliver_due(backend, Failing(1), SITE)
    taken, due, _ = await seen(UNIT)
    assert (taken, due > backend.now()) == (None, True)
    assert await seen(SHELTER) == (None, None, False)
    await deliver_due(at_time(backend, due), Failing(0), SITE)
    assert await seen(UNIT) == (due, None, False)
    assert await seen(SHELTER) == (None, None, False)


async def test_a_worker_whose_lease_ran_out_changes_nothing(backend: Backend) -> None:
    await send(backend)
    (slow,) = await outbox.lease(OPERATOR, backend)
    just_before = at_time(backend, "2026-03-03T10:01:59.000Z")
    assert await outbox.lease(OPERATOR, just_before) == []
    quick = at_time(backend, "2026-03-03T10:02:00.000Z")
    (again,) = await outbox.lease(OPERATOR, quick)
    assert (again.id, again.attempts) == (slow.id, 1), "what nobody knows the end of was no attempt"
    assert not await settle(quick, slow, "dead", None, {"shelter-mail": "late"})
    ((status, why),) = [(each["status"], each["why"]) for each in await notices(backend)]
    assert (status, why) == ("pending", None)
    assert await settle(quick, again, "delivered", "shelter-mail", {})
    assert not await settle(quick, again, "delivered", "shelter-mail", {}), "once"


async def test_a_spool_that_can_not_be_written_fails_and_is_tried_again(backend: Backend, tmp_path: Path) -> None:
    await send(backend)
    (tmp_path / "file").write_text("in the way")
    assert (await deliver_due(backend, Spool(tmp_path / "file"), SITE))["failed"] == 1
    counts, messages = await deliver(at_time(backend, "2026-03-03T10:10:00.000Z"), tmp_path / "spool")
    assert (counts["delivered"], len(messages)) == (1, 1)
