"""How the roster's gaps go on over time, from what was counted day by day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from relaypoint.domain.errors import Invalid
from relaypoint.domain.gaps import counted
from relaypoint.domain.policy import Action, Subject
from relaypoint.graph import Step
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.gaps import coverage_gaps
from relaypoint.resolvers.unknown import unknown

#: How far back one may ask, in days.
FARTHEST: Final = 366


@dataclass(frozen=True, slots=True)
class Point:
    """How many gaps of each kind there were on a day."""

    day: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@permitted(Action.TAKE_SNAPSHOT)
async def snapshot(subject: Subject, backend: Backend) -> Point:
    """Counts today's gaps and keeps the counts; the last count of a day stays."""
    report = await coverage_gaps(subject, backend)
    known = await backend.memory.roster(backend.store)
    # What was looked for in vain is for coordinators alone, and the counts are everybody's.
    counts = counted(known.rows, report.day, (gap for gap in report.gaps if gap.kind != "unmet-need"))
    kept = {"day": report.day, "at": backend.now(), "counts": json.dumps(counts, sort_keys=True)}
    await backend.store.write([Step("snapshot_put", kept)])
    return Point(report.day, counts[""])


@permitted(Action.SEE_GAPS)
async def trend(subject: Subject, backend: Backend, *, task_force: str | None = None, days: int = 90) -> list[Point]:
    """The counts of the last ``days`` days, the earliest first, as far as they were kept; of a task force and its
    members, or of all. Raises ``Invalid`` for too many days, ``NotFound`` for the task force."""
    if not 1 <= days <= FARTHEST:
        raise Invalid(
            "trend.days",
            "One can look 1 to {most} days back, not {value}.",
            path=("days",),
            remedy="Use a number of days in between, such as 90.",
            most=FARTHEST,
            value=days,
        )
    force = task_force.strip().lower() if task_force else ""
    known = await backend.memory.roster(backend.store)
    if force and force not in known.rows["task_forces"]:
        raise await unknown(backend, "taskForce", task_force or "", "a task force")
    today = date.fromisoformat(backend.now()[:10])
    asked = [(today - timedelta(days=back)).isoformat() for back in range(days)]
    found = [(row["day"], json.loads(row["counts"])) for row in await backend.store.read("snapshots_of", days=asked)]
    return [Point(day, counts[force]) for day, counts in found if force in counts]
