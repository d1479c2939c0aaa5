"""The one way by which requests go to addresses that others chose: to public ones alone, encrypted, and no further.

A name is resolved here, once for each connection; all that it leads to has to be public, and what was looked at is
what is connected to. So neither a name that answers twice in two ways nor a redirect leads into one's own network.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpcore

from relaypoint.domain.errors import Invalid
from relaypoint.notifications.delivery import Barred, NotNow
from relaypoint.notifications.networks import reachable

#: Seconds for a name, a connection and its TLS; and for a request as a whole.
CONNECT: Final = 5.0
TOTAL: Final = 15.0

#: So many bytes of an answer are read; the rest is left.
ANSWER: Final = 64 * 1024

#: So many requests at once: many more than one organization is given, so that its slow receivers hold up no other's.
CONNECTIONS: Final = 100

#: For so many seconds a connection is kept for the next request.
_KEPT: Final = 5.0

#: So many of the addresses of one name are tried.
_TRIED: Final = 3

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: The last label is no number: else 127.1, 0x7f.1 and the like would be names.
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{2,59}})")
_LOCAL_NAMES: Final = (
    *(".localhost", ".localdomain", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".private"),
    *(".arpa", ".onion"),
)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Moved(NotNow):
    """The answer was a redirect, which is not followed; the text is its status."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is what was read of it, as it came."""

    status: int
    body: bytes


async def resolved(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a name, as this machine knows it. Raises ``OSError``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def checked(url: str) -> str:
    """The URL, for who sets one up. Raises ``Invalid`` where it can't be right whatever its name leads to."""
    try:
        _target(url, local=False)
    except ValueError:
        raise Invalid(
            "outgoing.url",
            "This is no address that messages may go to.",
            path=("url",),
            remedy="Use https://HOST/… with the public name of a host, in plain letters (xn--… for others), without a "
            "user in it.",
        ) from None
    return url


class Outgoing:
    """``allow_local``: also one's own machine and network, and http://; for tests."""

    def __init__(
        self,
        *,
        allow_local: bool = False,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolved,
        connect: float = CONNECT,
        total: float = TOTAL,
    ) -> None:
        self._local, self._total = allow_local, total
        self._times = {"connect": connect, "read": total, "write": total, "pool": total}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=CONNECTIONS,
            keepalive_expiry=_KEPT,
            network_backend=_Checking(resolve, local=allow_local),
        )

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Answer:
        """Raises ``Barred`` where the address may not be gone to, ``Moved`` for a redirect, and ``NotNow`` where nobody
        answers in time."""
        try:
            target, host = _target(url, local=self._local)
        except ValueError:
            raise Barred("not an address") from None
        all_headers = [("host", host), ("user-agent", "relaypoint"), *headers.items()]
        extensions = {"timeout": dict(self._times)}
        posted = self._pool.stream("POST", target, headers=all_headers, content=content, extensions=extensions)
        try:
            async with asyncio.timeout(self._total), posted as response:
                if 300 <= response.status < 400:
                    raise Moved(f"{response.status}")
                body = b""
                async for part in response.aiter_stream():
                    body += part
                    if len(body) >= ANSWER:
                        break
                return Answer(response.status, body[:ANSWER])
        except (TimeoutError, httpcore.TimeoutException):
            raise NotNow("slow") from None
        except (httpcore.NetworkError, ssl.SSLError, OSError) as error:
            if isinstance(error, NotNow):
                raise
            raise NotNow("no connection") from None
        except httpcore.ProtocolError:
            raise NotNow("no answer") from None

    async def close(self) -> None:
        await self._pool.aclose()


class _Checking(httpcore.AsyncNetworkBackend):
    """Looks at each address before it connects, and connects to what it looked at."""

    def __init__(self, resolve: Resolve, *, local: bool) -> None:
        self._resolve, self._local = resolve, local
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own word
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = list(dict.fromkeys(await self._resolve(host, port)))
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except (OSError, UnicodeError):
            raise NotNow("no such name") from None
        if not addresses or not all(reachable(each, local=self._local) for each in addresses):
            raise Barred("not public")
        *others, last = addresses[:_TRIED]
        share = None if timeout is None else timeout / (len(others) + 1)
        for address in others:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._plain.connect_tcp(address, port, share, local_address, socket_options)
        return await self._plain.connect_tcp(last, port, share, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own word
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Barred("not public")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _target(url: str, *, local: bool) -> tuple[httpcore.URL, str]:
    """Where a request goes, and its Host. Raises ``ValueError`` for what is no address, or none to go to.

    What it is made of is handed on, and the text is not: so no second reader understands it in another way.
    """
    if len(url) > 2000 or not re.fullmatch(r"[!-~]+", url):
        raise ValueError
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in (("https", "http") if local else ("https",)) or "@" in parts.netloc:
        raise ValueError
    # Below 1024 are the doors of other services, which might take a request for something else.
    if port is not None and port != 443 and port < (1 if local else 1024):
        raise ValueError
    if not reachable(host, local=local) and not _named(host, local=local):
        raise ValueError
    shown = f"[{host}]" if ":" in host else host
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path)
    return target, shown if port is None else f"{shown}:{port}"


def _named(host: str, *, local: bool) -> bool:
    if local and host == "localhost":
        return True
    return len(host) <= 253 and _NAME.fullmatch(host) is not None and not host.endswith(_LOCAL_NAMES)
