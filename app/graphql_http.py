"""GraphQL over HTTP, the same for every endpoint: negotiation, limits, status codes and errors.

Anonymous requests reach execution; fields deny. Batches are refused, and a GET can only ask.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import Response

MEDIA: Final = "application/graphql-response+json"
LEGACY: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. ``body`` is in bytes, ``document`` in characters; the rest counts parts of it."""

    body: int = 1 << 20
    document: int = 50_000
    tokens: int = 2000
    depth: int = 14
    aliases: int = 60
    roots: int = 20


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any]
    operation: str | None


class _Refused(Exception):
    def __init__(self, status: int, message: str, code: str = "INVALID", **headers: str) -> None:
        self.status, self.code, self.headers = status, code, headers
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """One schema behind one URL. ``execute`` gets the checked request and the HTTP request it came in."""

    schema: GraphQLSchema
    execute: Callable[[GraphQLRequest, Request], Awaitable[ExecutionResult]]
    formatted: Callable[[GraphQLError], dict[str, Any]]
    limits: Limits = Limits()

    async def answer(self, request: Request) -> Response:
        media = LEGACY
        try:
            media = _negotiate(request)
            wanted = await self._read(request)
            self._check(wanted, request.method)
        except _Refused as refused:
            error = {"message": str(refused), "extensions": {"code": refused.code, "messageId": "http.request"}}
            # A document that can't be run is a 400 only in the newer media type.
            status = refused.status if refused.status else (400 if media == MEDIA else 200)
            return _answer({"errors": [error]}, media, status, refused.headers)
        except _Unfit as unfit:
            errors = [self.formatted(error) for error in unfit.errors]
            return _answer({"errors": errors}, media, 400 if media == MEDIA else 200)
        result = await self.execute(wanted, request)
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = [self.formatted(error) for error in result.errors]
        not_run = result.data is None and all(error.path is None for error in result.errors or ())
        if not (result.errors and not_run):
            body["data"] = result.data
        return _answer(body, media, 400 if result.errors and not_run and media == MEDIA else 200)

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method == "GET":
            given: Any = dict(request.query_params)
            for name in ("variables", "extensions"):
                if name in given:
                    given[name] = _json(given[name].encode(), name)
        elif request.method == "POST":
            if request.headers.get("content-type", "").split(";")[0].strip().lower() != LEGACY:
                raise _Refused(415, f"Send the request as {LEGACY}.")
            given = _json(await self._body(request), "the body")
        else:
            raise _Refused(405, "Ask with GET or POST.", allow="GET, POST")
        if not isinstance(given, dict):
            raise _Refused(400, "Send one request, a JSON object with query, variables and operationName.")
        query, variables, operation = given.get("query"), given.get("variables") or {}, given.get("operationName")
        if not isinstance(query, str) or not query.strip():
            raise _Refused(400, "query has to be a GraphQL document.")
        if not isinstance(variables, dict):
            raise _Refused(400, "variables have to be a JSON object.")
        if operation is not None and not isinstance(operation, str):
            raise _Refused(400, "operationName has to be a string.")
        return GraphQLRequest(query, variables, operation or None)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.limits.body:
                raise _Refused(413, f"A request has {self.limits.body} bytes at most.", "LIMIT")
        return bytes(body)

    def _check(self, wanted: GraphQLRequest, method: str) -> None:
        document = _checked(self, wanted.query)
        operation = get_operation_ast(document, wanted.operation)
        if operation is None:
            raise _Refused(400, "Name the operation to run in operationName.")
        if operation.operation is OperationType.SUBSCRIPTION:
            raise _Refused(400, "Subscriptions are not offered here.")
        if method == "GET" and operation.operation is not OperationType.QUERY:
            raise _Refused(405, "A GET can only ask; send this with POST.", allow="POST")

    def _read_document(self, text: str) -> DocumentNode:
        """The document, if it is one that may be run. Raises ``_Unfit`` and ``_Refused``."""
        if len(text) > self.limits.document:
            raise _Refused(0, f"A document has {self.limits.document} characters at most.", "LIMIT")
        try:
            document = parse(text, max_tokens=self.limits.tokens)
        except GraphQLError as error:
            raise _Unfit([error]) from error
        except RecursionError:
            raise _Refused(0, "The document is nested too deeply.", "LIMIT") from None
        self._measure(document)
        if errors := validate(self.schema, document):
            raise _Unfit(errors)
        return document

    def _measure(self, document: DocumentNode) -> None:
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                if _roots(definition.selection_set, fragments) > self.limits.roots:
                    raise _Refused(0, f"An operation has {self.limits.roots} fields of the root at most.", "LIMIT")
                depth, aliases = _size(definition.selection_set, fragments, {}, self.limits)
                if depth > self.limits.depth:
                    raise _Refused(0, f"A document is {self.limits.depth} fields deep at most.", "LIMIT")
                if aliases > self.limits.aliases:
                    raise _Refused(0, f"A document has {self.limits.aliases} aliases at most.", "LIMIT")


