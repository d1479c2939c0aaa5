"""What can be done with referrals and their steps. Each answer is the result or a typed problem."""

from __future__ import annotations

from typing import Annotated

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import consenting, handoffs, passing, referring, sending, shifts
from relaypoint.schema import handoff_types, many_types, problems, referral_types
from relaypoint.schema.context import Info
from relaypoint.schema.handoff_types import MoveInput, MoveResult, PassInput, PassResult, ShiftResult
from relaypoint.schema.need_types import NEED_PATHS, Need
from relaypoint.schema.permissions import under
from relaypoint.schema.referral_types import ConsentResult, ReferResult
from relaypoint.schema.words import told

#: Where the fields that the use cases name are in the input.
_SEND = {f: ("send", f) for f in ("to", "replyTo", "callBack", "safeHours", "consent", "riskChecked", "idempotencyKey")}
_MOVE = {
    "id": ("move", "handoff"),
    **{
        f: ("move", f)
        for f in (
            *("verb", "reason", "review", "lacking", "expected", "at", "role", "holder", "consentTo"),
            *("expectedVersion", "idempotencyKey"),
        )
    },
}
_SHIFT = {f: ("shift", f) for f in ("contactPoint", "to", "takenFrom", "idempotencyKey")}
_MANY = {f: ("send", f) for f in ("people", "to", "replyTo", "callBack", "safeHours", "consent", "idempotencyKey")}
_SPLIT = {
    "id": ("split", "referral"),
    "service": ("split", "services"),
    "also": ("split", "services"),
    **{f: ("split", f) for f in ("services", "consent", "idempotencyKey")},
}
_VIEW = {"id": ("view", "referral"), **{f: ("view", f) for f in ("view", "idempotencyKey")}}
_CONSENT = {"id": ("consent", "referral"), **{f: ("consent", f) for f in ("to", "withdraw", "idempotencyKey")}}
_PASS = {
    "id": ("pass", "handoff"),
    **{
        f: ("pass", f)
        for f in ("verb", "to", "consent", "riskChecked", "danger", "duty", "expectedVersion", "idempotencyKey")
    },
}


