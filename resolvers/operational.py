"""Operational status: a body says itself how far it works, for a time; then it is unknown again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.clock import later, parse_end
from relaypoint.domain.errors import Invalid
from relaypoint.domain.model import holds
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.domain.rows import Columns, Rows, upwards
from relaypoint.domain.words import OrganizationKind
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known, rows_on
from relaypoint.resolvers.roster_edit import Edit, carried_out
from relaypoint.resolvers.unknown import not_yours, unknown

#: For so many days it is believed where nothing else is said, and at most.
USUAL: Final = 14
LONGEST: Final = 31

_PATHS: Final = {name: (name,) for name in ("organization", "service", "state", "capacity", "needs", "until")}

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """Of the services of one type in one place, how many are in each state: open, limited, remote, closed, unknown."""

    service_type: str
    place: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Overview:
    """``organizations`` by state, those that offer a service; ``needs`` by how many of them name each."""

    day: str
    organizations: Mapping[str, int]
    needs: Mapping[str, int]
    cells: Sequence[Cell]


@permitted(Action.SET_STATUS)
async def set_status(
    subject: Subject,
    backend: Backend,
    organization: str,
    state: str,
    *,
    service: str | None = None,
    capacity: str = "unknown",
    needs: Sequence[str] = (),
    until: str | None = None,
    idempotency_key: str | None = None,
) -> Columns:
    """Says how far the organization, or one of its services, works from today on; returns the row that holds now.

    It takes the place of what was said of the same before. ``until`` is the day from which it is unknown again: in 14
    days unless given, in 31 at most. Raises ``NotFound`` for another's organization, ``Invalid`` for the words, the
    service and the day, ``Conflict`` where others change the roster all the time.
    """
    organization = organization.strip().lower()
    if not may_act_for(subject, organization):
        raise not_yours(organization)
    today = backend.now()[:10]
    said = {
        "organization": organization,
        "service": service.strip().lower() if service else None,
        "state": state.strip().lower(),
        "capacity": capacity.strip().lower(),
        "needs": [need.strip().lower() for need in needs],
        "since": today,
        "until": parse_end(until, today, LONGEST, path=("until",)) if until else later(today, USUAL),
    }

    async def row(known: Known) -> Columns:
        if organization not in known.rows["organizations"]:
            raise await unknown(backend, "organization", organization, "an organization")
        rows = known.rows["operational_statuses"].values()
        own = [row["id"] for row in rows if _subject(row) == _subject(said) and row["organization"] == organization]
        return {**said, "id": min(own) if own else f"status-{backend.new_id()}"}

    edit = Edit("operational_statuses", row, _PATHS, {"status": said, "until": until}, idempotency_key)
    return (await carried_out(subject, backend, edit)).row


@permitted(Action.READ_ROSTER)
async def overview(
    subject: Subject,
    backend: Backend,
    *,
    place: str | None = None,
    service_type: str | None = None,
    kind: str | None = None,
    as_of: str | None = None,
) -> Overview:
    """How many can still operate, by service type and place, as far as they have said so themselves and it still holds.

    ``place`` narrows it to services that touch it, ``kind`` to organizations of that kind, such as cso; ``as_of`` a day
    or an instant, as it was on record then. Raises
    ``NotFound`` for a place or service type that the roster does not hold.
    """
    rows, day = await rows_on(backend, as_of)
    wanted = place.strip().upper() if place else None
    for field, typed, id, sheet, what in (
        ("place", place, wanted, "jurisdictions", "a place"),
        ("serviceType", service_type, service_type, "service_types", "a service type"),
    ):
        if typed is not None and id not in rows[sheet]:
            raise await unknown(backend, field, typed, what)
    if kind is not None and kind not in set(OrganizationKind):
        raise Invalid(
            "overview.kind",
            "'{kind}' is no kind of organization.",
            path=("kind",),
            remedy="Use one of: {known}.",
            kind=kind[:60],
            known=", ".join(OrganizationKind),
        )
    said = {_subject(row): row for row in rows["operational_statuses"].values() if holds(row, day)}
    cells: dict[tuple[str, str], Counter[str]] = {}
    offering = set()
    for service in rows["services"].values():
        owner = rows["organizations"][service["organization"]]
        if not (holds(service, day) and holds(owner, day) and kind in (None, owner["kind"])):
            continue
        if service_type not in (None, service["service_type"]) or not _touches(rows, service, wanted):
            continue
        offering.add(owner["id"])
        row = said.get(service["id"]) or said.get(owner["id"])
        for where in service["jurisdictions"]:
            counts = cells.setdefault((service["service_type"], where), Counter())
            counts[row["state"] if row else UNKNOWN] += 1
    of_bodies = Counter(said[each]["state"] if each in said else UNKNOWN for each in offering)
    needs = Counter(need for each in sorted(offering) if each in said for need in said[each]["needs"])
    return Overview(day, of_bodies, needs, [Cell(*key, cells[key]) for key in sorted(cells)])


def _subject(row: Mapping[str, Any]) -> str:
    """Of what it is said: a service, or else the organization."""
    return str(row["service"] or row["organization"])


def _touches(rows: Rows, service: Columns, place: str | None) -> bool:
    if place is None:
        return True
    places = rows["jurisdictions"]
    around = upwards(places, place)
    return any(each in around or place in upwards(places, each) for each in service["jurisdictions"])
