"""How safe a channel is for a case: what its owner says of it, and no more than the task force grants its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from relaypoint.domain.model import Channel, ContactPoint, holds
from relaypoint.domain.rows import Rows, upwards
from relaypoint.domain.words import Confidentiality

#: By kind of channel, the most that it assures.
Caps = Mapping[str, Confidentiality]

NONE: Final[Caps] = MappingProxyType({})


def caps(rows: Rows, day: str) -> dict[str, Caps]:
    """By organization, what its task forces grant on the day (ISO), and those that these lie in: the least of all."""
    rules = [row for row in rows["channel_rules"].values() if holds(row, day)]
    found: dict[str, dict[str, Confidentiality]] = {}
    for member in rows["memberships"].values() if rules else ():
        if not holds(member, day):
            continue
        around = upwards(rows["task_forces"], member["task_force"])
        of = found.setdefault(member["organization"], {})
        for rule in rules:
            if rule["task_force"] in around:
                of[rule["kind"]] = least(of.get(rule["kind"]), rule["assurance"])
    return {organization: of for organization, of in found.items() if of}


def least(cap: Confidentiality | None, assurance: str) -> Confidentiality:
    """The lower of the two."""
    own = Confidentiality(assurance)
    return own if cap is None or own.level <= cap.level else cap


def capped(desk: ContactPoint, of: Caps) -> ContactPoint:
    """The contact point with each channel as safe as its kind may be there."""
    if not of:
        return desk
    return replace(desk, channels=tuple(_channel(channel, of) for channel in desk.channels))


def _channel(channel: Channel, of: Caps) -> Channel:
    assurance = least(of.get(channel.kind), channel.assurance)
    return channel if assurance is channel.assurance else replace(channel, assurance=assurance)
