"""Leasing and settling what the store has promised to tell. No row is deleted: each ends delivered or dead."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.evidence import Result, Try, address_id, against, lasting
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.receipts import secret

#: After this a lease is void, and another worker takes the row over.
LEASE: Final = timedelta(minutes=2)

#: What was not taken is tried again, ever more slowly, so many times; then the row is dead.
MOST_ATTEMPTS: Final = 8

#: Where nobody could be asked at all, as the mail server is away, it is tried on for so long.
LONGEST: Final = timedelta(days=1)

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
    #: Those that are spoken there (tags of BCP 47), as the roster has them.
    languages: tuple[str, ...] = ()
    #: The secret of a link by which whoever reads it says that the step was received; None where it would do nothing.
    receipt: str | None = None


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
                begun=parse_instant(notice["again_at"] or notice["created_at"]),
                channels=_turned(
                    _channels(desk, owner, notice["confidentiality"], avoid, at, notice["bounced"] or ()),
                    notice["turn"] or 0,
                ),
                languages=desk.languages,
                receipt=secret(backend, notice, row["status"], own=row["step_at"] == desk.id),
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
    with what came of each channel.

    Returns what was recorded. None where the lease had run out and another worker took the row: then it is nothing.
    """
    at = backend.clock()
    if status == "failed" and _given_up(leased, tries, at):
        status = "dead"
        tries = [replace(each, result=Result.LATE) if each.result is Result.NOT_NOW else each for each in tries]
    changes = {
        "channel": channel,
        "why": [f"{id}: {text}" for id, text in sorted(why.items())],
        "tried_at": format_instant(at),
        "lease": None,
        "leased_until": None,
    }
    steps = _tried(leased, tries, format_instant(at))
    if status == "failed":
        changes["due_at"] = format_instant(at + _pause(leased))
    else:
        changes["status"] = status
        steps.append(Step("notice_unqueue", {"id": leased.id}))
        if status == "dead":
            steps.append(Step("notice_dead", {"id": leased.id}))
            if leased.kind == "cancelled":
                steps.append(Step("notice_untold", {"id": leased.id}))
    try:
        await backend.store.write(
            [Step("notice_settle", {"id": leased.id, "lease": leased.lease, "changes": changes}), *steps]
        )
    except Unmet:
        return None
    return status


def _given_up(leased: Leased, tries: Sequence[Try], at: datetime) -> bool:
    """Whether it is not tried again. A way out that is away for a while costs no message."""
    unasked = any(each.result is Result.FAILED for each in tries)
    return at - leased.begun >= LONGEST if unasked else leased.attempts >= MOST_ATTEMPTS


def _pause(leased: Leased) -> timedelta:
    """Until the next attempt: up to a quarter more than its due, differently for each message, so that what failed at
    once does not come again at once."""
    seconds = min(_PAUSE * 2 ** (leased.attempts - 1), _LONGEST_PAUSE)
    spread = hashlib.sha256(f"{leased.id}.{leased.attempts}".encode()).digest()[0] / 1024
    return timedelta(seconds=seconds * (1 + spread))


def _tried(leased: Leased, tries: Sequence[Try], at: str) -> list[Step]:
    """What came of each channel, and what that shows of its address."""
    if not tries:
        return []
    channels = {use.channel.id: use.channel for use in leased.channels}
    addresses = {id: address_id(channel.kind, channel.address or "") for id, channel in channels.items()}
    rows = [_row(leased, each, addresses, at) for each in tries]
    steps = [Step("notice_tried", {"id": leased.id, "tries": rows}, len(rows))]
    for each in tries:
        id = addresses[each.channel]
        if against(each):
            steps.append(speaks_against(id, each, at))
        elif each.result is Result.TAKEN:
            steps.append(Step("address_taken", {"id": id}, None))
    return steps


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
