"""Webhooks from their set-up to what a receiver gets: in order, each event under its own id, nothing lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from relaypoint.app.posting import post_due
from relaypoint.app.runtime import Runtime, WebhookSetup
from relaypoint.app.settings import Settings
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Conflict, Invalid, Limit, NotFound
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.notifications.outgoing import CONNECTIONS, Outgoing
from relaypoint.notifications.webhooks import new_secret
from relaypoint.resolvers import feed, gaps, handoffs, posting, webhooks
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.posting import LEASE
from relaypoint.schema.operational import schema
from relaypoint.tests.helpers import FULL, NOW, Through, at_time, imported, make_backend, member, raw
from relaypoint.tests.mailing import certificate
from relaypoint.tests.receiving import Receiver, receiving
from relaypoint.tests.test_evidence import after
from relaypoint.tests.test_notices import SHELTER, SITE, UNIT, send
from relaypoint.tests.test_passing import two_shelters
from relaypoint.tests.test_push import NOTICE, Officer
from relaypoint.tests.test_year import Killed, Mortal

POLICE = member("example-police")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Receiver, Outgoing, str]]:
    async with receiving() as receiver:
        outgoing = Outgoing(allow_local=True, total=5)
        try:
            yield receiver, outgoing, f"http://127.0.0.1:{receiver.port}"
        finally:
            await outgoing.close()


async def hook(backend: Backend, url: str, who: Subject = UNIT, **how: Any) -> webhooks.Webhook:
    return await webhooks.create(who, backend, url, new_secret(), **how)


async def stands(backend: Backend, who: Subject = UNIT) -> webhooks.Webhook:
    (found,) = await webhooks.webhooks(who, backend)
    return found


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(each.body) for each in receiver.posted]


def ids(receiver: Receiver) -> list[str]:
    return [each.headers["webhook-id"] for each in receiver.posted]


async def test_a_program_is_told_of_what_its_owner_may_see(backend: Backend) -> None:
    async with listening() as (receiver, outgoing, url):
        await hook(backend, f"{url}/unit")
        await hook(backend, f"{url}/police", POLICE)
        sent = await send(backend)
        step = sent["handoffs"][0]["id"]
        await handoffs.move_handoff(SHELTER, backend, step, "receive")
        assert await post_due(backend, outgoing) == 2
        assert await post_due(backend, outgoing) == 0
    assert [each.path for each in receiver.posted] == ["/unit", "/unit"]
    about = {"referral": sent["id"], "handoff": step, "contactPoint": "shelter-desk"}
    first, second = bodies(receiver)
    assert (first["type"], first["timestamp"], second["type"]) == ("referral.sent", NOW, "handoff.changed")
    for each in (first, second):
        assert {name: id for name, id in each["data"].items() if name != "cursor"} == about
    page = await feed.events(UNIT, backend, feed.position_of(first["data"]["cursor"]))
    assert feed.cursor(page.events[0].position) == second["data"]["cursor"], "one can go on in the feed"
    text = str(receiver.posted)
    assert not [each for each in ("labour", "female", "GB-X-NORTH", "Example", sent["reference"]) if each in text]


async def test_what_is_sent_can_be_verified_and_a_new_secret_takes_over(backend: Backend) -> None:
    now = datetime.now(UTC)  # As the receiver's library looks at its own clock.
    present = at_time(backend, format_instant(now))
    async with listening() as (receiver, outgoing, url):
        made = await hook(present, url)
        assert (made.secret or "").startswith("whsec_")
        assert [each.secret for each in await webhooks.webhooks(UNIT, present)] == [None], "it is told once"
        await send(present)
        await post_due(present, outgoing)
        newer = await webhooks.rotate(UNIT, present, made.id, new_secret())
        await send(present)
        await post_due(present, outgoing)
        much_later = after(present, timedelta(days=1))
        await send(much_later)
        await post_due(much_later, outgoing)
    first, second, third = receiver.posted
    old, new = Verifier(made.secret or ""), Verifier(newer.secret or "")
    old.verify(first.body, first.headers)
    old.verify(second.body, second.headers)
    new.verify(second.body, second.headers)
    assert len(third.headers["webhook-signature"].split()) == 1, "the old one holds for a day"
    with pytest.raises(WebhookVerificationError):
        new.verify(first.body, first.headers)
    stored = str(await raw(backend.store, "MATCH (w:Webhook) RETURN properties(w) AS p"))
    assert (made.secret or "")[6:] not in stored
    assert "127.0.0.1" not in stored


async def test_what_fails_is_tried_again_in_order_under_the_same_id(backend: Backend) -> None:
    async with listening() as (receiver, outgoing, url):
        made = await hook(backend, f"{url}/503/x")
        for _ in range(3):
            await send(backend)
        assert await post_due(backend, outgoing) == 0
        found = await stands(backend)
        assert (found.failures, found.state) == (1, "active")
        assert [each.outcome for each in found.log] == ["not now: 503"]
        assert await post_due(backend, outgoing) == 0
        assert len(receiver.posted) == 1, "not again at once"
        later = at_time(backend, str(found.due_at))
        await post_due(later, outgoing)
        assert ids(receiver) == [f"{made.id}.{made.position + 1}"] * 2
        waits = parse_instant(str((await stands(later)).due_at)) - later.clock()
        assert waits == 2 * (later.clock() - backend.clock())
        # The same one, mended.
        receiver.posted.clear()
        sealed = backend.vault.seal_setting({"url": url, "secrets": [new_secret()]})
        await backend.store.apply([f"MATCH (w:Webhook) SET w.sealed = '{sealed}'"])
        much = after(later, timedelta(hours=1))
        assert await post_due(much, outgoing) == 3
    assert ids(receiver) == [f"{made.id}.{made.position + number}" for number in (1, 2, 3)]
    found = await stands(much)
    assert (found.failures, found.due_at, found.position) == (0, None, made.position + 3)
    assert [each.outcome for each in found.log] == ["not now: 503", "not now: 503", "taken", "taken", "taken"]


async def test_one_that_fails_for_a_day_is_paused_and_its_owner_sees_it(backend: Backend) -> None:
    async with listening() as (receiver, outgoing, url):
        made = await hook(backend, f"{url}/500/x")
        await send(backend)
        now, tries = backend, 0
        while (await stands(now)).state == "active":
            assert (tries := tries + 1) < 100
            await post_due(now, outgoing)
            found = await stands(now)
            now = at_time(backend, str(found.due_at))
        assert now.clock() - backend.clock() >= timedelta(days=1)
        assert found.paused_for == "failing"
        told = [each for each in (await gaps.coverage_gaps(UNIT, now)).gaps if each.kind == "webhook-paused"]
        assert [each.organization for each in told] == ["example-unit"]
        assert "127.0.0.1" in str(told[0].text)
        for other in (SHELTER, POLICE):
            assert "webhook-paused" not in {each.kind for each in (await gaps.coverage_gaps(other, now)).gaps}
        before = len(receiver.posted)
        await send(now)
        await post_due(after(now, timedelta(days=9)), outgoing)
        assert len(receiver.posted) == before
        resumed = await webhooks.resume(UNIT, now, made.id)
    assert (resumed.state, resumed.failures, resumed.position) == ("active", 0, made.position), "nothing is skipped"


async def test_its_owner_sees_how_far_it_is_behind(backend: Backend) -> None:
    query = "{ webhooks { cursor behind } }"
    async with listening() as (_, outgoing, url):
        made = await hook(backend, url)
        assert made.behind == 0
        await webhooks.pause(UNIT, backend, made.id)
        for _ in range(2):
            await send(backend)
        assert (await stands(backend)).behind == 2
        await imported(backend, two_shelters())  # Whoever is not sent something has to get past it too.
        answer = await schema.execute(query, context_value=Runtime(Settings(), backend).context(UNIT))
        assert answer.data == {"webhooks": [{"cursor": f"feed:{made.position}", "behind": 3}]}
        assert (await webhooks.resume(UNIT, backend, made.id)).behind == 3
        await post_due(backend, outgoing)
        found = await stands(backend)
    assert (found.behind, found.position) == (0, made.position + 3)


async def test_a_receiver_that_is_gone_is_not_asked_again(backend: Backend) -> None:
    async with listening() as (receiver, outgoing, url):
        await hook(backend, f"{url}/410/x")
        await send(backend)
        await post_due(backend, outgoing)
        found = await stands(backend)
        assert (found.state, found.paused_for) == ("paused", "gone")
        await post_due(after(backend, timedelta(days=1)), outgoing)
    assert len(receiver.posted) == 1


async def test_one_may_not_be_led_into_the_own_network(backend: Backend) -> None:
    async with listening() as (receiver, _, url):
        strict = Outgoing()
        await hook(backend, url)
        await send(backend)
        await post_due(backend, strict)
        await strict.close()
    assert (receiver.posted, receiver.connections) == ([], 0)
    found = await stands(backend)
    assert (found.state, found.log[0].outcome) == ("active", "failed: not an address"), "it may lead elsewhere one day"


@pytest.mark.parametrize(
    "url", ["http://unit.example.org/", "https://127.0.0.1/", "https://user@example.org/", "ftp://x", ""]
)
def test_an_address_that_events_may_not_go_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        WebhookSetup().checked(url)
    assert refused.value.path == ("url",)


async def test_it_can_be_narrowed_paused_tested_replayed_and_ended(backend: Backend) -> None:
    async with listening() as (receiver, outgoing, url):
        made = await hook(backend, url, SHELTER, types=["handoff.changed"], contact_points=["shelter-night-desk"])
        day = await send(backend)
        night = await send(backend, "shelter-night-desk")
        for each in (day, night):
            await handoffs.move_handoff(SHELTER, backend, each["handoffs"][0]["id"], "receive")
        assert await post_due(backend, outgoing) == 1
        (posted,) = bodies(receiver)
        assert posted["data"]["referral"] == night["id"]
        await webhooks.pause(SHELTER, backend, made.id)
        await handoffs.move_handoff(SHELTER, backend, night["handoffs"][0]["id"], "accept")
        assert await post_due(backend, outgoing) == 0
        await webhooks.resume(SHELTER, backend, made.id)
        assert await post_due(backend, outgoing) == 1
        await webhooks.send_test(SHELTER, backend, made.id)
        assert await post_due(backend, outgoing) == 1
        assert await post_due(backend, outgoing) == 0, "once"
        assert bodies(receiver)[-1]["type"] == "webhook.test"
        await webhooks.replay(SHELTER, backend, made.id, NOW)
        assert await post_due(backend, outgoing) == 2
        assert ids(receiver)[-2:] == ids(receiver)[:2]
        assert await webhooks.end(SHELTER, backend, made.id) == made.id
        await handoffs.move_handoff(SHELTER, backend, night["handoffs"][0]["id"], "start")
        assert await post_due(backend, outgoing) == 0
    assert await webhooks.webhooks(SHELTER, backend) == []
    assert await raw(backend.store, "MATCH (w:Webhook) RETURN w.id AS id") == []


async def test_nobody_touches_another_ones(backend: Backend) -> None:
    made = await hook(backend, "https://unit.example.org/")
    assert await webhooks.webhooks(SHELTER, backend) == []
    for act in (webhooks.pause, webhooks.resume, webhooks.send_test, webhooks.end):
        with pytest.raises(NotFound):
            await act(SHELTER, backend, made.id)
    with pytest.raises(NotFound):
        await webhooks.rotate(SHELTER, backend, made.id, new_secret())
    with pytest.raises(NotFound):
        await webhooks.replay(SHELTER, backend, made.id, NOW)
    with pytest.raises(NotFound) as refused:
        await hook(backend, "https://unit.example.org/", contact_points=["unit-desk", "shelter-desk"])
    assert refused.value.path == ("contactPoints", "1")
    with pytest.raises(Invalid):
        await hook(backend, "https://unit.example.org/", OPERATOR)
    with pytest.raises(Invalid):
        await hook(backend, "https://unit.example.org/", types=["case.read"])
    assert len(await webhooks.webhooks(OPERATOR, backend)) == 1


async def test_a_repeat_makes_no_second_one_and_there_is_a_limit(backend: Backend) -> None:
    one = await hook(backend, "https://unit.example.org/", idempotency_key="once")
    again = await hook(backend, "https://unit.example.org/", idempotency_key="once")
    assert (again.id, again.secret) == (one.id, one.secret)
    with pytest.raises(Invalid):
        await hook(backend, "https://other.example.org/", idempotency_key="once")
    for number in range(webhooks.MOST - 1):
        await hook(backend, f"https://unit.example.org/{number}")
    with pytest.raises(Limit):
        await hook(backend, "https://unit.example.org/more")


async def test_who_has_left_is_told_no_more(backend: Backend) -> None:
    async with listening() as (receiver, outgoing, url):
        await hook(backend, url, SHELTER)
        await send(backend)
        await backend.store.apply(["MATCH (o:Organization {id: 'example-shelter'}) SET o.until = '2026-03-04'"])
        gone = after(backend, timedelta(days=400))
        assert await post_due(gone, outgoing) == 0
        (found,) = await webhooks.webhooks(OPERATOR, gone)
        assert (found.state, found.paused_for) == ("paused", "ended")
    assert receiver.posted == []


async def test_one_that_breaks_or_can_not_be_read_stops_no_other(backend: Backend, files: tuple[Path, Path]) -> None:
    """TLS that the sender does not trust, and an address that was sealed under another key."""
    async with listening() as (receiver, outgoing, url), receiving(files) as foreign:
        bad = await hook(backend, f"https://127.0.0.1:{foreign.port}/", SHELTER)
        lost = await hook(backend, "https://unit.example.org/", SHELTER)
        sealed = make_backend(backend.store).vault.seal_setting({"url": url, "secrets": [new_secret()]})
        await backend.store.apply([f"MATCH (w:Webhook {{id: '{lost.id}'}}) SET w.sealed = '{sealed}'"])
        await hook(backend, url)
        await send(backend)
        assert await post_due(backend, outgoing) == 1
        found = {each.id: each for each in await webhooks.webhooks(SHELTER, backend)}
        assert found[bad.id].failures == 1
        assert found[lost.id].host == "(can't be read)"
        assert (await gaps.coverage_gaps(SHELTER, backend)).day
    assert len(receiver.posted) == 1


async def test_who_answers_slowly_holds_up_nobody_else(backend: Backend) -> None:
    """Many slow receivers of one organization, and what happens for another one while they are waited for."""
    async with listening() as (receiver, outgoing, url):
        for _ in range(2):
            await send(backend)
        for number in range(webhooks.MOST):
            made = await hook(backend, f"{url}/hang/{number}")
            await webhooks.replay(UNIT, backend, made.id, NOW)
        await hook(backend, f"{url}/shelter", SHELTER)
        posting_all = asyncio.create_task(post_due(backend, outgoing))
        await receiver.came(posting.SHARE)
        await send(backend)
        async with asyncio.timeout(4):  # Before the first slow one is given up.
            await receiver.came(posting.SHARE + 1)
        assert not posting_all.done()
        posting_all.cancel()
        with pytest.raises(asyncio.CancelledError):
            await posting_all
    *slow, quick = [each.path for each in receiver.posted]
    assert (len(slow), quick) == (posting.SHARE, "/shelter"), "a share of its own, and no more"


async def test_each_of_many_webhooks_has_its_turn(backend: Backend) -> None:
    made = [await hook(backend, f"https://unit.example.org/{number}") for number in range(posting.SHARE + 1)]
    for desk in range(posting.SHARE):
        made.append(await hook(backend, f"https://shelter.example.org/{desk}", SHELTER))
    for _ in range(2):
        await send(backend)
    mine = [each.id for each in made[: posting.SHARE + 1]]
    first = await posting.lease(OPERATOR, backend, limit=6)
    own = [each for each in first if each.id in mine]
    assert (len(first), len(own)) == (6, posting.SHARE)
    for each in own:
        await posting.settle(OPERATOR, backend, each, each.events[:1], None)  # The lease was over before the second.
    again = [each.id for each in await posting.lease(OPERATOR, backend, limit=9)]
    (waited,) = set(mine) - {each.id for each in own}
    assert waited in again
    assert len(again) == 2 * posting.SHARE - 2, "two of the other one's were under way"


async def test_what_breaks_at_one_ends_none_that_was_begun(backend: Backend) -> None:
    class Away(Through):
        """It can't settle the webhook ``of``."""

        of = ""

        async def write(self, steps: Any, operation: Any = None) -> Any:
            if steps[0].statement == "webhook_settle" and steps[0].parameters["id"] == self.of:
                raise Killed
            return await super().write(steps, operation)

    async with listening() as (receiver, outgoing, url):
        away = Away(backend.store)
        away.of = (await hook(backend, f"{url}/quick")).id
        other = await hook(backend, f"{url}/drip/", SHELTER)
        await send(backend)
        with pytest.raises(Killed):
            await post_due(replace(backend, store=away), outgoing)
        assert len(receiver.posted) == 2
        assert (await stands(backend, SHELTER)).position == other.position + 1
        assert (await stands(backend)).position == other.position


