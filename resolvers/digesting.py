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
    ids = sorted(each.id for each in parcel)
    key = key_of(ids)
    try:
        await backend.store.write(
            [Step("digest_put", {"id": key, "notices": ids, "lease": parcel[0].lease}, expect=len(ids))]
        )
    except Unmet:
        return None
    return key
