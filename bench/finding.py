"""How finding grows with the roster: the same case in a small country and in a large one, in process and over HTTP.

``python bench/finding.py [SIZE …] [--neo4j]`` prints a table and adds it to ``bench/results.json`` under ``finding``. A
size is a number of organizations, each with three agreed pathways or so; 1,000 and 16,000 unless given. ``--neo4j``
measures the same on Neo4j too, on the one that the tests would find or start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx

from relaypoint.app.commands import document
from relaypoint.bench import national
from relaypoint.bench.keeping import keep
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import open_store
from relaypoint.resolvers import operational, roster
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.resolvers.vault import Vault

SIZES = (1_000, 16_000)
#: Rows of one import on a server.
AT_ONCE = 50_000
#: Pathways for each organization, so that 16,000 organizations have 50,000.
WAYS = 3.125
NOW = "2026-11-23T12:00:00Z"
NEED = NeedInput(
    from_organization=national.ASKER,
    service="shelter",
    place=national.TOWN,
    tags=("adult", "female"),
    languages=("vi",),
    avoid=("police",),
)
DIRECT = {"from": NEED.from_organization, "service": NEED.service, "place": NEED.place}
OVER_HTTP = {**DIRECT, "for": list(NEED.tags), "languages": list(NEED.languages), "avoid": list(NEED.avoid)}


async def in_process(address: str, auth: dict[str, str | None], organizations: int) -> dict[str, float]:
    """Milliseconds: the import, the first answer of a process, and the median of those that follow."""
    store = await open_store(address, user=auth["user"], password=auth["password"])
    backend = Backend(store, fixed_clock(NOW), Vault(Vault.new_installation_key()))
    began = time.perf_counter()
    for part in _parts(national.tables(organizations, round(organizations * WAYS)), address):
        done = await roster.import_roster(OPERATOR, backend, part)
        if done.errors:
            raise SystemExit(f"the made-up roster is not accepted: {done.errors[0].message}")
    imported = time.perf_counter()
    fresh = Backend(store, backend.clock, backend.vault)
    answer = await find(OPERATOR, fresh, NEED)
    first = time.perf_counter()
    taken, reads = [], []
    for _ in range(300):
        start = time.perf_counter()
        await find(OPERATOR, fresh, NEED)
        middle = time.perf_counter()
        await store.read("roster_root")
        taken.append(1000 * (middle - start))
        reads.append(1000 * (time.perf_counter() - middle))
    after = []
    for number in range(20):
        await operational.set_status(OPERATOR, fresh, f"body-{number + 1}", "limited")
        start = time.perf_counter()
        await find(OPERATOR, fresh, NEED)
        after.append(1000 * (time.perf_counter() - start))
    found = answer.finding
    counts = f"{len(found.candidates)} candidates, {len(found.excluded)} of {found.total} ruled out shown"
    print(f"  {organizations:>7} organizations, {round(organizations * WAYS):>7} pathways: {counts}", flush=True)
    await store.close()
    return {
        "import": 1000 * (imported - began),
        "first answer": 1000 * (first - imported),
        "find p50": statistics.median(taken),
        "find p95": statistics.quantiles(taken, n=20)[-1],
        "find after a change p50": statistics.median(after),
        "the one read, bare": statistics.median(reads),
    }


@contextlib.contextmanager
def serving(settings: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-c", "from relaypoint.app.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def over_http(address: str, auth: dict[str, str | None], folder: str) -> dict[str, float]:
    """Milliseconds from request to answer on one connection: a few fields, and all that the command line asks for."""
    settings = {"RELAYPOINT_STORE": address, "RELAYPOINT_DEV": "1", "RELAYPOINT_NOW": NOW}
    settings |= {"RELAYPOINT_KEY_FILE": f"{folder}/key", "RELAYPOINT_SPOOL": f"{folder}/spool"}
    if auth["user"]:
        settings |= {"RELAYPOINT_NEO4J_USER": auth["user"], "RELAYPOINT_NEO4J_PASSWORD": auth["password"] or ""}
    few = (
        "query($need: NeedInput!) { find(need: $need) { emergency { number } candidates { organization { name } "
        "contactPoint { name } channels { kind address open } behind } "
        "excluded { organization { name } reasons { text relax } } excludedTotal } }"
    )
    headers = {"x-relaypoint-organization": national.ASKER}
    results = {}
    with serving(settings) as url, httpx.Client(timeout=120, headers=headers) as client:
        for name, query in (("HTTP p50", few), ("HTTP p50, all that the command shows", document("Find"))):
            body = {"query": query, "variables": {"need": OVER_HTTP}}
            taken = []
            for _ in range(120):
                start = time.perf_counter()
                answer = client.post(url, json=body).json()
                taken.append(1000 * (time.perf_counter() - start))
            if "errors" in answer:
                raise SystemExit(f"{answer['errors'][0]['message']}")
            results[name] = statistics.median(taken[20:])
    return results


def _parts(tables: list[RawTable], address: str) -> Iterator[list[RawTable]]:
    """The roster as one import; on a server in several, for one write of hundreds of thousands of rows is more than it
    takes in one message."""
    if address.startswith("file:"):
        yield tables
        return
    # Task forces name contact points; what comes before those names neither.
    first = ("jurisdictions", "organizations", "service_types", "services", "contact_points")
    for table in sorted(tables, key=lambda table: table.sheet not in first):
        for start in range(0, len(table.rows), AT_ONCE):
            yield [replace(table, rows=table.rows[start : start + AT_ONCE])]


def measured(address: str, auth: dict[str, str | None], organizations: int, folder: str) -> dict[str, float]:
    results = asyncio.run(in_process(address, auth, organizations))
    return results | over_http(address, auth, folder)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sizes", nargs="*", type=int, default=SIZES)
    asked.add_argument("--neo4j", action="store_true")
    given = asked.parse_args()
    table: dict[str, dict[str, dict[str, float]]] = {"embedded": {}}
    nobody: dict[str, str | None] = {"user": None, "password": None}
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            table["embedded"][str(size)] = measured(f"file:{folder}/store", nobody, size, folder)
    if given.neo4j:
        os.environ.setdefault("NEO4J_HEAP", "8g")
        from relaypoint.tests.engines import running

        table["neo4j"] = {}
        with running() as server:
            for size in given.sizes:
                server.empty()
                with tempfile.TemporaryDirectory() as folder:
                    auth = {"user": server.user, "password": server.password}
                    table["neo4j"][str(size)] = measured(server.uri, auth, size, folder)
            server.empty()
    show(table)
    keep("finding", table)


def show(table: dict[str, dict[str, dict[str, float]]]) -> None:
    for engine, sizes in table.items():
        smallest = next(iter(sizes.values()))
        print(f"\n{engine:44}" + "".join(f"{int(size):>14,}" for size in sizes) + "     growth")
        for name in smallest:
            values = [of[name] for of in sizes.values()]
            print(f"  {name:42}" + "".join(f"{value:14.2f}" for value in values) + f"{values[-1] / values[0]:11.2f}")


if __name__ == "__main__":
    main()
