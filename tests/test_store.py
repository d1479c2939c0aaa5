"""What every store promises, whichever engine is behind it: whole writes, one winner, and refusals in our own words."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from unittest.mock import patch

import pytest

from relaypoint.domain.errors import Invalid, Unavailable
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import AlreadyDone, Duplicate, Operation, Step, Store, Unmet, open_store
from relaypoint.graph.embedded import FILE, EmbeddedStore
from relaypoint.graph.schema import LABELS, VERSION, prepare
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.writing import forget_operations, operation_id, write_once
from relaypoint.tests import snapshots
from relaypoint.tests.engines import Server
from relaypoint.tests.helpers import broken_roster_link, dump, filled, make_backend, raw
from relaypoint.tests.processes import environment

Auth = dict[str, str | None]


def put(*ids: str, **properties: Any) -> Step:
    """Makes or changes organizations."""
    rows = [{"id": id, "properties": {"name": id.upper(), **properties}} for id in ids]
    return Step("organizations_put", {"rows": rows}, len(rows))


def part(id: str, of: str) -> Step:
    return Step("organizations_link_part_of", {"pairs": [{"id": id, "to": of}]})


def lock(version: int, by: str = "test") -> Step:
    return Step("roster_lock", {"operation": by, "version": version, "previous": "", "length": 0, "head": ""})


def operation(id: str, fingerprint: str = "f", result: str = "{}") -> Operation:
    return Operation(id, "2026-01-01T00:00:00.000Z", fingerprint, result, "2026-01-02T00:00:00.000Z")


async def organizations(store: Store) -> list[str]:
    return [row["row"]["id"] for row in await store.read("organizations_list")]


async def roster_version(store: Store) -> int:
    version = (await store.read("roster_root"))[0]["version"]
    assert isinstance(version, int)
    return version


# a write is whole


async def test_a_write_returns_the_rows_of_each_step(store: Store) -> None:
    results = await store.write(
        [put("a", "b"), part("a", "b"), Step("operation_find", {"id": "none", "at": "2026-03-03T10:00:00.000Z"}, None)]
    )
    assert results == [[{"id": "a"}, {"id": "b"}], [{"id": "a"}], []]


async def test_a_step_that_is_not_met_leaves_nothing(store: Store) -> None:
    await store.write([put("kept")])
    before = await dump(store)
    with pytest.raises(Unmet) as caught:
        await store.write([put("a", "b"), put("kept", website="https://example.org"), part("a", "missing")])
    assert (caught.value.index, caught.value.step.statement) == (2, "organizations_link_part_of")
    assert await dump(store) == before
    # Nor is the store harmed by it: the same ids can be written now.
    await store.write([put("a", "missing"), part("a", "missing")])
    assert await organizations(store) == ["a", "kept", "missing"]


async def test_too_many_rows_are_not_what_was_expected_either(store: Store) -> None:
    two = Step("organizations_put", {"rows": [{"id": id, "properties": {"name": id}} for id in ("a", "b")]})
    with pytest.raises(Unmet):
        await store.write([two])
    assert await organizations(store) == []


async def test_an_operation_goes_with_its_write(store: Store) -> None:
    with pytest.raises(Unmet):
        await store.write([part("a", "b")], operation("once"))
    assert await store.read("operation_find", id="once", at="2026-01-01T00:00:00.000Z") == []
    await store.write([put("a", "b"), part("a", "b")], operation("once"))
    assert len(await store.read("operation_find", id="once", at="2026-01-01T00:00:00.000Z")) == 1


async def test_traces_of_writes_are_forgotten_once_they_have_expired(store: Store) -> None:
    """However many there are, and none that still holds."""
    before = make_backend(store, "2026-03-02T10:00:00.000Z")
    for number in range(3):
        await write_once(before, f"first-{number}", [put("a")], request={"n": number}, result={})
    later = make_backend(store, "2026-03-03T09:00:00.000Z", before.vault)
    await write_once(later, "second", [put("b")], request={}, result={"n": 2})
    with patch("relaypoint.resolvers.writing._AT_ONCE", 2):
        assert await forget_operations(later) == 0
        later = make_backend(store, "2026-03-03T10:00:00.000Z", before.vault)
        assert await forget_operations(later) == 3
    assert await write_once(later, "second", [put("c")], request={}, result={"n": 3}) == {"n": 2}
    assert await write_once(later, "first-0", [put("d")], request={"n": 9}, result={"n": 9}) == {"n": 9}
    assert await organizations(store) == ["a", "b", "d"]


@pytest.mark.parametrize("within", [True, False])
async def test_a_taken_id_is_refused_and_nothing_of_the_write_kept(store: Store, within: bool) -> None:
    record = Step("operation_record", operation("taken").as_parameters())
    if not within:
        await store.write([record])
    before = await dump(store)
    with pytest.raises(Duplicate):
        await store.write([put("a"), *([record] if within else []), put("b"), record])
    assert await dump(store) == before


@pytest.mark.parametrize("label", LABELS)
async def test_every_kind_of_node_has_one_of_an_id(store: Store, label: str) -> None:
    with pytest.raises(Duplicate):
        await store.apply([f"CREATE (:{label} {{id: 'same'}})", f"CREATE (:{label} {{id: 'same'}})"])
    assert await raw(store, f"MATCH (n:{label} {{id: 'same'}}) RETURN count(n) AS count") == [{"count": 1}]


async def test_a_reference_is_one_referrals(store: Store) -> None:
    one, two = (f"CREATE (:Referral {{id: '{id}', reference: 'AAAAA-AAAAA'}})" for id in "ab")
    with pytest.raises(Duplicate):
        await store.apply([one, two])


async def test_a_null_property_goes(store: Store) -> None:
    await store.write([put("a", website="https://example.org", other_names=["x"])])
    await store.write([put("a", website=None, other_names=[], status="active")])
    assert [line for line in await dump(store) if line.startswith("Organization")] == [
        'Organization {"id": "a", "name": "A", "other_names": [], "status": "active", "version": 2}'
    ]


async def test_values_come_back_as_they_went_in(store: Store) -> None:
    hostile = "`' \" \\ $id {x} // \n; MATCH (n) DETACH DELETE n \u202e ünï 私 🕊"
    values = {"website": hostile, "other_names": ["", hostile, "b", "a"], "status": "2026-01-01"}
    await store.write([put("a", **values)])
    kept = (await store.read("organizations_list"))[0]
    assert {name: kept["row"][name] for name in values} == values
    big = 2**53 + 1
    await store.write([put("a", as_of=big)])
    assert (await store.read("organizations_list"))[0]["row"]["as_of"] == big


# once


async def test_a_repeated_operation_is_told_the_first_result(store: Store) -> None:
    await store.write([put("a")], operation("once", "print", '{"a": 1}'))
    before = await dump(store)
    with pytest.raises(AlreadyDone) as caught:
        await store.write([put("b")], operation("once", "other", '{"b": 2}'))
    assert (caught.value.fingerprint, caught.value.result) == ("print", '{"a": 1}')
    assert await dump(store) == before


async def test_of_many_at_once_one_carries_the_operation_out(store: Store) -> None:
    async def attempt(number: int) -> str:
        try:
            await store.write([put(f"a{number}")], operation("once", result=f'"{number}"'))
        except AlreadyDone as done:
            return done.result
        return "won"

    told = Counter(await asyncio.gather(*(attempt(number) for number in range(12))))
    (winner,) = await organizations(store)
    assert told == {"won": 1, f'"{winner[1:]}"': 11}


async def test_a_key_stands_for_one_request(store: Store) -> None:
    backend = make_backend(store)
    id = operation_id(OPERATOR, backend, "my key")
    told = await write_once(backend, id, [put("a")], request={"to": "a"}, result={"sent": "a"})
    again = await write_once(backend, id, [put("b")], request={"to": "a"}, result={"sent": "b"})
    assert told == again == {"sent": "a"}
    with pytest.raises(Invalid) as caught:
        await write_once(backend, id, [put("b")], request={"to": "b"}, result={"sent": "b"})
    assert caught.value.path == ("idempotencyKey",)
    assert await organizations(store) == ["a"]


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


async def test_of_two_keys_that_start_at_once_one_is_refused(store: Store) -> None:
    told = await asyncio.gather(*(prove_key(make_backend(store)) for _ in range(2)), return_exceptions=True)
    assert sorted(getattr(each, "message_id", "") for each in told) == ["", "vault.key"]


# many at once


async def test_what_was_written_is_read(store: Store) -> None:
    for number in range(25):
        await store.write([put("a", as_of=number), put(f"b{number:02}")])
        rows = await store.read("organizations_list")
        assert [row["row"]["id"] for row in rows] == ["a", *(f"b{n:02}" for n in range(number + 1))]
        assert rows[0]["row"]["as_of"] == number


async def test_one_writer_wins_each_version(store: Store) -> None:
    for version in range(4):

        async def attempt(number: int, version: int = version) -> bool:
            try:
                await store.write([lock(version, f"w{number}"), put(f"v{version}-w{number}")])
            except Unmet:
                return False
            return True

        won = await asyncio.gather(*(attempt(number) for number in range(20)))
        assert sum(won) == 1
        assert await roster_version(store) == version + 1
        assert f"v{version}-w{won.index(True)}" in await organizations(store)
    assert len(await organizations(store)) == 4


async def test_twenty_writers_count_to_twenty(store: Store) -> None:
    async def add(number: int) -> int:
        for attempt in range(1, 1000):
            version = await roster_version(store)
            try:
                await store.write([lock(version, f"w{number}")])
            except Unmet:
                continue
            return attempt
        raise AssertionError("never won")

    attempts = await asyncio.gather(*(add(number) for number in range(20)))
    print(f"attempts: {sorted(attempts)}")
    assert await roster_version(store) == 20


async def test_readers_see_no_half_of_a_write(embedded_url: str) -> None:
    """Neo4j promises less here; see ``Store.read``."""
    store = await open_store(embedded_url)
    names = [f"o{number:02}" for number in range(40)]
    await store.write([put(*names, as_of=0)])
    done = asyncio.Event()
    seen = Counter[int]()

    async def watch() -> None:
        while not done.is_set():
            versions = {row["row"]["as_of"] for row in await store.read("organizations_list")}
            assert len(versions) == 1, versions
            seen.update(versions)

    watchers = [asyncio.create_task(watch()) for _ in range(3)]
    for version in range(1, 15):
        await store.write([put(*names[:20], as_of=version), put(*names[20:], as_of=version)])
    done.set()
    await asyncio.gather(*watchers)
    await store.close()
    print(f"reads by version: {sorted(seen.items())}")


# the schema


async def test_preparing_again_changes_nothing(store: Store) -> None:
    await store.write([lock(0), put("a")])
    before = await dump(store)
    await prepare(store)
    await asyncio.gather(*(prepare(store) for _ in range(4)))
    assert await dump(store) == before
    assert await roster_version(store) == 1


async def test_several_programs_may_prepare_at_once(store: Store) -> None:
    await store.apply(["MATCH (n) DETACH DELETE n"])
    await asyncio.gather(*(prepare(store) for _ in range(4)))
    assert await raw(store, "MATCH (n) RETURN count(n) AS count") == [{"count": 5}]


async def test_a_store_of_before_is_brought_to_what_is_new(store: Store) -> None:
    await store.write([lock(0), put("a")])
    await store.apply(["MATCH (q:Queue {id: 'announcements'}) DETACH DELETE q", "MATCH (s:Schema) SET s.version = 14"])
    await prepare(store)
    queues = await raw(store, "MATCH (q:Queue) RETURN q.id AS id ORDER BY q.id")
    assert [each["id"] for each in queues] == ["announcements", "feed", "notices"]
    assert (await store.read("schema_version"))[0]["version"] == VERSION
    assert (await roster_version(store), await organizations(store)) == (1, ["a"])


async def test_a_newer_store_is_refused(store: Store, store_url: str, store_auth: Auth) -> None:
    await store.write([Step("schema_found", {"version": VERSION + 1})])
    await store.close()
    with pytest.raises(Unavailable, match=f"schema {VERSION + 1}") as caught:
        await open_store(store_url, **store_auth)
    assert caught.value.message_id == "store.newer"
    # Refused each time: nothing stays open, and nothing was set back.
    with pytest.raises(Unavailable, match="schema"):
        await open_store(store_url, **store_auth)


async def test_what_was_written_is_there_after_closing(store: Store, store_url: str, store_auth: Auth) -> None:
    await store.write([put("a", "b"), part("a", "b"), lock(0)])
    before = await dump(store)
    await store.close()
    again = await open_store(store_url, **store_auth)
    try:
        assert await dump(again) == before
    finally:
        await again.close()


async def test_ready_while_open(store: Store) -> None:
    await store.ready()
    await store.ready()


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    for attempt in (store.ready(), store.read("roster_root"), store.write([put("a")]), store.apply(["RETURN 1"])):
        with pytest.raises(Unavailable):
            await attempt
    await store.close()


@pytest.mark.parametrize("url", ["", "store", "file:", "http://127.0.0.1", "neo4j", "neo4j:127.0.0.1", "redis://x"])
async def test_what_is_no_store_is_told(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        await open_store(url)
    assert caught.value.path == ("RELAYPOINT_STORE",)
    assert "file:PATH" in caught.value.remedy
    assert "neo4j://" in caught.value.remedy


# the embedded engine alone

_OPEN = """
import asyncio, sys, time
from relaypoint.domain.errors import Problem
from relaypoint.graph import open_store

