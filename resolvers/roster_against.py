"""What the rows of a roster must hold together with those that are stored already and stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_faults import RosterError, error, fault
from relaypoint.domain.roster_row import Row
from relaypoint.domain.roster_rules import RULED, Numbered, together
from relaypoint.resolvers.tables_cells import RawTable, sheet_named

Stored = Mapping[str, Mapping[str, Mapping[str, Any]]]


class _Kept(int):
    """The place of a row that is in no file: it is named by its id where a message would give a row number."""

    id: str

    def __str__(self) -> str:
        return f"{self.id}, stored already"


def against_store(tables: Sequence[RawTable], rows: Mapping[str, Sequence[Row]], stored: Stored) -> list[RosterError]:
    """Every fault between the files' rows and the stored ones, and every contact point that would change hands."""
    files = {sheet_named(table.sheet): table for table in tables}
    found = [
        *_together(files, rows, stored),
        *_changing_hands(files, rows, stored),
        *_diverted_abroad(files, rows, stored),
        *_of_another(files, rows, stored),
    ]
    return list(dict.fromkeys(found))


def _together(
    files: Mapping[str, RawTable], rows: Mapping[str, Sequence[Row]], stored: Stored
) -> Iterator[RosterError]:
    sheets = {}
    for name in (each for each in RULED if rows[each]):  # What stays by itself stays as sound as it was.
        numbers = row_numbers(files[name])
        kept = [
            Numbered(_kept(id), SHEETS[name].model.model_validate(dict(row)).__dict__)
            for id, row in stored[name].items()
            if id not in numbers
        ]
        sheets[name] = [*kept, *(Numbered(numbers[row.id], row.__dict__) for row in rows[name])]
    for name, number, problem in together(sheets):
        in_file = not isinstance(number, _Kept)
        file = files[name].file if name in files else name
        yield error(problem, file, number if in_file else None)


def _changing_hands(
    files: Mapping[str, RawTable], rows: Mapping[str, Sequence[Row]], stored: Stored
) -> Iterator[RosterError]:
    for row in rows["contact_points"]:
        before = stored["contact_points"].get(row.id)
        after = row.model_dump(mode="json")["organization"]
        if before is not None and before["organization"] != after:
            table = files["contact_points"]
            problem = fault("roster.changes-hands", "organization", after, owner=before["organization"])
            yield error(problem, table.file, row_numbers(table)[row.id])


def _diverted_abroad(
    files: Mapping[str, RawTable], rows: Mapping[str, Sequence[Row]], stored: Stored
) -> Iterator[RosterError]:
    """Diversions to a contact point of another organization, whose people may not see what lies there."""
    owners = _owners("contact_points", rows, stored)
    for row in rows["diversions"]:
        given = row.model_dump(mode="json")
        owner, other = owners[given["contact_point"]], owners[given["to"]]
        if owner != other:
            table = files["diversions"]
            problem = fault("roster.diversion-abroad", "to", given["to"], owner=owner, other=other)
            yield error(problem, table.file, row_numbers(table)[row.id])


def _of_another(
    files: Mapping[str, RawTable], rows: Mapping[str, Sequence[Row]], stored: Stored
) -> Iterator[RosterError]:
    """Statuses of a service of another organization: only its own can know."""
    owners = _owners("services", rows, stored)
    for row in rows["operational_statuses"]:
        given = row.model_dump(mode="json")
        if given["service"] and owners[given["service"]] != given["organization"]:
            table = files["operational_statuses"]
            other = owners[given["service"]]
            problem = fault(
                "roster.another-service", "service", given["service"], owner=given["organization"], other=other
            )
            yield error(problem, table.file, row_numbers(table)[row.id])


def _owners(sheet: str, rows: Mapping[str, Sequence[Row]], stored: Stored) -> dict[str, str]:
    """The organization of each contact point or service, as the files leave it."""
    owners = {id: row["organization"] for id, row in stored[sheet].items()}
    return owners | {row.id: row.model_dump(mode="json")["organization"] for row in rows[sheet]}


def _kept(id: str) -> _Kept:
    kept = _Kept(0)
    kept.id = id
    return kept


def row_numbers(table: RawTable) -> dict[str, int]:
    """The row of the file that each id is in."""
    column = [name.strip().lower() for name in table.header].index("id")
    return {cells[column].strip(): number for number, cells in reversed(table.rows) if column < len(cells)}
