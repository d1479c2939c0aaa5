"""What a verb makes of a handoff: clocks that stop and go on, arrivals, calls, questions. Without a store."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.clock import parse_instant
from relaypoint.domain.codes import WORDS
from relaypoint.domain.deadlines import counted, pauses_of
from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.handoffs import MOVES as TABLE
from relaypoint.domain.handoffs import REMARKS as NOTES
from relaypoint.domain.handoffs import STATE, Side, Status, looked_for, missing_now
from relaypoint.domain.saying import Saying
from relaypoint.domain.step_remarks import offered
from relaypoint.domain.steps import said
from relaypoint.domain.words import Priority

OFFICE = Calendar("Europe/London", "Mo-Fr 09:00-17:00", "GB-ENG")
MONDAY = "2026-03-02T10:00:00.000Z"


def sent(priority: Priority = Priority.URGENT, **given: Any) -> dict[str, Any]:
    handoff = dict.fromkeys(STATE) | {
        **{"status": "requested", "version": 1, "sent_at": MONDAY, "changed_at": MONDAY, "must_see": False},
        **given,
    }
    return handoff | counted(priority, handoff, OFFICE)


def after(
    handoff: dict[str, Any],
    verb: str,
    now: str,
    side: Side = Side.RECEIVER,
    priority: Priority = Priority.URGENT,
    **how: Any,
) -> dict[str, Any]:
    saying = Saying(verb=verb, **how)
    return handoff | said(handoff, saying, side, parse_instant(now), priority, OFFICE)


def test_each_stage_starts_its_own_clock() -> None:
    step = sent()
    assert (step["acknowledge_by"], step["decide_by"]) == ("2026-03-02T14:00:00.000Z", "2026-03-03T10:00:00.000Z")
    assert (step["start_by"], step["complete_by"]) == (None, None)
    step = after(step, "accept", "2026-03-02T12:00:00Z")
    assert (step["accepted_at"], step["start_by"]) == ("2026-03-02T12:00:00.000Z", "2026-03-05T12:00:00.000Z")
    step = after(step, "start", "2026-03-04T12:00:00Z")
    assert (step["started_at"], step["complete_by"]) == ("2026-03-04T12:00:00.000Z", "2026-06-02T11:00:00.000Z")
    done = after(step, "complete", "2026-03-05T12:00:00Z")
    assert (done["status"], done["reason"], done["complete_by"]) == ("completed", "served", step["complete_by"])


def test_what_was_met_keeps_its_deadline_when_the_calendar_changes() -> None:
    step = after(sent(), "accept", "2026-03-02T12:00:00Z")
    night = Calendar("Europe/London", "24/7")
    moved = step | counted(Priority.URGENT, step, night)
    assert moved["decide_by"] == step["decide_by"]
    assert (step["start_by"], moved["start_by"]) == ("2026-03-05T12:00:00.000Z", "2026-03-05T12:00:00.000Z")
    assert moved["calendar"] == "Europe/London||24/7" != step["calendar"]


def test_while_the_sender_is_asked_the_receivers_clocks_stand_still() -> None:
    step = after(sent(), "ask", "2026-03-02T11:00:00Z", lacking=("language", "age"))
    assert (step["status"], step["asked"], step["answer_by"]) == (
        "received",
        "age language",
        "2026-03-02T15:00:00.000Z",
    )
    with pytest.raises(IllegalTransition):
        after(step, "ask", "2026-03-02T11:30:00Z", lacking=("place",))
    for wrong in ((), ("name",), ("x" * 5000,)):
        with pytest.raises(Invalid) as refused:
            after(sent(), "ask", "2026-03-02T11:00:00Z", lacking=wrong)
        assert refused.value.path == ("lacking",)
        assert len(refused.value.message) < 200
    step = after(step, "answer", "2026-03-02T14:00:00Z", Side.SENDER, reason="told")
    assert (step["answered"], step["asked_at"], step["answer_by"]) == ("told", None, None)
    # Three working hours later than it was.
    assert step["decide_by"] == "2026-03-03T13:00:00.000Z"
    with pytest.raises(IllegalTransition):
        after(step, "answer", "2026-03-02T14:30:00Z", Side.SENDER, reason="told")


def test_in_an_emergency_they_stand_still_on_the_clock() -> None:
    step = sent(Priority.STAT)
    assert step["decide_by"] == "2026-03-02T11:00:00.000Z"
    step = after(step, "ask", "2026-03-02T10:10:00Z", priority=Priority.STAT, lacking=("risk",))
    assert step["answer_by"] == "2026-03-02T10:25:00.000Z"
    step = after(step, "answer", "2026-03-02T10:20:00Z", Side.SENDER, priority=Priority.STAT, reason="not-known")
    assert step["decide_by"] == "2026-03-02T11:10:00.000Z"


def test_who_decides_without_the_answer_no_longer_waits_for_it() -> None:
    step = after(sent(), "ask", "2026-03-02T11:00:00Z", lacking=("age",))
    step = after(step, "accept", "2026-03-02T13:00:00Z")
    assert (step["asked_at"], step["answer_by"], step["start_by"]) == (None, None, "2026-03-05T13:00:00.000Z")


def test_a_hold_stops_the_clock_of_completing() -> None:
    step = after(after(sent(), "accept", "2026-03-02T12:00:00Z"), "start", "2026-03-02T12:00:00Z")
    before = step["complete_by"]
    step = after(step, "hold", "2026-03-03T12:00:00Z", reason="awaiting-person", review="2026-03-10")
    step = after(step, "resume", "2026-03-04T12:00:00Z")
    assert before == "2026-05-29T11:00:00.000Z"
    assert (step["held_at"], step["complete_by"]) == (None, "2026-06-01T11:00:00.000Z")


def test_a_call_is_the_senders_report_and_decides_nothing() -> None:
    step = after(sent(), "phoned", "2026-03-02T10:30:00Z", Side.SENDER, reason="accepted", role="duty-officer")
    assert (step["status"], step["phoned"], step["phoned_at"]) == ("requested", "accepted", "2026-03-02T10:30:00.000Z")
    earlier = after(sent(), "phoned", "2026-03-02T10:30:00Z", Side.SENDER, reason="reached", at="2026-03-02T10:10Z")
    assert earlier["phoned_at"] == "2026-03-02T10:10:00.000Z"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"reason": "accepted"}, "role"),
        ({"reason": "accepted", "role": "Mary"}, "role"),
        ({"reason": "busy"}, "reason"),
        ({}, "reason"),
        ({"reason": "reached", "at": "2026-03-02T09:59Z"}, "at"),
        ({"reason": "reached", "at": "2026-03-02T10:31Z"}, "at"),
        ({"reason": "reached", "at": "at noon"}, "at"),
        ({"reason": "reached", "review": "2026-03-10"}, "review"),
        ({"reason": "reached", "lacking": ("age",)}, "lacking"),
        ({"reason": "reached", "expected": "2026-03-02T12:00Z"}, "expected"),
    ]
    for how, field in wrong:
        with pytest.raises(Invalid) as refused:
            after(sent(), "phoned", "2026-03-02T10:30:00Z", Side.SENDER, **how)
        assert refused.value.path == (field,), how
        assert refused.value.remedy
    with pytest.raises(IllegalTransition):
        after(sent(), "phoned", "2026-03-02T10:30:00Z", Side.RECEIVER, reason="reached")


def test_accepted_is_not_arrived() -> None:
    step = after(sent(), "accept", "2026-03-02T12:00:00Z")
    with pytest.raises(IllegalTransition):
        after(step, "not-arrived", "2026-03-02T12:00:00Z")
    step = after(step, "expect", "2026-03-02T12:00:00Z", Side.SENDER, expected="2026-03-02T18:00Z")
    assert (step["expected_by"], step["arrival"]) == ("2026-03-02T18:00:00.000Z", None)
    missing = after(step, "not-arrived", "2026-03-02T18:30:00Z")
    assert missing["arrival"] == "not-arrived"
    assert after(missing, "arrived", "2026-03-02T19:00:00Z")["arrival"] == "arrived"
    later: dict[str, Any] = {"expected": "2026-03-03T09:00Z"}
    assert after(missing, "expect", "2026-03-02T19:00:00Z", Side.SENDER, **later)["arrival"] is None
    # The receiver can't put off what it has to say, whether the person did not come or is still to come.
    for silent, when in ((missing, "19:00"), (step, "19:00"), (step, "17:59")):
        with pytest.raises(IllegalTransition, match="expected already"):
            after(silent, "expect", f"2026-03-02T{when}:00Z", **later)
    moved = after(step, "expect", "2026-03-02T17:59:00Z", Side.SENDER, **later)
    assert moved["expected_by"] == "2026-03-03T09:00:00.000Z"
    served: list[dict[str, Any]] = [{}, {"reason": "served"}]
    for silent in (step, missing):
        for how in served:
            with pytest.raises(IllegalTransition, match="can't have been served") as refused:
                after(silent, "complete", "2026-03-02T19:00:00Z", **how)
            assert (refused.value.path, "arrived first" in refused.value.remedy) == (("reason",), True)
        assert after(silent, "complete", "2026-03-02T19:00:00Z", reason="advised")["arrival"] == silent["arrival"]
        there = after(silent, "arrived", "2026-03-02T19:00:00Z")
        assert after(there, "complete", "2026-03-02T19:00:00Z")["reason"] == "served"
    again = after(missing, "not-arrived", "2026-03-02T20:00:00Z")
    assert again["arrival_at"] == missing["arrival_at"] == "2026-03-02T18:30:00.000Z"
    for wrong in ("2026-03-02T12:00Z", "2026-03-17T12:00Z", "tonight", None):
        with pytest.raises(Invalid) as unread:
            after(step, "expect", "2026-03-02T12:00:00Z", expected=wrong)
        assert unread.value.path == ("expected",)


@pytest.mark.parametrize("verb", sorted(NOTES))
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("side", list(Side))
def test_what_is_not_for_a_status_or_side_is_told_so(verb: str, status: Status, side: Side) -> None:
    if status in NOTES[verb].sources and side in NOTES[verb].sides:
        return
    with pytest.raises(IllegalTransition) as refused:
        after(sent(status=status.value), verb, "2026-03-02T12:00:00Z", side)
    assert refused.value.present == {"status": status}


@functools.cache
def all_states() -> list[dict[str, Any]]:
    """Steps in each status, with all that may be open in it."""
    return [
        sent(
            status=status.value,
            form=form,
            asked_at=asked,
            expected_by=expected,
            arrival=arrival,
            must_see=seen,
            respond_by=respond,
            erasure_asked_at=erasing,
            phoned=phoned,
        )
        for status in Status
        for form in (None, "https://example.org/form")
        for asked in (None, MONDAY)
        for expected in (None, "2026-03-02T18:00:00.000Z")
        for arrival in (None, "arrived", "not-arrived")
        for seen in (False, True)
        for respond in (None, MONDAY)
        for erasing in (None, MONDAY)
        for phoned in (None, "accepted")
    ]


@pytest.mark.parametrize("verb", sorted(NOTES))
def test_what_is_offered_can_be_said(verb: str) -> None:
    needed: dict[str, dict[str, Any]] = {
        "phoned": {"reason": "reached"},
        "ask": {"lacking": ("age",)},
        "answer": {"reason": "told"},
        "expect": {"expected": "2026-03-03T12:00Z"},
        "respond": {"reason": "spoken"},
        "must-keep": {"reason": "legal-duty"},
    }
    states = all_states()
    for side in NOTES[verb].sides:
        for now in ("2026-03-02T12:00:00.000Z", "2026-03-02T18:30:00.000Z"):  # Expected by then, and late.
            assert any(offered(verb, state, {side}, now) for state in states)
            for state in states:
                if offered(verb, state, {side}, now):
                    searched = verb == "seen" and (looked_for(state) or missing_now(state, now))
                    after(state, verb, now, side, **({"reason": "found"} if searched else needed.get(verb, {})))


def test_a_question_and_a_hold_stop_the_clocks_once() -> None:
    step = after(sent(), "accept", "2026-03-02T10:00:00Z")
    asked = after(step, "ask", "2026-03-03T10:00:00Z", lacking=("age",))
    held = after(
        asked,
        "hold",
        "2026-03-04T10:00:00Z",
        priority=Priority.ROUTINE,
        reason="awaiting-information",
        review="2026-03-20",
    )
    assert (held["asked_at"], held["held_at"]) == ("2026-03-03T10:00:00.000Z", "2026-03-04T10:00:00.000Z")
    told = after(held, "answer", "2026-03-05T10:00:00Z", Side.SENDER, reason="told")
    assert (told["status"], told["asked_at"]) == ("on-hold", None)
    again = after(told, "resume", "2026-03-06T10:00:00Z")
    assert pauses_of(again["pauses"]) == (("2026-03-03T10:00:00.000Z", "2026-03-06T10:00:00.000Z"),)
    # In the other order, and ended without an answer: it is one pause all the same.
    first = after(
        step, "hold", "2026-03-03T10:00:00Z", priority=Priority.ROUTINE, reason="awaiting-person", review="2026-03-20"
    )
    both = after(first, "ask", "2026-03-04T10:00:00Z", lacking=("age",))
    done = after(both, "complete", "2026-03-06T10:00:00Z")
    assert pauses_of(done["pauses"]) == pauses_of(again["pauses"])
    assert (done["asked_at"], done["held_at"], done["answer_by"]) == (None, None, None)
    waits = after(both, "resume", "2026-03-05T10:00:00Z")
    assert waits["asked_at"] == "2026-03-04T10:00:00.000Z"


def test_a_step_is_not_held_for_ever() -> None:
    step = after(sent(), "accept", "2026-03-02T10:00:00Z")
    held = after(
        step, "hold", "2026-03-02T10:00:00Z", priority=Priority.ROUTINE, reason="awaiting-capacity", review="2026-04-11"
    )
    step = after(held, "resume", "2026-04-11T10:00:00Z")
    with pytest.raises(Invalid, match="within 50 days"):
        after(
            step,
            "hold",
            "2026-04-11T10:00:00Z",
            priority=Priority.ROUTINE,
            reason="awaiting-capacity",
            review="2026-06-01",
        )
    held = after(
        step, "hold", "2026-04-11T10:00:00Z", priority=Priority.ROUTINE, reason="awaiting-capacity", review="2026-05-31"
    )
    step = after(held, "resume", "2026-05-31T11:00:00Z")
    with pytest.raises(Invalid, match="held for 91 days already"):
        after(
            step,
            "hold",
            "2026-05-31T11:00:00Z",
            priority=Priority.ROUTINE,
            reason="awaiting-capacity",
            review="2026-06-01",
        )


def test_every_code_has_its_words() -> None:
    codes = {code for move in TABLE.values() for code in move.reasons}
    codes |= {code for remark in NOTES.values() for code in remark.words}
    assert codes <= WORDS.keys()
    assert len({text.message_id for text in WORDS.values()}) == len(WORDS)


def test_a_review_is_a_day_and_not_one_of_a_week() -> None:
    step = after(sent(), "accept", "2026-03-02T10:00:00Z")
    for wrong in ("2026-W11-1", "20260310", "2026-3-10", "tomorrow"):
        with pytest.raises(Invalid):
            after(step, "hold", "2026-03-02T10:00:00Z", reason="other", review=wrong)


def test_each_hold_counts_in_days_however_short_and_a_question_does_not() -> None:
    step = after(sent(), "accept", "2026-03-02T10:00:00Z")
    for day in range(1, 4):
        step = after(
            step,
            "hold",
            f"2026-03-1{day}T10:00:00Z",
            priority=Priority.ROUTINE,
            reason="awaiting-capacity",
            review="2026-03-20",
        )
        step = after(step, "resume", f"2026-03-1{day}T18:00:00Z")
    assert step["held_days"] == 3
    step = after(step, "ask", "2026-03-15T10:00:00Z", lacking=("age",))
    step = after(step, "answer", "2026-03-19T10:00:00Z", Side.SENDER, reason="told")
    step = after(
        step, "hold", "2026-03-20T10:00:00Z", priority=Priority.ROUTINE, reason="awaiting-capacity", review="2026-06-01"
    )
    step = after(step, "resume", "2026-05-19T10:00:00Z")
    assert step["held_days"] == 63
    with pytest.raises(Invalid, match="within 27 days"):
        after(
            step,
            "hold",
            "2026-05-20T10:00:00Z",
            priority=Priority.ROUTINE,
            reason="awaiting-capacity",
            review="2026-06-17",
        )
    after(
        step, "hold", "2026-05-20T10:00:00Z", priority=Priority.ROUTINE, reason="awaiting-capacity", review="2026-06-16"
    )


def test_a_move_is_told_from_what_is_said_of_a_step() -> None:
    step = after(sent(), "accept", "2026-03-02T12:00:00Z")
    step = after(step, "ask", "2026-03-02T13:00:00Z", lacking=("age",))
    assert (step["moved_at"], step["changed_at"]) == ("2026-03-02T12:00:00.000Z", "2026-03-02T13:00:00.000Z")


def test_a_wish_is_answered_by_itself_and_a_question_before_it() -> None:
    step = sent() | {"wished_to": "there"}
    assert offered("answer", step, {Side.SENDER}, MONDAY)
    step = after(step, "ask", "2026-03-02T12:00:00Z", lacking=("age",))
    step = after(step, "answer", "2026-03-02T13:00:00Z", Side.SENDER, reason="told")
    assert (step["answered"], step["asked_at"], step["wished_to"]) == ("told", None, "there")
    assert step["pauses"], "the receiver's clocks stood still for its own question"
    paused = step["pauses"]
    step = after(step, "answer", "2026-03-02T14:00:00Z", Side.SENDER, reason="not-known")
    assert (step["wished_to"], step["pauses"]) == (None, paused)
    with pytest.raises(IllegalTransition):
        after(step, "answer", "2026-03-02T15:00:00Z", Side.SENDER, reason="told")


def test_who_stands_on_both_sides_may_expect_the_person_later() -> None:
    step = after(sent(), "accept", "2026-03-02T12:00:00Z")
    step = after(step, "expect", "2026-03-02T12:00:00Z", expected="2026-03-02T18:00Z")
    assert not offered("expect", step, {Side.RECEIVER}, MONDAY)
    assert offered("expect", step, {Side.RECEIVER, Side.SENDER}, MONDAY)
