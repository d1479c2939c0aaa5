"""The feed tells each what happened, as far as they may see it, and skips nothing, whoever wrote it and when."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.resolvers import consenting, feed, handoffs, passing, referrals
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.escalating import escalate
from relaypoint.schema.operational import schema
from relaypoint.tests.helpers import FULL, at_time, imported, make_backend, member, row, tiny_roster
from relaypoint.tests.test_notices import SHELTER, UNIT, send
from relaypoint.tests.test_passing import two_shelters

LINE, POLICE = member("example-line"), member("example-police")


async def told(subject: Subject, backend: Backend, after: int = 0, **how: Any) -> list[feed.FeedEvent]:
    """All behind a position, page by page."""
    found: list[feed.FeedEvent] = []
    while True:
        page = await feed.events(subject, backend, after, **how)
        found += page.events
        after = page.position
        if not page.more:
            return found


async def test_it_begins_where_it_stands_and_goes_on_from_there(backend: Backend) -> None:
    page = await feed.events(UNIT, backend)
    assert (page.events, page.more) == ((), False)
    assert page.position > 0, "the roster was imported before"
    sent = await send(backend)
    step = sent["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, step, "receive")
    after = await feed.events(UNIT, backend, page.position)
    assert [(each.type, each.referral, each.handoff, each.contact_point) for each in after.events] == [
        ("referral.sent", sent["id"], step, "shelter-desk"),
        ("handoff.changed", sent["id"], step, "shelter-desk"),
    ]
    assert [each.position for each in after.events] == [page.position + 1, page.position + 2]
    assert (await feed.events(UNIT, backend, after.position)).events == []


async def test_a_change_of_the_roster_is_one_event_however_many_rows_it_has(backend: Backend) -> None:
    start = (await feed.events(OPERATOR, backend)).position
    roster = tiny_roster()
    for desk in roster["contact_points"]:
        desk["name"] += " (new)"
    await imported(backend, roster)
    for who in (OPERATOR, UNIT, POLICE):
        assert [each.type for each in await told(who, backend, start)] == ["roster.changed"]


async def test_the_roster_can_be_read_as_each_change_left_it(backend: Backend) -> None:
    start = (await feed.events(OPERATOR, backend)).position
    roster = tiny_roster()
    names = [f"Shelter by {day}" for day in ("3 March", "4 March", "5 March")]
    for day, name in enumerate(names, 3):
        row(roster, "contact_points", "shelter-desk")["name"] = name
        await imported(at_time(backend, f"2026-03-0{day}T10:00:00.000Z"), roster)
    context = Runtime(Settings(), backend).context(UNIT)
    query = 'query ($at: String) { contactPoint(key: "shelter-desk", asOf: $at) { name } }'
    now = at_time(backend, "2026-03-06T10:00:00.000Z")
    for event, name in zip(await told(UNIT, now, start), names, strict=True):
        answer = await schema.execute(query, {"at": event.at}, context_value=context)
        assert answer.data == {"contactPoint": {"name": name}}


@pytest.mark.parametrize(("who", "count"), [(UNIT, 3), (SHELTER, 3), (OPERATOR, 3), (LINE, 0), (POLICE, 0)])
async def test_only_who_is_on_its_chain_is_told_of_a_referral(backend: Backend, who: Subject, count: int) -> None:
    start = (await feed.events(OPERATOR, backend)).position
    step = (await send(backend))["handoffs"][0]["id"]
    for verb in ("receive", "accept"):
        await handoffs.move_handoff(SHELTER, backend, step, verb)
    assert len(await told(who, backend, start)) == count


async def test_it_tells_no_more_than_the_timeline_does(backend: Backend) -> None:
    """Of a referral that went on, was silent, and whose consent was taken back."""
    await imported(backend, two_shelters())
    start = (await feed.events(OPERATOR, backend)).position
    sent = await send(backend)
    step = sent["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, step, "receive")
    await consenting.record_consent(UNIT, backend, sent["id"], "line-desk")
    onward = await passing.pass_handoff(SHELTER, backend, step, "pass-on", "line-desk")
    assert not onward.sender_asked
    await escalate(OPERATOR, at_time(backend, "2026-03-09T10:00:00.000Z"))
    await handoffs.move_handoff(LINE, backend, onward.handoff["id"], "accept")
    await consenting.record_consent(UNIT, backend, sent["id"], "line-desk", withdraw=True)
    seen = 0
    for who in (UNIT, SHELTER, LINE, OPERATOR):
        timeline = await referrals.timeline(who, backend, sent["id"])
        events = await told(who, backend, start)
        assert len(events) == len(timeline), who
        seen += len(events)
    assert seen > 0
    assert len(await told(LINE, backend, start)) < len(await told(UNIT, backend, start))


async def test_a_page_that_shows_nothing_goes_on_all_the_same(backend: Backend) -> None:
    start = (await feed.events(OPERATOR, backend)).position
    for _ in range(5):
        await send(backend)
    page = await feed.events(POLICE, backend, start, limit=1)
    assert (page.events, page.more) == ([], False)
    assert page.position == start + 5
    assert [len((await feed.events(UNIT, backend, start, limit=2)).events), 2] == [2, 2]
    assert len(await told(UNIT, backend, start, limit=2)) == 5
    assert await told(UNIT, backend, start, types=["roster.changed"]) == []


@pytest.mark.parametrize("after", [-1, 10**9])
async def test_a_position_that_is_not_reached_is_refused(backend: Backend, after: int) -> None:
    with pytest.raises(Invalid) as refused:
        await feed.events(UNIT, backend, after)
    assert refused.value.path == ("after",)


@pytest.mark.parametrize("cursor", ["", "feed:", "feed:-1", "feed:1e3", "12", "after:12", "feed:٣", "feed:" + "9" * 13])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        feed.position_of(cursor)


async def test_a_type_that_is_none_is_refused(backend: Backend) -> None:
    with pytest.raises(Invalid) as refused:
        await feed.events(UNIT, backend, 0, types=["roster.changed", "case.read"])
    assert refused.value.path == ("types", "1")


async def test_one_can_begin_at_a_moment(backend: Backend) -> None:
    late = at_time(backend, "2026-03-05T10:00:00.000Z")
    await send(backend)
    first = await send(late)
    position = await feed.position_at(late, "2026-03-05")
    assert [each.referral for each in await told(UNIT, late, position)] == [first["id"]]
    assert await feed.position_at(late, "2020-01-01") == 0
    assert await feed.position_at(late, "2026-04-01") == (await feed.events(UNIT, late)).position


async def test_many_who_write_and_read_at_once_skip_nothing(backend: Backend) -> None:
    """Writers whose clocks differ, on several instances, beside readers that go on from where they were."""
    await feed.place(backend)
    start = (await feed.events(UNIT, backend)).position
    count, chance = (60 if FULL else 12), random.Random(7)
    sent: list[str] = []
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(count):
            other = make_backend(backend.store, vault=backend.vault)
            late = backend.clock() - timedelta(milliseconds=chance.randrange(5000))
            sent.append((await send(at_time(other, format_instant(late))))["id"])

    async def read() -> list[feed.FeedEvent]:
        mine: list[feed.FeedEvent] = []
        position, own = start, make_backend(backend.store, vault=backend.vault)
        while True:
            over = done.is_set()
            page = await feed.events(UNIT, own, position, limit=3)
            mine += page.events
            position = page.position
            if over and not page.more:
                return mine
            await asyncio.sleep(0)

    async def all_written() -> None:
        await asyncio.gather(write(), write())
        done.set()

    _, *readers = await asyncio.gather(all_written(), read(), read(), read())
    for mine in readers:
        assert sorted(str(each.referral) for each in mine) == sorted(sent)
        assert [each.position for each in mine] == list(range(start + 1, start + 2 * count + 1))


async def test_it_is_read_over_graphql(backend: Backend) -> None:
    query = """query ($after: String, $first: Int) { events(after: $after, first: $first) {
      edges { cursor node { type at referral handoff contactPoint } } pageInfo { endCursor hasNextPage } } }"""
    context = Runtime(Settings(), backend).context(UNIT)

    async def ask(**variables: Any) -> dict[str, Any]:
        answer = await schema.execute(query, variables, context_value=context)
        assert not answer.errors, answer.errors
        assert answer.data is not None
        return dict(answer.data["events"])

    start = (await ask())["pageInfo"]["endCursor"]
    await send(backend)
    await send(backend)
    page = await ask(after=start, first=1)
    assert page["pageInfo"]["hasNextPage"]
    assert page["edges"][0]["node"]["at"] == format_instant(backend.clock())
    assert page["pageInfo"]["endCursor"] == page["edges"][0]["cursor"], "one can go on from either"
    rest = await ask(after=page["edges"][0]["cursor"])
    assert (len(rest["edges"]), rest["pageInfo"]["hasNextPage"]) == (1, False)
    refused = await schema.execute(query, {"after": "tomorrow"}, context_value=context)
    assert refused.errors
