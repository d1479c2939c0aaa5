"""What holders are to read, who has, and how the roster's gaps go on over time."""

from __future__ import annotations

from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, NotSignedIn
from relaypoint.graph import Store
from relaypoint.resolvers import ending, gaps, guidance, proposing, round_answers, rounds, trend
from relaypoint.resolvers.backend import Backend
from relaypoint.tests.helpers import NOW, at_time, dump, filled, imported, make_backend, member, tiny_roster
from relaypoint.tests.helpers import row as row_of
from relaypoint.tests.test_graphql import ask

SHELTER, COORDINATOR = member("example-shelter"), member("example-authority")


async def unread(backend: Backend, days: int = 0) -> list[tuple[str, str | None, str | None]]:
    report = await gaps.coverage_gaps(OPERATOR, backend, days=days)
    found = [each for each in (*report.gaps, *report.ahead) if each.kind == "guidance-unread"]
    return [(gap.subject, gap.holder, gap.opens_on) for gap in found]


async def asked_by(store: Store, **columns: str) -> Backend:
    """The tiny roster, in which the rules of the force are to be read."""
    backend = make_backend(store, NOW)
    changed = tiny_roster()
    row_of(changed, "guidance", "force-rules").update(columns)
    await imported(backend, changed)
    return backend


async def test_who_has_not_read_it_in_time_is_a_gap_until_they_have(store: Store) -> None:
    backend = await asked_by(store, acknowledge_by="2026-03-03")
    both = [("force-rules", "shelter-first", None), ("force-rules", "shelter-second", None)]
    assert await unread(backend) == both
    (first, _) = (each for each in (await gaps.coverage_gaps(OPERATOR, backend)).gaps if each.kind == "guidance-unread")
    assert first.mend.command == (
        "relaypoint guidance acknowledge force-rules --holder shelter-first --as example-shelter"
    )
    reader = await guidance.acknowledge(SHELTER, backend, "force-rules", "shelter-first", version=2)
    assert reader.read_on == "2026-03-03"
    assert await unread(backend) == both[1:]
    # A new version is to be read anew, by the day that it names.
    await proposing.edit(
        COORDINATOR, backend, "guidance", "force-rules", {"version": "3", "acknowledge_by": "2026-03-20"}
    )
    assert await unread(backend) == []
    assert [(holder, opens) for _, holder, opens in await unread(backend, 30)] == [
        ("shelter-first", "2026-03-20"),
        ("shelter-second", "2026-03-20"),
    ]
    with pytest.raises(Conflict) as old:
        await guidance.acknowledge(SHELTER, backend, "force-rules", "shelter-first", version=2)
    assert old.value.path == ("version",)


async def test_who_begins_later_has_two_weeks(store: Store) -> None:
    backend = await asked_by(store, acknowledge_by="2026-03-03")
    await guidance.acknowledge(SHELTER, backend, "force-rules", "shelter-first")
    await guidance.acknowledge(SHELTER, backend, "force-rules", "shelter-second")
    new = {"contact_point": "shelter-desk", "role": "deputy", "rank": "3", "since": "2026-03-04"}
    await proposing.edit(SHELTER, backend, "holders", "shelter-third", new, new=True)
    assert await unread(backend, 30) == [("force-rules", "shelter-third", "2026-03-18")]


async def test_a_link_shows_what_is_to_be_read_and_takes_the_answer(store: Store) -> None:
    backend = await asked_by(store, acknowledge_by="2026-03-10")
    done = await rounds.start(COORDINATOR, backend, "confirmation", "2026-03-20", task_force="example-force")
    token = next(link.token for link in done.links if link.subject == "shelter-first")
    asked = await round_answers.asked(ANONYMOUS, backend, token)
    assert [row["id"] for row in asked.guidance] == ["desk-rules", "force-rules"]
    before = await dump(store)
    with pytest.raises(Invalid) as other:
        await round_answers.answer(ANONYMOUS, backend, token, read=["force-rules", "line-rules"])
    assert other.value.path == ("read", "1")
    assert await dump(store) == before
    await round_answers.answer(ANONYMOUS, backend, token, read=["force-rules", "desk-rules"])
    found = await guidance.readers(COORDINATOR, backend, "force-rules")
    assert [(each.holder["id"], each.read_on) for each in found] == [
        ("shelter-first", "2026-03-03"),
        ("shelter-second", None),
    ]
    assert [each.read_on for each in await guidance.readers(SHELTER, backend, "desk-rules")] == ["2026-03-03", None]


