"""What a coordinator and an integrator are told of a step holds, and what they say of it is true. On each engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from relaypoint.domain.errors import Invalid, NoChannel
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import handoffs, sending, stall_summary, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import member
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, sent

LINE, DAY = member("example-line"), 24 * 60


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
