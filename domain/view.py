"""The roster as a decision about a case sees it, on one day: domain values, made from rows when they are asked for.

What holds for a time is laid over: contingencies and their diversions, the rules about channels, and what bodies have
said of how far they work. A value that was made is kept, so that the next case finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

from relaypoint.domain.assurance import NONE, Caps, capped, caps_of
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.contingency import diversions, in_contingency, overlaid
from relaypoint.domain.index import Index, country
from relaypoint.domain.model import (
    Area,
    Body,
    ContactPoint,
    Membership,
    Named,
    Operation,
    Organization,
    Pathway,
    Service,
    holds,
)
from relaypoint.domain.rows import Columns, upwards
from relaypoint.domain.texts import term
from relaypoint.domain.view_values import channel, holder
from relaypoint.domain.words import (
    Access,
    Capacity,
    OperationalState,
    Presence,
    Staffing,
)

if TYPE_CHECKING:
    from relaypoint.domain.search import Names

#: What an operational status says of capacity where it says nothing.
_UNSAID: Final = (None, "unknown")


class View:
    """``index`` is of all rows; ``day`` is ISO. Ids that the roster does not hold are a KeyError, but for ``has``."""

    def __init__(self, index: Index, day: str) -> None:
        self.index, self.day = index, day
        self._rows = index.rows
        self._above: dict[str, tuple[str, ...]] = {}
        self._organizations: dict[str, Organization] = {}
        self._desks: dict[str, ContactPoint] = {}
        self._services: dict[str, Service] = {}
        self._pathways: dict[tuple[str, str], Pathway] = {}
        self._names: dict[tuple[str, ...], Names] = {}
        self._members: dict[str, tuple[Membership, ...]] = {}
        self._forces: dict[str, tuple[Columns, ...]] = {}

    def has(self, sheet: str, id: str) -> bool:
        return id in self._rows[sheet]

    def name(self, sheet: str, id: str) -> str:
        return str(self._rows[sheet][id]["name"])

    def names(self, *sheets: str) -> Names:
        """The names of these sheets, to be searched."""
        from relaypoint.domain.search import Names, entries_of  # Nobody waits for it who gives codes.

        if sheets not in self._names:
            self._names[sheets] = Names(entries_of({sheet: self._rows[sheet] for sheet in sheets}, self.day))
        return self._names[sheets]

    def place(self, id: str) -> Named:
        """With its name as one that can be translated."""
        return Named(id, term(f"place.{id}", self.name_or_id("jurisdictions", id)))

    def name_or_id(self, sheet: str, id: str) -> str:
        return self.name(sheet, id) if self.has(sheet, id) else id

    # places

    def above(self, place: str) -> tuple[str, ...]:
        """The place and all that it lies in, the nearest first."""
        if place not in self._above:
            self._above[place] = tuple(upwards(self._rows["jurisdictions"], place))
        return self._above[place]

    def inside(self, place: str) -> Iterator[str]:
        """All that lies in the place, itself left out."""
        for part in self.index.ids("places in", place):
            yield part
            yield from self.inside(part)

    def area(self, place: str, depth: int) -> Area:
        row = self._rows["jurisdictions"][place]
        desk = self._rows["contact_points"].get(row["hotline"]) if row["hotline"] else None
        return Area(
            id=place,
            name=self.place(place).name,
            depth=depth,
            emergency_number=row["emergency_number"],
            emergency_service=row["emergency_service"],
            hotline=self.desk(desk["id"]) if desk else None,
            hotline_owner=self.organization(desk["organization"]) if desk else None,
            hotline_public=desk["public"] != "no" if desk else True,
            replaced_by=self.named("jurisdictions", row["replaced_by"]),
            since=row["since"],
            until=row["until"],
        )

    def areas(self, place: str) -> tuple[Area, ...]:
        """The place and those that it lies in, the nearest first."""
        return tuple(self.area(each, depth) for depth, each in enumerate(self.above(place)))

    def named(self, sheet: str, ids: Iterable[str]) -> tuple[Named, ...]:
        return tuple(Named(id, self.name(sheet, id)) for id in sorted(ids) if self.has(sheet, id))

    def countries(self, organization: str) -> frozenset[str]:
        """The countries that it, or a body that it is part of, is for; none: not known."""
        rows = self._rows["organizations"]
        named = [rows[each]["jurisdictions"] for each in upwards(rows, organization, "part_of")]
        return frozenset(country(place) for place in chain.from_iterable(named))

    # organizations

    def organization(self, id: str) -> Organization:
        if id not in self._organizations:
            row = self._rows["organizations"][id]
            heirs = [each for each in sorted(row["replaced_by"]) if self.has("organizations", each)]
            self._organizations[id] = self._body(row, tuple(self._body(self._rows["organizations"][h]) for h in heirs))
        return self._organizations[id]

    def _body(self, row: Columns, heirs: tuple[Organization, ...] = ()) -> Organization:
        rows = self._rows["organizations"]
        return Organization(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            status=row["status"] or "active",
            since=row["since"],
            until=row["until"],
            bodies=tuple(Body(each, rows[each]["kind"]) for each in sorted(upwards(rows, row["id"], "part_of"))),
            replaced_by=heirs,
        )

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
            if id in self._contingent:
                other = self._diverted.get(id)
                desk = overlaid(desk, {id: self._desk(other) if other else None})
            self._desks[id] = capped(desk, self._caps(self._rows["contact_points"][id]["organization"]))
        return self._desks[id]

    @cached_property
    def _contingent(self) -> frozenset[str]:
        return in_contingency(self._rows, self.day)

    @cached_property
    def _diverted(self) -> dict[str, str]:
        return diversions(self._rows, self._contingent, self.day) if self._contingent else {}

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
            holders=tuple(holder(each, self._absences(each["id"])) for each in self.index.of("holders of", id)),
            channels=tuple(channel(each, self._relayed(each["via"])) for each in self.index.of("channels of", id)),
            contingency=id in self._contingent,
            since=row["since"],
            until=row["until"],
        )

    def _absences(self, holder: str) -> list[tuple[Columns, Columns | None]]:
        """The absences of a holder, each with who stands in."""
        holders = self._rows["holders"]
        return [(row, holders.get(row["stand_in"] or "")) for row in self.index.of("absences of", holder)]

    def _relayed(self, via: str | None) -> tuple[Body, ...]:
        """The bodies behind the contact point that a channel goes through."""
        return self.organization(self._rows["contact_points"][via]["organization"]).bodies if via else ()

    # what is offered and agreed

    def types(self, service_type: str) -> list[str]:
        """The type and all narrower ones, itself first."""
        found = [service_type]
        for each in found:
            found += [narrower for narrower in self.index.ids("types in", each) if narrower not in found]
        return found

    @cached_property
    def own_tags(self) -> frozenset[str]:
        """The population tags that any service is for, a task force's own among them."""
        return frozenset(tag for row in self._rows["services"].values() for tag in row["serves"])

    def type_of(self, service: str) -> str:
        return str(self._rows["services"][service]["service_type"])

    def access(self, service_type: str) -> Access:
        return Access(self._rows["service_types"][service_type]["access"] or "direct")

    def service(self, id: str) -> Service:
        if id not in self._services:
            self._services[id] = self._service(self._rows["services"][id])
        return self._services[id]

    def _service(self, row: Columns) -> Service:
        owner = row["organization"]
        said = self._said(row)
        stated = said is not None and said["capacity"] not in _UNSAID
        return Service(
            id=row["id"],
            name=row["name"],
            type=row["service_type"],
            organization=self.organization(owner),
            areas=frozenset(row["jurisdictions"]),
            places=tuple(sorted(self.place(each).name for each in row["jurisdictions"])),
            contact_points=tuple(self.desk(each) for each in self.index.ids("desks of", owner)),
            serves=tuple(row["serves"]),
            languages=tuple(row["languages"]),
            interpretation=row["interpretation"] or "unknown",
            capacity=Capacity((said["capacity"] if said and stated else row["capacity"]) or "unknown"),
            capacity_as_of=said["since"] if said and stated else row["capacity_as_of"],
            eligibility=row["eligibility"],
            operation=Operation(OperationalState(said["state"]), said["until"]) if said else None,
            since=row["since"],
            until=row["until"],
        )

    def _said(self, service: Columns) -> Columns | None:
        """What its body has said of it, or of itself, as far as it holds on the day."""
        rows = self.index.of("statuses of", service["organization"])
        said = {row["service"]: row for row in rows if holds(row, self.day)}
        return said.get(service["id"]) or said.get(None)

    def pathway(self, id: str, type: str) -> Pathway:
        """The pathway, as it is for one of its service types."""
        if (id, type) not in self._pathways:
            row = self._rows["pathways"][id]
            start = row["from_organization"]
            self._pathways[id, type] = Pathway(
                id=id,
                name=row["name"],
                type=type,
                to=self.organization(row["to_organization"]),
                from_organization=self.organization(start) if start else None,
                from_kind=row["from_kind"],
                from_role=row["from_role"],
                task_force=row["task_force"],
                contact_point=row["contact_point"],
                areas=frozenset(row["jurisdictions"]),
                basis=row["basis"] or "",
                citation=row["citation"],
                form=row["form"],
                acknowledge_within=row["acknowledge_within"],
                decide_within=row["decide_within"],
                consent=row["consent"] or "none",
                since=row["since"],
                until=row["until"],
            )
        return self._pathways[id, type]
