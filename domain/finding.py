"""Who can take this case, in which order, and why: the decision behind ``find``.

Every service of the requested type is looked at. ``domain.filters`` give coded reasons; a service without any is a
candidate, and ``domain.criteria`` put the candidates in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest

from relaypoint.domain import filters
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.criteria import CRITERIA, Criterion, order_for, weigh_up
from relaypoint.domain.eligibility import Fit, fit, is_child
from relaypoint.domain.filters import Reason
from relaypoint.domain.model import ContactPoint, Ground, Service
from relaypoint.domain.routing import Route, route_to, routes
from relaypoint.domain.texts import Text, any_of, say
from relaypoint.domain.words import Confidentiality, OperationalState, Presence, Priority

__all__ = ["CRITERIA", "Candidate", "Criterion", "Excluded", "Finding", "Need", "Reason", "find"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a caseworker asks for. ``service`` and ``place`` are ids; ``tags`` population tags."""

    asker: str
    service: str
    place: str
    language: str | None = None
    priority: Priority = Priority.ROUTINE
    confidentiality: Confidentiality = Confidentiality.OFFICIAL
    tags: tuple[str, ...] = ()
    avoid: Avoid = field(default_factory=Avoid)


@dataclass(frozen=True, slots=True)
class Candidate:
    """``separated_by`` is the first criterion that puts it before the next candidate; None for the last or a tie.

    ``behind`` says why it is not where the candidate before it is; None for the first.
    """

    service: Service
    contact_point: ContactPoint
    route: Route
    channels: tuple[ChannelUse, ...]
    criteria: tuple[Criterion, ...]
    confirm: tuple[Text, ...]
    separated_by: str | None = None
    behind: Text | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """``contact_point`` is the desk that came nearest, if the organization has one for the service."""

    service: Service
    contact_point: ContactPoint | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    notes: tuple[Text, ...]


def find(ground: Ground, need: Need, at: datetime) -> Finding:
    """Ranks what can take the case and explains the rest. The same ground, need and moment give the same answer."""
    day = at.date().isoformat()
    ways = routes(ground, need.avoid, day)
    names = order_for(need.priority)
    candidates: list[Candidate] = []
    excluded: list[Excluded] = []
    for service in ground.services:
        about = tuple(filters.about_service(ground, service, avoid=need.avoid, tags=need.tags, day=day))
        desks = [desk for desk in service.contact_points if desk.takes(service.type)]
        tried = [(desk, *_try_desk(ground, service, desk, need, at, ways)) for desk in desks]
        fitting = [candidate for _, candidate, reasons in tried if candidate and not reasons]
        if not about and fitting:
            candidates += fitting
        elif not desks:
            excluded.append(Excluded(service, None, (*about, filters.NO_DESK)))
        else:
            desk, _, reasons = min(tried, key=lambda t: (len(t[2]), t[0].areas.isdisjoint(service.areas), t[0].id))
            excluded.append(Excluded(service, desk, (*about, *reasons)))
    ranked = sorted(candidates, key=lambda c: (_key(c, names), c.service.id, c.contact_point.id))
    return Finding(
        candidates=tuple(_separated(ranked, names)),
        excluded=tuple(sorted(excluded, key=_miss)),
        notes=(*_place_notes(ground, day), *_asker_notes(ground)),
    )


def _try_desk(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    need: Need,
    at: datetime,
    ways: Mapping[str, tuple[Route, ...]],
) -> tuple[Candidate | None, list[Reason]]:
    """The desk as a candidate, where a route leads to it, and what speaks against it."""
    day = at.date().isoformat()
    uses = weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid)
    reasons = list(
        filters.about_desk(
            ground,
            service,
            desk,
            uses,
            avoid=need.avoid,
            floor=need.confidentiality,
            language=need.language,
            tags=need.tags,
            day=day,
        )
    )
    route = route_to(service.organization, desk.id, ways, ground.access, service.type)
    if route is None:
        return None, [*reasons, filters.no_route(ground, service, need.avoid, day)]
    suits = fit(service.serves, need.tags)
    criteria = weigh_up(ground, service, desk, route=route, uses=uses, suits=suits, language=need.language, day=day)
    asks = tuple(_to_confirm(ground, service, desk, suits, route, need))
    return Candidate(service, desk, route, uses, criteria, asks), reasons


