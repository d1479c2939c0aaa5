"""Reading the roster: organizations, task forces, contact points, by page and by id. One statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from relaypoint.domain.policy import Action, Subject
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.directory_then import Then
from relaypoint.resolvers.known import roster_at

Kind = Literal["organizations", "task_forces", "contact_points"]


@permitted(Action.READ_ROSTER)
async def page(
    subject: Subject, backend: Backend, kind: Kind, *, after: str | None, limit: int, as_of: str | None = None
) -> list[dict[str, Any]]:
    """At most ``limit`` entries with an id after ``after``, by id; ``as_of`` a day or an instant: as on record then."""
    if as_of is not None:
        then = Then((await roster_at(backend, as_of)).rows)
        ids = [id for id in then.ids(kind) if after is None or id > after]
        return [_ordered(entry) for id in ids[:limit] if (entry := then.entry(kind, id))]
    return [_ordered(row["node"]) for row in await backend.store.read(f"{kind}_page", after=after, limit=limit)]


@permitted(Action.READ_ROSTER)
async def by_id(
    subject: Subject, backend: Backend, kind: Kind, ids: Sequence[str], *, as_of: str | None = None
) -> dict[str, dict[str, Any]]:
    """The entries that there are, or with ``as_of`` were, by id."""
    if as_of is not None:
        then = Then((await roster_at(backend, as_of)).rows)
        return {id: _ordered(entry) for id in ids if (entry := then.entry(kind, id))}
    rows = await backend.store.read(f"{kind}_get", ids=list(ids))
    return {row["node"]["id"]: _ordered(row["node"]) for row in rows}


def _ordered(node: Row) -> Row:
    """Lists of nodes come in no order; give them one."""
    for name, value in node.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            node[name] = sorted((_ordered(item) for item in value), key=_rank)
        elif isinstance(value, dict):
            node[name] = _ordered(value)
    return node


def _rank(item: Row) -> tuple[int, str]:
    return (item.get("rank") or 0, str(item["id"]))
