"""A store with many referrals that are over, beside a few that are open and have gone silent.

The open ones are sent by the real use case. Those that are over are written in bulk: the nodes and relationships that
the use cases would leave behind, without their records (events), which no report of open work looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from relaypoint.bench import national
from relaypoint.domain.clock import fixed_clock, format_instant
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Store
from relaypoint.graph.embedded import EmbeddedStore
from relaypoint.graph.neo4j import Neo4jStore
from relaypoint.resolvers import roster, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput

ORGANIZATIONS: Final = 1_000
PRIORITIES: Final = ("routine", "routine", "routine", "urgent", "urgent", "asap", "stat")
#: What is over ended so; most was served.
ENDS: Final = ("completed", "completed", "completed", "completed", "cancelled", "rejected", "failed")
#: The last open step was sent then.
LATEST: Final = datetime(2026, 11, 10, 12, tzinfo=UTC)
#: The roster is older than all of it.
BEGAN: Final = "2023-01-02T08:00:00Z"
#: So much is written at once.
BATCH: Final = 10_000

_CLOSED: Final = """
UNWIND $rows AS row
MATCH (sender:Organization {id: row.sender})
MATCH (desk:ContactPoint {id: row.desk})
MATCH (type:ServiceType {id: row.type})
CREATE (r:Referral {id: row.referral})
SET r += row.of_referral
CREATE (k:CaseKey {id: row.referral, sealed_key: row.sealed_key})
CREATE (h:Handoff {id: row.handoff})
SET h += row.of_handoff
CREATE (n:Notice {id: row.notice})
SET n += row.of_notice
CREATE (r)-[:SENT_BY]->(sender)
CREATE (r)-[:FOR]->(type)
CREATE (r)-[:SEALED_UNDER]->(k)
CREATE (h)-[:STEP_OF]->(r)
CREATE (h)-[:TO]->(desk)
CREATE (n)-[:ABOUT]->(h)
CREATE (n)-[:FOR]->(desk)
"""
#: As if every message had gone out.
_DELIVERED: Final = (
    "MATCH (:Queue {id: 'notices'})-[pending:PENDING]->(n:Notice) SET n.status = 'delivered' DELETE pending"
)


async def founded(backend: Backend, open: int) -> None:
    """The roster, and so many open steps, sent over 30 days; at ``now`` all of them have gone silent."""
    first = replace(backend, clock=fixed_clock(BEGAN))
    done = await roster.import_roster(OPERATOR, first, national.tables(ORGANIZATIONS, 3 * ORGANIZATIONS))
    if done.errors:
        raise SystemExit(f"the made-up roster is not accepted: {done.errors[0].message}")
    for number in range(open):
        body = number % ORGANIZATIONS
        need = NeedInput(
            from_organization=f"body-{body}",
            service=("shelter", "legal-aid", "medical-help")[number % 3],
            place=f"GB-X-R{body // national.IN_A_TOWN // national.IN_A_REGION}-T{body // national.IN_A_TOWN}",
            priority=PRIORITIES[number % len(PRIORITIES)],
            tags=("adult", "female"),
            avoid=("police",) if body % 8 != 7 else (),
        )
        sent = LATEST - timedelta(minutes=43 * number)
        await sending.refer(OPERATOR, replace(backend, clock=fixed_clock(format_instant(sent))), need)
    await backend.store.apply([_DELIVERED])


async def filled(backend: Backend, first: int, last: int) -> None:
    """Those that are over, from number ``first`` to ``last``."""
    sealed_key = backend.vault.new_case_key()
    sealed = backend.vault.seal(
        sealed_key,
        {
            "place": national.TOWN,
            "languages": ["vi"],
            "tags": ["adult", "female"],
            "avoid": ["police"],
            "consent": True,
            "candidates": [f"body-{number}-desk" for number in range(3)],
        },
    )
    for start in range(first, last, BATCH):
        rows = list(_rows(range(start, min(start + BATCH, last)), sealed_key, sealed))
        await _written(backend.store, rows)


def _rows(numbers: range, sealed_key: str, sealed: str) -> Iterator[dict[str, Any]]:
    for number in numbers:
        # Three years of them, the last on the day before the open ones.
        sent = LATEST - timedelta(days=32, minutes=(number * 7919) % (3 * 365 * 24 * 60))
        sent_at, changed_at = format_instant(sent), format_instant(sent + timedelta(hours=5 + number % 90))
        priority, status = PRIORITIES[number % len(PRIORITIES)], ENDS[number % len(ENDS)]
        yield {
            "sender": f"body-{number % ORGANIZATIONS}",
            "desk": f"body-{(number * 31 + 1) % ORGANIZATIONS}-desk",
            "type": national.TYPES[number % 3],
            "referral": f"r-{number:09}",
            "sealed_key": sealed_key,
            "of_referral": {
                "reference": f"OLD-{number:09}",
                "version": 4,
                "priority": priority,
                "confidentiality": "official",
                "created_at": sent_at,
                "sealed": sealed,
                "chain_length": 4,
                "chain_head": f"{number:064}",
            },
            "handoff": f"h-{number:09}",
            "of_handoff": {
                "version": 4,
                "status": status,
                "reason": "other" if status in ("cancelled", "failed") else None,
                "sent_at": sent_at,
                "changed_at": changed_at,
                "acknowledge_by": format_instant(sent + timedelta(days=1)),
                "decide_by": format_instant(sent + timedelta(days=3)),
            },
            "notice": f"n-{number:09}",
            "of_notice": {
                "kind": "requested",
                "status": "delivered",
                "priority": priority,
                "urgency": 0,
                "confidentiality": "official",
                "reference": f"OLN-{number:09}",
                "created_at": sent_at,
                "due_at": sent_at,
                "tried_at": sent_at,
                "attempts": 1,
            },
        }


async def _written(store: Store, rows: list[dict[str, Any]]) -> None:
    if isinstance(store, EmbeddedStore):
        store._session.execute(_CLOSED, params={"rows": rows})
        return
    assert isinstance(store, Neo4jStore)
    async with store._session() as session:
        await (await session.run(_CLOSED, {"rows": rows})).consume()
