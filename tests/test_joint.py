"""What bodies do together, who may enter where, whose turn it is, and whom communities trust."""

from __future__ import annotations

from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NotFound, UnsafeText
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, NotSignedIn
from relaypoint.graph import Store
from relaypoint.resolvers import (
    audit,
    duty,
    ending,
    finding,
    gaps,
    joint,
    proposing,
    referrals,
    roster,
    rounds,
    sending,
)
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import at_time, dump, filled, member, remarked, tables, tiny_roster
from relaypoint.tests.helpers import row as row_of
from relaypoint.tests.test_graphql import ask

SHELTER, LINE, UNIT, AUTHORITY = (member(f"example-{each}") for each in ("shelter", "line", "unit", "authority"))
DUE = "2026-03-10"
BEDS = NeedInput(from_organization="example-unit", service="night-shelter", place="GB-X-NORTH", tags=("female",))


async def asked(backend: Backend, **more: Any) -> dict[str, Any]:
    kind = "enter" if "facility" in more else "meet"
    row = await joint.ask(SHELTER, backend, "example-shelter", "example-unit", kind, "To see people", DUE, **more)
    return dict(row)


async def kinds(backend: Backend, days: int = 0) -> list[tuple[str, str, str | None]]:
    report = await gaps.coverage_gaps(OPERATOR, backend, days=days)
    found = [*report.gaps, *report.ahead]
    return [(gap.kind, gap.subject, gap.opens_on) for gap in found if gap.kind in ("request-overdue", "access-expired")]


async def test_a_request_is_answered_refused_withdrawn_or_a_gap(store: Store) -> None:
    backend = await filled(store)
    first = await asked(backend, facility="north-centre")
    assert (first["id"], first["state"], first["since"]) == ("request-1", "asked", "2026-03-03")
    second, third = await asked(backend), await asked(backend)
    assert ("request-overdue", "request-1", DUE) in await kinds(backend, 30)
    agreed = await joint.answer(UNIT, backend, "request-1", "agree", on="2026-03-12")
    assert (agreed["state"], agreed["on"], agreed["until"]) == ("agreed", "2026-03-12", "2026-03-03")
    with pytest.raises(Invalid) as why:
        await joint.answer(UNIT, backend, second["id"], "refuse")
    assert why.value.path == ("reason",)
    refused = await joint.answer(UNIT, backend, second["id"], "refuse", reason="The wing is closed")
    assert refused["answer"] == "The wing is closed"
    await joint.answer(SHELTER, backend, third["id"], "withdraw")
    for id in ("request-1", "request-2", "request-3"):
        with pytest.raises(Conflict):
            await joint.answer(UNIT, backend, id, "agree")
    assert await joint.requests(SHELTER, backend) == []
    assert len(await joint.requests(UNIT, backend, past=True)) == 3
    await asked(backend)
    late = at_time(backend, "2026-03-10T00:00:00.000Z")
    assert await kinds(late) == [("request-overdue", "request-4", None)]
    await joint.answer(UNIT, late, "request-4", "agree")
    assert await kinds(late) == []
    assert await audit.verify(OPERATOR, late) == []


async def test_who_may_ask_answer_and_see(store: Store) -> None:
    backend = await filled(store)
    await asked(backend)
    before = await dump(store)
    with pytest.raises(NotFound):
        await joint.ask(LINE, backend, "example-shelter", "example-unit", "meet", "x", DUE)
    for subject, verb in ((LINE, "agree"), (SHELTER, "agree"), (UNIT, "withdraw")):
        with pytest.raises(NotFound):
            await joint.answer(subject, backend, "request-1", verb)
    with pytest.raises(NotSignedIn):
        await joint.requests(ANONYMOUS, backend)
    for each, count in ((SHELTER, 1), (UNIT, 1), (AUTHORITY, 1), (member("example-police"), 0)):
        assert len(await joint.requests(each, backend)) == count
    for given, path in (
        (("example-shelter", "example-unit", "dance", "x", DUE), ("kind",)),
        (("example-shelter", "example-unit", "enter", "x", DUE), ("facility",)),
        (("example-shelter", "example-unit", "meet", "x", "2026-03-03"), ("due",)),
        (("example-shelter", "example-unit", "meet", "", DUE), ("reason",)),
    ):
        with pytest.raises(Invalid) as refused:
            await joint.ask(SHELTER, backend, *given)
        assert refused.value.path == path
    with pytest.raises(UnsafeText):
        await joint.ask(SHELTER, backend, "example-shelter", "example-unit", "meet", "Call +442079460101", DUE)
    for other, facility in (("example-nobody", None), ("example-former", None)):
        with pytest.raises(NotFound):
            await joint.ask(SHELTER, backend, "example-shelter", other, "meet", "x", DUE, facility=facility)
    with pytest.raises(NotFound):
        await joint.ask(SHELTER, backend, "example-shelter", "example-unit", "enter", "x", DUE, facility="south")
    assert await dump(store) == before


