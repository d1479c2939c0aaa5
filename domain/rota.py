"""Rotas: of several holders of a contact point, one is on duty for a time, then the next.

A holder's ``rota`` is its place in the order; the contact point says how long a turn is, and when the first began.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from relaypoint.domain.clock import parse_duration
from relaypoint.domain.rows import Columns


class Rota(NamedTuple):
    """How long a turn lasts (ISO 8601), and the day on which the first began; None: nothing turns."""

    every: str | None = None
    since: str | None = None


NO_ROTA: Final = Rota()


def turn(people: Iterable[tuple[str, int | None]], rota: Rota, day: str) -> str | None:
    """Whose turn it is on the day (ISO), of people given as id and place in the order; None where nothing turns."""
    order = sorted((place, id) for id, place in people if place)
    if not rota.every or not rota.since or not order:
        return None
    length = max(parse_duration(rota.every).elapsed.days, 1)
    turns = (date.fromisoformat(day) - date.fromisoformat(rota.since)).days // length
    return order[turns % len(order)][1]


def on_duty(desk: Columns, holders: Iterable[Columns], day: str) -> Columns | None:
    """The holder whose turn it is, of those in tenure on the day; None where nothing turns, or nobody does."""
    held = {row["id"]: row for row in holders}
    rota = Rota(desk["rota_every"], desk["rota_since"])
    first = turn([(id, row["rota"]) for id, row in held.items()], rota, day)
    return held[first] if first else None
