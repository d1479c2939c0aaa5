"""Measures the main job on the embedded store with the real example, beside the bare statement as the yardstick.

``make bench`` prints medians and ratios of one run and writes them to ``bench/results.json``. Milliseconds depend on
the machine; the ratios are what to compare.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import open_store
from relaypoint.resolvers import gaps, referrals, roster, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import NeedInput, find
from relaypoint.resolvers.tables import read_tables
from relaypoint.resolvers.vault import Vault

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


async def measure(folder: str) -> dict[str, float]:
    store = await open_store(f"file:{folder}/store")
    backend = Backend(store, fixed_clock("2026-11-23T23:30:00Z"), Vault(Vault.new_installation_key()))
    tables = read_tables(ROOT / "examples" / "uk-nrm")
    began = time.perf_counter()
    await roster.import_roster(OPERATOR, backend, tables)
    results = {"import of 2,413 rows": 1000 * (time.perf_counter() - began)}
    ground = {"place": NEED.place, "service": NEED.service, "asker": NEED.from_organization, "avoid": []}
    results["the statement of find, bare"] = await median(lambda: store.read("find_ground", **ground), 200)
    results["find"] = await median(lambda: find(OPERATOR, backend, NEED), 200)
    results["refer, durable"] = await median(lambda: referrals.refer(OPERATOR, backend, NEED), 200)
    later = Backend(store, fixed_clock("2026-11-24T03:30:00Z"), backend.vault)
    results["stalled, 220 open"] = await median(lambda: stalled.stalled(OPERATOR, later), 10)
    results["gaps"] = await median(lambda: gaps.coverage_gaps(OPERATOR, backend), 10)
    await store.close()
    return results


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(measure(folder))
    yardstick = results["the statement of find, bare"]
    print(f"{'what':32}{'median ms':>12}{'× bare statement':>20}")
    for name, taken in results.items():
        print(f"{name:32}{taken:12.2f}{taken / yardstick:20.1f}")
    record = {
        "python": platform.python_version(),
        "milliseconds": {name: round(taken, 3) for name, taken in results.items()},
        "ratios": {name: round(taken / yardstick, 2) for name, taken in results.items()},
    }
    (ROOT / "bench" / "results.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
