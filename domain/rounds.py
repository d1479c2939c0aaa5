"""Confirmation rounds and drills: whom a round asks, which channels a drill tries, and what the answers change.

A holder who is asked says that they still hold the contact point, what is wrong with it, or that they have left. A
channel that is tried works if its test was answered, and fails if it was not.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from relaypoint.domain.clock import later, parse_duration, parse_instant
from relaypoint.domain.model import holds
from relaypoint.domain.rows import Columns, Rows, upwards
from relaypoint.domain.words import ChannelKind, ChannelState, TrialState

#: A round that runs longer than this asks about a roster that is another by then.
LONGEST: Final = 92

#: Channels with nothing of their own to try: a person, somebody else's channel, a form for cases.
_UNTRIED: Final = frozenset({ChannelKind.IN_PERSON, ChannelKind.RELAY, ChannelKind.WEB_FORM})


def hashed(token: str) -> str:
    """What is stored of a token, however it was typed, and also where the whole link was."""
    kept = "".join(each for each in token.rstrip("/ ").rpartition("/")[2].upper() if each.isalnum())
    return hashlib.sha256(kept.encode()).hexdigest()


def members(rows: Rows, day: str, force: str | None) -> set[str]:
    """The organizations in the task force or in those that lie in it; all for None."""
    if force is None:
        return {id for id, row in rows["organizations"].items() if holds(row, day)}
    return {
        row["organization"]
        for row in rows["memberships"].values()
        if holds(row, day)
        and force in upwards(rows["task_forces"], row["task_force"])
        and holds(rows["organizations"][row["organization"]], day)
    }


def desks(rows: Rows, day: str, force: str | None) -> dict[str, Columns]:
    """The contact points of these organizations, as far as they serve the task force."""
    bodies = members(rows, day, force)
    return {
        id: row
        for id, row in rows["contact_points"].items()
        if row["organization"] in bodies and holds(row, day) and serves(rows, row, force)
    }


def serves(rows: Rows, desk: Columns, force: str | None) -> bool:
    """Whether the contact point is for the task force: for it or one that lies in it, or for all of its owner's."""
    named = desk["task_forces"]
    return force is None or not named or any(force in upwards(rows["task_forces"], each) for each in named)


def asked(rows: Rows, day: str, force: str | None) -> list[Columns]:
    """The holders that a confirmation round asks, by contact point and rank."""
    of = desks(rows, day, force)
    held = [row for row in rows["holders"].values() if row["contact_point"] in of and holds(row, day)]
    return sorted(held, key=lambda row: (row["contact_point"], row["role"] != "primary", row["rank"], row["id"]))


def tried(rows: Rows, day: str, force: str | None) -> list[Columns]:
    """The channels that a drill tries, by contact point and rank; dead ones too: they may work again."""
    of = desks(rows, day, force)
    found = [
        row
        for row in rows["channels"].values()
        if row["contact_point"] in of and holds(row, day) and row["kind"] not in _UNTRIED and row["address"]
    ]
    return sorted(found, key=lambda row: (row["contact_point"], row["rank"], row["id"]))


def minutes(trial: Columns) -> int | None:
    """How long it took to answer, in whole minutes; None where nobody has."""
    if trial["answered"] is None:
        return None
    return int((parse_instant(trial["answered"]) - parse_instant(trial["sent"])).total_seconds() // 60)


def channel_after(channel: Columns, trial: Columns, day: str) -> dict[str, Any] | None:
    """The channel as a test leaves it; None where it says nothing of it: it ended, or has another address by now."""
    untried = trial["state"] == TrialState.UNTRIED
    if untried or channel["address"] != trial["address"] or not holds(channel, day):
        return None
    took = minutes(trial)
    if took is not None:
        how = f"a drill, answered after {took} min"
        return {**channel, "state": ChannelState.WORKING, "proven_on": day, "proven_how": how}
    if channel["state"] == ChannelState.DEAD:
        return None
    return {**channel, "state": ChannelState.FAILING}


def last_day(every: str, said: str) -> str:
    """The day from which what was said on a day is too long ago."""
    return later(said, max(parse_duration(every).elapsed.days, 1))
