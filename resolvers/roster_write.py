"""What of the roster differs, and the steps that write it with its record: the one way in which it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.policy import Subject
from relaypoint.domain.roster import Sheet
from relaypoint.domain.roster_kept import RECORDED
from relaypoint.domain.roster_row import Row
from relaypoint.domain.rows import Rows, grouped
from relaypoint.graph import Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Columns, Known, comparable


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs. ``kind`` is added, changed, ended or reopened; ``before`` is None for an added one.

    ``noted`` goes into the record beside it, such as why it was done against a rule.
    """

    sheet: str
    id: str
    kind: str
    before: Mapping[str, Any] | None
    after: Columns
    noted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Which columns differ."""
        if self.before is None:
            return ()
        return tuple(name for name in self.after if self.before.get(name) != self.after[name])


def differing(present: Known, rows: Mapping[str, Sequence[Row]], day: str) -> list[Change]:
    """The checked rows that are not stored as they are, by sheet."""
    changes = []
    for sheet, checked in rows.items():
        for row in checked:
            after = comparable(RECORDED[sheet], row.model_dump(mode="json"))
            before = present.rows[sheet].get(row.id)
            if before != after:
                changes.append(Change(sheet, row.id, _kind(before, after, day), before, after))
    return changes


def changed(rows: Rows, changes: Sequence[Change]) -> dict[str, dict[str, Any]]:
    """The rows as the changes leave them."""
    after = {sheet: dict(of) for sheet, of in rows.items()}
    for change in changes:
        after[change.sheet][change.id] = change.after
    return after


def _kind(before: Mapping[str, Any] | None, after: Columns, day: str) -> str:
    if before is None:
        return "added"
    if before["until"] and before["until"] <= day and not (after["until"] and after["until"] <= day):
        return "reopened"
    return "ended" if after["until"] and not before["until"] else "changed"


async def roster_steps(subject: Subject, backend: Backend, present: Known, changes: Sequence[Change]) -> list[Step]:
    """Locks the roster as it is ``present``, applies the changes and records them."""
    root = present.root
    events = _events(subject, backend, root, changes)
    lock = {
        "operation": backend.new_id(),
        "version": root["version"],
        "previous": root["head"] or "",
        "length": events[-1].sequence,
        "head": events[-1].hash,
    }
    by_sheet = {name: [change for change in changes if change.sheet == name] for name in RECORDED}
    steps = [Step("roster_lock", lock)]
    for name, differs in by_sheet.items():
        if differs:
            rows = [_node(RECORDED[name], change) for change in differs]
            steps.append(Step(f"{name}_put", {"rows": rows}, len(rows)))
    for name, differs in by_sheet.items():
        again = [change.id for change in differs if change.before is not None]
        if again and RECORDED[name].references:
            steps.append(Step(f"{name}_unlink", {"ids": again}, None))
        for column in RECORDED[name].references:
            pairs = [{"id": change.id, "to": to} for change in differs for to in _targets(change.after[column])]
            if pairs:
                steps.append(Step(f"{name}_link_{column}", {"pairs": pairs}, len(pairs)))
    touched = await _touched(backend, present, changes)
    if touched:
        steps.append(Step("contact_points_touch", {"ids": touched}, len(touched)))
    steps.append(Step("roster_record", {"events": [event.properties() for event in events]}, len(events)))
    steps.append(Step("feed_new", {"id": events[-1].id}))
    return steps


def _targets(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def _node(sheet: Sheet, change: Change) -> Columns:
    properties = {name: value for name, value in change.after.items() if name not in ("id", *sheet.references)}
    if "version" in properties:  # A guidance's own; the node's counts changes.
        properties["edition"] = properties.pop("version")
    return {"id": change.id, "properties": properties}


async def _touched(backend: Backend, present: Known, changes: Sequence[Change]) -> list[str]:
    """The contact points, not changed themselves, whose channels, holders, services or organization changed."""
    desks: set[str] = set()
    organizations: set[str] = set()
    covering = grouped(present.rows["absences"].values(), "stand_in")

    def desk_of(holder: str) -> str:
        """Of one that was there before; a new holder's desk is touched by the holder's own row."""
        row = present.rows["holders"].get(holder)
        return row["contact_point"] if row else ""

    for change in changes:
        for columns in (change.before, change.after):
            if columns is None:
                continue
            if change.sheet in ("channels", "holders"):
                desks.add(columns["contact_point"])
                if change.sheet == "holders":
                    desks |= {desk_of(absence["holder"]) for absence in covering.get(change.id, ())}
            elif change.sheet == "absences":
                desks.add(desk_of(columns["holder"]))
            elif change.sheet == "services":
                organizations.add(columns["organization"])
        if change.sheet == "organizations":
            organizations.add(change.id)
    if organizations:
        rows = await backend.store.read("contact_points_of", organizations=sorted(organizations))
        desks |= {row["id"] for row in rows}
    desks -= {change.id for change in changes if change.sheet == "contact_points"}
    return sorted(desk for desk in desks if desk in present.rows["contact_points"])


def _events(
    subject: Subject, backend: Backend, root: Mapping[str, Any], changes: Sequence[Change]
) -> list[chain.Event]:
    length, head, now = root["length"] or 0, root["head"] or "", backend.now()
    events = []
    for change in changes:
        event = chain.append(
            "roster",
            length,
            head,
            kind=f"row-{change.kind}",
            at=now,
            actor=subject.name,
            data={
                "sheet": change.sheet,
                "id": change.id,
                "before": change.before,
                "after": change.after,
                **change.noted,
            },
        )
        events.append(event)
        length, head = event.sequence, event.hash
    return events