@strawberry.type(description="What can be done with referrals.")
class ReferralMutation:
    @strawberry.mutation(
        description="Sends a referral: stored with its first step, its record and its notification, as one.",
        metadata=under(Action.REFER),
    )
    @problems.answered
    async def refer(
        self,
        info: Info,
        need: Need,
        send: Annotated[referral_types.ReferInput | None, told("How to send it; may be left out.")] = None,
    ) -> ReferResult:
        how = send or referral_types.ReferInput()
        with problems.placed(NEED_PATHS | _SEND):
            sent = await sending.refer(
                info.context.subject,
                info.context.backend,
                need.to_domain(),
                to=how.to,
                reply_to=how.reply_to,
                call_back=how.call_back,
                safe_hours=how.safe_hours,
                consent=how.consent,
                risk_checked=how.risk_checked,
                idempotency_key=how.idempotency_key,
            )
        return referral_types.ReferralSent.of(sent)

    @strawberry.mutation(
        description="Sends several referrals in one act: for many people, or for several needs of one. All, or none.",
        metadata=under(Action.REFER),
    )
    @problems.answered
    async def refer_many(
        self,
        info: Info,
        need: Need,
        send: Annotated[many_types.ReferManyInput | None, told("How to send them; may be left out.")] = None,
    ) -> many_types.ReferManyResult:
        how = send or many_types.ReferManyInput()
        with problems.placed(NEED_PATHS | _MANY):
            sent = await referring.refer_many(
                info.context.subject,
                info.context.backend,
                need.to_domain(),
                people=how.people,
                to=how.to,
                reply_to=how.reply_to,
                call_back=how.call_back,
                safe_hours=how.safe_hours,
                consent=how.consent,
                idempotency_key=how.idempotency_key,
            )
        return many_types.ReferralsSent.of(sent)

    @strawberry.mutation(
        description="Sends further needs of somebody who was referred, as the case is known.",
        metadata=under(Action.REFER),
    )
    @problems.answered
    async def split_referral(
        self, info: Info, split: Annotated[many_types.SplitInput, told("Which, and what is needed as well.")]
    ) -> many_types.ReferManyResult:
        with problems.placed(_SPLIT):
            sent = await referring.split(
                info.context.subject,
                info.context.backend,
                split.referral,
                split.services,
                consent=split.consent,
                no_consent=split.no_consent,
                idempotency_key=split.idempotency_key,
            )
        return many_types.ReferralsSent.of(sent)

    @strawberry.mutation(
        description="Records a person's consent that a body learns of them, or that it was withdrawn.",
        metadata=under(Action.REFER),
    )
    @problems.answered
    async def record_consent(
        self, info: Info, consent: Annotated[referral_types.ConsentInput, told("Whom the person agrees to.")]
    ) -> ConsentResult:
        with problems.placed(_CONSENT):
            row = await consenting.record_consent(
                info.context.subject,
                info.context.backend,
                consent.referral,
                consent.to,
                withdraw=consent.withdraw,
                idempotency_key=consent.idempotency_key,
            )
        return referral_types.ConsentRecorded(referral=referral_types.Referral.of(row))

    @strawberry.mutation(
        description="Records what a child wants for themselves, as far as they could say it.",
        metadata=under(Action.REFER),
    )
    @problems.answered
    async def record_childs_view(
        self, info: Info, view: Annotated[referral_types.ChildsViewInput, told("What the child wants.")]
    ) -> ConsentResult:
        with problems.placed(_VIEW):
            row = await consenting.record_view(
                info.context.subject,
                info.context.backend,
                view.referral,
                view.view,
                idempotency_key=view.idempotency_key,
            )
        return referral_types.ConsentRecorded(referral=referral_types.Referral.of(row))

    @strawberry.mutation(description="Moves a step of a referral.", metadata=under(Action.MOVE_HANDOFF))
    @problems.answered
    async def move_handoff(self, info: Info, move: Annotated[MoveInput, told("The move.")]) -> MoveResult:
        with problems.placed(_MOVE):
            moved = await handoffs.move_handoff(
                info.context.subject,
                info.context.backend,
                move.handoff,
                move.verb,
                reason=move.reason,
                review=move.review,
                lacking=move.lacking,
                expected=move.expected,
                at=move.at,
                role=move.role,
                holder=move.holder,
                consent_to=move.consent_to,
                expected_version=move.expected_version,
                idempotency_key=move.idempotency_key,
            )
        return handoff_types.HandoffMoved.of(moved)

    @strawberry.mutation(
        description="Sends a step's case on to another contact point: the step ends and its successor is sent, as one.",
        metadata=under(Action.MOVE_HANDOFF),
    )
    @problems.answered
    async def pass_handoff(
        self, info: Info, pass_: Annotated[PassInput, strawberry.argument(name="pass", description="Which, and where.")]
    ) -> PassResult:
        with problems.placed(_PASS):
            passed = await passing.pass_handoff(
                info.context.subject,
                info.context.backend,
                pass_.handoff,
                pass_.verb,
                pass_.to,
                consent=pass_.consent,
                risk_checked=pass_.risk_checked,
                danger=pass_.danger,
                duty=pass_.duty,
                expected_version=pass_.expected_version,
                idempotency_key=pass_.idempotency_key,
            )
        return handoff_types.HandoffPassed.of(passed)

    @strawberry.mutation(
        description="Hands the open steps of one's own contact point to another of its holders, as one.",
        metadata=under(Action.MOVE_HANDOFF),
    )
    @problems.answered
    async def hand_over_shift(
        self, info: Info, shift: Annotated[handoff_types.ShiftInput, told("What, and to whom.")]
    ) -> ShiftResult:
        with problems.placed(_SHIFT):
            done = await shifts.hand_over_shift(
                info.context.subject,
                info.context.backend,
                shift.contact_point,
                shift.to,
                taken_from=shift.taken_from,
                idempotency_key=shift.idempotency_key,
            )
        return handoff_types.ShiftHandedOver(handoffs=done)
