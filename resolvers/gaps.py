"""The roster's gaps at a moment, and those that open soon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from relaypoint.domain.errors import Invalid
from relaypoint.domain.gaps import EVERYTHING, Scope
from relaypoint.domain.gaps import gaps as gaps_of
from relaypoint.domain.gaps import gaps_ahead as gaps_ahead_of
from relaypoint.domain.gaps_roster import Gap, Rows
from relaypoint.domain.policy import OPERATOR, Action, Subject
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.roster import export_roster
from relaypoint.resolvers.unknown import unknown

#: How far ahead one may ask: a year, as long as most agreements run.
FARTHEST: Final = 366


@dataclass(frozen=True, slots=True)
class Report:
    """``day`` is the one asked for (ISO); ``ahead`` holds what is not open on it, but opens later."""

    day: str
    gaps: list[Gap]
    ahead: list[Gap]


@permitted(Action.SEE_GAPS)
async def coverage_gaps(
    subject: Subject, backend: Backend, scope: Scope = EVERYTHING, *, at: str | None = None, days: int = 0
) -> Report:
    """All gaps within the scope, the gravest first, as of today or of the day ``at``; and those of the ``days`` after
    it, the next first.

    Raises ``Invalid`` for a day that is none and for too many days, ``NotFound`` where the scope names what the roster
    does not hold.
    """
    day = _day(at) if at else backend.now()[:10]
    if not 0 <= days <= FARTHEST:
        raise Invalid(
            "gaps.days",
            "One can look 0 to {most} days ahead, not {value}.",
            path=("days",),
            remedy="Use a number of days in between, such as 30.",
            most=FARTHEST,
            value=days,
        )
    rows = await export_roster(OPERATOR, backend)
    scope = await _known(backend, scope, rows)
    found = gaps_of(rows, day, scope)
    return Report(day, found, gaps_ahead_of(rows, day, found, scope, days))


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Invalid(
            "gaps.day",
            "'{value}' is not a day.",
            path=("at",),
            remedy="Write it as year, month and day, such as 2026-03-01.",
            value=text[:60],
        ) from None


async def _known(backend: Backend, scope: Scope, rows: Rows) -> Scope:
    """The scope with its ids as the roster writes them."""
    known = replace(scope, place=scope.place.strip().upper() if scope.place else None)
    for field, typed, id, sheet, what in (
        ("organization", scope.organization, known.organization, "organizations", "an organization"),
        ("taskForce", scope.task_force, known.task_force, "task_forces", "a task force"),
        ("place", scope.place, known.place, "jurisdictions", "a place"),
        ("serviceType", scope.service_type, known.service_type, "service_types", "a service type"),
    ):
        if typed is not None and all(row["id"] != id for row in rows[sheet]):
            raise await unknown(backend, field, typed, what)
    return known