@lru_cache(maxsize=256)
def _checked(endpoint: GraphQLEndpoint, text: str) -> DocumentNode:
    """Clients send the same documents again and again, with other variables; what was refused is looked at anew."""
    return endpoint._read_document(text)


class _Unfit(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        self.errors = errors
        super().__init__()


def _roots(selection: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], depth: int = 0) -> int:
    """How many things are asked for, each of which may be a whole search."""
    count = 0
    for node in selection.selections:
        if isinstance(node, FieldNode):
            count += 1
        elif depth < 5:
            spread = fragments.get(node.name.value) if isinstance(node, FragmentSpreadNode) else node
            inner = getattr(spread, "selection_set", None)
            count += _roots(inner, fragments, depth + 1) if inner else 0
    return count


def _size(
    selection: SelectionSetNode,
    fragments: dict[str, FragmentDefinitionNode],
    measured: dict[str, tuple[int, int]],
    limits: Limits,
) -> tuple[int, int]:
    """Depth and number of aliases, with each fragment counted wherever it is spread, but measured once.

    A fragment that spreads itself counts as nothing within itself; validation refuses it afterwards.
    """
    deepest = aliases = 0
    for node in selection.selections:
        below, more, step = 0, 0, 0
        inner = getattr(node, "selection_set", None)
        if isinstance(node, FieldNode):
            step = 1
            aliases += node.alias is not None
            if node.name.value.startswith("__"):
                continue  # The schema's description of itself is deep by nature, and costs nothing.
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in fragments:
                continue
            if name not in measured:
                measured[name] = (0, 0)
                measured[name] = _size(fragments[name].selection_set, fragments, measured, limits)
            below, more = measured[name]
        elif inner is not None:
            below, more = _size(inner, fragments, measured, limits)
        aliases += more
        deepest = max(deepest, step + below)
        if aliases > limits.aliases or deepest > limits.depth:
            break
    return deepest, aliases


def _negotiate(request: Request) -> str:
    accepted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    for media in accepted:
        if media in (MEDIA, "application/*"):
            return MEDIA
        if media in (LEGACY, "*/*", ""):
            return LEGACY
    raise _Refused(406, f"Answers are {MEDIA} or {LEGACY}.")


def _json(text: bytes, what: str) -> Any:
    try:
        given = json.loads(text)
        json.dumps(given, ensure_ascii=False).encode()  # Half a surrogate pair is no text, and nothing could store it.
        return given
    except (ValueError, RecursionError):
        raise _Refused(400, f"{what} is not JSON.") from None


def _answer(body: dict[str, Any], media: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status_code=status,
        media_type=f"{media}; charset=utf-8",
        headers={"cache-control": "no-store", "x-content-type-options": "nosniff", **(headers or {})},
    )
