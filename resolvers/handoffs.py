"""Moving a handoff along the table of ``domain.handoffs``, by compare-and-set under its referral's lock.

What the receiving side closes without having served becomes open work of the sender in the same write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.deadlines import deadlines
from relaypoint.domain.errors import Conflict, IllegalTransition, NotFound
from relaypoint.domain.handoffs import FORM_SUBMITTED, MOVES, SEEN, STATE, Side, Status, move, possible
from relaypoint.domain.policy import Action, Subject, sides
from relaypoint.domain.words import Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.faces import with_faces
from relaypoint.resolvers.references import by_reference
from relaypoint.resolvers.referral_steps import notice, record
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
    asked = id
    known = await by_reference(backend, id)
    row = await _get(backend, known["id"] if known else id, asked)
    on = sides(subject, row["sender"]["id"], row["receiver"]["id"])
    if not on:
        raise _no_handoff(asked)
    (shown,) = await with_faces(backend, [_shown(row, row["handoff"])])
    return Moved(shown, tuple(_offered(row, row["handoff"], on)))


@permitted(Action.MOVE_HANDOFF)
async def move_handoff(
    subject: Subject,
    backend: Backend,
    id: str,
    verb: str,
    *,
    reason: str | None = None,
    review: str | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> Moved:
    """Carries out one verb. Without ``expected_version`` the version found on reading is the one that is expected.

    Raises ``NotFound`` (also for a subject on neither side), ``IllegalTransition``, ``Invalid`` for a reason or
    review day, and ``Conflict`` with the present state where somebody was first.
    """
    operation = operation_id(subject, backend, idempotency_key)
    request = {"id": id, "verb": verb, "reason": reason, "review": review, "version": expected_version}
    done = await earlier(backend, operation, request)
    if done is not None:
        return await _told(backend, done)
    row = await _get(backend, id)
    for _ in range(_TRIES):
        on = sides(subject, row["sender"]["id"], row["receiver"]["id"])
        if not on:
            raise _no_handoff(id)
        try:
            changes, side = _decide(backend, row, verb, on, reason, review, expected_version)
        except Conflict:
            # A read beside somebody's commit may see half of it, so that no is said to what two reads saw alike.
            row, before = await _get(backend, id), row
            if row["handoff"] == before["handoff"]:
                raise
            continue
        expected_version = row["handoff"]["version"]
        steps, result = _steps(subject, backend, row, verb, changes, operation, on, side)
        try:
            told = await write_once(backend, operation, steps, request=request, result=result)
        except Unmet:
            row = await _get(backend, id)
            continue
        return await _told(backend, told)
    raise _changed(row)


async def _told(backend: Backend, result: dict[str, Any]) -> Moved:
    (shown,) = await with_faces(backend, [result["handoff"]])
    return Moved(shown, tuple(result["next"]))


def _decide(
    backend: Backend,
    row: Row,
    verb: str,
    on: frozenset[Side],
    reason: str | None,
    review: str | None,
    expected_version: int | None,
) -> tuple[dict[str, Any], Side]:
    """The changes, and the side that makes them; who stands on both sides is the receiver where that may be."""
    handoff, now = row["handoff"], backend.clock()
    if expected_version not in (None, handoff["version"]):
        raise _changed(row)
    status = Status(handoff["status"])
    changes: dict[str, Any] = {"changed_at": backend.now()}
    if verb == SEEN:
        _check_seen(row, status, on)
        return {"seen_at": backend.now()}, Side.SENDER
    if verb == FORM_SUBMITTED:
        _check_form(handoff, status, on)
        desk = row["contact_point"]
        # The receiver's clock starts when the form, which is the referral, is in.
        due = deadlines(
            Priority(row["referral"]["priority"]),
            now,
            Calendar(desk["time_zone"] or "UTC", desk["hours"], desk["holidays"]),
            acknowledge_within=handoff["acknowledge_within"],
            decide_within=handoff["decide_within"],
        )
        return {
            **changes,
            "form_submitted_at": backend.now(),
            "acknowledge_by": due.acknowledge_by,
            "decide_by": due.decide_by,
        }, Side.SENDER
    wanted = MOVES.get(verb)
    side = next(iter(sorted(on & wanted.sides if wanted else on)), next(iter(sorted(on))))
    target = move(status, verb, side, reason=reason, review=review, day=now.date().isoformat())
    return {**changes, "status": target.value, "reason": reason, "review_on": review}, side


def _check_seen(row: Row, status: Status, on: frozenset[Side]) -> None:
    if row["must_see"] and Side.SENDER in on:
        return
    raise IllegalTransition(
        "handoff.seen",
        "There is nothing about this step that the sender has yet to see.",
        path=("verb",),
        remedy="Only the sender records it, once, for a step that came back or whose end nobody could be told of.",
        present={"status": str(status)},
    )


def _check_form(handoff: Row, status: Status, on: frozenset[Side]) -> None:
    if Side.SENDER in on and _form_awaited(handoff):
        return
    raise IllegalTransition(
        "handoff.form",
        "There is no official form for the sender to record as submitted on this step.",
        path=("verb",),
        remedy="Only the sender of an open step along a pathway with an official form records it, once.",
        present={"status": str(status)},
    )


def _steps(
    subject: Subject,
    backend: Backend,
    row: Row,
    verb: str,
    changes: dict[str, Any],
    operation: str,
    on: frozenset[Side],
    side: Side,
) -> tuple[list[Step], dict[str, Any]]:
    handoff, referral = row["handoff"], row["referral"]
    after = {**handoff, **changes, "version": handoff["version"] + 1}
    event = chain.append(
        referral["id"],
        referral["chain_length"],
        referral["chain_head"],
        kind=f"handoff-{verb}",
        at=backend.now(),
        actor=subject.name,
        data={"before": handoff, "after": after},
    )
    steps = [
        Step(
            "handoff_move",
            {
                "handoff": handoff["id"],
                "operation": operation,
                "before": handoff,
                "referral_version": referral["version"],
                "chain_head": referral["chain_head"],
                "changes": changes,
            },
        ),
        record(event),
    ]
    row = {**row}
    if verb == SEEN or (side is Side.SENDER and row["must_see"]):
        # Who decides anew about a step has seen it.
        row["must_see"] = False
        steps.append(Step("handoff_seen", {"handoff": handoff["id"]}))
    elif Status(handoff["status"]).open and not Status(after["status"]).open:
        steps.append(Step("handoff_close", {"handoff": handoff["id"]}))
    if side is Side.RECEIVER and after["status"] in _CAME_BACK:
        # Before anybody is told: the message may not arrive.
        steps.append(Step("handoff_must_see", {"handoff": handoff["id"]}))
        row["must_see"] = True
    steps += _telling(backend, row, verb, side)
    return steps, {"handoff": _shown(row, after), "next": _offered(row, after, on)}


#: The receiving side closed it, and nobody has served the person.
_CAME_BACK = frozenset({Status.REJECTED.value, Status.FAILED.value, Status.ENTERED_IN_ERROR.value})


def _telling(backend: Backend, row: Row, verb: str, side: Side) -> list[Step]:
    """The other side is told, unless it knows of the referral by an official form alone."""
    if verb in (FORM_SUBMITTED, SEEN) or (side is Side.SENDER and row["handoff"]["form"]):
        return []
    tell = (
        row["contact_point"]["id"]
        if side is Side.SENDER
        else row["answered_at"] or next(iter(sorted(row["sender_desks"])), None)
    )
    if not tell:
        return []
    kind = "cancelled" if side is Side.SENDER else "moved"
    about, referral = row["handoff"]["id"], row["referral"]
    return [
        notice(
            backend,
            handoff=about,
            contact_point=tell,
            kind=kind,
            priority=referral["priority"],
            confidentiality=referral["confidentiality"],
        )
    ]


def _form_awaited(handoff: Row) -> bool:
    """Whether the official form, which is the referral itself, is still to be recorded as submitted."""
    return bool(handoff["form"]) and handoff["form_submitted_at"] is None and Status(handoff["status"]).open


def _offered(row: Row, handoff: Row, on: frozenset[Side]) -> list[str]:
    """The verbs that may be said of a step next."""
    status = Status(handoff["status"])
    verbs = [verb for verb in possible(status) if MOVES[verb].sides & on]
    if Side.SENDER in on:
        if _form_awaited(handoff):
            verbs.insert(0, FORM_SUBMITTED)
        if row["must_see"]:
            verbs.insert(0, SEEN)
    return verbs


async def _get(backend: Backend, id: str, asked: str | None = None) -> Row:
    rows = await backend.store.read("handoff_get", id=id, day=backend.now()[:10])
    if not rows:
        raise _no_handoff(asked or id)
    return rows[0]


def _shown(row: Row, handoff: dict[str, Any]) -> dict[str, Any]:
    shown = {key: handoff.get(key) for key in ("id", *STATE)}
    return {**shown, "must_see": row["must_see"], "contact_point": row["contact_point"], "receiver": row["receiver"]}


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


def _no_handoff(id: str) -> NotFound:
    return NotFound(
        "handoff.none",
        "There is no referral step '{id}' for you.",
        path=("id",),
        remedy="Check the id, and for whom you act; only the two sides of a step see it.",
        id=id,
    )
