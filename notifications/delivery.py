"""One attempt to deliver: the channels in their order, the next one where one fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.words import MESSAGE_KINDS
from relaypoint.notifications.messages import Message, Notification, compose


class Transport(Protocol):
    async def send(self, kind: str, message: Message) -> None:
        """Hands over one message. Raises ``OSError`` where that fails; sending a key again must do no harm."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """``status`` is delivered, failed (try again) or dead (no channel carries a message). ``why`` is by channel id."""

    status: str
    channel: str | None
    why: dict[str, str]


async def deliver(
    notification: Notification, channels: Sequence[ChannelUse], transport: Transport, site: str
) -> Attempt:
    """Sends over the first channel that is allowed, carries messages and takes this one.

    A mailbox is written to at any hour: its hours say when somebody reads, not when it accepts.
    """
    why: dict[str, str] = {}
    tried = False
    for use in channels:
        id = use.channel.id
        if use.barred is not None:
            why[id] = use.barred
        elif use.channel.kind not in MESSAGE_KINDS or not use.channel.address:
            why[id] = "needs a person"
        else:
            tried = True
            try:
                await transport.send(use.channel.kind, compose(notification, use.channel.address, site))
            except OSError as error:
                why[id] = f"failed: {type(error).__name__}"
            else:
                why[id] = "used"
                return Attempt("delivered", id, why)
    return Attempt("failed" if tried else "dead", None, why)
