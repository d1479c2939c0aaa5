"""Leasing and settling what the store has promised to tell. No row is deleted: each ends delivered or dead."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.evidence import address_id
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.quiet import plan
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.browsers import reached
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.quieting import put_off, reader_of, sending_of
from relaypoint.resolvers.receipts import secret

#: After this a lease is void, and another worker takes the row over.
LEASE: Final = timedelta(minutes=2)

#: After so many of them it is let go of the processor: who asks something meanwhile must not wait for all.
_AT_A_TIME: Final = 2

#: Seconds for which one look gives way to who asks: an emergency may have come meanwhile.
_PATIENCE: Final = 1.0

#: What Web Push is good enough for: what is shown is encrypted, and its service learns when something came.
PUSH_ASSURES: Final = Confidentiality.CONFIDENTIAL


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
    #: This one counted; and how many before it were answered, though it was not taken.
    attempts: int
    answered: int
    #: Since when nobody could be asked at all; None where the last attempt was answered.
    away_since: datetime | None
    channels: tuple[ChannelUse, ...]
    #: The one that its reader wants, then those that are spoken there (tags of BCP 47), as the roster has them.
    languages: tuple[str, ...] = ()
    #: The secret of a link by which whoever reads it says that the step was received; None where it would do nothing.
    receipt: str | None = None
    #: When the first of the channels opens that are kept shut now: what no other takes waits for that.
    opens: datetime | None = None
    #: It waited for a time of day; and it goes together only with what may go by all the same channels.
    gathered: bool = False
    apart: bool = False
    #: The case has come to avoid who is there: they are told of it in no way.
    avoided: bool = False
    #: It tells of no step of a case, goes out by itself, and is settled as what ``announcing`` has made.
    announced: bool = False
    #: Browsers that are written to beside, by id, with how each is reached.
    browsers: tuple[tuple[str, Mapping[str, str]], ...] = ()


@permitted(Action.DELIVER_NOTICES)
async def lease(
    subject: Subject,
    backend: Backend,
    *,
    limit: int = 100,
    beside: int = 0,
    least: Priority = Priority.ROUTINE,
    held: Mapping[str, Leased] = MappingProxyType({}),
) -> list[Leased]:
    """Takes up to ``limit`` due notices for ``LEASE``, the most urgent first and none that is less urgent than
    ``least``, and up to ``beside`` more to the same contact points. Two workers never get the same one. What is not to
    go out yet is due later, and was not tried. What the same worker holds already (``held``, by id) is not planned
    anew: its lease lasts longer."""
    while True:
        at = backend.clock()
        name = backend.new_id()
        taking = {"lease": name, "now": format_instant(at), "until": format_instant(at + LEASE)}
        steps = [Step("notices_lease", {**taking, "limit": limit, "least": least.level}, None)]
        if beside:
            steps.append(Step("notices_lease_beside", {**taking, "limit": beside}, None))
        await backend.store.write(steps)
        rows = await backend.store.read("notices_leased", lease=name)
        if not rows:
            return []
        held_on = [
            replace(held[id], lease=name, until=at + LEASE) for row in rows if (id := row["notice"]["id"]) in held
        ]
        leased, waiting = await _planned(backend, name, at, [row for row in rows if row["notice"]["id"] not in held])
        if waiting:
            with contextlib.suppress(Unmet):  # The lease has run out meanwhile: others see to them.
                await backend.store.write(waiting)
        if leased or held_on:
            return leased + held_on


@permitted(Action.DELIVER_NOTICES)
async def release(subject: Subject, backend: Backend, leased: Sequence[Leased]) -> None:
    """Lets go of what was taken and not begun, where its lease still holds: whoever comes next takes it at once."""
    leases = [{"id": each.id, "lease": each.lease} for each in leased if not each.announced]
    if leases:
        await backend.store.write([Step("notices_release", {"leases": leases}, None)])


async def _planned(backend: Backend, name: str, at: datetime, rows: Sequence[Row]) -> tuple[list[Leased], list[Step]]:
    """Those that go out now, and what puts off those that wait."""
    leased: list[Leased] = []
    waiting: list[Step] = []
    view = view_of(await backend.memory.roster(backend.store), at)
    browsers = await reached(backend, {row["contact_point"] for row in rows})
    # They come in the order of their urgency.
    emergency = bool(rows) and Priority(rows[0]["notice"]["priority"]) is Priority.STAT
    patient = time.monotonic() + _PATIENCE
    for number, row in enumerate(rows):
        if number % _AT_A_TIME == 0:
            gives_way = not emergency and time.monotonic() < patient
            await (backend.precedence.give_way() if gives_way else asyncio.sleep(0))
        avoid = stored_case(backend, row["sealed_key"], row["sealed"]).avoid
        notice = row["notice"]
        desk = view.desk(row["contact_point"])
        # To tell its own sender what becomes of a case lets nobody else know of it.
        owner = None if desk.organization == row["sender"] else view.organization(desk.organization)
        avoided = avoid.bars_contact_point(desk, owner)
        floor = Confidentiality(notice["confidentiality"])
        weighed = weigh(desk, floor=floor, at=at, avoid=avoid)
        uses = _turned(_channels(weighed, notice["bounced"] or (), avoided=avoided), notice["turn"] or 0)
        sending, reader = sending_of(row), reader_of(view, desk)
        planned = plan(sending, uses, at, desk.calendar, reader)
        if planned.until is not None:
            waiting.append(put_off(notice["id"], name, planned, planned.until))
            continue
        first = (reader.language,) if reader and reader.language else ()
        leased.append(
            Leased(
                id=notice["id"],
                lease=name,
                until=at + LEASE,
                contact_point=desk.id,
                reference=notice["reference"],
                kind=sending.kind,
                priority=sending.priority,
                **attempts_of(notice),
                channels=planned.channels,
                languages=(*first, *desk.languages),
                receipt=secret(backend, notice, row["step"]["status"], own=row["step_at"] == desk.id),
                opens=planned.opens,
                gathered=planned.gathered,
                browsers=tuple(browsers.get(desk.id, ())) if not avoided and _pushes(desk, notice, at) else (),
                avoided=avoided,
                apart=bool(notice["apart"]),
            )
        )
    return leased, waiting


def attempts_of(row: Row) -> dict[str, Any]:
    """What there was of attempts at a message, as ``Leased`` names it."""
    since = row["away_since"]
    return {
        "attempts": row["attempts"] + 1,
        "answered": row["answered"] or 0,
        "away_since": parse_instant(since) if since else None,
    }


def _pushes(desk: ContactPoint, notice: Row, at: datetime) -> bool:
    """Whether browsers are written to beside: once, as far as that is safe enough, and what can wait only while the
    desk is open, for a browser rings."""
    safe = Confidentiality(notice["confidentiality"]).level <= PUSH_ASSURES.level
    rings = Priority(notice["priority"]).level >= Priority.ASAP.level or desk.calendar.is_open(at) is not False
    return safe and rings and not notice["pushed"]


def _turned(uses: tuple[ChannelUse, ...], turn: int) -> tuple[ChannelUse, ...]:
    """A reminder goes by the next channel that carries messages: who did not see the one may see the other."""
    carrying = [use for use in uses if use.carries_message]
    if not turn or len(carrying) < 2:
        return uses
    first = turn % len(carrying)
    ahead = [*carrying[first:], *carrying[:first]]
    return (*ahead, *(use for use in uses if use not in carrying))


def _channels(uses: Sequence[ChannelUse], bounced: Sequence[str], *, avoided: bool) -> tuple[ChannelUse, ...]:
    """The recipient's channels. All are barred where the desk has come to be one that the case avoids (``avoided``), as
    somebody whom it avoids holds it now, or its body is known to have come after one; and each whose address this
    message came back from."""
    found = []
    for use in uses:
        back = use.channel.address and address_id(use.channel.kind, use.channel.address) in bounced
        barred = use.barred or ("avoided" if avoided else "bounced" if back else None)
        found.append(use if barred == use.barred else replace(use, barred=barred))
    return tuple(found)
