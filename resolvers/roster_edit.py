"""A change of one row of the roster, checked as an import of it would be, and carried out once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.errors import Conflict, Invalid
from relaypoint.domain.policy import Subject
from relaypoint.domain.rows import Columns
from relaypoint.graph import Unmet
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.roster_against import against_store
from relaypoint.resolvers.roster_check import check
from relaypoint.resolvers.roster_write import Change, differing, roster_steps
from relaypoint.resolvers.tables_cells import RawTable, texts
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: Others may change the roster in between; then it is looked at anew.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Edit:
    """``row`` decides, on the roster as it is, what the row of ``sheet`` shall hold.

    ``paths`` leads from a column to the input field that it comes from; ``request`` is what a repeat under the same
    ``key`` has to be the same as.
    """

    sheet: str
    row: Callable[[Known], Awaitable[Columns]]
    paths: Mapping[str, Sequence[str]]
    request: Mapping[str, Any]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The row as it is now, and the roster before with what was changed of it; None for a repeat."""

    row: Columns
    before: Known | None = None
    changes: Sequence[Change] = ()


async def carried_out(subject: Subject, backend: Backend, edit: Edit, *, preview: bool = False) -> Edited:
    """Carries the edit out once, as one write with its record; nothing is written where nothing differs.

    Raises what ``edit.row`` raises, ``Invalid`` for a fault of the row, and ``Conflict`` where others change the
    roster all the time.
    """
    operation, day = operation_id(subject, backend, edit.key), backend.now()[:10]
    done = None if preview else await earlier(backend, operation, edit.request)
    if done is not None:
        return Edited(done["row"])
    for _ in range(_TRIES):
        known = await backend.memory.roster(backend.store)
        row = await edit.row(known)
        changes = edited(known, edit.sheet, row, day, edit.paths)
        after = changes[0].after if changes else known.rows[edit.sheet][row["id"]]
        if preview or not changes:
            return Edited(after, known, changes)
        steps = await roster_steps(subject, backend, known, changes)
        try:
            result = await write_once(backend, operation, steps, request=edit.request, result={"row": after})
        except Unmet:
            continue
        return Edited(result["row"], known, changes)
    raise Conflict(
        "roster.busy-edit",
        "The roster was being changed by others all the time; nothing was done.",
        remedy="Try again.",
    )


def edited(
    present: Known, sheet: str, row: Mapping[str, Any], day: str, paths: Mapping[str, Sequence[str]]
) -> list[Change]:
    """The row as a change of the roster; none where it is stored so already.

    ``paths`` leads from a column to the input field that it comes from. Raises ``Invalid`` for the first fault.
    """
    header, cells = texts(sheet, [row])
    tables = [RawTable(sheet, sheet, header, [(1, cells)])]
    found = check(tables, present.rows)
    for error in found.errors or against_store(tables, found.rows, present.rows):
        raise Invalid(
            error.message_id,
            "{problem}",
            path=tuple(paths.get(error.column or "", ("id",))),
            remedy="{mend}",
            problem=error.message,
            mend=error.remedy,
        )
    return differing(present, found.rows, day)
