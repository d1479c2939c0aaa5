"""No case, and no name of the roster, reaches a message, whatever they are: on the whole way from ``refer`` to what
lies in the spool and what a mail server is handed, in every language."""

from __future__ import annotations

import asyncio
import contextlib
import html
import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relaypoint.app.delivering import deliver_due, send_links
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.digests import STORM
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.receipts import PURPOSE
from relaypoint.domain.words import MESSAGE_KINDS, Confidentiality, HolderRole, OrganizationKind, Priority
from relaypoint.graph import open_store
from relaypoint.notifications.digests import Digest, compose_digest
from relaypoint.notifications.mail import Mail
from relaypoint.notifications.messages import Message, Notification, compose, compose_link
from relaypoint.notifications.sentences import held_as
from relaypoint.notifications.smtp import mail_server
from relaypoint.notifications.spool import Spool
from relaypoint.notifications.webhooks import new_secret
from relaypoint.resolvers import bouncing, handoffs, posting, rounds, sending, webhooks
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import (
    FULL,
    NOW,
    Roster,
    at_time,
    imported,
    make_backend,
    member,
    raw,
    row,
    tiny_roster,
)
from relaypoint.tests.mailing import Postmaster, certificate, post_office
from relaypoint.tests.test_languages import LANGUAGES
from relaypoint.tests.test_notices import SITE

SENDER = "desk@relay.example.org"
DUE = "2026-03-10"
#: Cells in which people write as they like.
WRITTEN = ("name", "description", "note", "citation", "reason", "text")
#: Of these a case needs no more than the shelter has.
TAGS = ("adult", "female", "sexual", "labour", "forced-marriage", "accessible")
OFTEN = {"embedded": (6, 60), "neo4j": (1, 8)}

#: Long enough, and without vowels, so that it stands in no message by chance.
LETTERS = "bcdfghjklmnpqrstvwxz"
tokens = st.text(LETTERS, min_size=12, max_size=12)
unusual = st.text("ÄßЖҐقع漢ñ<>&\"'{}%$#@!?()/\\:,. -+*~`|^_0123456789", max_size=12)


@dataclass(frozen=True)
class Case:
    """``texts`` are what people wrote into the roster; ``own`` is a tag of a task force's own, ``duty`` what the
    receiver wrote when it passed the case on."""

    texts: list[tuple[str, str]]
    own: str
    tags: list[str]
    languages: list[tuple[str, str]]
    avoid: list[str]
    priority: Priority
    confidentiality: Confidentiality
    near: bool
    consent: bool
    calls_back: bool
    safe_hours: str | None
    duty: str


cases = st.builds(
    Case,
    texts=st.lists(st.tuples(tokens, unusual), min_size=1, max_size=6),
    own=tokens,
    tags=st.lists(st.sampled_from(TAGS), unique=True),
    languages=st.lists(st.tuples(tokens, tokens), max_size=3),
    avoid=st.lists(st.sampled_from(["decoy", "decoy-desk", "decoy-holder", *sorted(OrganizationKind)]), max_size=6),
    priority=st.sampled_from(list(Priority)),
    confidentiality=st.sampled_from(list(Confidentiality)),
    near=st.booleans(),
    consent=st.booleans(),
    calls_back=st.booleans(),
    safe_hours=st.sampled_from([None, "Mo-Fr 09:07-11:53", "Sa 06:41-07:13"]),
    duty=tokens,
)


