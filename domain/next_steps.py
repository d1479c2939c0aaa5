"""Whom to turn to when a handoff has gone silent or came back, and by which channel.

A step never leads to whom the case avoids, nor over a channel that is not safe enough for it, nor to a desk or body
that is no longer there. The receiving side is told of its own next move only: what is missing from a longer list
would tell it whom the case avoids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from relaypoint.domain.around import NOBODY, Around
from relaypoint.domain.channels import ChannelUse, usable, weigh
from relaypoint.domain.codes import WORDS
from relaypoint.domain.deadlines import DEFAULTS
from relaypoint.domain.handoffs import AGREED, REMARKS, SEEN, SERVED_THERE, Side, Status
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.moves import possible
from relaypoint.domain.next_step import NextStep, by_voice_first, choice_of, command_of, is_there
from relaypoint.domain.next_steps_between import coordinators_moves
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.silences import MISSING
from relaypoint.domain.stalls import Stall
from relaypoint.domain.texts import Text, say

#: Nobody reads further down a list of whom to try instead.
_MOST_CANDIDATES = 2


_SAME_DESK = say("next.same-desk", "Contact the desk that holds it.")
_HAD_IT = say("next.had-it", "Contact the desk that had it.")
_TELL = say("next.tell", "Tell the desk yourself that it is over.")
_OTHER_DESK = say("next.other-desk", "Turn to the organization's other contact point.")
_ERASING = ("erased", "must-keep --reason CODE")
#: What the receiving side says to each of these; to all others it moves the step on.
_ANSWERS = {
    "arrival-unknown": ("arrived", "not-arrived"),
    "not-arrived": ("arrived",),  # That they did not is said already.
    "erasure-not-answered": _ERASING,
}
_HOTLINE = say("next.hotline", "Ask the national hotline for advice.")
_ANOTHER = say("next.another-coordinator", "Another coordinator of both, to speak with.")
_ASKED = say("next.asked", "A coordinator was turned to already: ask what became of it.")


def next_steps(found: Stall, at: datetime, side: Side = Side.SENDER, around: Around = NOBODY) -> tuple[NextStep, ...]:
    """In the order in which to try them; ``around`` is whom the sender can turn to. The last resort is always the
    sender, who can send it elsewhere."""
    handoff, reason = found.handoff, found.reason
    if side is Side.RECEIVER:
        return (_own_move(handoff, reason),)
    if side is Side.COORDINATOR:
        return coordinators_moves(handoff, reason)
    if handoff.wish_open and reason != "information-not-answered":
        text = say(
            "next.wished",
            "The coordinator would send it to {desk}: ask the person, and answer: {command}",
            desk=handoff.wished_to,
            command=choice_of(handoff, "answer --result RESULT", handoff.answers),
        )
        return (
            NextStep("sender", text),
            *_towards(handoff, around, reason, at),
            _senders_move(handoff, reason, around),
        )
    if reason == "form-not-submitted":
        text = say(
            "next.form",
            "Submit the official form: {form}; then record it: {command}",
            form=handoff.form,
            command=command_of(handoff, "form-submitted"),
        )
        return (NextStep("sender", text),)
    if reason == "information-not-answered":
        text = say(
            "next.answer",
            "Tell the desk what it asked for, by a safe channel; then record it: {command}",
            command=choice_of(handoff, "answer --result RESULT", handoff.answers),
        )
        return (NextStep("sender", text), *_towards(handoff, around, reason, at))
    agreed: tuple[NextStep, ...] = ()
    if handoff.wish_answered == AGREED and handoff.status.open:
        text = say(
            "next.agreed",
            "The person agrees that it goes to {desk}, and a coordinator is to send it there. Where that takes too "
            "long, send it yourself: {command}",
            desk=handoff.wish_about,
            command=command_of(handoff, f"resend --to {handoff.wish_about}"),
        )
        agreed = (NextStep("sender", text),)
    return (*agreed, *_towards(handoff, around, reason, at), _senders_move(handoff, reason, around))


def _towards(handoff: OpenHandoff, around: Around, reason: str, at: datetime) -> Iterator[NextStep]:
    """The steps that lead to somebody who can be reached."""
    back = handoff.must_see and reason != "untold" and reason not in MISSING
    refused = handoff.refused_by_phone
    gone = back or refused or reason in ("orphaned", "avoided")
    desk = () if gone else ((handoff.desk, handoff.receiver),)
    others = () if back else tuple((other, handoff.receiver) for other in around.other_desks)
    again = say(
        "next.phone-again",
        "Phone the desk again: has it begun, has the person arrived? Then record what they say: {command}; once the "
        "person was served: {over}",
        command=choice_of(handoff, "phoned --result RESULT --role ROLE", ("accepted", "refused")),
        over=command_of(handoff, f"cancel --reason {SERVED_THERE}"),
    )
    same = {"untold": _TELL, "accepted-by-phone": again}.get(reason, _SAME_DESK if handoff.status.open else _HAD_IT)
    ways: tuple[tuple[str, Text, Sequence[tuple[ContactPoint, Organization]]], ...] = (
        ("same-desk", same, desk),
        ("other-desk", _OTHER_DESK, others),
    )
    if reason not in ("untold", "information-not-answered", "erasure-not-answered"):
        instead = say(
            "next.candidate",
            "Could take it when you sent it: look again with find, then: {command}",
            command=command_of(handoff, "resend --to CONTACT_POINT"),
        )
        ask = say(
            "next.coordinator",
            "Ask the coordinator of the task force to step in: {command}",
            command=command_of(handoff, "raise"),
        )
        if handoff.respond_by:
            ask = _ASKED
        elif handoff.response:
            ask = say(
                "next.answered",
                "A coordinator has answered: {answer}. If that does not help, ask once more: {command}",
                answer=WORDS.get(handoff.response, handoff.response),
                command=command_of(handoff, "raise"),
            )
        ways += (
            ("next-candidate", instead, () if reason in MISSING and not refused else around.candidates),
            # Who has said that it can do no more comes last.
            ("coordinator", ask, sorted(around.coordinators, key=lambda each: each[1].id in handoff.said_all)),
            ("hotline", _HOTLINE, around.hotlines),
        )
    steps: list[NextStep] = []
    for role, first, reachable in ways:
        found = [
            NextStep(role, first, desk, organization.name, channels)
            for desk, organization in reachable
            if (channels := _reach(handoff, desk, organization, at, by_voice=role != "coordinator" or first is _ASKED))
        ]
        if role == "coordinator":  # One asks them all at once, and whom one could phone stands by itself.
            found[1:] = [replace(each, text=_ANOTHER) for each in found[1:]]
        steps += found[:_MOST_CANDIDATES] if role == "next-candidate" else found
    if refused:  # Nobody has the case: who could take it comes first.
        steps.sort(key=lambda step: step.role != "next-candidate")
    elif DEFAULTS[handoff.priority].basis == "clock" or reason in MISSING:
        # Where time presses, of the body's desks the one that is open.
        steps.sort(key=lambda step: (step.role not in _OF_BODY, step.role in _OF_BODY and not _open(step)))
    yield from steps


_OF_BODY = ("same-desk", "other-desk")


def _open(step: NextStep) -> bool:
    return any(use.usable_now for use in step.channels)


def _senders_move(handoff: OpenHandoff, reason: str, around: Around) -> NextStep:
    if reason == "untold":
        text = say("next.told", "Once they know, record it: {command}", command=command_of(handoff, "seen"))
    elif reason in MISSING and handoff.must_see:
        text = say(
            "next.missing-over",
            "Reach the person by the way that you agreed on; if they are in danger, call the emergency number.{police} "
            "They are looked for until you record what became of them: {seen}{on}",
            police=_police(around),
            seen=choice_of(handoff, "seen --result RESULT", REMARKS[SEEN].words),
            on=""
            if handoff.gone_on
            else say(
                "next.missing-on",
                "; where the case goes on elsewhere: {command}",
                command=command_of(handoff, "resend --to CONTACT_POINT"),
            ),
        )
    elif handoff.must_see:
        text = say(
            "next.send-again",
            "Find another contact point and send it there: {command}; or record that you see to it yourself, or that "
            "it is no longer needed: {seen}",
            command=command_of(handoff, "resend --to CONTACT_POINT"),
            seen=command_of(handoff, "seen"),
        )
    elif reason == "erasure-not-answered":
        text = say(
            "next.unerased",
            "Ask them to say it; if they do so on the phone, record it: {command}. What the person can do about it is "
            "theirs to be told.",
            command=choice_of(handoff, "VERB", _ERASING),
        )
    elif reason in MISSING and handoff.refused_by_phone:
        text = say(
            "next.missing-refused",
            "Reach the person by the way that you agreed on; if they are in danger, call the emergency number.{police} "
            "They are not taken there: find another contact point and send the case there: {command}. {sought}",
            police=_police(around),
            sought=_sought(handoff),
            command=command_of(handoff, "resend --to CONTACT_POINT"),
        )
    elif reason in MISSING:
        text = say(
            "next.missing",
            "Reach the person by the way that you agreed on; if they are in danger, call the emergency number.{police} "
            "{sought}",
            police=_police(around),
            sought=_sought(handoff),
        )
    else:
        text = say(
            "next.sender",
            "Find another contact point and send it there, which closes this step: {command}",
            command=command_of(handoff, "resend --to CONTACT_POINT"),
        )
    return NextStep("sender", text)


def _sought(handoff: OpenHandoff) -> Text:
    command = choice_of(handoff, "seen --result RESULT", REMARKS[SEEN].words)
    return say("next.sought", "Once you know what became of them, record it: {command}", command=command)


def _police(around: Around) -> Text | str:
    if not around.police:
        return ""
    text = " It may bring the police, whom this case avoids; call it all the same where a life is in danger."
    return say("next.police", text)


def _own_move(handoff: OpenHandoff, reason: str) -> NextStep:
    moves = [verb for verb in possible(handoff.status, Side.RECEIVER) if verb != "correct"]
    early = reason in MISSING and handoff.status in (Status.REQUESTED, Status.RECEIVED)  # It has to be accepted first.
    command = choice_of(handoff, "VERB", moves if early else _ANSWERS.get(reason, moves))
    if reason == "information-not-answered":
        text = say("next.awaited", "Its sender has yet to answer; or decide without it: {command}", command=command)
    elif reason == "refused-by-phone":
        text = say(
            "next.refused",
            "Its sender reports that it was refused on the phone, and looks elsewhere; record what you decide: "
            "{command}",
            command=command,
        )
    elif reason == "accepted-by-phone":
        text = say(
            "next.unconfirmed",
            "Its sender reports that it was accepted on the phone; confirm it, or say what holds: {command}",
            command=command,
        )
    elif reason == "coordinator-silent":
        text = say(
            "next.unheard",
            "The coordinator has yet to answer its sender; what you can do still stands: {command}",
            command=command,
        )
    elif reason == "hold-expired":
        text = say(
            "next.hold",
            "It is yours to look at again: {command}; if it has to wait longer, resume it and hold it anew: {again}",
            command=command,
            again=command_of(handoff, "hold --reason CODE --review DAY"),
        )
    else:
        text = say("next.receiver", "It is yours to move on: {command}", command=command)
    return NextStep("receiver", text)


def _reach(
    handoff: OpenHandoff, desk: ContactPoint, organization: Organization, at: datetime, *, by_voice: bool
) -> tuple[ChannelUse, ...]:
    """The channels to use. A message went unanswered, so those by voice come first where one is open now."""
    if not is_there(desk, organization, at) or handoff.avoid.bars_contact_point(desk, organization):
        return ()
    may = usable(weigh(desk, floor=handoff.confidentiality, at=at, avoid=handoff.avoid))
    return by_voice_first(may) if by_voice else tuple(may)
