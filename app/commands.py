"""The way a command goes: to the server that holds the store, over its socket, or into the store itself.

Both ways it is the same GraphQL document under the same policy, so a command means the same with and without a server.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Any

import httpx
from graphql import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from relaypoint.app.settings import Settings
from relaypoint.domain.errors import Invalid, Problem, Unavailable

Run = Callable[[str, dict[str, Any]], Awaitable[Any]]

_EXIT = {"CONFLICT": 3, "ILLEGAL_TRANSITION": 3, "NO_CHANNEL": 1, "UNAVAILABLE": 5, "INTERNAL": 5}


@contextlib.asynccontextmanager
async def commands(settings: Settings, acting: str | None = None) -> AsyncIterator[Run]:
    """A function that runs a named document of ``documents/commands.graphql`` and gives its one field's value.

    It raises the problem that GraphQL answered with. ``acting`` is the organization to act for.
    """
    acting = acting.strip().lower() if acting else None
    socket = await serving(settings)
    async with _over_socket(socket, acting) if socket else _in_process(settings, acting) as run:

        async def checked(name: str, variables: dict[str, Any]) -> Any:
            _check_text(variables, acting)
            return await run(name, variables)

        yield checked


def _check_text(variables: dict[str, Any], acting: str | None) -> None:
    """A byte of the command line that is no text can neither be stored nor sent."""
    try:
        json.dumps([variables, acting], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Invalid(
            "commands.text",
            "What was typed holds a byte that is no text.",
            path=(),
            remedy="Type it anew, in UTF-8.",
        ) from None


async def serving(settings: Settings) -> str | None:
    """The command socket of the server that holds the store, if one answers."""
    from relaypoint.app.serving import short_path

    path = settings.socket
    if path is None or not path.exists():
        return None
    with short_path(path) as short:
        transport = httpx.AsyncHTTPTransport(uds=short)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://relaypoint", timeout=5) as client:
                await client.get("/healthz")
        except httpx.HTTPError:
            return None  # Left behind by a server that was killed.
    return str(path)


@contextlib.asynccontextmanager
async def _over_socket(path: str, acting: str | None) -> AsyncIterator[Run]:
    from pathlib import Path

    from relaypoint.app.serving import short_path
    from relaypoint.app.signing_in import ACTING

    headers = {ACTING: acting} if acting else {}
    with short_path(Path(path)) as short:
        transport = httpx.AsyncHTTPTransport(uds=short)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://relaypoint", timeout=300, headers=headers
        ) as client:

            async def run(name: str, variables: dict[str, Any]) -> Any:
                try:
                    answer = await client.post("/graphql", json={"query": document(name), "variables": variables})
                    body = answer.json()
                except (httpx.HTTPError, ValueError) as error:
                    raise Unavailable(
                        "commands.lost",
                        "The server that holds the store stopped answering.",
                        remedy="Look whether it was carried out before you repeat it.",
                    ) from error
                return _value(body)

            yield run


@contextlib.asynccontextmanager
async def _in_process(settings: Settings, acting: str | None) -> AsyncIterator[Run]:
    from relaypoint.app.graphql_http import GraphQLRequest
    from relaypoint.app.http import run as execute
    from relaypoint.app.runtime import running
    from relaypoint.domain.policy import Kind, Subject
    from relaypoint.schema.problems import formatted

    async with running(settings) as runtime:

        async def run(name: str, variables: dict[str, Any]) -> Any:
            wanted = GraphQLRequest(document(name), variables, None)
            result = await execute(runtime, Subject(Kind.OPERATOR, acting), wanted)
            return _value({"data": result.data, "errors": [formatted(error) for error in result.errors or ()]})

        yield run


def _value(body: dict[str, Any]) -> Any:
    for error in body.get("errors") or ():
        extensions = error.get("extensions") or {}
        raise refusal({**extensions, "message": error["message"], "path": extensions.get("inputPath")})
    (value,) = body["data"].values()
    if isinstance(value, dict) and "code" in value and "remedy" in value:
        raise refusal(value)
    return value


def refusal(given: dict[str, Any]) -> Problem:
    """The problem again, from what GraphQL made of it."""
    problem = Problem(
        given.get("messageId") or "graphql",
        "{given_message}",
        path=tuple(str(part) for part in given.get("path") or ()),
        remedy="{given_remedy}",
        given_message=given["message"],
        given_remedy=given.get("remedy") or "",
    )
    code = str(given.get("code") or "INTERNAL")
    problem.code = code  # type: ignore[misc]
    problem.exit_code = _EXIT.get(code, 2)  # type: ignore[misc]
    return problem


@cache
def document(name: str) -> str:
    """The named operation with the fragments that it uses, and no others."""
    text = files("relaypoint.app").joinpath("documents/commands.graphql").read_text(encoding="utf-8")
    parsed = parse(text, no_location=True)
    fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(
        d for d in parsed.definitions if isinstance(d, OperationDefinitionNode) and d.name and d.name.value == name
    )
    used: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
            spread = node.name.value
            if spread not in used:
                used[spread] = fragments[spread]
                visit(fragments[spread], self)

    visit(operation, Spreads())
    return "\n".join(print_ast(node) for node in (operation, *used.values()))
