"""Makers for tests: the domain's values with sound defaults, and a small made-up roster with a store that holds it.

The roster's country is Antarctica, where nobody lives; its numbers are kept free for drama, its mailboxes end in
``.example``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import kglite
import neo4j

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.finding import Finding, Need
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
from relaypoint.domain.policy import OPERATOR, Kind, Subject
from relaypoint.domain.words import Access, ChannelKind, Confidentiality, Staffing
from relaypoint.graph import Store
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import NeedInput
from relaypoint.resolvers.roster import import_roster
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.resolvers.vault import Vault

#: As the suite's own: for fixtures that live as long as a module.
ENGINES: Final = (os.environ.get("RELAYPOINT_TEST_ENGINE") or "embedded neo4j").split()

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
    return Organization(
        **{"id": id, "name": f"Body {id}", "kind": kind, "bodies": (Body(id, kind), *parents), **more}
    )


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


def pathway(id: str, start: str | None, to: str, **more: Any) -> Pathway:
    """From the organization ``start``, unless ``from_role`` or ``from_kind`` is given."""
    given = {
        "name": f"Pathway {id}",
        "type": "shelter",
        "to": Named(to, f"Body {to}"),
        "from_organization": Named(start, f"Body {start}") if start else None,
    }
    return Pathway(id=id, **{**given, **more})


def ground(*services: Service, **more: Any) -> Ground:
    """The place is a bay in a region of a country; help is asked for directly."""
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
        "services": services,
        "pathways": (),
    }
    return Ground(**{**given, **more})


def need(*, avoid: Sequence[str] = (), **more: Any) -> Need:
    return Need(**{"asker": "asker", "service": "shelter", "place": "AQ-BAY", "avoid": Avoid.of(avoid), **more})


def order(finding: Finding) -> list[str]:
    """The services of the candidates, best first."""
    return [candidate.service.id for candidate in finding.candidates]


def codes(finding: Finding) -> dict[str, list[str]]:
    """The excluded services in their order, with the codes of their reasons."""
    return {out.service.id: [reason.code for reason in out.reasons] for out in finding.excluded}


# A small roster and a store that holds it

Sheets = dict[str, list[dict[str, str]]]

_ZONE = {"time_zone": "Europe/London"}
_FORCE = {"task_force": "force"}

_ROSTER: Final[Sheets] = {
    "jurisdictions": [
        {
            "id": "AQ",
            "name": "The Ice",
            "kind": "country",
            "emergency_number": "112",
            "emergency_service": "rescue",
            "hotline": "hotline-desk",
        },
        {"id": "AQ-NORTH", "name": "The North", "kind": "region", "within": "AQ"},
        {"id": "AQ-BAY", "name": "Penguin Bay", "kind": "local-authority", "within": "AQ-NORTH"},
        {"id": "AQ-SOUTH", "name": "The South", "kind": "region", "within": "AQ"},
    ],
    "organizations": [
        {"id": "harbour", "name": "Harbour Shelter", "kind": "cso"},
        {"id": "dawn", "name": "Dawn House", "kind": "cso"},
        {"id": "lantern", "name": "Lantern", "kind": "cso"},
        {"id": "stranger", "name": "Stranger", "kind": "cso"},
        {"id": "ice-police", "name": "Ice Police", "kind": "police"},
        {"id": "crime-unit", "name": "Crime Unit", "kind": "government", "part_of": "ice-police"},
        {"id": "decider", "name": "Decision Office", "kind": "competent-authority"},
        {"id": "coordination", "name": "Coordination Office", "kind": "government"},
        {"id": "helpline", "name": "Helpline", "kind": "cso"},
    ],
    "task_forces": [
        {
            "id": "force",
            "name": "Task Force of the Ice",
            "level": "national",
            "jurisdiction": "AQ",
            "coordinator": "coordination-desk",
        }
    ],
    "memberships": [
        {"id": "m-harbour", "organization": "harbour", "role": "first-responder", **_FORCE},
        {"id": "m-dawn", "organization": "dawn", "role": "support-provider", **_FORCE},
        {"id": "m-lantern", "organization": "lantern", "role": "support-provider", **_FORCE},
        {"id": "m-crime-unit", "organization": "crime-unit", "role": "support-provider", **_FORCE},
        {"id": "m-decider", "organization": "decider", "role": "competent-authority", **_FORCE},
    ],
    "service_types": [
        {"id": "shelter", "name": "Shelter"},
        {"id": "identification", "name": "Formal identification", "access": "pathway"},
    ],
    "services": [
        {
            "id": "dawn-shelter",
            "name": "Rooms at Dawn House",
            "organization": "dawn",
            "service_type": "shelter",
            "jurisdictions": "AQ-NORTH",
            "serves": "adult",
        },
        {
            "id": "lantern-shelter",
            "name": "Rooms at Lantern",
            "organization": "lantern",
            "service_type": "shelter",
            "jurisdictions": "AQ",
        },
        {
            "id": "unit-shelter",
            "name": "Safe flat",
            "organization": "crime-unit",
            "service_type": "shelter",
            "jurisdictions": "AQ",
        },
        {
            "id": "decision",
            "name": "Decision",
            "organization": "decider",
            "service_type": "identification",
            "jurisdictions": "AQ",
        },
    ],
    "contact_points": [
        {"id": "harbour-desk", "name": "Harbour desk", "organization": "harbour", "staffing": "office", **_ZONE},
        {
            "id": "dawn-desk",
            "name": "Dawn desk",
            "organization": "dawn",
            "hours": "24/7",
            "staffing": "office",
            **_ZONE,
        },
        {
            "id": "lantern-desk",
            "name": "Lantern desk",
            "organization": "lantern",
            "hours": "Mo-Fr 09:00-17:00",
            "staffing": "holder",
            **_ZONE,
        },
        {"id": "unit-desk", "name": "Unit desk", "organization": "crime-unit", "staffing": "office", **_ZONE},
        {"id": "decider-desk", "name": "Decider desk", "organization": "decider", "staffing": "office", **_ZONE},
        {
            "id": "coordination-desk",
            "name": "Coordinator",
            "organization": "coordination",
            "staffing": "office",
            **_ZONE,
        },
        {"id": "hotline-desk", "name": "Hotline", "organization": "helpline", "staffing": "office", **_ZONE},
    ],
    "holders": [{"id": "lantern-holder", "contact_point": "lantern-desk", "role": "primary"}],
    "channels": [
        {"id": "harbour-mail", "contact_point": "harbour-desk", "kind": "email", "address": "desk@harbour.example"},
        {
            "id": "dawn-phone",
            "contact_point": "dawn-desk",
            "kind": "phone",
            "address": "+442079460001",
            "assurance": "confidential",
        },
        {
            "id": "dawn-mail",
            "contact_point": "dawn-desk",
            "kind": "email",
            "address": "desk@dawn.example",
            "rank": "2",
        },
        {
            "id": "lantern-phone",
            "contact_point": "lantern-desk",
            "kind": "phone",
            "address": "+442079460002",
            "assurance": "strict",
        },
        {"id": "unit-mail", "contact_point": "unit-desk", "kind": "email", "address": "desk@unit.example"},
        {
            "id": "decider-form",
            "contact_point": "decider-desk",
            "kind": "web-form",
            "address": "https://decider.example/form",
        },
        {
            "id": "coordination-mail",
            "contact_point": "coordination-desk",
            "kind": "email",
            "address": "desk@coordination.example",
        },
        {"id": "hotline-phone", "contact_point": "hotline-desk", "kind": "phone", "address": "+442079460003"},
    ],
    "pathways": [
        {
            "id": "to-dawn",
            "name": "Shelter in the North",
            "from_role": "first-responder",
            "to_organization": "dawn",
            "service_types": "shelter",
            "basis": "sop",
            **_FORCE,
        },
        {
            "id": "to-decider",
            "name": "Identification",
            "from_role": "first-responder",
            "to_organization": "decider",
            "service_types": "identification",
            "basis": "law",
            "form": "https://decider.example/form",
            "decide_within": "P5D",
            "consent": "required",
            **_FORCE,
        },
    ],
}


def roster() -> Sheets:
    """A copy, to be changed at will."""
    return deepcopy(_ROSTER)


def row_of(sheets: Sheets, sheet: str, id: str) -> dict[str, str]:
    return next(row for row in sheets[sheet] if row["id"] == id)


def tables(sheets: Mapping[str, Sequence[Mapping[str, str]]]) -> list[RawTable]:
    """The rows as they would stand in files."""
    found = []
    for sheet, rows in sheets.items():
        header = list(dict.fromkeys(name for row in rows for name in row))
        cells = [(number, [row.get(name, "") for name in header]) for number, row in enumerate(rows, start=2)]
        found.append(RawTable(sheet, f"{sheet}.csv", header, cells))
    return found


class HandClock:
    """A clock that goes only when it is told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def on(self, **amount: float) -> None:
        self.at += timedelta(**amount)


