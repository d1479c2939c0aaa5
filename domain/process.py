"""How referrals went, from the record: the time in each stage, whether answers came in time, and where steps were lost.

Figures are of the bodies that received a step. Who sent it, and the case, stay out; and what is fewer than five is not
told, so that nobody is counted who could be known by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from relaypoint.domain.clock import Instant, parse_instant
from relaypoint.domain.handoffs import SERVED_THERE, UNSERVED, Status, awaited
from relaypoint.domain.kept_back import FEWEST, fives, told
from relaypoint.domain.stall_summary import Ages

#: Of so many a share to a twentieth is coarser than a count in fives.
MANY: Final = 100


class By(StrEnum):
    """What steps are grouped by; a part of those words that silent ones are grouped by."""

    ORGANIZATION = "organization"
    TASK_FORCE = "task-force"
    SERVICE = "service"


class Stage(StrEnum):
    """What a step waited for, in the order of its life; ``held`` lies within the others."""

    ACKNOWLEDGED = "acknowledged"
    DECIDED = "decided"
    STARTED = "started"
    COMPLETED = "completed"
    HELD = "held"


class Fate(StrEnum):
    """How a step ended, or how far it has come. Those before ``served`` are steps that were lost, by where."""

    UNANSWERED = "unanswered"
    UNDECIDED = "undecided"
    DECLINED = "declined"
    NOT_BEGUN = "not-begun"
    FAILED = "failed"
    WAITLISTED = "waitlisted"
    TAKEN_BACK = "taken-back"
    PASSED_ON = "passed-on"
    SERVED = "served"
    OPEN = "open"
    IN_ERROR = "in-error"


#: Where the person was left without an answer or a service by this step.
LOST: Final = (Fate.UNANSWERED, Fate.UNDECIDED, Fate.DECLINED, Fate.NOT_BEGUN, Fate.FAILED, Fate.WAITLISTED)

_DECIDED: Final = frozenset({Status.ACCEPTED, Status.REJECTED})
#: What a step is once the receiving side has said anything. Its sender's own moves answer nothing, nor does a mistake.
_ANSWERED: Final = tuple(
    each for each in Status if each not in (Status.REQUESTED, Status.CANCELLED, Status.ENTERED_IN_ERROR)
)
_PASSED: Final = frozenset({"referred-onward", "redirected", "reassigned"})


@dataclass(frozen=True, slots=True)
class Course:
    """One step as it went. ``states`` are those that the record tells, with the instants, oldest first; ``body``
    received it, ``forces`` are the task forces of both sides."""

    body: str
    service_type: str
    forces: tuple[str, ...]
    hops: int
    states: tuple[tuple[Instant, Mapping[str, Any]], ...]

    def first(self, *statuses: Status) -> Instant | None:
        """When it was first in one of these."""
        return next((at for at, state in self.states if state["status"] in statuses), None)

    @property
    def end(self) -> Mapping[str, Any]:
        return self.states[-1][1]


@dataclass(frozen=True, slots=True)
class InTime:
    """``due`` steps had to be answered by then, or were answered; ``kept`` of them were so in time."""

    due: int
    kept: int

    @property
    def share(self) -> float | None:
        """From 0 to 1, rounded; None: of too few to tell."""
        return rounded(self.kept / self.due) if self.due >= FEWEST else None


def rounded(share: float) -> float:
    """To a twentieth: what is told exactly of two periods tells of the one who lies between them."""
    return round(20 * share) / 20


def _lost(counts: Mapping[Fate, int]) -> float | None:
    """The share of those that were meant. None where it would tell how many it is that are fewer than five: of a small
    group of which any count is kept back, and where the lost, or the others, are so few."""
    meant = sum(counts.values()) - counts.get(Fate.IN_ERROR, 0)
    lost = sum(counts.get(each, 0) for each in LOST)
    if any(0 < each < FEWEST for each in (lost, meant - lost)):
        return None
    if meant < MANY and None in told(counts).values():
        return None
    return rounded(lost / meant) if meant else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one group; counts rounded down to fives, shares to a twentieth. ``hours`` are on the clock, coarse, by stage,
    as far as enough steps went through it; ``fates`` counts and ``lost`` are None where they would tell a number below
    five. ``hops`` is the place of the steps in their referrals."""

    key: str | None
    count: int
    acknowledged: InTime
    decided: InTime
    hours: Mapping[Stage, Ages]
    fates: Mapping[Fate, int | None]
    hops: Ages
    lost: float | None


def figures(courses: Iterable[tuple[Iterable[str], Course]], now: Instant) -> list[Figures]:
    """``courses`` come with the keys of the groups that each belongs to. The largest group comes first; those of fewer
    than five steps are left out."""
    groups: dict[str | None, list[Course]] = {}
    for keys, course in courses:
        for key in tuple(dict.fromkeys(keys)) or (None,):
            groups.setdefault(key, []).append(course)
    found = [_figures(key, of, now) for key, of in groups.items() if len(of) >= FEWEST]
    return sorted(found, key=lambda each: (-each.count, each.key is None, each.key or ""))


