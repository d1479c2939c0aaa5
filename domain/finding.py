"""Who can take this case, in which order, and why: the decision behind ``find``.

Every service of the requested type is looked at. Filters give coded reasons; a service without any is a candidate.
Candidates are ordered by named criteria, one after the other, with no weights. The order of ``CRITERIA`` is the order
of comparison; for ``stat`` and ``asap`` whether somebody can be reached now comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, usable, weigh
from relaypoint.domain.eligibility import Fit, fit, is_child
from relaypoint.domain.model import ContactPoint, Ground, Organization, Service
from relaypoint.domain.routing import Route, applies, open_to, route_to, routes
from relaypoint.domain.words import Capacity, Confidentiality, HolderRole, Priority, Staffing

#: The criteria in their order of comparison; lower is better in each.
CRITERIA: Final = ("route", "reachable", "fit", "place", "language", "capacity", "staffing")
_URGENT_FIRST: Final = ("reachable", "route", "fit", "place", "language", "capacity", "staffing")


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
class Reason:
    """A coded reason with its English text; ``relax`` says what would let the service in, if anything would."""

    code: str
    text: str
    relax: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    name: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """``separated_by`` is the first criterion that puts it before the next candidate; None for the last or a tie."""

    service: Service
    contact_point: ContactPoint
    route: Route
    channels: tuple[ChannelUse, ...]
    criteria: tuple[Criterion, ...]
    confirm: tuple[str, ...]
    separated_by: str | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    service: Service
    contact_point: ContactPoint | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]


def find(ground: Ground, need: Need, at: datetime) -> Finding:
    """Ranks what can take the case and explains the rest. The same ground, need and moment give the same answer."""
    day = at.date().isoformat()
    ways = routes(ground, need.avoid, day)
    candidates: list[Candidate] = []
    excluded: list[Excluded] = []
    for service in ground.services:
        about = _about_service(ground, service, need, day)
        desks = _desks(service)
        tried = [_try_desk(ground, service, desk, need, at, ways) for desk in desks]
        fitting = [candidate for candidate, reasons in tried if candidate and not reasons]
        if not about and fitting:
            candidates += fitting
        elif not desks:
            excluded.append(Excluded(service, None, (*about, _NO_DESK)))
        else:
            nearest = min(
                zip(desks, tried, strict=True),
                key=lambda pair: (len(pair[1][1]), pair[0].areas.isdisjoint(service.areas), pair[0].id),
            )
            excluded.append(Excluded(service, nearest[0], (*about, *nearest[1][1])))
    names = _URGENT_FIRST if need.priority in (Priority.STAT, Priority.ASAP) else CRITERIA
    ranked = sorted(candidates, key=lambda c: (_key(c, names), c.service.id, c.contact_point.id))
    return Finding(
        candidates=tuple(_separated(ranked, names)),
        excluded=tuple(sorted(excluded, key=lambda e: (len(e.reasons), e.service.id))),
        notes=tuple(_place_notes(ground, day)),
    )


_NO_DESK = Reason(
    "no-contact-point",
    "No contact point of this organization takes this service.",
    "A coordinator can designate one.",
)


def _about_service(ground: Ground, service: Service, need: Need, day: str) -> list[Reason]:
    """The reasons that hold whichever desk is asked."""
    reasons = []
    organization = service.organization
    if need.avoid.bars_organization(organization):
        reasons.append(Reason("avoided", "It is on the list of whom to avoid."))
    if not organization.holds(day):
        reasons.append(_ended(organization))
    elif organization.status == "suspended":
        reasons.append(Reason("suspended", f"{organization.name} is suspended."))
    if not service.holds(day):
        reasons.append(Reason("service-ended", "The service is not offered on this day."))
    if not _covers(ground, service.areas):
        reasons.append(
            Reason("place", f"It does not cover {ground.place.name}.", "Ask for a place that it covers."),
        )
    suits = fit(service.serves, need.tags)
    for tags in suits.against:
        wanted = " or ".join(tags)
        reasons.append(Reason("eligibility", f"It is only for: {wanted}.", f"It fits where the person is {wanted}."))
    spoken = ", ".join(service.languages)
    foreign = need.language and service.languages and not _speaks(service.languages, need.language)
    if foreign and service.interpretation == "no":
        reasons.append(
            Reason("language", f"It works in {spoken}, without interpretation.", f"It fits if {spoken} were enough.")
        )
    if service.capacity is Capacity.FULL:
        reasons.append(Reason("full", "It has no capacity.", "Ask again when a place is free."))
    return reasons


def _try_desk(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    need: Need,
    at: datetime,
    ways: dict[str, tuple[Route, ...]],
) -> tuple[Candidate | None, list[Reason]]:
    day = at.date().isoformat()
    reasons = []
    organization = service.organization
    if not desk.holds(day):
        reasons.append(Reason("contact-point-ended", f"{desk.name} is no contact point on this day."))
    if desk.areas and _covers(ground, service.areas) and not _covers(ground, desk.areas):
        reasons.append(Reason("place", f"{desk.name} does not cover {ground.place.name}."))
    if not need.avoid.bars_organization(organization) and need.avoid.bars_contact_point(desk):
        reasons.append(Reason("avoided", f"{desk.name} is on the list of whom to avoid."))
    uses = weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid)
    if not usable(uses):
        reasons.append(_no_channel(desk, uses, need.confidentiality))
    route = route_to(organization, desk.id, ways, ground.access, service.type)
    if route is None:
        reasons.append(_no_route(ground, service, need, day))
        return None, reasons
    if need.avoid.bars_organization(organization):
        return None, reasons
    suits = fit(service.serves, need.tags)
    criteria = (
        _by_route(route),
        _by_reach(uses),
        _by_fit(suits),
        _by_place(ground, service, desk),
        _by_language(service, desk, need.language),
        _by_capacity(service),
        _by_staffing(desk, day),
    )
    confirm = tuple(_to_confirm(ground, service, suits, route, need))
    return Candidate(service, desk, route, uses, criteria, confirm), reasons


def _desks(service: Service) -> list[ContactPoint]:
    return [desk for desk in service.contact_points if not desk.service_types or service.type in desk.service_types]


def _covers(ground: Ground, areas: frozenset[str]) -> bool:
    return any(area.id in areas for area in ground.areas) or bool(areas & ground.inside)


def _speaks(languages: Sequence[str], wanted: str) -> bool:
    return wanted.split("-")[0] in {language.split("-")[0] for language in languages}


def _ended(organization: Organization) -> Reason:
    heirs = ", ".join(heir.name for heir in organization.replaced_by)
    text = f"{organization.name} ended on {organization.until}."
    if organization.until is None or (organization.since and not heirs and organization.until > organization.since):
        text = f"{organization.name} is not active on this day."
    return Reason("organization-ended", text, f"Turn to its successor: {heirs}." if heirs else "")


def _no_channel(desk: ContactPoint, uses: Sequence[ChannelUse], floor: Confidentiality) -> Reason:
    if not uses:
        return Reason("no-channel", f"No channel is known for {desk.name}.", "Its owner can add one to the roster.")
    if any(use.barred == "assurance" for use in uses):
        best = max((use.channel.assurance for use in uses), key=lambda assurance: assurance.level)
        return Reason(
            "channel-assurance",
            f"No channel of {desk.name} is safe enough for a case that is {floor}.",
            f"Its best channel is good for {best}.",
        )
    return Reason("no-working-channel", f"No channel of {desk.name} can be used now.")


def _no_route(ground: Ground, service: Service, need: Need, day: str) -> Reason:
    towards = [p for p in ground.pathways if p.to.id == service.organization.id and p.type == service.type]
    mine = [p for p in towards if open_to(p, ground.asker, ground.memberships, day)]
    if mine and not any(p.holds(day) for p in mine):
        return Reason("pathway-expired", f"The agreed pathway '{mine[0].name}' is not in force on this day.")
    if mine and not any(applies(p, ground, day) for p in mine):
        return Reason("pathway-elsewhere", f"The agreed pathway does not cover {ground.place.name}.")
    who = sorted(
        {
            p.from_organization.name if p.from_organization else f"any {p.from_role or p.from_kind}"
            for p in towards
            if applies(p, ground, day)
        }
    )
    relax = f"Ask one of these to refer: {', '.join(who)}." if who else "A coordinator can agree a pathway."
    return Reason("no-pathway", f"{ground.asker.name} has no agreed pathway to it.", relax)


def _to_confirm(ground: Ground, service: Service, suits: Fit, route: Route, need: Need) -> list[str]:
    """What the caseworker has to make sure of, since the case does not say it or the roster can't know it."""
    asks = [f"only for {' or '.join(tags)}: not stated for this case" for tags in suits.unknown]
    if service.eligibility:
        asks.append(service.eligibility)
    if not any(area.id in service.areas for area in ground.areas):
        asks.append(f"covers only part of {ground.place.name}: name the place more closely")
    if any(hop.consent == "required" for hop in route.hops) and not is_child(need.tags):
        asks.append("an adult's informed consent is needed for this pathway")
    if route.hops and route.hops[-1].form:
        asks.append(f"the official form is the referral: {route.hops[-1].form}")
    return asks


