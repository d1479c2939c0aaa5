"""The HTTP application: routes in one visible list."""

from __future__ import annotations

import contextlib

from graphql import ExecutionResult, GraphQLError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relaypoint.app.graphql_http import GraphQLEndpoint, GraphQLRequest, Limits
from relaypoint.app.runtime import Runtime
from relaypoint.app.signing_in import SignIn, SubjectOf, refused
from relaypoint.domain.errors import Problem, Unavailable
from relaypoint.domain.policy import Subject
from relaypoint.notifications import pages
from relaypoint.resolvers.acting import acting
from relaypoint.resolvers.precedence import Precedence
from relaypoint.schema.operational import schema
from relaypoint.schema.problems import formatted
from relaypoint.web import links, notices, receipts

_WELCOME = """\
relaypoint: referrals and points of contact for anti-trafficking coordination.

/graphql   the operational API (GraphQL over HTTP)
/healthz   the process is up
/readyz    the store answers
"""


def build(runtime: Runtime, subject_of: SubjectOf, limits: Limits | None = None) -> Starlette:
    """``subject_of`` tells who asks where a request brings no key of its own."""

    async def execute(wanted: GraphQLRequest, request: Request) -> ExecutionResult:
        return await run(runtime, request.user.subject, wanted)

    async def home(request: Request) -> Response:
        return PlainTextResponse(_WELCOME)

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "up"})

    async def readyz(request: Request) -> Response:
        try:
            await runtime.backend.store.ready()
        except Unavailable as problem:
            return JSONResponse({"status": "unavailable", **problem.as_dict()}, 503, {"retry-after": "5"})
        return JSONResponse({"status": "ready", "store": runtime.backend.store.engine})

    endpoint = GraphQLEndpoint(schema._schema, execute, formatted, limits or Limits())
    return Starlette(
        routes=[
            Route("/", home),
            Route("/graphql", endpoint.answer, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
            *notices.routes(pages),
            *links.routes(runtime.backend),
            *receipts.routes(runtime.backend, pages),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        middleware=[
            Middleware(_Answering, precedence=runtime.backend.precedence),
            Middleware(AuthenticationMiddleware, backend=SignIn(runtime.backend, subject_of), on_error=refused),
        ],
        exception_handlers={HTTPException: _refused},
    )


class _Answering:
    """Has work give way from a request's arrival until its answer begins, behind which there may be a stream."""

    def __init__(self, app: ASGIApp, precedence: Precedence) -> None:
        self._app, self._precedence = app, precedence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.ExitStack() as asking:
            asking.enter_context(self._precedence.asking())

            async def begun(message: Message) -> None:
                asking.close()
                await send(message)

            await self._app(scope, receive, begun)


def _refused(request: Request, error: Exception) -> Response:
    """What no route takes, in the form of every other refusal."""
    status = getattr(error, "status_code", 404)
    code, message = {
        404: ("NOT_FOUND", "There is nothing at this address. The API is at /graphql."),
        405: ("INVALID", "This address takes no such request."),
    }.get(status, ("INVALID", "This request is not understood."))
    body = {"errors": [{"message": message, "extensions": {"code": code, "messageId": "http.request"}}]}
    return JSONResponse(body, status, getattr(error, "headers", None))


async def run(runtime: Runtime, subject: Subject, wanted: GraphQLRequest) -> ExecutionResult:
    """Executes one request as a subject; the command line without a server comes this way too."""
    try:
        subject = await acting(subject, runtime.backend)
    except Problem as problem:
        return ExecutionResult(data=None, errors=[GraphQLError(problem.message, original_error=problem)])
    result = await schema.execute(
        wanted.query,
        variable_values=wanted.variables,
        context_value=runtime.context(subject),
        operation_name=wanted.operation,
    )
    return ExecutionResult(data=result.data, errors=result.errors)
