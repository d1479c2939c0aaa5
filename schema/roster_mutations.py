"""What can be done to keep the roster true, by its members and coordinators."""

from __future__ import annotations

from typing import Annotated

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import guidance, joint, proposing, responding, round_answers, rounds, trend, vouching
from relaypoint.schema import gap_types, guidance_types, joint_types, problems, proposal_types, round_types
from relaypoint.schema.context import Info
from relaypoint.schema.guidance_types import AcknowledgeResult
from relaypoint.schema.joint_types import JointRequestResult
from relaypoint.schema.permissions import under
from relaypoint.schema.proposal_types import EditResult, ProposalResult
from relaypoint.schema.round_types import AnswerResult, RoundCloseResult, RoundResult, TestResult
from relaypoint.schema.words import KEY_PATHS, Key, RepeatKey, told

#: Where the fields that the use cases name are in the input.
_START = {f: ("start", f) for f in ("kind", "due", "taskForce", "idempotencyKey")}
_ASK = {
    "from": ("ask", "organization"),
    "organization": ("ask", "to"),
    **{f: ("ask", f) for f in ("kind", "facility", "reason", "due", "idempotencyKey")},
}
_EDIT = {
    "id": ("edit", "key"),
    **{f: ("edit", f) for f in ("sheet", "columns", "reason", "idempotencyKey")},
}


