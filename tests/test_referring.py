"""Several referrals in one act, all of them or none. On each engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.errors import Invalid, NoChannel, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, referrals
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
    assert await audit.verify(OPERATOR, backend) == []
    theirs = await referrals.referrals(SHELTER, backend)
    assert {each["id"] for each in theirs} == {each["id"] for each in sent.referrals[::2]}


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
    sent = await referrals.refer(UNIT, backend, need, to="shelter-desk", safe_hours="Mo-Fr 09:00-12:00")
    more = await split(UNIT, backend, sent.referral["reference"], ["advice"])
    (one,) = more.referrals
    assert (desks(more), one["priority"], one["case"]["tags"]) == (["line-desk"], "urgent", list(NEED.tags))
    assert one["case"]["avoid"] == ["immigration"]
    assert one["call_back"] == sent.referral["call_back"]
    assert one["group"] == sent.referral["id"]
    assert (await split(UNIT, backend, one["reference"], ["advice"])).group == sent.referral["id"]
    for subject, services, kind in (
        (SHELTER, ["advice"], NotFound),
        (OPERATOR, ["advice"], NotFound),
        (UNIT, [], Invalid),
        (UNIT, ["nothing-of-this-kind"], NotFound),
    ):
        with pytest.raises(kind):
            await split(subject, backend, sent.referral["reference"], services)
