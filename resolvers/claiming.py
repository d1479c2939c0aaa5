"""Who of those that share a contact point works on a step: claiming it, and letting go of it."""

from __future__ import annotations

from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.gaps_roster import Roster
from relaypoint.domain.handoffs import CLAIM, RELEASE
from relaypoint.domain.handover import answering
from relaypoint.domain.steps import wrong_field
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Known


async def claiming(backend: Backend, row: Row, verb: str, holder: str | None) -> list[Step]:
    """The bond between a step and whoever of its desk works on it."""
    ids = [row["handoff"]["id"]]
    if verb != CLAIM:
        if holder is not None:
            raise wrong_field(verb, "holder", CLAIM)
        return [Step("handoff_untaken", {"handoffs": ids}, None)] if verb == RELEASE else []
    known = await backend.memory.roster(backend.store)
    there = checked_holder(known, row["contact_point"]["id"], holder or "", backend.now()[:10], ("holder",))
    if row["taken_by"] not in (None, holder) and row["taken_by"] in there:
        raise IllegalTransition(
            "handoff.claimed",
            "Somebody else of the desk has claimed it: {by}.",
            path=("holder",),
            remedy="Let them release it, or hand their shift over.",
            by=row["taken_by"],
            present={"status": row["handoff"]["status"]},
        )
    untaken = Step("handoff_untaken", {"handoffs": ids}, None)
    return [untaken, Step("handoff_taken", {"handoffs": ids, "holder": holder})]


def checked_holder(known: Known, desk: str, holder: str, day: str, path: tuple[str, ...]) -> list[str]:
    """The ids of those who answer at the desk on that day, the holder among them, or else ``Invalid``."""
    there = [str(each["id"]) for each in answering(Roster(known.rows, day), desk)]
    if holder in there:
        return there
    raise Invalid(
        "handoff.holder",
        "'{holder}' does not answer at {desk} today.",
        path=path,
        remedy="Use one of: {there}." if there else "Nobody is recorded there; the whole office answers.",
        holder=holder,
        desk=known.rows["contact_points"][desk]["name"],
        there=", ".join(there),
    )