def _figures(key: str | None, courses: Sequence[Course], now: Instant) -> Figures:
    fates = [fate(course, now) for course in courses]
    counts = {each: fates.count(each) for each in Fate if each in fates}
    spans = {stage: [hours for course in courses if (hours := _spent(course, stage)) is not None] for stage in Stage}
    return Figures(
        key=key,
        count=fives(len(courses)),
        acknowledged=_in_time([_met(each, "acknowledge_by", _acknowledged(each), now) for each in courses]),
        decided=_in_time([_met(each, "decide_by", each.first(*_DECIDED), now) for each in courses]),
        hours={stage: Ages.of(of).coarse(len(of)) for stage, of in spans.items() if len(of) >= FEWEST},
        fates=told(counts),
        hops=Ages.of([course.hops for course in courses]),
        lost=_lost(counts),
    )


def fate(course: Course, now: Instant) -> Fate:
    """Where the step has come to by now. Silence past a deadline is an end like another, until somebody breaks it."""
    end = course.end
    status, reason = Status(end["status"]), end.get("reason")
    if status is Status.ENTERED_IN_ERROR:
        return Fate.IN_ERROR
    if status is Status.REJECTED:
        return Fate.PASSED_ON if reason in _PASSED else Fate.DECLINED
    if reason == SERVED_THERE:
        return Fate.SERVED
    if end.get("phoned") == "accepted" and not course.first(*_DECIDED):
        return Fate.OPEN if status.open else _left(reason)  # An office without accounts answers on the phone.
    if status is Status.COMPLETED:
        if awaited(end):
            return Fate.FAILED  # Closed, and nobody has said that the person came.
        return Fate.WAITLISTED if reason in UNSERVED else Fate.SERVED
    decided = course.first(*_DECIDED)
    if status in (Status.REQUESTED, Status.RECEIVED) or (status is Status.CANCELLED and not decided):
        over = now if status is not Status.CANCELLED else course.states[-1][0]
        if not (end.get("decide_by") and end["decide_by"] < over):
            return Fate.OPEN if status is not Status.CANCELLED else _left(reason)
        return Fate.UNDECIDED if _acknowledged(course) else Fate.UNANSWERED
    if reason in _PASSED:
        return Fate.PASSED_ON
    if status in (Status.FAILED, Status.CANCELLED):
        return Fate.FAILED if course.first(Status.IN_PROGRESS) else Fate.NOT_BEGUN
    return Fate.OPEN


def _left(reason: str | None) -> Fate:
    """Taken back, or sent elsewhere by others, while there was still time to answer."""
    return Fate.PASSED_ON if reason in _PASSED else Fate.TAKEN_BACK


def _acknowledged(course: Course) -> Instant | None:
    """Its sender's own moves answer nothing."""
    return course.first(*_ANSWERED)


def _met(course: Course, deadline: str, answered: Instant | None, now: Instant) -> bool | None:
    """Whether it was answered by the deadline as it then stood; None: there is still time, or it was taken back."""
    before = [state for at, state in course.states if answered is None or at <= answered]
    due = next((state[deadline] for state in reversed(before) if state.get(deadline)), None)
    if due is None:
        return None
    if answered is not None:
        return bool(answered <= due)
    over = course.states[-1][0] if not Status(course.end["status"]).open else now
    return False if due < over else None


def _in_time(met: Iterable[bool | None]) -> InTime:
    known = [each for each in met if each is not None]
    return InTime(len(known), sum(known))


_BETWEEN: Final[Mapping[Stage, tuple[tuple[Status, ...], tuple[Status, ...]]]] = {
    Stage.ACKNOWLEDGED: ((Status.REQUESTED,), _ANSWERED),
    Stage.DECIDED: ((Status.REQUESTED,), (Status.ACCEPTED, Status.REJECTED)),
    Stage.STARTED: ((Status.ACCEPTED,), (Status.IN_PROGRESS,)),
    Stage.COMPLETED: ((Status.ACCEPTED,), (Status.COMPLETED,)),
}


def _spent(course: Course, stage: Stage) -> float | None:
    """The hours until the stage was reached, on the clock; None where it was not. Of holds all together."""
    if stage is Stage.HELD:
        held = [(one, two) for (one, state), (two, _) in pairwise(course.states) if state["status"] == Status.ON_HOLD]
        return sum(_hours(*span) for span in held) if held else None
    begun, reached = (course.first(*statuses) for statuses in _BETWEEN[stage])
    return _hours(begun, reached) if begun and reached else None


def _hours(since: Instant, until: Instant) -> float:
    return (parse_instant(until) - parse_instant(since)).total_seconds() / 3600
