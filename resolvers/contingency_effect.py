"""What a contingency changes: how contact points are reached, who answers for open steps, which gaps open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relaypoint.domain.channels import usable, weigh
from relaypoint.domain.gaps import gaps
from relaypoint.domain.gaps_roster import Gap
from relaypoint.domain.model import ContactPoint, holds
from relaypoint.domain.rows import Rows
from relaypoint.domain.words import Confidentiality
from relaypoint.graph.mapping import owned_desk
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.leaving import WITHHELD
from relaypoint.resolvers.overlay import Overlay, overlay_of, pairs_of
from relaypoint.resolvers.roster_write import Change, changed


@dataclass(frozen=True, slots=True)
class Reached:
    """A contact point that it covers. ``diverted_to`` answers for it meanwhile; ``reachable``: over any channel, and
    ``otherwise``: over any, were it not for this."""

    id: str
    name: str
    organization: str
    diverted_to: str | None
    reachable: bool
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Switched:
    """A channel that drops out (``on`` is False) or comes in."""

    id: str
    kind: str
    contact_point: str
    on: bool


@dataclass(frozen=True, slots=True)
class Moves:
    """An open step of a referral whose effective contact point changes; ``to`` is None where somebody has to decide."""

    handoff: str
    reference: str
    contact_point: str
    to: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What it changes: ``opens`` are the gaps that it opens, ``closes`` how many it closes."""

    contact_points: list[Reached]
    channels: list[Switched]
    handoffs: list[Moves]
    opens: list[Gap]
    closes: int

    def seen_at(self, desks: Collection[str]) -> Effect:
        """As an organization sees it whose desks these are: of steps that lie elsewhere, that they are there."""
        return replace(
            self,
            handoffs=[
                each if each.contact_point in desks else replace(each, handoff=WITHHELD, reference=WITHHELD)
                for each in self.handoffs
            ],
        )


async def effect_of(backend: Backend, known: Known, changes: Sequence[Change], day: str) -> Effect:
    """Between the roster as it is and as the changes leave it."""
    before, after = known.rows, changed(known.rows, changes)
    was, will = pairs_of(before, day), pairs_of(after, day)
    differ = sorted(desk for desk in was.keys() | will.keys() if was.get(desk, "") != will.get(desk, ""))
    over = await overlay_of(backend, will)
    return Effect(
        contact_points=await reached_under(backend, differ, over, await overlay_of(backend, was)),
        channels=_switched(after, differ, was, will, day),
        handoffs=await _moves(backend, after, differ, over, day),
        **await asyncio.to_thread(_gap_changes, before, after, day),
    )


async def reached_under(backend: Backend, desks: list[str], over: Overlay, otherwise: Overlay) -> list[Reached]:
    def reachable(desk: ContactPoint) -> bool:
        return bool(usable(weigh(desk, floor=Confidentiality.PUBLIC, at=backend.clock())))

    found = []
    for row in await backend.store.read("desks", contact_points=desks, organizations=[]) if desks else []:
        plain, owner = owned_desk(row)
        desk = over.desk(plain)
        instead = desk.diverted_to.id if desk.diverted_to else None
        was = reachable(otherwise.desk(plain))
        found.append(Reached(desk.id, desk.name, owner.id, instead, reachable(desk), was))
    return found


def _switched(
    rows: Rows, desks: list[str], was: Mapping[str, Any], will: Mapping[str, Any], day: str
) -> list[Switched]:
    """The channels whose condition begins or ceases to hold."""
    turned = {desk for desk in desks if (desk in was) != (desk in will)}
    return [
        Switched(row["id"], row["kind"], row["contact_point"], (row["condition"] == "contingency") == (desk in will))
        for row in rows["channels"].values()
        if (desk := row["contact_point"]) in turned and row["condition"] != "always" and holds(row, day)
    ]


async def _moves(backend: Backend, rows: Rows, desks: list[str], over: Overlay, day: str) -> list[Moves]:
    """Each open step there: who would answer for it, or that nobody may."""
    if not desks:
        return []
    there = {
        (found := owned_desk(row))[0].id: found
        for row in await backend.store.read("desks", contact_points=desks, organizations=[])
    }
    moves = []
    for row in await backend.store.read("work_of", desks=desks, day=day):
        desk, owner = there[row["contact_point"]["id"]]
        now = over.desk(desk)
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        uses = weigh(
            now, floor=Confidentiality(row["referral"]["confidentiality"]), at=backend.clock(), avoid=case.avoid
        )
        if case.avoid.bars_contact_point(now, owner) or not usable(uses):
            to, text = None, "nobody may be reached there for it: its sender has to decide"
        elif _answers(now) != desk.id:
            to, text = _answers(now), f"{_answers(now)} answers for it"
        else:
            continue
        moves.append(Moves(row["handoff"]["id"], row["referral"]["reference"], desk.id, to, text))
    return moves


def _answers(desk: ContactPoint) -> str:
    return desk.diverted_to.id if desk.diverted_to else desk.id


def _gap_changes(before: Rows, after: Rows, day: str) -> dict[str, Any]:
    was, will = ({gap.key: gap for gap in gaps(rows, day)} for rows in (before, after))
    opens = [gap for key, gap in will.items() if key not in was]
    return {"opens": opens, "closes": len(was.keys() - will.keys())}
