"""How soon a contact point answers, from what was recorded: never told of fewer than five referrals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
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
#: Those sent as one, as of a raid, are one matter.
FEWEST_ACTS: Final = 2


@dataclass(frozen=True, slots=True)
class Responsiveness:
    """Medians in minutes on the clock, over the last ``DAYS`` days; ``count`` says of how many referrals.
    ``acknowledge`` and ``decide`` are None where there were fewer than ``FEWEST``. ``silent``: half of them or more
    wait for a decision for longer than the others took."""

    count: int
    acknowledge: int | None
    decide: int | None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """One step of a referral: when it was sent, and when it was first acknowledged and decided; None: not yet.

    ``act`` is what the referral was sent in, alone or with others. ``until`` is when it was looked at, or when it was
    taken back undecided: all that is known is that it took longer.
    """

    referral: str
    act: str
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
    """Of those contact points and service types of which there is enough to tell. A referral counts once, by the first
    step of it that lay there: how often one case was sent tells nothing of others."""
    groups: dict[tuple[str, str], dict[str, Answered]] = {}
    for step in sorted(steps, key=lambda step: step.sent_at):
        groups.setdefault((step.contact_point, step.service_type), {}).setdefault(step.referral, step)
    found = {}
    for key, of in groups.items():
        _, acknowledge = _median(of.values(), lambda step: step.acknowledged_at)
        count, decide = _median(of.values(), lambda step: step.decided_at)
        if decide is not None:
            told = None if isinf(decide) else round(decide)
            soon = None if acknowledge is None or isinf(acknowledge) else round(acknowledge)
            found[key] = Responsiveness(count, soon, told, silent=isinf(decide))
    return found


def _median(steps: Collection[Answered], end: Callable[[Answered], Instant | None]) -> tuple[int, float | None]:
    """Of how many steps it is, and their median in minutes; None where that would tell too much of one case. Who still
    waits, for longer than the answered ones took, counts as never answered; who waits for less says nothing yet."""
    took = {step.referral: _minutes(step.sent_at, at) for step in steps if (at := end(step)) is not None}
    usual = median(took.values()) if took else 0.0
    for step in steps:
        if end(step) is None and _minutes(step.sent_at, step.until) > usual:
            took[step.referral] = inf
    acts = {step.act for step in steps if step.referral in took}
    enough = len(took) >= FEWEST and len(acts) >= FEWEST_ACTS
    return len(took), sorted(took.values())[len(took) // 2] if enough else None


def _minutes(start: Instant, end: Instant) -> float:
    return (parse_instant(end) - parse_instant(start)).total_seconds() / 60
