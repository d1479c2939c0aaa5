"""Whom the two sides of an open handoff have around them: the body's other desks, and the coordinators and hotlines
of the task forces that both belong to. Read from the roster as it is on the view's day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import weigh
from relaypoint.domain.model import ContactPoint, Organization, holds
from relaypoint.domain.rows import Columns, upwards
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality, OperationalState

#: Contact points, each with whose it is, in the order in which to try them.
Reachable: TypeAlias = tuple[tuple[ContactPoint, Organization], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Whom the sender of a step can turn to beside the desk that has it. ``candidates`` are those who could take the
    case when it was sent, the best first; ``coordinators`` come nearest first."""

    candidates: Reachable = ()
    other_desks: tuple[ContactPoint, ...] = ()
    coordinators: Reachable = ()
    hotlines: Reachable = ()
    #: The case avoids police, whom an emergency number may bring.
    police: bool = False


NOBODY: Final = Around()


def reachable(view: View, desks: Iterable[str]) -> Reachable:
    """Those of the contact points that the roster holds."""
    found = [view.desk(id) for id in desks if view.has("contact_points", id)]
    return tuple((desk, view.organization(desk.organization)) for desk in found)


def other_desks(view: View, desk: ContactPoint, service_type: str, place: str | None) -> tuple[ContactPoint, ...]:
    """The same body's other desks for such a case there. A desk that names no place, and a case without one, fit."""
    here = frozenset((*view.above(place), *view.inside(place))) if place else frozenset()
    others = [view.desk(id) for id in view.index.ids("desks of", desk.organization) if id != desk.id]
    return tuple(
        other
        for other in others
        if other.takes(service_type) and (not other.areas or not here or not other.areas.isdisjoint(here))
    )


def forces_around(view: View, organization: str) -> frozenset[str]:
    """The task forces that a body, or one that it is part of, is a member of on the day, and those that they lie in."""
    bodies = upwards(view.index.rows["organizations"], organization, "part_of")
    members = [member for body in bodies for member in view.memberships(body) if member.holds(view.day)]
    return frozenset(forces_of(view, (member.task_force for member in members)))


def shared_forces(view: View, sender: str, receiver: str) -> list[str]:
    """The task forces that both are members of on the day, by id.

    A suspended member's open cases keep them: they need somebody to turn to more than others do.
    """
    mine, theirs = (
        {member.task_force for member in view.memberships(each) if member.holds(view.day)}
        for each in (sender, receiver)
    )
    return sorted(mine & theirs)


def forces_of(view: View, forces: Iterable[str]) -> set[str]:
    """These task forces and those that they lie in."""
    return {id for force in forces for id in upwards(view.index.rows["task_forces"], force)}


def coordinators(view: View, forces: Iterable[str]) -> Reachable:
    """Who coordinates these task forces and those that they lie in, local before national."""
    rows = view.index.rows["task_forces"]
    around = forces_of(view, forces)
    # "local" comes before "national" by its letters too.
    found = sorted((rows[id]["level"], rows[id]["coordinator"]) for id in around if rows[id]["coordinator"])
    return reachable(view, dict.fromkeys(desk for _, desk in found))


def can_be_told(
    desk: ContactPoint, owner: Organization, day: str, floor: Confidentiality, at: datetime, avoid: Avoid
) -> bool:
    """Whether a message about a case may go there, and there is a channel for it: safe enough, and past nobody whom the
    case avoids."""
    if not desk.holds(day) or not owner.works(day) or avoid.bars_contact_point(desk, owner):
        return False
    return any(use.carries_message for use in weigh(desk, floor=floor, at=at, avoid=avoid))


def reply_desk(view: View, sender: str, named: str | None) -> ContactPoint | None:
    """The sender's desk that is told what becomes of a step: the one that was named for it while that is there, or else
    its first."""
    own = [view.desk(id) for id in sorted(view.index.ids("desks of", sender))]
    there = [desk for desk in own if desk.holds(view.day)]
    return next((desk for desk in there if desk.id == named), next(iter(there), None))


def offers(view: View, desk: ContactPoint, service_type: str) -> bool:
    """Whether the desk's body has that service, or a narrower one, in being, and the desk is for it."""
    return any(desk.takes(row["service_type"]) for row in _services(view, desk.organization, service_type))


def _services(view: View, organization: str, service_type: str) -> list[Columns]:
    """The body's services in being of that type, or of a narrower one."""
    types = view.types(service_type)
    rows = view.index.of("services of", organization)
    return [row for row in rows if row["service_type"] in types and holds(row, view.day)]


def closed_since(view: View, organization: str, service_type: str) -> str | None:
    """The day since which a body says that it is closed for that service type; None where it is not, or where another
    service of it for that goes on."""
    said = {row["service"]: row for row in view.index.of("statuses of", organization) if holds(row, view.day)}
    if not said:
        return None
    closed = []
    for service in _services(view, organization, service_type):
        word = said.get(service["id"]) or said.get(None)
        if word is None or word["state"] != OperationalState.CLOSED:
            return None
        closed.append(str(word["since"]))
    return max(closed, default=None)


def missing_person(view: View, forces: Iterable[str]) -> str | None:
    """What these task forces, or those that they lie in, have agreed for a person who was expected and is missing; the
    local rule goes first."""
    rows = view.index.rows["task_forces"]
    around = forces_of(view, forces)
    agreed = sorted((rows[id]["level"], id) for id in around if rows[id]["missing_person"])
    return str(rows[agreed[0][1]]["missing_person"]) if agreed else None


def hotlines(view: View, forces: Iterable[str]) -> Reachable:
    """The hotlines of the places that these task forces answer for, and of those that they lie in, by id."""
    rows = view.index.rows
    places = {
        place
        for force in forces
        for place in upwards(rows["jurisdictions"], rows["task_forces"][force]["jurisdiction"])
    }
    lines = {rows["jurisdictions"][place]["hotline"] for place in places}
    return reachable(view, sorted(line for line in lines if line))
