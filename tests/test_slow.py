"""While somebody is slow: nobody else waits, nothing comes twice, and nothing that was on its way is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relaypoint.app import delivering
from relaypoint.app.delivering import deliver_due
from relaypoint.domain.clock import format_instant
from relaypoint.domain.digests import STORM, key_of
from relaypoint.domain.errors import Unavailable
from relaypoint.graph import Operation, Row, Step
from relaypoint.notifications.messages import Message
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.outbox import LEASE
from relaypoint.resolvers.referral_steps import notice
from relaypoint.tests.helpers import Through, raw
from relaypoint.tests.test_notices import SITE, Failing, notices, send

DESK = "desk@shelter.example.org"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "_LOOK", 0.05)


class Slow(Failing):
    """One that waits at one address until it is let go on."""

    def __init__(self, address: str) -> None:
        super().__init__(0)
        self.address, self.go_on, self.more, self.asked = address, asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def send(self, kind: str, message: Message) -> None:
        if message.address == self.address:
            self.asked.set()
            await self.go_on.wait()
        await super().send(kind, message)
        self.more.set()

    async def took(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.taken) < count:
                self.more.clear()
                await self.more.wait()


class Failable(Through):
    """A store that fails where it is told to."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend.store)
        self.failed = asyncio.Event()
        self.fails: Callable[[Sequence[Step]], bool] = lambda steps: False

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        if self.fails(steps):
            self.failed.set()
            raise Unavailable("store.away", "The store is away.")
        return await super().write(steps, operation)


async def promise(backend: Backend, handoff: str, desk: str, priority: str = "asap") -> None:
    how: dict[str, Any] = {"kind": "moved", "priority": priority, "confidentiality": "official"}
    await backend.store.write([notice(backend, handoff=handoff, contact_point=desk, **how)])


async def held(backend: Backend, count: int, after: str = "") -> None:
    """Waits until a worker holds so many messages for longer than until then, and has begun with them."""
    text = f"MATCH (n:Notice) WHERE n.leased_until > '{after}' RETURN n.id AS id"
    async with asyncio.timeout(20):
        while len(await raw(backend.store, text)) < count:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)


async def waited_for(backend: Backend) -> tuple[Slow, str, asyncio.Task[dict[str, int]]]:
    """A desk that is slow to take its message, the step that this is about, and who delivers meanwhile."""
    slow = Slow(DESK)
    first = (await send(backend))["handoffs"][0]["id"]
    delivering = asyncio.create_task(deliver_due(backend, slow, SITE))
    await slow.asked.wait()
    return slow, first, delivering


async def test_one_who_is_slow_holds_up_nobody_else(backend: Backend) -> None:
    """Also what is promised while it is waited for goes out; to the slow one itself all goes in order."""
    slow = Slow("desk@shelter.example.org")
    first = (await send(backend))["handoffs"][0]["id"]
    delivering = asyncio.create_task(deliver_due(backend, slow, SITE))
    for number in range(3):
        await promise(backend, first, "unit-desk", "stat")
        await slow.took(number + 1)
    await send(backend)
    slow.go_on.set()
    assert (await delivering)["delivered"] == 5
    assert [message.address for _, message in slow.taken[:3]] == ["desk@unit.example.org"] * 3
    ids = [each["id"] for each in await notices(backend)]
    assert [message.key for _, message in slow.taken[3:]] == [ids[0], ids[-1]]


async def test_what_takes_longer_than_a_lease_comes_once(backend: Backend) -> None:
    """And so does what is promised meanwhile, also where it comes as one with others."""
    slow, now = Slow(DESK), [backend.clock()]
    moving = replace(backend, clock=lambda: now[0])
    first = (await send(backend))["handoffs"][0]["id"]
    delivering = asyncio.create_task(deliver_due(moving, slow, SITE))
    await slow.asked.wait()
    over = format_instant(now[0] + LEASE)
    now[0] += LEASE + timedelta(seconds=1)
    for _ in range(STORM):
        await promise(backend, first, "shelter-desk")
    await held(backend, 1 + STORM, after=over)
    slow.go_on.set()
    assert (await delivering)["delivered"] == 1 + STORM
    keys = [message.key for _, message in slow.taken]
    ids = [each["id"] for each in await notices(backend)]
    assert keys == [ids[0], key_of(ids[1:])]
    assert {each["status"] for each in await notices(backend)} == {"delivered"}


async def test_what_was_leased_at_two_looks_goes_together(backend: Backend) -> None:
    slow, first, delivering = await waited_for(backend)
    for look in range(2):
        for _ in range(STORM - 2):
            await promise(backend, first, "shelter-desk")
        await held(backend, 1 + (look + 1) * (STORM - 2))
    slow.go_on.set()
    assert (await delivering)["delivered"] == 1 + 2 * (STORM - 2)
    assert len(slow.taken) == 2
    assert {each["status"] for each in await notices(backend)} == {"delivered"}


async def test_where_the_store_fails_at_a_look_what_is_on_its_way_is_recorded(backend: Backend) -> None:
    slow, store = Slow(DESK), Failable(backend)
    failing = replace(backend, store=store)
    await send(backend)
    delivering = asyncio.create_task(deliver_due(failing, slow, SITE))
    await slow.asked.wait()
    store.fails = lambda steps: steps[0].statement == "notices_lease"
    await store.failed.wait()
    slow.go_on.set()
    with pytest.raises(Unavailable):
        await delivering
    assert [each["status"] for each in await notices(backend)] == ["delivered"]
    assert len(slow.taken) == 1


