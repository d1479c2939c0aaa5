"""How contact points are reached while a contingency holds: read anew each time, and written into nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from relaypoint.domain.assurance import NONE, Caps, capped, caps
from relaypoint.domain.contingency import diversions, in_contingency, overlaid
from relaypoint.domain.model import ContactPoint, Named
from relaypoint.domain.rows import Rows
from relaypoint.graph.mapping import owned_desk
from relaypoint.resolvers.backend import Backend


@dataclass(frozen=True, slots=True)
class Overlay:
    """``answering`` has the contact points in contingency, each with who answers for it; None: it does so itself.

    ``caps`` has, by contact point, how much its kinds of channel assure at most.
    """

    answering: Mapping[str, ContactPoint | None] = field(default_factory=dict)
    caps: Mapping[str, Caps] = field(default_factory=dict)

    def desk(self, desk: ContactPoint) -> ContactPoint:
        return capped(overlaid(desk, self.answering), self.caps.get(desk.id, NONE))

    def diverted_to(self, desk: str) -> Named | None:
        """Who answers for the contact point now, where that is another."""
        instead = self.answering.get(desk)
        return Named(instead.id, instead.name) if instead else None


async def overlay(backend: Backend) -> Overlay:
    """What holds now. Where nothing does, it is two small reads."""
    day = backend.now()[:10]
    declared = await backend.store.read("contingencies_on", day=day)
    if not declared and not await backend.store.read("channel_rules_on", day=day):
        return Overlay()
    known = await backend.memory.roster(backend.store)
    what = ("overlay", day)
    if what not in known.derived:
        known.derived[what] = pairs_of(known.rows, day), caps_of(known.rows, day)
    pairs, caps = known.derived[what]
    over = await overlay_of(backend, pairs)
    return replace(over, caps=caps)


def caps_of(rows: Rows, day: str) -> dict[str, Caps]:
    """By contact point, how much its kinds of channel assure at most."""
    by_owner = caps(rows, day)
    desks = rows["contact_points"].items() if by_owner else ()
    return {id: by_owner[row["organization"]] for id, row in desks if row["organization"] in by_owner}


async def overlay_of(backend: Backend, pairs: Mapping[str, str | None]) -> Overlay:
    """``pairs`` has the contact points in contingency, each with the id of who answers for it."""
    others = sorted({other for other in pairs.values() if other is not None})
    rows = await backend.store.read("desks", contact_points=others, organizations=[]) if others else []
    found = {row["desk"]["id"]: owned_desk(row)[0] for row in rows}
    there = {id: replace(desk, contingency=id in pairs) for id, desk in found.items()}
    return Overlay({desk: there.get(other) if other else None for desk, other in pairs.items()})


def pairs_of(rows: Rows, day: str) -> dict[str, str | None]:
    """The contact points in contingency on the day, each with who answers for it; None: it does so itself."""
    desks = in_contingency(rows, day)
    instead = diversions(rows, desks, day)
    return {desk: instead.get(desk) for desk in desks}
