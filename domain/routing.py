"""The agreed ways from one organization to another: pathways laid end to end, never in a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.model import Ground, Membership, Named, Organization, Pathway
from relaypoint.domain.words import Access

#: The most pathways that one route may be made of.
MOST_HOPS: Final = 3

#: Where a pathway is entered: at an organization, by its kind, or by a role in a task force.
Entry = tuple[str | None, ...]
#: Where a pathway leads: the organization, and the contact point where it names one.
End = tuple[str, str | None]
#: The organization and the service type.
Target = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """``hops`` is empty for help that is reached directly; ``by`` is then the task force whose rules allow it, where
    it takes a rule."""

    hops: tuple[Pathway, ...] = ()
    by: Named | None = None

    @property
    def direct(self) -> bool:
        return not self.hops


def entries(organization: Organization, memberships: Iterable[Membership], day: str) -> list[Entry]:
    """Where the organization may enter pathways: as itself or part of a body, by its kind (of a task force's members,
    where the pathway names one), or by a role that it holds; not in a task force in which it is suspended."""
    bodies = {organization.id, *(body.id for body in organization.bodies)}
    kinds = {organization.kind, *(body.kind for body in organization.bodies)}
    present = [membership for membership in memberships if membership.holds(day)]
    out = {membership.task_force for membership in present if membership.standing == "suspended"}
    full = [membership for membership in present if membership.standing == "full" and membership.task_force not in out]
    roles, forces = {(m.role, m.task_force) for m in full}, {m.task_force for m in full}
    return [
        *(("organization", id) for id in sorted(bodies)),
        *(("kind", kind, force) for kind in sorted(kinds) for force in (None, *sorted(forces))),
        *(("role", *role) for role in sorted(roles)),
    ]


def entry_of(pathway: Pathway) -> Entry:
    """Where that pathway is entered."""
    if pathway.from_organization is not None:
        return ("organization", pathway.from_organization.id)
    if pathway.from_kind is not None:
        return ("kind", pathway.from_kind, pathway.task_force)
    return ("role", pathway.from_role, pathway.task_force)


def open_to(pathway: Pathway, asker: Organization, memberships: Iterable[Membership], day: str) -> bool:
    """Whether the asker may use the pathway: by itself, as part of a body, by its kind, or by its role."""
    return entry_of(pathway) in entries(asker, memberships, day)


def applies(pathway: Pathway, ground: Ground, day: str) -> bool:
    """Whether the pathway is in force on that day for the place asked for."""
    return pathway.holds(day) and applies_in(pathway, {area.id for area in ground.areas} | ground.formerly)


def applies_in(pathway: Pathway, here: Iterable[str]) -> bool:
    """Whether it is for one of these places; one that names none is for all."""
    return not pathway.areas or not pathway.areas.isdisjoint(here)


def routes(
    ground: Ground, day: str, taken: Callable[[Pathway], bool], passed: Callable[[Pathway], bool]
) -> dict[Target, tuple[Route, ...]]:
    """The shortest routes from the asker to each organization that one can reach, by type of service, best first.

    A route of one hop is preferred to two; between equals the pathway's id decides. ``taken`` says which pathways the
    case may take at all, ``passed`` where one of them ends at a gateway that it may pass.
    """
    by_type: dict[str, list[Pathway]] = {}
    for pathway in ground.pathways:
        if applies(pathway, ground, day) and taken(pathway):
            by_type.setdefault(pathway.type, []).append(pathway)
    found: dict[Target, tuple[Route, ...]] = {}
    for type, pathways in by_type.items():
        ways = _of_one_type(ground, day, pathways, passed)
        found.update({(target, type): tuple(each) for target, each in ways.items()})
    return found


def _of_one_type(
    ground: Ground, day: str, pathways: Iterable[Pathway], passed: Callable[[Pathway], bool]
) -> dict[str, list[Route]]:
    """A gateway passes on what it was agreed to be asked for, so every step is for the same type."""
    live: dict[Entry, list[Pathway]] = {}
    for pathway in pathways:
        live.setdefault(entry_of(pathway), []).append(pathway)

    def onward(body: Organization, memberships: Iterable[Membership]) -> Iterable[Pathway]:
        return (pathway for entry in entries(body, memberships, day) for pathway in live.get(entry, ()))

    found: dict[str, list[Route]] = {}
    ends: set[End] = set()
    led: set[tuple[str, str]] = set()
    frontier = [Route((pathway,)) for pathway in onward(ground.asker, ground.memberships)]
    while frontier:
        level: list[Route] = []
        for route in sorted(frontier, key=lambda route: [hop.id for hop in route.hops]):
            last = route.hops[-1]
            been = {ground.asker.id, *(hop.to.id for hop in route.hops[:-1])}
            # What is reached with fewer steps, at the same desk or at any, is not gone for again.
            if last.to.id not in been and ends.isdisjoint((_end(last), (last.to.id, None))):
                level.append(route)
        ends |= {_end(route.hops[-1]) for route in level}
        for route in level:
            found.setdefault(route.hops[-1].to.id, []).append(route)
        frontier = []
        for route in level:
            gate, been = route.hops[-1].to, {ground.asker.id, *(hop.to.id for hop in route.hops)}
            following = onward(gate, ground.others.get(gate.id, ())) if len(route.hops) < MOST_HOPS else ()
            # Of several ways to a gateway the first that may be passed leads on to each body that it has not passed
            # itself. With so few hops no body comes after that one, so it does not matter whom else it has passed.
            fresh = [each for each in following if each.to.id not in been and (gate.id, each.id) not in led]
            if fresh and passed(route.hops[-1]):
                led |= {(gate.id, each.id) for each in fresh}
                frontier += [Route((*route.hops, each)) for each in fresh]
    return found


def _end(pathway: Pathway) -> End:
    return pathway.to.id, pathway.contact_point


@dataclass(frozen=True, slots=True)
class Ways:
    """The routes to each organization that one can reach, for each type of service; those that there would be
    ``with_consent`` that the person refuses; and those ``through_all`` gateways, also the ones that the case can't
    pass."""

    open: Mapping[Target, tuple[Route, ...]]
    with_consent: Mapping[Target, tuple[Route, ...]]
    through_all: Mapping[Target, tuple[Route, ...]]


def ways_of(ground: Ground, day: str, taken: Callable[[Pathway], bool], passed: Callable[[Pathway], bool]) -> Ways:
    """``taken`` and ``passed`` are as of ``routes``."""

    def anything(_: Pathway) -> bool:
        return True

    found = routes(ground, day, taken, passed)
    if ground.access is Access.DIRECT and not ground.by_pathway:
        return Ways(found, {}, {})  # Nothing depends on a pathway, so nobody asks why there is none.
    through_all = _beyond(found, routes(ground, day, taken, anything))
    # Where both bar the way, it is the refusal that is told.
    with_consent = _beyond(_joined(found, through_all), routes(ground, day, anything, anything))
    refused = _beyond(found, routes(ground, day, anything, passed))
    return Ways(found, _joined(with_consent, refused), through_all)


def _joined(
    one: Mapping[Target, tuple[Route, ...]], other: Mapping[Target, tuple[Route, ...]]
) -> dict[Target, tuple[Route, ...]]:
    return {target: (*one.get(target, ()), *other.get(target, ())) for target in {**one, **other}}


def _beyond(
    known: Mapping[Target, Sequence[Route]], found: Mapping[Target, Sequence[Route]]
) -> dict[Target, tuple[Route, ...]]:
    """The routes to desks to which none is known."""
    return {
        target: beyond
        for target, ways in found.items()
        if (beyond := tuple(way for way in ways if not at_desk(known.get(target, ()), way.hops[-1].contact_point)))
    }


def at_desk(ways: Iterable[Route], desk: str | None) -> list[Route]:
    """Those that lead to the desk."""
    return [way for way in ways if way.hops[-1].contact_point in (None, desk)]


def routes_to(
    organization: Organization,
    desk_id: str,
    ways: Mapping[Target, tuple[Route, ...]],
    ground: Ground,
    type_of_service: str,
    *,
    asks: Callable[[Pathway], bool],
    by_rule: bool = True,
) -> list[Route]:
    """The routes to one desk, the best first; none where there is no way. Help is reached directly where no pathway
    leads; other services by a pathway, or directly where a task force of both allows it (unless not ``by_rule``).
    ``asks`` says of a pathway whether consent is still to be asked for: then help has the direct way beside it.
    """
    if organization.id == ground.asker.id:
        return [Route()]
    found = at_desk(ways.get((organization.id, type_of_service), ()), desk_id)
    if not ground.only_by_pathway(type_of_service):
        # Help first: one does not go through a gateway for what can be asked for directly.
        short = [route for route in found if not route.hops[1:]]
        return short if short and not asks(short[0].hops[0]) else [*short, Route()]
    if not found and by_rule and (organization.id, type_of_service) in ground.direct_by:
        return [Route(by=ground.direct_by[organization.id, type_of_service])]
    return found
