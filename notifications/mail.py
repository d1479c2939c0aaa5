"""Mail, written and sent by a process of its own (``mail_child``): who asks the API meanwhile does not wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Final

from relaypoint.domain.clock import Clock, format_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.evidence import Result
from relaypoint.domain.words import ChannelKind
from relaypoint.notifications.delivery import NotNow, Refused, Unable
from relaypoint.notifications.helper import Helper
from relaypoint.notifications.messages import Message
from relaypoint.notifications.smtp import LONGEST, WAIT, MailServer, Smtp

#: After so many seconds without an answer the process is ended: it answers before that, whatever the server does.
TIMEOUT: Final = WAIT + LONGEST + 10.0

_FIELDS: Final = tuple(field.name for field in fields(Message))

_RAISED: Final[Mapping[Result, type[Exception]]] = {
    Result.REFUSED: Refused,
    Result.NOT_NOW: NotNow,
    Result.FAILED: Unable,
}


class Mail:
    """What one mail server takes. ``secure``: also mail to the addresses of secure mail services."""

    def __init__(self, server: MailServer, clock: Clock, *, secure: bool = False) -> None:
        """Raises ``Invalid``, naming the variable, where the certificates to trust can't be read."""
        try:
            Smtp(server)
        except OSError:
            raise Invalid(
                "mail.ca",
                "RELAYPOINT_MAIL_CA holds no certificates that can be read.",
                path=("RELAYPOINT_MAIL_CA",),
                remedy="Name a file of certificates in PEM.",
            ) from None
        self.kinds = frozenset((ChannelKind.EMAIL, ChannelKind.SECURE_EMAIL) if secure else (ChannelKind.EMAIL,))
        self._clock = clock
        first = {**asdict(server), "ca": str(server.ca) if server.ca else None}
        self._helper = Helper("relaypoint.notifications.mail_child", first)

    async def send(self, kind: str, message: Message) -> None:
        """Returns when the server has taken the message. Raises ``Refused`` where it says that there is no such
        address, and ``OSError`` where it may be taken later."""
        content = {name: getattr(message, name) for name in _FIELDS}
        request = {"message": content, "at": format_instant(self._clock())}
        said, reply = await self._helper.ask(request, TIMEOUT)
        if said != Result.TAKEN:
            raise _RAISED[Result(said)](reply)

    async def close(self) -> None:
        """Takes leave of the server."""
        await self._helper.end(kindly=True)
