"""Which of several workers does a piece of background work: a lease in the store, with a number that only grows."""

from __future__ import annotations

from datetime import timedelta

from relaypoint.domain.clock import format_instant
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend


async def take_lease(backend: Backend, name: str, worker: str, held_for: timedelta) -> int | None:
    """The fencing number of the lease, taken or renewed for ``held_for``; None while another worker has it."""
    at = backend.clock()
    given = {"id": name, "worker": worker, "now": format_instant(at), "until": format_instant(at + held_for)}
    try:
        ((row,),) = await backend.store.write([Step("lease_take", given)])
    except Unmet:
        return None
    return int(row["fence"])
