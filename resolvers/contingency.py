"""Contingency: rehearsed, declared, renewed and ended; a row of the roster that nothing else of it is changed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from relaypoint.domain.clock import parse_end
from relaypoint.domain.contingency import covered
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.free_text import checked
from relaypoint.domain.model import holds
from relaypoint.domain.ownership import coordinates, coordinators, forces
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.roster_fields import trimmed
from relaypoint.domain.rows import Columns, upwards
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.contingency_effect import Effect, Reached, effect_of, reached_under, without_contingency
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.known import Known, rows_on
from relaypoint.resolvers.roster_edit import Edit, carried_out

#: A state that nobody looks at again is no contingency: after so many days at most it is renewed or over.
LONGEST: Final = 90

#: Of the input fields that the columns come from.
_PATHS: Final = {"place": ("place",), "task_force": ("taskForce",), "organization": ("organization",)}


@dataclass(frozen=True, slots=True)
class Scope:
    """For what it is declared: exactly one of these, an id."""

    place: str | None = None
    task_force: str | None = None
    organization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency:
    """``row`` are the columns of the sheet ``contingencies``. ``applied`` is False for a preview."""

    row: Mapping[str, Any]
    active: bool
    applied: bool = False
    effect: Effect | None = field(default=None, compare=False)


@permitted(Action.SEE_CONTINGENCIES)
async def contingencies(
    subject: Subject, backend: Backend, *, past: bool = False, as_of: str | None = None
) -> list[Contingency]:
    """Those that are declared, the next to end first; ``past``: also those that are over. ``as_of`` a day or an
    instant: as it was on record then. Raises ``Invalid`` for a moment that is none."""
    found, day = await rows_on(backend, as_of)
    rows = [row for row in found["contingencies"].values() if past or row["until"] > day]
    return [
        Contingency(row=row, active=holds(row, day)) for row in sorted(rows, key=lambda row: (row["until"], row["id"]))
    ]


@permitted(Action.SEE_CONTINGENCIES)
async def reached(subject: Subject, backend: Backend, id: str) -> list[Reached]:
    """What is open under a contingency: its contact points by id, as they are reached now. Raises ``NotFound``."""
    known = await backend.memory.roster(backend.store)
    row = _found(known, id)
    view = view_of(known, backend.clock())
    desks = sorted(covered(known.rows, row, view.day))
    return reached_under(desks, view, without_contingency(known, view.day), backend.clock())


@permitted(Action.DECLARE_CONTINGENCY)
async def declare(
    subject: Subject,
    backend: Backend,
    scope: Scope,
    reason: str,
    until: str,
    *,
    id: str | None = None,
    pause_escalations: bool = False,
    idempotency_key: str | None = None,
    preview: bool = False,
) -> Contingency:
    """Declares it from today to the day ``until``, which it no longer holds on; shows what that changes.

    ``pause_escalations`` lets the escalation of the silence of what it covers wait until it is over, but for what
    presses; a coordinator alone may say so.
    ``preview`` shows the same and changes nothing. Raises ``Invalid`` for the scope, the reason and the day,
    ``Conflict`` where the id is taken.
    """
    today = backend.now()[:10]
    row = {
        **asdict(scope),
        "id": trimmed(id or f"contingency-{backend.new_id()}").lower(),
        "reason": checked(reason, today, ("reason",)),
        "pause_escalations": "yes" if pause_escalations else "no",
        "since": today,
        "until": parse_end(until, today, LONGEST, path=("until",)),
    }

    async def anew(known: Known) -> Columns:
        _may_declare(subject, known, row, today)
        if row["id"] in known.rows["contingencies"]:
            raise Conflict(
                "contingency.taken",
                "There is a contingency '{id}' already.",
                path=("id",),
                remedy="Renew it, or give another id.",
                id=row["id"],
            )
        return row

    request = {"declare": asdict(scope), "id": id, "reason": reason, "until": until, "pause": pause_escalations}
    return await _done(subject, backend, Edit("contingencies", anew, _PATHS, request, idempotency_key), preview)


@permitted(Action.DECLARE_CONTINGENCY)
async def renew(
    subject: Subject, backend: Backend, id: str, until: str, *, idempotency_key: str | None = None
) -> Contingency:
    """Lets one that is not over hold until another day. Raises ``NotFound``, and ``Invalid`` for the day."""
    today = backend.now()[:10]
    last = parse_end(until, today, LONGEST, path=("until",))

    async def later(known: Known) -> Columns:
        row = _open(known, id, today)
        _may_declare(subject, known, row, today)
        return {**row, "until": last}

    request = {"renew": id, "until": until}
    return await _done(subject, backend, Edit("contingencies", later, _PATHS, request, idempotency_key))


@permitted(Action.DECLARE_CONTINGENCY)
async def end(subject: Subject, backend: Backend, id: str, *, idempotency_key: str | None = None) -> Contingency:
    """Ends it now: everything reads as before, but what was settled meanwhile. Raises ``NotFound``."""
    today = backend.now()[:10]

    async def over(known: Known) -> Columns:
        row = _open(known, id, today)
        _may_declare(subject, known, {**row, "pause_escalations": "no"}, today)
        return {**row, "since": min(row["since"], today), "until": today}

    return await _done(subject, backend, Edit("contingencies", over, _PATHS, {"end-contingency": id}, idempotency_key))


def _may_declare(subject: Subject, known: Known, row: Mapping[str, Any], day: str) -> None:
    """A coordinator declares it for a task force, for its members, and for a place within it; a body for itself, but
    nobody lets what is done about their own silence wait."""
    body = subject.organization
    if body is None:
        return
    pauses = row["pause_escalations"] == "yes"
    if row["organization"] is not None:
        found = known.rows["organizations"].get(row["organization"])
        of = forces(known.rows, day, "organizations", found) if found else set()
        may = not pauses if row["organization"] == body else body in coordinators(known.rows, day, of)
    elif row["task_force"] is not None:
        may = coordinates(known.rows, day, body, row["task_force"])
    else:
        around = set(upwards(known.rows["jurisdictions"], row["place"]))
        of = {id for id, force in known.rows["task_forces"].items() if force["jurisdiction"] in around}
        of = {id for id in of if holds(known.rows["task_forces"][id], day)}
        may = body in coordinators(known.rows, day, of)
        if pauses:  # Of each body there, whichever of the task forces it is in.
            may = may and all(coordinates(known.rows, day, body, force) for force in of)
    if not may and pauses:
        raise NotFound(
            "contingency.pause",
            "Only a coordinator lets escalations wait.",
            path=("pauseEscalations",),
            remedy="Declare it without, or for a task force or an organization that you coordinate.",
        )
    if not may:
        raise NotFound(
            "contingency.others",
            "That is not for you to declare.",
            path=("taskForce",) if row["task_force"] else ("organization",) if row["organization"] else ("place",),
            remedy="Declare it for your own organization, or ask your task force's coordinator.",
        )


async def _done(subject: Subject, backend: Backend, edit: Edit, preview: bool = False) -> Contingency:
    done = await carried_out(subject, backend, edit, preview=preview)
    day = backend.now()[:10]
    effect = await effect_of(backend, done.before, done.changes, day) if done.before else None
    if effect and done.before and subject.organization is not None:
        desks = done.before.rows["contact_points"]
        own = {id for id, desk in desks.items() if desk["organization"] == subject.organization}
        effect = effect.seen_at(own)
    return Contingency(row=done.row, active=holds(done.row, day), applied=not preview, effect=effect)


def _found(known: Known, id: str) -> Columns:
    wanted = trimmed(id).lower()
    rows = known.rows["contingencies"]
    if wanted in rows:
        return rows[wanted]
    near = nearest(wanted, rows)
    raise NotFound(
        "contingency.none",
        "There is no contingency '{id}'.",
        path=("id",),
        remedy="Did you mean {near}?" if near else "relaypoint contingency list shows them.",
        id=id,
        near=near,
    )


def _open(known: Known, id: str, today: str) -> Columns:
    row = _found(known, id)
    if row["until"] <= today:
        raise Invalid(
            "contingency.over",
            "The contingency '{id}' was over on {until}.",
            path=("id",),
            remedy="Declare another one.",
            id=row["id"],
            until=row["until"],
        )
    return row
