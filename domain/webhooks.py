"""When a webhook is tried again, when it is given up for now, and what of it is told.

It is tried again ever more slowly. One that has failed for a day is paused, and so is one whose receiver says that it
is gone; what happens meanwhile stays in the feed, and is sent once it is resumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

#: For so long the secret before the newest signs too, so that the receiver can be given the newest meanwhile.
OVERLAP: Final = timedelta(days=1)

#: One that fails is tried again after so long, then after twice as long, and never after longer than the last.
_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(hours=1)

#: One that has failed so often and for so long is paused.
_FAILURES: Final = 8
_FAILING: Final = timedelta(days=1)


class State(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Why(StrEnum):
    """Why it is paused: it was asked for, it failed for too long, its receiver is gone, or its organization is."""

    ASKED = "asked"
    FAILING = "failing"
    GONE = "gone"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Failing:
    """How often in a row it failed, and since when."""

    failures: int
    since: datetime


def failed(failing: Failing | None, at: datetime) -> Failing:
    return Failing(failing.failures + 1, failing.since) if failing else Failing(1, at)


def given_up(failing: Failing, at: datetime) -> bool:
    return failing.failures >= _FAILURES and at - failing.since >= _FAILING


def next_try(failing: Failing, at: datetime) -> datetime:
    doubled: int = 2 ** min(failing.failures - 1, 20)
    return at + min(_PAUSE * doubled, _LONGEST_PAUSE)


def shown(url: str) -> str:
    """The address without what may be a secret in it: its host alone."""
    return f"https://{urlsplit(url).netloc}/…"
