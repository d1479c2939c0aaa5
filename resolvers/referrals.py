"""Sending a referral: the contact is found, then referral, first handoff, event and notice are written as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from relaypoint.domain import chain, replies
from relaypoint.domain.advice_steps import Advice, duty, found_ones
from relaypoint.domain.avoid import EVERYBODY, Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.emergency import Emergency
from relaypoint.domain.errors import Conflict, IllegalTransition, Invalid, NotFound
from relaypoint.domain.handoffs import ERASED, MUST_KEEP, Status
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.moves import in_order
from relaypoint.domain.policy import Action, Subject, may_act_for, may_see_case, may_see_referral, sides, steps_seen
from relaypoint.domain.replay import concerned
from relaypoint.domain.texts import Text
from relaypoint.domain.told_events import told
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality
from relaypoint.graph import Row, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import agreed_types_of, languages_of
from relaypoint.resolvers.choosing import chosen_for
from relaypoint.resolvers.faces import called_back, with_faces
from relaypoint.resolvers.finding import Answer, emergency, find, present_view, view_of
from relaypoint.resolvers.needs import NeedInput, agreeing
from relaypoint.resolvers.references import by_reference
from relaypoint.resolvers.referral_steps import first_steps
from relaypoint.resolvers.step_rows import withheld
from relaypoint.resolvers.writing import earlier, operation_id, write_once

#: A roster that is changed by others all the time is looked at again.
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """What the sender is told at once. ``repeated``: it had been sent before under this key, and was not sent again."""

    referral: dict[str, Any]
    phone_now: bool
    by_hand: bool
    form: str | None
    emergency: Emergency | None
    channels: tuple[ChannelUse, ...]
    repeated: bool = False
    #: Of danger for the person, and what to make sure of, as ``find`` says it of the candidate.
    warnings: tuple[Text, ...] = ()
    confirm: tuple[Text, ...] = ()
    #: Of a child's case: who protects the child, beside this.
    protection: tuple[Advice, ...] = ()


@permitted(Action.REFER)
async def refer(
    subject: Subject,
    backend: Backend,
    need: NeedInput,
    *,
    to: str | None = None,
    reply_to: str | None = None,
    call_back: str | None = None,
    safe_hours: str | None = None,
    consent: bool = False,
    risk_checked: bool = False,
    idempotency_key: str | None = None,
) -> Sent:
    """Sends the case to ``to``, or to the first candidate. ``consent``: an adult's informed consent to it was given.
    Where the need says that the adult does not agree to it, it goes the way that takes no consent, as ``find`` says.

    Into another country it goes only to a contact point that is named, with consent, and where the risk there was
    checked. ``reply_to`` is the sender's own desk that is told what becomes of it; without it, the one nearest to the
    case.

    ``call_back`` is the sender's own channel by which the receiver is to call back, ``safe_hours`` when that is safe.

    Raises what ``find`` raises and what ``choosing.chosen_for`` does; ``Invalid`` also where ``reply_to`` is no desk of
    the sender; ``Conflict`` where the contact point changed meanwhile.
    """
    id = operation_id(subject, backend, idempotency_key)
    request = {**asdict(need), "to": to, "reply_to": reply_to, "consent": consent, "risk_checked": risk_checked}
    request |= {"call_back": call_back, "safe_hours": safe_hours}
    when = replies.safe_hours(safe_hours)
    known = await earlier(backend, id, request)
    if known is not None:
        return await _again(subject, backend, need, known)
    for _ in range(_TRIES):
        answer = await find(subject, backend, agreeing(replace(need, also=()), consent))
        chosen = chosen_for(answer, to, consent=consent, risk_checked=risk_checked)
        answered_at = await answering_desk(backend, answer, reply_to)
        by = replies.call_back(await own_desks(backend, answer, answered_at), answer.need, answer.at, call_back)
        steps, result = first_steps(
            subject,
            backend,
            answer,
            chosen,
            id,
            consent=consent,
            answered_at=answered_at,
            calling={"call_back": by, "safe_hours": when},
        )
        try:
            done = await write_once(backend, id, steps, request=request, result=result)
        except Unmet:
            continue  # The roster was changed meanwhile; the case may belong to another desk now.
        referral = await shown_referral(subject, backend, done["referral"])
        return Sent(
            referral,
            done["phone"],
            done["hand"],
            done["form"],
            answer.emergency,
            chosen.channels,
            warnings=chosen.warnings,
            # That consent was given is said with the case; all else has to be made sure of still.
            confirm=tuple(text for text in chosen.confirm if not (consent and text.message_id == "confirm.consent")),
            protection=tuple(_protection(answer)),
        )
    raise Conflict(
        "refer.changed",
        "The roster was being changed by others all the time; nothing was sent.",
        path=("to",),
        remedy="Try again.",
    )


def _protection(answer: Answer) -> Iterator[Advice]:
    """Who protects a child whose case is sent for something else."""
    for item in answer.items[1:]:
        if item.protects:
            yield from (*found_ones(item), *duty(item))


async def _again(subject: Subject, backend: Backend, need: NeedInput, known: dict[str, Any]) -> Sent:
    """The first answer, with the channels and numbers as they are now: whoever repeats it may be about to phone."""
    referral = await shown_referral(subject, backend, known["referral"])
    case = referral["case"]
    avoid = Avoid.of(case["avoid"]) if case else EVERYBODY
    channels = ways_to(await present_view(backend), referral, backend.clock())
    numbers = await emergency(subject, backend, need.place, avoid, referral["confidentiality"])
    return Sent(referral, known["phone"], known["hand"], known["form"], numbers, channels, repeated=True)


async def own_desks(backend: Backend, answer: Answer, first: str | None) -> list[ContactPoint]:
    """The sender's desks in being, the one that is told first."""
    view = view_of(await backend.memory.roster(backend.store), answer.at)
    own = [view.desk(id) for id in view.index.ids("desks of", answer.need.asker)]
    return sorted((desk for desk in own if desk.holds(view.day)), key=lambda desk: (desk.id != first, desk.id))


