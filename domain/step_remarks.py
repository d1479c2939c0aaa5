"""What each remark makes of a handoff, and whether it makes sense of it now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.deadlines import answer_due
from relaypoint.domain.erasure_remarks import erased, erasure_open, must_keep
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import (
    ACTIVE,
    ANSWER,
    ARRIVED,
    ASK,
    BEFORE,
    CLAIM,
    ERASED,
    EXPECT,
    FORM_SUBMITTED,
    MUST_KEEP,
    NO_ANSWER,
    NOT_ARRIVED,
    PHONED,
    RAISE,
    RELEASE,
    REMARKS,
    RESPOND,
    ROLES,
    SEEN,
    Side,
    Status,
    accepted_by_phone,
    awaited,
    found_with_nobody,
    looked_for,
    missing_now,
)
from relaypoint.domain.questions import answers, wished
from relaypoint.domain.saying import Here, instant, not_now

#: How far ahead a person may be expected.
LONGEST_WAY: Final = timedelta(days=14)

#: How long ago a call may have been that is reported only now.
_CALL_KEPT: Final = timedelta(days=7)


def _form_submitted(here: Here) -> dict[str, Any]:
    if not here.handoff["form"] or here.handoff["form_submitted_at"] is not None:
        raise not_now(
            here.handoff,
            "handoff.form",
            "There is no official form for the sender to record as submitted on this step.",
            "Only the sender of an open step along a pathway with an official form records it, once.",
        )
    return {"form_submitted_at": format_instant(here.now)}


def _seen(here: Here) -> dict[str, Any]:
    missing = missing_now(here.handoff, format_instant(here.now))
    if not here.handoff.get("must_see") and not missing:
        raise not_now(
            here.handoff,
            "handoff.seen",
            "There is nothing about this step that the sender has yet to see.",
            _where_searched(here.handoff)
            or "Only the sender records it, once, for a step that came back or whose end nobody could be told of; and "
            "what became of a person who was expected by now and is not there.",
        )
    searching = missing or looked_for(here.handoff)
    if bool(here.words) is not searching:
        raise Invalid(
            "handoff.sought" if searching else "handoff.no-reason",
            "The person is looked for from here." if searching else "Nobody is looked for from here.",
            path=("reason",),
            remedy="Say what became of them: seen --result RESULT (RESULT: {known})."
            if searching
            else "Leave the reason out.",
            known=", ".join(REMARKS[SEEN].words),
        )
    if missing:  # The desk has the case still, and its clocks run on.
        return {"sought": here.words}
    said = {"sought": here.words} if searching else {}
    # Who sees to it itself waits for no answer any more; that the person was found does not say so.
    waits = searching and found_with_nobody({**here.handoff, **said})
    over = {"respond_by": None} if here.handoff.get("respond_by") and not waits else {}
    return {"seen_at": format_instant(here.now), **said, **over}


def _where_searched(handoff: Mapping[str, Any]) -> str:
    """From which earlier steps the person is looked for, where that is not this one."""
    steps = ", ".join(handoff.get("searched") or ())
    return f"The person is looked for from an earlier step: say it of that one: {steps}." if steps else ""


def _phoned(here: Here) -> dict[str, Any]:
    when = instant(here.saying.at, "at") if here.saying.at else here.now
    nobody = here.saying.role is None and here.words not in ("reached", NO_ANSWER)
    if here.saying.role not in (*ROLES, None) or nobody:
        raise Invalid(
            "handoff.role",
            "'{role}' is not with whom you spoke.",
            path=("role",),
            remedy="Use one of: {known}. A name is never kept.",
            role=here.saying.role or "",
            known=", ".join(ROLES),
        )
    if not max(parse_instant(here.handoff["sent_at"]), here.now - _CALL_KEPT) <= when <= here.now:
        raise Invalid(
            "handoff.phoned-at",
            "A call about this step was made after it was sent, within the last week, and not in time to come.",
            path=("at",),
            remedy="Give the time of the call, or leave it out if it was just now.",
        )
    if here.words == NO_ANSWER:
        return {}
    if here.words == "reached" and (accepted_by_phone(here.handoff) or here.handoff.get("phoned") == "refused"):
        return {}  # Whom one reaches later does not take back that it was accepted, or refused.
    return {"phoned": here.words, "phoned_at": format_instant(when), "phoned_role": here.saying.role}


def _ask(here: Here) -> dict[str, Any]:
    if here.handoff.get("asked_at"):
        raise not_now(
            here.handoff,
            "handoff.asked",
            "The sender has been asked already, and has not answered yet.",
            "Wait for the answer, or decide without it.",
        )
    words = here.words.split()
    if "consent" in words and len(words) > 1:  # Whether the person agrees answers nothing else.
        raise Invalid(
            "handoff.consent-apart",
            "Consent is asked for by itself: one answer can't be to both.",
            path=("lacking",),
            remedy="Ask for the rest first; for consent once that is answered.",
        )
    now = format_instant(here.now)
    moved = {"status": Status.RECEIVED.value, "moved_at": now} if here.handoff["status"] == Status.REQUESTED else {}
    return {
        **moved,
        "asked": here.words,
        "asked_about": None,
        "asked_at": now,
        "answer_by": answer_due(here.priority, here.now),
        "answered": None,
    }


def _answer(here: Here) -> dict[str, Any]:
    asked_at, known = here.handoff.get("asked_at"), answers(here.handoff)
    if not asked_at and not wished(here.handoff):
        raise not_now(
            here.handoff,
            "handoff.not-asked",
            "Nothing is asked of the sender.",
            "There is nothing to answer; phone the desk if it should know something.",
        )
    if here.words not in known:  # Told does not say whether the person agrees.
        raise Invalid(
            "handoff.answer",
            "'{answer}' does not answer what is asked.",
            path=("reason",),
            remedy="Use one of: {known}.",
            answer=here.words,
            known=", ".join(known),
        )
    if not asked_at:
        # Beside the answer stands what it was an answer to. Now it is the coordinator's turn again.
        turn = {"respond_by": answer_due(here.priority, here.now)} if here.handoff.get("respond_by") else {}
        return {
            "wish_answered": here.words,
            "wish_about": here.handoff["wished_to"],
            "wished_to": None,
            "wish_by": None,
            **turn,
        }
    return {
        "answered": here.words,
        "asked_at": None,
        "answer_by": None,
        "pauses": pause(here.handoff, asked_at, format_instant(here.now)),
    }


def _expect(here: Here) -> dict[str, Any]:
    when = instant(here.saying.expected, "expected")
    if here.side is Side.RECEIVER and Status(here.handoff["status"]) not in ACTIVE:
        raise not_now(here.handoff, "handoff.expect", "It is not accepted yet.", "Accept it first; then say expect.")
    if not here.now < when <= here.now + LONGEST_WAY:
        raise Invalid(
            "handoff.expected",
            "By when the person is to arrive lies ahead, within {days} days.",
            path=("expected",),
            remedy="Give the instant from which nobody should wait any longer without asking.",
            days=LONGEST_WAY.days,
        )
    if here.side is Side.RECEIVER and here.handoff.get("expected_by"):
        raise not_now(
            here.handoff,
            "handoff.missed",
            "The person is expected already, or was.",
            "Say arrived or not-arrived; only who sent the person can say that they come later.",
        )
    # Who was looked for and is on the way again is waited for anew.
    anew = {"sought": None} if here.handoff.get("sought") else {}
    return {"expected_by": format_instant(when), "arrival": None, "arrival_at": None, **anew}


def _arrived(here: Here) -> dict[str, Any]:
    over = not Status(here.handoff["status"]).open
    if over and (here.handoff.get("gone_on") or not awaited(here.handoff)):
        raise not_now(
            here.handoff,
            "handoff.arrived-late",
            "The step is over, and nobody waits to be told of an arrival there.",
            "Phone its sender: the person may be expected elsewhere now, and is referred to you anew.",
        )
    return _came(here, ARRIVED)


def _not_arrived(here: Here) -> dict[str, Any]:
    return _came(here, NOT_ARRIVED)


def _told_by_phone(handoff: Mapping[str, Any]) -> bool:
    """Whether its sender reports what an office without accounts decided: then it reports who came there as well."""
    return handoff["status"] in BEFORE and handoff.get("phoned") in ("accepted", "refused")


def _came(here: Here, arrival: str) -> dict[str, Any]:
    handoff = here.handoff
    if here.side is Side.SENDER and not _told_by_phone(handoff):
        raise not_now(
            handoff,
            "handoff.arrival-theirs",
            "Whether the person came is for who received the step to say.",
            "Ask the desk to say it. Where it has no account and told you so, record first what it decided: phoned "
            "accepted or refused.",
        )
    if here.side is Side.RECEIVER and Status(handoff["status"]) in BEFORE:
        raise not_now(handoff, "handoff.arrival-early", "It is not accepted yet.", "Accept it first.")
    if handoff.get("arrival") == ARRIVED or (arrival == NOT_ARRIVED and not handoff.get("expected_by")):
        raise not_now(
            handoff,
            "handoff.arrival",
            "The person has arrived already, or was not expected.",
            "Say first by when they are expected: expect.",
        )
    again = handoff.get("arrival") == arrival  # To say it once more makes it no younger.
    return {"arrival": arrival, "arrival_at": handoff.get("arrival_at") if again else format_instant(here.now)}


def _raise(here: Here) -> dict[str, Any]:
    waits = (here.handoff.get("respond_by") or "") >= format_instant(here.now)
    if waits or not (Status(here.handoff["status"]).open or here.handoff.get("must_see")):
        raise not_now(
            here.handoff,
            "handoff.raised",
            "The coordinator has been asked already, or there is nothing left to ask for.",
            "Raise a step that is open or came back, once until the coordinator has answered, or was to.",
        )
    return {
        "raised_at": format_instant(here.now),
        "respond_by": answer_due(here.priority, here.now),
        "response": None,
        "responded_by": None,
    }


def _respond(here: Here) -> dict[str, Any]:
    if not here.handoff.get("respond_by"):
        raise not_now(
            here.handoff,
            "handoff.not-raised",
            "The sender has not turned to the coordinator about this step, or has been answered.",
            "There is nothing to answer; to redirect a step is an answer.",
        )
    return {"respond_by": None, "response": here.words}


def _unchanged(here: Here) -> dict[str, Any]:
    """Who works on it is a bond between the step and a holder, not a part of its state."""
    return {}


REMARKED: Final = {
    FORM_SUBMITTED: _form_submitted,
    SEEN: _seen,
    PHONED: _phoned,
    ASK: _ask,
    ANSWER: _answer,
    EXPECT: _expect,
    ARRIVED: _arrived,
    NOT_ARRIVED: _not_arrived,
    RAISE: _raise,
    RESPOND: _respond,
    ERASED: erased,
    MUST_KEEP: must_keep,
    CLAIM: _unchanged,
    RELEASE: _unchanged,
}


def offered(verb: str, handoff: Mapping[str, Any], on: Collection[Side], now: str) -> bool:
    """Whether who stands on these sides can say the remark of the handoff as it is at that instant."""
    if Status(handoff["status"]) not in REMARKS[verb].sources or REMARKS[verb].sides.isdisjoint(on):
        return False
    asked, arrival = bool(handoff.get("asked_at")), handoff.get("arrival")
    unseen = Status(handoff["status"]).open or bool(handoff.get("must_see"))
    may_tell = _told_by_phone(handoff) if Side.RECEIVER not in on else Status(handoff["status"]) not in BEFORE
    return {
        FORM_SUBMITTED: bool(handoff["form"]) and handoff["form_submitted_at"] is None,
        SEEN: bool(handoff.get("must_see")) or missing_now(handoff, now),
        ASK: not asked,
        ANSWER: asked or wished(handoff),
        EXPECT: Side.SENDER in on or (Status(handoff["status"]) in ACTIVE and not handoff.get("expected_by")),
        ARRIVED: awaited(handoff) and may_tell and (Status(handoff["status"]).open or not handoff.get("gone_on")),
        NOT_ARRIVED: bool(handoff.get("expected_by")) and arrival is None and may_tell,
        RAISE: not handoff.get("respond_by") and unseen,
        RESPOND: bool(handoff.get("respond_by")),
        ERASED: erasure_open(handoff) and not Status(handoff["status"]).open,
        MUST_KEEP: erasure_open(handoff),
    }.get(verb, True)


def pause(handoff: Mapping[str, Any], since: str, until: str) -> str:
    return " ".join(filter(None, (handoff.get("pauses"), f"{since}/{until}")))
