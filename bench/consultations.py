"""Real handoffs that stalled, reported by relaypoint and compared with the ages that their receivers reported.

Agencies of the United States ask one another about records, and each year report the ten oldest of those consultations
that still wait at the end of the fiscal year, 30 September, with the days that they have waited (usdoj/foia.gov, CC0).
``python bench/consultations.py FILE.csv`` sends each of them as a referral at the end of the day on which it was
received, never acknowledged, asks on 30 September of its year what has stalled, and compares. It prints a table and
adds its counts to ``bench/results.json`` under ``consultations``.

Each year has a store of its own. What the file does not tell is made up: each agency has one desk, and one body has
sent all of it. All are emergencies, so that what came in on the last day is overdue by midnight as well.
"""

from __future__ import annotations

import asyncio
import csv
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays

from relaypoint.bench.conventions import HOURS, NEAR, ZONE, Count, Found, Kind, Waiting, at_close, classify, us_counts
from relaypoint.bench.keeping import keep
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.policy import Kind as Actor
from relaypoint.graph import open_store
from relaypoint.resolvers import roster, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.stalled import stalled
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.resolvers.vault import Vault

SENDER = Subject(Actor.MEMBER, "asking")
NEED = NeedInput(from_organization="asking", service="consultation", place="US", priority="stat", tags=("adult",))


def read(file: Path) -> list[Waiting]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            Waiting(
                year=int(row["fiscal_year"]),
                agency=row["agency"],
                received=date.fromisoformat(row["received"]),
                said=int(row["reported_days_pending"]),
            )
            for row in csv.DictReader(lines)
        ]


def tables(agencies: Mapping[str, str]) -> list[RawTable]:
    """A roster of the agencies, name to id: one desk each, in Washington's hours, with the federal holidays."""
    ids = agencies.values()
    sheets: dict[str, list[Sequence[str]]] = {
        "jurisdictions": [("id", "name", "kind"), ("US", "United States", "country")],
        "organizations": [
            ("id", "name", "kind", "jurisdictions"),
            ("asking", "The asking agencies", "government", "US"),
            *((id, name, "government", "US") for name, id in agencies.items()),
        ],
        "service_types": [("id", "name"), ("consultation", "Consultation on records")],
        "services": [
            ("id", "name", "organization", "service_type", "jurisdictions"),
            *((f"{id}-service", "Consultation", id, "consultation", "US") for id in ids),
        ],
        "contact_points": [
            ("id", "name", "organization", "time_zone", "hours", "holidays", "staffing"),
            *((f"{id}-desk", "Records desk", id, ZONE, HOURS, "US", "office") for id in ids),
        ],
        "channels": [
            ("id", "contact_point", "kind", "address", "state"),
            *((f"{id}-mail", f"{id}-desk", "email", f"records@{id}.example", "working") for id in ids),
        ],
    }
    return [
        RawTable(sheet, f"{sheet}.csv", list(rows[0]), [(at, list(cells)) for at, cells in enumerate(rows[1:], 2)])
        for sheet, rows in sheets.items()
    ]


async def report(rows: Sequence[Waiting], year: int, folder: str) -> list[Waiting]:
    """The rows of that year, each with how long it had waited by the report of its last day."""
    of_year = sorted((row for row in rows if row.year == year), key=lambda row: row.received)
    agencies = {name: f"agency-{number}" for number, name in enumerate(sorted({row.agency for row in of_year}))}
    store = await open_store(f"file:{folder}/{year}")
    backend = Backend(store, fixed_clock(at_close(date(1990, 1, 1))), Vault(Vault.new_installation_key()))
    done = await roster.import_roster(OPERATOR, backend, tables(agencies))
    if done.errors:
        raise SystemExit(f"the made-up roster is not accepted: {done.errors[0].message}")
    sent: dict[str, Waiting] = {}
    for row in of_year:
        then = replace(backend, clock=fixed_clock(at_close(row.received)))
        answer = await sending.refer(SENDER, then, NEED, to=f"{agencies[row.agency]}-desk")
        sent[answer.referral["handoffs"][0]["id"]] = row
    last = datetime(year, 9, 30, 23, 59, 59, tzinfo=ZoneInfo(ZONE))
    silent = await stalled(SENDER, replace(backend, clock=fixed_clock(last)))
    await store.close()
    ages = {each.stall.handoff.id: each.stall.waited for each in silent}
    return [
        replace(row, waited=None if id not in ages else round(ages[id].working_hours / 8)) for id, row in sent.items()
    ]


def one_by_one(since: date, until: date) -> int:
    """Working days without any calendar of ours: day for day, by the weekday and the list of holidays."""
    federal = holidays.country_holidays("US", years=range(since.year, until.year + 1))
    days = (since + timedelta(days=number) for number in range(1, (until - since).days + 1))
    return sum(day.weekday() < 5 and day not in federal for day in days)


def by_chance(rows: Sequence[Waiting], found: Sequence[Found], counts: Mapping[Kind, Count]) -> float:
    """The share of rows that the conventions explain where the numbers are made up: the same rows, each off by 3 to 400
    days at random, and small differences as frequent as they are."""
    dice = random.Random(1)
    odd = [
        index for index, each in enumerate(found) if each.kind is not Kind.WORKING and rows[index].waited is not None
    ]
    made = list(rows)
    explained = 0
    for _ in range(10):
        for index in odd:
            off = dice.choice((-1, 1)) * round(3 * (400 / 3) ** dice.random())
            made[index] = replace(rows[index], said=max(0, (rows[index].waited or 0) + off))
        again = classify(made, counts)
        explained += sum(again[index].kind not in (Kind.FEW, Kind.UNEXPLAINED) for index in odd)
    return explained / (10 * len(odd))


