"""The table of moves, exhaustively, against the design's own pairs."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.handoffs import FORM_SUBMITTED, MOVES, PASSING_ON, REASONS, Side, Status
from relaypoint.domain.handoffs import VERBS as DECLARED
from relaypoint.domain.moves import move, possible
from relaypoint.domain.words import Priority

DAY = "2026-03-03"
S = Status
PAIRS = {
    S.REQUESTED: {S.RECEIVED, S.ACCEPTED, S.REJECTED, S.CANCELLED},
    S.RECEIVED: {S.ACCEPTED, S.REJECTED, S.CANCELLED},
    S.ACCEPTED: {S.IN_PROGRESS, S.ON_HOLD, S.COMPLETED, S.FAILED, S.CANCELLED},
    S.IN_PROGRESS: {S.ON_HOLD, S.COMPLETED, S.FAILED, S.CANCELLED},
    S.ON_HOLD: {S.IN_PROGRESS, S.COMPLETED, S.FAILED, S.CANCELLED},
    S.COMPLETED: set(),
    S.FAILED: set(),
    S.REJECTED: set(),
    S.CANCELLED: set(),
    S.ENTERED_IN_ERROR: set(),
}
#: The verb that leads from one status to the other; each pair of the table has one, and no verb has another pair.
VERBS = {
    "receive": {(S.REQUESTED, S.RECEIVED)},
    "accept": {(S.REQUESTED, S.ACCEPTED), (S.RECEIVED, S.ACCEPTED)},
    "reject": {(S.REQUESTED, S.REJECTED), (S.RECEIVED, S.REJECTED)},
    "start": {(S.ACCEPTED, S.IN_PROGRESS)},
    "hold": {(S.ACCEPTED, S.ON_HOLD), (S.IN_PROGRESS, S.ON_HOLD)},
    "resume": {(S.ON_HOLD, S.IN_PROGRESS)},
    "complete": {(status, S.COMPLETED) for status in (S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD)},
    "fail": {(status, S.FAILED) for status in (S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD)},
    "cancel": {(status, S.CANCELLED) for status in PAIRS if S.CANCELLED in PAIRS[status]},
    "correct": {(status, S.ENTERED_IN_ERROR) for status in PAIRS if status is not S.ENTERED_IN_ERROR},
}
SENDERS = {"cancel", "correct"}


def say(status: Status, verb: str, side: Side) -> Status:
    target = MOVES[verb].target
    reason = REASONS[target][0] if target in REASONS else None
    review = "2026-03-10" if target is S.ON_HOLD else None
    return move(status, verb, side, reason=reason, review=review, day=DAY)


@pytest.mark.parametrize("status", list(Status))
def test_the_verbs_lead_just_where_the_table_says(status: Status) -> None:
    wanted = PAIRS[status] | ({S.ENTERED_IN_ERROR} if status is not S.ENTERED_IN_ERROR else set())
    assert {MOVES[verb].target for verb in possible(status)} == wanted


@pytest.mark.parametrize(("status", "verb", "side"), list(itertools.product(Status, MOVES, Side)))
def test_each_verb_from_each_status_by_each_side(status: Status, verb: str, side: Side) -> None:
    target = next((to for start, to in VERBS[verb] if start is status), None)
    sides = {Side.SENDER, Side.RECEIVER} if verb == "correct" else {Side.SENDER if verb in SENDERS else Side.RECEIVER}
    if target and side in sides:
        assert say(status, verb, side) is target
    else:
        with pytest.raises(IllegalTransition) as refused:
            say(status, verb, side)
        assert refused.value.present == {"status": status}


def test_the_verbs_are_these() -> None:
    assert set(MOVES) == set(VERBS)
    assert (FORM_SUBMITTED in MOVES, FORM_SUBMITTED in DECLARED) == (False, True)


def test_what_is_closed_is_not_open() -> None:
    open_now = {status for status in Status if status.open}
    assert open_now == {S.REQUESTED, S.RECEIVED, S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD}


def test_an_unknown_verb_lists_the_known() -> None:
    with pytest.raises(Invalid, match="explode") as refused:
        move(S.REQUESTED, "explode", Side.RECEIVER, reason=None, review=None, day=DAY)
    assert "accept" in refused.value.remedy


@pytest.mark.parametrize("verb", ["reject", "fail", "cancel"])
@pytest.mark.parametrize("reason", [None, "", "because"])
def test_what_ends_badly_needs_a_coded_reason(verb: str, reason: str | None) -> None:
    status = S.REQUESTED if verb == "reject" else S.ACCEPTED
    side = Side.SENDER if verb == "cancel" else Side.RECEIVER
    with pytest.raises(Invalid) as refused:
        move(status, verb, side, reason=reason, review=None, day=DAY)
    assert refused.value.path == ("reason",)
    assert REASONS[MOVES[verb].target][0] in refused.value.remedy


@pytest.mark.parametrize("reason", sorted(PASSING_ON))
def test_passing_on_needs_a_successor(reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        move(S.ACCEPTED, "cancel", Side.SENDER, reason=reason, review=None, day=DAY)
    assert refused.value.message_id == "handoff.passing-on"


@pytest.mark.parametrize(
    "review", [None, DAY, "2026-03-02", "soon", "2026-04-31", "20260410", "9999-12-31", "2026-03-10 soon"]
)
def test_a_hold_needs_a_day_to_come(review: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        move(S.ACCEPTED, "hold", Side.RECEIVER, reason="awaiting-person", review=review, day=DAY)
    assert refused.value.path == ("review",)


@pytest.mark.parametrize(("priority", "days"), [("stat", 1), ("asap", 3), ("urgent", 14), ("routine", 90)])
def test_a_hold_is_looked_at_again_the_sooner_the_more_it_presses(priority: str, days: int) -> None:
    def held(ahead: int, before: int = 0) -> S:
        review = (date.fromisoformat(DAY) + timedelta(days=ahead)).isoformat()
        said = {"reason": "awaiting-person", "review": review, "day": DAY}
        return move(S.ACCEPTED, "hold", Side.RECEIVER, **said, priority=Priority(priority), held=before)

    assert held(days) is S.ON_HOLD
    with pytest.raises(Invalid) as refused:
        held(days + 1)
    assert refused.value.fields["last"] == (date.fromisoformat(DAY) + timedelta(days=days)).isoformat()
    with pytest.raises(Invalid):
        held(2, before=89)


def test_no_other_move_takes_a_review_or_a_needless_reason() -> None:
    with pytest.raises(Invalid):
        move(S.REQUESTED, "accept", Side.RECEIVER, reason=None, review="2026-03-10", day=DAY)
    with pytest.raises(Invalid):
        move(S.REQUESTED, "accept", Side.RECEIVER, reason="other", review=None, day=DAY)
