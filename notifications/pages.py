"""The page behind the second link of a message, in the message's language. Whoever serves it is handed these functions.

It tells what its address tells, and never whether there is such a message: no more is handed to this module.
"""

from __future__ import annotations

from relaypoint.notifications.languages import chosen
from relaypoint.notifications.rendering import page
from relaypoint.notifications.sentences import sentence


def asking(language: str, reference: str) -> str:
    """Asks whether the message with that reference was received. ``language`` is any tag of BCP 47."""
    return page("receipt", chosen([language]), sentence("receipt.ask"), reference=reference)


def noted(language: str) -> str:
    return _saying("receipt.noted", language)


def over(language: str) -> str:
    """What is told of a link that does not hold, for whatever cause."""
    return _saying("receipt.over", language)


def later(language: str) -> str:
    """The answer could not be stored."""
    return _saying("receipt.later", language)


def _saying(id: str, language: str) -> str:
    return page("receipt", chosen([language]), sentence(id), reference=None)
