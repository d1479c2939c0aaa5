"""Several referrals in one act: for many people, for several needs of one, or for more needs of one who was referred.

Each is a referral of its own, with its own reference, desk and deadlines; all are written as one, or none is. What they
have in common is told by their ``group``, which says nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from relaypoint.domain import replies
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.errors import Conflict, Invalid
from relaypoint.domain.policy import Action, Subject
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import agreed_types_of, languages_of
from relaypoint.resolvers.choosing import chosen_for
from relaypoint.resolvers.finding import Answer, find, present_view
from relaypoint.resolvers.needs import NeedInput, agreeing
from relaypoint.resolvers.referral_steps import first_steps
from relaypoint.resolvers.referrals import own_referral, shown_referral
from relaypoint.resolvers.sending import answering_desk, own_desks, ways_to
from relaypoint.resolvers.writing import earlier, operation_id, write_once

_TRIES: Final = 5

#: So many referrals at most in one act: a raid, a boat, a workplace.
MOST: Final = 60


@dataclass(frozen=True, slots=True)
class SentMany:
    """``referrals`` in the order of people, then of needs. ``by_hand`` are the references of those of which no message
    can be delivered: they have to be phoned. ``ways`` are the channels to each desk that they went to, by its id."""

    group: str
    referrals: tuple[dict[str, Any], ...]
    by_hand: tuple[str, ...]
    ways: Mapping[str, tuple[ChannelUse, ...]]


@permitted(Action.REFER)
async def refer_many(
    subject: Subject,
    backend: Backend,
    need: NeedInput,
    *,
    people: int = 1,
    to: str | None = None,
    reply_to: str | None = None,
    call_back: str | None = None,
    safe_hours: str | None = None,
    consent: bool = False,
    idempotency_key: str | None = None,
) -> SentMany:
    """Sends so many people to the first candidate of each need (``service`` and ``also``), or all to the contact point
    ``to`` where there is one need.

    Raises what ``refer`` raises, for the first need that can't be sent: then nothing is; ``Invalid`` for a number of
    people that is none, or too many at once.
    """
    return await _sent(
        subject,
        backend,
        need,
        people,
        reply_to,
        call_back,
        safe_hours,
        consent,
        idempotency_key,
        {"need": asdict(need)} | ({"to": to} if to else {}),
        to=to,
    )


@permitted(Action.REFER)
async def split(
    subject: Subject,
    backend: Backend,
    id: str,
    services: Sequence[str],
    *,
    consent: bool = False,
    no_consent: bool = False,
    idempotency_key: str | None = None,
) -> SentMany:
    """Sends further needs of somebody who was referred, as the case is known: place, languages, tags, priority,
    confidentiality, whom it avoids and what the adult agreed to. The referral itself stays as it is. ``consent``: the
    adult agrees to these needs, ``no_consent``: to none of them that takes it, whatever was said before.

    Raises what ``own_referral`` raises for one that the subject did not send, ``Invalid`` for no service at all, and
    what ``refer_many`` raises.
    """
    row = await own_referral(subject, backend, id)
    if not services:
        raise Invalid(
            "refer.no-service",
            "No service is named that the person needs as well.",
            path=("services",),
            remedy="Name one or more service types.",
        )
    case = backend.vault.unseal(row["sealed_key"], row["referral"]["sealed"])
    agreed = agreed_types_of(case)
    need = NeedInput(
        from_organization=row["sender"]["id"],
        service=services[0],
        also=tuple(services[1:]),
        place=case["place"],
        languages=tuple(languages_of(case)),
        tags=tuple(case["tags"]),
        avoid=tuple(case["avoid"]),
        priority=row["referral"]["priority"],
        confidentiality=row["referral"]["confidentiality"],
        consent=() if no_consent else agreed if agreed is None or not consent else (*agreed, *services),
    )
    calling = row["referral"]
    request = {"split": row["referral"]["id"], "services": list(services), "no_consent": no_consent}
    return await _sent(
        subject,
        backend,
        need,
        1,
        None,
        calling["call_back"],
        calling["safe_hours"],
        consent,
        idempotency_key,
        request,
        group=calling["group"] or calling["id"],
        person=calling["person"],
    )


async def _sent(
    subject: Subject,
    backend: Backend,
    need: NeedInput,
    people: int,
    reply_to: str | None,
    call_back: str | None,
    safe_hours: str | None,
    consent: bool,
    idempotency_key: str | None,
    asked: dict[str, Any],
    group: str | None = None,
    person: int | None = None,
    to: str | None = None,
) -> SentMany:
    needs = 1 + len(need.also)
    if to is not None and needs > 1:
        raise Invalid(
            "refer.to-one",
            "Several needs don't all go to one contact point.",
            path=("to",),
            remedy="Leave it out, or send one need at a time.",
        )
    if people < 1 or people * needs > MOST:
        raise Invalid(
            "refer.people",
            "In one act 1 to {most} referrals can be sent, not {count}.",
            path=("people",),
            remedy="Send them in several acts.",
            most=MOST,
            count=people * needs,
        )
    operation = operation_id(subject, backend, idempotency_key)
    request = {**asked, "people": people, "reply_to": reply_to, "call_back": call_back, "safe_hours": safe_hours}
    request |= {"consent": consent}
    hours = replies.safe_hours(safe_hours)
    done = await earlier(backend, operation, request)
    if done is not None:
        return await _told(subject, backend, done)
    for _ in range(_TRIES):
        answer = await find(subject, backend, agreeing(need, consent))
        items = [item for item in answer.items if item.added is None]
        desk = await answering_desk(backend, answer, reply_to)
        by = replies.call_back(await own_desks(backend, answer, desk), answer.need, answer.at, call_back)
        calling: dict[str, Any] = {"call_back": by, "safe_hours": hours, "group": group or backend.new_id()}
        steps: list[Step] = []
        sent: list[dict[str, Any]] = []
        for number in range(people):
            calling["person"] = number + 1 if people > 1 else person
            for item in items:
                one: Answer = replace(answer, items=(item,))
                chosen = chosen_for(one, to, consent=consent, risk_checked=False)
                more, result = first_steps(
                    subject, backend, one, chosen, operation, consent=consent, answered_at=desk, calling=calling
                )
                steps += more
                sent.append(result)
        try:
            told = {"group": calling["group"], "sent": sent}
            return await _told(
                subject, backend, await write_once(backend, operation, steps, request=request, result=told)
            )
        except Unmet:
            continue  # The roster was changed meanwhile; the cases may belong to other desks now.
    raise Conflict(
        "refer.changed",
        "The roster was being changed by others all the time; nothing was sent.",
        path=("people",),
        remedy="Try again.",
    )


async def _told(subject: Subject, backend: Backend, done: dict[str, Any]) -> SentMany:
    found = [(each, await shown_referral(subject, backend, each["referral"])) for each in done["sent"]]
    view = await present_view(backend)
    to = {referral["handoffs"][0]["contact_point"]["id"]: referral for _, referral in found}
    return SentMany(
        done["group"],
        tuple(referral for _, referral in found),
        tuple(referral["reference"] for each, referral in found if each["hand"]),
        {desk: ways_to(view, referral, backend.clock()) for desk, referral in to.items()},
    )
