"""Ending a tenure, a contact point, an organization or a task force: not while it holds work that nobody takes.

Whoever takes the open work is named; the roster and the work change in one write. A coordinator may override, with a
reason; what was left is reported as a gap until it is settled. To end again what has ended already settles that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.free_text import checked
from relaypoint.domain.gaps_work import KINDS
from relaypoint.domain.ownership import coordinators, forces, owner
from relaypoint.domain.policy import Action, Subject, one_of
from relaypoint.domain.roster_fields import trimmed
from relaypoint.domain.rows import Columns
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.handing_over import handed_over, passed_on
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.leaving import WITHHELD, Leaving, Work, work_left
from relaypoint.resolvers.leaving_asks import OpenAsk, asks_handed_over, open_asks
from relaypoint.resolvers.open_work import work_as_known
from relaypoint.resolvers.roster_edit import edited
from relaypoint.resolvers.roster_write import Change, roster_steps
from relaypoint.resolvers.seconds import second
from relaypoint.resolvers.writing import earlier, operation_id, write_once

SHEET_OF: Final = {kind: sheet for sheet, kind in KINDS.items()}

#: What nobody takes out of the roster alone.
_BY_TWO: Final = ("organization", "task-force")

#: Work and roster may move in between; what was looked at is looked at again.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Ended:
    """``work`` is the open work it leaves, each with who takes it, or why nobody does; ``asks`` what rounds still ask.
    ``applied`` is False for a dry run, and where ``waits`` for somebody else to say the same; ``overridden`` says
    that work was left to nobody."""

    kind: str
    id: str
    name: str
    day: str
    applied: bool
    overridden: bool
    work: list[Work] = field(default_factory=list)
    waits: bool = False
    asks: list[OpenAsk] = field(default_factory=list)


@permitted(Action.END_ENTRY)
async def end(
    subject: Subject,
    backend: Backend,
    kind: str,
    id: str,
    *,
    to: Sequence[str] = (),
    replaced_by: Sequence[str] = (),
    override: str | None = None,
    idempotency_key: str | None = None,
    dry_run: bool = False,
) -> Ended:
    """Ends the entry today. ``kind`` is holder, contact-point, organization or task-force.

    ``to`` are those who take its open work: for a holder another one of the same desk, otherwise contact points of
    the same organization, or of the organizations that it is ``replaced_by``; each step goes to the first that may
    take it. ``override`` is the reason why it ends although work is left.

    An override, and the end of an organization or a task force, need two people: it waits until another coordinator,
    or the operator, says the same.

    Raises ``NotFound`` also for an entry that is not the subject's to end, ``Invalid`` where work is left that nobody
    takes, or an argument does not fit, and ``Conflict`` where others changed it meanwhile.
    """
    operation = operation_id(subject, backend, idempotency_key)
    request = {"end": kind, "id": id, "to": list(to), "replaced_by": list(replaced_by), "override": override}
    done = None if dry_run else await earlier(backend, operation, request)
    if done is not None:
        return _again(done)
    id, to, replaced_by = _tidy(id), tuple(_tidy(each) for each in to), tuple(_tidy(each) for each in replaced_by)
    for _ in range(_TRIES):
        present = await backend.memory.roster(backend.store)
        leaving = _leaving(subject, present, kind, id, backend.now()[:10])
        reason = None if override is None else _reason(subject, backend, present, leaving, override)
        changes = _changes(present, leaving, replaced_by)
        work = await work_left(backend, present, leaving, changes, to, replaced_by)
        left = [each for each in work if each.taker is None]
        shown, asks = _seen(subject, present, leaving, work), open_asks(present, leaving, to)
        ended = Ended(kind, id, leaving.name, leaving.day, not dry_run, bool(left), shown, asks=asks)
        if not changes and not work:
            raise _ended_already(leaving)
        if dry_run:
            return ended
        if left and reason is None:
            raise _refused(leaving, _seen(subject, present, leaving, left))
        changes = [*changes, *asks_handed_over(backend, present, leaving, asks)]
        noted: dict[str, Any] = {}
        if left:
            noted["override"] = {"reason": reason, "left": [each.handoff for each in left]}
        if (left or leaving.kind in _BY_TWO) and _somebody_else(subject, present, leaving):
            act = {"end": kind, "id": id, "to": list(to), "replaced_by": list(replaced_by), "override": bool(left)}
            two = second(present, subject, act, leaving.day)
            if two.first is None:
                ended = replace(ended, applied=False, waits=True)
                if not two.changes:
                    return ended
                steps = await roster_steps(subject, backend, present, two.changes)
            else:
                noted["first"] = two.first
                steps = await _steps(
                    subject, backend, present, leaving, [*changes, *two.changes], work, noted, operation
                )
        else:
            steps = await _steps(subject, backend, present, leaving, changes, work, noted, operation)
        try:
            result = await write_once(backend, operation, steps, request=request, result=asdict(_stored(ended)))
        except Unmet:
            continue
        return _again(result)
    raise Conflict(
        "end.changed",
        "'{name}' and its work were being changed by others all the time; nothing was ended.",
        path=("id",),
        remedy="Try again.",
        name=id,
    )


async def _steps(
    subject: Subject,
    backend: Backend,
    present: Known,
    leaving: Leaving,
    changes: Sequence[Change],
    work: Sequence[Work],
    noted: dict[str, Any],
    operation: str,
) -> list[Step]:
    """First the desks with their work as it was seen, then the work, then the roster, then what was left and why."""
    lying: dict[str, list[str]] = {desk: [] for desk in leaving.desks}
    for each in leaving.rows:
        lying[each["contact_point"]["id"]].append(each["handoff"]["id"])
    steps = work_as_known(backend, leaving.desks, lying)
    rows = [each.row for each in work if each.taker and each.row]
    if rows and leaving.kind == "holder":
        steps += handed_over(subject, backend, rows, next(each.taker for each in work if each.taker), operation)
    else:
        moves = [(each.row, each.candidate) for each in work if each.row and each.candidate]
        view = view_of(present, backend.clock())
        steps += passed_on(subject, backend, view, moves, operation, present.root["version"])
    if changes:
        marked = [replace(change, noted=noted) for change in changes]
        steps += await roster_steps(subject, backend, present, marked)
    if "override" in noted:
        about = {"reason": noted["override"]["reason"], "at": backend.now(), "by": subject.name}
        properties = {**about, "sheet": leaving.sheet, "subject": leaving.id}
        left = noted["override"]["left"]
        given = {"id": backend.new_id(), "properties": properties, "handoffs": left}
        steps.append(Step("override_record", given, len(left)))
    return steps


def _leaving(subject: Subject, present: Known, kind: str, id: str, day: str) -> Leaving:
    sheet = SHEET_OF.get(kind)
    if sheet is None:
        raise Invalid(
            "end.kind",
            "'{kind}' is nothing that can be ended here.",
            path=("kind",),
            remedy="Use one of: {known}.",
            kind=kind,
            known=", ".join(sorted(SHEET_OF)),
        )
    row = present.rows[sheet].get(id)
    if row is None or not _may_end(subject, present, sheet, row, day):
        raise NotFound(
            "end.none",
            "There is no {what} '{id}' for you to end.",
            path=("id",),
            remedy="Check the id, and for whom you act.",
            what=kind,
            id=id,
        )
    return Leaving(kind, sheet, row, day)


def _may_end(subject: Subject, present: Known, sheet: str, row: Columns, day: str) -> bool:
    """A body ends what is its own to give: its desks and who holds them. The rest is the coordinator's."""
    own = owner(present.rows, sheet, row)
    if sheet in ("holders", "contact_points") and own is not None and own == subject.organization:
        return True
    return _coordinates(subject, present, sheet, row, day)


