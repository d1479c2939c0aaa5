"""What was looked for and nobody could take, noted for the coordinator: neither who asked nor for whom."""

from __future__ import annotations

import contextlib

from relaypoint.domain.errors import Problem
from relaypoint.domain.gaps_unmet import Unmet, first_week, week_of
from relaypoint.domain.model import holds
from relaypoint.domain.ownership import coordinators
from relaypoint.domain.plan import Item
from relaypoint.domain.policy import Subject, one_of
from relaypoint.domain.rows import Rows, upwards
from relaypoint.graph import Step
from relaypoint.resolvers.backend import Backend


async def note_unmet(backend: Backend, items: list[Item]) -> None:
    """Counts these needs. Whoever asked has the answer whether or not this can be written."""
    week = week_of(backend.now()[:10])
    steps = [Step("unmet_forget", {"week": first_week(backend.now()[:10])}, None)]
    for item in items:
        nearest = item.finding.excluded[:1]
        noted = {
            "id": f"{week}|{item.service_type.id}|{item.need.place}",
            "week": week,
            "service_type": item.service_type.id,
            "place": item.need.place,
            # Whom a case avoids is nobody's business, not even that it avoids anyone.
            "lacking": sorted({reason.code for out in nearest for reason in out.reasons} - {"avoided"}),
        }
        steps.append(Step("unmet_note", noted))
    with contextlib.suppress(Problem):
        await backend.store.write(steps)


async def unmet_needs(backend: Backend, day: str) -> list[Unmet]:
    """What is still told on that day."""
    rows = await backend.store.read("unmet_since", week=first_week(day))
    return [
        Unmet(row["week"], row["service_type"], row["place"], row["count"], tuple(row["lacking"]))
        for row in rows
        if row["week"] <= day
    ]


def may_see(subject: Subject, rows: Rows, place: str, day: str) -> bool:
    """Whether the subject coordinates a task force in whose area the place lies."""
    around = upwards(rows["jurisdictions"], place)
    forces = {id for id, force in rows["task_forces"].items() if force["jurisdiction"] in around and holds(force, day)}
    return one_of(subject, coordinators(rows, day, forces))