async def answering_desk(backend: Backend, answer: Answer, reply_to: str | None) -> str | None:
    """The sender's desk that is told what becomes of the referral; None where it has none."""
    view = view_of(await backend.memory.roster(backend.store), answer.at)
    own = [view.desk(id) for id in view.index.ids("desks of", answer.need.asker)]
    if reply_to is not None:
        wanted = reply_to.strip().lower()
        if any(desk.id == wanted and desk.holds(answer.at.date().isoformat()) for desk in own):
            return wanted
        raise Invalid(
            "refer.reply-to",
            "'{value}' is not a contact point of {name} now.",
            path=("replyTo",),
            remedy="Use one of: {known}, or leave it out." if own else "Leave it out.",
            value=reply_to,
            name=answer.ground.asker.name,
            known=", ".join(desk.id for desk in own),
        )
    around = frozenset(area.id for area in answer.ground.areas) | frozenset(view.inside(answer.need.place))
    desk = replies.reply_desk(own, answer.need, around, answer.at)
    return desk.id if desk else None


@permitted(Action.READ_REFERRAL)
async def referral(subject: Subject, backend: Backend, id: str) -> dict[str, Any]:
    """One referral with its handoffs, by its id, its reference or a message's. The case's own fields are there only
    for the body that referred it.

    Raises ``NotFound``, also where the subject is not on its chain.
    """
    known = await by_reference(subject, backend, id)
    return await shown_referral(subject, backend, known["referral"] if known else id, id)