def _coordinates(subject: Subject, present: Known, sheet: str, row: Columns, day: str) -> bool:
    found = coordinators(present.rows, day, forces(present.rows, day, sheet, row))
    return one_of(subject, found - {owner(present.rows, sheet, row)})


def _somebody_else(subject: Subject, present: Known, leaving: Leaving) -> bool:
    """Whether there is anybody to say the same: for a coordinator the operator, for the operator a coordinator."""
    found = coordinators(present.rows, leaving.day, forces(present.rows, leaving.day, leaving.sheet, leaving.row))
    return subject.organization is not None or bool(found - {owner(present.rows, leaving.sheet, leaving.row)})


def _reason(subject: Subject, backend: Backend, present: Known, leaving: Leaving, override: str) -> str:
    if not _coordinates(subject, present, leaving.sheet, leaving.row, leaving.day):
        raise Invalid(
            "end.override",
            "Only a coordinator may end what still holds work.",
            path=("override",),
            remedy="Say who takes the work, or ask your task force's coordinator.",
        )
    return checked(override, leaving.day, ("override",))


def _changes(present: Known, leaving: Leaving, replaced_by: Sequence[str]) -> list[Change]:
    """The row with its end, by the same checks as an import; none where it has ended already."""
    if replaced_by and leaving.kind != "organization":
        raise Invalid(
            "end.replaced-by",
            "Only an organization is replaced by others.",
            path=("replacedBy",),
            remedy="Leave it out; say who takes the work.",
        )
    row = dict(leaving.row)
    if row["until"] is None or row["until"] > leaving.day:
        row["until"] = leaving.day
    if replaced_by:
        row["replaced_by"] = sorted({*row["replaced_by"], *replaced_by})
    return edited(present, leaving.sheet, row, leaving.day, {"replaced_by": ("replacedBy",)})


