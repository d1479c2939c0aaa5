"""What was looked for and nobody could take, noted for the coordinator: neither who asked nor for whom.

That a body is counted once, whatever was started anew meanwhile, takes a fingerprint of who asked for what: it can't be
read without the installation's key, and goes with the week.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relaypoint.domain.errors import Problem
from relaypoint.domain.gaps_unmet import OF_WHO_ASKS, Unmet, first_week, week_of
from relaypoint.domain.model import holds
from relaypoint.domain.ownership import coordinators
from relaypoint.domain.plan import Item, coordinating
from relaypoint.domain.policy import Subject, one_of
from relaypoint.domain.rows import Rows, upwards
from relaypoint.domain.view import View
from relaypoint.graph import Step
from relaypoint.resolvers.backend import Backend


async def note_unmet(backend: Backend, view: View, items: Sequence[Item]) -> bool:
    """Counts these needs of one case, each once for who asks: whether somebody is there to be told of one of them.
    Whoever asked has the answer whether or not this can be written.

    Nothing is noted of a case that avoids one of those who would be told.
    """
    need, day = items[0].need, view.day
    week = week_of(day)
    told = _told(view.index.rows, need.place, day)
    offices = [view.desk(desk) for _, desks in coordinating(view, need) for desk in desks]
    if any(need.avoid.bars_organization(view.organization(body)) for body in told):
        return False
    if any(need.avoid.bars_contact_point(desk, view.organization(desk.organization)) for desk in offices):
        return False
    by_asked = {
        backend.vault.fingerprint(f"unmet|{week}|{item.service_type.id}|{need.place}|{need.asker}"): item
        for item in items
    }
    fresh = {asked: item for asked, item in by_asked.items() if asked not in backend.memory.asked}
    if fresh:
        steps = [Step("unmet_note", _noted(item, week, asked), None) for asked, item in fresh.items()]
        try:
            await backend.store.write([Step("unmet_forget", {"week": first_week(day)}, None), *steps])
        except Problem:
            return bool(told) and len(fresh) < len(by_asked)
        backend.memory.asked.update(fresh)
    return bool(told)


def _noted(item: Item, week: str, asked: str) -> dict[str, Any]:
    need, type = item.need, item.service_type.id
    nearest = item.finding.excluded[:1] if not need.avoid.entries else ()
    return {
        "id": f"{week}|{type}|{need.place}",
        "week": week,
        "service_type": type,
        "place": need.place,
        "asker": asked,
        # Where somebody is avoided, the reasons could tell that.
        "lacking": sorted({reason.code for out in nearest for reason in out.reasons} - OF_WHO_ASKS),
    }


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
    return one_of(subject, _told(rows, place, day))


def _told(rows: Rows, place: str, day: str) -> set[str]:
    """The organizations that coordinate the task forces in whose area the place lies."""
    around = upwards(rows["jurisdictions"], place)
    forces = {id for id, force in rows["task_forces"].items() if force["jurisdiction"] in around and holds(force, day)}
    return coordinators(rows, day, forces)
