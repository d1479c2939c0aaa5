"""Proposed changes as they stand: what differs, whether the entry was changed since, and who decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from relaypoint.domain.membership import full_members
from relaypoint.domain.ownership import deciders
from relaypoint.domain.policy import Action, Kind, Subject, one_of
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.words import ProposalState
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import rows_on
from relaypoint.resolvers.tables_cells import cell


@dataclass(frozen=True, slots=True)
class Differs:
    """One column: what it held, and what it shall hold, as the cells of a sheet."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """``row`` are its columns in the record. ``stale``: the entry was changed since; ``deciders`` are organizations."""

    row: Columns
    changes: Sequence[Differs]
    stale: bool
    may_decide: bool
    deciders: Sequence[str]


@permitted(Action.SEE_PROPOSALS)
async def proposals(subject: Subject, backend: Backend, *, past: bool = False) -> list[Proposal]:
    """Those that the subject made or decides on, the oldest first; ``past``: also those that were decided."""
    rows, day = await rows_on(backend)
    found = [row for row in rows["proposals"].values() if past or row["state"] == ProposalState.OPEN]
    return [
        _shown(subject, rows, row, day)
        for row in sorted(found, key=lambda row: (row["since"], row["id"]))
        if may_see(subject, rows, row, day)
    ]


async def proposal(subject: Subject, backend: Backend, id: str) -> Proposal:
    rows, day = await rows_on(backend)
    return _shown(subject, rows, rows["proposals"][id], day)


def _shown(subject: Subject, rows: Rows, row: Columns, day: str) -> Proposal:
    was = json.loads(row["was"]) or {}
    is_open = row["state"] == ProposalState.OPEN
    return Proposal(
        row=row,
        changes=[
            Differs(name, was.get(name, ""), value)
            for name, value in json.loads(row["columns"]).items()
            if was.get(name, "") != value
        ],
        stale=is_open and stale(rows, row),
        may_decide=is_open and may_decide(subject, rows, row, day),
        deciders=deciders_of(rows, row, day),
    )


def stale(rows: Rows, row: Columns) -> bool:
    """Whether the entry no longer holds what it held when the change was proposed."""
    was, now = json.loads(row["was"]), rows[row["on_sheet"]].get(row["row"])
    if was is None or now is None:
        return (was is None) != (now is None)
    return any(cell(now.get(name)) != value for name, value in was.items())


def deciders_of(rows: Rows, row: Columns, day: str) -> list[str]:
    sheet = row["on_sheet"]
    now = rows[sheet].get(row["row"])
    after = dict.fromkeys(SHEETS[sheet].columns) | {"id": row["row"]} | dict(now or {})
    if now is None:  # A new entry: whose it would be, it says itself.
        after |= {name: value or None for name, value in json.loads(row["columns"]).items()}
    found = deciders(rows, day, sheet, after)
    # What a holder corrected through a link, the organization itself decides on; what it proposes itself, it does not.
    return sorted(found if row["request"] else found - {row["organization"]})


def may_see(subject: Subject, rows: Rows, row: Columns, day: str) -> bool:
    if one_of(subject, {row["organization"], *deciders_of(rows, row, day)}):
        return True
    # Whoever is in the task force may vouch for a newcomer.
    force = json.loads(row["columns"]).get("task_force") if row["on_sheet"] == "memberships" else None
    return force is not None and one_of(subject, full_members(rows, force, day))


def may_decide(subject: Subject, rows: Rows, row: Columns, day: str) -> bool:
    if subject.organization is None:
        return subject.kind is Kind.OPERATOR and (row["organization"] is not None or row["request"] is not None)
    return subject.organization in deciders_of(rows, row, day)
