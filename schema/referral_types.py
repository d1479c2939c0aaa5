"""Referrals, handoffs and what has stalled, as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry

from relaypoint.domain.chain import Event
from relaypoint.domain.codes import WORDS
from relaypoint.domain.policy import Action
from relaypoint.domain.replay import step_after
from relaypoint.domain.words import Priority
from relaypoint.resolvers import referrals, sending
from relaypoint.schema.channel_types import ChannelView, Emergency
from relaypoint.schema.context import Info
from relaypoint.schema.find_types import Advice
from relaypoint.schema.handoff_types import CallBack, Handoff
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NoChannel, NotFound, Unavailable
from relaypoint.schema.roster_types import Ref


@governed(Action.READ_REFERRAL)
@strawberry.type(description="A person's consent that a body learns of them, for the body that referred them alone.")
class ConsentView:
    organization: str = strawberry.field(description="Key of the body.")
    service_type: str = strawberry.field(description="Key of the service that it is for.")
    given_on: str | None = strawberry.field(
        description="The day on which it was given; null: never, the body had the case without."
    )
    withdrawn_on: str | None = strawberry.field(description="The day on which it was withdrawn; null: it is in force.")


@governed(Action.READ_REFERRAL)
@strawberry.type(description="What a child wants for themselves, as far as they could say it.")
class ChildsView:
    code: str = strawberry.field(description="As wants-it, wants-something-else or could-not-say.")
    text: str = strawberry.field(description="The same in words.")
    recorded_on: str = strawberry.field(description="The day on which they were asked.")

    @classmethod
    def of(cls, said: dict[str, Any] | None) -> Self | None:
        return cls(code=said["code"], text=WORDS[said["code"]], recorded_on=said["recorded_on"]) if said else None


@governed(Action.READ_REFERRAL)
@strawberry.type(description="The case's own fields. Only the body that referred it reads them.")
class CaseFields:
    place: str | None = strawberry.field(description="Where the service is needed.")
    languages: list[str] = strawberry.field(description="The person's languages.")
    tags: list[str] = strawberry.field(description="Population tags.")
    avoid: list[str] = strawberry.field(description="Whom the case must not reach.")
    consent: bool = strawberry.field(description="Whether an adult's informed consent was recorded.")
    agreed_types: list[str] | None = strawberry.field(
        description="Keys of the service types that the adult agrees to; empty: to none; null: it was not said."
    )
    consents: list[ConsentView] = strawberry.field(description="Who may learn of the person, for what, since when.")
    childs_view: ChildsView | None = strawberry.field(description="Of a child: what they want; null: not recorded.")


@governed(Action.READ_REFERRAL)
@strawberry.type(description="An entry of a referral's record. It holds no case field.")
class TimelineEvent:
    sequence: int = strawberry.field(description="Its number in the chain.")
    kind: str = strawberry.field(description="As referral-sent or handoff-accept.")
    text: str = strawberry.field(
        description="What happened, in words, with the reason or answer that was given; to its sender also whom an "
        "escalation turned to."
    )
    at: str = strawberry.field(description="When it was recorded.")
    actor: str = strawberry.field(
        description="Kind and organization of who did it; never a person. Kind link: whoever used the link in a "
        "message to that organization."
    )
    status: str | None = strawberry.field(description="The step's status after it.")
    hash: str = strawberry.field(description="Covers its content and the entry before it.")

    @classmethod
    def of(cls, event: Event, text: str) -> Self:
        return cls(
            sequence=event.sequence,
            kind=event.kind,
            text=text,
            at=event.at,
            actor=event.actor,
            status=step_after(event.data).get("status"),
            hash=event.hash,
        )


@governed(Action.READ_REFERRAL)
@strawberry.type(description="A referral that was sent in one act with another one, or is of the same case.")
class Sibling:
    key: str = strawberry.field(description="Its id.")
    reference: str = strawberry.field(description="Its reference.")
    service_type: Ref = strawberry.field(description="What was asked for.")
    person: int | None = strawberry.field(
        description="Which of the people of a group it is for, from 1 on; null: it is for one alone, or not yours."
    )
    status: str = strawberry.field(description="The status of its last step.")
    must_see: bool = strawberry.field(description="That one came back, and its sender has yet to see it.")
    receiver: Ref = strawberry.field(description="Whose desk that one lies at, or lay.")

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        referral, kind, step = row["referral"], row["service_type"], row["step"]
        return cls(
            key=referral["id"],
            reference=referral["reference"],
            service_type=Ref(key=kind["id"], name=kind["name"]),
            person=referral["person"],
            status=step["status"],
            must_see=step["must_see"],
            receiver=Ref(key=step["receiver"]["id"], name=step["receiver"]["name"]),
        )


@governed(Action.READ_REFERRAL)
@strawberry.type(description="A request for a service, for a case that has no name here.")
class Referral:
    key: str = strawberry.field(description="Its id.")
    reference: str = strawberry.field(description="Random; read it out instead of a name.")
    version: int = strawberry.field(description="Counts changes of the referral and its steps.")
    priority: str = strawberry.field(description="routine, urgent, asap or stat.")
    confidentiality: str = strawberry.field(description="The least that a channel must assure.")
    created_at: str = strawberry.field(description="When it was sent.")
    sender: Ref = strawberry.field(description="Who sent it.")
    service_type: Ref = strawberry.field(description="What was asked for.")
    call_back: CallBack | None = strawberry.field(description="How and when it is safe to call the sender back.")
    group: str | None = strawberry.field(
        description="What was sent in one act, or is of one case, has it in common. Only for the sender."
    )
    person: int | None = strawberry.field(
        description="Which of the people of a group it is for, from 1 on; null: it is for one alone, or not yours."
    )
    handoffs: list[Handoff] = strawberry.field(description="Its steps, oldest first.")
    case: CaseFields | None = strawberry.field(description="Only for the sender; null for anyone else.")

    @strawberry.field(description="The referral's record, oldest first.")
    async def timeline(self, info: Info) -> list[TimelineEvent]:
        context = info.context
        told = await referrals.told_timeline(context.subject, context.backend, self.key)
        return [TimelineEvent.of(event, text) for event, text in told]

    @strawberry.field(
        description="What was sent in one act with it, or is of the same case, oldest first; empty for all but the "
        "sender."
    )
    async def together(self, info: Info) -> list[Sibling]:
        context = info.context
        rows = await referrals.together(context.subject, context.backend, self.key)
        return [Sibling.of(row) for row in rows]

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        case = row["case"]
        return cls(
            key=row["id"],
            reference=row["reference"],
            version=row["version"],
            priority=row["priority"],
            confidentiality=row["confidentiality"],
            created_at=row["created_at"],
            sender=Ref(key=row["sender"]["id"], name=row["sender"]["name"]),
            service_type=Ref(key=row["service_type"]["id"], name=row["service_type"]["name"]),
            call_back=CallBack.of(row["call_back"]),
            group=row["group"],
            person=row["person"],
            handoffs=[Handoff.of(handoff) for handoff in row["handoffs"]],
            case=CaseFields(
                place=case["place"],
                languages=case["languages"],
                tags=case["tags"],
                avoid=case["avoid"],
                consent=case["consent"],
                agreed_types=case["agreed_types"],
                consents=[ConsentView(**{"withdrawn_on": None, **each}) for each in case.get("consents", ())],
                childs_view=ChildsView.of(case.get("childs_view")),
            )
            if case
            else None,
        )


@strawberry.input(description="A referral to send.")
class ReferInput:
    to: str | None = strawberry.field(default=None, description="The contact point; null: the first candidate.")
    reply_to: str | None = strawberry.field(
        default=None, description="The sender's own contact point to be told; null: the one nearest to the case."
    )
    call_back: str | None = strawberry.field(
        default=None,
        description="Key of the sender's own channel by which to call back; null: the first by voice that is safe.",
    )
    safe_hours: str | None = strawberry.field(
        default=None, description="When it is safe to call back, as opening hours, such as Mo-Fr 09:00-12:00."
    )
    consent: bool = strawberry.field(default=False, description="An adult's informed consent to it was given.")
    risk_checked: bool = strawberry.field(
        default=False, description="Into another country: whether the risk there was checked."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@governed(Action.REFER)
@strawberry.type(description="The referral is stored, and its notification promised.")
class ReferralSent:
    referral: Referral = strawberry.field(description="The referral.")
    phone_now: bool = strawberry.field(description="An emergency: phone until a person accepts.")
    by_hand: bool = strawberry.field(description="No channel carries a message there: you have to make contact.")
    form: str | None = strawberry.field(description="The official form to submit; it is the referral.")
    emergency: Emergency | None = strawberry.field(description="Danger now: whom to call.")
    channels: list[ChannelView] = strawberry.field(description="How to reach the contact point yourself.")
    repeated: bool = strawberry.field(description="It was sent before under this key; nothing was sent again.")
    warnings: list[str] = strawberry.field(description="Of danger for the person.")
    confirm: list[str] = strawberry.field(description="What to make sure of.")
    protection: list[Advice] = strawberry.field(description="Of a child's case: who protects the child, beside this.")

    @classmethod
    def of(cls, sent: sending.Sent) -> Self:
        return cls(
            referral=Referral.of(sent.referral),
            phone_now=sent.phone_now,
            by_hand=sent.by_hand,
            form=sent.form,
            emergency=Emergency.of(sent.emergency, Priority(sent.referral["priority"])) if sent.emergency else None,
            channels=[ChannelView.of(use) for use in sent.channels],
            repeated=sent.repeated,
            warnings=list(sent.warnings),
            confirm=list(sent.confirm),
            protection=[Advice.of(each) for each in sent.protection],
        )


@strawberry.input(description="A person's consent that a body learns of them.")
class ConsentInput:
    referral: str = strawberry.field(description="The referral's key or reference.")
    to: str = strawberry.field(description="A contact point of the body.")
    withdraw: bool = strawberry.field(
        default=False, description="It no longer holds. An open step goes on; cancel it if the person does not want it."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@strawberry.input(description="What a child wants for themselves.")
class ChildsViewInput:
    referral: str = strawberry.field(description="The referral's key or reference.")
    view: str = strawberry.field(
        description="wants-it, wants-something-else, does-not-want-it, could-not-say or not-asked-yet."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@governed(Action.REFER)
@strawberry.type(description="The consent is recorded, or withdrawn.")
class ConsentRecorded:
    referral: Referral = strawberry.field(description="The referral.")


ConsentResult = Annotated[
    ConsentRecorded | InvalidInput | NotFound | Conflict | NoChannel | Unavailable,
    strawberry.union("ConsentResult", description="The referral, or why nothing was recorded."),
]
ReferResult = Annotated[
    ReferralSent | InvalidInput | NotFound | Conflict | NoChannel | Unavailable,
    strawberry.union("ReferResult", description="The referral, or why it was not sent."),
]
