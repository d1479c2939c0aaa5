"""Gaps of channels: whether a contact point can be reached, safely, and in more than one way."""

from __future__ import annotations

from collections.abc import Iterator

from relaypoint.domain.gaps_desks import names, of_desk
from relaypoint.domain.gaps_roster import Gap, Mend, Roster
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import say
from relaypoint.domain.words import Confidentiality

#: What a channel has to assure so that it carries a case of which nothing else is said.
NEEDED = Confidentiality.OFFICIAL


def no_channel(roster: Roster) -> Iterator[Gap]:
    for desk, owner in roster.owned_desks:
        if roster.reachable(desk["id"]):
            continue
        # With another desk for the same, a case still finds somebody there.
        others = any(roster.reachable(each["id"]) and _stands_in(each, desk) for each in roster.desks[owner])
        if desk["id"] in roster.shut:
            yield of_desk(
                roster,
                desk,
                "desk-closed",
                "critical" if owner in roster.services and not others else "major",
                say("gap.desk-closed", "{owner}: '{desk}' has closed for now.", **names(roster, desk)),
                Mend(
                    "organization",
                    say("mend.desk-closed", "Its owner opens it again, or ends it and names who takes its work."),
                    "contact_points",
                    desk["id"],
                    (("presence", "on-site"),),
                    then=("no-channel", "channel-unproven", "channel-failing", "channel-unsafe", "single-number"),
                ),
            )
            continue
        yield of_desk(
            roster,
            desk,
            "no-channel",
            "critical" if owner in roster.services and not others else "major",
            say("gap.no-channel", "{owner}: '{desk}' has no channel that works.", **names(roster, desk)),
            Mend(
                "organization",
                say("mend.channel", "Its owner adds a row to channels."),
                "channels",
                columns=(("contact_point", desk["id"]),),
                then=("channel-unproven", "single-number"),
            ),
        )


def unsure_channels(roster: Roster) -> Iterator[Gap]:
    """The desk has channels, but none that is known to work."""
    for desk, _ in roster.owned_desks:
        channels = roster.usable(desk["id"])
        states = {channel["state"] for channel in channels}
        if not channels or "working" in states:
            continue
        if states == {"failing"}:
            kind, severity = "channel-failing", "major"
            text = say("gap.channel-failing", "{owner}: every channel of '{desk}' is failing.", **names(roster, desk))
        else:
            kind, severity = "channel-unproven", "minor"
            text = say(
                "gap.channel-unproven",
                "{owner}: no channel of '{desk}' has been shown to work.",
                **names(roster, desk),
            )
        first = min(channels, key=lambda channel: (channel["rank"], channel["id"]))
        yield of_desk(
            roster,
            desk,
            kind,
            severity,
            text,
            Mend(
                "organization",
                say(
                    "mend.prove",
                    "Try it, and note in its row of channels that it is working, when and how; or add another.",
                ),
                "channels",
                first["id"],
                (("state", "working"), ("proven_on", roster.day)),
            ),
        )


def unsafe_channels(roster: Roster) -> Iterator[Gap]:
    """Cases are sent to the desk, but none of its channels is safe enough for one."""
    targets = {pathway["contact_point"] for pathway in roster.now["pathways"].values()}
    for desk, owner in roster.owned_desks:
        levels = [roster.assurance(channel).level for channel in roster.usable(desk["id"])]
        if levels and max(levels) < NEEDED.level and (owner in roster.services or desk["id"] in targets):
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
                text=say(
                    "gap.channel-above-rule",
                    "{owner}: a channel of '{desk}' says that it assures '{said}'; the task force grants '{granted}'.",
                    said=channel["assurance"],
                    granted=granted,
                    **names(roster, desk),
                ),
                mend=Mend(
                    "organization",
                    say("mend.above-rule", "Its owner lowers assurance in channels."),
                    "channels",
                    channel["id"],
                    (("assurance", str(granted)),),
                ),
            )


def single_number(roster: Roster) -> Iterator[Gap]:
    for desk, _ in roster.owned_desks:
        channels = roster.usable(desk["id"])
        ways = {channel["via"] or channel["address"] for channel in channels}
        if len(ways) == 1 and None not in ways:
            yield of_desk(
                roster,
                desk,
                "single-number",
                "minor",
                say(
                    "gap.single-number",
                    "{owner}: '{desk}' can be reached in one way only.",
                    **names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.single-number", "Its owner adds a channel with another number or address."),
                    "channels",
                    columns=(("contact_point", desk["id"]),),
                ),
            )


def _stands_in(one: Columns, desk: Columns) -> bool:
    """Whether one desk takes all that the other takes, by service types and places; none named means all."""
    return all(
        not one[column] or (bool(desk[column]) and set(desk[column]) <= set(one[column]))
        for column in ("service_types", "jurisdictions")
    )
