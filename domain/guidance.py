"""Guidance: whom each of it is for, who has acknowledged its present version, and until when they have to.

It never stands before help: an unread guidance is a minor gap, and delays nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.clock import later
from relaypoint.domain.gaps_roster import Roster
from relaypoint.domain.rounds import serves
from relaypoint.domain.rows import Columns, Rows

#: Who begins has so many days at least.
GRACE: Final = 14


@dataclass(frozen=True, slots=True)
class Reader:
    """A holder for whom a guidance is meant. ``due`` is None where nobody has to say that they have read it;
    ``read_on`` is the day on which they acknowledged its present version."""

    guidance: Columns
    holder: Columns
    organization: str
    due: str | None
    read_on: str | None


def readers(roster: Roster, guidance: Columns) -> Iterator[Reader]:
    """Everybody for whom it is meant, by contact point."""
    read = _read(roster.all)
    for desk, owner in roster.owned_desks:
        if not _meant(roster, guidance, desk, owner):
            continue
        for holder in roster.holders.get(desk["id"], ()):
            read_on = read.get((guidance["id"], holder["id"], guidance["version"]))
            yield Reader(guidance, holder, owner, _due(guidance, holder), read_on)


def turns(rows: Rows) -> set[str]:
    """The days on which something should have been read."""
    asked = [row for row in rows["guidance"].values() if row["acknowledge_by"]]
    return {day for row in asked for holder in rows["holders"].values() if (day := _due(row, holder))}


def _read(rows: Rows) -> Mapping[tuple[str, str, int], str]:
    """By guidance, holder and version, the day of the acknowledgement."""
    found = rows.get("acknowledgements", {}).values()
    return {(row["guidance"], row["holder"], row["edition"]): row["since"] for row in found}


def _meant(roster: Roster, guidance: Columns, desk: Columns, owner: str) -> bool:
    if guidance["contact_point"] is not None:
        return bool(guidance["contact_point"] == desk["id"])
    force = guidance["task_force"]
    return (
        force is not None
        and serves(roster.all, desk, force)
        and any(
            guidance["role"] in (None, each["role"]) and force in roster.around(each["task_force"])
            for each in roster.roles.get(owner, ())
        )
    )


def _due(guidance: Columns, holder: Columns) -> str | None:
    by, since = guidance["acknowledge_by"], holder["since"]
    if by is None or since is None:
        return str(by) if by else None
    return max(str(by), later(since, GRACE))
