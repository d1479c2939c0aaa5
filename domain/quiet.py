"""When a message goes out: at once, or a little later so that nobody is disturbed without need.

A channel that makes a device ring is not used outside its hours for what can wait. Mail is taken at any hour: its hours
say when somebody reads. Nothing here is quieter than the priority allows: ``asap`` and ``stat`` wait for nothing, and
nothing waits past the time in which its step has to be delivered or acknowledged, or for more than a day. What could
only go out too late goes out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.clock import format_instant
from relaypoint.domain.words import ChannelKind, Priority

#: Kinds that make a device ring.
RINGING: Final = frozenset({ChannelKind.SMS, ChannelKind.MESSENGER})

#: Nothing waits for longer, whatever it waits for.
LONGEST: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message that is to go out: ``begun`` is when it was promised, or put in again; ``deadlines`` are those of its
    step that run, for it to be delivered and acknowledged."""

    priority: Priority
    kind: str
    begun: datetime
    deadlines: tuple[datetime, ...] = ()

    def ahead(self, at: datetime) -> tuple[datetime, ...]:
        """The deadlines that were not missed yet at that moment."""
        return tuple(each for each in self.deadlines if each > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with a message now. It waits until ``until``, for the cause ``why`` (``closed``); None: it goes out.

    ``channels`` are those of the contact point; one that is kept shut is barred, as ``closed until`` with the instant.
    ``opens`` is when the first of these opens: what no other channel takes waits for that.
    """

    channels: tuple[ChannelUse, ...]
    until: datetime | None = None
    why: str | None = None
    opens: datetime | None = None


def plan(sending: Sending, uses: Sequence[ChannelUse], at: datetime) -> Plan:
    """``uses`` are the contact point's channels, weighed for the case at that moment, in the order of trying."""
    channels, opens = _kept_shut(sending, tuple(uses), at)
    if opens and not any(use.carries_message for use in channels):
        return Plan(channels=channels, until=opens, why="closed", opens=opens)
    return Plan(channels=channels, opens=opens)


def _kept_shut(
    sending: Sending, uses: tuple[ChannelUse, ...], at: datetime
) -> tuple[tuple[ChannelUse, ...], datetime | None]:
    """The channels, those barred that would ring outside their hours; and when the first of these opens. Where that
    is too late none is barred."""
    if sending.priority.level >= Priority.ASAP.level:
        return uses, None
    shut = [use for use in uses if use.carries_message and use.channel.kind in RINGING and use.open is False]
    opens = min((use.opens_at for use in shut if use.opens_at), default=None)
    if opens is None or opens - sending.begun > LONGEST or any(opens >= each for each in sending.ahead(at)):
        return uses, None
    return tuple(replace(use, barred=_closed(use)) if use in shut else use for use in uses), opens


def _closed(use: ChannelUse) -> str:
    return f"closed until {format_instant(use.opens_at)}" if use.opens_at else "closed"
