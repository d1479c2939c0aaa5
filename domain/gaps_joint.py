"""Gaps of what bodies do together: access to facilities that ran out, requests that nobody answered, events."""

from __future__ import annotations

from collections.abc import Iterator

from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.rows import Rows
from relaypoint.domain.texts import say
from relaypoint.domain.words import EventState, JointState


def access_expired(roster: Roster) -> Iterator[Gap]:
    """An organization may no longer enter a facility, and nobody has said that it should not."""
    now = {(row["organization"], row["facility"]) for row in roster.now["authorisations"].values()}
    for row in roster.all["authorisations"].values():
        who = (row["organization"], row["facility"])
        over = row["until"] is not None and row["until"] <= roster.day
        if over and who not in now and _last(roster, row["id"]) and _both(roster, *who):
            yield Gap(
                kind="access-expired",
                severity="major",
                sheet="authorisations",
                subject=row["id"],
                organization=row["organization"],
                tell=Told,
                about=(
                    say(
                        "gap.access-expired",
                        "{body} may no longer enter {facility}: its authorisation ended on {until}.",
                        body=roster.name("organizations", row["organization"]),
                        facility=roster.name("facilities", row["facility"]),
                        until=row["until"],
                    ),
                    Mend(
                        "coordinator",
                        say("mend.access", "Have it authorised anew, and add a row to authorisations."),
                        "authorisations",
                        columns=(
                            ("organization", row["organization"]),
                            ("facility", row["facility"]),
                            ("since", roster.day),
                        ),
                    ),
                ),
            )


def unanswered(roster: Roster) -> Iterator[Gap]:
    """Requests to meet or to enter that nobody answered in time."""
    for row in roster.all.get("joint_requests", {}).values():
        if row["state"] == JointState.ASKED and row["due"] <= roster.day:
            yield Gap(
                kind="request-overdue",
                severity="major",
                sheet="joint_requests",
                subject=row["id"],
                organization=row["to_organization"],
                tell=Told,
                about=(
                    say(
                        "gap.request-overdue",
                        "{other} has not answered what {body} asked on {since}; it was due on {due}.",
                        other=roster.name("organizations", row["to_organization"]),
                        body=roster.name("organizations", row["organization"]),
                        since=row["since"],
                        due=row["due"],
                    ),
                    Mend(
                        "organization",
                        say("mend.request", "It agrees, or refuses with a reason."),
                        "joint_requests",
                        row["id"],
                        (("state", str(JointState.AGREED)),),
                        command=f"relaypoint joint answer {row['id']} agree --as {row['to_organization']}",
                    ),
                ),
            )


def events(roster: Roster) -> Iterator[Gap]:
    """Trainings, meetings and exercises that were due and not held, or that are suspended."""
    for row in roster.now["events"].values():
        late = row["state"] == EventState.PLANNED and row["on"] < roster.day
        if late or row["state"] == EventState.SUSPENDED:
            text = "{kind} '{name}' was due on {on}; nobody has said whether it was held."
            if not late:
                text = "{kind} '{name}' is suspended; it has no other day yet."
            yield Gap(
                kind="event-overdue" if late else "event-suspended",
                severity="minor",
                sheet="events",
                subject=row["id"],
                organization=None,
                tell=Told,
                about=(
                    say(
                        "gap.event-overdue" if late else "gap.event-suspended",
                        text,
                        kind=str(row["kind"]).capitalize(),
                        name=row["name"],
                        on=row["on"],
                    ),
                    Mend(
                        "coordinator",
                        say("mend.event", "Write in events that it was held, or on which day it will be."),
                        "events",
                        row["id"],
                        (("state", str(EventState.HELD)),),
                    ),
                ),
            )


def turns(rows: Rows) -> set[str]:
    """The days on which an answer is due, and those of the events."""
    return {row["due"] for row in rows.get("joint_requests", {}).values()} | {
        row["on"] for row in rows["events"].values()
    }


def _last(roster: Roster, id: str) -> bool:
    """Whether it is the last of the authorisations of the same for the same."""
    row = roster.all["authorisations"][id]
    alike = (
        each
        for each in roster.all["authorisations"].values()
        if (each["organization"], each["facility"]) == (row["organization"], row["facility"])
    )
    return bool(id == max(alike, key=lambda each: (each["until"] or "9", each["id"]))["id"])


def _both(roster: Roster, organization: str, facility: str) -> bool:
    return organization in roster.now["organizations"] and facility in roster.now["facilities"]
