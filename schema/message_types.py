"""Messages that could not be delivered, as GraphQL shows them, and what can be done about them."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import bouncing, undelivered
from relaypoint.schema import problems
from relaypoint.schema.connections import Connection, connect
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed, under
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable
from relaypoint.schema.words import After, First, told


@governed(Action.SEE_UNDELIVERED)
@strawberry.type(description="What came of one channel when a message was to go out.")
class ChannelOutcome:
    channel: str = strawberry.field(description="The channel's key.")
    text: str = strawberry.field(description="Why it was not used, or what came back.")


@governed(Action.SEE_UNDELIVERED)
@strawberry.type(description="A message that could not be delivered.")
class Undelivered:
    key: str = strawberry.field(description="The message's id.")
    reference: str = strawberry.field(description="The reference that the message bears; it leads to what it is about.")
    kind: str = strawberry.field(description="requested, moved, cancelled, escalated, offered or handed-over.")
    priority: str = strawberry.field(description="routine, urgent, asap or stat.")
    created_at: str = strawberry.field(description="Since when it was to go out.")
    tried_at: str = strawberry.field(description="When it was tried last.")
    contact_point: str = strawberry.field(description="Key of the contact point that it was for.")
    organization: str = strawberry.field(description="Key of that contact point's organization.")
    channels: list[ChannelOutcome] = strawberry.field(description="What came of each channel at the last try.")

    @classmethod
    def of(cls, letter: undelivered.Letter) -> Self:
        outcomes = (each.partition(": ") for each in letter.why)
        return cls(
            key=letter.id,
            reference=letter.reference,
            kind=letter.kind,
            priority=letter.priority,
            created_at=letter.created_at,
            tried_at=letter.tried_at,
            contact_point=letter.contact_point,
            organization=letter.organization,
            channels=[ChannelOutcome(channel=channel, text=text) for channel, _, text in outcomes],
        )


@governed(Action.SEE_UNDELIVERED)
@strawberry.type(description="How many messages it was done for.")
class MessagesSettled:
    count: int = strawberry.field(description="How many.")


MessagesResult = Annotated[
    MessagesSettled | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("MessagesResult", description="For how many it was done, or why it could not be."),
]


@strawberry.input(description="A message that came back, as a report of a mail server tells it.")
class BounceInput:
    key: str = strawberry.field(description="The message's id: the first part of its Message-ID.")
    proof: str = strawberry.field(description="The secret that it bore: what follows in its Message-ID behind a dot.")
    address: str = strawberry.field(description="The mail address that it was for.")
    reply: str | None = strawberry.field(default=None, description="The status code, as 5.1.1.")


@strawberry.type
class MessageQuery:
    @strawberry.field(
        description="The messages to one's contact points that could not be delivered, the most urgent first.",
        metadata=under(Action.SEE_UNDELIVERED),
    )
    async def undelivered(
        self,
        info: Info,
        contact_point: Annotated[str | None, told("Only those to this contact point (its key).")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Undelivered]:
        letters = await undelivered.undelivered(info.context.subject, info.context.backend, contact_point)
        places = {each.id: at for at, each in enumerate(letters)}

        async def fetch(behind: str | None, limit: int) -> list[dict[str, object]]:
            start = 0 if behind is None else places.get(behind, -1) + 1
            return [{"id": each.id, "letter": each} for each in letters[start : start + limit]]

        return await connect(fetch, lambda row: Undelivered.of(row["letter"]), first, after)


@strawberry.type
class MessageMutation:
    @strawberry.mutation(
        description="Has undelivered messages sent again: those named, or all to a contact point, which also who "
        "coordinates its task force may.",
        metadata=under(Action.SEE_UNDELIVERED),
    )
    @problems.answered
    async def send_again(
        self,
        info: Info,
        ids: Annotated[list[str], told("Their ids, or the references that they bear.")] = [],  # noqa: B006
        contact_point: Annotated[str | None, told("All those to this contact point (its key).")] = None,
    ) -> MessagesResult:
        with problems.placed({}):
            count = await undelivered.again(info.context.subject, info.context.backend, ids, contact_point)
        return MessagesSettled(count=count)

    @strawberry.mutation(
        description="Notes that undelivered messages were told in another way, as on the phone.",
        metadata=under(Action.SEE_UNDELIVERED),
    )
    @problems.answered
    async def told_otherwise(
        self, info: Info, ids: Annotated[list[str], told("Their ids, or the references that they bear.")]
    ) -> MessagesResult:
        with problems.placed({}):
            count = await undelivered.told_otherwise(info.context.subject, info.context.backend, ids)
        return MessagesSettled(count=count)

    @strawberry.mutation(
        description="Takes note of messages that came back: they go out again by the next channel.",
        metadata=under(Action.DELIVER_NOTICES),
    )
    @problems.answered
    async def note_bounces(
        self, info: Info, bounces: Annotated[list[BounceInput], told("What the reports tell.")]
    ) -> MessagesResult:
        context = info.context
        count = 0
        for each in bounces:
            noted = await bouncing.came_back(
                context.subject, context.backend, each.key, each.proof, each.address, each.reply
            )
            count += noted is not None
        return MessagesSettled(count=count)
