"""Which channels of a contact point may be used for a case now, in which order, and why the others not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.model import Channel, ContactPoint, Relay
from relaypoint.domain.words import MESSAGE_KINDS, VOICE_KINDS, ChannelCondition, ChannelState, Confidentiality


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """A channel as it stands for one case at one moment.

    ``barred`` is None where it may be used, else a code: ``ended``, ``condition``, ``dead``, ``assurance``, ``relay``
    (nobody can be asked there to pass anything on) or ``avoided``. ``open`` is None where its hours are not known;
    ``opens_at`` is set only where it is closed now.
    """

    channel: Channel
    barred: str | None
    open: bool | None
    opens_at: datetime | None
    time_zone: str = "UTC"

    @property
    def usable_now(self) -> bool:
        return self.barred is None and self.open is not False

    @property
    def carries_message(self) -> bool:
        """Whether a message may go by it, and can go from here, whatever its hours."""
        return self.barred is None and self.channel.kind in MESSAGE_KINDS and self.channel.carried


def weigh(
    desk: ContactPoint,
    *,
    floor: Confidentiality,
    at: datetime,
    avoid: Avoid | None = None,
) -> tuple[ChannelUse, ...]:
    """All channels of the desk: first those that may be used (open, then hours unknown, then closed), then the barred.

    Within each of these the roster's rank decides. ``floor`` is the case's confidentiality: a channel that assures
    less is never used for it.
    """
    uses = [_use(desk, channel, floor, at, avoid) for channel in desk.channels]
    return tuple(sorted(uses, key=_order))


def usable(uses: Iterable[ChannelUse]) -> list[ChannelUse]:
    return [use for use in uses if use.barred is None]


def by_voice(uses: Iterable[ChannelUse]) -> tuple[ChannelUse, ...]:
    """The usable ones by which one speaks with somebody."""
    return tuple(use for use in usable(uses) if use.channel.kind in VOICE_KINDS)


def doubtful(desk: ContactPoint, uses: Iterable[ChannelUse]) -> bool:
    """Whether nobody knows if it is answered: a contingency holds there for which no other way was planned."""
    if not desk.contingency or desk.diverted_to is not None or desk.stands_in:
        return False
    return not any(use.barred is None and use.channel.condition is ChannelCondition.CONTINGENCY for use in uses)


def safest(uses: Iterable[ChannelUse]) -> Confidentiality | None:
    """The most that those assure which would do but for the case's confidentiality; None where there are none."""
    found = [use.channel.assurance for use in uses if use.barred == "assurance"]
    return max(found, key=lambda assurance: assurance.level, default=None)


def reachable(desk: ContactPoint, *, floor: Confidentiality, at: datetime, avoid: Avoid | None = None) -> bool:
    """Whether any channel of the desk may be used, whatever its hours: as ``weigh`` says, without the weighing."""
    day = at.date().isoformat()
    return any(_barred(channel, floor, day, avoid, desk.contingency) is None for channel in desk.channels)


def _order(use: ChannelUse) -> tuple[bool, int, bool, int, str]:
    openness = {True: 0, None: 1, False: 2}[use.open]
    failing = use.channel.state is ChannelState.FAILING
    return (use.barred is not None, openness, failing, use.channel.rank, use.channel.id)


def _use(desk: ContactPoint, channel: Channel, floor: Confidentiality, at: datetime, avoid: Avoid | None) -> ChannelUse:
    calendar = desk.calendar if channel.hours is None else replace(desk.calendar, hours=channel.hours)
    is_open = calendar.is_open(at)
    return ChannelUse(
        channel=channel,
        barred=_barred(channel, floor, at.date().isoformat(), avoid, desk.contingency),
        open=is_open,
        opens_at=calendar.next_opening(at) if is_open is False else None,
        time_zone=calendar.time_zone,
    )


def _barred(channel: Channel, floor: Confidentiality, day: str, avoid: Avoid | None, contingency: bool) -> str | None:
    if not channel.holds(day):
        return "ended"
    if channel.condition is not ChannelCondition.ALWAYS and contingency != (
        channel.condition is ChannelCondition.CONTINGENCY
    ):
        return "condition"
    if channel.state is ChannelState.DEAD:
        return "dead"
    if avoid and (any(avoid.bars_body(body) for body in channel.via) or avoid.bars_id(channel.via_contact_point)):
        return "avoided"
    if avoid and channel.shared and avoid.bars_any(channel.shared):
        return "avoided"
    if channel.relay and (stopped := _stopped(channel.relay, floor, day, avoid)):
        return stopped
    if channel.assurance.level < floor.level:
        return "assurance"
    return None


def _stopped(relay: Relay, floor: Confidentiality, day: str, avoid: Avoid | None) -> str | None:
    """Why nothing goes on through there; None where it does. Only a way that the case itself may take leads to it."""
    if avoid and avoid.bars_any(relay.answering):
        return "avoided"
    if not relay.works:
        return "relay"
    ways = {_barred(channel, floor, day, avoid, relay.contingency) for channel in relay.channels}
    if None in ways:
        return None
    return "avoided" if "avoided" in ways else "relay"
