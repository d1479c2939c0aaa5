"""Which candidate a case is sent to: the first one, or the one that is named, if it may go there as it is.

Nobody is sent to instead of the first: where that one can't be sent to, or nothing tells it from the next, the
caseworker decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from relaypoint.domain.answer import Candidate
from relaypoint.domain.channels import by_voice, usable
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.errors import Invalid, NoChannel, NotFound
from relaypoint.domain.model import Organization
from relaypoint.domain.texts import Text, listed, say
from relaypoint.resolvers.finding import Answer
from relaypoint.resolvers.needs import tidy


def chosen_for(answer: Answer, to: str | None, *, consent: bool, risk_checked: bool) -> Candidate:
    """The candidate that the case goes to.

    Raises ``NoChannel`` where nothing fits or ``to`` is ruled out, with the reasons; ``NotFound`` where ``to`` is no
    contact point for the service; ``Invalid`` where the sender is suspended, where consent or anything else that the
    way takes is lacking, where the way leads through others, or where, without ``to``, the place is too large to tell
    who is right.
    """
    check_sender(answer.ground.asker, "from")
    agreed = consent or is_child(answer.need.tags)
    if answer.ground.abroad:
        check_abroad(answer.ground.abroad.name, to, agreed=agreed, risk_checked=risk_checked)
    chosen = _first(answer) if to is None else _named(answer, to)
    if foreign := answer.ground.foreign.get(chosen.service.organization.id):
        check_abroad(foreign.name, to, agreed=agreed, risk_checked=risk_checked)
    after = answer.finding.candidates[answer.finding.candidates.index(chosen) + 1 :]
    sendable = (each for each in after if not each.route.hops[1:] and not _abroad(answer, each))
    check_way(chosen, agreed=agreed or answer.need.consent is not None, following=sendable)
    if to is None:
        _check_place(answer, chosen)
    return chosen


def check_sender(asker: Organization, field: str) -> None:
    """Raises ``Invalid`` for that field where the body is suspended."""
    if asker.suspended:
        raise Invalid(
            "refer.suspended",
            "{name} is suspended and can't send referrals.",
            path=(field,),
            remedy="Phone the contact point, or ask your task force's coordinator to have it sent.",
            name=asker.name,
        )


def check_way(chosen: Candidate, *, agreed: bool, following: Iterable[Candidate] = ()) -> None:
    """Raises ``Invalid`` where the way there leads through others, or needs an adult's consent that is lacking.
    ``following`` are the candidates after it, one of which may be sent to directly."""
    hops = chosen.route.hops
    if len(hops) > 1:
        raise Invalid(
            "refer.gateway",
            "{desk} is reached through {gate}: nothing is sent there by itself.",
            path=("to",),
            remedy="{ask}{instead}",
            desk=chosen.contact_point.name,
            gate=hops[0].to.name,
            ask=_ask(chosen),
            instead=_instead(following),
        )
    if any(hop.consent == "required" for hop in hops) and not agreed:
        raise Invalid(
            "refer.consent",
            "An adult's informed consent is needed for '{pathway}'.",
            path=("consent",),
            remedy="Explain the procedure; if the person agrees, say so, and if not, say that (--no-consent): help "
            "itself does not depend on it.",
            pathway=hops[-1].name,
        )


def _ask(chosen: Candidate) -> Text:
    """Whom to phone, so that they refer; or by what else they are reached, where nobody speaks."""
    gate = chosen.gateway
    if gate is None:
        return say("refer.gateway.name", "Ask {gate} to refer.", gate=chosen.route.hops[0].to.name)
    spoken = by_voice(gate.channels)
    ways = listed(use.channel.address or use.channel.kind for use in spoken or usable(gate.channels))
    names = {"desk": gate.contact_point.name, "gate": gate.organization.name, "ways": ways}
    if spoken:
        return say("refer.gateway.phone", "Phone {desk} of {gate} and ask them to refer: {ways}.", **names)
    return say("refer.gateway.ask", "Ask {desk} of {gate} to refer: {ways}.", **names)


def _instead(following: Iterable[Candidate]) -> Text | str:
    other = next(iter(following), None)
    if other is None:
        return ""
    text = " Or send it to {desk} of {body} yourself, which comes after it: --to {id}."
    names = {"desk": other.contact_point.name, "body": other.service.organization.name, "id": other.contact_point.id}
    return say("refer.gateway.instead", text, **names)


def check_abroad(country: str, to: str | None, *, agreed: bool, risk_checked: bool) -> None:
    """Into another country nothing is sent by itself. Raises ``Invalid`` for what is lacking."""
    lacking = [
        (path, text)
        for path, text, there in (
            ("to", "name the contact point", to is not None),
            ("consent", "say that the person agrees to it", agreed),
            ("riskChecked", "say that the risk there was checked", risk_checked),
        )
        if not there
    ]
    if lacking:
        raise Invalid(
            "refer.abroad",
            "{country} is another country: nothing is sent there by itself.",
            path=(lacking[0][0],),
            remedy="First {what}.",
            country=country,
            what="; ".join(text for _, text in lacking),
        )


def _check_place(answer: Answer, first: Candidate) -> None:
    """Raises ``Invalid`` where the first candidate is only for a part of the place, and there are others: where the
    person is decides who is right, and that is never guessed; of a child's protection also where there is no other."""
    here = {area.id for area in answer.ground.areas}
    whole = all(here & places for places in (first.service.areas, first.contact_point.areas) if places)
    alone = answer.need.near or not answer.finding.candidates[1:]
    if whole or (alone and not answer.items[0].protects):
        return
    raise Invalid(
        "refer.part",
        "{desk} is not for all of {place}, only for a part of it or for what lies near: it may be the wrong one.",
        path=("place",),
        remedy="Name the place more closely, or name the contact point that is right with --to.",
        desk=first.contact_point.name,
        place=answer.ground.place.name,
    )


def _abroad(answer: Answer, candidate: Candidate) -> bool:
    """Whether it works only in another country, while the place lies in the asker's."""
    return answer.ground.abroad is None and candidate.service.organization.id in answer.ground.foreign


def _first(answer: Answer) -> Candidate:
    for candidate in answer.finding.candidates:
        if not _abroad(answer, candidate):
            return candidate
    raise NoChannel(
        "refer.nothing",
        "No contact point can take this case as described.",
        remedy="Run find to see the nearest misses and what would let them in.",
    )


def _named(answer: Answer, to: str) -> Candidate:
    wanted = tidy(to)
    for candidate in answer.finding.candidates:
        if candidate.contact_point.id == wanted:
            return candidate
    for out in (*answer.finding.excluded, *answer.finding.passed_over):
        if out.contact_point is not None and out.contact_point.id == wanted:
            raise NoChannel(
                "refer.excluded",
                "{desk} can't take this case: {reasons}",
                path=("to",),
                remedy="Run find to see who can.",
                desk=out.contact_point.name,
                reasons=" ".join(reason.text for reason in out.reasons),
            )
    raise no_desk(to)


def no_desk(to: str) -> NotFound:
    return NotFound(
        "refer.to",
        "'{value}' is not a contact point for this service.",
        path=("to",),
        remedy="Run find to see who can take the case.",
        value=to,
    )
