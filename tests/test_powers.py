"""What each may not do, however it is tried: by another row, another name of a column, another way in, at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NotFound, UnsafeText
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, Subject
from relaypoint.graph import Store
from relaypoint.resolvers import (
    contingency,
    ending,
    gaps,
    joint,
    proposals,
    proposing,
    round_answers,
    rounds,
    sending,
    vouching,
)
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.proposing import Outcome
from relaypoint.resolvers.round_answers import Correction
from relaypoint.tests.helpers import at_time, dump, filled, member

AUTHORITY, LINE, UNIT, SHELTER, POLICE = (
    member(f"example-{each}") for each in ("authority", "line", "unit", "shelter", "police")
)


async def edit(s: Subject, b: Backend, sheet: str, id: str, columns: dict[str, str], **more: Any) -> Outcome:
    return await proposing.edit(s, b, sheet, id, columns, **more)


async def link(backend: Backend, holder: str = "shelter-first") -> str:
    done = await rounds.start(AUTHORITY, backend, "confirmation", "2026-03-20", task_force="example-force")
    return next(each.token for each in done.links if each.subject == holder)


@pytest.mark.parametrize(
    ("subject", "sheet", "id", "columns"),
    [
        (AUTHORITY, "organizations", "example-unit", {"until": "2026-09-01"}),
        (AUTHORITY, "organizations", "example-unit", {"since": "2099-01-01"}),
        (AUTHORITY, "task_forces", "example-force-north", {"until": "2026-09-01"}),
        (LINE, "task_forces", "example-force-north", {"jurisdiction": "GB"}),
        (AUTHORITY, "memberships", "unit-in-north", {"since": "2099-01-01"}),
        (AUTHORITY, "memberships", "unit-in-north", {"until": "2026-03-04"}),
        (AUTHORITY, "memberships", "unit-in-north", {"standing": "observer"}),
        (OPERATOR, "memberships", "unit-in-north", {"until": "2026-03-04"}),
    ],
)
async def test_nobody_removes_alone(
    store: Store, subject: Subject, sheet: str, id: str, columns: dict[str, str]
) -> None:
    backend = await filled(store)
    done = await edit(subject, backend, sheet, id, columns)
    assert not done.applied
    assert done.proposal is not None
    with pytest.raises(Invalid):
        await proposing.decide(subject, backend, done.proposal.row["id"], "accept")
    withdrawn = await proposing.decide(subject, backend, done.proposal.row["id"], "withdraw")
    assert withdrawn.row["state"] == "withdrawn"


async def test_where_there_is_nobody_else_the_operator_acts(store: Store) -> None:
    backend = await filled(store)
    done = await edit(OPERATOR, backend, "organizations", "example-police", {"status": "suspended"}, reason="A review")
    assert done.applied
    ended = await ending.end(OPERATOR, backend, "organization", "example-police")
    assert (ended.applied, ended.waits) == (True, False)
    for dry in (True, False):
        with pytest.raises(Invalid, match="nothing left"):
            await ending.end(OPERATOR, backend, "organization", "example-police", dry_run=dry)


async def test_an_override_waits_for_another_override(store: Store) -> None:
    backend = await filled(store)
    assert (await ending.end(AUTHORITY, backend, "organization", "example-shelter")).waits
    need = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
    await sending.refer(UNIT, backend, need)
    done = await ending.end(LINE, backend, "organization", "example-shelter", override="It has closed for good")
    assert (done.applied, done.waits) == (False, True)


async def test_no_hidden_letter_makes_an_id_another_one(store: Store) -> None:
    backend = await filled(store)
    before = await dump(store)
    scope = contingency.Scope(organization="example-line")
    with pytest.raises(Conflict):
        await contingency.declare(LINE, backend, scope, "A strike", "2026-03-20", id="\u200bsummer-flood")
    services = {"name": "B", "organization": "example-shelter", "service_type": "advice", "jurisdictions": "GB-X-NORTH"}
    with pytest.raises(Invalid):
        await edit(SHELTER, backend, "services", "\u200bshelter-beds", services, new=True)
    assert await dump(store) == before


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("shelter-phone", {"CONTACT_POINT": "unit-desk", "rank": "1"}),
        ("new-phone", {"contact_point": "shelter-desk", "CONTACT_POINT": "authority-desk", "kind": "in-person"}),
        ("new-phone", {" Contact_Point ": "authority-desk", "kind": "in-person"}),
    ],
)
async def test_a_link_reaches_no_other_desk_by_another_name(store: Store, key: str, columns: dict[str, str]) -> None:
    backend = await filled(store)
    token = await link(backend)
    before = await dump(store)
    with pytest.raises(Invalid):
        await round_answers.answer(ANONYMOUS, backend, token, "correct", [Correction("channels", key, columns)])
    assert await dump(store) == before


async def test_a_link_of_a_tenure_that_ended_shows_nothing(store: Store) -> None:
    backend = await filled(store)
    token = await link(backend, "shelter-second")
    await ending.end(SHELTER, backend, "holder", "shelter-second")
    with pytest.raises(NotFound):
        await round_answers.asked(ANONYMOUS, backend, token)


async def test_no_proposal_takes_the_place_of_another(store: Store) -> None:
    backend = await filled(store)
    token = await link(backend)
    wrong = [Correction("channels", "shelter-phone", {"rank": rank}) for rank in ("2", "7", "8")]
    await round_answers.answer(ANONYMOUS, backend, token, "correct", wrong)
    await edit(UNIT, backend, "channels", "line-phone", {"rank": "5"})
    found = await proposals.proposals(OPERATOR, backend)
    assert [(each.row["id"], each.row["row"]) for each in found] == [
        ("proposal-1", "shelter-phone"),
        ("proposal-2", "shelter-phone"),
        ("proposal-3", "line-phone"),
    ]


async def test_nobody_vouches_for_others(store: Store) -> None:
    backend = await filled(store)
    joins = {"organization": "example-police", "task_force": "example-force", "role": "member"}
    for subject in (POLICE, AUTHORITY):
        own = {**joins, "vouched_by": "example-unit;example-line"}
        with pytest.raises(Invalid) as refused:
            await edit(subject, backend, "memberships", "police-joins", own, new=True)
        assert refused.value.path == ("columns", "vouched_by")
    made = (await edit(POLICE, backend, "memberships", "police-joins", joins, new=True)).proposal
    assert made is not None
    with pytest.raises(NotFound):
        await vouching.vouch(POLICE, backend, made.row["id"])


@pytest.mark.parametrize("act", ["start", "remind"])
async def test_repeats_at_the_same_time_have_no_links_that_do_not_hold(store: Store, act: str) -> None:
    backend = await filled(store)
    ask: dict[str, Any] = {"idempotency_key": "k"}
    if act == "remind":
        first = await rounds.start(AUTHORITY, backend, "confirmation", "2026-03-20", task_force="example-force")
        calls = [rounds.remind(AUTHORITY, backend, first.row["id"], **ask) for _ in range(4)]
    else:
        ask["task_force"] = "example-force"
        calls = [rounds.start(AUTHORITY, backend, "confirmation", "2026-03-20", **ask) for _ in range(4)]
    done = await asyncio.gather(*calls)
    assert sorted(len(each.links) for each in done) == [0, 0, 0, 2]
    for each in done:
        for one in each.links:
            assert (await round_answers.asked(ANONYMOUS, backend, one.token)).state == "asked"


async def test_a_coordinator_has_no_power_beyond_its_task_force(store: Store) -> None:
    backend = await filled(store)
    between = {
        "name": "n",
        "from_organization": "example-authority",
        "to_organization": "example-shelter",
        "service_types": "advice",
        "basis": "mou",
    }
    assert not (await edit(LINE, backend, "pathways", "new-way", between, new=True)).applied
    rules = {"name": "Obey", "version": "1", "task_force": "example-force", "contact_point": "shelter-desk"}
    assert not (await edit(SHELTER, backend, "guidance", "new-rules", rules, new=True)).applied
    # Nor has one that is suspended any.
    assert (await edit(LINE, backend, "channels", "shelter-phone", {"rank": "3"})).applied
    out = await edit(AUTHORITY, backend, "organizations", "example-line", {"status": "suspended"}, reason="A review")
    assert out.proposal is not None
    await proposing.decide(OPERATOR, backend, out.proposal.row["id"], "accept")
    assert not (await edit(LINE, backend, "channels", "shelter-phone", {"rank": "4"})).applied
    with pytest.raises(NotFound):
        await rounds.start(LINE, backend, "drill", "2026-03-20", task_force="example-force-north")


async def test_what_members_read_holds_no_personal_data(store: Store) -> None:
    backend = await filled(store)
    told = {"standing": "suspended", "continuity": "line-desk", "reason": "Ask john@example.org"}
    with pytest.raises(UnsafeText) as refused:
        await edit(AUTHORITY, backend, "memberships", "unit-in-north", told)
    assert refused.value.path == ("columns", "reason")


async def test_gaps_tell_nobody_what_others_propose_or_ask(store: Store) -> None:
    backend = await filled(store)
    await edit(UNIT, backend, "channels", "line-phone", {"rank": "5"})
    await joint.ask(UNIT, backend, "example-unit", "example-line", "meet", "To talk", "2026-03-10")

    async def kinds(subject: Subject) -> set[str]:
        report = await gaps.coverage_gaps(subject, backend, at="2026-04-10")
        return {gap.kind for gap in report.gaps} & {"proposal-waiting", "request-overdue"}

    assert await kinds(POLICE) == set()
    for subject in (UNIT, LINE, AUTHORITY, OPERATOR):
        assert await kinds(subject) == {"proposal-waiting", "request-overdue"}


async def test_no_day_is_beyond_reckoning(store: Store) -> None:
    backend = await filled(store)
    for column, id in (("since", "shelter-third"), ("until", "shelter-second")):
        new = {"contact_point": "shelter-desk", "role": "deputy"} if column == "since" else {}
        await edit(SHELTER, backend, "holders", id, {**new, column: "9999-12-31"}, new=column == "since")
    await edit(AUTHORITY, backend, "task_forces", "example-force", {"confirm_every": "P90D"})
    await edit(AUTHORITY, backend, "guidance", "force-rules", {"acknowledge_by": "9999-12-31"})
    assert (await gaps.coverage_gaps(UNIT, backend, days=366)).gaps
    for at in ("9999-12-31", "0001-01-01"):
        with pytest.raises(Invalid) as refused:
            await gaps.coverage_gaps(UNIT, backend, at=at)
        assert refused.value.path == ("at",)


async def test_who_says_today_that_they_will_be_there_is_still_asked(store: Store) -> None:
    backend = await filled(store)
    late = at_time(backend, "2026-05-01T10:00:00.000Z")
    await edit(AUTHORITY, backend, "task_forces", "example-force", {"confirm_every": "P30D"})
    found = {gap.subject for gap in (await gaps.coverage_gaps(OPERATOR, late)).gaps if gap.kind == "unconfirmed"}
    assert found == {"shelter-first", "shelter-second"}


@pytest.mark.parametrize(("to", "path"), [("example-unit", ("organization",)), ("example-former", ("organization",))])
async def test_nobody_asks_itself_or_what_has_ended(store: Store, to: str, path: tuple[str, ...]) -> None:
    backend = await filled(store)
    with pytest.raises((Invalid, NotFound)) as refused:
        await joint.ask(UNIT, backend, "example-unit", to, "meet", "To talk", "2026-03-10")
    assert refused.value.path == path
    row = await joint.ask(UNIT, backend, "example-unit", "example-line", "meet", "To talk", "2026-03-10")
    with pytest.raises(Invalid):
        await joint.answer(LINE, backend, row["id"], "agree", on="0001-01-01")
