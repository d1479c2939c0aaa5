"""The statements that a referral is written with: itself, its first handoff, its record and its notice."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.answer import Candidate
from relaypoint.domain.clock import format_instant
from relaypoint.domain.deadlines import AS_USUAL, Agreed, agreed_times, counted
from relaypoint.domain.handoffs import ARRIVING, Status, awaited
from relaypoint.domain.model import Pathway
from relaypoint.domain.policy import Subject
from relaypoint.domain.replay import recorded
from relaypoint.domain.words import Priority
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import Answer


def first_steps(
    subject: Subject,
    backend: Backend,
    answer: Answer,
    chosen: Candidate,
    operation: str,
    *,
    consent: bool,
    answered_at: str | None,
    calling: Mapping[str, str | int | None],
) -> tuple[list[Step], dict[str, Any]]:
    need, now = answer.need, backend.now()
    referral_id = backend.new_id()
    hop = _hop(chosen)
    agreed = answer.ground.agreed.get((need.asker, chosen.service.organization.id), AS_USUAL)
    handoff = new_handoff(backend, chosen, need.priority, answer.at, agreed)
    case_key = backend.vault.new_case_key()
    sealed = backend.vault.seal(
        case_key,
        {
            "place": need.place,
            "languages": list(need.languages),
            "tags": list(need.tags),
            "avoid": sorted(need.avoid.entries),
            "consent": consent,
            "agreed_types": None if need.consent is None else sorted(need.consent),
            "consents": [
                {
                    "organization": chosen.service.organization.id,
                    "service_type": chosen.service.type,
                    "given_on": now[:10],
                }
            ]
            if consent
            else [],
            "candidates": [c.contact_point.id for c in answer.finding.candidates if len(c.route.hops) <= 1],
        },
    )
    event = chain.append(
        referral_id,
        0,
        "",
        kind="referral-sent",
        at=now,
        actor=subject.name,
        data=salted(
            {
                "before": None,
                "after": {
                    "handoff": handoff,
                    "sender": need.asker,
                    "contact_point": chosen.contact_point.id,
                    "service_type": chosen.service.type,
                    "pathway": hop.id if hop else None,
                },
                "case": chain.salted_digest(sealed),
            }
        ),
    )
    steps = [
        Step(
            "referral_create",
            {
                "sender": need.asker,
                "service_type": chosen.service.type,
                "id": referral_id,
                "sealed_key": case_key,
                "properties": {
                    "reference": backend.new_reference(),
                    "version": 1,
                    "priority": need.priority.value,
                    "confidentiality": need.confidentiality.value,
                    "created_at": now,
                    "sealed": sealed,
                    "chain_length": 0,
                    "chain_head": "",
                    **calling,
                },
            },
        ),
        *handoff_steps(handoff, referral_id, chosen, operation, answer.roster),
    ]
    if answered_at:
        steps.append(Step("referral_answered_at", {"referral": referral_id, "contact_point": answered_at}))
    steps.append(record(event))
    # Where the official form is the referral, the form is what arrives; a message beside it would look like another.
    form = handoff["form"]
    if form is None:
        steps.append(
            notice(
                backend,
                handoff=handoff["id"],
                contact_point=chosen.contact_point.id,
                kind="requested",
                priority=need.priority,
                confidentiality=need.confidentiality,
            )
        )
    by_hand = form is None and not any(use.carries_message for use in chosen.channels)
    phone_now = need.priority is Priority.STAT
    return steps, {"referral": referral_id, "phone": phone_now, "hand": by_hand, "form": form}


def new_handoff(
    backend: Backend,
    chosen: Candidate,
    priority: Priority,
    at: datetime,
    agreed: Agreed = AS_USUAL,
    before: Sequence[str] = (),
    continues: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """A first or following step of a referral, as it is sent to the chosen desk at that moment.

    ``agreed`` are the deadlines that hold where the pathway names none. ``before`` are the desks that the referral
    passed on its way. ``continues`` is the step before it: where a person is on the way, or missing, whoever has the
    case next has to know it as well. That they arrived there says nothing of here.
    """
    hop = _hop(chosen)
    own = Agreed(*(getattr(hop, name) for name in Agreed._fields)) if hop else AS_USUAL
    now = format_instant(at)
    handoff = {
        "id": backend.new_id(),
        "version": 1,
        "status": Status.REQUESTED.value,
        "sent_at": now,
        "changed_at": now,
        "moved_at": now,
        "form": hop.form if hop else None,
        "form_submitted_at": None,
        "hops": len(before) + 1,
        "been_here": chosen.contact_point.id in before,
        **own.over(agreed_times(priority, agreed))._asdict(),
        **{name: continues[name] for name in ARRIVING if awaited(continues) and continues.get(name)},
    }
    return handoff | counted(priority, handoff, chosen.contact_point.calendar)


def handoff_steps(handoff: dict[str, Any], referral: str, chosen: Candidate, operation: str, roster: int) -> list[Step]:
    """Lays the handoff at the chosen desk, if the roster is still the version that it was chosen from."""
    steps = [
        Step(
            "handoff_create",
            {
                "contact_point": chosen.contact_point.id,
                "roster_version": roster,
                "operation": operation,
                "referral": referral,
                "id": handoff["id"],
                "properties": handoff,
            },
        )
    ]
    if hop := _hop(chosen):
        steps.append(Step("handoff_along", {"handoff": handoff["id"], "pathway": hop.id}))
    return steps


def _hop(chosen: Candidate) -> Pathway | None:
    """The last leg of the way to it; None where it is reached directly."""
    return chosen.route.hops[-1] if chosen.route.hops else None


def salted(data: Mapping[str, Any]) -> dict[str, Any]:
    """What an event of a referral holds. All who see a step see its events' hashes, and could try out what they are not
    told of it."""
    return {**data, **recorded(data["before"], data["after"]), "salt": secrets.token_hex(16)}


def record(event: chain.Event) -> Step:
    return Step(
        "event_append",
        {
            "referral": event.aggregate,
            "sequence": event.sequence,
            "hash": event.hash,
            "id": event.id,
            "properties": event.properties(),
        },
    )


def notice(
    backend: Backend,
    *,
    handoff: str,
    contact_point: str,
    kind: str,
    priority: str,
    confidentiality: str,
    turn: int = 0,
) -> Step:
    """An outbox row. It names the handoff and nothing of the case; its id is the message's own reference. ``turn``:
    how many of the channels that may be used come last, because messages went by them before."""
    now = backend.now()
    properties = {
        "kind": kind,
        "status": "pending",
        "priority": str(priority),
        "urgency": Priority(priority).level,
        "confidentiality": str(confidentiality),
        "reference": backend.new_reference(),
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "turn": turn,
    }
    return Step(
        "notice_create",
        {"id": backend.new_id(), "handoff": handoff, "contact_point": contact_point, "properties": properties},
    )


def told(backend: Backend, row: Row, desk: str, kind: str, *, handoff: str | None = None, turn: int = 0) -> Step:
    """An outbox row about a stored step, or about ``handoff``, which continues it; as urgent and as confidential as its
    referral. ``row`` has ``handoff`` and ``referral`` as stored."""
    return notice(
        backend,
        handoff=handoff or row["handoff"]["id"],
        contact_point=desk,
        kind=kind,
        priority=row["referral"]["priority"],
        confidentiality=row["referral"]["confidentiality"],
        turn=turn,
    )


def senders_desk(row: Row) -> str | None:
    """The sender's own desk that is told what becomes of a step; None where it has none any more. ``row`` has
    ``answered_at`` and ``sender_desks``."""
    return row["answered_at"] or next(iter(sorted(row["sender_desks"])), None)
