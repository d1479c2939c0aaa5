"""When a step has gone silent, and whom to turn to: each reason appears and goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from relaypoint.domain.around import Around
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.handoffs import Side, Status
from relaypoint.domain.model import Absence, Body, Holder
from relaypoint.domain.next_step import NextStep
from relaypoint.domain.next_steps import next_steps
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.stalls import Stall, stall
from relaypoint.domain.words import ChannelKind, ChannelState, Confidentiality, HolderRole, Priority, Staffing
from relaypoint.tests.cases import OFFICE_HOURS, body, desk, mail, phone

SENT = "2026-03-03T10:00:00.000Z"
DESK = desk("desk", phone(), mail(), staffing=Staffing.OFFICE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def handoff(**more: Any) -> OpenHandoff:
    given: dict[str, Any] = {
        "id": "step",
        "reference": "ABCDE-23456",
        "status": Status.REQUESTED,
        "version": 1,
        "priority": Priority.URGENT,
        "confidentiality": Confidentiality.OFFICIAL,
        "service_type": "help",
        "sent_at": SENT,
        "changed_at": SENT,
        "acknowledge_by": "2026-03-03T14:00:00.000Z",
        "decide_by": "2026-03-04T10:00:00.000Z",
        "review_on": None,
        "form": None,
        "form_submitted_at": None,
        "notice": "delivered",
        "sender": body("sender"),
        "receiver": body("receiver"),
        "desk": DESK,
    }
    return OpenHandoff(**{**given, **more})


def steps_of(found: Stall | None, **around: Any) -> list[NextStep]:
    """What its sender can do about it, at the moment at which the reports below are made."""
    assert found is not None
    return list(next_steps(found, at("2026-03-03T15:00"), around=Around(**around)))


def reason(case: OpenHandoff, when: str) -> str | None:
    found = stall(case, at(when))
    return found.reason if found else None


HOLDER = Holder(id="first", role=HolderRole.PRIMARY, until="2026-03-04")
HELD = desk("desk", phone(), staffing=Staffing.HOLDER, holders=(HOLDER,))
LEFT_ALONE = replace(HELD, holders=(replace(HOLDER, until=None, absences=(Absence(since="2026-03-04"),)),))
FORM = {"form": "https://example.org/form", "notice": None}

PHONED = {"phoned": "accepted", "phoned_at": SENT}

REASONS: list[tuple[str, dict[str, Any], str, str]] = [
    # the reason, the step, the last moment that is well, the first that is not
    ("unacknowledged", {}, "2026-03-03T14:00", "2026-03-03T14:01"),
    ("undecided", {"status": Status.RECEIVED}, "2026-03-04T10:00", "2026-03-04T10:01"),
    ("undelivered", {"notice": "pending"}, "2026-03-03T11:00", "2026-03-03T11:01"),
    ("form-not-submitted", FORM, "2026-03-03T14:00", "2026-03-03T14:01"),
    (
        "hold-expired",
        {"status": Status.ON_HOLD, "review_on": "2026-03-10"},
        "2026-03-09T23:59",
        "2026-03-10T00:00",
    ),
    ("accepted-by-phone", {**PHONED, "start_by": "2026-03-06T10:00:00.000Z"}, "2026-03-06T10:00", "2026-03-06T10:01"),
    # As it was stored before it had such a deadline.
    ("accepted-by-phone", PHONED, "2026-03-04T10:00", "2026-03-04T10:01"),
    ("orphaned", {"desk": replace(DESK, until="2026-03-04")}, "2026-03-03T13:59", "2026-03-04T00:00"),
    ("orphaned", {"receiver": body("receiver", until="2026-03-04")}, "2026-03-03T13:59", "2026-03-04T00:00"),
    ("orphaned", {"desk": HELD}, "2026-03-03T13:59", "2026-03-04T00:00"),
    ("orphaned", {"desk": LEFT_ALONE}, "2026-03-03T13:59", "2026-03-04T00:00"),
]


@pytest.mark.parametrize(("wanted", "changes", "well", "silent"), REASONS)
def test_a_stall_begins_when_its_moment_is_past(wanted: str, changes: dict[str, Any], well: str, silent: str) -> None:
    case = handoff(**changes)
    assert reason(case, well) is None
    found = stall(case, at(silent))
    assert found is not None
    assert found.reason == wanted
    assert found.text
    assert next_steps(found, at(silent))
    assert found.age.clock_hours >= 0


def test_what_no_message_reaches_is_silent_at_once() -> None:
    assert reason(handoff(notice="dead"), "2026-03-03T10:00") == "undelivered"
    assert reason(handoff(notice="dead", status=Status.ACCEPTED), "2026-03-03T10:00") is None
    dead = desk("desk", phone(state=ChannelState.DEAD), staffing=Staffing.OFFICE)
    assert reason(handoff(desk=dead), "2026-03-03T10:00") == "unreachable"
    assert reason(handoff(confidentiality=Confidentiality.STRICT), "2026-03-03T10:00") == "unreachable"


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.IN_PROGRESS])
def test_what_was_accepted_is_not_silent(status: Status) -> None:
    assert reason(handoff(status=status), "2027-03-03T10:00") is None


def test_once_the_form_is_in_the_receivers_clock_runs() -> None:
    case = handoff(**FORM, form_submitted_at="2026-03-03T12:00:00.000Z")
    assert reason(case, "2026-03-03T13:00") is None
    assert reason(case, "2026-03-03T14:01") == "unacknowledged"


@pytest.mark.parametrize(
    ("wanted", "changes", "verbs"),
    [
        ("unacknowledged", {}, ["receive", "accept", "reject"]),
        ("refused-by-phone", {"phoned": "refused"}, ["receive", "accept", "reject"]),
        ("accepted-by-phone", {**PHONED, "start_by": SENT}, ["receive", "accept", "reject"]),
        (
            "information-not-answered",
            {"status": Status.ACCEPTED, "asked_at": SENT, "answer_by": SENT},
            ["start", "hold", "complete", "fail"],
        ),
        ("hold-expired", {"status": Status.ON_HOLD, "review_on": "2026-03-03"}, ["resume", "complete", "fail"]),
        ("coordinator-silent", {"respond_by": SENT}, ["receive", "accept", "reject"]),
    ],
)
def test_the_receiver_is_told_whose_turn_it_is_and_what_it_can_do(
    wanted: str, changes: dict[str, Any], verbs: list[str]
) -> None:
    found = stall(handoff(**changes), at("2026-03-03T15:00"), Side.RECEIVER)
    assert found is not None
    assert found.reason == wanted
    (own,) = next_steps(found, at("2026-03-03T15:00"), Side.RECEIVER)
    assert f"relaypoint handoff ABCDE-23456 VERB (VERB: {', '.join(verbs)})" in own.text
    assert ("It is yours to move on" in own.text) == (wanted == "unacknowledged")
    assert ("hold --reason CODE --review DAY" in own.text) == (wanted == "hold-expired")


def test_the_next_steps_come_in_order_by_voice_and_end_with_the_sender() -> None:
    other = desk("other", mail(id="other-mail"), staffing=Staffing.OFFICE)
    lead, line = desk("lead", mail(id="lead-mail")), desk("line", phone(id="line-phone"))
    found = stall(handoff(), at("2026-03-03T15:00"))
    told = steps_of(
        found,
        other_desks=(other,),
        coordinators=((lead, body("force")),),
        hotlines=((line, body("line-body")),),
    )
    steps = [(step.role, step.channels[0].channel.id if step.channels else None) for step in told]
    assert steps == [
        ("same-desk", "phone"),
        ("other-desk", "other-mail"),
        ("coordinator", "lead-mail"),
        ("hotline", "line-phone"),
        ("sender", None),
    ]


@pytest.mark.parametrize("avoided", ["force", "police", "lead"])
def test_nobody_is_turned_to_whom_the_case_avoids(avoided: str) -> None:
    lead = desk("lead", phone(id="lead-phone"))
    around = {"coordinators": ((lead, body("force", "police")),)}
    free = stall(handoff(), at("2026-03-03T15:00"))
    assert [step.role for step in steps_of(free, **around)] == ["same-desk", "coordinator", "sender"]
    bound = stall(handoff(avoid=Avoid.of([avoided])), at("2026-03-03T15:00"))
    assert [step.role for step in steps_of(bound, **around)] == ["same-desk", "sender"]


RELAY = phone(
    id="relay",
    kind=ChannelKind.RELAY,
    address=None,
    via_contact_point="front-desk",
    via=(Body("front", "government"), Body("force", "police")),
)


@pytest.mark.parametrize("avoided", ["front-desk", "front", "force", "police"])
def test_nobody_is_reached_by_a_relay_whom_the_case_avoids(avoided: str) -> None:
    around: dict[str, Any] = {
        "other_desks": (desk("other", RELAY),),
        "coordinators": ((desk("lead", RELAY), body("office")),),
        "hotlines": ((desk("line", RELAY), body("line-body")),),
    }
    free = stall(handoff(), at("2026-03-03T15:00"))
    assert [step.role for step in steps_of(free, **around)] == [
        "same-desk",
        "other-desk",
        "coordinator",
        "hotline",
        "sender",
    ]
    bound = stall(handoff(avoid=Avoid.of([avoided])), at("2026-03-03T15:00"))
    assert [step.role for step in steps_of(bound, **around)] == ["same-desk", "sender"]


def test_the_age_runs_from_the_moment_that_was_missed_by_the_clock_and_in_working_time() -> None:
    office = replace(DESK, calendar=OFFICE_HOURS)
    found = stall(handoff(desk=office), at("2026-03-04T08:00"))
    assert found is not None
    # From 14:00 to 17:00, and nothing of the night.
    assert (found.due, found.age.clock_hours, found.age.working_hours) == ("2026-03-03T14:00:00.000Z", 18.0, 3.0)
    # And it has waited since it was sent, at 10:00.
    assert (found.waited.clock_hours, found.waited.working_hours) == (22.0, 7.0)


def test_the_gravest_reason_is_the_one_that_is_told() -> None:
    case = handoff(desk=replace(DESK, until="2026-03-04"), notice="dead")
    assert reason(case, "2026-03-03T11:00") == "undelivered"
    assert reason(case, "2026-03-05T11:00") == "orphaned"


def test_no_channel_below_the_case_is_used() -> None:
    lead = desk("lead", mail(id="lead-mail", assurance=Confidentiality.PUBLIC))
    told = steps_of(stall(handoff(), at("2026-03-03T15:00")), coordinators=((lead, body("force")),))
    assert "coordinator" not in [step.role for step in told]


def test_nobody_is_turned_to_who_has_ended() -> None:
    lead = desk("lead", phone(id="lead-phone"))
    told = steps_of(stall(handoff(), at("2026-03-03T15:00")), coordinators=((lead, body("force", until="2026-01-01")),))
    assert "coordinator" not in [step.role for step in told]


@pytest.mark.parametrize(
    ("status", "by", "wanted"),
    [
        (Status.RECEIVED, "decide_by", "undecided"),
        (Status.ACCEPTED, "start_by", "not-started"),
        (Status.IN_PROGRESS, "complete_by", "overdue"),
    ],
)
def test_a_question_that_is_asked_late_stops_no_clock(status: Status, by: str, wanted: str) -> None:
    due = "2026-03-04T10:00:00.000Z"
    step: dict[str, Any] = {"status": status, by: due, "answer_by": "2026-03-09T10:00:00.000Z"}
    assert reason(handoff(**step, asked_at="2026-03-04T09:00:00.000Z"), "2026-03-05T10:00") is None
    assert reason(handoff(**step, asked_at="2026-03-04T11:00:00.000Z"), "2026-03-05T10:00") == wanted


def test_to_accept_it_and_pass_it_on_is_to_send_it_round_as_well() -> None:
    assert reason(handoff(status=Status.ACCEPTED, hops=4), "2026-03-03T10:00") == "bounced"
    assert reason(handoff(status=Status.IN_PROGRESS, hops=4), "2026-03-03T10:00") is None
    # Back with whoever had it before, who takes it: there it may stay.
    assert reason(handoff(status=Status.ACCEPTED, hops=3, been_here=True), "2026-03-03T10:00") is None


def test_what_is_said_of_a_step_afterwards_makes_its_silence_no_younger() -> None:
    moved, said = "2026-03-03T12:00:00.000Z", "2026-03-09T12:00:00.000Z"
    came_back: dict[str, Any] = {"must_see": True, "moved_at": moved, "changed_at": said}
    for status in (Status.REJECTED, Status.FAILED, Status.ENTERED_IN_ERROR, Status.COMPLETED):
        found = stall(handoff(status=status, **came_back), at("2026-03-10T12:00"))
        assert found is not None
        assert found.due == moved
    by = "2026-03-04T12:00:00.000Z"
    missing = handoff(status=Status.ACCEPTED, expected_by=by, arrival="not-arrived", changed_at=said)
    found = stall(missing, at("2026-03-10T12:00"))
    assert found is not None
    assert found.due == by


def test_a_coordinator_that_would_send_it_on_is_told_that_its_sender_is_asked() -> None:
    for raised in (None, "2026-03-04T10:00:00.000Z"):
        case = handoff(wished_to="other-desk", wish_by="2026-03-05T10:00:00.000Z", respond_by=raised)
        found = stall(case, at("2026-03-03T15:00"), Side.COORDINATOR)
        assert found is not None
        (advice,) = next_steps(found, at("2026-03-03T15:00"), Side.COORDINATOR)
        assert "whether the person agrees that it goes to other-desk" in advice.text
        assert ("waits for your answer still" in advice.text) is bool(raised)
