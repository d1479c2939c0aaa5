"""One step of a referral as it is read from the store, and as it is told to those who see it."""

from __future__ import annotations

from typing import Any

from relaypoint.domain.errors import NotFound
from relaypoint.domain.handoffs import STATE
from relaypoint.domain.policy import Subject
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.references import by_reference


def gone_on(row: Row) -> bool:
    """Whether the referral has gone on from this step: then it is not its sender's again, whatever is said of it."""
    return any(each["continues"] == row["handoff"]["id"] for each in row["steps"])


async def step_of(backend: Backend, id: str, subject: Subject | None = None) -> Row:
    """One step with what every decision about it needs; with the ``subject`` that names it, a reference will do for its
    id. Raises ``NotFound``."""
    known = await by_reference(subject, backend, id) if subject else None
    rows = await backend.store.read("handoff_get", id=known["id"] if known else id, day=backend.now()[:10])
    if not rows:
        raise no_handoff(id)
    return rows[0]


def shown(row: Row, handoff: dict[str, Any]) -> dict[str, Any]:
    """The step as it is told to those who see it."""
    state = {key: handoff.get(key) for key in ("id", "hops", "without_consent", *STATE)}
    return {**state, "must_see": row["must_see"], "contact_point": row["contact_point"], "receiver": row["receiver"]}


def no_handoff(id: str) -> NotFound:
    return NotFound(
        "handoff.none",
        "There is no referral step '{id}' for you.",
        path=("id",),
        remedy="Check the id, and for whom you act; only the two sides of a step see it.",
        id=id,
    )
