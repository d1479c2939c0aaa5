"""The open work that concerns a subject, now or at a moment of the past, with the roster that it is judged by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relaypoint.domain import around
from relaypoint.domain.clock import Instant, parse_instant
from relaypoint.domain.deadlines import erase_due
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import STATE, TERMS, Status
from relaypoint.domain.history import moment
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.policy import Subject
from relaypoint.domain.questions import answers, said_all
from relaypoint.domain.stalls_then import then
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import StoredCase
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.known import roster_at


@dataclass(frozen=True, slots=True)
class OpenWork:
    """``steps`` has each one's ``id``, ``priority`` and ``sent_at``; ``read`` gives those of some ids with all that
    decides on them, in the form of the statement ``handoffs_known``. ``view`` is the roster on that day."""

    at: datetime
    view: View
    steps: Sequence[Row]
    read: Callable[[Sequence[str]], Awaitable[Sequence[Row]]]


async def open_handoffs(
    subject: Subject, backend: Backend, as_of: str | None = None, *, of_all: bool = False
) -> OpenWork:
    """What the subject's organization sent or holds, was told of by a message, or redirected there (the operator: all;
    ``of_all``: all for everybody). Who may see it decides before anything else: the rows of others are never read.

    ``as_of`` a day or an instant: as it was on record then; of today's day, now. Raises ``Invalid`` for neither,
    and for what is still to come.
    """
    whose = None if of_all else subject.organization
    steps = await open_steps(backend, whose)
    if as_of is not None:
        return await _past(whose, backend, [step["id"] for step in steps], _past_moment(backend, as_of))

    async def read(ids: Sequence[str]) -> list[Row]:
        # But for those that were closed, seen or answered since they were found.
        rows = await known_steps(backend, list(dict.fromkeys(ids)))
        return [row for row in rows if row["must_see"] or row["to_erase"] or Status(row["handoff"]["status"]).open]

    at = backend.clock()
    # The roster comes after the work, so that every desk at which it lies is known.
    return OpenWork(at, view_of(await backend.memory.roster(backend.store), at), steps, read)


async def open_steps(backend: Backend, organization: str | None) -> list[Row]:
    """The ``id``, ``priority`` and ``sent_at`` of every open step that concerns the organization; None: of all. One
    that is open in two ways comes twice."""
    lists = await backend.store.read("handoffs_open", organization=organization)
    return [step for each in lists for step in each["steps"]]


#: What is read of a step, also where it is empty.
_KNOWN: Final = ("id", *STATE, *TERMS)


async def known_steps(backend: Backend, ids: Sequence[str]) -> list[Row]:
    """These steps with all that decides whether they are silent, in the form of the statement ``handoffs_known``."""
    rows = await backend.store.read("handoffs_known", ids=ids)
    return [{**row, "handoff": {name: row["handoff"].get(name) for name in _KNOWN}} for row in rows]


def _past_moment(backend: Backend, as_of: str) -> Instant:
    at, now = moment(as_of), backend.now()
    if at[:10] > now[:10]:
        raise Invalid(
            "stalled.to-come",
            "'{value}' is still to come.",
            path=("asOf",),
            remedy="Use a day or an instant of the past; what falls due in the next hours is in the backlog.",
            value=as_of.strip()[:60],
        )
    return min(at, now)


async def _past(whose: str | None, backend: Backend, open: Sequence[str], at: Instant) -> OpenWork:
    # After what is open still: what is closed in between is among what has moved.
    moved = await backend.store.read("handoffs_moved_since", organization=whose, at=at)
    rows = await known_steps(backend, sorted({*open, *(row["id"] for row in moved)}))
    view = View((await roster_at(backend, at)).index, at[:10])
    there = [row for row in rows if row["handoff"]["sent_at"] <= at and view.has("contact_points", row["desk"])]
    notices = await backend.store.read("notices_about", handoffs=[row["handoff"]["id"] for row in there])
    told = {(each["handoff"], each["told"]) for each in notices if each["notice"]["created_at"] <= at}
    there = [row for row in there if whose is None or _concerns(view, row, whose, told)]
    then = await _then(backend, view, there, notices, at)
    known = {row["handoff"]["id"]: row for row in then}

    async def read(ids: Sequence[str]) -> list[Row]:
        return [known[id] for id in ids]

    steps = [
        {"id": id, "priority": row["referral"]["priority"], "sent_at": row["handoff"]["sent_at"]}
        for id, row in known.items()
    ]
    return OpenWork(parse_instant(at), view, steps, read)


def _concerns(view: View, row: Row, body: str, told: Collection[tuple[str, str]]) -> bool:
    """Whether it is one of the two sides of the step, redirected it there or would have it sent on, or had been told of
    it by then."""
    receiver = view.index.rows["contact_points"][row["desk"]]["organization"]
    return (
        body in (row["sender"], receiver, row["handoff"]["redirected_by"], row["handoff"]["wished_by"])
        or (row["handoff"]["id"], body) in told
    )


async def _then(
    backend: Backend, view: View, rows: Sequence[Row], notices_about: Sequence[Row], at: Instant
) -> list[Row]:
    """Those that were open work at that moment, as they stood."""
    events: dict[str, list[Row]] = {}
    referrals = sorted({row["referral"]["id"] for row in rows})
    for row in await backend.store.read("events_about", referrals=referrals):
        events.setdefault(row["referral"], []).append(row["event"])
    notices: dict[str, list[Row]] = {}
    for row in notices_about:
        notices.setdefault(row["handoff"], []).append(row["notice"])
    found = []
    for row in rows:
        id, of = row["handoff"]["id"], events.get(row["referral"]["id"], [])
        receiver = view.index.rows["contact_points"][row["desk"]]["organization"]
        stood = then(id, of, notices.get(id, []), at, sender=row["sender"], receiver=receiver)
        if stood is not None:
            told = [stood.notice] if stood.notice else []
            # What an event does not name was not there.
            handoff = {**row["handoff"], **{name: stood.state.get(name) for name in STATE}}
            asked = {"must_see": stood.must_see, "to_erase": stood.to_erase, "notices": told, "gone_on": stood.gone_on}
            found.append({**row, **asked, "handoff": handoff})
    return found


def open_handoff(view: View, row: Row, case: StoredCase) -> OpenHandoff:
    """What decides whether it is stalled; whom to turn to is looked up for those that are."""
    handoff, referral, desk, named = row["handoff"], row["referral"], view.desk(row["desk"]), row["answered_at"]
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
        sender=view.organization(row["sender"]),
        receiver=view.organization(desk.organization),
        desk=desk,
        moved_at=handoff["moved_at"],
        start_by=handoff["start_by"],
        complete_by=handoff["complete_by"],
        phoned=handoff["phoned"],
        phoned_at=handoff["phoned_at"],
        asked_at=handoff["asked_at"],
        answer_by=handoff["answer_by"],
        answers=answers(handoff),
        wished_to=handoff["wished_to"],
        wish_by=handoff["wish_by"],
        wish_about=handoff["wish_about"],
        wish_answered=handoff["wish_answered"],
        expected_by=handoff["expected_by"],
        raised_at=handoff["raised_at"],
        raised_to=handoff["raised_to"],
        respond_by=handoff["respond_by"],
        response=handoff["response"],
        said_all=said_all(handoff),
        arrival=handoff["arrival"],
        arrival_at=handoff["arrival_at"],
        sought=handoff["sought"],
        erase_by=erase_due(handoff["erasure_asked_at"]) if row["to_erase"] else None,
        hops=handoff["hops"] or 1,
        been_here=bool(handoff["been_here"]),
        closed_since=around.closed_since(view, desk.organization, row["service_type"]),
        missing_person=_procedure(view, row["sender"], desk.organization) if handoff["expected_by"] else None,
        paused=view.paused.get(desk.id),
        must_see=row["must_see"],
        gone_on=row["gone_on"],
        code=handoff["reason"],
        answered_at=named,
        senders_hours=view.desk(named).calendar if named and view.has("contact_points", named) else None,
        avoid=case.avoid,
    )


def _procedure(view: View, sender: str, receiver: str) -> str | None:
    return around.missing_person(view, around.shared_forces(view, sender, receiver))
