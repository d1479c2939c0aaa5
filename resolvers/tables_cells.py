"""The cells that sheets are read into and written from, whatever the file: raw tables, limits, safe text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, Final

from relaypoint.domain.errors import Invalid, Limit
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_faults import RosterError, shown
from relaypoint.domain.roster_fields import UNPRINTABLE, trimmed

MAX_FILE_BYTES: Final = 50 * 1024 * 1024
MAX_ROWS: Final = 200_000

#: What a spreadsheet would take for a formula, behind any number of quotes.
_FORMULA: Final = re.compile(r"'*[=+\-@\t]")
_QUOTED_FORMULA: Final = re.compile(r"'+[=+\-@\t]")


@dataclass(frozen=True)
class RawTable:
    """A sheet as it stands in its file.

    ``file`` is the file's name, for a workbook with ``#`` and the sheet's. ``rows`` are ``(row number, cells)``,
    numbered from 1 as an editor or spreadsheet does; blank rows are left out, cells are trimmed. ``header`` is as
    written, at ``header_row``; it is empty if the file is. ``errors`` are what went wrong in reading.
    ``whole`` is false if rows may be missing for that.
    """

    sheet: str
    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    header_row: int = 1
    errors: tuple[RosterError, ...] = field(default=())
    whole: bool = True


def too_many_rows(limit: int) -> Limit:
    return Limit(
        "roster.too-many-rows",
        "The roster has more than {limit} rows.",
        limit=limit,
        remedy="Split the roster and import one part at a time.",
    )


def sheet_named(name: str) -> str:
    """``Task forces`` is ``task_forces``: small letters, underscores."""
    return re.sub(r"[\s_-]+", "_", trimmed(name).casefold())


def without_quote(text: str) -> str:
    """Takes off the one quote that guards what looks like a formula; the inverse of ``guarded``."""
    return text[1:] if _QUOTED_FORMULA.match(text) else text


def guarded(text: str) -> str:
    """Safe in a spreadsheet: ``+44`` and ``=1+1`` become ``'+44`` and ``'=1+1``, ``'+44`` becomes ``''+44``."""
    return f"'{text}" if _FORMULA.match(text) else text


def still_guarded(text: str) -> str:
    """For a workbook, whose cells say themselves that they are text: only what reading would unquote is quoted."""
    return f"'{text}" if _QUOTED_FORMULA.match(text) else text


def texts(sheet: str, rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The header and the rows of a sheet as text, its columns in their documented order. Raises Invalid."""
    if sheet not in SHEETS:
        raise Invalid("roster.no-such-sheet", "{sheet} is not a sheet of the roster.", sheet=shown(sheet))
    columns = SHEETS[sheet].columns
    for row in rows:
        for column in row.keys() - set(columns):
            raise Invalid(
                "roster.no-such-column", "{column} is not a column of {sheet}.", column=shown(column), sheet=sheet
            )
    return [list(columns), *([cell(row.get(column)) for column in columns] for row in rows)]


def cell(value: Any) -> str:
    """A value of a row as it is written in a file. Raises Invalid for what no cell can hold."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        if any(";" in str(each) for each in value):
            raise Invalid("roster.separator", "An item of a list holds a semicolon: {value}.", value=shown(value))
        return ";".join(cell(each) for each in value)
    text = trimmed(str(value))
    if UNPRINTABLE.search(text):
        raise Invalid("roster.control-character", "A text holds a control character: {value}.", value=shown(text))
    return text
