"""How attempts to deliver ended: recorded with what came of each channel, and with what that shows of its address."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from relaypoint.domain.clock import format_instant
from relaypoint.domain.digests import NOT_FOR_ALL, alike, key_of
from relaypoint.domain.evidence import Result, Try, address_id, against, lasting
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.words import Priority
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.browsers import gone
from relaypoint.resolvers.outbox import Leased

#: What was answered, and not taken, is tried again, ever more slowly, so many times; then the row is dead.
MOST_ATTEMPTS: Final = 8

#: Where nobody can be asked at all, as the mail server is away, it is tried on for so long from then on.
LONGEST: Final = timedelta(days=1)

#: The first time it is tried again after so many seconds, then after twice as many, and never after more than the last.
_PAUSE: Final = 30
_LONGEST_PAUSE: Final = 3600
#: What presses is asked for more often where nobody could be asked: it goes out as soon as there is a way again.
_LONGEST_AWAY: Final = {Priority.STAT: 60, Priority.ASAP: 300}

#: How each outbox has a message settled, and no longer queued.
_OUTBOXES: Final = {
    "notices": ("notices_settle", "notices_unqueue"),
    "announcements": ("announcements_settle", "announcements_unqueue"),
}

#: Seconds from one write to the next while others deliver: many small ones would take the store's time from others.
_GATHERING: Final = 0.065


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """What there is to write of one attempt at messages of that ``outbox``: of each its changes (``settled``) and what
    came of each channel (``tried``), the ids of those that are not tried again (``over``), what else there is to do of
    these and what it shows of addresses (``more``), and the ids of addresses that took it. ``ended`` is what is
    recorded of each."""

    ended: list[str]
    outbox: str
    settled: Sequence[dict[str, Any]]
    tried: Sequence[dict[str, Any]]
    over: Sequence[str]
    more: Sequence[Step]
    taken: frozenset[str]


@permitted(Action.DELIVER_NOTICES)
async def settle_all(subject: Subject, backend: Backend, settlements: Sequence[Settlement]) -> list[list[str] | None]:
    """Records several attempts in one write, which costs little more than one of them: all of it, or none. Returns what
    was recorded of each: ``delivered``, ``dead``, or ``failed`` (it stays due, later; at last it is dead).

    Where the lease of one had run out and another worker took the row, each is recorded by itself, and that one is
    nothing: None.
    """
    try:
        await backend.store.write(_steps(settlements))
    except Unmet:
        if len(settlements) == 1:
            return [None]
        alone = [await settle_all(subject, backend, [each]) for each in settlements]
        return [ended for (ended,) in alone]
    return [each.ended for each in settlements]


def _steps(settlements: Sequence[Settlement]) -> list[Step]:
    """One write of all, each kind of change in one step."""
    steps: list[Step] = []
    for outbox, (settle, unqueue) in _OUTBOXES.items():
        own = [each for each in settlements if each.outbox == outbox]
        settled = [row for each in own for row in each.settled]
        over = [id for each in own for id in each.over]
        if own:
            steps.append(Step(settle, {"messages": settled}, len(settled)))
            steps.append(Step(unqueue, {"ids": over}, len(over)))
    tried = [row for each in settlements for row in each.tried]
    taken = frozenset[str]().union(*(each.taken for each in settlements))
    return [
        *steps,
        Step("notices_tried", {"tries": tried}, len(tried)),
        # First: where one mail was taken at an address and another refused, the refusal stays.
        Step("addresses_taken", {"ids": sorted(taken)}, None),
        *(step for each in settlements for step in each.more),
    ]


class Settling:
    """Settles for several who deliver at once: what ended since one write makes up the next."""

    def __init__(self, subject: Subject, backend: Backend, at_work: Callable[[], int]) -> None:
        """``at_work`` tells how many deliver: where all of them have ended nothing more is waited for."""
        self._subject, self._backend, self._at_work = subject, backend, at_work
        self._turn = asyncio.Lock()
        self._more = asyncio.Event()
        self._next = 0.0
        self._ended: list[Settlement] = []
        self._recorded: dict[Settlement, list[str] | None] = {}

    async def settle(self, settlement: Settlement) -> list[str] | None:
        """Returns once it is written: what was recorded, as ``settle_all``."""
        self._ended.append(settlement)
        self._more.set()
        async with self._turn:
            if settlement not in self._recorded:
                await self._gather()
                await self._backend.precedence.give_way()
                together, self._ended = self._ended, []
                try:
                    recorded = await settle_all(self._subject, self._backend, together)
                except Exception:
                    # Whichever is at fault: this one is tried by itself, and the others see for themselves.
                    self._ended = [each for each in together if each is not settlement] + self._ended
                    together = [settlement]
                    recorded = await settle_all(self._subject, self._backend, together)
                self._recorded.update(zip(together, recorded, strict=True))
            return self._recorded.pop(settlement)

    async def _gather(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._next - time.monotonic()):
                while len(self._ended) < self._at_work():
                    self._more.clear()
                    await self._more.wait()
        self._next = time.monotonic() + _GATHERING


def settlement(
    backend: Backend,
    parcel: Sequence[Leased],
    status: str,
    channel: str | None,
    why: Mapping[str, str],
    tries: Sequence[Try] = (),
    pushes: Sequence[Try] = (),
) -> Settlement:
    """How an attempt ended, with what came of each channel, for each of several messages that went out as one. As long
    as a channel is kept shut that may take one later, that one is not dead. What it shows of an address counts once.
    Where that failed by the channels that are good enough for all, and one of them may go by another, they go together
    from then on only with what may go by the same. ``pushes`` is what came of the browsers, by id."""
    at = backend.clock()
    now = format_instant(at)
    apart = status != "delivered" and not alike(parcel)
    key = parcel[0].id if len(parcel) == 1 else key_of(each.id for each in parcel)
    most = _LONGEST_AWAY.get(parcel[0].priority, _LONGEST_PAUSE) if _away(tries) else _LONGEST_PAUSE
    again = at + _pause(key, min(each.attempts for each in parcel), most)
    ended, over = list[str](), list[str]()
    settled, tried = list[dict[str, Any]](), list[dict[str, Any]]()
    more: list[Step] = []
    shown: Sequence[Try] = tries
    for leased in parcel:
        own = {use.channel.id: use.barred for use in leased.channels if use.barred is not None}
        outcome, due, came = _outcome(leased, "failed" if apart else status, tries, at, again, never=apart)
        changes = {
            "channel": channel,
            # What bars a channel for one of them tells something of its case: it is not noted with the others.
            "why": [f"{id}: {own.get(id) or _said(parcel, id, text)}" for id, text in sorted(why.items())],
            "kept_back": leased.avoided,
            "tried_at": now,
            **_counted(leased, tries, at),
            "lease": None,
            "leased_until": None,
            **({"due_at": format_instant(due)} if outcome == "failed" else {"status": outcome}),
            **({"apart": True} if apart else {}),
            **({"pushed": True} if any(each.result is Result.TAKEN for each in pushes) else {}),
        }
        settled.append({"id": leased.id, "lease": leased.lease, "changes": changes})
        if outcome != "failed":
            over.append(leased.id)
        if outcome == "dead":
            shown = came
        ended.append(outcome)
        if leased.announced:
            continue
        tried += [_row(leased, each, now) for each in (*came, *pushes)]
        if outcome == "dead":
            more.append(Step("notice_dead", {"id": leased.id}))
            if leased.kind == "cancelled":
                more.append(Step("notice_untold", {"id": leased.id}))
    addresses = _addresses(parcel[0])
    more += [speaks_against(addresses[each.channel], each, now) for each in shown if against(each)]
    more += gone([each.channel for each in pushes if each.result is Result.REFUSED])
    taken = frozenset(addresses[each.channel] for each in shown if each.result is Result.TAKEN)
    outbox = "announcements" if parcel[0].announced else "notices"
    return Settlement(ended, outbox, settled, tried, over, more, taken)


def _said(parcel: Sequence[Leased], id: str, text: str) -> str:
    """What came of a channel for those of several that it is not barred for."""
    barred = any(use.channel.id == id and use.barred for use in parcel[0].channels)
    return NOT_FOR_ALL if barred else text


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
    """Whether it is not tried again. A way out that is away for a while costs no message, nor any of its attempts."""
    if _away(tries):
        return at - (leased.away_since or at) >= LONGEST
    return leased.answered + 1 >= MOST_ATTEMPTS


def _counted(leased: Leased, tries: Sequence[Try], at: datetime) -> dict[str, Any]:
    """What is kept of how often it was tried."""
    away = _away(tries)
    return {
        "attempts": leased.attempts,
        "answered": leased.answered + (not away),
        "away_since": format_instant(leased.away_since or at) if away else None,
    }


def _away(tries: Sequence[Try]) -> bool:
    """Whether somewhere nobody could be asked."""
    return any(each.result is Result.FAILED for each in tries)


def _pause(key: str, attempts: int, most: int) -> timedelta:
    """Until the next attempt: up to a quarter more than its due, differently for each message, so that what failed at
    once does not come again at once."""
    seconds = min(_PAUSE * 2 ** min(attempts - 1, 12), most)
    spread = hashlib.sha256(f"{key}.{attempts}".encode()).digest()[0] / 1024
    return timedelta(seconds=seconds * (1 + spread))


def _addresses(leased: Leased) -> dict[str, str]:
    """By channel the id of its address; a browser's own is that already."""
    channels = (use.channel for use in leased.channels)
    return {
        **{channel.id: address_id(channel.kind, channel.address or "") for channel in channels},
        **{id: id for id, _ in leased.browsers},
    }


def _row(leased: Leased, each: Try, at: str) -> dict[str, Any]:
    told = {"at": at, "attempt": leased.attempts, "channel": each.channel, "result": str(each.result)}
    address = _addresses(leased)[each.channel]
    return {"notice": leased.id, "address": address, "properties": {**told, "reply": each.reply}}


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