async def test_browsers_have_a_way_of_their_own(backend: Backend) -> None:
    """So that webhooks that are waited for hold up no message."""
    runtime = Runtime(Settings(), backend)
    async with listening() as (receiver, slow, url):
        full = [asyncio.create_task(slow.post(f"{url}/hang/", headers={}, content=b"")) for _ in range(CONNECTIONS)]
        await receiver.came(CONNECTIONS)
        quick = Outgoing(allow_local=True, total=2)
        runtime = replace(runtime, outgoing=slow, pushing=quick)
        officer = Officer(ec.generate_private_key(ec.SECP256R1()), b"sixteen bytes ok")
        await runtime.push.send(officer.at(f"{url}/browser"), NOTICE, SITE)
        for each in full:
            each.cancel()
        await asyncio.gather(*full, return_exceptions=True)
        await quick.close()
    assert receiver.posted[-1].path == "/browser"


async def test_two_who_change_one_are_told(backend: Backend) -> None:
    made = await hook(backend, "https://unit.example.org/")

    class Stale(Through):
        async def read(self, statement: str, /, **parameters: Any) -> list[dict[str, Any]]:
            rows = await super().read(statement, **parameters)
            if statement == "webhooks_all":
                await backend.store.apply(["MATCH (w:Webhook) SET w.version = w.version + 1"])
            return rows

    with pytest.raises(Conflict):
        await webhooks.pause(UNIT, replace(backend, store=Stale(backend.store)), made.id)


