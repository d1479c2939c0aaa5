"""Who can be asked to begin the agreed way to a service that the asker has no way to: by phone, the nearest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relaypoint.domain.channels import ChannelUse, by_voice, weigh
from relaypoint.domain.criteria import reachable
from relaypoint.domain.eligibility import fit
from relaypoint.domain.filters import covers
from relaypoint.domain.model import ContactPoint, Organization, Pathway, holds
from relaypoint.domain.plan import Item
from relaypoint.domain.routing import applies, open_to
from relaypoint.domain.view import View
from relaypoint.domain.words import Presence

#: Where nothing but the way is lacking.
_WAY: Final = frozenset({"no-pathway", "pathway-expired", "pathway-elsewhere"})
#: So many are named.
_MOST: Final = 2


@dataclass(frozen=True, slots=True)
class Referrer:
    """``channels`` are those by voice."""

    organization: Organization
    contact_point: ContactPoint
    channels: tuple[ChannelUse, ...]


def referrers(view: View, item: Item, at: datetime) -> list[Referrer]:
    """None where the way is not all that is lacking. Nobody whom the case avoids, who is elsewhere or can't be phoned.

    Of bodies that cover the place who answers now comes first, then who is for a smaller place.
    """
    bodies = dict.fromkeys(id for pathway in _ways(item, view.day) for id in _starts(view, pathway))
    found = []
    for id in bodies:
        far = _far(view, item, id)
        if far is not None and id != item.need.asker and (who := _reached(view, item, id, at)):
            known = reachable(who.channels, who.contact_point, pressing=True).value
            found.append((known, far, who.organization.name, id, who))
    return [who for *_, who in sorted(found, key=lambda each: each[:4])[:_MOST]]


def _ways(item: Item, day: str) -> list[Pathway]:
    """The pathways in force to those that would fit if the asker had one."""
    near = (out for out in item.finding.excluded if _WAY.issuperset(reason.code for reason in out.reasons))
    wanted = {(out.service.organization.id, out.service.type) for out in near}
    return [
        pathway
        for pathway in item.ground.pathways
        if (pathway.to.id, pathway.type) in wanted and applies(pathway, item.ground, day) and item.need.takes(pathway)
    ]


def _starts(view: View, pathway: Pathway) -> Iterator[str]:
    """The bodies that may begin it. Of a mere kind they are too many to be named."""
    if pathway.from_organization is not None:
        yield pathway.from_organization.id
    elif pathway.task_force is not None:
        for body in dict.fromkeys(row["organization"] for row in view.index.of("members in", pathway.task_force)):
            if open_to(pathway, view.organization(body), view.memberships(body), view.day):
                yield body


def _far(view: View, item: Item, body: str) -> int | None:
    """How much larger than the place it is for; None: it is for another."""
    places = set(view.index.rows["organizations"][body]["jurisdictions"])
    for row in view.index.of("services of", body):
        places.update(row["jurisdictions"])
    return next((depth for depth, area in enumerate(item.ground.areas) if area.id in places), None)


def _reached(view: View, item: Item, body: str, at: datetime) -> Referrer | None:
    """Its desk that can be phoned: one for such cases, where it has any, and of these the one that answers first."""
    owner, need = view.organization(body), item.need
    served = [row["serves"] for row in view.index.of("services of", body) if holds(row, view.day)]
    if not need.avoid.leaves(owner, view.day) or (served and all(fit(each, need.tags).against for each in served)):
        return None  # Who helps nobody like this person is not sent to them either.
    found = []
    for desk in (view.desk(id) for id in view.index.ids("desks of", body)):
        if not desk.holds(view.day) or desk.presence is Presence.CLOSED:
            continue
        elsewhere = bool(desk.areas) and not covers(item.ground, desk.areas)
        if elsewhere or fit(desk.serves, need.tags).against or need.avoid.bars_contact_point(desk):
            continue
        voices = by_voice(weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid))
        if voices:
            known = reachable(voices, desk, pressing=True).value
            found.append((not desk.takes(need.service), known, desk.id, Referrer(owner, desk, voices)))
    return min(found, key=lambda each: each[:3])[3] if found else None
