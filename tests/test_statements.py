"""Every statement runs on both engines and gives the same; on Neo4j none scans where it is meant to look up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Row, Store, open_store
from relaypoint.graph.library import Statement, statements
from relaypoint.graph.neo4j import Neo4jStore
from relaypoint.resolvers import outbox, referrals
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import NeedInput
from relaypoint.tests.engines import Server
from relaypoint.tests.helpers import filled, unordered

READS = sorted(name for name, statement in statements().items() if statement.mode == "read")
NEED = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
SCANS = ("AllNodesScan", "NodeByLabelScan", "RelationshipTypeScan", "UnionNodeByLabelsScan", "NodeIndexScan")


async def populate(store: Store) -> Backend:
    """The tiny roster and one referral with its notice leased; the ids are made the same on every engine."""
    backend = await filled(store)
    numbers = iter(range(100, 10_000))

    def next_id() -> str:
        return f"00000000-0000-7000-8000-{next(numbers):012d}"

    def next_random() -> str:
        return f"ABCDE{next(numbers):05d}"

    fixed = Backend(store, backend.clock, backend.vault, next_id, next_random)
    await referrals.refer(OPERATOR, fixed, NEED)
    await outbox.lease(OPERATOR, fixed)
    return fixed


def parameters(rows: dict[str, list[Row]]) -> dict[str, dict[str, Any]]:
    """What each reading statement is asked with. ``rows`` are the ids that the store made up."""
    referral, handoff = rows["referral"][0]["id"], rows["handoff"][0]["id"]
    page = {"after": "a", "limit": 3}
    pages = {f"{kind}_page": page for kind in ("organizations", "task_forces", "contact_points")}
    lists: dict[str, dict[str, Any]] = {name: {} for name in READS if name.endswith("_list")}
    return {
        **lists,
        **pages,
        "organizations_get": {"ids": ["example-shelter", "nobody"]},
        "task_forces_get": {"ids": ["example-force"]},
        "contact_points_get": {"ids": ["shelter-desk"]},
        "contact_points_of": {"organizations": ["example-shelter"]},
        "events_of": {"id": referral},
        "find_ground": {
            "place": "GB-X-NORTH",
            "service": "housing",
            "asker": "example-unit",
            "avoid": ["example-line", "line-desk", "shelter-first", "nobody"],
        },
        "handoff_get": {"id": handoff, "day": "2026-03-03"},
        "handoffs_by_reference": {"reference": rows["referral"][0]["reference"]},
        "handoffs_open": {"organization": "example-shelter"},
        "key_check_get": {},
        "notices_leased": {"lease": rows["notice"][0]["lease"]},
        "operation_find": {"id": "nothing"},
        "place_emergency": {"place": "GB-X-NORTH"},
        "referral_get": {"id": referral},
        "referrals_all": {"before": None, "limit": 5},
        "referrals_of": {"organization": "example-shelter", "before": None, "limit": 5},
        "roster_events": {},
        "roster_root": {},
        "schema_version": {},
        "stall_surroundings": {"pairs": [{"desk": "shelter-desk", "sender": "example-unit"}]},
    }


async def answers(store: Store) -> dict[str, Any]:
    await populate(store)
    (referral,) = await store.read("referrals_all", before=None, limit=5)
    shown = await store.read("referral_get", id=referral["id"])
    reference = {"id": referral["id"], "reference": shown[0]["referral"]["reference"]}
    handoff = {"id": shown[0]["handoffs"][0]["id"]}
    made_up = {"referral": [reference], "handoff": [handoff], "notice": [{"lease": _lease(store)}]}
    asked = parameters(made_up)
    assert sorted(asked) == READS, "a reading statement has no parameters here"
    found = {}
    for name, given in asked.items():
        assert set(given) == statements()[name].parameters, name
        found[name] = _settled(unordered(await store.read(name, **given)))
    return found


def _lease(store: Store) -> str:
    # The seventh id that is made: operation, referral, handoff, notice, event come before it in ``populate``.
    return "00000000-0000-7000-8000-000000000106"


_DIFFERS = {"sealed", "sealed_key", "key_check", "hash", "previous", "head", "data", "chain_head"}


def _settled(value: Any) -> Any:
    """Without what is random in each store: keys, and the hashes over what they seal."""
    if isinstance(value, dict):
        return {key: _settled(each) for key, each in value.items() if key not in _DIFFERS}
    return [_settled(each) for each in value] if isinstance(value, list) else value


async def test_every_reading_statement_gives_the_same_on_both_engines(embedded_url: str, neo4j_server: Server) -> None:
    embedded = await open_store(embedded_url)
    server = await open_store(neo4j_server.uri, user=neo4j_server.user, password=neo4j_server.password)
    try:
        here, there = await answers(embedded), await answers(server)
        for name in READS:
            assert here[name] == there[name], name
        empty = {name for name, rows in here.items() if not rows}
        assert empty <= {"operation_find"}, "a statement was compared on nothing"
    finally:
        await embedded.close()
        await server.close()


def test_every_writing_statement_is_run_by_the_use_cases() -> None:
    """Those are compared through their effects; here, that none is left over."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in _sources())
    for name, statement in statements().items():
        generic = name.split("_link_")[0] + "_link" if "_link_" in name else name
        by_sheet = generic.endswith(("_put", "_unlink", "_link", "_list", "_page", "_get"))
        if statement.mode == "write" and not by_sheet:
            assert f'"{name}"' in code, name


def _sources() -> Iterator[Path]:
    root = Path(__file__).resolve().parent.parent
    yield from (root / "resolvers").glob("*.py")
    yield from (root / "graph").glob("*.py")


def operators(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield plan["operatorType"].split("@")[0], str(plan.get("args", {}).get("Details", ""))
    for child in plan.get("children", ()):
        yield from operators(child)


async def test_no_statement_scans_where_it_is_meant_to_look_up(neo4j_server: Server) -> None:
    store = await open_store(neo4j_server.uri, user=neo4j_server.user, password=neo4j_server.password)
    assert isinstance(store, Neo4jStore)
    try:
        for statement in statements().values():
            plan = await store.explain(statement.text, dict.fromkeys(statement.parameters))
            _judge(statement, list(operators(plan)))
    finally:
        await store.close()


def _judge(statement: Statement, plan: list[tuple[str, str]]) -> None:
    scans = [(operator, details) for operator, details in plan if any(scan in operator for scan in SCANS)]
    if statement.starts == "id":
        assert not scans, f"{statement.name} scans: {scans}"
    for operator, details in scans:
        assert operator != "AllNodesScan", f"{statement.name} reads the whole graph"
        if statement.starts == "open":
            # Desks are few; the archive of referrals, steps and notices is what must not be read.
            assert not any(f":{label}" in details for label in ("Handoff", "Referral", "Notice", "Event")), details
    if statement.starts == "label":
        assert len(scans) <= 1, f"{statement.name} scans more than its own kind: {scans}"


def test_the_judge_refuses_a_scan() -> None:
    with pytest.raises(AssertionError, match="scans"):
        _judge(statements()["referral_get"], [("NodeByLabelScan", "r:Referral")])
