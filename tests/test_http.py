"""GraphQL over HTTP: negotiation, limits, status codes, masked errors, the sign-ins; for any schema alike."""

from __future__ import annotations

import json
import logging
from typing import Any

import graphene
import pytest
from graphql import ExecutionResult, graphql
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from relaypoint.app import http, signing_in
from relaypoint.app.graphql_http import MEDIA, GraphQLEndpoint, GraphQLRequest, Limits
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.graph import Store, open_store
from relaypoint.schema.problems import formatted
from relaypoint.tests.helpers import filled, make_backend
from relaypoint.tests.test_notices import send


class Query(graphene.ObjectType):  # type: ignore[misc]
    hello = graphene.String(name=graphene.String(default_value="you"))
    broken = graphene.String()

    def resolve_hello(self, info: Any, name: str) -> str:
        return f"hello {name}"

    def resolve_broken(self, info: Any) -> str:
        raise RuntimeError("the secret of the case")


class Mutation(graphene.ObjectType):  # type: ignore[misc]
    change = graphene.String()


def client(limits: Limits | None = None) -> TestClient:
    """The endpoint over a small Graphene schema: it serves any, not only ours."""
    schema = graphene.Schema(query=Query, mutation=Mutation).graphql_schema

    async def execute(wanted: GraphQLRequest, request: Request) -> ExecutionResult:
        return await graphql(schema, wanted.query, variable_values=wanted.variables, operation_name=wanted.operation)

    endpoint = GraphQLEndpoint(schema, execute, formatted, limits or Limits())
    route = Route("/graphql", endpoint.answer, methods=["GET", "POST", "PUT"])
    return TestClient(Starlette(routes=[route]))


def post(query: Any, accept: str = MEDIA, limits: Limits | None = None, **more: Any) -> Any:
    return client(limits).post("/graphql", json={"query": query, **more}, headers={"accept": accept})


def test_an_answer_comes_in_the_media_type_that_is_accepted() -> None:
    for accept, media in (
        (MEDIA, MEDIA),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        (f"text/html, {MEDIA};q=0.9", MEDIA),
    ):
        answer = post("{ hello }", accept)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
        assert answer.json() == {"data": {"hello": "hello you"}}
        assert answer.headers["cache-control"] == "no-store"


def test_variables_and_operation_names() -> None:
    query = "query A($n: String) { hello(name: $n) } query B { hello }"
    assert post(query, variables={"n": "me"}, operationName="A").json()["data"]["hello"] == "hello me"
    assert post(query).status_code == 400
    assert post(query, operationName="C").status_code == 400


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"json": {"query": "{ hello }"}, "headers": {"accept": "text/html"}}, 406),
        ({"content": "{ hello }", "headers": {"content-type": "text/plain"}}, 415),
        ({"content": "query={hello}", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 415),
        ({"content": "{nonsense", "headers": {"content-type": "application/json"}}, 400),
        ({"content": "[" * 100_000, "headers": {"content-type": "application/json"}}, 400),
        ({"json": [{"query": "{ hello }"}]}, 400),
        ({"json": {"query": 7}}, 400),
        ({"json": {}}, 400),
        ({"json": {"query": "{ hello }", "variables": []}}, 200),
        ({"json": {"query": "{ hello }", "variables": [1]}}, 400),
        ({"json": {"query": "{ hello }", "operationName": 7}}, 400),
        ({"json": {"query": "{ hello }" + " " * (1 << 20)}}, 413),
    ],
)
def test_what_is_no_request_is_told_so(request_: dict[str, Any], status: int) -> None:
    answer = client().post("/graphql", **request_)
    assert answer.status_code == status
    assert ("errors" in answer.json()) == (status != 200)


def test_a_document_that_can_not_run_is_400_only_in_the_newer_media_type() -> None:
    for query in ("{ hello", "{ nothing }", "{ hello(name: 7) }"):
        assert post(query).status_code == 400
        answer = post(query, "application/json")
        assert answer.status_code == 200
        assert "data" not in answer.json()


