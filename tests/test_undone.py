"""What was missed, said or refused is not undone by whom it concerns, and told to nobody beside. On each engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import IllegalTransition, NoChannel
from relaypoint.domain.handoffs import Status
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.process import Course, Fate, fate
from relaypoint.resolvers import audit, handoffs, referrals, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.proposing import edit
from relaypoint.resolvers.recounting import recount
from relaypoint.tests.helpers import Roster, imported, member, raw, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, deliver, sent
from relaypoint.tests.test_ladders import ladder_of
from relaypoint.tests.test_passing import two_shelters

LINE, AUTHORITY, DAY = member("example-line"), member("example-authority"), 24 * 60
move = handoffs.move_handoff


async def said(subject: Subject, backend: Backend, minute: float, step: str, *verbs: str, **how: Any) -> dict[str, Any]:
    for verb in verbs:
        done = await move(subject, at(backend, minute), step, verb, **how)
    return done.handoff


async def silences(backend: Backend, minute: float) -> list[tuple[str, str]]:
    return [(each.stall.handoff.id, each.stall.reason) for each in await stalled.stalled(UNIT, at(backend, minute))]


async def test_a_desk_that_opens_less_has_missed_what_it_missed(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, priority="urgent"))
    late = at(backend, 500)
    (before,) = (await referrals.referral(UNIT, late, step["referral"]))["handoffs"]
    assert before["acknowledge_by"] < late.now() < before["decide_by"]
    assert (await edit(SHELTER, late, "contact_points", "shelter-desk", {"hours": "Mo 09:00-09:15"})).applied
    assert len(await recount(OPERATOR, late)) == 1
    (after,) = (await referrals.referral(UNIT, late, step["referral"]))["handoffs"]
    assert after["acknowledge_by"] == before["acknowledge_by"]
    assert after["decide_by"] > before["decide_by"], "what was not missed is counted on its new hours"
    assert await silences(backend, 501) == [(step["id"], "unacknowledged")]
    # Nor does it help to say something first.
    missed = await said(SHELTER, backend, 20 * DAY, step["id"], "receive")
    assert missed["decide_by"] == after["decide_by"] < at(backend, 20 * DAY).now()


async def test_few_hours_put_off_nobodys_turn(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["hours"] = "Mo 09:00-09:15"
    step = await sent(backend, replace(NEED, priority="urgent"), roster)
    await said(SHELTER, backend, 5, step["id"], "reject", reason="no-capacity")
    found = [(action, minute) for minute, action, _ in await climbed(backend, 4 * DAY, every=60, start=60)]
    assert dict(reversed(found))["coordinator"] <= DAY
    assert dict(reversed(found))["offer"] <= 3 * DAY


async def test_that_they_arrived_there_says_nothing_of_where_they_go_next(backend: Backend) -> None:
    step = await sent(backend, roster=two_shelters())
    await said(SHELTER, backend, 5, step["id"], "accept")
    await said(UNIT, backend, 6, step["id"], "expect", expected="2026-03-02T11:00:00Z")
    await said(SHELTER, backend, 50, step["id"], "arrived")
    await record_consent(UNIT, at(backend, 60), step["referral"], "line-desk")
    following = (await pass_handoff(SHELTER, at(backend, 61), step["id"], "pass-on", "line-desk")).handoff
    assert (following["expected_by"], following["arrival"]) == (None, None)
    await said(LINE, backend, 62, following["id"], "accept")
    await said(UNIT, backend, 63, following["id"], "expect", expected="2026-03-02T12:00:00Z")
    await said(LINE, backend, 130, following["id"], "not-arrived")
    assert (following["id"], "not-arrived") in await silences(backend, 131)


async def test_a_second_vacancy_is_told_of_at_once(backend: Backend) -> None:
    roster = tiny_roster()
    roster["absences"] = [
        {"id": f"{holder}-{since}", "holder": holder, "stand_in": "", "since": since, "until": until}
        for holder in ("shelter-first", "shelter-second")
        for since, until in (("2026-03-03", "2026-03-18"), ("2026-03-20", "2026-04-18"))
    ]
    await sent(backend, roster=roster)
    await climbed(backend, 17 * DAY - 600, every=12 * 60, start=600)
    away = 18 * DAY - 600 + 5  # Just after the midnight with which they leave again.
    assert await climbed(backend, away, start=away) != []


@pytest.mark.parametrize("named", ["dead", "ended"])
async def test_a_sender_is_told_where_it_can_be_told(backend: Backend, named: str) -> None:
    roster = tiny_roster()
    for id, kind, address in (("a-hall", "phone", "+442079460107"), ("unit-new", "email", "new@unit.example.org")):
        roster["contact_points"].append({**row(roster, "contact_points", "unit-desk"), "id": id, "name": id})
        channel = {**row(roster, "channels", "unit-mail"), "id": f"{id}-{kind}", "contact_point": id}
        roster["channels"].append({**channel, "kind": kind, "address": address})
    await sent(backend, roster=roster)
    mail = row(roster, "channels", "unit-mail")
    if named == "dead":
        mail["state"] = "dead"
    else:
        mail["until"] = row(roster, "contact_points", "unit-desk")["until"] = "2026-03-02"
    await imported(at(backend, 10), roster)
    found = await climbed(backend, DAY, every=60, start=60)
    assert {desk for _, action, desk in found if action == "offer"} == {"unit-new"}


async def test_to_phone_again_puts_off_no_ladder(backend: Backend) -> None:
    step = await sent(backend)
    for minute in range(1, 601, 25):
        await said(UNIT, backend, minute, step["id"], "phoned", reason="refused", role="duty-officer")
        await said(UNIT, backend, minute, step["id"], "phoned", reason="reached")
        await escalate(OPERATOR, at(backend, minute + 1))
    assert ("coordinator", "line-desk") in await ladder_of(backend, step, "sender")
    assert await silences(backend, 610) == [(step["id"], "refused-by-phone")]


async def test_to_expect_them_again_puts_off_no_search(backend: Backend) -> None:
    step = await sent(backend)
    await said(SHELTER, backend, 5, step["id"], "accept")
    for day in range(4):
        when = at(backend, day * DAY + 60).now()
        await said(UNIT, backend, day * DAY + 6, step["id"], "expect", expected=when)
        await said(SHELTER, backend, day * DAY + 61, step["id"], "not-arrived")
        await escalate(OPERATOR, at(backend, day * DAY + 62))
    assert [action for action, _ in await ladder_of(backend, step, "missing")][:2] == ["remind", "coordinator"]


async def test_a_coordinators_wish_is_answered_to_the_coordinator_once(backend: Backend) -> None:
    step = await sent(backend, roster=two_shelters())
    assert (await pass_handoff(AUTHORITY, at(backend, 5), step["id"], "redirect", "line-desk")).sender_asked
    await deliver(backend, 6)
    await said(UNIT, backend, 7, step["id"], "answer", reason="not-agreed")
    told = await raw(
        backend.store,
        "MATCH (n:Notice {status: 'pending'})-[:FOR]->(:ContactPoint)-[:OF]->(o:Organization) RETURN o.id AS id",
    )
    assert {each["id"] for each in told}.isdisjoint({"example-shelter"})
    assert len(told) == 1
    with pytest.raises(NoChannel, match="does not agree") as refused:
        await pass_handoff(AUTHORITY, at(backend, 8), step["id"], "redirect", "line-desk")
    assert refused.value.path == ("to",)


async def test_who_is_asked_for_consent_and_says_no_has_said_no(backend: Backend) -> None:
    step = await sent(backend)
    await said(SHELTER, backend, 5, step["id"], "ask", lacking=["consent"])
    after = await said(UNIT, backend, 6, step["id"], "answer", reason="not-agreed")
    assert after["erasure_asked_at"] == at(backend, 6).now()
    (consent,) = (await referrals.referral(UNIT, at(backend, 7), step["referral"]))["case"]["consents"]
    assert (consent["organization"], consent["withdrawn_on"]) == ("example-shelter", "2026-03-02")
    assert await audit.verify(OPERATOR, backend) == []


async def test_others_on_the_way_read_nothing_of_what_the_person_agreed_to(backend: Backend) -> None:
    step = await sent(backend, roster=two_shelters())
    await record_consent(UNIT, at(backend, 1), step["referral"], "line-desk")
    following = (await pass_handoff(SHELTER, at(backend, 2), step["id"], "pass-on", "line-desk")).handoff
    before = await referrals.referral(SHELTER, at(backend, 3), step["referral"])
    await said(LINE, backend, 4, following["id"], "ask", lacking=["health", "risk"])
    await said(UNIT, backend, 5, following["id"], "answer", reason="not-agreed")
    await said(UNIT, backend, 6, following["id"], "cancel", reason="consent-withdrawn")
    await said(LINE, backend, 7, following["id"], "must-keep", reason="child-protection")
    seen = await referrals.referral(SHELTER, at(backend, 8), step["referral"])
    (theirs,) = [each for each in seen["handoffs"] if each["id"] == following["id"]]
    assert {theirs[name] for name in ("asked", "answered", "erasure_asked_at", "erasure")} == {None}
    words = " ".join(text for _, text in await referrals.told_timeline(SHELTER, at(backend, 8), step["referral"]))
    assert [word for word in ("agree", "eras", "protection", "health") if word in words] == [], words
    assert "protection" in " ".join(
        text for _, text in await referrals.told_timeline(UNIT, at(backend, 8), step["referral"])
    )
    # Its own decline told it the state then; what becomes of the case elsewhere does not move what it counts by.
    declined = await referrals.referral(SHELTER, at(backend, 9), step["referral"])
    await record_consent(UNIT, at(backend, 9), step["referral"], "shelter-desk")
    assert (await referrals.referral(SHELTER, at(backend, 10), step["referral"]))["version"] == declined["version"]
    assert before["version"] >= 2


async def test_the_past_keeps_an_erasure_that_nobody_answered(backend: Backend) -> None:
    step = await sent(backend)
    await record_consent(UNIT, at(backend, 1), step["referral"], "shelter-desk")
    await record_consent(UNIT, at(backend, 2), step["referral"], "shelter-desk", withdraw=True)
    await said(SHELTER, backend, 3, step["id"], "accept")
    reasons = {reason for _, reason in await silences(backend, 15 * DAY)}
    assert "erasure-not-answered" in reasons or "not-started" in reasons
    await record_consent(UNIT, at(backend, 16 * DAY), step["referral"], "shelter-desk")
    then = await stalled.stalled(UNIT, at(backend, 17 * DAY), as_of=at(backend, 15 * DAY).now())
    (found,) = then
    told = [found.stall.reason, *(each.message_id for each in found.stall.also)]
    assert "stall.unerased" in told or "erasure-not-answered" in told


def test_who_never_came_was_not_served() -> None:
    at, state = "2026-03-02T10:00:00.000Z", {"status": Status.COMPLETED.value, "reason": "advised"}
    asked = {**state, "expected_by": "2026-03-02T12:00:00.000Z"}
    for end, became in ((state, Fate.SERVED), (asked, Fate.FAILED), ({**asked, "arrival": "arrived"}, Fate.SERVED)):
        course = Course("body", "housing", (), 1, ((at, {"status": "accepted"}), (at, end)))
        assert fate(course, "2026-03-03T10:00:00.000Z") is became


# a person who is looked for, and goes elsewhere


async def looked_for(backend: Backend) -> tuple[dict[str, Any], dict[str, Any]]:
    """Accepted on the phone and expected at eleven; they did not come, and the case was sent elsewhere."""
    roster = two_shelters()
    row(roster, "channels", "shelter-mail")["state"] = "dead"  # Nor can it be told that it is over.
    step = await sent(at(backend, -60), roster=roster)
    await said(UNIT, backend, 5, step["id"], "phoned", reason="accepted", role="duty-officer")
    await said(UNIT, backend, 6, step["id"], "expect", expected="2026-03-02T11:00:00Z")
    following = (await pass_handoff(UNIT, at(backend, 90), step["id"], "resend", "line-desk", consent=True)).handoff
    await deliver(backend, 91)
    await said(LINE, backend, 91, following["id"], "accept", "start")
    return step, following


async def test_they_are_looked_for_until_they_come_somewhere(backend: Backend) -> None:
    step, following = await looked_for(backend)
    assert (step["id"], "arrival-unknown") in await silences(backend, 92)
    with pytest.raises(IllegalTransition, match="not recorded as arrived"):
        await move(LINE, at(backend, 93), following["id"], "complete", reason="served")
    after = await said(LINE, backend, 94, following["id"], "arrived")
    assert after["arrival"] == "arrived"
    assert await silences(backend, 95) == []
    (first, _) = (await referrals.referral(UNIT, at(backend, 95), step["referral"]))["handoffs"]
    assert (first["arrival"], first["must_see"]) == ("arrived", False)
    assert (await said(LINE, backend, 96, following["id"], "complete", reason="served"))["status"] == "completed"
    assert await audit.verify(OPERATOR, backend) == []
    # As it stood then, and as it stands.
    past = await stalled.stalled(UNIT, at(backend, 99), as_of=at(backend, 92).now())
    assert [each.stall.reason for each in past] == ["arrival-unknown"]
    assert await stalled.stalled(UNIT, at(backend, 99), as_of=at(backend, 95).now()) == []


async def test_what_is_advised_names_the_step_that_it_is_about(backend: Backend) -> None:
    step, _ = await looked_for(backend)
    (found,) = [each for each in await stalled.stalled(UNIT, at(backend, 92)) if each.stall.handoff.id == step["id"]]
    advice = " ".join(each.text for each in found.next_steps)
    assert f"relaypoint handoff {step['id']} seen" in advice
    assert f"handoff {step['reference']} seen" not in advice
    # Of the past it is told as it was then: nothing had continued it yet.
    (then,) = await stalled.stalled(UNIT, at(backend, 92), as_of=at(backend, 80).now())
    advice = " ".join(each.text for each in then.next_steps)
    assert f"relaypoint handoff {step['reference']} raise" in advice
    assert step["id"] not in advice


async def test_a_refusal_on_the_phone_leads_elsewhere_also_where_somebody_is_on_the_way(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, priority="stat"), two_shelters())
    await said(UNIT, backend, 1, step["id"], "phoned", reason="accepted", role="duty-officer")
    await said(UNIT, backend, 2, step["id"], "expect", expected="2026-03-02T10:30:00Z")
    await said(UNIT, backend, 40, step["id"], "phoned", reason="refused", role="duty-officer")
    (found,) = await stalled.stalled(UNIT, at(backend, 41))
    assert found.stall.reason == "arrival-unknown"
    roles = [each.role for each in found.next_steps]
    assert "same-desk" not in roles
    assert roles[0] == "next-candidate"
    assert "resend" in found.next_steps[-1].text
    assert (await said(UNIT, backend, 42, step["id"], "not-arrived"))["arrival"] == "not-arrived"


async def test_where_no_message_arrives_its_sender_alone_reads_so(backend: Backend) -> None:
    roster: Roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["state"] = "dead"
    step = await sent(backend, replace(NEED, priority="stat"), roster)
    shown = [
        (await handoffs.handoff(subject, at(backend, 5), step["id"])).handoff["undelivered"]
        for subject in (UNIT, SHELTER)
    ]
    assert shown == [True, False]
    (listed,) = (await referrals.referral(UNIT, at(backend, 5), step["referral"]))["handoffs"]
    assert listed["undelivered"]
    assert "call" in {each.what for each in await backlog(UNIT, at(backend, 5))}
    await said(UNIT, backend, 6, step["id"], "phoned", reason="accepted", role="duty-officer")
    assert "call" not in {each.what for each in await backlog(UNIT, at(backend, 7))}


async def test_who_has_arrived_confirms_who_accepted_on_the_phone(backend: Backend) -> None:
    step = await sent(backend)
    await said(UNIT, backend, 5, step["id"], "phoned", reason="accepted", role="duty-officer")
    await said(UNIT, backend, 6, step["id"], "expect", expected="2026-03-02T11:00:00Z")
    assert "phone" in {each.what for each in await backlog(UNIT, at(backend, 7), hours=48)}
    await said(UNIT, backend, 50, step["id"], "arrived")
    assert "phone" not in {each.what for each in await backlog(UNIT, at(backend, 51), hours=48)}
    assert await silences(backend, 3 * DAY) == []
