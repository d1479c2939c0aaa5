"""What a change of a single entry brings with it, and what is refused there although an import may say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.free_text import checked
from relaypoint.domain.gaps_work import KINDS
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.rows import Columns, Rows
from relaypoint.resolvers.tables_cells import cell

#: What happened on a day has happened.
_PAST: Final = ("proven_on", "confirmed_on", "capacity_as_of", "as_of", "consented_on", "public_consent_on")

#: What an entry belongs to; what belongs elsewhere is another entry.
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "memberships": ("organization", "task_force"),
    "services": ("organization",),
    "diversions": ("contact_point",),
    "holders": ("contact_point",),
    "absences": ("holder",),
    "channels": ("contact_point",),
    "channel_rules": ("task_force",),
    "guidance": ("task_force", "contact_point"),
    "authorisations": ("organization", "facility"),
}

#: Sentences that members are told.
_TOLD: Final[Mapping[str, tuple[str, ...]]] = {"memberships": ("reason",), "events": ("name", "note")}

#: What was shown of a channel was shown of its address.
_PROOF: Final = {"state": "unproven", "proven_on": "", "proven_how": ""}


def completed(sheet: str, before: Columns | None, columns: Mapping[str, str], today: str) -> dict[str, str]:
    """The columns with what follows from them where it is not said: the proof of a channel goes with its address, and
    a capacity holds from the day on which it was said."""
    found = dict(columns)
    if before is None:
        return found
    if sheet == "channels" and _differs(before, columns, "kind", "address", "via"):
        found = {**(_PROOF if "state" not in columns else {"proven_on": "", "proven_how": ""}), **found}
    if sheet == "services" and _differs(before, columns, "capacity"):
        found.setdefault("capacity_as_of", today)
    return found


def refused(rows: Rows, sheet: str, id: str, columns: Mapping[str, str], today: str, *, new: bool) -> None:
    """Raises ``NotFound`` for an entry that is not there, where none is to be added, and ``Invalid`` for days that have
    not come, for what an entry belongs to, and for an end that belongs to the command that hands work over."""
    before = rows[sheet].get(id)
    if before is None and not new:
        near = nearest(id, rows[sheet])
        raise NotFound(
            "edit.none",
            "There is no '{id}' in {sheet}.",
            path=("id",),
            remedy="Did you mean {near}? To add an entry, say that it is new." if near else "{how}",
            id=id[:60],
            sheet=sheet,
            near=near,
            how="Check the id; to add an entry, say that it is new (--new).",
        )
    if before is not None and new:
        raise Invalid(
            "edit.there",
            "There is a '{id}' in {sheet} already.",
            path=("id",),
            remedy="Leave out that it is new, or choose another id.",
            id=id,
            sheet=sheet,
        )
    for name in _PAST:
        if columns.get(name, "") > today and len(columns[name]) == 10:
            raise Invalid(
                "edit.future",
                "{day} is yet to come; {column} is a day on which something has happened.",
                path=("columns", name),
                remedy="Use today, {today}, or the day on which it was.",
                day=columns[name],
                column=name,
                today=today,
            )
    for name in _FIXED.get(sheet, ()):
        if before is not None and _differs(before, columns, name):
            raise Invalid(
                "edit.fixed",
                "{column} of an entry stays what it is.",
                path=("columns", name),
                remedy="End this entry, and add another one.",
                column=name,
            )
    for name in _TOLD.get(sheet, ()):
        if columns.get(name, "").strip():
            checked(columns[name], today, ("columns", name))
    until = columns.get("until", "")
    if before is not None and sheet in KINDS and until and until <= today and until != cell(before["until"]):
        raise Invalid(
            "edit.end",
            "What ends today or before hands its work over first.",
            path=("columns", "until"),
            remedy="Use: relaypoint end {kind} {id}",
            kind=KINDS[sheet],
            id=id,
        )


def _differs(before: Columns, columns: Mapping[str, str], *names: str) -> bool:
    return any(name in columns and columns[name].strip() != cell(before.get(name)) for name in names)
