"""Gaps of open work: steps of referrals that lie where nobody answers any more, or that were left there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.handover import unheld
from relaypoint.domain.rows import Rows
from relaypoint.domain.texts import Text, say

#: What may end while it holds work, by sheet.
KINDS: Final = {
    "holders": "holder",
    "contact_points": "contact-point",
    "organizations": "organization",
    "task_forces": "task-force",
}


@dataclass(frozen=True, slots=True)
class OpenStep:
    """An open step of a referral: the contact point that holds it, and the organization that sent it."""

    handoff: str
    desk: str
    sender: str


@dataclass(frozen=True, slots=True)
class Left:
    """The steps that are still open of those that an entry left behind when a coordinator ended it all the same."""

    sheet: str
    subject: str
    reason: str
    handoffs: tuple[str, ...]


def work(roster: Roster, steps: Sequence[OpenStep], left: Sequence[Left]) -> Iterator[Gap]:
    """What a coordinator left with a reason is told as that, and not once more as having nobody."""
    told = {handoff for each in left for handoff in each.handoffs}
    for sheet, subject in dict.fromkeys((each.sheet, each.subject) for each in left):
        of = [each for each in left if (each.sheet, each.subject) == (sheet, subject)]
        count = len({handoff for each in of for handoff in each.handoffs})
        row = roster.all[sheet][subject]
        yield _gap(
            roster,
            "work-left",
            "major",
            sheet,
            subject,
            say(
                "gap.work-left",
                "'{name}' ended with {count} open referral steps that nobody took: {reason}",
                name=row["name"] or subject,
                count=count,
                reason=of[-1].reason,
            ),
        )
    desks: dict[str, int] = {}
    senders: dict[str, int] = {}
    for step in steps:
        if step.handoff not in told:
            desks[step.desk] = desks.get(step.desk, 0) + 1
            senders[step.sender] = senders.get(step.sender, 0) + 1
    for desk, count in desks.items():
        why = unheld(roster, desk)
        if why is not None:
            owner = roster.all["contact_points"][desk]["organization"]
            names = {"owner": roster.name("organizations", owner), "desk": roster.name("contact_points", desk)}
            text = "{owner}: there are open referral steps at '{desk}' ({count}), but {why}."
            said = say("gap.work-unheld", text, count=count, why=why, **names)
            yield _gap(roster, "work-unheld", "critical", "contact_points", desk, said)
    for sender, count in senders.items():
        if sender not in roster.now["organizations"]:
            name = roster.name("organizations", sender)
            text = "{name} has ended; nobody is told what becomes of the referrals that it sent: {count}."
            said = say("gap.sender-ended", text, name=name, count=count)
            yield _gap(roster, "sender-ended", "major", "organizations", sender, said)


def ends(rows: Rows, steps: Sequence[OpenStep]) -> Collection[str]:
    """The days on which somebody leaves who holds open work, or who sent it."""
    desks = {step.desk for step in steps}
    bodies = {step.sender for step in steps} | {rows["contact_points"][desk]["organization"] for desk in desks}
    leaving = [
        *(rows["contact_points"][desk]["until"] for desk in desks),
        *(rows["organizations"][body]["until"] for body in bodies),
        *(row["until"] for row in rows["holders"].values() if row["contact_point"] in desks),
    ]
    return {day for day in leaving if day}


def _gap(roster: Roster, kind: str, severity: str, sheet: str, subject: str, text: Text) -> Gap:
    row = roster.all[sheet][subject]
    owner = row.get("organization")
    if sheet == "holders":
        owner = roster.all["contact_points"][row["contact_point"]]["organization"]
    command = f"relaypoint end {KINDS[sheet]} {subject} --to TAKER"
    if sheet == "contact_points" and subject in roster.now["contact_points"] and owner in roster.now["organizations"]:
        mend = say("mend.work-vacant", "Add a successor or deputy of the desk to holders; they take it over.")
    elif kind == "sender-ended" or sheet == "task_forces":
        mend, command = say("mend.work-settle", "Have each of these steps settled by who holds it."), ""
    else:
        mend = say("mend.work-take", "Name who takes it: {command}", command=command)
    return Gap(
        kind=kind,
        severity=severity,
        sheet=sheet,
        subject=subject,
        organization=subject if sheet == "organizations" else owner,
        tell=Told,
        about=(text, Mend("coordinator", mend, sheet, subject, command=command or None)),
    )