def _by_route(route: Route) -> Criterion:
    if route.direct:
        return Criterion("route", 1, "asked directly")
    if len(route.hops) == 1:
        return Criterion("route", 0, f"agreed pathway: {route.hops[0].name}")
    gates = ", ".join(hop.to.name for hop in route.hops[:-1])
    return Criterion("route", len(route.hops), f"through {gates}")


def _by_reach(uses: Sequence[ChannelUse]) -> Criterion:
    may = usable(uses)
    if any(use.open for use in may):
        return Criterion("reachable", 0, "a channel is open now")
    if any(use.open is None for use in may):
        return Criterion("reachable", 1, "hours are not known")
    return Criterion("reachable", 2, "closed now")


def _by_fit(suits: Fit) -> Criterion:
    if suits.unknown:
        return Criterion("fit", 2, "to be confirmed: " + "; ".join(" or ".join(tags) for tags in suits.unknown))
    if suits.matched:
        return Criterion("fit", 0, "made for this case")
    return Criterion("fit", 1, "open to anyone")


def _by_place(ground: Ground, service: Service, desk: ContactPoint) -> Criterion:
    covered = desk.areas or service.areas
    near = [area for area in ground.areas if area.id in covered]
    if not near:
        return Criterion("place", len(ground.areas), f"covers part of {ground.place.name}")
    return Criterion("place", near[0].depth, f"covers {near[0].name}")


