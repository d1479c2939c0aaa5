"""Mail through one server, over connections that are kept: TLS from the start, or STARTTLS before anything is said.

Without either it is for a relay on this machine alone.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiosmtplib

from relaypoint.domain.addresses import loopback
from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import Priority
from relaypoint.notifications.delivery import NotNow, Refused, Unable
from relaypoint.notifications.turns import Busy, Turns

#: So many connections to the server at once, and one more for an emergency; what more there is to send waits for one of
#: them.
CONNECTIONS: Final = 4
_KEPT: Final = 1

#: After so many seconds without a connection a mail is tried later; and so many it may take from then on. Together they
#: are less than a lease of the outbox: what takes longer might be sent by somebody else as well.
WAIT: Final = 45.0
LONGEST: Final = 60.0

#: A connection that nobody used for so many seconds may be forgotten by what lies between, which nobody is told.
_IDLE: Final = 30.0

#: After so many seconds without an answer the server is taken for silent.
TIMEOUT: Final = 30.0

#: Who tries whether the server answers waits for so many seconds.
_PROVING: Final = 15.0

#: So many different addresses refused one after the other, and it is the server that refuses.
_ALL: Final = 4

_PORTS: Final = {"smtps": 465, "smtp": 587, "smtp-plain": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """``security`` is ``tls`` (from the start), ``starttls`` (insisted on) or ``none``; ``ca`` a file with the
    certificates to trust, None: those of the system. ``sender`` is the address that mail comes from."""

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str | None = None
    ca: Path | None = None


def mail_server(
    address: str, *, sender: str | None, user: str | None = None, password: str | None = None, ca: Path | None = None
) -> MailServer:
    """``address`` is ``smtps://HOST[:PORT]`` (TLS, 465), ``smtp://…`` (STARTTLS, 587) or, for a relay on this machine,
    ``smtp-plain://…`` (25). Raises ``Invalid``, naming the variable."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or parts.username:
        raise Invalid(
            "mail.server",
            "RELAYPOINT_MAIL is not the address of a mail server.",
            path=("RELAYPOINT_MAIL",),
            remedy="Use smtps://HOST or smtp://HOST (with STARTTLS); the user and the password have settings of their "
            "own.",
        )
    if parts.scheme == "smtp-plain" and not loopback(host):
        raise Invalid(
            "mail.plain",
            "Mail goes to {host} in the clear.",
            path=("RELAYPOINT_MAIL",),
            remedy="Use smtps:// or smtp://; smtp-plain:// is for a relay on this machine.",
            host=host,
        )
    if not sender or parseaddr(sender)[1] != sender.strip() or "@" not in sender:
        raise Invalid(
            "mail.from",
            "RELAYPOINT_MAIL_FROM is not a mail address.",
            path=("RELAYPOINT_MAIL_FROM",),
            remedy="Give the address that messages come from, which names neither the field of work nor a case.",
        )
    security = {"smtps": "tls", "smtp": "starttls", "smtp-plain": "none"}[parts.scheme]
    return MailServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        security=security,
        sender=sender.strip(),
        user=user,
        password=password,
        ca=ca,
    )


class Smtp:
    """One client of a mail server."""

    def __init__(self, server: MailServer) -> None:
        """Raises ``OSError`` where the certificates to trust can't be read."""
        self.server = server
        self._tls = ssl.create_default_context(cafile=str(server.ca) if server.ca else None)
        #: With the time since when nobody uses it.
        self._free: list[tuple[aiosmtplib.SMTP, float]] = []
        self._turns = Turns(CONNECTIONS, _KEPT)
        #: Addresses that were refused since the last that was taken.
        self._no: set[str] = set()

    async def prove(self) -> None:
        """Signs in, and takes leave. Raises ``OSError``, with a code, where that can't be done."""
        try:
            async with asyncio.timeout(_PROVING):
                client = await self._connect()
                await client.quit()
        except TimeoutError:
            raise Unable("slow") from None
        except aiosmtplib.SMTPException as error:
            raise Unable(type(error).__name__) from error

    async def send(self, address: str, mail: bytes, priority: Priority = Priority.ROUTINE) -> None:
        """Returns when the server has taken the mail. Raises ``Refused`` where it says that there is no such address,
        and ``OSError`` where it may be taken later."""
        try:
            async with self._turns.turn(object(), priority, within=WAIT):
                await self._sent(address, mail)
        except Busy:
            raise Unable("busy") from None

    async def _sent(self, address: str, mail: bytes) -> None:
        try:
            async with asyncio.timeout(LONGEST), self._connection() as client:
                await self._given(client, address, mail)
        except TimeoutError:
            raise Unable("slow") from None  # The server says nothing: it is away, whatever the address is.

    async def _given(self, client: aiosmtplib.SMTP, address: str, mail: bytes) -> None:
        try:
            await client.sendmail(self.server.sender, [address], mail)
            self._no.clear()
        except aiosmtplib.SMTPRecipientsRefused as error:
            (refused,) = error.recipients
            raise self._told(_reply(refused), address) from error
        except aiosmtplib.SMTPResponseException as error:
            # Of this server, of who sends, or of the content: nothing that the address is to blame for.
            raise Unable(f"{error.code}") from error

    def _told(self, reply: str, address: str) -> Exception:
        """What a refusal at this address means. Without a code that tells of the address (RFC 3463), a server that says
        no to several one after the other, and takes none between, may say no to this client."""
        if reply.startswith("4"):
            return NotNow(reply)
        if re.fullmatch(r"5\d\d 5\.[12]\.\d+", reply):
            return Refused(reply)
        if reply not in ("550", "551", "553"):
            return Unable(reply)
        self._no.add(address)
        return Unable(reply) if len(self._no) >= _ALL else Refused(reply)

    async def close(self) -> None:
        """Takes leave of the server."""
        while self._free:
            client, _ = self._free.pop()
            try:
                await client.quit()
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """One that nobody else uses; it is kept for the next, unless it broke."""
        client = self._kept() or await self._connect()
        try:
            yield client
        except (Refused, NotNow, Unable):
            self._free.append((client, time.monotonic()))  # It is well; the answer was no.
            raise
        except aiosmtplib.SMTPException as error:
            client.close()
            raise Unable(type(error).__name__) from error
        except BaseException:
            client.close()
            raise
        else:
            self._free.append((client, time.monotonic()))

    def _kept(self) -> aiosmtplib.SMTP | None:
        """The one that was used last, if that is not long ago."""
        while self._free:
            client, since = self._free.pop()
            if client.is_connected and time.monotonic() - since < _IDLE:
                return client
            client.close()
        return None

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self.server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else self._tls,
            timeout=TIMEOUT,
            # The name of this machine is nobody's business.
            local_hostname=server.sender.rpartition("@")[2],
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, ssl.SSLError) as error:
            client.close()
            raise Unable(type(error).__name__) from error
        return client


def _reply(refused: aiosmtplib.SMTPRecipientRefused) -> str:
    """Its codes alone, as "550 5.1.1": what a server says beside them may hold anything."""
    enhanced = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", refused.message)
    return f"{refused.code} {enhanced[1]}" if enhanced else str(refused.code)
