"""Who can take this case, in which order, and why: the decision behind ``find``.

Every service of the requested type is looked at. ``domain.filters`` give coded reasons; a service without any is a
candidate, and ``domain.criteria`` put the candidates in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Final

from relaypoint.domain import filters
from relaypoint.domain.answer import Candidate, Excluded, Finding, Gateway, Need
from relaypoint.domain.channels import ChannelUse, safest, weigh
from relaypoint.domain.criteria import PRESSING, order_for, reachable, weigh_up
from relaypoint.domain.deadlines import AS_USUAL, Agreed, agreed_time, in_all
from relaypoint.domain.eligibility import fit, fit_of
from relaypoint.domain.filters import Reason
from relaypoint.domain.model import ContactPoint, Ground, Organization, Pathway, Service
from relaypoint.domain.remarks import asker_notes, declared_notes, other_notes, place_notes, remarks, unsaid_of
from relaypoint.domain.routing import Route, routes_to, ways_of
from relaypoint.domain.texts import Text, say
from relaypoint.domain.unrouted import no_route
from relaypoint.domain.words import Presence

#: So many of what is ruled out are shown.
SHOWN: Final = 50

#: What will not be otherwise tomorrow: whom a service is for, and that it is no more.
_LASTING_OF_BODIES: Final = frozenset({"organization-ended", "service-ended", "contact-point-ended", "suspended"})
_LASTING: Final = _LASTING_OF_BODIES | {"eligibility"}
#: What no other day lets in: what is avoided, and what lies elsewhere, as well.
NEVER: Final = _LASTING | {"avoided", "place"}
#: Where nobody answers, or nobody knows by which way.
_SILENT: Final = frozenset({"no-contact-point", "no-channel", "no-working-channel", "closed", "contact-point-closed"})
#: Whom it is no use to ask all the same.
_NOT_ASKED: Final = _LASTING_OF_BODIES | {"closed", "contact-point-closed"}


def find(ground: Ground, need: Need, at: datetime) -> Finding:
    """Ranks what can take the case and explains the rest. The same ground, need and moment give the same answer."""
    search = _Search(ground, need, at)
    names = order_for(need.priority, ground.ranking)
    candidates: list[Candidate] = []
    excluded: list[Excluded] = []
    for service in ground.services:
        fitting, out = search.service(service)
        candidates += fitting
        excluded += out
    for service in ground.elsewhere[: max(0, SHOWN - len(excluded))]:
        excluded += search.service(service)[1]
    ranked = sorted(candidates, key=lambda c: (_key(c, names), c.service.id, c.contact_point.id))
    weighed = len(ground.services) + len(ground.elsewhere)
    return Finding(
        candidates=tuple(_separated(ranked, names)),
        excluded=tuple(sorted(excluded, key=_miss)),
        notes=(*place_notes(ground, search.day), *declared_notes(ground), *asker_notes(ground), *other_notes(ground)),
        total=max(ground.total, weighed) - len({candidate.service.id for candidate in candidates}),
        passed_over=tuple(search.passed_over),
    )


class _Search:
    """One need on its ground, at one moment."""

    def __init__(self, ground: Ground, need: Need, at: datetime) -> None:
        self.ground, self.need, self.at = ground, need, at
        self.day = at.date().isoformat()
        self.pressing = need.priority in PRESSING
        self.passed_over: list[Excluded] = []
        self.ways = ways_of(ground, self.day, need.takes, lambda hop: self.gate(hop) is not None)

    def service(self, service: Service) -> tuple[list[Candidate], list[Excluded]]:
        """Its desks that can take the case; or else why it can't, by the desk that comes nearest."""
        ground, need = self.ground, self.need
        about = tuple(filters.about_service(ground, service, avoid=need.avoid, tags=need.tags, day=self.day))
        tried = [(desk, *self._against(service, desk)) for desk in service.contact_points if desk.takes(service.type)]
        fitting = [(desk, uses, ways) for desk, uses, ways, reasons in tried if not reasons]
        if fitting and not about:
            self.passed_over += [Excluded(service, desk, reasons) for desk, _, _, reasons in tried if reasons]
            return [self._candidate(service, *each) for each in fitting], []
        far = filters.distance(ground, service.areas)
        if not tried:
            gone = any(reason.code in ("organization-ended", "service-ended") for reason in about)
            unsaid = unsaid_of(fit(service.serves, need.tags), need.tags)
            return [], [Excluded(service, None, about if gone else (*about, filters.NO_DESK), far, unsaid=unsaid)]
        desk, uses, _, reasons = min(tried, key=lambda each: self._explains(service, *each))
        reasons, unsaid = (*about, *reasons), unsaid_of(fit_of(service, desk, need.tags), need.tags)
        codes = {reason.code for reason in reasons}
        if "avoided" in codes:  # Nothing lets it in, whatever else would change.
            without = tuple(replace(reason, relax=None) for reason in reasons)
            return [], [Excluded(service, desk, without, far, unsaid=unsaid)]
        may_be_asked = codes.isdisjoint(_NOT_ASKED) and not ground.only_by_pathway(service.type)
        ways = tuple(use for use in uses if use.barred is None) if may_be_asked else ()
        return [], [Excluded(service, desk, reasons, far, ways, safest(uses), unsaid)]

    def _explains(
        self,
        service: Service,
        desk: ContactPoint,
        uses: tuple[ChannelUse, ...],
        _: list[Route],
        reasons: tuple[Reason, ...],
    ) -> tuple[bool, int, bool, int, str]:
        """Which of its desks comes nearest: not one that is avoided; by its reasons, its place, and how soon it is
        reached."""
        avoided = any(reason.code == "avoided" for reason in reasons)
        far = desk.areas.isdisjoint(service.areas)
        return avoided, len(reasons), far, reachable(uses, desk, pressing=self.pressing).value, desk.id

    def _against(
        self, service: Service, desk: ContactPoint
    ) -> tuple[tuple[ChannelUse, ...], list[Route], tuple[Reason, ...]]:
        """The desk's channels, the routes to it, and what speaks against it."""
        ground, need = self.ground, self.need
        uses = weigh(desk, floor=need.confidentiality, at=self.at, avoid=need.avoid)
        reasons = tuple(
            filters.about_desk(
                ground,
                service,
                desk,
                uses,
                avoid=need.avoid,
                floor=need.confidentiality,
                wanted=need.languages,
                tags=need.tags,
                day=self.day,
            )
        )
        found = routes_to(
            service.organization,
            desk.id,
            self.ways.open,
            ground,
            service.type,
            asks=need.asks,
            by_rule=not need.refuses(service.type),
        )
        if not found:
            reasons = (*reasons, no_route(ground, service, desk, need, self.day, self.ways, self.askable))
        return uses, found, reasons

    def _candidate(
        self, service: Service, desk: ContactPoint, uses: tuple[ChannelUse, ...], ways: list[Route]
    ) -> Candidate:
        ground, need = self.ground, self.need
        route, *others = ways
        suits = fit_of(service, desk, need.tags)
        times = self.times(service, route)
        gate = self.gate(route.hops[0]) if route.hops[1:] else None
        remarked = remarks(ground, service, desk, uses, suits, route, need)
        return Candidate(
            service=service,
            contact_point=desk,
            route=route,
            channels=uses,
            criteria=weigh_up(
                ground,
                service,
                desk,
                route=route,
                asked=gate.channels if gate else uses,
                at=gate.contact_point if gate else desk,
                suits=suits,
                wanted=need.languages,
                day=self.day,
                pressing=self.pressing,
            ),
            warnings=tuple(remarked.warnings),
            confirm=tuple(remarked.confirm),
            notes=tuple(remarked.notes),
            decided=self.decided(times),
            times=tuple(in_all(need.priority, [each]) for each in times),
            gateway=gate,
            responds=ground.responses.get((desk.id, service.type)),
            alternatives=tuple(others),
        )

    def decided(self, times: Sequence[str | None]) -> Text:
        """All steps together; where nothing is agreed of one of them, the time is relaypoint's own."""
        time = in_all(self.need.priority, times)
        if None not in times:
            return time
        return say("decided.usual", "{time} (relaypoint's own limit; nothing is agreed)", time=time)

    def times(self, service: Service, route: Route) -> list[str | None]:
        """In how much time each step of the route is decided; None: as is usual."""
        bodies = [self.need.asker, *(hop.to.id for hop in route.hops)] if route.hops else []
        if not bodies:
            return [agreed_time(self.need.priority, self._agreed(self.need.asker, service.organization.id))]
        return [
            hop.decide_within or agreed_time(self.need.priority, self._agreed(sender, hop.to.id))
            for sender, hop in zip(bodies, route.hops, strict=False)
        ]

    def _agreed(self, sender: str, receiver: str) -> Agreed:
        return self.ground.agreed.get((sender, receiver), AS_USUAL)

    def askable(self, body: Organization) -> bool:
        """Whether somebody there can be asked, as far as is known: not where the case avoids all who answer there."""
        avoid = self.need.avoid
        return avoid.leaves(body, self.day) and not avoid.bars_all(self.ground.gates.get(body.id, ()))

    def gate(self, hop: Pathway) -> Gateway | None:
        """The desk at which the pathway's receiver is asked to send the case on; None where there is none that the
        case may pass, by a channel that is safe enough."""
        avoid, gates = self.need.avoid, []
        if not avoid.leaves(hop.to, self.day):
            return None
        for desk in self.ground.gates.get(hop.to.id, ()):
            if hop.contact_point not in (None, desk.id) or not desk.holds(self.day):
                continue
            if not filters.is_for(self.ground, desk, self.need.tags, hop.type) or avoid.bars_contact_point(desk):
                continue
            uses = weigh(desk, floor=self.need.confidentiality, at=self.at, avoid=avoid)
            if desk.presence is not Presence.CLOSED and any(use.barred is None for use in uses):
                gates.append(Gateway(hop.to, desk, uses))

        def far(gate: Gateway) -> tuple[int, str]:
            return reachable(gate.channels, gate.contact_point, pressing=self.pressing).value, gate.contact_point.id

        return min(gates, key=far, default=None)


