"""What a coordinator is told of the silence between its members: what it was turned to about, and all in figures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest

from relaypoint.domain.errors import IllegalTransition, NotFound
from relaypoint.domain.handoffs import Side
from relaypoint.domain.next_step import NextStep
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import audit, handoffs, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.stall_summary import stalled_summary, stalled_trend
from relaypoint.resolvers.stalled import Reported, stalled
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import imported, member
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, deliver, sent

#: The line coordinates the local task force of both, the authority the national one; the police none.
LINE, AUTHORITY, POLICE = member("example-line"), member("example-authority"), member("example-police")


async def listed(subject: Subject, backend: Backend, minute: float) -> list[Reported]:
    return await stalled(subject, at(backend, minute))


async def counted(
    subject: Subject, backend: Backend, minute: float, by: str = "reason", **only: str
) -> list[tuple[str | None, int, bool]]:
    found = await stalled_summary(subject, at(backend, minute), by, WantedInput(**only))
    return [(each.group.key, each.group.count, each.group.coordinated) for each in found]


async def many(backend: Backend, count: int, need: NeedInput = NEED) -> list[str]:
    await imported(backend)
    sent = [await sending.refer(UNIT, at(backend, 0), need, to="shelter-desk") for _ in range(count)]
    await deliver(backend, 0)
    return [each.referral["handoffs"][0]["id"] for each in sent]


#: How the desk that holds the step and the sender's are reached without going through anybody else: by voice first.
PHONES = [("shelter-desk", ["shelter-phone", "shelter-mail"]), ("unit-desk", ["unit-mail"])]


def reached(steps: Iterable[NextStep]) -> list[tuple[str, list[str]]]:
    """The desks of next steps, each with its channels."""
    return [(each.contact_point.id, [use.channel.id for use in each.channels]) for each in steps if each.contact_point]


def advised(step: NextStep) -> set[str]:
    """The verbs of the commands that a next step tells to say."""
    return set(re.findall(r"relaypoint handoff \S+ ([a-z-]+)", step.text))


@pytest.mark.parametrize("refused", [True, False])
async def test_what_was_raised_to_it_is_listed_and_falls_due(backend: Backend, refused: bool) -> None:
    step = await sent(backend)
    if refused:
        await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "reject", reason="no-capacity")
    assert await listed(LINE, backend, 61) == []
    await handoffs.move_handoff(UNIT, at(backend, 61), step["id"], "raise")
    (found,) = await listed(LINE, backend, 62)
    assert found.stall.reason == ("rejected" if refused else "unacknowledged")
    yours, *phones = found.next_steps
    assert [each.role for each in phones] == ["same-desk", "reply-desk"]
    assert yours.role == "yours"
    assert "respond --result RESULT (RESULT: spoken, nobody-else, upheld)" in yours.text
    assert advised(yours) == ({"respond"} if refused else {"respond", "redirect"})
    sayable = set((await handoffs.handoff(LINE, at(backend, 62), step["reference"])).next_verbs)
    assert advised(yours) <= sayable
    assert found.escalated is None
    (due,) = await backlog(LINE, at(backend, 62))
    assert (due.side, due.what, due.at) == (Side.COORDINATOR, "respond", "2026-03-02T12:01:00.000Z")
    assert reached(due.turn_to) == reached(phones) == PHONES
    assert await listed(AUTHORITY, backend, 62) == [], "it was not told"
    await handoffs.move_handoff(LINE, at(backend, 63), step["id"], "respond", reason="spoken")
    assert await backlog(LINE, at(backend, 63)) == []
    (found,) = await listed(LINE, backend, 64)
    assert advised(found.next_steps[0]) == (set() if refused else {"redirect"})


async def test_what_a_rung_told_it_is_listed(backend: Backend) -> None:
    await sent(backend)
    for minute in (61, 100, 140, 180, 220, 260):
        await escalate(OPERATOR, at(backend, minute))
    assert [each.stall.reason for each in await listed(LINE, backend, 261)] == ["unacknowledged"]
    assert await listed(POLICE, backend, 261) == []


async def test_whom_a_rung_told_is_to_see_to_it_before_the_next_one(backend: Backend) -> None:
    step = await sent(backend)
    for minute in (61, 91, 121):
        await escalate(OPERATOR, at(backend, minute))
    (due,) = await backlog(LINE, at(backend, 122))
    assert (due.side, due.what, due.at) == (Side.COORDINATOR, "look", "2026-03-02T12:31:00.000Z")
    (seen,) = await listed(UNIT, backend, 122)
    assert seen.escalated is not None
    assert seen.escalated.next_at == due.at
    await handoffs.move_handoff(SHELTER, at(backend, 123), step["id"], "receive")
    assert await backlog(LINE, at(backend, 124)) == []


async def test_a_case_that_avoids_it_is_neither_listed_nor_counted(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, avoid=("example-line",)))
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    assert await listed(LINE, backend, 63) == []
    assert await backlog(LINE, at(backend, 3)) == []
    (found,) = await listed(AUTHORITY, backend, 63)
    assert found.next_steps[0].role == "yours"
    assert found.stall.handoff.avoid.entries == frozenset(), "whom the case avoids is not told"


async def test_in_figures_it_is_told_of_all_that_lies_between_its_members(backend: Backend) -> None:
    await many(backend, 7)
    assert await counted(UNIT, backend, 121) == [("unacknowledged", 7, False)]
    assert await counted(LINE, backend, 121) == [("unacknowledged", 5, True)]
    assert await counted(AUTHORITY, backend, 121) == [("unacknowledged", 5, True)]
    assert await counted(POLICE, backend, 121) == []
    (told,) = [each.group for each in await stalled_summary(LINE, at(backend, 121), "organization")]
    assert (told.key, told.clock.median, told.clock.worst) == ("example-shelter", 1, None), "in whole hours"
    past = at(backend, 60 * 24 * 9)
    for subject, count, coordinated in ((UNIT, 7, None), (LINE, 0, 5), (POLICE, 0, None)):
        now, then = await stalled_trend(subject, at(backend, 121), 1), await stalled_trend(subject, past, 1)
        for week in (now[-1], then[0]):
            assert (week.count, week.coordinated) == (count, coordinated)


async def test_no_filter_and_no_grouping_singles_a_case_out_for_it(backend: Backend) -> None:
    ids = await many(backend, 9)
    await handoffs.move_handoff(SHELTER, at(backend, 1), ids[0], "reject", reason="no-capacity")
    assert await counted(UNIT, backend, 121) == [("unacknowledged", 8, False), ("rejected", 1, False)]
    assert await counted(LINE, backend, 121) == [(None, 5, True)], "with the one, the others are kept back"
    assert await counted(LINE, backend, 121, reason="rejected") == []
    assert await counted(LINE, backend, 121, "organization", reason="unacknowledged") == [("example-shelter", 5, True)]
    assert await counted(LINE, backend, 121, "service") == [("night-shelter", 5, True)], "neither nine nor eight"
    assert await counted(LINE, backend, 121, "service", contact_point="shelter-desk", priority="asap") == [
        ("night-shelter", 5, True)
    ]


async def test_figures_do_not_tell_who_is_avoided_that_a_case_avoids_it(backend: Backend) -> None:
    await many(backend, 5)
    await many(backend, 1, replace(NEED, avoid=("example-line",)))
    for by in ("reason", "organization", "service", "task-force", "place"):
        seen = [await counted(each, backend, 121, by) for each in (LINE, AUTHORITY)]
        assert seen[0] == seen[1] != [], "the one that it is not told of changes nothing that it sees"
        seen = [await counted(each, backend, 121, by, organization="example-shelter") for each in (LINE, AUTHORITY)]
        assert seen[0] == seen[1] != []


async def test_its_own_steps_are_told_as_they_are_beside_those_of_others(backend: Backend) -> None:
    await many(backend, 5)
    need = replace(NEED, service="advice")
    await sending.refer(UNIT, at(backend, 0), need, to="line-desk")
    assert await counted(LINE, backend, 121, "organization") == [
        ("example-line", 1, False),
        ("example-shelter", 5, True),
    ]


async def test_a_receiver_is_not_asked_to_see_the_end_that_it_made(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "reject", reason="no-capacity")
    assert await listed(SHELTER, backend, 2) == []
    assert await counted(SHELTER, backend, 2) == []
    assert await stalled(SHELTER, at(backend, 60 * 48), as_of="2026-03-03T12:00:00Z") == []
    assert len(await stalled(UNIT, at(backend, 60 * 48), as_of="2026-03-03T12:00:00Z")) == 1


async def test_a_question_to_it_goes_on_with_the_case(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 61), step["id"], "raise")
    moved = await pass_handoff(SHELTER, at(backend, 62), step["id"], "pass-on", "shelter-night-desk")
    assert moved.handoff["respond_by"] == "2026-03-02T12:01:00.000Z"
    (due,) = await backlog(LINE, at(backend, 63))
    assert (due.what, due.handoff.id) == ("respond", moved.handoff["id"])
    late = await stalled(UNIT, at(backend, 122))
    assert [(each.stall.handoff.id, each.stall.reason) for each in late] == [
        (moved.handoff["id"], "coordinator-silent")
    ]
    await handoffs.move_handoff(LINE, at(backend, 123), moved.handoff["id"], "respond", reason="spoken")
    assert "coordinator-silent" not in [each.stall.reason for each in await stalled(UNIT, at(backend, 124))]


async def test_to_send_it_on_is_the_coordinators_answer(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 61), step["id"], "raise")
    await handoffs.move_handoff(UNIT, at(backend, 61), step["id"], "phoned", reason="reached")
    moved = await pass_handoff(LINE, at(backend, 62), step["id"], "redirect", "shelter-night-desk")
    assert not moved.handoff["respond_by"]
    before = (await handoffs.handoff(UNIT, at(backend, 63), step["id"])).handoff
    assert (before["respond_by"], before["response"]) == (None, "redirected")
    with pytest.raises(IllegalTransition) as refused:
        await handoffs.move_handoff(OPERATOR, at(backend, 63), step["id"], "respond", reason="spoken")
    assert "to redirect a step is an answer" in refused.value.remedy
    assert await backlog(LINE, at(backend, 63)) == []


async def test_a_sender_that_sends_it_anew_waits_for_no_answer_any_more(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "reject", reason="no-capacity")
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    await pass_handoff(UNIT, at(backend, 3), step["id"], "resend", "shelter-night-desk")
    before = (await handoffs.handoff(UNIT, at(backend, 4), step["id"])).handoff
    assert (before["respond_by"], before["response"]) == (None, None)
    assert await audit.verify(OPERATOR, backend) == []


async def test_nobody_is_advised_to_ask_again_who_is_asked_already(backend: Backend) -> None:
    step = await sent(backend)

    async def coordinators(minute: float) -> list[NextStep]:
        (found,) = await listed(UNIT, backend, minute)
        return [each for each in found.next_steps if each.role == "coordinator"]

    assert {verb for each in await coordinators(61) for verb in advised(each)} == {"raise"}
    await handoffs.move_handoff(UNIT, at(backend, 61), step["id"], "raise")
    asked = await coordinators(62)
    assert [each.text.message_id for each in asked] == ["next.asked", "next.another-coordinator"]
    assert asked[0].channels[0].channel.id == "line-phone", "a message was sent, so by voice"
    (theirs,) = await listed(SHELTER, backend, 122)
    assert theirs.next_steps[0].text.message_id == "next.unheard"


@pytest.mark.parametrize(("coordinator", "avoid"), [(LINE, ()), (AUTHORITY, ("example-line",))])
async def test_it_reads_what_it_needs_to_act_and_nothing_of_the_case(
    backend: Backend, coordinator: Subject, avoid: tuple[str, ...]
) -> None:
    """Whom the case avoids makes no difference, though it bars the relay of the desk."""
    step = await sent(backend, replace(NEED, avoid=avoid))
    with pytest.raises(NotFound, match=step["reference"]):
        await handoffs.handoff(coordinator, at(backend, 1), step["reference"])
    await handoffs.move_handoff(SHELTER, at(backend, 1), step["id"], "ask", lacking=["health", "risk"])
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "raise")
    seen = (await handoffs.handoff(coordinator, at(backend, 3), step["reference"])).handoff
    assert (seen["priority"], seen["service_type"]["name"], seen["sender"]["name"], seen["receiver"]["name"]) == (
        "asap",
        "Night shelter",
        "Example Police Unit",
        "Example Shelter",
    )
    assert (seen["status"], seen["decide_by"], bool(seen["answer_by"])) == ("received", step["decide_by"], True)
    assert reached(seen["turn_to"]) == PHONES
    assert seen.keys().isdisjoint({"case", "call_back", "tags", "place"})
    assert seen["asked"] is None, "what the receiver lacks is about the person"
    own = (await handoffs.handoff(SHELTER, at(backend, 3), step["id"])).handoff
    assert (own["asked"], own["sender"]["id"], "turn_to" in own) == ("health risk", "example-unit", False)
    await handoffs.move_handoff(UNIT, at(backend, 4), step["id"], "cancel", reason="consent-withdrawn")
    ended = (await handoffs.handoff(coordinator, at(backend, 5), step["reference"])).handoff
    assert (ended["status"], ended["reason"], ended["erasure_asked_at"]) == ("cancelled", None, None)
    assert (await handoffs.handoff(UNIT, at(backend, 5), step["id"])).handoff["reason"] == "consent-withdrawn"


async def test_who_redirected_a_step_sees_whether_it_is_taken_and_no_other_step(backend: Backend) -> None:
    step = await sent(backend)
    moved = (await pass_handoff(AUTHORITY, at(backend, 2), step["id"], "redirect", "shelter-night-desk")).handoff
    seen = (await handoffs.handoff(AUTHORITY, at(backend, 3), step["reference"])).handoff
    assert (seen["id"], seen["status"], seen["contact_point"]["id"]) == (moved["id"], "requested", "shelter-night-desk")
    with pytest.raises(NotFound):
        await handoffs.handoff(LINE, at(backend, 3), step["reference"])
    (silent,) = await listed(AUTHORITY, backend, 300)
    assert silent.stall.handoff.id == moved["id"]
    assert await stalled(AUTHORITY, at(backend, 60 * 24 * 3), as_of="2026-03-03T12:00:00Z") != []
    await handoffs.move_handoff(SHELTER, at(backend, 301), moved["id"], "accept")
    assert (await handoffs.handoff(AUTHORITY, at(backend, 302), step["reference"])).handoff["status"] == "accepted"
    await pass_handoff(SHELTER, at(backend, 303), moved["id"], "pass-on", "shelter-desk")
    last = (await handoffs.handoff(AUTHORITY, at(backend, 304), step["reference"])).handoff
    assert (last["id"], last["reason"]) == (moved["id"], "referred-onward"), "not the one that came after"
    assert await audit.verify(OPERATOR, backend) == []
