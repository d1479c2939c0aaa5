"""Why no agreed pathway leads to a service, and who could be asked: nobody whom the case avoids, or who isn't there."""

from __future__ import annotations

from collections.abc import Callable

from relaypoint.domain.answer import Need
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.filters import Reason
from relaypoint.domain.model import Body, ContactPoint, Ground, Organization, Pathway, Service
from relaypoint.domain.routing import Route, Ways, applies, at_desk, open_to
from relaypoint.domain.texts import Text, listed, say


def no_route(
    ground: Ground,
    service: Service,
    desk: ContactPoint,
    need: Need,
    day: str,
    ways: Ways,
    askable: Callable[[Organization], bool],
) -> Reason:
    """The reason; ``askable`` says which organizations may be named as those to ask."""
    avoid, taken = need.avoid, need.takes
    owner = service.organization
    towards = [p for p in ground.pathways if p.to.id == owner.id and p.type == service.type]
    mine = [p for p in towards if open_to(p, ground.asker, ground.memberships, day)]
    # What the person refuses is told first, and nobody is named who could go round it.
    target = owner.id, service.type
    if at_desk(ways.with_consent.get(target, ()), desk.id) or target in ground.direct_by:
        return _refused(ground)
    live = [p for p in towards if applies(p, ground, day)]
    if live and not mine and not any(taken(p) for p in live):
        return _refused(ground)
    barred = at_desk(ways.through_all.get(target, ()), desk.id)
    gates = {hop.to.id for hop in barred[0].hops[:-1]} if barred else set()
    ask = _ask(ground, [p for p in live if taken(p) and _may_be_asked(p, ground, gates, avoid, askable)], avoid)
    if barred:
        return Reason("no-pathway", _gateways(barred[0], avoid, day), ask)
    if mine and not any(p.holds(day) for p in mine):
        text = say("out.pathway-expired", "The agreed pathway '{name}' is not in force on this day.", name=mine[0].name)
        return Reason("pathway-expired", text, ask or say("out.pathway-expired.relax", "A coordinator can renew it."))
    if mine and not any(applies(p, ground, day) for p in mine):
        text = say("out.pathway-elsewhere", "The agreed pathway does not cover {place}.", place=ground.place.name)
        return Reason(
            "pathway-elsewhere", text, ask or say("out.pathway-elsewhere.relax", "A coordinator can widen it.")
        )
    if target in ways.open and any(p.contact_point for p in mine):
        elsewhere = "The agreed pathway leads to another contact point of {name}."
        return Reason("no-pathway", say("out.other-desk", elsewhere, name=owner.name))
    text = say("out.no-pathway", "{asker} has no agreed pathway to it.", asker=ground.asker.name)
    return Reason("no-pathway", text, ask or say("out.no-pathway.agree", "A coordinator can agree a pathway."))


def _refused(ground: Ground) -> Reason:
    return Reason(
        "consent",
        say("out.consent", "The person has not agreed to it: {type}.", type=ground.service_type.name),
        say("out.consent.relax", "It fits once the person agrees. Help itself does not depend on it."),
    )


def _gateways(route: Route, avoid: Avoid, day: str) -> Text:
    """Why the only way there can't be gone; whom the case avoids is not named."""
    gates = [hop.to for hop in route.hops[:-1]]
    if any(avoid.bars_organization(gate) for gate in gates):
        return say("out.gateway-avoided", "The agreed way goes through somebody whom the case avoids.")
    gone = [gate.name for gate in gates if not gate.answers(day)]
    if gone:
        text = "The agreed way goes through {gates}, which can't be asked now."
        return say("out.gateway-gone", text, gates=listed(gone))
    text = "The agreed way goes through {gates}, where nobody can be asked by a channel that is safe enough."
    return say("out.no-gateway", text, gates=listed(gate.name for gate in gates))


def _ask(ground: Ground, pathways: list[Pathway], avoid: Avoid) -> Text | None:
    """Who may use these pathways."""
    who = sorted({_who(pathway, ground, avoid) for pathway in pathways})
    return say("out.no-pathway.ask", "Ask somebody who may refer to it: {who}.", who=listed(who)) if who else None


def _who(pathway: Pathway, ground: Ground, avoid: Avoid) -> Text:
    if pathway.from_organization:
        return say("who.organization", "{name}", name=pathway.from_organization.name)
    what = pathway.from_role or pathway.from_kind or ""
    if pathway.task_force is None:
        whom = say("who.kind", "any body of the kind {kind}", kind=what)
    else:
        force = ground.forces.get(pathway.task_force, pathway.task_force)
        whom = say("who.member", "any {role} of {force}", role=what, force=force)
    return say("who.but", "{whom} but whom the case avoids", whom=whom) if avoid.entries else whom


def _may_be_asked(
    pathway: Pathway, ground: Ground, gates: set[str], avoid: Avoid, askable: Callable[[Organization], bool]
) -> bool:
    """Not the asker itself, nor a gateway that was just ruled out."""
    start = pathway.from_organization
    if start is not None:
        return start.id not in gates and start.id != ground.asker.id and askable(start)
    return pathway.from_kind is None or not avoid.bars_body(Body("", pathway.from_kind))
