"""A consent that is taken back, and what a child wants: recorded, told to whom it concerns, kept in the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, handoffs, referrals, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.consenting import record_consent, record_view
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import at_time, dump, member
from relaypoint.tests.test_passing import AUTHORITY, LINE, NEED, SHELTER, UNIT, sent, told

CHILD = replace(NEED, tags=("child", "female", "labour"))


async def test_who_had_the_case_erases_what_it_knows_or_says_why_not(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    before = len(await told(backend))
    taken = await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    (held,) = taken["handoffs"]
    assert (held["status"], held["erasure_asked_at"], held["erasure"]) == ("accepted", backend.now(), None)
    assert (await told(backend))[before:] == [("shelter-desk", "moved")]
    assert {"must-keep"} == {"erased", "must-keep"} & set(
        (await handoffs.handoff(SHELTER, backend, step["id"])).next_verbs
    )
    with pytest.raises(IllegalTransition, match="step is open"):
        await handoffs.move_handoff(SHELTER, backend, step["id"], "erased")
    with pytest.raises(Invalid):
        await handoffs.move_handoff(SHELTER, backend, step["id"], "must-keep", reason="we like it")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "must-keep", reason="still-serving")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "complete", reason="served")
    await handoffs.move_handoff(SHELTER, backend, step["id"], "erased")
    (seen,) = (await referrals.referral(UNIT, backend, step["referral"]))["handoffs"]
    assert seen["erasure"] == "erased"
    with pytest.raises(IllegalTransition, match="erased already"):
        await handoffs.move_handoff(SHELTER, backend, step["id"], "erased")
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_step_that_is_cancelled_for_it_is_erased_as_well(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    done = await handoffs.move_handoff(UNIT, backend, step["id"], "cancel", reason="consent-withdrawn")
    assert done.handoff["erasure_asked_at"]
    await handoffs.move_handoff(SHELTER, backend, step["id"], "erased")
    assert await audit.verify(OPERATOR, backend) == []


async def test_every_step_of_that_body_is_asked_for_and_no_other(backend: Backend) -> None:
    step = await sent(backend, CHILD, consent=True)
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")
    await pass_handoff(UNIT, backend, step["reference"], "resend", "line-desk", consent=True)
    taken = await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    asked = [(each["contact_point"]["id"], bool(each["erasure_asked_at"])) for each in taken["handoffs"]]
    assert asked == [("shelter-desk", True), ("shelter-night-desk", True), ("line-desk", False)]
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(LINE, backend, step["reference"], "erased")
    again = at_time(backend, "2026-03-04T10:00:00.000Z")
    taken = await record_consent(UNIT, again, step["referral"], "shelter-desk", withdraw=True)
    assert taken["handoffs"][0]["erasure_asked_at"] == backend.now(), "it is asked for once"
    assert await audit.verify(OPERATOR, backend) == []


async def test_what_a_child_wants_is_recorded_by_code_for_its_sender_alone(backend: Backend) -> None:
    step = await sent(backend, CHILD)
    for view in ("not-asked-yet", "wants-something-else"):
        found = await record_view(UNIT, backend, step["reference"], view)
        assert found["case"]["childs_view"] == {"code": view, "recorded_on": "2026-03-03"}
    assert (await referrals.referral(SHELTER, backend, step["referral"]))["case"] is None
    kinds = [event.kind for event in await referrals.timeline(SHELTER, backend, step["referral"])]
    assert "childs-view" not in kinds
    before = await dump(backend.store)
    for subject, view, wrong in (
        (UNIT, "she wants to go home", Invalid),
        (SHELTER, "wants-it", IllegalTransition),
        (OPERATOR, "wants-it", IllegalTransition),
        (member("example-police"), "wants-it", NotFound),
    ):
        with pytest.raises(wrong):
            await record_view(subject, backend, step["reference"], view)
    assert await dump(backend.store) == before
    assert await audit.verify(OPERATOR, backend) == []


async def test_an_adult_has_a_consent_and_no_childs_view(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(Invalid, match="not a child's case"):
        await record_view(UNIT, backend, step["reference"], "wants-it")


async def asked(backend: Backend, referral: str) -> list[tuple[str, bool, str | None]]:
    found = (await referrals.referral(UNIT, backend, referral))["handoffs"]
    return [(each["contact_point"]["id"], bool(each["erasure_asked_at"]), each["erasure"]) for each in found]


async def test_who_agrees_again_is_not_erased_and_may_be_asked_for_anew(backend: Backend) -> None:
    step = await sent(backend, CHILD, consent=True)
    await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "erased")
    await record_consent(UNIT, backend, step["referral"], "shelter-desk")
    # What is erased is erased; what was not may be kept.
    assert await asked(backend, step["referral"]) == [
        ("shelter-desk", True, "erased"),
        ("shelter-night-desk", False, None),
    ]
    again = at_time(backend, "2026-03-04T10:00:00.000Z")
    taken = await record_consent(UNIT, again, step["referral"], "shelter-desk", withdraw=True)
    assert [each["erasure_asked_at"] for each in taken["handoffs"]] == [backend.now(), again.now()]
    assert await audit.verify(OPERATOR, backend) == []


async def test_to_agree_again_is_not_to_have_seen_what_came_back(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "reject", reason="no-capacity")
    for withdraw in (True, False):
        await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=withdraw)
        for moment in (None, backend.now()):
            found = await stalled.stalled(UNIT, backend, as_of=moment)
            assert [each.stall.reason for each in found] == ["rejected"], (withdraw, moment)


@pytest.mark.parametrize("child", [True, False])
async def test_a_body_that_has_the_case_without_consent_is_told_that_none_is_given(
    backend: Backend, child: bool
) -> None:
    step = await sent(backend, CHILD if child else NEED)
    taken = await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    held = {"organization": "example-shelter", "service_type": "night-shelter"}
    assert taken["case"]["consents"] == [{**held, "given_on": None, "withdrawn_on": "2026-03-03"}]
    assert await asked(backend, step["referral"]) == [("shelter-desk", True, None)]
    with pytest.raises(Invalid):
        await record_consent(UNIT, backend, step["referral"], "line-desk", withdraw=True)
    if child:  # It costs nobody a child's protection.
        assert not (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")).sender_asked
        return
    # It may not go on to another desk of theirs unasked, nor come to them again.
    assert (await pass_handoff(SHELTER, backend, step["id"], "pass-on", "shelter-night-desk")).sender_asked
    with pytest.raises(Invalid, match="does not agree") as refused:
        await pass_handoff(UNIT, backend, step["id"], "resend", "shelter-night-desk")
    assert refused.value.path == ("consent",)
    done = await pass_handoff(UNIT, backend, step["id"], "resend", "shelter-night-desk", consent=True)
    assert done.handoff["contact_point"]["id"] == "shelter-night-desk"


async def test_an_answer_that_the_person_does_not_agree_asks_who_had_it_to_erase_it(backend: Backend) -> None:
    step = await sent(backend, CHILD, consent=True)
    second = await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk", consent=True)
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    await record_consent(UNIT, backend, step["referral"], "shelter-desk")
    before = len(await told(backend))
    # The line would send it back, and is told no.
    await handoffs.move_handoff(LINE, backend, second.handoff["id"], "ask", lacking=["consent"])
    found = await pass_handoff(AUTHORITY, backend, second.handoff["id"], "redirect", "shelter-desk")
    assert not found.sender_asked, "the person agreed to it again"
    third = found.handoff["id"]
    await handoffs.move_handoff(UNIT, backend, third, "cancel", reason="consent-withdrawn")
    assert await asked(backend, step["referral"]) == [
        ("shelter-desk", True, None),
        ("line-desk", False, None),
        ("shelter-desk", True, None),
    ], "each step of that body"
    assert ("shelter-desk", "moved") in (await told(backend))[before:]
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_wish_that_the_person_does_not_agree_to_asks_nobody_to_erase_what_it_had(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    second = await pass_handoff(UNIT, backend, step["id"], "resend", "line-desk", consent=True)
    wish = await pass_handoff(AUTHORITY, backend, second.handoff["id"], "redirect", "shelter-night-desk")
    assert not wish.sender_asked
    third = await pass_handoff(UNIT, backend, wish.handoff["id"], "resend", "line-desk")
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    await record_consent(UNIT, backend, step["referral"], "shelter-desk")
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    wish = await pass_handoff(AUTHORITY, backend, third.handoff["id"], "redirect", "shelter-night-desk")
    assert wish.sender_asked
    await record_consent(UNIT, backend, step["referral"], "shelter-desk")
    assert [each[1] for each in await asked(backend, step["referral"])] == [False] * 4
    await handoffs.move_handoff(UNIT, backend, third.handoff["id"], "answer", reason="not-agreed")
    assert [each[1] for each in await asked(backend, step["referral"])] == [False] * 4
    # Nothing new goes there; that what is there be erased is said by itself.
    assert (await pass_handoff(LINE, backend, third.handoff["id"], "pass-on", "shelter-desk")).sender_asked
    await record_consent(UNIT, backend, step["referral"], "shelter-desk")
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    assert [each[1] for each in await asked(backend, step["referral"])] == [True, False, True, False]
    assert await audit.verify(OPERATOR, backend) == []


@pytest.mark.parametrize("end", ["complete", "pass-on"])
async def test_what_is_kept_while_the_person_is_served_is_asked_for_when_that_is_over(
    backend: Backend, end: str
) -> None:
    step = await sent(backend, CHILD, consent=True)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "accept")
    await record_consent(UNIT, backend, step["referral"], "shelter-desk", withdraw=True)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "must-keep", reason="still-serving")
    with pytest.raises(IllegalTransition, match="said already"):
        await handoffs.move_handoff(SHELTER, backend, step["id"], "must-keep", reason="still-serving")
    if end == "complete":
        await handoffs.move_handoff(SHELTER, backend, step["id"], "complete")
    else:
        await pass_handoff(SHELTER, backend, step["id"], "pass-on", "line-desk")
    assert (await asked(backend, step["referral"]))[0] == ("shelter-desk", True, None)
    await handoffs.move_handoff(SHELTER, backend, step["id"], "must-keep", reason="legal-duty")
    assert (await asked(backend, step["referral"]))[0] == ("shelter-desk", True, "legal-duty")
    assert await audit.verify(OPERATOR, backend) == []


async def test_the_day_on_which_a_consent_was_given_stays(backend: Backend) -> None:
    step = await sent(backend, consent=True)
    later = at_time(backend, "2026-03-09T10:00:00.000Z")
    found = await record_consent(UNIT, later, step["referral"], "shelter-desk")
    assert [each["given_on"] for each in found["case"]["consents"]] == ["2026-03-03"]
