"""The report of what has gone silent: reads open work only, then the domain says what is stalled and what next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relaypoint.domain.handoffs import Side, Status
from relaypoint.domain.model import ContactPoint, Dated, Organization
from relaypoint.domain.next_steps import NextStep, next_steps
from relaypoint.domain.policy import Action, Subject, may_see_case, sides
from relaypoint.domain.stalls import OpenHandoff, Stall, stall
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row
from relaypoint.graph.mapping import contact_point, organization, owned_desk
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import StoredCase, stored_case
from relaypoint.resolvers.overlay import Overlay, overlay

Reachable = tuple[tuple[ContactPoint, Organization], ...]

#: So many candidates are looked at for each handoff; some may have gone since.
_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Reported:
    """A stall as its reader may know it, with what that reader can do."""

    stall: Stall
    next_steps: tuple[NextStep, ...]


@dataclass(frozen=True, slots=True)
class _Around:
    """What lies around the open handoffs, read once for all of them."""

    pairs: Mapping[tuple[str, str], Row]
    desks: Mapping[str, tuple[ContactPoint, Organization]]
    places: Mapping[str, frozenset[str]]
    over: Overlay


@permitted(Action.SEE_STALLED)
async def stalled(subject: Subject, backend: Backend) -> list[Reported]:
    """Every stalled handoff that the subject's organization sent or received (the operator: all).

    The most urgent come first, and of these the oldest. Who may see it decides before anything else: the rows of
    others are never read.
    """
    at = backend.clock()
    rows = await backend.store.read("handoffs_open", organization=subject.organization)
    cases = [stored_case(backend, row["sealed_key"], row["referral"]["sealed"]) for row in rows]
    around = await _read_around(subject, backend, rows, cases)
    found = []
    for row, case in zip(rows, cases, strict=True):
        on = sides(subject, row["sender"]["id"], row["receiver"]["id"])
        side = Side.SENDER if Side.SENDER in on else Side.RECEIVER
        silent = stall(_open_handoff(row, case, around, at.date().isoformat()), at, side)
        if silent is not None:
            found.append(Reported(silent, next_steps(silent, at, side)))
    return sorted(found, key=lambda r: (-r.stall.handoff.priority.level, r.stall.due, r.stall.handoff.id))


async def _read_around(subject: Subject, backend: Backend, rows: list[Row], cases: list[StoredCase]) -> _Around:
    pairs = sorted({(row["desk"], row["sender"]["id"]) for row in rows})
    around = await backend.store.read(
        "stall_surroundings", pairs=[{"desk": desk, "sender": sender} for desk, sender in pairs]
    )
    # Whom else the sender could have asked is of the case: the operator of the machine is not told.
    mine = [case for row, case in zip(rows, cases, strict=True) if may_see_case(subject, row["sender"]["id"])]
    wanted = sorted({id for case in mine for id in case.candidates[: _CANDIDATES + 1]})
    desks = await backend.store.read("desks", contact_points=wanted, organizations=[]) if wanted else []
    places = sorted({case.place for case in cases if case.place})
    inside = await backend.store.read("places_around", places=places) if places else []
    over = await overlay(backend)
    owned = [owned_desk(row) for row in desks]
    return _Around(
        pairs={(row["desk"], row["sender"]): row for row in around},
        desks={desk.id: (over.desk(desk), owner) for desk, owner in owned},
        places={row["place"]: frozenset(row["areas"]) for row in inside},
        over=over,
    )


def _open_handoff(row: Row, case: StoredCase, around: _Around, day: str) -> OpenHandoff:
    handoff, referral = row["handoff"], row["referral"]
    near = around.pairs[row["desk"], row["sender"]["id"]]
    receiver = organization(row["receiver"], row["receiver_bodies"])
    desks = {desk["id"]: around.over.desk(contact_point(desk, receiver.id)) for desk in near["desks"]}
    here = around.places.get(case.place or "", frozenset())
    coordinators, hotlines = _shared(near["shared"], day, around.over)
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
        start_by=handoff["start_by"],
        complete_by=handoff["complete_by"],
        phoned=handoff["phoned"],
        phoned_at=handoff["phoned_at"],
        asked_at=handoff["asked_at"],
        answer_by=handoff["answer_by"],
        expected_by=handoff["expected_by"],
        arrival=handoff["arrival"],
        hops=handoff["hops"] or 1,
        been_here=bool(handoff["been_here"]),
        must_see=row["must_see"],
        code=handoff["reason"],
        candidates=tuple(
            around.desks[id] for id in case.candidates[: _CANDIDATES + 1] if id in around.desks and id != row["desk"]
        ),
        other_desks=tuple(
            desk for id, desk in sorted(desks.items()) if id != row["desk"] and _suits(desk, row["service_type"], here)
        ),
        coordinators=coordinators,
        hotlines=hotlines,
        avoid=case.avoid,
    )


def _suits(desk: ContactPoint, service_type: str, here: frozenset[str]) -> bool:
    return desk.takes(service_type) and (not desk.areas or not here or not desk.areas.isdisjoint(here))


def _shared(shared: Iterable[Row], day: str, over: Overlay) -> tuple[Reachable, Reachable]:
    """The coordinators (local before national) and hotlines of the task forces that both bodies belong to today.

    A suspended member's open cases keep them: they need somebody to turn to more than others do.
    """
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
                desk = over.desk(contact_point({**row, "id": row["contact_point"]}, owner.id))
                into.setdefault(desk.id, (row["level"], desk, owner))
    return tuple(
        tuple((desk, owner) for _, desk, owner in sorted(found.values(), key=lambda f: (f[0], f[1].id)))
        for found in (coordinators, hotlines)
    )  # type: ignore[return-value]
