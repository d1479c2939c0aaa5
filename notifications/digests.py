"""Several messages as one: how many there are, and of each what its own message would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relaypoint.notifications.messages import Message, Notification
from relaypoint.notifications.rendering import written
from relaypoint.notifications.sentences import urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """``notifications`` come the most urgent first, and are at least two. ``key``, ``language`` and ``proof`` are as
    those of a ``Notification``."""

    key: str
    notifications: Sequence[Notification]
    language: str
    proof: str = ""


def compose_digest(digest: Digest, address: str, site: str, *, short: bool = False) -> Message:
    """The message for one address. ``short``: how many and how urgent alone, for what has no room for more."""
    home, language = site.rstrip("/"), digest.language
    first = digest.notifications[0].priority
    count, most = str(len(digest.notifications)), urgency(first)
    if short:
        text = written("short", language, urgency=most, count=count, url=f"{home}/")
        return Message(digest.key, address, text.subject, text.body, None, language, digest.proof, first)
    entries = [
        {"urgency": urgency(each.priority), "reference": each.reference, "url": f"{home}/n/{each.reference}"}
        for each in digest.notifications
    ]
    text = written("digest", language, urgency=most, count=count, entries=entries)
    return Message(digest.key, address, text.subject, text.body, text.html, language, digest.proof, first)
