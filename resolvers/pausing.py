"""What waits while a contingency lets escalations wait: told to coordinators, lest a pause hide what it lets wait."""

from __future__ import annotations

from relaypoint.domain.handoffs import Side
from relaypoint.domain.kept_back import fives
from relaypoint.domain.policy import OPERATOR, Action, Subject
from relaypoint.domain.stalls import stalls
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.open_handoffs import open_handoff, open_handoffs
from relaypoint.resolvers.parts import Coordinated


@permitted(Action.SEE_CONTINGENCIES)
async def waiting(subject: Subject, backend: Backend, id: str) -> int | None:
    """How many steps have gone silent whose escalation waits for that contingency. A coordinator is told those between
    members that it coordinates, in fives and rounded down; the operator all. None: it coordinates nobody."""
    view = await present_view(backend)
    coordinated = Coordinated(view, subject.organization) if subject.organization else None
    if coordinated is not None and not coordinated.anything():
        return None
    if all(paused.id != id for paused in view.paused.values()):
        return 0
    work, count = await open_handoffs(OPERATOR, backend), 0
    for row in await work.read([step["id"] for step in work.steps]):
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        handoff = open_handoff(work.view, row, case)
        if coordinated and not coordinated.has_part(row["sender"], handoff.receiver.id, case.avoid):
            continue
        silent = stalls(handoff, work.at, Side.COORDINATOR if coordinated else Side.SENDER)
        count += any(each.waits is not None and each.waits.id == id for each in silent)
    return fives(count) if coordinated else count
