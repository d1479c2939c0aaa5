"""A picture of routes as one SVG document: text, boxes and lines alone; no script, and nothing is fetched.

From left to right: a column of boxes, the labels of the ways out of it, the next column, and so on. A label stands
level with the box that its way leads to, and a box is as tall as the labels of all the ways into it; so no label meets
another, and no line meets a label or a box. A way that does not lead just one column onward goes round beneath.
Lengths are in pixels where the document is shown at its own width.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from statistics import mean
from string import Template
from xml.etree.ElementTree import Element, SubElement, tostring

from relaypoint.domain.picture import KINDS, Picture, Stop, Way, cleaned, columns, details, named, plain, titled, wrap
from relaypoint.domain.texts import Text, say

LIGHT = {"paper": "#ffffff", "ink": "#1b1f24", "line": "#3d4652", "broken": "#a4001d"}
LIGHT |= {"asker": "#dce8fb", "gateway": "#fdf0cf", "contact": "#dff3e4", "out": "#ececec"}
DARK = {"paper": "#14181d", "ink": "#eceff3", "line": "#b6c0cc", "broken": "#ff9a9a"}
DARK |= {"asker": "#16335c", "gateway": "#4a3607", "contact": "#12412a", "out": "#33383f"}
_COLOURS = Template(
    ".routes .paper { fill: $paper } .routes text { fill: $ink } .routes .reason { fill: $broken }"
    " .routes .box, .routes .line { stroke: $line } .routes .tip { fill: $line }"
    " .routes .asker { fill: $asker } .routes .gateway { fill: $gateway } .routes .contact { fill: $contact }"
    " .routes .out { fill: $out } .routes .line.broken { stroke: $broken } .routes .tip.broken { fill: $broken }"
)
#: The same in every document, so that a page with a strict content security policy can name its hash.
STYLE = (
    ".routes text { font: 13px system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif; text-anchor: middle }"
    " .routes .title { font-size: 17px; font-weight: bold } .routes .name { font-size: 14px; font-weight: bold }"
    " .routes .box { stroke-width: 1.5 } .routes .box.out { stroke-dasharray: 2 3 }"
    " .routes .line { fill: none; stroke-width: 1.75; stroke-linejoin: round }"
    " .routes .line.beside { stroke-dasharray: 1 5; stroke-linecap: round; stroke-width: 3 }"
    " .routes .line.broken { stroke-dasharray: 8 5 } .routes .line.cross { stroke-dasharray: none; stroke-width: 2.5 } "
    f"{_COLOURS.substitute(LIGHT)} @media (prefers-color-scheme: dark) {{ {_COLOURS.substitute(DARK)} }}"
)
_BOX, _LABEL, _ROW, _PAD = 240, 164, 18, 10
#: Between boxes of a column; where lines spread from a box; where they come into one, arrow and all.
_GAP, _FAN, _IN = 22, 48, 26
#: Between lines that run side by side; around the whole; the narrowest document.
_STEP, _MARGIN, _LEAST = 10, 20, 680
#: One line of text: the words, their style, and whether they run from right to left.
_Row = tuple[str, str, bool]


@dataclass(slots=True)
class _Box:
    stop: Stop
    rows: list[_Row]
    x: float = 0
    y: float = 0
    height: float = 0


@dataclass(slots=True)
class _Link:
    """A way with its label: rows ``above`` and ``below`` the line; ``over`` is the height of those above.

    ``lane`` counts the ways that go round; 0 is one that does not. ``into``: how far below its box's top it ends.
    """

    way: Way
    above: list[_Row]
    below: list[_Row]
    over: float
    height: float
    lane: int = 0
    into: float = 0
    x: float = 0
    y: float = 0
    path: str = ""


class _Plan:
    """Where everything stands."""

    def __init__(self, picture: Picture) -> None:
        self.order = columns(picture)
        self.place = {stop.id: (x, y) for x, stops in enumerate(self.order) for y, stop in enumerate(stops)}
        self.boxes = {stop.id: _Box(stop, list(_box_rows(stop))) for stops in self.order for stop in stops}
        self.links = sorted(map(_link, picture.ways), key=lambda k: (self.place[k.way.start], self.place[k.way.end]))
        self.out = {id: [link for link in self.links if link.way.start == id] for id in self.boxes}
        around = [k for k in self.links if self.place[k.way.end][0] != self.place[k.way.start][0] + 1]
        for number, link in enumerate(around, start=1):
            link.lane = number
        self.aside = _STEP * (len(around) + 1) if around else 0
        self.pitch = _BOX + _FAN + _LABEL + _IN + 2 * self.aside
        left = _MARGIN + (self.aside + _IN if any(self.place[k.way.end][0] == 0 for k in around) else 0)
        drawn = left + (len(self.order) - 1) * self.pitch + _BOX + self.aside + _MARGIN
        self.width = max(drawn, _LEAST)
        self.title = _rows(picture.title, "title", self.width - 2 * _MARGIN)
        for id, box in self.boxes.items():
            box.x = left + (self.width - drawn) / 2 + self.place[id][0] * self.pitch
            self._measure(box)
        for stops in reversed(self.order):
            self._stack([self.boxes[stop.id] for stop in stops])
        highest = min(box.y for box in self.boxes.values())
        for box in self.boxes.values():
            box.y += 1.5 * _MARGIN + 24 * len(self.title) - highest
        self.height = max(box.y + box.height for box in self.boxes.values()) + _MARGIN
        for link in self.links:
            self._label(link)
        for box in self.boxes.values():
            self._leave(box)

    def _measure(self, box: _Box) -> None:
        """The box holds its text, the labels of the ways into it one below the other, and the ends of those out."""
        into = sorted((k for k in self.links if k.way.end == box.stop.id), key=lambda k: k.lane)
        needed = sum(2 * _STEP if k.lane else k.height for k in into)
        box.height = max(_ROW * len(box.rows) + 2 * _PAD, needed, _STEP * (len(self.out[box.stop.id]) + 1))
        y = (box.height - needed) / 2
        for link in into:
            link.into = y + (_STEP if link.lane else link.over)
            y += 2 * _STEP if link.lane else link.height

    def _stack(self, boxes: Sequence[_Box]) -> None:
        """Each box where its lines to the next column are straight; those in each other's way share the shift."""
        above = list(accumulate((box.height + _GAP for box in boxes), initial=0.0))
        pools: list[list[float]] = []
        for box, stacked in zip(boxes, above, strict=False):
            ends = [self.boxes[k.way.end].y + k.into for k in self.out[box.stop.id] if not k.lane]
            # One that leads nowhere follows the one above it.
            shift = mean(ends) - box.height / 2 - stacked if ends else pools[-1][-1] if pools else 0.0
            pools.append([shift])
            while len(pools) > 1 and mean(pools[-2]) > mean(pools[-1]):
                pools[-2:] = [pools[-2] + pools[-1]]
        for box, stacked, shift in zip(boxes, above, (mean(p) for p in pools for _ in p), strict=False):
            box.y = stacked + shift

    def _label(self, link: _Link) -> None:
        """In front of its box; that of a way that goes round, beneath a column, where no line comes down."""
        start, end = self.boxes[link.way.start], self.boxes[link.way.end]
        link.x, link.y = end.x - _IN - self.aside - _LABEL / 2, end.y + link.into
        if link.lane:
            link.x = min(start.x + self.pitch, end.x) + _BOX / 2
            link.y = self.height + link.over
            self.height += link.height + _STEP

    def _leave(self, box: _Box) -> None:
        """The lines out of a box, from top to bottom as their labels are, so that they do not cross."""
        out = sorted(self.out[box.stop.id], key=lambda k: k.lane)
        for number, link in enumerate(out, start=1):
            end = self.boxes[link.way.end]
            x, y = box.x + _BOX, box.y + box.height * number / (len(out) + 1)
            if link.lane:
                down, up = x + link.lane * _STEP, end.x - _IN - (link.lane - 1) * _STEP
                path = f"H {down:.0f} V {link.y:.0f} H {up:.0f} V {end.y + link.into:.0f}"
            else:
                bend, label = x + self.aside, link.x - _LABEL / 2
                half = (bend + label) / 2
                path = f"H {bend:.0f} C {half:.0f} {y:.0f} {half:.0f} {link.y:.0f} {label:.0f} {link.y:.0f}"
            link.path = f"M {x:.0f} {y:.0f} {path} H {end.x - 8:.0f}"


