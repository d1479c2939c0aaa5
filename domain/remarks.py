"""What a caseworker has to make sure of, and what is to be known of a place and of who asks."""

from __future__ import annotations

from relaypoint.domain.answer import Need
from relaypoint.domain.eligibility import Fit
from relaypoint.domain.model import ContactPoint, Ground, Service
from relaypoint.domain.routing import Route
from relaypoint.domain.tags import any_tag
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import OperationalState, Presence


def to_confirm(
    ground: Ground, service: Service, desk: ContactPoint, suits: Fit, route: Route, need: Need
) -> list[Text]:
    """What the caseworker has to make sure of, since the case does not say it or the roster can't know it."""
    own = service.organization.id == ground.asker.id
    asks = [say("confirm.own", "this is your own organization")] if own else []
    for tags in suits.unknown:
        if tags == ("child",):
            asks.append(say("confirm.child", "its age limits are not stated: ask whether it takes a child"))
        elif "accessible" in tags:
            asks.append(say("confirm.accessible", "not stated whether it is accessible"))
        else:
            asks.append(say("confirm.tags", "only for {tags}: not stated for this case", tags=any_tag(tags)))
    if service.eligibility:
        asks.append(say("confirm.eligibility", "{text}", text=service.eligibility))
    if service.operation and service.operation.state is OperationalState.LIMITED:
        asks.append(say("confirm.limited", "it says that it works in a limited way for now"))
    if service.operation and service.operation.state is OperationalState.REMOTE:
        asks.append(say("confirm.remote", "it says that it works from a distance for now: nobody can go there"))
    elif desk.presence is Presence.REMOTE:
        asks.append(say("confirm.desk-remote", "its office works from a distance: nobody can go there"))
    if service.organization.id in ground.suspended_in:
        force = ground.suspended_in[service.organization.id]
        asks.append(say("confirm.suspended", "its membership of {force} is suspended", force=force.name))
    if not any(area.id in service.areas for area in ground.areas):
        if service.areas.isdisjoint(ground.inside):
            text = "is near {place}, not in it: can the person get there?"
            asks.append(say("confirm.near", text, place=ground.place.name))
        else:
            text = "covers only part of {place}: name the place more closely"
            asks.append(say("confirm.place", text, place=ground.place.name))
    foreign = ground.abroad or ground.foreign.get(service.organization.id)
    if foreign:
        text = "in another country, {country}: first the person's consent, and a check of the risk there"
        asks.append(say("confirm.abroad", text, country=foreign.name))
    if desk.contingency and not desk.diverted_to:
        text = "a contingency holds there, and no other way was planned: it may not be answered as usual"
        asks.append(say("confirm.contingency", text))
    if any(need.asks(hop) for hop in route.hops) or (route.by and need.unsaid):
        asks.append(say("confirm.consent", "the adult gives informed consent to it, after the procedure was explained"))
    if route.hops and route.hops[-1].form:
        form = route.hops[-1].form
        if any(each.form == form and need.avoid.bars_organization(each.to) for each in ground.pathways):
            asks.append(say("confirm.form-shared", "the same form also reaches somebody whom the case avoids"))
        if route.hops[1:]:
            text = "{gate} submits the official form: {form}"
            asks.append(say("confirm.form-by", text, gate=route.hops[-2].to.name, form=form))
        else:
            asks.append(say("confirm.form", "the official form is the referral: {form}", form=form))
    return asks


def asker_notes(ground: Ground) -> list[Text]:
    if not ground.asker.suspended:
        return []
    text = "{name} is suspended and can't send referrals: phone, or ask the coordinator to have it sent."
    return [say("note.asker-suspended", text, name=ground.asker.name)]


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
