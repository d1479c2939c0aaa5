"""Gaps of people: who has not said for too long that they still hold a contact point, who says that they left, and
what nobody has read or answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from relaypoint.domain.clock import shortest
from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.guidance import Reader, readers
from relaypoint.domain.guidance import turns as guidance_turns
from relaypoint.domain.rounds import last_day
from relaypoint.domain.rows import Columns, Rows, grouped
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import ProposalState, RequestState

#: How long one person's wish stands for another to say the same.
STANDS: Final = "P7D"

#: A proposal that is older has been overlooked.
_ANSWERED_WITHIN: Final = "P7D"


def unconfirmed(roster: Roster) -> Iterator[Gap]:
    """Holders whom nobody has heard of for longer than a task force allows, or who did not answer a round in time."""
    asked = _requests(roster.all)
    if not asked and not any(force["confirm_every"] for force in roster.now["task_forces"].values()):
        return
    for desk, owner in roster.owned_desks:
        every = _every(roster, owner)
        if desk["staffing"] != "holder" or (every is None and not asked):
            continue
        held = roster.holders.get(desk["id"], [])
        left = [row for row in held if _left(asked.get(row["id"]), row)]
        silent = {row["id"]: text for row in held if row not in left and (text := _silent(roster, row, asked, every))}
        sure = len(held) - len(left) - len(silent)
        for row in left:
            yield _gap(
                roster,
                "holder-gone",
                row,
                desk,
                "major",
                say("gap.holder-gone", "{owner}: {who} of '{desk}' says that they have left.", **_names(roster, row)),
                Mend(
                    "organization",
                    say("mend.holder-gone", "Its owner ends the tenure, and names who takes over."),
                    "holders",
                    row["id"],
                    (("until", roster.day),),
                    then=("holder-left", "no-deputy", "one-person", "holder-away", "duty-uncovered"),
                    command=f"relaypoint end holder {row['id']} --to TAKER",
                ),
            )
        for row in held:
            if row["id"] in silent:
                yield _gap(
                    roster,
                    "unconfirmed",
                    row,
                    desk,
                    "minor" if sure else "major",
                    silent[row["id"]],
                    _confirm(row, roster),
                )


def proposals_waiting(roster: Roster) -> Iterator[Gap]:
    """Proposed changes that nobody has accepted or declined for a week."""
    for row in roster.all.get("proposals", {}).values():
        if row["state"] == ProposalState.OPEN and last_day(_ANSWERED_WITHIN, row["since"]) <= roster.day:
            yield Gap(
                kind="proposal-waiting",
                severity="minor",
                sheet="proposals",
                subject=row["id"],
                organization=row["organization"],
                tell=Told,
                about=(
                    say(
                        "gap.proposal-waiting",
                        "A change of {entry} in {sheet} was proposed on {since}; nobody has answered.",
                        entry=row["row"],
                        sheet=row["on_sheet"],
                        since=row["since"],
                    ),
                    Mend(
                        "coordinator",
                        say("mend.proposal", "Accept it, or decline it with a reason."),
                        "proposals",
                        row["id"],
                        (("state", str(ProposalState.ACCEPTED)),),
                        command=f"relaypoint proposal accept {row['id']}",
                    ),
                ),
            )


def seconds_waiting(roster: Roster) -> Iterator[Gap]:
    """What one person wants to be done that takes two, as long as their wish stands."""
    for row in roster.all.get("seconds", {}).values():
        if row["until"] is not None or not row["since"] <= roster.day < last_day(STANDS, row["since"]):
            continue
        act = json.loads(row["act"])
        words = ["relaypoint end", act["end"], act["id"]]
        for option, values in (("--to", act["to"]), ("--replaced-by", act["replaced_by"])):
            words += [f"{option} {value}" for value in values]
        command = " ".join([*words, *(["--override REASON"] if act["override"] else [])])
        yield Gap(
            kind="second-waiting",
            severity="minor",
            sheet="seconds",
            subject=row["id"],
            organization=None,
            tell=Told,
            about=(
                say(
                    "gap.second-waiting",
                    "{by} wants to end {kind} '{id}' since {since}; "
                    "it takes another one to say the same before {until}.",
                    by=row["by"],
                    kind=act["end"],
                    id=act["id"],
                    since=row["since"],
                    until=last_day(STANDS, row["since"]),
                ),
                Mend(
                    "coordinator",
                    say("mend.second", "Another coordinator, or the operator, says the same, or it lapses."),
                    "seconds",
                    row["id"],
                    (("until", roster.day),),
                    command=command,
                ),
            ),
        )


def guidance_unread(roster: Roster) -> Iterator[Gap]:
    """Holders who have not acknowledged in time what they have to."""
    for guidance in roster.now["guidance"].values():
        if guidance["acknowledge_by"] is None:
            continue
        for reader in readers(roster, guidance):
            if reader.read_on is None and reader.due is not None and reader.due <= roster.day:
                yield _unread(roster, reader)


def turns(rows: Rows) -> set[str]:
    """The days on which an answer is due, or what was said last is too long ago."""
    found = {last_day(_ANSWERED_WITHIN, row["since"]) for row in rows.get("proposals", {}).values()}
    found |= guidance_turns(rows)
    found |= {row["due"] for row in rows.get("rounds", {}).values()}
    durations = {force["confirm_every"] for force in rows["task_forces"].values() if force["confirm_every"]}
    for row in rows["holders"].values() if durations else ():
        if said := row["confirmed_on"] or row["since"]:
            found |= {last_day(every, said) for every in durations}
    return found


def _every(roster: Roster, owner: str) -> str | None:
    forces = {force for each in roster.roles.get(owner, ()) for force in roster.around(each["task_force"])}
    durations = (roster.now["task_forces"][force]["confirm_every"] for force in sorted(forces))
    return shortest(durations)


def _requests(rows: Rows) -> Mapping[str, Columns]:
    """By holder, the last request that asked them."""
    last = {}
    for holder, requests in grouped(rows.get("requests", {}).values(), "holder").items():
        last[holder] = max(requests, key=lambda row: (row["since"], row["id"]))
    return last


def _left(request: Columns | None, holder: Columns) -> bool:
    if request is None or request["state"] != RequestState.LEFT:
        return False
    return holder["confirmed_on"] is None or holder["confirmed_on"] < request["until"]


def _silent(roster: Roster, holder: Columns, asked: Mapping[str, Columns], every: str | None) -> Text | None:
    """Why it isn't known that this holder is still there; None where it is."""
    names = _names(roster, holder)
    request, said = asked.get(holder["id"]), holder["confirmed_on"]
    if said and said > roster.day:
        said = None  # What is said to happen later has not.
    if request and request["state"] == RequestState.ASKED and not (said and said >= request["since"]):
        due = roster.all["rounds"][request["round"]]["due"]
        if due <= roster.day:
            text = "{owner}: {who} of '{desk}' has not answered the confirmation round of {since}, due on {due}."
            return say("gap.unanswered", text, since=request["since"], due=due, **names)
    last = said or holder["since"]
    if every is None or (last is not None and roster.day < last_day(every, last)):
        return None
    if last is None:
        return say("gap.never-confirmed", "{owner}: {who} of '{desk}' has never confirmed that they hold it.", **names)
    text = "{owner}: {who} of '{desk}' last confirmed on {last} that they hold it."
    return say("gap.unconfirmed", text, last=last, **names)


