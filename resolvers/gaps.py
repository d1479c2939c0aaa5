"""The roster's gaps as of now."""

from __future__ import annotations

from relaypoint.domain.gaps import Gap
from relaypoint.domain.gaps import gaps as gaps_of
from relaypoint.domain.policy import OPERATOR, Action, Subject
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.roster import export_roster


@permitted(Action.SEE_GAPS)
async def gaps(subject: Subject, backend: Backend, *, organization: str | None = None) -> list[Gap]:
    """All gaps, the gravest first, or those of one organization."""
    found = gaps_of(await export_roster(OPERATOR, backend), backend.now()[:10])
    return [gap for gap in found if organization is None or gap.organization == organization]
