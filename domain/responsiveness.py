"""How soon a contact point answers, from what was recorded: never told of fewer than five cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    and ``decide`` are None where there were fewer than ``FEWEST``."""

    count: int
    acknowledge: int | None
    decide: int | None


@dataclass(frozen=True, slots=True)
class Answered:
    """One step of a referral: when it was sent, and when it was first acknowledged and decided; None: not yet."""

    contact_point: str
    service_type: str
    sent_at: Instant
    acknowledged_at: Instant | None
    decided_at: Instant | None


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
        acknowledge = _median((step.sent_at, step.acknowledged_at) for step in of)
        decide = _median((step.sent_at, step.decided_at) for step in of)
        if acknowledge is not None or decide is not None:
            found[key] = Responsiveness(len(of), acknowledge, decide)
    return found


def _median(spans: Iterable[tuple[Instant, Instant | None]]) -> int | None:
    minutes = [
        (parse_instant(end) - parse_instant(start)).total_seconds() / 60 for start, end in spans if end is not None
    ]
    return round(median(minutes)) if len(minutes) >= FEWEST else None
