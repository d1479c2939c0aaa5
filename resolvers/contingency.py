"""Contingency: rehearsed, declared, renewed and ended; a row of the roster that nothing else of it is changed by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from relaypoint.domain.channels import usable, weigh
from relaypoint.domain.clock import parse_day
from relaypoint.domain.contingency import covered
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.free_text import checked
from relaypoint.domain.gaps import gaps
from relaypoint.domain.gaps_roster import Gap
from relaypoint.domain.model import ContactPoint, holds
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.words import Confidentiality
from relaypoint.graph import Unmet
from relaypoint.graph.mapping import owned_desk
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.overlay import Overlay, overlay, overlay_of, pairs_of
from relaypoint.resolvers.roster_edit import edited
from relaypoint.resolvers.roster_write import Change, changed, roster_steps
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: A state that nobody looks at again is no contingency: after so many days at most it is renewed or over.
LONGEST: Final = 90

_TRIES: Final = 5

#: Of the input fields that the columns come from.
_PATHS: Final = {"place": ("place",), "task_force": ("taskForce",), "organization": ("organization",)}


@dataclass(frozen=True, slots=True)
class Scope:
    """For what it is declared: exactly one of these, an id."""

    place: str | None = None
    task_force: str | None = None
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """A contact point that it covers. ``diverted_to`` answers for it meanwhile; ``reachable``: over any channel, and
    ``otherwise``: over any, were it not for this."""

    id: str
    name: str
    organization: str
    diverted_to: str | None
    reachable: bool
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Switched:
    """A channel that drops out (``on`` is False) or comes in."""

    id: str
    kind: str
    contact_point: str
    on: bool


@dataclass(frozen=True, slots=True)
class Moves:
    """An open step of a referral whose effective contact point changes; ``to`` is None where somebody has to decide."""

    handoff: str
    reference: str
    contact_point: str
    to: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What it changes: ``opens`` are the gaps that it opens, ``closes`` how many it closes."""

    contact_points: list[Reached]
    channels: list[Switched]
    handoffs: list[Moves]
    opens: list[Gap]
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency:
    """``row`` are the columns of the sheet ``contingencies``. ``applied`` is False for a preview."""

    row: Mapping[str, Any]
    active: bool
    applied: bool = False
    effect: Effect | None = field(default=None, compare=False)


@permitted(Action.SEE_CONTINGENCIES)
async def contingencies(subject: Subject, backend: Backend, *, past: bool = False) -> list[Contingency]:
    """Those that are declared, the next to end first; ``past``: also those that are over."""
    day = backend.now()[:10]
    known = await backend.memory.roster(backend.store)
    rows = [row for row in known.rows["contingencies"].values() if past or row["until"] > day]
    return [
        Contingency(row=row, active=holds(row, day)) for row in sorted(rows, key=lambda row: (row["until"], row["id"]))
    ]


@permitted(Action.SEE_CONTINGENCIES)
async def reached(subject: Subject, backend: Backend, id: str) -> list[Reached]:
    """What is open under a contingency: its contact points by id, as they are reached now. Raises ``NotFound``."""
    known = await backend.memory.roster(backend.store)
    row = _found(known, id)
    desks = sorted(covered(known.rows, row, backend.now()[:10]))
    return await _reached(backend, desks, await overlay(backend), Overlay())


@permitted(Action.DECLARE_CONTINGENCY)
async def declare(
    subject: Subject,
    backend: Backend,
    scope: Scope,
    reason: str,
    until: str,
    *,
    id: str | None = None,
    idempotency_key: str | None = None,
    preview: bool = False,
) -> Contingency:
    """Declares it from today to the day ``until``, which it no longer holds on; shows what that changes.

    ``preview`` shows the same and changes nothing. Raises ``Invalid`` for the scope, the reason and the day,
    ``Conflict`` where the id is taken.
    """
    today = backend.now()[:10]
    row = {
        **asdict(scope),
        "id": (id or f"contingency-{backend.new_id()}").strip().lower(),
        "reason": checked(reason, today, ("reason",)),
        "since": today,
        "until": _ahead(until, today),
    }
    request = {"declare": asdict(scope), "id": id, "reason": reason, "until": until}

    def anew(known: Known) -> Mapping[str, Any]:
        if row["id"] in known.rows["contingencies"]:
            raise Conflict(
                "contingency.taken",
                "There is a contingency '{id}' already.",
                path=("id",),
                remedy="Renew it, or give another id.",
                id=row["id"],
            )
        return row

    return await _carry_out(subject, backend, anew, request, idempotency_key, preview)


@permitted(Action.DECLARE_CONTINGENCY)
async def renew(
    subject: Subject, backend: Backend, id: str, until: str, *, idempotency_key: str | None = None
) -> Contingency:
    """Lets one that is not over hold until another day. Raises ``NotFound``, and ``Invalid`` for the day."""
    today = backend.now()[:10]
    end = _ahead(until, today)

    def later(known: Known) -> Mapping[str, Any]:
        row = _open(known, id, today)
        return {**row, "until": end}

    return await _carry_out(subject, backend, later, {"renew": id, "until": until}, idempotency_key, False)


@permitted(Action.DECLARE_CONTINGENCY)
async def end(subject: Subject, backend: Backend, id: str, *, idempotency_key: str | None = None) -> Contingency:
    """Ends it now: everything reads as before, but what was settled meanwhile. Raises ``NotFound``."""
    today = backend.now()[:10]

    def over(known: Known) -> Mapping[str, Any]:
        row = _open(known, id, today)
        return {**row, "since": min(row["since"], today), "until": today}

    return await _carry_out(subject, backend, over, {"end-contingency": id}, idempotency_key, False)


