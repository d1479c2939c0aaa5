"""How work went over time, as GraphQL shows it: what had stalled week by week, and the process report."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.codes import FATES, STAGES
from relaypoint.domain.policy import Action
from relaypoint.resolvers import process, stall_summary
from relaypoint.schema import problems, stalled_types
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed, under
from relaypoint.schema.stalled_types import Ages
from relaypoint.schema.words import told


@governed(Action.SEE_STALLED)
@strawberry.type(description="How many steps had stalled when a week was over; the last one is now.")
class StalledWeek:
    at: str = strawberry.field(description="The instant.")
    count: int = strawberry.field(description="How many of one's own.")
    working_hours: Ages | None = strawberry.field(description="In working hours of their holders; null: none.")
    coordinated: int | None = strawberry.field(
        description="How many between members that one coordinates, in fives, rounded down; null: fewer."
    )

    @classmethod
    def of(cls, week: stall_summary.Week) -> Self:
        hours = Ages.of(week.working) if week.working else None
        return cls(at=week.at, count=week.count, working_hours=hours, coordinated=week.coordinated)


@governed(Action.SEE_PROCESS)
@strawberry.type(description="How long steps took to a stage, by the clock; of five at least.")
class StageHours:
    stage: str = strawberry.field(description="acknowledged, decided, started, completed, or held.")
    text: str = strawberry.field(description="The same in words.")
    hours: Ages = strawberry.field(description="Hours on the clock.")


@governed(Action.SEE_PROCESS)
@strawberry.type(description="How many steps came to one end.")
class FateCount:
    fate: str = strawberry.field(description="As served, declined, unanswered, failed or passed-on.")
    text: str = strawberry.field(description="The same in words.")
    count: int | None = strawberry.field(
        description="In fives, rounded down; null: fewer, or it would give away another."
    )


@governed(Action.SEE_PROCESS)
@strawberry.type(description="How the steps of a group went; groups of fewer than five are left out.")
class ProcessGroup:
    key: str | None = strawberry.field(description="Key of what they are grouped by; null: of none.")
    name: str | None = strawberry.field(description="Its name.")
    count: int = strawberry.field(description="How many steps, rounded down to fives.")
    acknowledged: float | None = strawberry.field(
        description="The share acknowledged in time, from 0 to 1, to a twentieth; null: of fewer than five."
    )
    decided: float | None = strawberry.field(description="The share accepted or declined in time, likewise.")
    stages: list[StageHours] = strawberry.field(description="How long each stage took.")
    fates: list[FateCount] = strawberry.field(description="How they ended, or how far they have come.")
    lost: float | None = strawberry.field(
        description="The share that left the person without answer or service, from 0 to 1, to a twentieth; null: it "
        "would tell a number below five."
    )
    hops: Ages = strawberry.field(description="Which step of its referral each was: 1 is the first.")

    @classmethod
    def of(cls, named: process.Named) -> Self:
        found = named.figures
        return cls(
            key=found.key,
            name=named.name,
            count=found.count,
            acknowledged=found.acknowledged.share,
            decided=found.decided.share,
            stages=[
                StageHours(stage=stage.value, text=STAGES[stage], hours=Ages.of(hours))
                for stage, hours in found.hours.items()
            ],
            fates=[FateCount(fate=fate.value, text=FATES[fate], count=count) for fate, count in found.fates.items()],
            lost=found.lost,
            hops=Ages.of(found.hops),
        )


@strawberry.type
class ReportQuery:
    @strawberry.field(
        description="How many steps had stalled at the end of each of the last weeks, and now.",
        metadata=under(Action.SEE_STALLED),
    )
    async def stalled_trend(
        self,
        info: Info,
        weeks: Annotated[int, told("How many weeks back, 1 to 26.")] = 8,
        filter: Annotated[stalled_types.StalledFilter | None, told("Which of them; all unless given.")] = None,
    ) -> list[StalledWeek]:
        with problems.placed(stalled_types.PATHS):
            found = await stall_summary.stalled_trend(
                info.context.subject, info.context.backend, weeks, filter.to_domain() if filter else None
            )
        return [StalledWeek.of(week) for week in found]

    @strawberry.field(
        description="How the steps went that were sent in a period, by who received them, task force or service type: "
        "times, answers in time, and where steps were lost. Neither who sent them nor a case is in it.",
        metadata=under(Action.SEE_PROCESS),
    )
    async def process_report(
        self,
        info: Info,
        by: Annotated[str, told("organization, task-force or service.")],
        since: Annotated[str | None, told("The first day; 90 days before the last unless given.")] = None,
        until: Annotated[str | None, told("The day after the last one; tomorrow unless given.")] = None,
    ) -> list[ProcessGroup]:
        with problems.placed({}):
            found = await process.process(info.context.subject, info.context.backend, by, since=since, until=until)
        return [ProcessGroup.of(each) for each in found]
