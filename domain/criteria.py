"""The named criteria that candidates are ordered by, one after the other, with no weights. Lower is better in each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.channels import ChannelUse, by_voice, doubtful, usable
from relaypoint.domain.deadlines import minutes_told
from relaypoint.domain.eligibility import Fit, dimension
from relaypoint.domain.languages import first_spoken, language, languages
from relaypoint.domain.model import ContactPoint, Ground, Service
from relaypoint.domain.responsiveness import Responsiveness
from relaypoint.domain.routing import Route
from relaypoint.domain.tags import any_tag
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.words import Capacity, HolderRole, Priority, RankedBy, Staffing

#: In hours, up to which a median time to decide counts as alike. Who is not known stands before who is slower.
_SOON: Final = (1, 4, 24, 72)

#: The order of comparison. Where time presses, whether somebody can be reached now comes before the agreed way.
CRITERIA: Final = tuple(each.value for each in RankedBy)

_DIMENSIONS: Final = {
    "age": say("dimension.age", "age"),
    "sex": say("dimension.sex", "sex"),
    "exploitation": say("dimension.exploitation", "kind of exploitation"),
    "access": say("dimension.access", "accessibility"),
    "own": say("dimension.own", "a tag of the task force"),
}

_CAPACITY: Final = {Capacity.OPEN: 0, Capacity.LIMITED: 1, Capacity.UNKNOWN: 2, Capacity.FULL: 3}

#: Where somebody has to be spoken with, not only written to.
PRESSING: Final = frozenset({Priority.STAT, Priority.ASAP})

#: What the criteria are called.
TERMS: Final = {
    "route": say("criterion.route", "the way to it"),
    "reachable": say("criterion.reachable", "reachability"),
    "fit": say("criterion.fit", "closeness of fit"),
    "place": say("criterion.place", "place"),
    "language": say("criterion.language", "language"),
    "capacity": say("criterion.capacity", "capacity"),
    "staffing": say("criterion.staffing", "staffing"),
    "responsiveness": say("criterion.responsiveness", "responsiveness"),
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """How one candidate stands: ``value`` is compared, ``text`` says it."""

    name: str
    value: int
    text: Text

    @property
    def term(self) -> Text:
        return TERMS[self.name]


def order_for(priority: Priority, ranking: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of the criteria in the order in which they are compared: first those of ``ranking``, a task force's
    own, then the others. Where time presses, whether somebody can be reached now comes before all."""
    ordered = dict.fromkeys((*ranking, *CRITERIA))
    if priority in PRESSING:
        ordered = dict.fromkeys(("reachable", *ordered))
    return tuple(ordered)


def weigh_up(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    *,
    route: Route,
    asked: Sequence[ChannelUse],
    at: ContactPoint,
    suits: Fit,
    wanted: Sequence[str],
    day: str,
    pressing: bool,
) -> tuple[Criterion, ...]:
    """Every criterion for one candidate, in the order of ``CRITERIA``.

    ``asked`` are the channels of whom one asks ``at``: of the desk, or of the gateway that leads to it. ``pressing``:
    somebody has to be spoken with now.
    """
    return (
        _route(route, own=service.organization.id == ground.asker.id),
        reachable(asked, at, pressing=pressing),
        _fit(suits),
        _place(ground, service, desk),
        _language(service, desk, wanted),
        Criterion("capacity", _CAPACITY[service.capacity], say("why.capacity", "{state}", state=service.capacity)),
        _staffing(desk, day),
        _responsiveness(ground.responses.get((desk.id, service.type))),
    )


def _route(route: Route, *, own: bool) -> Criterion:
    if own:
        return Criterion("route", 0, say("why.route.own", "your own organization"))
    if route.by:
        text = say("why.route.rule", "asked directly, as {force} allows", force=route.by.name)
        return Criterion("route", 1, text)
    if route.direct:
        return Criterion("route", 1, say("why.route.direct", "asked directly"))
    if len(route.hops) == 1:
        return Criterion("route", 0, say("why.route.pathway", "agreed pathway: {name}", name=route.hops[0].name))
    gates = ", ".join(hop.to.name for hop in route.hops[:-1])
    return Criterion("route", len(route.hops), say("why.route.through", "through {gates}", gates=gates))


