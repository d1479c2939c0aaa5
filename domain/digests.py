"""Which messages to one contact point go out as one: a storm of them, and those that waited for a time of day together.

Nobody reads fifty messages that come at once, and the one that matters is among them. Only what goes by the same
channel goes together, so that no case goes by a way that is not good enough for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.words import Priority

#: So many at the same time are a storm. Four still stand under each other on a lock screen, each with its reference.
STORM: Final = 5

#: So many references in one message; what more there is makes another.
MOST: Final = 50

#: Why a channel is not used for several messages that is good enough for some of them.
NOT_FOR_ALL: Final = "not for all"


class Due(Protocol):
    """A message that is due. ``channels`` are in the order of trying. ``gathered``: it waited for a time of day.
    ``apart``: it goes together only with what may go by all the same channels."""

    @property
    def priority(self) -> Priority: ...
    @property
    def channels(self) -> tuple[ChannelUse, ...]: ...
    @property
    def gathered(self) -> bool: ...
    @property
    def apart(self) -> bool: ...


D = TypeVar("D", bound=Due)


def parcels(due: Sequence[D]) -> list[list[D]]:
    """What is due to one contact point, as it goes out: each list as one message, the most urgent first, also within.
    Emergencies go by themselves, unless they are a storm of their own."""
    order = sorted(due, key=lambda each: -each.priority.level)  # Stable: within an urgency as they came.
    storm = Counter(each.priority is Priority.STAT for each in order)
    found: list[list[D]] = []
    groups: dict[object, list[D]] = {}
    for each in order:
        stat, ways = each.priority is Priority.STAT, usable(each)
        together = storm[stat] >= STORM or (each.gathered and not stat)
        if not together or not ways:
            found.append([each])
            continue
        key = stat, each.apart, ways if each.apart else ways[0]
        if len(groups.get(key, ())) in (0, MOST):
            groups[key] = []
            found.append(groups[key])
        groups[key].append(each)
    return found


def usable(due: Due) -> tuple[str, ...]:
    """The channels by which it can go from here, by id, in the order of trying."""
    return tuple(use.channel.id for use in due.channels if use.carries_message)


def common(parcel: Sequence[Due]) -> tuple[ChannelUse, ...]:
    """The channels of the first; those barred that are not good enough for each of them."""
    ways = [set(usable(each)) for each in parcel]
    return tuple(
        replace(use, barred=NOT_FOR_ALL)
        if use.barred is None and use.carries_message and not all(use.channel.id in of for of in ways)
        else use
        for use in parcel[0].channels
    )


def alike(parcel: Sequence[Due]) -> bool:
    """Whether all of them may go by the same channels, in the same order."""
    return len({usable(each) for each in parcel}) == 1


def key_of(ids: Iterable[str]) -> str:
    """Of several messages that go out as one: the same whenever the same ones do."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