def svg(picture: Picture) -> str:
    """The document, as wide as where it stands, in a page or by itself. The same picture gives the same text."""
    picture = cleaned(picture)
    plan = _Plan(picture)
    # Several pictures may stand in one page.
    id = f"routes-{sha256(repr(picture).encode()).hexdigest()[:12]}"
    said = {"role": "img", "aria-labelledby": f"{id}-title {id}-desc", "class": "routes"}
    size = {"viewBox": f"0 0 {plan.width:.0f} {plan.height:.0f}", "width": "100%"}
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **said, **size})
    SubElement(root, "title", {"id": f"{id}-title"}).text = picture.title
    SubElement(root, "desc", {"id": f"{id}-desc"}).text = "\n".join(_told(picture))
    SubElement(root, "style").text = STYLE
    SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _write(root, plan.title, plan.width / 2, _MARGIN, 24)
    for link in plan.links:
        _draw_way(root, link, plan.boxes[link.way.end])
    for box in plan.boxes.values():
        _draw_stop(root, box)
    return tostring(root, encoding="unicode")


def _told(picture: Picture) -> Iterator[Text]:
    """The whole picture in sentences, for somebody who does not see it."""
    for stop in picture.stops:
        yield say("picture.told-stop", "{facts}.", facts="; ".join(filter(None, (titled(stop), stop.note))).rstrip("."))
    names = {stop.id: named(stop) for stop in picture.stops}
    for way in picture.ways:
        ends = {"start": names[way.start], "end": names[way.end]}
        facts = "; ".join(filter(None, (way.label, *details(way))))
        yield say("picture.told-way", "From {start} to {end}: {facts}.", facts=facts.rstrip("."), **ends)


