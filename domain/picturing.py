"""An answer as a picture: from who asks, by which way, to whom; and the nearest ways that are broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from relaypoint.domain.answer import Candidate, Excluded
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.picture import Picture, Stop, Way
from relaypoint.domain.plan import Item
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import Access

#: So many candidates, and so many of what is ruled out, are drawn for each need.
_CANDIDATES: Final = 6
_BROKEN: Final = 3


def picture_of(items: Sequence[Item]) -> Picture:
    """All needs of a case in one picture; what a task force asks to run beside the help is marked as such."""
    drawing = _Drawing(items[0])
    for item in items:
        drawing.add(item)
    names = listed(item.service_type.name for item in items)
    title = say("picture.title", "{needs} in {place}", needs=names, place=items[0].ground.place.name)
    return Picture(title, tuple(drawing.stops.values()), tuple(dict.fromkeys(drawing.ways)))


class _Drawing:
    def __init__(self, first: Item) -> None:
        asker = first.ground.asker
        self.start = f"organization {asker.id}"
        self.stops: dict[str, Stop] = {self.start: Stop(self.start, asker.name, "asker")}
        self.ways: list[Way] = []

    def add(self, item: Item) -> None:
        beside = item.ground.access is Access.PATHWAY
        for rank, candidate in enumerate(item.finding.candidates[:_CANDIDATES], start=1):
            self._candidate(item, candidate, rank, beside)
        near = [out for out in item.finding.excluded if out.far == 0 and out.contact_point is not None]
        for out in near[:_BROKEN]:
            self._broken(item, out, beside)

    def _candidate(self, item: Item, candidate: Candidate, rank: int, beside: bool) -> None:
        desk, owner = candidate.contact_point, candidate.service.organization
        end = f"contact {desk.id}"
        if end not in self.stops or self.stops[end].kind == "out":
            note = "" if candidate.gateway else _reached(candidate.channels)
            self.stops[end] = Stop(end, _name(owner.name, desk.name), "contact", note, rank)
        if not candidate.route.hops:
            own = owner.id == item.need.asker
            label = say("picture.own", "your own") if own else say("picture.direct", "asked directly")
            self.ways.append(Way(self.start, end, label, _within(candidate.times[0]), beside=beside))
        at = self.start
        for hop, time in zip(candidate.route.hops, candidate.times, strict=False):
            last = hop is candidate.route.hops[-1]
            to = end if last else f"organization {hop.to.id}"
            if not last and at == self.start and candidate.gateway:
                gate = candidate.gateway
                to = f"gateway {gate.contact_point.id}"
                name = _name(hop.to.name, gate.contact_point.name)
                self.stops.setdefault(to, Stop(to, name, "gateway", _reached(gate.channels)))
            elif not last:
                self.stops.setdefault(to, Stop(to, hop.to.name, "gateway"))
            self.ways.append(Way(at, to, hop.name, _within(time), beside=beside))
            at = to

    def _broken(self, item: Item, out: Excluded, beside: bool) -> None:
        desk, owner = out.contact_point, out.service.organization
        end = f"contact {desk.id}" if desk else f"service {out.service.id}"
        if end in self.stops:
            return
        name = _name(owner.name, desk.name) if desk else owner.name
        self.stops[end] = Stop(end, name, "out")
        none = any(reason.text.message_id == "out.no-pathway" for reason in out.reasons)
        label = say("picture.direct", "asked directly")
        if beside:
            label = say("picture.no-way", "no agreed way") if none else say("picture.agreed", "by an agreed way")
        self.ways.append(Way(self.start, end, label, broken=listed(r.text for r in out.reasons), beside=beside))


def _within(time: Text) -> Text:
    return say("picture.within", "within {time}", time=time)


def _name(owner: str, desk: str) -> Text:
    return say("picture.desk", "{owner}: {desk}", owner=owner, desk=desk)


def _reached(uses: Sequence[ChannelUse]) -> Text | str:
    """Its first channel that may be used."""
    use = next((use for use in uses if use.barred is None), None)
    if use is None:
        return ""
    states = {
        True: say("picture.open", "open now"),
        False: say("picture.closed", "closed now"),
        None: say("picture.hours", "hours not known"),
    }
    text = "{kind} {address}, {open}"
    return say("picture.reached", text, kind=use.channel.kind, address=use.channel.address or "", open=states[use.open])
