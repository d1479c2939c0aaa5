"""The rows of a roster as plain columns, and what is asked of them everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Columns = Mapping[str, Any]
#: By sheet and id.
Rows = Mapping[str, Mapping[str, Columns]]


def grouped(rows: Iterable[Columns], column: str) -> dict[str, list[Columns]]:
    """The rows by what the column holds, in their order; those where it is empty are left out."""
    groups: dict[str, list[Columns]] = {}
    for row in rows:
        if row[column] is not None:
            groups.setdefault(row[column], []).append(row)
    return groups


def upwards(rows: Mapping[str, Columns], id: str | None, column: str = "within") -> list[str]:
    """The row and all that it lies in or is part of, the nearest first."""
    found: list[str] = []
    while id is not None and id in rows and id not in found:
        found.append(id)
        id = rows[id][column]
    return found
