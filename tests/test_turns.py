"""Whose turn it is: each thing that is silent climbs a ladder of its own, on from step to step, and nobody puts one off
by beginning another. On each engine."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.errors import IllegalTransition, Invalid
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.words import Rung
from relaypoint.resolvers import audit, contingency, handoffs, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import imported, member, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, USUAL, at, climbed, deliver, sent
from relaypoint.tests.test_ladders import ladder_of
from relaypoint.tests.test_passing import two_shelters

LINE, AUTHORITY, DAY = member("example-line"), member("example-authority"), 24 * 60
FLOOD = contingency.Scope(organization="example-shelter")


async def expecting(backend: Backend, expected: str = "2026-03-02T11:00:00Z") -> dict[str, Any]:
    """Sent on Monday at ten, accepted, and the person is to come at eleven."""
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected=expected)
    return step


async def reasons(backend: Backend, minute: float) -> list[str]:
    (seen,) = await stalled.stalled(UNIT, at(backend, minute))
    return [seen.stall.reason, *(text.message_id for text in seen.stall.also)]


async def test_who_is_silent_does_not_put_off_its_ladder_by_a_contingency_of_its_own(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("shelter-night-desk",)))
    await contingency.declare(SHELTER, at(backend, 2), FLOOD, "A flood", "2026-03-10", id="flood")
    assert await reasons(backend, 70) == ["avoided", "stall.unacknowledged"]
    await climbed(backend, 400)
    assert ("coordinator", "line-desk") in await ladder_of(backend, step, "step")
    assert ("coordinator", "line-desk") not in await ladder_of(backend, step, "avoided")
    before = len(await ladder_of(backend, step, "step"))
    await contingency.end(SHELTER, at(backend, 401), "flood")
    await climbed(backend, 405, start=402, every=1)
    assert len(await ladder_of(backend, step, "step")) == before, "nor does its end begin it anew"


async def test_that_no_way_is_left_but_through_whom_the_case_avoids_is_for_its_sender_alone(backend: Backend) -> None:
    roster = tiny_roster()
    for each in roster["channels"]:
        if each["id"] in ("shelter-mail", "shelter-phone"):
            each["state"] = "dead"
    step = await sent(backend, replace(NEED, avoid=("example-line",)))
    await imported(backend, roster)  # There is the relay by the line still.
    await handoffs.move_handoff(SHELTER, at(backend, 10), step["id"], "accept")
    assert (await reasons(backend, 20))[0] == "avoided"
    await climbed(backend, 400, start=20)
    told = await ladder_of(backend, step, "avoided")
    assert told[0] == ("remind", "unit-desk")
    assert {action for action, _ in told}.isdisjoint({"coordinator", "national-coordinator"})
    assert await ladder_of(backend, step, "desk") == []


async def test_who_has_been_answered_is_reminded_first_of_what_it_owes_then(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "ask", lacking=["age"])
    await climbed(backend, 300, every=30)
    assert [action for action, _ in (await ladder_of(backend, step, "sender"))[:1]] == ["remind"]
    await handoffs.move_handoff(UNIT, at(backend, 401), step["id"], "answer", reason="told")
    await climbed(backend, 2 * DAY, every=60, start=402)
    assert (await ladder_of(backend, step, "step"))[:2] == USUAL[:2]


async def test_who_holds_a_desk_anew_is_reminded_first(backend: Backend) -> None:
    roster = tiny_roster()
    for holder in ("shelter-first", "shelter-second"):
        row(roster, "holders", holder)["until"] = "2026-03-03"
    step = await sent(backend, roster=roster)
    assert await reasons(backend, DAY + 5) == ["orphaned"], "nobody there is slow"
    await climbed(backend, DAY + 200, every=15, start=DAY + 5)
    assert await ladder_of(backend, step, "step") == []
    assert ("coordinator", "line-desk") in await ladder_of(backend, step, "desk")
    roster["holders"].append({"id": "shelter-third", "contact_point": "shelter-desk", "role": "deputy", "rank": "3"})
    await imported(at(backend, DAY + 205), roster)
    await climbed(backend, DAY + 210, start=DAY + 210)
    assert await ladder_of(backend, step, "step") == [("remind", "shelter-desk")]


async def test_to_lay_it_at_another_desk_begins_no_search_anew_and_no_question(backend: Backend) -> None:
    step = await expecting(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 7), step["id"], "start")
    await handoffs.move_handoff(UNIT, at(backend, 8), step["id"], "raise")
    last, found = step["id"], []
    for turn in range(8):
        minute = 75 + 20 * turn
        found += await climbed(backend, minute, start=minute)
        to = ("shelter-night-desk", "shelter-desk")[turn % 2]
        last = (await pass_handoff(SHELTER, at(backend, minute + 1), last, "pass-on", to)).handoff["id"]
        for verb in ("accept", "start"):
            await handoffs.move_handoff(SHELTER, at(backend, minute + 2), last, verb)
    missing = await ladder_of(backend, step, "missing")
    assert ("coordinator", "line-desk") in missing
    assert [action for action, _ in missing].count("remind") == 1
    assert [action for action, _ in await ladder_of(backend, step, "coordinator")].count("remind") == 1
    assert await audit.verify(OPERATOR, backend) == []


async def test_two_servers_whose_clocks_lie_apart_shorten_no_wait(backend: Backend) -> None:
    await sent(backend)
    taken: list[tuple[int, str]] = []
    for minute in range(65, 190, 5):
        for ahead in (45, 0):
            done = (await escalate(OPERATOR, at(backend, minute + ahead))).taken
            taken += [(minute + ahead, each.action) for each in done]
    agreed = [minute for minute, action in taken if action != "other-desk"]
    assert all(after - before >= 30 for before, after in itertools.pairwise(agreed)), taken


async def test_what_was_closed_without_the_person_is_one_silence_whatever_time_passes(backend: Backend) -> None:
    step = await expecting(backend, "2026-03-02T14:00:00Z")
    await handoffs.move_handoff(SHELTER, at(backend, 7), step["id"], "complete", reason="advised")
    for minute in (10, 200, 300):
        assert (await reasons(backend, minute))[0] == "not-arrived"
    await climbed(backend, 300, start=10)
    told = await ladder_of(backend, step, "missing")
    assert [action for action, _ in told].count("national-coordinator") == 1


async def test_after_a_refusal_the_sender_is_reminded_of_who_was_to_come(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "expect", expected="2026-03-02T11:00:00Z")
    await handoffs.move_handoff(SHELTER, at(backend, 7), step["id"], "reject", reason="no-capacity")
    await climbed(backend, 65, start=62)
    assert (await ladder_of(backend, step, "missing"))[0] == ("remind", "unit-desk")
    assert await stalled.stalled(SHELTER, at(backend, 65)) == []


async def test_nobody_is_served_on_the_phone_who_was_expected_and_has_not_come(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "phoned", reason="accepted", role="duty-officer")
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "expect", expected="2026-03-02T11:00:00Z")
    over = handoffs.move_handoff(UNIT, at(backend, 70), step["id"], "cancel", reason="served-there")
    with pytest.raises(IllegalTransition, match="can't have been served"):
        await over
    await handoffs.move_handoff(UNIT, at(backend, 71), step["id"], "arrived")
    done = await handoffs.move_handoff(UNIT, at(backend, 72), step["id"], "cancel", reason="served-there")
    assert done.handoff["status"] == "cancelled"


async def test_a_body_that_serves_on_at_its_other_desk_is_asked_there_what_it_erased(backend: Backend) -> None:
    adult = replace(NEED, service="night-shelter", tags=("adult", "female", "labour"))
    await imported(backend, two_shelters())
    made = await sending.refer(UNIT, at(backend, 0), adult, to="shelter-desk", consent=True)
    referral = made.referral
    first = referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, at(backend, 1), first, "accept")
    await record_consent(UNIT, at(backend, 2), referral["id"], "shelter-desk", withdraw=True)
    await handoffs.move_handoff(SHELTER, at(backend, 3), first, "must-keep", reason="still-serving")
    second = (
        await pass_handoff(SHELTER, at(backend, 4), first, "pass-on", "shelter-night-desk", duty="Act 1")
    ).handoff["id"]

    async def erase(minute: float) -> list[str]:
        found = await backlog(SHELTER, at(backend, minute), hours=24 * 14)
        return [due.handoff.id for due in found if due.what == "erase"]

    assert await erase(5) == [], "it serves them still"
    await handoffs.move_handoff(SHELTER, at(backend, 6), second, "accept")
    await handoffs.move_handoff(SHELTER, at(backend, 7), second, "complete")
    assert await erase(8) == [second]
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_question_that_nobody_answers_can_be_put_again(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "raise")
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, at(backend, 30), step["id"], "raise")
    asked = await handoffs.move_handoff(UNIT, at(backend, 90), step["id"], "raise")
    assert asked.handoff["respond_by"] == "2026-03-02T12:30:00.000Z"


async def test_a_no_is_kept(backend: Backend) -> None:
    await imported(backend, two_shelters())
    adult = replace(NEED, service="night-shelter", tags=("adult", "female", "labour"))
    made = await sending.refer(UNIT, at(backend, 0), adult, to="shelter-desk", consent=True)
    step = made.referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, at(backend, 1), step, "accept")
    assert (await pass_handoff(SHELTER, at(backend, 2), step, "pass-on", "line-desk")).sender_asked
    await handoffs.move_handoff(UNIT, at(backend, 3), step, "answer", reason="not-agreed")
    with pytest.raises(Invalid, match="does not agree") as refused:
        await pass_handoff(UNIT, at(backend, 4), step, "resend", "line-desk")
    assert refused.value.path == ("consent",)
    assert not (await pass_handoff(UNIT, at(backend, 5), step, "resend", "line-desk", consent=True)).sender_asked


async def test_who_sends_it_where_no_message_arrives_is_told_to_phone(backend: Backend) -> None:
    roster = two_shelters()
    row(roster, "channels", "line-mail")["state"] = "dead"
    step = await sent(backend, roster=roster)
    done = await pass_handoff(UNIT, at(backend, 1), step["id"], "resend", "line-desk")
    phones: list[ChannelUse] = [use for use in done.channels if use.channel.kind == "phone"]
    assert (done.by_hand, [use.channel.address for use in phones]) == (True, ["+442079460103"])
    back = await pass_handoff(UNIT, at(backend, 2), done.handoff["id"], "resend", "shelter-desk")
    assert not back.by_hand


async def test_while_a_pause_holds_the_sender_is_told_once(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, priority="urgent"))
    await contingency.declare(LINE, at(backend, 1), FLOOD, "A flood", "2026-03-10", pause_escalations=True)
    for minute in (241, 300, 2 * DAY):
        assert (await escalate(OPERATOR, at(backend, minute))).taken == ()
    told = await deliver(backend, 2 * DAY)
    assert told.count("desk@unit.example.org") == 1
    assert await ladder_of(backend, step, "step") == []


async def test_a_coordinator_finds_in_due_what_a_rung_brought_whatever_follows_it(backend: Backend) -> None:
    await sent(backend)
    # In the evening, when the authority's desk is closed: the last rung is the sender's.
    for minute in (720, 751):
        last = (await escalate(OPERATOR, at(backend, minute))).taken[-1]
    assert last.action == Rung.OFFER
    (look,) = [due for due in await backlog(LINE, at(backend, 752), hours=8) if due.what == "look"]
    assert look.at > at(backend, 752).now()


async def test_first_comes_who_can_act_now(backend: Backend) -> None:
    async def roles(minute: float) -> list[tuple[str, str | None]]:
        (seen,) = await stalled.stalled(UNIT, at(backend, minute))
        return [(each.role, each.contact_point.id if each.contact_point else None) for each in seen.next_steps]

    step = await sent(backend)
    assert (await roles(70))[:2] == [("same-desk", "shelter-desk"), ("other-desk", "shelter-night-desk")]
    assert (await roles(720))[:2] == [("other-desk", "shelter-night-desk"), ("same-desk", "shelter-desk")]
    await handoffs.move_handoff(UNIT, at(backend, 721), step["id"], "phoned", reason="refused", role="duty-officer")
    assert "same-desk" not in [role for role, _ in await roles(722)]
    await imported(at(backend, 722), two_shelters())
    await handoffs.move_handoff(UNIT, at(backend, 723), step["id"], "raise")
    redirected = await pass_handoff(LINE, at(backend, 724), step["id"], "redirect", "shelter-night-desk")
    assert not redirected.sender_asked
