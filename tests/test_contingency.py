"""Contingency is an overlay: it changes how desks are reached while it holds, and nothing else, ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NotFound, UnsafeText
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Store
from relaypoint.resolvers import (
    audit,
    contingency,
    finding,
    gaps,
    handoffs,
    outbox,
    referrals,
    roster,
    sending,
    stalled,
)
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.contingency import Contingency, Scope
from relaypoint.resolvers.contingency_effect import Effect
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.step_rows import told_of
from relaypoint.tests.helpers import (
    FULL,
    at_time,
    dump,
    filled,
    imported,
    make_backend,
    member,
    settle,
    tables,
    tiny_roster,
)
from relaypoint.tests.helpers import row as row_of

HOUSING = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
AVOIDING = NeedInput(
    from_organization="example-unit",
    service="housing",
    place="GB-X-NORTH",
    tags=("female",),
    avoid=("shelter-night-desk",),
)
SHELTER = member("example-shelter")
UNIT = member("example-unit")
OF_SHELTER = Scope(organization="example-shelter")
UNTIL = "2026-03-20"


async def planned(store: Store) -> Backend:
    """The tiny roster with a plan for bad times: a channel that comes in, one that drops out, a diversion."""
    backend = await filled(store)
    changed = tiny_roster()
    for each in changed["channels"]:
        each["condition"] = "normal" if each["id"] == "shelter-mail" else ""
    changed["channels"].append(
        {
            **row_of(changed, "channels", "night-phone"),
            "id": "night-mail",
            "kind": "secure-email",
            "address": "night@shelter.example.org",
            "condition": "contingency",
        }
    )
    await imported(backend, changed)
    return backend


async def declared(backend: Backend, scope: Scope = OF_SHELTER, **more: Any) -> Contingency:
    given = {"reason": "The office is flooded", "until": UNTIL, "id": "flood", **more}
    return await contingency.declare(OPERATOR, backend, scope, given.pop("reason"), given.pop("until"), **given)


async def sent(backend: Backend, need: NeedInput = HOUSING) -> dict[str, Any]:
    return (await sending.refer(OPERATOR, backend, need, to="shelter-desk")).referral


def effect_of(found: Contingency) -> Effect:
    assert found.effect is not None
    return found.effect


async def usable_channels(backend: Backend, need: NeedInput = HOUSING) -> dict[str, list[str]]:
    answer = await finding.find(UNIT, backend, need)
    return {
        candidate.contact_point.id: [use.channel.id for use in candidate.channels if use.barred is None]
        for candidate in answer.finding.candidates
    }


async def everything(backend: Backend) -> Any:
    """All that can be asked which contingency touches."""
    report = await gaps.coverage_gaps(OPERATOR, backend)
    silent = await stalled.stalled(UNIT, backend)
    shown = await referrals.referrals(UNIT, backend, limit=200)
    for step in (step for each in shown for step in each["handoffs"]):
        step |= told_of(())  # A message goes out meanwhile.
    number = await finding.emergency(OPERATOR, backend, "GB-X-NORTH")
    return await usable_channels(backend), report, silent, shown, number


def apart_from_the_roster_record(lines: list[str]) -> list[str]:
    """A dump without what tells of the contingency itself: its row, its events, the operations, the root."""
    return [
        line
        for line in lines
        if not line.startswith(("Contingency", "Operation", "Roster {"))
        and not ('"aggregate": "roster"' in line or line.startswith("Roster roster -RECORDED->"))
    ]


async def test_it_changes_how_desks_are_reached_and_nothing_afterwards(store: Store) -> None:
    backend = await planned(store)
    await sent(backend)
    calm, before = await everything(backend), await dump(store)
    assert (await usable_channels(backend))["shelter-desk"] == ["shelter-mail", "shelter-phone", "shelter-relay"]

    done = await declared(backend)
    assert (done.applied, done.active, done.row["until"]) == (True, True, UNTIL)
    found = await usable_channels(backend)
    assert found["shelter-desk"] == found["shelter-night-desk"] == ["night-mail", "night-phone"]
    (referral,) = await referrals.referrals(UNIT, backend)
    (step,) = referral["handoffs"]
    assert (step["contact_point"]["id"], step["diverted_to"]["id"]) == ("shelter-desk", "shelter-night-desk")
    leased = await outbox.lease(OPERATOR, backend)
    assert [use.channel.id for use in leased[0].channels] == ["night-mail", "night-phone"]
    await settle(backend, leased[0], "delivered", "night-mail", {})

    over = await contingency.end(OPERATOR, backend, "flood")
    assert (over.applied, over.active) == (True, False)
    assert {each.id: each.on for each in effect_of(over).channels} == {"shelter-mail": True, "night-mail": False}
    assert await everything(backend) == calm
    after = apart_from_the_roster_record(await dump(store))
    settled = [line for line in apart_from_the_roster_record(before) if line not in after]
    assert {line.split()[0] for line in settled} == {"Notice", "Queue"}
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_preview_shows_the_same_and_changes_nothing(store: Store) -> None:
    backend = await planned(store)
    free, bound = await sent(backend), await sent(backend, AVOIDING)
    before = await dump(store)
    preview = await declared(backend, preview=True)
    assert await dump(store) == before
    assert (preview.applied, preview.active) == (False, True)
    effect = effect_of(preview)
    assert [(each.id, each.diverted_to, each.reachable) for each in effect.contact_points] == [
        ("shelter-desk", "shelter-night-desk", True),
        ("shelter-night-desk", None, True),
    ]
    assert {each.id: each.on for each in effect.channels} == {"shelter-mail": False, "night-mail": True}
    assert {each.reference: each.to for each in effect.handoffs} == {
        free["reference"]: "shelter-night-desk",
        bound["reference"]: None,
    }
    assert effect_of(await declared(backend)) == effect
    # What needs a decision is in the sender's report until it is decided.
    assert [(each.stall.handoff.reference, each.stall.reason) for each in await stalled.stalled(UNIT, backend)] == [
        (bound["reference"], "avoided")
    ]
    # And no message about it goes where it must not.
    for leased in await outbox.lease(OPERATOR, backend):
        (row,) = await store.read("handoff_by_notice", reference=leased.reference)
        barred = {use.barred for use in leased.channels}
        assert barred == ({"avoided"} if row["referral"] == bound["id"] else {None})


async def test_gaps_follow_it(store: Store) -> None:
    backend = await filled(store)
    changed = tiny_roster()
    for each in changed["channels"]:
        each["condition"] = "normal" if each["contact_point"] == "unit-desk" else ""
    await imported(backend, changed)
    was = {gap.key for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps}
    preview = await declared(backend, Scope(organization="example-police"), preview=True)
    opened = {gap.key for gap in effect_of(preview).opens}
    assert ("no-channel", "contact_points", "unit-desk", "", "", "", "") in opened
    await declared(backend, Scope(organization="example-police"))
    now = {gap.key for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps}
    assert now - was == opened
    # It ends by itself, on its day.
    later = at_time(backend, f"{UNTIL}T10:00:00.000Z")
    then = {gap.key for gap in (await gaps.coverage_gaps(OPERATOR, later)).gaps}
    assert ("no-channel", "contact_points", "unit-desk", "", "", "", "") not in then


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(organization="example-police"), {"unit-desk"}),
        (Scope(organization="example-line"), {"line-desk"}),
        (Scope(task_force="example-force-north"), {"shelter-desk", "shelter-night-desk", "unit-desk"}),
        (
            Scope(task_force="example-force"),
            {"shelter-desk", "shelter-night-desk", "unit-desk", "line-desk", "authority-desk"},
        ),
        # What serves more than the place is not covered by it: the night desk serves both areas.
        (Scope(place="GB-X-NORTH"), {"shelter-desk", "unit-desk"}),
        (Scope(place="GB"), {"shelter-desk", "shelter-night-desk", "unit-desk", "line-desk", "authority-desk"}),
        (Scope(place="GB-X-SOUTH"), set()),
    ],
)
async def test_for_what_it_holds(store: Store, scope: Scope, covered: set[str]) -> None:
    backend = await filled(store)
    preview = await declared(backend, scope, preview=True)
    assert {each.id for each in effect_of(preview).contact_points} == covered
    await declared(backend, scope)
    found, planned_for_summer = await contingency.contingencies(SHELTER, backend)
    assert (found.active, found.row["reason"]) == (True, "The office is flooded")
    assert not planned_for_summer.active
    assert {each.id for each in await contingency.reached(SHELTER, backend, "flood")} == covered


async def test_two_at_once_and_a_renewal(store: Store) -> None:
    backend = await planned(store)
    await declared(backend)
    second = await declared(backend, Scope(task_force="example-force-north"), id="strike")
    assert {each.id for each in effect_of(second).contact_points} == {"unit-desk"}
    # The end of one leaves what the other covers.
    over = await contingency.end(OPERATOR, backend, "flood")
    assert effect_of(over).contact_points == []
    assert (await usable_channels(backend))["shelter-desk"] == ["night-mail", "night-phone"]
    renewed = await contingency.renew(OPERATOR, backend, "STRIKE ", "2026-05-01")
    assert renewed.row["until"] == "2026-05-01"
    ids = [found.row["id"] for found in await contingency.contingencies(UNIT, backend)]
    assert ids == ["strike", "summer-flood"]
    ids = [found.row["id"] for found in await contingency.contingencies(UNIT, backend, past=True)]
    assert ids == ["force-drill", "line-strike", "flood", "strike", "summer-flood"]
    with pytest.raises(Invalid, match="was over on"):
        await contingency.renew(OPERATOR, backend, "flood", "2026-05-01")
    with pytest.raises(NotFound, match="no contingency") as missing:
        await contingency.end(OPERATOR, backend, "strik")
    assert "strike" in missing.value.remedy


@pytest.mark.parametrize(
    ("scope", "more", "path"),
    [
        (Scope(), {}, ("taskForce",)),
        (Scope(place="GB", organization="example-line"), {}, ("organization",)),
        (Scope(place="GB-X-WEST"), {}, ("place",)),
        (OF_SHELTER, {"until": "2026-03-03"}, ("until",)),
        (OF_SHELTER, {"until": "2026-09-01"}, ("until",)),
        (OF_SHELTER, {"until": "soon"}, ("until",)),
        (OF_SHELTER, {"reason": " "}, ("reason",)),
        (OF_SHELTER, {"reason": "Ask jane@shelter.example.org"}, ("reason",)),
        (OF_SHELTER, {"id": "no good"}, ("id",)),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(
    store: Store, scope: Scope, more: dict[str, Any], path: tuple[str, ...]
) -> None:
    backend = await filled(store)
    before = await dump(store)
    with pytest.raises(Invalid) as refused:
        await declared(backend, scope, **more)
    assert refused.value.path == path
    assert refused.value.remedy
    assert isinstance(refused.value, UnsafeText) == ("@" in more.get("reason", ""))
    assert await dump(store) == before


async def test_only_a_coordinator_declares_and_every_member_sees(store: Store) -> None:
    backend = await filled(store)
    with pytest.raises(NotFound):
        await contingency.declare(member("example-police"), backend, OF_SHELTER, "A flood", UNTIL)
    with pytest.raises(NotFound):
        await contingency.end(SHELTER, backend, "flood")
    await declared(backend)
    with pytest.raises(Conflict, match="already"):
        await declared(backend)
    assert len(await contingency.contingencies(member("example-line"), backend)) == 2


async def test_a_diversion_stays_within_an_organization(store: Store) -> None:
    backend = await filled(store)
    changed = tiny_roster()
    row_of(changed, "diversions", "shelter-at-night")["to"] = "line-desk"
    done = await roster.import_roster(OPERATOR, backend, tables(changed))
    assert [(error.message_id, error.column) for error in done.errors] == [("roster.diversion-abroad", "to")]


async def test_a_diversion_in_a_circle_is_none(store: Store) -> None:
    backend = await filled(store)
    changed = tiny_roster()
    changed["diversions"].append({"id": "back", "contact_point": "shelter-night-desk", "to": "shelter-desk"})
    await imported(backend, changed)
    preview = await declared(backend, preview=True)
    assert {each.diverted_to for each in effect_of(preview).contact_points} == {None}


async def test_a_repeat_under_its_key_declares_once(store: Store) -> None:
    backend = await filled(store)
    done = await declared(backend, id=None, idempotency_key="once")
    again = await declared(backend, id=None, idempotency_key="once")
    assert again == done
    assert len(await contingency.contingencies(OPERATOR, backend)) == 2


@pytest.mark.counted
async def test_no_open_handoff_is_without_a_holder_at_any_instant(store: Store) -> None:
    """Many open steps; some are settled while it holds, by others, at the same time as it is declared and ended."""
    count = 1000 if FULL else 30
    backend = await planned(store)
    sents = [await sent(backend) for _ in range(count)]
    steps = {each["handoffs"][0]["id"]: each for each in sents}
    others = make_backend(store, vault=backend.vault)
    settled: set[str] = set()
    seen: list[int] = []

    async def settle() -> None:
        for id in list(steps)[: count // 10]:
            await handoffs.move_handoff(SHELTER, others, id, "accept")
            settled.add(id)
            await asyncio.sleep(0)

    async def watch(stop: asyncio.Event) -> None:
        """Each open step lies at one desk, and somebody answers there."""
        while not stop.is_set():
            for id in list(steps)[:: max(1, count // 20)]:
                found = (await handoffs.handoff(UNIT, others, id)).handoff
                assert found["contact_point"]["id"] == "shelter-desk"
                assert found["diverted_to"] or found["answered_by"]
            work = await store.read("work_open")
            assert {row["handoff"] for row in work} == set(steps)
            assert {row["desk"] for row in work} == {"shelter-desk"}
            assert await stalled.stalled(UNIT, others) == []
            seen.append(len(work))
            await asyncio.sleep(0)

    before = apart_from_the_roster_record(await dump(store))
    stop = asyncio.Event()
    watching, settling = asyncio.create_task(watch(stop)), asyncio.create_task(settle())
    done = await declared(backend)
    assert {each.to for each in effect_of(done).handoffs} == {"shelter-night-desk"}
    assert len(effect_of(done).handoffs) == count
    await settling
    await contingency.end(OPERATOR, backend, "flood")
    stop.set()
    await watching
    assert seen
    after = apart_from_the_roster_record(await dump(store))
    gone = [line for line in before if line not in set(after)]
    touched = {id for id in steps for line in gone if line.startswith("Handoff") and f'"id": "{id}"' in line}
    assert touched == settled
    # Of these the step, its referral's version and chain, and a message to the sender; of all others nothing.
    kinds = {line.split()[0] for line in gone}
    assert kinds <= {"Handoff", "Referral", "ContactPoint"}
    assert await audit.verify(OPERATOR, backend) == []
