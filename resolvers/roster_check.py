"""Raw tables to checked rows, or everything that is wrong with them, each with file, row, column, value and remedy.

Rows are judged by themselves first (``domain.roster_reading``), then together: ids, references, and what
``domain.roster_rules`` asks.
One mistake is told once: a faulty row still counts where others refer to it, and where rows of a sheet may be missing,
references to that sheet are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.roster import SHEETS, Sheet
from relaypoint.domain.roster_faults import Fault, RosterError, error, fault, nearest
from relaypoint.domain.roster_reading import read_row
from relaypoint.domain.roster_row import Row
from relaypoint.domain.roster_rules import Numbered, together
from relaypoint.resolvers.tables_cells import RawTable, cell, sheet_named

__all__ = ["CheckedRoster", "RosterError", "check"]

#: Looking for the nearest id costs time in a large roster; this many times a check is plenty.
_MAX_HINTS: Final = 200


@dataclass(frozen=True)
class CheckedRoster:
    """``rows`` has every sheet in import order, with its rows without a fault: all of them if there are no errors."""

    rows: dict[str, list[Row]]
    errors: list[RosterError]


#: By sheet and id, the columns of the rows that the store has.
Stored = Mapping[str, Mapping[str, Mapping[str, Any]]]


def check(tables: Iterable[RawTable], stored: Stored) -> CheckedRoster:
    """Errors come by sheet, row and column. A column that a file leaves out stays as it is in stored rows."""
    work = _Check(stored)
    for table in sorted(tables, key=lambda table: _order(table.sheet)):
        work.read(table)
    work.refer()
    for sheet, number, found in together(work.values):
        work.tell(sheet, number, found)
    return work.result()


class _Check:
    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.files: dict[str, str] = {}
        self.rows: dict[str, dict[int, Row]] = {sheet: {} for sheet in SHEETS}
        self.values: dict[str, list[Numbered]] = {sheet: [] for sheet in SHEETS}
        #: every id in the files, well formed or not, with the row that has it first
        self.ids: dict[str, dict[str, int]] = {sheet: {} for sheet in SHEETS}
        self.by_id: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.incomplete: set[str] = set()
        #: cells that reading found wrong; row None: the whole column
        self.told: set[tuple[str, int | None, str]] = set()
        self.errors: list[tuple[int, int, int, RosterError]] = []

    def tell(self, sheet: str, number: int | None, found: Fault) -> None:
        if found.column and {(sheet, number, found.column), (sheet, None, found.column)} & self.told:
            return
        self._add(sheet, error(found, self.files[sheet], number))
        if number is not None:
            self.rows[sheet].pop(number, None)

    def result(self) -> CheckedRoster:
        self.errors.sort(key=lambda each: each[:3])
        rows = {sheet: list(numbered.values()) for sheet, numbered in self.rows.items()}
        return CheckedRoster(rows, [each[3] for each in self.errors])

    def _add(self, sheet: str, found: RosterError) -> None:
        columns = SHEETS[sheet].columns if sheet in SHEETS else ()
        column = columns.index(found.column) if found.column in columns else -1
        self.errors.append((_order(sheet), found.row or 0, column, found))

    # a table by itself

    def read(self, table: RawTable) -> None:
        for found in table.errors:
            self._add(table.sheet, found)
            if found.column:
                self.told.add((table.sheet, found.row, found.column))
        if table.sheet not in SHEETS and not table.errors:
            near = nearest(table.sheet, SHEETS)
            unknown = fault("roster.unknown-file", None, table.file, allowed=", ".join(SHEETS), nearest=near)
            self._add(table.sheet, error(unknown, table.file, None))
        if not table.whole:
            self.incomplete.add(table.sheet if table.sheet in SHEETS else nearest(table.sheet, SHEETS))
        if table.sheet not in SHEETS or not table.header:
            return
        sheet = SHEETS[table.sheet]
        self.files[sheet.name] = table.file
        columns = self._columns(sheet, table)
        for number, cells in table.rows:
            self._row(sheet, number, cells, columns)

    def _columns(self, sheet: Sheet, table: RawTable) -> list[str | None]:
        """For each column of the file the sheet's, or None; tells what is wrong with the header."""
        columns: list[str | None] = []
        guesses: set[str] = set()
        for at, written in enumerate(table.header):
            name = sheet_named(written)
            columns.append(name if name in sheet.columns and name not in columns else None)
            if name in columns[:at]:
                self.tell(sheet.name, table.header_row, fault("roster.second-column", name, written))
            elif name and name not in sheet.columns:
                near = nearest(name, sheet.columns)
                guesses.add(near)
                allowed = ", ".join(sheet.columns)
                found = fault(
                    "roster.unknown-column", written, written, sheet=sheet.name, allowed=allowed, nearest=near
                )
                self.tell(sheet.name, table.header_row, found)
            elif not name:
                for number, cells in table.rows:
                    if at < len(cells) and cells[at]:
                        self.tell(sheet.name, number, fault("roster.unnamed-column", None, cells[at]))
                        break
        for missing in (each for each in sheet.required if each not in columns):
            if missing not in guesses:  # else a misspelt header would be told twice
                found = fault("roster.missing-column", missing, "", sheet=sheet.name)
                self.tell(sheet.name, table.header_row, found)
            self.told.add((sheet.name, None, missing))
            if missing == "id":
                self.incomplete.add(sheet.name)
        return columns

    def _row(self, sheet: Sheet, number: int, written: list[str], columns: list[str | None]) -> None:
        cells = {column: cell for column, cell in zip(columns, written, strict=False) if column}
        cells = {**self._left_out(sheet, cells, columns), **cells}
        row, values, faults = read_row(sheet.model, cells, self._region(cells) if sheet.name == "channels" else None)
        self.values[sheet.name].append(Numbered(number, values))
        if row:
            self.rows[sheet.name][number] = row
        for found in faults:
            self.tell(sheet.name, number, found)
        if surplus := [cell for cell in written[len(columns) :] if cell]:
            self.tell(sheet.name, number, fault("roster.too-many-cells", None, surplus[0]))
        if name := values.get("id") or cells.get("id", ""):
            first = self.ids[sheet.name].setdefault(name, number)
            if first != number:
                self.tell(sheet.name, number, fault("roster.duplicate-id", "id", name, first=first))

    def _left_out(self, sheet: Sheet, cells: Mapping[str, str], columns: list[str | None]) -> dict[str, str]:
        """The cells of the columns that the file lacks, as they are stored: no column, no change."""
        stored = self.stored.get(sheet.name, {}).get(cells.get("id", ""))
        missing = [name for name in sheet.columns if name not in columns]
        if not stored or not missing:
            return {}
        return {name: cell(stored.get(name)) for name in missing}

    def _region(self, cells: Mapping[str, str]) -> str | None:
        """The one country of the channel's contact point, by its places, else by its organization's."""
        values = self._row_of("contact_points", cells.get("contact_point"))
        seen: set[str] = set()
        while values:
            countries = {place[:2] for place in values.get("jurisdictions") or ()}
            if countries:
                return countries.pop() if len(countries) == 1 else None
            above = values.get("organization") or values.get("part_of")
            if not above or above in seen:
                break
            seen.add(above)
            values = self._row_of("organizations", above)
        return None

    def _row_of(self, sheet: str, name: str | None) -> Mapping[str, Any]:
        if sheet not in self.by_id:  # asked for by channels only, which are read after both
            self.by_id[sheet] = {each.values["id"]: each.values for each in self.values[sheet] if "id" in each.values}
        return self.by_id[sheet].get(name or "") or self.stored.get(sheet, {}).get(name or "", {})

    # the tables together

    def refer(self) -> None:
        hints = _MAX_HINTS
        ids: dict[str, list[str]] = {}
        for sheet in SHEETS.values():
            for column, target in sheet.references.items():
                if target in self.incomplete:
                    continue
                known = self.stored.get(target, ())
                for number, values in self.values[sheet.name]:
                    for name in _listed(values.get(column)):
                        if name in self.ids[target] or name in known:
                            continue
                        near = ""
                        if hints:
                            hints -= 1
                            ids.setdefault(target, sorted({*self.ids[target], *known}))
                            near = nearest(name, ids[target])
                        found = fault("roster.unknown-reference", column, name, sheet=target, nearest=near)
                        self.tell(sheet.name, number, found)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _order(sheet: str) -> int:
    return list(SHEETS).index(sheet) if sheet in SHEETS else len(SHEETS)
