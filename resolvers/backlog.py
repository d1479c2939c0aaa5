"""What falls due in the next hours at the contact points of whoever asks, of what it sent itself, and of what a sender
has turned to it about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from relaypoint.domain.backlog import Due, falling_due
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import Side
from relaypoint.domain.next_steps_between import coordinators_moves
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.policy import Action, Subject, sides
from relaypoint.domain.silences import Strand
from relaypoint.domain.stalls import stalls
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.coordinating import turn_to
from relaypoint.resolvers.open_handoffs import open_handoff, open_handoffs
from relaypoint.resolvers.parts import Coordinated
from relaypoint.resolvers.typed import contact_point_named

#: Two weeks; whoever looks further ahead plans, and does not act.
FARTHEST: Final = 24 * 14


@permitted(Action.SEE_STALLED)
async def backlog(subject: Subject, backend: Backend, *, hours: int = 8, contact_point: str | None = None) -> list[Due]:
    """What falls due until then, the next first; of one contact point where one is named.

    Raises ``Invalid`` for a number of hours out of range and ``NotFound`` for a contact point that is not there.
    """
    if not 1 <= hours <= FARTHEST:
        raise Invalid(
            "backlog.hours",
            "One can look 1 to {most} hours ahead, not {value}.",
            path=("hours",),
            remedy="Use a number of hours in between, such as 8.",
            most=FARTHEST,
            value=hours,
        )
    work = await open_handoffs(subject, backend)
    coordinated = Coordinated(work.view, subject.organization) if subject.organization else None
    wanted = None
    if contact_point is not None:
        wanted = await contact_point_named(backend, work.view, contact_point, ("contactPoint",))
    found: list[Due] = []
    rows = await work.read([step["id"] for step in work.steps])
    climbed = await _climbed(backend, rows, subject.organization) if coordinated else {}
    for row in rows:
        if wanted and row["desk"] != wanted:
            continue
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        handoff = open_handoff(work.view, row, case)
        on = sides(subject, row["sender"], handoff.receiver.id)
        if coordinated and coordinated.has_part(row["sender"], handoff.receiver.id, case.avoid):
            on |= {Side.COORDINATOR}
            look_by = _look_by(handoff, climbed.get(handoff.id, ()), work.at, subject.organization)
            handoff = replace(handoff, look_by=look_by)
        for side in on:
            due = falling_due(handoff, side, work.at, work.at + timedelta(hours=hours))
            if due and side is Side.COORDINATOR:
                between = handoff.desk.id, row["sender"], row["answered_at"]
                phones = turn_to(work.view, *between, handoff.confidentiality, work.at)
                reasons = [each.reason for each in stalls(handoff, work.at, Side.COORDINATOR)]
                moves = coordinators_moves(handoff, next(iter(reasons), None))
                due = [replace(each, turn_to=(*moves, *phones)) for each in due]
            found += due
    return sorted(found, key=lambda due: (due.at, due.handoff.id, due.what))


async def _climbed(backend: Backend, rows: Sequence[Row], organization: str | None) -> dict[str, list[Row]]:
    """By step that others sent, where its ladders stand."""
    others = sorted({row["handoff"]["id"] for row in rows if row["sender"] != organization})
    found: dict[str, list[Row]] = {}
    for row in await backend.store.read("escalations_of", handoffs=others) if others else []:
        found.setdefault(row["handoff"], []).append(row["escalation"])
    return found


def _look_by(handoff: OpenHandoff, climbed: Sequence[Row], at: datetime, reader: str | None) -> str | None:
    """Until when a coordinator that a rung told has to see to it, before the next one is taken; None where none did,
    the step has moved since, or the reader has answered that it can do no more."""
    silent = {
        each.episode
        for each in stalls(handoff, at, Side.COORDINATOR)
        if each.strand is Strand.MISSING or reader not in handoff.said_all
    }
    told = [each for each in climbed if each["coordinated"] and each["episode"] in silent]
    return min((each["next_at"] for each in told), default=None)