class Renamed:
    """The made-up roster with a random word for each id, and the desks of both sides in one language."""

    def __init__(self, language: str, chance: random.Random) -> None:
        self.roster = tiny_roster()
        self.roster["organizations"].append({"id": "decoy", "name": "Decoy", "kind": "court"})
        desk = {"id": "decoy-desk", "name": "Decoy", "organization": "decoy", "time_zone": "Europe/London"}
        self.roster["contact_points"].append(desk)
        self.roster["holders"].append({"id": "decoy-holder", "contact_point": "decoy-desk", "role": "primary"})
        mail = {
            **row(self.roster, "channels", "shelter-mail"),
            "id": "night-mail",
            "contact_point": "shelter-night-desk",
        }
        self.roster["channels"].append({**mail, "address": "night@shelter.example.org"})
        for id in ("shelter-desk", "shelter-night-desk", "unit-desk"):
            row(self.roster, "contact_points", id)["languages"] = f"cy;{language}"
        for each in self.roster["channels"]:
            each["assurance"] = "strict"
            if each["kind"] == "email":
                each["kind"] = "secure-email"
        self.ids = {
            each["id"]: self._word(each["id"], chance)
            for rows in self.roster.values()
            for each in rows
            if each["id"] != "GB"
        }

    def _word(self, id: str, chance: random.Random) -> str:
        word = "".join(chance.choices(LETTERS, k=12))
        return f"GB-X-{word.upper()}" if id.startswith("GB-") else word

    def of(self, case: Case) -> Roster:
        """As people wrote it in that case."""
        texts = itertools.cycle(case.texts)
        found: Roster = {}
        for sheet, rows in self.roster.items():
            found[sheet] = []
            for each in rows:
                cells = {
                    name: ";".join(self.ids.get(item, item) for item in cell.split(";")) for name, cell in each.items()
                }
                for name in WRITTEN:
                    if cells.get(name):
                        cells[name] = " ".join((*next(texts), self.ids.get(each["id"], "")))
                found[sheet].append(cells)
        row(found, "services", self.ids["shelter-beds"])["serves"] = ";".join((*TAGS, case.own))
        return found

    def need(self, case: Case) -> NeedInput:
        return NeedInput(
            from_organization=self.ids["example-unit"],
            service=self.ids["housing"],
            place=self.ids["GB-X-NORTH"],
            languages=[f"qaa-x-{one[:8]}-{other[:8]}" for one, other in case.languages],
            priority=case.priority,
            confidentiality=case.confidentiality,
            tags=[*case.tags, case.own],
            # Whom it is sent to and by whom, and through whom it can be seen, are no kinds to avoid.
            avoid=[self.ids.get(each, each) for each in case.avoid if each not in ("cso", "police")],
            near=case.near,
        )


class Everyway:
    """Takes each message, lays it into the spool and mails it."""

    kinds = MESSAGE_KINDS

    def __init__(self, folder: Path, smtp: Mail) -> None:
        self.spool, self.smtp = Spool(folder), smtp
        self.taken: list[Message] = []

    async def send(self, kind: str, message: Message) -> None:
        self.taken.append(message)
        await self.spool.send(kind, message)
        await self.smtp.send(kind, message)

    async def close(self) -> None:
        await self.smtp.close()


