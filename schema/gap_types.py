"""The roster's gaps in the schema."""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

import strawberry

from relaypoint.domain import gaps_roster as domain
from relaypoint.domain.policy import Action
from relaypoint.resolvers import trend
from relaypoint.resolvers.gaps import Report
from relaypoint.schema.admin_types import cell
from relaypoint.schema.connections import Connection, connect, no_cursor
from relaypoint.schema.permissions import governed
from relaypoint.schema.words import After, First

#: So many gaps of a kind are shown with their count.
_EXAMPLES: Final = 3


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
    holder: str | None = strawberry.field(description="Of a gap that is one person's: key of the holder.")
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
            holder=gap.holder,
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
@strawberry.type(description="How many gaps of a kind there are.")
class GapCount:
    kind: str = strawberry.field(description="As no-holder.")
    severity: str = strawberry.field(description="critical, major or minor.")
    count: int = strawberry.field(description="How many.")
    examples: list[Gap] = strawberry.field(description="The first three.")


@governed(Action.SEE_GAPS)
@strawberry.type(description="The roster's gaps on a day, and those that open after it.")
class GapReport:
    report: strawberry.Private[Report]
    day: str = strawberry.field(description="ISO.")
    total: int = strawberry.field(description="How many are open.")
    total_ahead: int = strawberry.field(description="How many open within the days asked for.")

    @strawberry.field(description="How many there are of each kind, the gravest first.")
    def counts(self) -> list[GapCount]:
        alike: dict[tuple[str, str], list[domain.Gap]] = {}
        for gap in self.report.gaps:
            alike.setdefault((gap.kind, gap.severity), []).append(gap)
        return [
            GapCount(kind=kind, severity=severity, count=len(of), examples=[Gap.of(gap) for gap in of[:_EXAMPLES]])
            for (kind, severity), of in alike.items()
        ]

    @strawberry.field(description="Those that are open, the gravest first.")
    async def gaps(self, first: First = None, after: After = None) -> Connection[Gap]:
        return await _page(self.report.gaps, lambda gap: (_rank(gap), *gap.key), first, after)

    @strawberry.field(description="Those that open within the days asked for, the next first.")
    async def ahead(self, first: First = None, after: After = None) -> Connection[Gap]:
        return await _page(self.report.ahead, lambda gap: (gap.opens_on or "", _rank(gap), *gap.key), first, after)

    @classmethod
    def of(cls, report: Report) -> Self:
        return cls(report=report, day=report.day, total=len(report.gaps), total_ahead=len(report.ahead))


@governed(Action.SEE_GAPS)
@strawberry.type(description="How many gaps of a kind there were.")
class KindCount:
    kind: str = strawberry.field(description="As no-holder.")
    count: int = strawberry.field(description="How many.")


@governed(Action.SEE_GAPS)
@strawberry.type(description="How many gaps there were on a day.")
class TrendPoint:
    day: str = strawberry.field(description="ISO.")
    total: int = strawberry.field(description="In all.")
    counts: list[KindCount] = strawberry.field(description="By kind.")

    @classmethod
    def of(cls, point: trend.Point) -> Self:
        counts = [KindCount(kind=kind, count=count) for kind, count in sorted(point.counts.items())]
        return cls(day=point.day, total=point.total, counts=counts)


def _rank(gap: domain.Gap) -> str:
    return str(domain.SEVERITIES.index(gap.severity))


async def _page(
    found: Sequence[domain.Gap], key: Callable[[domain.Gap], tuple[str, ...]], first: int | None, after: str | None
) -> Connection[Gap]:
    """A page by a key that gaps which come and go in between do not shift."""
    ordered = sorted(found, key=key)

    async def fetch(behind: str | None, limit: int) -> list[dict[str, Any]]:
        start = 0 if behind is None else bisect.bisect_right(ordered, _place(behind), key=key)
        return [{"id": json.dumps(key(gap)), "gap": gap} for gap in ordered[start : start + limit]]

    return await connect(fetch, lambda row: Gap.of(row["gap"]), first, after)


def _place(name: str) -> tuple[str, ...]:
    try:
        place = json.loads(name)
    except ValueError:
        place = None
    if not isinstance(place, list) or not all(isinstance(each, str) for each in place):
        raise no_cursor()
    return tuple(place)
