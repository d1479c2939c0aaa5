"""The order of the stalled report, and which stalls are asked for.

The most urgent come first, of these those that have gone silent for longest. Nothing goes silent before it was sent:
so one knows of a handoff, before one has looked at it, where in the report it can come at the earliest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from relaypoint.domain.around import forces_around
from relaypoint.domain.stalls import Stall
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority

#: Where a stall stands in the report: the priority's level below zero, the instant that was missed, the handoff's id.
Position: TypeAlias = tuple[int, str, str]


def position(found: Stall) -> Position:
    return (-found.handoff.priority.level, found.due, found.handoff.id)


def earliest(priority: Priority, sent_at: str, id: str) -> Position:
    """The first position at which a handoff can come."""
    return (-priority.level, sent_at, id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which stalls are asked for, by ids of the roster; None: any.

    ``organization`` is one whose turn it is, as the figures count it; ``contact_point`` holds the handoff;
    ``task_force`` is one that the holding body, or a body that it is part of, is a member of, or one around that.
    ``place`` takes those within it, ``service_type`` narrower ones.
    """

    organization: str | None = None
    task_force: str | None = None
    place: str | None = None
    service_type: str | None = None
    reason: str | None = None
    priority: Priority | None = None
    contact_point: str | None = None

    def held(self, view: View, desk: str, service_type: str, priority: Priority) -> bool:
        """Whether a handoff that lies at the desk can be one that is asked for."""
        organization = view.index.rows["contact_points"][desk]["organization"]
        return (
            self.contact_point in (None, desk)
            and self.priority in (None, priority)
            and (self.service_type is None or service_type in view.types(self.service_type))
            and (self.task_force is None or self.task_force in forces_around(view, organization))
        )

    def takes(self, found: Stall) -> bool:
        """Whether that way of being silent is one that is asked for, and the turn of who is."""
        return self.reason in (None, found.reason) and self.organization in (None, found.turn)

    def within(self, view: View, places: Iterable[str]) -> bool:
        """Whether any of the places lies in the one that is asked for."""
        return self.place is None or any(self.place in view.above(each) for each in places)


ANYTHING: Final = Wanted()
