"""CSV as spreadsheets write it: its encoding, its separator and its line ends are found out, or refused in words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_faults import Fault, RosterError, error, fault
from relaypoint.domain.roster_fields import trimmed
from relaypoint.resolvers.tables_cells import MAX_FILE_BYTES, RawTable, guarded, sheet_named, without_quote

_SEPARATORS: Final = ",;\t"
_NAMED_SEPARATOR: Final = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
_MAX_LINE: Final = 1_000_000
#: Letters of UTF-8 as they look when read as Windows-1252, such as "Ã©": then both are in one file.
_UTF8_IN_CP1252: Final = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|\xe2\x80[\x80-\xbf]")


class _Unreadable(Exception):
    def __init__(self, found: Fault, row: int | None = None) -> None:
        self.found = found
        self.row = row


def read_csv(sheet: str, path: Path) -> RawTable:
    """A table; what cannot be read is in its ``errors``. Raises OSError."""
    header: list[str] = []
    header_row = 1
    rows: list[tuple[int, list[str]]] = []
    errors: tuple[RosterError, ...] = ()
    try:
        for number, cells in _records(_lines(_decoded(_content(path)))):
            if header:
                rows.append((number, cells))
            else:
                header, header_row = cells, number
    except _Unreadable as problem:
        errors = (error(problem.found, path.name, problem.row),)
    return RawTable(sheet, path.name, header, rows, header_row, errors, whole=not errors)


def read_lines(path: Path) -> tuple[list[str], tuple[RosterError, ...]]:
    """The lines of a text, trimmed, without blank ones, and what cannot be read. Raises OSError."""
    try:
        lines = _lines(_decoded(_content(path)))
    except _Unreadable as problem:
        return [], (error(problem.found, path.name, problem.row),)
    return [text for line in lines if (text := trimmed(line))], ()


def write_csv(path: Path, table: Iterable[list[str]]) -> None:
    """UTF-8, commas, LF; what a spreadsheet would take for a formula is guarded by a quote."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([guarded(cell) for cell in row] for row in table)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise _Unreadable(fault("roster.too-large", limit=MAX_FILE_BYTES // 1024 // 1024))
    return content


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:
            raise _Unreadable(fault("roster.encoding")) from None
    else:
        text = _eight_bit(content)
    at = text.find("\0")
    if at >= 0:
        raise _Unreadable(fault("roster.binary"), _line_of(text[:at]))
    return text


def _eight_bit(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        row = _line_of(content[: problem.start].decode("latin-1"))
    if b"\0" in content:
        raise _Unreadable(fault("roster.binary"), _line_of(content[: content.index(b"\0")].decode("latin-1")))
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as problem:
        row = _line_of(content[: problem.start].decode("latin-1"))
        raise _Unreadable(fault("roster.encoding"), row) from None
    if content.startswith(b"\xef\xbb\xbf") or _UTF8_IN_CP1252.search(content):
        raise _Unreadable(fault("roster.encoding"), row)
    return text


def _line_of(before: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", before)) + 1


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > _MAX_LINE:
            raise _Unreadable(fault("roster.long-line", limit=_MAX_LINE), number)
    return lines


def _records(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Records that hold something, with the line on which each begins."""
    separator, start = _separator(lines)
    reader = csv.reader(
        (f"{line}\n" for line in lines[start:]), delimiter=separator, strict=True, skipinitialspace=True
    )
    begin = start + 1
    try:
        for cells in reader:
            cells = [without_quote(trimmed(cell)) for cell in cells]
            if any(cells):
                yield begin, cells
            begin = start + reader.line_num + 1
    except csv.Error as problem:
        raise _Unreadable(fault("roster.bad-csv", detail=problem), begin) from None


def _separator(lines: list[str]) -> tuple[str, int]:
    """The separator that gives the header the most known columns, and how many lines stand before the records.

    A first line ``sep=;``, which some spreadsheets write, is heeded.
    """
    for number, line in enumerate(lines):
        plain = trimmed(line)
        if named := _NAMED_SEPARATOR.fullmatch(line):
            return named[1], number + 1
        if plain.strip(_SEPARATORS):
            return max(_SEPARATORS, key=lambda each: (_known(plain, each), plain.count(each), each == ",")), 0
    return ",", 0


def _known(line: str, separator: str) -> int:
    columns = {column for sheet in SHEETS.values() for column in sheet.columns}
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    except csv.Error:
        return 0
    return sum(sheet_named(cell) in columns for cell in cells)