def _miss(out: Excluded) -> tuple[bool, bool, int, int, int, bool, bool, str]:
    """What is avoided is the farthest, then what is elsewhere, by how far. Of the rest fewer reasons are nearer, of as
    many those that may pass, then those where somebody can be asked, and those of which the case tells all."""
    codes = {reason.code for reason in out.reasons}
    lasting = sum(reason.code in _LASTING for reason in out.reasons)
    place = "avoided" in codes, "place" in codes, out.far
    return *place, len(out.reasons), lasting, not codes.isdisjoint(_SILENT), bool(out.unsaid), out.service.id


def _key(candidate: Candidate, names: Sequence[str]) -> tuple[int, ...]:
    by_name = {criterion.name: criterion.value for criterion in candidate.criteria}
    return tuple(by_name[name] for name in names)


def _separated(ranked: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    """The candidates with their criteria in the order of comparison, and what puts each before the next."""
    result: list[Candidate] = []
    behind: Text | None = None
    answering: dict[tuple[str, str], Candidate] = {}
    for here, after in zip_longest(ranked, ranked[1:]):
        differs = None
        if after is not None:
            pairs = zip(names, _key(here, names), _key(after, names), strict=True)
            differs = next((name for name, mine, theirs in pairs if mine != theirs), None)
        ordered = tuple(sorted(here.criteria, key=lambda criterion: names.index(criterion.name)))
        desk = here.contact_point.diverted_to or here.contact_point
        twin = answering.setdefault((here.service.id, desk.id), here)
        notes = here.notes if twin is here else (*here.notes, _same(twin))
        result.append(replace(here, criteria=ordered, separated_by=differs, behind=behind, notes=notes))
        behind = _behind(here, after, differs) if after else None
    return result


def _same(twin: Candidate) -> Text:
    return say("note.same-desk", "answered by the same desk as {name}, above", name=twin.contact_point.name)


def _behind(before: Candidate, here: Candidate, differs: str | None) -> Text:
    name = _told_apart(before, here)
    if differs is None:
        one, two = before.service, here.service
        if one.areas != two.areas or one.eligibility != two.eligibility:
            text = "equal to {name} in every criterion: look where, and for whom, each of them is"
            return say("why.tie-apart", text, name=name)
        return say("why.tie", "equal to {name} in every criterion: either will do", name=name)
    mine, theirs = (next(c for c in each.criteria if c.name == differs) for each in (here, before))
    text = "after {name} by {criterion}: {mine}; there: {theirs}"
    return say("why.behind", text, name=name, criterion=mine.term, mine=mine.text, theirs=theirs.text)


def _told_apart(before: Candidate, here: Candidate) -> Text:
    """The candidate before this one by what tells the two apart: its body, or else its desk, or else its service."""
    body = before.service.organization
    if body.id != here.service.organization.id:
        return say("who.body", "{body}", body=body.name)
    if before.contact_point.id != here.contact_point.id:
        return say("who.desk", "{desk} of {body}", desk=before.contact_point.name, body=body.name)
    return say("who.service", "{service} of {body}", service=before.service.name, body=body.name)
