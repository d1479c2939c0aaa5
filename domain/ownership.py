"""Whose an entry of the roster is: who may change it at once, and who decides on what others propose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from relaypoint.domain.model import holds
from relaypoint.domain.rows import Columns, Rows, upwards
from relaypoint.domain.words import Designation

#: Sheets with commands of their own; the command that changes a row of each.
OWN_COMMANDS: Final[Mapping[str, str]] = {
    "contingencies": "relaypoint contingency",
    "operational_statuses": "relaypoint status set",
}

#: What an organization is, which it does not say of itself: others rely on it.
_SETTLED: Final[Mapping[str, frozenset[str]]] = {
    "organizations": frozenset({"kind", "jurisdictions", "part_of", "replaced_by", "status", "since", "until"}),
}

#: What designates somebody: a new row, or a change of these columns. A task force may leave that to its coordinator.
_DESIGNATED: Final[Mapping[str, tuple[str, ...]]] = {
    "contact_points": ("name", "service_types", "jurisdictions"),
    "holders": ("name", "role", "rank", "since"),
}

#: The column that leads from a row to the row whose owner is its owner.
_UP: Final[Mapping[str, tuple[str, str]]] = {
    "services": ("organization", "organizations"),
    "contact_points": ("organization", "organizations"),
    "diversions": ("contact_point", "contact_points"),
    "holders": ("contact_point", "contact_points"),
    "channels": ("contact_point", "contact_points"),
    "absences": ("holder", "holders"),
    "guidance": ("contact_point", "contact_points"),
    "escalations": ("contact_point", "contact_points"),
}


def owner(rows: Rows, sheet: str, row: Columns) -> str | None:
    """The organization whose entry it is; None where it is the task force's, or where several have a say."""
    if sheet in ("guidance", "escalations") and (row.get("task_force") or row.get("pathway")):
        return None
    while sheet in _UP:
        column, sheet = _UP[sheet]
        above = rows[sheet].get(row.get(column) or "")
        if above is None:
            return None
        row = above
    return str(row["id"]) if sheet == "organizations" else None


def forces(rows: Rows, day: str, sheet: str, row: Columns) -> set[str]:
    """The task forces whose roster it belongs to, with those that they lie in."""
    if sheet == "task_forces":
        own = {row["id"], row.get("within")}
    elif row.get("task_force"):
        own = {row["task_force"]}
    elif row.get("pathway"):
        return forces(rows, day, "pathways", rows["pathways"][row["pathway"]])
    elif sheet == "pathways":  # Between two, whoever coordinates both.
        own = _around(rows, _of(rows, day, row["to_organization"]))
        if row.get("from_organization"):
            own &= _around(rows, _of(rows, day, row["from_organization"]))
    elif body := owner(rows, sheet, row):
        own = _of(rows, day, body)
    else:  # Places and service types are everybody's: whoever coordinates the whole decides.
        own = {id for id, force in rows["task_forces"].items() if force["within"] is None}
    return {force for force in _around(rows, own) if holds(rows["task_forces"][force], day)}


def coordinating_desks(rows: Rows, forces: Iterable[str]) -> set[str]:
    """The contact points that coordinate these task forces, and those that deputise for them."""
    leading = (rows["task_forces"][force] for force in forces)
    return {desk for row in leading for desk in (row["coordinator"], *row["deputies"]) if desk}


def coordinators(rows: Rows, day: str, forces: set[str]) -> set[str]:
    """The organizations that coordinate these task forces, and those whose contact points deputise for them."""
    desks = coordinating_desks(rows, forces)
    found = {rows["contact_points"][desk]["organization"] for desk in desks if holds(rows["contact_points"][desk], day)}
    return {
        body for body in found if holds(rows["organizations"][body], day) and not _suspended(rows, day, body, forces)
    }


def coordinators_between(rows: Rows, day: str, *bodies: str) -> set[str]:
    """The organizations that coordinate, or deputise for, a task force that all of these bodies belong to, by itself or
    by one that lies in it."""
    shared = set.intersection(*(_around(rows, _of(rows, day, body)) for body in bodies))
    return coordinators(rows, day, {force for force in shared if holds(rows["task_forces"][force], day)})


def coordinates(rows: Rows, day: str, organization: str, force: str) -> bool:
    """Whether the organization coordinates the task force, or one that it lies in."""
    return force in rows["task_forces"] and organization in coordinators(
        rows, day, forces(rows, day, "task_forces", rows["task_forces"][force])
    )


def deciders(rows: Rows, day: str, sheet: str, row: Columns) -> set[str]:
    """The organizations that decide on a change of the row which others propose."""
    found = coordinators(rows, day, forces(rows, day, sheet, row))
    if sheet != "organizations" and (own := owner(rows, sheet, row)):
        found.add(own)
    return found


def at_once(rows: Rows, day: str, organization: str, sheet: str, before: Columns | None, after: Columns) -> bool:
    """Whether the change is one of the organization's own entry, as far as it may say it of itself."""
    if owner(rows, sheet, after) != organization:
        return False
    if sheet in _DESIGNATED and (
        before is None or before["until"] or any(before[name] != after[name] for name in _DESIGNATED[sheet])
    ):
        rules = {rows["task_forces"][force]["designation"] for force in forces(rows, day, sheet, after)}
        if Designation.COORDINATOR in rules:
            return False
    if before is None:
        return sheet != "organizations"
    if owner(rows, sheet, before) != organization:
        return False
    return not any(before[column] != after[column] for column in _SETTLED.get(sheet, ()))


def _around(rows: Rows, forces: Iterable[str | None]) -> set[str]:
    return {each for force in forces for each in upwards(rows["task_forces"], force)}


def _suspended(rows: Rows, day: str, body: str, forces: set[str]) -> bool:
    """Whether it is suspended, as a whole or in one of the task forces."""
    if rows["organizations"][body]["status"] == "suspended":
        return True
    return any(
        row["organization"] == body
        and row["task_force"] in forces
        and row["standing"] == "suspended"
        and holds(row, day)
        for row in rows["memberships"].values()
    )


def _of(rows: Rows, day: str, body: str | None) -> set[str]:
    """The task forces that an organization, or one that it is part of, is a member of."""
    bodies = set(upwards(rows["organizations"], body, "part_of"))
    members = (row for row in rows["memberships"].values() if row["organization"] in bodies)
    return {row["task_force"] for row in members if holds(row, day)}
