"""The single steps of what to do now: whom to phone for a need, why, and by which numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relaypoint.domain.answer import Excluded, Need
from relaypoint.domain.channels import ChannelUse, by_voice
from relaypoint.domain.eligibility import dimension, fit_of, is_child
from relaypoint.domain.emergency import Emergency, phone_of
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.plan import Item
from relaypoint.domain.referrers import Referrer
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import Confidentiality

#: So many of the nearest misses are named for each need, and of those that lie elsewhere.
_ASKED: Final = 3
_ELSEWHERE: Final = 2
#: Where it would be no use to ask somebody whom the case avoids.
_IN_VAIN: Final = frozenset({"eligibility", "place", "organization-ended", "service-ended", "suspended", "closed"})


@dataclass(frozen=True, slots=True)
class Advice:
    """One step, the first to take first. ``channels`` are those by which to take it; none where none is on record."""

    text: Text
    organization: Organization | None = None
    contact_point: ContactPoint | None = None
    channels: tuple[ChannelUse, ...] = ()
    #: The service type that it is for, where it is for one.
    need: str | None = None


def nobody(item: Item, referrers: Sequence[Referrer]) -> Iterator[Advice]:
    """Where nobody is left to be phoned about it."""
    type, excluded = item.service_type.name, item.finding.excluded
    for each in referrers:
        names = {"need": type, "name": each.organization.name, "desk": each.contact_point.name}
        said = say("advice.referrer", "{need}: you have no agreed way to it. Ask {name}, {desk}, to refer", **names)
        if item.need.unsaid:
            said = say("advice.referrer-consent", "{said}, once the adult gives informed consent", said=said)
        yield Advice(said, each.organization, each.contact_point, each.channels, item.service_type.id)
    if referrers:
        return
    codes = [{reason.code for reason in out.reasons} for out in excluded]
    if any("avoided" in of and of.isdisjoint(_IN_VAIN) for of in codes):
        text = "{need}: only those to avoid could take it. Ask whether one of them may be asked, or for other help"
        yield Advice(say("advice.nobody-left", text, need=type))
    elif {"channel-assurance"} in codes:
        return  # What would be safe enough is told by itself.
    elif item.protects:
        yield Advice(say("advice.nobody-protects", "{need}: nobody is on record for it here", need=type))
    elif not codes or "place" in codes[0]:
        text = "{need}: nobody else is on record for it. Ask again for a larger place, or for another kind of help"
        yield Advice(say("advice.nobody", text, need=type))
    else:
        text = "{need}: nobody else is on record for it. See below what would let the nearest in, or ask for other help"
        yield Advice(say("advice.nobody-near", text, need=type))


def found_ones(item: Item) -> Iterator[Advice]:
    """Who was found can begin while the rest is looked for: by phone, where one of them has any."""
    asked = [(each, each.gateway or each) for each in item.finding.candidates]
    if not asked:
        return
    first, at = next(((each, at) for each, at in asked if by_voice(at.channels)), asked[0])
    owner = first.gateway.organization if first.gateway else first.service.organization
    channels = by_voice(at.channels) or tuple(use for use in at.channels if use.barred is None)[:1]
    ground, names = item.ground, {"need": item.service_type.name, "name": owner.name, "desk": at.contact_point.name}
    if not any(area.id in first.service.areas for area in ground.areas):
        text = "{need}: name the place more closely. Who is found is for a part of {place} only"
        yield Advice(say("advice.part", text, need=item.service_type.name, place=ground.place.name))
    if owner.id == item.need.asker:
        said = say("advice.own", "{need}: your own organization, {desk}", **names)
    else:
        said = say("advice.found", "{need}: ask {name}, {desk}", **names)
    if first.warnings:
        said = say("advice.found-but", "{said}. Before that: {before}", said=said, before=listed(first.warnings))
    if first.confirm:
        said = say("advice.found-sure", "{said}. Make sure: {sure}", said=said, sure=listed(first.confirm))
    yield Advice(said, owner, at.contact_point, channels, item.service_type.id)


def hotline(emergency: Emergency, need: Need, at: datetime) -> Iterator[Advice]:
    desk, phone, floor = emergency.hotline, emergency.channel, need.confidentiality
    if desk is None or phone is None or desk.organization == need.asker:
        return
    safe = phone_of(desk, floor, at, need.avoid)
    if safe is not None:
        yield Advice(say("advice.hotline", "Phone {name}", name=desk.name), None, desk, (safe,))
        return
    text = "Phone {name}, but say nothing that tells who the person is: the line is not safe enough for '{floor}'"
    yield Advice(say("advice.hotline-unsafe", text, name=desk.name, floor=floor), None, desk, (phone,))


def all_the_same(item: Item) -> Iterator[Advice]:
    """The nearest of those that can be phoned: of the place first, and elsewhere only where nothing else speaks against
    it and nothing has to be asked first. A child stays where it is; of unknown age it may be an adult after all."""
    near = [out for out in item.finding.excluded if _may_be_asked(item, out)]
    here = _each_desk((out for out in near if out.far == 0), _ASKED)
    grown = () if here else _each_desk((out for out in item.finding.excluded if _if_grown(item, out)), _ELSEWHERE)
    for out in grown:
        text = "{need}: if the person says or turns out to be 18 or over, ask {name}, {desk}"
        owner, desk = out.service.organization, out.contact_point
        names = {"need": item.service_type.name, "name": owner.name, "desk": desk.name if desk else ""}
        yield Advice(say("advice.if-grown", text, **names), owner, desk, by_voice(out.channels), item.service_type.id)
    away = [out for out in near if out.far and len(out.reasons) == 1 and not out.unsaid]
    if any(not _against(out) for out in here) or is_child(item.need.tags):
        away = []
    for out in (*here, *_each_desk(away, _ELSEWHERE)):
        ways = by_voice(out.channels)
        yield Advice(_ask(item, out), out.service.organization, out.contact_point, ways, item.service_type.id)


def _against(out: Excluded) -> bool:
    """Whether it is for others than the person, as far as is known."""
    return any(reason.code == "eligibility" for reason in out.reasons)


def _if_grown(item: Item, out: Excluded) -> bool:
    """Whether only the age, which nobody knows, speaks against it."""
    tags = item.need.tags
    if "age-unknown" not in tags or "child" in tags or item.protects or out.contact_point is None:
        return False
    against = fit_of(out.service, out.contact_point, tags).against
    age = all(dimension(tag) == "age" for each in against for tag in each)
    codes = {reason.code for reason in out.reasons}
    return age and codes == {"eligibility"} and out.far == 0 and bool(by_voice(out.channels)) and not _away(item, out)


def _away(item: Item, out: Excluded) -> bool:
    """Whether it is in another country."""
    return item.ground.abroad is not None or out.service.organization.id in item.ground.foreign


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
    against = sum(reason.code == "eligibility" for reason in out.reasons)
    doubt = against == 0 or (against == 1 and out.service.eligibility is not None and not is_child(item.need.tags))
    return bool(by_voice(out.channels)) and not _away(item, out) and doubt


def _ask(item: Item, out: Excluded) -> Text:
    names = {
        "need": item.service_type.name,
        "name": out.service.organization.name,
        "desk": out.contact_point.name if out.contact_point else "",
        "why": say("advice.why", "{reasons}", reasons=" ".join(reason.text for reason in out.reasons)),
    }
    own = out.service.organization.id == item.need.asker
    if own and out.service.eligibility:
        text = "{need}: your own {desk}, all the same ({why} Whom it is for: {says})"
        return say("advice.ask-own-says", text, **names, says=out.service.eligibility)
    if own:
        return say("advice.ask-own", "{need}: your own {desk}, all the same ({why})", **names)
    if out.service.eligibility:
        text = "{need}: ask {name}, {desk}, all the same ({why} Whom it is for: {says})"
        return say("advice.ask-says", text, **names, says=out.service.eligibility)
    return say("advice.ask", "{need}: ask {name}, {desk}, all the same ({why})", **names)


def duty(item: Item) -> Iterator[Advice]:
    """Who has it here, although nobody knows by which number. Of a place that several share, it is to be named
    closer."""
    ground, types = item.ground, {"need": item.service_type.name, "place": item.ground.place.name}
    silent = [out for out in item.finding.excluded if _without_number(item, out)]
    whole = [out for out in silent if any(area.id in out.service.areas for area in ground.areas)]
    owners = {out.service.organization.id: out for out in whole}
    for out in list(owners.values())[:_ASKED]:
        owner = out.service.organization
        of = item.service_type.id
        if owner.id == item.need.asker:
            said = say("advice.yours", "{need}: you are responsible for {place} yourselves", **types)
            yield Advice(said, owner, need=of)
            continue
        text = (
            "{need}: {name} is responsible for {place}, but no number of it is on record: look up the one for this "
            "hour on its own site, and phone it"
        )
        yield Advice(say("advice.no-number", text, name=owner.name, **types), owner, out.contact_point, need=of)
    if silent and not whole:
        text = "{need}: name the place more closely. {count} bodies or more are responsible, each for a part of {place}"
        count = len({out.service.organization.id for out in silent})
        yield Advice(say("advice.closer", text, count=count, **types), need=item.service_type.id)


def _without_number(item: Item, out: Excluded) -> bool:
    """It is for the place, one may turn to it, and all that is lacking is that no way to reach it is on record."""
    codes = {reason.code for reason in out.reasons}
    nowhere = codes == {"no-contact-point"} and not out.service.contact_points
    asked = not item.ground.only_by_pathway(out.service.type) and not _away(item, out)
    return (codes == {"no-channel"} or nowhere) and asked


def help_goes_on(item: Item, direct: Iterable[str]) -> Advice:
    """What an adult refuses is not done; all the rest stays theirs."""
    text = "{need}: not without the person's agreement. Help does not depend on it; ask for: {direct}"
    return Advice(say("advice.refused", text, need=item.service_type.name, direct=listed(direct)))


def less_strict(lacking: Iterable[Item], need: Need) -> Iterator[Advice]:
    """What would fit over a channel that is less safe: the person and the caseworker decide whether that is right."""
    found: dict[Confidentiality, dict[str, list[str]]] = {}
    for item in lacking:
        for out in item.finding.excluded:
            if (
                out.safest is not None
                and not _away(item, out)
                and {reason.code for reason in out.reasons} == {"channel-assurance"}
            ):
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