async def _carry_out(
    subject: Subject,
    backend: Backend,
    decide: Callable[[Known], Columns],
    request: Mapping[str, Any],
    key: str | None,
    preview: bool,
) -> Contingency:
    operation = operation_id(subject, backend, key)
    day = backend.now()[:10]
    done = None if preview else await earlier(backend, operation, request)
    if done is not None:
        return Contingency(row=done["row"], active=holds(done["row"], day), applied=True)
    for _ in range(_TRIES):
        known = await backend.memory.roster(backend.store)
        changes = edited(known, "contingencies", decide(known), day, _PATHS)
        row = changes[0].after if changes else known.rows["contingencies"][decide(known)["id"]]
        effect = await _effect(backend, known, changes, day)
        if not preview and changes:
            steps = await roster_steps(subject, backend, known, changes)
            try:
                await write_once(backend, operation, steps, request=request, result={"row": row})
            except Unmet:
                continue
        return Contingency(row=row, active=holds(row, day), applied=not preview, effect=effect)
    raise Conflict(
        "contingency.changed",
        "The roster was being changed by others all the time; nothing was done.",
        remedy="Try again.",
    )


# what it changes


async def _effect(backend: Backend, known: Known, changes: list[Change], day: str) -> Effect:
    """Between the roster as it is and as the changes leave it."""
    before, after = known.rows, changed(known.rows, changes)
    was, will = pairs_of(before, day), pairs_of(after, day)
    differ = sorted(desk for desk in was.keys() | will.keys() if was.get(desk, "") != will.get(desk, ""))
    over = await overlay_of(backend, will)
    return Effect(
        contact_points=await _reached(backend, differ, over, await overlay_of(backend, was)),
        channels=_switched(after, differ, was, will, day),
        handoffs=await _moves(backend, after, differ, over, day),
        **await asyncio.to_thread(_gap_changes, before, after, day),
    )


async def _reached(backend: Backend, desks: list[str], over: Overlay, otherwise: Overlay) -> list[Reached]:
    def reachable(desk: ContactPoint) -> bool:
        return bool(usable(weigh(desk, floor=Confidentiality.PUBLIC, at=backend.clock())))

    found = []
    for row in await backend.store.read("desks", contact_points=desks, organizations=[]) if desks else []:
        plain, owner = owned_desk(row)
        desk = over.desk(plain)
        instead = desk.diverted_to.id if desk.diverted_to else None
        was = reachable(otherwise.desk(plain))
        found.append(Reached(desk.id, desk.name, owner.id, instead, reachable(desk), was))
    return found


def _switched(
    rows: Rows, desks: list[str], was: Mapping[str, Any], will: Mapping[str, Any], day: str
) -> list[Switched]:
    """The channels whose condition begins or ceases to hold."""
    turned = {desk for desk in desks if (desk in was) != (desk in will)}
    return [
        Switched(row["id"], row["kind"], row["contact_point"], (row["condition"] == "contingency") == (desk in will))
        for row in rows["channels"].values()
        if (desk := row["contact_point"]) in turned and row["condition"] != "always" and holds(row, day)
    ]


async def _moves(backend: Backend, rows: Rows, desks: list[str], over: Overlay, day: str) -> list[Moves]:
    """Each open step there: who would answer for it, or that nobody may."""
    if not desks:
        return []
    there = {
        (found := owned_desk(row))[0].id: found
        for row in await backend.store.read("desks", contact_points=desks, organizations=[])
    }
    moves = []
    for row in await backend.store.read("work_of", desks=desks, day=day):
        desk, owner = there[row["contact_point"]["id"]]
        now = over.desk(desk)
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        uses = weigh(
            now, floor=Confidentiality(row["referral"]["confidentiality"]), at=backend.clock(), avoid=case.avoid
        )
        if case.avoid.bars_contact_point(now, owner) or not usable(uses):
            to, text = None, "nobody may be reached there for it: its sender has to decide"
        elif _answers(now) != desk.id:
            to, text = _answers(now), f"{_answers(now)} answers for it"
        else:
            continue
        moves.append(Moves(row["handoff"]["id"], row["referral"]["reference"], desk.id, to, text))
    return moves


def _answers(desk: ContactPoint) -> str:
    return desk.diverted_to.id if desk.diverted_to else desk.id


def _gap_changes(before: Rows, after: Rows, day: str) -> dict[str, Any]:
    was, will = ({gap.key: gap for gap in gaps(rows, day)} for rows in (before, after))
    opens = [gap for key, gap in will.items() if key not in was]
    return {"opens": opens, "closes": len(was.keys() - will.keys())}


# which, and until when


def _found(known: Known, id: str) -> Columns:
    wanted = id.strip().lower()
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


def _ahead(until: str, today: str) -> str:
    day = parse_day(until, path=("until",))
    last = (date.fromisoformat(today) + timedelta(days=LONGEST)).isoformat()
    if not today < day <= last:
        raise Invalid(
            "contingency.until",
            "A contingency ends after today and within {most} days, not on {until}.",
            path=("until",),
            remedy="Give a day up to {last}; it can be renewed.",
            most=LONGEST,
            until=day,
            last=last,
        )
    return day
