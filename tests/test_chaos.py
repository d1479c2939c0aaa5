"""Messages under a simulated clock, with transports that fail at random and workers that are killed between any two
steps: each ends delivered, or dead and seen; none is lost, and what comes twice has the same key, its own or that of
several that went out as one. What such a key holds is known, and is all that came under it, however often it came.

On Neo4j three workers run at once; on the embedded store one, which is killed and started again.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.clock import format_instant
from relaypoint.domain.digests import STORM, key_of
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.words import MESSAGE_KINDS
from relaypoint.graph import Step
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.messages import Message
from relaypoint.resolvers import audit, gaps, proving, undelivered
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.referral_steps import notice
from relaypoint.tests.helpers import FULL, Roster, at_time, imported, make_backend, raw, row, tiny_roster
from relaypoint.tests.test_notices import SITE, send
from relaypoint.tests.test_year import Killed, Mortal

#: How many messages are promised, and to how many contact points.
SIZE: Final = {("embedded", False): 300, ("neo4j", False): 120, ("embedded", True): 10_000, ("neo4j", True): 10_000}
DESKS: Final = 40
#: So many of them get as much as all the others, so that it storms there.
STORMY: Final = 6
#: How often an attempt over a channel fails, and how.
FAILING: Final = 0.3
WAYS: Final[tuple[Callable[[], BaseException], ...]] = (
    lambda: NotNow("451 4.7.1"),
    lambda: NotNow("452 4.2.2"),
    lambda: Refused("550 5.1.1"),
    lambda: Refused("550 5.7.1"),
    lambda: ConnectionError("gone"),
)
#: How often a worker is killed at a transport: before it took the message, or after.
KILLED: Final = 0.04
#: From one look of the workers to the next: longer than a lease, so that what the killed left is taken over.
LOOK: Final = timedelta(minutes=7)


def roster() -> Roster:
    """Desks of the shelter, each with three ways that take messages, or with one; some have a holder who wants what is
    routine at some times of day."""
    found = tiny_roster()
    for number in range(DESKS):
        id = f"desk-{number}"
        desk = {**row(found, "contact_points", "shelter-desk"), "id": id, "name": f"Desk {number}"}
        found["contact_points"].append(desk)
        for rank, kind in enumerate(("secure-email", "email", "messenger")[: 1 if number % 4 == 0 else 3], 1):
            address = f"{id}-{rank}@shelter.example.org"
            mail = {**row(found, "channels", "shelter-mail"), "id": f"{id}-{rank}", "contact_point": id}
            found["channels"].append({**mail, "kind": kind, "address": address, "rank": str(rank)})
        if number % 3 == 0:
            holder = {**row(found, "holders", "shelter-first"), "id": f"{id}-holder", "contact_point": id}
            found["holders"].append({**holder, "digest": "11:00;14:00;17:00"})
    return found


class Chance:
    """A transport as bad as it gets, which remembers all that it took."""

    def __init__(self, chance: random.Random) -> None:
        self.kinds, self.chance = MESSAGE_KINDS, chance
        self.taken: Counter[tuple[str, str]] = Counter()
        #: By key, the references in each message that came under it.
        self.said: dict[str, set[frozenset[str]]] = {}
        self.counts: Counter[str] = Counter()

    async def send(self, kind: str, message: Message) -> None:
        await asyncio.sleep(0)
        fate = self.chance.random()
        if fate < KILLED / 2:
            raise Killed
        if fate < FAILING:
            self.counts["failed"] += 1
            taken = self.chance.random() < 0.1
            if taken:  # And nobody heard that it was.
                self._take(message)
            raise ConnectionError("the answer was lost") if taken else self.chance.choice(WAYS)()
        self._take(message)
        if fate > 1 - KILLED / 2:
            raise Killed

    async def close(self) -> None: ...

    def _take(self, message: Message) -> None:
        self.taken[message.key, message.address] += 1
        references = frozenset(re.findall(rf"{SITE}n/(\S+)", message.body))
        self.said.setdefault(message.key, set()).add(references)


class Run:
    def __init__(self, backend: Backend, workers: int, seed: int) -> None:
        self.plain, self.workers = backend, workers
        self.chance = random.Random(seed)
        self.transport = Chance(self.chance)
        self.now: datetime = backend.clock()
        self.killed = 0
        self.lives = [self.born() for _ in range(workers)]

    def born(self) -> Backend:
        """A worker that has just been started: it remembers nothing."""
        return make_backend(Mortal(self.plain.store, self.chance), format_instant(self.now), self.plain.vault)

    def at(self) -> Backend:
        return at_time(self.plain, format_instant(self.now))

    async def look(self) -> None:
        self.now += LOOK
        await asyncio.gather(*(self.work(number) for number in range(self.workers)))

    async def work(self, number: int) -> None:
        for _ in range(30):
            backend = replace(self.lives[number], clock=self.at().clock)
            try:
                await deliver_due(backend, self.transport, SITE)
                await proving.prove(OPERATOR, backend)
            except Killed:
                self.killed += 1
                self.lives[number] = self.born()
            else:
                return

    async def until_nothing_is_pending(self) -> int:
        """How many looks that took."""
        for looks in range(1000):
            if not await stands(self.plain, "pending"):
                return looks
            await self.look()
        raise AssertionError("something stays pending for ever")


async def stands(backend: Backend, status: str) -> list[str]:
    text = f"MATCH (n:Notice) WHERE n.status = '{status}' RETURN n.id AS id ORDER BY n.id"
    return [each["id"] for each in await raw(backend.store, text)]


async def promised(backend: Backend, count: int) -> set[str]:
    """So many messages, half of them to all the desks in turn and half to a few, and each about something that happens
    only once."""
    step = (await send(backend))["handoffs"][0]["id"]
    how: dict[str, Any] = {"handoff": step, "kind": "moved", "confidentiality": "official"}
    chance = random.Random(count)
    for start in range(0, count - 1, 100):
        steps: list[Step] = [
            notice(
                backend,
                contact_point=f"desk-{number // 2 % (DESKS if number % 2 else STORMY)}",
                priority=chance.choices(("routine", "urgent", "asap", "stat"), (4, 2, 1, 1))[0],
                **how,
            )
            for number in range(start, min(start + 100, count - 1))
        ]
        await backend.store.write(steps)
    ids = set(await stands(backend, "pending"))
    assert len(ids) == count
    return ids


@pytest.mark.counted
async def test_each_message_ends_delivered_or_dead_and_seen(
    backend: Backend, engine: str, record_property: Callable[[str, object], None]
) -> None:
    await imported(backend, roster())
    ids = await promised(backend, SIZE[engine, FULL])
    run = Run(backend, {"embedded": 1, "neo4j": 3}[engine], seed=20260303)
    looks = await run.until_nothing_is_pending()
    delivered, dead = set(await stands(backend, "delivered")), set(await stands(backend, "dead"))
    assert delivered | dead == ids
    assert not delivered & dead
    assert run.killed > 0
    assert run.transport.counts["failed"] > 0

    known = await known_keys(backend)
    assert set(run.transport.said) <= set(known), "each key can be traced to what it was for"
    for key, said in run.transport.said.items():
        assert said == {frozenset(known[key].values())}, "and that is what it said, at every attempt"
    came = Counter(id for key in run.transport.said for id in known[key])
    assert delivered <= set(came) <= ids, "what counts as delivered was taken, and nothing else was sent"
    digests = [known[key] for key in run.transport.said if len(known[key]) > 1]
    assert {len(each) >= STORM for each in digests} == {True, False}, "storms, and times of day"
    twice = sum(count - 1 for count in run.transport.taken.values())
    anew = sum(count - 1 for count in came.values())
    seen = {each.id for each in await undelivered.undelivered(OPERATOR, run.at())}
    assert seen == dead
    told = [gap for gap in (await gaps.coverage_gaps(OPERATOR, run.at())).gaps if gap.kind == "undelivered"]
    assert sum(gap.about[0].fields["count"] for gap in told) == len(dead)
    assert await audit.verify(OPERATOR, run.at()) == []

    tries = await raw(
        backend.store, "MATCH (n:Notice)-[t:TRIED]->() RETURN n.id AS id, t.result AS result, t.attempt AS attempt"
    )
    taken = [each["id"] for each in tries if each["result"] == "taken"]
    assert sorted(taken) == sorted(delivered), "each is taken note of once"

    record_property(
        "said",
        f"{engine}, {len(ids)} messages in {looks} looks: {len(delivered)} delivered, {len(dead)} dead and seen, "
        f"{run.killed} times killed, {run.transport.counts['failed']} attempts failed, {len(digests)} times several "
        f"as one, {twice} came twice under their own key, {anew} references anew under another",
    )
    # Sent again they go out, but for those whose channels were all found dead; these are seen still.
    if dead:
        await undelivered.again(OPERATOR, run.at(), sorted(dead))
    run.transport.chance = _Well()
    await run.until_nothing_is_pending()
    for each in await undelivered.undelivered(OPERATOR, run.at()):
        assert all(why.endswith((": dead", ": needs a person")) for why in each.why), each.why
    assert len(await stands(backend, "delivered")) + len(await stands(backend, "dead")) == len(ids)


class _Honest(Chance):
    """What it takes it says that it has taken; and nobody is killed."""

    async def send(self, kind: str, message: Message) -> None:
        await asyncio.sleep(0)
        if self.chance.random() < FAILING:
            self.counts["failed"] += 1
            raise self.chance.choice(WAYS)()
        self._take(message)


@pytest.mark.counted
async def test_where_no_answer_is_lost_each_message_comes_once(backend: Backend, engine: str) -> None:
    """However often it was tried, and with whatever it went out."""
    await imported(backend, roster())
    ids = await promised(backend, SIZE[engine, False])
    run = Run(backend, {"embedded": 1, "neo4j": 3}[engine], seed=20260304)
    run.lives = [backend] * run.workers
    run.transport = _Honest(run.chance)
    await run.until_nothing_is_pending()
    known, delivered = await known_keys(backend), await stands(backend, "delivered")
    came = [id for key, count in run.transport.taken.items() for id in [*known[key[0]]] * count]
    assert sorted(came) == delivered
    assert sorted([*delivered, *await stands(backend, "dead")]) == sorted(ids)
    assert run.transport.counts["failed"] > 0


async def known_keys(backend: Backend) -> dict[str, dict[str, str]]:
    """By key, the messages that go out under it, by id, with the reference of each."""
    alone = await raw(backend.store, "MATCH (n:Notice) RETURN n.id AS key, n.id AS id, n.reference AS reference")
    text = "MATCH (g:Digest)-[:HOLDS]->(n:Notice) RETURN g.id AS key, n.id AS id, n.reference AS reference"
    found: dict[str, dict[str, str]] = {}
    for each in (*alone, *await raw(backend.store, text)):
        found.setdefault(each["key"], {})[each["id"]] = each["reference"]
    for key, held in found.items():
        assert key == (next(iter(held)) if len(held) == 1 else key_of(held)), "a key is made of what it holds"
    return found


class _Well(random.Random):
    """Nothing fails any more."""

    def random(self) -> float:
        return 0.5
