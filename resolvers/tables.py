"""Rosters on disk: a folder of CSV files, or one workbook, read into raw tables and written from rows.

What is wrong inside a file is collected in the tables, so that it is reported with all the rest; only what leaves
nothing to read raises. Nothing here knows what a cell means: that is ``resolvers.roster_check``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from relaypoint.domain.errors import Invalid
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_faults import error, fault, nearest, shown
from relaypoint.resolvers.tables_cells import MAX_FILE_BYTES, MAX_ROWS, RawTable, sheet_named, texts, too_many_rows
from relaypoint.resolvers.tables_csv import read_csv, write_csv

__all__ = ["MAX_FILE_BYTES", "MAX_ROWS", "RawTable", "read_tables", "write_tables"]

_OTHER_SPREADSHEETS = (".xls", ".xlsb", ".xlsm", ".ods", ".numbers")
_OTHER_FILES = (*_OTHER_SPREADSHEETS, ".csv", ".tsv", ".txt", ".pdf", ".json", ".xml", ".html", ".docx", ".zip")


def read_tables(path: Path) -> list[RawTable]:
    """The sheets of a roster in their documented order, those that cannot be named last.

    Raises Invalid if there is no roster at ``path`` or it cannot be read at all, Limit if it is too large.
    """
    try:
        if path.is_dir():
            named = _of_folder(path)
        elif path.suffix.lower() == ".xlsx" and path.is_file():
            from relaypoint.resolvers.tables_xlsx import read_xlsx  # It takes a while to load.

            named = [each for each in read_xlsx(path) if _means_something(*each)]
        else:
            raise _no_roster(path)
    except OSError as problem:
        raise Invalid(
            "roster.unreadable",
            "{where} cannot be read: {detail}.",
            where=shown(path),
            detail=problem.strerror or type(problem).__name__,
            remedy="Check that the file is there and that you may read it.",
        ) from None
    if not any(sheet_named(name) in SHEETS for name, _ in named):
        raise _no_roster(path)
    if sum(len(table.rows) for _, table in named) > MAX_ROWS:
        raise too_many_rows(MAX_ROWS)
    return _placed(named)


def check_target(path: Path, force: bool) -> None:
    """Raises Invalid for a name that no roster has, and, without ``force``, where something is there already."""
    if path.suffix.lower() in _OTHER_FILES and not path.is_dir():
        raise Invalid(
            "roster.target",
            "{where} is no name for a roster.",
            path=("PATH",),
            where=shown(path),
            remedy="Name a folder for CSV files, or a workbook that ends in .xlsx.",
        )
    taken = any(path.iterdir()) if path.is_dir() else path.exists()
    if taken and not force:
        raise Invalid(
            "roster.target-taken",
            "{where} is there already; somebody may have edited it.",
            path=("PATH",),
            where=shown(path),
            remedy="Name another path, or write over it with --force.",
        )


def write_tables(path: Path, sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Writes rows, as columns to values, to a folder or, if ``path`` ends in .xlsx, to a workbook.

    All is written beside its place first and then moved there: a workbook and a new folder appear whole or not at
    all; in a folder that is there already, each file is replaced whole and other files stay. Raises Invalid.
    """
    tables = {name: texts(name, sheets[name]) for name in sorted(sheets, key=_order)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".roster-", dir=path.parent) as stage:
            staged = Path(stage) / (path.name or "roster")
            if path.suffix.lower() == ".xlsx":
                from relaypoint.resolvers.tables_xlsx import write_xlsx  # It takes a while to load.

                write_xlsx(staged, tables)
                os.replace(staged, path)
                return
            staged.mkdir()
            for name, table in tables.items():
                write_csv(staged / f"{name}.csv", table)
            if not path.exists():
                os.replace(staged, path)
                return
            for name in tables:
                os.replace(staged / f"{name}.csv", path / f"{name}.csv")
    except OSError as problem:
        raise Invalid(
            "roster.unwritable",
            "{where} cannot be written: {detail}.",
            where=shown(path),
            detail=problem.strerror or type(problem).__name__,
            remedy="Choose a folder in which you may write.",
        ) from None


def _of_folder(folder: Path) -> list[tuple[str, RawTable]]:
    """CSV files by name; anything else, such as a README, and hidden files are none of ours."""
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".csv" and not each.name.startswith("."))
    return [(each.stem, read_csv(sheet_named(each.stem), each)) for each in files if each.is_file()]


def _means_something(name: str, table: RawTable) -> bool:
    """Workbooks often hold an empty sheet, or one with notes for people."""
    return sheet_named(name) in SHEETS or (bool(table.header) and sheet_named(name) != "readme")


def _placed(named: list[tuple[str, RawTable]]) -> list[RawTable]:
    tables: dict[str, RawTable] = {}
    rest: list[RawTable] = []
    for name, table in named:
        sheet = sheet_named(name)
        if sheet not in SHEETS:
            near = nearest(sheet, SHEETS)
            found = fault("roster.unknown-file", None, name, allowed=", ".join(SHEETS), nearest=near)
        elif sheet in tables:
            found = fault("roster.second-file", None, name, sheet=sheet, first=tables[sheet].file)
        else:
            tables[sheet] = replace(table, sheet=sheet)
            continue
        rest.append(RawTable(sheet, table.file, [], [], errors=(error(found, table.file, None),), whole=False))
    return [*sorted(tables.values(), key=lambda table: _order(table.sheet)), *rest]


def _order(sheet: str) -> int:
    return list(SHEETS).index(sheet) if sheet in SHEETS else len(SHEETS)


def _no_roster(path: Path) -> Invalid:
    near = [each.stem for each in path.glob("*.csv")] if path.is_dir() else [path.stem]
    meant = next((found for name in near if (found := nearest(sheet_named(name), SHEETS))), "")
    if not path.exists():
        return Invalid("roster.not-found", "There is no {where}.", where=shown(path), remedy="Check the path.")
    if path.suffix.lower() in _OTHER_SPREADSHEETS:
        remedy = "Save the workbook as .xlsx."
    elif path.suffix.lower() == ".csv":
        remedy = "Give the folder in which the file is, not the file."
    else:
        remedy = "Give a folder of CSV files or an .xlsx, with sheets named: {sheets}."
    if meant and path.suffix.lower() not in _OTHER_SPREADSHEETS:
        remedy += " Did you mean {meant}?"
    return Invalid(
        "roster.no-roster",
        "{where} is not a roster.",
        where=shown(path),
        sheets=", ".join(SHEETS),
        meant=meant,
        remedy=remedy,
    )
