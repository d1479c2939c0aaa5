"""Sending a referral: the contact is found, then referral, first handoff, event and notice are written as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from relaypoint.domain import replies
from relaypoint.domain.advice_steps import Advice, duty, found_ones
from relaypoint.domain.avoid import EVERYBODY, Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.emergency import Emergency
from relaypoint.domain.errors import Conflict, Invalid
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.texts import Text
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality
from relaypoint.graph import Row, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.choosing import chosen_for
from relaypoint.resolvers.finding import Answer, emergency, find, present_view, view_of
from relaypoint.resolvers.needs import NeedInput, agreeing
from relaypoint.resolvers.referral_steps import first_steps
from relaypoint.resolvers.referrals import shown_referral
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


def ways_to(view: View, referral: Row, at: datetime) -> tuple[ChannelUse, ...]:
    """The channels of the desk that a referral was sent to, as they are for its case now."""
    case = referral["case"]
    return weigh(
        view.desk(referral["handoffs"][0]["contact_point"]["id"]),
        floor=Confidentiality(referral["confidentiality"]),
        at=at,
        avoid=Avoid.of(case["avoid"]) if case else EVERYBODY,
    )
