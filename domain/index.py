"""The rows of a roster by what their columns hold, so that a question about a few of them looks at a few of them.

An index is made when it is first asked, and carried over each change: what a change does not touch is shared with the
index before it. Nothing that is given out is ever changed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final

from relaypoint.domain.rows import Columns, Rows

Keys = Callable[[Columns], Iterable[Hashable]]
#: By key, the ids of the rows that have it, in their order.
Groups = dict[Hashable, list[str]]

_NONE: Final[list[str]] = []


def _of(column: str) -> Keys:
    return lambda row: () if row[column] is None else (row[column],)


def _each(column: str) -> Keys:
    return lambda row: row[column]


def country(place: str) -> str:
    """The code of the country that a place lies in: every code of a place begins with it."""
    return place[:2]


def starts(pathway: Columns) -> tuple[str | None, ...]:
    """Where a pathway may be entered: by one organization, by a kind, or by a role in a task force."""
    if pathway["from_organization"]:
        return ("organization", pathway["from_organization"])
    if pathway["from_kind"]:
        return ("kind", pathway["from_kind"], pathway["task_force"])
    return ("role", pathway["from_role"], pathway["task_force"])


#: What rows are looked up by: the sheet, and the keys of a row.
INDEXES: Final[Mapping[str, tuple[str, Keys]]] = {
    "places in": ("jurisdictions", _of("within")),
    "types in": ("service_types", _of("within")),
    "types added for": ("service_types", _each("added_for")),
    "services of": ("services", _of("organization")),
    "services at": ("services", lambda row: [(row["service_type"], place) for place in row["jurisdictions"]]),
    "services in": ("services", lambda row: {(row["service_type"], country(place)) for place in row["jurisdictions"]}),
    "came after": ("organizations", _each("replaced_by")),
    "desks of": ("contact_points", _of("organization")),
    "holders of": ("holders", _of("contact_point")),
    "absences of": ("absences", _of("holder")),
    "channels of": ("channels", _of("contact_point")),
    "channels at": ("channels", _of("address")),
    "members of": ("memberships", _of("organization")),
    "members in": ("memberships", _of("task_force")),
    "statuses of": ("operational_statuses", _of("organization")),
    "rungs of": (
        "escalations",
        lambda row: [(of, row[of]) for of in ("contact_point", "pathway", "task_force") if row[of]],
    ),
    "pathways from": ("pathways", lambda row: [(*starts(row), type) for type in row["service_types"]]),
    "pathways to": ("pathways", lambda row: [(row["to_organization"], type) for type in row["service_types"]]),
}


class Index:
    """``rows`` are the sheets' columns, by id; the index is of these and no others."""

    def __init__(self, rows: Rows, groups: Mapping[str, Groups] | None = None) -> None:
        self.rows = rows
        self._groups = dict(groups or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]

    def ids(self, name: str, key: Hashable) -> list[str]:
        """The ids of the rows with that key, in their order."""
        groups = self._groups.get(name)
        if groups is None:
            groups = self._groups[name] = self._made(name)
        return groups.get(key, _NONE)

    def of(self, name: str, key: Hashable) -> list[Columns]:
        """The rows with that key, in the order of their ids."""
        rows = self.rows[INDEXES[name][0]]
        return [rows[id] for id in self.ids(name, key)]

    def after(self, rows: Rows, changes: Iterable[Mapping[str, Any]]) -> Index:
        """The index of ``rows``, which are those of this one after the changes (see ``domain.history``), in order."""
        groups = dict(self._groups)
        fresh: set[tuple[str, Hashable]] = set()
        for change in changes:
            for name in [name for name in self._groups if INDEXES[name][0] == change["sheet"]]:
                keys = INDEXES[name][1]
                before = set(keys(change["before"])) if change["before"] else set()
                after = set(keys(change["after"])) if change["after"] else set()
                if before == after:
                    continue
                if groups[name] is self._groups[name]:
                    groups[name] = dict(groups[name])
                for key in before ^ after:
                    if (name, key) not in fresh:
                        fresh.add((name, key))
                        groups[name][key] = list(groups[name].get(key, ()))
                    _put(groups[name][key], change["id"], key in after)
        return Index(rows, groups)

    def _made(self, name: str) -> Groups:
        sheet, keys = INDEXES[name]
        groups: Groups = {}
        for id, row in self.rows[sheet].items():
            for key in keys(row):
                groups.setdefault(key, []).append(id)
        for ids in groups.values():
            ids.sort()
        return groups


def _put(ids: list[str], id: str, there: bool) -> None:
    if there:
        insort(ids, id)
    else:
        del ids[bisect_left(ids, id)]
