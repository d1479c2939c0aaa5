"""XLSX workbooks. A workbook is a zip of XML, so it is measured and looked through before anything parses it."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from relaypoint.domain.errors import Invalid, Limit
from relaypoint.domain.roster_faults import RosterError, error, fault, shown
from relaypoint.domain.roster_fields import trimmed
from relaypoint.resolvers.tables_cells import (
    MAX_FILE_BYTES,
    MAX_ROWS,
    RawTable,
    sheet_named,
    still_guarded,
    too_many_rows,
    without_quote,
)

MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
_MAX_PARTS: Final = 2_000
_MAX_COLUMNS: Final = 200
_LAST_ROW: Final = 1_048_576  # of the format itself
_MAX_CELL: Final = 32_767  # characters, of the format itself
#: Entities can blow up a document as it is parsed; no spreadsheet writes a document type.
_DOCTYPES: Final = tuple("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))


def read_xlsx(path: Path) -> list[tuple[str, RawTable]]:
    """The tables of a workbook with the names of their sheets, in its order. Raises Invalid, Limit, OSError."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _too_large(path, MAX_FILE_BYTES)
    try:
        _look_through(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about features of the workbook that hold no cells
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                return [(sheet.title, _table(sheet, f"{path.name}#{sheet.title}")) for sheet in book.worksheets]
            finally:
                book.close()
    except (Invalid, Limit, OSError):
        raise
    except Exception as problem:  # the parsers raise whatever a damaged file makes them stumble over
        raise Invalid(
            "roster.unreadable-workbook",
            "{file} cannot be read as a workbook ({detail}).",
            file=shown(path.name),
            detail=type(problem).__name__,
            remedy="Open it in a spreadsheet, save it anew as .xlsx without a password, and try again.",
        ) from None


def write_xlsx(path: Path, tables: Mapping[str, Sequence[list[str]]]) -> None:
    """Every cell is text, whatever it looks like. Raises Invalid for a text longer than a cell can hold."""
    for text in (text for table in tables.values() for row in table for text in row):
        if len(text) >= _MAX_CELL:  # one is left for a quote
            raise Invalid(
                "roster.long-cell",
                "A text has more than {limit} characters: {value}.",
                limit=_MAX_CELL,
                value=shown(text),
                remedy="Write the roster as a folder of CSV files.",
            )
    book = openpyxl.Workbook(write_only=True)
    for name, table in tables.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "B2"
        for number, row in enumerate(table):
            sheet.append([_text_cell(sheet, text, bold=number == 0) for text in row])
    book.save(path)


def _text_cell(sheet: Any, text: str, *, bold: bool) -> Any:
    if not text:
        return None
    cell = WriteOnlyCell(sheet, value=still_guarded(text))
    cell.data_type = "s"  # else a text that begins with = would become a formula
    cell.number_format = "@"  # and stays text when it is edited
    if bold:
        cell.font = Font(bold=True)
    return cell


def _look_through(path: Path) -> None:
    """Unpacks every part once, which also proves its checksum, and refuses what is too large or has a document type."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS or sum(each.file_size for each in parts) > MAX_UNPACKED_BYTES:
            raise _too_large(path, MAX_UNPACKED_BYTES)
        for part in parts:
            tail = b""
            with archive.open(part) as stream:
                while chunk := stream.read(1 << 20):
                    if any(each in tail + chunk for each in _DOCTYPES):
                        raise ValueError("document type")
                    tail = chunk[-32:]


def _table(sheet: Any, file: str) -> RawTable:
    sheet.reset_dimensions()  # what the file says about its own size may be wrong
    header: list[str] = []
    header_row = 1
    rows: list[tuple[int, list[str]]] = []
    errors: list[RosterError] = []
    blank: object = None
    for number, row in enumerate(sheet.iter_rows(max_col=_MAX_COLUMNS), 1):
        if number > _LAST_ROW or len(rows) > MAX_ROWS:
            raise too_many_rows(MAX_ROWS)
        if row is blank:  # rows that the file leaves out come as one object; there may be a million of them
            continue
        cells = [_text(cell.value) for cell in row]
        for at, cell in enumerate(row):
            if cell.data_type in ("f", "e") and cell.value is not None:
                column = sheet_named(header[at]) if at < len(header) else ""
                message = "roster.formula" if cell.data_type == "f" else "roster.cell-error"
                errors.append(error(fault(message, column or None, cells[at]), file, number))
                cells[at] = ""
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            blank = row
            continue
        if header:
            rows.append((number, cells))
        else:
            header, header_row = cells, number
    return RawTable(sheet.title, file, header, rows, header_row, tuple(errors))


def _text(value: Any) -> str:
    """As a person would read the cell: days as YYYY-MM-DD, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = getattr(value, "text", None) or str(value)  # array formulas are objects that hold their text
    return without_quote(trimmed(re.sub(r"_x000D_\n?", "\n", text)))


def _too_large(path: Path, limit: int) -> Limit:
    return Limit(
        "roster.workbook-too-large",
        "{file} holds more than {limit} MiB.",
        file=shown(path.name),
        limit=limit // 1024 // 1024,
        remedy="Split the roster and import one part at a time.",
    )
