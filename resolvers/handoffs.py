"""Moving a handoff along the table of ``domain.handoffs``, by compare-and-set under its referral's lock.

What the receiving side closes without having served becomes open work of the sender in the same write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.handoffs import (
    ANSWER,
    FORM_SUBMITTED,
    MOVES,
    PASSES,
    RAISE,
    REMARKS,
    SEEN,
    STATE,
    Side,
    Status,
    came_back,
    may_resend,
)
from relaypoint.domain.moves import possible
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.step_remarks import Saying, offered
from relaypoint.domain.steps import said, wrong_field
from relaypoint.domain.words import Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import StoredCase, consented, stored_case, withdrawn
from relaypoint.resolvers.claiming import claiming
from relaypoint.resolvers.faces import called_back, with_faces
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.handing_over import Referrals
from relaypoint.resolvers.parts import parts
from relaypoint.resolvers.references import by_reference
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

    Raises ``NotFound``, also for a subject on neither side.
    """
    row = await step_of(backend, id, subject)
    on = parts(subject, await present_view(backend), row, _case(backend, row))
    if not on:
        raise no_handoff(id)
    (step,) = await with_faces(backend, [shown(row, row["handoff"])])
    step["call_back"] = await called_back(backend, row["referral"])
    return Moved(step, tuple(_offered(backend, row, row["handoff"], on)))


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
    who claims the step. ``consent_to`` goes with an answer: the contact point that the person agrees to be made known
    at. Without ``expected_version`` the version found on reading is the one that is expected.

    Raises ``NotFound`` (also for a subject on neither side), ``IllegalTransition``, ``Invalid`` for what the verb does
    not take, and ``Conflict`` with the present state where somebody was first.
    """
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
            changes, side = await _decide(backend, row, saying, on)
            person = await claiming(backend, row, verb, holder)
            case = await _consenting(backend, row, verb, reason, consent_to)
            case = case or await _refusing(backend, row, verb, reason)
        except Conflict:
            # A read beside somebody's commit may see half of it, so that no is said to what two reads saw alike.
            row, before = await step_of(backend, row["handoff"]["id"]), row
            if row["handoff"] == before["handoff"]:
                raise
            continue
        expected_version = row["handoff"]["version"]
        also: dict[str, Any] = {"to": holder} if holder else {}
        if verb == RAISE:
            also["coordinator"] = coordinator_desk(backend, await present_view(backend), row, _case(backend, row))
        if case is not None:
            also["case"] = chain.salted_digest(case)
            person.append(Step("case_reseal", {"referral": row["referral"]["id"], "sealed": case}))
        steps, result = _steps(subject, backend, row, verb, changes, operation, on, side, also)
        steps += person
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


async def _decide(backend: Backend, row: Row, saying: Saying, on: frozenset[Side]) -> tuple[dict[str, Any], Side]:
    """The changes, and the side that makes them; who stands on both sides is the receiver where that may be."""
    handoff = {**row["handoff"], "must_see": row["must_see"]}
    wanted = MOVES.get(saying.verb) or REMARKS.get(saying.verb)
    if saying.verb in PASSES:
        raise Invalid(
            "handoff.needs-desk",
            "{verb} needs a contact point to go to.",
            path=("to",),
            remedy="Name it; find shows who can take the case.",
            verb=saying.verb,
        )
    side = next(iter(sorted(on & wanted.sides if wanted else on)), next(iter(sorted(on))))
    calendar = (await present_view(backend)).desk(row["contact_point"]["id"]).calendar
    return said(handoff, saying, side, backend.clock(), Priority(row["referral"]["priority"]), calendar), side


async def _consenting(backend: Backend, row: Row, verb: str, answer: str | None, to: str | None) -> str | None:
    """The case as its sender's answer leaves it, where that tells of the person's consent."""
    if to is None:
        return None
    if verb != ANSWER:
        raise wrong_field(verb, "consentTo", ANSWER)
    if answer != "told":
        raise Invalid(
            "handoff.no-consent",
            "'{answer}' tells of no consent.",
            path=("consentTo",),
            remedy="Answer told, if the person agrees; or leave the contact point out.",
            answer=answer or "",
        )
    rows, desk = (await present_view(backend)).index.rows["contact_points"], to.strip().lower()
    if desk not in rows:
        raise NotFound(
            "handoff.consent-to",
            "'{value}' is not a contact point.",
            path=("consentTo",),
            remedy="Use the one that the receiver would pass the case on to; the step shows it.",
            value=to,
        )
    return consented(backend, row, rows[desk]["organization"])


async def _refusing(backend: Backend, row: Row, verb: str, reason: str | None) -> str | None:
    """The case with the consent withdrawn that the sender says the person does not give, or no longer gives."""
    if verb == "cancel" and reason == "consent-withdrawn":
        return withdrawn(backend, row, row["receiver"]["id"])
    if verb == ANSWER and reason == "not-agreed" and (about := row["handoff"].get("asked_about")):
        desks = (await present_view(backend)).index.rows["contact_points"]
        return withdrawn(backend, row, desks[about]["organization"]) if about in desks else None
    return None


def _steps(
    subject: Subject,
    backend: Backend,
    row: Row,
    verb: str,
    changes: dict[str, Any],
    operation: str,
    on: frozenset[Side],
    side: Side,
    also: Mapping[str, Any],
) -> tuple[list[Step], dict[str, Any]]:
    handoff = row["handoff"]
    after = {**handoff, **changes, "version": handoff["version"] + 1}
    moved = {"before": handoff, "after": after, **also}
    steps = Referrals(subject, backend, operation).move(row, verb, changes, moved)
    row = {**row}
    if verb == SEEN or (side is Side.SENDER and row["must_see"] and verb != RAISE):
        # Who decides anew about a step has seen it.
        row["must_see"] = False
        steps.append(Step("handoff_seen", {"handoff": handoff["id"]}))
    elif Status(handoff["status"]).open and not Status(after["status"]).open:
        steps.append(Step("handoff_close", {"handoff": handoff["id"]}))
    if side is Side.RECEIVER and came_back(after) and not gone_on(row):
        # Before anybody is told: the message may not arrive.
        steps.append(Step("handoff_must_see", {"handoff": handoff["id"]}))
        row["must_see"] = True
    steps += telling(backend, row, verb, side, also.get("coordinator"))
    return steps, {"handoff": shown(row, after), "next": _offered(backend, row, after, on)}


def _offered(backend: Backend, row: Row, handoff: Row, on: frozenset[Side]) -> list[str]:
    """The verbs that may be said of a step next, those that only pass it on last."""
    status = Status(handoff["status"])
    state = {**handoff, "must_see": row["must_see"]}
    remarks = [verb for verb in REMARKS if offered(verb, state, on, backend.clock())]
    first = [verb for verb in remarks if verb in (FORM_SUBMITTED, SEEN)]
    moves = [verb for verb in possible(status) if MOVES[verb].sides & on]
    passes = [verb for verb, each in PASSES.items() if each.sides & on and status in each.sources]
    if gone_on(row) or not may_resend(state):
        passes = [verb for verb in passes if verb != "resend"]
    return [*first, *moves, *(verb for verb in remarks if verb not in first), *passes]


def gone_on(row: Row) -> bool:
    """Whether the referral has gone on from this step: then it is not its sender's again, whatever is said of it."""
    return any(each["id"] > row["handoff"]["id"] for each in row["steps"])


