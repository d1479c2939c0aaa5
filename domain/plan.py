"""Several needs of one case as one plan: each need with who can take it, and the bodies that can take more than one.

A task force's taxonomy says which kinds of help belong to every case of a person: child protection and a guardian to a
child's, formal identification beside an adult's. They come behind what was asked for, and hold up none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relaypoint.domain.answer import Candidate, Excluded, Finding, Need
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.eligibility import is_child, stated
from relaypoint.domain.finding import NEVER, find
from relaypoint.domain.grounds import ground
from relaypoint.domain.model import ContactPoint, Ground, Named, holds
from relaypoint.domain.responsiveness import NO_RESPONSES, Responses
from relaypoint.domain.rows import Columns
from relaypoint.domain.tags import tag as tag_told
from relaypoint.domain.texts import Text, say
from relaypoint.domain.view import View
from relaypoint.domain.words import Access, Presence


@dataclass(frozen=True, slots=True)
class Item:
    """One need of the case. ``added`` says why it is there though nobody asked for it; None: it was asked for.
    ``protects``: it is part of a child's protection."""

    need: Need
    ground: Ground
    finding: Finding
    added: Text | None = None
    protects: bool = False

    @property
    def service_type(self) -> Named:
        return self.ground.service_type

    @property
    def refused(self) -> bool:
        """Whether nobody can take it since the person does not agree: a refusal alone is in the way of one, or is in
        the way, with what may pass, of all that could take it at another time."""
        codes = [{reason.code for reason in out.reasons} for out in self.finding.excluded]
        might = [each for each in codes if each.isdisjoint(NEVER)]
        unagreed = {"consent"} in codes or (bool(might) and all("consent" in each for each in might))
        return not self.finding.candidates and unagreed

    @property
    def lacking(self) -> bool:
        """Whether nobody is found for it whom the person would agree to."""
        return not self.finding.candidates and not self.refused


