"""That a new step was received, said through the link in its message: by whoever reads it, once, and nothing more."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from rich.console import Console

from relaypoint.app import show_step
from relaypoint.app.commands import document
from relaypoint.app.delivering import deliver_due
from relaypoint.app.graphql_http import GraphQLRequest
from relaypoint.app.http import build, run
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.app.signing_in import nobody
from relaypoint.domain.chain import Event
from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Conflict, Unavailable
from relaypoint.domain.handoffs import STATE
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.receipts import HOLDS, PURPOSE, Token, read
from relaypoint.domain.replay import handoffs_by_events
from relaypoint.domain.told_events import told as in_words
from relaypoint.graph import Operation, Row, Step, Store
from relaypoint.notifications import pages
from relaypoint.notifications.languages import translated
from relaypoint.notifications.messages import Message
from relaypoint.notifications.sentences import sentence
from relaypoint.resolvers import audit, handoffs, proving, receipts, referrals, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.vault import Vault
from relaypoint.tests.helpers import Through, at_time, dump, imported, raw, row, tiny_roster
from relaypoint.tests.test_languages import LANGUAGES, Page, telling_words
from relaypoint.tests.test_notices import SHELTER, SITE, UNIT, Failing, send

HOUR, MOMENT = timedelta(hours=1), timedelta(milliseconds=1)
LINK = re.compile(rf"{re.escape(SITE)}(r/(\S+))")
NOTED, OVER = pages.noted("en"), pages.over("en")


async def ask(backend: Backend, method: str, path: str, content: str = "") -> Response:
    app = build(Runtime(Settings(), backend), nobody)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://relaypoint") as client:
        form = {"content-type": "application/x-www-form-urlencoded"}
        return await client.request(method, f"/{path}", content=content, headers=form)


def later(backend: Backend, time: timedelta) -> Backend:
    return at_time(backend, format_instant(backend.clock() + time))


async def messages(backend: Backend) -> list[Message]:
    """What goes out now."""
    transport = Failing(0)
    await deliver_due(backend, transport, SITE)
    return [message for _, message in transport.taken]


def link(message: Message) -> str | None:
    """The path of its second link, by which a step is received; None where it has none."""
    found = LINK.search(message.body)
    return found[1] if found else None


async def told(backend: Backend, **changes: Any) -> tuple[str, str]:
    """A step is sent, and its desk told: the step's id, and the path of the link."""
    sent = await send(backend, **changes)
    (message,) = await messages(backend)
    path = link(message)
    assert path is not None
    return sent["handoffs"][0]["id"], path


async def step(backend: Backend, id: str) -> dict[str, Any]:
    return (await handoffs.handoff(UNIT, backend, id)).handoff


async def events(backend: Backend, id: str) -> list[Event]:
    (found,) = await raw(
        backend.store, f"MATCH (h:Handoff {{id: '{id}'}})-[:STEP_OF]->(r:Referral) RETURN r.id AS referral"
    )
    return [Event(**each["event"]) for each in await backend.store.read("events_of", id=found["referral"])]


# the message


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_message_of_a_new_step_has_a_second_link_in_its_language(backend: Backend, language: str) -> None:
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["languages"] = f"cy;{language}"
    await imported(backend, roster)
    id = (await send(backend))["handoffs"][0]["id"]
    (message,) = await messages(backend)
    path = link(message)
    assert path is not None
    *_, say, url = message.body.splitlines()
    assert (say, url) == (translated(sentence("notice.receive"), language), SITE + path)
    page = Page(message.html or "")
    reference = message.body.splitlines()[3]
    assert [each["href"] for each in page.all("a")] == [f"{SITE}n/{reference}", url]
    assert [each.strip() for each in page.texts["a"]] == [translated(sentence("notice.open"), language), say]
    seen = await ask(backend, "GET", path)
    asked = Page(seen.text)
    assert asked.all("html") == [{"lang": language, "dir": "rtl" if language == "ar" else "ltr"}]
    assert asked.texts["h1"] == asked.texts["title"] == [translated(sentence("receipt.ask"), language)]
    assert asked.texts["strong"] == [reference]
    done = Page((await ask(backend, "POST", path)).text)
    assert done.texts["body"][0].split() == translated(sentence("receipt.noted"), language).split()
    assert (await step(backend, id))["status"] == "received"
    (moved,) = await messages(backend)
    assert link(moved) is None, "its sender has nothing to receive"


