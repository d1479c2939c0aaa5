"""The roster as a decision about a case sees it, on one day: domain values, made from rows when they are asked for.

A value that was made is kept, so that the next case finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.index import Index, country
from relaypoint.domain.model import (
    Area,
    Named,
    Operation,
    Pathway,
    Service,
    access,
    holds,
)
from relaypoint.domain.rows import Columns, upwards
from relaypoint.domain.texts import term
from relaypoint.domain.view_desks import DeskView
from relaypoint.domain.words import (
    MESSAGE_KINDS,
    Access,
    Capacity,
    ChannelKind,
    OperationalState,
    OrganizationKind,
)

if TYPE_CHECKING:
    from relaypoint.domain.search import Names

#: The dates of what has neither begun nor will end.
_ALWAYS: Final = {"since": None, "until": None}

#: What an operational status says of capacity where it says nothing.
_UNSAID: Final = (None, "unknown")


class View(DeskView):
    """Places, services and pathways, beside organizations and contact points.

    ``index`` is of all rows; ``day`` is ISO; ``carried`` are the kinds of channels that messages can be sent by from
    here. Ids that the roster does not hold are a KeyError, but for ``has``.
    """

    def __init__(self, index: Index, day: str, carried: frozenset[ChannelKind] = MESSAGE_KINDS) -> None:
        super().__init__(index, day, carried)
        self._above: dict[str, tuple[str, ...]] = {}
        self._services: dict[str, Service] = {}
        self._pathways: dict[tuple[str, str], Pathway] = {}
        self._names: dict[tuple[str, ...], Names] = {}

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
        left = [*reversed(self.index.ids("places in", place))]
        while left:
            part = left.pop()
            yield part
            left += reversed(self.index.ids("places in", part))

    def line(self, place: str) -> list[str]:
        """The place, and what came after it and after that, as long as that is one place each time."""
        rows, found = self._rows["jurisdictions"], [place]
        while (here := rows[found[-1]])["until"] and here["until"] <= self.day:
            heirs = [each for each in here["replaced_by"] if each in rows and each not in found]
            if len(here["replaced_by"]) != 1 or not heirs:
                break
            found += heirs
        return found

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
            hotline_public=self._public(desk["id"]) if desk else True,
            replaced_by=self.named("jurisdictions", row["replaced_by"]),
            since=row["since"],
            until=row["until"],
        )

    def _public(self, desk: str) -> bool:
        """Whether who answers there as things are may be shown to everybody."""
        answering = self.diverted.get(desk, desk) if desk in self.contingent else desk
        return all(self._rows["contact_points"][each]["public"] != "no" for each in (desk, answering))

    def areas(self, place: str) -> tuple[Area, ...]:
        """The place and those that it lies in, the nearest first."""
        return tuple(self.area(each, depth) for depth, each in enumerate(self.above(place)))

    def named(self, sheet: str, ids: Iterable[str]) -> tuple[Named, ...]:
        return tuple(Named(id, self.name(sheet, id)) for id in sorted(ids) if self.has(sheet, id))

    def countries(self, organization: str) -> frozenset[str]:
        """The countries that it, or a body that it is part of, is for; or else its task forces'. None: not known."""
        rows = self._rows["organizations"]
        named = [rows[each]["jurisdictions"] for each in upwards(rows, organization, "part_of")]
        found = frozenset(country(place) for place in chain.from_iterable(named))
        return found or frozenset(country(force["jurisdiction"]) for force in self.forces(organization))

    # whom a case avoids

    def means_police(self, avoid: Avoid) -> bool:
        """Whether police is avoided: as a kind, or a force by its name, its contact point or who holds it."""
        return avoid.everybody or any(OrganizationKind.POLICE in self._kinds(entry) for entry in avoid.entries)

    def _kinds(self, entry: str) -> frozenset[str]:
        rows = self._rows
        if entry in rows["holders"]:
            entry = rows["holders"][entry]["contact_point"]
        if entry in rows["contact_points"]:
            entry = rows["contact_points"][entry]["organization"]
        if entry in rows["organizations"]:
            return frozenset(body.kind for body in self.organization(entry).bodies)
        return frozenset((entry,))

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
        return access(self._rows["service_types"], service_type)

    def agreed(self, consent: frozenset[str] | None) -> frozenset[str] | None:
        """The service types that somebody agrees to who agrees to these: the narrower ones with the wider."""
        return None if consent is None else frozenset(each for type in consent for each in self.types(type))

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
            places=tuple(sorted((self.place(each) for each in row["jurisdictions"]), key=lambda place: place.name)),
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
            start, force = row["from_organization"], self._rows["task_forces"].get(row["task_force"] or "", _ALWAYS)
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
                start_within=row["start_within"],
                complete_within=row["complete_within"],
                consent=row["consent"] or "none",
                # What a task force has agreed holds as long as there is one.
                since=max(filter(None, (row["since"], force["since"])), default=None),
                until=min(filter(None, (row["until"], force["until"])), default=None),
            )
        return self._pathways[id, type]