def _by_language(service: Service, desk: ContactPoint, wanted: str | None) -> Criterion:
    if wanted is None:
        return Criterion("language", 0, "no language asked for")
    if _speaks((*service.languages, *desk.languages), wanted):
        return Criterion("language", 0, f"speaks {wanted}")
    if service.interpretation == "yes":
        return Criterion("language", 1, "through interpretation")
    return Criterion("language", 2, f"not known whether {wanted} is spoken")


def _by_capacity(service: Service) -> Criterion:
    order = {Capacity.OPEN: 0, Capacity.LIMITED: 1, Capacity.UNKNOWN: 2, Capacity.FULL: 3}
    return Criterion("capacity", order[service.capacity], f"capacity {service.capacity}")


def _by_staffing(desk: ContactPoint, day: str) -> Criterion:
    held = {holder.role for holder in desk.holders if holder.holds(day)}
    if desk.staffing is Staffing.OFFICE or HolderRole.PRIMARY in held:
        return Criterion("staffing", 0, "staffed" if desk.staffing is Staffing.OFFICE else "a focal point holds it")
    if HolderRole.DEPUTY in held:
        return Criterion("staffing", 1, "a deputy holds it")
    return Criterion("staffing", 2, "nobody is recorded as holding it")


def _key(candidate: Candidate, names: Sequence[str]) -> tuple[int, ...]:
    by_name = {criterion.name: criterion.value for criterion in candidate.criteria}
    return tuple(by_name[name] for name in names)


def _separated(ranked: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    result = []
    for here, after in zip(ranked, [*ranked[1:], None], strict=True):
        differs = None
        ordered = tuple(sorted(here.criteria, key=lambda criterion: names.index(criterion.name)))
        if after is not None:
            pairs = zip(names, _key(here, names), _key(after, names), strict=True)
            differs = next((name for name, mine, theirs in pairs if mine != theirs), None)
        result.append(replace(here, criteria=ordered, separated_by=differs))
    return result


def _place_notes(ground: Ground, day: str) -> list[str]:
    here = ground.areas[0]
    if not here.ended(day):
        return []
    heirs = ", ".join(f"{heir.name} ({heir.id})" for heir in here.replaced_by)
    return [f"{here.name} ended on {here.until}." + (f" Its successor: {heirs}." if heirs else "")]
