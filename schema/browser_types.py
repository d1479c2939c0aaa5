"""Browsers that are written to by Web Push, as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import browsers
from relaypoint.schema import problems
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed, under
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable
from relaypoint.schema.words import KEY_PATHS, Key, told

Desk = Annotated[str, told("The contact point's key, one of one's own.")]


@governed(Action.KEEP_BROWSERS)
@strawberry.type(description="A browser that is written to when something comes for its contact point.")
class Browser:
    key: str = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="What its owner calls it.")
    contact_point: str = strawberry.field(description="The contact point's key.")
    created_at: str = strawberry.field(description="Since when it is written to.")

    @classmethod
    def of(cls, browser: browsers.Browser) -> Self:
        return cls(
            key=browser.id,
            name=browser.name,
            contact_point=browser.contact_point,
            created_at=browser.created_at,
        )


BrowserResult = Annotated[
    Browser | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("BrowserResult", description="The browser, or why it could not be done."),
]


@strawberry.input(description="A browser's PushSubscription, as the browser gives it.")
class BrowserInput:
    contact_point: str = strawberry.field(description="The contact point's key, one of one's own.")
    endpoint: str = strawberry.field(description="Its address at its push service.")
    p256dh: str = strawberry.field(description="Its public key, as base64url.")
    auth: str = strawberry.field(description="Its secret, as base64url.")
    name: str = strawberry.field(default="", description="What to call it, to tell it from others.")


_KEEP = {f: ("browser", f) for f in ("contactPoint", "endpoint", "p256dh", "auth", "name")} | {
    "url": ("browser", "endpoint")
}


@strawberry.type
class BrowserQuery:
    @strawberry.field(
        description="The key that a browser is given when it subscribes (applicationServerKey), as base64url.",
        metadata=under(Action.KEEP_BROWSERS),
    )
    async def push_key(self, info: Info) -> str:
        return info.context.pushing.public_key

    @strawberry.field(
        description="The browsers that are written to for a contact point of one's own.",
        metadata=under(Action.KEEP_BROWSERS),
    )
    async def browsers(self, info: Info, contact_point: Desk) -> list[Browser]:
        with problems.placed({}):
            found = await browsers.browsers(info.context.subject, info.context.backend, contact_point)
        return [Browser.of(each) for each in found]


@strawberry.type
class BrowserMutation:
    @strawberry.mutation(
        description="Has a browser written to when something comes for a contact point of one's own.",
        metadata=under(Action.KEEP_BROWSERS),
    )
    @problems.answered
    async def keep_browser(
        self, info: Info, browser: Annotated[BrowserInput, told("Where it is reached.")]
    ) -> BrowserResult:
        context = info.context
        with problems.placed(_KEEP):
            reached = context.pushing.subscribed(browser.endpoint, browser.p256dh, browser.auth)
            kept = await browsers.keep(context.subject, context.backend, browser.contact_point, reached, browser.name)
        return Browser.of(kept)

    @strawberry.mutation(description="Writes to a browser no more.", metadata=under(Action.KEEP_BROWSERS))
    @problems.answered
    async def forget_browser(self, info: Info, contact_point: Desk, key: Key) -> BrowserResult:
        with problems.placed(KEY_PATHS):
            return Browser.of(await browsers.forget(info.context.subject, info.context.backend, contact_point, key))
