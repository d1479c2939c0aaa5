"""A consent that is taken back: each body that has or had the case is asked to erase what it knows; and that it is not
asked any more once the person agrees again."""

from __future__ import annotations

from collections.abc import Iterable

from relaypoint.domain.erasure_remarks import erasure_asked, erasure_over
from relaypoint.domain.handoffs import ERASED, STILL_SERVING, Status
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.handing_over import Referrals
from relaypoint.resolvers.referral_steps import told
from relaypoint.resolvers.step_rows import step_of


async def steps_of_body(backend: Backend, row: Row, body: str) -> list[str]:
    """The other steps of the referral that the body has or had. ``row`` is of the statement ``handoff_get``."""
    desks = (await present_view(backend)).index.rows["contact_points"]
    others = (each for each in row["steps"] if each["id"] != row["handoff"]["id"])
    return [each["id"] for each in others if desks[each["desk"]]["organization"] == body]


async def erasing(backend: Backend, referrals: Referrals, ids: Iterable[str]) -> list[Step]:
    """The steps of the write that marks these steps, all of one body, and tells its last desk once."""
    steps: list[Step] = []
    for id in sorted(ids, reverse=True):
        row = await step_of(backend, id)
        changes = erasure_asked(row["handoff"], backend.clock())
        if changes:
            first = not steps
            steps += referrals.noted(row, "erasure-asked", changes)
            if first and not row["handoff"]["form"]:
                steps.append(told(backend, row, row["contact_point"]["id"], "moved"))
    return steps


async def erasing_answered(
    backend: Backend, referrals: Referrals, ids: Iterable[str], verb: str, word: str
) -> list[Step]:
    """What a body says of one of its steps holds for all of them that it was asked about: what it knows of the person
    it knows once. Not erased is what a step needs that is open still; and that one is being served says nothing of one
    that is over."""
    steps: list[Step] = []
    if word == STILL_SERVING:
        return steps
    for id in sorted(ids):
        row = await step_of(backend, id)
        asked = row["handoff"]["erasure_asked_at"] and not row["handoff"]["erasure"]
        if asked and not (word == ERASED and Status(row["handoff"]["status"]).open):
            steps += referrals.noted(row, verb, {"erasure": word})
    return steps


async def erasing_over(backend: Backend, referrals: Referrals, ids: Iterable[str]) -> list[Step]:
    """The person agrees again: what was not erased may be kept."""
    steps: list[Step] = []
    for id in sorted(ids):
        row = await step_of(backend, id)
        if changes := erasure_over(row["handoff"]):
            steps += referrals.noted(row, "erasure-over", changes)
    return steps
