"""kill -9 in the middle of an import of 500 rows: afterwards all of it is there, or none."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import time
from pathlib import Path

from relaypoint.tests.helpers import Roster, environment, opened, relaypoint, run, write_folder

ROWS = 500
KILLS = 10 if os.environ.get("RELAYPOINT_TEST_PROFILE") == "full" else 3


def large_roster() -> Roster:
    """One place and as many bodies as make 500 rows."""
    place = {"id": "GB-X-T", "name": "Example Area", "kind": "area"}
    body = {"kind": "cso", "jurisdictions": "GB-X-T"}
    bodies = [{"id": f"body-{n}", "name": f"Example Body {n}", **body} for n in range(ROWS - 1)]
    return {"jurisdictions": [place], "organizations": bodies}


def killed_import(settings: dict[str, str], folder: Path, after: float) -> None:
    """An import in a process of its own, killed after so many seconds."""
    process = subprocess.Popen(
        relaypoint("import", str(folder)),
        env=environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    process.kill()
    process.wait(20)


async def test_an_import_that_is_killed_leaves_all_or_nothing(
    store_url: str, store_auth: dict[str, str | None], store_env: dict[str, str], tmp_path: Path
) -> None:
    settings = {**store_env, "RELAYPOINT_KEY_FILE": str(tmp_path / "key")}
    folder = write_folder(tmp_path / "roster", large_roster())
    chance = random.Random(20261123)
    began = time.monotonic()
    assert run(settings, "import", str(folder), "--dry-run").returncode == 0
    usual = time.monotonic() - began
    outcomes = []
    for number in range(KILLS):
        # Each round brings the same 500 rows under new ids, so that each has something to write.
        roster = large_roster()
        for each in roster["organizations"]:
            each["id"] = f"round-{number}-{each['id']}"
        write_folder(tmp_path / "roster", roster)
        # The write comes at the end: the kills fall into the last part of a usual run, and a little beyond.
        await asyncio.to_thread(killed_import, settings, folder, usual * chance.uniform(0.6, 1.4))
        prefix = f"round-{number}-"
        async with opened(store_url, store_auth) as store:
            rows = await store.read("organizations_list")
            here = sum(row["row"]["id"].startswith(prefix) for row in rows)
        assert here in (0, ROWS - 1), f"{here} of {ROWS - 1} rows are there"
        outcomes.append(here)
        assert run(settings, "import", str(folder)).returncode == 0
        async with opened(store_url, store_auth) as store:
            rows = await store.read("organizations_list")
            assert sum(row["row"]["id"].startswith(prefix) for row in rows) == ROWS - 1
    print(f"killed {KILLS} times: {outcomes.count(0)} left nothing, {KILLS - outcomes.count(0)} left all")
