"""What falls due in the next hours, for each side. On each engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import handoffs, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.tests.helpers import imported, member
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, sent


async def told(subject: Subject, backend: Backend, minute: int, hours: int = 24) -> list[tuple[str, str, str]]:
    found = await backlog(subject, at(backend, minute), hours=hours)
    return [(due.side.value, due.what, due.at[5:16]) for due in found]


async def test_each_stage_has_its_own_deadline_and_its_own_side(backend: Backend) -> None:
    step = await sent(backend)
    assert await told(SHELTER, backend, 1) == [
        ("receiver", "acknowledge", "03-02T11:00"),
        ("receiver", "decide", "03-03T10:00"),
    ]
    assert await told(SHELTER, backend, 1, hours=1) == [("receiver", "acknowledge", "03-02T11:00")]
    assert await told(UNIT, backend, 1) == []
    assert await told(SHELTER, backend, 61, hours=1) == [], "what is overdue is told by the report of what stalled"
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "phoned", reason="reached")
    assert await told(SHELTER, backend, 3) == [("receiver", "decide", "03-03T10:00")]
    await handoffs.move_handoff(SHELTER, at(backend, 4), step["id"], "ask", lacking=["age"])
    assert (await told(SHELTER, backend, 5), await told(UNIT, backend, 5)) == (
        [],
        [("sender", "answer", "03-02T11:04")],
    )
    await handoffs.move_handoff(UNIT, at(backend, 14), step["id"], "answer", reason="told")
    assert await told(SHELTER, backend, 15) == [("receiver", "decide", "03-03T10:10")]
    await handoffs.move_handoff(SHELTER, at(backend, 20), step["id"], "accept")
    await handoffs.move_handoff(UNIT, at(backend, 21), step["id"], "expect", expected="2026-03-02T15:00Z")
    assert await told(SHELTER, backend, 22) == [
        ("receiver", "arrival", "03-02T15:00"),
        ("receiver", "start", "03-03T10:20"),
    ]
    assert await told(OPERATOR, backend, 22) == await told(SHELTER, backend, 22)
    await handoffs.move_handoff(SHELTER, at(backend, 23), step["id"], "arrived")
    await handoffs.move_handoff(SHELTER, at(backend, 24), step["id"], "start")
    assert await told(SHELTER, backend, 25, hours=336) == []
    await handoffs.move_handoff(
        SHELTER, at(backend, 26), step["id"], "hold", reason="awaiting-person", review="2026-03-05"
    )
    assert await told(SHELTER, backend, 27, hours=72) == [("receiver", "review", "03-05T00:00")]
    await handoffs.move_handoff(SHELTER, at(backend, 28), step["id"], "complete")
    assert await told(SHELTER, backend, 29, hours=336) == []


async def test_of_one_contact_point_and_of_ones_own(backend: Backend) -> None:
    await sent(backend)
    assert len(await backlog(SHELTER, at(backend, 1), hours=24, contact_point="shelter-desk")) == 2
    assert await backlog(SHELTER, at(backend, 1), hours=24, contact_point="shelter-night-desk") == []
    assert await backlog(member("example-line"), at(backend, 1), hours=24) == []
    for hours in (0, 337):
        with pytest.raises(Invalid) as refused:
            await backlog(SHELTER, backend, hours=hours)
        assert refused.value.path == ("hours",)
    with pytest.raises(NotFound):
        await backlog(SHELTER, backend, contact_point="shelter-dsk")


async def test_an_official_form_is_its_senders_to_submit(backend: Backend) -> None:
    need = replace(NEED, service="identification", priority="urgent")
    await imported(backend)
    await sending.refer(UNIT, at(backend, 0), need, consent=True)
    assert [(side, what) for side, what, _ in await told(UNIT, backend, 1, hours=48)] == [("sender", "form")]
    assert await told(member("example-authority"), backend, 1, hours=48) == []
