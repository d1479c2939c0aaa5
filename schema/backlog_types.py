"""What falls due soon, as GraphQL shows it."""

from __future__ import annotations

from typing import Self

import strawberry

from relaypoint.domain.backlog import Due as DomainDue
from relaypoint.domain.policy import Action
from relaypoint.schema.permissions import governed
from relaypoint.schema.roster_types import Ref
from relaypoint.schema.stalled_types import NextStep


@governed(Action.SEE_STALLED)
@strawberry.type(description="A deadline of an open step that falls due soon.")
class Due:
    handoff: str = strawberry.field(description="The step's id.")
    reference: str = strawberry.field(description="The referral's random reference.")
    priority: str = strawberry.field(description="routine, urgent, asap or stat.")
    status: str = strawberry.field(description="The step's status.")
    contact_point: Ref = strawberry.field(description="The contact point that holds it.")
    side: str = strawberry.field(description="Who has to do it: sender, receiver or coordinator.")
    what: str = strawberry.field(
        description="acknowledge, decide, start, complete, review, arrival or erase; of its sender answer, wish, form, "
        "call or phone; of a coordinator respond or look."
    )
    text: str = strawberry.field(description="The same in words.")
    at: str = strawberry.field(description="When it falls due.")
    working_hours: float = strawberry.field(description="Working hours of the contact point until then.")
    turn_to: list[NextStep] = strawberry.field(
        description="For a coordinator: what it can do, and whom to phone on both sides."
    )

    @classmethod
    def of(cls, due: DomainDue) -> Self:
        handoff = due.handoff
        return cls(
            handoff=handoff.id,
            reference=handoff.reference,
            priority=handoff.priority.value,
            status=handoff.status.value,
            contact_point=Ref(key=handoff.desk.id, name=handoff.desk.name),
            side=due.side.value,
            what=due.what,
            text=due.text,
            at=due.at,
            working_hours=round(due.working_hours, 2),
            turn_to=[NextStep.of(step) for step in due.turn_to],
        )