def _to_confirm(
    ground: Ground, service: Service, desk: ContactPoint, suits: Fit, route: Route, need: Need
) -> list[Text]:
    """What the caseworker has to make sure of, since the case does not say it or the roster can't know it."""
    own = service.organization.id == ground.asker.id
    asks = [say("confirm.own", "this is your own organization")] if own else []
    for tags in suits.unknown:
        if "accessible" in tags:
            asks.append(say("confirm.accessible", "not stated whether it is accessible"))
        else:
            asks.append(say("confirm.tags", "only for {tags}: not stated for this case", tags=any_of(tags)))
    if service.eligibility:
        asks.append(say("confirm.eligibility", "{text}", text=service.eligibility))
    if service.operation and service.operation.state is OperationalState.LIMITED:
        asks.append(say("confirm.limited", "it says that it works in a limited way for now"))
    if service.operation and service.operation.state is OperationalState.REMOTE:
        asks.append(say("confirm.remote", "it says that it works from a distance for now: nobody can go there"))
    elif desk.presence is Presence.REMOTE:
        asks.append(say("confirm.desk-remote", "its office works from a distance: nobody can go there"))
    for tags in fit(desk.serves, need.tags).unknown if desk.serves else ():
        if tags not in suits.unknown and "accessible" not in tags:
            asks.append(say("confirm.desk-tags", "its desk is only for {tags}: not stated", tags=any_of(tags)))
    if not any(area.id in service.areas for area in ground.areas):
        text = "covers only part of {place}: name the place more closely"
        asks.append(say("confirm.place", text, place=ground.place.name))
    if any(hop.consent == "required" for hop in route.hops) and not is_child(need.tags):
        asks.append(say("confirm.consent", "an adult's informed consent is needed for this pathway"))
    if route.hops and route.hops[-1].form:
        asks.append(say("confirm.form", "the official form is the referral: {form}", form=route.hops[-1].form))
    return asks


def _miss(out: Excluded) -> tuple[bool, bool, int, str]:
    """What is avoided is the farthest, then what is elsewhere; of the rest, fewer reasons are nearer."""
    codes = {reason.code for reason in out.reasons}
    return "avoided" in codes, "place" in codes, len(out.reasons), out.service.id


def _key(candidate: Candidate, names: Sequence[str]) -> tuple[int, ...]:
    by_name = {criterion.name: criterion.value for criterion in candidate.criteria}
    return tuple(by_name[name] for name in names)


def _separated(ranked: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    """The candidates with their criteria in the order of comparison, and what puts each before the next."""
    result = []
    behind: Text | None = None
    for here, after in zip_longest(ranked, ranked[1:]):
        differs = None
        if after is not None:
            pairs = zip(names, _key(here, names), _key(after, names), strict=True)
            differs = next((name for name, mine, theirs in pairs if mine != theirs), None)
        ordered = tuple(sorted(here.criteria, key=lambda criterion: names.index(criterion.name)))
        result.append(replace(here, criteria=ordered, separated_by=differs, behind=behind))
        behind = _behind(here, after, differs) if after else None
    return result


def _behind(before: Candidate, here: Candidate, differs: str | None) -> Text:
    name = before.service.organization.name
    if differs is None:
        return say("why.tie", "as good as {name}, which comes first by its id alone", name=name)
    mine, theirs = (next(c.text for c in each.criteria if c.name == differs) for each in (here, before))
    text = "after {name} by {criterion}: {mine}; there: {theirs}"
    return say("why.behind", text, name=name, criterion=differs, mine=mine, theirs=theirs)


def _asker_notes(ground: Ground) -> list[Text]:
    if not ground.asker.suspended:
        return []
    text = "{name} is suspended and can't send referrals: phone, or ask the coordinator to have it sent."
    return [say("note.asker-suspended", text, name=ground.asker.name)]


def _place_notes(ground: Ground, day: str) -> list[Text]:
    here = ground.areas[0]
    if not here.ended(day):
        return []
    if not here.replaced_by:
        return [say("note.place-ended", "{place} ended on {until}.", place=here.name, until=here.until)]
    heirs = ", ".join(f"{heir.name} ({heir.id})" for heir in here.replaced_by)
    text = "{place} ended on {until}. Its successor: {heirs}."
    return [say("note.place-replaced", text, place=here.name, until=here.until, heirs=heirs)]