async def test_it_is_the_same_at_every_attempt_and_stored_nowhere(backend: Backend) -> None:
    await imported(backend)
    await send(backend)
    attempts: list[Message] = []
    for time in (timedelta(), HOUR):
        transport = Seeing(1 if not attempts else 0)
        await deliver_due(later(backend, time), transport, SITE)
        attempts += transport.seen
    assert len(attempts) == 2
    assert attempts[0] == attempts[1]
    token = read((link(attempts[0]) or "").removeprefix("r/"))
    assert token is not None
    assert len(token.secret) * 4 >= 96
    stored = "\n".join(await dump(backend.store))
    assert token.reference in stored
    assert token.secret not in stored


class Seeing(Failing):
    """Keeps what it was given, also what it did not take."""

    def __init__(self, times: int) -> None:
        super().__init__(times)
        self.seen: list[Message] = []

    async def send(self, kind: str, message: Message) -> None:
        self.seen.append(message)
        await super().send(kind, message)


async def test_a_reminder_has_it_too_where_the_desk_has_not_received_it(backend: Backend) -> None:
    await imported(backend)
    id, _ = await told(backend)
    late = later(backend, HOUR)
    assert [each.action for each in (await escalate(OPERATOR, late)).taken] == ["remind"]
    (reminder,) = await messages(late)
    assert (await ask(late, "POST", link(reminder) or "")).text == NOTED
    assert (await step(late, id))["status"] == "received"


async def test_no_other_message_has_it(backend: Backend) -> None:
    await imported(backend)
    id = (await send(backend))["handoffs"][0]["id"]
    ladder: list[tuple[str, bool]] = []
    moves: list[tuple[timedelta, Any, str, str | None]] = [
        (timedelta(days=3), SHELTER, "accept", None),
        (timedelta(days=8), UNIT, "cancel", "duplicate"),
    ]
    for number in range(8):  # To the end of the ladder.
        late = later(backend, HOUR * number * 4)
        await escalate(OPERATOR, late)
        ladder += [(each.address, link(each) is not None) for each in await messages(late)]
    assert {to for to, given in ladder if given} == {"desk@shelter.example.org"}
    assert {to for to, _ in ladder} > {"desk@unit.example.org", "desk@line.example.org"}
    for time, who, verb, reason in moves:
        late = later(backend, time)
        await handoffs.move_handoff(who, late, id, verb, reason=reason)
        for each in (late, later(late, timedelta(days=2))):
            await escalate(OPERATOR, each)
            assert [link(message) for message in await messages(each) if link(message)] == []
    rows = await raw(backend.store, "MATCH (n:Notice)-[:FOR]->(d) RETURN n.kind AS kind, d.id AS desk")
    silent = [each for each in rows if (each["kind"], each["desk"]) == ("escalated", "shelter-desk")]
    assert len(silent) > 1, "also when it had been accepted, and was silent"


async def test_of_other_messages_not_even_a_token_that_was_made_for_them_holds(backend: Backend) -> None:
    await imported(backend)
    id, _ = await told(backend)
    await handoffs.move_handoff(UNIT, backend, id, "expect", expected="2026-03-05T10:00:00Z")
    (moved,) = await messages(backend)
    assert (moved.address, link(moved)) == ("desk@shelter.example.org", None), "told there, and not to be acknowledged"
    for number in range(1, 6):
        await escalate(OPERATOR, later(backend, HOUR * number * 4))
    text = "MATCH (n:Notice)-[:FOR]->(d) RETURN n.kind AS kind, n.reference AS reference, d.id AS desk"
    before, tried = await dump(backend.store), set()
    for each in await raw(backend.store, text):
        if each["desk"] != "shelter-desk" or each["kind"] == "moved":
            token = Token("en", each["reference"], backend.vault.token(PURPOSE, each["reference"]))
            assert (await ask(backend, "POST", f"r/{token}")).text == OVER
            tried.add((each["kind"], each["desk"]))
    assert tried >= {("moved", "shelter-desk"), ("escalated", "line-desk"), ("offered", "unit-desk")}
    assert await dump(backend.store) == before


