"""Whether the records are whole, and whether the store holds what they say."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.errors import NotFound
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.replay import differing_handoffs, differing_rows
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import read_whole

_PAGE = 200

#: A record and its state are read one after the other, so what changes in between is looked at again.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Broken:
    """``aggregate`` is ``referral`` or ``roster``, ``id`` the referral's reference or the roster.

    ``sequence`` is the number of the first event whose link does not hold; None where the chain is whole and the
    stored state is another than it says.
    """

    aggregate: str
    id: str
    sequence: int | None
    text: str


@permitted(Action.VERIFY_CHAIN)
async def verify(subject: Subject, backend: Backend) -> list[Broken]:
    """Everything whose record is broken or whose state differs from it: the roster first, then referrals by age."""
    found = await _settled(lambda: _roster(backend))
    before = None
    while True:
        page = await backend.store.read("referrals_all", before=before, limit=_PAGE)
        for row in page:
            found += await _settled(lambda id=row["id"]: _referral(backend, id))  # type: ignore[misc]
        if len(page) < _PAGE:
            return found
        before = page[-1]["id"]


@permitted(Action.VERIFY_CHAIN)
async def broken_link(subject: Subject, backend: Backend, id: str) -> int | None:
    """The number of the first event of a referral whose link does not hold, or None. Raises ``NotFound``."""
    events, length, head = await _events(backend, id)
    return chain.broken_link(events, length, head)


async def _settled(look: Callable[[], Coroutine[Any, Any, list[Broken]]]) -> list[Broken]:
    for _ in range(_LOOKS):
        found = await look()
        if not found:
            break
    return found


async def _referral(backend: Backend, id: str) -> list[Broken]:
    stored = (await backend.store.read("referrals_get", ids=[id]))[0]
    reference = stored["referral"]["reference"]
    try:
        events, length, head = await _events(backend, id)
    except NotFound:
        return [Broken("referral", reference, 1, "it has no record")]
    broken = chain.broken_link(events, length, head)
    if broken is not None:
        return [Broken("referral", reference, broken, f"event {broken} of {length} does not hold")]
    return [
        Broken("referral", reference, None, f"step {step} is not stored as its record says")
        for step in differing_handoffs(events, stored["handoffs"])
    ]


async def _roster(backend: Backend) -> list[Broken]:
    (root,) = await backend.store.read("roster_root")
    events = [chain.Event(**row["event"]) for row in await backend.store.read("roster_events")]
    length = root["length"] or 0
    broken = chain.broken_link(events, length, root["head"] or "")
    if broken is not None:
        return [Broken("roster", "roster", broken, f"event {broken} of {length} does not hold")]
    # From the store itself: what is known from the record would always be as it says.
    whole = await read_whole(backend.store)
    stored = {sheet: rows.values() for sheet, rows in whole.rows.items()}
    return [
        Broken("roster", "roster", None, f"row {id} of {sheet} is not stored as its record says")
        for sheet, id in differing_rows(events, stored)
    ]


async def _events(backend: Backend, id: str) -> tuple[list[chain.Event], int, str]:
    rows = await backend.store.read("events_of", id=id)
    if not rows:
        raise NotFound(
            "audit.none",
            "There is no record of '{id}'.",
            path=("id",),
            remedy="Check the referral's id.",
            id=id,
        )
    return [chain.Event(**row["event"]) for row in rows], rows[0]["length"], rows[0]["head"]
