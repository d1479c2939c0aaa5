"""The pages behind the links of a message: behind the second one in the message's language, behind the first in that
of the browser. Whoever serves them is handed these functions.

They tell what their address tells, and never whether there is such a message: no more is handed to this module.
"""

from __future__ import annotations

from relaypoint.notifications.languages import accepted, chosen
from relaypoint.notifications.rendering import page
from relaypoint.notifications.sentences import sentence


def language(accepts: str) -> str:
    """The language for a browser that asks for these: the value of its ``Accept-Language``."""
    return chosen(accepted(accepts))


def opened(language: str, reference: str) -> str:
    """Tells where the message with that reference can be read."""
    return page("open", chosen([language]), sentence("open.title"), reference=reference)


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
