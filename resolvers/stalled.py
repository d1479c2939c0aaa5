"""The report of what has gone silent: the store is asked for open work only, and the roster in memory for all that is
around it; then the domain says what is stalled and what next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from relaypoint.domain import around
from relaypoint.domain.handoffs import Side, Status
from relaypoint.domain.next_steps import NextStep, next_steps
from relaypoint.domain.policy import Action, Subject, may_see_case, sides
from relaypoint.domain.stalls import OpenHandoff, Stall, stall
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import StoredCase, stored_case
from relaypoint.resolvers.finding import view_of

#: So many candidates are looked at for each handoff; some may have gone since.
_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Reported:
    """A stall as its reader may know it, with what that reader can do."""

    stall: Stall
    next_steps: tuple[NextStep, ...]


@dataclass(frozen=True, slots=True)
class _Silent:
    """A stall as it is told to one side, with what is known of its case."""

    stall: Stall
    side: Side
    case: StoredCase


@permitted(Action.SEE_STALLED)
async def stalled(subject: Subject, backend: Backend) -> list[Reported]:
    """Every stalled handoff that the subject's organization sent or received (the operator: all).

    The most urgent come first, and of these the oldest. Who may see it decides before anything else: the rows of
    others are never read.
    """
    at = backend.clock()
    rows = await backend.store.read("handoffs_open", organization=subject.organization)
    # After the work, so that every desk at which it lies is known.
    view = view_of(await backend.memory.roster(backend.store), at)
    found = [silent for row in rows if (silent := _silent(subject, backend, view, row, at))]
    found.sort(key=lambda each: (-each.stall.handoff.priority.level, each.stall.due, each.stall.handoff.id))
    return [_reported(subject, view, each, at) for each in found]


def _silent(subject: Subject, backend: Backend, view: View, row: Row, at: datetime) -> _Silent | None:
    case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
    side = Side.SENDER if Side.SENDER in sides(subject, row["sender"]["id"], row["receiver"]) else Side.RECEIVER
    silent = stall(open_handoff(view, row, case), at, side)
    return _Silent(silent, side, case) if silent else None


def open_handoff(view: View, row: Row, case: StoredCase) -> OpenHandoff:
    """What decides whether it is stalled; whom to turn to is looked up for those that are."""
    handoff, referral, desk = row["handoff"], row["referral"], view.desk(row["desk"])
    return OpenHandoff(
        id=handoff["id"],
        reference=referral["reference"],
        status=Status(handoff["status"]),
        version=handoff["version"],
        priority=Priority(referral["priority"]),
        confidentiality=Confidentiality(referral["confidentiality"]),
        service_type=row["service_type"],
        sent_at=handoff["sent_at"],
        changed_at=handoff["changed_at"],
        acknowledge_by=handoff["acknowledge_by"],
        decide_by=handoff["decide_by"],
        review_on=handoff["review_on"],
        form=handoff["form"],
        form_submitted_at=handoff["form_submitted_at"],
        notice=next(iter(row["notices"]), None),
        sender=view.organization(row["sender"]["id"]),
        receiver=view.organization(desk.organization),
        desk=desk,
        start_by=handoff["start_by"],
        complete_by=handoff["complete_by"],
        phoned=handoff["phoned"],
        phoned_at=handoff["phoned_at"],
        asked_at=handoff["asked_at"],
        answer_by=handoff["answer_by"],
        expected_by=handoff["expected_by"],
        respond_by=handoff["respond_by"],
        arrival=handoff["arrival"],
        hops=handoff["hops"] or 1,
        been_here=bool(handoff["been_here"]),
        closed_since=around.closed_since(view, desk.organization, row["service_type"]),
        missing_person=_procedure(view, row["sender"]["id"], desk.organization) if handoff["expected_by"] else None,
        must_see=row["must_see"],
        code=handoff["reason"],
        avoid=case.avoid,
    )


def _procedure(view: View, sender: str, receiver: str) -> str | None:
    return around.missing_person(view, around.shared_forces(view, sender, receiver))


def _reported(subject: Subject, view: View, silent: _Silent, at: datetime) -> Reported:
    found, case = silent.stall, silent.case
    if silent.side is Side.SENDER:
        handoff = found.handoff
        forces = around.shared_forces(view, handoff.sender.id, handoff.receiver.id)
        # Whom else the sender could have asked is of the case: the operator of the machine is not told.
        asked = case.candidates[: _CANDIDATES + 1] if may_see_case(subject, handoff.sender.id) else ()
        handoff = replace(
            handoff,
            candidates=around.reachable(view, (id for id in asked if id != handoff.desk.id)),
            other_desks=around.other_desks(view, handoff.desk, handoff.service_type, case.place),
            coordinators=around.coordinators(view, forces),
            hotlines=around.hotlines(view, forces),
        )
        found = replace(found, handoff=handoff)
    return Reported(found, next_steps(found, at, silent.side))
