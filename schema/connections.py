"""Relay connections with keyset cursors: a cursor says after which id to go on, so that nothing is skipped or seen
twice while entries come and go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import strawberry

from relaypoint.domain.errors import Invalid, Limit
from relaypoint.domain.policy import Action
from relaypoint.schema.permissions import governed

N = TypeVar("N")

DEFAULT: Final = 20
MOST: Final = 200


@governed(Action.READ_FRAME)
@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow.")
    has_previous_page: bool = strawberry.field(description="Whether one came here by a cursor.")
    start_cursor: str | None = strawberry.field(description="The first entry's cursor.")
    end_cursor: str | None = strawberry.field(description="What to give as `after` for the next page.")


@governed(Action.READ_FRAME)
@strawberry.type(description="One entry and its cursor.")
class Edge(Generic[N]):
    cursor: str = strawberry.field(description="Give it as `after` to go on behind this entry.")
    node: N = strawberry.field(description="The entry.")


@governed(Action.READ_FRAME)
@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    edges: list[Edge[N]] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")


async def connect(
    fetch: Callable[[str | None, int], Awaitable[list[dict[str, Any]]]],
    make: Callable[[dict[str, Any]], N],
    first: int | None,
    after: str | None,
) -> Connection[N]:
    """One page. ``fetch`` gets the id to go on after and how many rows to read; rows have an ``id``.

    Raises ``Limit`` for a page above 200 and ``Invalid`` for a cursor that is none.
    """
    count = page_size(first)
    rows = await fetch(decoded(after), count + 1)
    shown = rows[:count]
    nodes = [(_encoded(row["id"]), make(row)) for row in shown]
    return page_of(nodes, nodes[-1][0] if nodes else None, after, more=len(rows) > count)


def page_of(nodes: Sequence[tuple[str, N]], end: str | None, after: str | None, *, more: bool) -> Connection[N]:
    """A page that was cut already: ``nodes``, each with its cursor; ``end`` is the cursor to go on from; a feed has one
    also where there are none."""
    edges = [Edge(cursor=cursor, node=node) for cursor, node in nodes]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=more,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=end,
        ),
    )


def page_size(first: int | None) -> int:
    """Raises ``Limit`` for a page above 200."""
    count = DEFAULT if first is None else first
    if not 0 <= count <= MOST:
        raise Limit(
            "page.size",
            "A page has 0 to {most} entries, not {count}.",
            path=("first",),
            remedy="Ask for fewer and follow endCursor.",
            most=MOST,
            count=count,
        )
    return count


def _encoded(id: str) -> str:
    return base64.urlsafe_b64encode(f"after:{id}".encode()).decode()


def decoded(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith("after:"):
        raise no_cursor()
    return text.removeprefix("after:")


def no_cursor() -> Invalid:
    return Invalid(
        "page.cursor",
        "This cursor is not one of ours.",
        path=("after",),
        remedy="Give an endCursor of the same list, or leave it out to start anew.",
    )
