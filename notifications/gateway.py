"""Text messages and messengers, through whatever service the installation names to Apprise.

Apprise waits while it sends, and reaches whatever its address says: it runs in a process of its own
(``gateway_child``), which is ended where it does not answer in time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import ChannelKind, Priority
from relaypoint.notifications.delivery import NotNow, Refused, Unable
from relaypoint.notifications.helper import Helper
from relaypoint.notifications.messages import Message
from relaypoint.notifications.turns import Busy, Turns

#: After so many seconds without an answer the process is ended.
TIMEOUT: Final = 20.0

#: After so many seconds without a turn a message is tried later. With the answer's this is less than a lease of the
#: outbox: what waited longer might be sent by somebody else as well.
WAIT: Final = 90.0

#: The setting that holds the template of each kind.
_VARIABLES: Final = {ChannelKind.SMS: "RELAYPOINT_SMS", ChannelKind.MESSENGER: "RELAYPOINT_MESSENGER"}

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
        first = {"local": local, "templates": {kind.value: template for kind, template in templates.items()}}
        self._helper = Helper("relaypoint.notifications.gateway_child", first)
        self._timeout = timeout
        self._turns = Turns(1, 0)

    async def prove(self) -> None:
        """Raises ``Invalid``, naming the variable, where Apprise can't use a template. That the process says nothing is
        no fault of a setting: it is told with the first message."""
        with suppress(Unable):
            if (unfit := await self._helper.begin(self._timeout)) is not None:
                await self.close()
                raise _unfit(ChannelKind(unfit))

    async def send(self, kind: str, message: Message) -> None:
        """Returns when the service has taken the message. Raises ``Refused`` where it can't be sent to this address, or
        would go where nothing may, ``NotNow`` where the service takes nothing, and ``Unable`` where nobody could be
        asked. One at a time, the most urgent first."""
        request = {
            "kind": kind,
            "address": _address(ChannelKind(kind), message.address),
            "title": message.subject,
            "body": message.body,
        }
        try:
            async with self._turns.turn(object(), message.priority, within=WAIT):
                said = await self._helper.ask(request, self._timeout)
        except Busy:
            raise Unable("busy") from None
        if said in ("no address", "barred"):
            raise Refused(said)
        if said != "sent":
            raise NotNow("gateway")

    async def close(self) -> None:
        """Ends the process."""
        async with self._turns.turn(self, Priority.STAT):
            await self._helper.end()


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
