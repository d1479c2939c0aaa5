"""What the rows of a roster must hold together, beyond their references. Pure: takes rows, gives faults.

A row is here the mapping of its columns to the values that passed; what is faulty by itself is missing, and then the
row is left out of the rule in question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from relaypoint.domain.addresses import same_address
from relaypoint.domain.roster_faults import Fault, fault, shown
from relaypoint.domain.words import HolderRole


class Numbered(NamedTuple):
    """A row and where it stands in its file, from 1."""

    number: int
    values: Mapping[str, Any]


#: Columns in which following a reference from row to row must come to an end.
CHAINS: Final[dict[str, tuple[str, ...]]] = {
    "jurisdictions": ("within", "replaced_by"),
    "organizations": ("part_of", "replaced_by"),
    "task_forces": ("within",),
    "service_types": ("within",),
}


#: The sheets whose rows have to hold something together.
RULED: Final = (*CHAINS, "channels", "holders")


def together(sheets: Mapping[str, Sequence[Numbered]]) -> Iterator[tuple[str, int, Fault]]:
    """Every fault between rows, as ``(sheet, row number, fault)``."""
    for sheet, columns in CHAINS.items():
        for column in columns:
            for number, found in _circles(sheets.get(sheet, ()), "id", column):
                yield sheet, number, found
    for number, values in sheets.get("jurisdictions", ()):
        if (within := values.get("within")) and "id" in values and within[:2] != values["id"][:2]:
            yield "jurisdictions", number, fault("roster.place-abroad", "within", within, country=values["id"][:2])
    channels = sheets.get("channels", ())
    for number, found in _circles(channels, "contact_point", "via"):
        yield "channels", number, found
    for number, found in _same_addresses(channels):
        yield "channels", number, found
    for number, found in _two_primaries(sheets.get("holders", ())):
        yield "holders", number, found


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two dated rows hold on some common day."""
    return _begin(one) < _end(other) and _begin(other) < _end(one)


def _begin(values: Mapping[str, Any]) -> date:
    return values["since"] or date.min


def _end(values: Mapping[str, Any]) -> date:
    return values["until"] or date.max


def _circles(rows: Sequence[Numbered], source: str, column: str) -> Iterator[tuple[int, Fault]]:
    """One fault a circle, at the row whose reference closes it. Walks without recursion: chains may be long."""
    edges: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, values in rows:
        targets = values.get(column) or []
        for target in [targets] if isinstance(targets, str) else targets:
            if source in values:
                edges[values[source]].append((target, number))
    done: set[str] = set()
    for start in list(edges):
        path: dict[str, None] = {}  # the present path, in its order
        steps = [(start, iter(edges.get(start, ())))] if start not in done else []
        path[start] = None
        while steps:
            here, following = steps[-1]
            for target, number in following:
                if target in path:
                    nodes = list(path)
                    circle = [*nodes[nodes.index(target) :], target]
                    yield number, fault("roster.cycle", column, target, circle=shown(" > ".join(circle), 300))
                elif target not in done:
                    path[target] = None
                    steps.append((target, iter(edges.get(target, ()))))
                    break
            else:
                done.add(here)
                path.pop(here, None)
                steps.pop()


def _two_primaries(rows: Sequence[Numbered]) -> Iterator[tuple[int, Fault]]:
    tenures: dict[str, list[Numbered]] = defaultdict(list)
    for row in rows:
        if row.values.get("role") is HolderRole.PRIMARY and {"contact_point", "since", "until"} <= row.values.keys():
            tenures[row.values["contact_point"]].append(row)
    for point, of_point in tenures.items():
        for number, first in _overlapping(of_point):
            yield number, fault("roster.two-primaries", "contact_point", point, contact_point=shown(point), first=first)


def _same_addresses(rows: Sequence[Numbered]) -> Iterator[tuple[int, Fault]]:
    alike: dict[tuple[str, str, str], list[Numbered]] = defaultdict(list)
    for row in rows:
        values = row.values
        if {"contact_point", "kind", "since", "until"} <= values.keys() and values.get("address"):
            alike[values["contact_point"], *same_address(values["kind"], values["address"])].append(row)
    for (point, *_), of_address in alike.items():
        numbers = {row.number: row for row in of_address}
        for number, first in _overlapping(of_address):
            address = numbers[number].values["address"]
            yield number, fault("roster.same-address", "address", address, contact_point=shown(point), first=first)


def _overlapping(rows: Sequence[Numbered]) -> Iterator[tuple[int, int]]:
    """``(row, earlier row)`` for each row that begins while an earlier one still holds."""
    rows = sorted(rows, key=lambda row: (_begin(row.values), row.number))
    latest: Numbered | None = None
    for row in rows:
        if latest and overlap(latest.values, row.values):
            yield row.number, latest.number
        if latest is None or _end(latest.values) < _end(row.values):
            latest = row
