"""What a coordinator and an integrator are told of a step holds, and what they say of it is true. On each engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from relaypoint.domain.codes import WORDS
from relaypoint.domain.errors import IllegalTransition, Invalid, NoChannel
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import audit, handoffs, referrals, sending, stall_summary, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import imported, member, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, deliver, sent
from relaypoint.tests.test_passing import three_shelters, two_shelters

LINE, AUTHORITY, DAY = member("example-line"), member("example-authority"), 24 * 60


async def test_where_a_desk_is_not_for_the_service_nobody_is_asked_whether_the_person_agrees(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    before = (await handoffs.handoff(UNIT, at(backend, 2), step["id"])).handoff
    for subject, verb in ((LINE, "redirect"), (SHELTER, "pass-on"), (SHELTER, "forward")):
        for desk in ("authority-desk", "unit-desk"):
            with pytest.raises(NoChannel) as refused:
                await pass_handoff(subject, at(backend, 2), step["id"], verb, desk)
            assert refused.value.path == ("to",)
            assert "it is not for this service" in refused.value.message
    assert (await handoffs.handoff(UNIT, at(backend, 2), step["id"])).handoff == before


async def test_a_coordinator_says_that_it_was_sent_elsewhere_by_sending_it_there(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    with pytest.raises(Invalid) as refused:
        await handoffs.move_handoff(LINE, at(backend, 2), step["id"], "respond", reason="redirected")
    assert refused.value.path == ("reason",)
    assert (await handoffs.handoff(UNIT, at(backend, 3), step["id"])).handoff["respond_by"]


async def test_each_figure_can_be_opened_into_its_rows(backend: Backend) -> None:
    first = await sent(backend, replace(NEED, priority="urgent"))
    await handoffs.move_handoff(SHELTER, at(backend, 1), first["id"], "reject", reason="no-capacity")
    for _ in range(2):
        await sent(backend, replace(NEED, priority="urgent"))
    late = at(backend, 9 * DAY)
    for reader in (UNIT, SHELTER, OPERATOR):
        told = await stall_summary.stalled_summary(reader, late, "organization")
        figures = {each.group.key: each.group.count for each in told}
        rows = {key: await stalled.stalled(reader, late, WantedInput(organization=key)) for key in figures if key}
        assert figures == {key: len(found) for key, found in rows.items()}
        assert figures == Counter(each.stall.turn for each in await stalled.stalled(reader, late))
        assert sum(figures.values()) >= 2


async def test_nobody_is_told_to_turn_to_its_own_hotline(backend: Backend) -> None:
    await sent(backend, replace(NEED, priority="urgent"))
    line = replace(NEED, priority="urgent", from_organization="example-line")
    await sending.refer(LINE, at(backend, 0), line, to="shelter-desk")
    for sender, told in ((UNIT, True), (LINE, False)):
        found = await stalled.stalled(sender, at(backend, 9 * DAY))
        (own,) = (each for each in found if each.stall.handoff.sender.id == sender.organization)
        assert ("hotline" in {each.role for each in own.next_steps}) is told


@pytest.mark.parametrize(("word", "status"), [("acknowledge", "received"), ("decline", "rejected")])
async def test_over_the_interface_one_may_say_what_one_says_at_the_command_line(
    backend: Backend, word: str, status: str
) -> None:
    step = await sent(backend)
    reason = "no-capacity" if status == "rejected" else None
    done = await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], word, reason=reason)
    assert done.handoff["status"] == status


async def test_a_verb_that_needs_a_contact_point_is_told_where_it_belongs(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(Invalid) as refused:
        await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "pass-on")
    assert (refused.value.path, "passHandoff" in refused.value.remedy) == (("verb",), True)


@pytest.mark.parametrize(("answer", "word"), [("agreed", "send it there"), ("not-agreed", "send it elsewhere")])
async def test_who_is_asked_by_a_coordinator_is_chased_and_the_coordinator_reads_the_answer(
    backend: Backend, answer: str, word: str
) -> None:
    step = await sent(backend, replace(NEED, priority="urgent"), three_shelters())
    await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    asked = await pass_handoff(LINE, at(backend, 2), step["id"], "redirect", "authority-desk")
    assert asked.sender_asked
    by = asked.handoff["wish_by"]
    assert by > at(backend, 2).now()
    # It is the sender's turn: in what falls due, and once that has passed in what is silent; not the coordinator's.
    assert ("wish", by) in {(each.what, each.at) for each in await backlog(UNIT, at(backend, 3), hours=48)}
    assert "respond" not in {each.what for each in await backlog(LINE, at(backend, 3), hours=48)}
    late = 9 * DAY
    reasons = {
        subject.organization: {each.stall.reason for each in await stalled.stalled(subject, at(backend, late))}
        for subject in (UNIT, SHELTER, LINE)
    }
    assert "wish-not-answered" in reasons["example-unit"] & reasons["example-line"]
    assert "wish-not-answered" not in reasons["example-shelter"]
    assert not any("coordinator-silent" in each for each in reasons.values())
    taken = [each.handoff for each in (await escalate(OPERATOR, at(backend, late))).taken]
    assert step["id"] in taken
    # Asked again for the same, it has no longer.
    again = await pass_handoff(LINE, at(backend, late), step["id"], "redirect", "authority-desk")
    assert again.handoff["wish_by"] == by
    await handoffs.move_handoff(UNIT, at(backend, late + 1), step["id"], "answer", reason=answer)
    told = (await handoffs.handoff(LINE, at(backend, late + 2), step["id"])).handoff
    assert (told["wish_about"], told["wish_answered"], told["answered"]) == ("authority-desk", answer, None)
    assert told["respond_by"] > at(backend, late + 1).now(), "now it is the coordinator's turn again"
    there = (await handoffs.handoff(SHELTER, at(backend, late + 2), step["id"])).handoff
    assert (there["wish_about"], there["wish_answered"], there["answered"]) == (None, None, None)
    for reader, knows in ((UNIT, True), (SHELTER, False)):
        timeline = await referrals.told_timeline(reader, at(backend, late + 2), step["referral"])
        assert any(WORDS[answer] in text for _, text in timeline) is knows
    (own,) = await stalled.stalled(LINE, at(backend, late + 3))
    assert word in own.next_steps[0].text
    if answer == "agreed":
        done = await pass_handoff(LINE, at(backend, late + 4), step["id"], "redirect", "authority-desk")
        assert not done.sender_asked
    else:
        with pytest.raises(NoChannel, match="does not agree"):
            await pass_handoff(LINE, at(backend, late + 4), step["id"], "redirect", "authority-desk")
    assert await audit.verify(OPERATOR, backend) == []


async def test_what_is_not_allowed_tells_the_version_that_was_looked_at(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(IllegalTransition) as refused:
        await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "accept")
    assert refused.value.present == {"status": "requested", "version": step["version"]}


@pytest.mark.parametrize(("subject", "verb"), [(AUTHORITY, "redirect"), (LINE, "pass-on")])
async def test_not_to_go_back_there_stops_what_is_new_and_erases_nothing(
    backend: Backend, subject: Subject, verb: str
) -> None:
    step = await sent(backend, replace(NEED, avoid=("shelter-night-desk",)), two_shelters())
    for body in ("shelter-desk", "line-desk"):
        await record_consent(UNIT, at(backend, 1), step["referral"], body)
    moved = (await pass_handoff(SHELTER, at(backend, 2), step["id"], "pass-on", "line-desk")).handoff
    # The case avoids that desk, so that its sender is asked, whatever was agreed.
    assert (await pass_handoff(subject, at(backend, 4), moved["id"], verb, "shelter-night-desk")).sender_asked
    await handoffs.move_handoff(UNIT, at(backend, 5), moved["id"], "answer", reason="not-agreed")
    after = await referrals.referral(UNIT, at(backend, 6), step["referral"])
    assert [each["withdrawn_on"] for each in after["case"]["consents"] if each["withdrawn_on"]] == []
    assert [each["erasure_asked_at"] for each in after["handoffs"]] == [None, None]


@pytest.mark.parametrize("ended", [True, False])
async def test_what_the_coordinator_answered_is_told_where_one_would_ask_again(backend: Backend, ended: bool) -> None:
    step = await sent(backend, replace(NEED, priority="urgent"))
    if ended:
        await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "reject", reason="no-capacity")
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    await handoffs.move_handoff(LINE, at(backend, 3), step["id"], "respond", reason="nobody-else")
    late = at(backend, 9 * DAY)
    for reader, role in ((UNIT, "coordinator"), (LINE, "yours")):
        (found,) = await stalled.stalled(reader, late)
        told = [each.text for each in found.next_steps if each.role == role]
        assert "nobody else can take it" in told[0]
        asked = [each.organization for each in found.next_steps if each.role == role]
        assert reader is LINE or asked[0] != "Example Line", "another one comes first"


async def test_that_no_message_went_out_takes_nobodys_reminder(backend: Backend) -> None:
    await imported(backend, tiny_roster())
    urgent = replace(NEED, priority="urgent")
    referral = (await sending.refer(UNIT, at(backend, 0), urgent, to="shelter-desk")).referral
    (step,) = referral["handoffs"]
    found = [(each.stall.reason, minute) for minute in (170, 241) for each in await silent_at(backend, minute)]
    assert found == [("undelivered", 170), ("unacknowledged", 241)]
    first = (await escalate(OPERATOR, at(backend, 170))).taken
    await deliver(backend, 171)
    then = (await escalate(OPERATOR, at(backend, 241))).taken
    assert [each.rung for each in (*first, *then)] == [1, 1]
    assert [each.action for each in then] == ["remind"]
    assert {each.handoff for each in then} == {step["id"]}


async def silent_at(backend: Backend, minute: float) -> list[stalled.Reported]:
    return await stalled.stalled(UNIT, at(backend, minute))
