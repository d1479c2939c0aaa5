"""What to do now where somebody is still lacking: whom to phone all the same, and what would let more in.

Nobody is advised whom the case avoids, who has ended, is suspended or said that it is closed, who is in another
country, or who is reached only along pathways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relaypoint.domain.answer import Candidate, Excluded, Need
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.criteria import PRESSING
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.emergency import Emergency, phone_of
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.plan import Coordinator, Item
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import VOICE_KINDS, Confidentiality

#: So many of the nearest misses are named for each need, and of those that lie elsewhere.
_ASKED: Final = 3
_ELSEWHERE: Final = 2


@dataclass(frozen=True, slots=True)
class Advice:
    """One step, the first to take first. ``channels`` are those by which to take it; none where none is on record."""

    text: Text
    organization: Organization | None = None
    contact_point: ContactPoint | None = None
    channels: tuple[ChannelUse, ...] = ()


def advise(
    items: Sequence[Item],
    emergency: Emergency,
    coordinators: Sequence[Coordinator],
    at: datetime,
    *,
    coordinated: bool,
    direct: Iterable[str],
) -> list[Advice]:
    """``items`` are the needs of one case; ``coordinated``: somebody is on record who coordinates there; ``direct``
    names the kinds of help that take nobody's agreement to a procedure. Nothing where every need that was asked for,
    and a child's protection, has somebody who can take it and, where time presses, is known to be reached."""
    need = items[0].need
    child = is_child(need.tags)
    refused = [item for item in items if item.refused and not item.added]
    open = [item for item in items if item.lacking and (not item.added or item.protects)]
    unsure = [item for item in items if not item.added and _unsure(item)]
    if not (open or refused or unsure):
        return []
    steps: list[Advice] = []
    if child:
        # Its protection comes first, by whoever is nearest to it; what goes by a procedure comes last.
        for item in sorted((item for item in items if item.protects), key=_local):
            steps += [*_found(item), *_duty(item)]
        steps += [step for item in items if not item.protects and not _formal(item) for step in _found(item)]
    else:
        steps += [step for item in unsure for step in _found(item)]
    if refused or unsure or child or any(not item.added for item in open):
        steps += _hotline(emergency, need, at)
    for item in (*open, *(item for item in unsure if item not in open)):
        steps += _all_the_same(item)
        if not item.protects:
            steps += _duty(item)
    if child:
        steps += [step for item in items if not item.added and _formal(item) for step in _found(item)]
    steps += [_help_goes_on(item, direct) for item in refused]
    steps += _less_strict(open, need)
    if not coordinators and any(not item.added for item in open):
        steps.append(Advice(_nobody_coordinates(coordinated=coordinated)))
    if not any(step.channels or step.organization for step in steps) and not refused:
        steps.insert(0, _nobody(need))
    return _once(steps)


def _once(steps: Iterable[Advice]) -> list[Advice]:
    """Each desk where it comes first: one call may be for several needs."""
    found: dict[object, Advice] = {}
    for step in steps:
        found.setdefault(step.contact_point.id if step.contact_point and step.channels else id(step), step)
    return list(found.values())


def _unsure(item: Item) -> bool:
    """Somebody can take it, but where time presses nobody is known to answer now."""
    if not item.finding.candidates or item.need.priority not in PRESSING:
        return False
    reached = (each for candidate in item.finding.candidates for each in candidate.criteria if each.name == "reachable")
    return all(each.value > 0 for each in reached)


def _formal(item: Item) -> bool:
    """Whether it goes by a procedure, and not by asking for help."""
    return item.ground.only_by_pathway(item.service_type.id)


def _local(item: Item) -> int:
    """How near to the place those are who are responsible for it there."""
    areas = [area.id for area in item.ground.areas]
    of: list[Candidate | Excluded] = [*item.finding.candidates, *item.finding.excluded]
    depths = (depth for depth, id in enumerate(areas) if any(id in each.service.areas for each in of))
    return min(depths, default=len(areas))


def _nobody(need: Need) -> Advice:
    if need.avoid.entries:
        text = "Nobody else is on record for it. Ask whether one of those to avoid may be asked, or for other help"
        return Advice(say("advice.nobody-left", text))
    text = "Nobody else is on record for it. Ask again for a larger place, or for another kind of help"
    return Advice(say("advice.nobody", text))


def _found(item: Item) -> Iterator[Advice]:
    """Who was found can begin while the rest is looked for: by phone, where one of them has any."""
    asked = [(each, each.gateway or each) for each in item.finding.candidates]
    if not asked:
        return
    first, at = next(((each, at) for each, at in asked if _voices(at.channels)), asked[0])
    owner = first.gateway.organization if first.gateway else first.service.organization
    channels = _voices(at.channels) or tuple(use for use in at.channels if use.barred is None)[:1]
    ground, names = item.ground, {"need": item.service_type.name, "name": owner.name, "desk": at.contact_point.name}
    if not any(area.id in first.service.areas for area in ground.areas):
        text = "{need}: name the place more closely. Who is found is for a part of {place} only"
        yield Advice(say("advice.part", text, need=item.service_type.name, place=ground.place.name))
    if owner.id == item.need.asker:
        said = say("advice.own", "{need}: your own organization, {desk}", **names)
    else:
        said = say("advice.found", "{need}: ask {name}, {desk}", **names)
    if before := (*first.warnings, *first.confirm):
        said = say("advice.found-but", "{said}. Before that: {before}", said=said, before=listed(before))
    yield Advice(said, owner, at.contact_point, channels)