@strawberry.type
class RosterMutation:
    @strawberry.mutation(
        description="Changes an entry of one's own at once; a change of another's becomes a proposal.",
        metadata=under(Action.EDIT_ROSTER),
    )
    @problems.answered
    async def edit_roster(
        self, info: Info, edit: Annotated[proposal_types.EditInput, told("The entry, and what changes.")]
    ) -> EditResult:
        with problems.placed(_EDIT):
            done = await proposing.edit(
                info.context.subject,
                info.context.backend,
                edit.sheet,
                edit.key,
                {each.name: each.value or "" for each in edit.columns},
                new=edit.new,
                reason=edit.reason,
                idempotency_key=edit.idempotency_key,
                preview=edit.preview,
            )
        return proposal_types.RosterEdit.of(done)

    @strawberry.mutation(
        description="Starts a confirmation round or a drill; its links are handed to the channels, and told once.",
        metadata=under(Action.RUN_ROUND),
    )
    @problems.answered
    async def start_round(
        self, info: Info, start: Annotated[round_types.RoundInput, told("Of whom, and until when.")]
    ) -> RoundResult:
        with problems.placed(_START):
            started = await rounds.start(
                info.context.subject,
                info.context.backend,
                start.kind,
                start.due,
                task_force=start.task_force,
                idempotency_key=start.idempotency_key,
            )
        return await round_types.RoundStarted.of(info, started)

    @strawberry.mutation(
        description="New links for those who have not answered; the old ones no longer hold.",
        metadata=under(Action.RUN_ROUND),
    )
    @problems.answered
    async def remind_round(self, info: Info, key: Key, idempotency_key: RepeatKey = None) -> RoundResult:
        with problems.placed(KEY_PATHS):
            started = await rounds.remind(
                info.context.subject, info.context.backend, key, idempotency_key=idempotency_key
            )
        return await round_types.RoundStarted.of(info, started)

    @strawberry.mutation(
        description="Ends a round; channels whose test nobody answered are failing from then on.",
        metadata=under(Action.RUN_ROUND),
    )
    @problems.answered
    async def close_round(
        self,
        info: Info,
        key: Key,
        early: Annotated[bool, told("Also before the day on which answers are due.")] = False,
        idempotency_key: RepeatKey = None,
    ) -> RoundCloseResult:
        context = info.context
        with problems.placed(KEY_PATHS):
            row = await rounds.close(
                context.subject, context.backend, key, early=early, idempotency_key=idempotency_key
            )
        return round_types.Round.of(row)

    @strawberry.mutation(description="Answers a link, once, without signing in.", metadata=under(Action.ANSWER_ROUND))
    @problems.answered
    async def answer_round(
        self,
        info: Info,
        token: Annotated[str, told("The link's token.")],
        answer: Annotated[str, told("confirm, correct or left; the test of a channel is confirmed.")] = "confirm",
        corrections: Annotated[
            list[round_types.CorrectionInput] | None, told("What is wrong, for the answer correct.")
        ] = None,
        read: Annotated[list[str] | None, told("Keys of the guidances that one has read.")] = None,
    ) -> AnswerResult:
        wrong = [
            round_answers.Correction(each.sheet, each.key, {column.name: column.value or "" for column in each.columns})
            for each in corrections or ()
        ]
        found = await round_answers.answer(
            info.context.subject, info.context.backend, token, answer, wrong, read=read or ()
        )
        return round_types.Asked.of(found)

    @strawberry.mutation(
        description="Notes what came of a test that a person made, such as a call.", metadata=under(Action.RUN_ROUND)
    )
    @problems.answered
    async def note_test(
        self,
        info: Info,
        key: Annotated[str, told("Key of the test, as the round lists it.")],
        answered: Annotated[bool, told("Whether somebody answered.")],
    ) -> TestResult:
        with problems.placed(KEY_PATHS):
            ask = await round_answers.note(info.context.subject, info.context.backend, key, answered=answered)
        return round_types.RoundAsk.of(ask)

    @strawberry.mutation(
        description="Notes that a holder of one's own has read a guidance.", metadata=under(Action.ACKNOWLEDGE)
    )
    @problems.answered
    async def acknowledge_guidance(
        self,
        info: Info,
        key: Key,
        holder: Annotated[str, told("Key of the holder.")],
        version: Annotated[int | None, told("The version that was read; the present one unless given.")] = None,
        idempotency_key: RepeatKey = None,
    ) -> AcknowledgeResult:
        with problems.placed(KEY_PATHS):
            reader = await guidance.acknowledge(
                info.context.subject,
                info.context.backend,
                key,
                holder,
                version=version,
                idempotency_key=idempotency_key,
            )
        return guidance_types.GuidanceReader.of(reader)

    @strawberry.mutation(
        description="Counts today's gaps, and how soon contact points answer, and keeps both; the last of a day stays.",
        metadata=under(Action.TAKE_SNAPSHOT),
    )
    async def take_snapshot(self, info: Info) -> gap_types.TrendPoint:
        await responding.measure(info.context.subject, info.context.backend)
        return gap_types.TrendPoint.of(await trend.snapshot(info.context.subject, info.context.backend))

    @strawberry.mutation(
        description="Asks another organization to meet, or to be let in somewhere.", metadata=under(Action.ASK_JOINTLY)
    )
    @problems.answered
    async def ask_jointly(
        self, info: Info, ask: Annotated[joint_types.JointRequestInput, told("Who asks whom, and for what.")]
    ) -> JointRequestResult:
        with problems.placed(_ASK):
            row = await joint.ask(
                info.context.subject,
                info.context.backend,
                ask.organization,
                ask.to,
                ask.kind,
                ask.reason,
                ask.due,
                facility=ask.facility,
                idempotency_key=ask.idempotency_key,
            )
        return joint_types.JointRequest.of(row)

    @strawberry.mutation(description="Answers such a request.", metadata=under(Action.ASK_JOINTLY))
    @problems.answered
    async def answer_jointly(
        self,
        info: Info,
        key: Key,
        verb: Annotated[str, told("agree or refuse; withdraw, by who asked.")],
        reason: Annotated[str | None, told("Why; needed to refuse.")] = None,
        on: Annotated[str | None, told("The day that is agreed on.")] = None,
        idempotency_key: RepeatKey = None,
    ) -> JointRequestResult:
        with problems.placed(KEY_PATHS):
            row = await joint.answer(
                info.context.subject,
                info.context.backend,
                key,
                verb,
                reason=reason,
                on=on,
                idempotency_key=idempotency_key,
            )
        return joint_types.JointRequest.of(row)

    @strawberry.mutation(
        description="Vouches for the newcomer to a task force that is proposed, as a full member of it.",
        metadata=under(Action.EDIT_ROSTER),
    )
    @problems.answered
    async def vouch_for(self, info: Info, key: Key, idempotency_key: RepeatKey = None) -> ProposalResult:
        with problems.placed(KEY_PATHS):
            done = await vouching.vouch(
                info.context.subject, info.context.backend, key, idempotency_key=idempotency_key
            )
        return proposal_types.Proposal.of(done)

    @strawberry.mutation(
        description="Accepts, declines or withdraws a proposed change.", metadata=under(Action.EDIT_ROSTER)
    )
    @problems.answered
    async def decide_proposal(
        self,
        info: Info,
        key: Key,
        verb: Annotated[str, told("accept, decline or withdraw.")],
        reason: Annotated[str | None, told("Why; needed to decline.")] = None,
        idempotency_key: RepeatKey = None,
    ) -> ProposalResult:
        with problems.placed(KEY_PATHS):
            done = await proposing.decide(
                info.context.subject, info.context.backend, key, verb, reason=reason, idempotency_key=idempotency_key
            )
        return proposal_types.Proposal.of(done)
