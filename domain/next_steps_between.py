"""What a coordinator can do about a step between two others, and whom to phone on both sides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from relaypoint.domain.channels import ChannelUse, usable, weigh
from relaypoint.domain.codes import WORDS
from relaypoint.domain.handoffs import AGREED, PASSES, REMARKS, RESPOND
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.next_step import NextStep, by_voice_first, choice_of, command_of, is_there
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import Confidentiality

_BETWEEN = {
    "same-desk": say("next.holding-desk", "Speak with the desk that has it, or had it last."),
    "reply-desk": say("next.reply-desk", "Speak with its sender."),
}


def coordinators_moves(handoff: OpenHandoff, reason: str | None = None) -> tuple[NextStep, ...]:
    """What a coordinator can do about a step that is silent for that reason, or that its sender turned to it about."""
    if (fitting := _fitting(handoff, reason)) is None:
        return (_coordinators_move(handoff),)
    # Beside what the reason asks for, what somebody waits for it to say; a missing person is found by no other desk.
    waited_for = handoff.wish_open or handoff.wish_answered or handoff.respond_by or handoff.response
    first = NextStep("yours", fitting)
    return (first, _coordinators_move(handoff)) if waited_for else (first,)


def _fitting(handoff: OpenHandoff, reason: str | None) -> Text | None:
    """Where to speak with whoever holds it, or to send it on, would miss the point."""
    if reason == "not-arrived":
        return say(
            "next.coordinate-missing",
            "Speak with both sides: who looks for the person, and by which way? To send the case on finds nobody.",
        )
    if reason == "arrival-unknown":
        return say(
            "next.coordinate-arrival",
            "Ask the desk whether the person has arrived; it records it: {command}. If not, have both look for them.",
            command=choice_of(handoff, "VERB", ("arrived", "not-arrived")),
        )
    if reason == "accepted-by-phone":
        return say(
            "next.coordinate-phoned",
            "Phone the desk: has it begun? It has said yes on the phone only; its sender records what it says.",
        )
    if reason in ("information-not-answered", "form-not-submitted"):
        return say("next.coordinate-sender", "It is its sender's turn: speak with its sender.")
    return None


def _coordinators_move(handoff: OpenHandoff) -> NextStep:
    """To redirect answers the sender as well, and what has ended can't be redirected: its sender sends it anew."""
    on = command_of(handoff, "redirect --to CONTACT_POINT")
    command = choice_of(handoff, "respond --result RESULT", REMARKS[RESPOND].words)
    lies_there = handoff.status in PASSES["redirect"].sources
    if handoff.wish_open:
        text = say(
            "next.wish-open",
            "Its sender is asked whether the person agrees that it goes to {desk}: speak with them, or send it "
            "elsewhere: {on}.{respond}",
            desk=handoff.wished_to,
            on=on,
            respond=say("next.wish-raised", " Its sender waits for your answer still: {command}", command=command)
            if handoff.respond_by
            else "",
        )
    elif handoff.wish_answered and lies_there:
        agreed = handoff.wish_answered == AGREED
        text = say(
            "next.wish-agreed" if agreed else "next.wish-refused",
            "The person agrees that it goes to {desk}, as its sender says: send it there: {on}"
            if agreed
            else "The person does not agree that it goes to {desk}, or its sender can't tell: send it elsewhere: "
            "{on}; or answer: {command}",
            desk=handoff.wish_about,
            on=command_of(handoff, f"redirect --to {handoff.wish_about}") if agreed else on,
            command=command,
        )
    elif handoff.respond_by and lies_there:
        text = say(
            "next.respond",
            "Its sender asks a coordinator to step in: see to it, then answer: {command}; or send it on, which answers "
            "it: {on}",
            command=command,
            on=on,
        )
    elif handoff.respond_by:
        text = say(
            "next.respond-ended",
            "Its sender asks a coordinator about how it ended: speak with both, then answer: {command}. Only its "
            "sender can send it anew.",
            command=command,
        )
    elif handoff.response:
        text = say(
            "next.coordinate-answered",
            "Its sender was answered: {answer}. It is silent still: speak with both{on}",
            answer=WORDS.get(handoff.response, handoff.response),
            on=say("next.or-redirect", ", or send it on: {on}", on=on) if lies_there else "",
        )
    elif lies_there:
        text = say("next.coordinate", "Speak with whoever holds it, or send it on: {on}", on=on)
    else:
        text = say("next.coordinate-ended", "It has ended there: speak with its sender, who alone can send it anew.")
    return NextStep("yours", text)


def desks_of_both(
    desks: Iterable[tuple[str, ContactPoint, Organization]], floor: Confidentiality, at: datetime
) -> tuple[NextStep, ...]:
    """For a coordinator, how to reach the desks between which a step lies, each given with its role. Only the channels
    that lead to nobody else: which of the others may be used would tell whom the case avoids."""
    return tuple(
        NextStep(role, _BETWEEN[role], desk, organization.name, _directly(desk, organization, floor, at))
        for role, desk, organization in desks
    )


def _directly(
    desk: ContactPoint, organization: Organization, floor: Confidentiality, at: datetime
) -> tuple[ChannelUse, ...]:
    if not is_there(desk, organization, at):
        return ()
    may = usable(weigh(desk, floor=floor, at=at))
    return by_voice_first(use for use in may if use.channel.via_contact_point is None and not use.channel.shared)
