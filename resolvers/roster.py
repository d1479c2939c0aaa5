"""Importing and exporting the roster: all of it is checked first, then all of it is applied in one write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.errors import Conflict
from relaypoint.domain.gaps_roster import grouped
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.roster import SHEETS, Sheet
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Columns, Known, comparable, roster_at
from relaypoint.resolvers.roster_against import against_store
from relaypoint.resolvers.roster_check import RosterError, check
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.resolvers.writing import write_once


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs. ``kind`` is added, changed, ended or reopened; ``before`` is None for an added one."""

    sheet: str
    id: str
    kind: str
    before: Mapping[str, Any] | None
    after: Columns

    @property
    def columns(self) -> tuple[str, ...]:
        """Which columns differ."""
        if self.before is None:
            return ()
        return tuple(name for name in self.after if self.before.get(name) != self.after[name])


@dataclass(frozen=True, slots=True)
class Import:
    """``applied`` is False for a dry run, where there were errors, and where nothing differed.

    ``rows`` counts those of the files; ``left`` counts, by sheet of the files, the stored rows that no file holds.
    """

    errors: list[RosterError]
    changes: list[Change]
    applied: bool
    rows: int = 0
    left: Mapping[str, int] = field(default_factory=dict)


@permitted(Action.CHANGE_ROSTER)
async def import_roster(
    subject: Subject,
    backend: Backend,
    tables: Sequence[RawTable],
    *,
    dry_run: bool = False,
) -> Import:
    """Checks the tables against the store, then applies what differs as one atomic write.

    Rows that the tables leave out stay as they are; a row ends by its ``until``. With any error nothing is applied.
    Raises ``Conflict`` where the roster was changed by somebody else meanwhile.
    """
    present = await backend.memory.roster(backend.store)
    checked = check(tables, present.rows)
    errors = checked.errors or against_store(tables, checked.rows, present.rows)
    if errors:
        return Import(errors, [], False)
    changes = []
    for sheet, rows in checked.rows.items():
        for row in rows:
            after = comparable(SHEETS[sheet], row.model_dump(mode="json"))
            before = present.rows[sheet].get(row.id)
            if before != after:
                changes.append(Change(sheet, row.id, _kind(before, after, backend.now()[:10]), before, after))
    total = sum(len(rows) for rows in checked.rows.values())
    left = {
        sheet: count
        for sheet in dict.fromkeys(table.sheet for table in tables)
        if (count := len(present.rows[sheet].keys() - {row.id for row in checked.rows[sheet]}))
    }
    if dry_run or not changes:
        return Import([], changes, False, total, left)
    steps = await _steps(subject, backend, present, changes)
    try:
        # As one operation: where the answer to a commit is lost, the retry finds that it was done.
        await write_once(backend, backend.new_id(), steps, request={}, result={})
    except Unmet:
        raise Conflict(
            "roster.changed",
            "The roster was changed by somebody else while yours was being applied; nothing of yours was.",
            remedy="Run the import again; it starts from the present roster.",
        ) from None
    return Import([], changes, True, total, left)


@permitted(Action.EXPORT_ROSTER)
async def export_roster(subject: Subject, backend: Backend, *, as_of: str | None = None) -> dict[str, list[Columns]]:
    """Every sheet with its rows by id, in the columns of the roster format; ``as_of`` a day or an instant, as they
    were on record then.

    Raises ``Conflict`` where others change it all the time, ``Invalid`` for a moment that is none.
    """
    known = await roster_at(backend, as_of)
    return {sheet: [dict(of[id]) for id in sorted(of)] for sheet, of in known.rows.items()}


def _kind(before: Mapping[str, Any] | None, after: Columns, day: str) -> str:
    if before is None:
        return "added"
    if before["until"] and before["until"] <= day and not (after["until"] and after["until"] <= day):
        return "reopened"
    return "ended" if after["until"] and not before["until"] else "changed"


async def _steps(subject: Subject, backend: Backend, present: Known, changes: Sequence[Change]) -> list[Step]:
    root = present.root
    events = _events(subject, backend, root, changes)
    lock = {
        "operation": backend.new_id(),
        "version": root["version"],
        "previous": root["head"] or "",
        "length": events[-1].sequence,
        "head": events[-1].hash,
    }
    by_sheet = {name: [change for change in changes if change.sheet == name] for name in SHEETS}
    steps = [Step("roster_lock", lock)]
    for name, changed in by_sheet.items():
        if changed:
            rows = [_node(SHEETS[name], change) for change in changed]
            steps.append(Step(f"{name}_put", {"rows": rows}, len(rows)))
    for name, changed in by_sheet.items():
        again = [change.id for change in changed if change.before is not None]
        if again:
            steps.append(Step(f"{name}_unlink", {"ids": again}, None))
        for column in SHEETS[name].references:
            pairs = [{"id": change.id, "to": to} for change in changed for to in _targets(change.after[column])]
            if pairs:
                steps.append(Step(f"{name}_link_{column}", {"pairs": pairs}, len(pairs)))
    touched = await _touched(backend, present, changes)
    if touched:
        steps.append(Step("contact_points_touch", {"ids": touched}, len(touched)))
    steps.append(Step("roster_record", {"events": [event.properties() for event in events]}, len(events)))
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
            data={"sheet": change.sheet, "id": change.id, "before": change.before, "after": change.after},
        )
        events.append(event)
        length, head = event.sequence, event.hash
    return events
