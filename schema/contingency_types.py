"""Contingency as GraphQL shows it: what is declared, what it changes, and how what it covers is reached."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.model import Declared
from relaypoint.domain.policy import Action
from relaypoint.resolvers import contingency as domain
from relaypoint.resolvers import contingency_effect, pausing
from relaypoint.schema.context import Info
from relaypoint.schema.gap_types import Gap
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable


@strawberry.input(description="A contingency to declare: for exactly one of place, taskForce and organization.")
class ContingencyInput:
    place: str | None = strawberry.field(default=None, description="For what serves this place alone (its code).")
    task_force: str | None = strawberry.field(default=None, description="For the members of this task force (its key).")
    organization: str | None = strawberry.field(
        default=None, description="For this organization and its parts (its key)."
    )
    reason: str = strawberry.field(description="Why; members read it. It holds no personal data.")
    until: str = strawberry.field(description="The day from which it no longer holds, within 90 days.")
    pause_escalations: bool = strawberry.field(
        default=False,
        description="Let the escalation of the silence of what it covers wait until it is over, but for asap and stat; "
        "what is left of a wait stays. For a coordinator to say, of others.",
    )
    key: str | None = strawberry.field(default=None, description="A plain id of your own.")
    preview: bool = strawberry.field(default=False, description="Show what it changes; change nothing.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A random text; a repeat under it within 24 hours gets the first answer."
    )


@governed(Action.READ_REFERRAL)
@strawberry.type(description="A contingency that lets escalations wait until it is over.")
class Pause:
    name: str = strawberry.field(description="For whom or where it was declared.")
    reason: str = strawberry.field(description="Why.")
    until: str = strawberry.field(description="The day from which it no longer holds.")

    @classmethod
    def of(cls, declared: Declared | None) -> Self | None:
        return cls(name=declared.name, reason=declared.reason, until=declared.until) if declared else None


@governed(Action.SEE_CONTINGENCIES)
@strawberry.type(description="A contact point that a contingency covers, as it is reached now.")
class CoveredContactPoint:
    key: str = strawberry.field(description="Its plain id.")
    name: str = strawberry.field(description="Its name.")
    organization: str = strawberry.field(description="Key of its organization.")
    diverted_to: str | None = strawberry.field(description="Key of the contact point that answers for it meanwhile.")
    reachable: bool = strawberry.field(description="Whether any channel works for it.")
    otherwise: bool = strawberry.field(description="Whether any channel would, were it not for this.")

    @classmethod
    def of(cls, found: contingency_effect.Reached) -> Self:
        return cls(
            key=found.id,
            name=found.name,
            organization=found.organization,
            diverted_to=found.diverted_to,
            reachable=found.reachable,
            otherwise=found.otherwise,
        )


@governed(Action.SEE_CONTINGENCIES)
@strawberry.type(description="A contingency that was declared.")
class Contingency:
    key: str = strawberry.field(description="Its plain id.")
    place: str | None = strawberry.field(description="For what serves this place alone (its code).")
    task_force: str | None = strawberry.field(description="For the members of this task force (its key).")
    organization: str | None = strawberry.field(description="For this organization and its parts (its key).")
    reason: str = strawberry.field(description="Why.")
    since: str = strawberry.field(description="Its first day.")
    until: str = strawberry.field(description="The day from which it no longer holds.")
    active: bool = strawberry.field(description="Whether it holds today.")
    pause_escalations: bool = strawberry.field(
        description="Whether escalations of its silence wait until it is over, but of asap and stat."
    )

    @strawberry.field(description="What is open: the contact points that it covers, by key.")
    async def contact_points(self, info: Info) -> list[CoveredContactPoint]:
        found = await domain.reached(info.context.subject, info.context.backend, self.key)
        return [CoveredContactPoint.of(each) for each in found]

    @strawberry.field(
        description="How many silent steps wait for its end, of what the reader coordinates: in fives, rounded down. "
        "Null: the reader coordinates nobody, or nothing waits for it by its kind."
    )
    async def waiting(self, info: Info) -> int | None:
        if not (self.active and self.pause_escalations):
            return None
        return await pausing.waiting(info.context.subject, info.context.backend, self.key)

    @classmethod
    def of(cls, found: domain.Contingency) -> Self:
        row = found.row
        return cls(
            key=row["id"],
            place=row["place"],
            task_force=row["task_force"],
            organization=row["organization"],
            reason=row["reason"],
            since=row["since"],
            until=row["until"],
            active=found.active,
            pause_escalations=row["pause_escalations"] == "yes",
        )


@governed(Action.DECLARE_CONTINGENCY)
@strawberry.type(description="A channel that drops out or comes in.")
class ChannelSwitch:
    key: str = strawberry.field(description="Its plain id.")
    kind: str = strawberry.field(description="phone, email, …")
    contact_point: str = strawberry.field(description="Key of its contact point.")
    on: bool = strawberry.field(description="True: it comes in; false: it drops out.")


@governed(Action.DECLARE_CONTINGENCY)
@strawberry.type(description="An open step of a referral that somebody else answers for, or that needs a decision.")
class HandoffDiversion:
    handoff: str = strawberry.field(description="The step's id.")
    reference: str = strawberry.field(description="The referral's reference.")
    contact_point: str = strawberry.field(description="Key of the desk where it stays.")
    to: str | None = strawberry.field(
        description="Key of the desk that answers for it; null: its sender has to decide."
    )
    text: str = strawberry.field(description="In plain words.")


@governed(Action.DECLARE_CONTINGENCY)
@strawberry.type(description="What a contingency changes.")
class ContingencyEffect:
    contact_points: list[CoveredContactPoint] = strawberry.field(
        description="Those that it covers from then on, or no longer."
    )
    channels: list[ChannelSwitch] = strawberry.field(description="The channels that drop out or come in.")
    handoffs: list[HandoffDiversion] = strawberry.field(description="The open steps that it concerns.")
    opens: list[Gap] = strawberry.field(description="The gaps that it opens, gravest first.")
    closes: int = strawberry.field(description="How many gaps it closes.")

    @classmethod
    def of(cls, effect: contingency_effect.Effect) -> Self:
        return cls(
            contact_points=[CoveredContactPoint.of(each) for each in effect.contact_points],
            channels=[
                ChannelSwitch(key=each.id, kind=each.kind, contact_point=each.contact_point, on=each.on)
                for each in effect.channels
            ],
            handoffs=[
                HandoffDiversion(
                    handoff=each.handoff,
                    reference=each.reference,
                    contact_point=each.contact_point,
                    to=each.to,
                    text=each.text,
                )
                for each in effect.handoffs
            ],
            opens=[Gap.of(gap) for gap in effect.opens],
            closes=effect.closes,
        )


@governed(Action.DECLARE_CONTINGENCY)
@strawberry.type(description="A contingency as it was declared, renewed or ended, and what that changes.")
class ContingencyChange:
    contingency: Contingency = strawberry.field(description="The contingency.")
    applied: bool = strawberry.field(description="Whether it was done; false for a preview.")
    effect: ContingencyEffect | None = strawberry.field(
        description="What it changes; null for a repeat under the same idempotencyKey."
    )

    @classmethod
    def of(cls, found: domain.Contingency) -> Self:
        return cls(
            contingency=Contingency.of(found),
            applied=found.applied,
            effect=ContingencyEffect.of(found.effect) if found.effect else None,
        )


ContingencyResult = Annotated[
    ContingencyChange | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("ContingencyResult", description="What was declared, renewed or ended, or why it could not be."),
]
