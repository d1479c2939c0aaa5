"""Where the roster has a hole that a case could fall into. Each gap says how grave it is, who can mend it and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.model import Dated
from relaypoint.domain.texts import Text, say

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

#: From gravest to lightest; the report comes in this order.
SEVERITIES: Final = ("critical", "major", "minor")


@dataclass(frozen=True, slots=True)
class Gap:
    """``subject`` is the id of the row that the gap is about, in the sheet ``sheet``."""

    kind: str
    severity: str
    sheet: str
    subject: str
    organization: str | None
    text: Text
    mend: Text


def gaps(rows: Rows, day: str) -> list[Gap]:
    """All gaps of the roster on a day, the gravest first. ``rows`` are the sheets' columns, as exported."""
    roster = _Roster(rows, day)
    found = [gap for check in _CHECKS for gap in check(roster)]
    return sorted(found, key=lambda gap: (SEVERITIES.index(gap.severity), gap.kind, gap.subject))


class _Roster:
    """The rows in force on the day, by id, with the look-ups that the checks share."""

    def __init__(self, rows: Rows, day: str) -> None:
        self.day = day
        self.all = {sheet: {row["id"]: row for row in of} for sheet, of in rows.items()}
        self.now = {
            sheet: {id: row for id, row in of.items() if Dated(since=row["since"], until=row["until"]).holds(day)}
            for sheet, of in self.all.items()
        }
        self.channels = self._group("channels", "contact_point")
        self.holders = self._group("holders", "contact_point")
        self.desks = self._group("contact_points", "organization")
        self.roles = self._group("memberships", "organization")

    def _group(self, sheet: str, column: str) -> dict[str, list[Mapping[str, Any]]]:
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.now[sheet].values():
            groups.setdefault(row[column], []).append(row)
        return groups

    def name(self, sheet: str, id: str) -> str:
        return str(self.all[sheet][id]["name"]) if id in self.all[sheet] else id

    def reachable(self, desk: str) -> bool:
        return any(channel["state"] != "dead" for channel in self.channels.get(desk, ()))


def _no_contact_point(roster: _Roster) -> Iterator[Gap]:
    for service in roster.now["services"].values():
        owner, wanted = service["organization"], service["service_type"]
        desks = roster.desks.get(owner, ())
        if owner in roster.now["organizations"] and not any(
            not desk["service_types"] or wanted in desk["service_types"] for desk in desks
        ):
            yield Gap(
                "no-contact-point",
                "critical",
                "services",
                service["id"],
                owner,
                say("gap.no-contact-point", "{service} has no contact point.", service=service["name"]),
                say("mend.contact-point", "Add a row to contact_points for it."),
            )


def _no_channel(roster: _Roster) -> Iterator[Gap]:
    offering = {service["organization"] for service in roster.now["services"].values()}
    for desk in roster.now["contact_points"].values():
        owner = desk["organization"]
        # With another desk for the same, a case still finds somebody there.
        others = any(roster.reachable(each["id"]) and _stands_in(each, desk) for each in roster.desks[owner])
        if owner in roster.now["organizations"] and not roster.reachable(desk["id"]):
            yield Gap(
                "no-channel",
                "critical" if owner in offering and not others else "major",
                "contact_points",
                desk["id"],
                owner,
                say(
                    "gap.no-channel",
                    "{owner}: no channel is known for '{desk}'.",
                    owner=roster.name("organizations", owner),
                    desk=desk["name"],
                ),
                say("mend.channel", "Its owner adds a row to channels."),
            )


def _stands_in(one: Mapping[str, Any], desk: Mapping[str, Any]) -> bool:
    """Whether one desk takes all that the other takes, by service types and places; none named means all."""
    return all(
        not one[column] or (bool(desk[column]) and set(desk[column]) <= set(one[column]))
        for column in ("service_types", "jurisdictions")
    )


def _no_holder(roster: _Roster) -> Iterator[Gap]:
    for desk in roster.now["contact_points"].values():
        owner = desk["organization"]
        held = roster.holders.get(desk["id"], ())
        if desk["staffing"] == "holder" and owner in roster.now["organizations"] and not held:
            yield Gap(
                "no-holder",
                "major",
                "contact_points",
                desk["id"],
                owner,
                say(
                    "gap.no-holder",
                    "{owner}: nobody is recorded as holding '{desk}'.",
                    owner=roster.name("organizations", owner),
                    desk=desk["name"],
                ),
                say("mend.holder", "Its owner adds a row to holders."),
            )


def _no_coordinator(roster: _Roster) -> Iterator[Gap]:
    for force in roster.now["task_forces"].values():
        desk = force["coordinator"]
        if desk is None or desk not in roster.now["contact_points"] or not roster.reachable(desk):
            yield Gap(
                "no-coordinator",
                "critical",
                "task_forces",
                force["id"],
                None,
                say("gap.no-coordinator", "{force} has no coordinator that can be reached.", force=force["name"]),
                say("mend.coordinator", "Fill in coordinator in task_forces, with a contact point that has a channel."),
            )


def _successor_missing(roster: _Roster) -> Iterator[Gap]:
    for membership in roster.all["memberships"].values():
        body = roster.all["organizations"].get(membership["organization"])
        if body is None or not Dated(until=body["until"]).ended(roster.day):
            continue
        for heir in body["replaced_by"]:
            roles = {(m["role"], m["task_force"]) for m in roster.roles.get(heir, ())}
            role = (membership["role"], membership["task_force"])
            if heir in roster.now["organizations"] and role not in roles:
                yield Gap(
                    "successor-not-member",
                    "major",
                    "memberships",
                    membership["id"],
                    heir,
                    say(
                        "gap.successor",
                        "{body} ended on {until}; its successor {heir} is not a {role}.",
                        body=body["name"],
                        until=body["until"],
                        heir=roster.name("organizations", heir),
                        role=membership["role"],
                    ),
                    say("mend.membership", "Add a row to memberships for {heir}.", heir=heir),
                )


def _broken_pathway(roster: _Roster) -> Iterator[Gap]:
    for pathway in roster.all["pathways"].values():
        target = pathway["to_organization"]
        to = roster.name("organizations", target)
        if Dated(until=pathway["until"]).ended(roster.day):
            kind, text = (
                "pathway-expired",
                say(
                    "gap.pathway-expired", "'{name}' expired on {until}.", name=pathway["name"], until=pathway["until"]
                ),
            )
        elif target not in roster.now["organizations"]:
            kind = "pathway-ended-organization"
            text = say("gap.pathway-ended", "'{name}' leads to {to}, which is not active.", name=pathway["name"], to=to)
        elif not any(roster.reachable(desk["id"]) for desk in roster.desks.get(target, ())):
            kind = "pathway-nowhere"
            text = say(
                "gap.pathway-nowhere", "'{name}' leads to {to}, which can't be reached.", name=pathway["name"], to=to
            )
        else:
            continue
        yield Gap(
            kind,
            "critical",
            "pathways",
            pathway["id"],
            target,
            text,
            say("mend.pathway", "Agree it anew, or correct its row."),
        )


_CHECKS: Final = (
    _no_contact_point,
    _no_channel,
    _no_holder,
    _no_coordinator,
    _successor_missing,
    _broken_pathway,
)
