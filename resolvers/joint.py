"""Joint work: requests to meet or to be let in somewhere, with the same rule as referrals: none ends in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relaypoint.domain.clock import later, parse_day, parse_end
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.free_text import checked
from relaypoint.domain.model import holds
from relaypoint.domain.ownership import coordinators, forces
from relaypoint.domain.policy import Action, Subject, may_act_for, one_of
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.words import JointKind, JointState
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known, rows_on
from relaypoint.resolvers.roster_edit import decided, kept
from relaypoint.resolvers.roster_write import Change
from relaypoint.resolvers.unknown import not_yours, unknown

#: An answer that is due later than this is none.
LONGEST: Final = 92

#: Nobody agrees on a day that is farther away.
_FARTHEST: Final = 366

#: What can be done with a request, and what it is then.
VERBS: Final = {
    "agree": JointState.AGREED,
    "refuse": JointState.REFUSED,
    "withdraw": JointState.WITHDRAWN,
}


@permitted(Action.ASK_JOINTLY)
async def ask(
    subject: Subject,
    backend: Backend,
    organization: str,
    to: str,
    kind: str,
    reason: str,
    due: str,
    *,
    facility: str | None = None,
    idempotency_key: str | None = None,
) -> Columns:
    """Asks another organization to meet, or to be let into a facility or a hot spot; returns the request.

    Raises ``NotFound`` for another's organization and for what the roster does not hold, ``Invalid`` for the words,
    the day, the reason, and where it is not said where to enter.
    """
    today = backend.now()[:10]
    body, other = organization.strip().lower(), to.strip().lower()
    if not may_act_for(subject, body):
        raise not_yours(body)
    if other == body:
        raise Invalid(
            "joint.itself",
            "An organization does not ask itself.",
            path=("organization",),
            remedy="Name the other organization.",
        )
    wanted = kind.strip().lower()
    if wanted not in set(JointKind):
        raise _word("joint.kind", "kind", kind, JointKind)
    place = facility.strip().lower() if facility else None
    if (wanted == JointKind.ENTER) != (place is not None):
        raise Invalid(
            "joint.facility",
            "To be let in somewhere, one names the facility; to meet, one does not.",
            path=("facility",),
            remedy="`relaypoint facility list` shows them.",
        )
    row = {
        "organization": body,
        "to_organization": other,
        "kind": wanted,
        "facility": place,
        "reason": checked(reason, today, ("reason",)),
        "due": parse_end(due, today, LONGEST, path=("due",)),
        "since": today,
    }

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        for field, id in (("from", body), ("organization", other)):
            found = known.rows["organizations"].get(id)
            if found is None or not holds(found, today):
                raise await unknown(backend, field, id, "an organization")
        there = known.rows["facilities"].get(place or "")
        if place is not None and (there is None or not holds(there, today)):
            raise NotFound(
                "joint.no-facility",
                "'{facility}' is not a facility in this roster.",
                path=("facility",),
                remedy="`relaypoint facility list` shows them.",
                facility=place[:60],
            )
        id = f"request-{len(known.rows['joint_requests']) + 1}"
        return kept(known, "joint_requests", [{"id": id, **row}], today), {"id": id}

    done = await decided(subject, backend, decide, {"ask": row}, idempotency_key)
    return (await backend.memory.roster(backend.store)).rows["joint_requests"][done.answer["id"]]


@permitted(Action.ASK_JOINTLY)
async def answer(
    subject: Subject,
    backend: Backend,
    id: str,
    verb: str,
    *,
    reason: str | None = None,
    on: str | None = None,
    idempotency_key: str | None = None,
) -> Columns:
    """The other side agrees (``on`` a day) or refuses with a reason; whoever asked withdraws.

    Raises ``NotFound`` for what is not the subject's, ``Invalid`` for the verb and the reason, ``Conflict`` where it
    was answered.
    """
    today = backend.now()[:10]
    wanted = verb.strip().lower()
    if wanted not in VERBS:
        raise _word("joint.verb", "verb", verb, VERBS)
    if wanted == "refuse" and not reason:
        raise Invalid(
            "joint.why",
            "Whoever asked needs to know why not.",
            path=("reason",),
            remedy="Give a reason in a sentence.",
        )
    said = checked(reason, today, ("reason",)) if reason else None
    day = parse_day(on, path=("on",)) if on else None
    if day is not None and not today <= day <= later(today, _FARTHEST):
        raise Invalid(
            "joint.on",
            "{day} is not a day on which that can be.",
            path=("on",),
            remedy="Give one from today on, within a year.",
            day=day,
        )
    id = id.strip().lower()

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        row = known.rows["joint_requests"].get(id)
        side = "organization" if wanted == "withdraw" else "to_organization"
        if row is None or not may_act_for(subject, row[side]):
            raise NotFound(
                "joint.none",
                "There is no request '{id}' for you to {verb}.",
                path=("id",),
                remedy="`relaypoint joint list` shows those that concern you.",
                id=id[:60],
                verb=wanted,
            )
        if row["state"] != JointState.ASKED:
            raise Conflict(
                "joint.answered",
                "This request was {state} on {until}.",
                path=("id",),
                remedy="Ask anew if that has changed.",
                state=row["state"],
                until=row["until"],
            )
        after = {**row, "state": VERBS[wanted], "answer": said, "on": day, "until": today}
        return kept(known, "joint_requests", [after], today), {"id": id}

    request = {"answer": id, "verb": wanted, "reason": said, "on": day}
    await decided(subject, backend, decide, request, idempotency_key)
    return (await backend.memory.roster(backend.store)).rows["joint_requests"][id]


@permitted(Action.ASK_JOINTLY)
async def requests(subject: Subject, backend: Backend, *, past: bool = False) -> list[Columns]:
    """Those that the subject made, has to answer, or coordinates, the next due first; ``past``: also answered ones."""
    rows, day = await rows_on(backend)
    found = [row for row in rows["joint_requests"].values() if past or row["state"] == JointState.ASKED]
    mine = [row for row in found if may_see(subject, rows, row, day)]
    return sorted(mine, key=lambda row: (row["due"], row["id"]))


@permitted(Action.READ_ROSTER)
async def facilities(
    subject: Subject, backend: Backend, *, organization: str | None = None, as_of: str | None = None
) -> list[tuple[Columns, list[Columns]]]:
    """The facilities by id, each with the authorisations in force; of an organization, those that it may enter. Raises
    ``NotFound`` for one that the roster does not hold."""
    rows, day = await rows_on(backend, as_of)
    if organization is not None and organization not in rows["organizations"]:
        raise await unknown(backend, "organization", organization, "an organization")
    found = []
    for id, row in sorted(rows["facilities"].items()):
        may = [
            each
            for _, each in sorted(rows["authorisations"].items())
            if each["facility"] == id and holds(each, day) and organization in (None, each["organization"])
        ]
        if holds(row, day) and (may or organization is None):
            found.append((row, may))
    return found


def may_see(subject: Subject, rows: Rows, row: Columns, day: str) -> bool:
    sides = [row[each] for each in _SIDES]
    both = [forces(rows, day, "organizations", rows["organizations"][each]) for each in sides]
    return one_of(subject, {*sides, *coordinators(rows, day, set.intersection(*both))})


_SIDES: Final = ("organization", "to_organization")


def _word(id: str, field: str, typed: str, known: Any) -> Invalid:
    return Invalid(
        id,
        "'{typed}' is none of the words for this.",
        path=(field,),
        remedy="Use one of: {known}.",
        typed=typed[:60],
        known=", ".join(known),
    )
