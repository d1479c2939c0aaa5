"""What leaves the system: an urgency word, a reference that belongs to the message alone, and a link; of a new step a
second one, by which whoever reads it says that it was received. Nothing else; and the one-time links by which holders
confirm their details and tests are answered.

No case field can get in, because none is handed to this module.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from relaypoint.domain.receipts import Token
from relaypoint.domain.texts import Text
from relaypoint.domain.words import Priority
from relaypoint.notifications.languages import ENGLISH, day
from relaypoint.notifications.rendering import Written, mark, written
from relaypoint.notifications.sentences import urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A row of the outbox, as this room is given it. ``key`` is the same at every attempt; ``language`` is one that
    ``languages.chosen`` gives, ``receipt`` the secret of its second link; None where it has none. By ``proof`` what
    comes back of it is believed."""

    key: str
    reference: str
    priority: Priority
    kind: str
    language: str
    receipt: str | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """``body`` is plain text and says all that there is; ``html`` says the same to what can show it. ``proof`` stands
    where a report of its failure brings it back, ``priority`` says who goes first where not all can."""

    key: str
    address: str
    subject: str
    body: str
    html: str | None = None
    language: str = ENGLISH
    proof: str = ""
    priority: Priority = Priority.ROUTINE


def compose(notification: Notification, address: str, site: str) -> Message:
    """The message for one address. ``site`` is the address of the pages, where one has to sign in."""
    reference, language, pages = notification.reference, notification.language, site.rstrip("/")
    secret = notification.receipt
    values = {"reference": reference, "url": f"{pages}/n/{reference}"}
    if secret:
        values["receipt"] = f"{pages}/r/{Token(language, reference, secret)}"
    text = _notice(language, notification.priority, receipt=bool(secret)).filled(**values)
    return Message(
        notification.key,
        address,
        text.subject,
        text.body,
        text.html,
        language,
        notification.proof,
        notification.priority,
    )


@cache
def _notice(language: str, priority: Priority, *, receipt: bool) -> Written:
    return written(
        "notice",
        language,
        urgency=urgency(priority),
        reference=mark("reference"),
        url=mark("url"),
        receipt=mark("receipt") if receipt else None,
    )


def compose_link(
    key: str, token: str, address: str, site: str, *, due: str, role: Text | None, test: bool, language: str
) -> Message:
    """A one-time link of a round, to be answered by the day ``due`` (ISO). A test says that it is one, lest somebody
    takes it for a case; several people who share a mailbox are told apart by how they hold the contact point
    (``role``)."""
    text = written(
        "link",
        language,
        test="test" if test else None,
        role=role,
        due=day(due, language),
        url=f"{site.rstrip('/')}/a/{token}",
    )
    own = f"{key}-{hashlib.sha256(token.encode()).hexdigest()[:12]}"
    return Message(own, address, text.subject, text.body, text.html, language)
