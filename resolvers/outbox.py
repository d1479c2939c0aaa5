"""Leasing and settling what the store has promised to tell. No row is deleted: each ends delivered or dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import view_of

#: After this a lease is void, and another worker takes the row over.
LEASE = timedelta(minutes=2)

#: A transport that failed is tried again, ever more slowly, so many times; then the row is dead.
MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """One notice, with the recipient's channels weighed for the case it belongs to. ``until``: another worker may take
    it from then on."""

    id: str
    lease: str
    until: datetime
    contact_point: str
    reference: str
    kind: str
    priority: Priority
    attempts: int
    channels: tuple[ChannelUse, ...]


@permitted(Action.DELIVER_NOTICES)
async def lease(subject: Subject, backend: Backend, *, limit: int = 100) -> list[Leased]:
    """Takes up to ``limit`` due notices for ``LEASE``. Two workers never get the same one."""
    at = backend.clock()
    name = backend.new_id()
    await backend.store.write(
        [
            Step(
                "notices_lease",
                {"lease": name, "now": format_instant(at), "until": format_instant(at + LEASE), "limit": limit},
                expect=None,
            )
        ]
    )
    rows = await backend.store.read("notices_leased", lease=name)
    if not rows:
        return []
    leased = []
    view = view_of(await backend.memory.roster(backend.store), at)
    for row in rows:
        avoid = stored_case(backend, row["sealed_key"], row["sealed"]).avoid
        notice = row["notice"]
        desk = view.desk(row["contact_point"])
        # To tell its own sender what becomes of a case lets nobody else know of it.
        owner = None if desk.organization == row["sender"] else view.organization(desk.organization)
        leased.append(
            Leased(
                id=notice["id"],
                lease=name,
                until=at + LEASE,
                contact_point=desk.id,
                reference=notice["reference"],
                kind=notice["kind"],
                priority=Priority(notice["priority"]),
                attempts=notice["attempts"],
                channels=_turned(_channels(desk, owner, notice["confidentiality"], avoid, at), notice["turn"] or 0),
            )
        )
    return leased


def _turned(uses: tuple[ChannelUse, ...], turn: int) -> tuple[ChannelUse, ...]:
    """A reminder goes by the next channel that carries messages: who did not see the one may see the other."""
    carrying = [use for use in uses if use.carries_message]
    if not turn or len(carrying) < 2:
        return uses
    first = turn % len(carrying)
    ahead = [*carrying[first:], *carrying[:first]]
    return (*ahead, *(use for use in uses if use not in carrying))


def _channels(
    desk: ContactPoint, owner: Organization | None, confidentiality: str, avoid: Avoid, at: datetime
) -> tuple[ChannelUse, ...]:
    """The recipient's channels. All are barred where the desk has come to be one that the case avoids, as somebody whom
    it avoids holds it now, or its body is known to have come after one."""
    uses = weigh(desk, floor=Confidentiality(confidentiality), at=at, avoid=avoid)
    if avoid.bars_contact_point(desk, owner):
        return tuple(replace(use, barred=use.barred or "avoided") for use in uses)
    return uses


@permitted(Action.DELIVER_NOTICES)
async def settle(
    subject: Subject, backend: Backend, leased: Leased, status: str, channel: str | None, why: Mapping[str, str]
) -> str | None:
    """Records how an attempt ended: ``delivered``, ``dead``, or ``failed`` (it stays due, later; at last it is dead).

    Returns what was recorded. None where the lease had run out and another worker took the row: then it is nothing.
    """
    at = backend.clock()
    if status == "failed" and leased.attempts >= MOST_ATTEMPTS:
        status = "dead"
    changes = {
        "channel": channel,
        "why": [f"{id}: {text}" for id, text in sorted(why.items())],
        "tried_at": format_instant(at),
        "lease": None,
        "leased_until": None,
    }
    steps = []
    if status == "failed":
        changes["due_at"] = format_instant(at + timedelta(seconds=15 * 2**leased.attempts))
    else:
        changes["status"] = status
        steps.append(Step("notice_unqueue", {"id": leased.id}))
        if status == "dead" and leased.kind == "cancelled":
            steps.append(Step("notice_untold", {"id": leased.id}))
    try:
        await backend.store.write(
            [Step("notice_settle", {"id": leased.id, "lease": leased.lease, "changes": changes}), *steps]
        )
    except Unmet:
        return None
    return status
