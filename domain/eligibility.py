"""Whether a service is for this case, by population tags.

A service's tags form dimensions (age, sex, exploitation, access; a task force's own tags form one more). Within a
dimension any of its tags is enough; a dimension that the service does not name is open to all. What a case leaves
unsaid is asked for, never held against it; but a case tag that no tag of the service matches rules it out. What is
accessible is open to everyone: that tag never narrows a service, it only tells those who need it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from relaypoint.domain.words import TAG_DIMENSIONS

_DIMENSION_OF = {tag: dimension for dimension, tags in TAG_DIMENSIONS.items() for tag in tags}


@dataclass(frozen=True, slots=True)
class Fit:
    """``against`` and ``unknown`` are tags of the service by dimension; ``matched`` counts dimensions that fit."""

    against: tuple[tuple[str, ...], ...]
    unknown: tuple[tuple[str, ...], ...]
    matched: int

    @property
    def eligible(self) -> bool:
        return not self.against


def dimension(tag: str) -> str:
    return _DIMENSION_OF.get(tag, "own")


def is_child(tags: Collection[str]) -> bool:
    """A person of unknown age is treated as a child."""
    return "child" in tags or "age-unknown" in tags


def fit(serves: Collection[str], tags: Collection[str]) -> Fit:
    """Compares what a service is for with what the case is."""
    case = {"child" if tag == "age-unknown" else tag for tag in tags}
    if "child" in case:
        case.discard("adult")  # Where both are said, protection goes by the child.
    against, unknown, matched = [], [], 0
    for name in sorted({dimension(tag) for tag in serves}):
        wanted = tuple(tag for tag in serves if dimension(tag) == name)
        accepted = {"child" if tag == "age-unknown" else tag for tag in wanted}
        stated = {tag for tag in case if dimension(tag) == name}
        if accepted & stated:
            matched += 1
        elif stated:
            against.append(wanted)
        elif name != "access":
            unknown.append(wanted)
    if "accessible" in case and "accessible" not in serves:
        unknown.append(("accessible",))
    return Fit(tuple(against), tuple(unknown), matched)
