"""Counts that give nobody away: told in fives, and kept back where a number below five could be worked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

#: Fewer than so many are not told.
FEWEST: Final = 5

K = TypeVar("K", bound="str | None")


def fives(count: int) -> int:
    """Rounded down to fives. Down, and not to the nearest: then what is told never adds up to more than there was, and
    what is left over tells nothing exactly."""
    return count - count % FEWEST


def told(counts: Mapping[K, int]) -> dict[K, int | None]:
    """Each in fives; None for fewer, and for as many of the next smallest as it takes for none of these to be worked
    out from the others and the whole."""
    hidden, kept_back = set[K](), 0
    for each in sorted(counts, key=lambda each: (counts[each], each or "")):
        if counts[each] >= FEWEST and (not hidden or (len(hidden) > 1 and kept_back >= FEWEST)):
            break
        hidden.add(each)
        kept_back += counts[each]
    return {each: None if each in hidden else fives(count) for each, count in counts.items()}
