"""The roster's gaps in the schema."""

from __future__ import annotations

from typing import Self

import strawberry

from relaypoint.domain import gaps_roster as domain
from relaypoint.domain.policy import Action
from relaypoint.resolvers.gaps import Report
from relaypoint.schema.admin_types import cell
from relaypoint.schema.permissions import governed


@governed(Action.SEE_GAPS)
@strawberry.type(description="A cell of the row that mends a gap.")
class MendCell:
    column: str = strawberry.field(description="Its column.")
    value: str | None = strawberry.field(description="As it is written in a spreadsheet; null: empty.")


@governed(Action.SEE_GAPS)
@strawberry.type(description="What mends a gap: a row to import.")
class Mend:
    by: str = strawberry.field(description="Who can: organization (its owner) or coordinator.")
    text: str = strawberry.field(description="In plain words.")
    sheet: str = strawberry.field(description="The sheet of the roster format.")
    row: str | None = strawberry.field(description="The id of the row to change; null: a new one.")
    cells: list[MendCell] = strawberry.field(description="What the row has to hold at least.")
    then: list[str] = strawberry.field(description="Kinds of gap that it may uncover.")
    command: str | None = strawberry.field(description="The command that mends it, where an import can't.")


@governed(Action.SEE_GAPS)
@strawberry.type(description="A hole in the roster that a case could fall into.")
class Gap:
    kind: str = strawberry.field(description="As no-channel, no-holder or pathway-expired.")
    severity: str = strawberry.field(description="critical, major or minor.")
    sheet: str = strawberry.field(description="The sheet of the row that it is about.")
    subject: str = strawberry.field(description="The row's id.")
    organization: str | None = strawberry.field(description="Key of the organization concerned.")
    service_type: str | None = strawberry.field(description="Of a gap of cover: the service type that is not offered.")
    place: str | None = strawberry.field(description="Of a gap of cover: where it is not offered.")
    language: str | None = strawberry.field(description="Of a gap of cover: the language in which it is not offered.")
    opens_on: str | None = strawberry.field(description="The day on which it opens; null: it is open.")
    text: str = strawberry.field(description="In plain words.")
    mend: Mend = strawberry.field(description="What mends it.")

    @classmethod
    def of(cls, gap: domain.Gap) -> Self:
        mend = gap.mend
        return cls(
            kind=gap.kind,
            severity=gap.severity,
            sheet=gap.sheet,
            subject=gap.subject,
            organization=gap.organization,
            service_type=gap.service_type,
            place=gap.place,
            language=gap.language,
            opens_on=gap.opens_on,
            text=gap.text,
            mend=Mend(
                by=mend.by,
                text=mend.text,
                sheet=mend.sheet,
                row=mend.row,
                cells=[MendCell(column=column, value=cell(value)) for column, value in mend.columns],
                then=list(mend.then),
                command=mend.command,
            ),
        )


@governed(Action.SEE_GAPS)
@strawberry.type(description="The roster's gaps on a day, and those that open after it.")
class GapReport:
    day: str = strawberry.field(description="ISO.")
    gaps: list[Gap] = strawberry.field(description="Those that are open, the gravest first.")
    ahead: list[Gap] = strawberry.field(description="Those that open within the days asked for, the next first.")

    @classmethod
    def of(cls, report: Report) -> Self:
        return cls(
            day=report.day, gaps=[Gap.of(gap) for gap in report.gaps], ahead=[Gap.of(gap) for gap in report.ahead]
        )
