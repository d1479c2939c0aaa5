"""The routes of an answer as a graph: who can take a case, and how one gets there.

A ``Picture`` is stops and the ways between them. It holds only what is shown, so that it can be made from any answer;
``lines`` tells it in a terminal, ``domain.picture_svg`` draws it. Both take the stops in the same order: by hops from
the asker, and among as many hops so that ways cross as little as can be.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from relaypoint.domain.texts import Text, say

KINDS = {
    "asker": say("picture.asker", "asks"),
    "gateway": say("picture.gateway", "gateway"),
    "contact": say("picture.contact", "contact point"),
    "out": say("picture.out", "ruled out"),
}
#: Fewer cells hold no tree.
NARROWEST = 20
_UNRANKED = 10**9
#: They would turn the words round that stand beside a name.
_TURNING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody on the way. ``kind`` is a key of ``KINDS``; ``rank`` is a candidate's place in the answer, from 1."""

    id: str
    name: str
    kind: str
    note: Text | str = ""
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One hop, by the ids of its stops. ``broken`` says why it can't be used; ``within`` is a deadline in words.

    ``beside``: it runs beside the help, as formal identification does.
    """

    start: str
    end: str
    label: str
    within: str = ""
    broken: Text | str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Exactly one stop asks. ValueError: two stops with one id, an unknown kind, or a way to no stop."""

    title: str
    stops: tuple[Stop, ...]
    ways: tuple[Way, ...]

    def __post_init__(self) -> None:
        ids = {stop.id for stop in self.stops}
        if len(ids) < len(self.stops):
            raise ValueError("two stops have one id")
        if unknown := {stop.kind for stop in self.stops} - KINDS.keys():
            raise ValueError(f"no such kind of stop: {', '.join(sorted(unknown))}")
        if [stop.kind for stop in self.stops].count("asker") != 1:
            raise ValueError("a picture starts at exactly one asker")
        if missing := {end for way in self.ways for end in (way.start, way.end)} - ids:
            raise ValueError(f"a way names no stop of the picture: {', '.join(sorted(missing))}")


def columns(picture: Picture) -> tuple[tuple[Stop, ...], ...]:
    """The stops by hops from the asker, each column from top to bottom; at the end those to which no way leads.

    A broken way counts only for what nothing else reaches: it must not pull a stop away from how one gets there.
    Below the same stops, the better rank comes first, a gateway's being the best behind it; then the name decides.
    """
    hops = {stop.id: 0 for stop in picture.stops if stop.kind == "asker"}
    for ways in ([way for way in picture.ways if not way.broken], picture.ways):
        _spread(hops, ways)
    apart = max(hops.values()) + 1
    levels: dict[int, list[Stop]] = defaultdict(list)
    for stop in picture.stops:
        levels[hops.setdefault(stop.id, apart)].append(stop)
    before: dict[str, list[str]] = defaultdict(list)
    for way in picture.ways:
        if hops[way.end] == hops[way.start] + 1:
            before[way.end].append(way.start)
    best = {stop.id: _UNRANKED if stop.rank is None else stop.rank for stop in picture.stops}
    for level in sorted(levels, reverse=True):
        for stop in levels[level]:
            for start in before[stop.id]:
                best[start] = min(best[start], best[stop.id])
    rows: dict[str, int] = {}

    def order(stop: Stop) -> tuple[int, int, str, str]:
        above = min((rows[start] for start in before[stop.id]), default=0)
        return above, best[stop.id], stop.name, stop.id

    for level in sorted(levels):
        levels[level].sort(key=order)
        rows |= {stop.id: row for row, stop in enumerate(levels[level])}
    return tuple(tuple(levels[level]) for level in sorted(levels))


def _spread(hops: dict[str, int], ways: Iterable[Way]) -> None:
    level = 0
    while level <= max(hops.values()):
        for way in ways:
            if hops.get(way.start) == level:
                hops.setdefault(way.end, level + 1)
        level += 1


