"""Text messages and messengers, through whatever service the installation names to Apprise.

Apprise waits while it sends, and reaches whatever its address says: it runs in a process of its own
(``gateway_child``), which is kept, and ended where it does not answer in time. What is secret goes there over a pipe,
and neither into its arguments nor into its environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import ChannelKind
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.messages import Message

#: After so many seconds without an answer the process is ended.
TIMEOUT: Final = 20.0

#: After so many seconds without a turn a message is tried later. With the answer's this is less than a lease of the
#: outbox: what waited longer might be sent by somebody else as well.
WAIT: Final = 90.0

#: The setting that holds the template of each kind.
_VARIABLES: Final = {ChannelKind.SMS: "RELAYPOINT_SMS", ChannelKind.MESSENGER: "RELAYPOINT_MESSENGER"}

#: All that the process is told of this one's environment: where the code is, and whom to trust besides.
_ENVIRONMENT: Final = ("PYTHONPATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")

_PHONE: Final = re.compile(r"\+[0-9 ().\-/]+")
#: As messengers write them. Nothing that separates several, and no part of an address of the web.
_HANDLE: Final = re.compile(r"[@#!]?[A-Za-z0-9][A-Za-z0-9_.:=@+-]{2,127}")


class Gateway:
    """``templates``: by kind, the address of a service, as Apprise writes it, with ``{address}`` where the channel's
    goes. ``local``: it may stand in one's own network, and be talked with in the clear."""

    def __init__(self, templates: Mapping[ChannelKind, str], *, local: bool = False, timeout: float = TIMEOUT) -> None:
        """Raises ``Invalid``, naming the variable."""
        for kind, template in templates.items():
            if template.count("{address}") != 1:
                raise _unfit(kind)
        self.kinds = frozenset(templates)
        self._first = {"local": local, "templates": {kind.value: template for kind, template in templates.items()}}
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._asked = 0
        self._child: asyncio.subprocess.Process | None = None

    async def prove(self) -> None:
        """Raises ``Invalid``, naming the variable, where Apprise can't use a template. That the process says nothing is
        no fault of a setting: it is told with the first message."""
        with suppress(NotNow):
            if (unfit := await self._ask(self._first)) is not None:
                await self.close()
                raise _unfit(ChannelKind(unfit))

    async def send(self, kind: str, message: Message) -> None:
        """Returns when the service has taken the message. Raises ``Refused`` where it can't be sent to this address, or
        would go where nothing may, and ``NotNow`` where it may be taken later. One at a time, in order."""
        request = {
            "kind": kind,
            "address": _address(ChannelKind(kind), message.address),
            "title": message.subject,
            "body": message.body,
        }
        said = await self._ask(request)
        if said in ("no address", "barred"):
            raise Refused(said)
        if said != "sent":
            raise NotNow("gateway")

    async def close(self) -> None:
        """Ends the process."""
        async with self._turn:
            await self._end()

    async def _ask(self, request: dict[str, Any]) -> Any:
        try:
            async with asyncio.timeout(WAIT):
                await self._turn.acquire()
        except TimeoutError:
            raise NotNow("busy") from None
        try:
            async with asyncio.timeout(self._timeout):
                child = self._child
                if child is None or child.returncode is not None:
                    child = self._child = await _started()
                    if request is not self._first:
                        self._write(child, self._first)
                asked = self._write(child, request)
                return await _answer(child, asked)
        except (OSError, EOFError, ValueError):
            await self._end()
            raise NotNow("silent") from None
        finally:
            self._turn.release()

    def _write(self, child: asyncio.subprocess.Process, request: dict[str, Any]) -> int:
        self._asked += 1
        _pipes(child)[0].write(json.dumps({"id": self._asked, **request}).encode() + b"\n")
        return self._asked

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        _pipes(child)[0].close()
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def _started() -> asyncio.subprocess.Process:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-B", "-m", "relaypoint.notifications.gateway_child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # No .netrc of this user is sent along with a request.
        env={**environment, "NETRC": os.devnull, "PYTHONUTF8": "1"},
        # An interrupt at the terminal is for this process, which ends that one.
        start_new_session=True,
    )


def _pipes(child: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if child.stdin is None or child.stdout is None:
        raise AssertionError
    return child.stdin, child.stdout


async def _answer(child: asyncio.subprocess.Process, asked: int) -> Any:
    """Passes over answers that nobody waits for any more. Raises ``EOFError`` where there comes none."""
    answers = _pipes(child)[1]
    while line := await answers.readline():
        answer = json.loads(line)
        if answer["id"] == asked:
            return answer["said"]
    raise EOFError


def _address(kind: ChannelKind, address: str) -> str:
    """A phone number as + and digits, or a handle as it is. Raises ``Refused``."""
    if _PHONE.fullmatch(address):
        number = "+" + re.sub(r"[^0-9]", "", address)
        if 8 <= len(number) <= 16:
            return number
    elif kind is ChannelKind.MESSENGER and _HANDLE.fullmatch(address):
        return address
    raise Refused("no address")


def _unfit(kind: ChannelKind) -> Invalid:
    variable = _VARIABLES[kind]
    return Invalid(
        "gateway.template",
        "{variable} is no address of a service that messages can go through.",
        path=(variable,),
        remedy="Write it as Apprise does, encrypted, with one {{address}} where the channel's goes. "
        "RELAYPOINT_GATEWAY_LOCAL=1 allows one in the clear.",
        variable=variable,
    )
