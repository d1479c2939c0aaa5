"""A published list held against the roster, as GraphQL shows it."""

from __future__ import annotations

from typing import Self

import strawberry

from relaypoint.domain import reconcile as domain
from relaypoint.domain.policy import Action
from relaypoint.schema.permissions import governed
from relaypoint.schema.roster_types import Ref


@governed(Action.READ_ROSTER)
@strawberry.type(description="A name of the list and the organization that it stands for.")
class NameMatch:
    name: str = strawberry.field(description="As the list has it.")
    how: str = strawberry.field(description="whole, normalised, stripped or alike; alike is a proposal to look at.")
    score: int = strawberry.field(description="How alike, of 100.")
    organization: Ref = strawberry.field(description="The organization.")
    until: str | None = strawberry.field(description="When it ended or will end.")


@governed(Action.READ_ROSTER)
@strawberry.type(description="A name of a body that was abolished.")
class AbolishedName:
    name: str = strawberry.field(description="As the list has it.")
    until: str | None = strawberry.field(description="When it ended.")
    successors: list[Ref] = strawberry.field(description="Who succeeded it.")


@governed(Action.READ_ROSTER)
@strawberry.type(description="What a published list says that the roster does not, and the other way round.")
class Reconciliation:
    matched: list[NameMatch] = strawberry.field(description="The names that stand for an organization.")
    abolished: list[AbolishedName] = strawberry.field(description="Of these, the bodies that have ended.")
    lacking: list[Ref] = strawberry.field(description="Successors that the list does not hold.")
    new: list[str] = strawberry.field(description="Names that the roster does not hold.")
    twice: list[str] = strawberry.field(description="Names that the list holds more than once.")
    unlisted: list[Ref] = strawberry.field(description="Those in the role asked for that the list does not hold.")

    @classmethod
    def of(cls, found: domain.Reconciled) -> Self:
        return cls(
            matched=[
                NameMatch(name=m.name, how=m.how, score=m.score, organization=_ref(m.body), until=m.body.until)
                for m in found.matched
            ],
            abolished=[
                AbolishedName(name=m.name, until=m.body.until, successors=[_ref(heir) for heir in heirs])
                for m, heirs in found.abolished
            ],
            lacking=[_ref(body) for body in found.lacking],
            new=list(found.new),
            twice=list(found.twice),
            unlisted=[_ref(body) for body in found.unlisted],
        )


def _ref(body: domain.Body) -> Ref:
    return Ref(key=body.id, name=body.name)
