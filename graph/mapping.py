"""From rows to the domain's values. The only place that knows the names of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.model import (
    Absence,
    Area,
    Body,
    Channel,
    ContactPoint,
    Ground,
    Holder,
    Membership,
    Named,
    Organization,
    Pathway,
    Service,
)
from relaypoint.domain.words import (
    Access,
    Capacity,
    ChannelCondition,
    ChannelKind,
    ChannelState,
    Confidentiality,
    HolderRole,
    Presence,
    Staffing,
)

Map = Mapping[str, Any]


def organization(row: Map, bodies: list[Map] | None = None, heirs: list[Map] | None = None) -> Organization:
    """``heirs`` are rows of the same form, with their ``bodies`` in them."""
    return Organization(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        status=row.get("status") or "active",
        since=row.get("since"),
        until=row.get("until"),
        bodies=_bodies(bodies),
        replaced_by=tuple(
            organization(heir, heir["bodies"]) for heir in sorted(heirs or (), key=lambda heir: str(heir["id"]))
        ),
    )


def channel(row: Map) -> Channel:
    via = row.get("via")
    return Channel(
        id=row["id"],
        kind=ChannelKind(row["kind"]),
        address=row.get("address"),
        rank=row.get("rank") or 1,
        assurance=Confidentiality(row.get("assurance") or "official"),
        hours=row.get("hours"),
        condition=ChannelCondition(row.get("condition") or "always"),
        state=ChannelState(row.get("state") or "unproven"),
        note=row.get("note"),
        via_contact_point=via["id"] if via else None,
        via=_bodies(via["bodies"]) if via else (),
        since=row.get("since"),
        until=row.get("until"),
    )


def holder(row: Map) -> Holder:
    absences = sorted(row.get("absences") or (), key=lambda each: (each["since"] or "", each["until"] or ""))
    return Holder(
        id=row["id"],
        role=HolderRole(row["role"]),
        rank=row.get("rank") or 1,
        rota=row.get("rota"),
        absences=tuple(
            Absence(
                since=each["since"],
                until=each["until"],
                stand_in=holder(each["stand_in"]) if each["stand_in"] else None,
            )
            for each in absences
        ),
        since=row.get("since"),
        until=row.get("until"),
    )


def contact_point(row: Map, organization_id: str = "") -> ContactPoint:
    return ContactPoint(
        id=row["id"],
        name=row["name"],
        organization=organization_id,
        calendar=Calendar(row.get("time_zone") or "UTC", row.get("hours"), row.get("holidays")),
        staffing=Staffing(row.get("staffing") or "holder"),
        languages=tuple(row.get("languages") or ()),
        service_types=frozenset(row.get("service_types") or ()),
        areas=frozenset(row.get("areas") or ()),
        serves=tuple(row.get("serves") or ()),
        presence=Presence(row.get("presence") or "on-site"),
        holders=tuple(holder(h) for h in sorted(row.get("holders") or (), key=lambda h: str(h["id"]))),
        channels=tuple(channel(c) for c in sorted(row.get("channels") or (), key=lambda c: str(c["id"]))),
        version=row.get("version") or 1,
        since=row.get("since"),
        until=row.get("until"),
    )


def owned_desk(row: Map) -> tuple[ContactPoint, Organization]:
    """A row of the statement ``desks``."""
    owner = organization(row["organization"], row["bodies"])
    return contact_point(row["desk"], owner.id), owner


def service(row: Map) -> Service:
    owner = organization(row["organization"], row["bodies"], row["replaced_by"])
    desks = sorted(row["contact_points"], key=lambda desk: str(desk["id"]))
    return Service(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        organization=owner,
        areas=frozenset(area["id"] for area in row["areas"]),
        places=tuple(sorted(area["name"] for area in row["areas"])),
        contact_points=tuple(contact_point(desk, owner.id) for desk in desks),
        serves=tuple(row["serves"] or ()),
        languages=tuple(row["languages"] or ()),
        interpretation=row["interpretation"] or "unknown",
        capacity=Capacity(row["capacity"] or "unknown"),
        capacity_as_of=row["capacity_as_of"],
        eligibility=row["eligibility"],
        since=row["since"],
        until=row["until"],
    )


def pathway(row: Map) -> Pathway:
    return Pathway(
        id=row["id"],
        name=row["name"],
        type=row["type"],
        to=organization(row["to"], row["to_bodies"]),
        from_organization=organization(row["from"], row["from"]["bodies"]) if row["from"] else None,
        from_kind=row["from_kind"],
        from_role=row["from_role"],
        task_force=row["task_force"],
        contact_point=row["contact_point"],
        areas=frozenset(row["areas"]),
        basis=row["basis"] or "",
        citation=row["citation"],
        form=row["form"],
        acknowledge_within=row["acknowledge_within"],
        decide_within=row["decide_within"],
        consent=row["consent"] or "none",
        since=row["since"],
        until=row["until"],
    )


def area(row: Map) -> Area:
    hotline = row["hotline"]
    return Area(
        id=row["id"],
        name=row["name"],
        depth=row["depth"],
        emergency_number=row["emergency_number"],
        emergency_service=row["emergency_service"],
        hotline=contact_point(hotline) if hotline else None,
        hotline_owner=organization(hotline["owner"], hotline["owner_bodies"]) if hotline else None,
        hotline_public=hotline["public"] != "no" if hotline else True,
        replaced_by=_named(row["replaced_by"]),
        until=row["until"],
    )


def areas(rows: list[Map]) -> tuple[Area, ...]:
    """Nearest first. A place with two parents keeps the nearer depth of a shared ancestor."""
    nearest: dict[str, Area] = {}
    for found in sorted((area(row) for row in rows), key=lambda a: (a.depth, a.id)):
        nearest.setdefault(found.id, found)
    return tuple(nearest.values())


def ground(row: Map) -> Ground:
    """One row of ``find_ground`` in which place, type and asker were found."""
    return Ground(
        place=Named(row["place"]["id"], row["place"]["name"]),
        service_type=Named(row["type"]["id"], row["type"]["name"]),
        access=Access(row["type"]["access"] or "direct"),
        asker=organization(row["asker"], row["asker_bodies"]),
        memberships=tuple(
            Membership(
                role=m["role"],
                standing=m["standing"] or "full",
                task_force=m["task_force"],
                since=m["since"],
                until=m["until"],
            )
            for m in row["memberships"]
        ),
        areas=areas(row["areas"]),
        inside=frozenset(inner["id"] for inner in row["inside"]),
        within={place["id"]: frozenset(place["within"]) for place in (*row["areas"], *row["inside"])},
        services=tuple(service(s) for s in sorted(row["services"], key=lambda s: str(s["id"]))),
        pathways=tuple(pathway(p) for p in sorted(row["pathways"], key=lambda p: str(p["id"]))),
    )


def _bodies(rows: list[Map] | None) -> tuple[Body, ...]:
    return tuple(Body(row["id"], row["kind"]) for row in sorted(rows or (), key=lambda row: str(row["id"])))


def _named(rows: list[Map] | None) -> tuple[Named, ...]:
    return tuple(Named(row["id"], row["name"]) for row in sorted(rows or (), key=lambda row: str(row["id"])))
