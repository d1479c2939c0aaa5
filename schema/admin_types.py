"""The coordinator's and operator's part of the schema: importing the roster, its records, the outbox."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry

from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import Action
from relaypoint.domain.roster_faults import RosterError as FoundFault
from relaypoint.resolvers import audit, roster
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable


@strawberry.input(description="Something that was found wrong when a sheet was read.")
class RosterErrorInput:
    file: str = strawberry.field(description="The file.")
    row: int | None = strawberry.field(default=None, description="The row's number in it.")
    column: str | None = strawberry.field(default=None, description="The column.")
    value: str = strawberry.field(description="What stands there.")
    message_id: str = strawberry.field(description="What a translation is found by.")
    message: str = strawberry.field(description="What is wrong.")
    remedy: str = strawberry.field(description="What to do about it.")


@strawberry.input(description="One sheet of a roster, as text.")
class TableInput:
    sheet: str = strawberry.field(description="The sheet's name, as organizations.")
    file: str = strawberry.field(description="The file's name, for messages.")
    header: list[str] = strawberry.field(description="The column names.")
    numbers: list[int] = strawberry.field(description="Each row's number in its file.")
    rows: list[list[str]] = strawberry.field(description="Each row's cells.")
    header_row: int = strawberry.field(default=1, description="The header's number in the file.")
    whole: bool = strawberry.field(default=True, description="False where rows may be missing, since it read badly.")
    errors: list[RosterErrorInput] = strawberry.field(
        default_factory=list, description="What was already found wrong when it was read."
    )


@governed(Action.CHANGE_ROSTER)
@strawberry.type(description="Something wrong in a roster file.")
class RosterError:
    file: str = strawberry.field(description="The file.")
    row: int | None = strawberry.field(description="The row's number in it; null: the file as a whole.")
    column: str | None = strawberry.field(description="The column.")
    value: str = strawberry.field(description="What stands there.")
    message_id: str = strawberry.field(description="What a translation is found by.")
    message: str = strawberry.field(description="What is wrong.")
    remedy: str = strawberry.field(description="What to do about it.")


@governed(Action.CHANGE_ROSTER)
@strawberry.type(description="One cell that differs.")
class ColumnChange:
    column: str = strawberry.field(description="The column.")
    before: str | None = strawberry.field(description="What it held; null where it was empty.")
    after: str | None = strawberry.field(description="What it holds now; null where it is empty.")


@governed(Action.CHANGE_ROSTER)
@strawberry.type(description="A row that the import adds, changes or ends.")
class RosterChange:
    sheet: str = strawberry.field(description="The sheet.")
    key: str = strawberry.field(description="The row's id.")
    kind: str = strawberry.field(description="added, changed, ended or reopened.")
    columns: list[str] = strawberry.field(description="The columns that differ, for a row that was there.")
    differences: list[ColumnChange] = strawberry.field(description="What they held, and what they hold now.")


@governed(Action.CHANGE_ROSTER)
@strawberry.type(description="Stored rows of a sheet that no file holds: they stay.")
class LeftRows:
    sheet: str = strawberry.field(description="The sheet.")
    count: int = strawberry.field(description="How many.")


@governed(Action.CHANGE_ROSTER)
@strawberry.type(description="What an import found and did.")
class RosterImport:
    applied: bool = strawberry.field(description="Whether the store was changed.")
    rows: int = strawberry.field(description="How many rows were read.")
    errors: list[RosterError] = strawberry.field(description="All of them; with any, nothing is applied.")
    changes: list[RosterChange] = strawberry.field(description="Every row that differs.")
    left: list[LeftRows] = strawberry.field(description="The stored rows that the files leave out; they stay.")
    warnings: list[str] = strawberry.field(description="What is taken as it is, and does not do what was wanted.")

    @classmethod
    def of(cls, done: roster.Import) -> Self:
        return cls(
            applied=done.applied,
            rows=done.rows,
            errors=[
                RosterError(
                    file=e.file,
                    row=e.row,
                    column=e.column,
                    value=e.value,
                    message_id=e.message_id,
                    message=e.message,
                    remedy=e.remedy,
                )
                for e in done.errors
            ],
            changes=[
                RosterChange(
                    sheet=c.sheet,
                    key=c.id,
                    kind=c.kind,
                    columns=list(c.columns),
                    differences=[
                        ColumnChange(column=name, before=cell((c.before or {}).get(name)), after=cell(c.after[name]))
                        for name in c.columns
                    ],
                )
                for c in done.changes
            ],
            left=[LeftRows(sheet=sheet, count=count) for sheet, count in done.left.items()],
            warnings=list(done.warnings),
        )


ImportResult = Annotated[
    RosterImport | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("ImportResult", description="What the import did, or why it could not."),
]


@governed(Action.VERIFY_CHAIN)
@strawberry.type(description="A record that is broken, or a state that is not as its record says.")
class BrokenRecord:
    aggregate: str = strawberry.field(description="referral or roster.")
    key: str = strawberry.field(description="The referral's reference, or roster.")
    sequence: int | None = strawberry.field(description="The first event that does not hold; null: the state differs.")
    text: str = strawberry.field(description="In plain words.")

    @classmethod
    def of(cls, found: audit.Broken) -> Self:
        return cls(aggregate=found.aggregate, key=found.id, sequence=found.sequence, text=found.text)


@governed(Action.DELIVER_NOTICES)
@strawberry.type(description="How a run of the outbox ended.")
class Delivery:
    delivered: int = strawberry.field(description="Notifications handed to a channel.")
    dead: int = strawberry.field(description="Those for which no channel carries a message; somebody has to phone.")
    failed: int = strawberry.field(description="Those that will be tried again.")
    waiting: int = strawberry.field(
        description="Those that wait for their time: to be tried again, for a channel to open, or for a time of day."
    )


def to_raw(tables: list[TableInput]) -> list[RawTable]:
    """The tables as they were read where the command ran. Raises ``Invalid`` where rows and numbers differ in count."""
    raw = []
    for index, table in enumerate(tables):
        if len(table.numbers) != len(table.rows):
            raise Invalid(
                "tables.numbers",
                "Each row of '{file}' needs its number.",
                path=("tables", str(index), "numbers"),
                remedy="Give as many numbers as rows.",
                file=table.file,
            )
        raw.append(
            RawTable(
                sheet=table.sheet,
                file=table.file,
                header=table.header,
                rows=list(zip(table.numbers, table.rows, strict=True)),
                header_row=table.header_row,
                errors=tuple(FoundFault(**vars(fault)) for fault in table.errors),
                whole=table.whole,
            )
        )
    return raw


def cell(value: Any) -> str | None:
    """A column's value as a spreadsheet has it; null: empty."""
    if isinstance(value, list | tuple):
        return "; ".join(str(each) for each in value) or None
    return None if value is None else str(value)
