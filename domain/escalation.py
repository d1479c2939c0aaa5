"""What is done about a step that has gone silent: a ladder of rungs, and where a step stands on it.

An episode is one strand of silence since what it is about began: whoever moves the step on begins anew, and a remark
does not. A rung is due its wait after the rung before, counted from when that one was taken and not from when it was
due, so that what was missed while nothing ran is not made up for in a burst. A rung that reaches nobody is kept as
such, and the next one is due at once. What has happened is told by ``Progress``; nothing here reads a clock or a store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from relaypoint.domain import around
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import Duration, parse_duration, parse_instant
from relaypoint.domain.deadlines import DEFAULTS, waited
from relaypoint.domain.model import ContactPoint, holds
from relaypoint.domain.silences import Strand
from relaypoint.domain.stalls import Stall
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority, Rung

#: After how long the next rung is due where a policy says nothing.
WAITS: Final[Mapping[Priority, str]] = {
    Priority.STAT: "PT10M",
    Priority.ASAP: "PT30M",
    Priority.URGENT: "PT4H",
    Priority.ROUTINE: "P1D",
}

COORDINATORS: Final = (Rung.COORDINATOR, Rung.NATIONAL_COORDINATOR)

_SEARCH: Final = (Rung.REMIND, *COORDINATORS, Rung.OFFER)

#: The rungs of some silences, where nothing is agreed: of a person who may be missing, whom one desk more does not
#: find; and of a case that is sent round, which no desk has for long enough to be reminded.
USUAL: Final[Mapping[str, tuple[Rung, ...]]] = {
    "not-arrived": _SEARCH,
    "arrival-unknown": _SEARCH,
    "bounced": (*COORDINATORS, Rung.OFFER),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rung as it is taken: a repeated one is several. ``wait`` None: at once. ``extra``: from a desk's own policy,
    and so no reason to wait where the rung before it reached nobody."""

    action: Rung
    wait: Duration | None
    working: bool
    extra: bool = False
    #: It comes after the end of the ladder, and tells any coordinator that can be told.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an episode stands: how many rungs were taken, when the last one was, and since when it pauses."""

    episode: str
    taken: int = 0
    taken_at: str | None = None
    paused_at: str | None = None
    #: The messages of the last rung, by id.
    notices: tuple[str, ...] = ()
    #: The last rung that is not extra reached nobody: there was nobody to tell, they were closed while time pressed, or
    #: no message arrived.
    in_vain: bool = False
    #: What the last rung was, as a ``Rung``; None: none was taken.
    action: str | None = None
    #: A coordinator was told on the way.
    coordinated: bool = False


#: The rungs of a policy in their order.
Rungs: TypeAlias = tuple["Step", ...]


def ladder(view: View, stall: Stall, pathway: str | None) -> Rungs:
    """The rungs of the policy that holds for the silence, in their order. For a missing person they run on the clock,
    and press, however much time the referral had. Of what coordinators are not to know, they are told nothing."""
    handoff, missing, priority = stall.handoff, stall.strand is Strand.MISSING, _priority(stall)
    forces = around.shared_forces(view, handoff.sender.id, handoff.receiver.id)
    rows = view.index.rows["task_forces"]
    near = sorted(around.forces_of(view, forces), key=lambda force: (rows[force]["level"], force))
    owners = [("contact_point", handoff.desk.id), ("pathway", pathway), *(("task_force", force) for force in near)]
    agreed = next((found for owner in owners[1:] if (found := _policy(view, owner, priority))), None)
    rungs = USUAL.get(stall.reason, tuple(Rung))
    usual = agreed or tuple(_step(rung, None, None, index, priority) for index, rung in enumerate(rungs))
    own = _policy(view, owners[0], priority)
    steps = _hastened(usual, own) if own else usual
    if stall.discreet:
        steps = tuple(step for step in steps if step.action not in COORDINATORS)
    return tuple(replace(step, working=False) for step in steps) if missing else steps


def _priority(stall: Stall) -> Priority:
    """How much it presses: that a person is missing does so at least as ``asap``."""
    own = stall.handoff.priority
    return max(own, Priority.ASAP, key=lambda each: each.level) if stall.strand is Strand.MISSING else own


