"""Gaps of contact points: whether somebody holds them, and whether they can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relaypoint.domain.gaps_roster import Gap, Mend, Roster
from relaypoint.domain.model import takes
from relaypoint.domain.rota import on_duty
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import Confidentiality

#: What a channel has to assure so that it carries a case of which nothing else is said.
NEEDED = Confidentiality.OFFICIAL


def no_contact_point(roster: Roster) -> Iterator[Gap]:
    for service in roster.now["services"].values():
        owner, wanted = service["organization"], service["service_type"]
        if owner in roster.now["organizations"] and not any(
            takes(desk["service_types"], wanted) for desk in roster.desks.get(owner, ())
        ):
            yield Gap(
                kind="no-contact-point",
                severity="critical",
                sheet="services",
                subject=service["id"],
                organization=owner,
                text=say("gap.no-contact-point", "{service} has no contact point.", service=service["name"]),
                mend=Mend(
                    "organization",
                    say("mend.contact-point", "Add a row to contact_points for it."),
                    "contact_points",
                    columns=(("organization", owner), ("service_types", (wanted,))),
                    then=("no-channel", "no-holder"),
                ),
            )


def no_channel(roster: Roster) -> Iterator[Gap]:
    for desk, owner in roster.owned_desks:
        if roster.reachable(desk["id"]):
            continue
        # With another desk for the same, a case still finds somebody there.
        others = any(roster.reachable(each["id"]) and _stands_in(each, desk) for each in roster.desks[owner])
        if desk["id"] in roster.shut:
            yield _of(
                roster,
                desk,
                "desk-closed",
                "critical" if owner in roster.services and not others else "major",
                say("gap.desk-closed", "{owner}: '{desk}' has closed for now.", **_names(roster, desk)),
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
        yield _of(
            roster,
            desk,
            "no-channel",
            "critical" if owner in roster.services and not others else "major",
            say("gap.no-channel", "{owner}: no channel is known for '{desk}'.", **_names(roster, desk)),
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
            text = say("gap.channel-failing", "{owner}: every channel of '{desk}' is failing.", **_names(roster, desk))
        else:
            kind, severity = "channel-unproven", "minor"
            text = say(
                "gap.channel-unproven",
                "{owner}: no channel of '{desk}' has been shown to work.",
                **_names(roster, desk),
            )
        first = min(channels, key=lambda channel: (channel["rank"], channel["id"]))
        yield _of(
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
            yield _of(
                roster,
                desk,
                "channel-unsafe",
                "major",
                say(
                    "gap.channel-unsafe",
                    "{owner}: no channel of '{desk}' is safe enough for a case.",
                    **_names(roster, desk),
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
                    **_names(roster, desk),
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
            yield _of(
                roster,
                desk,
                "single-number",
                "minor",
                say(
                    "gap.single-number",
                    "{owner}: '{desk}' can be reached in one way only.",
                    **_names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.single-number", "Its owner adds a channel with another number or address."),
                    "channels",
                    columns=(("contact_point", desk["id"]),),
                ),
            )


def holders(roster: Roster) -> Iterator[Gap]:
    """A desk that named people hold has nobody, or nobody to stand in."""
    for desk, _ in roster.owned_desks:
        held = roster.holders.get(desk["id"], [])
        if desk["staffing"] != "holder":
            continue
        mend = Mend(
            "organization",
            say("mend.holder", "Its owner adds a row to holders."),
            "holders",
            columns=(("contact_point", desk["id"]), ("role", "deputy" if held else "primary"), ("since", roster.day)),
            then=() if held else ("no-deputy", "one-person"),
        )
        left = [
            row["until"] for row in roster.former.get(desk["id"], ()) if row["until"] and row["until"] <= roster.day
        ]
        if not held and left:
            text = say(
                "gap.holder-left",
                "{owner}: the last holder of '{desk}' left on {until}; nobody has followed.",
                until=max(left),
                **_names(roster, desk),
            )
            yield _of(roster, desk, "holder-left", "major", text, mend)
        elif not held:
            text = say("gap.no-holder", "{owner}: nobody is recorded as holding '{desk}'.", **_names(roster, desk))
            yield _of(roster, desk, "no-holder", "major", text, mend)
        elif not any(roster.answers(row["id"]) for row in held):
            text = say(
                "gap.holder-away", "{owner}: who holds '{desk}' is away; nobody stands in.", **_names(roster, desk)
            )
            then = Mend(
                "organization",
                say("mend.holder-away", "Its owner fills in stand_in in absences, or adds a deputy to holders."),
                "holders",
                columns=(("contact_point", desk["id"]), ("role", "deputy"), ("since", roster.day)),
            )
            yield _of(roster, desk, "holder-away", "major", text, then)
        elif all(row["role"] != "deputy" for row in held):
            text = say("gap.no-deputy", "{owner}: nobody stands in for the holder of '{desk}'.", **_names(roster, desk))
            yield _of(roster, desk, "no-deputy", "minor", text, mend)


def duty(roster: Roster) -> Iterator[Gap]:
    """Whose turn it is on a rota is away, and nobody stands in."""
    for desk, _ in roster.owned_desks:
        turn = on_duty(desk, roster.holders.get(desk["id"], ()), roster.day)
        if turn is not None and not roster.answers(turn["id"]):
            yield _of(
                roster,
                desk,
                "duty-uncovered",
                "minor",
                say(
                    "gap.duty-uncovered",
                    "{owner}: whose turn it is at '{desk}' is away; nobody stands in.",
                    **_names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.duty", "Its owner fills in stand_in in absences, or has others take turns."),
                    "holders",
                    turn["id"],
                    (("rota", None),),
                ),
            )


def one_person(roster: Roster) -> Iterator[Gap]:
    """One person is alone in holding several desks: when they are away, all of these are."""
    alone: dict[tuple[str, str], list[Columns]] = {}
    for desk, owner in roster.owned_desks:
        people = {(row["name"] or "").casefold() for row in roster.holders.get(desk["id"], ())}
        if desk["staffing"] == "holder" and len(people) == 1 and (person := people.pop()):
            alone.setdefault((owner, person), []).append(desk)
    for desks in alone.values():
        for desk in desks[1:]:
            yield _of(
                roster,
                desk,
                "one-person",
                "minor",
                say(
                    "gap.one-person",
                    "{owner}: one person alone holds '{desk}' and '{other}'.",
                    other=desks[0]["name"],
                    **_names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.one-person", "Its owner adds a row to holders, for somebody else."),
                    "holders",
                    columns=(("contact_point", desk["id"]), ("role", "deputy"), ("since", roster.day)),
                ),
            )


def _of(roster: Roster, desk: Columns, kind: str, severity: str, text: Text, mend: Mend) -> Gap:
    return Gap(
        kind=kind,
        severity=severity,
        sheet="contact_points",
        subject=desk["id"],
        organization=desk["organization"],
        text=text,
        mend=mend,
    )


def _names(roster: Roster, desk: Columns) -> dict[str, Any]:
    return {"owner": roster.name("organizations", desk["organization"]), "desk": desk["name"]}


def _stands_in(one: Columns, desk: Columns) -> bool:
    """Whether one desk takes all that the other takes, by service types and places; none named means all."""
    return all(
        not one[column] or (bool(desk[column]) and set(desk[column]) <= set(one[column]))
        for column in ("service_types", "jurisdictions")
    )
