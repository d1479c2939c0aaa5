"""Keys by which programs of a member organization ask, as their owner keeps them, and how one is known again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from relaypoint.domain.api_keys import (
    checked_expiry,
    checked_name,
    checked_scopes,
    digest,
    named,
    presented,
    same,
    written,
)
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Conflict, Invalid, Limit, NotFound
from relaypoint.domain.policy import Action, Kind, Subject, may_act_for
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: So many keys an organization may have.
MOST: Final = 20

#: That a key is used is noted once in so long: to note each use would be a write for each question.
_NOTED: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """``scopes`` of ``policy.Scope``; ``expires`` is the last day (UTC) on which it is valid, ``used_at`` when it was
    used last, within ten minutes. ``key`` is the whole of it, told once, when it is made."""

    id: str
    version: int
    organization: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    created_by: str
    expires: str
    used_at: str | None
    key: str | None = None


@permitted(Action.KEEP_API_KEYS)
async def api_keys(subject: Subject, backend: Backend) -> list[ApiKey]:
    """The subject's own, the oldest first; all for the operator. What was ended is not among them, what has expired
    is."""
    rows = await backend.store.read("api_keys_all")
    return [_shown(row) for row in rows if may_act_for(subject, row["organization"])]


@permitted(Action.KEEP_API_KEYS)
async def create(
    subject: Subject,
    backend: Backend,
    name: str,
    scopes: Sequence[str],
    *,
    expires: str | None = None,
    idempotency_key: str | None = None,
) -> ApiKey:
    """A new key, which is told in this answer and in no other; 90 days unless ``expires`` (a day) says otherwise.

    A repeat under the same ``idempotency_key`` tells of the same one, without the key: it is kept nowhere. Raises
    ``Invalid`` for what can't be, and where the operator acts for nobody, and ``Limit`` for more than ``MOST``.
    """
    owner = subject.organization
    if owner is None:
        raise Invalid(
            "api-key.whose",
            "A key belongs to an organization.",
            path=("organization",),
            remedy="Say for which one you act (--as).",
        )
    now, called = backend.now(), checked_name(name, ("name",))
    properties = {
        "version": 1,
        "name": called,
        "scopes": [str(scope) for scope in checked_scopes(scopes, ("scopes",))],
        "expires": checked_expiry(expires, now[:10], ("expires",)),
        "created_at": now,
        "created_by": subject.name,
    }
    request = {"name": called, "scopes": properties["scopes"], "expires": expires}
    operation = operation_id(subject, backend, idempotency_key)
    done, text = await earlier(backend, operation, request), None
    if done is None:
        if len(await api_keys(subject, backend)) >= MOST:
            raise Limit(
                "api-key.many",
                "An organization has {most} keys at most.",
                path=(),
                remedy="End one that is not needed; what has expired counts too.",
                most=MOST,
            )
        id, secret = backend.new_id(), secrets.token_urlsafe(32)
        properties["digest"] = digest(secret)
        step = Step("api_key_create", {"id": id, "organization": owner, "properties": properties})
        done = await write_once(backend, operation, [step], request=request, result={"id": id})
        text = written(id, secret) if done["id"] == id else None
    return _shown(await _own(subject, backend, done["id"]), text)


@permitted(Action.KEEP_API_KEYS)
async def end(subject: Subject, backend: Backend, id: str) -> str:
    """Ends it at once, and forgets what it was known by. Returns its id. Raises ``NotFound``, ``Conflict``."""
    found = (await _own(subject, backend, id))["api_key"]
    parameters = {"id": found["id"], "operation": backend.new_id(), "version": found["version"]}
    try:
        await backend.store.write([Step("api_key_end", parameters)])
    except Unmet:
        raise Conflict(
            "api-key.changed", "Somebody changed this key meanwhile.", path=("id",), remedy="Look at it, and try again."
        ) from None
    return str(found["id"])


async def bearer(backend: Backend, text: str) -> Subject | None:
    """Who shows this key; None where it is none that is valid now. That its organization has ended, ``acting`` sees."""
    shown = presented(text)
    if shown is None:
        return None
    rows = await backend.store.read("api_key_found", id=shown.id)
    at = backend.clock()
    if not rows or not same(shown, rows[0]["api_key"]["digest"]) or rows[0]["api_key"]["expires"] < backend.now()[:10]:
        return None
    found = rows[0]["api_key"]
    if found["used_at"] is None or at - parse_instant(found["used_at"]) >= _NOTED:
        # None where it has ended meanwhile.
        await backend.store.write([Step("api_key_used", {"id": found["id"], "at": format_instant(at)}, None)])
    return Subject(Kind.INTEGRATOR, rows[0]["organization"], named(found["scopes"]), found["id"])


def _shown(row: Row, key: str | None = None) -> ApiKey:
    of = row["api_key"]
    return ApiKey(
        id=of["id"],
        version=of["version"],
        organization=row["organization"],
        name=of["name"],
        scopes=tuple(of["scopes"]),
        created_at=of["created_at"],
        created_by=of["created_by"],
        expires=of["expires"],
        used_at=of["used_at"],
        key=key,
    )


async def _own(subject: Subject, backend: Backend, id: str) -> Row:
    wanted = id.strip().lower()
    for row in await backend.store.read("api_keys_all"):
        if row["api_key"]["id"] == wanted and may_act_for(subject, row["organization"]):
            return row
    raise NotFound(
        "api-key.unknown",
        "There is no key '{id}'.",
        path=("id",),
        remedy="`relaypoint key list` shows yours.",
        id=wanted[:60],
    )
