"""The expected failures as GraphQL types: members of the mutations' unions, and ``extensions`` of a query's errors."""

from __future__ import annotations

import contextlib
import functools
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

import strawberry
from graphql import GraphQLError

from relaypoint.domain import errors
from relaypoint.domain.policy import Action
from relaypoint.schema.permissions import governed

log = logging.getLogger("relaypoint.schema")


@governed(Action.READ_FRAME)
@strawberry.interface(description="An expected failure, said in plain words.")
class Problem:
    code: str = strawberry.field(description="INVALID, NOT_FOUND, CONFLICT, …: stable, for programs.")
    message_id: str = strawberry.field(description="What a translation is found by.")
    message: str = strawberry.field(description="What happened, in English.")
    path: list[str] = strawberry.field(
        description="The input field at fault, from the argument inwards, as need, avoid, 0; empty where it is none."
    )
    remedy: str = strawberry.field(description="What to do about it.")


@governed(Action.READ_FRAME)
@strawberry.type(description="An input field is wrong.")
class InvalidInput(Problem):
    pass


@governed(Action.READ_FRAME)
@strawberry.type(description="It does not exist, or it is not for you: the two look the same.")
class NotFound(Problem):
    pass


@governed(Action.READ_FRAME)
@strawberry.type(description="Somebody changed it first, or the move is not possible from its present state.")
class Conflict(Problem):
    present_status: str | None = strawberry.field(description="The status as it is now, where one is known.")
    present_version: int | None = strawberry.field(description="The version as it is now, where one is known.")


@governed(Action.READ_FRAME)
@strawberry.type(description="No contact point or channel is safe and working for this case.")
class NoChannel(Problem):
    pass


@governed(Action.READ_FRAME)
@strawberry.type(description="The store can't be reached. Ask again under the same key: it may have been stored.")
class Unavailable(Problem):
    pass


T = TypeVar("T", bound=Problem)
A = TypeVar("A")
P = ParamSpec("P")


def from_domain(problem: errors.Problem) -> Problem:
    """The union member for an expected failure."""
    if isinstance(problem, errors.Conflict):
        return _of(
            Conflict,
            problem,
            present_status=problem.present.get("status"),
            present_version=problem.present.get("version"),
        )
    kinds: list[tuple[type[errors.Problem], type[Problem]]] = [
        (errors.NotFound, NotFound),
        (errors.NoChannel, NoChannel),
        (errors.Unavailable, Unavailable),
        (errors.Problem, InvalidInput),
    ]
    return _of(next(shown for kind, shown in kinds if isinstance(problem, kind)), problem)


def _of(kind: Callable[..., T], problem: errors.Problem, **more: Any) -> T:
    return kind(
        code=problem.code,
        message_id=problem.message_id,
        message=problem.message,
        path=list(problem.path),
        remedy=problem.remedy,
        **more,
    )


def answered(field: Callable[P, Awaitable[A]]) -> Callable[P, Awaitable[A]]:
    """An expected failure of a mutation is its answer, not an error."""

    @functools.wraps(field)
    async def answer(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return await field(*args, **kwargs)
        except errors.Problem as problem:
            return from_domain(problem)

    return answer


@contextlib.contextmanager
def placed(paths: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """Within it, a problem's path becomes that of the GraphQL input: ``paths`` leads from the one to the other."""
    try:
        yield
    except errors.Problem as problem:
        if problem.path:
            problem.path = (*paths.get(problem.path[0], problem.path[:1]), *problem.path[1:])
        raise


def where(error: BaseException) -> str:
    """An error's kind and the lines it came by. Never its words: they can hold what a case is about."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join([type(error).__name__, *(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))])


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error as the answer shows it. What nobody expected is masked; its id leads to the log."""
    original = error.original_error
    if isinstance(original, errors.Problem):
        extensions = {key: value for key, value in original.as_dict().items() if key != "message"}
        extensions["inputPath"] = extensions.pop("path")
        return {**error.formatted, "message": original.message, "extensions": extensions}
    if original is None or isinstance(original, GraphQLError):
        about = {"code": "INVALID", "messageId": "graphql.document", "remedy": "Compare the request with the schema."}
        return {**error.formatted, "extensions": {**about, **(error.extensions or {})}}
    id = secrets.token_hex(6)
    log.error("unexpected error %s: %s", id, where(original))
    return {
        **error.formatted,
        "message": "Something went wrong here; it was not your request.",
        "extensions": {"code": "INTERNAL", "id": id},
    }
