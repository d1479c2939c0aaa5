"""The schema as clients use it, on each engine: lists, global ids, typed problems, who may ask."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.app.graphql_http import GraphQLRequest
from relaypoint.app.http import run
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, Kind, Subject
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.writing import write_once
from relaypoint.schema.connections import connect
from relaypoint.schema.problems import formatted
from relaypoint.tests.helpers import at_time, member

UNIT = member("example-unit")
STALLED = "{ stalledHandoffs { edges { node { handoff reason } } } }"
NEED = '{from: "example-unit", service: "housing", place: "GB-X-NORTH", for: ["female"]}'


async def ask(backend: Backend, query: str, subject: Subject = UNIT, **variables: Any) -> dict[str, Any]:
    result = await run(Runtime(Settings(), backend), subject, GraphQLRequest(query, variables, None))
    return {"data": result.data, "errors": [formatted(error) for error in result.errors or ()]}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 200])
@pytest.mark.parametrize("field", ["organizations", "taskForces", "contactPoints"])
async def test_pages_together_are_the_list_without_gap_or_repeat(backend: Backend, field: str, size: int) -> None:
    seen, after = [], None
    while True:
        query = f"query($first: Int, $after: String) {{ list: {field}(first: $first, after: $after) {{"
        query += " edges { cursor node { key } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"
        page = (await ask(backend, query, first=size, after=after))["data"]["list"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        assert len(page["edges"]) <= size
        seen += [edge["node"]["key"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(set(seen))
    assert len(seen) == {"organizations": 6, "taskForces": 2, "contactPoints": 5}[field]


@given(
    st.lists(st.text("ab.-_0", min_size=1, max_size=6), unique=True, max_size=30),
    st.lists(st.integers(1, 7), min_size=1, max_size=40),
    st.lists(st.text("ab.-_0", min_size=1, max_size=6), unique=True, max_size=5),
)
def test_what_comes_and_goes_between_pages_never_hides_or_repeats_another(
    names: list[str], sizes: list[int], changes: list[str]
) -> None:
    present = set(names)

    async def fetch(after: str | None, limit: int) -> list[dict[str, Any]]:
        return [{"id": id} for id in sorted(present) if after is None or id > after][:limit]

    async def read() -> list[str]:
        seen: list[str] = []
        after: str | None = None
        for turn in range(len(names) + len(changes) + 1):
            page = await connect(fetch, lambda row: str(row["id"]), sizes[turn % len(sizes)], after)
            seen += [edge.node for edge in page.edges]
            if not page.page_info.has_next_page:
                return seen
            after = page.page_info.end_cursor
            if turn < len(changes):
                present.symmetric_difference_update({changes[turn]})
        raise AssertionError("no end")

    seen = asyncio.run(read())
    assert seen == sorted(set(seen))
    assert set(seen) >= set(names) - set(changes)
    assert set(seen) <= set(names) | set(changes)


async def test_a_page_too_large_and_a_cursor_that_is_none_are_told(backend: Backend) -> None:
    for arguments, code, path in (
        ("first: 201", "LIMIT", ["first"]),
        ("first: -1", "LIMIT", ["first"]),
        ('after: "nonsense"', "INVALID", ["after"]),
        ('after: "bm9uZQ=="', "INVALID", ["after"]),
    ):
        answer = await ask(backend, f"{{ organizations({arguments}) {{ edges {{ node {{ key }} }} }} }}")
        assert answer["errors"][0]["extensions"]["code"] == code
        assert answer["errors"][0]["extensions"]["inputPath"] == path
        assert answer["errors"][0]["extensions"]["remedy"]


async def test_a_global_id_leads_back_to_its_node(backend: Backend) -> None:
    found = (await ask(backend, '{ organization(key: "example-shelter") { id name contactPoints { id } } }'))["data"]
    ids = [found["organization"]["id"], *(desk["id"] for desk in found["organization"]["contactPoints"])]
    for id in ids:
        node = await ask(backend, "query($id: ID!) { node(id: $id) { __typename id } }", id=id)
        assert node["data"]["node"]["id"] == id
    assert (await ask(backend, '{ organization(key: "nobody") { id } }'))["data"] == {"organization": None}


async def test_holders_are_not_part_of_what_is_read(backend: Backend) -> None:
    query = "{ contactPoints { edges { node { key name organization { name } channels { kind address note } } } } }"
    answer = await ask(backend, query)
    assert not answer["errors"]
    assert "shelter-first" not in str(answer)


async def test_find_refer_move_and_stall(backend: Backend) -> None:
    found = await ask(
        backend, f"{{ find(need: {NEED}) {{ emergency {{ number }} candidates {{ rank }} excludedTotal }} }}"
    )
    assert found["data"]["find"]["emergency"]["number"] == "999"
    assert [each["rank"] for each in found["data"]["find"]["candidates"]] == [1, 2]
    refer = "mutation { refer(need: %s) { __typename ... on ReferralSent { referral { key timeline { kind } "
    refer += "handoffs { key version } case { tags } } byHand } ... on Problem { code message path remedy } } }"
    sent = (await ask(backend, refer % NEED))["data"]["refer"]
    assert sent["__typename"] == "ReferralSent"
    assert sent["referral"]["case"]["tags"] == ["female"]
    assert [event["kind"] for event in sent["referral"]["timeline"]] == ["referral-sent"]
    bad = (await ask(backend, refer % NEED.replace("housing", "hausing")))["data"]["refer"]
    assert (bad["__typename"], bad["code"], bad["path"]) == ("NotFound", "NOT_FOUND", ["need", "service"])
    worse = (await ask(backend, refer % NEED.replace('"female"', '"femal"')))["data"]["refer"]
    assert (worse["__typename"], worse["path"]) == ("InvalidInput", ["need", "for"])
    step = sent["referral"]["handoffs"][0]["key"]
    move = f"""mutation($v: Int!) {{
        moveHandoff(move: {{handoff: "{step}", verb: "accept", expectedVersion: $v}}) {{
            __typename ... on Problem {{ code }} ... on Conflict {{ presentVersion }}
        }}
    }}"""
    stale = (await ask(backend, move, member("example-shelter"), v=7))["data"]["moveHandoff"]
    assert stale == {"__typename": "Conflict", "code": "CONFLICT", "presentVersion": 1}
    moved = (await ask(backend, move, member("example-shelter"), v=1))["data"]["moveHandoff"]
    assert moved == {"__typename": "HandoffMoved"}
    assert (await ask(backend, STALLED))["data"] == {"stalledHandoffs": {"edges": []}}
    listed = await ask(backend, "{ referrals { edges { node { key handoffs { status } } } } }")
    assert listed["data"]["referrals"]["edges"][0]["node"]["handoffs"] == [{"status": "accepted"}]


DENIED = [
    "{ organizations { edges { node { name } } } }",
    '{ node(id: "T3JnYW5pemF0aW9uOmV4YW1wbGUtc2hlbHRlcg==") { id } }',
    f"{{ find(need: {NEED}) {{ candidates {{ rank }} }} }}",
    STALLED,
    "{ coverageGaps { day } }",
    "{ roster }",
    "{ referrals { edges { node { key } } } }",
    f"mutation {{ refer(need: {NEED}) {{ __typename }} }}",
    "mutation { deliverNotices { delivered } }",
    "mutation { importRoster(tables: []) { __typename } }",
]


@pytest.mark.parametrize("query", DENIED)
async def test_who_is_not_signed_in_gets_nothing_but_the_emergency_numbers(backend: Backend, query: str) -> None:
    answer = await ask(backend, query, ANONYMOUS)
    assert not any((answer["data"] or {}).values())
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    numbers = await ask(backend, '{ emergency(place: "GB-X-NORTH") { number hotlineNumber } }', ANONYMOUS)
    assert numbers["data"]["emergency"] == {"number": "999", "hotlineNumber": "+442079460103"}


@pytest.mark.parametrize("query", ["{ roster }", *DENIED[-2:]])
async def test_a_member_does_not_get_what_is_the_operators(backend: Backend, query: str) -> None:
    answer = await ask(backend, query)
    assert not any((answer["data"] or {}).values())
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_who_delivers_by_hand_also_forgets_the_traces_of_writes_that_have_expired(backend: Backend) -> None:
    await write_once(backend, "once", [], request={}, result={})
    kept = partial(backend.store.read, "operation_find", id="once", at=backend.now())
    for later, left in (("2026-03-03T09:00:00.000Z", 1), ("2026-03-06T10:00:00.000Z", 0)):
        done = await ask(at_time(backend, later), "mutation { deliverNotices { delivered } }", OPERATOR)
        assert (done["data"], len(await kept())) == ({"deliverNotices": {"delivered": 0}}, left)


async def test_a_value_of_the_wrong_type_is_the_askers_and_stays_out_of_the_log(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query($need: NeedInput!) { find(need: $need) { excludedTotal } }"
    need = {"from": "example-unit", "service": "housing", "place": "GB-X-NORTH", "language": {"name": "uncle-bob"}}
    answer = await ask(backend, query, need=need)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"
    assert "uncle-bob" not in caplog.text


@pytest.mark.parametrize("id", ["tara", "", "%%%", "w6k=", "T3JnYW5pemF0aW9u", "Tm90aGluZzp4", "UmVmZXJyYWw6eA==", "🜁"])
async def test_what_is_no_global_id_is_told_so(backend: Backend, id: str) -> None:
    answer = await ask(backend, "query($id: ID!) { node(id: $id) { id } }", id=id)
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["inputPath"]) == ("INVALID", ["id"])


async def test_a_global_id_of_nothing_is_null(backend: Backend) -> None:
    answer = await ask(backend, '{ node(id: "T3JnYW5pemF0aW9uOnRhcmE=") { id } }')
    assert answer == {"data": {"node": None}, "errors": []}


@pytest.mark.parametrize("organization", ["nobody", "example-former", "example-force"])
async def test_who_is_not_there_acts_for_nobody(backend: Backend, organization: str) -> None:
    answer = await ask(backend, STALLED, member(organization))
    (error,) = answer["errors"]
    assert error["extensions"]["messageId"] == "policy.sign-in"


async def test_an_operator_who_slips_is_not_told_that_all_is_well(backend: Backend) -> None:
    answer = await ask(backend, STALLED, Subject(Kind.OPERATOR, "example-shelte"))
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["inputPath"]) == ("NOT_FOUND", ["as"])
    assert "example-shelter" in error["extensions"]["remedy"]
    assert (await ask(backend, STALLED, Subject(Kind.OPERATOR, "example-former")))["errors"] == []


REFER = "mutation($need: NeedInput!, $send: ReferInput) { refer(need: $need, send: $send) { ... on Problem { path } } }"
MOVE = "mutation($move: MoveInput!) { moveHandoff(move: $move) { ... on Problem { path } } }"
CASE = {"from": "example-unit", "service": "housing", "place": "GB-X-NORTH", "for": ["female"]}


@pytest.mark.parametrize(
    ("change", "send", "path"),
    [
        ({"place": "nowhere"}, {}, ["need", "place"]),
        ({"avoid": ["police", "nobody"]}, {}, ["need", "avoid", "1"]),
        ({"priority": "soon"}, {}, ["need", "priority"]),
        ({"for": ["nobody"]}, {}, ["need", "for"]),
        ({}, {"to": "nobody"}, ["send", "to"]),
        ({}, {"replyTo": "nobody"}, ["send", "replyTo"]),
        ({}, {"idempotencyKey": " "}, ["send", "idempotencyKey"]),
    ],
)
async def test_the_path_of_a_problem_is_that_of_the_input(
    backend: Backend, change: dict[str, Any], send: dict[str, Any], path: list[str]
) -> None:
    answer = await ask(backend, REFER, need={**CASE, **change}, send=send)
    assert answer["data"]["refer"]["path"] == path


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"handoff": "nothing"}, ["move", "handoff"]),
        ({"verb": "jump"}, ["move", "verb"]),
        ({"verb": "hold", "reason": "other"}, ["move", "review"]),
        ({"verb": "reject"}, ["move", "reason"]),
        ({"expectedVersion": 9}, ["move", "expectedVersion"]),
    ],
)
async def test_the_path_of_a_refused_move_is_that_of_the_input(
    backend: Backend, change: dict[str, Any], path: list[str]
) -> None:
    sent = await ask(
        backend, f"mutation {{ refer(need: {NEED}) {{ ... on ReferralSent {{ referral {{ handoffs {{ key }} }} }} }} }}"
    )
    (step,) = sent["data"]["refer"]["referral"]["handoffs"]
    verb = {"verb": "accept"}
    if change.get("verb") == "hold":
        await ask(backend, MOVE, member("example-shelter"), move={"handoff": step["key"], "expectedVersion": 1, **verb})
    version = 2 if change.get("verb") == "hold" else 1
    move = {"handoff": step["key"], "expectedVersion": version, **verb, **change}
    answer = await ask(backend, MOVE, member("example-shelter"), move=move)
    assert answer["data"]["moveHandoff"]["path"] == path


async def test_a_question_about_nothing_names_its_argument(backend: Backend) -> None:
    for field in ("referral(key: $key) { key }", "handoff(key: $key) { nextVerbs }"):
        answer = await ask(backend, f"query($key: String!) {{ {field} }}", key="nothing")
        assert answer["errors"][0]["extensions"]["inputPath"] == ["key"]
