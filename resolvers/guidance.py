"""Guidance: what holders are to read, who has, and saying that one has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relaypoint.domain.errors import Conflict, NotFound
from relaypoint.domain.gaps_roster import Roster
from relaypoint.domain.guidance import Reader
from relaypoint.domain.guidance import readers as readers_of
from relaypoint.domain.model import holds
from relaypoint.domain.ownership import deciders
from relaypoint.domain.policy import Action, Subject, one_of
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.rows import Columns, Rows
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known, rows_on
from relaypoint.resolvers.roster_edit import decided, kept
from relaypoint.resolvers.roster_write import Change


@permitted(Action.READ_ROSTER)
async def guidances(subject: Subject, backend: Backend, *, as_of: str | None = None) -> list[Columns]:
    """What is in force, by id; ``as_of`` a day or an instant, as it was on record then."""
    rows, day = await rows_on(backend, as_of)
    return [row for id, row in sorted(rows["guidance"].items()) if holds(row, day)]


@permitted(Action.READ_ROSTER)
async def readers(subject: Subject, backend: Backend, id: str) -> list[Reader]:
    """For whom it is meant, and who has acknowledged its present version, by holder: all for the coordinator and the
    operator, otherwise one's own people. Raises ``NotFound``."""
    rows, day = await rows_on(backend)
    row = _found(rows, id, day)
    found = sorted(readers_of(Roster(rows, day), row), key=lambda each: str(each.holder["id"]))
    if one_of(subject, deciders(rows, day, "guidance", row)):
        return found
    return [each for each in found if each.organization == subject.organization]


@permitted(Action.ACKNOWLEDGE)
async def acknowledge(
    subject: Subject,
    backend: Backend,
    id: str,
    holder: str,
    *,
    version: int | None = None,
    idempotency_key: str | None = None,
) -> Reader:
    """Notes that a holder of one's own has read it. ``version`` is the one that was read, the present one if None.

    Raises ``NotFound`` for what is not meant for that holder, ``Conflict`` where another version is in force.
    """
    today = backend.now()[:10]

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        reader = _reader(known.rows, id, holder, today)
        if subject.organization not in (None, reader.organization):
            raise _not_meant(id, holder)
        return acknowledged(known, reader, version, today), {}

    await decided(subject, backend, decide, {"acknowledge": id, "holder": holder, "version": version}, idempotency_key)
    return _reader((await backend.memory.roster(backend.store)).rows, id, holder, today)


def acknowledged(known: Known, reader: Reader, version: int | None, day: str, more: int = 0) -> list[Change]:
    """The acknowledgement as a change of the record; none where it is there already. ``more``: others beside it."""
    present = reader.guidance["version"]
    if version not in (None, present):
        raise Conflict(
            "guidance.version",
            "'{name}' is in force in version {current}, not {version}.",
            path=("version",),
            remedy="Read the present version, then acknowledge that.",
            name=reader.guidance["name"],
            current=present,
            version=version,
        )
    if reader.read_on is not None:
        return []
    row = {
        "id": f"read-{len(known.rows['acknowledgements']) + 1 + more}",
        "guidance": reader.guidance["id"],
        "holder": reader.holder["id"],
        "edition": present,
        "since": day,
    }
    return kept(known, "acknowledgements", [row], day)


def to_read(rows: Rows, holder: str, day: str) -> list[Reader]:
    """What a holder has not acknowledged of what is meant for them, by id."""
    roster = Roster(rows, day)
    found = [each for row in roster.now["guidance"].values() for each in readers_of(roster, row)]
    mine = [each for each in found if each.holder["id"] == holder and each.read_on is None]
    return sorted(mine, key=lambda each: str(each.guidance["id"]))


def _reader(rows: Rows, id: str, holder: str, day: str) -> Reader:
    row = _found(rows, id, day)
    wanted = holder.strip().lower()
    for each in readers_of(Roster(rows, day), row):
        if each.holder["id"] == wanted:
            return each
    raise _not_meant(id, holder)


def _not_meant(id: str, holder: str) -> NotFound:
    return NotFound(
        "guidance.reader",
        "'{id}' is not meant for a holder '{holder}' of yours.",
        path=("holder",),
        remedy="`relaypoint guidance show` lists for whom it is meant.",
        id=id[:60],
        holder=holder[:60],
    )


def _found(rows: Rows, id: str, day: str) -> Columns:
    row = rows["guidance"].get(id.strip().lower())
    if row is not None and holds(row, day):
        return row
    near = nearest(id, rows["guidance"])
    raise NotFound(
        "guidance.none",
        "There is no guidance '{id}' in force.",
        path=("id",),
        remedy="Did you mean {near}?" if near else "`relaypoint guidance list` shows what there is.",
        id=id[:60],
        near=near,
    )