async def test_workers_that_are_killed_lose_nothing_and_keep_the_order(backend: Backend) -> None:
    """Two at once, each killed now and then between any two steps."""
    chance, count = random.Random(3), (150 if FULL else 25)
    async with listening() as (receiver, outgoing, url):
        made = await hook(backend, url)
        now, killed, sent = backend, 0, 0
        for _ in range(1000):
            for _ in range(3 if not killed else min(3, max(count - sent, 0))):
                await send(now)
                sent += 1
            now = after(now, LEASE + timedelta(seconds=1))
            mortal = [replace(now, store=Mortal(now.store, chance)) for _ in range(2)]
            ends = await asyncio.gather(*(post_due(each, outgoing) for each in mortal), return_exceptions=True)
            killed += sum(isinstance(each, Killed) for each in ends)
            assert all(isinstance(each, Killed | int) for each in ends), ends
            if killed and sent >= count and (await stands(now)).position == made.position + sent:
                break
    assert killed > 0
    numbers = [int(each.rpartition(".")[2]) - made.position for each in ids(receiver)]
    first = list(dict.fromkeys(numbers))
    assert first == list(range(1, sent + 1)), "each, and the first time in its order"


async def test_a_lease_that_ran_out_settles_nothing(backend: Backend) -> None:
    await hook(backend, "https://unit.example.org/")
    await send(backend)
    (slow,) = await posting.lease(OPERATOR, backend, limit=9)
    assert await posting.lease(OPERATOR, backend, limit=9) == []
    later = after(backend, LEASE)
    (quick,) = await posting.lease(OPERATOR, later, limit=9)
    assert [each.id for each in quick.events] == [each.id for each in slow.events]
    await posting.settle(OPERATOR, later, slow, slow.events, None)
    assert (await stands(later)).position == slow.webhook["position"], "nothing"
    await posting.settle(OPERATOR, later, quick, quick.events, None)
    assert (await stands(later)).position == quick.position
