"""Webhooks as their owners keep them: a program of a member organization is told of events that the member may see."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Conflict, Invalid, Limit, NotFound, Unavailable
from relaypoint.domain.gaps_messages import PausedWebhook
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.domain.rows import Rows
from relaypoint.domain.webhooks import OVERLAP, State, Why, shown
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.feed import check_types, place, position_at
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: So many webhooks an organization may have.
MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt: ``event`` is its position in the feed, or None for a test; ``outcome`` is taken, or a code of why
    it was not."""

    at: str
    event: int | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """``host`` is where it goes, without what may be secret; ``types`` of ``feed.TYPES``, ``contact_points`` ids, none:
    all. ``position`` is the last one of the feed that was dealt with, ``behind`` how many come after it, whoever
    may see them. ``told_by`` has the references of the messages that tell of its pause. ``secret`` is told once, when
    it is made."""

    id: str
    version: int
    organization: str
    host: str
    types: tuple[str, ...]
    contact_points: tuple[str, ...]
    state: str
    position: int
    behind: int
    failures: int
    due_at: str | None
    created_at: str
    paused_at: str | None
    paused_for: str | None
    told_by: tuple[str, ...]
    log: tuple[Sent, ...]
    secret: str | None = None


@permitted(Action.KEEP_WEBHOOKS)
async def webhooks(subject: Subject, backend: Backend) -> list[Webhook]:
    """The subject's own, the oldest first; all for the operator."""
    head = await place(backend)
    rows = await backend.store.read("webhooks_all")
    return [webhook_of(backend, row, head) for row in rows if may_act_for(subject, row["organization"])]


