"""What leaves the system: an urgency word, a reference that belongs to the message alone, and a link. Nothing else;
and the one-time links by which holders confirm their details and tests are answered.

No case field can get in, because none is handed to this module.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.words import Priority

#: Read by whoever glances at a lock screen; they name neither the field of work nor the case.
_URGENCY: Final = {
    Priority.ROUTINE: "Routine",
    Priority.URGENT: "Urgent",
    Priority.ASAP: "As soon as possible",
    Priority.STAT: "Emergency",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A row of the outbox, as this room is given it. ``key`` is the same at every attempt."""

    key: str
    reference: str
    priority: Priority
    kind: str


@dataclass(frozen=True, slots=True)
class Message:
    key: str
    address: str
    subject: str
    body: str


def compose(notification: Notification, address: str, site: str) -> Message:
    """The message for one address. ``site`` is the address of the pages, where one has to sign in."""
    urgency = _URGENCY[notification.priority]
    reference = notification.reference
    return Message(
        key=notification.key,
        address=address,
        subject=f"{urgency}: {reference}",
        body=f"{urgency}\n{reference}\n{site.rstrip('/')}/n/{reference}\n",
    )


def compose_link(key: str, token: str, address: str, site: str, *, due: str, role: str | None, test: bool) -> Message:
    """A one-time link of a round. A test says that it is one, lest somebody takes it for a case; several people who
    share a mailbox are told apart by how they hold the contact point (``role``)."""
    subject = "Test: please answer" if test else "Please confirm your contact details"
    told = "This is a test. Nobody is waiting for help." if test else "Are your details still right?"
    whom = f" ({role})" if role else ""
    return Message(
        key=f"{key}-{hashlib.sha256(token.encode()).hexdigest()[:12]}",
        address=address,
        subject=f"{subject}{whom}",
        body=f"{told}\nPlease answer by {due}, once:\n{site.rstrip('/')}/a/{token}\n",
    )
