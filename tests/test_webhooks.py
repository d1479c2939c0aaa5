"""What a receiver with the reference library makes of an event: who sent it, when, and whether it came before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpcore
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from relaypoint.domain.errors import Invalid
from relaypoint.notifications.delivery import Barred, NotNow, Refused
from relaypoint.notifications.outgoing import Outgoing
from relaypoint.notifications.webhooks import Endpoint, new_secret, post_event
from relaypoint.tests.mailing import certificate
from relaypoint.tests.receiving import Posted, Receiver, receiving

EVENT = {"type": "step.changed", "data": {"name": "Süd · 南"}}
#: A good secret without what tells that it is one.
BARE = "drQpq4QUx7soXaESlOukBb6kVdP7i1OvBMrTfmZy9WQ="
PAYLOAD = json.dumps(EVENT, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def hooked(files: tuple[Path, Path]) -> AsyncIterator[tuple[Receiver, Outgoing, str]]:
    tls = httpcore.default_ssl_context()
    tls.load_verify_locations(files[0])
    async with receiving(files) as receiver:
        outgoing = Outgoing(allow_local=True, tls=tls, total=5)
        try:
            yield receiver, outgoing, f"https://127.0.0.1:{receiver.port}"
        finally:
            await outgoing.close()


def read(secret: str, posted: Posted) -> Any:
    return Webhook(secret).verify(posted.body, posted.headers)


async def test_a_receiver_knows_an_event_by_its_signature(files: tuple[Path, Path]) -> None:
    secret = new_secret()
    async with hooked(files) as (receiver, outgoing, url):
        # The same moment on another clock.
        now = datetime.now(UTC).astimezone(timezone(timedelta(hours=-7)))
        await post_event(outgoing, Endpoint(f"{url}/hook", (secret,)), "event-1", now, PAYLOAD)
    (posted,) = receiver.posted
    assert read(secret, posted) == EVENT
    assert (posted.path, posted.body, posted.headers["webhook-id"]) == ("/hook", PAYLOAD, "event-1")
    assert posted.headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert posted.headers["content-type"] == "application/json"
    for changed in (
        Posted(posted.path, posted.headers, posted.body.replace(b"step", b"case")),
        Posted(posted.path, {**posted.headers, "webhook-id": "event-2"}, posted.body),
        Posted(posted.path, {**posted.headers, "webhook-timestamp": str(int(now.timestamp()) + 1)}, posted.body),
    ):
        with pytest.raises(WebhookVerificationError):
            read(secret, changed)
    with pytest.raises(WebhookVerificationError):
        read(new_secret(), posted)


async def test_while_a_secret_is_exchanged_both_are_good(files: tuple[Path, Path]) -> None:
    old, new, gone = new_secret(), new_secret(), new_secret()
    async with hooked(files) as (receiver, outgoing, url):
        await post_event(outgoing, Endpoint(url, (new, old)), "event-1", datetime.now(UTC), PAYLOAD)
        await post_event(outgoing, Endpoint(url, (new,)), "event-2", datetime.now(UTC), PAYLOAD)
    both, one = receiver.posted
    assert read(old, both) == read(new, both) == read(new, one) == EVENT
    assert [len(each.headers["webhook-signature"].split(" ")) for each in (both, one)] == [2, 1]
    for secret, posted in ((gone, both), (old, one)):
        with pytest.raises(WebhookVerificationError):
            read(secret, posted)


@pytest.mark.parametrize(("minutes", "good"), [(-4, True), (4, True), (-6, False), (6, False)])
async def test_what_was_overheard_is_no_good_later(files: tuple[Path, Path], minutes: int, good: bool) -> None:
    secret = new_secret()
    async with hooked(files) as (receiver, outgoing, url):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        await post_event(outgoing, Endpoint(url, (secret,)), "event-1", at, PAYLOAD)
    (posted,) = receiver.posted
    if good:
        assert read(secret, posted) == EVENT
    else:
        with pytest.raises(WebhookVerificationError, match="too"):
            read(secret, posted)


async def test_each_attempt_has_the_same_id_and_a_time_of_its_own(files: tuple[Path, Path]) -> None:
    secret, began = new_secret(), datetime.now(UTC)
    async with hooked(files) as (receiver, outgoing, url):
        with pytest.raises(NotNow, match="503"):
            await post_event(outgoing, Endpoint(f"{url}/503/", (secret,)), "event-1", began, PAYLOAD)
        later = began + timedelta(minutes=2)
        await post_event(outgoing, Endpoint(f"{url}/200/", (secret,)), "event-1", later, PAYLOAD)
    first, second = (each.headers for each in receiver.posted)
    assert first["webhook-id"] == second["webhook-id"] == "event-1"
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 120
    assert [read(secret, each) for each in receiver.posted] == [EVENT, EVENT]


@pytest.mark.parametrize("status", [200, 202, 204, 302, 400, 401, 404, 410, 429, 500, 503])
async def test_what_the_receiver_says_is_told_apart(files: tuple[Path, Path], status: int) -> None:
    async with hooked(files) as (receiver, outgoing, url):
        receiver.said, receiver.elsewhere = b"" if status == 204 else b"hush-hush", f"{url}/elsewhere"
        endpoint = Endpoint(f"{url}/{status}/", (new_secret(),))
        posted = post_event(outgoing, endpoint, "event-1", datetime.now(UTC), PAYLOAD)
        if status < 300:
            await posted
        else:
            with pytest.raises(Refused if status == 410 else NotNow, match=rf"^{status}$"):
                await posted
    assert [each.path for each in receiver.posted] == [f"/{status}/"]


async def test_a_receiver_in_ones_own_network_is_refused(files: tuple[Path, Path]) -> None:
    outgoing = Outgoing()
    async with hooked(files) as (receiver, _, url):
        with pytest.raises(Barred):
            await post_event(outgoing, Endpoint(url, (new_secret(),)), "event-1", datetime.now(UTC), PAYLOAD)
    await outgoing.close()
    assert receiver.connections == 0


def test_a_secret_is_new_and_is_not_shown() -> None:
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert len({new_secret() for _ in range(100)}) == 100
    shown = repr(Endpoint("https://hooks.example.org/hush-hush", (secret,)))
    assert secret[6:] not in shown
    assert "hush" not in shown


@pytest.mark.parametrize("secret", ["", "whsec_", "hush-hush", "whsec_hush-hush!", "whsec_aHVzaA==", BARE])
def test_what_is_no_secret_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(Invalid) as refused:
        Endpoint("https://hooks.example.org/", (new_secret(), secret))
    assert refused.value.path == ("secrets",)
    assert not secret or secret not in str(refused.value.as_dict()).replace("whsec_ and", "")
    with pytest.raises(Invalid):
        Endpoint("https://hooks.example.org/", ())
