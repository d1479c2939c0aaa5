"""Counting the deadlines of open steps anew where the calendar that they were counted on has changed.

Hours, time zone and holidays change with the roster, and with a contingency by which another desk answers. A step
keeps the calendar that it was counted on, so that what has changed is seen whenever it is looked for; the old deadlines
stay in the event.
"""

from __future__ import annotations

import contextlib

from relaypoint.domain import chain
from relaypoint.domain.deadlines import RUNNING, recounted
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import Status
from relaypoint.domain.policy import OPERATOR, Action, Subject
from relaypoint.domain.words import Priority
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.open_handoffs import open_handoffs
from relaypoint.resolvers.referral_steps import record, salted


@permitted(Action.ESCALATE)
async def recount(subject: Subject, backend: Backend) -> list[str]:
    """The ids of the open steps whose deadlines are others now. One that moves meanwhile is counted by its move."""
    work, changed = await open_handoffs(OPERATOR, backend), {}
    for row in await work.read([step["id"] for step in work.steps]):
        handoff, calendar = row["handoff"], work.view.desk(row["desk"]).calendar
        if Status(handoff["status"]) in RUNNING and handoff["calendar"] not in (None, calendar.text):
            # One step that can't be counted keeps no other from being counted, nor from being escalated.
            with contextlib.suppress(Invalid):
                changes = recounted(Priority(row["referral"]["priority"]), handoff, calendar, work.at)
                changed[handoff["id"]] = (row, changes)
    if not changed:
        return []
    around = await backend.store.read("work_escalating", handoffs=sorted(changed), day=work.view.day)
    done = []
    for more in around:
        row, changes = changed[more["id"]]
        handoff, referral = row["handoff"], row["referral"]
        event = chain.append(
            referral["id"],
            more["chain_length"],
            more["chain_head"],
            kind="handoff-recounted",
            at=backend.now(),
            actor=subject.name,
            data=salted({"before": handoff, "after": {**handoff, **changes}}),
        )
        given = {"handoff": handoff["id"], "operation": backend.new_id(), "chain_head": more["chain_head"]}
        try:
            await backend.store.write(
                [
                    Step("handoff_recount", {**given, "version": handoff["version"], "changes": changes}),
                    record(event),
                ]
            )
        except Unmet:
            continue
        done.append(handoff["id"])
    return done
