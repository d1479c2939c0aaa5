"""Which transport takes messages of which kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relaypoint.domain.words import ChannelKind
from relaypoint.notifications.delivery import Transport
from relaypoint.notifications.messages import Message


class Transports:
    """Several as one: each kind of channel goes by the first that takes it, and by none where none does."""

    def __init__(self, transports: Sequence[Transport]) -> None:
        self._all = tuple(transports)
        by_kind: dict[ChannelKind, Transport] = {}
        for transport in transports:
            for kind in transport.kinds:
                by_kind.setdefault(kind, transport)
        self._by_kind: Mapping[ChannelKind, Transport] = by_kind
        self.kinds = frozenset(by_kind)

    async def send(self, kind: str, message: Message) -> None:
        """As the one that takes it. Raises ``KeyError`` for a kind that none takes."""
        await self._by_kind[ChannelKind(kind)].send(kind, message)

    async def close(self) -> None:
        for transport in self._all:
            await transport.close()
