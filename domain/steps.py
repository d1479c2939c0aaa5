"""What a verb makes of a handoff: the table of ``domain.handoffs`` applied to one handoff at one moment.

``said`` gives the changes, and nothing else happens here: who may say it is decided before, storing and telling come
after. The deadlines that follow from a change are part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.deadlines import counted, recounted
from relaypoint.domain.erasure_remarks import erasure_asked
from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.handoffs import (
    ARRIVED,
    ASK,
    EXPECT,
    MOVES,
    PHONED,
    REMARKS,
    SEEN,
    SERVED_THERE,
    Side,
    Status,
    accepted_by_phone,
    awaited,
)
from relaypoint.domain.moves import check_allowed, move, unknown_verb, words_of
from relaypoint.domain.saying import Here, Saying
from relaypoint.domain.step_remarks import REMARKED, pause
from relaypoint.domain.words import Priority


def said(
    handoff: Mapping[str, Any], saying: Saying, side: Side, now: datetime, priority: Priority, calendar: Calendar
) -> dict[str, Any]:
    """The changes of the handoff, in the names of ``domain.handoffs.STATE``; ``calendar`` is the receiver's.

    Raises ``Invalid`` for what the verb does not take, and ``IllegalTransition`` where it is not for this status or
    side, or not now.
    """
    _check_fields(saying)
    status = Status(handoff["status"])
    if saying.verb in MOVES:
        changes = _moved(handoff, saying, side, now, priority)
    elif saying.verb in REMARKS:
        remark = REMARKS[saying.verb]
        check_allowed(remark, status, side)
        given = saying.lacking if remark.many else tuple(word for word in (saying.reason,) if word)
        changes = REMARKED[saying.verb](Here(handoff, saying, now, priority, words_of(remark, given), side))
    else:
        raise unknown_verb(saying.verb)
    if saying.verb == SEEN and not status.open:
        return changes
    changes["changed_at"] = format_instant(now)
    # What its clocks run from, or stood still for, may be otherwise now; else what was missed stays so.
    count = counted if not changes.keys().isdisjoint(_CLOCKS) else partial(recounted, at=now)
    return changes | count(priority, {**handoff, **changes}, calendar)


#: What the deadlines of a step are counted from.
_CLOCKS: Final = ("pauses", "form_submitted_at", "accepted_at", "started_at", "phoned_at", "arrival_at")


def _moved(handoff: Mapping[str, Any], saying: Saying, side: Side, now: datetime, priority: Priority) -> dict[str, Any]:
    status = Status(handoff["status"])
    day, at = now.date().isoformat(), format_instant(now)
    target = move(
        status,
        saying.verb,
        side,
        reason=saying.reason,
        review=saying.review,
        day=day,
        priority=priority,
        held=handoff.get("held_days") or 0,
    )
    changes: dict[str, Any] = {
        "status": target.value,
        "moved_at": at,
        "reason": saying.reason or MOVES[saying.verb].usual,
        "review_on": saying.review,
    }
    if target is Status.ACCEPTED:
        changes["accepted_at"] = at
    if target is Status.ON_HOLD:
        changes["held_at"] = at
    if target is Status.IN_PROGRESS:
        changes["started_at"] = handoff.get("started_at") or at
    over = _OVER.get(saying.verb, ("held_at", "asked_at"))
    since = [str(handoff[name]) for name in over if handoff.get(name)]
    if since:
        changes |= dict.fromkeys(over) | ({"answer_by": None} if "asked_at" in over else {})
        changes["pauses"] = pause(handoff, min(since), at)
    if "held_at" in over and handoff.get("held_at"):
        changes["held_days"] = days_held(handoff, now)
    if not target.open:
        changes |= no_longer_served(handoff, now)
    if target is Status.CANCELLED and saying.reason == "consent-withdrawn":
        changes |= erasure_asked(handoff, now)
    if changes["reason"] == SERVED_THERE and not accepted_by_phone(handoff):
        raise IllegalTransition(
            "handoff.served-there",
            "Its sender reports what an office without accounts says; here none has accepted on the phone.",
            path=("reason",),
            remedy="Record the call first: phoned accepted. Where the desk itself has decided, it completes the step.",
            present={"status": status.value},
        )
    if changes["reason"] in ("served", SERVED_THERE) and (awaited(handoff) or _searched(handoff)):
        # Nor does it say so by itself: served is also what is meant where no outcome is given.
        raise IllegalTransition(
            "handoff.served-awaited",
            "The person was expected, and is not recorded as arrived: so they can't have been served.",
            path=("reason",),
            remedy="If they have come, {arrived}; if not, {otherwise}.",
            arrived="say arrived first",
            otherwise="complete it with the true outcome, or fail it"
            if side is Side.RECEIVER
            else "cancel it for the true reason: then they are looked for until you say what became of them",
            present={"status": status.value},
        )
    return changes


def _searched(handoff: Mapping[str, Any]) -> bool:
    """Whether the person is looked for from an earlier step, and has not arrived here."""
    return bool(handoff.get("searched")) and handoff.get("arrival") != ARRIVED


#: What a verb leaves standing: whoever has seen a step, or holds it, still waits for an answer, and who resumes it too.
#: Any other verb is a decision without the answer, or an end.
_OVER: Final = {"receive": (), "hold": (), "resume": ("held_at",)}


def days_held(handoff: Mapping[str, Any], now: datetime) -> int:
    """For how many days it was held, the hold that is now among them; each day that was begun counts."""
    held = int(handoff.get("held_days") or 0)
    if handoff.get("held_at"):
        held += max(1, -((parse_instant(handoff["held_at"]) - now) // timedelta(days=1)))
    return held


def no_longer_served(handoff: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What was kept for as long as the person was served is to be erased once the step is over: it is asked anew."""
    if handoff.get("erasure") != "still-serving":
        return {}
    return {"erasure": None, "erasure_asked_at": format_instant(now)}


#: Which verbs take which field; the others are told that they don't.
_TAKEN_BY: Final = {
    "lacking": {ASK},
    "expected": {EXPECT},
    "at": {PHONED},
    "role": {PHONED},
    "review": set(MOVES),  # Which of them takes one is told with its reasons.
}


def _check_fields(saying: Saying) -> None:
    for field, verbs in _TAKEN_BY.items():
        if getattr(saying, field) and saying.verb not in verbs:
            raise wrong_field(saying.verb, field, *sorted(verbs & {"hold"} or verbs))


def wrong_field(verb: str, field: str, *verbs: str) -> Invalid:
    """What was said with a verb that has no use for it: it is never dropped without a word."""
    return Invalid(
        "handoff.field",
        "{verb} does not take this.",
        path=(field,),
        remedy="Leave it out; it belongs to: {verbs}.",
        verb=verb,
        verbs=", ".join(verbs),
    )
