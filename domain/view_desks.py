"""Organizations and contact points as they are on one day, made from rows when they are asked for.

What holds for a time is laid over: contingencies and their diversions, and the rules about channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property

from relaypoint.domain.assurance import NONE, Caps, capped, caps_of, granted
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.contingency import covered, declared, diversions, in_contingency, overlaid
from relaypoint.domain.index import Index
from relaypoint.domain.model import (
    Body,
    Channel,
    ContactPoint,
    Declared,
    Holder,
    Membership,
    Organization,
    Relay,
    holds,
)
from relaypoint.domain.ownership import coordinating_desks
from relaypoint.domain.rows import Columns, upwards
from relaypoint.domain.view_values import channel, holder
from relaypoint.domain.words import ANSWERED_KINDS, MESSAGE_KINDS, ChannelKind, OperationalState, Presence, Staffing


class DeskView:
    def __init__(self, index: Index, day: str, carried: frozenset[ChannelKind] = MESSAGE_KINDS) -> None:
        self.index, self.day, self.carried = index, day, carried
        self._rows = index.rows
        self._organizations: dict[str, Organization] = {}
        self._desks: dict[str, ContactPoint] = {}
        self._members: dict[str, tuple[Membership, ...]] = {}
        self._forces: dict[str, tuple[Columns, ...]] = {}

    # organizations

    def organization(self, id: str) -> Organization:
        if id not in self._organizations:
            row = self._rows["organizations"][id]
            heirs = [each for each in sorted(row["replaced_by"]) if each in self._rows["organizations"]]
            self._organizations[id] = self._body(row, tuple(self._body(self._rows["organizations"][h]) for h in heirs))
        return self._organizations[id]

    def _body(self, row: Columns, heirs: tuple[Organization, ...] = ()) -> Organization:
        rows = self._rows["organizations"]
        bodies = tuple(Body(each, rows[each]["kind"]) for each in sorted(upwards(rows, row["id"], "part_of")))
        return Organization(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            status=row["status"] or "active",
            since=row["since"],
            until=row["until"],
            bodies=bodies,
            lineage=(*bodies, *(Body(each, "") for each in self._came_after({body.id for body in bodies}))),
            replaced_by=heirs,
            closed=self._closed(row["id"]),
        )

    def _closed(self, organization: str) -> bool:
        """Whether it says on the day that all of it has closed."""
        said = [row for row in self.index.of("statuses of", organization) if row["service"] is None]
        return any(row["state"] == OperationalState.CLOSED and holds(row, self.day) for row in said)

    def _came_after(self, bodies: set[str]) -> list[str]:
        """Whom any of these replaced, by itself or as part of another. Their kind was theirs: what came after them has
        its own."""
        rows, before = self._rows["organizations"], set[str]()
        left = list(bodies)
        while left:
            ids = self.index.ids("came after", left.pop())
            fresh = {each for id in ids for each in upwards(rows, id, "part_of")} - before - bodies
            before |= fresh
            left += fresh
        return sorted(before)

    def memberships(self, organization: str) -> tuple[Membership, ...]:
        """Of the organization itself, those that have ended among them."""
        if organization not in self._members:
            self._members[organization] = tuple(
                Membership(
                    role=row["role"],
                    standing=row["standing"] or "full",
                    task_force=row["task_force"],
                    since=row["since"],
                    until=row["until"],
                )
                for row in self.index.of("members of", organization)
            )
        return self._members[organization]

    def forces(self, organization: str) -> tuple[Columns, ...]:
        """The task forces in force that it is a full member of, and those that these lie in: the innermost first."""
        if organization not in self._forces:
            rows = self._rows["task_forces"]
            now = [m for m in self.memberships(organization) if m.holds(self.day)]
            out = {m.task_force for m in now if m.standing == "suspended"}
            full = {id for m in now if m.standing == "full" for id in upwards(rows, m.task_force)}
            ids = [id for id in full - out if holds(rows[id], self.day)]
            inner = sorted(ids, key=lambda id: (-len(upwards(rows, id)), id))
            self._forces[organization] = tuple(rows[id] for id in inner)
        return self._forces[organization]

    # contact points

    def desk(self, id: str) -> ContactPoint:
        """As it is reached on the day: with who answers for it, and its channels as safe as its task forces grant."""
        if id not in self._desks:
            desk = self._desk(id)
            if id in self.contingent:
                other = self.diverted.get(id)
                desk = overlaid(desk, {id: self._desk(other) if other else None})
            self._desks[id] = capped(desk, self._caps(self._rows["contact_points"][id]["organization"]))
        return self._desks[id]

    @cached_property
    def contingent(self) -> frozenset[str]:
        """The contact points for which a contingency holds."""
        return in_contingency(self._rows, self.day)

    @cached_property
    def _declared(self) -> dict[str, Declared]:
        """By contact point the contingency that holds there; of several the one that ends last."""
        rows = [row for row in self._rows["contingencies"].values() if holds(row, self.day)] if self.contingent else []
        return self._where(rows)

    def _where(
        self, contingencies: Iterable[Columns], leave: Callable[[Columns, str], bool] = lambda _, desk: False
    ) -> dict[str, Declared]:
        """``leave`` tells which contact points that one covers are left out."""
        found: dict[str, Declared] = {}
        for row in sorted(contingencies, key=lambda row: (row["until"], row["id"])):
            desks = (desk for desk in covered(self._rows, row, self.day) if not leave(row, desk))
            found |= dict.fromkeys(desks, declared(self._rows, row))
        return found

    @cached_property
    def _standing_in(self) -> frozenset[str]:
        return frozenset(self.diverted.values())

    @cached_property
    def paused(self) -> dict[str, Declared]:
        """By contact point the contingency that lets escalations of its silence wait until it is over: never where a
        body answers that coordinates others, for it declares them; and for a place, of members of its task forces."""
        rows = (row for row in self._rows["contingencies"].values() if row["pause_escalations"] == "yes")
        desks, forces = self._rows["contact_points"], self._rows["task_forces"]
        leading = coordinating_desks(self._rows, (id for id, row in forces.items() if holds(row, self.day)))
        bodies = {desks[id]["organization"] for id in leading}
        pausing = [row for row in rows if holds(row, self.day)]
        led = {row["place"]: self._led(row["place"]) for row in pausing if row["place"]}

        def leave(row: Columns, desk: str) -> bool:
            body = desks[desk]["organization"]
            return body in bodies or (row["place"] in led and body not in led[row["place"]])

        return self._where(pausing, leave)

    def _led(self, place: str) -> set[str]:
        """The members of the task forces for that place or more: whose coordinators can say what waits there."""
        forces, around = self._rows["task_forces"], set(upwards(self._rows["jurisdictions"], place))
        of = {id for id, force in forces.items() if force["jurisdiction"] in around and holds(force, self.day)}
        members = self._rows["memberships"].values()
        return {row["organization"] for row in members if row["task_force"] in of and holds(row, self.day)}

    @cached_property
    def diverted(self) -> dict[str, str]:
        """By contact point, which one answers for it while a contingency holds."""
        return diversions(self._rows, self.contingent, self.day) if self.contingent else {}

    @cached_property
    def _rules(self) -> list[Columns]:
        return [row for row in self._rows["channel_rules"].values() if holds(row, self.day)]

    def _caps(self, organization: str) -> Caps:
        if not self._rules:
            return NONE
        return caps_of(self._rows, self._rules, self.index.of("members of", organization), self.day)

    def _desk(self, id: str) -> ContactPoint:
        row = self._rows["contact_points"][id]
        return ContactPoint(
            id=id,
            name=row["name"],
            organization=row["organization"],
            calendar=Calendar(row["time_zone"] or "UTC", row["hours"], row["holidays"]),
            staffing=Staffing(row["staffing"] or "holder"),
            languages=tuple(row["languages"]),
            service_types=frozenset(row["service_types"]),
            areas=frozenset(row["jurisdictions"]),
            serves=tuple(row["serves"]),
            presence=Presence(row["presence"] or "on-site"),
            holders=tuple(self._holder(each) for each in self.index.of("holders of", id)),
            channels=tuple(self._channel(each) for each in self.index.of("channels of", id)),
            contingency=id in self.contingent,
            declared=self._declared.get(id),
            stands_in=id in self._standing_in,
            since=row["since"],
            until=row["until"],
        )

    def _holder(self, row: Columns) -> Holder:
        holders = self._rows["holders"]
        found = [(each, holders.get(each["stand_in"] or "")) for each in self.index.of("absences of", row["id"])]
        return holder(row, [(each, self._stand_in(instead) if instead else None) for each, instead in found])

    def _stand_in(self, row: Columns) -> Holder:
        desk = self._rows["contact_points"][row["contact_point"]]
        return replace(holder(row), contact_point=desk["id"], bodies=self.organization(desk["organization"]).lineage)

    def _channel(self, row: Columns, before: tuple[str, ...] = ()) -> Channel:
        carried = row["kind"] in self.carried
        if not row["via"]:
            found = channel(row, ())
            return replace(found, shared=self._shared(row), carried=carried) if row["address"] else found
        owner = self._rows["contact_points"][row["via"]]["organization"]
        found = channel(row, self.organization(owner).lineage)
        return replace(found, relay=self._relay(row["via"], before), carried=carried)

    def _shared(self, row: Columns) -> frozenset[str]:
        """Who else is reached at that number or address, by what the roster says of their channels."""
        others = self.index.of("channels at", row["address"])
        if len(others) < 2 or row["kind"] not in ANSWERED_KINDS:
            return frozenset()
        there = {each["contact_point"] for each in others if each["kind"] in ANSWERED_KINDS and holds(each, self.day)}
        desks = [self._rows["contact_points"][id] for id in sorted(there - {row["contact_point"]})]
        return frozenset().union(*(self._answering(desk) for desk in desks if holds(desk, self.day)))

    def _answering(self, *desks: Columns) -> frozenset[str]:
        """The ids of all who may answer where a contact point answers, the last of these, and of the bodies whose they
        are, with the kinds of these."""
        holders = [self._holder(each) for each in self.index.of("holders of", desks[-1]["id"])]
        stand_ins = [person for each in holders for person in each.stand_ins]
        owners = sorted({desk["organization"] for desk in desks})
        people = (*(p for each in holders for p in each.people), *(p.contact_point or "" for p in stand_ins))
        bodies = [body for owner in owners for body in self.organization(owner).lineage]
        bodies += [body for person in stand_ins for body in person.bodies]
        named = (name for body in bodies for name in (body.id, body.kind))
        return frozenset((*(desk["id"] for desk in desks), *people, *named))

    def _relay(self, id: str, before: tuple[str, ...]) -> Relay:
        """Whoever answers there as things are, and how they are reached. What leads back to where it came from (the
        import lets no relays go round in a circle, but diversions may) is no way."""
        answering = self.diverted.get(id, id) if id in self.contingent else id
        desks = [self._rows["contact_points"][each] for each in dict.fromkeys((id, answering))]
        seen, caps = (*before, id), self._caps(desks[-1]["organization"])
        ways = [each for each in self.index.of("channels of", answering) if each["via"] not in seen]
        shut = Presence(desks[-1]["presence"] or "on-site") is Presence.CLOSED
        return Relay(
            answering=self._answering(*desks),
            channels=tuple(granted(self._channel(each, seen), caps) for each in ways),
            works=not shut
            and all(holds(desk, self.day) for desk in desks)
            and all(self.organization(desk["organization"]).answers(self.day) for desk in desks),
            contingency=answering in self.contingent,
        )