def table(found: Iterable[Found]) -> dict[str, dict[str, float]]:
    """Per convention: the rows, how many its number gives exactly, within 2 days, and their share of all rows."""
    offs: dict[Kind, list[int]] = defaultdict(list)
    for each in found:
        offs[each.kind].append(abs(each.off))
    total = sum(map(len, offs.values()))
    return {
        kind: {
            "rows": len(offs[kind]),
            "exact": offs[kind].count(0),
            "within 2": sum(off <= NEAR for off in offs[kind]),
            "share": round(len(offs[kind]) / total, 4),
        }
        for kind in Kind
    }


def each_count(rows: Iterable[Waiting], counts: Mapping[Kind, Count]) -> dict[str, dict[str, int]]:
    """What one count alone would do for the whole file."""
    silent = [row for row in rows if row.waited is not None]
    ways = {str(kind): count for kind, count in counts.items()}
    working = counts[Kind.WORKING]
    ways["working days, the day of receipt counted"] = lambda since, until: working(since - timedelta(days=1), until)
    table = {}
    for name, count in ways.items():
        offs = [abs(row.said - count(row.received, row.end)) for row in silent]
        table[name] = {
            "exact": offs.count(0),
            "within 1": sum(o <= 1 for o in offs),
            "within 2": sum(o <= NEAR for o in offs),
        }
    return table


def evidence(rows: Sequence[Waiting], found: Sequence[Found]) -> dict[Kind, list[str]]:
    """Per convention, whose lists follow it: agency, year, how many rows of how many, and the free number if any."""
    sizes = Counter((row.agency, row.year) for row in rows)
    groups = Counter((each.kind, row.agency, row.year, free(each)) for row, each in zip(rows, found, strict=True))
    lines: dict[Kind, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (kind, agency, year, detail), count in sorted(groups.items()):
        if kind is not Kind.WORKING:
            lines[kind][agency].append(f"{year} {count}/{sizes[agency, year]}{detail}")
    return {kind: [f"{agency}: {', '.join(years)}" for agency, years in of.items()] for kind, of in lines.items()}


def free(found: Found) -> str:
    if found.kind is Kind.SHIFTED:
        days = {Kind.CALENDAR: "calendar days", Kind.WEEKDAYS: "weekdays"}.get(found.counted, "working days")
        return f" {found.free:+} {days}"
    if found.kind is Kind.OTHER_YEAR:
        return f" {found.free} days a year"
    if found.kind is Kind.CARRIED:
        return f" {found.free:+} days"
    return f" for {found.free}" if found.kind is Kind.WRONG_YEAR else ""


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python bench/consultations.py FILE.csv")
    given = read(Path(sys.argv[1]))
    rows: list[Waiting] = []
    for year in sorted({row.year for row in given}):
        with tempfile.TemporaryDirectory() as folder:
            rows += asyncio.run(report(given, year, folder))
        print(f"  {year}: {sum(row.year == year for row in rows)} sent", flush=True)
    silent = [row for row in rows if row.waited is not None]
    missing = [row for row in rows if row.waited is None and row.received <= row.end]
    differing = [row for row in silent if row.waited != one_by_one(row.received, row.end)]
    if missing or differing:
        raise SystemExit(f"{len(missing)} are not in the report of their year, {len(differing)} ages are wrong")
    counts = us_counts()
    found = classify(rows, counts)
    chance = by_chance(rows, found, counts)
    show(rows, found, chance, counts)
    kept = {
        "sent": len(rows),
        "in the report of their year": len(silent),
        "received after the report of their year": len(rows) - len(silent),
        "one count for all": each_count(rows, counts),
        "conventions": table(found),
        "explained where the numbers are made up": round(chance, 4),
    }
    keep("consultations", kept)


def show(rows: Sequence[Waiting], found: Sequence[Found], chance: float, counts: Mapping[Kind, Count]) -> None:
    silent = sum(row.waited is not None for row in rows)
    print(f"\n{len(rows):,} handoffs sent; {silent:,} reported as stalled on 30 September of their year, each with the")
    print(f"age that counting day for day gives; {len(rows) - silent} have a date of receipt after that day")
    print(f"\n{'one count for all of them':58}{'exact':>7}{'±1':>7}{'±2':>7}")
    for name, agree in each_count(rows, counts).items():
        print(f"{name:58}{agree['exact']:7,}{agree['within 1']:7,}{agree['within 2']:7,}")
    print(f"\n{'each list by its own convention':58}{'rows':>7}{'exact':>7}{'±2':>7}{'share':>9}")
    for name, row in table(found).items():
        print(f"{name:58}{row['rows']:7,}{row['exact']:7,}{row['within 2']:7,}{row['share']:9.1%}")
    for kind, lines in evidence(rows, found).items():
        print(f"\n{kind}")
        for line in lines:
            print(f"  {line}")
    print(f"\nWith made-up numbers in place of those that are off, {chance:.1%} would be explained.")


if __name__ == "__main__":
    main()
