"""The feed of events, and the webhooks that are sent it, as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import feed, webhooks
from relaypoint.schema import problems
from relaypoint.schema.connections import Connection, page_of, page_size
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed, under
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable
from relaypoint.schema.words import First, Key, told

Types = Annotated[
    list[str], told("Only these: referral.sent, referral.changed, handoff.changed, roster.changed; all unless given.")
]


@governed(Action.READ_FEED)
@strawberry.type(description="That something happened. What it was is read where it happened, as far as one may.")
class Event:
    type: str = strawberry.field(description="referral.sent, referral.changed, handoff.changed or roster.changed.")
    at: str = strawberry.field(description="When it was recorded.")
    referral: str | None = strawberry.field(description="The referral's id.")
    handoff: str | None = strawberry.field(description="The step's id.")
    contact_point: str | None = strawberry.field(description="Key of the contact point that the step lies at.")

    @classmethod
    def of(cls, event: feed.FeedEvent) -> Self:
        return cls(
            type=event.type,
            at=event.at,
            referral=event.referral,
            handoff=event.handoff,
            contact_point=event.contact_point,
        )


@governed(Action.KEEP_WEBHOOKS)
@strawberry.type(description="One attempt to send an event.")
class WebhookAttempt:
    at: str = strawberry.field(description="When.")
    cursor: str | None = strawberry.field(description="The event's; null: a test.")
    outcome: str = strawberry.field(description="taken, or why it was not, as a code.")


@governed(Action.KEEP_WEBHOOKS)
@strawberry.type(description="A program that is told of events, by Standard Webhooks.")
class Webhook:
    key: str = strawberry.field(description="Its id.")
    version: int = strawberry.field(description="Counts the changes of it.")
    organization: str = strawberry.field(description="Key of the organization that it belongs to.")
    host: str = strawberry.field(description="Where it goes, without what may be a secret.")
    types: list[str] = strawberry.field(description="The types of events that it is sent; none: all.")
    contact_points: list[str] = strawberry.field(description="Only steps at these; none: all that one may see.")
    state: str = strawberry.field(description="active or paused.")
    paused_for: str | None = strawberry.field(description="asked, failing or gone.")
    told_by: list[str] = strawberry.field(description="The references of the messages that tell of its pause.")
    paused_at: str | None = strawberry.field(description="Since when it is paused.")
    cursor: str = strawberry.field(description="Up to where it was sent.")
    behind: int = strawberry.field(description="How many events there are after it, also such as it is not sent.")
    failures: int = strawberry.field(description="How often in a row it failed.")
    due_at: str | None = strawberry.field(description="When it is tried again; null: it did not fail.")
    created_at: str = strawberry.field(description="Since when it is there.")
    attempts: list[WebhookAttempt] = strawberry.field(description="The last fifty, the earliest first.")
    secret: str | None = strawberry.field(description="What events are signed with; told once, when it is made.")

    @classmethod
    def of(cls, webhook: webhooks.Webhook) -> Self:
        return cls(
            key=webhook.id,
            version=webhook.version,
            organization=webhook.organization,
            host=webhook.host,
            types=list(webhook.types),
            contact_points=list(webhook.contact_points),
            state=webhook.state,
            paused_for=webhook.paused_for,
            told_by=list(webhook.told_by),
            paused_at=webhook.paused_at,
            cursor=feed.cursor(webhook.position),
            behind=webhook.behind,
            failures=webhook.failures,
            due_at=webhook.due_at,
            created_at=webhook.created_at,
            attempts=[
                WebhookAttempt(
                    at=each.at, cursor=None if each.event is None else feed.cursor(each.event), outcome=each.outcome
                )
                for each in webhook.log
            ],
            secret=webhook.secret,
        )


@governed(Action.KEEP_WEBHOOKS)
@strawberry.type(description="A webhook that is there no more.")
class WebhookEnded:
    key: str = strawberry.field(description="The id that it had.")


WebhookResult = Annotated[
    Webhook | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("WebhookResult", description="The webhook as it is now, or why it could not be done."),
]
WebhookEndResult = Annotated[
    WebhookEnded | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("WebhookEndResult", description="That it is ended, or why not."),
]


@strawberry.input(description="Where a program is to be told of events, and of which.")
class WebhookInput:
    url: str = strawberry.field(description="https, with a public name.")
    types: list[str] = strawberry.field(default_factory=list, description="The types of events; none: all.")
    contact_points: list[str] = strawberry.field(
        default_factory=list, description="Only steps at these contact points of one's own; none: all."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="A random text; a repeat under it within 24 hours gets the first answer."
    )


_CREATE = {f: ("webhook", f) for f in ("url", "types", "contactPoints", "idempotencyKey")}
_KEY = {"id": ("key",)}


@strawberry.type
class FeedQuery:
    @strawberry.field(
        description="What happened behind a cursor, as far as one may see it, the earliest first; nothing is skipped. "
        "Without a cursor: where it stands now, to go on from. endCursor goes on also where nothing was found.",
        metadata=under(Action.READ_FEED),
    )
    async def events(
        self,
        info: Info,
        after: Annotated[str | None, told("A cursor of the feed, or of an event that was sent.")] = None,
        first: First = None,
        types: Types = [],  # noqa: B006
    ) -> Connection[Event]:
        context = info.context
        with problems.placed({}):
            position = None if after is None else feed.position_of(after)
            page = await feed.events(context.subject, context.backend, position, limit=page_size(first), types=types)
        nodes = [(feed.cursor(each.position), Event.of(each)) for each in page.events]
        return page_of(nodes, feed.cursor(page.position), after, more=page.more)

    @strawberry.field(description="One's own webhooks, the oldest first.", metadata=under(Action.KEEP_WEBHOOKS))
    async def webhooks(self, info: Info) -> list[Webhook]:
        return [Webhook.of(each) for each in await webhooks.webhooks(info.context.subject, info.context.backend)]


@strawberry.type
class FeedMutation:
    @strawberry.mutation(
        description="Has a program of one's own told of events from now on. The answer holds the secret, once.",
        metadata=under(Action.KEEP_WEBHOOKS),
    )
    @problems.answered
    async def create_webhook(
        self, info: Info, webhook: Annotated[WebhookInput, told("Where, and of what.")]
    ) -> WebhookResult:
        context = info.context
        with problems.placed(_CREATE):
            made = await webhooks.create(
                context.subject,
                context.backend,
                context.hooks.checked(webhook.url),
                context.hooks.new_secret(),
                types=webhook.types,
                contact_points=webhook.contact_points,
                idempotency_key=webhook.idempotency_key,
            )
        return Webhook.of(made)

    @strawberry.mutation(
        description="Signs with a new secret, and for a day with the one before too. The answer holds it, once.",
        metadata=under(Action.KEEP_WEBHOOKS),
    )
    @problems.answered
    async def rotate_webhook_secret(self, info: Info, key: Key) -> WebhookResult:
        context = info.context
        with problems.placed(_KEY):
            return Webhook.of(await webhooks.rotate(context.subject, context.backend, key, context.hooks.new_secret()))

    @strawberry.mutation(
        description="Sends nothing until it is resumed; what happens meanwhile is sent then.",
        metadata=under(Action.KEEP_WEBHOOKS),
    )
    @problems.answered
    async def pause_webhook(self, info: Info, key: Key) -> WebhookResult:
        with problems.placed(_KEY):
            return Webhook.of(await webhooks.pause(info.context.subject, info.context.backend, key))

    @strawberry.mutation(description="Sends again, from where it stopped.", metadata=under(Action.KEEP_WEBHOOKS))
    @problems.answered
    async def resume_webhook(self, info: Info, key: Key) -> WebhookResult:
        with problems.placed(_KEY):
            return Webhook.of(await webhooks.resume(info.context.subject, info.context.backend, key))

    @strawberry.mutation(
        description="Sends once more what happened since a moment, each event under the id that it had.",
        metadata=under(Action.KEEP_WEBHOOKS),
    )
    @problems.answered
    async def replay_webhook(
        self, info: Info, key: Key, since: Annotated[str, told("An instant, or a day.")]
    ) -> WebhookResult:
        with problems.placed(_KEY):
            return Webhook.of(await webhooks.replay(info.context.subject, info.context.backend, key, since))

    @strawberry.mutation(description="Sends a test next, about nothing.", metadata=under(Action.KEEP_WEBHOOKS))
    @problems.answered
    async def test_webhook(self, info: Info, key: Key) -> WebhookResult:
        with problems.placed(_KEY):
            return Webhook.of(await webhooks.send_test(info.context.subject, info.context.backend, key))

    @strawberry.mutation(
        description="Ends a webhook, and forgets its address and secrets.", metadata=under(Action.KEEP_WEBHOOKS)
    )
    @problems.answered
    async def end_webhook(self, info: Info, key: Key) -> WebhookEndResult:
        with problems.placed(_KEY):
            return WebhookEnded(key=await webhooks.end(info.context.subject, info.context.backend, key))
