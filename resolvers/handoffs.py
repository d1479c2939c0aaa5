"""Moving a handoff along the table of ``domain.handoffs``, by compare-and-set under its referral's lock.

What the receiving side closes without having served becomes open work of the sender in the same write.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain import chain
from relaypoint.domain.erasure_remarks import erasure_asked, erasure_over
from relaypoint.domain.errors import Conflict, Invalid, NoChannel
from relaypoint.domain.handoffs import (
    ALIASES,
    ANSWER,
    ARRIVED,
    ERASED,
    EXPECT,
    FORM_SUBMITTED,
    MOVES,
    MUST_KEEP,
    PASSES,
    PHONED,
    RAISE,
    REMARKS,
    RESPOND,
    SEEN,
    SERVED_THERE,
    Side,
    Status,
    came_back,
    found_with_nobody,
    may_resend,
    missing_at_end,
)
from relaypoint.domain.moves import possible
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.questions import answered_by, asked_where, check_no_own_wish
from relaypoint.domain.saying import Saying
from relaypoint.domain.step_remarks import offered
from relaypoint.domain.steps import said
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.answering import agreeing, taken_back
from relaypoint.resolvers.arriving import search_over, searched
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import StoredCase, consented, refused, stored_case, withdrawn
from relaypoint.resolvers.claiming import claiming
from relaypoint.resolvers.coordinating import turn_to
from relaypoint.resolvers.erasing import erasing, erasing_answered, erasing_over, steps_of_body
from relaypoint.resolvers.faces import called_back, with_faces
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.handing_over import Referrals
from relaypoint.resolvers.parts import parts
from relaypoint.resolvers.proving import answered
from relaypoint.resolvers.step_rows import gone_on, no_handoff, shown, step_of
from relaypoint.resolvers.telling import coordinator_desk, telling
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: Another handoff of the same referral may move in between; that is nobody's conflict, so it is tried again.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Moved:
    """The handoff as it is now, and the verbs that the subject may say next."""

    handoff: dict[str, Any]
    next_verbs: tuple[str, ...]


@permitted(Action.READ_REFERRAL)
async def handoff(subject: Subject, backend: Backend, id: str) -> Moved:
    """One handoff as it is, by its id, its referral's reference (then the open step, or else the last one), or the
    reference of a message about it.

    With what it is for, how urgent, and who sent it; for a coordinator also with whom to phone on both sides, and
    nothing of the case.

    Raises ``NotFound``, also for a subject on neither side.
    """
    row = await step_of(backend, id, subject)
    view = await present_view(backend)
    on = parts(subject, view, row, _case(backend, row))
    if not on:
        raise no_handoff(id)
    (step,) = await with_faces(backend, [shown(row, row["handoff"], on)])
    step |= _about(view, row)
    if on == {Side.COORDINATOR}:
        step["turn_to"] = turn_to(
            view,
            row["contact_point"]["id"],
            row["sender"]["id"],
            row["answered_at"],
            Confidentiality(row["referral"]["confidentiality"]),
            backend.clock(),
        )
    if Side.SENDER in on or (Side.RECEIVER in on and Status(row["handoff"]["status"]).open):
        step["call_back"] = called_back(view, row["referral"])
    return Moved(step, tuple(_offered(row, row["handoff"], on, backend.now())))


def _about(view: View, row: Row) -> dict[str, Any]:
    """What all who see a step know of its referral."""
    type = row["service_type"]
    return {
        "priority": row["referral"]["priority"],
        "sender": row["sender"],
        "service_type": {"id": type, "name": view.name_or_id("service_types", type)},
    }


@permitted(Action.MOVE_HANDOFF)
async def move_handoff(
    subject: Subject,
    backend: Backend,
    id: str,
    verb: str,
    *,
    reason: str | None = None,
    review: str | None = None,
    lacking: Sequence[str] = (),
    expected: str | None = None,
    at: str | None = None,
    role: str | None = None,
    holder: str | None = None,
    consent_to: str | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> Moved:
    """Carries out one verb that needs no other desk; ``domain.steps.Saying`` tells what goes with which. ``holder`` is
    who claims the step. ``consent_to`` goes with the answer ``agreed``: the contact point that the person agrees to be
    made known at; None: the one that was asked about. Without ``expected_version`` the version found on reading is the
    one that is expected.

    Raises ``NotFound`` (also for a subject on neither side), ``IllegalTransition``, ``Invalid`` for what the verb does
    not take, and ``Conflict`` with the present state where somebody was first.
    """
    verb = ALIASES.get(verb, verb)
    operation = operation_id(subject, backend, idempotency_key)
    request = {
        **{"id": id, "verb": verb, "reason": reason, "review": review, "version": expected_version},
        **{"lacking": list(lacking), "expected": expected, "at": at, "role": role},
        **{"holder": holder, "consent_to": consent_to},
    }
    done = await earlier(backend, operation, request)
    if done is not None:
        return await _told(backend, done)
    saying = Saying(
        verb=verb, reason=reason, review=review, lacking=tuple(lacking), expected=expected, at=at, role=role
    )
    row = await step_of(backend, id, subject)
    for _ in range(_TRIES):
        on = parts(subject, await present_view(backend), row, _case(backend, row))
        if not on:
            raise no_handoff(id)
        try:
            check_version(row, expected_version)
            changes, side = await _decide(subject, backend, row, saying, on)
            person = await claiming(backend, row, verb, holder)
            agreed = await agreeing(backend, row, _case(backend, row), verb, reason, consent_to)
            case = consented(backend, row, agreed) if agreed else None
            refusing = await taken_back(backend, row, _case(backend, row), verb, reason)
            # That the person would not go there, or back there, stops what is new; it asks nobody to erase what it has.
            elsewhere = verb == ANSWER and asked_where(row["handoff"]) is not None
            if refusing is not None:  # None where there is no consent of it to withdraw.
                case = withdrawn(backend, row, refusing)
                if case is None and verb == ANSWER:
                    case = refused(backend, row, refusing)
        except Conflict as barred:
            # A read beside somebody's commit may see half of it, so that no is said to what two reads saw alike.
            row, before = await step_of(backend, row["handoff"]["id"]), row
            if row["handoff"] == before["handoff"]:
                barred.present.setdefault("version", row["handoff"]["version"])
                raise with_next(barred, row, on, backend.now()) from None
            continue
        expected_version = row["handoff"]["version"]
        also: dict[str, Any] = {"to": holder} if holder else {}
        if verb == PHONED:  # Each call is told as it was, also one that changes nothing.
            also["call"] = {"result": reason, "role": role, "at": at or backend.now()}
        if verb == RAISE or (verb == ANSWER and not row["handoff"]["asked_at"]):
            # A coordinator's wish is answered to the coordinator, where one can be told.
            with contextlib.suppress(*(() if verb == RAISE else (NoChannel,))):
                asked = row["handoff"]["wished_by"] if verb == ANSWER else None
                view = await present_view(backend)
                desk = coordinator_desk(backend, view, row, _case(backend, row), asked)
                also["coordinator"] = desk
                if verb == RAISE:
                    changes["raised_to"] = view.desk(desk).organization
        if case is not None:
            also["case"] = chain.salted_digest(case)
            person.append(Step("case_reseal", {"referral": row["referral"]["id"], "sealed": case}))
        if verb == ANSWER and not elsewhere and refusing == row["receiver"]["id"]:
            changes |= erasure_asked(row["handoff"], backend.clock())
        if agreed == row["receiver"]["id"]:
            changes |= erasure_over(row["handoff"])
        moved = Referrals(subject, backend, operation)
        steps, result = _steps(backend, moved, row, verb, changes, on, side, also)
        if case is not None and refusing is not None and not elsewhere:
            steps += await erasing(backend, moved, await steps_of_body(backend, row, refusing))
        if agreed is not None:
            steps += await erasing_over(backend, moved, await steps_of_body(backend, row, agreed))
        if verb in (ERASED, MUST_KEEP):
            others = await steps_of_body(backend, row, row["receiver"]["id"])
            steps += await erasing_answered(backend, moved, others, verb, str(changes["erasure"]))
        if verb == ARRIVED:
            steps += await search_over(backend, moved, row)
        steps += person
        if side is Side.RECEIVER and row["handoff"]["status"] == Status.REQUESTED:
            steps += answered(backend, await present_view(backend), row)
        try:
            told = await write_once(backend, operation, steps, request=request, result=result)
        except Unmet:
            row = await step_of(backend, row["handoff"]["id"])
            continue
        return await _told(backend, told)
    raise _changed(row)


async def _told(backend: Backend, result: dict[str, Any]) -> Moved:
    (step,) = await with_faces(backend, [result["handoff"]])
    return Moved(step, tuple(result["next"]))


def check_version(row: Row, expected: int | None) -> None:
    """Raises ``Conflict`` where the step is not the version that was seen."""
    if expected not in (None, row["handoff"]["version"]):
        raise _changed(row)


def _case(backend: Backend, row: Row) -> StoredCase:
    return stored_case(backend, row["sealed_key"], row["sealed"])


async def _decide(
    subject: Subject, backend: Backend, row: Row, saying: Saying, on: frozenset[Side]
) -> tuple[dict[str, Any], Side]:
    """The changes, and the side that makes them; who stands on both sides is the receiver where that may be."""
    handoff = {**row["handoff"], "must_see": row["must_see"], "searched": searched(row), "gone_on": gone_on(row)}
    wanted = MOVES.get(saying.verb) or REMARKS.get(saying.verb)
    if saying.verb in PASSES:
        raise Invalid(
            "handoff.needs-desk",
            "{verb} needs a contact point to go to, and is not said like the others.",
            path=("verb",),
            remedy="Use passHandoff, which takes the contact point.",
            verb=saying.verb,
        )
    may = sorted(on & wanted.sides if wanted else on, reverse=saying.verb == EXPECT)  # The sender may say more of it.
    side = next(iter(may), next(iter(sorted(on))))
    calendar = (await present_view(backend)).desk(row["contact_point"]["id"]).calendar
    changes = said(handoff, saying, side, backend.clock(), Priority(row["referral"]["priority"]), calendar)
    if saying.verb == RESPOND:
        check_no_own_wish(handoff, subject.organization, changes["response"])
        changes |= answered_by(handoff, subject.organization, changes["response"], backend.now())
    return changes, side


#: What its sender may say of a step that came back without having decided anew about it.
_NOT_SEEN: Final = frozenset({RAISE, ERASED, MUST_KEEP})


def _steps(
    backend: Backend,
    moving: Referrals,
    row: Row,
    verb: str,
    changes: dict[str, Any],
    on: frozenset[Side],
    side: Side,
    also: Mapping[str, Any],
) -> tuple[list[Step], dict[str, Any]]:
    handoff = row["handoff"]
    after = {**handoff, **changes, "version": handoff["version"] + 1}
    moved = {"before": handoff, "after": after, **also}
    steps = moving.move(row, verb, changes, moved)
    row = {**row}
    # Whoever ends a step ends no search for a person.
    sought = verb in ("cancel", "correct") and missing_at_end(after)
    # That the person was found lays their case with nobody.
    found = verb == SEEN and "sought" in changes and found_with_nobody({**after, "gone_on": gone_on(row)})
    if side is Side.SENDER and row["must_see"] and verb not in _NOT_SEEN and not (sought or found):
        # Who decides anew about a step has seen it.
        row["must_see"] = False
        steps.append(Step("handoff_seen", {"handoff": handoff["id"]}))
    elif Status(handoff["status"]).open and not Status(after["status"]).open:
        steps.append(Step("handoff_close", {"handoff": handoff["id"]}))
    if (sought or (side is Side.RECEIVER and verb in MOVES and came_back(after))) and not gone_on(row):
        # Before anybody is told: the message may not arrive.
        steps.append(Step("handoff_must_see", {"handoff": handoff["id"]}))
        row["must_see"] = True
    elif verb == ARRIVED and row["must_see"] and not came_back(after):
        # That the person was missing is why it came back.
        steps.append(Step("handoff_seen", {"handoff": handoff["id"]}))
        row["must_see"] = False
    if changes.get("reason") != SERVED_THERE:  # The office has said it itself.
        steps += telling(backend, row, verb, side, also.get("coordinator"))
    return steps, {"handoff": shown(row, after, on), "next": _offered(row, after, on, backend.now())}


def _offered(row: Row, handoff: Row, on: frozenset[Side], now: str) -> list[str]:
    """The verbs that may be said of a step next, those that only pass it on last."""
    status = Status(handoff["status"])
    state = {**handoff, "must_see": row["must_see"], "gone_on": gone_on(row)}
    remarks = [verb for verb in REMARKS if offered(verb, state, on, now)]
    first = [verb for verb in remarks if verb in (FORM_SUBMITTED, SEEN)]
    moves = [verb for verb in possible(status) if MOVES[verb].sides & on]
    passes = [verb for verb, each in PASSES.items() if each.sides & on and status in each.sources]
    if gone_on(row) or not may_resend(state):
        passes = [verb for verb in passes if verb != "resend"]
    return [*first, *moves, *(verb for verb in remarks if verb not in first), *passes]


def with_next(refused: Conflict, row: Row, on: frozenset[Side], now: str) -> Conflict:
    """What the table refuses, with all that the subject may say of the step instead."""
    if refused.message_id == "handoff.transition":
        verbs = _offered(row, row["handoff"], on, now)
        refused.remedy = "You may say of it: {known}.".format(known=", ".join(verbs) or "nothing")
    return refused


def _changed(row: Row) -> Conflict:
    handoff = row["handoff"]
    return Conflict(
        "handoff.changed",
        "Somebody was first: the referral step is now {status}, in version {version}.",
        path=("expectedVersion",),
        remedy="Look at its present state, then decide again.",
        status=handoff["status"],
        version=handoff["version"],
        present={"status": handoff["status"], "version": handoff["version"]},
    )
