"""Where others choose the address: nothing goes into one's own network, however the address is dressed up."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest

from relaypoint.domain.errors import Invalid
from relaypoint.notifications.delivery import Barred, NotNow, Refused
from relaypoint.notifications.networks import public, reachable
from relaypoint.notifications.outgoing import ANSWER, Moved, Outgoing, checked, resolved
from relaypoint.tests.mailing import certificate
from relaypoint.tests.receiving import receiving

PUBLIC = "93.184.215.14"

#: Read once: it takes longer than all else that a test does.
TRUSTED = ssl.create_default_context()

#: What is connected to while a test looks on; nothing leaves this machine meanwhile.
_watching: list[list[Any]] = []


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _watching:
        _watching[-1].append(arguments[1])
        raise ConnectionRefusedError


sys.addaudithook(_look)


@pytest.fixture
def connected() -> Any:
    seen: list[Any] = []
    _watching.append(seen)
    yield seen
    _watching.remove(seen)


def leading_to(*addresses: str) -> Any:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@asynccontextmanager
async def outgoing(**settings: Any) -> AsyncIterator[Outgoing]:
    out = Outgoing(**{"tls": TRUSTED, **settings})
    try:
        yield out
    finally:
        await out.close()


async def post(out: Outgoing, url: str) -> Any:
    return await out.post(url, headers={"x-secret": "hush-hush"}, content=b"hush-hush")


#: PORT is where somebody listens on 127.0.0.1.
WRITTEN = [
    "http://example.org/",
    "http://127.0.0.1:PORT/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_x",
    "unix:///run/relaypoint.sock",
    "//127.0.0.1:PORT/",
    "127.0.0.1:PORT",
    "https:///path",
    "https://",
    "https://127.0.0.1:PORT/",
    "https://127.1:PORT/",
    "https://127.0.1:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://2130706433:PORT/",
    "https://017700000001:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://0x7f.1:PORT/",
    "https://0x7f.0x0.0x0.0x1:PORT/",
    "https://0x7f000001:PORT/",
    "https://0:PORT/",
    "https://0.0.0.0:PORT/",
    "https://①②⑦.⓪.⓪.①:PORT/",
    "https://１２７.0.0.1:PORT/",
    "https://127。0。0。1:PORT/",
    "https://%31%32%37.0.0.1:PORT/",
    "https://localhost:PORT/",
    "https://LOCALHOST:PORT/",
    "https://localhost.:PORT/",
    "https://a.localhost:PORT/",
    "https://localhost.localdomain:PORT/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://intranet/",
    "https://example.org./",
    "https://münchen.example.org/",
    "https://example.org@127.0.0.1:PORT/",
    "https://example.org:443@127.0.0.1:PORT/",
    "https://user:hush-hush@example.org/",
    "https://@example.org/",
    "https://example.org\\@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT\\@example.org/",
    "https://127.0.0.1:PORT#@example.org/",
    "https://exam\tple.org/",
    "https://example.org/a b",
    "https://example.org/\r\nHost: 127.0.0.1",
    " https://example.org/",
    "https://[::1]:PORT/",
    "https://[::]:PORT/",
    "https://[0:0:0:0:0:0:0:1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[::127.0.0.1]:PORT/",
    "https://[64:ff9b::7f00:1]:PORT/",
    "https://[2002:7f00:1::]:PORT/",
    "https://[fe80::1%25lo]:PORT/",
    "https://[fe80::1%lo]:PORT/",
    "https://[::1:PORT/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://100.100.100.200/",
    "https://10.0.0.1/",
    "https://example.org:0/",
    "https://example.org:22/",
    "https://example.org:65536/",
    "https://example.org:port/",
    "https://" + "a" * 64 + ".example.org/",
    "https://" + "a." * 130 + "org/",
    "https://example.org/" + "a" * 2000,
]


@pytest.mark.parametrize("url", WRITTEN)
async def test_what_can_not_be_right_is_refused_when_it_is_set_up_and_when_it_is_used(url: str) -> None:
    async with receiving() as receiver, outgoing() as out:
        url = url.replace("PORT", str(receiver.port))
        with pytest.raises(Invalid) as refused:
            checked(url)
        with pytest.raises(Barred, match="not an address"):
            await post(out, url)
    assert receiver.connections == 0
    assert refused.value.path == ("url",)
    assert "hush-hush" not in str(refused.value.as_dict())


#: Not public, each for a reason of its own.
CLOSED = [
    *("0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1"),
    *("127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1"),
    *("192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::7f00:1", "::ffff:0:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1"),
    *("64:ff9b::169.254.169.254", "64:ff9b:1::1", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:2::1"),
    *("2001:10::1", "2001:20::1", "2001:db8::1", "2002:a00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1"),
    *("fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    # Teredo: through a public server to 10.0.0.1, whose digits are turned over.
    "2001:0:5db8:d70e::f5ff:fffe",
    *(
        "2606:2800:21f:cb07::1%1",
        "",
        "localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "8.8.8.8.",
        " 8.8.8.8",
    ),
]


@pytest.mark.parametrize("address", CLOSED)
async def test_a_name_that_leads_to_what_is_not_public_is_refused(address: str, connected: list[Any]) -> None:
    assert not public(address)
    for addresses in ([address], [PUBLIC, address], [address, PUBLIC]):
        async with outgoing(resolve=leading_to(*addresses)) as out:
            with pytest.raises(Barred, match=r"^not public$"):
                await post(out, "https://hooks.example.org/")
    assert connected == []


@pytest.mark.parametrize(
    "address",
    [
        *(PUBLIC, "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1"),
        *("198.17.0.1", "198.20.0.1", "203.0.112.1", "223.255.255.254", "2606:2800:21f:cb07::1", "2a00:1450:4001::1"),
        *("::ffff:808:808", "64:ff9b::808:808", "2002:808:808::1"),
    ],
)
async def test_a_public_address_is_connected_to_and_it_is_the_one_that_was_looked_at(
    address: str, connected: list[Any]
) -> None:
    assert public(address)
    async with outgoing(resolve=leading_to(address)) as out:
        with pytest.raises(NotNow, match=r"^no connection$"):
            await post(out, "https://hooks.example.org/")
    assert [(each[0], each[1]) for each in connected] == [(address, 443)]


async def test_a_name_that_answers_in_two_ways_leads_nowhere(connected: list[Any]) -> None:
    answers = [[PUBLIC], ["127.0.0.1"], [PUBLIC]]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    async with outgoing(resolve=resolve) as out:
        with pytest.raises(NotNow):
            await post(out, "https://hooks.example.org/")
        assert (len(answers), [each[0] for each in connected]) == (2, [PUBLIC]), "it is asked once"
        with pytest.raises(Barred):
            await post(out, "https://hooks.example.org/")
    assert [each[0] for each in connected] == [PUBLIC]


@pytest.mark.parametrize("addresses", [[], ["93.184.215.14", "93.184.215.15", "2606:2800::1", "93.184.215.16"]])
async def test_a_name_leads_to_few_addresses(addresses: list[str], connected: list[Any]) -> None:
    async with outgoing(resolve=leading_to(*addresses)) as out:
        with pytest.raises(NotNow if addresses else Barred):
            await post(out, "https://hooks.example.org/")
    assert [each[0] for each in connected] == addresses[:3]


async def test_no_other_way_is_taken_than_the_network(connected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with outgoing(resolve=leading_to(PUBLIC)) as out:
        with pytest.raises(NotNow):
            await post(out, "https://hooks.example.org/")
        with pytest.raises(Barred):
            await out._pool._network_backend.connect_unix_socket("/run/relaypoint.sock")
    assert [each[0] for each in connected] == [PUBLIC]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with receiving() as elsewhere, receiving() as receiver, outgoing(allow_local=True) as out:
        receiver.elsewhere = f"http://127.0.0.1:{elsewhere.port}/inside"
        with pytest.raises(Moved, match=rf"^{status}$"):
            await post(out, f"http://127.0.0.1:{receiver.port}/{status}/")
        # And its connection is not broken for the next.
        assert (await post(out, f"http://127.0.0.1:{receiver.port}/200/")).status == 200
    assert (len(receiver.posted), elsewhere.connections) == (2, 0)


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "0.0.0.0", "fe80::1", "224.0.0.1"])
async def test_what_is_local_is_ones_own_network_and_not_all(address: str, connected: list[Any]) -> None:
    assert reachable("127.0.0.1", local=True)
    assert not reachable("127.0.0.1")
    assert not reachable(address, local=True)
    async with outgoing(allow_local=True, resolve=leading_to(address)) as out:
        with pytest.raises(Barred):
            await post(out, "http://metadata.example.org/")
    assert connected == []


async def test_what_is_posted_arrives_as_it_is(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    tls = httpcore.default_ssl_context()
    tls.load_verify_locations(files[0])
    async with receiving(files) as receiver, outgoing(allow_local=True, tls=tls) as out:
        receiver.said = b"\x1f\x8b not unpacked"
        answer = await post(out, f"https://127.0.0.1:{receiver.port}/hook?x=1#part")
        with pytest.raises(NotNow, match=r"^no connection$"):  # The certificate is for the address, not for this name.
            await post(out, f"https://localhost:{receiver.port}/hook")
    (posted,) = receiver.posted
    assert (answer.status, answer.body) == (200, receiver.said)
    assert (posted.path, posted.body, posted.headers["x-secret"]) == ("/hook?x=1", b"hush-hush", "hush-hush")
    assert posted.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert set(posted.headers) == {"host", "user-agent", "x-secret", "content-length"}


async def test_a_certificate_that_is_not_good_is_told_nothing(tmp_path: Path) -> None:
    async with receiving(certificate(tmp_path)) as receiver, outgoing(allow_local=True) as out:
        with pytest.raises(NotNow, match=r"^no connection$"):
            await post(out, f"https://127.0.0.1:{receiver.port}/hush-hush")
    assert receiver.posted == []


async def test_a_big_answer_is_cut() -> None:
    async with receiving() as receiver, outgoing(allow_local=True) as out:
        answer = await post(out, f"http://127.0.0.1:{receiver.port}/big/")
        assert (answer.status, len(answer.body)) == (200, ANSWER)
        assert (await post(out, f"http://127.0.0.1:{receiver.port}/")).body == b"taken"


@pytest.mark.parametrize("path", ["hang", "drip"])
async def test_who_is_slow_is_left(path: str) -> None:
    async with receiving() as receiver, outgoing(allow_local=True, total=0.3) as out:
        receiver.said = b"taken" * 20
        began = asyncio.get_running_loop().time()
        with pytest.raises(NotNow, match=r"^slow$"):
            await post(out, f"http://127.0.0.1:{receiver.port}/{path}/")
        assert asyncio.get_running_loop().time() - began < 2
        receiver.said = b"taken"
        assert (await post(out, f"http://127.0.0.1:{receiver.port}/")).status == 200


async def test_a_name_that_nobody_knows_or_tells_in_time_is_tried_later() -> None:
    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return [PUBLIC]

    async def unknown(host: str, port: int) -> Sequence[str]:
        return await resolved("hush-hush.invalid", port)

    for resolve, why in ((slow, "slow"), (unknown, "no such name")):
        async with outgoing(resolve=resolve, connect=0.2) as out:
            with pytest.raises(NotNow, match=rf"^{why}$"):
                await post(out, "https://hooks.example.org/")


async def test_who_talks_something_else_is_no_receiver() -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"220 mail.example.org ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    async with server, outgoing(allow_local=True) as out:
        with pytest.raises(NotNow, match=r"^no answer$"):
            await post(out, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")


@pytest.mark.parametrize("path", ["302", "hang", "big"])
async def test_no_failure_tells_an_address_a_secret_or_an_answer(path: str) -> None:
    failures: list[BaseException] = []
    async with receiving() as receiver, outgoing(allow_local=True, total=0.2) as out, outgoing() as strict:
        receiver.said, receiver.elsewhere = b"hush-hush", "http://127.0.0.1/hush-hush"
        url = f"http://127.0.0.1:{receiver.port}/{path}/hush-hush?token=hush-hush"
        for way, address in ((out, url), (strict, url), (strict, "https://localhost.example.org/hush-hush")):
            try:
                await post(way, address)
            except (Refused, NotNow) as failure:
                failures.append(failure)
    assert len(failures) >= 2
    for each in map(repr, failures):
        assert not any(word in each for word in ("hush", "127.0.0.1", "://", str(receiver.port)))


@pytest.mark.parametrize(
    "url",
    [
        *("https://hooks.example.org/a/b?c=d", "https://hooks.example.org", "https://xn--mnchen-3ya.example.org/"),
        *(
            "https://hooks.example.org:8443/",
            f"https://{PUBLIC}/",
            "https://[2606:2800:21f:cb07::1]/",
            "https://a.b.io/",
        ),
    ],
)
def test_an_ordinary_address_is_taken_as_it_is(url: str) -> None:
    assert checked(url) == url
