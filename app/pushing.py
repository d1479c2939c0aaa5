"""Writes to browsers beside the channels of their contact point."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from relaypoint.domain.evidence import Result, Try
from relaypoint.notifications.delivery import Attempt, came_of
from relaypoint.notifications.digests import Digest
from relaypoint.notifications.messages import Notification
from relaypoint.notifications.push import Browser, Push
from relaypoint.resolvers.outbox import Leased

#: What they are called among the channels of a message.
CHANNEL: Final = "web-push"

#: Seconds for one browser: what goes beside must not hold up what follows.
_LONGEST: Final = 5.0


async def pushed(push: Push, parcel: Sequence[Leased], told: Notification | Digest, site: str) -> list[Try]:
    """What came of each browser, by id. Of several messages as one, the most urgent is shown."""
    first = told if isinstance(told, Notification) else told.notifications[0]

    async def to(id: str, reached: Mapping[str, str]) -> Try:
        try:
            async with asyncio.timeout(_LONGEST):
                await push.send(Browser(**reached), first, site)
        except TimeoutError:
            return Try(id, Result.NOT_NOW, "slow")
        except Exception as error:  # Whatever breaks on the way to one browser stops nothing else.
            return Try(id, *came_of(error))
        return Try(id, Result.TAKEN)

    return list(await asyncio.gather(*(to(id, reached) for id, reached in parcel[0].browsers)))


def beside(attempt: Attempt, pushes: Sequence[Try]) -> Attempt:
    """The attempt with what came of the browsers: what no channel could take, and one of them did, is delivered."""
    taken = sum(each.result is Result.TAKEN for each in pushes)
    why = {**attempt.why, CHANNEL: f"taken by {taken} of {len(pushes)}"}
    if attempt.status == "dead" and taken:
        return replace(attempt, status="delivered", channel=CHANNEL, why=why)
    if attempt.status == "dead" and any(each.result is not Result.REFUSED for each in pushes):
        return replace(attempt, status="failed", why=why)
    return replace(attempt, why=why)
