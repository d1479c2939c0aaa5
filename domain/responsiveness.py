"""How soon a contact point answers, from what was recorded: never told of fewer than five cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isinf
from statistics import median
from types import MappingProxyType
from typing import Final

from relaypoint.domain.clock import Instant, parse_instant

#: How many days back is looked.
DAYS: Final = 90
#: With fewer, a figure would say more of one case than of the contact point.
FEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Responsiveness:
    """Medians in minutes on the clock, over the last ``DAYS`` days; ``count`` says of how many cases. ``acknowledge``
    and ``decide`` are None where there were fewer than ``FEWEST``. ``silent``: half of them or more wait for a decision
    for longer than the others took."""

    count: int
    acknowledge: int | None
    decide: int | None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """One step of a referral: when it was sent, and when it was first acknowledged and decided; None: not yet.

    ``until`` is when it was looked at, or when it was taken back undecided: all that is known is that it took longer.
    """

    contact_point: str
    service_type: str
    sent_at: Instant
    acknowledged_at: Instant | None
    decided_at: Instant | None
    until: Instant


#: By contact point and service type.
Responses = Mapping[tuple[str, str], Responsiveness]


NO_RESPONSES: Final[Responses] = MappingProxyType({})


def responses(steps: Iterable[Answered]) -> dict[tuple[str, str], Responsiveness]:
    """Of those contact points and service types of which there is enough to tell."""
    groups: dict[tuple[str, str], list[Answered]] = {}
    for step in steps:
        groups.setdefault((step.contact_point, step.service_type), []).append(step)
    found = {}
    for key, of in groups.items():
        _, acknowledge = _median([(step.sent_at, step.acknowledged_at, step.until) for step in of])
        count, decide = _median([(step.sent_at, step.decided_at, step.until) for step in of])
        if count >= FEWEST:
            told = None if decide is None or isinf(decide) else round(decide)
            soon = None if acknowledge is None or isinf(acknowledge) else round(acknowledge)
            found[key] = Responsiveness(count, soon, told, silent=decide is not None and isinf(decide))
    return found


def _median(spans: Sequence[tuple[Instant, Instant | None, Instant]]) -> tuple[int, float | None]:
    """Of how many cases it is, and their median in minutes. Who still waits, for longer than the answered ones took,
    counts as never answered; who waits for less says nothing yet."""
    answered = [_minutes(start, end) for start, end, _ in spans if end is not None]
    usual = median(answered) if answered else 0.0
    waiting = [inf for start, end, until in spans if end is None and _minutes(start, until) > usual]
    both = sorted([*answered, *waiting])
    return len(both), both[len(both) // 2] if len(both) >= FEWEST else None


def _minutes(start: Instant, end: Instant) -> float:
    return (parse_instant(end) - parse_instant(start)).total_seconds() / 60