def _confirm(holder: Columns, roster: Roster) -> Mend:
    return Mend(
        "organization",
        say("mend.confirm", "Its owner says that they still hold it, or ends the tenure."),
        "holders",
        holder["id"],
        (("confirmed_on", roster.day),),
        command=f"relaypoint edit holders {holder['id']} confirmed_on={roster.day}",
    )


def _gap(roster: Roster, kind: str, holder: Columns, desk: Columns, severity: str, text: Text, mend: Mend) -> Gap:
    return Gap(
        kind=kind,
        severity=severity,
        sheet="holders",
        subject=holder["id"],
        organization=desk["organization"],
        tell=Told,
        about=(text, mend),
    )


def _names(roster: Roster, holder: Columns) -> dict[str, str]:
    desk = roster.all["contact_points"][holder["contact_point"]]
    return {
        "owner": roster.name("organizations", desk["organization"]),
        "desk": desk["name"],
        "who": _who(holder),
    }


def _who(holder: Columns) -> str:
    return "the first holder" if holder["role"] == "primary" else "a deputy"


def _unread(roster: Roster, reader: Reader) -> Gap:
    guidance, holder = reader.guidance, reader.holder
    command = f"relaypoint guidance acknowledge {guidance['id']} --holder {holder['id']} --as {reader.organization}"
    return Gap(
        kind="guidance-unread",
        severity="minor",
        sheet="guidance",
        subject=guidance["id"],
        organization=reader.organization,
        holder=holder["id"],
        tell=Told,
        about=(
            say(
                "gap.guidance-unread",
                "{owner}: {who} of '{desk}' has not acknowledged version {version} of '{name}', due on {due}.",
                owner=roster.name("organizations", reader.organization),
                who=_who(holder),
                desk=roster.name("contact_points", holder["contact_point"]),
                version=guidance["version"],
                name=guidance["name"],
                due=reader.due,
            ),
            Mend(
                "organization",
                say("mend.guidance", "They read it, and say so."),
                "guidance",
                guidance["id"],
                command=command,
            ),
        ),
    )
