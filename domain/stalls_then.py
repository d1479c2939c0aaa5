"""How a handoff stood at a moment of the past, told anew from what was recorded: its events, and its notices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.clock import Instant
from relaypoint.domain.handoffs import (
    ARRIVED,
    ERASED,
    FOUND,
    MOVES,
    MUST_KEEP,
    RAISE,
    REMARKS,
    RESPOND,
    SEEN,
    Side,
    Status,
    came_back,
    found_with_nobody,
    missing_at_end,
)
from relaypoint.domain.replay import changed, continued, step_after

Columns = Mapping[str, Any]

#: To say this of a step is not to have seen how it ended.
_NOT_SEEN: Final = frozenset({RAISE, RESPOND, "erasure-asked", "erasure-over", ERASED, FOUND, MUST_KEEP})


@dataclass(frozen=True, slots=True)
class Then:
    """``state`` has the names of ``domain.handoffs.STATE``, as far as they were said; ``must_see``: its sender had yet
    to see how it ended; ``to_erase``: it had yet to be said whether what is known of the person was erased; ``notice``
    is how its first message stood; ``gone_on``: another step continued it."""

    state: Columns
    must_see: bool
    to_erase: bool
    notice: str | None
    gone_on: bool


def then(
    id: str, events: Iterable[Columns], notices: Sequence[Columns], at: Instant, *, sender: str, receiver: str
) -> Then | None:
    """None where it was no open work of anybody's at that moment, what was recorded in its millisecond included.

    ``events`` are those of its referral in their order, each with ``kind``, ``at``, ``actor`` and ``data``; ``notices``
    those about it, each with ``kind``, ``status``, ``created_at`` and ``tried_at``.
    """
    before = [event for event in events if event["at"] <= at]
    own = [(event, state) for event in before if (state := step_after(event["data"])).get("id") == id]
    if not own:
        return None
    state, must_see = own[-1][1], _must_see(own, notices, at, sender, receiver)
    to_erase = bool(state.get("erasure_asked_at")) and not state.get("erasure")
    if not (must_see or to_erase or Status(state["status"]).open):
        return None
    first = min((each for each in notices if each["kind"] == "requested"), key=_created, default=None)
    gone_on = any(continued(event["data"]) == id for event in before)
    return Then(state, must_see, to_erase, _stood(first, at) if first else None, gone_on)


def _must_see(
    own: Sequence[tuple[Columns, Columns]], notices: Sequence[Columns], at: Instant, sender: str, receiver: str
) -> bool:
    """It is noted when the receiving side ends it unserved, and when the other side could not be told of the end; and
    goes when its sender has seen it or decides anew, or the person who was missing has arrived."""
    untold = sorted(each["tried_at"] for each in notices if each["kind"] == "cancelled" and _stood(each, at) == "dead")
    noted, was_open, gone_on = False, True, False
    for event, state in own:
        while untold and untold[0] < event["at"]:
            untold.pop(0)
            noted = True
        verb = event["kind"].removeprefix("handoff-")
        if verb == "resent":
            # Who is looked for is so still where the case is sent elsewhere.
            noted, gone_on = missing_at_end(state) and (noted or was_open), True
        elif verb == SEEN and "sought" in changed(json.loads(event["data"])):
            # That the person was found lays their case with nobody.
            noted = not was_open and found_with_nobody({**state, "gone_on": gone_on})
        elif _by_sender(verb, event["actor"], sender, receiver):
            noted = verb in ("cancel", "correct") and missing_at_end(state)
        elif verb in MOVES or verb in (ARRIVED, FOUND):
            noted = came_back(state)
        was_open = Status(state["status"]).open
    return noted or bool(untold)


def _by_sender(verb: str, actor: str, sender: str, receiver: str) -> bool:
    """Whether the sending side recorded it. Who stands on both sides acts for the receiving one where it may."""
    if verb in _NOT_SEEN:
        return False
    table = MOVES.get(verb) or REMARKS.get(verb)
    if table and Side.RECEIVER not in table.sides:
        return True
    return actor.partition(":")[2] == sender != receiver


def _stood(notice: Columns, at: Instant) -> str:
    """How a message stood: it is pending until the try that settled it."""
    settled = notice["status"] != "pending" and (notice["tried_at"] or "") <= at
    return str(notice["status"]) if settled else "pending"


def _created(notice: Columns) -> str:
    return str(notice["created_at"])
