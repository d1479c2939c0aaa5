"""How many mails a second one server sends, and what that costs those who read from its API meanwhile.

``python bench/mails.py [COUNT]`` prints a table and adds it to ``bench/results.json`` under ``mails``. A server with an
embedded store is asked for one organization, for a case's contacts and for what one sent, again and again, at a steady
pace: first while nothing is due yet, then while it sends COUNT mails (12,000 unless given) to a mail server in a
process of its own, with TLS and sign-in as in service.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session

from relaypoint.bench.keeping import keep
from relaypoint.domain.clock import system_clock
from relaypoint.graph import open_store
from relaypoint.resolvers import sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.referral_steps import notice
from relaypoint.resolvers.vault import Vault
from relaypoint.tests.helpers import imported, member, row, tiny_roster
from relaypoint.tests.mailing import PASSWORD, USER, Postmaster, certificate, post_office

#: To each contact point so many, which are not enough to go out as one.
EACH: Final = 4
#: Cases that the messages are about.
CASES: Final = 200
#: Seconds from one question to the next, whether it was answered or not: 20 a second.
PACE: Final = 0.05
#: The messages are due so long after they were promised: the server has started by then, and was asked.
DUE: Final = timedelta(seconds=100)
#: Questions before anything is counted, and while nothing is due.
WARM, QUIET = 50, 1000
FIND: Final = """query ($need: NeedInput!) { find(need: $need) { candidates { contactPoint { key name }
  channels { address } } } }"""
NEED: Final = {"from": "example-unit", "service": "housing", "place": "GB-X-NORTH", "for": ["female"]}
ORGANIZATION: Final = "query ($key: String!) { organization(key: $key) { name kind jurisdictions { name } } }"
INBOX: Final = "{ referrals(first: 20) { edges { node { reference priority handoffs { status } } } } }"
QUESTIONS: Final[tuple[dict[str, Any], ...]] = (
    {"query": ORGANIZATION, "variables": {"key": "example-line"}},
    {"query": FIND, "variables": {"need": NEED}},
    {"query": INBOX, "variables": {}},
)


def roster(desks: int) -> dict[str, list[dict[str, str]]]:
    """With desks that are told of things, and that no search finds."""
    found = tiny_roster()
    found["organizations"].append({"id": "example-offices", "name": "Example offices", "kind": "cso"})
    for number in range(desks):
        id = f"desk-{number}"
        desk = {"id": id, "name": id, "organization": "example-offices", "time_zone": "Europe/London"}
        found["contact_points"].append(desk)
        mail = {**row(found, "channels", "shelter-mail"), "id": f"{id}-mail", "contact_point": id, "kind": "email"}
        found["channels"].append({**mail, "address": f"{id}@shelter.example.org"})
    return found


async def prepared(folder: Path, count: int) -> None:
    """A store with cases that came in, and so many messages that are due in a while."""
    store = await open_store(f"file:{folder}", user=None, password=None)
    try:
        key = Vault.new_installation_key()
        (folder / "installation.key").write_bytes(key)
        backend = Backend(store, system_clock, Vault(key))
        await prove_key(backend)
        await imported(backend, roster(count // EACH))
        need = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
        steps = []
        for _ in range(CASES):
            sent = await sending.refer(member("example-unit"), backend, need, to="shelter-desk")
            steps.append(sent.referral["handoffs"][0]["id"])
        later = replace(backend, clock=lambda: system_clock() + DUE)
        for start in range(0, count, 100):
            await backend.store.write(
                [
                    notice(
                        later,
                        handoff=steps[number % CASES],
                        contact_point=f"desk-{number // EACH}",
                        kind="moved",
                        priority="routine",
                        confidentiality="official",
                    )
                    for number in range(start, min(start + 100, count))
                ]
            )
    finally:
        await store.close()


@contextlib.contextmanager
def mail_server(folder: Path) -> Iterator[str]:
    """The address of one in a process of its own."""
    command = [sys.executable, "-m", "relaypoint.bench.mails", "--serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


class Counting(Postmaster):
    """Takes all, and reads none of it: its time would be that of those who are measured."""

    taken = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken += 1
        return "250 OK"


async def serve_mail(folder: Path) -> None:
    """Tells its address, and ten times a second in a file how many mails it has taken."""
    master = Counting()
    async with post_office(certificate(folder), master=master) as (_, address):
        print(address, flush=True)
        while True:
            part = folder / "taken.part"
            part.write_text(str(master.taken))
            part.replace(folder / "taken")
            await asyncio.sleep(0.1)


@contextlib.contextmanager
def server(store: Path, mail: str, certificates: Path) -> Iterator[str]:
    settings = {
        "RELAYPOINT_STORE": f"file:{store}",
        "RELAYPOINT_DEV": "1",
        "RELAYPOINT_MAIL": mail,
        "RELAYPOINT_MAIL_FROM": "desk@relay.example.org",
        "RELAYPOINT_MAIL_USER": USER,
        "RELAYPOINT_MAIL_PASSWORD": PASSWORD,
        "RELAYPOINT_MAIL_CA": str(certificates / "server.pem"),
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("RELAYPOINT_")}
    command = [sys.executable, "-m", "relaypoint.app", "serve", "--port", "0"]
    with subprocess.Popen(command, env=others | settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            yield found[0]
        finally:
            process.terminate()


async def read(client: httpx.AsyncClient, url: str, times: list[float], seconds: float, most: int | None) -> None:
    """Asks at a steady pace, whether the last answer has come or not, for so long or so often."""
    waiting: set[asyncio.Task[None]] = set()

    async def ask(question: dict[str, Any]) -> None:
        began = time.perf_counter()
        answer = await client.post(url, json=question, headers={"x-relaypoint-organization": "example-unit"})
        if "errors" in answer.json():
            raise SystemExit(str(answer.json()["errors"]))
        times.append(1000 * (time.perf_counter() - began))

    end, number = time.perf_counter() + seconds, 0
    while time.perf_counter() < end and (most is None or number < most):
        task = asyncio.create_task(ask(QUESTIONS[number % len(QUESTIONS)]))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        number += 1
        await asyncio.sleep(PACE)
    await asyncio.gather(*waiting)


async def quiet(client: httpx.AsyncClient, url: str) -> list[float]:
    await read(client, url, [], 60, WARM)
    times: list[float] = []
    await read(client, url, times, 90, QUIET)
    return times


async def sending_mails(client: httpx.AsyncClient, url: str, taken: Path, count: int) -> tuple[list[float], float]:
    """What it took to answer while the middle eight tenths of the mails went out, and how many a second these were."""

    async def until(number: int) -> tuple[float, int]:
        while True:
            now = int(await asyncio.to_thread(taken.read_text))
            if now >= number:
                return time.perf_counter(), now
            await asyncio.sleep(0.1)

    first, some = await until(count // 10)
    times: list[float] = []
    reading = asyncio.create_task(read(client, url, times, 600, None))
    last, more = await until(count * 9 // 10)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return times, (more - some) / (last - first)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


async def run(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mail_server(folder) as mail:
            (folder / "store").mkdir()
            await prepared(folder / "store", count)
            with server(folder / "store", mail, folder) as url:
                async with httpx.AsyncClient(timeout=60) as client:
                    before = await quiet(client, url)
                    # Of the cases themselves their desk is told at once.
                    if int((folder / "taken").read_text()) > CASES:
                        raise SystemExit("mails went out before they were to")
                    meanwhile, rate = await sending_mails(client, url, folder / "taken", count)
    return {
        "mails a second": rate,
        "answers p50, nothing sent": statistics.median(before),
        "answers p50, while sending": statistics.median(meanwhile),
        "answers p95, nothing sent": p95(before),
        "answers p95, while sending": p95(meanwhile),
        "ratio of p95": p95(meanwhile) / p95(before),
        "answers while sending": len(meanwhile),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("count", nargs="?", type=int, default=12000)
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve is not None:
        asyncio.run(serve_mail(given.serve))
        return
    table = asyncio.run(run(given.count))
    for name, value in table.items():
        print(f"{name:<32}{value:>10.2f}")
    keep("mails", table)


if __name__ == "__main__":
    main()
