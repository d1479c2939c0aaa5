"""How the stalled report grows: with what is open, and with what is stored.

``python bench/stalled.py [SIZE …] [--open N] [--neo4j]`` prints a table and adds it to ``bench/results.json`` under
``stalled``. A size is a number of handoffs stored, 10,000, 100,000 and 1,000,000 unless given; of these 1,000 are open
and have gone silent. ``--neo4j`` measures the same on Neo4j instead, on the one that the tests would find or start.
The archive around the open work is made in bulk (see ``bench/archive.py``).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from relaypoint.bench import archive
from relaypoint.bench.keeping import keep
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.policy import OPERATOR, Kind, Subject
from relaypoint.domain.stall_report import position
from relaypoint.graph import open_store
from relaypoint.resolvers import stall_summary, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Memory
from relaypoint.resolvers.vault import Vault

SIZES = (10_000, 100_000, 1_000_000)
NOW = "2026-11-24T12:00:00Z"
TIMES = 30


async def taken(work: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """Milliseconds: the median, and what one in twenty takes longer than."""
    await work()
    each = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await work()
        each.append(1000 * (time.perf_counter() - began))
    return {"p50": statistics.median(each), "p95": statistics.quantiles(each, n=20)[-1]}


async def measured(backend: Backend, open: int) -> dict[str, dict[str, float]]:
    whole = await stalled.stalled(OPERATOR, backend)
    if len(whole) != open:
        raise SystemExit(f"{len(whole)} have gone silent, and {open} were to")
    middle = position(whole[open // 2].stall)
    member = Subject(Kind.MEMBER, whole[0].stall.handoff.sender.id)
    results = {
        "first 50": await taken(lambda: stalled.stalled(OPERATOR, backend, first=50)),
        "50 from the middle on": await taken(lambda: stalled.stalled(OPERATOR, backend, first=50, after=middle)),
        "all, with whom to turn to": await taken(lambda: stalled.stalled(OPERATOR, backend)),
        "in figures, by organization": await taken(
            lambda: stall_summary.stalled_summary(OPERATOR, backend, "organization")
        ),
        "first 50 of one body": await taken(lambda: stalled.stalled(member, backend, first=50)),
        "first 50 as of a day ago": await taken(
            lambda: stalled.stalled(OPERATOR, backend, first=50, as_of="2026-11-23T12:00:00Z")
        ),
    }
    began = time.perf_counter()
    await stalled.stalled(OPERATOR, replace(backend, memory=Memory()), first=50)
    results["first 50, process just started"] = {"p50": 1000 * (time.perf_counter() - began)}
    return results


async def run(address: str, auth: dict[str, str | None], sizes: list[int], open: int) -> dict[str, Any]:
    store = await open_store(address, user=auth["user"], password=auth["password"])
    backend = Backend(store, fixed_clock(NOW), Vault(Vault.new_installation_key()))
    began = time.perf_counter()
    await archive.founded(backend, open)
    print(f"  {open:>9,} sent and open: {time.perf_counter() - began:.0f} s", flush=True)
    table, stored = {}, open
    for size in sizes:
        began = time.perf_counter()
        await archive.filled(backend, stored, size)
        stored = size
        print(f"  {size:>9,} stored: {time.perf_counter() - began:.0f} s", flush=True)
        table[str(size)] = await measured(backend, open)
        for name, each in table[str(size)].items():
            print(f"    {name:36}{each['p50']:12.2f} ms", flush=True)
    await store.close()
    return table


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sizes", nargs="*", type=int, default=SIZES)
    asked.add_argument("--open", type=int, default=1_000)
    asked.add_argument("--neo4j", action="store_true")
    given = asked.parse_args()
    sizes, table = sorted(given.sizes), {}
    if not given.neo4j:
        nobody: dict[str, str | None] = {"user": None, "password": None}
        with tempfile.TemporaryDirectory() as folder:
            table["embedded"] = asyncio.run(run(f"file:{folder}/store", nobody, sizes, given.open))
    else:
        from relaypoint.tests.engines import running

        with running() as server:
            server.empty()
            auth = {"user": server.user, "password": server.password}
            # What is left in a server that was started here goes with it: to empty a million would take its memory.
            table["neo4j"] = asyncio.run(run(server.uri, auth, sizes, given.open))
    show(table)
    keep("stalled", {"open": given.open, **table}, beside=True)


def show(table: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    for engine, sizes in table.items():
        print(f"\n{engine + ', median ms':38}" + "".join(f"{int(size):>12,}" for size in sizes) + "     growth")
        for name in next(iter(sizes.values())):
            values = [of[name]["p50"] for of in sizes.values()]
            print(f"  {name:36}" + "".join(f"{value:12.2f}" for value in values) + f"{values[-1] / values[0]:11.2f}")


if __name__ == "__main__":
    main()