async def step_of(backend: Backend, id: str, subject: Subject | None = None) -> Row:
    """One step with what every decision about it needs; with the ``subject`` that names it, a reference will do for its
    id. Raises ``NotFound``."""
    known = await by_reference(subject, backend, id) if subject else None
    rows = await backend.store.read("handoff_get", id=known["id"] if known else id, day=backend.now()[:10])
    if not rows:
        raise no_handoff(id)
    return rows[0]


def shown(row: Row, handoff: dict[str, Any]) -> dict[str, Any]:
    """The step as it is told to those who see it."""
    state = {key: handoff.get(key) for key in ("id", "hops", "without_consent", *STATE)}
    return {**state, "must_see": row["must_see"], "contact_point": row["contact_point"], "receiver": row["receiver"]}


def _changed(row: Row) -> Conflict:
    handoff = row["handoff"]
    return Conflict(
        "handoff.changed",
        "Somebody was first: the referral step is now {status}.",
        path=("expectedVersion",),
        remedy="Look at its present state, then decide again.",
        status=handoff["status"],
        present={"status": handoff["status"], "version": handoff["version"]},
    )


def no_handoff(id: str) -> NotFound:
    return NotFound(
        "handoff.none",
        "There is no referral step '{id}' for you.",
        path=("id",),
        remedy="Check the id, and for whom you act; only the two sides of a step see it.",
        id=id,
    )