@dataclass(frozen=True, slots=True)
class Together:
    """An organization that can take several of the needs, and the best candidate for each."""

    organization: Named
    needs: tuple[tuple[Named, Candidate], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """``items`` are the needs as they were asked for, then those added; ``together`` the bodies for several, those for
    most first."""

    items: tuple[Item, ...]
    together: tuple[Together, ...]


@dataclass(frozen=True, slots=True)
class Coordinator:
    """Whom to ask where nothing fits: the coordinating office of a task force, and how it is reached for this case."""

    task_force: Named
    contact_point: ContactPoint
    channels: tuple[ChannelUse, ...]


def plan(view: View, need: Need, also: Sequence[str], at: datetime, responses: Responses = NO_RESPONSES) -> Plan:
    """``need`` is the first need of the case, ``also`` the other service types asked for; the roster holds all ids."""
    need = replace(need, consent=view.agreed(need.consent))
    asked = list(dict.fromkeys((need.service, *also)))
    protection = _protection(view, need.tags)
    items = [_item(view, replace(need, service=each), at, responses, protects=each in protection) for each in asked]
    covered = {type for each in asked for type in view.types(each)}
    for type, tag in _added(view, need.tags):
        if type not in covered:
            covered |= {type, *view.types(type)}
            why = say("plan.added", "Belongs to every case of: {tag}.", tag=tag_told(tag))
            protects = type in protection
            items.append(_item(view, replace(need, service=type), at, responses, why, protects=protects))
    return Plan(tuple(items), tuple(_together(items)))


def _item(
    view: View,
    need: Need,
    at: datetime,
    responses: Responses,
    added: Text | None = None,
    *,
    protects: bool = False,
) -> Item:
    if protects:
        need = replace(need, near=False)  # A child is protected where it is: who answers for another place does not.
    on = ground(view, asker=need.asker, service=need.service, place=need.place, near=need.near, formerly=need.formerly)
    on = replace(on, responses=responses)
    found = find(on, need, at)
    found = replace(found, notes=(*found.notes, *_type_notes(view, need.service)))
    if protects:
        found = replace(found, excluded=tuple(map(_where_the_child_is, found.excluded)))
    item = Item(need, on, found, added, protects)
    if item.refused:
        text = "The person has not agreed to it. It is not looked for, and everything else goes on."
        return replace(item, finding=replace(found, notes=(*found.notes, say("plan.refused", text))))
    if added and not found.candidates:
        text = "Nobody is found for it here. That holds up nothing else."
        return replace(item, finding=replace(found, notes=(*found.notes, say("plan.lacking", text))))
    return item


def _type_notes(view: View, type: str) -> list[Text]:
    row = view.index.rows["service_types"][type]
    if holds(row, view.day):
        return []
    text = "{type} is no kind of help in this roster on this day: what is still offered as such is found."
    return [say("note.type-ended", text, type=row["name"])]


def _where_the_child_is(out: Excluded) -> Excluded:
    """Nobody is told to take a child to another council."""
    reasons = tuple(replace(reason, relax=None) if reason.code == "place" else reason for reason in out.reasons)
    return replace(out, reasons=reasons)


def _added(view: View, tags: Iterable[str]) -> list[tuple[str, str]]:
    """The service types in force that belong to a case with these tags, each with the tag."""
    rows = view.index.rows["service_types"]
    return [
        (type, tag)
        for tag in sorted(stated(tags))
        for type in view.index.ids("types added for", tag)
        if holds(rows[type], view.day)
    ]


def _protection(view: View, tags: Iterable[str]) -> set[str]:
    """The kinds of help that a child's protection is made of, and that take no procedure."""
    if "child" not in stated(tags):
        return set()
    added = {type for type, tag in _added(view, tags) if tag == "child"}
    return {narrower for type in added if view.access(type) is Access.DIRECT for narrower in view.types(type)}


def _together(items: Sequence[Item]) -> list[Together]:
    best: dict[str, dict[str, tuple[Named, Candidate]]] = {}
    for item in items:
        for candidate in item.finding.candidates:
            of = best.setdefault(candidate.service.organization.id, {})
            of.setdefault(item.service_type.id, (item.service_type, candidate))
    found = []
    for needs in best.values():
        if len(needs) > 1:
            owner = next(iter(needs.values()))[1].service.organization
            found.append(Together(Named(owner.id, owner.name), tuple(needs.values())))
    # Of two that are for as many, the one that stands higher for the first need comes first: they were found so.
    return sorted(found, key=lambda each: -len(each.needs))


def coordinating(view: View, need: Need) -> list[tuple[Columns, list[str]]]:
    """The task forces in whose area the place lies, in that order, each with the desks that coordinate and deputise for
    it; those that have none left out."""
    rows, above = view.index.rows["task_forces"], view.above(need.place)
    own = [row for row in view.forces(need.asker) if row["jurisdiction"] in above]
    others = [row for row in rows.values() if row["jurisdiction"] in above and holds(row, view.day)]
    others.sort(key=lambda row: (above.index(row["jurisdiction"]), row["id"]))
    found = []
    for row in {row["id"]: row for row in (*own, *others)}.values():
        if desks := [id for id in (row["coordinator"], *row["deputies"]) if id]:
            found.append((row, desks))
    return found


def direct_help(view: View, need: Need) -> list[str]:
    """The names of the kinds of help that may be asked for without a procedure; what is there for children alone is
    left out of an adult's."""
    rows = [row for _, row in sorted(view.index.rows["service_types"].items()) if holds(row, view.day)]
    direct = [row for row in rows if view.access(row["id"]) is Access.DIRECT]
    return [row["name"] for row in direct if is_child(need.tags) or list(row["added_for"]) != ["child"]]


def coordinators(view: View, need: Need, at: datetime) -> list[Coordinator]:
    """Of the task forces in whose area the place lies: first the asker's own, then the others; the innermost first.
    An office that the case avoids, or that a safe channel does not reach, is left out."""
    found = []
    for row, desks in coordinating(view, need):
        for id in desks:
            desk = view.desk(id)
            owner = view.organization(desk.organization)
            if not desk.holds(view.day) or not owner.answers(view.day) or need.avoid.bars_contact_point(desk, owner):
                continue
            if desk.presence is Presence.CLOSED:
                continue
            uses = weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid)
            if any(use.barred is None for use in uses):
                found.append(Coordinator(Named(row["id"], row["name"]), desk, uses))
                break
    return found
