"""Takes what the outbox leases to the transport, and settles it. Run by ``relaypoint notify`` and by the server."""

from __future__ import annotations

from collections import Counter

from relaypoint.domain.policy import OPERATOR
from relaypoint.notifications.delivery import Transport, deliver
from relaypoint.notifications.messages import Notification
from relaypoint.resolvers import outbox
from relaypoint.resolvers.backend import Backend


async def deliver_due(backend: Backend, transport: Transport, site: str) -> dict[str, int]:
    """Delivers all that is due now; returns how many ended ``delivered``, ``dead`` or ``failed``."""
    counts: Counter[str] = Counter(delivered=0, dead=0, failed=0)
    while batch := await outbox.lease(OPERATOR, backend):
        for leased in batch:
            notification = Notification(
                key=leased.id, reference=leased.reference, priority=leased.priority, kind=leased.kind
            )
            attempt = await deliver(notification, leased.channels, transport, site)
            if ended := await outbox.settle(OPERATOR, backend, leased, attempt.status, attempt.channel, attempt.why):
                counts[ended] += 1
    return dict(counts)