class Bench:
    """One store, one spool and one mail server, and all that was said of cases there."""

    def __init__(self, backend: Backend, language: str, folder: Path, master: Postmaster, address: str) -> None:
        self.backend, self.language, self.folder, self.master = backend, language, folder, master
        self.renamed = Renamed(language, random.Random(language))
        self.transport = Everyway(folder, Mail(mail_server(address, sender=SENDER), fixed_clock(NOW), secure=True))
        self.secrets: set[str] = set(self.renamed.ids.values())
        #: What was said of each urgency, and of each kind of link, but for its reference or token.
        self.said: dict[str, str] = {}

    async def lived_through(self, case: Case) -> None:
        """The case is sent, lies there, is accepted, passed on with a word of why, and cancelled; each is told."""
        await imported(self.backend, self.renamed.of(case))
        ids = self.renamed.ids
        self.secrets |= {case.own, *(word[:8] for pair in case.languages for word in pair)}
        self.secrets |= {token for token, _ in case.texts} | {text for _, text in case.texts if len(set(text)) > 6}
        unit, shelter = member(ids["example-unit"]), member(ids["example-shelter"])
        sent = await sending.refer(
            unit,
            self.backend,
            self.renamed.need(case),
            to=ids["shelter-desk"],
            call_back=ids["unit-mail"] if case.calls_back else None,
            safe_hours=case.safe_hours,
            consent=case.consent,
        )
        step = sent.referral["handoffs"][0]["id"]
        self.secrets |= {step, sent.referral["id"], sent.referral["reference"], *filter(None, [case.safe_hours])}
        await self.told(case, self.backend)
        for day in (4, 5):
            late = at_time(self.backend, f"2026-03-{day:02}T10:00:00.000Z")
            await escalate(OPERATOR, late)
            await self.told(case, late)
        await handoffs.move_handoff(shelter, late, step, "accept")
        await self.told(case, late)
        passed = await pass_handoff(shelter, late, step, "pass-on", ids["shelter-night-desk"], duty=case.duty)
        self.secrets |= {case.duty, passed.handoff["id"]}
        await self.told(case, late)
        await handoffs.move_handoff(unit, late, passed.handoff["id"], "cancel", reason="duplicate")
        await self.told(case, late)
        for _ in range(STORM):
            again = await sending.refer(
                unit, late, self.renamed.need(case), to=ids["shelter-desk"], consent=case.consent
            )
            self.secrets |= {again.referral["id"], again.referral["reference"], again.referral["handoffs"][0]["id"]}
        await self.told(case, late, together=STORM)
        await self.paused(case, unit, late)

    async def paused(self, case: Case, owner: Subject, backend: Backend) -> None:
        """A webhook of the sender's is paused, which is as secret, and it is told."""
        host, path = (token for token, _ in (case.texts * 2)[:2])
        made = await webhooks.create(owner, backend, f"https://{host}.example.org/{path}", new_secret())
        await webhooks.send_test(owner, backend, made.id)
        (leased,) = await posting.lease(OPERATOR, backend, limit=1)
        await posting.settle(OPERATOR, backend, leased, [], "refused: 410", gone=True)
        self.secrets |= {host, path, made.id}
        await self.told(replace(case, priority=Priority.ROUTINE), backend)
        await webhooks.end(owner, backend, made.id)

    async def told(self, case: Case, backend: Backend, together: int = 1) -> None:
        """Delivers what is due: so many in each message."""
        await deliver_due(backend, self.transport, SITE)
        assert self.transport.taken, "each of it is told to somebody"
        for message in self.transport.taken:
            urls = [line for line in message.body.splitlines() if line.startswith(SITE)]
            references = [url.removeprefix(f"{SITE}n/") for url in urls if url.startswith(f"{SITE}n/")]
            second = [url for url in urls if not url.startswith(f"{SITE}n/")]
            assert len(references) == together
            assert all(re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", each) for each in references)
            # The link by which a new step is received bears no more than what is made of the reference.
            secret = backend.vault.token(PURPOSE, references[0])
            assert second in ([], [f"{SITE}r/{message.language}-{references[0]}-{secret}"])
            assert not second or (together == 1 and message.address.endswith("@shelter.example.org"))
            held = [
                Notification(
                    key=message.key,
                    reference=each,
                    priority=case.priority,
                    kind="",
                    language=message.language,
                    receipt=secret if second else None,
                    proof=message.proof,
                )
                for each in references
            ]
            assert message.proof == bouncing.proof(backend, message.key)
            one = Digest(key=message.key, notifications=held, language=message.language, proof=message.proof)
            assert message == (
                compose(held[0], message.address, SITE) if together == 1 else compose_digest(one, message.address, SITE)
            )
            short = compose_digest(one, message.address, SITE, short=True)
            assert not any(each in short.subject + short.body for each in references)
            sides = message.address.endswith(("@shelter.example.org", "@unit.example.org"))
            assert message.language == (self.language if sides else "en")
            said = f"{message.language} {case.priority} {together} {len(second)}"
            self.alike(said, message, *references, *(secret for _ in second))
            self.alike(f"{message.language} {case.priority} short {together}", short)
        self.looked_through()

    def alike(self, what: str, message: Message, *own: str) -> None:
        """What is said of it is always the same, but for its references or token."""
        whole = "\n".join((message.subject, message.body, message.html or ""))
        for each in own:
            assert each in whole
            whole = whole.replace(each, "·")
        assert self.said.setdefault(what, whole) == whole

    def looked_through(self) -> None:
        """All that has left: as messages, as files, as mail with its headers."""
        left = []
        for message in self.transport.taken:
            assert re.fullmatch(r"[0-9a-z.-]+", message.key)
            left += [message.key, message.subject, message.body, message.html or "", message.language]
        for file in self.folder.iterdir():
            values = json.loads(file.read_text())
            assert set(values) == {
                "channel",
                "key",
                "address",
                "subject",
                "body",
                "html",
                "language",
                "proof",
                "priority",
            }
            left += [file.name, *(value for name, value in values.items() if name != "address")]
            file.unlink()
        for mail in self.master.mail:
            assert isinstance(mail, EmailMessage)
            assert mail["From"] == SENDER
            left += [f"{name}: {value}" for name, value in mail.items() if name.lower() not in ("to", "x-rcptto")]
            left += [part.get_content() for part in mail.iter_parts()]
            assert {name.lower() for part in mail.iter_parts() for name in part} <= {
                *("content-type", "content-transfer-encoding", "mime-version"),
            }
        assert len(self.master.mail) == len(self.transport.taken)
        whole = "\n".join(left).casefold()
        for text in (whole, html.unescape(whole)):
            for secret in self.secrets:
                assert secret.casefold() not in text, secret
        self.transport.taken.clear()
        self.master.mail.clear()

    async def asked(self) -> None:
        """The links of rounds tell no more."""
        for kind in ("confirmation", "drill"):
            started = await rounds.start(OPERATOR, self.backend, kind, DUE)
            assert await send_links(started.links, self.transport, SITE, test=kind == "drill")
            links = {link.token: link for link in started.links}
            for message in self.transport.taken:
                token = message.body.splitlines()[-1].removeprefix(f"{SITE}a/")
                role = held_as(links[token].role or HolderRole.PRIMARY, links[token].rank)
                assert message == compose_link(
                    links[token].key,
                    token,
                    message.address,
                    SITE,
                    due=DUE,
                    role=role if kind == "confirmation" else None,
                    test=kind == "drill",
                    language=message.language,
                )
                self.alike(f"{message.language} {kind} {links[token].role} {links[token].rank}", message, token)
            assert self.language in {message.language for message in self.transport.taken}
            self.looked_through()


@contextlib.contextmanager
def bench(url: str, auth: dict[str, Any], language: str, folder: Path) -> Iterator[tuple[Bench, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        store = runner.run(open_store(url, **auth))
        office = post_office(certificate(folder), security="none")
        master, address = runner.run(office.__aenter__())
        made = Bench(make_backend(store), language, folder / "spool", master, address)
        try:
            runner.run(prove_key(made.backend))
            yield made, runner
        finally:
            runner.run(made.transport.close())
            runner.run(office.__aexit__(None, None, None))
            runner.run(store.close())


@pytest.mark.counted
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_a_case_reaches_a_message(
    store_url: str, store_auth: dict[str, Any], engine: str, language: str, tmp_path: Path
) -> None:
    with bench(store_url, store_auth, language, tmp_path) as (made, runner):

        @settings(max_examples=OFTEN[engine][FULL], suppress_health_check=list(HealthCheck))
        @given(cases)
        def live_through(case: Case) -> None:
            runner.run(made.lived_through(case))

        live_through()
        runner.run(made.asked())
        rows = runner.run(raw(made.backend.store, "MATCH (n:Notice) RETURN DISTINCT n.kind AS kind"))
        assert {each["kind"] for each in rows} == {"requested", "escalated", "moved", "cancelled"}
        said = {tuple(what.split()[2:]) for what in made.said if what.startswith(f"{language} ")}
        assert said >= {("1", "0"), ("1", "1"), ("5", "0"), ("short", "5")}
