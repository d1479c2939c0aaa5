"""One step of a referral as it is read from the store, and as it is told to those who see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from relaypoint.domain.errors import NotFound
from relaypoint.domain.handoffs import OF_COORDINATORS, OF_THE_PERSON, PASSING_ON, STATE, Side, Status
from relaypoint.domain.policy import Subject
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.references import by_reference


def gone_on(row: Row) -> bool:
    """Whether the referral has gone on from this step: then it is not its sender's again, whatever is said of it."""
    return any(each["continues"] == row["handoff"]["id"] for each in row["steps"])


async def step_of(backend: Backend, id: str, subject: Subject | None = None) -> Row:
    """One step with what every decision about it needs; with the ``subject`` that names it, a reference will do for its
    id. Raises ``NotFound``."""
    known = await by_reference(subject, backend, id) if subject else None
    rows = await backend.store.read("handoff_get", id=known["id"] if known else id, day=backend.now()[:10])
    if not rows:
        raise no_handoff(id)
    return rows[0]


def told_of(messages: Sequence[Row]) -> dict[str, Any]:
    """How far the desk was told of the step, by its messages: when the first of them was taken on its way
    (``message_taken_at``), or else when the next is tried (``message_due_at``), and whether none can be
    (``undelivered``)."""
    taken = [each["tried_at"] for each in messages if each["status"] == "delivered"]
    due = [each["due_at"] for each in messages if each["status"] == "pending"]
    dead = any(each["kind"] == "requested" and each["status"] == "dead" and not each["told_at"] for each in messages)
    return {
        "message_taken_at": min(taken, default=None),
        "message_due_at": None if taken else min(due, default=None),
        "undelivered": dead and not taken,
    }


def withheld(on: Collection[Side]) -> dict[str, Any]:
    """What of a step is not told to whom stands on these sides: what is about the person, to whom is on neither; what
    is between coordinators and the sender, to the receiver; and whether a message arrived, which may lie in whom the
    case avoids, to all but its sender."""
    hidden = {} if {Side.SENDER, Side.RECEIVER} & set(on) else dict.fromkeys(OF_THE_PERSON)
    if not {Side.SENDER, Side.COORDINATOR} & set(on):
        hidden |= dict.fromkeys(OF_COORDINATORS)
    return hidden if Side.SENDER in on else {**hidden, **told_of(())}


def shown(row: Row, handoff: dict[str, Any], on: Collection[Side]) -> dict[str, Any]:
    """The step as it is told to those who see it, ``on`` being the sides on which they stand. A coordinator is told how
    it stands, and not why its sender took it back."""
    state = {key: handoff.get(key) for key in ("id", "hops", "without_consent", *STATE)}
    state["priority"] = row["referral"]["priority"]
    state |= told_of(row["messages"] if handoff["id"] == row["handoff"]["id"] else ())
    state |= withheld(on)
    if set(on) == {Side.COORDINATOR} and state["status"] == Status.CANCELLED and state["reason"] not in PASSING_ON:
        state["reason"] = None
    faces = {"contact_point": row["contact_point"], "receiver": row["receiver"]}
    return {**state, "must_see": row["must_see"] and sees_unseen(on, str(state["status"])), **faces}


def sees_unseen(on: Collection[Side], status: str) -> bool:
    """Whether it is told that the sender has yet to see a step's end. Of one that the sender has ended itself that says
    that nobody could be told so, and why not may lie in whom the case avoids."""
    return Side.SENDER in on or status != Status.CANCELLED


def no_handoff(id: str) -> NotFound:
    return NotFound(
        "handoff.none",
        "There is no referral step '{id}' for you.",
        path=("id",),
        remedy="Check the id, and for whom you act; the two sides of a step see it, and a coordinator that was told of "
        "it.",
        id=id,
    )
