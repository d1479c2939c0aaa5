"""A list of names as it was published: one a line, or a table with a column for the names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from relaypoint.domain.errors import Invalid, Limit
from relaypoint.domain.roster_faults import RosterError, shown
from relaypoint.resolvers.tables_cells import RawTable, sheet_named
from relaypoint.resolvers.tables_csv import read_csv, read_lines

#: How many names a list may have.
MOST_NAMES: Final = 20_000

#: What the column of the names is called.
_COLUMNS: Final = ("name", "organization", "organisation", "official_name", "body")


def check_length(names: Sequence[str], field: str) -> None:
    """Raises ``Limit`` for more than ``MOST_NAMES``; ``field`` is where they were given."""
    if len(names) > MOST_NAMES:
        raise Limit(
            "list.too-long",
            "The list has {count} names; {most} is the most.",
            path=(field,),
            count=len(names),
            most=MOST_NAMES,
            remedy="Split it.",
        )


def is_list(path: Path) -> bool:
    """Whether a path is a list of names rather than a roster: a text, or a single CSV file."""
    return path.is_file() and path.suffix.lower() in (".txt", ".csv")


def read_list(path: Path) -> list[str]:
    """The names in their order. Raises ``Invalid`` where there is no list, or none of its columns holds names."""
    try:
        names = _names(path)
    except OSError as problem:
        raise Invalid(
            "list.unreadable",
            "{where} cannot be read: {detail}.",
            path=("LIST",),
            where=shown(path),
            detail=problem.strerror or type(problem).__name__,
            remedy="Give a text with one name a line, or a CSV or XLSX with a column 'name'.",
        ) from None
    check_length(names, "LIST")
    return names


def _names(path: Path) -> list[str]:
    if path.suffix.lower() == ".xlsx":
        from relaypoint.resolvers.tables_xlsx import read_xlsx  # It takes a while to load.

        tables = [table for _, table in read_xlsx(path) if table.header]
        return _column(path, next((table for table in tables if _at(table) is not None), tables[0] if tables else None))
    if path.suffix.lower() == ".csv":
        return _column(path, read_csv("organizations", path))
    lines, errors = read_lines(path)
    _refuse(path, errors)
    return lines


def _column(path: Path, table: RawTable | None) -> list[str]:
    _refuse(path, table.errors if table else ())
    at = _at(table) if table else None
    if table is None or at is None:
        raise Invalid(
            "list.no-names",
            "{where} has no column for the names.",
            path=("LIST",),
            where=shown(path),
            remedy="Call the column 'name'.",
        )
    return [cells[at] for _, cells in table.rows if at < len(cells) and cells[at]]


def _at(table: RawTable) -> int | None:
    header = [sheet_named(cell) for cell in table.header]
    return next((header.index(name) for name in _COLUMNS if name in header), None)


def _refuse(path: Path, errors: tuple[RosterError, ...]) -> None:
    for found in errors:
        raise Invalid(
            "list.broken",
            "{where}: {told}",
            path=("LIST",),
            where=shown(path),
            told=found.message,
            remedy="{how}",
            how=found.remedy,
        )
