"""Guidance as GraphQL shows it, and who has acknowledged it."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry

from relaypoint.domain import guidance as domain
from relaypoint.domain.policy import Action
from relaypoint.domain.rows import Columns
from relaypoint.resolvers import guidance
from relaypoint.schema.connections import Connection, connect
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable
from relaypoint.schema.words import After, First, told


@governed(Action.READ_ROSTER)
@strawberry.type(description="A holder for whom a guidance is meant.")
class GuidanceReader:
    holder: str = strawberry.field(description="Key of the holder.")
    contact_point: str = strawberry.field(description="Key of the contact point.")
    organization: str = strawberry.field(description="Key of its organization.")
    due: str | None = strawberry.field(description="The day by which they should have read it; null: they need not.")
    read_on: str | None = strawberry.field(description="The day on which they acknowledged the present version.")

    @classmethod
    def of(cls, reader: domain.Reader) -> Self:
        return cls(
            holder=reader.holder["id"],
            contact_point=reader.holder["contact_point"],
            organization=reader.organization,
            due=reader.due,
            read_on=reader.read_on,
        )


@governed(Action.READ_ROSTER)
@strawberry.type(description="Instructions for contact points, in a version.")
class Guidance:
    key: str = strawberry.field(description="Its plain id.")
    name: str = strawberry.field(description="Its name.")
    version: int = strawberry.field(description="Counts the versions; a new one is to be acknowledged anew.")
    task_force: str | None = strawberry.field(description="For the contact points of this one's members (its key).")
    role: str | None = strawberry.field(description="Only of members with this role.")
    contact_point: str | None = strawberry.field(description="For this contact point (its key).")
    text: str | None = strawberry.field(description="The instructions, in Markdown.")
    url: str | None = strawberry.field(description="Where they are published.")
    acknowledge_by: str | None = strawberry.field(description="The day by which holders should have acknowledged it.")

    @strawberry.field(description="Whom it is meant for, by key: all for who coordinates, otherwise one's own people.")
    async def readers(
        self,
        info: Info,
        unread: Annotated[bool, told("Only those who have not acknowledged it.")] = False,
        first: First = None,
        after: After = None,
    ) -> Connection[GuidanceReader]:
        found = await guidance.readers(info.context.subject, info.context.backend, self.key)
        by_id = {str(each.holder["id"]): each for each in found if not (unread and each.read_on)}

        async def fetch(behind: str | None, limit: int) -> list[dict[str, Any]]:
            return [{"id": id} for id in by_id if behind is None or id > behind][:limit]

        return await connect(fetch, lambda row: GuidanceReader.of(by_id[row["id"]]), first, after)

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            key=row["id"],
            name=row["name"],
            version=row["version"],
            task_force=row["task_force"],
            role=row["role"],
            contact_point=row["contact_point"],
            text=row["text"],
            url=row["url"],
            acknowledge_by=row["acknowledge_by"],
        )


AcknowledgeResult = Annotated[
    GuidanceReader | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("AcknowledgeResult", description="Who has acknowledged it, or why that was not noted."),
]
