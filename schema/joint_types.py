"""Joint work as GraphQL shows it: requests to meet or to enter, facilities, and who is on duty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.domain.rows import Columns
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable


@strawberry.input(description="A request to another organization.")
class JointRequestInput:
    organization: str = strawberry.field(description="Who asks (its key); one's own.")
    to: str = strawberry.field(description="Who is asked (its key).")
    kind: str = strawberry.field(description="meet, or enter: to be let into a facility or a hot spot.")
    facility: str | None = strawberry.field(default=None, description="To enter: which (its key).")
    reason: str = strawberry.field(description="Why, in a sentence without personal data.")
    due: str = strawberry.field(description="The day by which an answer is expected, within 92 days.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A random text; a repeat under it within 24 hours gets the first answer."
    )


@governed(Action.ASK_JOINTLY)
@strawberry.type(description="A request to meet, or to be let in somewhere.")
class JointRequest:
    key: str = strawberry.field(description="Its plain id.")
    organization: str = strawberry.field(description="Key of who asked.")
    to: str = strawberry.field(description="Key of who was asked.")
    kind: str = strawberry.field(description="meet or enter.")
    facility: str | None = strawberry.field(description="Key of the facility.")
    reason: str = strawberry.field(description="Why.")
    since: str = strawberry.field(description="The day on which it was asked.")
    due: str = strawberry.field(description="The day by which an answer is expected.")
    state: str = strawberry.field(description="asked, agreed, refused or withdrawn.")
    answer: str | None = strawberry.field(description="What was answered.")
    on: str | None = strawberry.field(description="The day that was agreed on.")
    until: str | None = strawberry.field(description="The day of the answer.")

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            key=row["id"],
            organization=row["organization"],
            to=row["to_organization"],
            kind=str(row["kind"]),
            facility=row["facility"],
            reason=row["reason"],
            since=row["since"],
            due=row["due"],
            state=str(row["state"]),
            answer=row["answer"],
            on=row["on"],
            until=row["until"],
        )


JointRequestResult = Annotated[
    JointRequest | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("JointRequestResult", description="The request, or why it could not be made or answered."),
]


@governed(Action.READ_ROSTER)
@strawberry.type(description="That an organization may enter a facility.")
class Authorisation:
    organization: str = strawberry.field(description="Key of the organization.")
    citation: str | None = strawberry.field(description="By what.")
    until: str | None = strawberry.field(description="The day from which it may no longer; null: not limited.")


@governed(Action.READ_ROSTER)
@strawberry.type(description="A place where people are received, held or stopped.")
class Facility:
    key: str = strawberry.field(description="Its plain id.")
    name: str = strawberry.field(description="Its name.")
    kind: str = strawberry.field(description="reception-centre, detention, transit, border-post or hot-spot.")
    organization: str | None = strawberry.field(description="Key of who runs it.")
    jurisdiction: str = strawberry.field(description="Where it is.")
    contact_point: str | None = strawberry.field(description="Key of whom to ask there.")
    authorisations: list[Authorisation] = strawberry.field(description="Who may enter.")

    @classmethod
    def of(cls, row: Columns, may: Sequence[Columns]) -> Self:
        return cls(
            key=row["id"],
            name=row["name"],
            kind=str(row["kind"]),
            organization=row["organization"],
            jurisdiction=row["jurisdiction"],
            contact_point=row["contact_point"],
            authorisations=[
                Authorisation(organization=each["organization"], citation=each["citation"], until=each["until"])
                for each in may
            ],
        )


@governed(Action.READ_ROSTER)
@strawberry.type(description="The holder whose turn it is on a rota.")
class OnDuty:
    holder: str = strawberry.field(description="The holder's key.")
    name: str | None = strawberry.field(description="What they are called at work.")
    role: str = strawberry.field(description="primary or deputy.")
