"""The five deadlines of any life of a step, against a count minute by minute: across the change of the clocks, leap
days and holidays, in four time zones, with questions and holds that lie over each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.deadlines import LATEST, counted
from relaypoint.domain.handoffs import STATE, Side
from relaypoint.domain.saying import Saying
from relaypoint.domain.steps import said
from relaypoint.domain.words import Priority
from relaypoint.tests.helpers import FULL
from relaypoint.tests.test_calendars import MINUTE, Place, Week, calendar, moments, works

#: What the design says of each priority, in minutes on the clock or of working time; a working day is the word.
USUAL: Final[dict[Priority, dict[str, int | str]]] = {
    Priority.STAT: {"deliver": 5, "acknowledge": 15, "decide": 60, "start": 240, "complete": 30 * 1440},
    Priority.ASAP: {"deliver": 15, "acknowledge": 60, "decide": 240, "start": 1440, "complete": 30 * 1440},
    Priority.URGENT: {"deliver": 60, "acknowledge": 240, "decide": "day"},
}
PRESSING: Final = (Priority.STAT, Priority.ASAP)
#: Which verbs are possible where, and what they lead to.
NEXT: Final = {
    "requested": {"receive": "received", "ask": "received", "accept": "accepted"},
    "received": {"ask": "received", "answer": "received", "accept": "accepted"},
    "accepted": {"ask": "accepted", "answer": "accepted", "hold": "on-hold", "start": "in-progress"},
    "in-progress": {"ask": "in-progress", "answer": "in-progress", "hold": "on-hold"},
    "on-hold": {"ask": "on-hold", "answer": "on-hold", "resume": "in-progress"},
}


@dataclass
class Model:
    """What a life leaves to count by. A pause is a question, a hold, or one that lies over the other."""

    sent: datetime
    status: str = "requested"
    accepted: datetime | None = None
    started: datetime | None = None
    asked: datetime | None = None
    held: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)

    def say(self, verb: str, now: datetime) -> None:
        if verb == "ask":
            self.asked = now
        if verb in ("answer", "accept", "start") and self.asked:
            self.pauses.append((self.asked, now))
            self.asked = None
        if verb == "hold":
            self.held = now
        if verb == "resume" and self.held:
            self.pauses.append((self.held, now))
            self.held = None
        self.status = NEXT[self.status][verb]
        self.accepted = self.accepted or (now if verb == "accept" else None)
        self.started = self.started or (now if self.status == "in-progress" else None)

    def stops(self) -> list[tuple[datetime, datetime]]:
        """The minutes in which a clock stood still, once each, as spans."""
        still = sorted({since + n * MINUTE for since, until in self.pauses for n in range((until - since) // MINUTE)})
        # Two pauses that touch are one.
        edges = [0, *(at for at, (one, two) in enumerate(pairwise(still), 1) if two - one > MINUTE), len(still)]
        return [(still[a], still[b - 1] + MINUTE) for a, b in pairwise(edges) if a < b]


def due(place: Place, week: Week, begun: datetime, minutes: int | str, model: Model, *, clock: bool) -> datetime:
    at = begun + minutes * MINUTE if clock and isinstance(minutes, int) else after(place, week, begun, minutes)
    for since, until in model.stops():
        since = max(since, begun)
        if since >= at or until <= since:
            continue
        if clock:
            at += until - since
        else:
            left = sum(works(place, week, since + n * MINUTE) for n in range((at - since) // MINUTE))
            at = after(place, week, until, left)
    return at


def after(place: Place, week: Week, at: datetime, minutes: int | str) -> datetime:
    """So many working minutes later; or on the next working day, within its hours."""
    if minutes == "day":
        return _next_day(place, week, at)
    left = int(minutes)
    if left == 0:
        while not works(place, week, at):
            at += MINUTE
    while left:
        left -= works(place, week, at)
        at += MINUTE
    return at


def _next_day(place: Place, week: Week, at: datetime) -> datetime:
    zone = ZoneInfo(place.zone)
    while not works(place, week, at):
        at += MINUTE
    opening = at.astimezone(zone)
    day, minutes = opening.date(), list[int]()
    while not minutes:
        day += timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        minutes = [n for n in range(1440) if works(place, week, midnight.replace(hour=n // 60, minute=n % 60))]
    assume(place.around not in (day, opening.date()))  # What a clock time means there has cases of its own.
    target = opening.hour * 60 + opening.minute
    wanted = max((min(target, n + 1) for n in minutes if n <= target), default=minutes[0])
    return datetime(day.year, day.month, day.day, tzinfo=zone) + wanted * MINUTE


def agreed(hours: int | None) -> str | None:
    return None if hours is None else f"PT{hours}H"


@settings(
    max_examples=1500 if FULL else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(moments(), st.sampled_from(list(USUAL)), st.data())
def test_every_deadline_is_the_count_of_its_minutes(
    moment: tuple[Place, Week, datetime], priority: Priority, data: st.DataObject
) -> None:
    place, week, sent = moment
    desk, clock, usual = calendar(place, week), priority in PRESSING, USUAL[priority]
    hours = {
        "acknowledge": data.draw(st.sampled_from([None, 1, 3])),
        "decide": data.draw(st.sampled_from([None, 2, 7])),
        "start": data.draw(st.sampled_from([5, 9] if not clock else [None, 5])),
        "complete": data.draw(st.sampled_from([4, 20] if not clock else [None, 20])),
    }
    model, now = Model(sent), sent
    step: dict[str, Any] = dict.fromkeys(STATE) | {
        **{"status": "requested", "version": 1, "sent_at": format_instant(sent), "changed_at": format_instant(sent)},
        **{f"{name}_within": agreed(within) for name, within in hours.items()},
    }
    step |= counted(priority, step, desk)
    for _ in range(data.draw(st.integers(0, 6))):
        now += data.draw(st.integers(0, 900)) * MINUTE
        verbs = [
            verb for verb in NEXT[model.status] if (verb, model.asked is None) not in (("ask", False), ("answer", True))
        ]
        verb = data.draw(st.sampled_from(verbs))
        asked: dict[str, dict[str, Any]] = {
            "ask": {"lacking": ("age",)},
            "answer": {"reason": "told"},
            "hold": {"reason": "awaiting-person", "review": (now + timedelta(days=1)).date().isoformat()},
        }
        how = asked.get(verb, {})
        side = Side.SENDER if verb == "answer" else Side.RECEIVER
        step |= said(step, Saying(verb=verb, **how), side, now, priority, desk)
        model.say(verb, now)

    def expected(name: str, begun: datetime) -> datetime:
        own = hours[name]
        found = due(place, week, begun, usual[name] if own is None else own * 60, model, clock=clock)
        # However seldom a desk opens, it is at most so much later than in a usual week: a rule with cases of its own.
        assume(clock or found - begun <= LATEST)
        return found

    if model.status == "requested":
        assert parse_instant(step["deliver_by"]) == sent + int(usual["deliver"]) * MINUTE
        acknowledge = expected("acknowledge", sent)
        if clock:  # What was agreed for everyday cases slows no emergency.
            acknowledge = min(acknowledge, due(place, week, sent, usual["acknowledge"], model, clock=True))
        assert parse_instant(step["acknowledge_by"]) == min(acknowledge, expected("decide", sent))
    if model.status in ("requested", "received"):
        assert parse_instant(step["decide_by"]) == expected("decide", sent)
    if model.status == "accepted":
        assert model.accepted is not None
        assert parse_instant(step["start_by"]) == expected("start", model.accepted)
    if model.status == "in-progress":
        assert model.started is not None
        assert parse_instant(step["complete_by"]) == expected("complete", model.started)
