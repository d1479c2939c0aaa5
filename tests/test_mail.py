"""Mail goes out over a real server, encrypted and signed in, and what the server says is told apart."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.digests import STORM
from relaypoint.domain.errors import Invalid, Unavailable
from relaypoint.domain.words import MESSAGE_KINDS, ChannelKind, Priority
from relaypoint.graph import Operation, Row, Step
from relaypoint.notifications import mail_child, smtp
from relaypoint.notifications.delivery import Refused, Unable
from relaypoint.notifications.mail import Mail
from relaypoint.notifications.messages import Message
from relaypoint.notifications.mime import written
from relaypoint.notifications.smtp import CONNECTIONS, MailServer, mail_server
from relaypoint.notifications.transports import Transports
from relaypoint.resolvers import bouncing, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Memory
from relaypoint.resolvers.outbox import LEASE
from relaypoint.tests.helpers import NOW, Through, imported, row, tiny_roster
from relaypoint.tests.mailing import PASSWORD, USER, Postmaster, certificate, post_office
from relaypoint.tests.test_notices import NEED, SITE, UNIT, Failing, notices, send

SENDER = "desk@relay.example.org"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def posting(
    files: tuple[Path, Path], security: str = "starttls", *, password: str = PASSWORD, trusted: bool = True
) -> AsyncIterator[tuple[Postmaster, Mail]]:
    async with post_office(files, security=security) as (master, address):
        signed = {} if security == "none" else {"user": USER, "password": password}
        server = mail_server(address, sender=SENDER, ca=files[0] if trusted else None, **signed)
        async with by_mail(server, secure=True) as smtp:
            yield master, smtp


@asynccontextmanager
async def by_mail(server: MailServer, *, secure: bool = False) -> AsyncIterator[Mail]:
    mail = Mail(server, fixed_clock(NOW), secure=secure)
    try:
        yield mail
    finally:
        await mail.close()


def to(name: str, key: str = "key") -> Message:
    return Message(key, f"{name}@shelter.example.org", "Urgent: ABCDE-23456", "Urgent\nABCDE-23456\nhttps://x/n/1\n")


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
async def test_a_message_goes_out(files: tuple[Path, Path], security: str) -> None:
    async with posting(files, security) as (master, smtp):
        await smtp.send("email", to("desk"))
    (mail,) = master.mail
    assert (mail["From"], mail["To"]) == (SENDER, "desk@shelter.example.org")
    assert (mail["Subject"], mail["Message-ID"]) == ("Urgent: ABCDE-23456", "<key@relay.example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert str(mail.get_payload()).replace("\r\n", "\n") == to("desk").body
    told = {name.lower() for name in mail}
    assert told <= {
        *("from", "to", "subject", "date", "message-id", "auto-submitted", "content-language"),
        *("content-type", "content-transfer-encoding", "mime-version", "x-peer", "x-mailfrom", "x-rcptto"),
    }


async def test_plain_text_comes_first_and_html_beside_it(files: tuple[Path, Path]) -> None:
    message = replace(to("desk"), subject="Терміново: ABCDE-23456", body="Терміново\n", html="<p>Терміново</p>\n")
    async with posting(files) as (master, smtp):
        await smtp.send("email", replace(message, language="uk"))
    (mail,) = master.mail
    assert isinstance(mail, EmailMessage)
    assert (mail["Subject"], mail["Content-Language"]) == (message.subject, "uk")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    said = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
    assert said == [message.body, message.html]


@pytest.mark.parametrize(
    ("name", "told"),
    [("nobody", "550"), ("full", "451"), ("later", "451"), ("broken", "SMTPServerDisconnected")],
)
async def test_what_the_server_says_is_told_apart(files: tuple[Path, Path], name: str, told: str) -> None:
    async with posting(files) as (master, smtp):
        with pytest.raises(Refused if name == "nobody" else OSError, match=told):
            await smtp.send("email", to(name))
        # The next one goes out all the same.
        await smtp.send("email", to("desk"))
        if name in ("later", "broken"):
            await smtp.send("email", to(name))
    assert [mail["To"].partition("@")[0] for mail in master.mail] == ["desk", name][: len(master.mail)]
    assert len(master.mail) == (2 if name in ("later", "broken") else 1)
    assert master.sessions == (2 if name == "broken" else 1), "a connection that is well is kept"


async def test_a_message_that_was_taken_without_an_answer_comes_again_as_the_same(files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        with pytest.raises(Unable):
            await smtp.send("email", to("taken"))
        await smtp.send("email", to("taken"))
    assert len(master.mail) == 2
    assert len({mail["Message-ID"] for mail in master.mail}) == 1


@pytest.mark.parametrize("fault", ["password", "certificate", "nobody there"])
async def test_nothing_is_said_to_a_server_that_is_not_the_one(files: tuple[Path, Path], fault: str) -> None:
    wrongs: dict[str, dict[str, Any]] = {"password": {"password": "guessed"}, "certificate": {"trusted": False}}
    wrong = wrongs.get(fault, {})
    async with posting(files, **wrong) as (master, smtp), AsyncExitStack() as more:
        if fault == "nobody there":
            async with post_office(files) as (_, address):
                gone = address
            smtp = await more.enter_async_context(by_mail(mail_server(gone, sender=SENDER, ca=files[0])))
        with pytest.raises(Unable):
            await smtp.send("email", to("desk"))
    assert (master.mail, master.asked) == ([], {})


async def test_a_server_without_tls_is_told_nothing(files: tuple[Path, Path]) -> None:
    async with post_office(files, security="none") as (master, address):
        server = mail_server(address.replace("smtp-plain", "smtp"), sender=SENDER, user=USER, password=PASSWORD)
        async with by_mail(server) as smtp:
            with pytest.raises(Unable):
                await smtp.send("email", to("desk"))
    assert (master.mail, master.asked) == ([], {})


async def test_at_a_slow_server_an_emergency_has_a_connection_of_its_own(files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        master.waits = 1.0
        slow = [asyncio.create_task(smtp.send("email", to(f"slow{number}"))) for number in range(8)]
        await master.came(4)
        await smtp.send("email", replace(to("desk"), priority=Priority.STAT))
        assert [mail["To"] for mail in master.mail].index("desk@shelter.example.org") <= 4
        await asyncio.gather(*slow)
    assert master.sessions == 5


async def test_a_connection_that_nobody_used_for_long_is_not_used_again(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies between may have forgotten it, and would answer nothing."""
    for idle, sessions in ((30.0, 1), (0.0, 2)):
        monkeypatch.setattr(smtp, "_IDLE", idle)
        async with post_office(files) as (master, address):
            client = smtp.Smtp(mail_server(address, sender=SENDER, user=USER, password=PASSWORD, ca=files[0]))
            for _ in range(2):
                await client.send("desk@shelter.example.org", written(to("desk"), SENDER, fixed_clock(NOW)()))
            await client.close()
        assert master.sessions == sessions


