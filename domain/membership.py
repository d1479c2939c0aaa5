"""Members of a task force: who was in it before another came, and who may vouch for them."""

from __future__ import annotations

from typing import Final

from relaypoint.domain.model import holds
from relaypoint.domain.rows import Columns, Rows

#: How many members vouch for a newcomer where the task force says nothing else.
VOUCHERS: Final = 2


def full_members(rows: Rows, force: str, day: str) -> set[str]:
    """The full members of the task force on a day (ISO)."""
    return {
        row["organization"]
        for row in rows["memberships"].values()
        if row["task_force"] == force and row["standing"] == "full" and holds(row, day)
    }


def members_before(rows: Rows, membership: Columns) -> set[str]:
    """The full members that were there before this one; none where nobody knows since when it is one."""
    since = membership["since"]
    if since is None:
        return set()
    return {
        row["organization"]
        for row in rows["memberships"].values()
        if row["task_force"] == membership["task_force"]
        and row["organization"] != membership["organization"]
        and row["standing"] == "full"
        and (row["since"] is None or row["since"] < since)
        and (row["until"] is None or row["until"] > since)
    }
