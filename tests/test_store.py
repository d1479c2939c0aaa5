"""What the port promises, on each engine."""

from __future__ import annotations

import asyncio

import pytest

from relaypoint.domain.errors import Invalid, Unavailable
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import AlreadyDone, Duplicate, Operation, Step, Store, Unmet, open_store
from relaypoint.graph.schema import VERSION, prepare
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.writing import operation_id, write_once
from relaypoint.tests.helpers import dump, make_backend

PLACE = {"rows": [{"id": "XX", "properties": {"name": "Example", "kind": "country", "version": 1}}]}
NOTHING = {"rows": [{"id": "YY", "to": "nobody"}]}


def operation(id: str, result: str = "{}") -> Operation:
    return Operation(id, "2026-03-03T10:00:00.000Z", "same", result, "2026-03-04T10:00:00.000Z")


async def test_a_write_is_whole_or_nothing(store: Store) -> None:
    before = await dump(store)
    missing = Step("contact_points_touch", {"ids": ["nobody"]})
    with pytest.raises(Unmet) as failed:
        await store.write([Step("jurisdictions_put", PLACE), missing], operation("one"))
    assert failed.value.index == 1
    assert await dump(store) == before


async def test_an_id_that_is_taken_is_a_duplicate_and_leaves_nothing(store: Store) -> None:
    referral = Step("roster_record", {"events": [{"id": "same", "sequence": 1}, {"id": "same", "sequence": 2}]}, None)
    before = await dump(store)
    with pytest.raises(Duplicate):
        await store.write([Step("jurisdictions_put", PLACE), referral])
    assert await dump(store) == before


async def test_one_reads_what_one_wrote(store: Store) -> None:
    await store.write([Step("jurisdictions_put", PLACE)])
    assert [row["row"]["id"] for row in await store.read("jurisdictions_list")] == ["XX"]


async def test_a_null_takes_a_property_away(store: Store) -> None:
    await store.write([Step("jurisdictions_put", PLACE)])
    gone = {"rows": [{"id": "XX", "properties": {"kind": None}}]}
    await store.write([Step("jurisdictions_put", gone)])
    (row,) = await store.read("jurisdictions_list")
    assert row["row"]["kind"] is None
    assert row["row"]["name"] == "Example"


async def test_an_operation_is_carried_out_once(store: Store) -> None:
    await store.write([Step("jurisdictions_put", PLACE)], operation("one", '{"first": true}'))
    before = await dump(store)
    with pytest.raises(AlreadyDone) as known:
        await store.write([Step("jurisdictions_put", NOTHING)], operation("one", '{"second": true}'))
    assert known.value.result == '{"first": true}'
    assert await dump(store) == before


async def test_two_at_once_carry_an_operation_out_once(store: Store) -> None:
    async def attempt() -> str:
        try:
            await store.write([Step("jurisdictions_put", PLACE)], operation("one"))
        except AlreadyDone:
            return "known"
        return "done"

    outcomes = await asyncio.gather(*(attempt() for _ in range(8)))
    assert sorted(outcomes) == ["done", *["known"] * 7]


async def test_a_key_that_was_used_for_another_request_is_refused(store: Store) -> None:
    backend = make_backend(store)
    id = operation_id(OPERATOR, backend, "key")
    steps = [Step("jurisdictions_put", PLACE)]
    assert await write_once(backend, id, steps, request={"a": 1}, result={"n": 1}) == {"n": 1}
    assert await write_once(backend, id, steps, request={"a": 1}, result={"n": 2}) == {"n": 1}
    with pytest.raises(Invalid) as refused:
        await write_once(backend, id, steps, request={"a": 2}, result={"n": 3})
    assert refused.value.path == ("idempotencyKey",)


async def test_of_twenty_that_saw_the_same_version_one_wins(store: Store) -> None:
    async def attempt(number: int) -> bool:
        lock = {"operation": f"op-{number}", "version": 0, "length": number, "head": str(number)}
        try:
            await store.write([Step("roster_lock", lock)])
        except Unmet:
            return False
        return True

    outcomes = await asyncio.gather(*(attempt(number) for number in range(20)))
    assert sum(outcomes) == 1
    (root,) = await store.read("roster_root")
    assert root["version"] == 1
    assert root["length"] == outcomes.index(True)


async def test_a_store_of_a_newer_program_is_refused(store: Store) -> None:
    await store.write([Step("schema_found", {"version": VERSION + 1})])
    with pytest.raises(Unavailable, match="schema"):
        await prepare(store)


async def test_preparing_again_changes_nothing(store: Store) -> None:
    before = await dump(store)
    await prepare(store)
    assert await dump(store) == before


async def test_another_installation_key_is_refused(store: Store) -> None:
    await prove_key(make_backend(store))
    with pytest.raises(Unavailable) as refused:
        await prove_key(make_backend(store))
    assert refused.value.message_id == "vault.key"


async def test_two_programs_that_start_at_once_agree_on_the_key(store: Store) -> None:
    first = make_backend(store)
    second = Backend(store, first.clock, first.vault)
    await asyncio.gather(prove_key(first), prove_key(second))
    await prove_key(first)


async def test_an_embedded_store_has_one_holder(embedded_url: str) -> None:
    holder = await open_store(embedded_url)
    with pytest.raises(Unavailable) as refused:
        await open_store(embedded_url)
    assert refused.value.message_id == "store.held"
    await holder.close()
    await (await open_store(embedded_url)).close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await open_store("bolt://127.0.0.1:9")


@pytest.mark.parametrize("url", ["", "file:", "http://127.0.0.1", "my-store", "neo4j"])
async def test_what_is_no_store_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        await open_store(url)
    assert refused.value.path == ("RELAYPOINT_STORE",)
    assert "neo4j://" in refused.value.remedy
