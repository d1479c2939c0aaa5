"""Several referrals sent in one act, as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import referring
from relaypoint.schema.channel_types import ChannelView
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NoChannel, NotFound, Unavailable
from relaypoint.schema.referral_types import Referral


@strawberry.input(description="How to send several referrals: each goes to the first candidate of its need.")
class ReferManyInput:
    people: int = strawberry.field(default=1, description="How many people, each with all the needs.")
    to: str | None = strawberry.field(
        default=None, description="The contact point to send all to, where there is one need; null: the first one."
    )
    reply_to: str | None = strawberry.field(
        default=None, description="The sender's own contact point to be told; null: the one nearest to the case."
    )
    call_back: str | None = strawberry.field(
        default=None, description="Key of the sender's own channel by which to call back; null: the first by voice."
    )
    safe_hours: str | None = strawberry.field(
        default=None, description="When it is safe to call back, as opening hours."
    )
    consent: bool = strawberry.field(default=False, description="The adults' informed consent to it was given.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@strawberry.input(description="Further needs of somebody who was referred.")
class SplitInput:
    referral: str = strawberry.field(description="The referral's key or reference.")
    services: list[str] = strawberry.field(description="What the person needs as well: service types.")
    consent: bool = strawberry.field(default=False, description="An adult's informed consent to it was given.")
    no_consent: bool = strawberry.field(
        default=False,
        description="The adult agrees to nothing that needs it; left out: as was said with the referral.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@governed(Action.REFER)
@strawberry.type(description="How to reach a contact point yourself.")
class DeskWays:
    contact_point: str = strawberry.field(description="Its key.")
    channels: list[ChannelView] = strawberry.field(description="First those to use now, in their order.")


@governed(Action.REFER)
@strawberry.type(description="All are stored, and their notifications promised.")
class ReferralsSent:
    group: str = strawberry.field(description="What they have in common.")
    referrals: list[Referral] = strawberry.field(description="In the order of people, then of needs.")
    by_hand: list[str] = strawberry.field(description="References of those that no message reaches: phone them.")
    ways: list[DeskWays] = strawberry.field(description="One entry for each contact point that they went to.")

    @classmethod
    def of(cls, sent: referring.SentMany) -> Self:
        return cls(
            group=sent.group,
            referrals=[Referral.of(each) for each in sent.referrals],
            by_hand=list(sent.by_hand),
            ways=[
                DeskWays(contact_point=desk, channels=[ChannelView.of(use) for use in uses])
                for desk, uses in sent.ways.items()
            ],
        )


ReferManyResult = Annotated[
    ReferralsSent | InvalidInput | NotFound | Conflict | NoChannel | Unavailable,
    strawberry.union("ReferManyResult", description="The referrals, or why nothing was sent."),
]
