"""What rules a service or its desk out for a case. Each filter gives a coded reason and what would let it in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, safest, usable
from relaypoint.domain.eligibility import fit
from relaypoint.domain.index import country
from relaypoint.domain.languages import first_spoken, language, languages
from relaypoint.domain.model import ContactPoint, Ground, Organization, Service
from relaypoint.domain.tags import any_tag
from relaypoint.domain.texts import Text, any_of, listed, say
from relaypoint.domain.words import Capacity, Confidentiality, OperationalState, Presence


@dataclass(frozen=True, slots=True)
class Reason:
    """``relax`` says what would let it in, where anything would."""

    code: str
    text: Text
    relax: Text | None = None


NO_DESK: Final = Reason(
    "no-contact-point",
    say("out.no-contact-point", "No contact point of this organization takes this service."),
    say("out.no-contact-point.relax", "A coordinator can designate one."),
)


def about_service(ground: Ground, service: Service, *, avoid: Avoid, tags: Sequence[str], day: str) -> Iterator[Reason]:
    """The reasons that hold whichever desk is asked."""
    owner = service.organization
    if avoid.bars_organization(owner):
        if avoid.names(owner):
            yield Reason("avoided", say("out.avoided", "It is on the list of whom to avoid."))
        else:
            yield Reason("avoided", say("out.avoided-before", "It came after one on the list of whom to avoid."))
    if not owner.holds(day):
        yield _ended(ground, owner, avoid, day)
    elif owner.suspended:
        yield Reason(
            "suspended",
            say("out.suspended", "{name} is suspended.", name=owner.name),
            say("out.suspended.relax", "Its coordinator knows until when."),
        )
    if not service.holds(day):
        yield Reason("service-ended", say("out.service-ended", "The service is not offered on this day."))
    if not covers(ground, service.areas):
        yield Reason(
            "place",
            say("out.place", "It does not cover {place}.", place=ground.place.name),
            _where(ground, service),
        )
    for wanted in fit(service.serves, tags).against:
        yield Reason(
            "eligibility",
            say("out.eligibility", "It is only for: {tags}.", tags=any_tag(wanted)),
            _only(wanted, service.eligibility),
        )
    if service.operation and service.operation.state is OperationalState.CLOSED:
        yield Reason(
            "closed",
            say("out.closed", "It has closed for now; it says so until {until}.", until=service.operation.until),
            say("out.closed.relax", "It opens again when it says so."),
        )
    if service.capacity is Capacity.FULL:
        yield Reason(
            "full",
            say("out.full-since", "It has no capacity, as of {day}.", day=service.capacity_as_of)
            if service.capacity_as_of
            else say("out.full", "It has no capacity."),
            say("out.full.relax", "Ask again when a place is free."),
        )


def about_desk(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    uses: Sequence[ChannelUse],
    *,
    avoid: Avoid,
    floor: Confidentiality,
    wanted: Sequence[str],
    tags: Sequence[str],
    day: str,
) -> Iterator[Reason]:
    """The reasons that concern one desk, beyond those that concern its organization."""
    if desk.presence is Presence.CLOSED:
        yield Reason(
            "contact-point-closed",
            say("out.desk-closed", "{desk} has closed for now.", desk=desk.name),
            say("out.desk-closed.relax", "It opens again when its owner says so."),
        )
    for only in fit(desk.serves, tags).against:
        yield Reason(
            "eligibility",
            say("out.desk-eligibility", "{desk} is only for: {tags}.", desk=desk.name, tags=any_tag(only)),
            _only(only, service.eligibility),
        )
    if not desk.holds(day):
        yield Reason(
            "contact-point-ended", say("out.desk-ended", "{desk} is no contact point on this day.", desk=desk.name)
        )
    if desk.areas and covers(ground, service.areas):
        if not covers(ground, desk.areas):
            text = say("out.desk-place", "{desk} does not cover {place}.", desk=desk.name, place=ground.place.name)
            yield Reason("place", text)
        elif not belongs(ground, desk, service):
            text = say(
                "out.desk-elsewhere", "{desk} is for other places than {service}.", desk=desk.name, service=service.name
            )
            yield Reason("place", text)
    if desk.instead:
        yield from _about_stand_in(service, desk, desk.instead, tags)
    spoken = tuple(dict.fromkeys((*service.languages, *desk.languages)))
    if wanted and spoken and service.interpretation == "no" and first_spoken(spoken, wanted) is None:
        yield Reason(
            "language",
            say("out.language", "It works in {languages}, without interpretation.", languages=languages(spoken)),
            say("out.language.relax", "It fits if {languages} were enough.", languages=any_of(map(language, spoken))),
        )
    if not avoid.bars_organization(service.organization) and avoid.bars_contact_point(desk):
        told = "Whoever answers at {desk} is on the list of whom to avoid."
        yield Reason("avoided", say("out.desk-avoided", told, desk=desk.name))
    if not usable(uses):
        yield _no_channel(desk, uses, floor)


def _about_stand_in(
    service: Service, desk: ContactPoint, instead: ContactPoint, tags: Sequence[str]
) -> Iterator[Reason]:
    """Nobody is sent where they can't be taken in. For which places and which help it is otherwise does not count: who
    planned the diversion has it answer for these as well."""
    for only in fit(instead.serves, tags).against:
        text = "{other}, which answers for {desk} now, is only for: {tags}."
        told = say("out.stand-in", text, other=instead.name, desk=desk.name, tags=any_tag(only))
        yield Reason("eligibility", told, _only(only, service.eligibility))


def covers(ground: Ground, areas: frozenset[str]) -> bool:
    """Whether the areas hold the place, a part of it, or what is near it where the case takes that as well."""
    return distance(ground, areas) == 0 or not areas.isdisjoint(ground.near)


def is_for(ground: Ground, desk: ContactPoint, tags: Collection[str], type: str) -> bool:
    """Whether the desk is for the service type, the place and such a person, and the one that answers for it for such a
    person; what it leaves open it is for."""
    here = not desk.areas or covers(ground, desk.areas)
    own = here and desk.takes(type) and not fit(desk.serves, tags).against
    return own and not (desk.instead and fit(desk.instead.serves, tags).against)


def distance(ground: Ground, areas: frozenset[str]) -> int:
    """How many times the place has to be taken larger until one of the areas lies in it; 0: they cover it or a part."""
    if not areas.isdisjoint(ground.inside) or any(area.id in areas for area in ground.areas):
        return 0
    reach = areas.union(*(ground.within.get(area, frozenset()) for area in areas))
    return next((depth for depth, area in enumerate(ground.areas) if area.id in reach), len(ground.areas))


def belongs(ground: Ground, desk: ContactPoint, service: Service) -> bool:
    """Whether the desk is for a place that the service covers; one without places of its own is for all of them."""
    if not desk.areas or not service.areas:
        return True

    def reach(areas: frozenset[str]) -> frozenset[str]:
        return areas.union(*(ground.within.get(area, frozenset()) for area in areas))

    return bool(reach(desk.areas) & service.areas or reach(service.areas) & desk.areas)


def _only(tags: Sequence[str], says: str | None) -> Text:
    if says:
        text = "Hardly anything: it takes {tags} cases. See whom it is for, and ask where that leaves a doubt."
        return say("out.eligibility.ask", text, tags=any_tag(tags))
    text = "Nothing, unless the case was described wrongly: it takes {tags} cases."
    return say("out.eligibility.relax", text, tags=any_tag(tags))


def _where(ground: Ground, service: Service) -> Text | None:
    """Where the person would have to get to; nobody is told to cross a border."""
    names = [each.name for each in service.places if country(each.id) == country(ground.place.id)]
    text = "It fits if the person can get to: {places}."
    return say("out.place.relax", text, places=_some(names)) if names else None


def _some(names: Sequence[str], most: int = 3) -> Text:
    """Of which one is enough; the first of many."""
    if len(names) <= most:
        return any_of(names)
    return say("list.some", "{names} and {more} more", names=listed(names[:most]), more=len(names) - most)


def _ended(ground: Ground, owner: Organization, avoid: Avoid, day: str) -> Reason:
    def askable(heir: Organization) -> bool:
        return avoid.leaves(heir, day) and not avoid.bars_all(ground.heirs.get(heir.id, ()))

    heirs = ", ".join(heir.name for heir in owner.replaced_by if askable(heir))
    relax = say("out.successor", "Turn to its successor: {heirs}.", heirs=heirs) if heirs else None
    if owner.ended(day):
        text = say("out.ended", "{name} ended on {until}.", name=owner.name, until=owner.until)
    else:
        text = say("out.not-yet", "{name} begins on {since}.", name=owner.name, since=owner.since)
    return Reason("organization-ended", text, relax)


def _no_channel(desk: ContactPoint, uses: Sequence[ChannelUse], floor: Confidentiality) -> Reason:
    if not uses:
        return Reason(
            "no-channel",
            say("out.no-channel", "No channel is known for {desk}.", desk=desk.name),
            say("out.no-channel.relax", "Its owner can add one to the roster."),
        )
    if (best := safest(uses)) is not None:
        return Reason(
            "channel-assurance",
            say(
                "out.assurance",
                "No channel of {desk} is safe enough for this case: {floor}.",
                desk=desk.name,
                floor=floor,
            ),
            say("out.assurance.relax", "It fits if '{best}' is safe enough for this case.", best=best),
        )
    if all(use.barred == "avoided" for use in uses):
        text = "Every channel of {desk} goes through somebody whom the case avoids."
        return Reason("no-working-channel", say("out.channels-avoided", text, desk=desk.name))
    if desk.declared is not None and any(use.barred == "condition" for use in uses):
        text = "A contingency holds at {desk} until {until} ({reason}), and no channel for that is on record."
        names = {"desk": desk.name, "until": desk.declared.until, "reason": desk.declared.reason}
        return Reason(
            "no-working-channel",
            say("out.contingency", text, **names),
            say("out.contingency.relax", "It fits again when the contingency is over; its owner can plan another way."),
        )
    return Reason(
        "no-working-channel",
        say("out.no-working-channel", "No channel of {desk} can be used now.", desk=desk.name),
        say("out.no-working-channel.relax", "Its owner can mend one, or add another."),
    )
