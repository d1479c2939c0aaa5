"""A change of one row of the roster, checked as an import of it would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relaypoint.domain.errors import Invalid
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.roster_against import against_store
from relaypoint.resolvers.roster_check import check
from relaypoint.resolvers.roster_write import Change, differing
from relaypoint.resolvers.tables_cells import RawTable, texts


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
