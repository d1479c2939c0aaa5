"""That nobody says whether what is known of a person was erased does not stay unseen. On each engine."""

from __future__ import annotations

import pytest

from relaypoint.domain.handoffs import Side
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import audit, handoffs, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.consenting import record_consent
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.sending import refer
from relaypoint.tests.helpers import imported, member
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, deliver

POLICE, DAY = member("example-police"), 24 * 60


async def asked(backend: Backend, *, open: bool) -> str:
    """A step that was served, or is, whose person takes the consent back after a day."""
    await imported(backend)
    done = await refer(UNIT, at(backend, 0), NEED, to="shelter-desk", consent=True)
    step = str(done.referral["handoffs"][0]["id"])
    await deliver(backend, 0)
    for verb in ("accept", "start", *(() if open else ("complete",))):
        await handoffs.move_handoff(SHELTER, at(backend, 1), step, verb)
    await record_consent(UNIT, at(backend, DAY), done.referral["id"], "shelter-desk", withdraw=True)
    return step


async def reasons(subject: Subject, backend: Backend, day: float, as_of: str | None = None) -> list[str]:
    found = await stalled.stalled(subject, at(backend, DAY * day), as_of=as_of)
    return [each.stall.reason for each in found if each.stall.reason == "erasure-not-answered"]


@pytest.mark.parametrize("open", [True, False])
async def test_it_falls_due_and_then_is_silent_for_both_sides(backend: Backend, open: bool) -> None:
    step = await asked(backend, open=open)
    erase = [due for due in await backlog(SHELTER, at(backend, DAY * 2), hours=24 * 14) if due.what == "erase"]
    assert [(due.side, due.at) for due in erase] == [(Side.RECEIVER, "2026-03-17T10:00:00.000Z")]
    for subject in (SHELTER, UNIT, OPERATOR):
        assert await reasons(subject, backend, 14.9) == []
        assert await reasons(subject, backend, 15.1) == ["erasure-not-answered"]
    assert await reasons(POLICE, backend, 15.1) == []
    (found,) = [
        each for each in await stalled.stalled(SHELTER, at(backend, DAY * 15.1)) if each.stall.handoff.id == step
    ]
    assert "VERB (VERB: erased, must-keep --reason CODE)" in found.next_steps[0].text
    await handoffs.move_handoff(SHELTER, at(backend, DAY * 16), step, "must-keep", reason="legal-duty")
    for subject in (SHELTER, UNIT):
        assert await reasons(subject, backend, 17) == []
        # As it was before that answer.
        assert await reasons(subject, backend, 18, "2026-03-17T22:00:00Z") == ["erasure-not-answered"]
        assert await reasons(subject, backend, 18, "2026-03-17T09:00:00Z") == []
    assert await audit.verify(OPERATOR, backend) == []


async def test_its_ladder_begins_by_itself(backend: Backend) -> None:
    step = await asked(backend, open=False)
    assert [each for each in (await escalate(OPERATOR, at(backend, DAY * 14))).taken if each.handoff == step] == []
    (first,) = (await escalate(OPERATOR, at(backend, DAY * 15.1))).taken
    assert (first.handoff, first.rung, first.action, first.contact_point) == (step, 1, "remind", "shelter-desk")


async def test_what_was_kept_to_serve_them_is_asked_for_again_once_that_is_over(backend: Backend) -> None:
    step = await asked(backend, open=True)
    await handoffs.move_handoff(SHELTER, at(backend, DAY * 2), step, "must-keep", reason="still-serving")
    assert await reasons(UNIT, backend, 20) == []
    await handoffs.move_handoff(SHELTER, at(backend, DAY * 21), step, "complete")
    # As long as any other has: it is asked for only then.
    assert await reasons(UNIT, backend, 34.9) == []
    erase = [due.at for due in await backlog(SHELTER, at(backend, DAY * 22), hours=24 * 14) if due.what == "erase"]
    assert erase == ["2026-04-06T10:00:00.000Z"]
    assert await reasons(UNIT, backend, 35.1) == ["erasure-not-answered"]
    await handoffs.move_handoff(SHELTER, at(backend, DAY * 36), step, "erased")
    assert await reasons(UNIT, backend, 37) == []


async def test_who_agrees_again_is_not_waited_for(backend: Backend) -> None:
    step = await asked(backend, open=False)
    referral = (await handoffs.handoff(UNIT, at(backend, DAY), step)).handoff
    assert referral["erasure_asked_at"]
    (row,) = await backend.store.read("handoffs_known", ids=[step])
    await record_consent(UNIT, at(backend, DAY * 3), row["referral"]["id"], "shelter-desk")
    assert await reasons(UNIT, backend, 20) == []


@pytest.mark.parametrize(
    ("answer", "left"), [(("erased", None), 0), (("must-keep", "legal-duty"), 0), (("must-keep", "still-serving"), 1)]
)
async def test_a_body_answers_once_for_all_that_it_had(
    backend: Backend, answer: tuple[str, str | None], left: int
) -> None:
    """It declined, was sent the case again, and has it, or had it to the end."""
    await imported(backend)
    done = await refer(UNIT, at(backend, 0), NEED, to="shelter-desk", consent=True)
    first = str(done.referral["handoffs"][0]["id"])
    await handoffs.move_handoff(SHELTER, at(backend, 1), first, "reject", reason="no-capacity")
    again = await pass_handoff(UNIT, at(backend, 2), first, "resend", "shelter-desk", consent=True)
    second, serving = again.handoff["id"], answer[1] == "still-serving"
    for verb in ("accept", "start", *(() if serving else ("complete",))):
        await handoffs.move_handoff(SHELTER, at(backend, 3), second, verb)
    await record_consent(UNIT, at(backend, DAY), done.referral["id"], "shelter-desk", withdraw=True)
    assert await reasons(UNIT, backend, 15.1) == ["erasure-not-answered"] * 2
    await handoffs.move_handoff(SHELTER, at(backend, DAY * 16), second, answer[0], reason=answer[1])
    for subject in (SHELTER, UNIT):
        assert await reasons(subject, backend, 17) == ["erasure-not-answered"] * left
    assert await audit.verify(OPERATOR, backend) == []
