"""What to do now where somebody is still lacking: whom to phone all the same, and what would let more in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.answer import Candidate, Excluded, Need
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.emergency import Emergency
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.plan import Coordinator, Item
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import VOICE_KINDS, Confidentiality

#: So many of the nearest misses are named for each need.
_ASKED: Final = 3


@dataclass(frozen=True, slots=True)
class Advice:
    """One step, the first to take first. ``channels`` are those by which to take it; none where none is on record."""

    text: Text
    organization: Organization | None = None
    contact_point: ContactPoint | None = None
    channels: tuple[ChannelUse, ...] = ()


def advise(items: Sequence[Item], emergency: Emergency, coordinators: Sequence[Coordinator]) -> list[Advice]:
    """``items`` are the needs of one case. Nothing where each of them has somebody who can take it, or belongs to an
    adult's case unasked."""
    need = items[0].need
    child = is_child(need.tags)
    open = [item for item in items if not (item.finding.candidates or item.refused) and (child or not item.added)]
    if not open:
        return []
    steps: list[Advice] = []
    if child:
        steps += [_first_of(item) for item in items if item.added and item.finding.candidates and _by_voice(item)]
    if any(not item.added for item in open):
        steps += _hotline(emergency, need.confidentiality)
    for item in open:
        steps += _all_the_same(item)
    steps += _less_strict(open, need)
    if not coordinators and any(not item.added for item in open):
        steps.append(Advice(say("advice.no-coordinator", "No coordinator is on record for this place to be asked.")))
    return steps


def _first_of(item: Item) -> Advice:
    """A child's own protection can begin while the rest is looked for."""
    first = item.finding.candidates[0]
    asked = first.gateway or first
    owner = first.gateway.organization if first.gateway else first.service.organization
    text = "{need}: ask {name}"
    said = say("advice.child", text, need=item.service_type.name, name=owner.name)
    return Advice(said, owner, asked.contact_point, _voices(asked.channels) or asked.channels[:1])


def _by_voice(item: Item) -> bool:
    first: Candidate = item.finding.candidates[0]
    return bool(_voices((first.gateway or first).channels))


def _hotline(emergency: Emergency, floor: Confidentiality) -> Iterator[Advice]:
    desk, phone = emergency.hotline, emergency.channel
    if desk is None or phone is None:
        return
    if phone.channel.assurance.level >= floor.level:
        said = say("advice.hotline", "Phone {name}", name=desk.name)
    else:
        text = "Phone {name}, but say nothing that tells who the person is: the line is not safe enough for '{floor}'"
        said = say("advice.hotline-unsafe", text, name=desk.name, floor=floor)
    yield Advice(said, None, desk, (phone,))


def _all_the_same(item: Item) -> Iterator[Advice]:
    """The nearest of those that can be phoned, and who has the duty here although no way to it is on record."""
    named = 0
    for out in item.finding.excluded:
        codes = {reason.code for reason in out.reasons}
        voices = _voices(out.channels)
        if voices and named < _ASKED:
            named += 1
            yield Advice(_ask(item, out), out.service.organization, out.contact_point, voices)
        elif codes and codes <= {"no-channel", "no-contact-point"}:
            text = "{need}: {name} is for {place}, but no number of it is on record: look it up and phone it"
            names = {"need": item.service_type.name, "name": out.service.organization.name}
            said = say("advice.no-number", text, **names, place=item.ground.place.name)
            yield Advice(said, out.service.organization, out.contact_point)


def _ask(item: Item, out: Excluded) -> Text:
    names = {"need": item.service_type.name, "name": out.service.organization.name, "why": out.reasons[0].text}
    if out.service.eligibility:
        text = "{need}: ask {name} all the same ({why} It says of itself: {says})"
        return say("advice.ask-says", text, **names, says=out.service.eligibility)
    return say("advice.ask", "{need}: ask {name} all the same ({why})", **names)


def _less_strict(open: Iterable[Item], need: Need) -> Iterator[Advice]:
    """What would fit over a channel that is less safe: the person and the caseworker decide whether that is right."""
    found: dict[Confidentiality, dict[str, list[str]]] = {}
    for item in open:
        for out in item.finding.excluded:
            if out.safest is not None and {reason.code for reason in out.reasons} == {"channel-assurance"}:
                of = found.setdefault(out.safest, {}).setdefault(item.service_type.name, [])
                of.append(out.service.organization.name)
    for best in (word for word in Confidentiality if word in found):
        text = (
            "'{floor}' lets through only channels that are as safe. If '{best}' is right for this person, "
            "ask again with it. Then these would fit: {names}"
        )
        fitting = [
            say("advice.would-fit", "{names} ({need})", names=listed(dict.fromkeys(names)), need=type)
            for type, names in found[best].items()
        ]
        yield Advice(say("advice.less-strict", text, floor=need.confidentiality, best=best, names=listed(fitting)))


def _voices(uses: Iterable[ChannelUse]) -> tuple[ChannelUse, ...]:
    return tuple(use for use in uses if use.barred is None and use.channel.kind in VOICE_KINDS)
