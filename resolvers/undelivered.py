"""Messages that could not be delivered: seen by those whose contact point it is, tried again, or told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.errors import Conflict, NotFound
from relaypoint.domain.gaps_messages import Undelivered
from relaypoint.domain.handoffs import Status
from relaypoint.domain.ownership import coordinators, forces
from relaypoint.domain.policy import Action, Subject, one_of
from relaypoint.domain.rows import Rows
from relaypoint.domain.words import Priority
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import rows_on

#: What asks for a look at a step: once that is over there is nothing left to look at.
_ASKING: Final = frozenset({"escalated", "offered"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that could not be delivered. ``why`` tells what came of each channel, ``tried_at`` of the last attempt.
    ``kept_back``: the case avoids who is there, and they are not to learn of it by this either."""

    id: str
    kind: str
    priority: str
    reference: str
    created_at: str
    tried_at: str
    why: tuple[str, ...]
    contact_point: str
    organization: str
    kept_back: bool


@permitted(Action.SEE_UNDELIVERED)
async def undelivered(subject: Subject, backend: Backend, contact_point: str | None = None) -> list[Letter]:
    """Those to the subject's own contact points, all for the operator; the most urgent first, within that the oldest.
    ``contact_point`` an id: only those to it. A coordinator is told of them as a gap, by number: each is about a case.
    """
    wanted = contact_point.strip().lower() if contact_point else None
    rows, _ = await rows_on(backend)
    found = [
        each
        for each in await letters(backend, rows)
        if wanted in (None, each.contact_point)
        and one_of(subject, {each.organization})
        and not (each.kept_back and subject.organization)
    ]
    return sorted(found, key=lambda each: (-Priority(each.priority).level, each.created_at, each.id))


async def letters(backend: Backend, rows: Rows) -> list[Letter]:
    """All that are undelivered, but those whose news is known by now, or no longer of use."""
    return [
        Letter(
            id=row["notice"]["id"],
            kind=row["notice"]["kind"],
            priority=row["notice"]["priority"],
            reference=row["notice"]["reference"],
            created_at=row["notice"]["created_at"],
            tried_at=row["notice"]["tried_at"],
            # Through whom a channel goes that the case avoids is its sender's to know.
            why=tuple(each.replace(": avoided", ": not for this case") for each in row["notice"]["why"] or ()),
            contact_point=row["contact_point"],
            organization=rows["contact_points"][row["contact_point"]]["organization"],
            kept_back=bool(row["notice"]["kept_back"]),
        )
        for row in await backend.store.read("notices_dead")
        if not _overtaken(row["notice"]["kind"], Status(row["status"]))
    ]


@permitted(Action.DELIVER_NOTICES)
async def waiting(subject: Subject, backend: Backend) -> int:
    """How many messages wait to be tried again, for a channel to open, or for a time of day; or are being tried by
    another worker now."""
    (row,) = await backend.store.read("notices_waiting", now=backend.now())
    return int(row["count"])


async def undelivered_by_desk(backend: Backend, rows: Rows) -> list[Undelivered]:
    """How many there are to each contact point, by id; those that are kept back do not count."""
    by_desk: dict[str, list[Letter]] = {}
    for each in await letters(backend, rows):
        if not each.kept_back:
            by_desk.setdefault(each.contact_point, []).append(each)
    return [
        Undelivered(
            contact_point=desk,
            count=len(of),
            emergency=any(each.priority == Priority.STAT for each in of),
            since=min(each.created_at for each in of)[:10],
        )
        for desk, of in sorted(by_desk.items())
    ]


def _overtaken(kind: str, status: Status) -> bool:
    if kind == "requested":
        return status is not Status.REQUESTED
    return kind in _ASKING and not status.open


@permitted(Action.SEE_UNDELIVERED)
async def again(subject: Subject, backend: Backend, ids: Sequence[str] = (), contact_point: str | None = None) -> int:
    """Sends these once more, as if they were new, or all those to a contact point, which also its coordinator may.
    Returns how many. Raises ``NotFound`` for one that is not there to be seen, and ``Conflict`` where somebody else was
    first; then none of them goes out."""
    at = backend.now()
    chosen = await _chosen(subject, backend, ids) if ids or not contact_point else []
    if contact_point:
        chosen += [each for each in await _all_to(subject, backend, contact_point) if each not in chosen]
    await _write(
        backend, [Step("notice_again", {"id": each.id, "operation": backend.new_id(), "at": at}) for each in chosen]
    )
    return len(chosen)


@permitted(Action.SEE_UNDELIVERED)
async def told_otherwise(subject: Subject, backend: Backend, ids: Sequence[str]) -> int:
    """Notes that these were told in another way, as on the phone: they are seen, and go out no more. Returns how many;
    raises as ``again``."""
    at = backend.now()
    chosen = await _chosen(subject, backend, ids)
    steps = [
        Step("notice_settled_otherwise", {"id": each.id, "operation": backend.new_id(), "at": at, "by": subject.name})
        for each in chosen
    ]
    await _write(backend, steps)
    return len(chosen)


async def _all_to(subject: Subject, backend: Backend, contact_point: str) -> list[Letter]:
    id = contact_point.strip().lower()
    rows, day = await rows_on(backend)
    desk = rows["contact_points"].get(id)
    leading = coordinators(rows, day, forces(rows, day, "contact_points", desk)) if desk else set()
    if desk is None or not one_of(subject, {desk["organization"], *leading}):
        raise NotFound(
            "undelivered.desk",
            "'{id}' is not a contact point of yours, or of your task force's members.",
            path=("contactPoint",),
            remedy="`relaypoint gaps` names those to which messages could not be delivered.",
            id=id[:60],
        )
    return [each for each in await letters(backend, rows) if each.contact_point == id and not each.kept_back]


async def _chosen(subject: Subject, backend: Backend, ids: Sequence[str]) -> list[Letter]:
    """By id, or by the reference that the message bears."""
    seen = await undelivered(subject, backend)
    by_name = {each.id: each for each in seen} | {each.reference.lower(): each for each in seen}
    chosen = []
    for at, id in enumerate(ids):
        letter = by_name.get(id.strip().lower())
        if letter is None:
            raise NotFound(
                "undelivered.none",
                "There is no undelivered message '{id}'.",
                path=("ids", str(at)),
                remedy="`relaypoint undelivered` lists them.",
                id=id[:60],
            )
        if letter not in chosen:
            chosen.append(letter)
    return chosen


async def _write(backend: Backend, steps: Sequence[Step]) -> None:
    if not steps:
        return
    try:
        await backend.store.write(steps)
    except Unmet:
        raise Conflict(
            "undelivered.changed",
            "Somebody was first: one of these is no longer undelivered.",
            path=("ids",),
            remedy="Look at the list again.",
        ) from None
