"""From rows to the domain's values. The only place that knows the names of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.model import (
    Absence,
    Body,
    Channel,
    ContactPoint,
    Holder,
    Organization,
)
from relaypoint.domain.words import (
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
        since=row.get("since"),
        until=row.get("until"),
    )


def owned_desk(row: Map) -> tuple[ContactPoint, Organization]:
    """A row of the statement ``desks``."""
    owner = organization(row["organization"], row["bodies"])
    return contact_point(row["desk"], owner.id), owner


def _bodies(rows: list[Map] | None) -> tuple[Body, ...]:
    return tuple(Body(row["id"], row["kind"]) for row in sorted(rows or (), key=lambda row: str(row["id"])))
