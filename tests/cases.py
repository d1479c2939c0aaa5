"""Makers of the domain's values with sound defaults. The country is Antarctica, where nobody lives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from relaypoint.domain.answer import Finding, Need
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.model import (
    Area,
    Body,
    Channel,
    ContactPoint,
    Ground,
    Membership,
    Named,
    Organization,
    Pathway,
    Service,
)
from relaypoint.domain.words import Access, ChannelKind, Confidentiality, Staffing

#: A Monday, at noon and at night; both in winter, so that London shows UTC.
NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIGHT: Final = datetime(2026, 11, 23, 2, tzinfo=UTC)

ALWAYS: Final = Calendar("Europe/London", "24/7")
OFFICE_HOURS: Final = Calendar("Europe/London", "Mo-Fr 09:00-17:00")
UNKNOWN_HOURS: Final = Calendar("Europe/London")


# The domain's values


def phone(id: str = "phone", **more: Any) -> Channel:
    given = {"kind": ChannelKind.PHONE, "address": "+441632960001", "assurance": Confidentiality.CONFIDENTIAL}
    return Channel(id=id, **{**given, **more})


def mail(id: str = "mail", **more: Any) -> Channel:
    return Channel(id=id, **{"kind": ChannelKind.EMAIL, "address": "desk@desk.example", **more})


def desk(id: str = "desk", *channels: Channel, **more: Any) -> ContactPoint:
    """Always open and staffed by an office; with a phone unless channels are given (``channels=()`` for none)."""
    given = {"name": f"the {id}", "calendar": ALWAYS, "staffing": Staffing.OFFICE, "channels": channels or (phone(),)}
    return ContactPoint(id=id, **{**given, **more})


def body(id: str, kind: str = "cso", *parents: Body, **more: Any) -> Organization:
    return Organization(**{"id": id, "name": f"Body {id}", "kind": kind, "bodies": (Body(id, kind), *parents), **more})


def service(id: str = "help", owner: Organization | None = None, *desks: ContactPoint, **more: Any) -> Service:
    """Covers the place itself; its only desk is named after it unless desks are given."""
    given = {
        "name": f"Service {id}",
        "type": "shelter",
        "organization": owner or body(f"{id}-org"),
        "areas": frozenset({"AQ-BAY"}),
        "contact_points": desks or (desk(f"{id}-desk"),),
    }
    return Service(id=id, **{**given, **more})


def pathway(id: str, start: str | None, to: str | Organization, **more: Any) -> Pathway:
    """From the organization ``start``, unless ``from_role`` or ``from_kind`` is given."""
    given = {
        "name": f"Pathway {id}",
        "type": "shelter",
        "to": body(to) if isinstance(to, str) else to,
        "from_organization": body(start) if start else None,
    }
    return Pathway(id=id, **{**given, **more})


def ground(*services: Service, **more: Any) -> Ground:
    """The place is a bay in a region of a country; help is asked for directly. Whom a pathway leads to has a desk at
    which it passes a case on, unless ``gates`` are given."""
    given = {
        "place": Named("AQ-BAY", "Bay"),
        "service_type": Named("shelter", "Shelter"),
        "access": Access.DIRECT,
        "asker": body("asker"),
        "memberships": (Membership(role="first-responder", standing="full", task_force="force"),),
        "areas": (
            Area(id="AQ-BAY", name="Bay", depth=0),
            Area(id="AQ-NORTH", name="North", depth=1),
            Area(id="AQ", name="Country", depth=2),
        ),
        "inside": frozenset({"AQ-BAY-QUAY"}),
        "within": {
            "AQ-BAY": frozenset({"AQ-NORTH", "AQ"}),
            "AQ-NORTH": frozenset({"AQ"}),
            "AQ-BAY-QUAY": frozenset({"AQ-BAY", "AQ-NORTH", "AQ"}),
        },
        "services": services,
        "pathways": (),
    }
    gates = {way.to.id: (desk(f"{way.to.id}-gate"),) for way in more.get("pathways", ())}
    return Ground(**{**given, "gates": gates, **more})


def need(*, avoid: Sequence[str] = (), **more: Any) -> Need:
    return Need(**{"asker": "asker", "service": "shelter", "place": "AQ-BAY", "avoid": Avoid.of(avoid), **more})


def order(finding: Finding) -> list[str]:
    """The services of the candidates, best first."""
    return [candidate.service.id for candidate in finding.candidates]


def codes(finding: Finding) -> dict[str, list[str]]:
    """The excluded services in their order, with the codes of their reasons."""
    return {out.service.id: [reason.code for reason in out.reasons] for out in finding.excluded}
