"""Two clients move the same handoff at once, over real HTTP: one wins, the other is told the present state."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from relaypoint.domain import chain
from relaypoint.tests.helpers import FULL, opened, tiny_roster, write_folder
from relaypoint.tests.processes import run, serving

RACES = 200 if FULL else 20

REFER = """
mutation {
  refer(
    need: {from: "example-unit", service: "housing", place: "GB-X-NORTH", for: ["female"]}
    send: {to: "shelter-desk"}
  ) {
    ... on ReferralSent { referral { key handoffs { key version } } }
    ... on Problem { message }
  }
}
"""

MOVE = """
mutation Move($handoff: String!, $verb: String!, $reason: String) {
  moveHandoff(move: {handoff: $handoff, verb: $verb, reason: $reason, expectedVersion: 1}) {
    __typename
    ... on HandoffMoved { handoff { status version } }
    ... on Problem { code message }
    ... on Conflict { presentStatus presentVersion }
  }
}
"""


async def ask(client: httpx.AsyncClient, organization: str, query: str, **variables: Any) -> Any:
    answer = await client.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"x-relaypoint-organization": organization},
    )
    body = answer.json()
    assert "errors" not in body, body
    (value,) = body["data"].values()
    return value


@pytest.mark.counted
async def test_accept_and_cancel_at_once_have_one_winner(
    engine: str, store_url: str, store_auth: dict[str, str | None], store_env: dict[str, str], tmp_path: Path
) -> None:
    settings = {
        **store_env,
        "RELAYPOINT_KEY_FILE": str(tmp_path / "key"),
        "RELAYPOINT_SPOOL": str(tmp_path / "spool"),
        "RELAYPOINT_DEV": "1",
    }
    assert run(settings, "import", str(write_folder(tmp_path / "roster", tiny_roster()))).returncode == 0
    wins = {"accepted": 0, "cancelled": 0}
    sent = []
    with contextlib.ExitStack() as servers:
        # The embedded store has one server; on Neo4j the two clients come through two.
        addresses = [servers.enter_context(serving(settings)) for _ in range(1 if engine == "embedded" else 2)]
        async with (
            httpx.AsyncClient(base_url=addresses[0], timeout=60) as shelter,
            httpx.AsyncClient(base_url=addresses[-1], timeout=60) as unit,
        ):
            for number in range(RACES):
                made = await ask(unit, "example-unit", REFER)
                (handoff,) = made["referral"]["handoffs"]
                accept = ask(shelter, "example-shelter", MOVE, handoff=handoff["key"], verb="accept")
                cancel = ask(
                    unit, "example-unit", MOVE, handoff=handoff["key"], verb="cancel", reason="no-longer-needed"
                )
                both = (accept, cancel) if number % 2 else (cancel, accept)
                outcomes = await asyncio.gather(*both)
                (winner,) = [each for each in outcomes if each["__typename"] == "HandoffMoved"]
                (loser,) = [each for each in outcomes if each["__typename"] == "Conflict"]
                assert loser["code"] == "CONFLICT"
                assert loser["presentStatus"] == winner["handoff"]["status"]
                assert loser["presentVersion"] == winner["handoff"]["version"] == 2
                wins[winner["handoff"]["status"]] += 1
                sent.append((made["referral"]["key"], winner["handoff"]["status"]))
    assert sum(wins.values()) == RACES
    async with opened(store_url, store_auth) as store:
        for id, status in sent:
            (shown,) = await store.read("referrals_get", ids=[id])
            assert [each["status"] for each in shown["handoffs"]] == [status]
            rows = await store.read("events_of", id=id)
            events = [chain.Event(**row["event"]) for row in rows]
            assert len(events) == 2
            assert chain.broken_link(events, rows[0]["length"], rows[0]["head"]) is None
    print(f"{engine}: {RACES} races, {wins}")
