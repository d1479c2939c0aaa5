"""A year of referrals under a simulated clock, with random answers, and workers that are killed between any two steps.

On Neo4j three workers run at once; on the embedded store one, which is killed and started again. Afterwards the records
have to tell that nothing was lost, that no rung was taken twice, and that no silence went on without somebody being
told of it or the ladder ending in vain, which the report then shows.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.chain import Event
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Problem
from relaypoint.domain.handoffs import Status
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.silences import Strand
from relaypoint.graph import Operation, Row, Step, Store
from relaypoint.notifications.spool import Spool
from relaypoint.resolvers import audit, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.leases import take_lease
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.writing import forget_operations
from relaypoint.tests.helpers import FULL, Through, at_time, imported, make_backend, member
from relaypoint.tests.test_passing import two_shelters

START: Final = parse_instant("2026-03-02T08:00:00Z")
#: A whole year takes longer than all other tests together: ``RELAYPOINT_YEAR=whole`` asks for it.
WHOLE: Final = os.environ.get("RELAYPOINT_YEAR") == "whole"
#: How many referrals are tried, over how many days, and how many hours from one look to the next. Two in five cases
#: avoid whom they would go to, and the others have some three steps for every two: so 5,200 make 5,000 handoffs.
SIZE: Final = {
    ("embedded", True): (5200, 365, 24) if WHOLE else (300, 22, 12),
    ("embedded", False): (30, 10, 4),
    ("neo4j", True): (5200, 365, 24) if WHOLE else (100, 8, 12),
    ("neo4j", False): (8, 4, 6),
}
#: How likely a worker is killed at a write. A year has many of them.
KILLED: Final = 0.004 if WHOLE else 0.02
NEED: Final = NeedInput(
    from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female", "labour")
)
#: Of so many steps the receiving side never says anything, as was measured of one country's referrals.
UNANSWERED: Final = 0.27
#: So often somebody tries to say something, where it is refused.
TRIES: Final = 4
#: What the two sides may say, with the reason that it needs.
SENDER_SAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "answer": {"reason": "told"},
    "seen": {},
    "expect": {},
    "raise": {},
    "cancel": {"reason": "declined-by-person"},
    "resend": {},
}
#: So many looks later a message that could not be delivered may still come back to its sender.
PATIENT: Final = 3
SEEN: Final[Mapping[str, Mapping[str, Any]]] = {"seen": {}, "resend": {}}
RECEIVER_SAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "receive": {},
    "accept": {},
    "start": {},
    "complete": {},
    "ask": {"lacking": ["age"]},
    "not-arrived": {},
    "arrived": {},
    "hold": {},
    "resume": {},
    "reject": {"reason": "no-capacity"},
    "pass-on": {},
}
OWNER: Final = {"shelter-desk": "example-shelter", "line-desk": "example-line", "shelter-night-desk": "example-shelter"}
AVOIDED: Final = [(), (), (), (), ("example-authority",), ("cso",), ("line-desk",), ("shelter-second",)]


class Killed(BaseException):
    """The process is gone. What it had not written is lost, and it does not know what of the rest was."""


class Mortal(Through):
    """A store whose user may be killed just before a write, or just after."""

    def __init__(self, inner: Store, chance: random.Random) -> None:
        super().__init__(inner)
        self.chance = chance

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        fate = self.chance.random()
        if fate < KILLED / 2:
            raise Killed
        done = await self.inner.write(steps, operation)
        if fate > 1 - KILLED / 2:
            raise Killed
        return done


class Year:
    """``workers`` escalate and deliver at each look; everybody else answers as chance has it."""

    def __init__(self, backend: Backend, workers: int, hours: int, seed: int) -> None:
        self.plain, self.workers, self.hours = backend, workers, hours
        self.chance = random.Random(seed)
        self.now: datetime = START
        self.counts: Counter[str] = Counter()
        self.sent: list[str] = []
        self.open: dict[str, str] = {}
        self.silent: dict[str, bool] = {}
        self.back: set[str] = set()
        self.unsaid: Counter[str] = Counter()
        #: How likely something is said of a step from one look to the next, where it is answered and where it is not.
        self.often, self.seldom = 1 - 0.75 ** (hours / 4), 1 - 0.95 ** (hours / 4)
        self.spool = Path(tempfile.mkdtemp(prefix="relaypoint-year-"))
        self.lives = [self.born() for _ in range(workers)]

    def at(self) -> Backend:
        return at_time(self.plain, format_instant(self.now))

    def born(self) -> Backend:
        """A worker that has just been started: it remembers nothing."""
        return make_backend(Mortal(self.plain.store, self.chance), format_instant(self.now), self.plain.vault)

    async def run(self, count: int, days: int) -> None:
        looks = days * 24 // self.hours
        for look in range(looks):
            self.now = START + timedelta(hours=look * self.hours, minutes=self.chance.randrange(30))
            for _ in range(count * (look + 1) // looks - count * look // looks):
                await self.send()
            for id in list(self.open):
                await self.answer(id)
            await asyncio.gather(*(self.work(number) for number in range(self.workers)))

    async def send(self) -> None:
        need = replace(
            NEED,
            priority=self.chance.choices(["routine", "urgent", "asap", "stat"], [4, 3, 2, 1])[0],
            tags=(self.chance.choice(["adult", "child"]), *NEED.tags),
            avoid=self.chance.choice(AVOIDED),
            confidentiality=self.chance.choice(["official", "official", "strict"]),
        )
        to = self.chance.choice(["shelter-desk", "line-desk"])
        try:
            sent = await sending.refer(member("example-unit"), self.at(), need, to=to)
        except Problem:
            self.counts["not sent: the case avoids them"] += 1
            return
        self.sent.append(sent.referral["id"])
        self.open[sent.referral["handoffs"][0]["id"]] = to
        self.counts["sent"] += 1

    async def answer(self, id: str) -> None:
        """Somebody says something of the step: whatever may be said of it then. What may not be said is refused."""
        desk = self.open[id]
        silent = self.silent.setdefault(id, self.chance.random() < UNANSWERED)
        if self.chance.random() > (self.seldom if silent else self.often):
            return
        ways = list(self.ways(id, "example-unit", SEEN if id in self.back else SENDER_SAYS))
        if not (silent or id in self.back):
            ways += self.ways(id, OWNER[desk], RECEIVER_SAYS)
            ways += self.ways(id, "example-authority", {"respond": {}})
        self.chance.shuffle(ways)
        for way in ways[:TRIES]:
            try:
                done = await way()
            except Problem:
                self.counts["refused"] += 1
                continue
            self.counts["said"] += 1
            if not Status(done.handoff["status"]).open:
                self.back.add(id)
                if not done.handoff["must_see"]:
                    del self.open[id]
            if done.handoff["id"] != id:
                self.open[done.handoff["id"]] = done.handoff["contact_point"]["id"]
                self.back.add(id)
            return
        if id in self.back and (looks := self.unsaid[id] + 1) > PATIENT:
            del self.open[id]  # There is nothing left to say of it.
        elif id in self.back:
            self.unsaid[id] = looks

    def ways(self, id: str, body: str, says: Mapping[str, Mapping[str, Any]]) -> Iterator[Callable[[], Awaitable[Any]]]:
        """What this side may try to say."""
        times = {
            "expect": {"expected": format_instant(self.now + timedelta(hours=5))},
            "hold": {"reason": "awaiting-person", "review": (self.now + timedelta(days=3)).date().isoformat()},
        }
        for verb, how in says.items():
            if verb in ("resend", "pass-on"):
                to = self.chance.choice(sorted(OWNER))
                yield partial(pass_handoff, member(body), self.at(), id, verb, to)
                continue
            given = {**how, **times.get(verb, {})}
            if verb == "respond":
                given["reason"] = self.chance.choice(["spoken", "nobody-else", "upheld"])
            yield partial(handoffs.move_handoff, member(body), self.at(), id, verb, **given)
            if verb == "seen":  # So it is said where a person is looked for.
                yield partial(handoffs.move_handoff, member(body), self.at(), id, verb, reason="found")

    async def work(self, number: int) -> None:
        """One look of a worker. It may be killed on the way, and is started again at once, so many times at most."""
        for _ in range(30):
            backend = replace(self.lives[number], clock=self.at().clock)
            try:
                lease = await take_lease(backend, "escalation", f"worker-{number}", timedelta(minutes=2))
                # One in three does not know that it has lost its lease.
                if lease is not None or self.chance.random() < 0.3:
                    self.counts["rungs taken"] += len((await escalate(OPERATOR, backend)).taken)
                await deliver_due(backend, Spool(self.spool), "https://relaypoint.example.org")
                await forget_operations(backend)
            except Killed:
                self.counts["killed"] += 1
                self.lives[number] = self.born()
            else:
                return


@pytest.mark.counted
async def test_a_year_loses_nothing_and_leaves_no_silence_untold(
    backend: Backend, engine: str, record_property: Callable[[str, object], None]
) -> None:
    count, days, hours = SIZE[engine, FULL]
    await imported(backend, two_shelters())
    year = Year(backend, {"embedded": 1, "neo4j": 3}[engine], hours, seed=20260302)
    await year.run(count, days)
    assert year.counts["killed"] > 0
    assert year.counts["rungs taken"] > 0
    end = year.at()
    assert await audit.verify(OPERATOR, end) == []
    listed = {each.stall.handoff.id for each in await stalled.stalled(OPERATOR, end)}
    for id in year.sent:
        events = await referrals.timeline(OPERATOR, end, id)
        await check(year, events, listed)
    counts = dict(sorted(year.counts.items()))
    record_property("said", f"{engine}, {len(year.sent)} sent in {days} days, a look every {hours} hours: {counts}")


async def check(year: Year, events: Sequence[Event], listed: set[str]) -> None:
    """Of one referral: each rung once and in order, and no silence of two looks that nobody was told of."""
    states: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    rungs: dict[str, list[tuple[str, str, dict[str, Any]]]] = defaultdict(list)
    stands: dict[tuple[str, str], int] = {}
    for event in events:
        data = json.loads(event.data)
        after = data["after"].get("handoff", data["after"])
        if event.kind == "handoff-escalated":
            taken = data["escalation"]
            before = stands.get((after["id"], taken["ladder"]), 0)
            assert taken["rung"] in (1, before + 1), "a rung twice, or left out"
            stands[after["id"], taken["ladder"]] = taken["rung"]
            year.counts["episodes"] += taken["rung"] == 1
            rungs[after["id"]].append((event.at, after["status"], taken))
        else:
            states[after["id"]].append((event.at, after))
        if continued := data["after"].get("continues"):
            for ladder in (Strand.MISSING, Strand.COORDINATOR):  # These go on from step to step.
                stands[after["id"], ladder] = stands.get((continued, ladder), 0)
    # A worker that was killed at one look, and at the next, is not silent for longer than these.
    patience = timedelta(hours=year.hours * 6 + 1)
    year.counts["steps"] += len(states)
    for id, told in states.items():
        for (since, state), (until, _) in zip(told, [*told[1:], (format_instant(year.now), {})], strict=True):
            missed = _missed(state)
            if missed is None or max(parse_instant(missed), parse_instant(since)) + patience > parse_instant(until):
                continue
            year.counts["silences"] += 1
            heard = [each for at, status, each in rungs[id] if status == state["status"] and at <= until]
            assert heard, (id, state["status"], missed, since, until)
            if any(each["reached"] for each in heard):
                year.counts["silences that reached somebody"] += 1
            elif until == format_instant(year.now):
                assert id in listed
                year.counts["silences listed as reaching nobody"] += 1


#: Which deadline a status has to meet.
DUE: Final = {
    "requested": "acknowledge_by",
    "received": "decide_by",
    "accepted": "start_by",
    "in-progress": "complete_by",
}


def _missed(state: dict[str, Any]) -> str | None:
    """What a state has to miss for it to be silent, by the plain meaning of the words; None: nothing."""
    if state.get("asked_at"):
        return str(state["answer_by"])
    return state.get(DUE[state["status"]]) if state["status"] in DUE else None
