"""Who asks does not wait for messages that go out by themselves; these go out all the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.app.http import build
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.app.signing_in import operator
from relaypoint.graph import Row
from relaypoint.resolvers import precedence
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.precedence import Precedence
from relaypoint.tests.helpers import Through
from relaypoint.tests.test_notices import SITE, Failing, send


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_work_waits_until_nobody_is_being_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "_LONGEST", 60)
    who = Precedence()
    await who.give_way()
    with who.asking():
        work = [asyncio.create_task(who.give_way()) for _ in range(3)]
        with who.asking():
            await _settled()
        await _settled()
        assert not any(each.done() for each in work)
    await asyncio.gather(*work)


async def test_however_much_is_asked_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "_LONGEST", 0.01)
    who = Precedence()
    with who.asking():
        await asyncio.gather(*(who.give_way() for _ in range(3)))
    await who.give_way()


async def test_a_request_that_never_ends_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "_LONGEST", 60)
    monkeypatch.setattr(precedence, "_PATIENCE", 0.01)
    who = Precedence()
    with who.asking():
        async with asyncio.timeout(20):
            await who.give_way()
    async with asyncio.timeout(20):
        await who.give_way()


class Watched(Through):
    """A store that lets a message go out in the middle of an answer, if it does."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend.store)
        self.hold, self.asked = asyncio.Event(), asyncio.Event()

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        self.asked.set()
        await self.hold.wait()
        return await super().read(statement, **parameters)


@pytest.mark.parametrize("priority", ["asap", "stat"])
async def test_a_message_gives_way_to_an_answer_and_an_emergency_does_not(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, priority: str
) -> None:
    monkeypatch.setattr(precedence, "_LONGEST", 60)
    await send(backend, priority=priority)
    store, transport = Watched(backend), Failing(0)
    app = build(Runtime(Settings(), replace(backend, store=store)), operator)
    asking = {"query": "{ referrals(first: 1) { edges { node { reference } } } }"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://relaypoint") as client:
        answer = asyncio.create_task(client.post("/graphql", json=asking))
        await store.asked.wait()
        delivering = asyncio.create_task(deliver_due(backend, transport, SITE))
        if priority == "stat":
            async with asyncio.timeout(20):
                assert (await delivering)["delivered"] == 1
        else:
            await asyncio.sleep(0.3)
            assert transport.taken == []
        store.hold.set()
        assert "errors" not in (await answer).json()
    async with asyncio.timeout(20):
        assert (await delivering)["delivered"] == 1
