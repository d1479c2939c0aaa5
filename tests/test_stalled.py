"""The stalled report: its order and pages, what is asked for, and how it was at a moment of the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from relaypoint.app import cli_stalled
from relaypoint.app.commands import document
from relaypoint.domain.clock import fixed_clock, format_instant, parse_instant
from relaypoint.domain.errors import Invalid, Problem
from relaypoint.domain.handoffs import PASSES, VERBS
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.silences import REASONS
from relaypoint.domain.stall_report import position
from relaypoint.graph import Row
from relaypoint.resolvers import contingency, escalating, handoffs, outbox, passing, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.contingency import Scope
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.stalled import Reported
from relaypoint.resolvers.wanted import WantedInput
from relaypoint.tests.helpers import FULL, Roster, Through, imported, member, row, settle, tiny_roster
from relaypoint.tests.test_graphql import ask

NEED = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
FORM = NeedInput(from_organization="example-line", service="identification", place="GB-X-SOUTH")
ADVICE = NeedInput(from_organization="example-shelter", service="advice", place="GB-X-SOUTH")
UNIT, SHELTER, LINE = member("example-unit"), member("example-shelter"), member("example-line")
NEXT_WEEK = "2026-03-10T10:00:00.000Z"


def at(backend: Backend, moment: str | datetime) -> Backend:
    """The same program at another moment."""
    then = moment if isinstance(moment, str) else format_instant(moment)
    return replace(backend, clock=fixed_clock(then))


async def send(
    backend: Backend, need: NeedInput = NEED, to: str | None = "shelter-desk", **more: Any
) -> dict[str, Any]:
    """The step's id, with the referral's reference."""
    referral = (await sending.refer(OPERATOR, backend, need, to=to, **more)).referral
    return {"id": referral["handoffs"][0]["id"], "reference": referral["reference"]}


def references(found: list[Reported]) -> list[str]:
    return [each.stall.handoff.reference for each in found]


# its order


class Counting(Through):
    """Notes how many steps were looked at."""

    looked = 0

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        if statement == "handoffs_known":
            self.looked += len(parameters["ids"])
        return await super().read(statement, **parameters)


async def test_a_page_does_not_look_at_all_that_is_open(backend: Backend) -> None:
    start, stat = parse_instant("2026-03-03T10:00:00.000Z"), replace(NEED, priority="stat")
    sent = [await send(at(backend, start + timedelta(minutes=20 * number)), stat) for number in range(30)]
    counting = Counting(backend.store)
    late = replace(at(backend, NEXT_WEEK), store=counting)
    found = await stalled.stalled(UNIT, late, first=2)
    assert references(found) == [each["reference"] for each in sent[:2]]
    assert counting.looked < 10
    counting.looked = 0
    assert len(await stalled.stalled(UNIT, late)) == counting.looked == 30


@pytest.mark.parametrize("seed", range(3))
async def test_pages_of_any_size_make_up_the_whole(backend: Backend, seed: int) -> None:
    """Steps that go silent at once, or long after they were sent."""
    random = Random(seed)
    for _ in range(16):
        moment = f"2026-03-{random.randint(3, 9):02}T{random.randint(8, 17):02}:00:00.000Z"
        need = replace(NEED, priority=random.choice(("routine", "urgent")))
        step = await send(at(backend, moment), need)
        if random.random() < 0.4:
            await handoffs.move_handoff(SHELTER, at(backend, moment), step["id"], "receive")
    for leased in await outbox.lease(OPERATOR, backend):
        await settle(backend, leased, random.choice(("delivered", "dead")), None, {})
    late = at(backend, "2026-03-11T16:00:00.000Z")
    whole = await stalled.stalled(UNIT, late)
    assert len({each.stall.reason for each in whole}) > 1
    assert whole == sorted(whole, key=lambda each: position(each.stall))
    for size in (1, 2, 3, 5):
        pages: list[Reported] = []
        while page := await stalled.stalled(UNIT, late, first=size, after=position(pages[-1].stall) if pages else None):
            pages += page
        assert pages == whole


async def test_pages_make_up_the_whole(backend: Backend) -> None:
    for number, priority in enumerate(("routine", "stat", "urgent", "stat", "asap", "urgent", "stat")):
        await send(at(backend, f"2026-03-03T10:{number:02}:00.000Z"), replace(NEED, priority=priority))
    late = at(backend, NEXT_WEEK)
    whole = await stalled.stalled(UNIT, late)
    assert len(whole) == 7
    pages: list[Reported] = []
    while page := await stalled.stalled(UNIT, late, first=2, after=position(pages[-1].stall) if pages else None):
        pages += page
    assert pages == whole
    assert await stalled.stalled(UNIT, late, first=0) == []


PAGE = """query($first: Int, $after: String, $filter: StalledFilter, $asOf: String) {
    stalledHandoffs(first: $first, after: $after, filter: $filter, asOf: $asOf) {
        edges { cursor node { reference reason waitedClockHours waitedWorkingHours } }
        pageInfo { hasNextPage hasPreviousPage endCursor }
    }
}"""


async def test_it_is_a_connection_and_a_page_stays_where_it_is(backend: Backend) -> None:
    sent = [await send(at(backend, f"2026-03-03T1{number}:00:00.000Z")) for number in range(4)]
    late = at(backend, NEXT_WEEK)
    first = (await ask(late, PAGE, first=2))["data"]["stalledHandoffs"]
    assert [edge["node"]["reference"] for edge in first["edges"]] == [each["reference"] for each in sent[:2]]
    assert first["pageInfo"]["hasNextPage"]
    assert first["edges"][0]["node"]["waitedClockHours"] == 7 * 24.0
    # One of the first page is settled meanwhile; the second page is what it would have been.
    await handoffs.move_handoff(SHELTER, late, sent[0]["id"], "accept")
    second = (await ask(late, PAGE, first=2, after=first["pageInfo"]["endCursor"]))["data"]["stalledHandoffs"]
    assert [edge["node"]["reference"] for edge in second["edges"]] == [each["reference"] for each in sent[2:]]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_the_command_shows_all_page_by_page(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [await send(at(backend, f"2026-03-03T1{number}:00:00.000Z")) for number in range(5)]
    late = at(backend, NEXT_WEEK)
    monkeypatch.setattr(cli_stalled, "_PAGE", 2)

    async def run(name: str, variables: dict[str, Any]) -> Any:
        return (await ask(late, document(name), **variables))["data"]["stalledHandoffs"]

    for first, count in ((None, 5), (1, 1), (2, 2), (3, 3), (5, 5), (9, 5)):
        found, more = await cli_stalled.pages(run, {"filter": None, "asOf": None}, first)
        assert [each["reference"] for each in found] == [each["reference"] for each in sent[:count]]
        assert more == (count < 5)


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"after": "nonsense"}, ["after"]),
        ({"after": "YWZ0ZXI6WzEsMl0="}, ["after"]),  # after:[1,2]
        ({"after": "YWZ0ZXI6MQ=="}, ["after"]),  # after:1
        ({"first": 201}, ["first"]),
        ({"filter": {"reason": "lazy"}}, ["filter", "reason"]),
        ({"filter": {"priority": "soon"}}, ["filter", "priority"]),
        ({"filter": {"organization": "example-shelte"}}, ["filter", "organization"]),
        ({"filter": {"taskForce": "example-forc"}}, ["filter", "taskForce"]),
        ({"filter": {"place": "Atlantis"}}, ["filter", "place"]),
        ({"filter": {"serviceType": "magic"}}, ["filter", "serviceType"]),
        ({"filter": {"contactPoint": "nowhere"}}, ["filter", "contactPoint"]),
        ({"asOf": "yesterday"}, ["asOf"]),
    ],
)
async def test_what_is_not_understood_is_told_by_its_field(
    backend: Backend, variables: dict[str, Any], path: list[str]
) -> None:
    (error,) = (await ask(backend, PAGE, **variables))["errors"]
    assert error["extensions"]["inputPath"] == path
    assert error["extensions"]["remedy"]


# what is asked for


async def three(backend: Backend) -> dict[str, dict[str, Any]]:
    """A case of the unit with the shelter, one of the shelter with the line, one of the line by an official form."""
    return {
        "housing": await send(backend, replace(NEED, priority="asap")),
        "advice": await send(backend, ADVICE, to=None),
        "form": await send(backend, FORM, to=None, consent=True),
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"housing", "advice", "form"}),
        ({"organization": "Example Shelter"}, {"housing"}),
        ({"organization": "example-unit"}, set()),
        ({"contact_point": "line-desk"}, {"advice"}),
        ({"service_type": "identification"}, {"form"}),
        # The bed was asked for as housing, of which it is a kind.
        ({"service_type": "housing"}, {"housing"}),
        ({"reason": "form-not-submitted"}, {"form"}),
        ({"reason": "unacknowledged"}, {"housing", "advice"}),
        ({"priority": "ASAP"}, {"housing"}),
        ({"task_force": "example-force-north"}, {"housing"}),
        ({"task_force": "example-force"}, {"housing", "advice", "form"}),
        # Of cases that one may not read, the place is that of the desk, or of its body.
        ({"place": "GB-X-NORTH"}, {"housing"}),
        ({"place": "Example South"}, set()),
        ({"place": "GB"}, {"housing", "advice", "form"}),
        ({"reason": "unacknowledged", "priority": "routine"}, {"advice"}),
    ],
)
async def test_what_is_asked_for(backend: Backend, asked: dict[str, str], found: set[str]) -> None:
    sent = await three(backend)
    for leased in await outbox.lease(OPERATOR, backend):
        await settle(backend, leased, "delivered", "some-channel", {})
    told = await stalled.stalled(OPERATOR, at(backend, NEXT_WEEK), WantedInput(**asked))
    assert {name for name, each in sent.items() if each["reference"] in references(told)} == found


async def test_the_place_of_a_case_is_its_senders_alone(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["jurisdictions"] = "GB"
    await imported(backend, roster)
    await send(backend)
    late = at(backend, NEXT_WEEK)
    for place, mine, others in (("GB-X-NORTH", 1, 0), ("GB-X-SOUTH", 0, 0), ("GB", 1, 1)):
        for subject, count in ((UNIT, mine), (SHELTER, others), (OPERATOR, others)):
            assert len(await stalled.stalled(subject, late, WantedInput(place=place))) == count, (subject, place)


async def test_nobody_is_told_of_others_work_by_asking_for_it(backend: Backend) -> None:
    await three(backend)
    late = at(backend, NEXT_WEEK)
    for asked in (WantedInput(organization="example-shelter"), WantedInput(reason="unacknowledged"), None):
        for found in await stalled.stalled(UNIT, late, asked):
            assert "example-unit" in (found.stall.handoff.sender.id, found.stall.handoff.receiver.id)
    assert await stalled.stalled(UNIT, late, WantedInput(organization="example-line")) == []


# as it was


def poorer(roster: Roster) -> Roster:
    """Nobody coordinates the north any more, and two of three channels of the shelter's desk are dead."""
    row(roster, "task_forces", "example-force-north")["coordinator"] = ""
    row(roster, "channels", "shelter-mail")["state"] = "dead"
    row(roster, "channels", "shelter-phone")["state"] = "dead"
    return roster


