"""Changes of single entries as GraphQL shows them, and the proposals that they become where they are another's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import news, proposing
from relaypoint.resolvers import proposals as domain
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable


@strawberry.input(description="What a column shall hold.")
class ColumnInput:
    name: str = strawberry.field(description="A column of the sheet, as the roster format names it.")
    value: str | None = strawberry.field(
        default=None, description="As a cell of a file: several values with semicolons between; null empties it."
    )


@strawberry.input(description="A change of one entry of the roster, or a new one.")
class EditInput:
    sheet: str = strawberry.field(description="A sheet of the roster format, as channels.")
    key: str = strawberry.field(description="The entry's plain id.")
    columns: list[ColumnInput] = strawberry.field(description="What changes; the other columns stay as they are.")
    new: bool = strawberry.field(default=False, description="Whether it is to be added; otherwise it has to be there.")
    reason: str | None = strawberry.field(
        default=None, description="Why; read by who decides on it. It holds no personal data."
    )
    preview: bool = strawberry.field(default=False, description="Show what differs; change nothing.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A random text; a repeat under it within 24 hours gets the first answer."
    )


@governed(Action.EDIT_ROSTER)
@strawberry.type(description="A column that differs, as cells of the sheet.")
class CellChange:
    column: str = strawberry.field(description="The column.")
    before: str = strawberry.field(description="What it held; empty for nothing.")
    after: str = strawberry.field(description="What it shall hold.")

    @classmethod
    def some(cls, changes: Sequence[domain.Differs]) -> list[Self]:
        return [cls(column=each.column, before=each.before, after=each.after) for each in changes]


@governed(Action.SEE_PROPOSALS)
@strawberry.type(description="A change that somebody proposed to another's entry.")
class Proposal:
    key: str = strawberry.field(description="Its plain id.")
    organization: str | None = strawberry.field(description="Key of the organization that proposed it.")
    by_holder: bool = strawberry.field(description="Whether a holder of the contact point said so in a round.")
    sheet: str = strawberry.field(description="The sheet of the entry.")
    entry: str = strawberry.field(description="The entry's key.")
    changes: list[CellChange] = strawberry.field(description="What it would change.")
    reason: str | None = strawberry.field(description="Why.")
    state: str = strawberry.field(description="open, accepted, declined or withdrawn.")
    answer: str | None = strawberry.field(description="What was answered.")
    since: str = strawberry.field(description="The day on which it was made.")
    until: str | None = strawberry.field(description="The day on which it was decided.")
    stale: bool = strawberry.field(description="Whether the entry was changed since; then it can't be accepted.")
    may_decide: bool = strawberry.field(description="Whether you can accept or decline it.")
    deciders: list[str] = strawberry.field(description="Keys of the organizations that decide on it.")

    @classmethod
    def of(cls, found: domain.Proposal) -> Self:
        row = found.row
        return cls(
            key=row["id"],
            organization=row["organization"],
            by_holder=row["request"] is not None,
            sheet=row["on_sheet"],
            entry=row["row"],
            changes=CellChange.some(found.changes),
            reason=row["reason"],
            state=str(row["state"]),
            answer=row["answer"],
            since=row["since"],
            until=row["until"],
            stale=found.stale,
            may_decide=found.may_decide,
            deciders=list(found.deciders),
        )


@governed(Action.EDIT_ROSTER)
@strawberry.type(description="What came of a change of one entry.")
class RosterEdit:
    sheet: str = strawberry.field(description="The sheet.")
    key: str = strawberry.field(description="The entry's plain id.")
    changes: list[CellChange] = strawberry.field(description="What differs; none where it is so already.")
    applied: bool = strawberry.field(description="Whether the entry is so now.")
    proposal: Proposal | None = strawberry.field(description="The proposal that it became, where it is another's.")
    warnings: list[str] = strawberry.field(description="What is taken as it is, and does not do what was wanted.")

    @classmethod
    def of(cls, done: proposing.Outcome) -> Self:
        return cls(
            sheet=done.sheet,
            key=done.id,
            changes=CellChange.some(done.changes),
            applied=done.applied,
            proposal=Proposal.of(done.proposal) if done.proposal else None,
            warnings=list(done.warnings),
        )


@governed(Action.READ_ROSTER)
@strawberry.type(description="Something that members are told of a task force.")
class News:
    at: str = strawberry.field(description="When it was recorded.")
    sheet: str = strawberry.field(description="The sheet of the entry that it is about.")
    about: str = strawberry.field(description="The entry's key.")
    text: str = strawberry.field(description="In plain words.")

    @classmethod
    def of(cls, found: news.News) -> Self:
        return cls(at=found.at, sheet=found.sheet, about=found.about, text=found.text)


EditResult = Annotated[
    RosterEdit | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("EditResult", description="What was changed or proposed, or why it could not be."),
]

ProposalResult = Annotated[
    Proposal | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("ProposalResult", description="The proposal as it was decided, or why it could not be."),
]