def _hastened(agreed: Rungs, own: Rungs) -> Rungs:
    """The rungs of a desk's own policy between those that hold without it. Who may be silent can have itself be
    reminded sooner and more often, and can't have others be told later, or not at all.

    Every agreed rung stays, since what follows it at once where it reaches nobody must do so still. A rung of its own
    comes beside it where it is sooner than the agreed one of its kind and turn, or where there is none.
    """
    if not all(step.working for step in agreed):
        own = tuple(replace(step, working=False) for step in own)
    times = dict(_timed(agreed))
    timed = [(since, 0, position, step) for position, (since, step) in enumerate(times.values())]
    for position, (key, (since, step)) in enumerate(_timed(own)):
        if key not in times or since < times[key][0]:
            timed.append((since, 1, position, replace(step, extra=True)))
    found: list[Step] = []
    before, behind = timedelta(), (0, -1)
    for since, policy, position, step in sorted(timed, key=lambda each: each[:3]):
        # What follows another rung than in its own policy waits for what is left.
        follows = behind == (policy, position - 1)
        found.append(step if follows else replace(step, wait=Duration(time=since - before) if since > before else None))
        before, behind = since, (policy, position)
    return tuple(found)


def _timed(steps: Rungs) -> Iterator[tuple[tuple[Rung, int], tuple[timedelta, Step]]]:
    """When each rung comes, by what it does and the how manieth of these it is."""
    since, turns = timedelta(), Counter[Rung]()
    for step in steps:
        since += _size(step)
        yield (step.action, turns[step.action]), (since, step)
        turns[step.action] += 1


def _size(step: Step) -> timedelta:
    """Its wait, to tell what comes sooner: a working day is one of eight hours."""
    if step.wait is None:
        return timedelta()
    day, week = (timedelta(hours=8), 5) if step.working else (timedelta(days=1), 7)
    return (step.wait.weeks * week + step.wait.days) * day + step.wait.time


def _policy(view: View, owner: tuple[str, str | None], priority: Priority) -> Rungs:
    """The rungs that it has set; none: it has no policy."""
    rows = [row for row in view.index.of("rungs of", owner) if holds(row, view.day)]
    steps: list[Step] = []
    for row in sorted(rows, key=lambda row: (row["position"], row["id"])):
        for _ in range(row["times"] or 1):
            steps.append(_step(Rung(row["action"]), row["wait"], row["hours"], len(steps), priority))
    return tuple(steps)


def _step(rung: Rung, wait: str | None, hours: str | None, index: int, priority: Priority) -> Step:
    working = hours == "working" if hours else DEFAULTS[priority].basis == "working"
    usual = None if index == 0 else WAITS[priority]
    chosen = wait or usual
    return Step(rung, parse_duration(chosen) if chosen else None, working)


#: In which pauses what is silent still at the end of a ladder is told again: where time presses first so many times
#: after some hours, for who was closed may have opened; then so many days; at last each week.
_SOON: Final[Mapping[Priority, tuple[int, Duration]]] = {
    Priority.STAT: (8, Duration(time=timedelta(hours=1))),
    Priority.ASAP: (6, Duration(time=timedelta(hours=4))),
}
_DAYS: Final = 5


def rung(steps: Rungs, taken: int, stall: Stall) -> Step:
    """The one that follows after so many. A ladder ends and a silence need not: then the desk, the sender and a
    coordinator hear of it again, where time presses within hours, then each day and later each week."""
    if taken < len(steps):
        return steps[taken]
    again: tuple[Rung, ...] = (Rung.OFFER,) if stall.discreet else (Rung.OFFER, Rung.COORDINATOR)
    if not stall.senders:
        again = (Rung.REMIND, *again)
    round, turn = divmod(taken - len(steps), len(again))
    working = steps[-1].working if steps else DEFAULTS[_priority(stall)].basis == "working"
    times, soon = (0, Duration()) if working else _SOON.get(_priority(stall), (0, Duration()))
    later = Duration(days=1) if round < times + _DAYS else Duration(weeks=1)
    pause = soon if round < times else later
    return Step(again[turn], None if turn else pause, working, again=True)