async def test_a_message_that_goes_out_late_has_none_that_is_over(backend: Backend) -> None:
    await imported(backend)
    await send(backend)
    (message,) = await messages(later(backend, HOLDS))
    assert link(message) is None


# the page


async def test_to_look_changes_nothing_and_tells_nothing(backend: Backend) -> None:
    await imported(backend)
    sent = await send(backend)
    (message,) = await messages(backend)
    path = link(message) or ""
    before = await dump(backend.store)
    for method in ("GET", "HEAD", "GET"):
        seen = await ask(backend, method, path)
        assert seen.status_code == 200
        assert (seen.headers["cache-control"], seen.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert seen.headers["content-security-policy"].startswith("default-src 'none';")
        assert "script-src" not in seen.headers["content-security-policy"]
        assert bool(seen.text) == (method == "GET")
    assert await dump(backend.store) == before, "scanners of mail look"
    page = Page(seen.text)
    assert page.all("form") == [{"method": "post"}]
    assert len(page.all("button")) == 1
    assert {tag for tag, _ in page.elements} == {
        *("html", "head", "meta", "title", "body", "main", "h1", "p", "br", "strong", "bdi", "form", "button"),
    }
    assert "http" not in seen.text
    secrets = (sent["id"], sent["reference"], sent["handoffs"][0]["id"], "shelter", "unit", "housing", "north", "cy")
    for word in secrets:
        assert word.casefold() not in seen.text.casefold(), word


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_the_pages_tells_the_field_of_work(language: str) -> None:
    said = [pages.asking(language, "23456-ABCDE"), *(each(language) for each in (pages.noted, pages.over, pages.later))]
    assert len(set(said)) == 4
    for html in said:
        assert f'lang="{language}"' in html
        assert not telling_words(language).search(re.sub(r"<[^>]*>", " ", html))


@pytest.mark.parametrize("wrong", ["secret", "purpose", "key", "another", "cut", "longer", "reference", "nothing"])
async def test_what_does_not_hold_looks_like_what_holds_and_does_nothing(backend: Backend, wrong: str) -> None:
    await imported(backend)
    _, path = await told(backend)
    _, other = await told(backend)
    token, another = read(path.removeprefix("r/")), read(other.removeprefix("r/"))
    assert token is not None
    assert another is not None
    assert token.secret != another.secret
    strange = Vault(Vault.new_installation_key())
    flipped = ("0" if token.secret[0] != "0" else "1") + token.secret[1:]
    given: Token | str = {
        "secret": token._replace(secret=flipped),
        "purpose": token._replace(secret=backend.vault.token("another purpose", token.reference)),
        "key": token._replace(secret=strange.token(PURPOSE, token.reference)),
        "another": token._replace(secret=another.secret),
        "reference": token._replace(reference="ABCDE-23456"),
    }.get(wrong) or {"cut": str(token)[:-1], "longer": f"{token}0", "nothing": "x"}[wrong]
    before = await dump(backend.store)
    seen, right = await ask(backend, "GET", f"r/{given}"), await ask(backend, "GET", path)
    if isinstance(given, str):
        assert (seen.status_code, seen.text) == (404, OVER), "as no page can be made of it"
    else:
        assert seen.status_code == right.status_code == 200
        assert seen.text == right.text.replace(token.reference, given.reference)
        assert {**seen.headers} == {**right.headers}
    done = await ask(backend, "POST", f"r/{given}")
    assert (done.status_code, done.text) == (404, OVER)
    assert await dump(backend.store) == before
    assert (await ask(backend, "POST", path)).text == NOTED, "and the right one still holds"


@pytest.mark.parametrize("path", ["%3Cscript%3E", "en-23456-ABCDE-", "EN-23456-abcde-" + "0" * 32, "%00", "é" * 40])
async def test_what_is_no_token_is_told_so_in_the_same_words(backend: Backend, path: str) -> None:
    for method in ("GET", "POST"):
        answer = await ask(backend, method, f"r/{path}", "x" * 10_000)
        assert (answer.status_code, answer.text) == (404, OVER)
    assert (await ask(backend, "GET", f"r/xx-23456-ABCDE-{'0' * 32}")).text == pages.asking("en", "23456-ABCDE")


# what it does


async def test_it_acts_once_and_says_that_it_was_noted(backend: Backend) -> None:
    await imported(backend)
    id, path = await told(backend)
    late = later(backend, HOUR)
    done = await ask(late, "POST", path, "answer=accept&verb=accept&" + "x" * 10_000)
    assert (done.status_code, done.text) == (200, NOTED)
    said = Page(done.text).texts
    assert said["main"][0].strip() == said["title"][0] == "Noted. Sign in to see what it is about and to decide."
    for who in (UNIT, SHELTER):
        shown = (await handoffs.handoff(who, late, id)).handoff
        assert (shown["status"], shown["received_by"], shown["version"]) == ("received", "link", 2)
    (_, event) = await events(late, id)
    assert (event.kind, event.actor, event.at) == ("handoff-receive", "link:example-shelter", late.now())
    assert handoffs_by_events([event])[id]["received_by"] == "link"
    assert in_words(event) == "acknowledged: through the link in a message; by whom is not verified"
    before = await dump(backend.store)
    for again in (late, later(late, HOUR)):
        done = await ask(again, "POST", path)
        assert (done.status_code, done.text) == (200, NOTED)
    assert await dump(backend.store) == before
    (message,) = await messages(late)
    assert message.address == "desk@unit.example.org", "its sender is told"
    assert await audit.verify(OPERATOR, late) == []
    await late.store.apply([f"MATCH (h:Handoff {{id: '{id}'}}) SET h.received_by = null"])
    assert len(await audit.verify(OPERATOR, late)) == 1, "which looks at who said so"


async def test_it_stops_the_clock_that_any_receive_stops_and_no_other(backend: Backend) -> None:
    await imported(backend)
    need = {"priority": "urgent"}
    (one, path), (two, _) = await told(backend, **need), await told(backend, **need)
    late = later(backend, HOUR)
    assert (await ask(late, "POST", path)).text == NOTED
    await handoffs.move_handoff(SHELTER, late, two, "receive")
    by_link, signed_in = await step(late, one), await step(late, two)
    differing = {name for name in STATE if by_link[name] != signed_in[name]}
    assert differing == {"received_by"}
    assert (by_link["decide_by"], by_link["accepted_at"]) == (signed_in["decide_by"], None)
    assert by_link["decide_by"] is not None
    for time in (timedelta(hours=5), timedelta(days=2)):
        found = await stalled.stalled(UNIT, later(backend, time))
        reasons = {each.stall.handoff.id: each.stall.reason for each in found}
        assert reasons.get(one) == reasons.get(two) == (None if time < timedelta(days=1) else "undecided")
    moved = await handoffs.move_handoff(SHELTER, late, one, "accept")
    assert (moved.handoff["status"], moved.handoff["received_by"]) == ("accepted", "link")
    assert await audit.verify(OPERATOR, late) == []


async def test_it_holds_for_seven_days(backend: Backend) -> None:
    await imported(backend)
    (one, first), (two, second) = await told(backend), await told(backend)
    before = await dump(backend.store)
    over = later(backend, HOLDS)
    assert timedelta(days=7) == HOLDS
    assert (await ask(over, "POST", second)).text == OVER
    assert await dump(backend.store) == before
    assert (await ask(later(over, -MOMENT), "POST", first)).text == NOTED
    assert (await ask(over, "POST", first)).text == OVER, "also that it was noted is told no longer"
    assert [(await step(over, id))["status"] for id in (one, two)] == ["received", "requested"]


@pytest.mark.parametrize(
    "moves",
    [
        [(SHELTER, "receive", None)],
        [(SHELTER, "accept", None)],
        [(SHELTER, "reject", "no-capacity")],
        [(UNIT, "cancel", "duplicate")],
        [(SHELTER, "correct", None)],
        [(SHELTER, "accept", None), (SHELTER, "complete", None)],
    ],
)
@pytest.mark.parametrize("used", [False, True])
async def test_what_was_said_otherwise_stands(
    backend: Backend, moves: Sequence[tuple[Any, str, str | None]], used: bool
) -> None:
    await imported(backend)
    id, path = await told(backend)
    if used:
        assert (await ask(backend, "POST", path)).text == NOTED
        moves = [each for each in moves if each[1] != "receive"] or [(SHELTER, "accept", None)]
    for who, verb, reason in moves:
        await handoffs.move_handoff(who, backend, id, verb, reason=reason)
    before = await dump(backend.store)
    assert (await ask(backend, "POST", path)).text == OVER
    assert await dump(backend.store) == before
    assert (await step(backend, id))["received_by"] == ("link" if used else None)


@pytest.mark.parametrize(("who", "verb"), [(SHELTER, "pass-on"), (OPERATOR, "redirect"), (UNIT, "resend")])
async def test_where_the_case_has_gone_on_it_does_nothing_there(backend: Backend, who: Any, verb: str) -> None:
    await imported(backend)
    id, path = await told(backend)
    if verb == "resend":
        await handoffs.move_handoff(SHELTER, backend, id, "reject", reason="no-capacity")
    following = (await pass_handoff(who, backend, id, verb, "shelter-night-desk")).handoff["id"]
    assert following != id
    before = await dump(backend.store)
    assert (await ask(backend, "POST", path)).text == OVER
    assert await dump(backend.store) == before
    assert (await step(backend, following))["status"] == "requested"


async def test_a_desk_that_has_come_to_be_avoided_says_nothing(backend: Backend) -> None:
    """By who took it over since."""
    roster = tiny_roster()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    (one, first), (two, second) = [await told(backend, avoid=("newcomer",)) for _ in range(2)]
    assert (await ask(backend, "POST", first)).text == NOTED
    row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
    await imported(backend, roster)
    before = await dump(backend.store)
    for path in (first, second):
        assert (await ask(backend, "POST", path)).text == OVER
    assert await dump(backend.store) == before
    assert [(await step(backend, id))["status"] for id in (one, two)] == ["received", "requested"]


async def test_it_shows_that_the_message_is_read_and_of_no_other_address(backend: Backend) -> None:
    roster = tiny_roster()
    mail = {**row(roster, "channels", "shelter-mail"), "state": "unproven", "rank": "1"}
    second = {"id": "shelter-second-mail", "address": "two@shelter.example.org", "rank": "2"}
    roster["channels"] = [each for each in roster["channels"] if each["id"] != "shelter-mail"]
    roster["channels"] += [mail, {**mail, **second}]
    await imported(backend, roster)
    id, path = await told(backend)
    late = later(backend, HOUR)
    await escalate(OPERATOR, late)
    (reminder,) = await messages(late)
    assert reminder.address == "two@shelter.example.org", "the last one went by another channel"
    assert (await ask(late, "POST", path)).text == NOTED
    assert await proving.prove(OPERATOR, late) == ["shelter-mail"]
    rows = (await late.memory.roster(late.store)).rows["channels"]
    assert (rows["shelter-mail"]["state"], rows["shelter-mail"]["proven_on"]) == ("working", late.now()[:10])
    assert rows["shelter-second-mail"]["state"] == "unproven"
    assert (await step(late, id))["status"] == "received"


async def test_both_sides_see_that_it_is_not_known_who_said_so(backend: Backend) -> None:
    await imported(backend)
    id, path = await told(backend)
    assert (await ask(backend, "POST", path)).text == NOTED

    async def shown() -> list[str]:
        texts = []
        for who in (UNIT, SHELTER):
            wanted = GraphQLRequest(document("Handoff"), {"id": id}, None)
            result = await run(Runtime(Settings(), backend), who, wanted)
            assert result.errors is None
            (moved,) = (result.data or {}).values()
            assert moved["handoff"]["receivedBy"] == "link"
            console = Console(record=True, width=120, force_terminal=False)
            show_step.step(console, moved["handoff"])
            texts.append(console.export_text())
        return texts

    assert all("received, by whom is not verified" in text for text in await shown())
    await handoffs.move_handoff(SHELTER, backend, id, "accept")
    assert not any("verified" in text for text in await shown()), "who accepts has signed in"


# at once


class Together(Through):
    """Lets so many writes wait until all of them were decided on."""

    def __init__(self, inner: Store, writers: int = 2) -> None:
        super().__init__(inner)
        self.left, self.barrier = writers, asyncio.Barrier(writers)

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        if self.left:
            self.left -= 1
            await self.barrier.wait()
        return await self.inner.write(steps, operation)


async def test_two_at_once_are_one_event(backend: Backend) -> None:
    await imported(backend)
    id, path = await told(backend)
    racing = replace(backend, store=Together(backend.store))
    answers = await asyncio.gather(*(ask(racing, "POST", path) for _ in range(2)))
    assert [each.text for each in answers] == [NOTED, NOTED]
    assert [each.kind for each in await events(backend, id)] == ["referral-sent", "handoff-receive"]
    assert len(await messages(backend)) == 1, "and its sender is told once"
    assert await audit.verify(OPERATOR, backend) == []


@pytest.mark.parametrize("first", ["link", "accept"])
async def test_at_once_with_who_is_signed_in_one_of_them_stands(backend: Backend, first: str) -> None:
    await imported(backend)
    id, path = await told(backend)
    racing = replace(backend, store=Together(backend.store))

    async def accept() -> str:
        try:
            return str((await handoffs.move_handoff(SHELTER, racing, id, "accept")).handoff["status"])
        except Conflict as lost:
            return str(lost.present["status"])

    async def post() -> str:
        return (await ask(racing, "POST", path)).text

    if first == "link":
        page, status = await asyncio.gather(post(), accept())
    else:
        status, page = await asyncio.gather(accept(), post())
    kinds = [each.kind for each in await events(backend, id)]
    assert (kinds[1:], page, status) in (
        (["handoff-receive"], NOTED, "received"),
        (["handoff-accept"], OVER, "accepted"),
    )
    if status == "received":
        await handoffs.move_handoff(SHELTER, backend, id, "accept")
    assert (await step(backend, id))["status"] == "accepted"
    assert await audit.verify(OPERATOR, backend) == []


class Away(Through):
    """It does not answer."""

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        raise Unavailable("store.down", "The store does not answer.")


class Full(Through):
    """It takes nothing in."""

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        raise Unavailable("store.full", "The store takes nothing in.")


async def test_what_can_not_be_stored_is_not_told_as_noted(backend: Backend) -> None:
    await imported(backend)
    id, path = await told(backend)
    for broken in (Away(backend.store), Full(backend.store)):
        without = replace(backend, store=broken)
        assert (await ask(without, "GET", path)).text == (await ask(backend, "GET", path)).text, "it reads nothing"
        done = await ask(without, "POST", path)
        assert (done.status_code, done.text) == (503, pages.later("en"))
    assert (await step(backend, id))["status"] == "requested"
    assert (await ask(backend, "POST", path)).text == NOTED


async def test_who_has_the_link_may_do_nothing_else(backend: Backend) -> None:
    """It is no subject: neither the record's word for it nor the token opens anything."""
    await imported(backend)
    id, path = await told(backend)
    assert (await ask(backend, "POST", path)).text == NOTED
    wanted = GraphQLRequest(document("Handoff"), {"id": id}, None)
    for headers, code in (
        ({}, "NOT_FOUND"),
        ({"authorization": f"Bearer {path}"}, "INVALID"),
        ({"x-relaypoint-organization": "link:example-shelter"}, "NOT_FOUND"),
    ):
        app = build(Runtime(Settings(), backend), nobody)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://relaypoint") as client:
            body = {"query": wanted.query, "variables": wanted.variables}
            answer = await client.post("/graphql", json=body, headers=headers)
        assert '"status"' not in json.dumps(answer.json().get("data"))
        assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert await receipts.receive(OPERATOR, backend, "nothing") is False
    timeline = await referrals.timeline(UNIT, backend, (await events(backend, id))[0].aggregate)
    assert [each.actor for each in timeline] == ["member:example-unit", "link:example-shelter"]
