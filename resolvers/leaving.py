"""The open work that somebody or something leaves, and for each piece who may take it, or why nobody does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from relaypoint.domain.answer import Candidate, Finding
from relaypoint.domain.errors import Invalid
from relaypoint.domain.gaps_roster import Roster
from relaypoint.domain.handoffs import Status
from relaypoint.domain.handover import answering
from relaypoint.domain.model import takes
from relaypoint.domain.rows import Columns
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import StoredCase, stored_case
from relaypoint.resolvers.finding import find_again
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.open_handoffs import known_steps, open_steps
from relaypoint.resolvers.roster_write import Change, changed

#: What stands for what is of a case, for those who are not on it.
WITHHELD: Final = "(withheld)"


@dataclass(slots=True)
class Leaving:
    """Who or what leaves on the day. ``desks``, ``rows`` and ``takers`` are filled in by ``work_left``: the contact
    points concerned, the open steps that lie there, and the ids of those who could take them."""

    kind: str
    sheet: str
    row: Columns
    day: str
    desks: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    takers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def name(self) -> str:
        return str(self.row["name"] or self.row["id"])


@dataclass(frozen=True, slots=True)
class Work:
    """One open step. ``taker`` is the id of the holder or contact point that takes it; None: nobody, as ``text``
    says. ``row`` and ``candidate`` are what the move is made from."""

    handoff: str
    reference: str
    status: str
    priority: str
    sender: str
    contact_point: str
    taker: str | None
    text: str
    row: Row | None = field(default=None, repr=False)
    candidate: Candidate | None = field(default=None, repr=False)

    def told(self) -> Work:
        return replace(self, row=None, candidate=None)


async def work_left(
    backend: Backend,
    present: Known,
    leaving: Leaving,
    changes: Sequence[Change],
    to: Sequence[str],
    replaced_by: Sequence[str],
) -> list[Work]:
    """The work by its id. Raises ``Invalid`` for a taker that can't be one."""
    after = Roster(changed(present.rows, changes), leaving.day)
    if leaving.kind == "task-force":
        return await _uncoordinated(backend, after, leaving, to)
    leaving.desks = _desks(present, leaving)
    leaving.rows = await backend.store.read("work_of", desks=list(leaving.desks), day=leaving.day)
    if leaving.kind == "holder":
        return _of_holder(present, after, leaving, to)
    heirs = {leaving.row["organization"]} if leaving.kind == "contact-point" else set()
    if leaving.kind == "organization":
        heirs = set(after.all["organizations"][leaving.id]["replaced_by"]) & after.now["organizations"].keys()
    leaving.takers = tuple(sorted(desk["id"] for desk, owner in after.owned_desks if owner in heirs))
    for index, each in enumerate(to):
        if each not in leaving.takers:
            raise _no_taker(leaving, index, each)
    work = [_passed(backend, present, after, row, to) for row in leaving.rows]
    return work + (await _sent(backend, leaving) if leaving.kind == "organization" else [])


def _desks(present: Known, leaving: Leaving) -> tuple[str, ...]:
    if leaving.kind == "holder":
        return (leaving.row["contact_point"],)
    if leaving.kind == "contact-point":
        return (leaving.id,)
    desks = present.rows["contact_points"].values()
    return tuple(sorted(desk["id"] for desk in desks if desk["organization"] == leaving.id))


# a tenure: the desk and its work stay, another face answers for it


def _of_holder(present: Known, after: Roster, leaving: Leaving, to: Sequence[str]) -> list[Work]:
    desk = leaving.row["contact_point"]
    there = [row["id"] for row in answering(after, desk)]
    leaving.takers = tuple(there)
    if len(to) > 1:
        raise Invalid("end.one-taker", "One person takes the work of a desk.", path=("to",), remedy="Name one.")
    if to and to[0] not in there:
        raise _no_taker(leaving, 0, to[0])
    if after.all["contact_points"][desk]["staffing"] != "holder":
        return []
    before = [row["id"] for row in answering(Roster(present.rows, leaving.day), desk)]
    # Of one who has left already: what nobody has taken since.
    first = (
        leaving.id if leaving.row["until"] and leaving.row["until"] <= leaving.day else next(iter(before), leaving.id)
    )
    text = f"goes to {to[0]}" if to else "nobody is named who takes it"
    return [
        _work(row, to[0] if to else None, text)
        for row in leaving.rows
        if (row["taken_by"] if row["taken_by"] in before else first) == leaving.id
    ]


