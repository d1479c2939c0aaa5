"""The process report: how steps went that were sent in a period, by who received them, by task force or by service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from relaypoint.domain import around
from relaypoint.domain.clock import parse_day
from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.process import By, Course, Figures, figures
from relaypoint.domain.replay import step_after
from relaypoint.domain.view import View
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.needs import word
from relaypoint.resolvers.parts import Coordinated
from relaypoint.resolvers.stall_summary import group_name

#: How far back it looks where no day is given, and how long a period may be, in days.
USUAL: Final = 90
LONGEST: Final = 366


@dataclass(frozen=True, slots=True)
class Named:
    """The figures of a group with the name of what its key stands for."""

    figures: Figures
    name: str | None


@permitted(Action.SEE_PROCESS)
async def process(
    subject: Subject, backend: Backend, by: str, *, since: str | None = None, until: str | None = None
) -> list[Named]:
    """Of the steps sent from the day ``since`` up to the day before ``until`` (today unless given; 90 days before it):
    those that the subject's organization received, and those between members of a task force that it coordinates; the
    operator: all. Groups of fewer than five steps are left out.

    Raises ``Invalid`` for a way to group and for days that are not understood.
    """
    way = word(By, "by", by)
    first, last = _period(backend, since, until)
    rows = await backend.store.read("handoffs_sent", since=f"{first}T00:00:00.000Z", until=f"{last}T00:00:00.000Z")
    view = await present_view(backend)
    seen = [row for row in rows if view.has("contact_points", row["desk"])]
    if subject.organization is not None:
        seen = _own(backend, subject.organization, view, seen)
    found = await asyncio.to_thread(_worked_out, view, seen, way, backend.now())
    return [Named(each, group_name(view, way, each.key)) for each in found]


def _period(backend: Backend, since: str | None, until: str | None) -> tuple[str, str]:
    last = parse_day(until, path=("until",)) if until else (backend.clock().date() + timedelta(days=1)).isoformat()
    first = parse_day(since, path=("since",)) if since else _earlier(last, USUAL)
    if not _earlier(last, LONGEST) <= first < last:
        raise Invalid(
            "process.period",
            "From {since} to {until} is no period of up to {most} days.",
            path=("since",),
            remedy="Give a first day that lies before the last one, not more than a year.",
            since=first,
            until=last,
            most=LONGEST,
        )
    return first, last


def _earlier(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) - timedelta(days=days)).isoformat()
    except OverflowError:
        return date.min.isoformat()


def _own(backend: Backend, organization: str, view: View, rows: Sequence[Row]) -> list[Row]:
    """What it received; and what lies between members that it coordinates, but for cases that avoid it."""
    coordinated = Coordinated(view, organization)

    def may_see(row: Row) -> bool:
        receiver = _receiver(view, row)
        if organization == receiver:
            return True
        case = stored_case(backend, row["sealed_key"], row["sealed"])
        return coordinated.has_part(row["sender"], receiver, case.avoid)

    return [row for row in rows if may_see(row)]


def _worked_out(view: View, rows: Iterable[Row], way: By, now: str) -> list[Figures]:
    courses = (course for row in rows if (course := _course(view, row)).states)
    return figures(((_keys(course, way), course) for course in courses), now)


def _course(view: View, row: Row) -> Course:
    states = []
    for event in sorted(row["events"], key=lambda each: int(each["sequence"])):
        state = step_after(event["data"])
        if state.get("id") == row["handoff"]:
            states.append((event["at"], state))
    receiver = _receiver(view, row)
    forces = tuple(around.shared_forces(view, row["sender"], receiver))
    return Course(receiver, row["service_type"], forces, row["hops"] or 1, tuple(states))


def _receiver(view: View, row: Row) -> str:
    return str(view.index.rows["contact_points"][row["desk"]]["organization"])


def _keys(course: Course, way: By) -> tuple[str, ...]:
    if way is By.ORGANIZATION:
        return (course.body,)
    return (course.service_type,) if way is By.SERVICE else course.forces
