"""Gaps of organizations, task forces and what they agreed: bodies that ended, places that were abolished, pathways."""

from __future__ import annotations

from collections.abc import Iterator

from relaypoint.domain.gaps_roster import OF_COVER, Gap, Mend, Roster, Told
from relaypoint.domain.membership import members_before
from relaypoint.domain.model import Dated
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import say


def no_coordinator(roster: Roster) -> Iterator[Gap]:
    for force in roster.now["task_forces"].values():
        desk = force["coordinator"]
        if desk is None or desk not in roster.now["contact_points"] or not roster.reachable(desk):
            yield Gap(
                kind="no-coordinator",
                severity="critical",
                sheet="task_forces",
                subject=force["id"],
                organization=None,
                tell=Told,
                about=(
                    say("gap.no-coordinator", "{force} has no coordinator that can be reached.", force=force["name"]),
                    Mend(
                        "coordinator",
                        say(
                            "mend.coordinator",
                            "Fill in coordinator in task_forces, with a contact point that has a channel.",
                        ),
                        "task_forces",
                        force["id"],
                    ),
                ),
            )


def hotline_down(roster: Roster) -> Iterator[Gap]:
    """The number that everybody is shown in danger has ended, or can't be reached."""
    for place in roster.now["jurisdictions"].values():
        desk = place["hotline"]
        if desk is None:
            continue
        row = roster.now["contact_points"].get(desk)
        there = row is not None and row["organization"] in roster.now["organizations"]
        if there and roster.reachable(desk):
            continue
        yield Gap(
            kind="hotline-down",
            severity="critical",
            sheet="jurisdictions",
            subject=place["id"],
            organization=row["organization"] if row else None,
            place=place["id"],
            tell=Told,
            about=(
                say("gap.hotline-down", "The hotline of {place} can't be reached any more.", place=place["name"]),
                Mend(
                    "coordinator",
                    say("mend.hotline", "Fill in hotline in jurisdictions, with a contact point that has a channel."),
                    "jurisdictions",
                    place["id"],
                ),
            ),
        )


def successor_missing(roster: Roster) -> Iterator[Gap]:
    bodies = roster.all["organizations"]
    for membership in roster.all["memberships"].values():
        body = bodies.get(membership["organization"])
        if body is None or body["until"] is None or body["until"] > roster.day:
            continue
        role = (membership["role"], membership["task_force"])
        for heir in body["replaced_by"]:
            roles = {(m["role"], m["task_force"]) for m in roster.roles.get(heir, ())}
            if heir in roster.now["organizations"] and role not in roles:
                yield Gap(
                    kind="successor-not-member",
                    severity="major",
                    sheet="memberships",
                    subject=membership["id"],
                    organization=heir,
                    tell=Told,
                    about=(
                        say(
                            "gap.successor",
                            "{body} ended on {until}; its successor {heir} is not a {role}.",
                            body=body["name"],
                            until=body["until"],
                            heir=roster.name("organizations", heir),
                            role=membership["role"],
                        ),
                        Mend(
                            "coordinator",
                            say("mend.membership", "Add a row to memberships for {heir}.", heir=heir),
                            "memberships",
                            columns=(("organization", heir), ("task_force", role[1]), ("role", role[0])),
                            then=OF_COVER,
                        ),
                    ),
                )


def not_vouched(roster: Roster) -> Iterator[Gap]:
    """Newcomers for whom fewer members vouch than the task force wants."""
    for membership in roster.now["memberships"].values():
        force = roster.now["task_forces"].get(membership["task_force"])
        if force is None or not force["vouchers"] or membership["standing"] == "suspended":
            continue
        before = members_before(roster.all, membership)
        if len(before) < force["vouchers"]:
            continue  # Who founded it had nobody to vouch for them.
        count = len(set(membership["vouched_by"]) & before)
        if count < force["vouchers"]:
            yield Gap(
                kind="not-vouched",
                severity="minor",
                sheet="memberships",
                subject=membership["id"],
                organization=membership["organization"],
                tell=Told,
                about=(
                    say(
                        "gap.not-vouched",
                        "{body} is new in {force}: members that vouch for it: {count} of {wanted}.",
                        body=roster.name("organizations", membership["organization"]),
                        force=force["name"],
                        count=count,
                        wanted=force["vouchers"],
                    ),
                    Mend(
                        "coordinator",
                        say("mend.vouch", "Fill in vouched_by in memberships, with members that know it."),
                        "memberships",
                        membership["id"],
                        (("vouched_by", tuple(sorted(before)[: force["vouchers"]])),),
                    ),
                ),
            )


