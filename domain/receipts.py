"""That a new step was received, said through the link in its message: by whoever reads it, and for a while only.

The link's token is ``LANGUAGE-REFERENCE-SECRET``: in which language its page speaks, the reference that the message
bears, and what makes it a key. The secret is made anew whenever it is needed and stored nowhere.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from relaypoint.domain.clock import parse_instant
from relaypoint.domain.handoffs import Status

#: What its secret is for. It is good for nothing else.
PURPOSE: Final = "receipt"

#: For so long after its message was made. Mailboxes are kept for years, and looked through by others.
HOLDS: Final = timedelta(days=7)

#: The messages that tell a desk of a step which is its own to acknowledge.
KINDS: Final = frozenset({"requested", "escalated"})

_TOKEN: Final = re.compile(r"([a-z]{2,8}(?:-[A-Za-z]{4})?)-([2-9A-Z]{5}-[2-9A-Z]{5})-([0-9a-f]{32})", re.ASCII)


class Token(NamedTuple):
    language: str
    reference: str
    secret: str

    def __str__(self) -> str:
        return "-".join(self)


def read(text: str) -> Token | None:
    """None for what has not the form of one, as where a part was lost. Whether it holds is not told by its form."""
    found = _TOKEN.fullmatch(text)
    return Token(*found.groups()) if found else None


def of_use(kind: str, created_at: str, *, own: bool, at: datetime) -> bool:
    """Whether a message of that kind, made at that instant, has such a link that holds at ``at``. ``own``: it went to
    the desk that the step lies at."""
    return kind in KINDS and own and at < parse_instant(created_at) + HOLDS


def may_be_said(status: str) -> bool:
    """Whether anybody may still say it of a step: what was said of it otherwise stands."""
    return status == Status.REQUESTED