def lines(picture: Picture, width: int = 100) -> list[str]:
    """A tree for a terminal, from the asker outwards; no line is wider than ``width`` cells.

    A stop is told in full, with what lies behind it, under one way only: the way it takes its column from, one that
    can be used if there is any. Other ways to it name that place, so a circle ends. ValueError: ``width`` below 20.
    """
    if width < NARROWEST:
        raise ValueError(f"no tree fits into fewer than {NARROWEST} cells")
    picture = cleaned(picture)
    order = columns(picture)
    place = {stop.id: (column, row) for column, stops in enumerate(order) for row, stop in enumerate(stops)}
    stops = {stop.id: stop for stop in picture.stops}
    # Broken ways come last among those from one stop.
    onward = sorted(picture.ways, key=lambda way: (bool(way.broken), place[way.start], place[way.end]))
    trunk: dict[str, Way] = {}
    for way in onward:
        if place[way.end][0] == place[way.start][0] + 1:
            trunk.setdefault(way.end, way)

    def ways_from(id: str, bars: str) -> list[tuple[Way, str, bool]]:
        found = [way for way in onward if way.start == id]
        return [(way, bars, way is found[-1]) for way in reversed(found)]

    told = _rows(picture.title, width)
    asker, *apart = (stop for column in order for stop in column if stop.id not in trunk)
    for root in (asker, *apart):
        if apart and root is apart[0]:
            told += _rows(say("picture.apart", "No way leads to:"), width)
        told += [*_rows(titled(root), width), *_rows(root.note, width)]
        open_ways = ways_from(root.id, "")
        while open_ways:
            way, bars, last = open_ways.pop()
            below = bars + ("    " if last else "│   ")
            here = trunk.get(way.end) is way
            stop = titled(stops[way.end]) if here else _shown(stops, trunk, way.end)
            text = say("picture.way", "{label} → {stop}", label=way.label, stop=stop)
            told += _rows(text, width, bars + ("└─" if last else "├─") + ("✗ " if way.broken else "─ "), below)
            for detail in details(way):
                told += _rows(detail, width, below)
            if here:
                told += _rows(stops[way.end].note, width, below)
                open_ways += ways_from(way.end, below)
    return told


def _rows(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """The text behind its bars. So deep in the tree that nothing more would fit, the outer bars are left out."""
    most = width // 8 * 4
    first, rest = first[-most:], (first if rest is None else rest)[-most:]
    rows = wrap(text, width - len(first) - 2, cells)
    return [f"{rest}  {row}" if number else f"{first}{row}" for number, row in enumerate(rows)]


def titled(stop: Stop) -> Text:
    return say("picture.stop", "{stop} ({kind})", stop=named(stop), kind=KINDS[stop.kind])


def _shown(stops: dict[str, Stop], trunk: dict[str, Way], id: str) -> Text:
    """Where the stop is told in full."""
    stop = stops[id]
    if id in trunk:
        above = named(stops[trunk[id].start])
        return say("picture.shown-under", "{stop}: shown under {above}", stop=named(stop), above=above)
    if stop.kind == "asker":
        return say("picture.shown-first", "{stop}: where this starts", stop=named(stop))
    return say("picture.shown-apart", "{stop}: shown on its own", stop=named(stop))


def named(stop: Stop) -> str:
    """The name, with the rank of a candidate before it."""
    return stop.name if stop.rank is None else say("picture.ranked", "{rank}. {name}", rank=stop.rank, name=stop.name)


def details(way: Way) -> list[str]:
    """What is to be known of a way besides its label; why it is broken comes last."""
    found = [way.within] if way.within else []
    if way.beside:
        found.append(say("picture.beside", "beside the help, which does not wait for it"))
    if way.broken:
        found.append(say("picture.broken", "can't be used: {reason}", reason=way.broken))
    return found


def cleaned(picture: Picture) -> Picture:
    """The same picture with every text fit to be shown; a stop without a name goes by its id."""
    stops = (replace(s, name=plain(s.name) or plain(s.id), note=plain(s.note)) for s in picture.stops)
    unsaid = say("picture.unsaid", "no reason is given")
    ways = (
        replace(w, label=plain(w.label), within=plain(w.within), broken=w.broken and (plain(w.broken) or unsaid))
        for w in picture.ways
    )
    return Picture(plain(picture.title), tuple(stops), tuple(ways))


def plain(text: str) -> str:
    """One line, without what a terminal would obey, what XML can't hold, and what turns neighbouring words round."""
    words = ("".join(filter(_is_shown, word)) for word in text.split())
    return " ".join(word for word in words if word)


def _is_shown(character: str) -> bool:
    if character in _TURNING or character in "\ufffe\uffff":
        return False
    return unicodedata.category(character) not in ("Cc", "Cs")


def wrap(text: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """Rows of at most ``room``, as ``measure`` tells it. Only a word that is longer than a row is broken within."""
    rows: list[str] = []
    for word in text.split():
        if rows and measure(f"{rows[-1]} {word}") <= room:
            rows[-1] += f" {word}"
            continue
        rows.append("")
        for character in word:
            if rows[-1] and measure(rows[-1] + character) > room:
                rows.append("")
            rows[-1] += character
    return rows


def cells(text: str) -> int:
    """How many cells of a terminal the text takes at most: East Asian wide characters two, combining ones none.

    The mark that makes a sign an emoji counts as one, since it makes the sign wide.
    """
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    none = sum(unicodedata.category(each) in ("Mn", "Me") and each != "\ufe0f" for each in text)
    return len(text) + wide - none
