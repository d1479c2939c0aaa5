"""A mail server of one's own: TLS, sign-in, and all that a server may do to a message."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "relaypoint", "a long secret"


class Postmaster:
    """Takes mail, or does with it what its address says: ``nobody@…`` there is none, ``full@…`` not now, ``later@…``
    not the first time, ``broken@…`` is cut off in its middle, ``taken@…`` is kept and cut off before the answer."""

    def __init__(self) -> None:
        self.mail: list[Mail[str, str]] = []
        self.asked: Counter[str] = Counter()
        self.sessions = 0
        #: What is said to every address; None: what the address says.
        self.says: str | None = None
        self._more = asyncio.Event()
        #: So many seconds before a mail is taken.
        self.waits = 0.0

    async def came(self, count: int) -> None:
        """Waits until it was asked so often."""
        async with asyncio.timeout(20):
            while self.asked.total() < count:
                self._more.clear()
                await self._more.wait()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        name = address.partition("@")[0]
        self.asked[address] += 1
        self._more.set()
        if self.says is not None:
            return self.says
        if name == "nobody":
            return "550 5.1.1 No such user"
        if name == "full" or (name == "later" and self.asked[address] == 1):
            return "451 4.7.1 Not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        (address,) = envelope.rcpt_tos
        await asyncio.sleep(self.waits)
        first = self.asked[address] == 1
        if address.startswith("broken@") and first:
            _cut(server)
            return "451 4.3.0 Gone"
        self.mail.append(message_from_bytes(envelope.content, policy=default))
        if address.startswith("taken@") and first:
            _cut(server)
        return "250 OK"


def _cut(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate for 127.0.0.1, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "server.pem", folder / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


def _signed_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good)


@asynccontextmanager
async def post_office(
    files: tuple[Path, Path], *, security: str = "starttls", master: Postmaster | None = None
) -> AsyncIterator[tuple[Postmaster, str]]:
    """A server on 127.0.0.1 for as long as the block lasts, and its address as settings name it."""
    master, tls = master or Postmaster(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*files)

    def protocol() -> SMTP:
        master.sessions += 1
        plain = security == "none"
        return SMTP(
            master,
            hostname="127.0.0.1",
            tls_context=tls if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=not plain,
            auth_require_tls=security == "starttls",
            authenticator=None if plain else _signed_in,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if security == "tls" else None)
    port = server.sockets[0].getsockname()[1]
    scheme = {"tls": "smtps", "starttls": "smtp", "none": "smtp-plain"}[security]
    try:
        yield master, f"{scheme}://127.0.0.1:{port}"
    finally:
        server.close()
