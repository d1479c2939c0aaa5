"""Reading the roster: organizations, task forces, contact points, by page and by id. One statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from relaypoint.domain.policy import Action, Subject
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted

Kind = Literal["organizations", "task_forces", "contact_points"]


@permitted(Action.READ_ROSTER)
async def page(
    subject: Subject, backend: Backend, kind: Kind, *, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """At most ``limit`` entries with an id after ``after``, by id."""
    return [_ordered(row["node"]) for row in await backend.store.read(f"{kind}_page", after=after, limit=limit)]


@permitted(Action.READ_ROSTER)
async def by_id(subject: Subject, backend: Backend, kind: Kind, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The entries that there are, by id."""
    rows = await backend.store.read(f"{kind}_get", ids=list(ids))
    return {row["node"]["id"]: _ordered(row["node"]) for row in rows}


def _ordered(node: Row) -> Row:
    """Lists of nodes come from the store in no order; give them one."""
    for name, value in node.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            node[name] = sorted((_ordered(item) for item in value), key=_rank)
        elif isinstance(value, dict):
            node[name] = _ordered(value)
    return node


def _rank(item: Row) -> tuple[int, str]:
    return (item.get("rank") or 0, str(item["id"]))
