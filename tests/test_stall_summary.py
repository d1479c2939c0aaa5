"""The stalled report in figures, against a plain count of the report itself. On each engine."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.domain.stall_summary import Ages, By
from relaypoint.resolvers import handoffs, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.stall_summary import Named, stalled_summary
from relaypoint.resolvers.stalled import stalled
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import imported
from relaypoint.tests.test_escalation import NEED, SHELTER, UNIT, at, deliver
from relaypoint.tests.test_passing import two_shelters


async def some(backend: Backend) -> None:
    """Five referrals at three desks of two bodies, sent one hour apart; two came back, one is well."""
    await imported(backend, two_shelters())
    for number, to in enumerate(("shelter-desk", "line-desk", "shelter-night-desk", "shelter-desk", "shelter-desk")):
        then = at(backend, 60 * number)
        step = (await sending.refer(UNIT, then, NEED, to=to)).referral["handoffs"][0]["id"]
        await deliver(backend, 60 * number)
        if number in (0, 3):
            await handoffs.move_handoff(SHELTER, then, step, "reject", reason="no-capacity")
        if number == 4:
            await handoffs.move_handoff(SHELTER, then, step, "accept")


async def told(subject: Subject, backend: Backend, by: str, **how: WantedInput) -> dict[str | None, int]:
    found: list[Named] = await stalled_summary(subject, at(backend, 400), by, how.get("typed"))
    assert found == sorted(found, key=lambda each: -each.group.count), "the largest first"
    return {each.group.key: each.group.count for each in found}


async def test_each_way_of_grouping_counts_what_the_report_has(backend: Backend) -> None:
    await some(backend)
    report = [each.stall for each in await stalled(UNIT, at(backend, 400))]
    assert len(report) == 4
    # What was refused waits for its sender.
    whose = {"example-unit": 2, "example-shelter": 1, "example-line": 1}
    assert await told(UNIT, backend, "organization") == whose
    assert await told(UNIT, backend, "reason") == {"rejected": 2, "unacknowledged": 1, "undelivered": 1}
    assert await told(UNIT, backend, "service") == {"night-shelter": 4}
    assert await told(UNIT, backend, "place") == {"GB-X-NORTH": 4}, "where the case is, which its sender may read"
    assert await told(UNIT, backend, "task-force") == {"example-force": 4, "example-force-north": 3}
    assert await told(UNIT, backend, "reason", typed=WantedInput(reason="rejected")) == {"rejected": 2}
    (line,) = [
        each for each in await stalled_summary(UNIT, at(backend, 400), "organization") if each.name == "Example Line"
    ]
    (own,) = [stall for stall in report if stall.handoff.receiver.id == "example-line"]
    assert (line.name, line.group.clock.median, line.group.working.worst) == (
        "Example Line",
        own.age.clock_hours,
        own.age.working_hours,
    )


async def test_others_are_told_no_place_of_a_case(backend: Backend) -> None:
    await some(backend)
    found = await told(OPERATOR, backend, "place")
    areas = {"GB-X-NORTH", "GB-X-SOUTH", "GB"}
    assert set(found) <= areas
    assert found != {"GB-X-NORTH": 4}


async def test_what_can_not_be_grouped_by_is_told(backend: Backend) -> None:
    with pytest.raises(Invalid) as refused:
        await stalled_summary(UNIT, backend, "sender")
    assert refused.value.path == ("by",)
    assert all(way in refused.value.remedy for way in By)
    assert await stalled_summary(UNIT, replace(backend), "reason") == []


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60))
def test_nine_of_ten_are_no_older(hours: list[float]) -> None:
    ages = Ages.of(hours)
    assert ages.p90 is not None
    assert ages.worst is not None
    assert ages.median == statistics.median(hours)
    assert sum(each <= ages.p90 for each in hours) >= 0.9 * len(hours)
    assert sum(each < ages.p90 for each in hours) < 0.9 * len(hours)
    assert ages.worst == max(hours) >= ages.p90
