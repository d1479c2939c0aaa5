"""On which sides of a step somebody stands: the two that it lies between, and the coordinators of both."""

from __future__ import annotations

from relaypoint.domain import around
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.handoffs import Side
from relaypoint.domain.ownership import coordinating_desks, coordinators_between
from relaypoint.domain.policy import Subject, sides
from relaypoint.domain.view import View
from relaypoint.graph import Row
from relaypoint.resolvers.cases import StoredCase
from relaypoint.resolvers.references import told_of


def parts(subject: Subject, view: View, row: Row, case: StoredCase, *, unasked: bool = False) -> frozenset[Side]:
    """``row`` is of the statement ``handoff_get``. A coordinator has a part once it was told of the step, because its
    sender turned to it or because it went silent, or redirected it there; ``unasked``: also without."""
    sender, receiver = row["sender"]["id"], row["receiver"]["id"]
    on = sides(subject, sender, receiver)
    if subject.organization is None:
        return on | {Side.COORDINATOR} if on else on
    if not unasked and not told_of(subject, {**row["handoff"], "told": row["told"]}):
        return on
    coordinates = Coordinated(view, subject.organization).has_part(sender, receiver, case.avoid)
    return on | {Side.COORDINATOR} if coordinates else on


class Coordinated:
    """The steps that a body has a part in because it coordinates both sides. Worked out once for each two of them."""

    def __init__(self, view: View, organization: str) -> None:
        self.view, self.organization = view, organization
        self._between: dict[tuple[str, str], bool] = {}

    def anything(self) -> bool:
        """Whether it coordinates, or deputises for, any task force."""
        rows = self.view.index.rows
        desks = coordinating_desks(rows, rows["task_forces"])
        return any(rows["contact_points"][id]["organization"] == self.organization for id in desks)

    def has_part(self, sender: str, receiver: str, avoid: Avoid) -> bool:
        """Whom the case avoids coordinates others, not this one; and nobody is the judge of what it sent or holds."""
        if self.organization in (sender, receiver) or not self._coordinates(sender, receiver):
            return False
        return not self._barred(sender, receiver, avoid)

    def _coordinates(self, sender: str, receiver: str) -> bool:
        pair = sender, receiver
        if pair not in self._between:
            found = coordinators_between(self.view.index.rows, self.view.day, *pair)
            self._between[pair] = self.organization in found
        return self._between[pair]

    def _barred(self, sender: str, receiver: str, avoid: Avoid) -> bool:
        """Whether the case avoids the body, or each desk from which it coordinates, by itself or by its people: those
        that deputise are desks like others."""
        if not avoid.entries and not avoid.everybody:
            return False
        view = self.view
        own = view.organization(self.organization)
        forces = around.forces_of(view, around.shared_forces(view, sender, receiver))
        desks = coordinating_desks(view.index.rows, forces)
        offices = [desk for desk, owner in around.reachable(view, sorted(desks)) if owner.id == own.id]
        return avoid.bars_organization(own) or avoid.bars_all(offices)