def _draw_way(root: Element, link: _Link, end: _Box) -> None:
    kind = "broken" if link.way.broken else "beside" if link.way.beside else "plain"
    group = SubElement(root, "g", {"class": "way", "data-start": plain(link.way.start)})
    group.set("data-end", plain(link.way.end))
    SubElement(group, "path", {"class": f"line {kind}", "d": link.path})
    SubElement(
        group, "path", {"class": f"tip {kind}", "d": f"M {end.x - 10:.0f} {end.y + link.into - 5:.0f} l 10 5 l -10 5 Z"}
    )
    if link.way.broken:
        cross = f"M {link.x - _LABEL / 2 - 6:.0f} {link.y - 6:.0f} l 12 12 m 0 -12 l -12 12"
        SubElement(group, "path", {"class": "line broken cross", "d": cross})
    _write(group, link.above, link.x, link.y - link.over + 3)
    _write(group, link.below, link.x, link.y + 4)


def _draw_stop(root: Element, box: _Box) -> None:
    group = SubElement(root, "g", {"class": "stop", "data-stop": plain(box.stop.id)})
    place = {"x": f"{box.x:.0f}", "y": f"{box.y:.0f}", "width": str(_BOX), "height": f"{box.height:.0f}"}
    SubElement(group, "rect", {"class": f"box {box.stop.kind}", "rx": "8", **place})
    _write(group, box.rows, box.x + _BOX / 2, box.y + (box.height - _ROW * len(box.rows)) / 2)


def _write(parent: Element, rows: list[_Row], x: float, top: float, height: float = _ROW) -> None:
    for number, (text, style, rtl) in enumerate(rows):
        place = {"class": style, "x": f"{x:.0f}", "y": f"{top + (number + 0.75) * height:.0f}"}
        turned = {"direction": "rtl", "unicode-bidi": "embed"} if rtl else {}
        SubElement(parent, "text", {**place, **turned}).text = text


def _box_rows(stop: Stop) -> Iterator[_Row]:
    for text, style in ((KINDS[stop.kind], "kind"), (named(stop), "name"), (stop.note, "note")):
        yield from _rows(text, style, _BOX - 2 * _PAD)


def _link(way: Way) -> _Link:
    above, facts = _rows(way.label, "label", _LABEL), details(way)
    reason = _rows(facts.pop(), "reason", _LABEL) if way.broken else []
    below = [row for text in facts for row in _rows(text, "detail", _LABEL)] + reason
    return _Link(way, above, below, over=_ROW * len(above) + 7, height=_ROW * (len(above) + len(below)) + 20)


def _rows(text: str, style: str, room: float) -> list[_Row]:
    """A text runs from right to left if its first letter does."""
    size = {"title": 18.5, "name": 15.5}.get(style, 13)
    first = next((b for b in map(unicodedata.bidirectional, text) if b in ("L", "R", "AL")), "L")
    return [(row, style, first != "L") for row in wrap(text, room, lambda row: size * sum(map(_em, row)))]


def _em(character: str) -> float:
    """How wide it is in sizes of its font: of the usual fonts, what the wider ones have."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.25 if character > "\U0001f000" else 1
    if character in " ijlI.,:;'|!()[]/-ft":
        return 0.38
    return 0.95 if character in "mwMW@%&…—" else 0.7 if character.isupper() or character > "\u07ff" else 0.59
