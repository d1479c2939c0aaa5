"""What an attack on the coordinators' part found: cases of which nobody heard, and what told whom one avoids.
On each engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid, NotFound
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import ending, handoffs, referrals, sending, stall_summary, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import Roster, imported, member, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, deliver, sent
from relaypoint.tests.test_passing import three_shelters, two_shelters

LINE, AUTHORITY, DAY = member("example-line"), member("example-authority"), 24 * 60
URGENT = replace(NEED, priority="urgent")


async def move(
    backend: Backend, minute: float, who: Subject, step: dict[str, Any], verb: str, **how: Any
) -> dict[str, Any]:
    return (await handoffs.move_handoff(who, at(backend, minute), step["id"], verb, **how)).handoff


@pytest.mark.parametrize("rejected", [True, False])
async def test_a_last_word_silences_nobody_who_alone_can_be_told(backend: Backend, rejected: bool) -> None:
    """The sender's desk and the other coordinator have no channel that works."""
    roster = tiny_roster()
    for channel in roster["channels"]:
        if channel["contact_point"] in ("unit-desk", "authority-desk"):
            channel["state"] = "dead"
    step = await sent(backend, URGENT, roster)
    if rejected:
        await move(backend, 1, SHELTER, step, "reject", reason="other")
    await move(backend, 2, UNIT, step, "raise")
    await move(backend, 3, LINE, step, "respond", reason="upheld")
    rungs = await climbed(backend, until=9 * DAY, every=240)
    assert ("coordinator", "line-desk") in {(action, whom) for _, action, whom in rungs}


async def test_what_has_not_gone_out_is_told_to_no_coordinator_before_anybody_is_late(backend: Backend) -> None:
    """Its message stopped since somebody whom the case avoids has come to the desk; the desk's mailbox works."""
    roster = tiny_roster()
    roster["absences"] = []
    second = row(roster, "holders", "shelter-second")
    second.update(contact_point="shelter-night-desk", role="primary")
    row(roster, "contact_points", "shelter-night-desk")["staffing"] = "holder"
    for diversion in roster["diversions"]:
        diversion["until"] = "2026-01-01"
    await imported(backend, roster)
    referral = (
        await sending.refer(UNIT, at(backend, 0), replace(URGENT, avoid=("shelter-second",)), to="shelter-desk")
    ).referral
    (step,) = referral["handoffs"]
    second.update(contact_point="shelter-desk", role="deputy")
    row(roster, "contact_points", "shelter-night-desk")["staffing"] = "office"
    await imported(at(backend, 0.5), roster)
    await deliver(backend, 1)
    early = await climbed(backend, until=230, every=5, start=2)
    assert not {whom for _, _, whom in early} & {"line-desk", "authority-desk"}
    assert "unit-desk" in {whom for _, _, whom in early}
    with pytest.raises(NotFound):
        await handoffs.handoff(LINE, at(backend, 231), step["id"])
    # Once it is late, that is told as of any other.
    late = await climbed(backend, until=2 * DAY, every=60, start=245)
    assert "line-desk" in {whom for _, _, whom in late}


@pytest.mark.parametrize("avoid", [(), ("shelter-second",)])
async def test_that_nobody_could_be_told_of_an_end_is_for_its_sender_alone(
    backend: Backend, avoid: tuple[str, ...]
) -> None:
    roster = tiny_roster()
    roster["absences"] = []
    second = row(roster, "holders", "shelter-second")
    second["contact_point"] = "shelter-night-desk"
    step = await sent(backend, replace(URGENT, avoid=avoid), roster)
    await move(backend, 1, SHELTER, step, "accept")
    await move(backend, 2, UNIT, step, "raise")
    await deliver(backend, 2)
    second["contact_point"] = "shelter-desk"
    await imported(at(backend, 3), roster)
    await move(backend, 4, UNIT, step, "cancel", reason="no-longer-needed")
    await deliver(backend, 5)
    told = {
        "sender": (await handoffs.handoff(UNIT, at(backend, 6), step["id"])).handoff["must_see"],
        "receiver": (await handoffs.handoff(SHELTER, at(backend, 6), step["id"])).handoff["must_see"],
        "coordinator": (await handoffs.handoff(LINE, at(backend, 6), step["id"])).handoff["must_see"],
    }
    shown = (await referrals.referral(SHELTER, at(backend, 6), step["referral"]))["handoffs"]
    assert told == {"sender": bool(avoid), "receiver": False, "coordinator": False}
    assert [each["must_see"] for each in shown] == [False]
    # Its sender's question to the coordinator is open still, and nothing else is told.
    assert {each.stall.reason for each in await stalled.stalled(LINE, at(backend, 7))} == set()


