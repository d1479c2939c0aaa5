"""Changes of single entries: one's own at once, others' as a proposal that its owner or the coordinator decides on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.free_text import checked
from relaypoint.domain.languages import unwritten
from relaypoint.domain.ownership import OWN_COMMANDS, at_once, deciders, owner
from relaypoint.domain.policy import Action, Kind, Subject
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.roster_fields import trimmed
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.texts import Text
from relaypoint.domain.words import ProposalState
from relaypoint.graph import Step
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.edit_rules import completed, refused
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.proposals import Differs, Proposal, deciders_of, may_decide, may_see, proposal, stale
from relaypoint.resolvers.roster_edit import decided, edited, held, kept
from relaypoint.resolvers.roster_write import Change
from relaypoint.resolvers.tables_cells import cell
from relaypoint.resolvers.vouching import decided_already, vouched

#: What can be done with an open proposal, and what it is then.
VERBS: Final = {
    "accept": ProposalState.ACCEPTED,
    "decline": ProposalState.DECLINED,
    "withdraw": ProposalState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``proposal`` is set where it was not the subject's to change at once. ``applied``: the entry is so now."""

    sheet: str
    id: str
    changes: Sequence[Differs]
    applied: bool
    proposal: Proposal | None = None

    @property
    def warnings(self) -> list[Text]:
        """What is taken as it is, and does not do what was wanted."""
        found = (unwritten(self.sheet, self.id, each.column, each.after) for each in self.changes)
        return [text for text in found if text is not None]


@permitted(Action.EDIT_ROSTER)
async def edit(
    subject: Subject,
    backend: Backend,
    sheet: str,
    id: str,
    cells: Mapping[str, str],
    *,
    new: bool = False,
    reason: str | None = None,
    idempotency_key: str | None = None,
    preview: bool = False,
) -> Outcome:
    """Changes columns of an entry, or adds a ``new`` one; ``cells`` as a file of the sheet would hold them, ""
    empties. A channel whose address changes is unproven; a capacity that changes holds from today.

    At once for one's own entry, for whoever decides on it, and for the operator; otherwise it becomes a proposal.
    Raises ``NotFound`` for an entry that is not there, ``Invalid`` for the sheet, the columns, what an import would
    refuse, days to come, an end that ``end`` has to make, and work that would be left.
    """
    name = _sheet(sheet)
    id = trimmed(id).upper() if name == "jurisdictions" else trimmed(id).lower()
    said = checked(reason, backend.now()[:10], ("reason",)) if reason else None
    given = _columns(name, cells)
    request = {"edit": name, "id": id, "columns": given, "reason": said}
    paths = _paths(name)

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        day = backend.now()[:10]
        if name == "memberships" and given.get("vouched_by", "").strip() and subject.organization is not None:
            raise Invalid(
                "edit.vouchers",
                "Members vouch for a newcomer themselves.",
                path=("columns", "vouched_by"),
                remedy="Leave it out; each of them uses: relaypoint proposal vouch.",
            )
        changes, columns = _wanted(known, name, id, given, day, new=new)
        if changes and _suspended(changes[0]) and said is None:
            raise Invalid(
                "edit.suspension",
                "Who suspends an organization says why; its task forces' members read it.",
                path=("reason",),
                remedy="Give a reason in a sentence, without personal data.",
            )
        told = {"sheet": name, "id": id, "changes": _told(changes, columns), "applied": not preview}
        if not changes or _alone(subject, known.rows, day, changes[0]):
            return changes, told
        made = number(known.rows)
        by = {"id": made, "organization": subject.organization, "reason": said}
        proposed = _proposed(known, changes[0], columns, by, day)
        return proposed, {**told, "applied": False, "proposal": None if preview else made}

    async def locks(known: Known, changes: Sequence[Change]) -> Sequence[Step]:
        return await held(backend, known, name, changes, paths)

    done = await decided(subject, backend, decide, request, idempotency_key, preview=preview, held=locks)
    answer = done.answer
    made = answer.get("proposal")
    return Outcome(
        sheet=name,
        id=id,
        changes=[Differs(**each) for each in answer["changes"]],
        applied=answer["applied"],
        proposal=await proposal(subject, backend, made) if made else None,
    )


