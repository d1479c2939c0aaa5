"""Gaps of contact points: whether somebody holds them, and whether they can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.model import takes
from relaypoint.domain.rota import on_duty
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import Text, say


def no_contact_point(roster: Roster) -> Iterator[Gap]:
    bodies, desks = roster.now["organizations"], roster.desks
    for service in roster.now["services"].values():
        owner, wanted = service["organization"], service["service_type"]
        if owner in bodies and not _taken(desks.get(owner, ()), wanted):
            yield Gap(
                kind="no-contact-point",
                severity="critical",
                sheet="services",
                subject=service["id"],
                organization=owner,
                tell=Told,
                about=(
                    say("gap.no-contact-point", "{service} has no contact point.", service=service["name"]),
                    Mend(
                        "organization",
                        say("mend.contact-point", "Add a row to contact_points for it."),
                        "contact_points",
                        columns=(("organization", owner), ("service_types", (wanted,))),
                        then=("no-channel", "no-holder"),
                    ),
                ),
            )


def _taken(desks: Sequence[Columns], wanted: str) -> bool:
    # Asked of every service of a roster: a generator each would cost more than the answer.
    for desk in desks:  # noqa: SIM110
        if takes(desk["service_types"], wanted):
            return True
    return False


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
                **names(roster, desk),
            )
            yield of_desk(roster, desk, "holder-left", "major", text, mend)
        elif not held:
            text = say("gap.no-holder", "{owner}: nobody is recorded as holding '{desk}'.", **names(roster, desk))
            yield of_desk(roster, desk, "no-holder", "major", text, mend)
        elif not any(roster.answers(row["id"]) for row in held):
            text = say(
                "gap.holder-away", "{owner}: who holds '{desk}' is away; nobody stands in.", **names(roster, desk)
            )
            then = Mend(
                "organization",
                say("mend.holder-away", "Its owner fills in stand_in in absences, or adds a deputy to holders."),
                "holders",
                columns=(("contact_point", desk["id"]), ("role", "deputy"), ("since", roster.day)),
                then=("duty-uncovered",),
            )
            yield of_desk(roster, desk, "holder-away", "major", text, then)
        elif len(held) == 1 or all(row["role"] != "deputy" for row in held):
            text = say("gap.no-deputy", "{owner}: nobody stands in for the holder of '{desk}'.", **names(roster, desk))
            yield of_desk(roster, desk, "no-deputy", "minor", text, mend)


def duty(roster: Roster) -> Iterator[Gap]:
    """Whose turn it is on a rota is away, and nobody stands in, though others are there."""
    for desk, _ in roster.owned_desks:
        if not desk["rota_every"]:
            continue
        held = roster.holders.get(desk["id"], ())
        turn = on_duty(desk, held, roster.day)
        if turn is None or roster.answers(turn["id"]):
            continue
        there = [row["id"] for row in held if roster.answers(row["id"])]
        away = [row for row in roster.away.get(turn["id"], ()) if not _covered(roster, row)]
        if there and away:
            yield of_desk(
                roster,
                desk,
                "duty-uncovered",
                "minor",
                say(
                    "gap.duty-uncovered",
                    "{owner}: whose turn it is at '{desk}' is away; nobody stands in.",
                    **names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.duty", "Its owner fills in stand_in in absences."),
                    "absences",
                    away[0]["id"],
                    (("stand_in", there[0]),),
                ),
            )


def _covered(roster: Roster, absence: Columns) -> bool:
    return absence["stand_in"] is not None and roster.answers(absence["stand_in"])


def one_person(roster: Roster) -> Iterator[Gap]:
    """One person is alone in holding several desks: when they are away, all of these are."""
    alone: dict[tuple[str, str], list[Columns]] = {}
    for desk, owner in roster.owned_desks:
        people = {(row["name"] or "").casefold() for row in roster.holders.get(desk["id"], ())}
        if desk["staffing"] == "holder" and len(people) == 1 and (person := people.pop()):
            alone.setdefault((owner, person), []).append(desk)
    for desks in alone.values():
        for desk in desks[1:]:
            yield of_desk(
                roster,
                desk,
                "one-person",
                "minor",
                say(
                    "gap.one-person",
                    "{owner}: one person alone holds '{desk}' and '{other}'.",
                    other=desks[0]["name"],
                    **names(roster, desk),
                ),
                Mend(
                    "organization",
                    say("mend.one-person", "Its owner adds a row to holders, for somebody else."),
                    "holders",
                    columns=(("contact_point", desk["id"]), ("role", "deputy"), ("since", roster.day)),
                ),
            )


def of_desk(roster: Roster, desk: Columns, kind: str, severity: str, text: Text, mend: Mend) -> Gap:
    return _of(desk, kind, severity, Told, (text, mend))


def told_of_desk(roster: Roster, desk: Columns, kind: str, severity: str, tell: Callable[..., Told], *more: Any) -> Gap:
    """A gap that is put into words when it is read: ``tell`` gets the owner's name, the desk's, its id and ``more``."""
    owner = roster.name("organizations", desk["organization"])
    return _of(desk, kind, severity, tell, (owner, desk["name"], desk["id"], *more))


def _of(desk: Columns, kind: str, severity: str, tell: Callable[..., Told], about: tuple[Any, ...]) -> Gap:
    return Gap(kind, severity, "contact_points", desk["id"], desk["organization"], tell, about)


def names(roster: Roster, desk: Columns) -> dict[str, Any]:
    return {"owner": roster.name("organizations", desk["organization"]), "desk": desk["name"]}