@permitted(Action.KEEP_WEBHOOKS)
async def create(
    subject: Subject,
    backend: Backend,
    url: str,
    secret: str,
    *,
    types: Sequence[str] = (),
    contact_points: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> Webhook:
    """Tells ``url`` of what happens from now on, signed with ``secret``. The caller has checked the one and made the
    other.

    Raises ``Invalid`` for a type that is none, and where the operator acts for nobody, ``NotFound`` for a contact point
    that is not the subject's own, and ``Limit`` for more than ``MOST``.
    """
    owner = subject.organization
    if owner is None:
        raise Invalid(
            "webhook.whose",
            "A webhook belongs to an organization.",
            path=("organization",),
            remedy="Say for which one you act (--as).",
        )
    check_types(types)
    view = await present_view(backend)
    desks = [each.strip().lower() for each in contact_points]
    rows = view.index.rows["contact_points"]
    for at, desk in enumerate(desks):
        if desk not in rows or rows[desk]["organization"] != owner:
            raise NotFound(
                "webhook.desk",
                "'{id}' is not a contact point of {owner}.",
                path=("contactPoints", str(at)),
                remedy="Name one of your own, or none for all that you may see.",
                id=desk[:60],
                owner=owner,
            )
    operation = operation_id(subject, backend, idempotency_key)
    request = {"webhook": url, "types": list(types), "contact_points": desks}
    done = await earlier(backend, operation, request)
    if done is None:
        if len(await webhooks(subject, backend)) >= MOST:
            raise Limit(
                "webhook.many",
                "An organization has {most} webhooks at most.",
                path=(),
                remedy="End one that is not needed.",
                most=MOST,
            )
        properties = {
            "version": 1,
            "types": list(types),
            "contact_points": desks,
            "state": str(State.ACTIVE),
            "sealed": backend.vault.seal_setting({"url": url, "secrets": [secret]}),
            "position": await place(backend),
            "failures": 0,
            "created_at": backend.now(),
            "log": [],
        }
        id = backend.new_id()
        step = Step("webhook_create", {"id": id, "organization": owner, "properties": properties})
        done = await write_once(backend, operation, [step], request=request, result={"id": id})
    made = await _one(subject, backend, done["id"])
    sealed = backend.vault.unseal_setting(made["webhook"]["sealed"])
    return webhook_of(backend, made, await place(backend), secret=sealed["secrets"][0])


@permitted(Action.KEEP_WEBHOOKS)
async def rotate(subject: Subject, backend: Backend, id: str, secret: str) -> Webhook:
    """Signs with ``secret`` from now on, and with the one before too for a day. Raises ``NotFound``, ``Conflict``."""

    def change(row: Row) -> Mapping[str, Any]:
        kept = backend.vault.unseal_setting(row["sealed"])
        sealed = backend.vault.seal_setting({**kept, "secrets": [secret, kept["secrets"][0]]})
        return {"sealed": sealed, "old_until": format_instant(backend.clock() + OVERLAP)}

    return await _changed(subject, backend, id, change, secret=secret)


@permitted(Action.KEEP_WEBHOOKS)
async def pause(subject: Subject, backend: Backend, id: str) -> Webhook:
    """Sends nothing until it is resumed; what happens meanwhile is sent then. Raises ``NotFound``, ``Conflict``."""
    now = backend.now()
    paused = {"state": str(State.PAUSED), "paused_at": now, "paused_for": str(Why.ASKED)}
    return await _changed(subject, backend, id, lambda row: paused)


@permitted(Action.KEEP_WEBHOOKS)
async def resume(subject: Subject, backend: Backend, id: str) -> Webhook:
    """Sends again, from where it stopped. Raises ``NotFound``, ``Conflict``."""
    return await _changed(subject, backend, id, lambda row: _RESUMED)


@permitted(Action.KEEP_WEBHOOKS)
async def replay(subject: Subject, backend: Backend, id: str, since: str) -> Webhook:
    """Sends once more what happened since an instant or a day, each event under the id that it had. Raises
    ``NotFound``, ``Conflict``, and ``Invalid`` for no instant."""
    position = await position_at(backend, since)
    return await _changed(subject, backend, id, lambda row: {**_RESUMED, "position": position})


@permitted(Action.KEEP_WEBHOOKS)
async def send_test(subject: Subject, backend: Backend, id: str) -> Webhook:
    """Sends a test next, which is about nothing. Raises ``NotFound``, ``Conflict``."""
    return await _changed(subject, backend, id, lambda row: {**_RESUMED, "test": backend.now()})


@permitted(Action.KEEP_WEBHOOKS)
async def end(subject: Subject, backend: Backend, id: str) -> str:
    """Ends it, and forgets its address and secrets. Returns its id. Raises ``NotFound``, ``Conflict``."""
    row = await _one(subject, backend, id)
    of = row["webhook"]
    parameters = {"id": of["id"], "operation": backend.new_id(), "version": of["version"]}
    try:
        ending = Step("announcements_end", {"webhook": of["id"], "operation": parameters["operation"]}, None)
        await backend.store.write([ending, Step("webhook_end", parameters)])
    except Unmet:
        raise _busy() from None
    return str(of["id"])


async def paused_webhooks(backend: Backend, rows: Rows) -> list[PausedWebhook]:
    """Those that are paused though nobody asked for it, of organizations in the roster."""
    return [
        PausedWebhook(
            id=row["webhook"]["id"],
            organization=row["organization"],
            host=_host(backend, row["webhook"]["sealed"]),
            since=row["webhook"]["paused_at"][:10],
            gone=row["webhook"]["paused_for"] == Why.GONE,
            untold=_untold(row),
        )
        for row in await backend.store.read("webhooks_all")
        if row["webhook"]["state"] == State.PAUSED
        and row["webhook"]["paused_for"] in (Why.FAILING, Why.GONE)
        and row["organization"] in rows["organizations"]
    ]


def _untold(row: Row) -> bool:
    """Whether nobody could be told that it is paused: there was nobody to be, or each message of it came to nothing."""
    of = row["webhook"]
    each = [message["status"] for message in _messages(row)]
    return bool(of["untold"] or each) and not {"pending", "delivered"} & set(each)


def _messages(row: Row) -> list[Row]:
    """Those that tell of the pause that holds."""
    return [message for message in row["announced"] if message["at"] == row["webhook"]["paused_at"]]


#: As if it had never failed.
_RESUMED: Final = {
    "state": str(State.ACTIVE),
    "failures": 0,
    "failing_since": None,
    "due_at": None,
    "paused_at": None,
    "paused_for": None,
    "untold": None,
}


async def _changed(
    subject: Subject, backend: Backend, id: str, change: Callable[[Row], Mapping[str, Any]], secret: str | None = None
) -> Webhook:
    row = await _one(subject, backend, id)
    of = row["webhook"]
    parameters = {"id": of["id"], "operation": backend.new_id(), "version": of["version"], "changes": dict(change(of))}
    try:
        await backend.store.write([Step("webhook_change", parameters)])
    except Unmet:
        raise _busy() from None
    return webhook_of(backend, await _one(subject, backend, id), await place(backend), secret=secret)


def _busy() -> Conflict:
    return Conflict(
        "webhook.changed", "Somebody changed this webhook meanwhile.", path=("id",), remedy="Look at it, and try again."
    )


async def _one(subject: Subject, backend: Backend, id: str) -> Row:
    wanted = id.strip().lower()
    for row in await backend.store.read("webhooks_all"):
        if row["webhook"]["id"] == wanted and may_act_for(subject, row["organization"]):
            return row
    raise NotFound(
        "webhook.none",
        "There is no webhook '{id}' of yours.",
        path=("id",),
        remedy="`relaypoint webhook list` names them.",
        id=id[:60],
    )


def webhook_of(backend: Backend, row: Row, head: int, *, secret: str | None = None) -> Webhook:
    of = row["webhook"]
    return Webhook(
        id=of["id"],
        version=of["version"],
        organization=row["organization"],
        host=_host(backend, of["sealed"]),
        types=tuple(of["types"] or ()),
        contact_points=tuple(of["contact_points"] or ()),
        state=of["state"],
        position=of["position"],
        behind=max(0, head - of["position"]),
        failures=of["failures"],
        due_at=of["due_at"],
        created_at=of["created_at"],
        paused_at=of["paused_at"],
        paused_for=of["paused_for"],
        told_by=tuple(sorted(message["reference"] for message in _messages(row))),
        log=tuple(Sent(**json.loads(each)) for each in of["log"] or ()),
        secret=secret,
    )


def _host(backend: Backend, sealed: str) -> str:
    try:
        return shown(backend.vault.unseal_setting(sealed)["url"])
    except Unavailable:
        return "(can't be read)"


def signing(backend: Backend, of: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The address, and the secrets that sign now, the newest first."""
    kept = backend.vault.unseal_setting(of["sealed"])
    newest, *old = kept["secrets"]
    overlap = of["old_until"] is not None and backend.clock() < parse_instant(of["old_until"])
    return kept["url"], (newest, *(old if overlap else ()))