def backend(store: Store, clock: HandClock | None = None) -> Backend:
    return Backend(store, clock or HandClock(), Vault(Vault.new_installation_key()))


async def load(backend: Backend, sheets: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    done = await import_roster(OPERATOR, backend, tables(sheets))
    assert not done.errors, done.errors
    assert done.applied


async def loaded(store: Store, sheets: Sheets | None = None, at: datetime = NOON) -> Backend:
    """A backend whose store holds the roster, or the one given. Its clock can be moved: ``clock_of``."""
    made = backend(store, HandClock(at))
    await load(made, sheets or roster())
    return made


def clock_of(backend: Backend) -> HandClock:
    assert isinstance(backend.clock, HandClock)
    return backend.clock


def member(organization: str) -> Subject:
    return Subject(Kind.MEMBER, organization)


HARBOUR: Final = member("harbour")
DAWN: Final = member("dawn")


def case(**more: Any) -> NeedInput:
    """What Harbour asks for unless it is said otherwise: shelter in the bay."""
    return NeedInput(**{"from_organization": "harbour", "service": "shelter", "place": "AQ-BAY", **more})


async def raw_nodes(store: Store) -> list[dict[str, Any]]:
    """The properties of every node, read past the statements: what somebody with a copy of the store would see."""
    text = "MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties"
    if store.engine == "embedded":
        session: kglite.Session = store._session  # type: ignore[attr-defined]
        return [dict(row) for row in session.cypher(text).to_list()]
    driver: neo4j.AsyncDriver = store._driver  # type: ignore[attr-defined]
    records, _, _ = await driver.execute_query(text)
    return [record.data() for record in records]


async def raw_write(store: Store, text: str, **parameters: Any) -> None:
    """Changes the store past the statements, as somebody with a hand in it could."""
    if store.engine == "embedded":
        store._session.execute(text, params=parameters)  # type: ignore[attr-defined]
    else:
        await store._driver.execute_query(text, parameters)  # type: ignore[attr-defined]


def of_kind(nodes: Sequence[Mapping[str, Any]], label: str) -> list[dict[str, Any]]:
    return [dict(node["properties"]) for node in nodes if label in node["labels"]]


def as_text(nodes: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(nodes, ensure_ascii=False, default=str)