async def test_an_office_that_accepted_on_the_phone_serves_still(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await move(backend, 1, UNIT, step, "phoned", reason="accepted", role="duty-officer")
    await record_consent(UNIT, at(backend, 2), step["referral"], "shelter-desk")
    await record_consent(UNIT, at(backend, 3), step["referral"], "shelter-desk", withdraw=True)
    assert (await move(backend, 4, UNIT, step, "must-keep", reason="still-serving"))["erasure"] == "still-serving"


async def test_an_office_that_accepted_on_the_phone_is_asked_again_once_it_should_be_done(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await move(backend, 1, UNIT, step, "phoned", reason="accepted", role="duty-officer")
    await move(backend, 2, UNIT, step, "expect", expected=at(backend, 60).now())
    arrived = await move(backend, 3, UNIT, step, "arrived")
    assert arrived["complete_by"] > arrived["start_by"]
    assert await stalled.stalled(UNIT, at(backend, 30 * DAY)) == []
    (found,) = await stalled.stalled(UNIT, at(backend, 120 * DAY))
    assert (found.stall.reason, found.stall.due) == ("accepted-by-phone", arrived["complete_by"])
    assert (await escalate(OPERATOR, at(backend, 120 * DAY))).taken


#: What is asked as of before the roster was recorded finds nothing.
THURSDAY = 3 * DAY


async def seven(backend: Backend) -> None:
    """Cases of others, each sent at a minute of its own; the last of them are accepted at half past twelve."""
    for number in range(7):
        sent = at(backend, THURSDAY + 7.5 * number + 0.123)
        (step,) = (await sending.refer(UNIT, sent, NEED, to="shelter-desk")).referral["handoffs"]
        if number > 3:
            await move(backend, THURSDAY + 150.3, SHELTER, step, "accept")
    await deliver(backend, THURSDAY + 59)


async def test_a_coordinator_can_not_find_the_instant_at_which_a_case_went_silent(backend: Backend) -> None:
    await seven(backend)
    late = at(backend, THURSDAY + 10 * 60)

    async def told(as_of: str | None) -> list[tuple[str | None, int]]:
        found = await stall_summary.stalled_summary(
            AUTHORITY, late, "reason", WantedInput(reason="unacknowledged"), as_of=as_of
        )
        return [(each.group.key, each.group.count) for each in found]

    # Within an hour nothing changes, whatever happened then.
    hours: dict[str, set[str]] = {}
    for minute in range(60, 200, 4):
        instant = at(backend, THURSDAY + minute + 0.5).now()
        hours.setdefault(instant[:13], set()).add(str(await told(instant)))
    assert all(len(each) == 1 for each in hours.values())
    assert len({each for hour in hours.values() for each in hour}) > 1
    for _ in range(4):
        await sending.refer(UNIT, at(backend, THURSDAY + 200), NEED, to="shelter-desk")
    # Nor does who asks again and again see the minute.
    live = [
        str(await stall_summary.stalled_summary(AUTHORITY, at(backend, THURSDAY + minute), "reason"))
        for minute in (245, 259, 261, 299, 301)
    ]
    assert len(set(live[:-1])) == 1 != len(set(live))
    (group,) = await stall_summary.stalled_summary(AUTHORITY, late, "reason", WantedInput(reason="unacknowledged"))
    assert (group.group.working.worst, group.group.working.p90) == (None, None)
    assert group.group.clock.median == int(group.group.clock.median)


async def test_to_say_that_it_can_not_go_to_another_desk_takes_no_consent_back(backend: Backend) -> None:
    roster = two_shelters()
    night = row(roster, "contact_points", "shelter-night-desk")
    roster["contact_points"].append({**night, "id": "shelter-third", "name": "Third desk"})
    mail = row(roster, "channels", "line-mail")
    third = {**mail, "id": "third-mail", "contact_point": "shelter-third", "address": "third@shelter.example.org"}
    roster["channels"].append(third)
    step = await sent(backend, replace(URGENT, avoid=("shelter-night-desk",)), roster)
    await record_consent(UNIT, at(backend, 1), step["referral"], "shelter-desk")
    await move(backend, 2, SHELTER, step, "accept")
    assert (await pass_handoff(SHELTER, at(backend, 3), step["id"], "pass-on", "shelter-night-desk")).sender_asked
    with pytest.raises(Invalid):
        await move(backend, 4, UNIT, step, "answer", reason="agreed")
    await move(backend, 5, UNIT, step, "answer", reason="not-agreed")
    case = (await referrals.referral(UNIT, at(backend, 6), step["referral"]))["case"]
    assert [each.get("withdrawn_on") for each in case["consents"]] == [None]


async def test_a_last_word_holds_from_when_it_was_said(backend: Backend) -> None:
    """The step moved between the question and the answer."""
    step = await sent(backend)
    await move(backend, 1, UNIT, step, "raise")
    await move(backend, 2, SHELTER, step, "receive")
    await move(backend, 3, LINE, step, "respond", reason="nobody-else")
    rungs = await climbed(backend, until=3 * DAY, every=30)
    assert "line-desk" not in {whom for _, _, whom in rungs}
    assert "authority-desk" in {whom for _, _, whom in rungs}


async def test_who_has_said_its_last_word_is_not_asked_by_a_second_question(backend: Backend) -> None:
    step = await sent(backend)
    await move(backend, 1, UNIT, step, "raise")
    await move(backend, 2, LINE, step, "respond", reason="nobody-else")
    asked = await move(backend, 3, UNIT, step, "raise")
    assert asked["raised_to"] == "example-authority"
    taken = [each for minute in range(4, 8 * 60, 5) for each in (await escalate(OPERATOR, at(backend, minute))).taken]
    reminded = [each.contact_point for each in taken if (each.reason, each.action) == ("coordinator-silent", "remind")]
    assert set(reminded) == {"authority-desk"}
    assert "line-desk" not in {each.contact_point for each in taken}
    # Its silence is its own turn, and not that of the desk.
    found = await stalled.stalled(UNIT, at(backend, 3 * 60), WantedInput(organization="example-authority"))
    assert [each.stall.reason for each in found] == ["coordinator-silent"]
    told = {each.group.key for each in await stall_summary.stalled_summary(UNIT, at(backend, 3 * 60), "organization")}
    assert told == {"example-authority", "example-shelter"}


async def test_the_wish_of_one_coordinator_is_not_lost_in_that_of_another(backend: Backend) -> None:
    step = await sent(backend, URGENT, three_shelters())
    await pass_handoff(LINE, at(backend, 2), step["id"], "redirect", "authority-desk")
    with pytest.raises(IllegalTransition, match="Another coordinator"):
        await pass_handoff(AUTHORITY, at(backend, 3), step["id"], "redirect", "line-desk")
    # Nobody had told it of the step; as it asked about it, it reads what became of that.
    await move(backend, 4, UNIT, step, "answer", reason="agreed")
    assert (await handoffs.handoff(LINE, at(backend, 5), step["id"])).handoff["wish_answered"] == "agreed"


async def test_an_answer_that_no_coordinator_can_be_told_goes_to_nobody_else(backend: Backend) -> None:
    roster: Roster = three_shelters()
    step = await sent(backend, URGENT, roster)
    await pass_handoff(LINE, at(backend, 2), step["id"], "redirect", "authority-desk")
    await deliver(backend, 2)
    for channel in roster["channels"]:
        if channel["contact_point"] in ("line-desk", "authority-desk"):
            channel["state"] = "dead"
    await imported(at(backend, 3), roster)
    await move(backend, 4, UNIT, step, "answer", reason="not-agreed")
    assert await deliver(backend, 4) == []


async def test_to_end_a_task_force_names_each_open_step_once(backend: Backend) -> None:
    roster = tiny_roster()
    for membership in roster["memberships"]:
        if membership["id"] in ("unit-in-north", "shelter-in-north"):
            membership["until"] = "2026-01-01"
    step = await sent(backend, URGENT, roster)
    await record_consent(UNIT, at(backend, 1), step["referral"], "shelter-desk")
    await move(backend, 2, SHELTER, step, "accept")

    async def left(minute: float) -> int:
        end = await ending.end(AUTHORITY, at(backend, minute), "task-force", "example-force", dry_run=True)
        return len(end.work)

    assert await left(3) == 1
    await record_consent(UNIT, at(backend, 4), step["referral"], "shelter-desk", withdraw=True)
    assert await left(5) == 1
    await move(backend, 6, SHELTER, step, "complete")
    assert await left(7) == 0


async def test_the_next_look_of_a_coordinator_is_not_asked_for_where_nothing_can_be_done(backend: Backend) -> None:
    step = await sent(backend)
    await move(backend, 1, UNIT, step, "raise")
    await move(backend, 2, SHELTER, step, "receive")
    await climbed(backend, until=7 * 60)
    await move(backend, 7 * 60, LINE, step, "respond", reason="upheld")
    assert "look" not in {each.what for each in await backlog(LINE, at(backend, 7 * 60 + 1), hours=336)}


async def test_which_coordinator_was_asked_is_not_told_to_the_receiver(backend: Backend) -> None:
    """That it was not the nearest one would tell that the case avoids that."""
    step = await sent(backend, replace(URGENT, avoid=("example-line",)))
    await move(backend, 1, UNIT, step, "raise")
    await move(backend, 2, AUTHORITY, step, "respond", reason="nobody-else")
    told = (await handoffs.handoff(UNIT, at(backend, 3), step["id"])).handoff
    assert (told["raised_to"], told["responded_by"]) == ("example-authority", "example-authority")
    theirs = (await handoffs.handoff(SHELTER, at(backend, 3), step["id"])).handoff
    assert (theirs["response"], theirs["raised_to"], theirs["responded_by"]) == ("nobody-else", None, None)
    assert (theirs["last_words"], theirs["last_words_at"]) == (None, None)
    late = at(backend, 5 * DAY)
    await move(backend, 4, UNIT, step, "raise")
    keys = {
        who.organization: {each.group.key for each in await stall_summary.stalled_summary(who, late, "organization")}
        for who in (UNIT, SHELTER)
    }
    assert keys == {
        "example-unit": {"example-authority", "example-shelter"},
        "example-shelter": {None, "example-shelter"},
    }
    timeline = await referrals.timeline(SHELTER, at(backend, 3), step["referral"])
    assert not any("example-authority" in each.actor for each in timeline)
