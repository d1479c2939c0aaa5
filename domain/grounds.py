"""What one search rests on, put together from the roster: a few services and pathways, however large the roster is.

The services looked at are those that cover the place, something around it or a part of it, and those that the asker's
pathways lead to. Of the others of that type in the country the nearest are taken along, to be told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from relaypoint.domain.contingency import declared
from relaypoint.domain.deadlines import Agreed, agreed
from relaypoint.domain.finding import SHOWN
from relaypoint.domain.index import country
from relaypoint.domain.model import (
    ContactPoint,
    Declared,
    Ground,
    Membership,
    Named,
    Organization,
    Pathway,
    Service,
    holds,
)
from relaypoint.domain.routing import MOST_HOPS, applies_in, entries
from relaypoint.domain.rows import upwards
from relaypoint.domain.view import View
from relaypoint.domain.words import Access

#: So many services are looked at that cover a part of the place, or what is near it, and not all of it.
PARTS: Final = 200


def ground(
    view: View, *, asker: str, service: str, place: str, near: bool = False, formerly: str | None = None
) -> Ground:
    """The ground for one service type (or a narrower one) in a place, which was ``formerly`` another one.

    Ids that the roster lacks are a KeyError.
    """
    types, above = view.types(service), view.above(place)
    body = view.organization(asker)
    by_pathway = frozenset(type for type in types if view.access(type) is Access.PATHWAY)
    past = () if formerly is None else tuple(each for each in view.line(formerly) if each != place)
    ways = _Ways(view, body, types, frozenset((*above, *past)))
    around = _around(view, above) if near else frozenset()
    here = {id for at in above for type in types for id in _at(view, type, at)}
    parts = {id for at in (*view.inside(place), *past, *around) for type in types for id in _at(view, type, at)} - here
    here.update(sorted(parts)[:PARTS])
    for target in ways.reached:
        here.update(id for id in view.index.ids("services of", target) if view.type_of(id) in types)
    services = tuple(view.service(id) for id in sorted(here))
    elsewhere = tuple(view.service(id) for id in _elsewhere(view, types, above, here))
    land = country(place)
    inland = sum(len(view.index.ids("services in", (type, land))) for type in types)
    pathways = {(pathway.id, pathway.type): pathway for pathway in ways.found}
    owners = _owners(services)
    if by_pathway:
        pathways |= {(p.id, p.type): p for p in _towards(view, owners | _owners(elsewhere), types)}
    starts = {p.from_organization.id for p in pathways.values() if p.from_organization} - {asker, *ways.gates}
    gates = {**ways.gates, **{start: _gate_desks(view, start, types) for start in sorted(starts)}}
    named = _named(services, elsewhere, pathways.values())
    named |= {area for desks in gates.values() for desk in desks for area in desk.areas}
    lands = view.countries(asker)
    return Ground(
        place=view.place(place),
        service_type=Named(service, view.name("service_types", service)),
        access=view.access(service),
        by_pathway=by_pathway,
        asker=body,
        memberships=view.memberships(asker),
        areas=view.areas(place),
        inside=frozenset(each for each in named if each != place and place in view.above(each)) | set(past),
        within={each: frozenset(view.above(each)[1:]) for each in {*named, *above}},
        services=services,
        pathways=tuple(pathways[key] for key in sorted(pathways)),
        elsewhere=elsewhere,
        unlooked=max(0, len(parts) - PARTS),
        total=inland + sum(all(country(area) != land for area in each.areas) for each in services),
        near=around,
        formerly=frozenset(past),
        abroad=None if land in lands else view.place(land),
        foreign=_foreign(view, owners | _owners(elsewhere), lands),
        forces={id: row["name"] for id, row in view.index.rows["task_forces"].items()},
        gates=gates,
        suspended_in=_suspended_in(view, asker, owners),
        others=ways.members,
        direct_by=_direct_by(view, asker, owners | _owners(elsewhere), by_pathway, above) if by_pathway else {},
        agreed={pair: _agreed(view, *pair) for pair in {*ways.pairs, *((asker, owner) for owner in owners)}},
        heirs=_heirs(view, (*services, *elsewhere)),
        declared=_declared(view, asker, above),
        ranking=_ranking(view, asker),
    )


class _Ways:
    """The pathways that lead on from the asker, hop by hop, and the organizations that they reach."""

    def __init__(self, view: View, asker: Organization, types: list[str], here: frozenset[str]) -> None:
        self.found: list[Pathway] = []
        self.reached: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.members: dict[str, tuple[Membership, ...]] = {}
        self.gates: dict[str, tuple[ContactPoint, ...]] = {}
        asked, seen = [asker], {asker.id}
        for _ in range(MOST_HOPS):
            following: list[Organization] = []
            for body in asked:
                self.members[body.id] = view.memberships(body.id)
                if body is not asker:
                    self.gates[body.id] = _gate_desks(view, body.id, types)
                for pathway in _from(view, body, self.members[body.id], types):
                    self.found.append(pathway)
                    self.pairs.add((body.id, pathway.to.id))
                    if not (pathway.holds(view.day) and applies_in(pathway, here)):
                        continue
                    self.reached.add(pathway.to.id)
                    if pathway.to.id not in seen:
                        seen.add(pathway.to.id)
                        following.append(pathway.to)
            asked = following


def _gate_desks(view: View, body: str, types: list[str]) -> tuple[ContactPoint, ...]:
    desks = [view.desk(id) for id in view.index.ids("desks of", body)]
    return tuple(desk for desk in desks if any(map(desk.takes, types)))


def _from(view: View, body: Organization, memberships: Iterable[Membership], types: list[str]) -> Iterator[Pathway]:
    for entry in entries(body, memberships, view.day):
        for type in types:
            for id in view.index.ids("pathways from", (*entry, type)):
                yield view.pathway(id, type)


def _towards(view: View, owners: Iterable[str], types: list[str]) -> Iterator[Pathway]:
    for owner in owners:
        for type in types:
            for id in view.index.ids("pathways to", (owner, type)):
                yield view.pathway(id, type)


def _at(view: View, type: str, place: str) -> list[str]:
    return view.index.ids("services at", (type, place))


def _around(view: View, above: tuple[str, ...]) -> frozenset[str]:
    """What lies in the next larger place, the place itself left out; of a country there is nothing around."""
    if len(above) < 2:
        return frozenset()
    own = {above[0], *view.inside(above[0])}
    return frozenset(view.inside(above[1])) - own


def _elsewhere(view: View, types: list[str], above: tuple[str, ...], here: set[str]) -> list[str]:
    """The services that cover nothing of the place, at most ``SHOWN``: first those in the next larger place, then in
    the one after it, at last in the rest of the country; by their ids within each."""
    found: list[str] = []
    taken = set(here)
    for place in above[1:-1]:
        there = {id for at in view.inside(place) for type in types for id in _at(view, type, at)} - taken
        found += sorted(there)[: SHOWN - len(found)]
        taken |= there
        if len(found) >= SHOWN:
            return found
    land = country(above[0])
    lists = [view.index.ids("services in", (type, land)) for type in types]
    # Of each list no more can be needed than are shown, beside those that are taken already.
    rest = sorted(id for ids in lists for id in _first(ids, taken, SHOWN - len(found)))
    return found + rest[: SHOWN - len(found)]


def _first(ids: list[str], taken: set[str], most: int) -> Iterator[str]:
    for id in ids:
        if most <= 0:
            return
        if id not in taken:
            most -= 1
            yield id


def _owners(services: Iterable[Service]) -> set[str]:
    return {service.organization.id for service in services}


def _named(*groups: Iterable[Service | Pathway]) -> set[str]:
    """The places that any of these, or of their contact points, is for."""
    found: set[str] = set()
    for group in groups:
        for each in group:
            found |= each.areas
            if isinstance(each, Service):
                for desk in each.contact_points:
                    found |= desk.areas
    return found


def _direct_by(
    view: View, asker: str, owners: Iterable[str], types: Iterable[str], above: tuple[str, ...]
) -> dict[tuple[str, str], Named]:
    """By organization and type, the task force of both that lets its members ask for it there without a pathway."""
    forces = {row["id"]: row for row in view.forces(asker) if row["jurisdiction"] in above and row["direct_for"]}
    found: dict[tuple[str, str], Named] = {}
    for owner in owners if forces else ():
        for row in view.forces(owner):
            for type in types:
                if row["id"] in forces and type in row["direct_for"]:
                    found.setdefault((owner, type), Named(row["id"], row["name"]))
    return found


def _foreign(view: View, owners: Iterable[str], lands: frozenset[str]) -> dict[str, Named]:
    """Those of which it is known that they work in none of these countries."""
    found = {owner: view.countries(owner) for owner in owners}
    return {owner: view.place(min(of)) for owner, of in found.items() if of and of.isdisjoint(lands)}


def _suspended_in(view: View, asker: str, owners: Iterable[str]) -> dict[str, Named]:
    mine = {row["id"]: row for row in view.forces(asker)}
    return {
        owner: Named(each.task_force, mine[each.task_force]["name"])
        for owner in owners
        for each in view.memberships(owner)
        if each.standing == "suspended" and each.holds(view.day) and each.task_force in mine
    }


def _agreed(view: View, sender: str, receiver: str) -> Agreed:
    """The deadlines of the task forces that both belong to; the shorter ones."""
    mine = {row["id"] for row in view.forces(sender)}
    both = [row for row in view.forces(receiver) if row["id"] in mine]
    return agreed(*(Agreed(*(row[name] for name in Agreed._fields)) for row in both))


def _heirs(view: View, services: Iterable[Service]) -> dict[str, tuple[ContactPoint, ...]]:
    gone = (each.organization for each in services if not each.organization.holds(view.day))
    heirs = {heir.id for body in gone for heir in body.replaced_by}
    return {heir: tuple(view.desk(id) for id in view.index.ids("desks of", heir)) for heir in heirs}


def _declared(view: View, asker: str, above: tuple[str, ...]) -> tuple[Declared, ...]:
    """The contingencies of the place, of the asker and of its task forces."""
    rows = view.index.rows
    own = {
        "place": frozenset(above),
        "task_force": frozenset(force["id"] for force in view.forces(asker)),
        "organization": frozenset(upwards(rows["organizations"], asker, "part_of")),
    }
    found = [row for _, row in sorted(rows["contingencies"].items()) if holds(row, view.day)]
    return tuple(declared(rows, row) for row in found if any(row[scope] in ids for scope, ids in own.items()))


def _ranking(view: View, asker: str) -> tuple[str, ...]:
    """The order that the nearest of the asker's task forces has set; empty: the usual one."""
    return next((tuple(row["ranking"]) for row in view.forces(asker) if row["ranking"]), ())
