"""What is done about silence, as GraphQL shows it."""

from __future__ import annotations

from typing import Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import escalating
from relaypoint.schema.permissions import governed


@governed(Action.ESCALATE)
@strawberry.type(description="A rung of an escalation that was taken.")
class RungTaken:
    handoff: str = strawberry.field(description="The step's id.")
    reference: str = strawberry.field(description="The referral's random reference.")
    reason: str = strawberry.field(description="How it is silent; each way has a ladder of its own.")
    rung: int = strawberry.field(description="Its place in the ladder, from 1 on.")
    action: str = strawberry.field(
        description="remind, deputy, other-desk, coordinator, national-coordinator or offer."
    )
    contact_point: str | None = strawberry.field(
        description="Key of whom it turned to; null: there was nobody to tell."
    )

    @classmethod
    def of(cls, taken: escalating.Taken) -> Self:
        return cls(
            handoff=taken.handoff,
            reference=taken.reference,
            reason=taken.reason,
            rung=taken.rung,
            action=taken.action,
            contact_point=taken.contact_point,
        )


@governed(Action.ESCALATE)
@strawberry.type(description="What was done now about silence.")
class Escalation:
    taken: list[RungTaken] = strawberry.field(description="The rungs that were taken.")
    waiting: int = strawberry.field(
        description="How many silent steps wait, since a contingency lets their escalation wait until it is over."
    )

    @classmethod
    def of(cls, done: escalating.Escalation) -> Self:
        return cls(taken=[RungTaken.of(each) for each in done.taken], waiting=done.waiting)
