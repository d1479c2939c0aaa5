"""What webhooks are to be sent, leased to one worker each, and what came of it."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Unavailable
from relaypoint.domain.policy import ANONYMOUS, Action, Kind, Subject
from relaypoint.domain.webhooks import Failing, State, Why, failed, given_up, next_try
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers import announcing, feed
from relaypoint.resolvers.acting import acting
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.feed import FeedEvent
from relaypoint.resolvers.webhooks import Sent, signing

#: After this a lease is void, and another worker goes on; so many events are sent under one.
LEASE: Final = timedelta(minutes=2)
AT_ONCE: Final = 50

#: To so many receivers of one organization at once, on all instances together: its slow ones hold up no other's.
SHARE: Final = 4

#: So many attempts are remembered.
_LOG: Final = 50


@dataclass(frozen=True, slots=True)
class Event:
    """``id`` is the same at every attempt; ``payload`` is JSON, ``position`` None for a test."""

    id: str
    position: int | None
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """Events to be sent in their order. ``position`` is reached once all were taken. ``until``: another worker may go
    on from then on."""

    id: str
    organization: str
    lease: str
    until: datetime
    url: str
    secrets: tuple[str, ...]
    events: Sequence[Event]
    position: int
    webhook: Mapping[str, Any]


@permitted(Action.POST_EVENTS)
async def lease(subject: Subject, backend: Backend, *, limit: int) -> list[Leased]:
    """Up to ``limit`` webhooks that have something to be sent, or to go on to, and are due, those first that were sent
    nothing for longest; of one organization so many that no more than ``SHARE`` are leased."""
    now = backend.now()
    head = await feed.place(backend)
    rows = await backend.store.read("webhooks_all")
    taken = [row for row in rows if (row["webhook"]["leased_until"] or "") > now]
    shares = Counter(row["organization"] for row in taken)
    found = list[Leased]()
    for row in sorted((row for row in rows if row not in taken and _due(row["webhook"], head, now)), key=_sent_last):
        if len(found) < limit and shares[row["organization"]] < SHARE:
            with contextlib.suppress(Unavailable):  # One whose address can't be read stops no other.
                leased = await _leased(backend, row, head)
                if leased is not None:
                    found.append(leased)
                    shares[row["organization"]] += 1
    return found


def _due(of: Mapping[str, Any], head: int, now: str) -> bool:
    idle = of["position"] >= head and not of["test"]
    return of["state"] == State.ACTIVE and not idle and (of["due_at"] or now) <= now


def _sent_last(row: Row) -> str:
    log = row["webhook"]["log"]
    return str(json.loads(log[-1])["at"]) if log else ""


async def _leased(backend: Backend, row: Row, head: int) -> Leased | None:
    of, at, name = row["webhook"], backend.clock(), backend.new_id()
    url, secrets = signing(backend, of)
    until = at + LEASE
    parameters = {
        "id": of["id"],
        "lease": name,
        "version": of["version"],
        "now": format_instant(at),
        "until": format_instant(until),
    }
    try:
        await backend.store.write([Step("webhook_lease", parameters)])
    except Unmet:
        return None
    owner = await acting(Subject(Kind.MEMBER, row["organization"]), backend)
    position, events = of["position"], list[Event]()
    if owner is ANONYMOUS:
        await _ended(backend, of, name)
        return None
    if of["test"]:
        events.append(_test(of["id"], of["test"]))
    if position < head:
        page = await feed.events(owner, backend, position, limit=AT_ONCE, types=of["types"] or ())
        position = page.position
        events += [_event(of["id"], each) for each in page.events if _within(each, of["contact_points"] or ())]
    return Leased(
        id=of["id"],
        organization=row["organization"],
        lease=name,
        until=until,
        url=url,
        secrets=secrets,
        events=events,
        position=position,
        webhook=of,
    )


async def _ended(backend: Backend, of: Mapping[str, Any], lease: str) -> None:
    """Its organization is there no more: nobody is told of anything."""
    paused = {"state": str(State.PAUSED), "paused_at": backend.now(), "paused_for": str(Why.ENDED), "lease": None}
    parameters = {"id": of["id"], "lease": lease, "version": of["version"], "changes": paused}
    with contextlib.suppress(Unmet):
        await backend.store.write([Step("webhook_settle", parameters)])


@permitted(Action.POST_EVENTS)
async def settle(
    subject: Subject,
    backend: Backend,
    leased: Leased,
    taken: Sequence[Event],
    failure: str | None,
    *,
    gone: bool = False,
) -> str | None:
    """Records which events were ``taken``, the first of ``leased.events``, and the code of the ``failure`` at the next
    one, if any. ``gone``: its receiver is there no more. Where it is paused for that, the same write promises to tell
    its organization.

    Returns why it is paused now; None where it is not, or where another worker had gone on already.
    """
    at = backend.clock()
    rest = leased.events[len(taken) :]
    last = max((each.position for each in taken if each.position is not None), default=leased.webhook["position"])
    changes: dict[str, Any] = {
        "lease": None,
        "leased_until": None,
        "position": last if rest else leased.position,
        "log": _log(leased.webhook["log"] or (), taken, rest, failure, format_instant(at)),
    }
    if any(each.position is None for each in taken):
        changes["test"] = None
    why, promises = None, list[Step]()
    if failure is None:
        if taken:
            changes |= {"failures": 0, "failing_since": None, "due_at": None}
    else:
        failing = failed(_failing(leased.webhook) if not taken else None, at)
        why = Why.GONE if gone else Why.FAILING if given_up(failing, at) else None
        changes |= {
            "failures": failing.failures,
            "failing_since": format_instant(failing.since),
            "due_at": format_instant(next_try(failing, at)),
        }
        if why is not None:
            desks = leased.webhook["contact_points"] or ()
            promises = await announcing.promises(backend, leased.id, leased.organization, desks, at)
            changes |= {
                "state": str(State.PAUSED),
                "paused_at": format_instant(at),
                "paused_for": str(why),
                "untold": not promises,
            }
    parameters = {"id": leased.id, "lease": leased.lease, "version": leased.webhook["version"], "changes": changes}
    try:
        await backend.store.write([Step("webhook_settle", parameters), *promises])
    except Unmet:
        return None
    return str(why) if why else None


def _failing(of: Mapping[str, Any]) -> Failing | None:
    return Failing(of["failures"], parse_instant(of["failing_since"])) if of["failures"] else None


def _within(event: FeedEvent, desks: Sequence[str]) -> bool:
    return not desks or event.contact_point in desks


def _event(webhook: str, event: FeedEvent) -> Event:
    """It names what happened, and nothing of a case: what is to be known is read from the API, signed in."""
    about = {"referral": event.referral, "handoff": event.handoff, "contactPoint": event.contact_point}
    data = {"cursor": feed.cursor(event.position), **{name: id for name, id in about.items() if id is not None}}
    return Event(f"{webhook}.{event.position}", event.position, _payload(event.type, event.at, data))


def _test(webhook: str, asked_at: str) -> Event:
    return Event(f"{webhook}.test.{asked_at}", None, _payload("webhook.test", asked_at, {}))


def _payload(type: str, at: str, data: Mapping[str, Any]) -> bytes:
    return json.dumps({"type": type, "timestamp": at, "data": data}).encode()


def _log(
    before: Sequence[str], taken: Sequence[Event], rest: Sequence[Event], failure: str | None, at: str
) -> list[str]:
    attempts = [Sent(at, each.position, "taken") for each in taken]
    if failure is not None and rest:
        attempts.append(Sent(at, rest[0].position, failure))
    return [*before, *(json.dumps(asdict(each)) for each in attempts)][-_LOG:]
