"""Taking the next rung for every step that has gone silent: each rung once, however many workers there are.

A rung is one write: where the escalation stands, its event, and the message; it is tested against the step and the
escalation as they were when it was decided, and its operation id is the rung's own, so that a worker that was cut off
and one that took over can't both take it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from relaypoint.domain import chain
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.escalation import COORDINATORS, Progress, Rungs, closed, due, ladder, rung, turned_to
from relaypoint.domain.escalation import Step as Rising
from relaypoint.domain.handoffs import Side
from relaypoint.domain.policy import OPERATOR, Action, Subject
from relaypoint.domain.stalls import Stall, stalls
from relaypoint.domain.view import View
from relaypoint.domain.words import Rung
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.open_handoffs import OpenWork, open_handoff, open_handoffs
from relaypoint.resolvers.referral_steps import record, salted, senders_desk, told
from relaypoint.resolvers.writing import write_once

#: So far the clocks of two servers may lie apart, for one may take its zone's time for that of all. What each takes for
#: the other's past shortens no wait.
_SKEW: Final = timedelta(hours=15)


@dataclass(frozen=True, slots=True)
class Taken:
    """A rung that was taken for a step: for which silence, its place in the ladder from 1 on, and whom it turned to
    (None: nobody)."""

    handoff: str
    reference: str
    reason: str
    rung: int
    action: str
    contact_point: str | None


@dataclass(frozen=True, slots=True)
class Escalation:
    """The rungs that were taken now; ``waiting`` is how many silent steps wait for the end of a contingency."""

    taken: tuple[Taken, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class _Climb:
    """One silence of a step: its ladder, and the row that its next write is tested against."""

    row: Row
    stall: Stall
    rungs: Rungs
    progress: Progress
    mark: str


@permitted(Action.ESCALATE)
async def escalate(subject: Subject, backend: Backend) -> Escalation:
    """Takes every rung that is due now, one for each step; what reaches nobody lets the next one follow at once."""
    work = await open_handoffs(OPERATOR, backend)
    view, taken = work.view, list[Taken]()
    silent = await _silent(backend, work)
    heads: dict[str, Row] = {}
    for climb in silent:
        id = climb.stall.handoff.id
        # A policy or a calendar that can't be followed stands in nobody else's way.
        with contextlib.suppress(Invalid):
            rungs, climb = await _climb(subject, backend, view, replace(climb, row=heads.get(id, climb.row)))
            heads[id] = climb.row
            taken += rungs
    return Escalation(tuple(taken), len({climb.stall.handoff.id for climb in silent if climb.stall.waits}))


async def _silent(backend: Backend, work: OpenWork) -> list[_Climb]:
    view, found = work.view, []
    for row in await work.read([step["id"] for step in work.steps]):
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        found.append((row, stalls(open_handoff(view, row, case), work.at, Side.SENDER)))
    ids = sorted({row["handoff"]["id"] for row, silences in found if silences})
    if not ids:
        return []
    rows = await backend.store.read("escalations_of", handoffs=ids)
    stands = {each["escalation"]["id"]: each["escalation"] for each in rows}
    dead = await _dead(backend, stands.values())
    around = {each["id"]: each for each in await backend.store.read("work_escalating", handoffs=ids, day=view.day)}
    climbs = []
    for row, silences in found:
        # Moved meanwhile, or told twice because it is open in two ways: then the first one counts.
        if (more := around.pop(row["handoff"]["id"], None)) is None:
            continue
        for silence in silences:
            kept = stands.get(_id(silence))
            progress = _progress(silence, kept, dead)
            rungs = ladder(view, silence, more["pathway"])
            climbs.append(_Climb({**row, **more}, silence, rungs, progress, kept["mark"] if kept else ""))
    return climbs


def _id(silence: Stall) -> str:
    """Under which its ladder is kept: each strand has one."""
    return f"{silence.handoff.id}.{silence.strand}"


async def _dead(backend: Backend, stands: Iterable[Row]) -> set[str]:
    """Which of the messages of the last rungs could not be delivered."""
    notices = sorted({notice for each in stands if not each["in_vain"] for notice in each["notices"].split()})
    ended = await backend.store.read("notices_stand", notices=notices) if notices else []
    return {row["id"] for row in ended if row["status"] == "dead"}


def _progress(silence: Stall, kept: Row | None, dead: Collection[str]) -> Progress:
    """Where the episode stands; another one before it is over. Messages that all ended dead reached nobody."""
    if kept is None or kept["episode"] != silence.episode:
        return Progress(silence.episode)
    notices = tuple(kept["notices"].split())
    in_vain = bool(kept["in_vain"]) or (bool(notices) and all(notice in dead for notice in notices))
    stood = kept["episode"], kept["taken"], kept["taken_at"], kept["paused_at"], notices, in_vain
    return Progress(*stood, action=kept["action"], coordinated=bool(kept["coordinated"]))


async def _climb(subject: Subject, backend: Backend, view: View, climb: _Climb) -> tuple[list[Taken], _Climb]:
    """Takes the rungs of one silence that are due: the next one, and after one that reaches nobody who is there those
    that follow at once; and gives how it stands then."""
    at, taken = backend.clock(), list[Taken]()
    desk = climb.stall.handoff.desk
    paused = climb.stall.waits is not None
    stands = _in_time(_pausing(climb.progress, paused, at), at)
    if stands != climb.progress:
        steps = [_put(backend, climb, stands)]
        if paused and climb.progress.paused_at is None:
            # Whoever sent it may send it elsewhere, and is not to wait for weeks without a word.
            steps += _offered(backend, view, climb, at)
        if not await _written(backend, steps):
            return [], climb
        climb = replace(climb, progress=stands, mark=_mark(stands))
    if paused:
        return [], climb
    while due(climb.rungs, climb.progress, climb.stall, desk.calendar) <= at:
        step = rung(climb.rungs, climb.progress.taken, climb.stall)
        desk_told = turned_to(view, climb.stall, step, senders_desk(climb.row), at)
        whom = desk_told.id if desk_told else None
        shut = desk_told is not None and closed(step, desk_told, at)
        after = await _take(subject, backend, climb, step, whom, at, shut=shut)
        if after is None:
            break
        climb = after
        of = climb.stall.handoff
        taken.append(Taken(of.id, of.reference, climb.stall.reason, climb.progress.taken, step.action.value, whom))
    return taken, climb


def _offered(backend: Backend, view: View, climb: _Climb, at: datetime) -> list[Step]:
    desk = turned_to(view, climb.stall, Rising(Rung.OFFER, None, working=True), senders_desk(climb.row), at)
    return [told(backend, climb.row, desk.id, "offered")] if desk else []


def _pausing(progress: Progress, paused: bool, at: datetime) -> Progress:
    """The progress as the beginning or the end of a pause leaves it. What was left of a wait is left of it
    afterwards."""
    if progress.paused_at is None:
        return replace(progress, paused_at=format_instant(at)) if paused else progress
    if paused:
        return progress
    gone = max(at - parse_instant(progress.paused_at), timedelta())
    since = format_instant(parse_instant(progress.taken_at) + gone) if progress.taken_at else None
    return replace(progress, paused_at=None, taken_at=since)


def _in_time(progress: Progress, at: datetime) -> Progress:
    """A rung that a server took whose clock ran far ahead counts from now: nobody waits for what was never a time."""
    if progress.taken_at is None or parse_instant(progress.taken_at) <= at + _SKEW:
        return progress
    return replace(progress, taken_at=format_instant(at))


async def _take(
    subject: Subject, backend: Backend, climb: _Climb, step: Rising, desk: str | None, at: datetime, *, shut: bool
) -> _Climb | None:
    """Takes the rung: where the step stands then, or None where another worker took it or the step has moved. ``shut``:
    nobody is at the desk now."""
    handoff, referral, taken = climb.row["handoff"], climb.row["referral"], climb.progress.taken + 1
    action = step.action
    event = chain.append(
        referral["id"],
        climb.row["chain_length"],
        climb.row["chain_head"],
        kind="handoff-escalated",
        at=backend.now(),
        actor=subject.name,
        data=salted(
            {
                "before": handoff,
                "after": handoff,
                "escalation": {
                    "ladder": climb.stall.strand.value,
                    "rung": taken,
                    "of": len(climb.rungs),
                    "reason": climb.stall.reason,
                    "action": action.value,
                    "reached": desk,
                    "closed": shut,
                    "ended": taken >= len(climb.rungs),
                },
            }
        ),
    )
    messages = []
    if desk:
        kind = "offered" if action is Rung.OFFER else "escalated"
        # Each reminder goes by the next channel, whatever lies between them.
        reminders = sum(each.action is Rung.REMIND for each in climb.rungs[:taken])
        turn = reminders if action is Rung.REMIND else 0
        messages.append(told(backend, climb.row, desk, kind, turn=turn))
    after = Progress(
        episode=climb.progress.episode,
        taken=taken,
        taken_at=format_instant(at),
        notices=tuple(str(message.parameters["id"]) for message in messages),
        in_vain=climb.progress.in_vain if step.extra else desk is None or shut,
        action=action.value,
        coordinated=climb.progress.coordinated or (desk is not None and action in COORDINATORS),
    )
    name, mine = f"escalate {handoff['id']} {climb.row['chain_length']}", backend.new_id()
    try:
        done = await write_once(
            backend,
            hashlib.sha256(name.encode()).hexdigest(),
            [_put(backend, climb, after), record(event), *messages],
            request={"rung": name},
            result={"by": mine},
        )
    except Unmet:
        return None
    if done["by"] != mine:
        return None
    row = {**climb.row, "chain_length": event.sequence, "chain_head": event.hash}
    return replace(climb, row=row, progress=after, mark=_mark(after))


async def _written(backend: Backend, steps: list[Step]) -> bool:
    try:
        await backend.store.write(steps)
    except Unmet:
        return False
    return True


def _mark(progress: Progress) -> str:
    return f"{progress.episode}.{progress.taken}.{progress.paused_at or ''}"


def _put(backend: Backend, climb: _Climb, progress: Progress) -> Step:
    properties = {
        "mark": _mark(progress),
        "episode": progress.episode,
        "taken": progress.taken,
        "taken_at": progress.taken_at,
        "paused_at": progress.paused_at,
        "in_vain": progress.in_vain,
        "notices": " ".join(progress.notices),
        "action": progress.action,
        "coordinated": progress.coordinated,
        "next_at": format_instant(due(climb.rungs, progress, climb.stall, climb.stall.handoff.desk.calendar)),
    }
    return Step(
        "escalation_put",
        {
            "handoff": climb.row["handoff"]["id"],
            "escalation": _id(climb.stall),
            "operation": backend.new_id(),
            "chain_head": climb.row["chain_head"],
            "version": climb.row["handoff"]["version"],
            "mark": climb.mark,
            "properties": properties,
        },
    )
