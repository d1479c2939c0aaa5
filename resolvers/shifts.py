"""The end of a shift: what one holder of a contact point works on goes to another who is there, as one write."""

from __future__ import annotations

from typing import Final

from relaypoint.domain.errors import Conflict, NotFound
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.graph import Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.claiming import checked_holder
from relaypoint.resolvers.handing_over import handed_over
from relaypoint.resolvers.writing import earlier, operation_id, write_once

_TRIES: Final = 5


@permitted(Action.MOVE_HANDOFF)
async def hand_over_shift(
    subject: Subject,
    backend: Backend,
    contact_point: str,
    to: str,
    *,
    taken_from: str | None = None,
    idempotency_key: str | None = None,
) -> list[str]:
    """Gives the open steps of the contact point to its holder ``to``: those that ``taken_from`` had claimed, or all.
    Returns their ids; the desk is told of each, and senders see who answers now.

    Raises ``NotFound`` for a contact point that is not the subject's own, ``Invalid`` for a holder that does not answer
    there today, ``Conflict`` where the steps were being moved by others all the time.
    """
    operation = operation_id(subject, backend, idempotency_key)
    desk, taker = contact_point.strip().lower(), to.strip().lower()
    giver = taken_from.strip().lower() if taken_from else None
    request = {"shift": desk, "to": taker, "from": giver}
    done = await earlier(backend, operation, request)
    if done is not None:
        return list(done["handoffs"])
    known = await backend.memory.roster(backend.store)
    row = known.rows["contact_points"].get(desk)
    if row is None or not may_act_for(subject, row["organization"]):
        raise NotFound(
            "shift.desk",
            "'{value}' is not a contact point of yours.",
            path=("contactPoint",),
            remedy="Name one of your own organization's contact points.",
            value=contact_point,
        )
    checked_holder(known, desk, taker, backend.now()[:10], ("to",))
    for _ in range(_TRIES):
        work = await backend.store.read("work_of", desks=[desk], day=backend.now()[:10])
        rows = [each for each in work if each["taken_by"] != taker and giver in (None, each["taken_by"])]
        ids = [each["handoff"]["id"] for each in rows]
        if not rows:
            return []
        steps = handed_over(subject, backend, rows, taker, operation)
        try:
            result = await write_once(backend, operation, steps, request=request, result={"handoffs": ids})
        except Unmet:
            continue
        return list(result["handoffs"])
    raise Conflict(
        "shift.busy",
        "The steps were being moved by others all the time; nothing was handed over.",
        path=("contactPoint",),
        remedy="Try again.",
    )
