"""The agreed ways from one organization to another: pathways laid end to end, never in a loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.model import Ground, Membership, Organization, Pathway
from relaypoint.domain.words import Access

#: The most pathways that one route may be made of.
MOST_HOPS = 3


@dataclass(frozen=True, slots=True)
class Route:
    """``hops`` is empty for help that is reached directly."""

    hops: tuple[Pathway, ...] = ()

    @property
    def direct(self) -> bool:
        return not self.hops


def open_to(pathway: Pathway, asker: Organization, memberships: Iterable[Membership], day: str) -> bool:
    """Whether the asker may use the pathway: by itself, as part of a body, by its kind, or by its role."""
    if pathway.from_organization is not None:
        return pathway.from_organization.id in {asker.id, *(body.id for body in asker.bodies)}
    if pathway.from_kind is not None:
        return pathway.from_kind in {asker.kind, *(body.kind for body in asker.bodies)}
    return any(
        membership.role == pathway.from_role
        and membership.task_force == pathway.task_force
        and membership.standing == "full"
        and membership.holds(day)
        for membership in memberships
    )


def applies(pathway: Pathway, ground: Ground, day: str) -> bool:
    """Whether the pathway is in force on that day for the place asked for."""
    here = {area.id for area in ground.areas}
    return pathway.holds(day) and (not pathway.areas or bool(pathway.areas & here))


def routes(ground: Ground, avoid: Avoid, day: str) -> dict[str, tuple[Route, ...]]:
    """The shortest routes from the asker to each organization that one can reach, best first.

    A route of one hop is preferred to two; between equals the pathway's id decides. A body that the case avoids, that
    has ended or that is suspended is never a gateway.
    """
    live = [pathway for pathway in ground.pathways if applies(pathway, ground, day)]
    found: dict[str, list[Route]] = {}
    frontier = [Route((p,)) for p in live if open_to(p, ground.asker, ground.memberships, day)]
    seen = {ground.asker.id}
    while frontier:
        reached: set[str] = set()
        for route in sorted(frontier, key=lambda route: [hop.id for hop in route.hops]):
            target = route.hops[-1].to.id
            if target in seen:
                continue
            found.setdefault(target, []).append(route)
            reached.add(target)
        seen |= reached
        frontier = [
            Route((*route.hops, pathway))
            for target in sorted(reached)
            if avoid.leaves(found[target][0].hops[-1].to, day)
            for route in found[target][:1]
            if len(route.hops) < MOST_HOPS
            for pathway in live
            if open_to(pathway, found[target][0].hops[-1].to, (), day)
        ]
    return {target: tuple(ways) for target, ways in found.items()}


def route_to(
    organization: Organization,
    desk_id: str,
    ways: Mapping[str, tuple[Route, ...]],
    access: Access,
    type_of_service: str,
) -> Route | None:
    """The route to one desk. Help is reached directly where no pathway leads; other services only by a pathway."""
    for route in ways.get(organization.id, ()):
        last = route.hops[-1]
        if last.contact_point in (None, desk_id) and last.type == type_of_service:
            if route.hops[1:] and access is Access.DIRECT:
                break  # Help first: one does not go through a gateway for what can be asked for directly.
            return route
    return Route() if access is Access.DIRECT else None
