"""What a body says of itself holds for a time, and is unknown again after it."""

from __future__ import annotations

from typing import Any

import pytest

from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, NotSignedIn
from relaypoint.graph import Store
from relaypoint.resolvers import finding, gaps, operational, roster
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import Answer
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import at_time, dump, filled, member, remarked, tables, tiny_roster
from relaypoint.tests.helpers import row as row_of

BEDS = NeedInput(from_organization="example-unit", service="night-shelter", place="GB-X-NORTH", tags=("female",))
SHELTER = member("example-shelter")


async def found(backend: Backend) -> Answer:
    return await finding.find(member("example-unit"), backend, BEDS)


async def said(backend: Backend, state: str, **more: Any) -> Any:
    return await operational.set_status(SHELTER, backend, "example-shelter", state, **more)


async def test_what_has_closed_is_ruled_out_until_it_has_run_out(store: Store) -> None:
    backend = await filled(store)
    assert (await found(backend)).finding.candidates
    row = await said(backend, "closed")
    assert (row["since"], row["until"], row["service"]) == ("2026-03-03", "2026-03-17", None)
    answer = await found(backend)
    assert answer.finding.candidates == ()
    (out,) = (each for each in answer.finding.excluded if each.service.id == "shelter-beds")
    assert [reason.code for reason in out.reasons] == ["closed"]
    assert "2026-03-17" in out.reasons[0].text
    kinds = {(gap.kind, gap.service_type) for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps}
    assert ("place-uncovered", "night-shelter") in kinds

    later = at_time(backend, "2026-03-17T10:00:00.000Z")
    assert (await found(later)).finding.candidates
    kinds = {(gap.kind, gap.service_type) for gap in (await gaps.coverage_gaps(OPERATOR, later)).gaps}
    assert ("place-uncovered", "night-shelter") not in kinds


@pytest.mark.parametrize(("state", "text"), [("limited", "limited way"), ("remote", "from a distance"), ("open", None)])
async def test_what_is_limited_says_so(store: Store, state: str, text: str | None) -> None:
    backend = await filled(store)
    await said(backend, state)
    (candidate, *_) = (await found(backend)).finding.candidates
    assert any(text in each for each in remarked(candidate)) if text else len(remarked(candidate)) == 1


async def test_what_is_said_of_a_service_goes_before_what_is_said_of_the_whole(store: Store) -> None:
    backend = await filled(store)
    await said(backend, "closed")
    await said(backend, "open", service="Shelter-Beds", capacity="full", needs=["staff"])
    answer = await found(backend)
    (out,) = (each for each in answer.finding.excluded if each.service.id == "shelter-beds")
    assert [reason.code for reason in out.reasons] == ["full"]
    # Said anew, it takes the place of what was said before; the whole stays as it was.
    await said(backend, "open", service="shelter-beds")
    assert (await found(backend)).finding.candidates
    rows = (await roster.export_roster(OPERATOR, backend))["operational_statuses"]
    states = {(row["service"], row["state"], row["until"]) for row in rows}
    assert {(None, "closed", "2026-03-17"), ("shelter-beds", "open", "2026-03-17")} == states


async def test_the_overview_counts_who_can_still_operate(store: Store) -> None:
    backend = await filled(store)
    assert (await operational.overview(OPERATOR, backend)).organizations == {"unknown": 3}
    await said(backend, "limited", needs=["staff", "funding"])
    await operational.set_status(member("example-line"), backend, "example-line", "remote", needs=["staff"])
    seen = await operational.overview(member("example-unit"), backend, kind="cso")
    assert seen.organizations == {"limited": 1, "remote": 1}
    assert seen.needs == {"staff": 2, "funding": 1}
    assert [(cell.service_type, cell.place, dict(cell.counts)) for cell in seen.cells] == [
        ("advice", "GB", {"remote": 1}),
        ("night-shelter", "GB-X-NORTH", {"limited": 1}),
        ("night-shelter", "GB-X-SOUTH", {"limited": 1}),
    ]
    near = await operational.overview(OPERATOR, backend, place="gb-x-north", service_type="night-shelter")
    assert {cell.service_type for cell in near.cells} == {"night-shelter"}
    with pytest.raises(NotFound):
        await operational.overview(OPERATOR, backend, place="GB-X-WEST")
    later = at_time(backend, "2026-04-01T10:00:00.000Z")
    assert (await operational.overview(OPERATOR, later, kind="cso")).organizations == {"unknown": 2}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"state": "shut"}, ("state",)),
        ({"capacity": "some"}, ("capacity",)),
        ({"needs": ["staf"]}, ("needs",)),
        ({"service": "line-advice"}, ("service",)),
        ({"service": "nothing"}, ("service",)),
        ({"until": "2026-03-03"}, ("until",)),
        ({"until": "2026-05-01"}, ("until",)),
        ({"until": "next week"}, ("until",)),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(store: Store, given: dict[str, Any], path: tuple[str, ...]) -> None:
    backend = await filled(store)
    before = await dump(store)
    with pytest.raises(Invalid) as refused:
        await said(backend, **{"state": "open", **given})
    assert refused.value.path == path
    assert refused.value.remedy
    assert await dump(store) == before


async def test_only_the_organization_says_it_of_itself(store: Store) -> None:
    backend = await filled(store)
    for subject in (member("example-line"), member("example-police")):
        with pytest.raises(NotFound):
            await operational.set_status(subject, backend, "example-shelter", "closed")
    with pytest.raises(NotSignedIn):
        await operational.set_status(ANONYMOUS, backend, "example-shelter", "closed")
    changed = tiny_roster()
    row_of(changed, "operational_statuses", "shelter-in-august")["service"] = "line-advice"
    done = await roster.import_roster(OPERATOR, backend, tables(changed))
    assert [error.message_id for error in done.errors] == ["roster.another-service"]


async def test_a_repeat_says_the_same(store: Store) -> None:
    backend = await filled(store)
    first = await said(backend, "limited", idempotency_key="once")
    before = await dump(store)
    assert await said(backend, "limited", idempotency_key="once") == first
    # Without a key as well: nothing differs, so nothing is written.
    assert await said(backend, "limited") == first
    assert await dump(store) == before
