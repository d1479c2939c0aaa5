"""Several messages that go out as one, kept before they are sent: what comes back of it comes back of each."""

from __future__ import annotations

from collections.abc import Sequence

from relaypoint.domain.digests import key_of
from relaypoint.domain.policy import Action, Subject
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.outbox import Leased


@permitted(Action.DELIVER_NOTICES)
async def put_together(subject: Subject, backend: Backend, parcel: Sequence[Leased]) -> str | None:
    """The key of the one message, which is the same whenever the same ones go out together. None where the lease of one
    of them has run out: then others see to them."""
    key = key_of(each.id for each in parcel)
    notices = [{"id": each.id, "lease": each.lease} for each in parcel]
    try:
        await backend.store.write([Step("digest_put", {"id": key, "notices": notices}, expect=len(notices))])
    except Unmet:
        return None
    return key
