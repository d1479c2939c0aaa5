"""Text messages go through Apprise, to a server of one's own here, and Apprise goes nowhere else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from relaypoint.app.delivering import deliver_due
from relaypoint.app.doctor import examine
from relaypoint.app.runtime import running
from relaypoint.app.settings import Settings
from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import MESSAGE_KINDS, ChannelKind
from relaypoint.notifications.delivery import NotNow, Refused, Unable
from relaypoint.notifications.gateway import Gateway
from relaypoint.notifications.messages import Message
from relaypoint.notifications.transports import Transports
from relaypoint.resolvers.backend import Backend
from relaypoint.tests.helpers import imported, row, tiny_roster
from relaypoint.tests.mailing import certificate
from relaypoint.tests.receiving import Receiver, receiving
from relaypoint.tests.test_notices import SITE, notices, send

NUMBER = "+442079460109"
TWILIO = f"twilio://AC{'a' * 32}:{'b' * 32}@15551234567/{{address}}"
SIGNAL = "signals://signal.example.org/15551234567/{address}"


@asynccontextmanager
async def passing(
    sms: str | None = None, messenger: str | None = None, *, local: bool = True, seconds: float = 20
) -> AsyncIterator[Gateway]:
    given = {ChannelKind.SMS: sms, ChannelKind.MESSENGER: messenger}
    gateway = Gateway({kind: each for kind, each in given.items() if each is not None}, local=local, timeout=seconds)
    try:
        await gateway.prove()
        yield gateway
    finally:
        await gateway.close()


def at(receiver: Receiver, path: str = "", scheme: str = "json", asked: str = "") -> str:
    return f"{scheme}://127.0.0.1:{receiver.port}/{path}{{address}}{asked}"


def to(address: str = NUMBER, subject: str = "Urgent: ABCDE-23456") -> Message:
    return Message("key", address, subject, "Urgent\nABCDE-23456\nhttps://x/n/1\n")


def running_child(gateway: Gateway) -> asyncio.subprocess.Process:
    running = gateway._helper._running
    assert running is not None
    return running.process


async def test_a_message_goes_out_as_it_is() -> None:
    async with receiving() as receiver, passing(at(receiver)) as gateway:
        assert gateway.kinds == {ChannelKind.SMS}
        await gateway.send("sms", to("+44 (20) 7946-0109", "Urgent: *ABCDE* \\n :smile: ü"))
    (posted,) = receiver.posted
    told = json.loads(posted.body)
    assert (posted.path, told["title"]) == (f"/{NUMBER}", "Urgent: *ABCDE* \\n :smile: ü")
    assert told["message"].splitlines() == ["Urgent", "ABCDE-23456", "https://x/n/1"]
    assert told["attachments"] == []


async def test_an_address_is_one_word_wherever_it_stands() -> None:
    async with (
        receiving() as receiver,
        passing(None, f"json://127.0.0.1:{receiver.port}/?-to={{address}}&-from=us") as gateway,
    ):
        for address in (NUMBER, "desk+a=b", "@desk"):
            await gateway.send("messenger", to(address))
    assert [sorted(each.path[2:].split("&")) for each in receiver.posted] == [
        ["from=us", "to=%2B442079460109"],
        ["from=us", "to=desk%2Ba%3Db"],
        ["from=us", "to=%40desk"],
    ]


async def test_each_kind_has_a_service_of_its_own_and_all_goes_in_order() -> None:
    async with receiving() as one, receiving() as other, passing(at(one), at(other, "to/")) as gateway:
        assert gateway.kinds == {ChannelKind.SMS, ChannelKind.MESSENGER}
        first = running_child(gateway).pid
        assert os.getsid(first) == first, "an interrupt at the terminal does not reach it"
        await asyncio.gather(
            *(gateway.send("sms", to(subject=f"Urgent: {number}")) for number in range(5)),
            gateway.send("messenger", to("@desk.01")),
            gateway.send("messenger", to("#desk:example.org")),
        )
        assert running_child(gateway).pid == first
    assert [json.loads(each.body)["title"] for each in one.posted] == [f"Urgent: {number}" for number in range(5)]
    assert [each.path for each in other.posted] == ["/to/@desk.01", "/to/%23desk:example.org"]


async def test_it_goes_out_encrypted_to_who_can_prove_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = certificate(tmp_path)
    async with receiving(files) as receiver:
        async with passing(at(receiver, scheme="jsons")) as gateway:
            with pytest.raises(NotNow, match=r"^gateway$"):
                await gateway.send("sms", to())
        assert receiver.posted == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files[0]))
        async with passing(at(receiver, scheme="jsons")) as gateway:
            await gateway.send("sms", to())
    assert len(receiver.posted) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
async def test_nothing_goes_into_ones_own_network_unless_that_was_allowed(host: str) -> None:
    async with (
        receiving() as receiver,
        passing(f"jsons://{host}:{receiver.port}/{{address}}", local=False) as gateway,
    ):
        with pytest.raises(Refused, match=r"^barred$"):
            await gateway.send("sms", to())
    assert receiver.connections == 0


@pytest.mark.parametrize(
    ("asked", "elsewhere", "why"),
    [
        ("", "http://127.0.0.1:PORT/inside", "gateway"),
        ("?redirect=yes", "http://169.254.169.254/latest/meta-data/", "barred"),
        ("?redirect=yes", "http://[fd00:ec2::254]/latest/meta-data/", "barred"),
        ("?redirect=yes", "http://0.0.0.0:PORT/inside", "barred"),
    ],
)
async def test_a_redirect_leads_nowhere(asked: str, elsewhere: str, why: str) -> None:
    async with (
        receiving() as other,
        receiving() as receiver,
        passing(at(receiver, "302/", asked=asked), at(receiver, "500/")) as gateway,
    ):
        receiver.elsewhere = elsewhere.replace("PORT", str(other.port))
        with pytest.raises((Refused, NotNow), match=rf"^{why}$") as refused:
            await gateway.send("sms", to())
        with pytest.raises(NotNow, match=r"^gateway$"):  # What was barred before is no fault of the next one.
            await gateway.send("messenger", to())
    assert isinstance(refused.value, Refused if why == "barred" else NotNow)
    assert (len(receiver.posted), other.connections) == (2, 0)


@pytest.mark.parametrize(
    "done",
    [
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.fork()",
        "syslog.syslog('told')",
        "open(FILE, 'w')",
        "open(FILE, 'a')",
        "os.open(FILE, os.O_RDWR | os.O_CREAT)",
        "socket.socket(socket.AF_UNIX).connect('/run/door')",
        "socket.create_connection(('127.0.0.1', PORT))",
        "socket.create_connection(('localhost', PORT))",
        "socket.socket().connect(('localhost', PORT))",
        "socket.socket().connect_ex(('127.0.0.1', PORT))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'told', ('127.0.0.1', PORT))",
        "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'told'], [], 0, ('127.0.0.1', PORT))",
    ],
)
async def test_what_nobody_may_do_in_the_process_is_refused(done: str, tmp_path: Path) -> None:
    file = tmp_path / "written"
    async with receiving() as receiver:
        filled = done.replace("FILE", repr(str(file))).replace("PORT", str(receiver.port))
        code = (
            "import os, socket, subprocess, sys, syslog\n"
            "from relaypoint.notifications.gateway_child import Guard\n"
            "guard = Guard(local=False)\n"
            "sys.addaudithook(guard)\n"
            f"try:\n    {filled}\nexcept PermissionError as error:\n    print(error, guard.barred)\n"
        )
        ended = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=30
        )
    assert ended.stdout == "barred True\n"
    assert (receiver.connections, file.exists()) == (0, False)


async def test_what_is_connected_is_written_to_and_files_are_read() -> None:
    code = (
        "import os, socket, sys\n"
        "from relaypoint.notifications.gateway_child import Guard\n"
        "one, other = socket.socketpair()\n"
        "sys.addaudithook(Guard(local=False))\n"
        "one.sendmsg([b'told'])\n"
        "print(other.recv(4), len(open(os.devnull).read()))\n"
    )
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=30
    )
    assert ended.stdout == "b'told' 0\n"


async def test_who_does_not_answer_is_left_and_the_next_one_goes() -> None:
    async with (
        receiving() as receiver,
        passing(at(receiver, "hang/", asked="?rto=30"), at(receiver, "to/"), seconds=4) as gateway,
    ):
        first = running_child(gateway)
        told = await asyncio.gather(gateway.send("sms", to()), gateway.send("messenger", to()), return_exceptions=True)
        assert (repr(told[0]), told[1]) == ("Unable('silent')", None)
        assert first.returncode == -signal.SIGKILL
        assert running_child(gateway).pid != first.pid
    assert [each.path.split("/")[1] for each in receiver.posted] == ["hang", "to"]


async def test_where_the_process_dies_another_goes_on() -> None:
    async with receiving() as receiver, passing(at(receiver, "hang/", asked="?rto=30"), at(receiver, "to/")) as gateway:
        os.kill(running_child(gateway).pid, signal.SIGKILL)
        await running_child(gateway).wait()
        await gateway.send("messenger", to())
        waiting = asyncio.create_task(gateway.send("sms", to()))
        await receiver.came(2)
        os.kill(running_child(gateway).pid, signal.SIGKILL)
        with pytest.raises(Unable, match=r"^silent$"):
            await waiting
        await gateway.send("messenger", to())
    assert [each.path.split("/")[1] for each in receiver.posted] == ["to", "hang", "to"]


async def test_who_would_wait_too_long_for_their_turn_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relaypoint.notifications.gateway.WAIT", 0.3)
    async with receiving() as receiver, passing(at(receiver, "hang/", asked="?rto=1"), at(receiver, "to/")) as gateway:
        told = await asyncio.gather(gateway.send("sms", to()), gateway.send("messenger", to()), return_exceptions=True)
        assert [str(each) for each in told] == ["gateway", "busy"]
        await gateway.send("messenger", to())
    assert len(receiver.posted) == 2


async def test_an_answer_that_nobody_waits_for_is_not_taken_for_another() -> None:
    async with receiving() as receiver, passing(at(receiver, "hang/", asked="?rto=1"), at(receiver, "to/")) as gateway:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gateway.send("sms", to()), 0.5)
        await gateway.send("messenger", to())
        with pytest.raises(NotNow, match=r"^gateway$"):
            await gateway.send("sms", to())


async def test_what_is_secret_is_seen_by_nobody_else(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setenv("RELAYPOINT_SMS", "json://desk:hush-hush@127.0.0.1/{address}")
    async with receiving() as receiver:
        template = f"json://desk:hush-hush@127.0.0.1:{receiver.port}/500/{{address}}?:token=hush-hush"
        async with passing(template) as gateway:
            with pytest.raises(NotNow) as failed:
                await gateway.send("sms", to())
            folder = Path(f"/proc/{running_child(gateway).pid}")
            seen = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            shown = "".join(capfd.readouterr()) + repr(failed.value)
    assert b"gateway_child" in seen
    assert b"hush" not in seen
    assert b"RELAYPOINT" not in seen
    assert "hush" not in shown
    assert NUMBER not in shown
    assert len(receiver.posted) == 1


async def test_what_can_not_be_an_address_is_refused() -> None:
    telegram = "tgram://1234567890:" + "a" * 35 + "/{address}"
    numbers = ("desk", "+44", "+442079460109,+442079460110", "+442079460109\n+442079460110", "")
    # Signal itself would know the second by its name; the service does not.
    others = ("https://m.example.org/desk", "desk.01", "+442079460109/+442079460110", "")
    handles = ("@desk,@other", "@desk other", "@desk/other", "@" + "a" * 200, "@desk%2C@other", "=desk")
    for sms, messenger, addresses in ((TWILIO, SIGNAL, others), (TWILIO, telegram, handles)):
        async with passing(sms, messenger, local=False) as gateway:
            tried = [("sms", each) for each in numbers] + [("messenger", each) for each in addresses]
            for kind, address in tried:
                with pytest.raises(Refused, match=r"^no address$"):
                    await gateway.send(kind, to(address))


@pytest.mark.parametrize("template", [TWILIO, SIGNAL, "vonage://aaaaaaaa:bbbbbbbbbbbbbbbb@15551234567/{address}"])
async def test_ordinary_services_are_taken(template: str) -> None:
    async with passing(template, local=False):
        pass


@pytest.mark.parametrize(
    "template",
    [
        *("", "hush-hush", "twilio://hush-hush/{address}", "twilio://hush-hush", TWILIO.replace("{address}", NUMBER)),
        *(f"{TWILIO}/{{address}}", f"{TWILIO}/15550001111", "nothing://hush-hush/{address}"),
        *(
            "https://hush-hush.example.org/{address}",
            "jsons://hush-hush.example.org/{address}/{address}",
            "json://hush-hush.example.org/{address}",
        ),
        *("signal://hush-hush/15551234567/{address}", "jsons://hush-hush.example.org/{address}?verify=no"),
        *("jsons://hush-hush.example.org/{address}?redirect=yes", "exec://hush-hush/{address}"),
        *("file:///hush-hush/{address}", "syslog://{address}", "rsyslog://hush-hush/{address}", "dbus://{address}"),
    ],
)
async def test_a_template_that_can_not_be_used_is_refused_at_start(template: str) -> None:
    with pytest.raises(Invalid) as refused:
        async with passing(TWILIO, template, local=False):
            pass
    assert refused.value.path == ("RELAYPOINT_MESSENGER",)
    assert "hush" not in str(refused.value.as_dict())
    assert "{address}" in refused.value.remedy


async def test_what_has_no_encrypted_form_is_refused_in_ones_own_network_too() -> None:
    for template in ("pushme://{address}", "syslog://{address}", "rsyslog://127.0.0.1/{address}", "dbus://{address}"):
        gateway = Gateway({ChannelKind.MESSENGER: template}, local=True)
        with pytest.raises(Invalid):
            await gateway.prove()
        assert gateway._helper._running is None


async def test_a_referral_is_told_by_text_message(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail").update(kind="sms", address=NUMBER)
    await imported(backend, roster)
    async with receiving() as receiver, passing(at(receiver)) as gateway:
        await send(backend)
        assert (await deliver_due(backend, Transports([gateway]), SITE))["delivered"] == 1
    (posted,), (notice,) = receiver.posted, await notices(backend)
    told = json.loads(posted.body)
    assert (posted.path, notice["channel"]) == (f"/{NUMBER}", "shelter-mail")
    reference = told["title"].split(": ")[1]
    lines = [line for line in told["message"].splitlines() if line]
    open_it = ["Sign in to read this message", f"{SITE}n/{reference}"]
    assert lines[:-1] == ["Emergency", "Reference", reference, *open_it, "Confirm that you have received this message"]
    assert lines[-1].startswith(f"{SITE}r/en-{reference}-")


async def test_the_settings_name_what_goes_by_which_way(tmp_path: Path) -> None:
    mail = {"mail": "smtps://mail.example.org", "mail_from": "desk@relay.example.org"}
    held = tmp_path / "template"
    held.write_text(f"{SIGNAL}\n")
    both: dict[str, Any] = {"sms": TWILIO, "messenger_file": held}
    for given, kinds in (
        ({}, MESSAGE_KINDS),
        (mail, {"email"}),
        ({"sms": TWILIO}, {"sms"}),
        (both, {"sms", "messenger"}),
        ({**mail, **both}, {"email", "sms", "messenger"}),
    ):
        async with running(Settings(store=f"file:{tmp_path / 'store'}", **given)) as runtime:
            assert runtime.transports.kinds == kinds
    with pytest.raises(Invalid) as refused:
        async with running(Settings(store=f"file:{tmp_path / 'store'}", messenger_file=tmp_path / "nowhere")):
            pass
    assert refused.value.path == ("RELAYPOINT_MESSENGER_FILE",)


async def test_the_doctor_tells_what_does_not_go_out_and_shows_no_secret(tmp_path: Path) -> None:
    settings = Settings(
        store=f"file:{tmp_path / 'store'}",
        sms=SecretStr(TWILIO.replace("a" * 32, "a" * 28 + "c0de")),
        gateway_local=True,
    )
    report = await examine(settings)
    assert report["store"] == "answers"
    assert "c0de" not in repr(settings) + str(report)
    told = [each for each in report["warnings"] if "MAIL" in each or "GATEWAY" in each]
    assert [each.split(" ")[0] for each in told] == ["RELAYPOINT_MAIL", "RELAYPOINT_GATEWAY_LOCAL"]
    assert "nothing goes out by mail" in told[0]
    unfit = Settings(store=f"file:{tmp_path / 'store'}", sms=SecretStr("twilio://hush-hush/{address}"))
    report = await examine(unfit)
    assert report["problem"]["path"] == ["RELAYPOINT_SMS"]
    assert "hush" not in str(report)
