"""What a contingency changes: how contact points are reached, who answers for open steps, which gaps open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from relaypoint.domain.channels import usable, weigh
from relaypoint.domain.gaps import gaps
from relaypoint.domain.gaps_roster import Gap
from relaypoint.domain.model import ContactPoint, holds
from relaypoint.domain.rows import Rows
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.leaving import WITHHELD
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
    was = view_of(known, backend.clock())
    will = View(known.index.after(after, [asdict(change) for change in changes]), day, known.carried)
    answered, answers = _answering(was), _answering(will)
    differ = sorted(
        desk for desk in answered.keys() | answers.keys() if answered.get(desk, "") != answers.get(desk, "")
    )
    return Effect(
        contact_points=reached_under(differ, will, was, backend.clock()),
        channels=_switched(after, differ, was.contingent, will.contingent, day),
        handoffs=await _moves(backend, differ, will),
        **await asyncio.to_thread(_gap_changes, before, after, day),
    )


def _answering(view: View) -> dict[str, str | None]:
    """The contact points in contingency, each with who answers for it; None: it does so itself."""
    return {desk: view.diverted.get(desk) for desk in view.contingent}


def without_contingency(known: Known, day: str) -> View:
    """The roster as it would be, did no contingency hold."""
    return View(known.index.after({**known.rows, "contingencies": {}}, ()), day, known.carried)


def reached_under(desks: Sequence[str], view: View, otherwise: View, at: datetime) -> list[Reached]:
    def reachable(desk: ContactPoint) -> bool:
        return bool(usable(weigh(desk, floor=Confidentiality.PUBLIC, at=at)))

    found = []
    for id in desks:
        desk = view.desk(id)
        instead = desk.diverted_to.id if desk.diverted_to else None
        found.append(Reached(id, desk.name, desk.organization, instead, reachable(desk), reachable(otherwise.desk(id))))
    return found


def _switched(rows: Rows, desks: list[str], was: Collection[str], will: Collection[str], day: str) -> list[Switched]:
    """The channels whose condition begins or ceases to hold."""
    turned = {desk for desk in desks if (desk in was) != (desk in will)}
    return [
        Switched(row["id"], row["kind"], row["contact_point"], (row["condition"] == "contingency") == (desk in will))
        for row in rows["channels"].values()
        if (desk := row["contact_point"]) in turned and row["condition"] != "always" and holds(row, day)
    ]


async def _moves(backend: Backend, desks: list[str], view: View) -> list[Moves]:
    """Each open step there: who would answer for it, or that nobody may."""
    if not desks:
        return []
    moves = []
    for row in await backend.store.read("work_of", desks=desks, day=view.day):
        desk = view.desk(row["contact_point"]["id"])
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        uses = weigh(
            desk, floor=Confidentiality(row["referral"]["confidentiality"]), at=backend.clock(), avoid=case.avoid
        )
        if case.avoid.bars_contact_point(desk, view.organization(desk.organization)) or not usable(uses):
            to, text = None, "nobody may be reached there for it: its sender has to decide"
        elif _answers(desk) != desk.id:
            to, text = _answers(desk), f"{_answers(desk)} answers for it"
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
