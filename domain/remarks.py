"""What a caseworker has to make sure of, and what is to be known of a place and of who asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from relaypoint.domain.answer import Need
from relaypoint.domain.channels import ChannelUse, doubtful
from relaypoint.domain.eligibility import Fit, is_child
from relaypoint.domain.filters import covers
from relaypoint.domain.languages import first_spoken, languages
from relaypoint.domain.model import ContactPoint, Ground, Service
from relaypoint.domain.routing import Route
from relaypoint.domain.tags import any_tag
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import OperationalState, Presence


@dataclass(frozen=True, slots=True)
class Remarks:
    """``warnings`` are of danger for the person, ``confirm`` has what the caseworker has to make sure of, since the
    case does not say it or the roster can't know it; ``notes`` are to be known."""

    warnings: list[Text] = field(default_factory=list)
    confirm: list[Text] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)


def remarks(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    uses: Sequence[ChannelUse],
    suits: Fit,
    route: Route,
    need: Need,
) -> Remarks:
    """What is to be said of a candidate beside its place in the order."""
    found = Remarks()
    _of_dangers(found, ground, service, route, need)
    if doubtful(desk, uses):
        text = "a contingency holds there{why}, and no other way was planned: it may not be answered as usual"
        found.warnings.append(say("confirm.contingency", text, why=_until(desk)))
    _of_the_person(found, service, suits, need)
    _of_the_service(found, ground, service, desk)
    spoken = first_spoken((*service.languages, *desk.languages), need.languages)
    if need.languages and spoken is None and service.interpretation != "yes":
        text = "how to talk: it is not known whether {languages} is spoken; ask for an interpreter"
        found.confirm.append(say("confirm.interpreter", text, languages=languages(need.languages)))
    if need.consent is not None and not need.consent and not is_child(need.tags):
        found.confirm.append(say("confirm.agrees", "that the person wants this help: they agree to nothing so far"))
    if any(need.asks(hop) for hop in route.hops) or (route.by and need.unsaid):
        text = "the adult gives informed consent to it, after the procedure was explained"
        found.confirm.append(say("confirm.consent", text))
        if not ground.only_by_pathway(service.type):
            text = "if the adult does not agree, it is asked for directly: help does not depend on it"
            found.notes.append(say("note.without-consent", text))
    if route.hops and route.hops[-1].form:
        form = route.hops[-1].form
        if route.hops[1:]:
            text = "{gate} submits the official form: {form}"
            found.notes.append(say("confirm.form-by", text, gate=route.hops[-2].to.name, form=form))
        else:
            found.notes.append(say("confirm.form", "the official form is the referral: {form}", form=form))
    return found


def _of_dangers(found: Remarks, ground: Ground, service: Service, route: Route, need: Need) -> None:
    form = route.hops[-1].form if route.hops else None
    if form and any(each.form == form and need.avoid.bars_organization(each.to) for each in ground.pathways):
        text = "the same form also reaches somebody whom the case avoids: first ask who gets to see it"
        found.warnings.append(say("confirm.form-shared", text))
    foreign = ground.abroad or ground.foreign.get(service.organization.id)
    if foreign:
        text = "in another country, {country}: first the person's consent, and a check of the risk there"
        found.warnings.append(say("confirm.abroad", text, country=foreign.name))
    if service.organization.id in ground.suspended_in:
        force = ground.suspended_in[service.organization.id]
        found.warnings.append(say("confirm.suspended", "its membership of {force} is suspended", force=force.name))


def _until(desk: ContactPoint) -> Text | str:
    if desk.declared is None:
        return ""
    return say(
        "confirm.contingency-why", " until {until} ({reason})", until=desk.declared.until, reason=desk.declared.reason
    )


def unsaid_of(suits: Fit, tags: Collection[str]) -> tuple[Text, ...]:
    """Whom else a service is only for, of which the case with these tags does not tell. Of a child's case it is the
    service that does not tell of its age limits."""
    silent = [("child",)] if is_child(tags) else []
    made = [each for each in suits.unknown if each not in silent and "accessible" not in each]
    return tuple(
        say("confirm.tags", "only for {tags}: ask, since the case does not say it", tags=any_tag(each)) for each in made
    )


def _of_the_person(found: Remarks, service: Service, suits: Fit, need: Need) -> None:
    found.confirm.extend(unsaid_of(suits, need.tags))
    child = is_child(need.tags)
    for tags in suits.unknown:
        if child and tags == ("child",) and service.eligibility:
            text = "whether it takes a child: see for whom it is, and ask"
            found.confirm.append(say("confirm.child-says", text))
        elif child and tags == ("child",):
            text = "its age limits are not stated: ask whether it takes a child"
            found.confirm.append(say("confirm.child", text))
        elif "accessible" in tags:
            found.confirm.append(say("confirm.accessible", "whether it is accessible: it does not say"))


def _of_the_service(found: Remarks, ground: Ground, service: Service, desk: ContactPoint) -> None:
    if service.organization.id == ground.asker.id:
        found.notes.append(say("confirm.own", "this is your own organization"))
    if service.eligibility:
        found.notes.append(say("confirm.eligibility", "for whom: {text}", text=service.eligibility))
    if service.operation and service.operation.state is OperationalState.LIMITED:
        found.notes.append(say("confirm.limited", "it says that it works in a limited way for now"))
    if service.operation and service.operation.state is OperationalState.REMOTE:
        text = "it says that it works from a distance for now: nobody can go there"
        found.notes.append(say("confirm.remote", text))
    elif desk.presence is Presence.REMOTE:
        text = "its office works from a distance: nobody can go there"
        found.notes.append(say("confirm.desk-remote", text))
    other = desk.instead
    if other and not (other.takes(service.type) and (not other.areas or covers(ground, other.areas))):
        text = "that {other}, which answers for it now, knows of this help here: it is for other help or places else"
        found.confirm.append(say("confirm.stand-in", text, other=other.name))
    if not any(area.id in service.areas for area in ground.areas):
        if service.areas.isdisjoint(ground.inside):
            text = "is near {place}, not in it: can the person get there?"
            found.confirm.append(say("confirm.near", text, place=ground.place.name))
        else:
            text = "covers only part of {place}: name the place more closely"
            found.confirm.append(say("confirm.place", text, place=ground.place.name))


def asker_notes(ground: Ground) -> list[Text]:
    if not ground.asker.suspended:
        return []
    text = "{name} is suspended and can't send referrals: phone, or ask the coordinator to have it sent."
    return [say("note.asker-suspended", text, name=ground.asker.name)]


def declared_notes(ground: Ground) -> list[Text]:
    text = "A contingency holds for {name} until {until}: {reason}"
    return [
        say("note.contingency", text, name=each.name, until=each.until, reason=each.reason) for each in ground.declared
    ]


def other_notes(ground: Ground) -> list[Text]:
    if not ground.unlooked:
        return []
    text = "{count} more services cover a part of {place}, or lie near it: name the place more closely to see them."
    return [say("note.more", text, count=ground.unlooked, place=ground.place.name)]


def place_notes(ground: Ground, day: str) -> list[Text]:
    here = ground.areas[0]
    if not here.ended(day):
        return []
    if not here.replaced_by:
        return [say("note.place-ended", "{place} ended on {until}.", place=here.name, until=here.until)]
    heirs = ", ".join(f"{heir.name} ({heir.id})" for heir in here.replaced_by)
    text = "{place} ended on {until}. What came after it: {heirs}."
    return [say("note.place-replaced", text, place=here.name, until=here.until, heirs=heirs)]
