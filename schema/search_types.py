"""Hits of a search over names, as GraphQL shows them."""

from __future__ import annotations

from typing import Self

import strawberry

from relaypoint.domain import search as domain
from relaypoint.domain.policy import Action
from relaypoint.schema.permissions import governed


@governed(Action.READ_ROSTER)
@strawberry.type(description="An entry of the roster whose name was found.")
class SearchHit:
    sheet: str = strawberry.field(description="The sheet that it stands in, as organizations.")
    key: str = strawberry.field(description="Its plain id.")
    name: str = strawberry.field(description="Its name.")
    matched: str = strawberry.field(description="The name that was found: its own, or another that it bears.")
    how: str = strawberry.field(description="id, whole, abbreviation, start, words or alike; the first are the surest.")
    score: int = strawberry.field(description="How well it fits within that, of 100.")
    ended: bool = strawberry.field(description="Whether it has ended.")

    @classmethod
    def of(cls, hit: domain.Hit) -> Self:
        return cls(
            sheet=hit.entry.sheet,
            key=hit.entry.id,
            name=hit.entry.name,
            matched=hit.matched,
            how=hit.how,
            score=hit.score,
            ended=hit.entry.ended,
        )