async def test_who_may_say_and_see_it(store: Store) -> None:
    backend = await asked_by(store)
    assert len(await guidance.readers(OPERATOR, backend, "force-rules")) == 2
    assert len(await guidance.readers(SHELTER, backend, "force-rules")) == 2
    assert await guidance.readers(member("example-unit"), backend, "force-rules") == []
    before = await dump(store)
    for id, holder, subject in (
        ("force-rules", "shelter-first", member("example-line")),
        ("force-rules", "nobody", SHELTER),
        ("nothing", "shelter-first", SHELTER),
    ):
        with pytest.raises(NotFound):
            await guidance.acknowledge(subject, backend, id, holder)
    with pytest.raises(NotSignedIn):
        await guidance.acknowledge(ANONYMOUS, backend, "force-rules", "shelter-first")
    assert await dump(store) == before
    assert await unread(backend, 30) == [], "nobody has to where no day is named"


async def test_the_trend_shows_what_was_counted(store: Store) -> None:
    backend = await filled(store)
    report = await gaps.coverage_gaps(OPERATOR, backend)
    first = await trend.snapshot(OPERATOR, backend)
    assert (first.day, first.total) == ("2026-03-03", len(report.gaps))
    await ending.end(OPERATOR, backend, "holder", "shelter-second")
    more = await trend.snapshot(OPERATOR, backend)  # The last of a day stays.
    assert more.counts == {**first.counts, "no-deputy": 1}
    later = at_time(backend, "2026-03-05T10:00:00.000Z")
    await proposing.edit(OPERATOR, later, "task_forces", "example-force-north", {"coordinator": ""})
    await proposing.edit(OPERATOR, later, "channels", "line-mail", {"state": "dead"})
    await trend.snapshot(OPERATOR, later)
    points = await trend.trend(SHELTER, later)
    assert [(each.day, each.counts.get("no-coordinator", 0)) for each in points] == [
        ("2026-03-03", 0),
        ("2026-03-05", 1),
    ]
    assert [each.day for each in await trend.trend(SHELTER, later, days=1)] == ["2026-03-05"]
    (_, north) = await trend.trend(SHELTER, later, task_force="Example-Force-North")
    assert 0 < north.total < points[1].total
    for wrong in (0, 367):
        with pytest.raises(Invalid):
            await trend.trend(SHELTER, later, days=wrong)
    with pytest.raises(NotFound):
        await trend.trend(SHELTER, later, task_force="nothing")
    with pytest.raises(NotFound):
        await trend.snapshot(SHELTER, later)


async def test_gaps_come_in_pages_that_together_are_all(store: Store) -> None:
    backend = await filled(store)
    await proposing.edit(OPERATOR, backend, "task_forces", "example-force", {"languages": "fr;pl"})
    await proposing.edit(OPERATOR, backend, "guidance", "desk-rules", {"until": "2026-05-01"})
    report = await gaps.coverage_gaps(OPERATOR, backend, days=200)
    assert len(report.gaps) > 4
    query = """query($first: Int, $after: String) { coverageGaps(days: 200) {
      total counts { kind count examples { kind } }
      gaps(first: $first, after: $after) { edges { node { kind subject text } } pageInfo { hasNextPage endCursor } }
      ahead { edges { node { kind opensOn } } } } }"""
    seen: list[Any] = []
    after = None
    while True:
        answer = (await ask(backend, query, first=2, after=after))["data"]["coverageGaps"]
        seen += [edge["node"] for edge in answer["gaps"]["edges"]]
        after = answer["gaps"]["pageInfo"]["endCursor"]
        if not answer["gaps"]["pageInfo"]["hasNextPage"]:
            break
    assert [(each["kind"], each["subject"]) for each in seen] == [(gap.kind, gap.subject) for gap in report.gaps]
    assert answer["total"] == len(report.gaps) == sum(each["count"] for each in answer["counts"])
    assert [edge["node"]["opensOn"] for edge in answer["ahead"]["edges"]] == [gap.opens_on for gap in report.ahead]
    for wrong in ("x", "YWZ0ZXI6eA==", "YWZ0ZXI6WzFd"):
        refused = await ask(backend, query, after=wrong)
        assert refused["errors"][0]["extensions"]["messageId"] == "page.cursor"
