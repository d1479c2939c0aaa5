"""A consent that is taken back, and what a child wants: recorded, told to whom it concerns, kept in the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, handoffs, referrals
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.consenting import record_consent, record_view
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import dump, make_backend
from relaypoint.tests.test_passing import LINE, NEED, SHELTER, UNIT, sent, told

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
    again = make_backend(backend.store, "2026-03-04T10:00:00.000Z", backend.vault)
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
        (SHELTER, "wants-it", NotFound),
        (OPERATOR, "wants-it", NotFound),
    ):
        with pytest.raises(wrong):
            await record_view(subject, backend, step["reference"], view)
    assert await dump(backend.store) == before
    assert await audit.verify(OPERATOR, backend) == []


async def test_an_adult_has_a_consent_and_no_childs_view(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(Invalid, match="not a child's case"):
        await record_view(UNIT, backend, step["reference"], "wants-it")
