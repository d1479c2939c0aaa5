"""A case that goes on to another desk: passed on, redirected by a coordinator, sent anew. On each engine."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, IllegalTransition, Invalid, NoChannel, NotFound, UnsafeText
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import audit, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.ending import end
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import Passed, pass_handoff
from relaypoint.schema.handoff_types import Handoff
from relaypoint.tests.helpers import Roster, at_time, dump, imported, member, raw, row, tiny_roster

NEED = NeedInput(
    from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("adult", "female", "labour")
)
UNIT, SHELTER, LINE = member("example-unit"), member("example-shelter"), member("example-line")
AUTHORITY, FORMER = member("example-authority"), member("example-former")


def two_shelters() -> Roster:
    """The line has beds as well; and a third body, which is in no task force."""
    roster = tiny_roster()
    beds = row(roster, "services", "shelter-beds")
    roster["services"].append({**beds, "id": "line-beds", "organization": "example-line", "capacity": "unknown"})
    return roster


def three_shelters() -> Roster:
    roster = two_shelters()
    row(roster, "contact_points", "authority-desk")["service_types"] += ";night-shelter"
    beds = row(roster, "services", "line-beds")
    roster["services"].append({**beds, "id": "authority-beds", "organization": "example-authority"})
    return roster


async def sent(backend: Backend, need: NeedInput = NEED, *, roster: Roster | None = None, **how: Any) -> dict[str, Any]:
    await imported(backend, roster or two_shelters())
    referral = (await sending.refer(UNIT, backend, need, to="shelter-desk", **how)).referral
    return {**referral["handoffs"][0], "reference": referral["reference"], "referral": referral["id"]}


async def steps_of(backend: Backend, step: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    found = await referrals.referral(UNIT, backend, step["referral"])
    return [(each["contact_point"]["id"], each["status"], each["reason"]) for each in found["handoffs"]]


async def told(backend: Backend) -> list[tuple[str, str]]:
    rows = await raw(backend.store, "MATCH (n:Notice)-[:FOR]->(d) RETURN d.id AS desk, n.kind AS kind ORDER BY n.id")
    return [(row["desk"], row["kind"]) for row in rows]


async def whole(backend: Backend) -> bool:
    return await audit.verify(OPERATOR, backend) == []


@pytest.mark.parametrize(
    ("before", "end"),
    [((), ("rejected", "referred-onward")), (("accept", "start"), ("cancelled", "referred-onward"))],
)
async def test_who_has_it_passes_it_on_where_the_person_agreed(
    backend: Backend, before: tuple[str, ...], end: tuple[str, str]
) -> None:
    step = await sent(backend)
    for verb in before:
        await handoffs.move_handoff(SHELTER, backend, step["id"], verb)
    refused = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    assert (refused.sender_asked, refused.handoff["asked"], refused.handoff["asked_about"]) == (
        True,
        "consent",
        "line-desk",
    )
    assert len(await steps_of(backend, step)) == 1, "nothing is sent"
    assert (await told(backend))[-1] == ("unit-desk", "moved")
    await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="agreed", consent_to="line-desk")
    passed = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    assert (passed.sender_asked, passed.handoff["contact_point"]["id"], passed.handoff["hops"]) == (
        False,
        "line-desk",
        2,
    )
    assert await steps_of(backend, step) == [("shelter-desk", *end), ("line-desk", "requested", None)]
    assert sorted((await told(backend))[-2:]) == [("line-desk", "requested"), ("unit-desk", "moved")]
    assert [s.handoff["status"] for s in [await handoffs.handoff(LINE, backend, step["reference"])]] == ["requested"]
    assert await whole(backend)


async def test_a_consent_that_was_withdrawn_stops_further_sharing_and_nothing_else(backend: Backend) -> None:
    step = await sent(backend)
    for _ in range(2):
        given = await record_consent(UNIT, backend, step["reference"], "line-desk")
    held = {"organization": "example-line", "service_type": "night-shelter", "given_on": "2026-03-03"}
    assert given["case"]["consents"] == [{**held, "withdrawn_on": None}]
    taken = await record_consent(UNIT, backend, step["referral"], "line-desk", withdraw=True)
    assert taken["case"]["consents"] == [{**held, "withdrawn_on": "2026-03-03"}]
    assert taken["handoffs"][0]["status"] == "requested"
    assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked
    for subject, to, withdraw, wrong in (
        (UNIT, "line-desk", True, Invalid),
        (UNIT, "nowhere", False, NotFound),
        (SHELTER, "line-desk", False, IllegalTransition),
        (LINE, "line-desk", False, NotFound),
        (OPERATOR, "line-desk", False, IllegalTransition),
    ):
        with pytest.raises(wrong):
            await record_consent(subject, backend, step["reference"], to, withdraw=withdraw)
    await record_consent(UNIT, backend, step["reference"], "line-desk")
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked
    events = await referrals.timeline(UNIT, backend, step["referral"])
    assert [event.kind for event in events if event.kind.startswith("consent")] == [
        "consent-given",
        "consent-given",
        "consent-withdrawn",
        "consent-given",
    ]
    assert await whole(backend)


async def test_consents_that_are_recorded_at_once_are_all_kept(backend: Backend) -> None:
    step = await sent(backend)
    desks = ("line-desk", "authority-desk", "shelter-desk", "unit-desk")
    await asyncio.gather(*(record_consent(UNIT, backend, step["reference"], desk) for desk in desks))
    kept = (await referrals.referral(UNIT, backend, step["referral"]))["case"]["consents"]
    assert sorted(each["organization"] for each in kept) == [
        "example-authority",
        "example-line",
        "example-shelter",
        "example-unit",
    ]
    assert await whole(backend)


def with_one_abroad() -> Roster:
    """A body with beds for the same place, which works in another country."""
    roster = two_shelters()
    roster["jurisdictions"].append({"id": "FR", "name": "France", "kind": "country"})
    line = row(roster, "organizations", "example-line")
    roster["organizations"].append({**line, "id": "example-abroad", "name": "Example Abroad", "jurisdictions": "FR"})
    for sheet, id in (("contact_points", "line-desk"), ("services", "line-beds")):
        roster[sheet].append({**row(roster, sheet, id), "id": f"abroad-{id}", "organization": "example-abroad"})
    mail = row(roster, "channels", "line-mail")
    roster["channels"].append({**mail, "id": "abroad-mail", "contact_point": "abroad-line-desk"})
    return roster


@pytest.mark.parametrize(("subject", "verb"), [(SHELTER, "pass-on"), (AUTHORITY, "redirect")])
async def test_into_another_country_only_its_sender_sends_it_on(backend: Backend, subject: Subject, verb: str) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    await imported(backend, with_one_abroad())
    asked = await pass_handoff(subject, backend, step["id"], verb, "abroad-line-desk", danger=True)
    assert asked.sender_asked
    assert len(await steps_of(backend, step)) == 1
    with pytest.raises(Invalid) as refused:
        await pass_handoff(UNIT, backend, step["id"], "resend", "abroad-line-desk")
    assert refused.value.path == ("riskChecked",)
    done = await pass_handoff(UNIT, backend, step["id"], "resend", "abroad-line-desk", risk_checked=True)
    assert done.handoff["contact_point"]["id"] == "abroad-line-desk"


async def test_the_same_bodys_other_desk_needs_no_new_consent(backend: Backend) -> None:
    step = await sent(backend)
    passed = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")
    assert (passed.sender_asked, passed.handoff["contact_point"]["id"]) == (False, "shelter-night-desk")


async def test_a_childs_protection_waits_for_no_consent(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked


@pytest.mark.parametrize("why", [{"danger": True}, {"duty": "Act 1, section 2"}])
async def test_danger_or_a_cited_duty_stands_in_for_consent_and_is_kept_and_told(
    backend: Backend, why: dict[str, Any]
) -> None:
    step = await sent(backend)
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk", **why)).sender_asked
    assert ("unit-desk", "moved") in await told(backend)
    events = await referrals.timeline(UNIT, backend, step["referral"])
    (passed,) = [json.loads(event.data) for event in events if event.kind == "handoff-passed-on"]
    assert passed["without_consent"] == why


async def test_a_duty_is_a_citation_and_no_persons_data(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(UnsafeText) as refused:
        await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk", duty="call 020 7946 0101")
    assert refused.value.path == ("duty",)


@pytest.mark.parametrize("why", [{}, {"danger": True}])
@pytest.mark.parametrize("avoid", ["example-line", "line-desk"])
async def test_whom_the_case_avoids_gets_it_by_nobody(backend: Backend, avoid: str, why: dict[str, Any]) -> None:
    step = await sent(backend, replace(NEED, avoid=(avoid,)), consent=True)
    barred = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk", **why)
    assert barred.sender_asked
    assert await steps_of(backend, step) == [("shelter-desk", "received", None)]
    with pytest.raises(NoChannel, match="avoid"):
        await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk", consent=True)


@pytest.mark.parametrize("answer", ["not-agreed", "not-known"])
async def test_who_answers_that_the_person_does_not_agree_records_no_consent(backend: Backend, answer: str) -> None:
    step = await sent(backend)
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    with pytest.raises(Invalid) as refused:
        await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason=answer, consent_to="line-desk")
    assert refused.value.path == ("consentTo",)
    assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked


async def test_whether_the_person_agrees_is_answered_so_that_the_receiver_can_read_it(backend: Backend) -> None:
    step = await sent(backend)

    async def answer(reason: str, **how: Any) -> dict[str, Any]:
        await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason=reason, **how)
        return (await handoffs.handoff(SHELTER, backend, step["id"])).handoff

    await handoffs.move_handoff(SHELTER, backend, step["id"], "ask", lacking=["age"])
    with pytest.raises(Invalid, match="does not answer"):
        await answer("agreed")
    assert (await answer("told"))["answered"] == "told"
    for said in ("not-known", "not-agreed", "agreed"):
        await handoffs.move_handoff(SHELTER, backend, step["id"], "ask", lacking=["consent"])
        with pytest.raises(Invalid, match="does not answer") as refused:
            await answer("told")
        assert (refused.value.path, "agreed, not-agreed" in refused.value.remedy) == (("reason",), True)
        assert (await answer(said))["answered"] == said
    # Asked about a contact point, it is answered for that one.
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    for wrong in ({"reason": "told"}, {"reason": "agreed", "consent_to": "authority-desk"}):
        with pytest.raises(Invalid):
            await answer(**wrong)
    assert (await answer("agreed"))["answered"] == "agreed"
    consents = (await referrals.referral(UNIT, backend, step["referral"]))["case"]["consents"]
    given = [each["organization"] for each in consents if not each["withdrawn_on"]]
    assert given == ["example-shelter", "example-line"]
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked
    assert await whole(backend)


async def test_one_question_about_where_it_may_go_is_open_at_a_time(backend: Backend) -> None:
    step = await sent(backend, roster=three_shelters())
    await handoffs.move_handoff(SHELTER, backend, step["id"], "ask", lacking=["age"])
    for _ in range(2):
        assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked
    before = await dump(backend.store)
    with pytest.raises(IllegalTransition, match="asked about line-desk already") as refused:
        await pass_handoff(SHELTER, backend, step["id"], "pass-on", "authority-desk")
    assert refused.value.path == ("to",)
    assert await dump(backend.store) == before
    await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="not-agreed")
    assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "authority-desk")).sender_asked
    # The same body's other desk waits for no answer.
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")).sender_asked
    assert await whole(backend)


async def test_its_sender_is_told_how_to_answer_what_was_asked(backend: Backend) -> None:
    step = await sent(backend)
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    late = at_time(backend, "2026-03-20T10:00:00.000Z")
    (found,) = await stalled.stalled(UNIT, late)
    assert "answer --result RESULT (RESULT: agreed, not-agreed, not-known)" in found.next_steps[0].text


async def test_a_suspended_body_sends_nothing_on(backend: Backend) -> None:
    step = await sent(backend)
    roster = two_shelters()
    row(roster, "organizations", "example-unit")["status"] = "suspended"
    await imported(backend, roster)
    with pytest.raises(Invalid) as refused:
        await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")
    assert refused.value.message_id == "refer.suspended"


async def test_a_coordinator_of_both_redirects_and_both_desks_and_the_sender_are_told(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    with pytest.raises(NotFound):
        await pass_handoff(FORMER, backend, step["id"], "redirect", "line-desk")
    with pytest.raises(IllegalTransition):
        await pass_handoff(UNIT, backend, step["id"], "redirect", "line-desk")
    done = await pass_handoff(AUTHORITY, backend, step["id"], "redirect", "line-desk")
    assert done.handoff["contact_point"]["id"] == "line-desk"
    assert sorted((await told(backend))[-3:]) == [
        ("line-desk", "requested"),
        ("shelter-desk", "cancelled"),
        ("unit-desk", "moved"),
    ]
    assert await whole(backend)


async def test_a_coordinators_wish_without_consent_asks_the_sender_and_stops_no_clock(backend: Backend) -> None:
    step = await sent(backend)
    done = await pass_handoff(AUTHORITY, backend, step["id"], "redirect", "line-desk")
    assert (done.sender_asked, done.handoff["status"], done.handoff["asked_at"]) == (True, "requested", None)
    assert (done.handoff["wished_to"], done.handoff["asked_about"]) == ("line-desk", None)
    assert (await told(backend))[-1] == ("unit-desk", "moved")
    late = at_time(backend, "2026-03-09T10:00:00.000Z")
    assert [each.stall.reason for each in await stalled.stalled(UNIT, late)] == ["unacknowledged"]
    sent_on = await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk", consent=True)
    assert sent_on.handoff["contact_point"]["id"] == "line-desk"
    assert await whole(backend)


@pytest.mark.parametrize("avoid", ["example-authority", "competent-authority"])
async def test_a_coordinator_whom_the_case_avoids_has_no_part_in_it(backend: Backend, avoid: str) -> None:
    step = await sent(backend, replace(NEED, avoid=(avoid,)))
    with pytest.raises(NotFound):
        await pass_handoff(AUTHORITY, backend, step["id"], "redirect", "line-desk")


@pytest.mark.parametrize("came_back", [True, False])
async def test_its_sender_sends_it_anew_and_it_stays_one_referral(backend: Backend, came_back: bool) -> None:
    step = await sent(backend)
    if came_back:
        await handoffs.move_handoff(SHELTER, backend, step["id"], "reject", reason="no-capacity")
    done = await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")
    assert done.handoff["continues"] == step["id"]
    end = ("rejected", "no-capacity") if came_back else ("cancelled", "sent-elsewhere")
    assert await steps_of(backend, step) == [("shelter-desk", *end), ("line-desk", "requested", None)]
    late = at_time(backend, "2026-03-03T10:00:01.000Z")
    assert [found.stall.reason for found in await stalled.stalled(UNIT, late)] == [], "it was seen, and goes on"
    assert await whole(backend)
    with pytest.raises(Conflict):
        await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")


async def test_back_where_it_was_is_shown(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    second = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    third = await pass_handoff(LINE, backend, second.handoff["id"], "pass-on", "shelter-desk")
    assert third.handoff["hops"] == 3
    (found,) = await stalled.stalled(UNIT, backend)
    assert found.stall.reason == "bounced"


async def test_what_is_not_understood_changes_nothing(backend: Backend) -> None:
    step = await sent(backend)
    before = await dump(backend.store)
    for subject, verb, to, how, wrong in (
        (SHELTER, "pass-on", "nowhere", {}, NotFound),
        (SHELTER, "hand-on", "line-desk", {}, Invalid),
        (SHELTER, "resend", "line-desk", {}, IllegalTransition),
        (LINE, "pass-on", "line-desk", {}, IllegalTransition),
        (FORMER, "pass-on", "line-desk", {}, NotFound),
        (SHELTER, "pass-on", "line-desk", {"consent": True}, Invalid),
        (SHELTER, "pass-on", "line-desk", {"expected_version": 9}, Conflict),
        (UNIT, "resend", "authority-desk", {}, NoChannel),
        (SHELTER, "pass-on", "shelter-desk", {}, Invalid),
        (UNIT, "resend", "shelter-desk", {}, Invalid),
    ):
        with pytest.raises(wrong):
            await pass_handoff(subject, backend, step["id"], verb, to, **how)
    assert await dump(backend.store) == before


async def test_of_two_that_send_it_on_at_once_one_does(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    results = await asyncio.gather(
        *(pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk") for _ in range(3)),
        pass_handoff(UNIT, backend, step["id"], "resend", "line-desk"),
        return_exceptions=True,
    )
    assert [isinstance(each, Passed) for each in results].count(True) == 1, results
    assert len(await steps_of(backend, step)) == 2
    assert await whole(backend)


async def test_the_same_request_again_gives_the_first_answer(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    first, second = [
        await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk", idempotency_key="once")
        for _ in range(2)
    ]
    assert first.handoff["id"] == second.handoff["id"]
    assert len(await steps_of(backend, step)) == 2


async def test_the_sender_sees_on_the_step_what_stood_in_for_consent(backend: Backend) -> None:
    step = await sent(backend)
    done = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk", duty="Act 1, section 2")
    assert done.handoff["without_consent"] == "duty: Act 1, section 2"
    shown = (await referrals.referral(UNIT, backend, step["referral"]))["handoffs"]
    assert [each["without_consent"] for each in shown] == [None, "duty: Act 1, section 2"]
    # Where the person agrees, nothing stands in for it, whatever is claimed.
    await record_consent(UNIT, backend, step["referral"], "shelter-desk")
    again = await pass_handoff(LINE, backend, done.handoff["id"], "pass-on", "shelter-desk", danger=True)
    assert again.handoff["without_consent"] is None


async def test_what_was_claimed_for_a_desk_that_is_barred_is_kept(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("example-line",)))
    assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk", danger=True)).sender_asked
    events = await referrals.timeline(UNIT, backend, step["referral"])
    assert json.loads(events[-1].data)["without_consent"] == {"danger": True}


async def test_the_deadlines_of_two_bodies_hold_on_every_hop(backend: Backend) -> None:
    roster = two_shelters()
    for force in ("example-force", "example-force-north"):
        row(roster, "task_forces", force)["start_within"] = "PT7H"
    await imported(backend, roster)
    referral = (await sending.refer(UNIT, backend, NEED, to="shelter-desk")).referral
    first = referral["handoffs"][0]
    done = await pass_handoff(UNIT, backend, first["id"], "resend", "line-desk")
    stored = await raw(backend.store, "MATCH (h:Handoff) RETURN h.id AS id, h.start_within AS within ORDER BY h.id")
    assert [each["within"] for each in stored] == ["PT7H", "PT7H"], done


async def test_a_wish_is_answered_and_the_same_wish_asks_once(backend: Backend) -> None:
    step = await sent(backend)
    for _ in range(3):
        assert (await pass_handoff(AUTHORITY, backend, step["reference"], "redirect", "line-desk")).sender_asked
    assert [each for each in await told(backend) if each == ("unit-desk", "moved")] == [("unit-desk", "moved")]
    offered = (await handoffs.handoff(UNIT, backend, step["id"])).next_verbs
    assert "answer" in offered
    answered = await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="agreed", consent_to="line-desk")
    assert (answered.handoff["wish_answered"], answered.handoff["wish_about"]) == ("agreed", "line-desk")
    assert (answered.handoff["answered"], answered.handoff["asked"]) == (None, None), "the receiver asked nothing"
    assert not (await pass_handoff(AUTHORITY, backend, step["id"], "redirect", "line-desk")).sender_asked
    assert await whole(backend)


async def test_a_held_step_can_be_asked_about_and_answered(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(
        SHELTER, backend, step["id"], "hold", reason="awaiting-information", review="2026-03-10"
    )
    asked = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    assert asked.sender_asked
    assert asked.handoff["asked_at"]
    done = await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="agreed", consent_to="line-desk")
    assert (done.handoff["status"], done.handoff["asked_at"]) == ("on-hold", None)
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked
    assert await whole(backend)


@pytest.mark.parametrize("end", [("complete", "waitlisted"), ("correct", None)])
async def test_what_came_back_in_whatever_way_is_raised_or_sent_anew(
    backend: Backend, end: tuple[str, str | None]
) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], end[0], reason=end[1])
    assert {"resend", "raise"} <= set((await handoffs.handoff(UNIT, backend, step["id"])).next_verbs)
    await handoffs.move_handoff(UNIT, backend, step["id"], "raise")
    done = await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")
    assert done.handoff["contact_point"]["id"] == "line-desk"
    assert await whole(backend)


async def test_who_was_served_is_not_sent_anew(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "complete", reason="served")
    assert "resend" not in (await handoffs.handoff(UNIT, backend, step["id"])).next_verbs
    with pytest.raises(IllegalTransition, match="was served"):
        await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")


async def test_a_step_that_has_gone_on_does_not_come_back(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    done = await handoffs.move_handoff(SHELTER, backend, step["id"], "correct")
    assert done.handoff["must_see"] is False
    assert [each.stall.reason for each in await stalled.stalled(UNIT, backend)] == []


async def test_a_consent_that_is_withdrawn_with_the_step_is_withdrawn(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    await handoffs.move_handoff(UNIT, backend, step["id"], "cancel", reason="consent-withdrawn")
    (consent,) = (await referrals.referral(UNIT, backend, step["referral"]))["case"]["consents"]
    assert consent["withdrawn_on"] == "2026-03-03"
    assert await whole(backend)


async def test_who_does_not_agree_after_all_takes_an_earlier_consent_back(backend: Backend) -> None:
    step = await sent(backend)
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    await record_consent(UNIT, backend, step["referral"], "line-desk")
    await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="not-agreed")
    (consent,) = (await referrals.referral(UNIT, backend, step["referral"]))["case"]["consents"]
    assert consent["withdrawn_on"] == "2026-03-03"
    with pytest.raises(NoChannel, match="does not agree"):  # To ask again would be no end.
        await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    await record_consent(UNIT, backend, step["referral"], "line-desk")
    assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")).sender_asked


async def test_where_consent_was_withdrawn_the_body_passes_it_to_no_other_desk_of_its_own(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")).sender_asked


@pytest.mark.parametrize("how", ["passed on", "recalled"])
async def test_a_body_sees_what_it_had_and_to_whom_it_gave_it(backend: Backend, how: str) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    if how == "recalled":
        second = await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")
    else:
        second = await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    third = await pass_handoff(UNIT, backend, second.handoff["id"], "resend", "shelter-night-desk")
    await pass_handoff(UNIT, backend, third.handoff["id"], "resend", "line-desk")

    async def seen(subject: Subject) -> list[str]:
        found = await referrals.referral(subject, backend, step["referral"])
        events = await referrals.timeline(subject, backend, step["referral"])
        known = {each["id"] for each in found["handoffs"]}
        assert all(json.loads(event.data)["after"].get("id") in {*known, None} for event in events)
        return [each["contact_point"]["id"] for each in found["handoffs"]]

    assert await seen(UNIT) == ["shelter-desk", "line-desk", "shelter-night-desk", "line-desk"]
    assert await seen(SHELTER) == ["shelter-desk", "line-desk", "shelter-night-desk"]
    assert await seen(LINE) == ["shelter-desk", "line-desk", "shelter-night-desk", "line-desk"]


async def test_a_recalled_body_sees_nothing_that_comes_after(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")
    found = await referrals.referral(SHELTER, backend, step["referral"])
    assert [each["contact_point"]["id"] for each in found["handoffs"]] == ["shelter-desk"]
    kinds = [event.kind for event in await referrals.timeline(SHELTER, backend, step["referral"])]
    assert "handoff-sent-on" not in kinds
    assert "handoff-sent-on" in [e.kind for e in await referrals.timeline(UNIT, backend, step["referral"])]


async def test_a_coordinators_wish_and_the_receivers_question_stand_side_by_side(backend: Backend) -> None:
    step = await sent(backend, roster=three_shelters())
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    wished = await pass_handoff(AUTHORITY, backend, step["id"], "redirect", "authority-desk")
    assert (wished.handoff["asked_about"], wished.handoff["wished_to"]) == (None, "authority-desk"), "its own alone"
    both = (await handoffs.handoff(UNIT, backend, step["id"])).handoff
    assert (both["asked_about"], both["wished_to"]) == ("line-desk", "authority-desk")
    assert wished.handoff["asked_at"], "its clocks stand still for the question"
    # The receiver's question is answered first, and for the desk that it is about.
    done = await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="not-agreed")
    assert (done.handoff["asked_at"], done.handoff["wished_to"]) == (None, "authority-desk")
    assert "answer" in done.next_verbs
    done = await handoffs.move_handoff(UNIT, backend, step["id"], "answer", reason="agreed")
    assert (done.handoff["wished_to"], "answer" in done.next_verbs) == (None, False)
    kept = (await referrals.referral(UNIT, backend, step["referral"]))["case"]["consents"]
    assert [each["organization"] for each in kept if each["withdrawn_on"] is None] == ["example-authority"]
    assert await whole(backend)


async def test_a_hold_goes_on_counting_from_desk_to_desk_of_one_body(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")))
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "hold", reason="awaiting-capacity", review="2026-05-20")
    late = at_time(backend, "2026-05-22T10:00:00.000Z")
    there = await pass_handoff(SHELTER, late, step["id"], "pass-on", "shelter-night-desk")
    await handoffs.move_handoff(SHELTER, late, there.handoff["id"], "accept")
    with pytest.raises(Invalid, match="within 10 days"):
        await handoffs.move_handoff(
            SHELTER, late, there.handoff["id"], "hold", reason="awaiting-capacity", review="2026-06-05"
        )
    # Another body has its own ninety days.
    other = await pass_handoff(SHELTER, late, there.handoff["id"], "pass-on", "line-desk")
    await handoffs.move_handoff(LINE, late, other.handoff["id"], "accept")
    await handoffs.move_handoff(
        LINE, late, other.handoff["id"], "hold", reason="awaiting-capacity", review="2026-06-05"
    )
    assert await whole(late)


async def test_how_to_call_back_is_for_its_sender_and_who_has_it(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, tags=("child", "female", "labour")), safe_hours="Mo-Fr 09:00-12:00")
    await handoffs.move_handoff(UNIT, backend, step["id"], "raise")

    async def told_to(subject: Subject, id: str, referral: bool = True) -> bool:
        found = [(await handoffs.handoff(subject, backend, id)).handoff.get("call_back")]
        if referral:
            found.append((await referrals.referral(subject, backend, step["referral"]))["call_back"])
        assert len({each is None for each in found}) == 1
        return found[0] is not None

    assert await told_to(UNIT, step["id"])
    assert await told_to(OPERATOR, step["id"])
    assert await told_to(SHELTER, step["id"])
    # The coordinator that its sender turned to sees the step, and nobody's number.
    assert not await told_to(member("example-line"), step["id"], referral=False)
    second = (await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk")).handoff["id"]
    assert await told_to(LINE, second)
    assert not await told_to(SHELTER, step["id"]), "it was recalled"
    await handoffs.move_handoff(LINE, backend, second, "reject", reason="no-capacity")
    assert not await told_to(LINE, second)
    assert await told_to(UNIT, second)


async def test_a_step_that_is_sent_on_was_moved_then(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    late = at_time(backend, "2026-03-09T10:00:00.000Z")
    await pass_handoff(UNIT, late, step["id"], "resend", "line-desk", consent=True)
    first, *_ = (await referrals.referral(UNIT, late, step["referral"]))["handoffs"]
    assert (first["status"], first["moved_at"]) == ("cancelled", late.now())


async def test_what_is_said_of_a_step_does_not_change_since_when_it_has_its_status(backend: Backend) -> None:
    def at(hour: int) -> Backend:
        return at_time(backend, f"2026-03-03T{hour}:00:00.000Z")

    async def since() -> str:
        (step,) = (await referrals.referral(UNIT, backend, sent_step["referral"]))["handoffs"]
        return Handoff.of(step).moved_at

    sent_step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(11), sent_step["id"], "phoned", reason="reached")
    assert await since() == backend.now()
    await handoffs.move_handoff(SHELTER, at(12), sent_step["id"], "ask", lacking=["age"])
    assert await since() == at(12).now(), "it is acknowledged by that"
    await handoffs.move_handoff(UNIT, at(13), sent_step["id"], "answer", reason="told")
    await handoffs.move_handoff(SHELTER, at(14), sent_step["id"], "claim", holder="shelter-second")
    assert await since() == at(12).now()


async def test_a_hold_goes_on_counting_where_its_desk_ends(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "hold", reason="awaiting-capacity", review="2026-05-20")
    late = at_time(backend, "2026-05-22T10:00:00.000Z")
    assert (await end(SHELTER, late, "contact-point", "shelter-desk", to=("shelter-night-desk",))).applied
    there = (await handoffs.handoff(SHELTER, late, step["reference"])).handoff
    assert (there["contact_point"]["id"], there["held_days"]) == ("shelter-night-desk", 80)
    assert await whole(late)
