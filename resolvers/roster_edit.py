"""A change of one row of the roster, checked as an import of it would be, and carried out once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from relaypoint.domain.errors import Conflict, Invalid, Problem
from relaypoint.domain.policy import Subject
from relaypoint.domain.roster_fields import trimmed
from relaypoint.domain.roster_kept import RECORDED
from relaypoint.domain.rows import Columns
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.open_work import left_behind
from relaypoint.resolvers.roster_against import against_store
from relaypoint.resolvers.roster_check import RosterError, check
from relaypoint.resolvers.roster_write import Change, differing, roster_steps
from relaypoint.resolvers.tables_cells import RawTable, texts
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: Others may change the roster in between; then it is looked at anew.
_TRIES: Final = 5


#: Decides, on the roster as it is, what changes in it, and what the answer to the request is (JSON).
Decide = Callable[[Known], Awaitable[tuple[Sequence[Change], Mapping[str, Any]]]]


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


@dataclass(frozen=True, slots=True)
class Done:
    """``answer`` is that of ``Decide``, or the first one's for a repeat; then ``before`` is None."""

    answer: Mapping[str, Any]
    before: Known | None = None
    changes: Sequence[Change] = ()


async def carried_out(subject: Subject, backend: Backend, edit: Edit, *, preview: bool = False) -> Edited:
    """Carries the edit out once, as one write with its record; nothing is written where nothing differs.

    Raises what ``edit.row`` raises, ``Invalid`` for a fault of the row, and ``Conflict`` where others change the
    roster all the time.
    """
    day = backend.now()[:10]

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        row = await edit.row(known)
        changes = edited(known, edit.sheet, row, day, edit.paths)
        after = changes[0].after if changes else known.rows[edit.sheet][row["id"]]
        return changes, {"row": after}

    done = await decided(subject, backend, decide, edit.request, edit.key, preview=preview)
    return Edited(done.answer["row"], done.before, done.changes)


async def decided(
    subject: Subject,
    backend: Backend,
    decide: Decide,
    request: Mapping[str, Any],
    key: str | None = None,
    *,
    preview: bool = False,
    held: Callable[[Known, Sequence[Change]], Awaitable[Sequence[Step]]] | None = None,
) -> Done:
    """Writes what ``decide`` decides, once, with its record; anew where the roster was changed in between.

    ``held`` gives the locks that have to hold for it. Raises what both raise, and ``Conflict`` where others change the
    roster all the time.
    """
    operation = operation_id(subject, backend, key)
    earlier_answer = None if preview else await earlier(backend, operation, request)
    if earlier_answer is not None:
        return Done(earlier_answer)
    for _ in range(_TRIES):
        known = await backend.memory.roster(backend.store)
        try:
            changes, answer = await decide(known)
            locks = list(await held(known, changes)) if held else []
        except Problem:
            # What stands against it may be what the same request has done in between.
            again = None if preview else await earlier(backend, operation, request)
            if again is None:
                raise
            return Done(again)
        if preview or not changes:
            return Done(answer, known, changes)
        steps = [*locks, *await roster_steps(subject, backend, known, changes)]
        mine = {**answer, "write": backend.new_id()}
        try:
            result = await write_once(backend, operation, steps, request=request, result=mine)
        except Unmet:
            continue
        # Somebody else may have carried out the same request in between: then nothing of this one was written.
        return Done(result, known, changes) if result["write"] == mine["write"] else Done(result)
    raise Conflict(
        "roster.busy-edit",
        "The roster was being changed by others all the time; nothing was done.",
        remedy="Try again.",
    )


def kept(present: Known, sheet: str, rows: Sequence[Mapping[str, Any]], day: str) -> list[Change]:
    """Rows of a sheet that no file holds, as changes of the record."""
    model = RECORDED[sheet].model
    return differing(present, {sheet: [model.model_validate(row) for row in rows]}, day)


def edited(
    present: Known, sheet: str, row: Mapping[str, Any], day: str, paths: Mapping[str, Sequence[str]]
) -> list[Change]:
    """The row as a change of the roster; none where it is stored so already.

    ``paths`` leads from a column to the input field that it comes from. Raises ``Invalid`` for the first fault.
    """
    return edited_all(present, sheet, [row], day, paths)


def edited_all(
    present: Known,
    sheet: str,
    rows: Sequence[Mapping[str, Any]],
    day: str,
    paths: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Change]:
    """The same for several rows of a sheet."""
    if not rows:
        return []
    for row in rows:
        if trimmed(str(row["id"])) != row["id"]:  # Else it would come to be another row's.
            raise Invalid(
                "roster.hidden", "An id holds characters that can't be seen.", path=("id",), remedy="Type it."
            )
    tables = [_table(sheet, *rows)]
    found = check(tables, present.rows)
    _raised(found.errors or against_store(tables, found.rows, present.rows), paths)
    return differing(present, found.rows, day)


async def held(
    backend: Backend, present: Known, sheet: str, changes: Sequence[Change], paths: Mapping[str, Sequence[str]]
) -> list[Step]:
    """The locks on what the changes leave without anybody. Raises ``Invalid`` where open work lies there."""
    rows = [change.after for change in changes if change.sheet == sheet]
    tables = [_table(sheet, *rows)] if rows else []
    errors, locks = await left_behind(backend, tables, present, [each for each in changes if each.sheet == sheet])
    _raised(errors, paths)
    return locks


def _table(sheet: str, *rows: Mapping[str, Any]) -> RawTable:
    header, *cells = texts(sheet, rows)
    return RawTable(sheet, sheet, header, list(enumerate(cells, 1)))


def _raised(errors: Sequence[RosterError], paths: Mapping[str, Sequence[str]]) -> None:
    for error in errors:
        raise Invalid(
            error.message_id,
            "{problem}",
            path=tuple(paths.get(error.column or "", ("id",))),
            remedy="{mend}",
            problem=error.message,
            mend=error.remedy,
        )
