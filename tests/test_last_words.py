"""What a coordinator is asked to do fits the silence, and who has said its last word is not asked again. On each
engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.handoffs import LAST_WORDS
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import handoffs, referrals, stall_summary, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import member
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, deliver, sent
from relaypoint.tests.test_passing import two_shelters

LINE, AUTHORITY, DAY = member("example-line"), member("example-authority"), 24 * 60
URGENT = replace(NEED, priority="urgent")


@pytest.mark.parametrize("answer", ["spoken", *sorted(LAST_WORDS)])
async def test_who_can_do_no_more_is_not_told_of_the_same_silence_again(backend: Backend, answer: str) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    after = (await handoffs.move_handoff(LINE, at(backend, 2), step["id"], "respond", reason=answer)).handoff
    assert (after["response"], after["responded_by"]) == (answer, "example-line")
    rungs = await climbed(backend, until=8 * 60)
    told = [whom for _, action, whom in rungs if action in ("coordinator", "national-coordinator")]
    assert told[0] == ("line-desk" if answer == "spoken" else "authority-desk")
    assert ("line-desk" in told) is (answer == "spoken")
    assert "unit-desk" in [whom for _, _, whom in rungs], "its sender is told still"
    # What it was told of, it is asked to look at; and no more once it has said that it can do nothing.
    asked = {each.what for each in await backlog(LINE, at(backend, 8 * 60), hours=336)}
    assert ("look" in asked) is (answer == "spoken")


async def test_a_new_silence_is_told_to_the_coordinator_again(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    await handoffs.move_handoff(LINE, at(backend, 2), step["id"], "respond", reason="nobody-else")
    await handoffs.move_handoff(SHELTER, at(backend, 3), step["id"], "accept")
    rungs = await climbed(backend, until=4 * DAY, every=60, start=DAY)
    assert "line-desk" in [whom for _, _, whom in rungs]


async def test_a_person_who_is_missing_is_told_to_whoever_has_said_its_last_word(backend: Backend) -> None:
    step = await sent(backend)
    expected = at(backend, 30).now()
    await handoffs.move_handoff(UNIT, at(backend, 0), step["id"], "expect", expected=expected)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    await handoffs.move_handoff(LINE, at(backend, 2), step["id"], "respond", reason="upheld")
    taken = [each for minute in range(31, 300, 10) for each in (await escalate(OPERATOR, at(backend, minute))).taken]
    missing = [each.contact_point for each in taken if each.reason == "arrival-unknown"]
    assert "line-desk" in missing
    assert "line-desk" not in [each.contact_point for each in taken if each.reason != "arrival-unknown"]
    assert {each.reference for each in taken} == {step["reference"]}


async def test_a_second_question_goes_to_a_coordinator_that_can_do_more(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    assert await deliver(backend, 1) == ["desk@line.example.org"]
    await handoffs.move_handoff(LINE, at(backend, 2), step["id"], "respond", reason="nobody-else")
    await deliver(backend, 2)
    await handoffs.move_handoff(UNIT, at(backend, 3), step["id"], "raise")
    assert await deliver(backend, 3) == ["desk@authority.example.org"]


async def test_the_answer_goes_to_the_coordinator_that_asked(backend: Backend) -> None:
    step = await sent(backend, URGENT, two_shelters())
    asked = await pass_handoff(AUTHORITY, at(backend, 2), step["id"], "redirect", "line-desk")
    assert (asked.sender_asked, asked.handoff["wished_by"]) == (True, "example-authority")
    await deliver(backend, 2)
    await handoffs.move_handoff(UNIT, at(backend, 3), step["id"], "answer", reason="not-agreed")
    assert await deliver(backend, 3) == ["desk@authority.example.org"]
    assert (await handoffs.handoff(SHELTER, at(backend, 4), step["id"])).handoff["wished_by"] is None


async def test_where_it_would_go_is_told_each_time(backend: Backend) -> None:
    step = await sent(backend, URGENT, two_shelters())
    for minute in (2, 3):
        await pass_handoff(AUTHORITY, at(backend, minute), step["id"], "redirect", "line-desk")
    timeline = [text for _, text in await referrals.told_timeline(UNIT, at(backend, 4), step["referral"])]
    assert [text for text in timeline if "would send it elsewhere" in text] == [
        "the coordinator would send it elsewhere: to line-desk"
    ] * 2


@pytest.mark.parametrize("verb", ["redirect", "pass-on"])
async def test_a_sender_is_told_that_what_the_case_avoids_bars_the_way(backend: Backend, verb: str) -> None:
    step = await sent(backend, replace(URGENT, avoid=("shelter-night-desk",)), two_shelters())
    await record_consent(UNIT, at(backend, 1), step["referral"], "line-desk")
    moved = (await pass_handoff(SHELTER, at(backend, 2), step["id"], "pass-on", "line-desk")).handoff
    asking = AUTHORITY if verb == "redirect" else LINE
    assert (await pass_handoff(asking, at(backend, 3), moved["id"], verb, "shelter-night-desk")).sender_asked
    with pytest.raises(Invalid) as refused:
        await handoffs.move_handoff(UNIT, at(backend, 4), moved["id"], "answer", reason="agreed")
    assert refused.value.path == ("reason",)
    assert "avoids" in refused.value.message
    assert "not-agreed" in refused.value.remedy
    await handoffs.move_handoff(UNIT, at(backend, 5), moved["id"], "answer", reason="not-agreed")


async def test_what_a_coordinator_can_do_fits_how_it_is_silent(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "expect", expected=at(backend, 2).now())
    await handoffs.move_handoff(SHELTER, at(backend, 3), step["id"], "accept")
    for minute in range(4, 10 * 60, 60):
        await escalate(OPERATOR, at(backend, minute))
    (found,) = await stalled.stalled(LINE, at(backend, 10 * 60))
    assert found.stall.reason == "arrival-unknown"
    told = [each.text for each in found.next_steps if each.role == "yours"]
    assert len(told) == 1
    assert "has arrived" in told[0]
    assert "redirect" not in told[0]
    (due,) = (each for each in await backlog(LINE, at(backend, 10 * 60), hours=336) if each.what == "look")
    assert [each.text for each in due.turn_to if each.role == "yours"] == told
    # Asked by its sender, it is told of that as well.
    await handoffs.move_handoff(UNIT, at(backend, 10 * 60), step["id"], "raise")
    (found,) = await stalled.stalled(LINE, at(backend, 10 * 60 + 1))
    first, second = [each.text for each in found.next_steps if each.role == "yours"]
    assert first == told[0]
    assert "respond --result RESULT (RESULT: spoken, nobody-else, upheld)" in second


async def test_a_command_that_is_pasted_as_it_is_says_nothing(backend: Backend) -> None:
    """A choice that is written with a bar is a pipe, and the first word of it would be said."""
    await sent(backend, URGENT)
    for reader in (UNIT, SHELTER, OPERATOR):
        for found in await stalled.stalled(reader, at(backend, 9 * DAY)):
            assert found.next_steps
            assert not any("|" in each.text for each in found.next_steps)


async def test_a_step_is_counted_in_each_way_in_which_it_is_silent(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    late = at(backend, 9 * DAY)
    for by, of in (("reason", "reason"), ("organization", "organization")):
        told = await stall_summary.stalled_summary(UNIT, late, by)
        figures = {each.group.key: each.group.count for each in told if each.group.key}
        rows = {key: await stalled.stalled(UNIT, late, WantedInput(**{of: key})) for key in figures}
        assert figures == {key: len(found) for key, found in rows.items()}
    assert {"coordinator-silent", "unacknowledged"} <= {
        each.group.key for each in await stall_summary.stalled_summary(UNIT, late, "reason")
    }
    # Narrowed, it is counted under what was asked for and nothing else.
    (only,) = await stall_summary.stalled_summary(UNIT, late, "reason", WantedInput(reason="unacknowledged"))
    assert (only.group.key, only.group.count) == ("unacknowledged", 1)


async def test_who_has_not_accepted_serves_nobody_still(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "ask", lacking=("consent",))
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "answer", reason="not-agreed")
    with pytest.raises(IllegalTransition, match="not accepted"):
        await handoffs.move_handoff(SHELTER, at(backend, 3), step["id"], "must-keep", reason="still-serving")
    await handoffs.move_handoff(SHELTER, at(backend, 4), step["id"], "accept")
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "must-keep", reason="still-serving")
