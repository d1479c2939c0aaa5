"""A sender that turns to the coordinator, and deadlines that follow a calendar. On each engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import IllegalTransition, NoChannel, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, contingency, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.recounting import recount
from relaypoint.tests.helpers import imported, member, raw, row, tiny_roster
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, sent

#: The line coordinates the local task force of both, the authority the national one.
LINE, AUTHORITY, POLICE = member("example-line"), member("example-authority"), member("example-police")


async def reasons(backend: Backend, minute: float) -> list[str]:
    return [found.stall.reason for found in await stalled.stalled(UNIT, at(backend, minute))]


async def told(backend: Backend) -> list[str]:
    rows = await raw(backend.store, "MATCH (n:Notice)-[:FOR]->(d) RETURN d.id AS desk ORDER BY n.id")
    return [each["desk"] for each in rows]


@pytest.mark.parametrize("refused", [True, False])
async def test_a_refusal_or_a_silence_is_raised_and_its_answer_tracked(backend: Backend, refused: bool) -> None:
    step = await sent(backend)
    if refused:
        await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "reject", reason="no-capacity")
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(SHELTER, at(backend, 2), step["id"], "raise")
    raised = await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    assert raised.handoff["respond_by"] == "2026-03-02T11:02:00.000Z"
    assert (await told(backend))[-1] == "line-desk"
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, at(backend, 3), step["id"], "raise")
    assert "coordinator-silent" not in await reasons(backend, 60)
    assert await reasons(backend, 63) == ["coordinator-silent"]
    shown = await handoffs.handoff(LINE, at(backend, 63), step["reference"])
    assert {"respond", "redirect"} & set(shown.next_verbs) == ({"respond"} if refused else {"respond", "redirect"})
    answered = await handoffs.move_handoff(LINE, at(backend, 64), step["id"], "respond", reason="spoken")
    assert (answered.handoff["response"], answered.handoff["respond_by"]) == ("spoken", None)
    assert (await told(backend))[-1] == "unit-desk"
    assert "coordinator-silent" not in await reasons(backend, 65)
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(LINE, at(backend, 65), step["id"], "respond", reason="spoken")
    assert await audit.verify(OPERATOR, backend) == []


async def test_the_next_coordinator_is_asked_where_the_case_avoids_the_first(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("example-line",)))
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    assert (await told(backend))[-1] == "authority-desk"
    with pytest.raises(NotFound):
        await handoffs.handoff(LINE, at(backend, 3), step["reference"])
    with pytest.raises(NotFound):
        await handoffs.handoff(POLICE, at(backend, 3), step["reference"])
    assert (await handoffs.handoff(AUTHORITY, at(backend, 3), step["reference"])).handoff["id"] == step["id"]


async def test_where_no_coordinator_may_know_of_it_the_sender_is_told_what_else_to_do(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("example-line", "competent-authority")))
    with pytest.raises(NoChannel) as refused:
        await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    assert "resend" in refused.value.remedy


async def test_a_coordinator_who_was_told_sees_the_step_and_nothing_of_the_case(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(NotFound):
        await handoffs.handoff(LINE, at(backend, 3), step["reference"])
    await handoffs.move_handoff(UNIT, at(backend, 3), step["id"], "raise")
    shown = await handoffs.handoff(LINE, at(backend, 3), step["reference"])
    assert "case" not in shown.handoff
    with pytest.raises(NotFound):
        await referrals.referral(LINE, at(backend, 3), step["referral"])


@pytest.mark.parametrize("how", ["roster", "contingency"])
async def test_deadlines_follow_the_calendar_and_the_old_ones_are_kept(backend: Backend, how: str) -> None:
    await imported(backend, tiny_roster())
    need = replace(NEED, priority="routine")
    referral = (await sending.refer(UNIT, at(backend, 0), need, to="shelter-desk")).referral
    id, before = referral["handoffs"][0]["id"], referral["handoffs"][0]
    assert (before["acknowledge_by"], before["decide_by"]) == ("2026-03-02T14:00:00.000Z", "2026-03-03T10:00:00.000Z")
    assert await recount(OPERATOR, at(backend, 1)) == []
    if how == "roster":
        roster = tiny_roster()
        row(roster, "contact_points", "shelter-desk")["hours"] = "Mo-Fr 08:00-11:00"
        await imported(backend, roster)
    else:
        scope = contingency.Scope(organization="example-shelter")
        await contingency.declare(OPERATOR, at(backend, 1), scope, "A flood", "2026-03-10", id="flood")
    assert await recount(OPERATOR, at(backend, 2)) == [id]
    assert await recount(OPERATOR, at(backend, 3)) == []
    after: dict[str, Any] = (await handoffs.handoff(UNIT, at(backend, 3), id)).handoff
    # One working hour is left on that day; the night desk, which answers in the contingency, is there all the time.
    wanted = {"roster": "2026-03-04T08:00:00.000Z", "contingency": "2026-03-02T14:00:00.000Z"}[how]
    assert (after["acknowledge_by"], after["version"]) == (min(wanted, after["decide_by"]), before["version"])
    events = await referrals.timeline(UNIT, at(backend, 3), referral["id"])
    assert [event.kind for event in events] == ["referral-sent", "handoff-recounted"]
    assert before["acknowledge_by"] in events[-1].data
    assert await audit.verify(OPERATOR, backend) == []
    if how == "contingency":
        await contingency.end(OPERATOR, at(backend, 4), "flood")
        assert await recount(OPERATOR, at(backend, 5)) == [id]
        again = (await handoffs.handoff(UNIT, at(backend, 6), id)).handoff
        assert [again[name] for name in ("acknowledge_by", "decide_by", "calendar")] == [
            before[name] for name in ("acknowledge_by", "decide_by", "calendar")
        ]
