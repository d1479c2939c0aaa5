"""Telling an organization that its webhook is paused: promised with the pause, and sent by who delivers the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.quiet import Sending, plan
from relaypoint.domain.view import View
from relaypoint.domain.webhooks import State
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.outbox import LEASE, Leased, attempts_of
from relaypoint.resolvers.quieting import put_off, reader_of

#: The only kind there is.
KIND: Final = "webhook-paused"

#: It is about no case, and can wait for the day.
_PRIORITY: Final = Priority.ROUTINE
_FLOOR: Final = Confidentiality.PUBLIC

#: Where a webhook names no contact points, so many of its organization's are told.
_MOST: Final = 2


async def promises(backend: Backend, webhook: str, owner: str, named: Sequence[str], at: datetime) -> list[Step]:
    """What to write with a pause at that moment, a message to each contact point of ``owner`` that is told: those that
    the webhook names, or else the first that a message can reach. Empty: there is none."""
    view, now = await present_view(backend), format_instant(at)
    properties = {"kind": KIND, "status": "pending", "created_at": now, "due_at": now, "attempts": 0}
    return [
        Step(
            "announcement_create",
            {
                "id": backend.new_id(),
                "webhook": webhook,
                "contact_point": desk.id,
                "properties": {**properties, "reference": backend.new_reference()},
            },
        )
        for desk in _told(view, owner, named, at)
    ]


def _told(view: View, owner: str, named: Sequence[str], at: datetime) -> list[ContactPoint]:
    desks = [view.desk(id) for id in sorted(view.index.ids("desks of", owner))]
    own = [desk for desk in desks if desk.holds(view.day)]
    reached = [desk for desk in own if any(use.carries_message for use in _ways(desk, at))]
    return [desk for desk in own if desk.id in named] or reached[:_MOST]


def _ways(desk: ContactPoint, at: datetime) -> tuple[ChannelUse, ...]:
    return weigh(desk, floor=_FLOOR, at=at)


@permitted(Action.DELIVER_NOTICES)
async def lease(subject: Subject, backend: Backend, *, limit: int = 100) -> list[Leased]:
    """Takes up to ``limit`` that are due, as ``outbox.lease``. One whose webhook was resumed is settled, and what is
    not to go out yet is due later."""
    rows = await backend.store.read("announcements_due", now=backend.now(), limit=limit)
    if not rows:
        return []
    view, found = await present_view(backend), list[Leased]()
    for row in rows:
        leased = await _leased(backend, view, row)
        if leased is not None:
            found.append(leased)
    return found


async def _leased(backend: Backend, view: View, row: Row) -> Leased | None:
    of, desk = row["announcement"], view.desk(row["contact_point"])
    at, name, begun = backend.clock(), backend.new_id(), parse_instant(of["created_at"])
    until = at + LEASE
    taking = {"id": of["id"], "lease": name, "now": format_instant(at), "until": format_instant(until)}
    sending, reader = Sending(priority=_PRIORITY, kind=of["kind"], begun=begun), reader_of(view, desk)
    planned = plan(sending, _ways(desk, at), at, desk.calendar, reader)
    still, then = _holds(view, row, desk), list[Step]()
    if not still:
        changes = {"status": "overtaken", "lease": None, "leased_until": None}
        then.append(Step("announcements_settle", {"messages": [{"id": of["id"], "lease": name, "changes": changes}]}))
        then.append(Step("announcements_unqueue", {"ids": [of["id"]]}))
    elif planned.until is not None:
        then.append(put_off(of["id"], name, planned, planned.until, "announcements_settle"))
    try:
        await backend.store.write([Step("announcement_lease", taking), *then])
    except Unmet:  # Another worker has it, or its webhook has ended.
        return None
    if then:
        return None
    first = (reader.language,) if reader and reader.language else ()
    return Leased(
        id=of["id"],
        lease=name,
        until=until,
        contact_point=desk.id,
        reference=of["reference"],
        kind=of["kind"],
        priority=_PRIORITY,
        **attempts_of(of),
        channels=planned.channels,
        languages=(*first, *desk.languages),
        opens=planned.opens,
        announced=True,
    )


def _holds(view: View, row: Row, desk: ContactPoint) -> bool:
    """Whether it is still so, and who is to be told still there: the webhook is paused since then."""
    webhook, owner = row["webhook"], view.organization(row["organization"])
    paused = webhook["state"] == State.PAUSED and webhook["paused_at"] == row["announcement"]["created_at"]
    return paused and desk.holds(view.day) and owner.holds(view.day)
