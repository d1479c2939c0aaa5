"""A person who was looked for from an earlier step, and has come where the case was sent since."""

from __future__ import annotations

from relaypoint.domain.handoffs import ARRIVED, FOUND, came_back
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.handing_over import Referrals
from relaypoint.resolvers.step_rows import gone_on, step_of


def searched(row: Row) -> list[str]:
    """The other steps of the referral from which the person is looked for still. ``row`` is of ``handoff_get``."""
    return sorted(each["id"] for each in row["steps"] if each["searched"] and each["id"] != row["handoff"]["id"])


async def search_over(backend: Backend, referrals: Referrals, row: Row) -> list[Step]:
    """The steps of the write that end the search, for the person has arrived at the step ``row``."""
    steps: list[Step] = []
    for id in searched(row):
        other = await step_of(backend, id)
        changes = {"arrival": ARRIVED, "arrival_at": backend.now()}
        steps += referrals.noted(other, FOUND, changes)
        if gone_on(other) or not came_back({**other["handoff"], **changes}):
            steps.append(Step("handoff_seen", {"handoff": id}, None))
    return steps
