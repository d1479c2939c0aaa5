"""The steps of a referral, and what can be said of them, as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry

from relaypoint.domain.codes import WORDS
from relaypoint.domain.policy import Action
from relaypoint.resolvers import handoffs, passing
from relaypoint.schema.channel_types import ChannelView
from relaypoint.schema.contingency_types import Pause
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NoChannel, NotFound, Unavailable
from relaypoint.schema.roster_types import Ref
from relaypoint.schema.stalled_types import NextStep


@governed(Action.READ_REFERRAL)
@strawberry.type(description="The person that answers at a desk.")
class Face:
    key: str = strawberry.field(description="The holder's id in the roster.")
    name: str | None = strawberry.field(description="Their name, where the roster has it.")
    role: str = strawberry.field(description="primary or deputy.")


@governed(Action.READ_REFERRAL)
@strawberry.type(description="How and when it is safe to call the sender back about a case.")
class CallBack:
    kind: str | None = strawberry.field(description="Kind of the sender's channel; null where none is named.")
    address: str | None = strawberry.field(description="Its address.")
    hours: str | None = strawberry.field(description="When it is safe, as opening hours; null: no limit was named.")

    @classmethod
    def of(cls, row: dict[str, Any] | None) -> Self | None:
        return cls(**row) if row else None


@governed(Action.READ_REFERRAL)
@strawberry.type(description="One hop of a referral, from one contact point to the next.")
class Handoff:
    key: str = strawberry.field(description="Its id.")
    status: str = strawberry.field(description="A FHIR task status, as requested, received, accepted or on-hold.")
    version: int = strawberry.field(description="Give it as expectedVersion when you move the step.")
    reason: str | None = strawberry.field(description="The coded reason or outcome, where the status has one.")
    reason_text: str | None = strawberry.field(description="The same in words.")
    review_on: str | None = strawberry.field(description="The day on which a hold is looked at again.")
    sent_at: str = strawberry.field(description="When it was sent.")
    moved_at: str = strawberry.field(description="Since when it has its present status.")
    changed_at: str = strawberry.field(description="When it was last moved, or anything was said of it.")
    acknowledge_by: str | None = strawberry.field(description="Until when it is to be acknowledged.")
    decide_by: str | None = strawberry.field(description="Until when it is to be accepted or declined.")
    deliver_by: str | None = strawberry.field(description="Until when its notification has to be out.")
    start_by: str | None = strawberry.field(
        description="Once accepted, on the phone as well: until when it is to begin."
    )
    complete_by: str | None = strawberry.field(description="Once begun: until when it is to be completed.")
    accepted_at: str | None = strawberry.field(description="When it was accepted.")
    started_at: str | None = strawberry.field(description="When it began.")
    phoned: str | None = strawberry.field(
        description="As its sender reports of a call: reached, accepted or refused; of one that nobody answered "
        "the record alone tells. The receiver did not say so here."
    )
    phoned_at: str | None = strawberry.field(description="When that call was made.")
    phoned_role: str | None = strawberry.field(description="With whom it was: a role.")
    received_by: str | None = strawberry.field(
        description="link: that it was received was said through the link in a message, by whom is not verified. Null: "
        "the receiver said so, signed in, or nobody did."
    )
    asked: list[str] = strawberry.field(
        description="What its sender was last asked for, as codes. Where that is consent, told is no answer."
    )
    asked_about: str | None = strawberry.field(
        description="Key of the contact point to which the receiver would send the case on."
    )
    wished_to: str | None = strawberry.field(
        description="Key of the contact point to which a coordinator would send it, until its sender has answered."
    )
    wish_by: str | None = strawberry.field(
        description="Until when the sender is to say whether the person agrees to that. No clock stands still."
    )
    wished_by: str | None = strawberry.field(
        description="Key of the coordinator's organization that would send it there. Null for the receiver."
    )
    wish_about: str | None = strawberry.field(
        description="Key of the contact point that its sender's answer to a coordinator is about. Not the receiver's."
    )
    wish_answered: str | None = strawberry.field(
        description="Whether the person agrees to that, as the sender answered the coordinator: agreed, not-agreed or "
        "not-known. Null for the receiver."
    )
    answer_by: str | None = strawberry.field(
        description="Until when the sender is to answer; null where nothing is asked now. The receiver's clocks stand "
        "still meanwhile."
    )
    answered: str | None = strawberry.field(
        description="How the sender answered: told or not-known; and whether the person agrees: agreed or not-agreed."
    )
    expected_by: str | None = strawberry.field(description="By when the person is expected to arrive.")
    arrival: str | None = strawberry.field(description="arrived or not-arrived; null where nobody has said.")
    arrival_at: str | None = strawberry.field(description="When that was said.")
    sought: str | None = strawberry.field(
        description="What became of a person who was looked for, as its sender says: found, reported-missing or "
        "no-longer-sought."
    )
    raised_at: str | None = strawberry.field(description="When its sender turned to the coordinator about it.")
    raised_to: str | None = strawberry.field(
        description="Key of the coordinator's organization that was asked. Null for the receiver."
    )
    respond_by: str | None = strawberry.field(description="Until when the coordinator is to answer; null: answered.")
    response: str | None = strawberry.field(description="How the coordinator answered.")
    responded_by: str | None = strawberry.field(
        description="Key of the organization that answered as coordinator. Null for the receiver."
    )
    hops: int = strawberry.field(description="How many steps the referral has had with this one.")
    erasure_asked_at: str | None = strawberry.field(
        description="When the receiver was asked to erase what it has, since the person withdrew the consent; anew "
        "once it no longer serves them."
    )
    erasure: str | None = strawberry.field(description="erased, or the code of why it has to be kept; null: no answer.")
    erasure_text: str | None = strawberry.field(description="The same in words.")
    without_consent: str | None = strawberry.field(
        description="What stood in for the person's consent when it was sent on: danger, or 'duty: ' and the citation."
    )
    continues: str | None = strawberry.field(description="Id of the step that this one continues.")
    form: str | None = strawberry.field(description="The official form that is the referral, where there is one.")
    form_submitted_at: str | None = strawberry.field(description="When the sender recorded that it was submitted.")
    undelivered: bool = strawberry.field(
        default=False,
        description="To its sender: no message that it was sent could be delivered there, so that it has to be phoned.",
    )
    message_taken_at: str | None = strawberry.field(
        default=None,
        description="To its sender: when a message of it to the desk was first taken by who carries it there. That "
        "somebody has read it, `received` says.",
    )
    message_due_at: str | None = strawberry.field(
        default=None,
        description="To its sender: no message to the desk has been taken yet, and it is tried then; null: one was, or "
        "none is tried.",
    )
    must_see: bool = strawberry.field(
        default=False, description="It came back, or nobody could be told of its end: the sender has yet to see it."
    )
    contact_point: Ref | None = strawberry.field(default=None, description="The desk that holds it.")
    receiver: Ref | None = strawberry.field(default=None, description="Whose desk it is.")
    answered_by: Face | None = strawberry.field(
        default=None, description="Who answers for it now; null where it is closed or no person is recorded."
    )
    diverted_to: Ref | None = strawberry.field(
        default=None, description="The contact point that answers for it while a contingency holds."
    )
    paused: Pause | None = strawberry.field(
        default=None, description="The contingency that lets the escalation of a routine or urgent step there wait."
    )
    call_back: CallBack | None = strawberry.field(
        default=None, description="How to call the sender back; of the step alone, where it is asked for by itself."
    )
    pathway: Ref | None = strawberry.field(default=None, description="The agreed pathway it went along.")
    priority: str | None = strawberry.field(
        default=None, description="routine, urgent, asap or stat; of the step alone, where it is asked for by itself."
    )
    service_type: Ref | None = strawberry.field(default=None, description="What was asked for; likewise.")
    sender: Ref | None = strawberry.field(default=None, description="Who sent it; likewise.")
    turn_to: list[NextStep] = strawberry.field(
        default_factory=list, description="For a coordinator: whom to phone, on both sides; likewise."
    )

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            key=row["id"],
            status=row["status"],
            version=row["version"],
            reason=row["reason"],
            reason_text=WORDS.get(row["reason"] or ""),
            review_on=row["review_on"],
            sent_at=row["sent_at"],
            moved_at=row["moved_at"] or row["changed_at"],
            changed_at=row["changed_at"],
            acknowledge_by=row["acknowledge_by"],
            decide_by=row["decide_by"],
            deliver_by=row.get("deliver_by"),
            start_by=row.get("start_by"),
            complete_by=row.get("complete_by"),
            accepted_at=row.get("accepted_at"),
            started_at=row.get("started_at"),
            phoned=row.get("phoned"),
            phoned_at=row.get("phoned_at"),
            phoned_role=row.get("phoned_role"),
            received_by=row.get("received_by"),
            asked=(row.get("asked") or "").split(),
            asked_about=row.get("asked_about"),
            wished_to=row.get("wished_to"),
            wish_by=row.get("wish_by"),
            wished_by=row.get("wished_by"),
            wish_about=row.get("wish_about"),
            wish_answered=row.get("wish_answered"),
            answer_by=row.get("answer_by"),
            answered=row.get("answered"),
            expected_by=row.get("expected_by"),
            arrival=row.get("arrival"),
            arrival_at=row.get("arrival_at"),
            sought=row.get("sought"),
            raised_at=row.get("raised_at"),
            raised_to=row.get("raised_to"),
            respond_by=row.get("respond_by"),
            response=row.get("response"),
            responded_by=row.get("responded_by"),
            hops=row.get("hops") or 1,
            erasure_asked_at=row.get("erasure_asked_at"),
            erasure=row.get("erasure"),
            erasure_text=WORDS.get(row.get("erasure") or ""),
            without_consent=row.get("without_consent"),
            continues=row.get("continues"),
            form=row["form"],
            form_submitted_at=row["form_submitted_at"],
            must_see=row["must_see"],
            undelivered=bool(row.get("undelivered")),
            message_taken_at=row.get("message_taken_at"),
            message_due_at=row.get("message_due_at"),
            contact_point=Ref.of(row.get("contact_point")),
            receiver=Ref.of(row.get("receiver")),
            answered_by=Face(key=face["id"], name=face["name"], role=face["role"])
            if (face := row.get("answered_by"))
            else None,
            diverted_to=Ref.of(row.get("diverted_to")),
            paused=Pause.of(row.get("paused")),
            call_back=CallBack.of(row.get("call_back")),
            pathway=Ref.of(row.get("pathway")),
            priority=row.get("priority"),
            service_type=Ref.of(row.get("service_type")),
            sender=Ref.of(row.get("sender")),
            turn_to=[NextStep.of(step) for step in row.get("turn_to", ())],
        )


@strawberry.input(description="A move of a handoff.")
class MoveInput:
    handoff: str = strawberry.field(description="The step's id.")
    verb: str = strawberry.field(
        description="receive, accept, reject, start, hold, resume, complete, fail, cancel or correct; or what changes "
        "no status: form-submitted, seen, phoned, ask, answer, expect, arrived, not-arrived, claim, release, "
        "raise (its sender turns to the coordinator) or respond (the coordinator answers). passHandoff is for pass-on, "
        "redirect and resend."
    )
    expected_version: int = strawberry.field(description="The version that you saw; another one is a conflict.")
    reason: str | None = strawberry.field(
        default=None, description="The coded reason or outcome; what was said on the phone; how a question is answered."
    )
    review: str | None = strawberry.field(default=None, description="For a hold: the day of its review (YYYY-MM-DD).")
    lacking: list[str] = strawberry.field(
        default_factory=list, description="For ask: what is asked for, as codes, such as language or call-back."
    )
    expected: str | None = strawberry.field(
        default=None, description="For expect: the instant by which the person is to arrive."
    )
    at: str | None = strawberry.field(default=None, description="For phoned: when the call was made; null: now.")
    role: str | None = strawberry.field(
        default=None, description="For phoned: with whom, as duty-officer or reception; never a name."
    )
    holder: str | None = strawberry.field(
        default=None, description="For claim: the holder of the contact point that works on it."
    )
    consent_to: str | None = strawberry.field(
        default=None,
        description="For the answer agreed: the contact point that the person agrees to be made known at; null: the "
        "one that was asked about.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@strawberry.input(description="A step's case is sent on to another contact point, as one write.")
class PassInput:
    handoff: str = strawberry.field(description="The step's id.")
    verb: str = strawberry.field(
        description="pass-on (by who has it), redirect (by the coordinator of a task force of both) or resend (by its "
        "sender, also after it came back)."
    )
    to: str = strawberry.field(description="The contact point that is to have it.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that you saw; another one is a conflict. Null: as it is."
    )
    consent: bool = strawberry.field(
        default=False, description="For resend: the person agrees to be made known to the new recipient."
    )
    risk_checked: bool = strawberry.field(
        default=False, description="For resend into another country: whether the risk there was checked."
    )
    danger: bool = strawberry.field(
        default=False, description="For pass-on and redirect: there is danger to life. Stands in for consent; recorded."
    )
    duty: str | None = strawberry.field(
        default=None, description="For pass-on and redirect: the legal duty that stands in for consent, as a citation."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@governed(Action.READ_REFERRAL)
@strawberry.type(description="The step as it is now.")
class HandoffMoved:
    handoff: Handoff = strawberry.field(description="The step.")
    next_verbs: list[str] = strawberry.field(description="What you may do with it next.")

    @classmethod
    def of(cls, moved: handoffs.Moved) -> Self:
        return cls(handoff=Handoff.of(moved.handoff), next_verbs=list(moved.next_verbs))


@strawberry.input(description="The open steps of a contact point go to another of its holders.")
class ShiftInput:
    contact_point: str = strawberry.field(description="One's own contact point (its key).")
    to: str = strawberry.field(description="The holder that takes them (its key); it has to answer there today.")
    taken_from: str | None = strawberry.field(
        default=None, description="Only what this holder had claimed (its key); null: all that is open there."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and request again, within 24 h, gives the first result."
    )


@governed(Action.MOVE_HANDOFF)
@strawberry.type(description="Which steps were handed over.")
class ShiftHandedOver:
    handoffs: list[str] = strawberry.field(description="Their ids.")


@governed(Action.READ_REFERRAL)
@strawberry.type(description="What became of a step that was to be sent on.")
class HandoffPassed:
    handoff: Handoff = strawberry.field(
        description="The step that continues it; or the same step, where its sender was asked."
    )
    sender_asked: bool = strawberry.field(
        description="Nothing was sent: by the case's conditions it can't go there, or not without the person's "
        "consent. Its sender decides."
    )
    by_hand: bool = strawberry.field(description="No channel carries a message there: somebody has to phone it.")
    channels: list[ChannelView] = strawberry.field(description="How to reach the new contact point directly.")

    @classmethod
    def of(cls, passed: passing.Passed) -> Self:
        return cls(
            handoff=Handoff.of(passed.handoff),
            sender_asked=passed.sender_asked,
            by_hand=passed.by_hand,
            channels=[ChannelView.of(use) for use in passed.channels],
        )


MoveResult = Annotated[
    HandoffMoved | InvalidInput | NotFound | Conflict | NoChannel | Unavailable,
    strawberry.union("MoveResult", description="The step, or why it was not moved."),
]
PassResult = Annotated[
    HandoffPassed | InvalidInput | NotFound | Conflict | NoChannel | Unavailable,
    strawberry.union("PassResult", description="The step, or why it was not sent on."),
]
ShiftResult = Annotated[
    ShiftHandedOver | InvalidInput | NotFound | Conflict | NoChannel | Unavailable,
    strawberry.union("ShiftResult", description="The steps, or why they were not handed over."),
]
