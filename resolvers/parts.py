"""On which sides of a step somebody stands: the two that it lies between, and the coordinators of both."""

from __future__ import annotations

from relaypoint.domain import around
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.handoffs import Side
from relaypoint.domain.ownership import coordinators_between
from relaypoint.domain.policy import Subject, sides
from relaypoint.domain.view import View
from relaypoint.graph import Row
from relaypoint.resolvers.cases import StoredCase


def parts(subject: Subject, view: View, row: Row, case: StoredCase, *, unasked: bool = False) -> frozenset[Side]:
    """``row`` is of the statement ``handoff_get``. A coordinator has a part once it was told of the step, because its
    sender turned to it or because it went silent; ``unasked``: also without. Whom the case avoids coordinates others,
    not this one."""
    sender, receiver = row["sender"]["id"], row["receiver"]["id"]
    on = sides(subject, sender, receiver)
    if subject.organization is None:
        return on | {Side.COORDINATOR} if on else on
    # Nobody is the judge of what it sent or holds itself.
    if on or subject.organization not in coordinators_between(view.index.rows, view.day, sender, receiver):
        return on
    if not unasked and subject.organization not in row["told"]:
        return on
    return on if barred(view, subject.organization, sender, receiver, case.avoid) else on | {Side.COORDINATOR}


def barred(view: View, coordinator: str, sender: str, receiver: str, avoid: Avoid) -> bool:
    """Whether a case between these two avoids the body that coordinates both, or each desk from which it does, by
    itself or by its people: those that deputise are desks like others."""
    own, rows = view.organization(coordinator), view.index.rows["task_forces"]
    forces = around.forces_of(view, around.shared_forces(view, sender, receiver))
    desks = {id for force in forces for id in (rows[force]["coordinator"], *rows[force]["deputies"]) if id}
    offices = [desk for desk, owner in around.reachable(view, sorted(desks)) if owner.id == own.id]
    return avoid.bars_organization(own) or avoid.bars_all(offices)
