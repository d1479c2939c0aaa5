"""The report of what has gone silent: reads open work only, then the domain says what is stalled and what next."""

from __future__ import annotations

from collections.abc import Iterable

from relaypoint.domain.handoffs import Status
from relaypoint.domain.model import ContactPoint, Dated, Organization
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.stalls import OpenHandoff, Stall, stall
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row
from relaypoint.graph.mapping import contact_point, organization
from relaypoint.resolvers.avoiding import whom_to_avoid
from relaypoint.resolvers.backend import Backend, permitted


@permitted(Action.SEE_STALLED)
async def stalled(subject: Subject, backend: Backend) -> list[Stall]:
    """Every stalled handoff that the subject's organization sent or received (the operator: all), the oldest first.

    Who may see it decides before anything else: the rows of others are never read.
    """
    at = backend.clock()
    day = at.date().isoformat()
    rows = await backend.store.read("handoffs_open", organization=subject.organization)
    pairs = {(row["desk"], row["sender"]["id"]) for row in rows}
    around = {
        (row["desk"], row["sender"]): row
        for row in await backend.store.read(
            "stall_surroundings", pairs=[{"desk": desk, "sender": sender} for desk, sender in sorted(pairs)]
        )
    }
    found = [stall(_open_handoff(backend, row, around[row["desk"], row["sender"]["id"]], day), at) for row in rows]
    return sorted((s for s in found if s is not None), key=lambda s: (s.due, s.handoff.id))


def _open_handoff(backend: Backend, row: Row, around: Row, day: str) -> OpenHandoff:
    handoff, referral = row["handoff"], row["referral"]
    receiver = organization(row["receiver"], row["receiver_bodies"])
    desks = {desk["id"]: contact_point(desk, receiver.id) for desk in around["desks"]}
    avoid = whom_to_avoid(backend, row["sealed_key"], referral["sealed"])
    coordinators, hotlines = _shared(around["shared"], day)
    return OpenHandoff(
        id=handoff["id"],
        reference=referral["reference"],
        status=Status(handoff["status"]),
        version=handoff["version"],
        priority=Priority(referral["priority"]),
        confidentiality=Confidentiality(referral["confidentiality"]),
        service_type=row["service_type"],
        sent_at=handoff["sent_at"],
        changed_at=handoff["changed_at"],
        acknowledge_by=handoff["acknowledge_by"],
        decide_by=handoff["decide_by"],
        review_on=handoff["review_on"],
        form=handoff["form"],
        form_submitted_at=handoff["form_submitted_at"],
        notice=next(iter(row["notices"]), None),
        sender=organization(row["sender"], row["sender_bodies"]),
        receiver=receiver,
        desk=desks[row["desk"]],
        other_desks=tuple(
            desk
            for id, desk in sorted(desks.items())
            if id != row["desk"] and (not desk.service_types or row["service_type"] in desk.service_types)
        ),
        coordinators=coordinators,
        hotlines=hotlines,
        avoid=avoid,
    )


Reachable = tuple[tuple[ContactPoint, Organization], ...]


def _shared(shared: Iterable[Row], day: str) -> tuple[Reachable, Reachable]:
    """The coordinators (local before national) and hotlines of the task forces that both bodies belong to today."""
    coordinators: dict[str, tuple[str, ContactPoint, Organization]] = {}
    hotlines: dict[str, tuple[str, ContactPoint, Organization]] = {}
    for force in shared:
        mine = Dated(since=force["mine_since"], until=force["mine_until"])
        theirs = Dated(since=force["theirs_since"], until=force["theirs_until"])
        if not (mine.holds(day) and theirs.holds(day)):
            continue
        for rows, into in ((force["coordinators"], coordinators), (force["hotlines"], hotlines)):
            for row in rows:
                owner = organization(row["organization"], row["bodies"])
                desk = contact_point({**row, "id": row["contact_point"]}, owner.id)
                into.setdefault(desk.id, (row["level"], desk, owner))
    return tuple(
        tuple((desk, owner) for _, desk, owner in sorted(found.values(), key=lambda f: (f[0], f[1].id)))
        for found in (coordinators, hotlines)
    )  # type: ignore[return-value]