async def main():
    began = time.monotonic()
    try:
        store = await open_store(sys.argv[1])
    except Problem as problem:
        print(problem.code, problem.message_id, time.monotonic() - began, flush=True)
        return
    print("OPEN", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()

asyncio.run(main())
"""


def another(url: str) -> Popen[str]:
    """A process that opens the store, and holds it until its standard input ends."""
    command = [sys.executable, "-c", _OPEN, url]
    return Popen(command, env=environment({}), stdin=PIPE, stdout=PIPE, text=True)


def said(process: Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


async def test_a_second_process_waits_and_is_refused(embedded_url: str) -> None:
    store = await open_store(embedded_url)
    try:
        with another(embedded_url) as second:
            code, message_id, waited = await asyncio.to_thread(said, second)
        assert (code, message_id) == ("UNAVAILABLE", "store.held")
        assert 2.5 < float(waited) < 10
        await store.write([put("a")])  # The holder did not notice.
    finally:
        await store.close()


async def test_the_store_is_open_once_in_a_process_too(embedded_url: str) -> None:
    holder = await open_store(embedded_url)
    with pytest.raises(Unavailable) as refused:
        await EmbeddedStore.open(embedded_url.removeprefix("file:"), wait=0.2)
    assert refused.value.message_id == "store.held"
    await holder.close()
    await (await open_store(embedded_url)).close()


async def test_a_process_gets_the_store_that_is_let_go_of_in_time(embedded_url: str) -> None:
    with another(embedded_url) as holder:
        assert await asyncio.to_thread(said, holder) == ["OPEN"]
        with pytest.raises(Unavailable) as caught:
            await EmbeddedStore.open(embedded_url.removeprefix("file:"), wait=0.2)
        assert caught.value.message_id == "store.held"
        assert "server" in caught.value.remedy
        opening = asyncio.create_task(open_store(embedded_url))
        await asyncio.sleep(0.3)
        assert not opening.done()
        assert holder.stdin is not None
        holder.stdin.close()
        store = await opening
    await store.close()


async def test_a_killed_process_holds_nothing(embedded_url: str) -> None:
    with another(embedded_url) as holder:
        assert await asyncio.to_thread(said, holder) == ["OPEN"]
        holder.kill()
    began = time.monotonic()
    store = await open_store(embedded_url)
    assert time.monotonic() - began < 2
    await store.close()


async def test_a_folder_that_is_made_is_its_owners_alone(embedded_url: str) -> None:
    await (await open_store(embedded_url)).close()
    assert os.stat(embedded_url.removeprefix("file:")).st_mode & 0o777 == 0o700


async def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / FILE).write_bytes(b"\0 not a store" * 100)
    for folder in ("file", "file/below", "torn"):
        with pytest.raises(Unavailable) as caught:
            await open_store(f"file:{tmp_path / folder}")
        assert caught.value.message_id == "store.unopened"
        assert folder in caught.value.message
    assert (tmp_path / "torn" / FILE).read_bytes().startswith(b"\0 not a store")


# Neo4j alone


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid", ""])
async def test_a_wrong_address_is_told_soon(scheme: str, host: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        await open_store(f"{scheme}://{host}:{free_port()}", user="neo4j", password="x")
    assert time.monotonic() - began < 15
    assert "RELAYPOINT_STORE" in caught.value.remedy


@pytest.mark.parametrize("url", ["bolt://127.0.0.1:nonsense", "bolt://", "neo4j://127.0.0.1:99999", "bolt://a b"])
async def test_a_malformed_address_is_told(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await open_store(url)
    assert "RELAYPOINT_STORE" in caught.value.remedy


async def test_wrong_credentials_are_told(neo4j_server: Server) -> None:
    if neo4j_server.user is None:
        return  # This server lets anyone in.
    for user, password in ((neo4j_server.user, "wrong"), ("nobody", neo4j_server.password), (None, None)):
        with pytest.raises(Unavailable) as caught:
            await open_store(neo4j_server.uri, user=user, password=password)
        assert caught.value.message_id == "store.refused"
        assert str(neo4j_server.password) not in str(caught.value.as_dict())


async def test_a_store_that_goes_away_is_told(neo4j_server: Server) -> None:
    """The way to the server is cut and mended again, by a relay in between."""
    host, port = neo4j_server.uri.removeprefix("bolt://").removeprefix("neo4j://").split(":")
    connections: list[asyncio.StreamWriter] = []

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass
        target.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_connection(host, int(port))
        connections.extend((writer, on))
        await asyncio.gather(pump(reader, on), pump(there, writer))

    between = await asyncio.start_server(relay, "127.0.0.1", 0)
    here = between.sockets[0].getsockname()[1]
    store = await open_store(f"bolt://127.0.0.1:{here}", user=neo4j_server.user, password=neo4j_server.password)
    try:
        await store.write([put("a")])
        between.close()
        for connection in connections:
            connection.transport.abort()
        began = time.monotonic()
        attempts = (store.ready(), store.read("organizations_list"), store.write([put("b")]))
        told = await asyncio.gather(*attempts, return_exceptions=True)
        assert [getattr(each, "message_id", each) for each in told] == ["store.away"] * 3
        assert time.monotonic() - began < 20
        between = await asyncio.start_server(relay, "127.0.0.1", here)
        await store.ready()
        assert await organizations(store) == ["a"]
    finally:
        await store.close()
        between.close()


async def test_what_an_import_left_is_written_back_as_it_was(neo4j_server: Server) -> None:
    """The shortcut of the suite itself (``tests/snapshots.py``)."""
    snapshots._KEPT.clear()
    found = []
    for _ in range(2):
        neo4j_server.empty()
        store = await open_store(neo4j_server.uri, user=neo4j_server.user, password=neo4j_server.password)
        try:
            backend = await filled(store)
            assert await broken_roster_link(store) is None
            found.append([line for line in await dump(store) if not line.startswith("Schema ")])
            (root,) = [line for line in await dump(store) if line.startswith("Schema ")]
            assert "key_check" in root
            await prove_key(backend)
        finally:
            await store.close()
    assert found[0] == found[1]
    assert len(found[0]) > 200
