"""Rotas: of several holders of a contact point, one is on duty for a time, then the next.

A holder's ``rota`` is its place in the order; the contact point says how long a turn is, and when the first began.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from relaypoint.domain.clock import parse_duration
from relaypoint.domain.rows import Columns


def on_duty(desk: Columns, holders: Iterable[Columns], day: str) -> Columns | None:
    """The holder whose turn it is on the day (ISO), of those in tenure; None where nothing turns, or nobody does."""
    if not desk["rota_every"] or not desk["rota_since"]:
        return None
    order = sorted((row for row in holders if row["rota"]), key=lambda row: (row["rota"], row["id"]))
    if not order:
        return None
    length = max(parse_duration(desk["rota_every"]).elapsed.days, 1)
    turns = (date.fromisoformat(day) - date.fromisoformat(desk["rota_since"])).days // length
    return order[turns % len(order)]
