"""All that messages say, and the pages behind the two links of one, in English, by its id; a catalogue of ``locale``
says the same in another language.

Here stands nothing of the field of work, of a case or of who works with whom: a message is read on lock screens.
"""

from __future__ import annotations

from typing import Any, Final

from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import HolderRole, Priority

SENTENCES: Final = {
    "urgency.routine": "Routine",
    "urgency.urgent": "Urgent",
    "urgency.asap": "As soon as possible",
    "urgency.stat": "Emergency",
    "notice.subject": "{urgency}: {reference}",
    "notice.reference": "Reference",
    "notice.open": "Sign in to read this message",
    "notice.receive": "Confirm that you have received this message",
    "receipt.ask": "Have you received this message?",
    "receipt.means": "Your answer says that the message was read, and nothing else.",
    "receipt.say": "Yes, I have received it",
    "receipt.noted": "Noted. Sign in to see what it is about and to decide.",
    "receipt.over": "This link does not hold, or no longer. Sign in to read the message.",
    "receipt.later": "This can’t be noted right now. Please try again in a few minutes.",
    "open.title": "A message led you here",
    "open.what": "Nothing else about it is shown without signing in.",
    "open.look": "To see what it is about, look it up in your relaypoint:",
    "open.answer": "Don’t answer the message with anything about a person.",
    "open.danger": "If somebody is in danger now, call the emergency number.",
    "digest.subject": "{urgency}. Messages: {count}",
    "digest.count": "Messages: {count}",
    "digest.open": "Sign in to read them",
    "link.test.subject": "Test: please answer",
    "link.test.what": "This is a test. Nobody is waiting.",
    "link.test.open": "Answer this test",
    "link.confirm.subject": "Please confirm your contact details",
    "link.confirm.subject-role": "Please confirm your contact details ({role})",
    "link.confirm.what": "Are your contact details still right?",
    "link.confirm.open": "Confirm or correct your contact details",
    "link.role": "For: {role}",
    "link.due": "Please answer by {due}",
    "link.once": "This link takes one answer.",
    "role.primary": "primary contact",
    "role.deputy": "deputy contact, no. {rank}",
}

_URGENCY: Final = {
    Priority.ROUTINE: "urgency.routine",
    Priority.URGENT: "urgency.urgent",
    Priority.ASAP: "urgency.asap",
    Priority.STAT: "urgency.stat",
}


def sentence(id: str, **fields: Any) -> Text:
    """Raises ``KeyError`` for an id that is none, and for a field that is lacking."""
    return say(id, SENTENCES[id], **fields)


def urgency(priority: Priority) -> Text:
    return sentence(_URGENCY[priority])


def held_as(role: HolderRole, rank: int) -> Text:
    """How somebody holds a contact point, at which rank among those there."""
    return sentence("role.primary") if role is HolderRole.PRIMARY else sentence("role.deputy", rank=rank)