def abolished_place(roster: Roster) -> Iterator[Gap]:
    """What is in force for places that are all abolished: nobody who asks for a place of today finds it."""
    gone = {
        id: place
        for id, place in roster.all["jurisdictions"].items()
        if id not in roster.now["jurisdictions"] and Dated(until=place["until"]).ended(roster.day)
    }
    if not gone:
        return
    for sheet, owner in (("organizations", "id"), ("services", "organization"), ("contact_points", "organization")):
        for row in roster.now[sheet].values():
            if not row["jurisdictions"] or not gone.keys() >= set(row["jurisdictions"]):
                continue
            if row[owner] not in roster.now["organizations"]:
                continue
            places = [gone[id] for id in row["jurisdictions"]]
            heirs = list(dict.fromkeys(heir for place in places for heir in place["replaced_by"]))
            names = ", ".join(roster.name("jurisdictions", heir) for heir in heirs) or "?"
            yield Gap(
                kind="place-abolished",
                severity="major",
                sheet=sheet,
                subject=row["id"],
                organization=row[owner],
                tell=Told,
                about=(
                    say(
                        "gap.place-abolished",
                        "{name} is for {place}, which was abolished on {until}. What came after it: {heirs}.",
                        name=row["name"],
                        place=places[0]["name"],
                        until=places[0]["until"],
                        heirs=names,
                    ),
                    Mend(
                        "coordinator" if sheet == "organizations" else "organization",
                        say("mend.place", "Correct jurisdictions in its row, or end the row."),
                        sheet,
                        row["id"],
                        (("jurisdictions", tuple(heirs)),) if heirs else (),
                        then=OF_COVER if sheet == "services" else (),
                    ),
                ),
            )


def no_capacity(roster: Roster) -> Iterator[Gap]:
    for service in roster.now["services"].values():
        if service["capacity"] == "full" and service["organization"] in roster.now["organizations"]:
            yield Gap(
                kind="no-capacity",
                severity="minor",
                sheet="services",
                subject=service["id"],
                organization=service["organization"],
                tell=Told,
                about=(
                    say("gap.no-capacity", "{service} is full.", service=service["name"]),
                    Mend(
                        "organization",
                        say("mend.capacity", "Its owner corrects capacity in services when there is room again."),
                        "services",
                        service["id"],
                        (("capacity", "open"), ("capacity_as_of", roster.day)),
                    ),
                ),
            )


def broken_pathway(roster: Roster) -> Iterator[Gap]:
    for pathway in roster.all["pathways"].values():
        target = pathway["to_organization"]
        name, to = pathway["name"], roster.name("organizations", target)
        if Dated(until=pathway["until"]).ended(roster.day):
            if any(_renews(other, pathway) for other in roster.now["pathways"].values()):
                continue
            kind = "pathway-expired"
            text = say("gap.pathway-expired", "'{name}' expired on {until}.", name=name, until=pathway["until"])
        elif target not in roster.now["organizations"]:
            kind = "pathway-ended-organization"
            text = say("gap.pathway-ended", "'{name}' leads to {to}, which is not active.", name=name, to=to)
        elif not any(roster.reachable(desk["id"]) for desk in roster.desks.get(target, ())):
            kind = "pathway-nowhere"
            text = say("gap.pathway-nowhere", "'{name}' leads to {to}, which can't be reached.", name=name, to=to)
        else:
            continue
        yield Gap(
            kind=kind,
            severity="critical",
            sheet="pathways",
            subject=pathway["id"],
            organization=target,
            tell=Told,
            about=(text, _mend_pathway(roster, pathway, kind)),
        )


def _mend_pathway(roster: Roster, pathway: Columns, kind: str) -> Mend:
    desks = roster.desks.get(pathway["to_organization"], ())
    shut = [desk for desk in desks if desk["id"] in roster.shut]
    if kind == "pathway-nowhere" and shut:
        return Mend(
            "organization",
            say("mend.pathway-shut", "The organization that it leads to opens its contact point again."),
            "contact_points",
            shut[0]["id"],
            (("presence", "on-site"),),
            then=("no-channel", "channel-unproven", "channel-failing", "channel-unsafe", "single-number"),
        )
    if kind == "pathway-nowhere" and desks:
        return Mend(
            "organization",
            say("mend.pathway-channel", "The organization that it leads to adds a row to channels."),
            "channels",
            columns=(("contact_point", pathway["contact_point"] or desks[0]["id"]),),
            then=("channel-unproven", "single-number"),
        )
    return Mend(
        "coordinator",
        say("mend.pathway", "Agree it anew, or correct its row."),
        "pathways",
        pathway["id"],
        (("until", None),) if kind == "pathway-expired" else (),
    )


def _renews(pathway: Columns, expired: Columns) -> bool:
    """Whether a pathway in force leads the same askers to the same organization for all that the expired one did."""
    same = ("from_organization", "from_kind", "from_role", "task_force", "to_organization")
    wider = not pathway["jurisdictions"] or (
        bool(expired["jurisdictions"]) and set(expired["jurisdictions"]) <= set(pathway["jurisdictions"])
    )
    return (
        wider
        and all(pathway[column] == expired[column] for column in same)
        and set(expired["service_types"]) <= set(pathway["service_types"])
    )