async def reports(backend: Backend, as_of: str | None = None) -> dict[str, list[Reported]]:
    """How far a ladder was climbed is told of the present alone."""
    found = {}
    for subject in (UNIT, SHELTER, LINE, OPERATOR):
        told = await stalled.stalled(subject, backend, as_of=as_of)
        found[subject.name] = [replace(each, escalated=None) for each in told]
    return found


@pytest.mark.counted
@pytest.mark.parametrize("seed", range(6 if FULL else 2))
async def test_the_past_is_told_as_it_was_told_then(backend: Backend, seed: int) -> None:
    """Many steps are sent and moved at random, messages go out or fail, the roster changes; whoever asks later how it
    was is told what was told at the time."""
    random = Random(seed)
    moment = parse_instant("2026-03-03T10:00:00.000Z")
    steps: list[str] = []
    told: dict[str, dict[str, list[Reported]]] = {}
    for turn in range(50):
        moment += timedelta(minutes=random.choice((1, 20, 90, 700)), milliseconds=turn)
        now = at(backend, moment)
        await _something(random, now, steps, turn)
        told[format_instant(moment)] = await reports(now)
    reasons = {each.stall.reason for found in told.values() for each in found[OPERATOR.name]}
    assert len(reasons) >= 4, reasons
    last = at(backend, moment + timedelta(days=1))
    for then, found in told.items():
        assert await reports(last, then) == found, then
    # Between two moves as at the end of a day.
    day = format_instant(moment)[:10]
    evening = f"{day}T23:59:59.999Z"
    if evening < last.now():
        assert await reports(last, day) == await reports(last, evening)
    assert await reports(last, "2026-03-03T09:59:59.999Z") == {name: [] for name in found}
    # The day that is not over is told of as it is now; of what is still to come nothing is.
    assert await reports(last, last.now()[:10]) == await reports(last)
    for to_come in ("2027-01-01", "2027-01-01T00:00:00Z"):
        with pytest.raises(Invalid) as refused:
            await stalled.stalled(OPERATOR, last, as_of=to_come)
        assert (refused.value.message_id, refused.value.path) == ("stalled.to-come", ("asOf",))


