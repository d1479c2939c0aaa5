"""Who answers at a contact point for the work that lies there, and when nobody does any more.

Its holders come in one order: the primary first, then the deputies by rank. A desk that an office staffs, and one
whose holders were never recorded, is answered by whoever is on duty.
"""

from __future__ import annotations

from relaypoint.domain.gaps_roster import Roster
from relaypoint.domain.model import Holder
from relaypoint.domain.quiet import Reader
from relaypoint.domain.rota import NO_ROTA, Rota, on_duty, turn
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import Text, say


def answering(roster: Roster, desk: str) -> list[Columns]:
    """The holders that answer at a desk on the roster's day, or whose stand-in does; who faces the senders first."""
    held = (row for row in roster.holders.get(desk, ()) if roster.answers(row["id"]))
    duty = on_duty(roster.all["contact_points"][desk], roster.holders.get(desk, ()), roster.day)
    first = duty["id"] if duty else None
    return sorted(held, key=lambda row: (row["id"] != first, row["role"] != "primary", row["rank"] or 1, row["id"]))


def face(holders: tuple[Holder, ...], day: str, taken_by: str | None = None, rota: Rota = NO_ROTA) -> Holder | None:
    """Who answers for a step of a referral: who took it over, else whose turn it is, else the first in order; None
    where no person is recorded as there."""
    first = turn([(h.id, h.rota) for h in holders if h.holds(day)], rota, day)
    order = {h.id: (h.id != first, h.role != "primary", h.rank, h.id) for h in holders}
    there = sorted((h for h in holders if h.answers(day)), key=lambda h: order[h.id])
    return next((h for h in there if h.id == taken_by), next(iter(there), None))


def reader(holders: tuple[Holder, ...], day: str, rota: Rota = NO_ROTA) -> Reader | None:
    """Whose wishes count for what comes in on the day: of who faces the senders, or of who stands in for them; None
    where no person is recorded as there."""
    person = face(holders, day, rota=rota)
    if person is None:
        return None
    instead = next((absence.stand_in for absence in person.away(day) if absence.stand_in), person)
    return Reader(
        language=instead.message_language,
        digest=instead.digest,
        important_only=instead.important_only,
        on_duty=person.id == turn([(h.id, h.rota) for h in holders if h.holds(day)], rota, day),
    )


def unheld(roster: Roster, desk: str) -> Text | None:
    """Why nobody is there for the work of a desk; None where somebody is."""
    row = roster.now["contact_points"].get(desk)
    if row is None:
        return say("handover.desk-ended", "the contact point has ended")
    if row["organization"] not in roster.now["organizations"]:
        return say("handover.organization-ended", "its organization has ended")
    desk = roster.diverted.get(desk, desk)
    row = roster.now["contact_points"][desk]
    if row["staffing"] != "holder" or not roster.former.get(desk):
        return None
    if not roster.holders.get(desk):
        return say("handover.vacant", "nobody holds the contact point any more")
    if not answering(roster, desk):
        return say("handover.away", "who holds the contact point is away, and nobody stands in")
    return None
