"""What the records of a referral or of the roster say that the store has to hold now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from relaypoint.domain.chain import Event, canonical
from relaypoint.domain.handoffs import STATE, TERMS


def handoffs_by_events(events: Iterable[Event]) -> dict[str, Mapping[str, Any]]:
    """The handoffs of a referral by id, as the last event about each leaves it."""
    found: dict[str, Mapping[str, Any]] = {}
    for event in events:
        handoff = step_after(event.data)
        if "id" in handoff:  # What concerns the referral alone leaves its steps as they are.
            found[handoff["id"]] = handoff
    return found


def concerned(event: Event) -> str | None:
    """The id of the handoff that an event of a referral is about; None: of the referral alone."""
    return step_after(event.data).get("id")


def step_after(data: str) -> Mapping[str, Any]:
    """The handoff as an event leaves it, by the event's ``data``; without ``id`` where it is about none."""
    after = json.loads(data)["after"]
    handoff: Mapping[str, Any] = after.get("handoff", after)
    return handoff


def continued(data: str) -> str | None:
    """The id of the handoff that the one of an event continues, by the event's ``data``."""
    before: str | None = json.loads(data)["after"].get("continues")
    return before


def recorded(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    """What an event holds of a change: how it stands after it, and of before what was otherwise, also what was not
    there. What is empty and may be set at any time is left out: every write copies what lies around it, so records
    stay small. What was agreed is told even where nothing was, for it does not change and is tested as it stands."""
    earlier = before if before is None else _otherwise(before, after)
    if "handoff" in after:
        return {"before": earlier, "after": {**after, "handoff": _said(after["handoff"])}}
    return {"before": earlier, "after": _said(after)}


def _otherwise(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: before.get(name) for name in {*before, *after} if before.get(name) != after.get(name)}


def _said(handoff: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in handoff.items() if value is not None or name not in STATE}


def changed(data: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says anew of a handoff, by the event's ``data``: not what stood so before, nor what is empty."""
    after = data["after"].get("handoff", data["after"])
    before = data.get("before")
    names = after if before is None else before
    return {name: after[name] for name in names if after.get(name) and after[name] != (before or {}).get(name)}


def differing_handoffs(events: Iterable[Event], stored: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the handoffs that are not stored as their events leave them, or that one of the two lacks."""
    told = handoffs_by_events(events)
    held = {str(row["id"]): row for row in stored}
    return sorted(id for id in told.keys() | held.keys() if not _same(told.get(id), held.get(id)))


def differing_rows(events: Iterable[Event], stored: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """``(sheet, id)`` of the rows of the roster that are not stored as the last event about each leaves them."""
    told: dict[tuple[str, str], str] = {}
    for event in events:
        data = json.loads(event.data)
        told[data["sheet"], data["id"]] = _filled(data["after"])
    held = {(sheet, str(row["id"])): _filled(row) for sheet, rows in stored.items() for row in rows}
    return sorted(key for key in told.keys() | held.keys() if told.get(key) != held.get(key))


def _filled(row: Mapping[str, Any]) -> str:
    """What a row holds. A column that is younger than an event is empty in the one and lacks in the other."""
    return canonical({name: value for name, value in row.items() if value not in (None, [])})


def _same(told: Mapping[str, Any] | None, held: Mapping[str, Any] | None) -> bool:
    """What was agreed does not change; an event of an earlier version may not tell of it."""
    if told is None or held is None:
        return told is held
    terms = [name for name in TERMS if name in told]
    return all(told.get(name) == held.get(name) for name in (*STATE, *terms))
