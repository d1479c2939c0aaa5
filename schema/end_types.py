"""Ending an entry of the roster, and who takes the open work that it leaves, as GraphQL shows it."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import ending
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable


@strawberry.input(description="What is to end today, and who takes its open work.")
class EndInput:
    kind: str = strawberry.field(description="holder, contact-point, organization or task-force.")
    key: str = strawberry.field(description="Its plain id.")
    to: list[str] = strawberry.field(
        default_factory=list,
        description="Who takes the work: for a holder, one other of the same desk; otherwise contact points of the same"
        " organization or of its successors. Each step goes to the first that may take it.",
    )
    replaced_by: list[str] = strawberry.field(
        default_factory=list, description="Of an organization: the keys of those that succeed it."
    )
    override: str | None = strawberry.field(
        default=None, description="Why it ends although work is left that nobody takes; for a coordinator alone."
    )
    dry_run: bool = strawberry.field(default=False, description="Show the work and who takes it; change nothing.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A random text; a repeat under it within 24 hours gets the first answer."
    )


@governed(Action.END_ENTRY)
@strawberry.type(description="An open step of a referral that lies with what ends.")
class WorkLeft:
    handoff: str = strawberry.field(description="The step's id.")
    reference: str = strawberry.field(description="The referral's reference.")
    status: str = strawberry.field(description="The step's status.")
    priority: str = strawberry.field(description="The referral's priority.")
    sender: str = strawberry.field(description="The name of the organization that sent it.")
    contact_point: str = strawberry.field(description="The key of the desk where it lay.")
    taker: str | None = strawberry.field(description="The key of who takes it; null: nobody.")
    text: str = strawberry.field(description="In plain words.")


@governed(Action.END_ENTRY)
@strawberry.type(description="A confirmation or a test of a round that is still to be answered.")
class AskLeft:
    key: str = strawberry.field(description="Its plain id.")
    kind: str = strawberry.field(description="confirmation or drill.")
    subject: str = strawberry.field(description="Key of the holder, or of the channel.")
    due: str = strawberry.field(description="The day by which an answer is expected.")
    taker: str | None = strawberry.field(description="Key of the holder who is asked instead; null: nobody is.")


@governed(Action.END_ENTRY)
@strawberry.type(description="An entry of the roster that has ended, or would.")
class Ended:
    kind: str = strawberry.field(description="holder, contact-point, organization or task-force.")
    key: str = strawberry.field(description="Its plain id.")
    name: str = strawberry.field(description="Its name.")
    day: str = strawberry.field(description="From which day it no longer holds.")
    applied: bool = strawberry.field(description="Whether it was done; false for a dry run.")
    overridden: bool = strawberry.field(description="Whether work is left to nobody: it is a gap until it is settled.")
    work: list[WorkLeft] = strawberry.field(description="Its open work.")
    asks: list[AskLeft] = strawberry.field(description="What rounds still ask of it; closed when it ends.")
    waits: bool = strawberry.field(
        description="Whether it is done only when somebody else says the same: another coordinator, or the operator."
    )

    @classmethod
    def of(cls, ended: ending.Ended) -> Self:
        return cls(
            kind=ended.kind,
            key=ended.id,
            name=ended.name,
            day=ended.day,
            applied=ended.applied,
            overridden=ended.overridden,
            work=[
                WorkLeft(
                    handoff=each.handoff,
                    reference=each.reference,
                    status=each.status,
                    priority=each.priority,
                    sender=each.sender,
                    contact_point=each.contact_point,
                    taker=each.taker,
                    text=each.text,
                )
                for each in ended.work
            ],
            asks=[
                AskLeft(key=each.key, kind=each.kind, subject=each.subject, due=each.due, taker=each.taker)
                for each in ended.asks
            ],
            waits=ended.waits,
        )


EndResult = Annotated[
    Ended | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("EndResult", description="What ended and who took its work, or why it could not."),
]