@permitted(Action.READ_REFERRAL)
async def referrals(
    subject: Subject, backend: Backend, *, before: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """The referrals that the subject's organization sent or received, newest first, after the id ``before``."""
    if subject.organization:
        rows = await backend.store.read("referrals_of", organization=subject.organization, before=before, limit=limit)
    else:
        rows = await backend.store.read("referrals_all", before=before, limit=limit)
    return [await shown_referral(subject, backend, row["id"]) for row in rows]


@permitted(Action.READ_REFERRAL)
async def timeline(subject: Subject, backend: Backend, id: str) -> list[chain.Event]:
    """The events of a referral in their order, of the steps that the subject sees. Raises ``NotFound`` as ``referral``
    does."""
    return await _events(subject, backend, await shown_referral(subject, backend, id))


@permitted(Action.READ_REFERRAL)
async def told_timeline(subject: Subject, backend: Backend, id: str) -> list[tuple[chain.Event, Text]]:
    """The same, each in words; its sender alone is told whom an escalation turned to."""
    found = await shown_referral(subject, backend, id)
    view = await present_view(backend) if may_see_case(subject, found["sender"]["id"]) else None
    own = _own(subject, found)
    events = await _events(subject, backend, found)
    return [(event, told(event, view, beside=concerned(event) not in own)) for event in events]


def _own(subject: Subject, found: Row) -> set[str | None]:
    """The steps on a side of which the subject stands; and what concerns the referral alone."""
    sender = found["sender"]["id"]
    return {None, *(step["id"] for step in found["handoffs"] if sides(subject, sender, step["receiver"]["id"]))}


#: What is recorded of the person's consent, for the two sides of a step alone.
_OF_THE_PERSON: Final = frozenset(f"handoff-{verb}" for verb in (ERASED, MUST_KEEP, "erasure-asked", "erasure-over"))


async def _events(subject: Subject, backend: Backend, found: Row) -> list[chain.Event]:
    events = [chain.Event(**row["event"]) for row in await backend.store.read("events_of", id=found["id"])]
    if may_act_for(subject, found["sender"]["id"]):
        return events
    # Neither when somebody was told of silence, nor how many entries there are beside: both tell whom the case avoids.
    seen = {step["id"] for step in found["handoffs"]}
    own = _own(subject, found)
    shown = [
        event
        for event in events
        if (step := concerned(event)) in seen
        and event.kind != "handoff-escalated"
        and (step in own or event.kind not in _OF_THE_PERSON)
    ]
    return [replace(event, sequence=number) for number, event in enumerate(shown, 1)]


@permitted(Action.READ_REFERRAL)
async def together(subject: Subject, backend: Backend, id: str) -> list[Row]:
    """What was sent in one act with a referral, or is of the same case, oldest first: ``referral``, ``service_type``
    and its last ``step``. To its sender alone: it tells who belongs together. Raises ``NotFound`` as ``referral``
    does."""
    found = await shown_referral(subject, backend, id)
    sender = found["sender"]["id"]
    if not may_see_case(subject, sender):
        return []
    # Of further needs, the first referral of the case is what they have in common.
    group = found["group"] or found["id"]
    rows = await backend.store.read("referrals_together", sender=sender, id=found["id"], group=group)
    return [{**row, "step": in_order(row["handoffs"])[-1]} for row in rows]


def ways_to(view: View, referral: Row, at: datetime) -> tuple[ChannelUse, ...]:
    """The channels of the desk that a referral was sent to, as they are for its case now."""
    case = referral["case"]
    return weigh(
        view.desk(referral["handoffs"][0]["contact_point"]["id"]),
        floor=Confidentiality(referral["confidentiality"]),
        at=at,
        avoid=Avoid.of(case["avoid"]) if case else EVERYBODY,
    )


async def shown_referral(subject: Subject, backend: Backend, id: str, asked: str | None = None) -> dict[str, Any]:
    rows = await backend.store.read("referral_get", id=id)
    if not rows or not _seen_by(subject, rows[0]):
        raise no_referral(asked or id)
    row = rows[0]
    steps = in_order(row["handoffs"])
    way = [(step["receiver"]["id"], step["reason"] == "referred-onward") for step in steps]
    sender, priority = row["sender"]["id"], row["referral"]["priority"]
    seen = [
        {**step, "priority": priority, **withheld(sides(subject, sender, step["receiver"]["id"]))}
        for step in steps[: steps_seen(subject, sender, way)]
    ]
    shown: Row = {
        **row["referral"],
        "sender": row["sender"],
        "service_type": row["service_type"],
        "call_back": await _calling(subject, backend, row),
        "handoffs": await with_faces(backend, seen),
        "case": None,
    }
    sealed = shown.pop("sealed")
    del shown["chain_length"], shown["chain_head"]
    if not may_see_case(subject, row["sender"]["id"]):
        shown["group"] = shown["person"] = None  # It would tell others who belongs together.
        # Nor how often it moved where they do not see it.
        shown["version"] = sum(step["version"] for step in shown["handoffs"])
    elif row["sealed_key"] and sealed:
        case = backend.vault.unseal(row["sealed_key"], sealed)
        shown["case"] = {**case, "languages": languages_of(case), "agreed_types": agreed_types_of(case)}
    return shown


async def _calling(subject: Subject, backend: Backend, row: Row) -> dict[str, Any] | None:
    """How to call the sender back: for the sender itself, and for who has an open step."""
    holds = any(
        Status(step["status"]).open and may_act_for(subject, step["receiver"]["id"]) for step in row["handoffs"]
    )
    if holds or may_act_for(subject, row["sender"]["id"]):
        return await called_back(backend, row["referral"])
    return None


async def own_referral(subject: Subject, backend: Backend, id: str) -> Row:
    """The row of a referral that the subject sent, by its id or a reference, with its case still sealed. Raises
    ``IllegalTransition`` for one that it sees and did not send, ``NotFound`` for one that it does not see, or whose
    case can't be opened any more."""
    known = await by_reference(subject, backend, id)
    rows = await backend.store.read("referral_get", id=known["referral"] if known else id)
    if not rows or not _seen_by(subject, rows[0]):
        raise no_referral(id)
    if not may_see_case(subject, rows[0]["sender"]["id"]):
        raise IllegalTransition(
            "referral.side",
            "Only its sender may say this of a referral.",
            path=("id",),
            remedy="Ask its sender, who knows what the person wants.",
        )
    if not rows[0]["sealed_key"]:
        raise no_referral(id)
    return rows[0]


def _seen_by(subject: Subject, row: Row) -> bool:
    return may_see_referral(subject, row["sender"]["id"], frozenset(h["receiver"]["id"] for h in row["handoffs"]))


def no_referral(id: str) -> NotFound:
    return NotFound(
        "referral.none",
        "There is no referral '{id}' for you.",
        path=("id",),
        remedy="Check the id; only the bodies on its chain see a referral.",
        id=id,
    )
