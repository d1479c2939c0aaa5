"""What has stalled, as GraphQL shows it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Self

import strawberry

from relaypoint.domain.next_step import NextStep as DomainNextStep
from relaypoint.domain.policy import Action
from relaypoint.domain.stall_report import Position, position
from relaypoint.domain.stall_summary import Ages as DomainAges
from relaypoint.resolvers import stall_summary, stalled
from relaypoint.resolvers.stall_summary import Named
from relaypoint.resolvers.stalled import Reported
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.schema import problems
from relaypoint.schema.channel_types import ChannelView
from relaypoint.schema.connections import Connection, connect, no_cursor
from relaypoint.schema.context import Info
from relaypoint.schema.contingency_types import Pause
from relaypoint.schema.permissions import governed
from relaypoint.schema.roster_types import Ref


@governed(Action.SEE_STALLED)
@strawberry.type(description="What can be done about a stalled step, and by which channel.")
class NextStep:
    role: str = strawberry.field(
        description="same-desk, other-desk, reply-desk (to a coordinator: the sender's), next-candidate, coordinator, "
        "hotline, sender, receiver or yours."
    )
    text: str = strawberry.field(description="In plain words.")
    contact_point: Ref | None = strawberry.field(description="Whom to turn to.")
    organization: str | None = strawberry.field(description="The organization's name.")
    channels: list[ChannelView] = strawberry.field(description="By which channels, the first to try first.")

    @classmethod
    def of(cls, step: DomainNextStep) -> Self:
        desk = step.contact_point
        return cls(
            role=step.role,
            text=step.text,
            contact_point=Ref(key=desk.id, name=desk.name) if desk else None,
            organization=step.organization,
            channels=[ChannelView.of(use) for use in step.channels],
        )


@governed(Action.SEE_STALLED)
@strawberry.type(description="How far the ladder was climbed for a silent step.")
class Escalated:
    taken: int = strawberry.field(description="How many rungs.")
    action: str | None = strawberry.field(description="The last one, as remind, deputy or coordinator.")
    taken_at: str | None = strawberry.field(description="When it was taken.")
    told: bool = strawberry.field(description="Whether it found somebody to tell.")
    paused_at: str | None = strawberry.field(description="Since when it waits for the end of a contingency.")
    next_at: str | None = strawberry.field(description="When the next one is to follow, unless the step moves on.")


@governed(Action.SEE_STALLED)
@strawberry.type(description="A step that has gone silent, or came back: nobody has the case.")
class Stall:
    handoff: str = strawberry.field(description="The step's id.")
    version: int = strawberry.field(description="The step's version.")
    reference: str = strawberry.field(description="The referral's random reference.")
    status: str = strawberry.field(description="The step's status; stalled is never one.")
    priority: str = strawberry.field(description="routine, urgent, asap or stat.")
    service_type: str = strawberry.field(description="Key of what was asked for.")
    reason: str = strawberry.field(description="As unacknowledged, undecided, undelivered, orphaned or rejected.")
    text: str = strawberry.field(description="The reason in plain words.")
    due: str = strawberry.field(description="The instant that was missed.")
    clock_hours: float = strawberry.field(description="Hours since then.")
    working_hours: float = strawberry.field(description="Working hours of the holder since then.")
    waited_clock_hours: float = strawberry.field(description="Hours since it was sent.")
    waited_working_hours: float = strawberry.field(description="Working hours of the holder since it was sent.")
    sender: Ref = strawberry.field(description="Who sent it.")
    holder: Ref = strawberry.field(description="The contact point that holds it now.")
    diverted_to: Ref | None = strawberry.field(
        description="The contact point that answers for it while a contingency holds."
    )
    organization: Ref = strawberry.field(description="Whose contact point that is.")
    next_steps: list[NextStep] = strawberry.field(description="Whom to turn to, the first to try first.")
    escalated: Escalated | None = strawberry.field(
        description="What was done about it by itself; for its sender alone, null before the first rung."
    )
    paused: Pause | None = strawberry.field(description="The contingency that its escalation waits for.")
    also: list[str] = strawberry.field(description="In what other ways it is silent at the same time, in plain words.")

    @classmethod
    def of(cls, reported: Reported) -> Self:
        found, handoff = reported.stall, reported.stall.handoff
        return cls(
            handoff=handoff.id,
            version=handoff.version,
            reference=handoff.reference,
            status=handoff.status.value,
            priority=handoff.priority.value,
            service_type=handoff.service_type,
            reason=found.reason,
            text=found.text,
            due=found.due,
            clock_hours=round(found.age.clock_hours, 2),
            working_hours=round(found.age.working_hours, 2),
            waited_clock_hours=round(found.waited.clock_hours, 2),
            waited_working_hours=round(found.waited.working_hours, 2),
            sender=Ref(key=handoff.sender.id, name=handoff.sender.name),
            holder=Ref(key=handoff.desk.id, name=handoff.desk.name),
            diverted_to=Ref(key=other.id, name=other.name) if (other := handoff.desk.diverted_to) else None,
            organization=Ref(key=handoff.receiver.id, name=handoff.receiver.name),
            next_steps=[NextStep.of(step) for step in reported.next_steps],
            escalated=Escalated(**asdict(climbed)) if (climbed := reported.escalated) else None,
            paused=Pause.of(found.waits),
            also=[str(text) for text in found.also],
        )


@strawberry.input(description="Which stalled steps are asked for. Ids, or names as they are written; null: any.")
class StalledFilter:
    organization: str | None = strawberry.field(default=None, description="Whose turn it is: so the figures count it.")
    task_force: str | None = strawberry.field(
        default=None, description="That organization is a member of this task force, or of one within it."
    )
    place: str | None = strawberry.field(
        default=None,
        description="Within this place is the case, for the body that sent it; for others what the contact point, or "
        "else its organization, is for.",
    )
    service_type: str | None = strawberry.field(
        default=None, description="What was asked for is this service type, or one within it."
    )
    reason: str | None = strawberry.field(default=None, description="As unacknowledged.")
    priority: str | None = strawberry.field(default=None, description="routine, urgent, asap or stat.")
    contact_point: str | None = strawberry.field(default=None, description="The contact point that holds the step.")

    def to_domain(self) -> WantedInput:
        return WantedInput(
            organization=self.organization,
            task_force=self.task_force,
            place=self.place,
            service_type=self.service_type,
            reason=self.reason,
            priority=self.priority,
            contact_point=self.contact_point,
        )


#: Where the fields that the use case names are in the input.
PATHS = {
    field: ("filter", field)
    for field in ("organization", "taskForce", "place", "serviceType", "reason", "priority", "contactPoint")
}


async def page(
    info: Info, filter: StalledFilter | None, first: int | None, after: str | None, as_of: str | None
) -> Connection[Stall]:
    """By the position of each in the report, which stalls that come and go in between do not shift."""

    async def fetch(behind: str | None, limit: int) -> list[dict[str, Any]]:
        with problems.placed(PATHS):
            found = await stalled.stalled(
                info.context.subject,
                info.context.backend,
                filter.to_domain() if filter else None,
                first=limit,
                after=_position(behind) if behind is not None else None,
                as_of=as_of,
            )
        return [{"id": json.dumps(position(each.stall)), "reported": each} for each in found]

    return await connect(fetch, lambda row: Stall.of(row["reported"]), first, after)


async def summary(info: Info, by: str, filter: StalledFilter | None, as_of: str | None) -> list[StalledGroup]:
    """The same in figures."""
    with problems.placed(PATHS):
        found = await stall_summary.stalled_summary(
            info.context.subject, info.context.backend, by, filter.to_domain() if filter else None, as_of=as_of
        )
    return [StalledGroup.of(each) for each in found]


def _position(cursor: str) -> Position:
    try:
        level, due, id = json.loads(cursor)
    except (TypeError, ValueError):
        raise no_cursor() from None
    if not (isinstance(level, int) and isinstance(due, str) and isinstance(id, str)):
        raise no_cursor()
    return level, due, id


@governed(Action.SEE_STALLED)
@strawberry.type(description="Hours since the deadlines that were missed.")
class Ages:
    median: float = strawberry.field(description="The middle one.")
    p90: float | None = strawberry.field(description="Nine of ten are no older; null: of others, fewer than twenty.")
    worst: float | None = strawberry.field(description="The oldest; null: it is one case of others.")

    @classmethod
    def of(cls, ages: DomainAges) -> Self:
        p90, worst = (None if hours is None else round(hours, 2) for hours in (ages.p90, ages.worst))
        return cls(median=round(ages.median, 2), p90=p90, worst=worst)


@governed(Action.SEE_STALLED)
@strawberry.type(description="How many steps have stalled in a group, and how old they are.")
class StalledGroup:
    key: str | None = strawberry.field(description="Key of what they are grouped by, or the reason; null: of none.")
    name: str | None = strawberry.field(description="Its name.")
    coordinated: bool = strawberry.field(
        description="Of steps between members that one coordinates: in fives, rounded down, with ages in whole hours; "
        "a group is left out where it, or another, would tell a number below five. Otherwise one's own, as they are."
    )
    withheld: bool = strawberry.field(description="So many more lie in the groups that are left out.")
    count: int = strawberry.field(description="How many.")
    working_hours: Ages | None = strawberry.field(
        description="In working hours of who has to act; null: of groups that are left out."
    )
    clock_hours: Ages | None = strawberry.field(description="On the clock; likewise.")

    @classmethod
    def of(cls, named: Named) -> Self:
        group = named.group
        return cls(
            key=group.key,
            name=named.name,
            coordinated=group.coordinated,
            withheld=group.withheld,
            count=group.count,
            working_hours=None if group.withheld else Ages.of(group.working),
            clock_hours=None if group.withheld else Ages.of(group.clock),
        )
