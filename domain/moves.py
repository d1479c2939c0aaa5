"""The table of ``domain.handoffs`` applied: whether a verb may be said of a step by a side, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.handoffs import (
    ALIASES,
    LONGEST_HOLD,
    MOVES,
    PASSING_ON,
    REMARKS,
    REVIEWED_WITHIN,
    VERBS,
    Move,
    Pass,
    Remark,
    Side,
    Status,
)
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.words import Priority

S = TypeVar("S", bound=Mapping[str, Any])


def move(
    status: Status,
    verb: str,
    side: Side,
    *,
    reason: str | None,
    review: str | None,
    day: str,
    priority: Priority = Priority.ROUTINE,
    held: int = 0,
) -> Status:
    """The status that ``verb`` leads to. ``review`` is the ISO day on which a hold is looked at again, the sooner the
    more it presses; ``held`` are the days for which it was held before.

    Raises ``Invalid`` for an unknown verb, a missing or unknown reason or review day, and ``IllegalTransition``
    where the table has no such move for this side.
    """
    wanted = MOVES.get(verb)
    if wanted is None:
        raise unknown_verb(verb)
    check_allowed(wanted, status, side)
    _check_reason(wanted, reason, review, day, priority, held)
    return wanted.target


def unknown_verb(verb: str) -> Invalid:
    return Invalid(
        "handoff.verb",
        "'{verb}' is not a verb of a referral step.",
        path=("verb",),
        remedy="{hint}Use one of: {known}.",
        verb=verb[:_SHOWN],
        hint=f"Did you mean {near}? " if (near := _coded(verb) or nearest(verb, (*VERBS, *ALIASES))) else "",
        known=", ".join(VERBS),
    )


def _coded(word: str) -> str | None:
    """What one says where the word is no verb, but what goes with one alone, as a reason or a result."""
    said = [f"{each.verb} --reason {word}" for each in MOVES.values() if word in each.reasons]
    said += [f"{each.verb} --result {word}" for each in REMARKS.values() if word in each.words and not each.many]
    return said[0] if len(said) == 1 else None


def check_allowed(wanted: Move | Pass | Remark, status: Status, side: Side) -> None:
    """Raises ``IllegalTransition`` where that verb is not for this status, or not for this side to say."""
    if status not in wanted.sources:
        raise IllegalTransition(
            "handoff.transition",
            "'{verb}' can't be said of a referral step that is {status}.",
            path=("verb",),
            remedy="The {side} may move it on from there by: {known}.",
            status=status,
            verb=wanted.verb,
            side=side,
            known=", ".join(possible(status, side)) or "nothing",
            present={"status": str(status)},
        )
    if side not in wanted.sides:
        raise IllegalTransition(
            "handoff.side",
            "'{verb}' is for the {other} to say, not for the {side}.",
            path=("verb",),
            remedy="The receiving side moves a step on; the sending side cancels it.",
            verb=wanted.verb,
            side=side,
            other=" or ".join(sorted(wanted.sides)),
            present={"status": str(status)},
        )


def possible(status: Status, side: Side | None = None) -> list[str]:
    """The verbs that the table of moves offers from a status, to one side or to any."""
    return [verb for verb, m in MOVES.items() if status in m.sources and (side is None or side in m.sides)]


def in_order(steps: Iterable[S]) -> list[S]:
    """The steps of a referral, each behind the one that it ``continues``. Ids tell the order of one clock only, and two
    servers have two."""
    known = sorted(steps, key=lambda each: str(each["id"]))
    after: dict[str | None, list[S]] = {}
    ids = {each["id"] for each in known}
    for each in known:
        after.setdefault(each["continues"] if each["continues"] in ids else None, []).append(each)
    found, left = list[S](), after.get(None, [])
    while left:
        found += left
        left = [following for each in left for following in after.get(each["id"], [])]
    return found


#: So much of what was typed is told back.
_SHOWN: Final = 80


def words_of(remark: Remark, said: tuple[str, ...]) -> str:
    """The coded words of a remark as they are stored: in the order of the table, each once.

    Raises ``Invalid`` for a word that it does not take, for none where it needs one, for several where it takes one.
    """
    if not remark.words and said:
        raise _no_reason(remark.verb)
    wrong = [word for word in said if word not in remark.words]
    if wrong or (remark.words and not said and not remark.optional) or (len(set(said)) > 1 and not remark.many):
        raise Invalid(
            "handoff.word",
            "{verb} needs {how} of its codes, not '{said}'." if said else "{verb} needs {how} of its codes.",
            path=("lacking" if remark.many else "reason",),
            remedy="Use {how} of: {known}.",
            verb=remark.verb,
            how="one or more" if remark.many else "one",
            said=", ".join(wrong or said)[:_SHOWN],
            known=", ".join(remark.words),
        )
    return " ".join(word for word in remark.words if word in said)


def _no_reason(verb: str) -> Invalid:
    return Invalid(
        "handoff.no-reason",
        "{verb} takes no reason.",
        path=("reason",),
        remedy="Leave the reason out.",
        verb=verb,
    )


def _check_reason(
    wanted: Move, reason: str | None, review: str | None, day: str, priority: Priority, held: int
) -> None:
    if wanted.reasons and (reason or wanted.usual) not in wanted.reasons:
        passing = reason in PASSING_ON
        raise Invalid(
            "handoff.passing-on" if passing else "handoff.reason",
            "'{reason}' needs a successor step, which this move does not make."
            if passing
            else "{status} needs a coded reason, not '{reason}'."
            if reason
            else "{status} needs a coded reason.",
            path=("reason",),
            remedy="Use one of: {known}.",
            status=wanted.target,
            reason=reason or "",
            known=", ".join(wanted.reasons),
        )
    if not wanted.reasons and reason is not None:
        raise _no_reason(wanted.verb)
    holding = wanted.target is Status.ON_HOLD
    most = min(LONGEST_HOLD - held, REVIEWED_WITHIN[priority])
    if holding and most < 1:
        raise Invalid(
            "handoff.held-enough",
            "It was held for {days} days already, as long as a step may be held in all.",
            path=("verb",),
            days=held,
            remedy="Serve the person, complete it as waitlisted, or fail it, so that its sender can look elsewhere.",
        )
    if holding != (review is not None) or (review is not None and not _to_come(review, day, most)):
        raise Invalid(
            "handoff.review",
            "A hold, and nothing else, needs the day on which it is reviewed: after today, here within {most} days.",
            path=("review",),
            most=most,
            last=(date.fromisoformat(day) + timedelta(days=most)).isoformat(),
            remedy="Give a day as YYYY-MM-DD, {last} at the latest." if holding else "Leave the review day out.",
        )


def _to_come(review: str, day: str, most: int) -> bool:
    """Whether it is a day after today, and near enough to be looked at again by the same people."""
    try:
        wanted = date.fromisoformat(review)
        ahead = (wanted - date.fromisoformat(day)).days
    except ValueError:
        return False
    return wanted.isoformat() == review and 0 < ahead <= most  # A day may also be written as one of a week.
