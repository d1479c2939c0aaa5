"""Whether the organization that somebody acts for is there to be acted for."""

from __future__ import annotations

from relaypoint.domain.model import Dated
from relaypoint.domain.policy import ANONYMOUS, Kind, Subject
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.typed import organization_named


async def acting(subject: Subject, backend: Backend) -> Subject:
    """The subject as it may act: a member of a body that is unknown or has ended is anonymous, and is told no more.

    The operator may type an organization's name. Raises ``NotFound`` for one that is none: that slip of the pen would
    otherwise read as "nothing has stalled".
    """
    if subject.organization is None:
        return subject
    rows = await backend.store.read("organization_dates", id=subject.organization)
    if subject.kind is Kind.OPERATOR:
        if not rows:
            view = await present_view(backend)
            return Subject(subject.kind, await organization_named(backend, view, subject.organization, ("as",)))
        return subject
    day = backend.now()[:10]
    return subject if rows and Dated(since=rows[0]["since"], until=rows[0]["until"]).holds(day) else ANONYMOUS
