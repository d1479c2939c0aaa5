"""Posts the events that webhooks are to be sent, to several at once and to each in order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from relaypoint.domain.evidence import Result
from relaypoint.domain.policy import OPERATOR
from relaypoint.notifications.delivery import came_of
from relaypoint.notifications.outgoing import CONNECTIONS, TOTAL, Outgoing
from relaypoint.notifications.webhooks import Endpoint, post_event
from relaypoint.resolvers import posting
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.posting import Event, Leased

#: While events are posted, it is looked so often for what else is due, in seconds.
_LOOK: Final = 1.0


async def post_due(backend: Backend, outgoing: Outgoing) -> int:
    """Posts all that is due, also what comes to be due while it posts; returns how many events were taken.

    What breaks at one stops none that was begun: they are ended first, and then it is raised.
    """
    count, begun = 0, set[asyncio.Task[int]]()
    try:
        while True:
            for each in await posting.lease(OPERATOR, backend, limit=CONNECTIONS - len(begun)):
                begun.add(asyncio.create_task(_post(backend, outgoing, each)))
            if not begun:
                return count
            done, begun = await asyncio.wait(begun, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
            count += sum(await asyncio.gather(*done))
    except asyncio.CancelledError:
        for task in begun:
            task.cancel()
        raise
    finally:
        await asyncio.gather(*begun, return_exceptions=True)


async def _post(backend: Backend, outgoing: Outgoing, leased: Leased) -> int:
    endpoint = Endpoint(leased.url, leased.secrets)
    taken: list[Event] = []
    failure, gone = None, False
    for event in leased.events:
        if backend.clock() >= leased.until - timedelta(seconds=TOTAL):  # Another one may go on before this is answered.
            break
        try:
            await post_event(outgoing, endpoint, event.id, backend.clock(), event.payload)
        except Exception as error:  # Whatever breaks on the way to one receiver stops no other.
            result, reply = came_of(error)
            failure, gone = f"{result.words}: {reply}", result is Result.REFUSED
            break
        taken.append(event)
    await posting.settle(OPERATOR, backend, leased, taken, failure, gone=gone)
    return len(taken)
