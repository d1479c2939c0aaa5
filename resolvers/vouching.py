"""Members that vouch for a newcomer to their task force, before it is let in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.membership import VOUCHERS, full_members
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.rows import Columns
from relaypoint.domain.words import ProposalState
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.proposals import Proposal, proposal
from relaypoint.resolvers.roster_edit import decided, kept
from relaypoint.resolvers.roster_write import Change


@permitted(Action.EDIT_ROSTER)
async def vouch(subject: Subject, backend: Backend, id: str, *, idempotency_key: str | None = None) -> Proposal:
    """A full member of the task force vouches for the newcomer that is proposed.

    Raises ``NotFound`` for what is no such proposal, and for who is no full member there; ``Conflict`` where it was
    decided.
    """
    today = backend.now()[:10]
    id = id.strip().lower()

    async def rows(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        row = known.rows["proposals"].get(id)
        columns = json.loads(row["columns"]) if row else {}
        members = full_members(known.rows, columns.get("task_force", ""), today)
        if row is None or row["on_sheet"] != "memberships" or subject.organization not in members:
            raise NotFound(
                "proposal.no-newcomer",
                "There is no newcomer '{id}' for whom you could vouch.",
                path=("id",),
                remedy="Only full members of a task force vouch, each for itself.",
                id=id[:60],
            )
        if row["state"] != ProposalState.OPEN:
            raise decided_already(row)
        names = [each for each in columns.get("vouched_by", "").split(";") if each]
        columns["vouched_by"] = ";".join(dict.fromkeys([*names, subject.organization]))
        vouched = {**row, "columns": json.dumps(columns, ensure_ascii=False)}
        return kept(known, "proposals", [vouched], today), {"id": id}

    await decided(subject, backend, rows, {"vouch": id}, idempotency_key)
    return await proposal(subject, backend, id)


def vouched(changes: Sequence[Change], known: Known, day: str) -> None:
    """A newcomer is let in only when so many members vouch for it as its task force wants."""
    for change in changes:
        if change.sheet != "memberships" or change.before is not None:
            continue
        force = change.after["task_force"]
        wanted = (known.rows["task_forces"].get(force) or {}).get("vouchers") or VOUCHERS
        members = full_members(known.rows, force, day) - {change.after["organization"]}
        count = len(members & set(change.after["vouched_by"]))
        if len(members) >= wanted > count:
            raise Invalid(
                "proposal.vouchers",
                "{body} is new: members that vouch for it: {count} of {wanted}.",
                path=("columns", "vouched_by"),
                remedy="Have members vouch for it: relaypoint proposal vouch, each for itself.",
                body=change.after["organization"],
                count=count,
                wanted=wanted,
            )


def decided_already(row: Columns) -> Conflict:
    return Conflict(
        "proposal.decided",
        "This proposal was {state} on {day}.",
        path=("id",),
        remedy="Propose the change anew.",
        state=row["state"],
        day=row["until"],
    )
