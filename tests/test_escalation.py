"""What is done about silence: rung after rung, each once, never to whom the case avoids. On each engine."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from relaypoint.app.delivering import deliver_due
from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import IllegalTransition
from relaypoint.domain.policy import OPERATOR
from relaypoint.notifications.spool import Spool
from relaypoint.resolvers import audit, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.backlog import backlog
from relaypoint.resolvers.escalating import Taken, escalate
from relaypoint.resolvers.leases import take_lease
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.recounting import recount
from relaypoint.tests.helpers import Roster, at_time, imported, member, raw, row, tiny_roster

#: A Monday, in the working hours of the shelter's desk.
SENT = "2026-03-02T10:00:00.000Z"
NEED = NeedInput(
    from_organization="example-unit",
    service="housing",
    place="GB-X-NORTH",
    tags=("adult", "female", "labour"),
    priority="asap",
)
UNIT, SHELTER = member("example-unit"), member("example-shelter")
#: The ladder that nobody has to write down, and whom it reaches in the made-up roster: the shelter's other desk has no
#: channel that carries messages, and the line coordinates the local task force that both are in.
USUAL = [
    ("remind", "shelter-desk"),
    ("deputy", "shelter-desk"),
    ("other-desk", None),
    ("coordinator", "line-desk"),
    ("national-coordinator", "authority-desk"),
    ("offer", "unit-desk"),
]


def at(backend: Backend, minutes: float) -> Backend:
    then = parse_instant(SENT) + timedelta(minutes=minutes)
    return at_time(backend, format_instant(then))


async def sent(backend: Backend, need: NeedInput = NEED, roster: Roster | None = None) -> dict[str, Any]:
    await imported(backend, roster or tiny_roster())
    referral = (await sending.refer(UNIT, at(backend, 0), need, to="shelter-desk")).referral
    await deliver(backend, 0)
    return {**referral["handoffs"][0], "reference": referral["reference"], "referral": referral["id"]}


async def deliver(backend: Backend, minute: int) -> list[str]:
    """What goes out at that minute: the addresses."""
    with tempfile.TemporaryDirectory() as folder:
        await deliver_due(at(backend, minute), Spool(Path(folder)), "https://relaypoint.example.org")
        return _addresses(Path(folder))


def _addresses(folder: Path) -> list[str]:
    return [json.loads(path.read_text())["address"] for path in sorted(folder.iterdir())]


async def climbed(backend: Backend, until: int, every: int = 5, start: int = 0) -> list[tuple[int, str, str | None]]:
    """The rungs that are taken, each with the minute, where it is looked every so many minutes."""
    found = []
    for minute in range(start, until + 1, every):
        found += [(minute, t.action, t.contact_point) for t in (await escalate(OPERATOR, at(backend, minute))).taken]
    return found


async def test_silence_climbs_the_ladder_and_each_rung_is_kept(backend: Backend) -> None:
    step = await sent(backend)
    found = await climbed(backend, 400)
    assert [(action, desk) for _, action, desk in found] == USUAL
    # Unacknowledged after an hour; then every half hour, but that nobody is waited for who can't be told.
    assert [minute for minute, *_ in found] == [65, 95, 125, 125, 155, 185]
    events = await referrals.timeline(UNIT, backend, step["referral"])
    rungs = [json.loads(event.data)["escalation"] for event in events if event.kind == "handoff-escalated"]
    assert [(each["rung"], each["action"], each["reached"]) for each in rungs] == [
        (number, action, desk) for number, (action, desk) in enumerate(USUAL, 1)
    ]
    assert [each["ended"] for each in rungs] == [False] * 5 + [True]
    # Both sides see the hash of an event, and must not be able to try out who was passed over.
    salts = [json.loads(event.data)["salt"] for event in events if event.kind == "handoff-escalated"]
    assert len(set(salts)) == len(salts) == 6
    assert await audit.verify(OPERATOR, backend) == []


async def test_what_stays_silent_at_the_end_of_the_ladder_is_told_again_within_hours_then_each_day_then_each_week(
    backend: Backend,
) -> None:
    step = await sent(backend)
    await climbed(backend, 185)
    day = 24 * 60
    again = await climbed(backend, 185 + 20 * day, every=240, start=185)
    minutes = [185, *(minute for minute, action, _ in again if action == "coordinator")]
    hours = [(after - before) // 60 for before, after in itertools.pairwise(minutes)]
    assert hours == [4] * 6 + [24] * 5 + [7 * 24] * 2
    assert {each[1:] for each in again} == {USUAL[0], USUAL[3], USUAL[5]}, "the desk, the coordinator, the sender"
    assert len(again) == 3 * len(hours)
    events = await referrals.timeline(UNIT, backend, step["referral"])
    rungs = [json.loads(event.data)["escalation"] for event in events if event.kind == "handoff-escalated"]
    assert [each["rung"] for each in rungs] == list(range(1, 7 + len(again)))
    await handoffs.move_handoff(SHELTER, at(backend, 186 + 20 * day), step["id"], "receive")
    # It is a Sunday: the shelter's desk is closed, and the line is told at once.
    taken = (await escalate(OPERATOR, at(backend, 186 + 20 * day))).taken
    assert [(each.action, each.contact_point) for each in taken] == USUAL[:4]


async def test_its_sender_sees_how_far_it_was_escalated_and_its_receiver_does_not(backend: Backend) -> None:
    await sent(backend)
    await climbed(backend, 100)
    (seen,) = await stalled.stalled(UNIT, at(backend, 100))
    assert seen.escalated is not None
    assert (seen.escalated.taken, seen.escalated.action, seen.escalated.told) == (2, USUAL[1][0], bool(USUAL[1][1]))
    (held,) = await stalled.stalled(SHELTER, at(backend, 100))
    assert held.escalated is None


async def test_who_moves_the_step_ends_its_escalation(backend: Backend) -> None:
    step = await sent(backend)
    assert len(await climbed(backend, 70)) == 1
    await handoffs.move_handoff(SHELTER, at(backend, 71), step["id"], "receive")
    assert await climbed(backend, 1440, start=75, every=65) == []
    # Undecided after a day, as the pathway says: another silence, from the first rung on.
    assert await climbed(backend, 1445, start=1440) == [(1445, "remind", "shelter-desk")]


async def test_a_remark_does_not_put_it_off(backend: Backend) -> None:
    step = await sent(backend)
    found = []
    for minute in range(0, 200, 5):
        found += [(t.action, t.contact_point) for t in (await escalate(OPERATOR, at(backend, minute))).taken]
        verb, how = ("claim", {"holder": "shelter-second"}) if minute % 10 else ("release", {"holder": None})
        await handoffs.move_handoff(SHELTER, at(backend, minute), step["id"], verb, **how)
    assert found == USUAL


async def test_an_escalation_does_not_make_a_move_a_conflict(backend: Backend) -> None:
    step = await sent(backend)
    await climbed(backend, 70)
    moved = await handoffs.move_handoff(SHELTER, at(backend, 71), step["id"], "accept", expected_version=1)
    assert moved.handoff["status"] == "accepted"


async def test_what_was_missed_while_nothing_ran_is_not_made_up_for_in_a_burst(backend: Backend) -> None:
    await sent(backend)
    found = await climbed(backend, 4320 + 300, start=4320)
    assert [(action, desk) for _, action, desk in found] == USUAL
    assert [minute - 4320 for minute, *_ in found] == [0, 30, 60, 60, 90, 120]


@pytest.mark.parametrize(
    ("avoid", "lacks"),
    [("example-line", "line-desk"), ("line-desk", "line-desk"), ("competent-authority", "authority-desk")],
)
async def test_nobody_whom_the_case_avoids_is_turned_to(backend: Backend, avoid: str, lacks: str) -> None:
    await sent(backend, replace(NEED, avoid=(avoid,)))
    reached = [desk for _, _, desk in await climbed(backend, 350)]
    assert lacks not in reached
    assert reached[-1] == "unit-desk"
    told = await raw(backend.store, "MATCH (n:Notice)-[:FOR]->(d) RETURN d.id AS desk")
    assert lacks not in {each["desk"] for each in told}


async def test_no_channel_below_the_cases_confidentiality_is_used(backend: Backend) -> None:
    await sent(backend, replace(NEED, confidentiality="strict"))
    reached = [(action, desk) for _, action, desk in await climbed(backend, 300)]
    assert reached == [(action, desk if desk == "shelter-desk" else None) for action, desk in USUAL]


async def test_a_message_that_could_not_arrive_lets_the_next_rung_follow_at_once(
    backend: Backend,
) -> None:
    await sent(backend)
    assert await climbed(backend, 65) == [(65, "remind", "shelter-desk")]
    await backend.store.apply(["MATCH (n:Notice) WHERE n.kind = 'escalated' SET n.status = 'dead'"])
    assert await climbed(backend, 70, start=70) == [(70, "deputy", "shelter-desk")]


async def test_reminders_go_by_the_next_channel(backend: Backend) -> None:
    roster = tiny_roster()
    roster["channels"].append(
        {
            **row(roster, "channels", "shelter-mail"),
            "id": "shelter-other",
            "rank": "2",
            "address": "b@shelter.example.org",
        }
    )
    roster["escalations"].append(
        {"id": "shelter-1", "contact_point": "shelter-desk", "position": "1", "action": "remind", "times": "3"}
    )
    await sent(backend, roster=roster)
    addresses: list[list[str]] = []
    found = []
    for minute in (65, 95, 126):
        found += await climbed(backend, minute, start=minute)
        addresses.append(await deliver(backend, minute))
    # The second goes beside the message to the deputy, the third beside that to the coordinator.
    mail = "desk@shelter.example.org"
    assert addresses == [["b@shelter.example.org"], [mail, mail], ["b@shelter.example.org", "desk@line.example.org"]]
    # To be reminded more often does not put off that others are told.
    assert [each for each in found if each[1] != "remind"] == [
        (95, "deputy", "shelter-desk"),
        (126, "other-desk", None),
        (126, "coordinator", "line-desk"),
    ]


async def test_the_pathways_policy_goes_before_the_task_forces_and_a_desk_can_only_hasten_it(backend: Backend) -> None:
    roster = tiny_roster()
    rungs = [
        {"id": "force-1", "task_force": "example-force", "position": "1", "action": "national-coordinator"},
        {
            "id": "north-1",
            "task_force": "example-force-north",
            "position": "1",
            "action": "coordinator",
            "wait": "PT5M",
        },
        {"id": "north-2", "task_force": "example-force-north", "position": "2", "action": "offer", "wait": "PT10M"},
    ]
    roster["escalations"] += rungs
    await sent(backend, roster=roster)
    assert await climbed(backend, 200) == [(65, "coordinator", "line-desk"), (75, "offer", "unit-desk")]
    roster["escalations"].append(
        {"id": "way-1", "pathway": "unit-to-shelter", "position": "1", "action": "offer"},
    )
    second = await sent(backend, roster=roster)
    taken = (await escalate(OPERATOR, at(backend, 201))).taken
    assert [each.action for each in taken if each.handoff == second["id"]] == ["offer"]
    roster["escalations"].append(
        {
            "id": "desk-1",
            "contact_point": "shelter-desk",
            "position": "1",
            "action": "deputy",
            "times": "2",
            "wait": "PT1M",
        }
    )
    third = await sent(backend, roster=roster)
    found = []
    for minute in range(60, 64):
        taken = (await escalate(OPERATOR, at(backend, minute))).taken
        found += [(minute, each.action, each.contact_point) for each in taken if each.handoff == third["id"]]
    assert found == [(61, "offer", "unit-desk"), (62, "deputy", "shelter-desk"), (63, "deputy", "shelter-desk")]


async def test_what_came_back_reminds_its_sender(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(SHELTER, at(backend, 5), step["id"], "reject", reason="no-capacity")
    found = await climbed(backend, 300)
    assert [(action, desk) for _, action, desk in found] == [
        ("remind", "unit-desk"),
        ("deputy", None),
        ("other-desk", None),
        ("coordinator", "line-desk"),
        ("national-coordinator", "authority-desk"),
        ("offer", "unit-desk"),
    ]
    assert [minute for minute, *_ in found] == [5, 35, 35, 35, 65, 95]


async def test_of_many_workers_one_takes_each_rung(backend: Backend) -> None:
    step = await sent(backend)
    taken: list[Taken] = []
    for minute in range(60, 250, 10):
        for done in await asyncio.gather(*(escalate(OPERATOR, at(backend, minute)) for _ in range(3))):
            taken += done.taken
    assert [each.action for each in taken] == [action for action, _ in USUAL]
    events = await referrals.timeline(UNIT, backend, step["referral"])
    assert len([event for event in events if event.kind == "handoff-escalated"]) == len(USUAL)


async def test_a_lease_is_one_workers_until_it_has_run_out(backend: Backend) -> None:
    held = timedelta(minutes=2)
    assert await take_lease(at(backend, 0), "escalation", "one", held) == 1
    assert await take_lease(at(backend, 1), "escalation", "two", held) is None
    assert await take_lease(at(backend, 1), "escalation", "one", held) == 1
    assert await take_lease(at(backend, 3), "escalation", "two", held) == 2
    assert await take_lease(at(backend, 3), "escalation", "one", held) is None
    found = await asyncio.gather(*(take_lease(at(backend, 9), "escalation", each, held) for each in ("three", "four")))
    assert sorted(found, key=str) == [3, None]


async def test_one_desk_that_hardly_ever_opens_keeps_no_other_from_being_told(backend: Backend) -> None:
    step = await sent(backend, replace(NEED, priority="urgent"))
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["hours"] = "Dec 24 10:00-10:01"
    await imported(backend, roster)
    second = await sending.refer(UNIT, at(backend, 5), NEED, to="shelter-night-desk")
    assert await recount(OPERATOR, at(backend, 10)) == [step["id"]]
    (counted,) = (await referrals.referral(UNIT, backend, step["referral"]))["handoffs"]
    later = parse_instant(counted["decide_by"]) - parse_instant(step["decide_by"])
    assert later == timedelta(days=14), "hours put it off by so much at most"
    taken = {each.handoff for each in (await escalate(OPERATOR, at(backend, 600))).taken}
    assert second.referral["handoffs"][0]["id"] in taken
    # Nor is that desk's own silence forgotten.
    assert step["id"] in {each.handoff for each in (await escalate(OPERATOR, at(backend, 16 * 24 * 60))).taken}


async def test_what_was_accepted_on_the_phone_is_asked_for_again_of_its_sender(backend: Backend) -> None:
    """By when it should have begun, on a ladder of its own, though the other one had been climbed."""
    step = await sent(backend)
    assert await climbed(backend, 95, every=30, start=65) == [(65, *USUAL[0]), (95, *USUAL[1])]
    called = await handoffs.move_handoff(
        UNIT, at(backend, 100), step["id"], "phoned", reason="accepted", role="duty-officer"
    )
    assert (called.handoff["status"], called.handoff["decide_by"]) == ("requested", step["decide_by"])
    assert called.handoff["start_by"] == "2026-03-03T11:40:00.000Z", "a day from the call"
    assert await climbed(backend, 1535, every=35, start=100) == [], "nobody is told that it is undecided"
    for subject, what in ((UNIT, "phone"), (SHELTER, "decide")):
        assert what in {each.what for each in await backlog(subject, at(backend, 101), hours=48)}
    (found,) = await stalled.stalled(UNIT, at(backend, 1541))
    assert (found.stall.reason, found.next_steps[0].text.message_id) == ("accepted-by-phone", "next.phone-again")
    assert found.next_steps[0].channels, "with whom to phone"
    assert await climbed(backend, 1541, start=1541) == [(1541, "remind", "unit-desk")]
    again = await handoffs.move_handoff(
        UNIT, at(backend, 1545), step["id"], "phoned", reason="accepted", role="reception"
    )
    assert again.handoff["start_by"] == "2026-03-04T11:45:00.000Z"
    assert await stalled.stalled(UNIT, at(backend, 1546)) == []
    taken = await handoffs.move_handoff(SHELTER, at(backend, 1550), step["id"], "accept")
    assert taken.handoff["start_by"] == "2026-03-04T11:50:00.000Z"
    assert await audit.verify(OPERATOR, backend) == []


async def test_what_an_office_without_accounts_has_done_ends_as_its_sender_was_told(backend: Backend) -> None:
    step = await sent(backend)
    with pytest.raises(IllegalTransition) as refused:
        await handoffs.move_handoff(UNIT, at(backend, 1), step["id"], "cancel", reason="served-there")
    assert refused.value.message_id == "handoff.served-there"
    await handoffs.move_handoff(UNIT, at(backend, 2), step["id"], "phoned", reason="accepted", role="manager")
    (found,) = await stalled.stalled(UNIT, at(backend, 1541))
    assert "cancel --reason served-there" in found.next_steps[0].text
    done = await handoffs.move_handoff(UNIT, at(backend, 1550), step["id"], "cancel", reason="served-there")
    assert (done.handoff["status"], done.handoff["reason"]) == ("cancelled", "served-there")
    assert "resend" not in done.next_verbs
    assert await deliver(backend, 1551) == [], "whoever has the person is not told that it is cancelled"
    assert await stalled.stalled(UNIT, at(backend, 9999)) == []
    assert await audit.verify(OPERATOR, backend) == []


async def test_whom_one_reaches_later_does_not_take_back_that_it_was_accepted(backend: Backend) -> None:
    step = await sent(backend)
    for minute, said in ((10, "accepted"), (20, "reached")):
        done = await handoffs.move_handoff(
            UNIT, at(backend, minute), step["id"], "phoned", reason=said, role="reception"
        )
    assert (done.handoff["phoned"], done.handoff["phoned_at"]) == ("accepted", at(backend, 10).now())
    assert await stalled.stalled(UNIT, at(backend, 1441)) == []
    refused = await handoffs.move_handoff(
        UNIT, at(backend, 1442), step["id"], "phoned", reason="refused", role="reception"
    )
    assert refused.handoff["phoned"] == "refused"


async def test_of_who_goes_to_an_office_without_accounts_its_sender_says_whether_they_came(backend: Backend) -> None:
    step = await sent(backend)
    await handoffs.move_handoff(UNIT, at(backend, 5), step["id"], "expect", expected=at(backend, 120).now())
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, at(backend, 6), step["id"], "arrived")
    await handoffs.move_handoff(UNIT, at(backend, 7), step["id"], "phoned", reason="accepted", role="manager")
    (found,) = await stalled.stalled(UNIT, at(backend, 121))
    assert found.stall.reason == "arrival-unknown"
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(SHELTER, at(backend, 122), step["id"], "arrived")
    came = await handoffs.move_handoff(UNIT, at(backend, 123), step["id"], "arrived")
    assert came.handoff["arrival"] == "arrived"
    assert await stalled.stalled(UNIT, at(backend, 124)) == []
