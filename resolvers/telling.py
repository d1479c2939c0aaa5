"""Who is told of what was said of a step: the other side, or the coordinator that its sender turns to."""

from __future__ import annotations

from typing import Final

from relaypoint.domain import around
from relaypoint.domain.errors import NoChannel
from relaypoint.domain.handoffs import ANSWER, CLAIM, FORM_SUBMITTED, PHONED, RAISE, RELEASE, SEEN, Side, Status
from relaypoint.domain.questions import said_all
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import StoredCase
from relaypoint.resolvers.referral_steps import senders_desk, told

#: Of these nobody else has to be told: they are notes for oneself.
_QUIET: Final = frozenset({FORM_SUBMITTED, SEEN, PHONED, CLAIM, RELEASE})


def telling(backend: Backend, row: Row, verb: str, side: Side, coordinator: str | None) -> list[Step]:
    """The other side is told, unless it knows of the referral by an official form alone; or the coordinator, where the
    sender turns to it or answers what it wished. Of that answer the receiver is told nothing, also where no coordinator
    can be."""
    # What became of a missing person is for the desk to know that waits for them.
    quiet = verb in _QUIET and not (verb == SEEN and Status(row["handoff"]["status"]).open)
    if quiet or (side is Side.SENDER and row["handoff"]["form"] and verb != RAISE):
        return []
    if verb == ANSWER and coordinator is None and not row["handoff"]["asked_at"]:
        return []
    other = row["contact_point"]["id"] if side is Side.SENDER else senders_desk(row)
    tell = coordinator or other
    kind = "cancelled" if verb in ("cancel", "correct") and side is Side.SENDER else "moved"
    return [told(backend, row, tell, kind)] if tell else []


def coordinator_desk(backend: Backend, view: View, row: Row, case: StoredCase, rather: str | None = None) -> str:
    """The desk of the nearest coordinator that may know of the case, of the body ``rather`` where it has one. Raises
    ``NoChannel`` where there is none. Who has said that it can do no more comes last."""
    forces = around.shared_forces(view, row["sender"]["id"], row["receiver"]["id"])
    floor = Confidentiality(row["referral"]["confidentiality"])
    said = said_all(row["handoff"])
    leading = sorted(around.coordinators(view, forces), key=lambda each: (each[1].id != rather, each[1].id in said))
    for desk, owner in leading:
        if owner.id in (row["sender"]["id"], row["receiver"]["id"]):
            continue  # Nobody is the judge of what it sent or holds itself.
        if around.can_be_told(desk, owner, view.day, floor, backend.clock(), case.avoid):
            return desk.id
    raise NoChannel(
        "handoff.no-coordinator",
        "No coordinator of both sides can be told of this case.",
        path=("verb",),
        remedy="Send it elsewhere (resend), or phone the national hotline.",
    )
