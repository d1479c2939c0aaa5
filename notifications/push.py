"""Web Push to the browsers of duty officers (RFC 8030), encrypted for each (RFC 8291), from a sender that push services
can tell from others (VAPID, RFC 8292).

Whose browser it is lets a push service of its own choice carry the message; that one learns when something came, and
nothing of what. What is shown is what every message holds: an urgency, a reference and a link.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from relaypoint.domain.clock import Clock
from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import Priority
from relaypoint.notifications.delivery import NotNow, Refused
from relaypoint.notifications.messages import Notification, compose
from relaypoint.notifications.outgoing import Outgoing, checked

#: A push service keeps for so long what it can't hand over at once; what is older is to be seen in the inbox.
_KEPT: Final = timedelta(hours=12)

#: For so long push services believe one signature.
_SIGNED: Final = timedelta(hours=12)

#: Bytes of the browser's two keys (RFC 8291).
_POINT, _SECRET = 65, 16


@dataclass(frozen=True, slots=True)
class Browser:
    """Where one browser is reached, as it says itself: the address at its push service, and its two keys as base64url.
    Whoever has all three can write to it. Raises ``Invalid`` where it can't be right."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            point, secret = _bytes(self.p256dh), _bytes(self.auth)
            if len(point) != _POINT or len(secret) != _SECRET:
                raise ValueError
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except (ValueError, binascii.Error):
            raise Invalid(
                "push.keys",
                "These are no keys of a browser.",
                path=("p256dh",),
                remedy="Give what the browser's PushSubscription gives, as base64url.",
            ) from None


def subscribed(endpoint: str, p256dh: str, auth: str) -> Browser:
    """A browser as it subscribes. Raises ``Invalid``, also for an address that nothing may go to."""
    if not re.search("[a-z]", urlsplit(checked(endpoint)).hostname or "") or "[" in endpoint:
        raise Invalid(
            "push.endpoint",
            "This is no push service.",
            path=("url",),
            remedy="Give the address that the browser's PushSubscription gives: it has a name.",
        )
    return Browser(endpoint, p256dh, auth)


class Push:
    """One sender. ``key`` is its private key, as a number; ``contact`` how push services reach who runs it, as a https
    or mailto address."""

    def __init__(self, outgoing: Outgoing, key: int, contact: str, clock: Clock) -> None:
        self._outgoing, self._contact, self._clock = outgoing, contact, clock
        self._vapid = Vapid02(ec.derive_private_key(key, ec.SECP256R1()))

    @property
    def public_key(self) -> str:
        """What a browser is given when it subscribes (base64url, uncompressed)."""
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    async def send(self, browser: Browser, notification: Notification, site: str) -> None:
        """Returns when the push service has taken the message. Raises ``Refused`` where the browser is subscribed no
        more, and ``NotNow`` where it may be taken later."""
        sealed = http_ece.encrypt(
            payload(notification, site),
            salt=os.urandom(16),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_bytes(browser.p256dh),
            auth_secret=_bytes(browser.auth),
            version="aes128gcm",
        )
        urgent = notification.priority in (Priority.ASAP, Priority.STAT)
        answer = await self._outgoing.post(
            browser.endpoint,
            headers={
                **self._signature(browser.endpoint),
                "content-encoding": "aes128gcm",
                "content-type": "application/octet-stream",
                "ttl": str(int(_KEPT.total_seconds())),
                "urgency": "high" if urgent else "normal",
                # One that was not handed over yet is replaced by the same, and not joined by it.
                "topic": _topic(notification.key),
            },
            content=sealed,
        )
        if answer.status in (404, 410):
            raise Refused(f"{answer.status}")
        if not 200 <= answer.status < 300:
            raise NotNow(f"{answer.status}")

    def _signature(self, endpoint: str) -> dict[str, str]:
        parts = urlsplit(endpoint)
        expires = int((self._clock() + _SIGNED).timestamp())
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": self._contact, "exp": expires}
        return {name.lower(): value for name, value in self._vapid.sign(claims).items()}


def payload(notification: Notification, site: str) -> bytes:
    """What the browser shows, as JSON: ``title``, ``lang`` and ``url``."""
    title = compose(notification, "", site).subject
    url = f"{site.rstrip('/')}/n/{notification.reference}"
    return json.dumps({"title": title, "lang": notification.language, "url": url}).encode()


def _topic(key: str) -> str:
    """At most 32 characters of base64url (RFC 8030, 5.4), from which the key can't be told."""
    return hashlib.sha256(f"topic {key}".encode()).hexdigest()[:32]


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
