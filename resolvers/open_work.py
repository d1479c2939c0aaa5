"""The open work that lies at contact points, and that no change of the roster may leave behind unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from relaypoint.domain.gaps_roster import Roster
from relaypoint.domain.gaps_work import KINDS, Left, OpenStep
from relaypoint.domain.handover import unheld
from relaypoint.domain.roster_faults import RosterError, error, fault
from relaypoint.graph import Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.roster_against import row_numbers
from relaypoint.resolvers.roster_write import Change, changed
from relaypoint.resolvers.tables_cells import RawTable, sheet_named

#: The sheets whose rows decide whether somebody is there. An absence is not among them: to note that somebody has
#: fallen ill must always be possible; what that leaves unanswered is reported.
_LEAVING: Final = ("organizations", "contact_points", "holders")


async def open_work(backend: Backend) -> list[OpenStep]:
    """Every open step of a referral, by its id."""
    return [OpenStep(row["handoff"], row["desk"], row["sender"]) for row in await backend.store.read("work_open")]


async def left_open(backend: Backend) -> list[Left]:
    """What coordinators left to nobody, as far as it is still open."""
    rows = await backend.store.read("overrides_open")
    return [
        Left(row["override"]["sheet"], row["override"]["subject"], row["override"]["reason"], tuple(row["handoffs"]))
        for row in rows
    ]


def work_as_known(backend: Backend, desks: Iterable[str], work: Mapping[str, Sequence[str]]) -> list[Step]:
    """The lock on desks: it holds only if the open work that lies there is what was decided on."""
    known = [{"id": desk, "handoffs": list(work.get(desk, ()))} for desk in sorted(desks)]
    return [Step("work_as_known", {"operation": backend.new_id(), "desks": known}, len(known))] if known else []


def unmanned(present: Known, changes: Sequence[Change], day: str) -> dict[str, Change]:
    """The desks that nobody would answer for any more, each with the change that brings it about."""
    leaving = [change for change in changes if change.sheet in _LEAVING and change.before is not None]
    if not leaving:
        return {}
    before, after = Roster(present.rows, day), Roster(changed(present.rows, changes), day)
    found: dict[str, Change] = {}
    for change in leaving:
        for desk in _desks_of(change, after):
            if desk in present.rows["contact_points"] and unheld(after, desk) and not unheld(before, desk):
                found.setdefault(desk, change)
    return found


async def left_behind(
    backend: Backend, tables: Sequence[RawTable], present: Known, changes: Sequence[Change]
) -> tuple[list[RosterError], list[Step]]:
    """The rows that would leave open work to nobody; and the lock on desks that have none, lest they get some
    meanwhile."""
    desks = unmanned(present, changes, backend.now()[:10])
    if not desks:
        return [], []
    work: dict[str, int] = Counter(step.desk for step in await open_work(backend))
    files = {sheet_named(table.sheet): table for table in tables}
    errors: list[RosterError] = []
    for desk, change in desks.items():
        if desk in work:
            table = files[change.sheet]
            column = next((name for name in ("until", "contact_point") if name in change.columns), change.columns[0])
            found = fault(
                "roster.open-work",
                column,
                change.after[column] or "",
                desk=desk,
                count=work[desk],
                command=f"relaypoint end {KINDS[change.sheet]} {change.id}",
            )
            errors.append(error(found, table.file, row_numbers(table)[change.id]))
    return errors, [] if errors else work_as_known(backend, desks, {})


def _desks_of(change: Change, roster: Roster) -> Collection[str]:
    if change.sheet == "contact_points":
        return (change.id,)
    if change.sheet == "organizations":
        return [id for id, row in roster.all["contact_points"].items() if row["organization"] == change.id]
    return {row["contact_point"] for row in (change.before, change.after) if row is not None}
