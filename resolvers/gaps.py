"""The roster's gaps at a moment, and those that open soon."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.clock import YEARS, parse_day
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.gaps import EVERYTHING, Scope, merged, message_gaps, unmet_gaps, work_gaps, work_gaps_ahead
from relaypoint.domain.gaps import gaps as gaps_of
from relaypoint.domain.gaps import gaps_ahead as gaps_ahead_of
from relaypoint.domain.gaps_roster import Gap
from relaypoint.domain.history import moment
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.rows import Rows
from relaypoint.domain.view import View
from relaypoint.resolvers import joint, proposals
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.known import Known, roster_at
from relaypoint.resolvers.open_work import left_open, open_work
from relaypoint.resolvers.typed import organization_named, place_named, service_type_named, task_force_named
from relaypoint.resolvers.undelivered import undelivered_by_desk
from relaypoint.resolvers.unmet import may_see as may_see_unmet
from relaypoint.resolvers.unmet import unmet_needs
from relaypoint.resolvers.webhooks import paused_webhooks

#: How far ahead one may ask: a year, as long as most agreements run.
FARTHEST: Final = 366

#: How many answers about the same roster are kept: a few coordinators' days and scopes.
_KEPT: Final = 32


@dataclass(frozen=True, slots=True)
class Report:
    """``day`` is the one asked for (ISO); ``ahead`` holds what is not open on it, but opens later."""

    day: str
    gaps: list[Gap]
    ahead: list[Gap]


@permitted(Action.SEE_GAPS)
async def coverage_gaps(
    subject: Subject,
    backend: Backend,
    scope: Scope = EVERYTHING,
    *,
    at: str | None = None,
    days: int = 0,
    as_of: str | None = None,
) -> Report:
    """All gaps within the scope, the gravest first, on the day ``at`` (today unless given); and those of the ``days``
    after it, the next first. ``as_of`` a day or an instant: as the roster was on record then, and ``at`` that day.

    Raises ``Invalid`` for a day that is none and for too many days, ``NotFound`` where the scope names what the roster
    does not hold, and where there was no roster yet.
    """
    day = parse_day(at, path=("at",)) if at else (moment(as_of) if as_of else backend.now())[:10]
    if not 0 <= days <= FARTHEST:
        raise Invalid(
            "gaps.days",
            "One can look 0 to {most} days ahead, not {value}.",
            path=("days",),
            remedy="Use a number of days in between, such as 30.",
            most=FARTHEST,
            value=days,
        )
    known = await roster_at(backend, as_of)
    rows = known.rows
    if as_of is not None and not any(rows.values()):
        raise NotFound(
            "gaps.nothing-yet",
            "There was no roster on record at '{value}'.",
            path=("asOf",),
            remedy="Ask for a moment after the first import.",
            value=as_of[:60],
        )
    if int(day[:4]) not in YEARS:
        raise Invalid(
            "gaps.day",
            "Nobody knows who can be reached on {day}.",
            path=("at",) if at else ("asOf",),
            remedy="Ask for a day in the years from {first} to {last}.",
            day=day,
            first=YEARS.start,
            last=YEARS.stop - 1,
        )
    scope = await _known(backend, scope, view_of(known, backend.clock()))
    found = await _once(known, ("gaps", day, scope), lambda: gaps_of(rows, day, scope))
    ahead = await _once(known, ("ahead", day, scope, days), lambda: gaps_ahead_of(rows, day, found, scope, days))
    if as_of is None:  # How work lay at an earlier moment is not asked here.
        if of_needs := unmet_gaps(rows, day, await unmet_needs(backend, day), scope):
            found = merged(found, of_needs)
        of_messages = message_gaps(
            rows, day, await undelivered_by_desk(backend, rows), await paused_webhooks(backend, rows), scope
        )
        if of_messages:
            found = merged(found, of_messages)
        steps, left = await open_work(backend), await left_open(backend)
        if work := work_gaps(rows, day, steps, left, scope):
            found = merged(found, work)
        soon = work_gaps_ahead(rows, day, steps, left, scope, days)
        ahead = sorted([*ahead, *soon], key=lambda gap: gap.opens_on or "")
    if subject.organization is not None:
        found, ahead = ([gap for gap in of if _may_know(subject, rows, gap, day)] for of in (found, ahead))
    return Report(day, found, ahead)


def _may_know(subject: Subject, rows: Rows, gap: Gap, day: str) -> bool:
    """What others propose or ask for is theirs to know."""
    if gap.sheet == "proposals":
        return proposals.may_see(subject, rows, rows["proposals"][gap.subject], day)
    if gap.kind == "webhook-paused":
        return subject.organization == gap.organization
    if gap.kind == "unmet-need":
        return may_see_unmet(subject, rows, gap.place or "", day)
    if gap.sheet == "joint_requests":
        return joint.may_see(subject, rows, rows["joint_requests"][gap.subject], day)
    return True


async def _once(known: Known, what: Hashable, work: Callable[[], list[Gap]]) -> list[Gap]:
    """Worked out once for a roster as it is; beside the loop, so that on a large one others are answered meanwhile."""
    if what not in known.derived:
        if len(known.derived) >= _KEPT:
            known.derived.clear()
        known.derived[what] = await asyncio.to_thread(_undisturbed, work)
    found: list[Gap] = known.derived[what]
    return found


def _undisturbed(work: Callable[[], list[Gap]]) -> list[Gap]:
    """The work without the collection of garbage, of which it makes none: thousands of new gaps would have the whole
    roster in memory looked through again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        if collecting:
            gc.enable()


async def _known(backend: Backend, scope: Scope, view: View) -> Scope:
    """The scope with its ids as the roster writes them: names will do."""
    body, force, place, type = scope.organization, scope.task_force, scope.place, scope.service_type
    return Scope(
        None if body is None else await organization_named(backend, view, body, ("organization",)),
        None if force is None else await task_force_named(backend, view, force, ("taskForce",)),
        None if place is None else await place_named(backend, view, place),
        None if type is None else await service_type_named(backend, view, type, ("serviceType",)),
    )
