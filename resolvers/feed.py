"""The feed of what happened: read on from a position, as far as the subject may see it, and nothing is skipped.

A position is given once what was recorded is committed, by whoever reads first: the store is the only source, so that
it makes no difference how many servers there are, and which of them wrote. It needs no clock that they share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.history import beginning
from relaypoint.domain.moves import in_order
from relaypoint.domain.policy import Action, Subject, may_act_for, sides, steps_seen
from relaypoint.domain.replay import step_after
from relaypoint.domain.told_events import sees_event
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted

#: What happened, as the feed tells it. What exactly is told by looking at it, as far as one may.
SENT: Final = "referral.sent"
MOVED: Final = "handoff.changed"
REFERRAL: Final = "referral.changed"
ROSTER: Final = "roster.changed"
TYPES: Final = (SENT, REFERRAL, MOVED, ROSTER)

#: So many get a position at once; so many are looked through for one page, so many at once.
_BATCH: Final = 500
_LOOK: Final = 2000
_CHUNK: Final = 200


#: A position has so many digits at most.
_DIGITS: Final = 12

#: Positions are in the order of time but for so much.
_PLACED_WITHIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """``position`` counts from 1, with no gap but what the subject does not see. ``referral``, ``handoff`` and the
    ``contact_point`` that the step lies at are ids; None where it is about none."""

    position: int
    type: str
    at: str
    referral: str | None = None
    handoff: str | None = None
    contact_point: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """``position`` is the one to go on from: all before it was looked at. ``more``: there is more behind it."""

    events: Sequence[FeedEvent]
    position: int
    more: bool


@permitted(Action.READ_FEED)
async def events(
    subject: Subject,
    backend: Backend,
    after: int | None = None,
    *,
    limit: int = 20,
    types: Sequence[str] = (),
) -> Page:
    """What happened behind the position ``after``, the earliest first; None: only where the feed stands now, to go on
    from there. ``types``: only these of ``TYPES``.

    Raises ``Invalid`` for a type that is none, and a position that is not reached yet.
    """
    check_types(types)
    head = await place(backend)
    if after is None:
        return Page((), head, False)
    if not 0 <= after <= head:
        raise Invalid(
            "feed.position",
            "The feed has not come to this position.",
            path=("after",),
            remedy="Give the cursor of an earlier answer of the same installation, or none to begin now.",
        )
    found: list[FeedEvent] = []
    position = after
    while position < head and len(found) < limit:
        last = min(position + _CHUNK, head)
        for entry in await _visible(subject, backend, range(position + 1, last + 1)):
            if entry.type in (types or TYPES):
                found.append(entry)
                if len(found) == limit:
                    return Page(found, entry.position, entry.position < head)
        position = last
        if position - after >= _LOOK:
            break
    return Page(found, position, position < head)


async def place(backend: Backend) -> int:
    """Gives a position to all that has none yet. Returns the last one."""
    while True:
        (stands,) = await backend.store.read("feed_position")
        if not stands["waiting"]:
            return int(stands["position"])
        rows = await backend.store.read("feed_unplaced", limit=_BATCH)
        entries = [_entry(row, number) for number, row in enumerate(rows, int(stands["position"]) + 1)]
        if not entries:
            return int(stands["position"])
        parameters = {
            "operation": backend.new_id(),
            "position": stands["position"],
            "last": stands["position"] + len(entries),
            "entries": entries,
        }
        try:
            await backend.store.write([Step("feed_place", parameters, len(entries))])
        except Unmet:
            continue  # Another one gave them theirs.


async def position_at(backend: Backend, since: str) -> int:
    """The position behind which lies all that was recorded since an instant, or since the begin of a day. Raises
    ``Invalid`` for neither."""
    earliest = format_instant(parse_instant(beginning(since)) - _PLACED_WITHIN)
    low, high = 0, await place(backend)
    while low < high:
        middle = (low + high + 1) // 2
        (row,) = await backend.store.read("feed_entries", ids=[_id(middle)])
        low, high = (middle, high) if row["entry"]["at"] < earliest else (low, middle - 1)
    return low


def check_types(types: Sequence[str]) -> None:
    """Raises ``Invalid`` for one that is not of ``TYPES``."""
    for at, each in enumerate(types):
        if each not in TYPES:
            raise Invalid(
                "feed.type",
                "'{type}' is no type of event.",
                path=("types", str(at)),
                remedy="Use one of: {known}.",
                type=each[:60],
                known=", ".join(TYPES),
            )


def cursor(position: int) -> str:
    """A position as integrators are given it, to go on from."""
    return f"feed:{position}"


def position_of(cursor: str) -> int:
    """Raises ``Invalid`` for what is no cursor."""
    kind, _, number = cursor.strip().partition(":")
    if kind != "feed" or not number.isascii() or not number.isdecimal() or len(number) > _DIGITS:
        raise Invalid(
            "feed.cursor",
            "This is no cursor of the feed.",
            path=("after",),
            remedy="Give a cursor that the feed or an event gave, or none to begin now.",
        )
    return int(number)


def _id(position: int) -> str:
    return f"feed.{position:0{_DIGITS}}"


def _entry(row: Row, position: int) -> dict[str, Any]:
    roster = row["aggregate"] == "roster"
    properties = {
        "position": position,
        "at": row["at"],
        "kind": row["kind"],
        "aggregate": row["aggregate"],
        "handoff": None if roster else step_after(row["data"]).get("id"),
    }
    return {"id": _id(position), "event": row["id"], "properties": properties}


async def _visible(subject: Subject, backend: Backend, positions: range) -> list[FeedEvent]:
    """Those of these positions that the subject may see."""
    rows = await backend.store.read("feed_entries", ids=[_id(each) for each in positions])
    entries = [row["entry"] for row in rows]
    referrals = sorted({each["aggregate"] for each in entries} - {"roster"})
    ways = {row["id"]: row for row in await backend.store.read("feed_ways", referrals=referrals)} if referrals else {}
    return [each for entry in entries for each in _seen(subject, entry, ways)]


def _seen(subject: Subject, entry: Mapping[str, Any], ways: Mapping[str, Row]) -> Sequence[FeedEvent]:
    """The entry as it is told, or nothing."""
    told = {"position": entry["position"], "at": entry["at"]}
    if entry["aggregate"] == "roster":
        return [FeedEvent(type=ROSTER, **told)]
    way = ways.get(entry["aggregate"])
    if way is None:
        return []
    steps = in_order(way["steps"])
    if not may_act_for(subject, way["sender"]):
        receivers = [(step["receiver"], step["reason"] == "referred-onward") for step in steps]
        seen = {step["id"] for step in steps[: steps_seen(subject, way["sender"], receivers)]}
        own = {step["id"] for step in steps if sides(subject, way["sender"], step["receiver"])}
        if not sees_event(entry["kind"], entry["handoff"], seen, own):
            return []
    desk = next((step["contact_point"] for step in steps if step["id"] == entry["handoff"]), None)
    sent = entry["kind"] == "referral-sent"
    type = SENT if sent else MOVED if entry["handoff"] else REFERRAL
    return [FeedEvent(type=type, referral=entry["aggregate"], handoff=entry["handoff"], contact_point=desk, **told)]