async def test_one_that_can_not_be_recorded_costs_no_other_its_record(backend: Backend) -> None:
    store, desks = Failable(backend), ("shelter-desk", "unit-desk", "line-desk", "authority-desk")
    first = (await send(backend))["handoffs"][0]["id"]
    for desk in desks[1:]:
        await promise(backend, first, desk)
    bad = (await notices(backend))[0]["id"]
    store.fails = lambda steps: bad in str(steps) and steps[0].statement == "notices_settle"
    with pytest.raises(Unavailable):
        await deliver_due(replace(backend, store=store), Failing(0), SITE)
    assert [each["status"] for each in await notices(backend)] == ["pending", *["delivered"] * 3]


async def test_an_emergency_waits_for_nobody_who_is_slow(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where as many are slow as are told at once, nor where no more would be taken over."""
    monkeypatch.setattr(delivering, "AT_ONCE", 1)
    monkeypatch.setattr(delivering, "AT_A_TIME", 2)
    slow, first, under_way = await waited_for(backend)
    await promise(backend, first, "line-desk")
    await held(backend, 2)
    await promise(backend, first, "authority-desk", "asap")
    await promise(backend, first, "unit-desk", "stat")
    await slow.took(1)
    assert [message.address for _, message in slow.taken] == ["desk@unit.example.org"]
    slow.go_on.set()
    assert (await under_way)["delivered"] == 4


async def test_one_that_waits_for_its_turn_goes_first_once_there_is_an_emergency(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "AT_ONCE", 1)
    slow, first, under_way = await waited_for(backend)
    await promise(backend, first, "line-desk")
    await promise(backend, first, "unit-desk")
    await held(backend, 3)
    await promise(backend, first, "unit-desk", "stat")
    await slow.took(1)
    assert [message.subject.partition(":")[0] for _, message in slow.taken] == ["Emergency"]
    # What else waits there is no emergency, and has none of the turns that are kept for them.
    await promise(backend, first, "authority-desk", "stat")
    await slow.took(2)
    assert [message.address for _, message in slow.taken][1:] == ["desk@authority.example.org"]
    slow.go_on.set()
    assert (await under_way)["delivered"] == 5


async def test_an_emergency_goes_ahead_of_what_waits_at_the_same_contact_point(backend: Backend) -> None:
    slow = Slow(DESK)
    first = (await send(backend, priority="asap"))["handoffs"][0]["id"]
    for _ in range(3):
        await promise(backend, first, "shelter-desk", "urgent")
    under_way = asyncio.create_task(deliver_due(backend, slow, SITE))
    await slow.asked.wait()
    await promise(backend, first, "shelter-desk", "stat")
    await held(backend, 5)
    slow.go_on.set()
    assert (await under_way)["delivered"] == 5
    assert [message.subject.partition(":")[0] for _, message in slow.taken].index("Emergency") == 1


async def test_one_with_many_messages_keeps_no_room_from_others(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "AT_A_TIME", 12)
    slow = Slow(DESK)
    first = (await send(backend))["handoffs"][0]["id"]
    for _ in range(40):
        await promise(backend, first, "shelter-desk", "stat")
    under_way = asyncio.create_task(deliver_due(backend, slow, SITE))
    await slow.asked.wait()
    await promise(backend, first, "unit-desk", "asap")
    await slow.took(1)
    assert [message.address for _, message in slow.taken] == ["desk@unit.example.org"]
    slow.go_on.set()
    assert (await under_way)["delivered"] == 42


async def test_a_fault_elsewhere_keeps_no_message_back(backend: Backend) -> None:
    """What is told of webhooks can't be looked for: everything else goes out, and the fault is told."""

    class Without(Through):
        async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
            if statement == "announcements_due":
                raise Unavailable("store.away", "The store is away.")
            return await super().read(statement, **parameters)

    await send(backend)
    with pytest.raises(Unavailable):
        await deliver_due(replace(backend, store=Without(backend.store)), transport := Failing(0), SITE)
    assert len(transport.taken) == 1
    assert [each["status"] for each in await notices(backend)] == ["delivered"]


@pytest.mark.parametrize("ends", ["cancelled", "the store fails"])
async def test_what_was_not_begun_is_let_go_of(backend: Backend, monkeypatch: pytest.MonkeyPatch, ends: str) -> None:
    """Who is started anew needs not wait until its lease has run out."""
    monkeypatch.setattr(delivering, "AT_ONCE", 1)
    slow, store = Slow(DESK), Failable(backend)
    first = (await send(backend))["handoffs"][0]["id"]
    await promise(backend, first, "unit-desk")
    under_way = asyncio.create_task(deliver_due(replace(backend, store=store), slow, SITE))
    await slow.asked.wait()
    if ends == "cancelled":
        under_way.cancel()
    else:
        store.fails = lambda steps: steps[0].statement == "notices_lease"
        await store.failed.wait()
        slow.go_on.set()
    with pytest.raises((Unavailable, asyncio.CancelledError)):
        await under_way
    assert (await deliver_due(backend, transport := Failing(0), SITE))["delivered"] == 1
    assert [message.address for _, message in transport.taken] == ["desk@unit.example.org"]
