"""A search for a person ends with what became of them, and with nothing else. On each engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid, NoChannel
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import audit, handoffs, referrals, referring, sending, stall_summary, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import Roster, member
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, climbed, deliver, sent
from relaypoint.tests.test_passing import three_shelters

LINE, DAY = member("example-line"), 24 * 60
URGENT = replace(NEED, priority="urgent")


async def move(
    backend: Backend, minute: float, who: Subject, step: dict[str, Any], verb: str, **how: Any
) -> dict[str, Any]:
    return (await handoffs.move_handoff(who, at(backend, minute), step["id"], verb, **how)).handoff


async def missing(backend: Backend, roster: Roster | None = None, **need: Any) -> dict[str, Any]:
    """A step that was accepted, and the person has not come."""
    step = await sent(backend, replace(URGENT, **need), roster)
    await move(backend, 1, SHELTER, step, "accept")
    await move(backend, 2, UNIT, step, "expect", expected=at(backend, 60).now())
    await move(backend, 61, SHELTER, step, "not-arrived")
    return step


async def reasons(who: Subject, backend: Backend, minute: float, as_of: str | None = None) -> list[str]:
    return [each.stall.reason for each in await stalled.stalled(who, at(backend, minute), as_of=as_of)]


#: How a step can end while a person is missing, and by whom.
ENDS = [
    (UNIT, "cancel", "no-longer-needed"),
    (UNIT, "cancel", "sent-elsewhere"),
    (UNIT, "correct", None),
    (SHELTER, "correct", None),
    (SHELTER, "fail", "unreachable"),
    (SHELTER, "complete", "advised"),
]


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize(("who", "verb", "reason"), ENDS)
async def test_to_end_a_step_ends_no_search_for_a_person(
    backend: Backend, who: Subject, verb: str, reason: str | None, delivered: bool
) -> None:
    step = await missing(backend)
    await move(backend, 62, who, step, verb, reason=reason)
    if delivered:
        await deliver(backend, 63)
    for reader in (UNIT, OPERATOR):
        assert "not-arrived" in await reasons(reader, backend, 70)
    with pytest.raises(Invalid) as refused:
        await move(backend, 80, UNIT, step, "seen")
    assert refused.value.path == ("reason",)
    assert "reported-missing" in refused.value.remedy
    done = await move(backend, 81, UNIT, step, "seen", reason="reported-missing")
    assert (done["sought"], done["must_see"]) == ("reported-missing", False)
    assert await reasons(UNIT, backend, 82) == []
    # Who stands at the door later can still be recorded, and its sender is told.
    await deliver(backend, 83)
    assert (await move(backend, 90, SHELTER, step, "arrived"))["arrival"] == "arrived"
    assert await deliver(backend, 91) == ["desk@unit.example.org"]
    assert await audit.verify(OPERATOR, backend) == []


async def waiting(backend: Backend, how: str, **need: Any) -> dict[str, Any]:
    """A step that is open, at which a person is missing since minute 61: known not to have come, or overdue."""
    if how == "not-arrived":
        return await missing(backend, **need)
    step = await sent(backend, replace(URGENT, **need))
    await move(backend, 1, SHELTER, step, "accept")
    await move(backend, 2, UNIT, step, "expect", expected=at(backend, 60).now())
    return step


@pytest.mark.parametrize("how", ["not-arrived", "overdue"])
@pytest.mark.parametrize("word", ["found", "reported-missing", "no-longer-sought"])
async def test_its_sender_says_what_became_of_them_while_the_step_is_open(
    backend: Backend, how: str, word: str
) -> None:
    step = await waiting(backend, how)
    await deliver(backend, 62)
    silent = {"not-arrived": "not-arrived", "overdue": "arrival-unknown"}[how]
    (mine,) = await stalled.stalled(UNIT, at(backend, 63))
    assert (mine.stall.reason, "seen --result RESULT" in mine.next_steps[-1].text) == (silent, True)
    assert "seen" in (await handoffs.handoff(UNIT, at(backend, 64), step["id"])).next_verbs
    assert "seen" not in (await handoffs.handoff(SHELTER, at(backend, 64), step["id"])).next_verbs
    with pytest.raises(Invalid, match="looked for"):
        await move(backend, 65, UNIT, step, "seen")
    with pytest.raises(IllegalTransition):
        await move(backend, 65, SHELTER, step, "seen", reason=word)
    said = await move(backend, 66, UNIT, step, "seen", reason=word)
    assert (said["sought"], said["status"], said["must_see"]) == (word, "accepted", False)
    for reader in (UNIT, SHELTER, OPERATOR):
        assert await reasons(reader, backend, 67) == []
    assert await climbed(backend, until=300, every=30, start=67) == []
    # The desk that waits for them is told, and reads it.
    assert await deliver(backend, 301) == ["desk@shelter.example.org"]
    there = (await handoffs.handoff(SHELTER, at(backend, 302), step["id"])).handoff
    assert (there["sought"], there["status"]) == (word, "accepted")
    told = [text for _, text in await referrals.told_timeline(SHELTER, at(backend, 303), step["referral"])]
    assert any("what became of the person" in each for each in told)
    assert not any("how it ended" in each for each in told)
    # Its clocks run on, and it is not served by being looked for no more.
    assert "not-started" in await reasons(SHELTER, backend, 9 * DAY)
    with pytest.raises(IllegalTransition, match="not recorded as arrived"):
        await move(backend, 9 * DAY, SHELTER, step, "complete", reason="served")
    assert await audit.verify(OPERATOR, backend) == []


async def test_what_became_of_them_is_said_anew_once_more_is_known(backend: Backend) -> None:
    step = await missing(backend)
    await move(backend, 62, UNIT, step, "seen", reason="reported-missing")
    await move(backend, 63, UNIT, step, "seen", reason="found")
    # Found, they are on their way again: waited for, and looked for, anew.
    anew = await move(backend, 64, UNIT, step, "expect", expected=at(backend, 120).now())
    assert (anew["sought"], anew["arrival"]) == (None, None)
    assert "seen" not in (await handoffs.handoff(UNIT, at(backend, 65), step["id"])).next_verbs
    with pytest.raises(IllegalTransition):
        await move(backend, 66, UNIT, step, "seen", reason="found")
    assert await reasons(UNIT, backend, 121) == ["arrival-unknown"]
    assert (await move(backend, 122, SHELTER, step, "arrived"))["arrival"] == "arrived"
    assert await reasons(UNIT, backend, 123) == []
    assert await audit.verify(OPERATOR, backend) == []


@pytest.mark.parametrize(
    ("who", "verb", "reason", "silent"),
    [
        (SHELTER, "fail", "unreachable", "failed"),
        (SHELTER, "complete", "advised", "not-served"),
        (SHELTER, "complete", "waitlisted", "waitlisted"),
        (SHELTER, "correct", None, "entered-in-error"),
        (UNIT, "cancel", "no-longer-needed", None),
    ],
)
@pytest.mark.parametrize("then", ["resend", "seen"])
async def test_who_was_found_and_has_nobody_stays_with_their_sender(
    backend: Backend, who: Subject, verb: str, reason: str | None, silent: str | None, then: str
) -> None:
    step = await missing(backend, roster=three_shelters())
    await move(backend, 62, who, step, verb, reason=reason)
    await move(backend, 63, UNIT, step, "raise")
    asked = (await handoffs.handoff(UNIT, at(backend, 64), step["id"])).handoff["respond_by"]
    found = await move(backend, 65, UNIT, step, "seen", reason="found")
    assert (found["sought"], found["must_see"]) == ("found", silent is not None)
    assert found["respond_by"] == (asked if silent else None)
    if silent:  # Nobody is looked for, and nobody has the case.
        (mine,) = await stalled.stalled(UNIT, at(backend, 66))
        assert (mine.stall.reason, mine.stall.also) == (silent, ())
        assert "resend --to" in mine.next_steps[-1].text
        assert "result" not in mine.next_steps[-1].text.lower()
        assert await reasons(SHELTER, backend, 66) == []
    if then == "resend":
        await pass_handoff(UNIT, at(backend, 67), step["id"], "resend", "line-desk", consent=True)
    elif silent:
        assert (await move(backend, 67, UNIT, step, "seen"))["sought"] == "found"
    assert (await handoffs.handoff(UNIT, at(backend, 68), step["id"])).handoff["must_see"] is False
    assert await reasons(UNIT, backend, 69) == []
    assert await audit.verify(OPERATOR, backend) == []


async def test_who_was_found_has_somebody_where_the_case_was_sent_since(backend: Backend) -> None:
    step = await missing(backend, roster=three_shelters())
    await move(backend, 62, SHELTER, step, "fail", reason="unreachable")
    await pass_handoff(UNIT, at(backend, 63), step["id"], "resend", "line-desk", consent=True)
    assert (await move(backend, 64, UNIT, step, "seen", reason="found"))["must_see"] is False
    assert await reasons(UNIT, backend, 65) == []


@pytest.mark.parametrize("gone_on", [True, False])
async def test_the_record_tells_the_same_of_who_was_found_and_has_nobody(backend: Backend, gone_on: bool) -> None:
    start = 3 * DAY
    await sent(backend, URGENT, three_shelters())
    referral = (await sending.refer(UNIT, at(backend, start), URGENT, to="shelter-desk")).referral
    (step,) = referral["handoffs"]
    await move(backend, start + 1, SHELTER, step, "accept")
    await move(backend, start + 2, UNIT, step, "expect", expected=at(backend, start + 60).now())
    await move(backend, start + 61, SHELTER, step, "fail", reason="unreachable")
    if gone_on:
        await pass_handoff(UNIT, at(backend, start + 62), step["id"], "resend", "line-desk", consent=True)
    await move(backend, start + 70, UNIT, step, "seen", reason="found")
    if not gone_on:
        await move(backend, start + 90, UNIT, step, "seen")

    async def told(minute: int) -> list[str]:
        as_of = at(backend, start + minute).now()
        found = await stalled.stalled(UNIT, at(backend, start + DAY), as_of=as_of)
        return [each.stall.reason for each in found if each.stall.handoff.id == step["id"]]

    looked_for = ["arrival-unknown"]
    assert [await told(minute) for minute in (50, 65, 75, 95)] == [[], looked_for, [] if gone_on else ["failed"], []]


@pytest.mark.parametrize(
    ("word", "verb", "reason", "silent"),
    [
        ("found", "fail", "unreachable", ["failed"]),
        ("reported-missing", "fail", "unreachable", ["failed"]),
        ("found", "complete", "advised", ["not-served"]),
        ("reported-missing", "complete", "advised", ["not-served"]),
        ("no-longer-sought", "complete", "advised", []),
        ("found", "complete", "waitlisted", ["waitlisted"]),
        ("no-longer-sought", "fail", "unreachable", ["failed"]),
    ],
)
async def test_who_is_looked_for_no_more_is_not_forgotten_where_the_desk_ends_it(
    backend: Backend, word: str, verb: str, reason: str, silent: list[str]
) -> None:
    step = await missing(backend)
    await move(backend, 62, UNIT, step, "seen", reason=word)
    ended = await move(backend, 63, SHELTER, step, verb, reason=reason)
    assert ended["must_see"] is bool(silent)
    for reader in (UNIT, OPERATOR):
        assert await reasons(reader, backend, 64) == silent
    if silent:  # Nobody is asked a second time what became of them.
        assert (await move(backend, 65, UNIT, step, "seen"))["sought"] == word
    assert await reasons(UNIT, backend, 66) == []


@pytest.mark.parametrize("verb", ["cancel", "correct"])
async def test_who_is_looked_for_no_more_is_not_looked_for_once_its_sender_ends_it(backend: Backend, verb: str) -> None:
    step = await missing(backend)
    await move(backend, 62, UNIT, step, "seen", reason="found")
    how = {"reason": "no-longer-needed"} if verb == "cancel" else {}
    assert (await move(backend, 63, UNIT, step, verb, **how))["must_see"] is False
    assert await reasons(UNIT, backend, 64) == []


async def test_what_became_of_them_goes_on_with_the_case_and_ends_where_it_is_sent_anew(backend: Backend) -> None:
    step = await missing(backend, roster=three_shelters(), tags=("child", "female", "labour"))
    await move(backend, 62, UNIT, step, "seen", reason="reported-missing")
    passed = (await pass_handoff(SHELTER, at(backend, 63), step["id"], "pass-on", "shelter-night-desk")).handoff
    assert (passed["sought"], passed["arrival"]) == ("reported-missing", "not-arrived")
    assert "not-arrived" not in await reasons(UNIT, backend, 64)
    anew = (await pass_handoff(UNIT, at(backend, 65), passed["id"], "resend", "line-desk", consent=True)).handoff
    assert (anew["sought"], anew["expected_by"]) == (None, None)
    assert (await handoffs.handoff(UNIT, at(backend, 66), passed["id"])).handoff["must_see"] is False
    assert await reasons(UNIT, backend, 67) == []


async def test_whoever_says_it_of_the_wrong_step_is_told_of_which(backend: Backend) -> None:
    step = await missing(backend, roster=three_shelters())
    anew = await pass_handoff(UNIT, at(backend, 63), step["id"], "resend", "line-desk", consent=True)
    with pytest.raises(IllegalTransition) as refused:
        await move(backend, 64, UNIT, anew.handoff, "seen", reason="found")
    assert step["id"] in refused.value.remedy


async def awaited(backend: Backend) -> tuple[int, dict[str, Any]]:
    """A minute, when the roster is on record, and a step of then: who is sent is expected an hour later."""
    start = 3 * DAY
    referral = (await sending.refer(UNIT, at(backend, start), URGENT, to="shelter-desk")).referral
    (step,) = referral["handoffs"]
    await move(backend, start + 1, SHELTER, step, "accept")
    await move(backend, start + 2, UNIT, step, "expect", expected=at(backend, start + 60).now())
    return start, step


async def recorded(backend: Backend, start: int, minutes: Iterable[int]) -> dict[int, list[str]]:
    """What the record of a day later tells of each of these minutes."""
    return {
        minute: await reasons(UNIT, backend, start + DAY, as_of=at(backend, start + minute).now()) for minute in minutes
    }


async def test_the_record_tells_the_same_of_what_was_said_while_it_was_open(backend: Backend) -> None:
    start, step = await awaited(backend)
    await move(backend, start + 70, UNIT, step, "seen", reason="found")
    await move(backend, start + 80, SHELTER, step, "fail", reason="unreachable")
    await move(backend, start + 90, UNIT, step, "seen")
    told = await recorded(backend, start, (50, 65, 75, 85, 95))
    assert told == {50: [], 65: ["arrival-unknown"], 75: [], 85: ["failed"], 95: []}


async def test_the_record_tells_the_same_of_a_search_that_went_on(backend: Backend) -> None:
    start, step = await awaited(backend)
    await move(backend, start + 61, SHELTER, step, "not-arrived")
    await move(backend, start + 70, UNIT, step, "cancel", reason="no-longer-needed")
    await move(backend, start + 90, UNIT, step, "seen", reason="found")
    told = await recorded(backend, start, (50, 65, 75, 95))
    assert told == {50: [], 65: ["not-arrived"], 75: ["not-arrived"], 95: []}


async def test_an_arrival_ends_the_search_also_of_a_step_that_was_cancelled(backend: Backend) -> None:
    step = await missing(backend)
    await move(backend, 62, UNIT, step, "cancel", reason="no-longer-needed")
    assert "arrived" in (await handoffs.handoff(SHELTER, at(backend, 63), step["id"])).next_verbs
    await move(backend, 64, SHELTER, step, "arrived")
    assert await reasons(UNIT, backend, 65) == []


@pytest.mark.parametrize("ended", [True, False])
async def test_to_send_the_case_elsewhere_ends_no_search(backend: Backend, ended: bool) -> None:
    step = await missing(backend, roster=three_shelters())
    if ended:
        await move(backend, 62, SHELTER, step, "fail", reason="unreachable")
    anew = await pass_handoff(UNIT, at(backend, 63), step["id"], "resend", "line-desk", consent=True)
    (found,) = await stalled.stalled(UNIT, at(backend, 70))
    assert (found.stall.reason, found.stall.handoff.id, found.stall.also) == ("not-arrived", step["id"], ())
    assert "resend" not in found.next_steps[-1].text
    assert "line-desk" in [whom for _, _, whom in await climbed(backend, until=400, every=30, start=64)]
    # They come where the case was sent since.
    await move(backend, 410, LINE, {"id": anew.handoff["id"]}, "accept")
    await move(backend, 411, UNIT, {"id": anew.handoff["id"]}, "expect", expected=at(backend, 500).now())
    await move(backend, 412, LINE, {"id": anew.handoff["id"]}, "arrived")
    assert await reasons(UNIT, backend, 413) == []
    assert (await handoffs.handoff(UNIT, at(backend, 414), step["id"])).handoff["must_see"] is False


async def test_who_was_taken_back_before_they_were_expected_is_not_looked_for(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await move(backend, 1, SHELTER, step, "accept")
    await move(backend, 2, UNIT, step, "expect", expected=at(backend, 60).now())
    await move(backend, 3, UNIT, step, "cancel", reason="no-longer-needed")
    for minute in (4, 61, DAY):
        assert "arrival-unknown" not in await reasons(UNIT, backend, minute)
    assert await climbed(backend, until=DAY, every=60) == []


@pytest.mark.parametrize("reason", ["found", None])
async def test_what_became_of_nobody_is_not_said(backend: Backend, reason: str | None) -> None:
    step = await sent(backend, URGENT)
    await move(backend, 1, SHELTER, step, "reject", reason="no-capacity")
    if reason:
        with pytest.raises(Invalid, match="Nobody is looked for"):
            await move(backend, 2, UNIT, step, "seen", reason=reason)
    else:
        assert (await move(backend, 2, UNIT, step, "seen"))["must_see"] is False


@pytest.mark.parametrize("avoid", [(), ("police",)])
async def test_a_number_that_may_bring_whom_the_case_avoids_comes_with_a_warning(
    backend: Backend, avoid: tuple[str, ...]
) -> None:
    await missing(backend, avoid=avoid)
    (mine,) = await stalled.stalled(UNIT, at(backend, 70))
    assert any("may bring the police" in each.text for each in mine.next_steps) is bool(avoid)
    for other in (SHELTER, LINE):
        for found in await stalled.stalled(other, at(backend, 70)):
            assert not any("police" in each.text for each in found.next_steps)


async def test_nobody_is_advised_to_phone_a_body_that_the_person_refused(backend: Backend) -> None:
    step = await sent(backend, URGENT, three_shelters())
    candidates = (await referrals.referral(UNIT, at(backend, 0), step["referral"]))["case"]["candidates"]
    assert "line-desk" in candidates
    assert (await pass_handoff(SHELTER, at(backend, 1), step["id"], "pass-on", "line-desk")).sender_asked
    await move(backend, 2, UNIT, step, "answer", reason="not-agreed")
    with pytest.raises(NoChannel):
        await pass_handoff(SHELTER, at(backend, 3), step["id"], "pass-on", "line-desk")
    await move(backend, 4, SHELTER, step, "reject", reason="no-capacity")
    (found,) = await stalled.stalled(UNIT, at(backend, 5))
    assert "Example Line" not in [each.organization for each in found.next_steps if each.role == "next-candidate"]


async def test_consent_is_asked_for_by_itself(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    with pytest.raises(Invalid) as refused:
        await move(backend, 1, SHELTER, step, "ask", lacking=("consent", "risk"))
    assert refused.value.path == ("lacking",)
    await move(backend, 2, SHELTER, step, "ask", lacking=("risk", "age"))


async def test_what_may_be_said_instead_is_all_that_may_be_said(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    await move(backend, 1, SHELTER, step, "reject", reason="no-capacity")
    with pytest.raises(IllegalTransition) as refused:
        await move(backend, 2, UNIT, step, "cancel", reason="other")
    for verb in ("resend", "raise", "seen"):
        assert verb in refused.value.remedy
    await move(backend, 3, UNIT, step, "raise")
    await deliver(backend, 4)
    with pytest.raises(IllegalTransition) as barred:
        await pass_handoff(LINE, at(backend, 5), step["id"], "redirect", "line-desk")
    assert "respond" in barred.value.remedy


async def test_each_call_is_told_as_it_was(backend: Backend) -> None:
    step = await sent(backend, URGENT)
    when = at(backend, 3).now()
    await move(backend, 5, UNIT, step, "phoned", reason="accepted", role="duty-officer", at=when)
    await move(backend, 6, UNIT, step, "phoned", reason="reached", role="caseworker")
    calls = [
        text for _, text in await referrals.told_timeline(UNIT, at(backend, 7), step["referral"]) if "phoned" in text
    ]
    assert [("accepted" in each, "duty-officer" in each, "10:03" in each) for each in calls] == [
        (True, True, True),
        (False, False, False),
    ]
    assert "reached" in calls[1]
    assert "caseworker" in calls[1]


async def test_a_last_word_waits_for_the_answer_to_ones_own_wish(backend: Backend) -> None:
    step = await sent(backend, URGENT, three_shelters())
    await move(backend, 1, UNIT, step, "raise")
    await pass_handoff(LINE, at(backend, 2), step["id"], "redirect", "authority-desk")
    with pytest.raises(IllegalTransition, match="no answer yet"):
        await move(backend, 3, LINE, step, "respond", reason="nobody-else")
    await move(backend, 4, UNIT, step, "answer", reason="agreed")
    (found, *_) = await stalled.stalled(UNIT, at(backend, 9 * DAY))
    assert "resend --to authority-desk" in found.next_steps[0].text


async def test_what_is_kept_back_is_not_taken_for_nothing(backend: Backend) -> None:
    for number in range(9):
        step = await sent(backend)
        if number == 0:
            await move(backend, 1, SHELTER, step, "reject", reason="no-capacity")
    told = await stall_summary.stalled_summary(LINE, at(backend, 121), "reason")
    assert [(each.group.count, each.group.withheld, each.name) for each in told] == [(5, True, None)]


async def test_a_group_goes_where_its_sender_chooses(backend: Backend) -> None:
    done = await referring.refer_many(UNIT, at(backend, 0), URGENT, people=3, to="shelter-night-desk")
    assert {each["handoffs"][0]["contact_point"]["id"] for each in done.referrals} == {"shelter-night-desk"}
    with pytest.raises(Invalid) as refused:
        await referring.refer_many(UNIT, at(backend, 0), replace(URGENT, also=("advice",)), to="shelter-desk")
    assert refused.value.path == ("to",)