def test_a_get_only_asks() -> None:
    assert client().get("/graphql", params={"query": "{ hello }"}).json()["data"] == {"hello": "hello you"}
    refused = client().get("/graphql", params={"query": "mutation { change }"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert client().put("/graphql", json={"query": "{ hello }"}).status_code == 405


def test_limits() -> None:
    few = Limits(tokens=40, depth=3, aliases=2)
    assert "hello" in post("{ a: hello b: hello }", limits=few).json()["data"].get("a")
    for query in (
        "{ a: hello b: hello c: hello }",
        "{ " + "hello " * 50 + "}",
        "{ ...F } fragment F on Query { a: hello ...G } fragment G on Query { b: hello c: hello }",
    ):
        answer = post(query, limits=few)
        assert answer.status_code == 400, query
    assert post("{ hello }" + " " * 100, limits=Limits(body=100)).json()["errors"][0]["extensions"]["code"] == "LIMIT"
    deep = "{ hello { a { b { c } } } }"
    assert post(deep, limits=few).json()["errors"][0]["extensions"]["code"] == "LIMIT"


def test_a_fragment_bomb_is_refused_quickly() -> None:
    levels = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    answer = post("{ ...F0 } " + levels + " fragment F60 on Query { a: hello }")
    assert answer.status_code == 400
    circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    assert post(circle).status_code == 400
    assert post("{" * 5000).status_code == 400


def test_what_nobody_expected_is_masked_and_found_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = post("{ broken }").json()
    (error,) = answer["errors"]
    assert "secret" not in json.dumps(answer)
    assert "secret" not in caplog.text
    assert "resolve_broken" in caplog.text
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["id"] in caplog.text


async def test_who_asks_and_whether_the_store_answers(embedded_url: str) -> None:
    store = await open_store(embedded_url)
    runtime = Runtime(Settings(), await filled(store))
    query = {"query": "{ organizations { edges { node { key } } } }"}
    with_header = {"x-relaypoint-organization": "example-unit"}
    for subject_of, headers, known in (
        (signing_in.nobody, with_header, False),
        (signing_in.developer, {}, False),
        (signing_in.developer, with_header, True),
        (signing_in.operator, {}, True),
    ):
        site = TestClient(http.build(runtime, subject_of), base_url="http://127.0.0.1:8000")
        assert ("errors" not in site.post("/graphql", json=query, headers=headers).json()) == known
    assert site.get("/healthz").json() == {"status": "up"}
    assert site.get("/readyz").json() == {"status": "ready", "store": "embedded"}
    assert "/graphql" in site.get("/").text
    await store.close()


async def test_a_store_that_does_not_answer_is_not_ready(store: Store) -> None:
    site = http.build(Runtime(Settings(), make_backend(store)), signing_in.operator)
    async with AsyncClient(transport=ASGITransport(site), base_url="http://127.0.0.1:8000") as asked:
        assert (await asked.get("/readyz")).json() == {"status": "ready", "store": store.engine}
        await store.close()
        away = await asked.get("/readyz")
        assert (away.status_code, away.json()["code"], away.headers["retry-after"]) == (503, "UNAVAILABLE", "5")
        assert (await asked.get("/healthz")).status_code == 200
        answer = await asked.post("/graphql", json={"query": "{ organizations { edges { node { key } } } }"})
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


def test_a_page_of_another_site_can_not_use_the_dev_sign_in() -> None:
    """A browser sends a foreign page's request with its Origin, and a rebound name as the Host."""
    for headers in (
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"sec-fetch-site": "cross-site"},
    ):
        request = Request({"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": [
            (name.encode(), value.encode())
            for name, value in {"host": "127.0.0.1:8000", "x-relaypoint-organization": "a-body", **headers}.items()
        ]})  # fmt: skip
        assert signing_in.developer(request).organization is None


def test_half_a_surrogate_pair_is_refused() -> None:
    body = '{"query": "query($n: String) { hello(name: $n) }", "variables": {"n": "\\ud800"}}'
    answer = client().post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize(("asked", "language"), [(None, "en"), ("ar-EG, en;q=0.5", "ar"), ("cy, uk;q=0.3", "uk")])
async def test_the_link_of_a_message_tells_nobody_anything(store: Store, asked: str | None, language: str) -> None:
    backend = await filled(store)
    there = (await send(backend))["reference"]
    site = http.build(Runtime(Settings(), backend), signing_in.nobody)
    headers = {"accept-language": asked} if asked else {}
    async with AsyncClient(transport=ASGITransport(site), base_url="http://127.0.0.1:8000") as web:
        pages = set()
        for reference in ("ABCDE-23456", "abcde-23456", there):
            answer = await web.get(f"/n/{reference}", headers=headers)
            assert answer.status_code == 200
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")
            assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in answer.text
            pages.add(answer.text.replace(there, "ABCDE-23456"))
            assert "set-cookie" not in answer.headers
        assert len(pages) == 1
        for wrong in ("x", "ABCDE-2345!", "<script>", "ABCDE-23456/more"):
            assert (await web.get(f"/n/{wrong}")).status_code == 404


async def test_what_no_route_takes_is_refused_in_the_same_form(store: Store) -> None:
    site = http.build(Runtime(Settings(), make_backend(store)), signing_in.nobody)
    async with AsyncClient(transport=ASGITransport(site), base_url="http://127.0.0.1:8000") as web:
        for method, path, status in (("GET", "/nothing", 404), ("POST", "/healthz", 405), ("OPTIONS", "/graphql", 405)):
            answer = await web.request(method, path)
            assert answer.status_code == status
            assert answer.json()["errors"][0]["extensions"]["messageId"] == "http.request"


def test_every_refusal_has_a_message_id() -> None:
    for query in ("{ nothing }", "{", "query($n: Int!) { hello }"):
        for error in post(query).json()["errors"]:
            assert error["extensions"].keys() >= {"code", "messageId", "remedy"}
    assert post(7).json()["errors"][0]["extensions"]["messageId"] == "http.request"
