"""What can be done, as one visible list. Each answer is the result or a typed problem."""

from __future__ import annotations

from typing import Annotated

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import (
    contingency,
    ending,
    escalating,
    operational,
    recounting,
    roster,
    writing,
)
from relaypoint.schema import (
    admin_types,
    contingency_types,
    end_types,
    escalation_types,
    problems,
    status_types,
)
from relaypoint.schema.admin_types import ImportResult
from relaypoint.schema.api_key_types import ApiKeyMutation
from relaypoint.schema.browser_types import BrowserMutation
from relaypoint.schema.context import Info
from relaypoint.schema.contingency_types import ContingencyResult
from relaypoint.schema.end_types import EndResult
from relaypoint.schema.feed_types import FeedMutation
from relaypoint.schema.message_types import MessageMutation
from relaypoint.schema.permissions import under
from relaypoint.schema.referral_mutations import ReferralMutation
from relaypoint.schema.roster_mutations import RosterMutation
from relaypoint.schema.status_types import StatusResult
from relaypoint.schema.words import KEY_PATHS, Key, RepeatKey, told

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
class Mutation(ReferralMutation, RosterMutation, MessageMutation, FeedMutation, BrowserMutation, ApiKeyMutation):
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
        description="Takes the next step of escalation for everything that has gone silent and is due for it.",
        metadata=under(Action.ESCALATE),
    )
    async def escalate_due(self, info: Info) -> escalation_types.Escalation:
        await recounting.recount(info.context.subject, info.context.backend)
        return escalation_types.Escalation.of(await escalating.escalate(info.context.subject, info.context.backend))

    @strawberry.mutation(description="Delivers what the outbox holds.", metadata=under(Action.DELIVER_NOTICES))
    async def deliver_notices(self, info: Info) -> admin_types.Delivery:
        done = await info.context.deliver()
        # Where no server runs, this is what is run again and again.
        await writing.forget_operations(info.context.backend)
        return admin_types.Delivery(**done)
