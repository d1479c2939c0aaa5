"""What the store knows of a message that decides when it goes out, and letting go of one that waits."""

from __future__ import annotations

from datetime import datetime

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.deadlines import RUNNING
from relaypoint.domain.handoffs import Status
from relaypoint.domain.handover import reader
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.quiet import Plan, Reader, Sending
from relaypoint.domain.rota import Rota
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority
from relaypoint.graph import Row, Step


def sending_of(row: Row) -> Sending:
    """``row`` has the ``notice`` and, of the ``step`` that it is about, its status and its first deadlines."""
    notice = row["notice"]
    return Sending(
        priority=Priority(notice["priority"]),
        kind=notice["kind"],
        begun=parse_instant(notice["again_at"] or notice["created_at"]),
        deadlines=_running(row["step"]),
    )


def _running(step: Row) -> tuple[datetime, ...]:
    """By when the step has to be delivered and acknowledged, as long as nobody has answered it."""
    names = {"deliver_by", "acknowledge_by"} & set(RUNNING.get(Status(step["status"]), ()))
    return tuple(parse_instant(step[name]) for name in sorted(names) if step[name])


def reader_of(view: View, desk: ContactPoint) -> Reader | None:
    """Who answers there today, also while another desk does so."""
    answering = view.index.rows["contact_points"][desk.instead.id if desk.instead else desk.id]
    return reader(desk.holders, view.day, Rota(answering["rota_every"], answering["rota_since"]))


def put_off(id: str, lease: str, plan: Plan, until: datetime, settle: str = "notices_settle") -> Step:
    """Lets go of a message until it is due. It was no attempt. ``settle``: the statement of its outbox for that."""
    due = format_instant(until)
    ways = (use for use in plan.channels if use.barred or use.carries_message)
    changes = {
        "due_at": due,
        "why": [f"{use.channel.id}: {use.barred or f'waits until {due}'}" for use in ways],
        "lease": None,
        "leased_until": None,
    }
    return Step(settle, {"messages": [{"id": id, "lease": lease, "changes": changes}]})
