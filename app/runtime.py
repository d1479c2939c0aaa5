"""Putting the parts together: settings become a store, a clock, a vault and a way to deliver."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from relaypoint.app.delivering import deliver_due, send_links
from relaypoint.app.posting import post_due
from relaypoint.app.returned import take_bounces
from relaypoint.app.settings import SERVED, Settings
from relaypoint.domain.clock import Clock, fixed_clock, system_clock
from relaypoint.domain.errors import Invalid, Unavailable
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.graph import open_store
from relaypoint.notifications.delivery import Transport
from relaypoint.notifications.gateway import Gateway
from relaypoint.notifications.mail import Mail
from relaypoint.notifications.outgoing import Outgoing, checked
from relaypoint.notifications.push import Push, subscribed
from relaypoint.notifications.smtp import MailServer, mail_server
from relaypoint.notifications.spool import Spool
from relaypoint.notifications.transports import Transports
from relaypoint.notifications.webhooks import new_secret
from relaypoint.resolvers import proving, undelivered
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.keys import has_key, prove_key
from relaypoint.resolvers.known import Memory
from relaypoint.resolvers.rounds import Link
from relaypoint.resolvers.vault import Vault
from relaypoint.schema.context import Context

#: One less than how many private keys there are on the curve P-256 (FIPS 186-5).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - 1


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    backend: Backend
    #: Unless given, nothing can be sent.
    transports: Transports = field(default_factory=lambda: Transports(()))
    #: The ways to addresses that others chose: webhooks, and browsers, which must not wait for slow webhooks.
    outgoing: Outgoing = field(default_factory=Outgoing)
    pushing: Outgoing = field(default_factory=Outgoing)
    #: Where a server of it answers; None: where one does that is started without a choice.
    served: str | None = None

    @property
    def site(self) -> str:
        """The address that links in messages begin with."""
        return self.settings.url or self.served or SERVED

    def context(self, subject: Subject) -> Context:
        return Context(subject, self.backend, self.run_outbox, self.post, WebhookSetup(), BrowserSetup(self.push))

    @cached_property
    def push(self) -> Push:
        """The sender of Web Push, the same on every instance and after every start."""
        key = self.backend.vault.number("web push") % _ORDER + 1
        return Push(self.pushing, key, self.settings.contact, self.backend.clock)

    async def deliver(self) -> dict[str, int]:
        """Delivers what is due."""
        return await deliver_due(self.backend, self.transports, self.site, self.push)

    async def prove(self) -> None:
        """Carries what messages showed of addresses into the channels."""
        await proving.prove(OPERATOR, self.backend)

    async def take_bounces(self) -> int:
        """Takes in what mail servers reported as come back, where the settings name a folder for it."""
        folder = self.settings.mail_bounces
        return await take_bounces(self.backend, folder) if folder is not None else 0

    async def post_events(self) -> int:
        """Posts what webhooks are to be sent."""
        return await post_due(self.backend, self.outgoing)

    async def run_outbox(self) -> dict[str, int]:
        """All that a server does with messages, once."""
        done = await self.deliver()
        await self.prove()
        await self.post_events()
        await self.take_bounces()  # Last: what is amiss there must not stop what goes out.
        return {**done, "waiting": await undelivered.waiting(OPERATOR, self.backend)}

    async def post(self, links: Sequence[Link], *, test: bool) -> frozenset[str]:
        """Sends the links, as far as their channels take messages."""
        return await send_links(links, self.transports, self.site, test=test)


class BrowserSetup:
    """What the schema needs of the way out to write to browsers."""

    def __init__(self, push: Push) -> None:
        self.public_key = push.public_key

    def subscribed(self, endpoint: str, p256dh: str, auth: str) -> Mapping[str, str]:
        return asdict(subscribed(endpoint, p256dh, auth))


class WebhookSetup:
    """What the schema needs of the way out to set webhooks up."""

    def checked(self, url: str) -> str:
        return checked(url)

    def new_secret(self) -> str:
        return new_secret()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Runtime]:
    """Opens the store for as long as the block lasts. Raises ``Unavailable`` or ``Invalid``."""
    clock = clock_of(settings)
    store = await open_store(settings.store, user=settings.neo4j_user, password=settings.password())
    try:
        if not settings.installation_key.exists() and await has_key(store):
            raise _no_key(settings.installation_key)
        transports = await transports_of(settings, clock)
        try:
            vault = Vault(_installation_key(settings.installation_key))
            backend = Backend(store, clock, vault, memory=Memory(carried=transports.kinds))
            await prove_key(backend)
            runtime = Runtime(settings, backend, transports)
            try:
                yield runtime
            finally:
                await runtime.outgoing.close()
                await runtime.pushing.close()
        finally:
            await transports.close()
    finally:
        await store.close()


async def transports_of(settings: Settings, clock: Clock) -> Transports:
    """What the settings name; where they name nothing, the spool folder takes everything. Raises ``Invalid``."""
    ways: list[Transport] = []
    if server := mail_server_of(settings):
        ways.append(Mail(server, clock, secure=settings.mail_secure))
    if templates := settings.templates():
        gateway = Gateway(templates, local=settings.gateway_local)
        await gateway.prove()
        ways.append(gateway)
    return Transports(ways or [Spool(settings.spool)])


def mail_server_of(settings: Settings) -> MailServer | None:
    """The one that the settings name. Raises ``Invalid``."""
    if settings.mail is None:
        return None
    return mail_server(
        settings.mail,
        sender=settings.mail_from,
        user=settings.mail_user,
        password=settings.mail_secret(),
        ca=settings.mail_ca,
    )


def clock_of(settings: Settings) -> Clock:
    return fixed_clock(settings.now) if settings.now else system_clock


def _no_key(file: Path) -> Unavailable:
    return Unavailable(
        "settings.no-key",
        "This store has a key, and {file} is not there.",
        remedy="Restore the key file, or point RELAYPOINT_KEY_FILE at it; without it the cases can't be read.",
        file=str(file),
    )


def _installation_key(file: Path) -> bytes:
    """Reads the key, or makes it where there is none, readable only for this user."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Complete under another name first, then linked: whoever comes second finds a whole file.
        part = file.with_name(f"{file.name}.{os.getpid()}")
        if not file.exists():
            part.write_bytes(b"")
            part.chmod(0o600)
            part.write_bytes(Vault.new_installation_key())
            try:
                os.link(part, file)
            except FileExistsError:
                pass
            finally:
                part.unlink()
        key = file.read_bytes().strip()
    except OSError as error:
        raise Unavailable(
            "settings.key-file",
            "The installation's key file {file} can't be read or made.",
            remedy="Point RELAYPOINT_KEY_FILE at a file that this user may read.",
            file=str(file),
        ) from error
    try:
        Vault(key)
    except ValueError as error:
        raise Invalid(
            "settings.key",
            "{file} does not hold an installation key.",
            path=("RELAYPOINT_KEY_FILE",),
            remedy="Restore the key that belongs to this store; without it its cases can't be read.",
            file=str(file),
        ) from error
    return key
