"""The directory's entries of a past moment, from that moment's rows, in the shape in which the store gives today's.

An entry's ``version`` is None: nothing can be changed in the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from relaypoint.domain.rows import Columns, Rows, grouped

Entry = dict[str, Any]


class Then:
    """``rows`` are all rows of the moment, by sheet and id."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._groups: dict[tuple[str, str], Mapping[str, Sequence[Columns]]] = {}

    def entry(self, kind: str, id: str) -> Entry | None:
        """One of ``organizations``, ``task_forces`` and ``contact_points``."""
        row = self.rows[kind].get(id)
        return None if row is None else getattr(self, f"_{kind}")(row)

    def ids(self, kind: str) -> list[str]:
        return sorted(self.rows[kind])

    def _organizations(self, row: Columns) -> Entry:
        return {
            **row,
            "version": None,
            "jurisdictions": self._refs("jurisdictions", row["jurisdictions"]),
            "part_of": self._ref("organizations", row["part_of"]),
            "replaced_by": self._refs("organizations", row["replaced_by"]),
            "memberships": [self._membership(each) for each in self._having("memberships", "organization", row["id"])],
            "contact_points": [
                self._contact_points(each) for each in self._having("contact_points", "organization", row["id"])
            ],
        }

    def _task_forces(self, row: Columns) -> Entry:
        desk = self.rows["contact_points"].get(row["coordinator"] or "")
        return {
            **row,
            "version": None,
            "jurisdiction": self._ref("jurisdictions", row["jurisdiction"]),
            "within": self._ref("task_forces", row["within"]),
            "coordinator": self._contact_points(desk) if desk else None,
            "memberships": [self._membership(each) for each in self._having("memberships", "task_force", row["id"])],
        }

    def _contact_points(self, row: Columns) -> Entry:
        return {
            **row,
            "version": None,
            "organization": self._ref("organizations", row["organization"]),
            "channels": [dict(each) for each in self._having("channels", "contact_point", row["id"])],
        }

    def _membership(self, row: Columns) -> Entry:
        return {
            **row,
            "organization": self._ref("organizations", row["organization"]),
            "ended": self.rows["organizations"][row["organization"]]["until"],
            "task_force": self._ref("task_forces", row["task_force"]),
        }

    def _having(self, sheet: str, column: str, id: str) -> Sequence[Columns]:
        if (sheet, column) not in self._groups:
            self._groups[sheet, column] = grouped(self.rows[sheet].values(), column)
        return self._groups[sheet, column].get(id, ())

    def _ref(self, sheet: str, id: str | None) -> Entry | None:
        row = self.rows[sheet].get(id) if id else None
        return {"id": row["id"], "name": row["name"]} if row else None

    def _refs(self, sheet: str, ids: Iterable[str]) -> list[Entry]:
        return [ref for id in ids if (ref := self._ref(sheet, id))]