@permitted(Action.EDIT_ROSTER)
async def decide(
    subject: Subject,
    backend: Backend,
    id: str,
    verb: str,
    *,
    reason: str | None = None,
    idempotency_key: str | None = None,
) -> Proposal:
    """Accepts, declines or withdraws a proposal; accepted, the entry is changed in the same write.

    To decline needs a reason. Raises ``NotFound`` for what is not the subject's to decide, ``Conflict`` where the
    entry was changed since, and what ``edit`` raises.
    """
    today = backend.now()[:10]
    state = VERBS.get(verb.strip().lower())
    if state is None:
        raise Invalid(
            "proposal.verb",
            "'{verb}' is nothing that can be done with a proposal.",
            path=("verb",),
            remedy="Use one of: {known}.",
            verb=verb,
            known=", ".join(VERBS),
        )
    if state is ProposalState.DECLINED and not reason:
        raise Invalid(
            "proposal.why",
            "Whoever proposed it needs to know why not.",
            path=("reason",),
            remedy="Give a reason in a sentence.",
        )
    answer = checked(reason, today, ("reason",)) if reason else None
    id = id.strip().lower()

    async def rows(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        row = _open(subject, known, id, state, today)
        changes: list[Change] = []
        if state is ProposalState.ACCEPTED:
            changes = _applied(known, row, today)
            vouched(changes, known, today)
        closed = {**row, "state": state, "answer": answer, "until": today}
        return [*changes, *kept(known, "proposals", [closed], today)], {"id": id}

    async def locks(known: Known, changes: Sequence[Change]) -> Sequence[Step]:
        sheet = known.rows["proposals"][id]["on_sheet"]
        return await held(backend, known, sheet, changes, {})

    request = {"decide": id, "verb": state, "reason": answer}
    await decided(subject, backend, rows, request, idempotency_key, held=locks)
    return await proposal(subject, backend, id)


def proposed(
    known: Known, id: str, sheet: str, row: str, cells: Mapping[str, str], request: str, day: str
) -> list[Change]:
    """A holder's correction, given through a link, as a proposal to the organization itself; none where it is so."""
    given = _columns(sheet, cells)
    changes, columns = _wanted(known, sheet, row, given, day, new=row not in known.rows[sheet])
    if not changes:
        return []
    by = {"id": id, "organization": owner(known.rows, sheet, changes[0].after), "request": request}
    return _proposed(known, changes[0], columns, by, day)


def _wanted(
    known: Known, sheet: str, id: str, given: Mapping[str, str], day: str, *, new: bool
) -> tuple[list[Change], dict[str, str]]:
    """What the columns given change of an entry, and all the columns that it comes to."""
    refused(known.rows, sheet, id, given, day, new=new)
    before = known.rows[sheet].get(id)
    columns = completed(sheet, before, given, day)
    return edited(known, sheet, {**(before or {"id": id}), **columns}, day, _paths(sheet)), columns


def _proposed(
    known: Known, change: Change, columns: Mapping[str, str], by: Mapping[str, Any], day: str
) -> list[Change]:
    """The change as a proposal: what is wanted, and what it was wanted against."""
    before = change.before or {}
    row = {
        **by,
        "on_sheet": change.sheet,
        "row": change.id,
        "columns": json.dumps({name: cell(change.after[name]) for name in columns}, ensure_ascii=False),
        "was": json.dumps({name: cell(before.get(name)) for name in columns} if change.before else None),
        "since": day,
    }
    return kept(known, "proposals", [row], day)


def number(rows: Rows, more: int = 0) -> str:
    """The id of the next proposal; short, since people read it out, and never one that was used."""
    used = (id.rpartition("-")[2] for id in rows["proposals"])
    return f"proposal-{max((int(each) for each in used if each.isdecimal()), default=0) + 1 + more}"


def _sheet(name: str) -> str:
    found = name.strip().lower()
    if found in SHEETS and found not in OWN_COMMANDS:
        return found
    editable = [each for each in SHEETS if each not in OWN_COMMANDS]
    raise Invalid(
        "edit.sheet",
        "'{sheet}' is not a sheet whose entries are changed one by one.",
        path=("sheet",),
        remedy="Use {command}." if found in OWN_COMMANDS else "Use one of: {known}.",
        sheet=name[:60],
        command=OWN_COMMANDS.get(found, ""),
        known=", ".join(editable),
    )


def _paths(sheet: str) -> dict[str, tuple[str, ...]]:
    return {column: ("columns", column) for column in SHEETS[sheet].columns if column != "id"}


def named(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells by their columns' names, as the sheet writes them. Raises ``Invalid`` for one that is said twice."""
    columns: dict[str, str] = {}
    for name, value in cells.items():
        column = trimmed(name).lower()
        if column in columns:
            raise Invalid(
                "edit.twice",
                "{column} is said twice.",
                path=("columns", name),
                remedy="Say once what it shall hold.",
                column=column[:60],
            )
        columns[column] = value
    return columns


def _columns(sheet: str, cells: Mapping[str, str]) -> dict[str, str]:
    known = SHEETS[sheet].columns
    columns = named(cells)
    for name in columns:
        if name not in known or name == "id":
            raise Invalid(
                "edit.column",
                "'{column}' is not a column of {sheet} that can be changed.",
                path=("columns", name),
                remedy="Did you mean {near}?" if nearest(name, known) else "Use one of: {known}.",
                column=name[:60],
                sheet=sheet,
                near=nearest(name, known),
                known=", ".join(each for each in known if each != "id"),
            )
    if not columns:
        raise Invalid(
            "edit.nothing",
            "Nothing is said of what to change.",
            path=("columns",),
            remedy="Name at least one column with what it shall hold.",
        )
    return columns


def _told(changes: Sequence[Change], columns: Mapping[str, str]) -> list[dict[str, str]]:
    if not changes:
        return []
    before, after = changes[0].before or {}, changes[0].after
    return [
        {"column": name, "before": cell(before.get(name)), "after": cell(after[name])}
        for name in columns
        if cell(before.get(name)) != cell(after[name])
    ]


def _applied(known: Known, row: Columns, day: str) -> list[Change]:
    sheet, id = row["on_sheet"], row["row"]
    if stale(known.rows, row):
        raise Conflict(
            "proposal.stale",
            "'{id}' was changed since this was proposed.",
            path=("id",),
            remedy="Decline it, and have it proposed anew where it still holds.",
            id=id,
        )
    after = {**(known.rows[sheet].get(id) or {"id": id}), **json.loads(row["columns"])}
    return edited(known, sheet, after, day, {})


def _alone(subject: Subject, rows: Rows, day: str, change: Change) -> bool:
    return _at_once(subject, rows, day, change) and not _by_two(subject, rows, day, change)


#: How a task force lies in the whole: what it covers, and below which other one.
_PLACE: Final = ("jurisdiction", "within", "level")


def _by_two(subject: Subject, rows: Rows, day: str, change: Change) -> bool:
    """Whether nobody does it alone: to let somebody into a task force, to take somebody's standing away, to end a body
    or a task force, or to give one another place. The operator does where there is nobody else to ask."""
    before, after = change.before, change.after
    if before is None:
        needed = change.sheet == "memberships" and subject.organization is not None
    elif change.sheet == "memberships":
        lower = after["standing"] != before["standing"] and after["standing"] != "full"
        needed = lower or _dates(change)
    elif change.sheet == "organizations":
        needed = _suspended(change) or _dates(change)
    else:
        needed = change.sheet == "task_forces" and (
            _dates(change) or any(before[name] != after[name] for name in _PLACE)
        )
    return needed and (subject.organization is not None or bool(deciders(rows, day, change.sheet, after)))


def _dates(change: Change) -> bool:
    return change.before is not None and any(change.before[name] != change.after[name] for name in ("since", "until"))


def _suspended(change: Change) -> bool:
    return bool(change.after.get("status") == "suspended" and (change.before or {}).get("status") != "suspended")


def _at_once(subject: Subject, rows: Rows, day: str, change: Change) -> bool:
    if subject.organization is None:
        return subject.kind is Kind.OPERATOR
    before = change.before
    if at_once(rows, day, subject.organization, change.sheet, before, change.after):
        return True
    own = owner(rows, change.sheet, change.after)
    decides = [deciders(rows, day, change.sheet, row) - {own} for row in (before, change.after) if row is not None]
    return all(subject.organization in each for each in decides)


def _who(known: Known, row: Columns, day: str) -> str:
    return ", ".join(deciders_of(known.rows, row, day)) or "the operator"


def _open(subject: Subject, known: Known, id: str, state: ProposalState, day: str) -> Columns:
    row = known.rows["proposals"].get(id)
    if row is None or not may_see(subject, known.rows, row, day):
        raise NotFound(
            "proposal.none",
            "There is no proposal '{id}' for you to decide on.",
            path=("id",),
            remedy="`relaypoint proposal list` shows those that there are.",
            id=id,
        )
    own = row["organization"] == subject.organization and not row["request"]
    may = own if state is ProposalState.WITHDRAWN else may_decide(subject, known.rows, row, day)
    if not may:
        raise Invalid(
            "proposal.others",
            "Only {who} can {verb} this proposal.",
            path=("verb",),
            remedy="Ask them.",
            who="whoever made it" if state is ProposalState.WITHDRAWN else _who(known, row, day),
            verb=next(verb for verb, of in VERBS.items() if of is state),
        )
    if row["state"] != ProposalState.OPEN:
        raise decided_already(row)
    return row
