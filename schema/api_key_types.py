"""The keys of programs, as GraphQL shows them to who keeps them."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import api_keys
from relaypoint.schema import problems
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed, under
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable
from relaypoint.schema.words import Key, told


@governed(Action.KEEP_API_KEYS)
@strawberry.type(description="A key by which a program of a member organization asks, sent as a bearer token.")
class ApiKey:
    key: str = strawberry.field(description="Its id, which is no secret.")
    version: int = strawberry.field(description="Counts the changes of it.")
    organization: str = strawberry.field(description="Key of the organization that it acts for.")
    name: str = strawberry.field(description="What its owner calls it.")
    scopes: list[str] = strawberry.field(
        description="What it may: directory.read, referrals.read, referrals.write, status.write, events.read."
    )
    created_at: str = strawberry.field(description="When it was made.")
    created_by: str = strawberry.field(description="By whom: a kind, and an organization.")
    expires: str = strawberry.field(description="The last day, in UTC, on which it is valid.")
    used_at: str | None = strawberry.field(description="When it was used last, within ten minutes; null: never.")
    secret: str | None = strawberry.field(description="What a program sends; told once, when it is made.")

    @classmethod
    def of(cls, found: api_keys.ApiKey) -> Self:
        return cls(
            key=found.id,
            version=found.version,
            organization=found.organization,
            name=found.name,
            scopes=list(found.scopes),
            created_at=found.created_at,
            created_by=found.created_by,
            expires=found.expires,
            used_at=found.used_at,
            secret=found.key,
        )


@governed(Action.KEEP_API_KEYS)
@strawberry.type(description="A key that is valid no more.")
class ApiKeyEnded:
    key: str = strawberry.field(description="The id that it had.")


ApiKeyResult = Annotated[
    ApiKey | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("ApiKeyResult", description="The key, or why there is none."),
]
ApiKeyEndResult = Annotated[
    ApiKeyEnded | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("ApiKeyEndResult", description="That it is ended, or why not."),
]


@strawberry.input(description="What a program is to be let in for.")
class ApiKeyInput:
    name: str = strawberry.field(description="Which program it is for.")
    scopes: list[str] = strawberry.field(
        description="What it may: directory.read, referrals.read, referrals.write, status.write, events.read."
    )
    expires: str | None = strawberry.field(
        default=None,
        description="The last day, in UTC, on which it is valid, a year from now at most; null: in 90 days.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A random text; a repeat under it within 24 hours gets the first answer, without the secret.",
    )


_CREATE = {f: ("apiKey", f) for f in ("name", "scopes", "expires", "idempotencyKey")}


@strawberry.type
class ApiKeyQuery:
    @strawberry.field(
        description="One's own keys, the oldest first, and those that have expired among them.",
        metadata=under(Action.KEEP_API_KEYS),
    )
    async def api_keys(self, info: Info) -> list[ApiKey]:
        return [ApiKey.of(each) for each in await api_keys.api_keys(info.context.subject, info.context.backend)]


@strawberry.type
class ApiKeyMutation:
    @strawberry.mutation(
        description="Lets a program of one's own ask. The answer holds the secret, once.",
        metadata=under(Action.KEEP_API_KEYS),
    )
    @problems.answered
    async def create_api_key(
        self, info: Info, api_key: Annotated[ApiKeyInput, told("For which program, and for what.")]
    ) -> ApiKeyResult:
        context = info.context
        with problems.placed(_CREATE):
            made = await api_keys.create(
                context.subject,
                context.backend,
                api_key.name,
                api_key.scopes,
                expires=api_key.expires,
                idempotency_key=api_key.idempotency_key,
            )
        return ApiKey.of(made)

    @strawberry.mutation(
        description="Ends a key at once, and forgets what it was known by.", metadata=under(Action.KEEP_API_KEYS)
    )
    @problems.answered
    async def end_api_key(self, info: Info, key: Key) -> ApiKeyEndResult:
        with problems.placed({"id": ("key",)}):
            return ApiKeyEnded(key=await api_keys.end(info.context.subject, info.context.backend, key))