def reachable(uses: Sequence[ChannelUse], desk: ContactPoint, *, pressing: bool = False) -> Criterion:
    """How soon one gets through to the desk over its channels; where it is ``pressing``, to somebody who speaks."""
    may = usable(uses)
    if any(use.open is not False for use in may) and doubtful(desk, uses):
        text = "a contingency holds there, and no other way was planned: it may not be answered"
        return Criterion("reachable", 1, say("why.reachable.contingency", text))
    if pressing and not any(use.open for use in by_voice(may)) and any(use.open for use in may):
        text = "can be written to now; nobody is known to answer by phone now"
        return Criterion("reachable", 1, say("why.reachable.written", text))
    if any(use.open for use in may):
        return Criterion("reachable", 0, say("why.reachable.open", "a channel is open now"))
    if any(use.open is None for use in may):
        return Criterion("reachable", 1, say("why.reachable.unknown", "hours are not known"))
    return Criterion("reachable", 2, say("why.reachable.closed", "closed now"))


def _fit(suits: Fit) -> Criterion:
    """The less has to be asked first, the better; of as much, the more of what the case tells it is made for."""
    unsure = {dimension(tag) for each in suits.unknown for tag in each}
    value = len(unsure) * (len(_DIMENSIONS) + 1) + len(suits.open)
    made, anyone = (listed(_DIMENSIONS[name] for name in sorted(names)) for names in (suits.matched, suits.open))
    if suits.unknown:
        tags = listed(any_tag(each) for each in suits.unknown)
        if not suits.matched:
            return Criterion("fit", value, say("why.fit.confirm", "to be confirmed ({tags})", tags=tags))
        text = "made for this case in {made}; to be confirmed ({tags})"
        return Criterion("fit", value, say("why.fit.made-confirm", text, made=made, tags=tags))
    if not suits.matched:
        return Criterion("fit", value, say("why.fit.anyone", "open to anyone"))
    if not suits.open:
        return Criterion("fit", value, say("why.fit.made", "made for this case"))
    text = "made for this case in {made}; open to anyone in {anyone}"
    return Criterion("fit", value, say("why.fit.partly", text, made=made, anyone=anyone))


def _place(ground: Ground, service: Service, desk: ContactPoint) -> Criterion:
    covered = desk.areas or service.areas
    near = [area for area in ground.areas if area.id in covered]
    if near:
        return Criterion("place", near[0].depth, say("why.place", "covers {place}", place=near[0].name))
    if not covered.isdisjoint(ground.inside):
        text = say("why.place.part", "covers part of {place}", place=ground.place.name)
        return Criterion("place", len(ground.areas), text)
    text = say("why.place.near", "near {place}, not in it", place=ground.place.name)
    return Criterion("place", len(ground.areas) + 1, text)


def _language(service: Service, desk: ContactPoint, wanted: Sequence[str]) -> Criterion:
    if not wanted:
        return Criterion("language", 0, say("why.language.none", "no language asked for"))
    spoken = first_spoken((*service.languages, *desk.languages), wanted)
    if spoken is not None:
        return Criterion(
            "language", 0, say("why.language", "speaks {language}", language=language(spoken.split("-")[0]))
        )
    if service.interpretation == "yes":
        return Criterion("language", 1, say("why.language.interpreted", "through interpretation"))
    text = say("why.language.unknown", "not known whether {language} is spoken", language=languages(wanted))
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


def _responsiveness(found: Responsiveness | None) -> Criterion:
    if found is not None and found.silent:
        text = "of {count} cases half or more still wait for an answer"
        return Criterion("responsiveness", len(_SOON) + 2, say("why.responsiveness.silent", text, count=found.count))
    if found is None or found.decide is None:
        return Criterion(
            "responsiveness", len(_SOON), say("why.responsiveness.unknown", "not known how soon it decides")
        )
    text = "decides within {time}, as a rule (of {count} cases)"
    said = say("why.responsiveness", text, time=minutes_told(found.decide), count=found.count)
    value = bisect_left(_SOON, found.decide / 60)
    return Criterion("responsiveness", value if value < len(_SOON) else value + 1, said)
