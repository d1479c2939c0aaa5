"""An organization is told that its webhook was paused: once, by whom it concerns, and of nothing else."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.app.posting import post_due
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.digests import STORM
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.words import Priority
from relaypoint.notifications.delivery import Refused
from relaypoint.notifications.messages import Notification, compose
from relaypoint.notifications.outgoing import Outgoing
from relaypoint.resolvers import announcing, gaps, handoffs, posting, undelivered, webhooks
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.outbox import LEASE
from relaypoint.tests.helpers import Roster, Through, at_time, imported, make_backend, raw, row, settle, tiny_roster
from relaypoint.tests.test_evidence import after
from relaypoint.tests.test_notices import SHELTER, SITE, UNIT, Failing, deliver, send
from relaypoint.tests.test_posting import POLICE, hook, listening
from relaypoint.tests.test_year import Killed, Mortal

UNTOLD = "Nobody could be told of that."


async def paused(backend: Backend, who: Subject = UNIT, **how: Any) -> webhooks.Webhook:
    """A webhook of theirs whose receiver has just said that it is gone."""
    made = await hook(backend, f"https://{who.organization}.example.org/", who, **how)
    await webhooks.send_test(who, backend, made.id)
    await gone(backend, made.id)
    return made


async def gone(backend: Backend, id: str) -> None:
    (leased,) = [each for each in await posting.lease(OPERATOR, backend, limit=99) if each.id == id]
    assert await posting.settle(OPERATOR, backend, leased, [], "refused: 410", gone=True) == "gone"


async def rows(backend: Backend) -> list[dict[str, Any]]:
    text = "MATCH (n:Announcement)-[:FOR]->(d:ContactPoint) RETURN n.id AS id, n.status AS status, n.why AS why, "
    text += "n.due_at AS due_at, n.channel AS channel, d.id AS contact_point ORDER BY n.id"
    return await raw(backend.store, text)


async def told(backend: Backend, who: Subject = UNIT) -> list[str]:
    """What the gaps say to them of webhooks that are paused."""
    found = (await gaps.coverage_gaps(who, backend)).gaps
    return [str(each.text) for each in found if each.kind == "webhook-paused"]


def two_of_the_shelter() -> Roster:
    """Its night desk has mail as well."""
    roster = tiny_roster()
    mail = {**row(roster, "channels", "unit-mail"), "id": "night-mail", "contact_point": "shelter-night-desk"}
    roster["channels"].append({**mail, "address": "night@shelter.example.org"})
    return roster


async def test_its_contact_point_is_told_once_and_of_nothing(backend: Backend, tmp_path: Path) -> None:
    async with listening() as (_, outgoing, url):
        await hook(backend, f"{url}/410/secret-path")
        await send(backend)
        assert (await deliver(backend, tmp_path / "before"))[0]["delivered"] == 1
        await post_due(backend, outgoing)
    counts, (message,) = await deliver(backend, tmp_path / "spool")
    assert counts == {"delivered": 1, "dead": 0, "failed": 0}
    ((id, reference),) = [
        tuple(each.values())
        for each in await raw(backend.store, "MATCH (n:Announcement) RETURN n.id AS id, n.reference AS reference")
    ]
    (shown,) = await webhooks.webhooks(UNIT, backend)
    assert shown.told_by == (reference,), "what the message names is found there"
    plain = Notification(key=id, reference=reference, priority=Priority.ROUTINE, kind="", language="en")
    meant = compose(plain, "desk@unit.example.org", SITE)
    assert {name: message[name] for name in ("key", "address", "subject", "body", "html")} == {
        name: getattr(meant, name) for name in ("key", "address", "subject", "body", "html")
    }
    later = after(backend, timedelta(days=9))
    assert (await deliver(later, tmp_path / "later"))[1] == []
    ((status, channel),) = [(each["status"], each["channel"]) for each in await rows(backend)]
    assert (status, channel) == ("delivered", "unit-mail")
    assert await raw(backend.store, "MATCH (q:Queue)-[:PENDING]->(n) RETURN n.id AS id") == []
    assert [UNTOLD in each for each in await told(backend)] == [False]
    assert (await webhooks.resume(UNIT, backend, shown.id)).told_by == ()


async def test_one_that_failed_for_a_day_is_told_of_and_one_that_fails_is_not(backend: Backend, tmp_path: Path) -> None:
    await hook(backend, "https://unit.example.org/")
    await send(backend)
    await deliver(backend, tmp_path / "before")
    now = backend
    for number in range(30):
        (leased,) = await posting.lease(OPERATOR, now, limit=9)
        why = await posting.settle(OPERATOR, now, leased, [], "not now: 503")
        _, messages = await deliver(now, tmp_path / str(number))
        assert len(messages) == (1 if why else 0)
        if why:
            break
        now = after(now, timedelta(hours=1))
    assert why == "failing"


async def test_those_are_told_that_it_names_or_else_the_first_two(backend: Backend, tmp_path: Path) -> None:
    roster = two_of_the_shelter()
    desk = row(roster, "contact_points", "shelter-night-desk")
    mail = row(roster, "channels", "night-mail")
    for id, until in (("a-past", "2026-01-01"), ("a-phone", ""), ("z-desk", "")):
        roster["contact_points"].append({**desk, "id": id, "name": id, "until": until})
        kind = {"kind": "phone", "address": "+442079460177"} if id == "a-phone" else {}
        roster["channels"].append({**mail, "id": f"{id}-own", "contact_point": id, **kind})
    await imported(backend, roster)
    await paused(backend, SHELTER)
    assert [each["contact_point"] for each in await rows(backend)] == ["shelter-desk", "shelter-night-desk"]
    await paused(backend, SHELTER, contact_points=["z-desk"])
    assert [each["contact_point"] for each in await rows(backend)][2:] == ["z-desk"]
    counts, messages = await deliver(backend, tmp_path / "spool")
    assert (counts["delivered"], len({each["key"] for each in messages})) == (3, 3)
    assert await told(backend, UNIT) + await told(backend, POLICE) == [], "it is nobody else's matter"


@pytest.mark.parametrize("act", ["resume", "end", "pause", "replay"])
async def test_nobody_is_told_of_what_is_over(backend: Backend, tmp_path: Path, act: str) -> None:
    made = await paused(backend)
    later = after(backend, timedelta(minutes=1))
    acts = {"resume": webhooks.resume, "end": webhooks.end, "pause": webhooks.pause}
    if act == "replay":
        await webhooks.replay(UNIT, later, made.id, "2026-03-01")
    else:
        await acts[act](UNIT, later, made.id)
    assert (await deliver(later, tmp_path / "spool"))[1] == []
    assert [each["status"] for each in await rows(later)] == ([] if act == "end" else ["overtaken"])
    assert await raw(backend.store, "MATCH (q:Queue)-[:PENDING]->(n) RETURN n.id AS id") == []


async def test_each_pause_is_told_of(backend: Backend, tmp_path: Path) -> None:
    made = await paused(backend)
    assert len((await deliver(backend, tmp_path / "first"))[1]) == 1
    later = after(backend, timedelta(hours=1))
    await webhooks.send_test(UNIT, later, made.id)
    await gone(later, made.id)
    assert len((await deliver(later, tmp_path / "second"))[1]) == 1
    await webhooks.end(UNIT, later, made.id)
    assert await rows(later) == [], "what was told goes with it"


async def test_where_nobody_can_be_told_the_gap_says_so(backend: Backend, tmp_path: Path) -> None:
    """A contact point that it names has no way left, and an organization none at all."""
    await paused(backend, SHELTER, contact_points=["shelter-night-desk"])
    assert [UNTOLD in each for each in await told(backend, SHELTER)] == [False], "not yet"
    assert (await deliver(backend, tmp_path / "spool"))[0] == {"delivered": 0, "dead": 1, "failed": 0}
    assert [UNTOLD in each for each in await told(backend, SHELTER)] == [True]
    assert await undelivered.undelivered(OPERATOR, backend) == [], "it is about no case"
    made = await paused(backend, POLICE)
    assert [UNTOLD in each for each in await told(backend, POLICE)] == [True]
    await webhooks.resume(POLICE, backend, made.id)
    assert await told(backend, POLICE) == []


async def test_one_who_is_told_is_enough(backend: Backend) -> None:
    roster = two_of_the_shelter()
    await imported(backend, roster)
    await paused(backend, SHELTER)
    assert await deliver_due(backend, Failing(1, Refused("550 5.1.1")), SITE) == {
        "delivered": 1,
        "dead": 1,
        "failed": 0,
    }
    assert [UNTOLD in each for each in await told(backend, SHELTER)] == [False]


async def test_what_fails_is_tried_again_as_any_message(backend: Backend) -> None:
    await paused(backend)
    transport, now, ends = Failing(2), backend, []
    for pause in (30, 60, None):
        done = await deliver_due(now, transport, SITE)
        ends += [status for status, count in done.items() if count]
        (found,) = await rows(now)
        if pause:
            waits = (parse_instant(found["due_at"]) - now.clock()).total_seconds()
            assert pause <= waits <= pause * 1.25
            assert await undelivered.waiting(OPERATOR, now) == 1
            early = at_time(now, format_instant(parse_instant(found["due_at"]) - timedelta(milliseconds=1)))
            assert set((await deliver_due(early, transport, SITE)).values()) == {0}
            now = at_time(now, found["due_at"])
    assert ends == ["failed", "failed", "delivered"]
    assert [message.key for _, message in transport.taken] == [found["id"]]


async def test_an_address_that_refuses_it_is_at_fault(backend: Backend) -> None:
    await paused(backend)
    assert (await deliver_due(backend, Failing(1, Refused("550 5.1.1")), SITE))["dead"] == 1
    (address,) = await raw(backend.store, "MATCH (:Queue)-[:WEIGHS]->(a:Address) RETURN a.refused AS refused")
    assert address["refused"] == 1


async def test_it_never_goes_together_with_others(backend: Backend, tmp_path: Path) -> None:
    for _ in range(STORM):
        await paused(backend)
        sent = await send(backend)
        await handoffs.move_handoff(SHELTER, backend, sent["handoffs"][0]["id"], "receive")
    _, messages = await deliver(backend, tmp_path / "spool")
    keys = {each["key"] for each in messages if each["address"] == "desk@unit.example.org"}
    assert len(keys) == STORM + 1, "all that tell of steps are one"
    assert {each["id"] for each in await rows(backend)} < keys


async def test_nobody_is_rung_at_night(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "channels", "unit-mail").update(kind="sms", address="+447400123456")
    row(roster, "contact_points", "unit-desk")["hours"] = "Mo-Fr 08:00-18:00"
    await imported(backend, roster)
    night = at_time(backend, "2026-03-03T23:00:00.000Z")
    await paused(night)
    transport = Failing(0)
    assert set((await deliver_due(night, transport, SITE)).values()) == {0}
    (found,) = await rows(night)
    assert (found["due_at"], found["why"]) == (
        "2026-03-04T08:00:00.000Z",
        ["unit-mail: closed until 2026-03-04T08:00:00.000Z"],
    )
    assert await undelivered.waiting(OPERATOR, night) == 1
    assert (await deliver_due(at_time(night, found["due_at"]), transport, SITE))["delivered"] == 1


@pytest.mark.parametrize("ended", ["Organization {id: 'example-unit'}", "ContactPoint {id: 'unit-desk'}"])
async def test_who_has_left_is_told_no_more(backend: Backend, tmp_path: Path, ended: str) -> None:
    await paused(backend)
    await backend.store.apply([f"MATCH (n:{ended}) SET n.until = '2026-03-04'"])
    later = make_backend(backend.store, "2026-03-04T10:00:00.000Z", backend.vault)
    assert (await deliver(later, tmp_path / "spool"))[1] == []
    assert [each["status"] for each in await rows(later)] == ["overtaken"]


async def test_a_lease_that_ran_out_settles_nothing(backend: Backend) -> None:
    await paused(backend)
    (slow,) = await announcing.lease(OPERATOR, backend)
    assert await announcing.lease(OPERATOR, backend) == []
    later = after(backend, LEASE)
    (quick,) = await announcing.lease(OPERATOR, later)
    assert (quick.id, quick.attempts) == (slow.id, 1), "what nobody knows the end of was no attempt"
    assert await settle(later, slow, "dead", None, {}) is None
    assert await settle(later, quick, "delivered", "unit-mail", {}) == "delivered"


async def test_two_workers_never_have_the_same(backend: Backend) -> None:
    for _ in range(4):
        await paused(backend)
    both = await asyncio.gather(*(announcing.lease(OPERATOR, backend) for _ in range(2)))
    assert sorted(each.id for leased in both for each in leased) == [each["id"] for each in await rows(backend)]


async def test_one_that_ended_while_it_was_looked_for_tells_nobody(backend: Backend) -> None:
    class Late(Through):
        async def read(self, statement: str, /, **parameters: Any) -> list[dict[str, Any]]:
            found = await super().read(statement, **parameters)
            if statement == "announcements_due":
                await webhooks.end(UNIT, backend, made.id)
            return found

    made = await paused(backend)
    assert await announcing.lease(OPERATOR, replace(backend, store=Late(backend.store))) == []


async def test_workers_that_are_killed_lose_nothing(backend: Backend) -> None:
    """Two at once, each killed now and then between any two steps: each pause is told of, under one key."""
    chance, pauses, killed, now = random.Random(5), 0, 0, backend
    transport = Failing(0)
    async with listening() as (_, outgoing, url):
        made = [await hook(backend, f"{url}/410/{number}") for number in range(8)]
        for _ in range(200):
            now = after(now, LEASE + timedelta(seconds=1))
            found = await rows(now)
            if len(found) == pauses and {each["status"] for each in found} <= {"delivered"}:
                if killed > 2:
                    break
                for each in made:
                    await webhooks.send_test(UNIT, now, each.id)
                pauses += len(made)
            mortal = [replace(now, store=Mortal(now.store, chance)) for _ in range(2)]
            ends = await asyncio.gather(*(lived(each, outgoing, transport) for each in mortal), return_exceptions=True)
            killed += sum(isinstance(each, Killed) for each in ends)
            assert all(isinstance(each, Killed | None) for each in ends), ends
    assert killed > 2
    assert len(found) == pauses, "one for each"
    assert {message.key for _, message in transport.taken} == {each["id"] for each in found}
    assert await raw(backend.store, "MATCH (q:Queue)-[:PENDING]->(n) RETURN n.id AS id") == []


async def lived(backend: Backend, outgoing: Outgoing, transport: Failing) -> None:
    await post_due(backend, outgoing)
    await deliver_due(backend, transport, SITE)