# a desk or a body: the work goes to another desk, by the rules that the case was sent under


def _passed(backend: Backend, present: Known, after: Roster, row: Row, to: Sequence[str]) -> Work:
    if not to:
        return _work(row, None, "no contact point is named that takes it")
    case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
    need = case.need(row, row["sender"]["id"])
    if need is None:
        return _work(row, None, "its case can't be read, so it can't be known whom it avoids")
    found = find_again(present, need, backend.clock())
    for desk in to:
        candidate = _candidate(found, desk, case, row)
        if candidate is not None:
            return replace(_work(row, desk, f"goes to {desk}"), candidate=candidate)
    if not any(takes(after.all["contact_points"][desk]["service_types"], need.service) for desk in to):
        return _work(row, None, f"no contact point that is named is for {need.service}")
    # Which of the case's conditions it is would tell whom it avoids.
    return _work(row, None, "by its conditions it can't go there; its sender has to decide")


def _candidate(found: Finding, desk: str, case: StoredCase, row: Row) -> Candidate | None:
    """The desk, where the person's consent reaches it: the same body's other desk, or one that they agreed to."""
    for candidate in found.candidates:
        hops, owner = candidate.route.hops, candidate.service.organization.id
        if candidate.contact_point.id == desk and len(hops) <= 1:
            agreed = case.may_move_to(owner, row["service_type"], row["receiver"]["id"])
            return candidate if agreed or not any(hop.consent == "required" for hop in hops) else None
    return None


async def _sent(backend: Backend, leaving: Leaving) -> list[Work]:
    """What the body itself referred: to whom would be told what becomes of it?"""
    rows = await backend.store.read("work_sent_by", organization=leaving.id)
    return [
        replace(_work({**row, "sender": leaving.row}, None, "it was sent by this organization itself"), row=None)
        for row in rows
    ]


# a task force: the work stays where it is, but the two bodies may have nobody to turn to between them


async def _uncoordinated(backend: Backend, after: Roster, leaving: Leaving, to: Sequence[str]) -> list[Work]:
    if to:
        raise Invalid(
            "end.task-force-to",
            "The work of a task force's members stays with them.",
            path=("to",),
            remedy="Leave it out.",
        )

    def forces(organization: str) -> set[str]:
        return {role["task_force"] for role in after.roles.get(organization, ())}

    work = []
    open = dict.fromkeys(step["id"] for step in await open_steps(backend, None))
    for row in await known_steps(backend, [*open]):
        if not (row["must_see"] or Status(row["handoff"]["status"]).open):
            continue  # What is left to be erased there is no coordinator's to know.
        both = forces(row["sender"]) & forces(after.all["contact_points"][row["desk"]]["organization"])
        if leaving.id in both and not any(after.now["task_forces"].get(each, {}).get("coordinator") for each in both):
            row = {**row, "sender": after.all["organizations"][row["sender"]], "contact_point": {"id": row["desk"]}}
            work.append(_work(row, None, "its two bodies share no other task force with a coordinator"))
    return [replace(each, row=None) for each in work]


def _work(row: Mapping[str, Any], taker: str | None, text: str) -> Work:
    return Work(
        handoff=row["handoff"]["id"],
        reference=row["referral"]["reference"],
        status=row["handoff"]["status"],
        priority=row["referral"]["priority"],
        sender=row["sender"]["name"],
        contact_point=row["contact_point"]["id"],
        taker=taker,
        text=text,
        row=dict(row),
    )


def _no_taker(leaving: Leaving, index: int, typed: str) -> Invalid:
    return Invalid(
        "end.taker",
        "'{typed}' can't take the work of '{name}'.",
        path=("to", str(index)),
        remedy="Use one of: {takers}." if leaving.takers else "{how}",
        typed=typed,
        name=leaving.name,
        takers=", ".join(leaving.takers),
        how="Nobody can yet: add a holder of the same desk, or a contact point of the same body or its successor.",
    )
