"""Web Push: what a browser can read and nobody else, from a sender that its push service knows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from relaypoint.app.delivering import deliver_due
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.domain.clock import system_clock
from relaypoint.domain.errors import Invalid, Limit, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.words import Priority
from relaypoint.notifications.delivery import Barred, NotNow, Refused
from relaypoint.notifications.languages import ENGLISH
from relaypoint.notifications.messages import Notification
from relaypoint.notifications.outgoing import Outgoing
from relaypoint.notifications.push import Browser, Push, payload, subscribed
from relaypoint.resolvers import browsers
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.vault import Vault
from relaypoint.schema.operational import schema
from relaypoint.tests.helpers import NOW, at_time, imported, make_backend, member, raw, row, tiny_roster
from relaypoint.tests.receiving import Receiver, receiving
from relaypoint.tests.test_evidence import after
from relaypoint.tests.test_notices import SHELTER, SITE, UNIT, Failing, notices, send, tried

NOTICE = Notification(
    key="01a2291a-f817-7196-931d-555de343ed24",
    reference="ABCDE-23456",
    priority=Priority.STAT,
    kind="requested",
    language=ENGLISH,
)


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Officer:
    """A browser as it keeps its own keys."""

    key: ec.EllipticCurvePrivateKey
    auth: bytes

    def at(self, endpoint: str) -> Browser:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return Browser(endpoint, text(point), text(self.auth))

    def read(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


@pytest.fixture
def officer() -> Officer:
    return Officer(ec.generate_private_key(ec.SECP256R1()), b"sixteen bytes ok")


@asynccontextmanager
async def pushing() -> AsyncIterator[tuple[Receiver, Push, str]]:
    async with receiving() as receiver:
        outgoing = Outgoing(allow_local=True, total=5)
        try:
            push = Push(outgoing, 123456789, "mailto:desk@relay.example.org", system_clock)
            yield receiver, push, f"http://127.0.0.1:{receiver.port}"
        finally:
            await outgoing.close()


async def test_the_browser_alone_can_read_what_it_is_sent(officer: Officer) -> None:
    async with pushing() as (receiver, push, url):
        await push.send(officer.at(f"{url}/wp/token"), NOTICE, SITE)
    (posted,) = receiver.posted
    shown = {"title": "Emergency: ABCDE-23456", "lang": "en", "url": "https://site.example.org/n/ABCDE-23456"}
    assert officer.read(posted.body) == shown
    assert b"ABCDE" not in posted.body
    told = {name: posted.headers[name] for name in ("content-encoding", "ttl", "urgency", "topic")}
    assert told == {
        "content-encoding": "aes128gcm",
        "ttl": "43200",
        "urgency": "high",
        "topic": posted.headers["topic"],
    }
    assert re.fullmatch("[0-9a-f]{32}", posted.headers["topic"])
    assert NOTICE.key.replace("-", "") != posted.headers["topic"], "what a report is believed by is nobody else's"
    stranger = Officer(ec.generate_private_key(ec.SECP256R1()), officer.auth)
    with pytest.raises(http_ece.ECEException):
        stranger.read(posted.body)


async def test_the_push_service_knows_the_sender(officer: Officer) -> None:
    async with pushing() as (receiver, push, url):
        await push.send(officer.at(f"{url}/wp/token"), replace(NOTICE, priority=Priority.ROUTINE), SITE)
    (posted,) = receiver.posted
    assert posted.headers["urgency"] == "normal"
    assert Vapid02.verify(posted.headers["authorization"])
    scheme, _, given = posted.headers["authorization"].partition(" ")
    token, key = (part.partition("=")[2] for part in given.split(","))
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (scheme, key, claims["aud"], claims["sub"]) == (
        "vapid",
        push.public_key,
        url,
        "mailto:desk@relay.example.org",
    )
    assert 0 < claims["exp"] - system_clock().timestamp() <= 24 * 3600


@pytest.mark.parametrize(
    ("status", "error"), [(404, Refused), (410, Refused), (429, NotNow), (500, NotNow), (413, NotNow), (302, NotNow)]
)
async def test_what_the_push_service_says_is_told_apart(officer: Officer, status: int, error: type[Exception]) -> None:
    async with pushing() as (_, push, url):
        with pytest.raises(error, match=str(status)):
            await push.send(officer.at(f"{url}/{status}/token"), NOTICE, SITE)


async def test_a_push_goes_to_public_addresses_alone(officer: Officer) -> None:
    async with receiving() as receiver:
        outgoing = Outgoing()
        push = Push(outgoing, 123456789, "mailto:desk@relay.example.org", system_clock)
        with pytest.raises(Barred):
            await push.send(officer.at(f"https://127.0.0.1:{receiver.port}/"), NOTICE, SITE)
        await outgoing.close()
    assert receiver.connections == 0


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_what_is_shown_is_in_the_recipients_language(language: str) -> None:
    shown = json.loads(payload(replace(NOTICE, language=language), SITE))
    assert (shown["lang"], shown.keys()) == (language, {"title", "lang", "url"})
    assert "ABCDE-23456" in shown["title"]


@pytest.mark.parametrize(
    "wrong", [{"endpoint": "http://push.example.org/"}, {"endpoint": "https://[2606:4700:4700::1111]/x"},
              {"endpoint": "https://1.1.1.1/x"}, {"endpoint": "https://10.0.0.1/"}, {"p256dh": "AAAA"},
              {"p256dh": "not base64!"}, {"p256dh": text(b"\4" + b"\1" * 64)}, {"auth": "AAAA"}, {"auth": ""}],
)  # fmt: skip
def test_what_is_no_browser_is_refused(officer: Officer, wrong: dict[str, str]) -> None:
    good = officer.at("https://push.example.org/token")
    assert subscribed(good.endpoint, good.p256dh, good.auth) == good
    given = {"endpoint": good.endpoint, "p256dh": good.p256dh, "auth": good.auth, **wrong}
    with pytest.raises(Invalid) as refused:
        subscribed(**given)
    assert refused.value.path in (("url",), ("p256dh",))
    assert good.auth not in repr(good)


def reached(officer: Officer, endpoint: str = "https://push.example.org/token") -> dict[str, str]:
    browser = officer.at(endpoint)
    return {"endpoint": browser.endpoint, "p256dh": browser.p256dh, "auth": browser.auth}


async def test_a_browser_is_kept_once_and_forgotten(backend: Backend, officer: Officer) -> None:
    kept = await browsers.keep(SHELTER, backend, "Shelter-Desk ", reached(officer), "night phone")
    again = await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer), "night phone, new")
    assert again.id == kept.id
    assert [each.name for each in await browsers.browsers(SHELTER, backend, "shelter-desk")] == ["night phone, new"]
    stored = str(await raw(backend.store, "MATCH (b:Browser) RETURN properties(b) AS p"))
    assert not [each for each in reached(officer).values() if each in stored]
    for other in (UNIT, member("example-authority")):
        with pytest.raises(NotFound):
            await browsers.browsers(other, backend, "shelter-desk")
        with pytest.raises(NotFound):
            await browsers.keep(other, backend, "shelter-desk", reached(officer))
        with pytest.raises(NotFound):
            await browsers.forget(other, backend, "shelter-desk", kept.id)
    with pytest.raises(NotFound):
        await browsers.forget(SHELTER, backend, "shelter-night-desk", kept.id)
    assert (await browsers.forget(SHELTER, backend, "shelter-desk", kept.id)).id == kept.id
    assert await browsers.browsers(OPERATOR, backend, "shelter-desk") == []


async def test_a_contact_point_has_so_many_at_most(backend: Backend, officer: Officer) -> None:
    for number in range(browsers.MOST):
        await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, f"https://push.example.org/{number}"))
    with pytest.raises(Limit):
        await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer))
    await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, "https://push.example.org/0"))


async def test_a_browser_subscribes_over_graphql(backend: Backend, officer: Officer) -> None:
    context = Runtime(Settings(), backend).context(SHELTER)
    query = """mutation ($browser: BrowserInput!) { keepBrowser(browser: $browser) {
      __typename ... on Browser { key name } ... on Problem { code path } } }"""
    key = await schema.execute("{ pushKey }", context_value=context)
    assert key.data is not None
    assert len(base64.urlsafe_b64decode(key.data["pushKey"] + "==")) == 65
    given = {"contactPoint": "shelter-desk", **reached(officer)}
    done = await schema.execute(query, {"browser": given}, context_value=context)
    assert done.data is not None
    assert done.data["keepBrowser"]["__typename"] == "Browser"
    for field, value in (("endpoint", "http://x"), ("p256dh", "x"), ("contactPoint", "unit-desk")):
        done = await schema.execute(query, {"browser": {**given, field: value}}, context_value=context)
        assert done.data is not None
        assert done.data["keepBrowser"]["path"] == ["browser", field]


async def test_the_sender_is_the_same_on_every_instance_of_an_installation(backend: Backend) -> None:
    own, other = (Runtime(Settings(), make_backend(backend.store, vault=backend.vault)) for _ in range(2))
    assert own.push.public_key == other.push.public_key
    stranger = Runtime(Settings(), make_backend(backend.store, vault=Vault(Vault.new_installation_key())))
    assert own.push.public_key != stranger.push.public_key


NIGHT = "2026-03-03T02:00:00.000Z"


async def delivered(backend: Backend, push: Push, transport: Failing | None = None) -> dict[str, int]:
    counts = await deliver_due(backend, transport or Failing(0), SITE, push)
    return {status: count for status, count in counts.items() if count}


async def test_a_browser_is_written_to_beside_the_channels_and_once(backend: Backend, officer: Officer) -> None:
    async with pushing() as (receiver, push, url):
        await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, f"{url}/token"))
        await send(backend)
        transport = Failing(1)
        assert await delivered(backend, push, transport) == {"failed": 1}
        later = after(backend, timedelta(minutes=1))
        assert await delivered(later, push, transport) == {"delivered": 1}
        (notice,) = await notices(backend)
        assert notice["channel"] == "shelter-mail"
    (posted,), ((_, message),) = receiver.posted, transport.taken
    assert officer.read(posted.body)["title"] == message.subject
    told = {each["channel"]: each["result"] for each in await tried(backend) if each["channel"] != "shelter-mail"}
    assert list(told.values()) == ["taken"]


async def test_where_no_channel_carries_it_a_browser_does(backend: Backend, officer: Officer) -> None:
    async with pushing() as (_, push, url):
        await browsers.keep(SHELTER, backend, "shelter-night-desk", reached(officer, f"{url}/token"))
        await send(backend, "shelter-night-desk")
        assert await delivered(backend, push) == {"delivered": 1}
        (notice,) = await notices(backend)
    assert (notice["channel"], "web-push: taken by 1 of 1" in notice["why"]) == ("web-push", True)


async def test_a_browser_that_is_subscribed_no_more_is_forgotten(backend: Backend, officer: Officer) -> None:
    async with pushing() as (receiver, push, url):
        for word, count in (("410/gone", 1), ("500/busy", 2)):
            await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, f"{url}/{word}"))
            await send(backend)
            assert await delivered(backend, push) == {"delivered": 1}
            assert len(receiver.posted) == count
    assert len(await browsers.browsers(SHELTER, backend, "shelter-desk")) == 1, "the one that is busy is kept"


@pytest.mark.parametrize(
    ("changes", "now", "written"),
    [
        ({"priority": "stat"}, NIGHT, True),
        ({"priority": "asap"}, NIGHT, True),
        ({"priority": "routine"}, NIGHT, False),
        ({"priority": "routine"}, NOW, True),
        ({"priority": "stat", "confidentiality": "strict"}, NOW, False),
    ],
)
async def test_a_browser_rings_when_the_desk_is_open_or_the_case_presses_and_for_no_strict_case(
    backend: Backend, officer: Officer, changes: dict[str, str], now: str, written: bool
) -> None:
    present = at_time(backend, now)
    async with pushing() as (receiver, push, url):
        await browsers.keep(SHELTER, present, "shelter-desk", reached(officer, f"{url}/token"))
        await send(present, **changes)
        assert await delivered(present, push) == {"delivered": 1}
    assert bool(receiver.posted) is written


async def test_whom_the_case_avoids_no_browser_tells(backend: Backend, officer: Officer) -> None:
    roster = tiny_roster()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    async with pushing() as (receiver, push, url):
        await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, f"{url}/token"))
        await send(backend, avoid=("newcomer",))
        row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
        await imported(backend, roster)
        assert await delivered(backend, push) == {"dead": 1}
    assert receiver.posted == []


async def test_an_avoided_desk_is_told_by_no_browser_whatever_else_bars_its_channels(
    backend: Backend, officer: Officer
) -> None:
    roster = tiny_roster()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    async with pushing() as (receiver, push, url):
        await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, f"{url}/token"))
        await send(backend, avoid=("newcomer",))
        row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
        row(roster, "channels", "shelter-phone")["state"] = "dead"
        await imported(backend, roster)
        assert await delivered(backend, push) == {"dead": 1}
    assert receiver.posted == []


async def test_one_browser_that_breaks_or_can_not_be_read_stops_nothing(backend: Backend, officer: Officer) -> None:
    async with pushing() as (receiver, push, url):
        for word in ("token", "lost"):
            await browsers.keep(SHELTER, backend, "shelter-desk", reached(officer, f"{url}/{word}"))
        lost = await browsers.browsers(SHELTER, backend, "shelter-desk")
        sealed = make_backend(backend.store).vault.seal_setting(reached(officer))
        await backend.store.apply([f"MATCH (b:Browser {{id: '{lost[0].id}'}}) SET b.sealed = '{sealed}'"])
        await send(backend)
        assert await delivered(backend, push) == {"delivered": 1}
        assert len(receiver.posted) == 1
        # One whose address no signature can be made for.
        bad = backend.vault.seal_setting(reached(officer, "https://[2606:4700:4700::1111]/x"))
        await backend.store.apply([f"MATCH (b:Browser) SET b.sealed = '{bad}'"])
        await send(backend)
        assert await delivered(backend, push) == {"delivered": 1}


async def test_where_a_browser_is_the_only_way_and_busy_it_is_tried_again(backend: Backend, officer: Officer) -> None:
    async with pushing() as (_, push, url):
        await browsers.keep(SHELTER, backend, "shelter-night-desk", reached(officer, f"{url}/500/busy"))
        await send(backend, "shelter-night-desk")
        assert await delivered(backend, push) == {"failed": 1}
        (notice,) = await notices(backend)
        assert notice["status"] == "pending"
