"""What has stalled, counted: how many, and how old, in groups."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from relaypoint.domain.kept_back import fives, told
from relaypoint.domain.stalls import Stall


class By(StrEnum):
    ORGANIZATION = "organization"
    TASK_FORCE = "task-force"
    PLACE = "place"
    SERVICE = "service"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Ages:
    """Hours since the deadline that was missed: the middle one, the one that nine of ten do not exceed, the worst.
    None: it would be that of one case."""

    median: float
    p90: float | None
    worst: float | None

    @classmethod
    def of(cls, hours: Sequence[float]) -> Ages:
        """Of at least one."""
        ordered = sorted(hours)
        return cls(statistics.median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1], ordered[-1])

    def coarse(self, count: int) -> Ages:
        """Of so many cases of others: in whole hours, for to the minute an age is as good as a name; never the worst;
        and what nine of ten do not exceed only where there are enough beyond it."""
        p90 = None if self.p90 is None or count < _MANY else round(self.p90)
        return Ages(round(self.median), p90, None)


#: Beyond nine of ten of so many lie two at least.
_MANY: Final = 20


@dataclass(frozen=True, slots=True)
class Group:
    """``key`` is an id of the roster or a reason; None: what belongs to no group. ``coordinated``: of the steps that
    lie between others, whom the reader coordinates."""

    key: str | None
    count: int
    working: Ages
    clock: Ages
    coordinated: bool = False
    #: So many more, of groups that are kept back; it has no ages.
    withheld: bool = False


def grouped(stalls: Iterable[tuple[Iterable[str], Stall]]) -> list[Group]:
    """``stalls`` come with the keys of the groups that each belongs to; one in several counts in each. The largest
    group comes first."""
    groups: dict[str | None, list[Stall]] = {}
    for keys, stall in stalls:
        for key in tuple(dict.fromkeys(keys)) or (None,):
            groups.setdefault(key, []).append(stall)
    found = [
        Group(
            key,
            len(of),
            Ages.of([stall.age.working_hours for stall in of]),
            Ages.of([stall.age.clock_hours for stall in of]),
        )
        for key, of in groups.items()
    ]
    return sorted(found, key=_size)


def grouped_for_coordinator(stalls: Iterable[tuple[Iterable[str], Stall]]) -> list[Group]:
    """The same of what lies between others: a coordinator may ask for it by any filter, and must not single out a case
    by that. Counts are in fives and ages coarse; a group is left out where it, or another, would tell a number
    below five. How many lie in the groups that are left out is told of them together, so that nobody takes their
    silence for none."""
    groups = grouped(stalls)
    counts = told({group.key: group.count for group in groups})
    left = fives(sum(group.count for group in groups if counts[group.key] is None))
    found = [
        Group(group.key, count, group.working.coarse(group.count), group.clock.coarse(group.count), coordinated=True)
        for group in groups
        if (count := counts[group.key]) is not None
    ]
    nothing = Ages(0, None, None)
    rest = [Group(None, left, nothing, nothing, coordinated=True, withheld=True)] if left else []
    return [*sorted(found, key=_size), *rest]


def _size(group: Group) -> tuple[int, bool, str]:
    return -group.count, group.key is None, group.key or ""
