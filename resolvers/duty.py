"""Whose turn it is on the rota of a contact point."""

from __future__ import annotations

from relaypoint.domain.clock import parse_day
from relaypoint.domain.model import holds
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.rota import on_duty as on_duty_of
from relaypoint.domain.rows import Columns
from relaypoint.resolvers.backend import Backend, permitted


@permitted(Action.READ_ROSTER)
async def on_duty(subject: Subject, backend: Backend, contact_point: str, *, on: str | None = None) -> Columns | None:
    """The holder on a day, today unless given; None where nothing turns. Raises ``Invalid`` for the day."""
    day = parse_day(on, path=("on",)) if on else backend.now()[:10]
    rows = (await backend.memory.roster(backend.store)).rows
    desk = rows["contact_points"].get(contact_point)
    if desk is None:
        return None
    held = [row for row in rows["holders"].values() if row["contact_point"] == desk["id"] and holds(row, day)]
    return on_duty_of(desk, held, day)
