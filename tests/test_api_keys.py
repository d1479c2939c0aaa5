"""Keys by which programs ask: what each may, and that it is known by its digest alone. On each engine."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type

from relaypoint.app.http import build
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.app.signing_in import ACTING, developer, nobody
from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Invalid, Limit, NotFound
from relaypoint.domain.policy import (
    ANONYMOUS,
    OPERATOR,
    POLICY,
    SCOPES,
    Action,
    Kind,
    NotSignedIn,
    Scope,
    Subject,
    allows,
)
from relaypoint.resolvers import api_keys, referrals
from relaypoint.resolvers.api_keys import MOST, ApiKey
from relaypoint.resolvers.backend import Backend
from relaypoint.schema.operational import schema
from relaypoint.schema.permissions import declared
from relaypoint.tests.helpers import at_time, imported, member, raw, row, tiny_roster
from relaypoint.tests.test_notices import send

UNIT, SHELTER = member("example-unit"), member("example-shelter")
ALL = tuple(Scope)
REFERRALS = "{ referrals(first: 5) { edges { node { reference } } } }"
DIRECTORY = "{ organizations(first: 5) { edges { node { key } } } }"


async def made(backend: Backend, scopes: tuple[Scope, ...] = ALL, who: Subject = UNIT, **how: Any) -> ApiKey:
    found = await api_keys.create(who, backend, "case system", scopes, **how)
    assert found.key is not None
    return found


async def shown(
    backend: Backend, *headers: tuple[str, str], query: str = REFERRALS, otherwise: Any = nobody, **variables: Any
) -> httpx.Response:
    site = httpx.ASGITransport(build(Runtime(Settings(), backend), otherwise))
    async with httpx.AsyncClient(transport=site, base_url="http://127.0.0.1") as client:
        return await client.post("/graphql", json={"query": query, "variables": variables}, headers=list(headers))


def bearing(key: str | None) -> tuple[str, str]:
    return ("authorization", f"Bearer {key}")


async def test_a_program_asks_by_its_key_for_its_organization(backend: Backend) -> None:
    reference = (await send(backend))["reference"]
    key = await made(backend)
    answer = (await shown(backend, bearing(key.key))).json()
    assert [edge["node"]["reference"] for edge in answer["data"]["referrals"]["edges"]] == [reference]
    police = await made(backend, who=member("example-police"))
    answer = (await shown(backend, bearing(police.key))).json()
    assert answer["data"]["referrals"]["edges"] == []


async def test_a_key_is_told_once_and_kept_nowhere(backend: Backend) -> None:
    key = await made(backend)
    assert key.key is not None
    secret = key.key.rpartition("_")[2]
    (listed,) = await api_keys.api_keys(UNIT, backend)
    assert (listed.id, listed.key, listed.name, listed.used_at) == (key.id, None, "case system", None)
    kept = json.dumps(await raw(backend.store, "MATCH (k:ApiKey) RETURN k {.id, .digest, .name} AS k"))
    assert key.id in kept
    assert secret not in kept
    assert key.key not in kept


async def test_what_is_no_key_that_is_valid_is_always_refused_alike(backend: Backend) -> None:
    key, gone, over = [await made(backend) for _ in range(3)]
    other = await made(backend, who=SHELTER)
    await api_keys.end(UNIT, backend, gone.id)
    assert key.key
    assert gone.key
    assert other.key
    wrong = [
        "",
        "x",
        key.key[:-1],
        key.key + "x",
        key.key.upper(),
        gone.key,
        # The secret of another one, and one that nobody has.
        "_".join([*key.key.split("_")[:2], other.key.split("_", 2)[2]]),
        f"rpk_{'0' * 32}_{'A' * 43}",
        "x" * 5000,
    ]
    answers = [await shown(backend, bearing(text)) for text in wrong]
    answers.append(await shown(backend, ("authorization", f"Basic {key.key}")))
    answers.append(await shown(backend, bearing(key.key), bearing(key.key)))
    late = at_time(backend, f"{(backend.clock() + timedelta(days=91)).date()}T00:00:00.000Z")
    answers.append(await shown(late, bearing(over.key)))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    (error,) = answers[0].json()["errors"]
    assert error["extensions"]["messageId"] == "sign-in.key"
    last = at_time(backend, f"{over.expires}T23:59:59.999Z")
    assert (await shown(last, bearing(over.key))).status_code == 200


async def test_where_a_key_is_shown_nothing_else_says_who_asks(backend: Backend) -> None:
    key = await made(backend, who=SHELTER)
    as_unit = (ACTING, "example-unit")
    asked: dict[str, Any] = {"query": "{ apiKeys { name } }", "otherwise": developer}
    assert "errors" not in (await shown(backend, as_unit, **asked)).json()
    assert "policy.scope" in (await shown(backend, as_unit, bearing(key.key), **asked)).text
    assert (await shown(backend, as_unit, bearing("x"), otherwise=developer)).status_code == 401


@pytest.mark.parametrize("scope", ALL)
async def test_a_key_is_good_for_its_scopes_alone(backend: Backend, scope: Scope) -> None:
    await send(backend)
    key = await made(backend, (scope,))
    writes = scope is Scope.REFERRALS_WRITE
    reads = (writes or scope is Scope.REFERRALS_READ, writes or scope is Scope.DIRECTORY_READ)
    for query, may in zip((REFERRALS, DIRECTORY), reads, strict=True):
        answer = (await shown(backend, bearing(key.key), query=query)).json()
        assert ("errors" not in answer) == may
        if not may:
            (error,) = answer["errors"]
            assert error["extensions"]["code"] == "NOT_FOUND"
            assert error["extensions"]["messageId"] == "policy.scope"


@pytest.mark.parametrize("action", list(Action))
def test_a_program_may_what_a_scope_names_and_nothing_else(action: Action) -> None:
    anyone = allows(ANONYMOUS, action)
    assert (Kind.INTEGRATOR in POLICY[action]) == anyone
    assert allows(Subject(Kind.INTEGRATOR, "a"), action) == anyone
    for scope in Scope:
        assert allows(Subject(Kind.INTEGRATOR, "a", frozenset({scope})), action) == (anyone or action in SCOPES[scope])
        if action in SCOPES[scope]:
            assert allows(member("a"), action), "a program may no more than its organization"


def test_no_scope_lets_a_program_make_itself_ways_in_or_speak_for_people() -> None:
    given = frozenset[Action]().union(*SCOPES.values())
    never = {Action.KEEP_API_KEYS, Action.KEEP_WEBHOOKS, Action.KEEP_BROWSERS, Action.EDIT_ROSTER, Action.CHANGE_ROSTER}
    never |= {Action.DECLARE_CONTINGENCY, Action.RUN_ROUND, Action.END_ENTRY, Action.ACKNOWLEDGE}
    assert not given & never


@pytest.mark.parametrize("scope", ALL)
def test_what_a_scope_lets_begin_can_be_read_to_the_end(scope: Scope) -> None:
    """Behind each field of the root that a key may ask there is nothing that it may not."""
    subject, types = Subject(Kind.INTEGRATOR, "a", frozenset({scope})), schema._schema.type_map
    seen, todo = set[str](), ["Query", "Mutation"]
    while todo:
        kind = types[todo.pop()]
        if kind.name in seen:
            continue
        seen.add(kind.name)
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            todo += [each.name for each in schema._schema.get_possible_types(kind)]
        elif isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                may = allows(subject, declared(kind, name) or Action.VERIFY_CHAIN)
                assert may or kind.name in ("Query", "Mutation"), f"{kind.name}.{name}"
                todo += [get_named_type(field.type).name] if may else []
    assert len(seen) > 5


async def test_a_program_makes_no_keys_and_sees_none(backend: Backend) -> None:
    key = await made(backend)
    for query in ("{ apiKeys { key } }", 'mutation { endApiKey(key: "x") { __typename } }'):
        (error,) = (await shown(backend, bearing(key.key), query=query)).json()["errors"]
        assert error["extensions"]["messageId"] == "policy.scope"
    making = 'mutation { createApiKey(apiKey: {name: "x", scopes: ["referrals.read"]}) { __typename } }'
    assert "policy.scope" in (await shown(backend, bearing(key.key), query=making)).text
    assert len(await api_keys.api_keys(UNIT, backend)) == 1


async def test_a_key_that_is_ended_is_none_at_once(backend: Backend) -> None:
    key = await made(backend)
    assert (await shown(backend, bearing(key.key))).status_code == 200
    with pytest.raises(NotFound):
        await api_keys.end(SHELTER, backend, key.id)
    assert await api_keys.end(UNIT, backend, key.id) == key.id
    assert (await shown(backend, bearing(key.key))).status_code == 401
    assert await raw(backend.store, "MATCH (k:ApiKey) RETURN k.id AS id") == []
    with pytest.raises(NotFound):
        await api_keys.end(UNIT, backend, key.id)


async def test_with_its_organization_a_program_ends(backend: Backend) -> None:
    key = await made(backend)
    roster = tiny_roster()
    row(roster, "organizations", "example-unit")["until"] = backend.now()[:10]
    await imported(backend, roster)
    later = at_time(backend, format_instant(backend.clock() + timedelta(days=1)))
    (error,) = (await shown(later, bearing(key.key))).json()["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_that_it_is_used_is_noted_now_and_then(backend: Backend) -> None:
    key, noted = await made(backend), []
    for minutes in (0, 9, 11, 30):
        now = at_time(backend, format_instant(backend.clock() + timedelta(minutes=minutes)))
        await shown(now, bearing(key.key))
        (listed,) = await api_keys.api_keys(UNIT, backend)
        noted.append(listed.used_at)
    at = [format_instant(backend.clock() + timedelta(minutes=minutes)) for minutes in (0, 11, 30)]
    assert noted == [at[0], *at]


async def test_others_keys_are_not_there(backend: Backend) -> None:
    key = await made(backend)
    assert await api_keys.api_keys(SHELTER, backend) == []
    assert [each.id for each in await api_keys.api_keys(OPERATOR, backend)] == [key.id]
    with pytest.raises(NotSignedIn):
        await api_keys.api_keys(ANONYMOUS, backend)


async def test_a_repeat_tells_of_the_same_key_and_not_the_key(backend: Backend) -> None:
    first = await made(backend, idempotency_key="once")
    again = await api_keys.create(UNIT, backend, "case system", ALL, idempotency_key="once")
    assert (again.id, again.key) == (first.id, None)
    assert len(await api_keys.api_keys(UNIT, backend)) == 1


@pytest.mark.parametrize(
    ("how", "path"),
    [
        ({"name": " "}, ("name",)),
        ({"name": "x" * 81}, ("name",)),
        ({"name": "a\x00b"}, ("name",)),
        ({"scopes": []}, ("scopes",)),
        ({"scopes": ["referrals.read", "everything"]}, ("scopes", "1")),
        ({"expires": "2026-03-01"}, ("expires",)),
        ({"expires": "2027-03-05"}, ("expires",)),
        ({"expires": "soon"}, ("expires",)),
    ],
)
async def test_what_no_key_can_be_is_refused_with_its_place(
    backend: Backend, how: dict[str, Any], path: tuple[str, ...]
) -> None:
    given = {"name": "case system", "scopes": ["referrals.read"], "expires": None, **how}
    with pytest.raises(Invalid) as refused:
        await api_keys.create(UNIT, backend, given["name"], given["scopes"], expires=given["expires"])
    assert refused.value.path == path
    assert refused.value.remedy
    assert await api_keys.api_keys(UNIT, backend) == []


async def test_an_operator_says_for_whom_and_there_is_an_end_to_keys(backend: Backend) -> None:
    with pytest.raises(Invalid) as refused:
        await api_keys.create(OPERATOR, backend, "case system", ALL)
    assert refused.value.path == ("organization",)
    for _ in range(MOST):
        await made(backend, who=Subject(Kind.OPERATOR, "example-unit"))
    with pytest.raises(Limit):
        await made(backend)
    await made(backend, who=SHELTER)


async def test_the_record_says_which_program_did_something(backend: Backend) -> None:
    key = await made(backend)
    need = {"from": "example-unit", "service": "housing", "place": "GB-X-NORTH", "for": ["female"]}
    query = """mutation ($need: NeedInput!) { refer(need: $need, send: {to: "shelter-desk", consent: true}) {
      ... on ReferralSent { referral { key } } ... on Problem { message } } }"""
    answer = (await shown(backend, bearing(key.key), query=query, need=need)).json()
    sent = await referrals.timeline(UNIT, backend, answer["data"]["refer"]["referral"]["key"])
    assert {each.actor for each in sent} == {f"integrator:example-unit:{key.id}"}
