"""Measures the main job on the embedded store with the real example, beside a bare statement as the yardstick.

``make bench`` prints medians and ratios of one run and writes them to ``bench/results.json``. Milliseconds depend on
the machine; the ratios are what to compare. With the file of the .gov registry (``make bench DOTGOV=current-full.csv``,
see ``bench/dotgov.py``) gaps are measured over some 14,000 organizations as well.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from relaypoint.bench import dotgov
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import open_store
from relaypoint.resolvers import gaps, roster, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.known import Known, Memory, roster_at
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.tables import read_tables
from relaypoint.resolvers.vault import Vault

#: What everything is compared with: the one thing that a search reads.
YARDSTICK = "one statement by id, bare"
ROOT = Path(__file__).resolve().parent.parent
NEED = NeedInput(
    from_organization="migrant-help",
    service="emergency-support",
    place="GB-GSS-W06000015",
    priority="asap",
    tags=("adult", "female"),
)


async def median(work: Callable[[], Awaitable[Any]], times: int) -> float:
    """Milliseconds, after a tenth as many runs to warm up."""
    for _ in range(max(1, times // 10)):
        await work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def anew(backend: Backend) -> Backend:
    """As a process that was just started."""
    return replace(backend, memory=Memory())


def changed(backend: Backend, known: Known) -> Backend:
    """As after a change: the rows are known, and nothing is worked out from them."""
    return replace(backend, memory=Memory(Known(known.root, known.index)))


async def measure(folder: str) -> dict[str, float]:
    store = await open_store(f"file:{folder}/store")
    backend = Backend(store, fixed_clock("2026-11-23T23:30:00Z"), Vault(Vault.new_installation_key()))
    tables = read_tables(ROOT / "examples" / "uk-nrm")
    began = time.perf_counter()
    await roster.import_roster(OPERATOR, backend, tables)
    results = {"import of 2,413 rows": 1000 * (time.perf_counter() - began)}
    results[YARDSTICK] = await median(lambda: store.read("roster_root"), 200)
    results["find"] = await median(lambda: find(OPERATOR, backend, NEED), 200)
    results["refer, durable"] = await median(lambda: sending.refer(OPERATOR, backend, NEED), 200)
    later = Backend(store, fixed_clock("2026-11-24T03:30:00Z"), backend.vault)
    results["stalled, 220 open"] = await median(lambda: stalled.stalled(OPERATOR, later), 10)
    results |= await measured_gaps(backend)
    await store.close()
    return results


async def measured_gaps(backend: Backend, of: str = "") -> dict[str, float]:
    results = {f"gaps{of}, just started": await median(lambda: gaps.coverage_gaps(OPERATOR, anew(backend)), 5)}
    known = await roster_at(backend)
    results[f"gaps{of}, after a change"] = await median(
        lambda: gaps.coverage_gaps(OPERATOR, changed(backend, known)), 10
    )
    results[f"gaps{of}, asked again"] = await median(lambda: gaps.coverage_gaps(OPERATOR, backend), 10)
    return results


async def measure_large(folder: str, file: Path) -> dict[str, float]:
    store = await open_store(f"file:{folder}/large")
    backend = Backend(store, fixed_clock("2026-11-23T23:30:00Z"), Vault(Vault.new_installation_key()))
    large = dotgov.tables(file)
    began = time.perf_counter()
    await roster.import_roster(OPERATOR, backend, large)
    name = f"import of {sum(len(table.rows) for table in large):,} rows"
    results = {name: 1000 * (time.perf_counter() - began)}
    organizations = next(len(table.rows) for table in large if table.sheet == "organizations")
    results |= await measured_gaps(backend, f" of {organizations:,} bodies")
    await store.close()
    return results


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(measure(folder))
        if len(sys.argv) > 1:
            results |= asyncio.run(measure_large(folder, Path(sys.argv[1])))
    yardstick = results[YARDSTICK]
    print(f"{'what':40}{'median ms':>12}{'× bare statement':>20}")
    for name, taken in results.items():
        print(f"{name:40}{taken:12.2f}{taken / yardstick:20.1f}")
    file = ROOT / "bench" / "results.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    record = {
        **before,
        "python": platform.python_version(),
        "milliseconds": {name: round(taken, 3) for name, taken in results.items()},
        "ratios": {name: round(taken / yardstick, 2) for name, taken in results.items()},
    }
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
