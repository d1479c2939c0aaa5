"""Gaps of channels: whether a contact point can be reached, safely, and in more than one way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relaypoint.domain.gaps_addresses import at_shared_fault
from relaypoint.domain.gaps_desks import names, of_desk, told_of_desk
from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import say
from relaypoint.domain.words import Confidentiality

#: What a channel has to assure so that it carries a case of which nothing else is said.
NEEDED = Confidentiality.OFFICIAL


def no_channel(roster: Roster) -> Iterator[Gap]:
    for desk, owner in roster.unreached:
        kind, tell = ("desk-closed", _shut) if desk["id"] in roster.shut else ("no-channel", _no_channel)
        severity = "critical" if _nobody_else(roster, desk, owner) else "major"
        yield told_of_desk(roster, desk, kind, severity, tell)


def _shut(owner: str, desk: str, id: str) -> Told:
    return Told(
        say("gap.desk-closed", "{owner}: '{desk}' has closed for now.", owner=owner, desk=desk),
        Mend(
            "organization",
            say("mend.desk-closed", "Its owner opens it again, or ends it and names who takes its work."),
            "contact_points",
            id,
            (("presence", "on-site"),),
            then=("no-channel", "channel-unproven", "channel-failing", "channel-unsafe", "single-number"),
        ),
    )


def _no_channel(owner: str, desk: str, id: str) -> Told:
    return Told(
        say("gap.no-channel", "{owner}: '{desk}' has no channel that works.", owner=owner, desk=desk),
        Mend(
            "organization",
            say("mend.channel", "Its owner adds a row to channels."),
            "channels",
            columns=(("contact_point", id),),
            then=("channel-unproven", "single-number"),
        ),
    )


def _nobody_else(roster: Roster, desk: Columns, owner: str) -> bool:
    """Whether a case that the organization is there for finds nobody at any other of its desks."""
    others = roster.desks[owner]
    return owner in roster.services and not (
        len(others) > 1 and any(roster.reachable(each["id"]) and _stands_in(each, desk) for each in others)
    )


def unsure_channels(roster: Roster) -> Iterator[Gap]:
    """The desk has channels, but none that is known to work; what its address shares with others is told as that."""
    shared = at_shared_fault(roster)
    for desk, _, channels in roster.reached:
        states = {channel["state"] for channel in channels}
        if "working" in states or shared.issuperset(channel["id"] for channel in channels):
            continue
        first = min(channels, key=lambda channel: (channel["rank"], channel["id"]))
        kind, severity, tell = (
            ("channel-failing", "major", _failing)
            if states == {"failing"}
            else ("channel-unproven", "minor", _unproven)
        )
        yield told_of_desk(roster, desk, kind, severity, tell, first["id"], roster.day)


def _failing(owner: str, desk: str, id: str, channel: str, day: str) -> Told:
    text = say("gap.channel-failing", "{owner}: every channel of '{desk}' is failing.", owner=owner, desk=desk)
    return Told(text, _prove(channel, day))


def _unproven(owner: str, desk: str, id: str, channel: str, day: str) -> Told:
    text = say(
        "gap.channel-unproven", "{owner}: no channel of '{desk}' has been shown to work.", owner=owner, desk=desk
    )
    return Told(text, _prove(channel, day))


def _prove(channel: str, day: str) -> Mend:
    return Mend(
        "organization",
        say("mend.prove", "Try it, and note in its row of channels that it is working, when and how; or add another."),
        "channels",
        channel,
        (("state", "working"), ("proven_on", day)),
    )


def unsafe_channels(roster: Roster) -> Iterator[Gap]:
    """Cases are sent to the desk, but none of its channels is safe enough for one."""
    targets = {pathway["contact_point"] for pathway in roster.now["pathways"].values()}
    for desk, owner, channels in roster.reached:
        if (owner in roster.services or desk["id"] in targets) and not _safe(roster, channels):
            yield of_desk(
                roster,
                desk,
                "channel-unsafe",
                "major",
                say(
                    "gap.channel-unsafe",
                    "{owner}: no channel of '{desk}' is safe enough for a case.",
                    **names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.unsafe", "Its owner adds a channel that assures '{needed}' at least.", needed=NEEDED),
                    "channels",
                    columns=(("contact_point", desk["id"]), ("assurance", str(NEEDED))),
                ),
            )


def _safe(roster: Roster, channels: Sequence[Columns]) -> bool:
    return any(roster.assurance(channel).level >= NEEDED.level for channel in channels)


def above_the_rule(roster: Roster) -> Iterator[Gap]:
    """Channels of which their owner says more than the task force grants; it counts as what is granted."""
    for channel in roster.now["channels"].values() if roster.caps else ():
        desk = roster.now["contact_points"].get(channel["contact_point"])
        granted = roster.assurance(channel)
        if desk is not None and granted != channel["assurance"]:
            yield Gap(
                kind="channel-above-rule",
                severity="minor",
                sheet="channels",
                subject=channel["id"],
                organization=desk["organization"],
                tell=Told,
                about=(
                    say(
                        "gap.channel-above-rule",
                        "{owner}: a channel of '{desk}' says that it assures '{said}'; "
                        "the task force grants '{granted}'.",
                        said=channel["assurance"],
                        granted=granted,
                        **names(roster, desk),
                    ),
                    Mend(
                        "organization",
                        say("mend.above-rule", "Its owner lowers assurance in channels."),
                        "channels",
                        channel["id"],
                        (("assurance", str(granted)),),
                    ),
                ),
            )


def single_number(roster: Roster) -> Iterator[Gap]:
    for desk, _, channels in roster.reached:
        ways = {channel["via"] or channel["address"] for channel in channels}
        if len(ways) == 1 and None not in ways:
            yield told_of_desk(roster, desk, "single-number", "minor", _single)


def _single(owner: str, desk: str, id: str) -> Told:
    return Told(
        say("gap.single-number", "{owner}: '{desk}' can be reached in one way only.", owner=owner, desk=desk),
        Mend(
            "organization",
            say("mend.single-number", "Its owner adds a channel with another number or address."),
            "channels",
            columns=(("contact_point", id),),
        ),
    )


def _stands_in(one: Columns, desk: Columns) -> bool:
    """Whether one desk takes all that the other takes, by service types and places; none named means all."""
    return all(
        not one[column] or (bool(desk[column]) and set(desk[column]) <= set(one[column]))
        for column in ("service_types", "jurisdictions")
    )
