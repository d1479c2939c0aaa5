"""A large roster: the agencies and sub-agencies of the United States' .gov registry, some 14,000 organizations.

It is made from the file that the registry publishes (cisagov/dotgov-data, ``current-full.csv``, CC0). Places,
organizations and mailboxes are those of the file; that each is a member, has a desk and offers a service is made up, so
that there is much to check.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from relaypoint.resolvers.tables_cells import RawTable


def tables(file: Path) -> list[RawTable]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if re.fullmatch("[A-Z]{2}", row["State"].strip())]
    states = dict.fromkeys(row["State"].strip() for row in rows)
    cities = {_city(row): row["City"].strip() for row in rows if _code(row["City"])}
    bodies: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        name = ", ".join(
            part for part in (row["Organization name"].strip(), row["Suborganization name"].strip()) if part
        )
        body = bodies.setdefault((name, _city(row)), {**row, "mail": ""})
        body["mail"] = body["mail"] or row["Security contact email"].strip()
    sheets: dict[str, list[Sequence[str]]] = {sheet: [columns] for sheet, columns in _COLUMNS.items()}
    sheets["jurisdictions"] += [("US", "United States", "country", "")]
    sheets["jurisdictions"] += [(f"US-{state}", state, "area", "US") for state in states]
    sheets["jurisdictions"] += [(id, name, "area", id[:5]) for id, name in cities.items()]
    sheets["service_types"].append(("referral", "Referral"))
    sheets["task_forces"].append(("tf-us", "National", "national", "", "US", "referral"))
    sheets["task_forces"] += [
        (f"tf-{state.lower()}", state, "local", "tf-us", f"US-{state}", "referral") for state in states
    ]
    for number, ((name, place), row) in enumerate(bodies.items()):
        id, local = f"body-{number}", row["Domain type"] in ("City", "County")
        sheets["organizations"].append((id, name, "local-authority" if local else "government", place))
        sheets["memberships"].append((f"{id}-member", id, f"tf-{place[3:5].lower()}", "member"))
        sheets["services"].append((f"{id}-service", "Referral", id, "referral", place))
        sheets["contact_points"].append((f"{id}-desk", "Desk", id, "America/New_York", "office"))
        if "@" in row["mail"]:
            sheets["channels"].append((f"{id}-mail", f"{id}-desk", "email", row["mail"], "working"))
    return [
        RawTable(sheet, f"{sheet}.csv", list(rows[0]), [(at, list(cells)) for at, cells in enumerate(rows[1:], 2)])
        for sheet, rows in sheets.items()
    ]


_COLUMNS = {
    "jurisdictions": ("id", "name", "kind", "within"),
    "organizations": ("id", "name", "kind", "jurisdictions"),
    "task_forces": ("id", "name", "level", "within", "jurisdiction", "service_types"),
    "memberships": ("id", "organization", "task_force", "role"),
    "service_types": ("id", "name"),
    "services": ("id", "name", "organization", "service_type", "jurisdictions"),
    "contact_points": ("id", "name", "organization", "time_zone", "staffing"),
    "channels": ("id", "contact_point", "kind", "address", "state"),
}


def _code(city: str) -> str:
    return re.sub("[^A-Z0-9]+", "-", city.upper()).strip("-")


def _city(row: dict[str, str]) -> str:
    """The place of a row: its city, or its state where none is given."""
    state, city = f"US-{row['State'].strip()}", _code(row["City"])
    return f"{state}-X-{city}" if city else state
