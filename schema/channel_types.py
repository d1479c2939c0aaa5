"""How somebody is reached, and whom to call before anything else, as GraphQL shows it."""

from __future__ import annotations

from typing import Self

import strawberry

from relaypoint.domain import emergency
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.clock import format_instant
from relaypoint.domain.policy import Action
from relaypoint.domain.words import Priority
from relaypoint.schema.permissions import governed


@governed(Action.SEE_EMERGENCY)
@strawberry.type(description="A channel of a contact point, as it stands for a case now.")
class ChannelView:
    key: str = strawberry.field(description="The channel's plain id.")
    kind: str = strawberry.field(description="phone, sms, email, …")
    address: str | None = strawberry.field(description="Number (E.164), mailbox or link.")
    assurance: str = strawberry.field(description="How confidential a case it is good for.")
    state: str = strawberry.field(description="unproven, working, failing or dead.")
    usable: bool = strawberry.field(description="Whether it may be used for this case at all.")
    open: bool | None = strawberry.field(description="Whether it is within its hours now; null: hours not known.")
    opens_at: str | None = strawberry.field(description="The instant at which it opens, where it is closed now.")
    why_not: str | None = strawberry.field(
        description="ended, condition, dead, assurance, relay (nobody can be asked there) or avoided."
    )
    note: str | None = strawberry.field(description="What a caller should know.")
    time_zone: str = strawberry.field(description="The IANA time zone that its hours are of, as Europe/London.")

    @classmethod
    def of(cls, use: ChannelUse) -> Self:
        return cls(
            key=use.channel.id,
            kind=use.channel.kind.value,
            address=use.channel.address,
            assurance=use.channel.assurance.value,
            state=use.channel.state.value,
            usable=use.barred is None,
            open=use.open,
            opens_at=format_instant(use.opens_at) if use.opens_at else None,
            why_not=use.barred,
            note=use.channel.note,
            time_zone=use.time_zone,
        )


@governed(Action.SEE_EMERGENCY)
@strawberry.type(description="Whom to call before anything else. Shown to anyone, without sign-in.")
class Emergency:
    country: str | None = strawberry.field(description="The country, or the part of one, in which the number helps.")
    number: str | None = strawberry.field(description="The number to call in danger now.")
    answered_by: str | None = strawberry.field(description="Who answers it.")
    hotline: str | None = strawberry.field(description="The national hotline's name.")
    hotline_number: str | None = strawberry.field(description="Its number (E.164).")
    hotline_open: bool | None = strawberry.field(description="Whether it is open now; null: hours not known.")
    phone_now: str | None = strawberry.field(description="For an emergency: what to do until a person accepts.")
    notes: list[str] = strawberry.field(description="What to know before calling.")

    @classmethod
    def of(cls, found: emergency.Emergency, priority: Priority | None = None) -> Self:
        return cls(
            country=found.country,
            number=found.number,
            answered_by=found.service,
            hotline=found.hotline.name if found.hotline else None,
            hotline_number=found.channel.channel.address if found.channel else None,
            hotline_open=found.channel.open if found.channel else None,
            phone_now="Phone now, and keep phoning until a person accepts. A message alone is not enough."
            if priority is Priority.STAT
            else None,
            notes=list(found.notes),
        )
