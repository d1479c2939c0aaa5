"""Contingency: for which contact points it holds, and who answers for them meanwhile.

It is an overlay: nothing of what it covers is changed by it, so that afterwards everything reads as before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from relaypoint.domain.model import ContactPoint, Declared, holds
from relaypoint.domain.rows import Columns, Rows, grouped, upwards


def covered(rows: Rows, contingency: Columns, day: str) -> Iterator[str]:
    """The contact points in being that one covers.

    Of an organization: its own and those of its parts. Of a task force: those of its members, and of the members of
    those within it. Of a place: those that serve nothing outside it; where they name no place, their organization,
    or else the services that they take.
    """
    desks = [row for row in rows["contact_points"].values() if holds(row, day)]
    bodies = rows["organizations"]
    if id := contingency["organization"]:
        yield from (row["id"] for row in desks if id in upwards(bodies, row["organization"], "part_of"))
    elif id := contingency["task_force"]:
        forces = {force for force in rows["task_forces"] if id in upwards(rows["task_forces"], force)}
        members = {
            row["organization"]
            for row in rows["memberships"].values()
            if row["task_force"] in forces and holds(row, day)
        }
        yield from (row["id"] for row in desks if row["organization"] in members)
    elif id := contingency["place"]:
        places, offered = rows["jurisdictions"], _offered(rows, day)
        for row in desks:
            named = row["jurisdictions"] or bodies[row["organization"]]["jurisdictions"] or _served(row, offered)
            if named and all(id in upwards(places, place) for place in named):
                yield row["id"]


def _offered(rows: Rows, day: str) -> dict[str, list[Columns]]:
    return grouped((row for row in rows["services"].values() if holds(row, day)), "organization")


def _served(desk: Columns, offered: Mapping[str, list[Columns]]) -> list[str]:
    """The places of the services that the desk takes."""
    types = desk["service_types"]
    of = [row for row in offered.get(desk["organization"], ()) if not types or row["service_type"] in types]
    return [place for row in of for place in row["jurisdictions"]]


def declared(rows: Rows, contingency: Columns) -> Declared:
    """For whom or where it was declared, why, and until when."""
    scopes = {"place": "jurisdictions", "task_force": "task_forces", "organization": "organizations"}
    (name,) = [str(rows[sheet][id]["name"]) for scope, sheet in scopes.items() if (id := contingency[scope])]
    return Declared(contingency["id"], name, contingency["reason"], contingency["until"])


def in_contingency(rows: Rows, day: str) -> frozenset[str]:
    """The contact points for which any contingency holds on the day (ISO)."""
    declared = (row for row in rows["contingencies"].values() if holds(row, day))
    return frozenset(desk for row in declared for desk in covered(rows, row, day))


def diversions(rows: Rows, desks: Collection[str], day: str) -> dict[str, str]:
    """Who answers for those of the desks that are diverted: where a diverted desk is itself diverted, the last one.

    A diversion to a desk that has ended, and one that comes back to where it began, is none.
    """
    planned = (row for row in rows["diversions"].values() if row["contact_point"] in desks and holds(row, day))
    ways = {
        desk: min(of, key=lambda row: str(row["id"]))["to"] for desk, of in grouped(planned, "contact_point").items()
    }
    found = {}
    for desk in ways:
        last, seen = desk, {desk}
        while last in ways and ways[last] not in seen:
            last = ways[last]
            seen.add(last)
        if last not in ways and holds(rows["contact_points"][last], day):
            found[desk] = last
    return found


def overlaid(desk: ContactPoint, answering: Mapping[str, ContactPoint | None]) -> ContactPoint:
    """The contact point as it is reached now. ``answering`` has those in contingency, each with who answers for it;
    None: it does so itself."""
    if desk.id not in answering:
        return desk
    instead = answering[desk.id]
    if instead is None:
        return replace(desk, contingency=True)
    return replace(
        desk,
        contingency=instead.contingency,
        instead=instead,
        diverted_holders=desk.holders,
        calendar=instead.calendar,
        staffing=instead.staffing,
        presence=instead.presence,
        languages=instead.languages,
        holders=instead.holders,
        channels=instead.channels,
    )
