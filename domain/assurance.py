"""How safe a channel is for a case: what its owner says of it, and no more than the task force grants its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from relaypoint.domain.model import Channel, ContactPoint, holds
from relaypoint.domain.rows import Columns, Rows, grouped, upwards
from relaypoint.domain.words import Confidentiality

#: By kind of channel, the most that it assures.
Caps = Mapping[str, Confidentiality]

NONE: Final[Caps] = MappingProxyType({})


def caps(rows: Rows, day: str) -> dict[str, Caps]:
    """By organization, what its task forces grant on the day (ISO), and those that these lie in: the least of all."""
    rules = [row for row in rows["channel_rules"].values() if holds(row, day)]
    members = grouped(rows["memberships"].values(), "organization") if rules else {}
    found = {organization: caps_of(rows, rules, of, day) for organization, of in members.items()}
    return {organization: of for organization, of in found.items() if of}


def caps_of(rows: Rows, rules: Sequence[Columns], memberships: Iterable[Columns], day: str) -> Caps:
    """What the task forces of one organization grant; ``rules`` are those in force on the day."""
    found: dict[str, Confidentiality] = {}
    for member in memberships:
        if holds(member, day):
            around = upwards(rows["task_forces"], member["task_force"])
            for rule in rules:
                if rule["task_force"] in around:
                    found[rule["kind"]] = least(found.get(rule["kind"]), rule["assurance"])
    return found


def least(cap: Confidentiality | None, assurance: str) -> Confidentiality:
    """The lower of the two."""
    own = Confidentiality(assurance)
    return own if cap is None or own.level <= cap.level else cap


def capped(desk: ContactPoint, of: Caps) -> ContactPoint:
    """The contact point with each channel as safe as its kind may be there."""
    return replace(desk, channels=tuple(granted(channel, of) for channel in desk.channels)) if of else desk


def granted(channel: Channel, of: Caps) -> Channel:
    """The channel as safe as its kind may be there."""
    assurance = least(of.get(channel.kind), channel.assurance)
    return channel if assurance is channel.assurance else replace(channel, assurance=assurance)
