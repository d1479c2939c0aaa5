"""Posts the events that webhooks are to be sent, to several at once and to each in order."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from relaypoint.domain.policy import OPERATOR
from relaypoint.notifications.delivery import Barred, NotNow, Refused
from relaypoint.notifications.outgoing import TOTAL, Outgoing
from relaypoint.notifications.webhooks import Endpoint, post_event
from relaypoint.resolvers import posting
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.posting import Event, Leased


async def post_due(backend: Backend, outgoing: Outgoing) -> int:
    """Posts all that is due now, as far as a lease lasts; returns how many events were taken."""
    counts = await asyncio.gather(*(_post(backend, outgoing, each) for each in await posting.lease(OPERATOR, backend)))
    return sum(counts)


async def _post(backend: Backend, outgoing: Outgoing, leased: Leased) -> int:
    endpoint = Endpoint(leased.url, leased.secrets)
    taken: list[Event] = []
    failure, gone = None, False
    for event in leased.events:
        if backend.clock() >= leased.until - timedelta(seconds=TOTAL):  # Another one may go on before this is answered.
            break
        try:
            await post_event(outgoing, endpoint, event.id, backend.clock(), event.payload)
        except Barred as error:
            failure = f"barred: {error}"  # Its name may lead elsewhere another day.
            break
        except Refused as error:
            failure, gone = f"refused: {error}", True
            break
        except NotNow as error:
            failure = f"failed: {error}"
            break
        except Exception as error:  # Whatever breaks on the way to one receiver stops no other.
            failure = f"failed: {type(error).__name__}"
            break
        taken.append(event)
    await posting.settle(OPERATOR, backend, leased, taken, failure, gone=gone)
    return len(taken)