def _hotline(emergency: Emergency, need: Need, at: datetime) -> Iterator[Advice]:
    desk, phone, floor = emergency.hotline, emergency.channel, need.confidentiality
    if desk is None or phone is None or desk.organization == need.asker:
        return
    safe = phone_of(desk, floor, at, need.avoid)
    if safe is not None:
        yield Advice(say("advice.hotline", "Phone {name}", name=desk.name), None, desk, (safe,))
        return
    text = "Phone {name}, but say nothing that tells who the person is: the line is not safe enough for '{floor}'"
    yield Advice(say("advice.hotline-unsafe", text, name=desk.name, floor=floor), None, desk, (phone,))


def _all_the_same(item: Item) -> Iterator[Advice]:
    """The nearest of those that can be phoned: of the place first, and elsewhere only where nothing else speaks against
    it. A child is protected where it is, and nowhere else."""
    near = [out for out in item.finding.excluded if _may_be_asked(item, out)]
    here = _each_desk((out for out in near if out.far == 0), _ASKED)
    away = [] if here or item.protects else _each_desk((out for out in near if len(out.reasons) == 1), _ELSEWHERE)
    for out in (*here, *away):
        yield Advice(_ask(item, out), out.service.organization, out.contact_point, _voices(out.channels))


def _each_desk(outs: Iterable[Excluded], most: int) -> list[Excluded]:
    """Of each desk the nearest; so many of them."""
    found: dict[str, Excluded] = {}
    for out in outs:
        if out.contact_point is not None:
            found.setdefault(out.contact_point.id, out)
    return list(found.values())[:most]


def _may_be_asked(item: Item, out: Excluded) -> bool:
    """Not abroad; and of whom it is for at most one thing may be against the person, where its own words leave a doubt.
    Who is for adults is none for a child."""
    abroad = item.ground.abroad is not None or out.service.organization.id in item.ground.foreign
    against = sum(reason.code == "eligibility" for reason in out.reasons)
    doubt = against == 0 or (against == 1 and out.service.eligibility is not None and not is_child(item.need.tags))
    return bool(_voices(out.channels)) and not abroad and doubt


def _ask(item: Item, out: Excluded) -> Text:
    names = {
        "need": item.service_type.name,
        "name": out.service.organization.name,
        "desk": out.contact_point.name if out.contact_point else "",
        "why": say("advice.why", "{reasons}", reasons=" ".join(reason.text for reason in out.reasons)),
    }
    if out.service.organization.id == item.need.asker:
        return say("advice.ask-own", "{need}: your own {desk}, all the same ({why})", **names)
    if out.service.eligibility:
        text = "{need}: ask {name}, {desk}, all the same ({why} Whom it is for: {says})"
        return say("advice.ask-says", text, **names, says=out.service.eligibility)
    return say("advice.ask", "{need}: ask {name}, {desk}, all the same ({why})", **names)


def _duty(item: Item) -> Iterator[Advice]:
    """Who has it here, although nobody knows by which number. Of a place that several share, it is to be named
    closer."""
    ground, types = item.ground, {"need": item.service_type.name, "place": item.ground.place.name}
    silent = [out for out in item.finding.excluded if _without_number(item, out)]
    whole = [out for out in silent if any(area.id in out.service.areas for area in ground.areas)]
    owners = {out.service.organization.id: out for out in whole}
    for out in list(owners.values())[:_ASKED]:
        owner = out.service.organization
        if owner.id == item.need.asker:
            yield Advice(say("advice.yours", "{need}: you are responsible for {place} yourselves", **types), owner)
            continue
        text = "{need}: {name} is responsible for {place}, but no number of it is on record: look it up and phone it"
        yield Advice(say("advice.no-number", text, name=owner.name, **types), owner, out.contact_point)
    if silent and not whole:
        text = "{need}: name the place more closely. {count} bodies or more are responsible, each for a part of {place}"
        count = len({out.service.organization.id for out in silent})
        yield Advice(say("advice.closer", text, count=count, **types))


def _without_number(item: Item, out: Excluded) -> bool:
    """It is for the place, one may turn to it, and all that is lacking is that no way to reach it is on record."""
    codes = {reason.code for reason in out.reasons}
    nowhere = codes == {"no-contact-point"} and not out.service.contact_points
    return (codes == {"no-channel"} or nowhere) and not item.ground.only_by_pathway(out.service.type)


def _help_goes_on(item: Item, direct: Iterable[str]) -> Advice:
    """What an adult refuses is not done; all the rest stays theirs."""
    text = "{need}: not without the person's agreement. Help does not depend on it; ask for: {direct}"
    return Advice(say("advice.refused", text, need=item.service_type.name, direct=listed(direct)))


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


def _nobody_coordinates(*, coordinated: bool) -> Text:
    if not coordinated:
        return say("advice.no-coordinator", "No coordinator is on record for this place to be asked")
    text = "Who coordinates here can't be asked about this case: avoided, closed, or by no channel that is safe enough"
    return say("advice.coordinator-barred", text)


def _voices(uses: Iterable[ChannelUse]) -> tuple[ChannelUse, ...]:
    return tuple(use for use in uses if use.barred is None and use.channel.kind in VOICE_KINDS)
