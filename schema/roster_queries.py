"""What can be asked by those who keep the roster true: gaps, rounds, proposals, guidance, contingencies, joint work."""

from __future__ import annotations

from typing import Annotated

import strawberry

from relaypoint.domain.gaps import Scope
from relaypoint.domain.policy import Action
from relaypoint.resolvers import (
    contingency,
    gaps,
    guidance,
    joint,
    news,
    operational,
    proposals,
    round_answers,
    round_asks,
    trend,
)
from relaypoint.schema import (
    contingency_types,
    gap_types,
    guidance_types,
    joint_types,
    problems,
    proposal_types,
    round_types,
    status_types,
)
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import under
from relaypoint.schema.words import KEY_PATHS, AsOf, Key, told


@strawberry.type
class RosterQuery:
    @strawberry.field(
        description="Where the roster has holes, gravest first, and which ones open soon.",
        metadata=under(Action.SEE_GAPS),
    )
    async def coverage_gaps(
        self,
        info: Info,
        organization: Annotated[str | None, told("Only those of this organization (its key).")] = None,
        task_force: Annotated[str | None, told("Only those of this task force and its members (its key).")] = None,
        place: Annotated[str | None, told("Only those that touch this place (its code).")] = None,
        service_type: Annotated[str | None, told("Only those that touch this service type.")] = None,
        at: Annotated[str | None, told("The day, as 2026-03-01; that of asOf, or today, unless given.")] = None,
        days: Annotated[int, told("How many days to look ahead, 366 at most.")] = 0,
        as_of: AsOf = None,
    ) -> gap_types.GapReport:
        scope = Scope(organization=organization, task_force=task_force, place=place, service_type=service_type)
        context = info.context
        found = await gaps.coverage_gaps(context.subject, context.backend, scope, at=at, days=days, as_of=as_of)
        return gap_types.GapReport.of(found)

    @strawberry.field(
        description="How many gaps there were, day by day, as far as they were counted.",
        metadata=under(Action.SEE_GAPS),
    )
    async def gap_trend(
        self,
        info: Info,
        task_force: Annotated[str | None, told("Of this task force and its members (its key).")] = None,
        days: Annotated[int, told("How many days back, 366 at most.")] = 90,
    ) -> list[gap_types.TrendPoint]:
        found = await trend.trend(info.context.subject, info.context.backend, task_force=task_force, days=days)
        return [gap_types.TrendPoint.of(point) for point in found]

    @strawberry.field(description="The guidance that is in force, by key.", metadata=under(Action.READ_ROSTER))
    async def guidance(self, info: Info, as_of: AsOf = None) -> list[guidance_types.Guidance]:
        found = await guidance.guidances(info.context.subject, info.context.backend, as_of=as_of)
        return [guidance_types.Guidance.of(row) for row in found]

    @strawberry.field(
        description="What was recorded of your task forces: who came, was suspended or left, rules, guidance,"
        " contingencies. The newest first.",
        metadata=under(Action.READ_ROSTER),
    )
    async def news(
        self, info: Info, since: Annotated[str | None, told("A day or an instant; 30 days ago unless given.")] = None
    ) -> list[proposal_types.News]:
        found = await news.news(info.context.subject, info.context.backend, since=since)
        return [proposal_types.News.of(each) for each in found]

    @strawberry.field(
        description="The contingencies that are declared, the next to end first.",
        metadata=under(Action.SEE_CONTINGENCIES),
    )
    async def contingencies(
        self, info: Info, past: Annotated[bool, told("Also those that are over.")] = False, as_of: AsOf = None
    ) -> list[contingency_types.Contingency]:
        found = await contingency.contingencies(info.context.subject, info.context.backend, past=past, as_of=as_of)
        return [contingency_types.Contingency.of(each) for each in found]

    @strawberry.field(
        description="The changes of others' entries that you proposed or decide on, the oldest first.",
        metadata=under(Action.SEE_PROPOSALS),
    )
    async def proposals(
        self, info: Info, past: Annotated[bool, told("Also those that were decided.")] = False
    ) -> list[proposal_types.Proposal]:
        found = await proposals.proposals(info.context.subject, info.context.backend, past=past)
        return [proposal_types.Proposal.of(each) for each in found]

    @strawberry.field(
        description="The confirmation rounds and drills that you run, the next due first.",
        metadata=under(Action.RUN_ROUND),
    )
    async def rounds(
        self, info: Info, past: Annotated[bool, told("Also those that were closed.")] = False
    ) -> list[round_types.Round]:
        found = await round_asks.rounds(info.context.subject, info.context.backend, past=past)
        return [round_types.Round.of(each) for each in found]

    @strawberry.field(description="One round by its key.", metadata=under(Action.RUN_ROUND))
    async def round(self, info: Info, key: Key) -> round_types.Round:
        with problems.placed(KEY_PATHS):
            return round_types.Round.of(await round_asks.round_of(info.context.subject, info.context.backend, key))

    @strawberry.field(description="What a one-time link asks. Needs no sign-in.", metadata=under(Action.ANSWER_ROUND))
    async def asked(self, info: Info, token: Annotated[str, told("The link's token.")]) -> round_types.Asked:
        return round_types.Asked.of(await round_answers.asked(info.context.subject, info.context.backend, token))

    @strawberry.field(
        description="The requests to meet or to enter that concern you, the next due first.",
        metadata=under(Action.ASK_JOINTLY),
    )
    async def joint_requests(
        self, info: Info, past: Annotated[bool, told("Also those that were answered.")] = False
    ) -> list[joint_types.JointRequest]:
        found = await joint.requests(info.context.subject, info.context.backend, past=past)
        return [joint_types.JointRequest.of(row) for row in found]

    @strawberry.field(
        description="Where people are received, held or stopped, and who may enter.",
        metadata=under(Action.READ_ROSTER),
    )
    async def facilities(
        self,
        info: Info,
        organization: Annotated[str | None, told("Only those that it may enter (its key).")] = None,
        as_of: AsOf = None,
    ) -> list[joint_types.Facility]:
        context = info.context
        found = await joint.facilities(context.subject, context.backend, organization=organization, as_of=as_of)
        return [joint_types.Facility.of(row, may) for row, may in found]

    @strawberry.field(
        description="How many can still operate, by service type and place; a status that has run out is unknown.",
        metadata=under(Action.READ_ROSTER),
    )
    async def operational_overview(
        self,
        info: Info,
        place: Annotated[str | None, told("Only services that touch this place (its code).")] = None,
        service_type: Annotated[str | None, told("Only services of this type.")] = None,
        kind: Annotated[str | None, told("Only organizations of this kind, as cso.")] = None,
        as_of: AsOf = None,
    ) -> status_types.OperationalOverview:
        context = info.context
        found = await operational.overview(
            context.subject, context.backend, place=place, service_type=service_type, kind=kind, as_of=as_of
        )
        return status_types.OperationalOverview.of(found)
