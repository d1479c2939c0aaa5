"""What somebody says of a step, and all that it is decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relaypoint.domain.clock import parse_instant
from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.handoffs import Side
from relaypoint.domain.words import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What somebody says of a step.

    ``reason`` is the coded reason, outcome or result; ``lacking`` what is asked for. ``review`` is a day; ``expected``
    and ``at`` are instants: by when the person is to arrive, and when a call was made (None: now). ``role`` is with
    whom it was, as a role, never a name.
    """

    verb: str
    reason: str | None = None
    review: str | None = None
    lacking: tuple[str, ...] = ()
    expected: str | None = None
    at: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """All that a remark is decided on; ``words`` are its codes as they are stored."""

    handoff: Mapping[str, Any]
    saying: Saying
    now: datetime
    priority: Priority
    words: str
    side: Side


def instant(text: str | None, field: str) -> datetime:
    try:
        return parse_instant(text or "")
    except Invalid as problem:
        problem.path = (field,)
        raise


def not_now(handoff: Mapping[str, Any], message_id: str, text: str, remedy: str) -> IllegalTransition:
    return IllegalTransition(
        message_id, text, path=("verb",), remedy=remedy, present={"status": str(handoff["status"])}
    )