def due(steps: Rungs, progress: Progress, stall: Stall, calendar: Calendar) -> datetime:
    """When the next rung is due."""
    step = rung(steps, progress.taken, stall)
    since = parse_instant(progress.taken_at) if progress.taken_at else parse_instant(stall.due)
    if step.wait is None or (progress.in_vain and progress.taken < len(steps)):
        return since
    if progress.taken_at and max(progress.taken_at, stall.handoff.sent_at) < stall.since:
        return parse_instant(stall.since)  # It was over in between, and is back; or worse than it was.
    # The hours of who missed it put off nobody's turn.
    return waited(since, step.wait, calendar, working=step.working, later=timedelta())


def turned_to(view: View, stall: Stall, step: Step, reply_desk: str | None, at: datetime) -> ContactPoint | None:
    """Whom a rung turns to now: never whom the case avoids, never by a channel that is not safe enough for it, nobody
    who is not there, and one that is open where there are several. None: nobody. ``reply_desk`` is the sender's own."""
    handoff = stall.handoff
    forces = around.shared_forces(view, handoff.sender.id, handoff.receiver.id)

    def may(desk: ContactPoint) -> bool:
        owner = view.organization(desk.organization)
        return around.can_be_told(desk, owner, view.day, handoff.confidentiality, at, handoff.avoid)

    # Where the one that it named can't be told, its sender has others.
    own = view.index.ids("desks of", handoff.sender.id)
    theirs = [view.desk(id) for id in sorted(own, key=lambda id: (id != reply_desk, id))]
    sender_desk = next(filter(may, theirs), next(iter(theirs), None))
    silent = sender_desk if stall.senders else handoff.desk

    # Nobody is the judge of what it sent or holds itself.
    bodies = handoff.sender.id, handoff.receiver.id
    leading = [desk for desk, owner in around.coordinators(view, forces) if owner.id not in bodies]
    if stall.strand is Strand.COORDINATOR:  # The one that was asked; others are told of it.
        asked = sorted(filter(may, leading), key=lambda desk: desk.organization != handoff.raised_to)
        silent = next(iter(asked), None)
        leading = [desk for desk in leading if desk is not silent]
    if stall.strand is not Strand.MISSING:
        # Who has said that it can do no more is not asked to, as long as anybody else hears of it.
        left = [desk for desk in leading if desk.organization not in handoff.said_all]
        if any(map(may, left)) or (sender_desk is not None and may(sender_desk)):
            leading = left

    wanted: list[ContactPoint | None]
    if step.action is Rung.REMIND:
        wanted = [silent]
    elif step.action is Rung.DEPUTY:
        wanted = [silent if silent and _has_deputy(silent, view.day) else None]
    elif step.action is Rung.OTHER_DESK:
        wanted = _others(view, silent, handoff.service_type if silent is handoff.desk else None)
    elif step.action is Rung.COORDINATOR:
        wanted = list(leading if step.again else leading[:1])
    elif step.action is Rung.NATIONAL_COORDINATOR:
        wanted = list(leading[1:][-1:])
    else:
        wanted = [sender_desk]
    found = [desk for desk in wanted if desk is not None and may(desk)]
    return next((desk for desk in found if not closed(step, desk, at)), next(iter(found), None))


def closed(step: Step, desk: ContactPoint, at: datetime) -> bool:
    """Whether time presses and the contact point says that nobody is there now: it is told, and the next rung does not
    wait for it. In working time a wait takes care of that."""
    return not step.working and desk.calendar.is_open(at) is False


def _others(view: View, desk: ContactPoint | None, service_type: str | None) -> list[ContactPoint | None]:
    """The same body's other desks, for such cases where a type is given. The place is of the case, and is left out."""
    if desk is None:
        return []
    if service_type is not None:
        return list(around.other_desks(view, desk, service_type, None))
    return [view.desk(id) for id in view.index.ids("desks of", desk.organization) if id != desk.id]


def _has_deputy(desk: ContactPoint, day: str) -> bool:
    """Whether somebody else than the first in order answers there."""
    return sum(holder.answers(day) for holder in desk.holders) > 1
