"""The report of what has gone silent: the store is asked for open work only, and the roster in memory for all that is
around it; then the domain says what is stalled and what next."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from relaypoint.domain import around, stall_report
from relaypoint.domain.handoffs import Side
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.next_step import NextStep
from relaypoint.domain.next_steps import next_steps
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.policy import Action, Subject, may_see_case, sides
from relaypoint.domain.stall_report import ANYTHING, Position, Wanted
from relaypoint.domain.stalls import Stall, gravest, stalls
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import StoredCase, stored_case
from relaypoint.resolvers.coordinating import turn_to
from relaypoint.resolvers.open_handoffs import OpenWork, open_handoff, open_handoffs
from relaypoint.resolvers.parts import Coordinated
from relaypoint.resolvers.wanted import WantedInput, wanted_of

#: So many candidates are looked at for each handoff; some may have gone since.
_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Reported:
    """A stall as its reader may know it, with what that reader can do."""

    stall: Stall
    next_steps: tuple[NextStep, ...]
    escalated: Escalated | None = None


@dataclass(frozen=True, slots=True)
class Escalated:
    """How far the ladder was climbed for a silent step, at present. Its sender alone is told, for who was passed over
    would tell whom the case avoids. ``told``: the last rung found somebody to tell; ``paused_at``: it waits for the end
    of a contingency; ``next_at``: when the next one was to follow, as things were then."""

    taken: int
    action: str | None
    taken_at: str | None
    told: bool
    paused_at: str | None
    next_at: str | None


@dataclass(frozen=True, slots=True)
class Silent:
    """A stall as it is told to one side, with what is known of its case."""

    stall: Stall
    side: Side
    case: StoredCase
    #: All ways in which it is silent that are asked for, the gravest first.
    ways: tuple[Stall, ...]


@permitted(Action.SEE_STALLED)
async def stalled(
    subject: Subject,
    backend: Backend,
    typed: WantedInput | None = None,
    *,
    first: int | None = None,
    after: Position | None = None,
    as_of: str | None = None,
) -> list[Reported]:
    """The stalled handoffs that the subject's organization sent or holds, or was told of as the coordinator of both
    sides (the operator: all), as far as they are asked for: the most urgent come first, and of these the oldest.

    ``first`` is how many at most, ``after`` the position behind which to go on. ``as_of`` a day or an instant: as it
    was on record then. Raises ``Invalid`` and ``NotFound`` for what is typed and not understood.
    """
    work = await open_handoffs(subject, backend, as_of)
    wanted = await wanted_of(backend, work.view, typed) if typed else ANYTHING
    found = await silent(subject, backend, work, wanted, after=after, most=first)
    climbed = await _escalated(backend, found) if as_of is None else {}
    nearby = _Nearby(work.view)
    return [_reported(subject, nearby, each, work.at, climbed) for each in found]


async def _escalated(backend: Backend, found: Sequence[Silent]) -> dict[str, Escalated]:
    """By step, how far its ladder was climbed in its present status."""
    episodes = {each.stall.handoff.id: each.stall.episode for each in found if each.side is Side.SENDER}
    if not episodes:
        return {}
    rows = await backend.store.read("escalations_of", handoffs=sorted(episodes))
    return {
        row["handoff"]: Escalated(
            **{name: stands[name] for name in ("taken", "action", "taken_at", "paused_at", "next_at")},
            told=not stands["in_vain"],
        )
        for row in rows
        if (stands := row["escalation"])["episode"] == episodes[row["handoff"]]
    }


async def silent(
    subject: Subject,
    backend: Backend,
    work: OpenWork,
    wanted: Wanted,
    *,
    after: Position | None = None,
    most: int | None = None,
    coarse: bool = False,
) -> list[Silent]:
    """What has gone silent of it, in the order of the report: ``most`` at most, behind ``after``. ``coarse``: what the
    subject coordinates is looked at as of the last full hour.

    Steps are looked at in the order in which they can come at the earliest, some at a time, until what is found stands
    before all that is left.
    """
    coordinated = Coordinated(work.view, subject.organization) if subject.organization else None
    bounds = {_bound(step) for step in work.steps}
    # What is more urgent than the last of the page before was all in the pages before.
    left = sorted(bound for bound in bounds if after is None or bound[0] >= after[0])
    size = len(left) if most is None else most * 3 // 2
    waiting: list[tuple[Position, Silent]] = []
    found: list[Silent] = []
    while (left or waiting) and (most is None or len(found) < most):
        looked, left = left[:size], left[size:]
        size *= 2
        for row in await work.read([id for _, _, id in looked]):
            each = _silent(subject, coordinated, backend, work, wanted, row, coarse=coarse)
            if each is not None:
                place = stall_report.position(each.stall)
                if after is None or place > after:
                    heapq.heappush(waiting, (place, each))
        while waiting and (not left or waiting[0][0] <= left[0]):
            found.append(heapq.heappop(waiting)[1])
    return found[:most]


def _bound(step: Row) -> Position:
    return stall_report.earliest(Priority(step["priority"]), step["sent_at"], step["id"])


def _silent(
    subject: Subject,
    coordinated: Coordinated | None,
    backend: Backend,
    work: OpenWork,
    wanted: Wanted,
    row: Row,
    *,
    coarse: bool,
) -> Silent | None:
    sender, view = row["sender"], work.view
    if not wanted.held(view, row["desk"], row["service_type"], Priority(row["referral"]["priority"])):
        return None
    case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
    handoff = open_handoff(view, row, case)
    if not wanted.within(view, places_of(subject, handoff, case, view)):
        return None
    side = _side(subject, coordinated, sender, handoff.receiver.id, case)
    at = work.at.replace(minute=0, second=0, microsecond=0) if coarse and side is Side.COORDINATOR else work.at
    ways = stalls(handoff, at, side) if side else []
    found = gravest(ways, wanted.takes)
    return Silent(found, side, case, tuple(filter(wanted.takes, ways))) if side and found else None


def _side(
    subject: Subject, coordinated: Coordinated | None, sender: str, receiver: str, case: StoredCase
) -> Side | None:
    """As whom the subject is told of it."""
    on = sides(subject, sender, receiver)
    if on:
        return Side.SENDER if Side.SENDER in on else Side.RECEIVER
    told = coordinated is not None and coordinated.has_part(sender, receiver, case.avoid)
    return Side.COORDINATOR if told else None


def places_of(subject: Subject, handoff: OpenHandoff, case: StoredCase, view: View) -> tuple[str, ...]:
    """Where it belongs: where the case is, for who may read that; for others where its desk, or its body, works."""
    if case.place and may_see_case(subject, handoff.sender.id):
        return (case.place,)
    return tuple(handoff.desk.areas or view.index.rows["organizations"][handoff.receiver.id]["jurisdictions"])


class _Nearby:
    """Whom the steps of one report have around them. Many of them lie between the same two bodies."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._shared = cache(self._shared_of)
        self._other_desks = cache(self._other_desks_of)

    def of(self, subject: Subject, handoff: OpenHandoff, case: StoredCase) -> around.Around:
        coordinators, hotlines = self._shared(handoff.sender.id, handoff.receiver.id)
        # Whom else the sender could have asked is of the case: the operator of the machine is not told.
        asked = case.candidates[: _CANDIDATES + 1] if may_see_case(subject, handoff.sender.id) else ()
        others = around.reachable(self.view, (id for id in asked if id != handoff.desk.id))
        return around.Around(
            # Nor is anybody phoned of whom the person said no.
            candidates=tuple(each for each in others if not case.withdrawn_from(each[1].id, handoff.service_type)),
            other_desks=self._other_desks(handoff.desk.id, handoff.service_type, case.place),
            coordinators=coordinators,
            police=self.view.means_police(case.avoid),
            # Nobody is told to turn to itself.
            hotlines=tuple(each for each in hotlines if each[1].id != handoff.sender.id),
        )

    def _shared_of(self, sender: str, receiver: str) -> tuple[around.Reachable, around.Reachable]:
        """The coordinators and the hotlines of both."""
        forces = around.shared_forces(self.view, sender, receiver)
        return around.coordinators(self.view, forces), around.hotlines(self.view, forces)

    def _other_desks_of(self, desk: str, service_type: str, place: str | None) -> tuple[ContactPoint, ...]:
        return around.other_desks(self.view, self.view.desk(desk), service_type, place)


def _reported(
    subject: Subject, nearby: _Nearby, silent: Silent, at: datetime, climbed: Mapping[str, Escalated]
) -> Reported:
    found, handoff = silent.stall, silent.stall.handoff
    beside = nearby.of(subject, handoff, silent.case) if silent.side is Side.SENDER else around.NOBODY
    steps = next_steps(found, at, silent.side, beside)
    if silent.side is Side.COORDINATOR:
        between = handoff.desk.id, handoff.sender.id, handoff.answered_at
        steps += turn_to(nearby.view, *between, handoff.confidentiality, at)
    return Reported(found, steps, climbed.get(handoff.id))
