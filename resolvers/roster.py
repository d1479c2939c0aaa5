"""Importing and exporting the roster: all of it is checked first, then all of it is applied in one write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relaypoint.domain.errors import Conflict
from relaypoint.domain.languages import unwritten
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.texts import Text
from relaypoint.graph import Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Columns, roster_at
from relaypoint.resolvers.open_work import left_behind
from relaypoint.resolvers.roster_against import against_store
from relaypoint.resolvers.roster_check import RosterError, check
from relaypoint.resolvers.roster_write import Change, differing, roster_steps
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.resolvers.writing import write_once


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

    @property
    def warnings(self) -> list[Text]:
        """What is taken as it is, and does not do what was wanted."""
        cells = ((each, name) for each in self.changes for name in each.columns or each.after)
        found = (unwritten(each.sheet, each.id, name, each.after[name]) for each, name in cells)
        return [text for text in found if text is not None]


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
    changes = differing(present, checked.rows, backend.now()[:10])
    errors, unmanned = await left_behind(backend, tables, present, changes)
    if errors:
        return Import(errors, [], False)
    total = sum(len(rows) for rows in checked.rows.values())
    left = {
        sheet: count
        for sheet in dict.fromkeys(table.sheet for table in tables)
        if (count := len(present.rows[sheet].keys() - {row.id for row in checked.rows[sheet]}))
    }
    if dry_run or not changes:
        return Import([], changes, False, total, left)
    # First the lock on what must not have been given work meanwhile.
    steps = [*unmanned, *await roster_steps(subject, backend, present, changes)]
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
    return {sheet: [dict(known.rows[sheet][id]) for id in sorted(known.rows[sheet])] for sheet in SHEETS}
