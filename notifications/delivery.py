"""One attempt to deliver: the channels in their order, the next one where one fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.evidence import Result, Try
from relaypoint.domain.words import MESSAGE_KINDS, ChannelKind
from relaypoint.notifications.digests import Digest, compose_digest
from relaypoint.notifications.messages import Message, Notification, compose


class Refused(Exception):
    """There is no such address, as whoever serves it says; to try again would change nothing."""


class NotNow(OSError):
    """Whoever serves the address answers, and takes nothing now; the text is a code."""


class Unable(OSError):
    """The way out itself says no, whatever the address is; the text is a code."""


class Barred(Refused):
    """The address is not one that may be gone to; the text says by which rule, and never which address."""


def came_of(error: Exception) -> tuple[Result, str]:
    """What an error on the way out means for the address, and the code that is kept of it."""
    if isinstance(error, Barred):
        return Result.FAILED, str(error)  # Its name may lead elsewhere another day.
    if isinstance(error, Refused):
        return Result.REFUSED, str(error)
    if isinstance(error, NotNow):
        return Result.NOT_NOW, str(error)
    return Result.FAILED, str(error) if isinstance(error, Unable) else type(error).__name__


class Transport(Protocol):
    """One way out. ``kinds`` are those of the channels that it takes messages for."""

    kinds: frozenset[ChannelKind]

    async def send(self, kind: str, message: Message) -> None:
        """Hands over one message. Raises ``Refused`` where the address itself is refused for good, and ``OSError``
        where it may be taken later; sending a key again must do no harm."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """``status`` is delivered, failed (try again) or dead (no channel carries a message, or each has refused it).
    ``why`` is by channel id, ``tries`` what came of each channel that a message was given to."""

    status: str
    channel: str | None
    why: dict[str, str]
    tries: tuple[Try, ...] = ()


async def deliver(
    notification: Notification | Digest, channels: Sequence[ChannelUse], transport: Transport, site: str
) -> Attempt:
    """Sends over the first channel that is allowed, carries messages and takes this one.

    A mailbox is written to at any hour: its hours say when somebody reads, not when it accepts. What would ring outside
    its hours comes barred (``domain.quiet``).
    """
    why: dict[str, str] = {}
    tries: list[Try] = []
    used: str | None = None
    for use in channels:
        id = use.channel.id
        if use.barred is not None:
            why[id] = use.barred
        elif use.channel.kind not in MESSAGE_KINDS or not use.channel.address:
            why[id] = "needs a person"
        elif use.channel.kind not in transport.kinds:
            why[id] = "no transport"
        elif used is not None:
            why[id] = "not needed"
        else:
            try:
                await transport.send(use.channel.kind, _message(notification, use, site))
            except Exception as error:  # Whatever breaks on the way of one message stops no other.
                result, reply = came_of(error)
                tries.append(Try(id, result, reply))
                why[id] = f"{result.words}: {reply}"
            else:
                used, why[id] = id, "used"
                tries.append(Try(id, Result.TAKEN))
    if used is not None:
        return Attempt("delivered", used, why, tuple(tries))
    again = any(each.result in (Result.NOT_NOW, Result.FAILED) for each in tries)
    return Attempt("failed" if again else "dead", None, why, tuple(tries))


def _message(notification: Notification | Digest, use: ChannelUse, site: str) -> Message:
    address = use.channel.address or ""
    if isinstance(notification, Digest):
        return compose_digest(notification, address, site, short=use.channel.kind is ChannelKind.SMS)
    return compose(notification, address, site)
