"""Leasing and settling what the store has promised to tell. No row is deleted: each ends delivered or dead."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant
from relaypoint.domain.digests import alike, key_of
from relaypoint.domain.evidence import Result, Try, address_id, against, lasting
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.quiet import plan
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.browsers import gone, reached
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.quieting import put_off, reader_of, sending_of
from relaypoint.resolvers.receipts import secret

#: After this a lease is void, and another worker takes the row over.
LEASE: Final = timedelta(minutes=2)

#: What was not taken is tried again, ever more slowly, so many times; then the row is dead.
MOST_ATTEMPTS: Final = 8

#: Where nobody could be asked at all, as the mail server is away, it is tried on for so long.
LONGEST: Final = timedelta(days=1)

#: What Web Push is good enough for: what is shown is encrypted, and its service learns when something came.
PUSH_ASSURES: Final = Confidentiality.CONFIDENTIAL

#: The first time it is tried again after so many seconds, then after twice as many, and never after more than the last.
_PAUSE: Final = 30
_LONGEST_PAUSE: Final = 3600


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
    #: When it was to go out first, or again after it was dead.
    begun: datetime
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
    #: Browsers that are written to beside, by id, with how each is reached.
    browsers: tuple[tuple[str, Mapping[str, str]], ...] = ()


@permitted(Action.DELIVER_NOTICES)
async def lease(subject: Subject, backend: Backend, *, limit: int = 100, beside: int = 0) -> list[Leased]:
    """Takes up to ``limit`` due notices for ``LEASE``, and up to ``beside`` more to the same contact points. Two
    workers never get the same one. What is not to go out yet is due later, and was not tried."""
    while True:
        at = backend.clock()
        name = backend.new_id()
        taking = {"lease": name, "now": format_instant(at), "until": format_instant(at + LEASE)}
        steps = [Step("notices_lease", {**taking, "limit": limit}, None)]
        if beside:
            steps.append(Step("notices_lease_beside", {**taking, "limit": beside}, None))
        await backend.store.write(steps)
        rows = await backend.store.read("notices_leased", lease=name)
        if not rows:
            return []
        leased, waiting = await _planned(backend, name, at, rows)
        if waiting:
            with contextlib.suppress(Unmet):  # The lease has run out meanwhile: others see to them.
                await backend.store.write(waiting)
        if leased:
            return leased


async def _planned(backend: Backend, name: str, at: datetime, rows: Sequence[Row]) -> tuple[list[Leased], list[Step]]:
    """Those that go out now, and what puts off those that wait."""
    leased: list[Leased] = []
    waiting: list[Step] = []
    view = view_of(await backend.memory.roster(backend.store), at)
    browsers = await reached(backend, {row["contact_point"] for row in rows})
    for row in rows:
        avoid = stored_case(backend, row["sealed_key"], row["sealed"]).avoid
        notice = row["notice"]
        desk = view.desk(row["contact_point"])
        # To tell its own sender what becomes of a case lets nobody else know of it.
        owner = None if desk.organization == row["sender"] else view.organization(desk.organization)
        uses = _turned(
            _channels(desk, owner, notice["confidentiality"], avoid, at, notice["bounced"] or ()), notice["turn"] or 0
        )
        sending, reader = sending_of(row), reader_of(view, desk)
        planned = plan(sending, uses, at, desk.calendar, reader)
        if planned.until is not None:
            waiting.append(put_off(notice["id"], name, notice["attempts"] - 1, planned, planned.until))
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
                attempts=notice["attempts"],
                begun=sending.begun,
                channels=planned.channels,
                languages=(*first, *desk.languages),
                receipt=secret(backend, notice, row["step"]["status"], own=row["step_at"] == desk.id),
                opens=planned.opens,
                gathered=planned.gathered,
                browsers=tuple(browsers.get(desk.id, ())) if _pushes(desk, uses, notice, at) else (),
                apart=bool(notice["apart"]),
            )
        )
    return leased, waiting


def _pushes(desk: ContactPoint, uses: Sequence[ChannelUse], notice: Row, at: datetime) -> bool:
    """Whether browsers are written to beside: once, as far as that is safe enough, and what can wait only while the
    desk is open, for a browser rings."""
    safe = Confidentiality(notice["confidentiality"]).level <= PUSH_ASSURES.level
    rings = Priority(notice["priority"]).level >= Priority.ASAP.level or desk.calendar.is_open(at) is not False
    return safe and rings and not notice["pushed"] and not all(use.barred == "avoided" for use in uses)


def _turned(uses: tuple[ChannelUse, ...], turn: int) -> tuple[ChannelUse, ...]:
    """A reminder goes by the next channel that carries messages: who did not see the one may see the other."""
    carrying = [use for use in uses if use.carries_message]
    if not turn or len(carrying) < 2:
        return uses
    first = turn % len(carrying)
    ahead = [*carrying[first:], *carrying[:first]]
    return (*ahead, *(use for use in uses if use not in carrying))


def _channels(
    desk: ContactPoint,
    owner: Organization | None,
    confidentiality: str,
    avoid: Avoid,
    at: datetime,
    bounced: Sequence[str],
) -> tuple[ChannelUse, ...]:
    """The recipient's channels. All are barred where the desk has come to be one that the case avoids, as somebody whom
    it avoids holds it now, or its body is known to have come after one; and each by which this message came back."""
    uses = tuple(
        replace(use, barred=use.barred or "bounced") if use.channel.id in bounced else use
        for use in weigh(desk, floor=Confidentiality(confidentiality), at=at, avoid=avoid)
    )
    if avoid.bars_contact_point(desk, owner):
        return tuple(replace(use, barred=use.barred or "avoided") for use in uses)
    return uses


@permitted(Action.DELIVER_NOTICES)
async def settle(
    subject: Subject,
    backend: Backend,
    leased: Leased,
    status: str,
    channel: str | None,
    why: Mapping[str, str],
    tries: Sequence[Try] = (),
) -> str | None:
    """Records how an attempt ended: ``delivered``, ``dead``, or ``failed`` (it stays due, later; at last it is dead),
    with what came of each channel. As long as a channel is kept shut that may take it later, it is not dead.

    Returns what was recorded. None where the lease had run out and another worker took the row: then it is nothing.
    """
    ended = await settle_together(subject, backend, [leased], status, channel, why, tries)
    return ended[0] if ended else None


@permitted(Action.DELIVER_NOTICES)
async def settle_together(
    subject: Subject,
    backend: Backend,
    parcel: Sequence[Leased],
    status: str,
    channel: str | None,
    why: Mapping[str, str],
    tries: Sequence[Try] = (),
    pushes: Sequence[Try] = (),
) -> list[str] | None:
    """The same for several that went out as one: all of it in one write, or none. What it shows of an address counts
    once. Where that failed by the channels that are good enough for all, and one of them may go by another, they go
    together from then on only with what may go by the same. ``pushes`` is what came of the browsers, by id."""
    at = backend.clock()
    now = format_instant(at)
    apart = status != "delivered" and not alike(parcel)
    key = parcel[0].id if len(parcel) == 1 else key_of(each.id for each in parcel)
    again = at + _pause(key, min(each.attempts for each in parcel))
    ended, settled, done = [], [], []
    shown: Sequence[Try] = tries
    for leased in parcel:
        own = {use.channel.id: use.barred for use in leased.channels if use.barred is not None}
        outcome, due, came = _outcome(leased, "failed" if apart else status, tries, at, again, never=apart)
        changes = {
            "channel": channel,
            # What bars a channel for one of them tells something of its case: it is not noted with the others.
            "why": [f"{id}: {own.get(id, text)}" for id, text in sorted(why.items())],
            "tried_at": now,
            "lease": None,
            "leased_until": None,
            **({"due_at": format_instant(due)} if outcome == "failed" else {"status": outcome}),
            **({"apart": True} if apart else {}),
            **({"pushed": True} if pushes else {}),
        }
        settled.append(Step("notice_settle", {"id": leased.id, "lease": leased.lease, "changes": changes}))
        done += _tried(leased, [*came, *pushes], now)
        if outcome != "failed":
            done.append(Step("notice_unqueue", {"id": leased.id}))
        if outcome == "dead":
            shown = came
            done.append(Step("notice_dead", {"id": leased.id}))
            if leased.kind == "cancelled":
                done.append(Step("notice_untold", {"id": leased.id}))
        ended.append(outcome)
    try:
        refused = gone([each.channel for each in pushes if each.result is Result.REFUSED])
        await backend.store.write([*settled, *done, *_shown(parcel[0], shown, now), *refused])
    except Unmet:
        return None
    return ended


def _outcome(
    leased: Leased, status: str, tries: Sequence[Try], at: datetime, again: datetime, *, never: bool
) -> tuple[str, datetime, Sequence[Try]]:
    """How one of them ended, when it is due where it failed, and what came of each channel. ``never``: it is not given
    up now, for not all was tried."""
    if status == "failed" and leased.opens is None and not never and _given_up(leased, tries, at):
        late = [replace(each, result=Result.LATE) if each.result is Result.NOT_NOW else each for each in tries]
        return "dead", at, late
    if status == "dead" and leased.opens:
        return "failed", max(leased.opens, at), tries  # One channel is left that only opens later.
    return status, max(min(again, leased.opens or again), at), tries


def _given_up(leased: Leased, tries: Sequence[Try], at: datetime) -> bool:
    """Whether it is not tried again. A way out that is away for a while costs no message."""
    unasked = any(each.result is Result.FAILED for each in tries)
    return at - leased.begun >= LONGEST if unasked else leased.attempts >= MOST_ATTEMPTS


def _pause(key: str, attempts: int) -> timedelta:
    """Until the next attempt: up to a quarter more than its due, differently for each message, so that what failed at
    once does not come again at once."""
    seconds = min(_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)
    spread = hashlib.sha256(f"{key}.{attempts}".encode()).digest()[0] / 1024
    return timedelta(seconds=seconds * (1 + spread))


def _tried(leased: Leased, tries: Sequence[Try], at: str) -> list[Step]:
    """What came of each channel."""
    rows = [_row(leased, each, _addresses(leased), at) for each in tries]
    return [Step("notice_tried", {"id": leased.id, "tries": rows}, len(rows))] if rows else []


def _shown(leased: Leased, tries: Sequence[Try], at: str) -> list[Step]:
    """What that shows of the addresses."""
    steps, addresses = [], _addresses(leased)
    for each in tries:
        id = addresses[each.channel]
        if against(each):
            steps.append(speaks_against(id, each, at))
        elif each.result is Result.TAKEN:
            steps.append(Step("address_taken", {"id": id}, None))
    return steps


def _addresses(leased: Leased) -> dict[str, str]:
    """By channel the id of its address; a browser's own is that already."""
    channels = (use.channel for use in leased.channels)
    return {
        **{channel.id: address_id(channel.kind, channel.address or "") for channel in channels},
        **{id: id for id, _ in leased.browsers},
    }


def _row(leased: Leased, each: Try, addresses: Mapping[str, str], at: str) -> dict[str, Any]:
    told = {"at": at, "attempt": leased.attempts, "channel": each.channel, "result": str(each.result)}
    return {"address": addresses[each.channel], "properties": {**told, "reply": each.reply}}


def speaks_against(address: str, attempt: Try, at: str) -> Step:
    """The step that counts it. ``address`` is an ``evidence.address_id``."""
    return Step(
        "address_against",
        {
            "id": address,
            "at": at,
            "reply": attempt.reply,
            "lasting": lasting(attempt),
            "bounced": attempt.result is Result.BOUNCED,
        },
    )
