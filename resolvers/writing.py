"""Carrying a decided write out once: the operation's trace, and what a repeat of the same request is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import Subject
from relaypoint.graph import AlreadyDone, Operation, Step
from relaypoint.resolvers.backend import Backend

#: How long a repeat of the same request gets the first one's result.
KEPT = timedelta(hours=24)

#: So many traces are deleted in one write.
_AT_ONCE = 500


def operation_id(subject: Subject, backend: Backend, idempotency_key: str | None) -> str:
    """The id under which a write happens once: from the subject and its key, or a fresh one."""
    if idempotency_key is None:
        return backend.new_id()
    if not idempotency_key.strip():
        raise Invalid(
            "idempotency.blank",
            "An idempotency key can't be blank.",
            path=("idempotencyKey",),
            remedy="Make a random one for each request, or leave it out.",
        )
    return hashlib.sha256(f"{subject.name}\n{idempotency_key}".encode()).hexdigest()


async def write_once(
    backend: Backend,
    id: str,
    steps: Sequence[Step],
    *,
    request: Mapping[str, Any],
    result: Mapping[str, Any],
) -> dict[str, Any]:
    """Runs the steps and returns ``result``; for a repeat of the same request, the first one's result.

    Raises ``Invalid`` where the key was used for another request, and the store's ``Unmet`` or ``Duplicate``.
    """
    fingerprint = _fingerprint(backend, request)
    now = backend.clock()
    operation = Operation(id, format_instant(now), fingerprint, json.dumps(result), format_instant(now + KEPT))
    try:
        await backend.store.write(steps, operation)
    except AlreadyDone as done:
        return repeated(done, fingerprint)
    return dict(result)


def repeated(done: AlreadyDone, fingerprint: str) -> dict[str, Any]:
    if done.fingerprint != fingerprint:
        raise Invalid(
            "idempotency.reused",
            "This idempotency key was used for another request.",
            path=("idempotencyKey",),
            remedy="Make a new key for each request; repeat a key only with the same request.",
        )
    result: dict[str, Any] = json.loads(done.result)
    return result


async def earlier(backend: Backend, id: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The result of the operation if it was carried out before, so that a repeat is not decided anew."""
    rows = await backend.store.read("operation_find", id=id, at=backend.now())
    if not rows or not rows[0]["holds"]:
        return None
    return repeated(AlreadyDone(rows[0]["fingerprint"], rows[0]["result"]), _fingerprint(backend, request))


def _fingerprint(backend: Backend, request: Mapping[str, Any]) -> str:
    """Under the installation's key: a request has few possible values, so that a bare hash could be guessed."""
    return backend.vault.fingerprint(json.dumps(request, sort_keys=True, default=str))


async def forget_operations(backend: Backend) -> int:
    """Deletes the traces of writes whose repeat is no longer waited for; returns how many."""
    done, more = 0, True
    while more:
        step = Step("operations_forget", {"at": backend.now(), "limit": _AT_ONCE}, expect=None)
        (forgotten,) = await backend.store.write([step])
        done += len(forgotten)
        more = len(forgotten) == _AT_ONCE
    return done