async def _something(random: Random, now: Backend, steps: list[str], turn: int) -> None:
    if turn == 12:
        await imported(now, poorer(tiny_roster()))
        return
    if turn == 20:
        await contingency.declare(
            OPERATOR, now, Scope(organization="example-shelter"), "The office is flooded", "2026-03-30"
        )
        return
    if turn < 3 or random.random() < 0.2:
        need, to = random.choice(((NEED, "shelter-desk"), (replace(NEED, priority="stat"), None), (ADVICE, None)))
        steps.append((await send(now, need, to=to))["id"])
    elif random.random() < 0.25:
        for leased in await outbox.lease(OPERATOR, now, limit=2):
            await settle(now, leased, random.choice(("delivered", "dead", "failed")), None, {})
    elif random.random() < 0.1:
        await escalating.escalate(OPERATOR, now)
    else:
        await _move(random, now, steps)


async def _move(random: Random, now: Backend, steps: list[str]) -> None:
    """One of the moves that the tables and the sides allow; those that they don't are no matter here."""
    step, subjects = random.choice(steps), [UNIT, SHELTER, LINE, OPERATOR]
    # What is always possible would be nearly all that happens.
    verbs = [verb for verb in VERBS if verb not in ("correct", "claim", "release", *PASSES) or random.random() < 0.3]
    for subject in random.sample(subjects, len(subjects)):
        for verb in random.sample(verbs, len(verbs)):
            try:
                if verb in PASSES:
                    to = random.choice(("shelter-night-desk", "shelter-desk", "line-desk"))
                    passed = await passing.pass_handoff(subject, now, step, verb, to, danger=verb != "resend")
                    steps.append(passed.handoff["id"])
                else:
                    await handoffs.move_handoff(subject, now, step, verb, **_said(random, now, verb))
            except Problem:
                continue
            return


def _said(random: Random, now: Backend, verb: str) -> dict[str, Any]:
    """What goes with a verb."""
    more: dict[str, dict[str, Any]] = {
        "hold": {"reason": "awaiting-person", "review": format_instant(now.clock() + timedelta(days=2))[:10]},
        "reject": {"reason": "other"},
        "fail": {"reason": "other"},
        "cancel": {"reason": "other"},
        "complete": {"reason": random.choice(("served", "waitlisted"))},
        "phoned": {"reason": random.choice(("refused", "accepted")), "role": "duty-officer"},
        "ask": {"lacking": ("age",)},
        "answer": {"reason": "told"},
        "expect": {"expected": format_instant(now.clock() + timedelta(hours=3))},
        "claim": {"holder": "shelter-first"},
    }
    return more.get(verb, {})


def test_every_reason_is_listed_once() -> None:
    assert len(set(REASONS)) == len(REASONS)
