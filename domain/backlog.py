"""What falls due soon: of each open handoff the deadlines that still run, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relaypoint.domain.clock import Instant, parse_instant
from relaypoint.domain.handoffs import Side, Status
from relaypoint.domain.next_step import NextStep
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.silences import phone_again_by
from relaypoint.domain.texts import Text, say


@dataclass(frozen=True, slots=True)
class Due:
    """``side`` is who has to do it; ``working_hours`` are those of the contact point that are left until then.
    ``turn_to`` tells a coordinator what it can do, and whom to phone about it."""

    handoff: OpenHandoff
    side: Side
    what: str
    text: Text
    at: Instant
    working_hours: float
    turn_to: tuple[NextStep, ...] = ()


_TEXTS: Final = {
    "acknowledge": say("due.acknowledge", "acknowledge it"),
    "decide": say("due.decide", "accept or decline it"),
    "start": say("due.start", "begin"),
    "complete": say("due.complete", "complete it"),
    "review": say("due.review", "review its hold"),
    "arrival": say("due.arrival", "say whether the person arrived"),
    "answer": say("due.answer", "answer what the receiver asked"),
    "wish": say("due.wish", "say whether the person agrees to where a coordinator would send it"),
    "respond": say("due.respond", "answer the sender who turned to you about it"),
    "look": say("due.look", "see to it: it went silent, you were told, and then the next are"),
    "erase": say("due.erase", "say whether what is known of the person was erased, or why it is kept"),
    "form": say("due.form", "submit the official form, and record it"),
    "call": say("due.call", "phone it, and record what they say: no message reaches them"),
    "phone": say("due.phone", "phone again: has it begun, has the person arrived, is it done"),
}


def falling_due(handoff: OpenHandoff, side: Side, now: datetime, until: datetime) -> list[Due]:
    """Those of one side that fall due after now and until then, the next first."""
    calendar = handoff.desk.calendar
    found = [
        Due(handoff, side, what, _TEXTS[what], at, calendar.working_hours_between(now, parse_instant(at)))
        for what, at in _OF[side](handoff)
        if now < parse_instant(at) <= until
    ]
    return sorted(found, key=lambda due: (due.at, due.what))


def _receivers(handoff: OpenHandoff) -> Iterator[tuple[str, Instant]]:
    running: list[tuple[str, Instant | None]] = []
    if handoff.status is Status.REQUESTED and not handoff.phoned and not handoff.form_awaited:
        running.append(("acknowledge", handoff.acknowledge_by))
    if handoff.waiting and not handoff.form_awaited:
        running.append(("decide", handoff.decide_by))
    if handoff.status is Status.ACCEPTED:
        running.append(("start", handoff.start_by))
    if handoff.status is Status.IN_PROGRESS:
        running.append(("complete", handoff.complete_by))
    if handoff.asked_at:  # These clocks stand still.
        running = []
    if handoff.status is Status.ON_HOLD and handoff.review_on:
        running.append(("review", f"{handoff.review_on}T00:00:00.000Z"))
    if handoff.arrival is None and handoff.status.open:
        running.append(("arrival", handoff.expected_by))
    running.append(("erase", handoff.erase_by))
    yield from ((what, at) for what, at in running if at)


def _senders(handoff: OpenHandoff) -> Iterator[tuple[str, Instant]]:
    if handoff.asked_at and handoff.answer_by:
        yield "answer", handoff.answer_by
    if handoff.wish_open and handoff.wish_by:
        yield "wish", handoff.wish_by
    if handoff.form_awaited and handoff.acknowledge_by:
        yield "form", handoff.acknowledge_by
    if by := phone_again_by(handoff):
        yield "phone", by
    if (
        handoff.status is Status.REQUESTED
        and handoff.notice == "dead"
        and not handoff.phoned
        and handoff.acknowledge_by
    ):
        yield "call", handoff.acknowledge_by


def _coordinators(handoff: OpenHandoff) -> Iterator[tuple[str, Instant]]:
    if handoff.respond_by and not handoff.wish_open:  # Who waits for its sender owes nothing meanwhile.
        yield "respond", handoff.respond_by
    if handoff.look_by:
        yield "look", handoff.look_by


_OF: Final = {Side.RECEIVER: _receivers, Side.SENDER: _senders, Side.COORDINATOR: _coordinators}
