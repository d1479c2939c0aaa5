"""What can be done, as one visible list. Each answer is the result or a typed problem."""

from __future__ import annotations

from typing import Annotated

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import (
    consenting,
    contingency,
    ending,
    escalating,
    handoffs,
    operational,
    passing,
    recounting,
    referrals,
    referring,
    roster,
    shifts,
)
from relaypoint.schema import (
    admin_types,
    contingency_types,
    end_types,
    escalation_types,
    handoff_types,
    many_types,
    problems,
    referral_types,
    status_types,
)
from relaypoint.schema.admin_types import ImportResult
from relaypoint.schema.context import Info
from relaypoint.schema.contingency_types import ContingencyResult
from relaypoint.schema.end_types import EndResult
from relaypoint.schema.find_types import NEED_PATHS, Need
from relaypoint.schema.handoff_types import MoveInput, MoveResult, PassInput, PassResult, ShiftResult
from relaypoint.schema.permissions import under
from relaypoint.schema.referral_types import ConsentResult, ReferResult
from relaypoint.schema.roster_mutations import RosterMutation
from relaypoint.schema.status_types import StatusResult
from relaypoint.schema.words import KEY_PATHS, Key, RepeatKey, told

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
_MANY = {f: ("send", f) for f in ("people", "replyTo", "callBack", "safeHours", "consent", "idempotencyKey")}
_SPLIT = {
    "id": ("split", "referral"),
    "service": ("split", "services"),
    "also": ("split", "services"),
    **{f: ("split", f) for f in ("services", "consent", "idempotencyKey")},
}
_CONSENT = {"id": ("consent", "referral"), **{f: ("consent", f) for f in ("to", "withdraw", "idempotencyKey")}}
_PASS = {
    "id": ("pass", "handoff"),
    **{
        f: ("pass", f)
        for f in ("verb", "to", "consent", "riskChecked", "danger", "duty", "expectedVersion", "idempotencyKey")
    },
}
#: Where the fields that the use cases name are in the input.
_DECLARE = {f: ("declare", f) for f in ("place", "taskForce", "organization", "reason", "until", "idempotencyKey")} | {
    "id": ("declare", "key")
}
_STATUS = {
    "from": ("status", "organization"),
    **{f: ("status", f) for f in ("organization", "service", "state", "capacity", "needs", "until", "idempotencyKey")},
}
_END = {
    "id": ("end", "key"),
    **{f: ("end", f) for f in ("kind", "to", "replacedBy", "override", "idempotencyKey")},
}


@strawberry.type(description="What can be done. Each answer is the result or a typed problem.")
class Mutation(RosterMutation):
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
            sent = await referrals.refer(
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
        description="Checks a roster and, unless it is a dry run, applies it as one write.",
        metadata=under(Action.CHANGE_ROSTER),
    )
    @problems.answered
    async def import_roster(
        self,
        info: Info,
        tables: Annotated[list[admin_types.TableInput], told("The sheets.")],
        dry_run: Annotated[bool, told("Check and show; change nothing.")] = False,
    ) -> ImportResult:
        done = await roster.import_roster(
            info.context.subject, info.context.backend, admin_types.to_raw(tables), dry_run=dry_run
        )
        return admin_types.RosterImport.of(done)

    @strawberry.mutation(
        description="Ends a tenure, a contact point, an organization or a task force today; its open work is taken"
        " over in the same write, or it does not end.",
        metadata=under(Action.END_ENTRY),
    )
    @problems.answered
    async def end_entry(
        self, info: Info, end: Annotated[end_types.EndInput, told("What ends, and who takes its work.")]
    ) -> EndResult:
        with problems.placed(_END):
            ended = await ending.end(
                info.context.subject,
                info.context.backend,
                end.kind,
                end.key,
                to=end.to,
                replaced_by=end.replaced_by,
                override=end.override,
                idempotency_key=end.idempotency_key,
                dry_run=end.dry_run,
            )
        return end_types.Ended.of(ended)

    @strawberry.mutation(
        description="Says how far one's own organization, or a service of it, works from today on.",
        metadata=under(Action.SET_STATUS),
    )
    @problems.answered
    async def set_status(
        self, info: Info, status: Annotated[status_types.StatusInput, told("What holds from today on.")]
    ) -> StatusResult:
        with problems.placed(_STATUS):
            row = await operational.set_status(
                info.context.subject,
                info.context.backend,
                status.organization,
                status.state,
                service=status.service,
                capacity=status.capacity,
                needs=status.needs,
                until=status.until,
                idempotency_key=status.idempotency_key,
            )
        return status_types.OperationalStatus.of(row)

    @strawberry.mutation(
        description="Declares a contingency from today on, or shows what it would change.",
        metadata=under(Action.DECLARE_CONTINGENCY),
    )
    @problems.answered
    async def declare_contingency(
        self, info: Info, declare: Annotated[contingency_types.ContingencyInput, told("For what, why, how long.")]
    ) -> ContingencyResult:
        scope = contingency.Scope(declare.place, declare.task_force, declare.organization)
        with problems.placed(_DECLARE):
            done = await contingency.declare(
                info.context.subject,
                info.context.backend,
                scope,
                declare.reason,
                declare.until,
                id=declare.key,
                pause_escalations=declare.pause_escalations,
                idempotency_key=declare.idempotency_key,
                preview=declare.preview,
            )
        return contingency_types.ContingencyChange.of(done)

    @strawberry.mutation(
        description="Lets a contingency hold until another day.", metadata=under(Action.DECLARE_CONTINGENCY)
    )
    @problems.answered
    async def renew_contingency(
        self,
        info: Info,
        key: Key,
        until: Annotated[str, told("The day from which it no longer holds, within 90 days.")],
        idempotency_key: RepeatKey = None,
    ) -> ContingencyResult:
        with problems.placed(KEY_PATHS):
            done = await contingency.renew(
                info.context.subject, info.context.backend, key, until, idempotency_key=idempotency_key
            )
        return contingency_types.ContingencyChange.of(done)

    @strawberry.mutation(
        description="Ends a contingency: everything reads as before, but what was settled meanwhile.",
        metadata=under(Action.DECLARE_CONTINGENCY),
    )
    @problems.answered
    async def end_contingency(self, info: Info, key: Key, idempotency_key: RepeatKey = None) -> ContingencyResult:
        with problems.placed(KEY_PATHS):
            done = await contingency.end(
                info.context.subject, info.context.backend, key, idempotency_key=idempotency_key
            )
        return contingency_types.ContingencyChange.of(done)

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

    @strawberry.mutation(
        description="Takes the next step of escalation for everything that has gone silent and is due for it.",
        metadata=under(Action.ESCALATE),
    )
    async def escalate_due(self, info: Info) -> list[escalation_types.RungTaken]:
        await recounting.recount(info.context.subject, info.context.backend)
        taken = await escalating.escalate(info.context.subject, info.context.backend)
        return [escalation_types.RungTaken.of(each) for each in taken]

    @strawberry.mutation(description="Delivers what the outbox holds.", metadata=under(Action.DELIVER_NOTICES))
    async def deliver_notices(self, info: Info) -> admin_types.Delivery:
        return admin_types.Delivery(**await info.context.deliver())