def _seen(subject: Subject, present: Known, leaving: Leaving, work: Sequence[Work]) -> list[Work]:
    """As the subject may see it: a coordinator is on none of these cases, and learns how many there are, not which."""
    own = owner(present.rows, leaving.sheet, leaving.row)
    if subject.organization in (None, own):
        return list(work)
    return [replace(each, reference=WITHHELD, handoff=WITHHELD, sender=WITHHELD) for each in work]


def _refused(leaving: Leaving, left: Sequence[Work]) -> Invalid:
    takers = ", ".join(leaving.takers)
    return Invalid(
        "end.open-work",
        "'{name}' holds open referral steps that nobody takes: {count}. The first: {reference}, {text}.",
        path=("to",),
        remedy="Name who takes them: one of {takers}." if takers else "{how}",
        name=leaving.name,
        count=len(left),
        reference=left[0].reference,
        text=left[0].text,
        takers=takers,
        how={
            "holder": "Add a successor or deputy of that desk to holders, then name them.",
            "task-force": "Have both bodies in another task force, or settle the steps first.",
        }.get(leaving.kind, "Have another contact point of the same body, or of its successor, take them."),
    )


def _ended_already(leaving: Leaving) -> Invalid:
    return Invalid(
        "end.already",
        "'{name}' ended on {until}; there is nothing left to hand over.",
        path=("id",),
        remedy="Nothing needs to be done.",
        name=leaving.name,
        until=leaving.row["until"],
    )


def _tidy(id: str) -> str:
    return trimmed(id).lower()


def _stored(ended: Ended) -> Ended:
    """As it is kept for a repeat of the request: without what the decision was made on."""
    return Ended(
        ended.kind,
        ended.id,
        ended.name,
        ended.day,
        ended.applied,
        ended.overridden,
        [w.told() for w in ended.work],
        ended.waits,
        ended.asks,
    )


def _again(result: dict[str, Any]) -> Ended:
    parts = {"work": [Work(**each) for each in result["work"]], "asks": [OpenAsk(**each) for each in result["asks"]]}
    return Ended(**{**result, **parts})
