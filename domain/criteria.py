"""The named criteria that candidates are ordered by, one after the other, with no weights. Lower is better in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.channels import ChannelUse, usable
from relaypoint.domain.eligibility import Fit
from relaypoint.domain.model import ContactPoint, Ground, Service
from relaypoint.domain.routing import Route
from relaypoint.domain.texts import Text, any_of, say
from relaypoint.domain.words import Capacity, HolderRole, Priority, Staffing

#: The order of comparison. Where time presses, whether somebody can be reached now comes before the agreed way.
CRITERIA: Final = ("route", "reachable", "fit", "place", "language", "capacity", "staffing")
_URGENT: Final = ("reachable", "route", "fit", "place", "language", "capacity", "staffing")

_CAPACITY: Final = {Capacity.OPEN: 0, Capacity.LIMITED: 1, Capacity.UNKNOWN: 2, Capacity.FULL: 3}


@dataclass(frozen=True, slots=True)
class Criterion:
    """How one candidate stands: ``value`` is compared, ``text`` says it."""

    name: str
    value: int
    text: Text


def order_for(priority: Priority) -> tuple[str, ...]:
    """The names of the criteria in the order in which they are compared."""
    return _URGENT if priority in (Priority.STAT, Priority.ASAP) else CRITERIA


def weigh_up(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    *,
    route: Route,
    uses: Sequence[ChannelUse],
    suits: Fit,
    language: str | None,
    day: str,
) -> tuple[Criterion, ...]:
    """Every criterion for one candidate, in the order of ``CRITERIA``."""
    return (
        _route(route, own=service.organization.id == ground.asker.id),
        _reachable(uses),
        _fit(suits),
        _place(ground, service, desk),
        _language(service, desk, language),
        Criterion(
            "capacity", _CAPACITY[service.capacity], say("why.capacity", "capacity {state}", state=service.capacity)
        ),
        _staffing(desk, day),
    )


def speaks(languages: Sequence[str], wanted: str) -> bool:
    """Whether one of the languages is the wanted one, whatever the region or script."""
    return wanted.split("-")[0] in {language.split("-")[0] for language in languages}


def _route(route: Route, *, own: bool) -> Criterion:
    if own:
        return Criterion("route", 0, say("why.route.own", "your own organization"))
    if route.direct:
        return Criterion("route", 1, say("why.route.direct", "asked directly"))
    if len(route.hops) == 1:
        return Criterion("route", 0, say("why.route.pathway", "agreed pathway: {name}", name=route.hops[0].name))
    gates = ", ".join(hop.to.name for hop in route.hops[:-1])
    return Criterion("route", len(route.hops), say("why.route.through", "through {gates}", gates=gates))


def _reachable(uses: Sequence[ChannelUse]) -> Criterion:
    may = usable(uses)
    if any(use.open for use in may):
        return Criterion("reachable", 0, say("why.reachable.open", "a channel is open now"))
    if any(use.open is None for use in may):
        return Criterion("reachable", 1, say("why.reachable.unknown", "hours are not known"))
    return Criterion("reachable", 2, say("why.reachable.closed", "closed now"))


def _fit(suits: Fit) -> Criterion:
    if suits.unknown:
        tags = "; ".join(any_of(each) for each in suits.unknown)
        return Criterion("fit", 2, say("why.fit.confirm", "to be confirmed: {tags}", tags=tags))
    if suits.matched:
        return Criterion("fit", 0, say("why.fit.made", "made for this case"))
    return Criterion("fit", 1, say("why.fit.anyone", "open to anyone"))


def _place(ground: Ground, service: Service, desk: ContactPoint) -> Criterion:
    covered = desk.areas or service.areas
    near = [area for area in ground.areas if area.id in covered]
    if near:
        return Criterion("place", near[0].depth, say("why.place", "covers {place}", place=near[0].name))
    text = say("why.place.part", "covers part of {place}", place=ground.place.name)
    return Criterion("place", len(ground.areas), text)


def _language(service: Service, desk: ContactPoint, wanted: str | None) -> Criterion:
    if wanted is None:
        return Criterion("language", 0, say("why.language.none", "no language asked for"))
    if speaks((*service.languages, *desk.languages), wanted):
        return Criterion("language", 0, say("why.language", "speaks {language}", language=wanted))
    if service.interpretation == "yes":
        return Criterion("language", 1, say("why.language.interpreted", "through interpretation"))
    text = say("why.language.unknown", "not known whether {language} is spoken", language=wanted)
    return Criterion("language", 2, text)


def _staffing(desk: ContactPoint, day: str) -> Criterion:
    held = {holder.role for holder in desk.holders if holder.present(day)}
    if desk.staffing is Staffing.OFFICE:
        return Criterion("staffing", 0, say("why.staffing.office", "staffed"))
    if HolderRole.PRIMARY in held:
        return Criterion("staffing", 0, say("why.staffing.primary", "a focal point holds it"))
    if HolderRole.DEPUTY in held:
        return Criterion("staffing", 1, say("why.staffing.deputy", "a deputy holds it"))
    if any(holder.answers(day) for holder in desk.holders):
        return Criterion("staffing", 1, say("why.staffing.stand-in", "somebody stands in for who holds it"))
    if any(holder.holds(day) for holder in desk.holders):
        return Criterion("staffing", 2, say("why.staffing.away", "who holds it is away, and nobody stands in"))
    return Criterion("staffing", 2, say("why.staffing.nobody", "nobody is recorded as holding it"))