async def test_whether_a_server_lets_one_sign_in_can_be_asked(files: tuple[Path, Path]) -> None:
    async with post_office(files) as (master, address):
        signed: dict[str, Any] = {"sender": SENDER, "user": USER, "password": PASSWORD}
        await smtp.Smtp(mail_server(address, ca=files[0], **signed)).prove()
        with pytest.raises(Unable):
            await smtp.Smtp(mail_server(address, **signed)).prove()
    with pytest.raises(Unable):
        await smtp.Smtp(mail_server(address, ca=files[0], **signed)).prove()
    assert master.mail == []


async def test_where_the_process_dies_another_goes_on(files: tuple[Path, Path]) -> None:
    """What it had begun is tried later, and is the same then."""
    async with posting(files) as (master, smtp):
        await smtp.send("email", to("desk"))
        first = pid_of(smtp)
        master.waits = 1
        begun = asyncio.create_task(smtp.send("email", to("other", "second")))
        await master.came(2)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(Unable, match=r"^silent$"):
            await begun
        await smtp.send("email", to("other", "second"))
        assert pid_of(smtp) != first


async def test_a_server_that_says_nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs no message, and speaks against no address."""
    monkeypatch.setattr(smtp, "LONGEST", 0.3)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    read, write = os.pipe()
    try:
        sender = mail_child.Sender(mail_server(f"smtp-plain://127.0.0.1:{port}", sender=SENDER), write)
        request = {"message": asdict(to("desk")), "at": NOW}
        await asyncio.gather(*(sender.answer({"id": number, **request}) for number in range(CONNECTIONS + 1)))
        said = [json.loads(line)["said"] for line in os.read(read, 4096).splitlines()]
    finally:
        os.close(read)
        os.close(write)
        listening.close()
    assert said == [["failed", "slow"]] * (CONNECTIONS + 1)


async def test_it_ends_with_whoever_started_it(files: tuple[Path, Path]) -> None:
    async with posting(files) as (_, smtp):
        await smtp.send("email", to("desk"))
        pid = pid_of(smtp)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_is_secret_is_seen_by_nobody_else(files: tuple[Path, Path]) -> None:
    async with posting(files) as (_, smtp):
        await smtp.send("email", to("desk"))
        folder = Path(f"/proc/{pid_of(smtp)}")
        seen = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    assert b"mail_child" in seen
    assert PASSWORD.encode() not in seen
    assert b"RELAYPOINT" not in seen


def test_certificates_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in ("empty.pem", "nowhere.pem"):
        server = mail_server("smtps://mail.example.org", sender=SENDER, ca=tmp_path / file)
        with pytest.raises(Invalid) as refused:
            Mail(server, fixed_clock(NOW))
        assert refused.value.path == ("RELAYPOINT_MAIL_CA",)


def pid_of(mail: Mail) -> int:
    assert mail._helper.pid is not None
    return mail._helper.pid


async def test_many_go_out_at_once_over_few_connections(files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        await asyncio.gather(*(smtp.send("email", to("desk", f"key-{number}")) for number in range(50)))
    assert len({mail["Message-ID"] for mail in master.mail}) == 50
    assert master.sessions <= CONNECTIONS


@pytest.mark.parametrize(
    ("address", "sender", "variable"),
    [
        ("mail.example.org", SENDER, "RELAYPOINT_MAIL"),
        ("https://mail.example.org", SENDER, "RELAYPOINT_MAIL"),
        ("smtps://", SENDER, "RELAYPOINT_MAIL"),
        ("smtps://user:secret@mail.example.org", SENDER, "RELAYPOINT_MAIL"),
        ("smtps://mail.example.org:port", SENDER, "RELAYPOINT_MAIL"),
        ("smtp-plain://mail.example.org", SENDER, "RELAYPOINT_MAIL"),
        ("smtps://mail.example.org", None, "RELAYPOINT_MAIL_FROM"),
        ("smtps://mail.example.org", "Desk <desk@relay.example.org>", "RELAYPOINT_MAIL_FROM"),
        ("smtps://mail.example.org", "desk", "RELAYPOINT_MAIL_FROM"),
    ],
)
def test_a_setting_that_is_not_right_is_named(address: str, sender: str | None, variable: str) -> None:
    with pytest.raises(Invalid) as refused:
        mail_server(address, sender=sender)
    assert refused.value.path == (variable,)
    assert "secret" not in str(refused.value.as_dict())


async def test_a_referral_is_told_by_mail(backend: Backend, files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        await send(backend)
        assert (await deliver_due(backend, Transports([smtp]), SITE))["delivered"] == 1
    (mail,), (notice,) = master.mail, await notices(backend)
    assert (mail["To"], notice["channel"]) == ("desk@shelter.example.org", "shelter-mail")
    assert mail["Message-ID"] == f"<{notice['id']}.{bouncing.proof(backend, notice['id'])}@relay.example.org>"


async def test_where_an_address_is_refused_for_good_the_next_one_is_used_and_nothing_is_tried_again(
    backend: Backend, files: tuple[Path, Path]
) -> None:
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["address"] = "nobody@shelter.example.org"
    await imported(backend, roster)
    async with posting(files) as (master, smtp):
        await send(backend)
        counts = await deliver_due(backend, Transports([smtp]), SITE)
    assert (counts["dead"], master.mail) == (1, [])
    (notice,) = await notices(backend)
    assert "shelter-mail: refused: 550 5.1.1" in notice["why"]


async def test_what_can_not_be_an_address_stands_in_nobodys_way(files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        with pytest.raises(Refused):
            await smtp.send("email", to("desk\nBcc: somebody"))
        await smtp.send("email", to("desk"))
    assert [mail["To"] for mail in master.mail] == ["desk@shelter.example.org"]


@pytest.mark.parametrize(("kinds", "by_hand"), [(MESSAGE_KINDS, False), ({ChannelKind.EMAIL}, True), ((), True)])
async def test_a_sender_is_told_at_once_to_phone_where_nothing_can_be_sent(
    backend: Backend, kinds: Collection[ChannelKind], by_hand: bool
) -> None:
    """The desk has a secure mail address alone."""
    sent = await sending.refer(UNIT, replace(backend, memory=Memory(carried=frozenset(kinds))), NEED, to="shelter-desk")
    assert sent.by_hand is by_hand


async def test_to_one_recipient_all_goes_in_order(backend: Backend, files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        for _ in range(STORM - 1):
            await send(backend)
        assert (await deliver_due(backend, Transports([smtp]), SITE))["delivered"] == STORM - 1
    assert [mail["Message-ID"].partition(".")[0][1:] for mail in master.mail] == [
        each["id"] for each in await notices(backend)
    ]


async def test_what_a_slow_server_leaves_is_left_to_others(backend: Backend) -> None:
    for _ in range(3):
        await send(backend)
    later, other = backend.clock() + LEASE, Failing(0)
    clock = [backend.clock()]

    class Slow(Failing):
        async def send(self, kind: str, message: Message) -> None:
            await super().send(kind, message)
            clock[0] = later
            await deliver_due(replace(backend, clock=lambda: later), other, SITE)

    slow = Slow(0)
    await deliver_due(replace(backend, clock=lambda: clock[0]), slow, SITE)
    ids = [each["id"] for each in await notices(backend)]
    taken = [message.key for _, message in (*slow.taken, *other.taken)]
    # What it was sending itself may come twice; of the rest it sends on what it has a lease of once more.
    assert set(taken) == set(ids)
    assert [key for key in taken if taken.count(key) > 1] in ([], ids[:1] * 2)
    assert {each["status"] for each in await notices(backend)} == {"delivered"}


async def test_a_store_that_is_away_is_told_as_that(backend: Backend) -> None:
    """And not as several faults at once, which nobody would understand."""

    class Away(Through):
        async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
            if steps[0].statement == "notices_settle":
                raise Unavailable("store.away", "The store is away.")
            return await super().write(steps, operation)

    for desk in ("shelter-desk", "shelter-night-desk"):
        await send(backend, desk)
    with pytest.raises(Unavailable):
        await deliver_due(replace(backend, store=Away(backend.store)), Failing(0), SITE)


async def test_a_kind_that_nothing_takes_is_no_way_to_send(backend: Backend, files: tuple[Path, Path]) -> None:
    async with posting(files) as (_, smtp):
        assert smtp.kinds == {ChannelKind.EMAIL, ChannelKind.SECURE_EMAIL}
        nothing = Transports(())
        assert nothing.kinds == frozenset()
        await send(backend)
        assert (await deliver_due(backend, nothing, SITE))["dead"] == 1
    (notice,) = await notices(backend)
    assert "shelter-mail: no transport" in notice["why"]


@pytest.mark.parametrize("code", ["503", "521", "530", "554", "550 5.7.1"])
async def test_a_server_that_refuses_for_itself_speaks_against_no_address(files: tuple[Path, Path], code: str) -> None:
    async with posting(files) as (master, smtp):
        master.says = f"{code} No"
        with pytest.raises(Unable, match=code):
            await smtp.send("email", to("desk"))


async def test_a_server_that_refuses_everybody_is_taken_for_the_cause(files: tuple[Path, Path]) -> None:
    async with posting(files) as (master, smtp):
        master.says = "550 relay not permitted"
        told = []
        for name in ("one", "two", "three", "four", "five"):
            with pytest.raises((Refused, Unable)) as refused:
                await smtp.send("email", to(name))
            told.append(refused.type)
        assert told == [Refused, Refused, Refused, Unable, Unable]
        master.says = None
        await smtp.send("email", to("six"))
        master.says = "550 No"
        with pytest.raises(Refused):
            await smtp.send("email", to("seven"))


@pytest.mark.parametrize("address", ["=?utf-8?q??=@line.example.org", "=?utf-8?q?a=00?=@line.example.org"])
async def test_what_reads_as_another_address_is_none(files: tuple[Path, Path], address: str) -> None:
    async with posting(files) as (master, smtp):
        with pytest.raises(Refused, match="no address"):
            await smtp.send("email", replace(to("desk"), address=address))
    assert master.mail == []
