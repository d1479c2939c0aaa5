"""Whether a service is for this case, by population tags.

A service's tags form dimensions (age, sex, exploitation, access; a task force's own tags form one more). Within a
dimension any of its tags is enough; a dimension that the service does not name is open to all. What a case leaves
unsaid is asked for, never held against it; but a case tag that no tag of the service matches rules it out. What is
accessible is open to everyone: that tag never narrows a service, it only tells those who need it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from relaypoint.domain.model import ContactPoint, Service
from relaypoint.domain.words import TAG_DIMENSIONS

_DIMENSION_OF = {tag: dimension for dimension, tags in TAG_DIMENSIONS.items() for tag in tags}


@dataclass(frozen=True, slots=True)
class Fit:
    """``against`` and ``unknown`` are tags of the service by dimension; ``matched`` are the dimensions in which it is
    for just such a person, ``open`` those of which the case tells and in which it is for anyone."""

    against: tuple[tuple[str, ...], ...]
    unknown: tuple[tuple[str, ...], ...]
    matched: frozenset[str]
    open: frozenset[str]

    @property
    def eligible(self) -> bool:
        return not self.against


def dimension(tag: str) -> str:
    return _DIMENSION_OF.get(tag, "own")


def is_child(tags: Collection[str]) -> bool:
    """A person of unknown age is treated as a child."""
    return "child" in tags or "age-unknown" in tags


def stated(tags: Iterable[str]) -> set[str]:
    """What the case says of the person: unknown age counts as child, and a child as nothing else."""
    case = {"child" if tag == "age-unknown" else tag for tag in tags}
    if "child" in case:
        case.discard("adult")  # Where both are said, protection goes by the child.
    return case


def fit(serves: Collection[str], tags: Collection[str]) -> Fit:
    """Compares what a service is for with what the case is."""
    case = stated(tags)
    against, unknown, matched = [], [], set()
    for name in sorted({dimension(tag) for tag in serves}):
        wanted = tuple(tag for tag in serves if dimension(tag) == name)
        accepted = {"child" if tag == "age-unknown" else tag for tag in wanted}
        said = {tag for tag in case if dimension(tag) == name}
        if accepted & said:
            matched.add(name)
        elif said:
            against.append(wanted)
        elif name != "access":
            unknown.append(wanted)
    if "child" in case and not any(dimension(tag) == "age" for tag in serves):
        unknown.append(("child",))  # Silence about age is no welcome for a child.
    if "accessible" in case and "accessible" not in serves:
        unknown.append(("accessible",))
    told = {dimension(tag) for tag in case}
    return Fit(tuple(against), tuple(unknown), frozenset(matched), frozenset(told - matched - {"access"}))


def fit_of(service: Service, desk: ContactPoint, tags: Collection[str]) -> Fit:
    """How the case fits a service that is reached at that desk: what the one leaves open, the other may be for."""
    one = fit(service.serves, tags)
    if not desk.serves:
        return one
    two = fit(desk.serves, tags)
    # What the one does not tell, the other may.
    settled = {dimension(tag) for each in (service, desk) for tag in each.serves} & (one.matched | two.matched)
    both = dict.fromkeys((*one.unknown, *(each for each in two.unknown if "accessible" not in each)))
    unknown = tuple(each for each in both if each != ("child",) or "age" not in settled)
    return Fit((*one.against, *two.against), unknown, one.matched | two.matched, one.open & two.open)
