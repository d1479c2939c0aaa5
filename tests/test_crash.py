"""kill -9 in the middle of an import of 500 rows: afterwards all of it is there, or none."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from relaypoint.tests.helpers import FULL, Roster, broken_roster_link, opened, write_folder
from relaypoint.tests.processes import environment, relaypoint, run

ROWS = 500
KILLS = 10 if FULL else 3
SEED = 20261123

# The command as it is, but that it says on standard output when the store's write begins and when it is through.
MARKED = """
import sys
from relaypoint.app.cli import main
from relaypoint.graph.embedded import EmbeddedStore
from relaypoint.graph.neo4j import Neo4jStore

def marked(write):
    async def run(store, steps, operation=None):
        if len(steps) < 3:  # not the roster, but the proof of the key
            return await write(store, steps, operation)
        print("WRITING", flush=True)
        rows = await write(store, steps, operation)
        print("WRITTEN", flush=True)
        return rows
    return run

for store in (EmbeddedStore, Neo4jStore):
    store.write = marked(store.write)
main()
"""


def roster(name: str) -> Roster:
    """One place and as many bodies as make 500 rows; all ids begin with ``name``, so that it is new each time."""
    place = {"id": f"GB-X-{name.upper()}", "name": "Example Area", "kind": "area"}
    body = {"kind": "cso", "jurisdictions": place["id"]}
    bodies = [{"id": f"{name}-{n}", "name": f"Example Body {n}", **body} for n in range(ROWS - 1)]
    return {"jurisdictions": [place], "organizations": bodies}


class Importing:
    """An import in a process of its own, with the moments at which its write began and was through."""

    def __init__(self, settings: dict[str, str], folder: Path) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-c", MARKED, "import", str(folder)],
            env=environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def measured(self) -> tuple[float, float]:
        """Seconds from the start to the write, and through the write; it runs to its end."""
        assert self.line() == "WRITING"
        writing = time.monotonic()
        assert self.line() == "WRITTEN"
        written = time.monotonic()
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return writing - self.began, written - writing

    def kill(self) -> str:
        """How far it had come, by what it had said."""
        self.process.kill()
        said, _ = self.process.communicate(timeout=60)
        return "after the write" if "WRITTEN" in said else "in the write" if "WRITING" in said else "before the write"


def killed_by_the_clock(settings: dict[str, str], folder: Path, after: float) -> str:
    importing = Importing(settings, folder)
    time.sleep(after)
    return importing.kill()


def killed_in_the_write(settings: dict[str, str], folder: Path, after: float) -> str:
    importing = Importing(settings, folder)
    assert importing.line() == "WRITING"
    time.sleep(after)
    ended = importing.kill()
    return "in the write" if ended == "before the write" else ended


@pytest.mark.counted
async def test_an_import_that_is_killed_leaves_all_or_nothing(
    store_url: str, store_auth: dict[str, str | None], store_env: dict[str, str], tmp_path: Path
) -> None:
    settings = {**store_env, "RELAYPOINT_KEY_FILE": str(tmp_path / "key")}
    chance = random.Random(SEED)
    for name in ("cold", "warm"):  # A server's first write takes many times as long as those that follow.
        importing = Importing(settings, write_folder(tmp_path / name, roster(name)))
        to_write, to_end = await asyncio.to_thread(importing.measured)
    print(f"seed {SEED}; the write begins after {to_write:.2f} s and takes {to_end:.3f} s")
    ends = Counter[tuple[str, int]]()
    for number in range(KILLS):
        # Each round brings 500 new rows, so that each has something to write.
        name = f"round{number}"
        folder = write_folder(tmp_path / name, roster(name))
        if number % 3 == 0:
            after = (to_write + to_end) * chance.uniform(0.5, 1.1)
            how = await asyncio.to_thread(killed_by_the_clock, settings, folder, after)
        else:
            after = to_end * chance.uniform(0.0, 1.1)
            how = await asyncio.to_thread(killed_in_the_write, settings, folder, after)
        async with opened(store_url, store_auth) as store:
            places = [row["row"]["id"] for row in await store.read("jurisdictions_list")]
            bodies = [row["row"] for row in await store.read("organizations_list")]
            assert await broken_roster_link(store) is None
        there = sum(row["id"].startswith(f"{name}-") for row in bodies)
        there += f"GB-X-{name.upper()}" in places
        print(f"killed {how}, {after:.3f} s on: {there} rows")
        assert there in (0, ROWS), f"{there} of {ROWS} rows are there"
        if how == "after the write":
            assert there == ROWS, "what was reported as written is gone"
        if how == "before the write":
            assert there == 0
        ends[how, there] += 1
        # And it is as if nothing had happened: the same import goes through.
        again = await asyncio.to_thread(run, settings, "import", str(folder))
        assert again.returncode == 0, again.stderr
        async with opened(store_url, store_auth) as store:
            rows = [row["row"] for row in await store.read("organizations_list")]
            mine = [row for row in rows if row["id"].startswith(f"{name}-")]
            assert len(mine) == ROWS - 1
            assert all(row["jurisdictions"] == [f"GB-X-{name.upper()}"] for row in mine)
            assert len(rows) == (number + 3) * (ROWS - 1)
            assert await broken_roster_link(store) is None
    print(f"{KILLS} kills: {dict(ends)}")


def test_the_marked_command_is_the_command() -> None:
    """Else the kills would fall on something else."""
    plain = subprocess.run(relaypoint("--help"), capture_output=True, text=True, env=environment({}), timeout=60)
    marked = subprocess.run(
        [sys.executable, "-c", MARKED, "--help"], capture_output=True, text=True, env=environment({}), timeout=60
    )
    assert plain.stdout == marked.stdout != ""
