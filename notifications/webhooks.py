"""Events to a program of somebody else's, signed as Standard Webhooks has it, so that it knows who they come from.

The id is the event's own at every attempt, so that what comes twice is known as the same; the time is the attempt's, so
that what was overheard can't be sent again later.
"""

from __future__ import annotations

import base64
import binascii
import secrets as random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from relaypoint.domain.errors import Invalid
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.outgoing import Outgoing

_PREFIX: Final = "whsec_"

#: Bytes of a secret, as Standard Webhooks has them.
_BYTES: Final = range(24, 65)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go, and the secrets that they are signed with, the newest first: with each of several, until the
    receiver has the newest. Neither is shown: the address may hold a secret too. Raises ``Invalid``."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or not all(_good(each) for each in self.secrets):
            raise Invalid(
                "webhook.secret",
                "This is no secret of a webhook.",
                path=("secrets",),
                remedy="Have one made: whsec_ and 24 to 64 bytes in base64.",
            )


def new_secret() -> str:
    return _PREFIX + base64.b64encode(random.token_bytes(32)).decode()


async def post_event(outgoing: Outgoing, endpoint: Endpoint, id: str, at: datetime, payload: bytes) -> None:
    """Returns when the receiver has taken it. ``payload`` is JSON, ``at`` the time of this attempt.

    Raises ``Refused`` where there is no such receiver (any more) or none that may be gone to, and ``NotNow`` where it
    may be taken later.
    """
    signatures = (Webhook(each).sign(id, at.astimezone(UTC), payload.decode()) for each in endpoint.secrets)
    answer = await outgoing.post(
        endpoint.url,
        headers={
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        },
        content=payload,
    )
    if answer.status == 410:
        raise Refused("410")
    if not 200 <= answer.status < 300:
        raise NotNow(f"{answer.status}")


def _good(secret: str) -> bool:
    try:
        held = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return secret.startswith(_PREFIX) and len(held) in _BYTES
