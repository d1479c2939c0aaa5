"""Several referrals in one act, all of them or none. On each engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.errors import IllegalTransition, Invalid, NoChannel, NotFound
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import audit, handoffs, referrals, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.referring import MOST, SentMany, refer_many, split
from relaypoint.tests.helpers import dump, imported, member, tiny_roster

UNIT, SHELTER = member("example-unit"), member("example-shelter")
NEED = NeedInput(
    from_organization="example-unit",
    service="housing",
    also=("advice",),
    place="GB-X-NORTH",
    languages=("en",),
    tags=("adult", "female", "labour"),
    avoid=("immigration",),
    priority="urgent",
)


def desks(sent: SentMany) -> list[str]:
    return [each["handoffs"][0]["contact_point"]["id"] for each in sent.referrals]


async def test_many_people_with_several_needs_are_sent_in_one_act(backend: Backend) -> None:
    sent = await refer_many(UNIT, backend, NEED, people=3)
    assert desks(sent) == [desks(sent)[0], "line-desk"] * 3
    assert len({each["reference"] for each in sent.referrals}) == 6
    assert {each["group"] for each in sent.referrals} == {sent.group}
    assert [each["person"] for each in sent.referrals] == [1, 1, 2, 2, 3, 3]
    assert await audit.verify(OPERATOR, backend) == []
    theirs = await referrals.referrals(SHELTER, backend)
    assert {each["id"] for each in theirs} == {each["id"] for each in sent.referrals[::2]}


async def siblings(subject: Subject, backend: Backend, referral: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = await referrals.together(subject, backend, referral["id"])
    return [(each["referral"]["id"], each["service_type"]["id"], each["step"]["status"]) for each in found]


async def test_who_was_sent_together_is_for_their_sender_to_see_and_nobody_else(backend: Backend) -> None:
    sent = await refer_many(UNIT, backend, NEED, people=2)
    first, *others = sent.referrals
    assert await siblings(UNIT, backend, first) == [
        (each["id"], each["service_type"]["id"], "requested") for each in others
    ]
    assert [each["referral"]["person"] for each in await referrals.together(UNIT, backend, first["id"])] == [1, 2, 2]
    (more,) = (await split(UNIT, backend, others[-1]["reference"], ["housing"])).referrals
    assert more["person"] == 2, "what the second one needs as well"
    for subject in (SHELTER, OPERATOR):
        assert await siblings(subject, backend, first) == []
        seen = await referrals.referral(subject, backend, first["id"])
        assert (seen["group"], seen["person"]) == (None, None)
    with pytest.raises(NotFound):
        await siblings(member("example-authority"), backend, first)


async def test_further_needs_and_the_first_one_lead_to_each_other(backend: Backend) -> None:
    await imported(backend, tiny_roster())
    alone = (await sending.refer(UNIT, backend, replace(NEED, also=()), to="shelter-desk")).referral
    first = (await sending.refer(UNIT, backend, replace(NEED, also=()), to="shelter-desk")).referral
    assert await siblings(UNIT, backend, first) == []
    (second,) = (await split(UNIT, backend, first["reference"], ["advice"])).referrals
    await handoffs.move_handoff(SHELTER, backend, first["handoffs"][0]["id"], "accept")
    assert await siblings(UNIT, backend, first) == [(second["id"], "advice", "requested")]
    assert await siblings(UNIT, backend, second) == [(first["id"], first["service_type"]["id"], "accepted")]
    assert await siblings(UNIT, backend, alone) == []


async def test_each_is_told_by_when_it_is_to_be_acknowledged_and_how_to_phone_there(backend: Backend) -> None:
    first, again = [await refer_many(UNIT, backend, NEED, people=2, idempotency_key="once") for _ in range(2)]
    assert first.ways == again.ways
    assert set(first.ways) == set(desks(first))
    for each in first.referrals:
        (step,) = each["handoffs"]
        assert step["acknowledge_by"]
        usable = [use.channel for use in first.ways[step["contact_point"]["id"]] if use.barred is None]
        assert "phone" in {channel.kind for channel in usable}


async def test_the_same_request_again_sends_nothing(backend: Backend) -> None:
    first, second = [await refer_many(UNIT, backend, NEED, people=2, idempotency_key="once") for _ in range(2)]
    assert [each["id"] for each in first.referrals] == [each["id"] for each in second.referrals]
    assert len(await referrals.referrals(UNIT, backend, limit=50)) == 4


async def test_all_are_sent_or_none(backend: Backend) -> None:
    before = await dump(backend.store)
    wrong: list[tuple[NeedInput, int, type[Exception]]] = [
        (replace(NEED, also=("identification",)), 2, Invalid),  # An adult's consent is needed for that.
        (replace(NEED, avoid=("example-line",)), 2, NoChannel),
        (NEED, 0, Invalid),
        (NEED, MOST, Invalid),
    ]
    for need, people, kind in wrong:
        with pytest.raises(kind):
            await refer_many(UNIT, backend, need, people=people)
    after = [line for line in await dump(backend.store) if not line.startswith("UnmetNeed") and "UNMET" not in line]
    assert [line for line in before if line.startswith(("Referral", "Handoff", "Notice"))] == [
        line for line in after if line.startswith(("Referral", "Handoff", "Notice"))
    ]


async def test_further_needs_go_as_the_case_is_known(backend: Backend) -> None:
    await imported(backend, tiny_roster())
    need = replace(NEED, also=())
    sent = await sending.refer(UNIT, backend, need, to="shelter-desk", safe_hours="Mo-Fr 09:00-12:00")
    more = await split(UNIT, backend, sent.referral["reference"], ["advice"])
    (one,) = more.referrals
    assert (desks(more), one["priority"], one["case"]["tags"]) == (["line-desk"], "urgent", list(NEED.tags))
    assert one["case"]["avoid"] == ["immigration"]
    assert one["call_back"] == sent.referral["call_back"]
    assert one["group"] == sent.referral["id"]
    assert (await split(UNIT, backend, one["reference"], ["advice"])).group == sent.referral["id"]
    for subject, services, kind in (
        (SHELTER, ["advice"], IllegalTransition),
        (OPERATOR, ["advice"], IllegalTransition),
        (member("example-police"), ["advice"], NotFound),
        (UNIT, [], Invalid),
        (UNIT, ["nothing-of-this-kind"], NotFound),
    ):
        with pytest.raises(kind):
            await split(subject, backend, sent.referral["reference"], services)