async def test_access_that_ends_is_seen_before(store: Store) -> None:
    backend = await filled(store)
    assert await kinds(backend, 366) == []
    soon = at_time(backend, "2027-05-10T10:00:00.000Z")
    assert await kinds(soon, 30) == [("access-expired", "line-in-centre", "2027-06-01")]
    (centre,) = await joint.facilities(LINE, backend)
    assert [may["organization"] for may in centre[1]] == ["example-line", "example-shelter"]
    assert len((await joint.facilities(LINE, backend, organization="example-line"))[0][1]) == 1
    assert await joint.facilities(LINE, backend, organization="example-unit") == []


async def test_turns_go_round_and_who_has_left_is_skipped(store: Store) -> None:
    backend = await filled(store)
    assert await duty.on_duty(SHELTER, backend, "shelter-desk") is None
    for sheet, id, columns in (
        ("contact_points", "shelter-desk", {"rota_every": "P1W", "rota_since": "2026-03-02"}),
        ("holders", "shelter-first", {"rota": "2"}),
        ("holders", "shelter-second", {"rota": "1"}),
    ):
        await proposing.edit(SHELTER, backend, sheet, id, columns)

    async def turn(day: str) -> str | None:
        row = await duty.on_duty(SHELTER, backend, "shelter-desk", on=day)
        return row["id"] if row else None

    days = ("2026-02-25", "2026-03-02", "2026-03-08", "2026-03-09", "2026-03-16")
    assert [await turn(day) for day in days] == [
        "shelter-first",
        "shelter-second",
        "shelter-second",
        "shelter-first",
        "shelter-second",
    ]
    sent = await sending.refer(OPERATOR, backend, BEDS, to="shelter-desk")
    seen = await referrals.referral(UNIT, backend, sent.referral["id"])
    # Whose turn it is answers for what comes, and hands it over when they leave.
    assert seen["handoffs"][0]["answered_by"]["id"] == "shelter-second"
    with pytest.raises(Invalid, match="nobody takes"):
        await ending.end(SHELTER, backend, "holder", "shelter-second")
    query = '{ contactPoint(key: "shelter-desk") { onDuty(on: "2026-03-09") { holder role } } }'
    assert (await ask(backend, query))["data"]["contactPoint"]["onDuty"] == {
        "holder": "shelter-first",
        "role": "primary",
    }
    await proposing.edit(SHELTER, backend, "holders", "shelter-first", {"until": "2026-03-05"})
    assert await turn("2026-03-09") == "shelter-second"
    with pytest.raises(Invalid) as refused:
        await proposing.edit(SHELTER, backend, "contact_points", "shelter-desk", {"rota_since": ""})
    assert refused.value.path == ("columns", "rota_since")


async def test_a_desk_for_some_task_forces_is_asked_by_these_only(store: Store) -> None:
    backend = await filled(store)
    await proposing.edit(SHELTER, backend, "contact_points", "shelter-desk", {"task_forces": "example-force-north"})
    await proposing.edit(LINE, backend, "contact_points", "line-desk", {"task_forces": "example-force-north"})
    done = await rounds.start(AUTHORITY, backend, "drill", DUE, task_force="example-force")
    desks = {link.contact_point for link in done.links}
    assert "shelter-desk" in desks, "the local one lies in the national one"
    north = await rounds.start(LINE, backend, "drill", DUE, task_force="example-force-north")
    assert "shelter-night-desk" in {link.contact_point for link in north.links}
    await proposing.edit(SHELTER, backend, "contact_points", "shelter-desk", {"task_forces": "example-force"})
    await rounds.close(LINE, backend, north.row["id"], early=True)
    again = await rounds.start(LINE, backend, "drill", DUE, task_force="example-force-north")
    assert "shelter-desk" not in {link.contact_point for link in again.links}


async def test_a_desk_that_has_closed_takes_nothing_and_one_from_a_distance_says_so(store: Store) -> None:
    backend = await filled(store)
    need = NeedInput(from_organization="example-unit", service="night-shelter", place="GB-X-NORTH", tags=("female",))

    async def found() -> dict[str, list[str]]:
        answer = (await finding.find(UNIT, backend, need)).finding
        return {each.contact_point.id: [str(text) for text in remarked(each)] for each in answer.candidates}

    await proposing.edit(SHELTER, backend, "contact_points", "shelter-night-desk", {"presence": "closed"})
    await proposing.edit(SHELTER, backend, "contact_points", "shelter-desk", {"presence": "remote"})
    shown = await found()
    assert list(shown) == ["shelter-desk"]
    assert any("from a distance" in text for text in shown["shelter-desk"])
    kinds = {gap.kind for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps}
    assert "desk-closed" in kinds


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        ({"kind": "community", "public": "no"}, "consented_on"),
        ({"kind": "community", "consented_on": "2026-02-01"}, "public"),
        ({"kind": "community", "consented_on": "2026-02-01", "public": "no"}, None),
        ({"kind": "community", "consented_on": "2026-02-01", "public_consent_on": "2026-02-01"}, None),
    ],
)
async def test_whom_a_community_trusts_agrees_first(store: Store, columns: dict[str, str], column: str | None) -> None:
    backend = await filled(store)
    changed = tiny_roster()
    row_of(changed, "contact_points", "line-desk").update(columns)
    done = await roster.import_roster(OPERATOR, backend, tables(changed))
    assert [error.column for error in done.errors] == ([column] if column else [])
