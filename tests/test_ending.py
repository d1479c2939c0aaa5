"""Nobody and nothing leaves the roster with open work that nobody takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NoChannel, NotFound, UnsafeText
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, Kind, NotSignedIn, Subject
from relaypoint.graph import Operation, Row, Step, Store
from relaypoint.resolvers import audit, ending, gaps, handoffs, referrals, roster, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.ending import Ended
from relaypoint.resolvers.leaving import WITHHELD
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import (
    Through,
    at_time,
    broken_roster_link,
    dump,
    filled,
    imported,
    make_backend,
    member,
    raw,
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
STRICT = NeedInput(
    from_organization="example-unit",
    service="housing",
    place="GB-X-NORTH",
    tags=("female",),
    confidentiality="strict",
)
SHELTER = member("example-shelter")
COORDINATOR = member("example-authority")
UNIT = member("example-unit")
WORK_KINDS = {"work-left", "work-unheld", "sender-ended"}


async def sent(backend: Backend, need: NeedInput = HOUSING, to: str = "shelter-desk") -> dict[str, Any]:
    return (await sending.refer(OPERATOR, backend, need, to=to)).referral


async def seen(backend: Backend, referral: dict[str, Any]) -> dict[str, Any]:
    return await referrals.referral(UNIT, backend, referral["id"])


async def of_work(backend: Backend, *, days: int = 0) -> list[tuple[str, str]]:
    """The gaps of open work, now or those ahead, each with its subject."""
    report = await gaps.coverage_gaps(OPERATOR, backend, days=days)
    return [(gap.kind, gap.subject) for gap in (report.ahead if days else report.gaps) if gap.kind in WORK_KINDS]


async def sound(backend: Backend) -> bool:
    return await audit.verify(OPERATOR, backend) == [] and await broken_roster_link(backend.store) is None


def takers(ended: Ended) -> list[str | None]:
    return [each.taker for each in ended.work]


# a tenure


async def by_two(backend: Backend, *args: Any, **more: Any) -> ending.Ended:
    """Said by the coordinator first, then done by the operator."""
    first = await ending.end(COORDINATOR, backend, *args, **more)
    assert (first.applied, first.waits) == (False, True)
    # Who coordinates is on none of the cases: they learn how many there are, and not which.
    assert {each.reference for each in first.work} <= {WITHHELD}
    return await ending.end(OPERATOR, backend, *args, **more)


async def test_a_holder_with_open_work_leaves_when_a_deputy_takes_it(store: Store) -> None:
    backend = await filled(store)
    referral = await sent(backend)
    (step,) = (await seen(backend, referral))["handoffs"]
    assert step["answered_by"]["id"] == "shelter-first"
    before = await dump(store)
    with pytest.raises(Invalid) as refused:
        await ending.end(SHELTER, backend, "holder", "shelter-first")
    assert (refused.value.message_id, refused.value.path) == ("end.open-work", ("to",))
    assert "shelter-second" in refused.value.remedy
    assert referral["reference"] in refused.value.message
    assert await dump(store) == before

    ended = await ending.end(SHELTER, backend, "holder", "shelter-first", to=["shelter-second"])
    assert (ended.applied, ended.overridden, takers(ended)) == (True, False, ["shelter-second"])
    (step,) = (await seen(backend, referral))["handoffs"]
    assert (step["status"], step["version"]) == ("requested", 2)
    assert step["answered_by"] == {"id": "shelter-second", "name": None, "role": "deputy"}
    told = await raw(store, "MATCH (n:Notice {kind: 'handed-over'})-[:FOR]->(d:ContactPoint) RETURN d.id AS desk")
    assert [row["desk"] for row in told] == ["shelter-desk"]
    kinds = [event.kind for event in await referrals.timeline(UNIT, backend, referral["id"])]
    assert kinds == ["referral-sent", "handoff-handed-over"]
    rows = await roster.export_roster(OPERATOR, backend)
    assert [row["until"] for row in rows["holders"]] == ["2026-03-03", None]
    assert await of_work(backend) == []
    assert await sound(backend)


async def test_who_takes_it_answers_for_it_and_not_the_next_in_order(store: Store) -> None:
    backend = await filled(store)
    changed = tiny_roster()
    changed["holders"].append({**row_of(changed, "holders", "shelter-second"), "id": "shelter-third", "rank": "3"})
    await imported(backend, changed)
    before = await sent(backend)
    await ending.end(SHELTER, backend, "holder", "shelter-first", to=["shelter-third"])
    after = await sent(backend)
    assert [(await seen(backend, each))["handoffs"][0]["answered_by"]["id"] for each in (before, after)] == [
        "shelter-third",
        "shelter-second",
    ]
    # Whoever took it over is who leaves it now; what others answer for is not asked about.
    dry = await ending.end(SHELTER, backend, "holder", "shelter-third", dry_run=True)
    assert [each.reference for each in dry.work] == [before["reference"]]


async def test_who_answers_for_nothing_leaves_freely(store: Store) -> None:
    backend = await filled(store)
    await sent(backend)
    ended = await ending.end(SHELTER, backend, "holder", "shelter-second")
    assert (ended.applied, ended.work) == (True, [])


async def test_only_a_holder_of_the_same_desk_takes_it(store: Store) -> None:
    backend = await filled(store)
    await sent(backend)
    for taker in ("shelter-first", "shelter-desk", "nobody"):
        with pytest.raises(Invalid) as refused:
            await ending.end(SHELTER, backend, "holder", "shelter-first", to=[taker])
        assert (refused.value.message_id, refused.value.path) == ("end.taker", ("to", "0"))
        assert refused.value.remedy == "Use one of: shelter-second."
    with pytest.raises(Invalid, match="One person"):
        await ending.end(SHELTER, backend, "holder", "shelter-first", to=["shelter-second", "shelter-second"])


async def test_the_last_holder_stays_until_there_is_a_successor_or_an_override(store: Store) -> None:
    backend = await filled(store)
    referral = await sent(backend)
    await ending.end(SHELTER, backend, "holder", "shelter-second")
    with pytest.raises(Invalid, match="nobody is named") as refused:
        await ending.end(OPERATOR, backend, "holder", "shelter-first")
    assert "Add a successor or deputy" in refused.value.remedy
    with pytest.raises(Invalid, match="Only a coordinator") as refused:
        await ending.end(SHELTER, backend, "holder", "shelter-first", override="They fell ill.")
    assert refused.value.path == ("override",)
    with pytest.raises(UnsafeText) as unsafe:
        await ending.end(OPERATOR, backend, "holder", "shelter-first", override="Call 020 7946 0101.")
    assert unsafe.value.span == (5, 18)

    ended = await by_two(backend, "holder", "shelter-first", override="They fell ill.")
    assert (ended.applied, ended.overridden, takers(ended)) == (True, True, [None])
    report = await gaps.coverage_gaps(OPERATOR, backend)
    (gap,) = (gap for gap in report.gaps if gap.kind in WORK_KINDS)
    assert (gap.kind, gap.subject, gap.organization) == ("work-left", "shelter-first", "example-shelter")
    assert "They fell ill." in gap.text
    assert gap.mend.command == "relaypoint end holder shelter-first --to TAKER"
    assert [each.stall.reason for each in await stalled.stalled(UNIT, backend)] == ["orphaned"]
    assert (await seen(backend, referral))["handoffs"][0]["answered_by"] is None

    # A successor comes; the same command settles what was left.
    changed = tiny_roster()
    for each in changed["holders"]:
        each["until"] = "2026-03-03"
    new = {"id": "shelter-new", "contact_point": "shelter-desk", "role": "primary", "rank": "1", "since": "2026-03-03"}
    changed["holders"].append(new)
    await imported(backend, changed)
    assert await of_work(backend) == [("work-left", "shelter-first")]
    settled = await ending.end(OPERATOR, backend, "holder", "shelter-first", to=["shelter-new"])
    assert takers(settled) == ["shelter-new"]
    assert await of_work(backend) == []
    with pytest.raises(Invalid, match="nothing left to hand over"):
        await ending.end(OPERATOR, backend, "holder", "shelter-second")
    assert await sound(backend)


# a contact point


async def test_a_desk_leaves_its_work_to_another_desk_of_the_same_body(store: Store) -> None:
    backend = await filled(store)
    waiting, begun = await sent(backend), await sent(backend)
    await handoffs.move_handoff(SHELTER, backend, begun["handoffs"][0]["id"], "accept")
    dry = await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=["shelter-night-desk"], dry_run=True)
    assert (dry.applied, takers(dry)) == (False, ["shelter-night-desk"] * 2)
    ended = await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=["shelter-night-desk"])
    assert (ended.applied, ended.overridden) == (True, False)
    for referral, status, reason in ((waiting, "rejected", "referred-onward"), (begun, "cancelled", "reassigned")):
        old, new = (await seen(backend, referral))["handoffs"]
        assert (old["status"], old["reason"], old["must_see"]) == (status, reason, False)
        assert (new["status"], new["contact_point"]["id"]) == ("requested", "shelter-night-desk")
        kinds = [event.kind for event in await referrals.timeline(UNIT, backend, referral["id"])]
        assert kinds[-2:] == ["handoff-reassigned", "handoff-sent-on"]
        # The new desk can do its work.
        await handoffs.move_handoff(SHELTER, backend, new["id"], "accept")
    follows = await raw(store, "MATCH (a:Handoff)-[:CONTINUES]->(b:Handoff) RETURN a.id AS a, b.id AS b")
    assert len(follows) == 2
    told = await raw(
        store, "MATCH (n:Notice)-[:FOR]->(d:ContactPoint) RETURN n.kind AS kind, d.id AS desk ORDER BY n.id"
    )
    assert [(row["kind"], row["desk"]) for row in told if row["desk"] == "shelter-night-desk"] == [
        ("requested", "shelter-night-desk")
    ] * 2
    assert await of_work(backend) == []
    assert await stalled.stalled(UNIT, backend) == []
    assert await sound(backend)


@pytest.mark.parametrize("need", [AVOIDING, STRICT], ids=["avoided", "not safe enough"])
async def test_what_bound_the_case_binds_its_way_on(store: Store, need: NeedInput) -> None:
    backend = await filled(store)
    free, bound = await sent(backend), await sent(backend, need)
    dry = await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=["shelter-night-desk"], dry_run=True)
    assert {each.reference: each.taker for each in dry.work} == {
        free["reference"]: "shelter-night-desk",
        bound["reference"]: None,
    }
    (barred,) = (each for each in dry.work if each.taker is None)
    # The two reasons read alike: who avoids whom is not told.
    assert barred.text == "by its conditions it can't go there; its sender has to decide"
    with pytest.raises(Invalid, match=bound["reference"]):
        await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=["shelter-night-desk"])
    ended = await by_two(
        backend, "contact-point", "shelter-desk", to=["shelter-night-desk"], override="The office burnt down."
    )
    assert sorted(takers(ended), key=str) == [None, "shelter-night-desk"]
    assert [step["status"] for step in (await seen(backend, bound))["handoffs"]] == ["requested"]
    assert await of_work(backend) == [("work-left", "shelter-desk")]
    # The sender sends it elsewhere: then it is settled.
    await handoffs.move_handoff(UNIT, backend, bound["handoffs"][0]["id"], "cancel", reason="sent-elsewhere")
    assert await of_work(backend) == []
    assert await sound(backend)


async def test_nothing_goes_to_another_body(store: Store) -> None:
    backend = await filled(store)
    await sent(backend)
    with pytest.raises(Invalid) as refused:
        await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=["line-desk"])
    assert refused.value.message_id == "end.taker"
    assert refused.value.remedy == "Use one of: shelter-night-desk."


async def test_a_case_that_cannot_be_read_stays(store: Store) -> None:
    backend = await filled(store)
    referral = await sent(backend)
    await store.write([Step("roster_settle", {})])
    await raw_write(store, f"MATCH (k:CaseKey {{id: '{referral['id']}'}}) SET k.sealed_key = 'broken'")
    dry = await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=["shelter-night-desk"], dry_run=True)
    assert [(each.taker, "can't be read" in each.text) for each in dry.work] == [(None, True)]


async def raw_write(store: Store, text: str) -> None:
    await store.apply([text])


# an organization


async def test_an_organization_leaves_its_work_to_its_successor(store: Store) -> None:
    backend = await filled(store)
    changed = tiny_roster()
    changed["organizations"].append(
        {"id": "example-heir", "name": "Example Heir", "kind": "cso", "jurisdictions": "GB"}
    )
    changed["contact_points"].append(
        {**row_of(changed, "contact_points", "shelter-night-desk"), "id": "heir-desk", "organization": "example-heir"}
    )
    changed["channels"].append(
        {**row_of(changed, "channels", "night-phone"), "id": "heir-phone", "contact_point": "heir-desk"}
    )
    changed["channels"][-1]["address"] = "+442079460104"
    changed["services"].append(
        {**row_of(changed, "services", "shelter-beds"), "id": "heir-beds", "organization": "example-heir"}
    )
    await imported(backend, changed)
    referral = await sent(backend)
    with pytest.raises(NotFound):
        await ending.end(SHELTER, backend, "organization", "example-shelter")
    with pytest.raises(Invalid, match="can't take"):
        await ending.end(OPERATOR, backend, "organization", "example-shelter", to=["heir-desk"])
    ended = await by_two(backend, "organization", "example-shelter", replaced_by=["example-heir"], to=["heir-desk"])
    assert takers(ended) == ["heir-desk"]
    _, new = (await seen(backend, referral))["handoffs"]
    assert (new["contact_point"]["id"], new["receiver"]["id"]) == ("heir-desk", "example-heir")
    rows = {row["id"]: row for row in (await roster.export_roster(OPERATOR, backend))["organizations"]}
    assert (rows["example-shelter"]["until"], rows["example-shelter"]["replaced_by"]) == (
        "2026-03-03",
        ["example-heir"],
    )
    assert await sound(backend)


async def test_what_an_organization_sent_is_told_before_it_leaves(store: Store) -> None:
    backend = await filled(store)
    referral = await sent(backend)
    with pytest.raises(Invalid, match="sent by this organization itself"):
        await ending.end(OPERATOR, backend, "organization", "example-unit")
    await by_two(backend, "organization", "example-unit", override="It was dissolved.")
    assert await of_work(backend) == [("work-left", "example-unit")]
    await handoffs.move_handoff(SHELTER, backend, referral["handoffs"][0]["id"], "accept")
    await handoffs.move_handoff(SHELTER, backend, referral["handoffs"][0]["id"], "complete")
    assert await of_work(backend) == []


async def test_a_successor_that_does_not_exist_is_told_by_its_field(store: Store) -> None:
    backend = await filled(store)
    with pytest.raises(Invalid) as refused:
        await ending.end(OPERATOR, backend, "organization", "example-shelter", replaced_by=["example-line2"])
    assert (refused.value.message_id, refused.value.path) == ("roster.unknown-reference", ("replacedBy",))
    assert "example-line" in refused.value.remedy
    with pytest.raises(Invalid) as refused:
        await ending.end(OPERATOR, backend, "holder", "shelter-first", replaced_by=["example-line"])
    assert refused.value.path == ("replacedBy",)


# a task force


async def test_a_task_force_closes_when_its_open_work_has_a_coordinator_elsewhere(store: Store) -> None:
    backend = await filled(store)
    referral = await sent(backend)  # Unit and shelter share both task forces.
    ended = await by_two(backend, "task-force", "example-force-north")
    assert (ended.applied, ended.work) == (True, [])
    with pytest.raises(Invalid, match="share no other task force") as refused:
        await ending.end(OPERATOR, backend, "task-force", "example-force")
    assert referral["reference"] in refused.value.message
    await by_two(backend, "task-force", "example-force", override="The government ended it.")
    assert await of_work(backend) == [("work-left", "example-force")]
    await handoffs.move_handoff(UNIT, backend, referral["handoffs"][0]["id"], "cancel", reason="no-longer-needed")
    assert await of_work(backend) == []


# by an import


@pytest.mark.parametrize(
    ("sheet", "id", "column"),
    [
        ("contact_points", "shelter-desk", "until"),
        ("organizations", "example-shelter", "until"),
        ("holders", "shelter-first", "until"),
        ("holders", "shelter-first", "contact_point"),
    ],
)
async def test_no_import_leaves_work_behind(store: Store, sheet: str, id: str, column: str) -> None:
    backend = await filled(store)
    await sent(backend)
    changed = tiny_roster()
    if sheet == "holders":
        row_of(changed, "holders", "shelter-second")["until"] = "2026-03-01"
    row_of(changed, sheet, id)[column] = "2026-03-03" if column == "until" else "unit-desk"
    before = await dump(store)
    done = await roster.import_roster(OPERATOR, backend, tables(changed))
    assert not done.applied
    (error,) = done.errors
    assert (error.message_id, error.file) == ("roster.open-work", f"{sheet}.csv")
    assert "relaypoint end" in error.remedy
    assert await dump(store) == before


async def test_an_import_may_end_what_holds_no_work_and_what_ends_later_is_a_gap_ahead(store: Store) -> None:
    backend = await filled(store)
    await sent(backend)
    changed = tiny_roster()
    row_of(changed, "contact_points", "shelter-night-desk")["until"] = "2026-03-03"
    row_of(changed, "contact_points", "shelter-desk")["until"] = "2026-03-20"
    await imported(backend, changed)
    assert await of_work(backend) == []
    assert await of_work(backend, days=30) == [("work-unheld", "shelter-desk")]
    assert await of_work(backend, days=10) == []
    # The day comes, and nobody has acted.
    later = at_time(backend, "2026-03-20T10:00:00.000Z")
    assert await of_work(later) == [("work-unheld", "shelter-desk")]
    settled = await by_two(later, "contact-point", "shelter-desk", override="It moved.")
    assert takers(settled) == [None]


async def test_what_falls_ill_is_noted_all_the_same(store: Store) -> None:
    backend = await filled(store)
    await sent(backend)
    changed = tiny_roster()
    for id in ("shelter-first", "shelter-second"):
        changed["absences"].append({"id": f"{id}-ill", "holder": id, "since": "2026-03-01", "until": "2026-03-09"})
    await imported(backend, changed)
    assert await of_work(backend) == [("work-unheld", "shelter-desk")]


# who may, twice, at once


@pytest.mark.parametrize("subject", [UNIT, member("example-police"), Subject(Kind.OPERATOR, "example-police")])
async def test_another_body_ends_nothing_and_learns_nothing(store: Store, subject: Subject) -> None:
    backend = await filled(store)
    await sent(backend)
    for kind, id in (("holder", "shelter-first"), ("contact-point", "shelter-desk"), ("task-force", "example-force")):
        with pytest.raises(NotFound) as there:
            await ending.end(subject, backend, kind, id, dry_run=True)
        with pytest.raises(NotFound) as missing:
            await ending.end(subject, backend, kind, f"{id}-x", dry_run=True)
        assert there.value.message == missing.value.message.replace(f"{id}-x", id)
    with pytest.raises(NotSignedIn):
        await ending.end(ANONYMOUS, backend, "holder", "shelter-first")
    with pytest.raises(Invalid, match="nothing that can be ended"):
        await ending.end(OPERATOR, backend, "channel", "shelter-mail")


async def test_a_repeat_under_its_key_is_told_the_same(store: Store) -> None:
    backend = await filled(store)
    await sent(backend)
    first = await ending.end(SHELTER, backend, "holder", "shelter-first", to=["shelter-second"], idempotency_key="once")
    before = await dump(store)
    again = await ending.end(SHELTER, backend, "holder", "shelter-first", to=["shelter-second"], idempotency_key="once")
    assert (again.work, again.name, again.day) == ([each.told() for each in first.work], first.name, first.day)
    assert await dump(store) == before


class Meanwhile(Through):
    """Does something else just before the first write of an ending."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.first: Any = None

    async def write(self, steps: Any, operation: Operation | None = None) -> list[list[Row]]:
        if self.first is not None and any(step.statement == "roster_lock" for step in steps):
            first, self.first = self.first, None
            await first()
        return await self.inner.write(steps, operation)


async def test_work_that_comes_meanwhile_is_not_left_behind(store: Store) -> None:
    between = Meanwhile(store)
    backend = await filled(between)
    other = make_backend(store, vault=backend.vault)

    async def refer() -> None:
        await sent(other)

    between.first = refer
    with pytest.raises(Invalid, match="nobody takes: 1"):
        await ending.end(SHELTER, backend, "contact-point", "shelter-desk")
    # An import that found no work there must not end the desk either.
    changed = tiny_roster()
    row_of(changed, "contact_points", "shelter-night-desk")["until"] = "2026-03-03"

    async def refer_at_night() -> None:
        await sent(other, to="shelter-night-desk")

    between.first = refer_at_night
    with pytest.raises(Conflict):
        await roster.import_roster(OPERATOR, backend, tables(changed))
    done = await roster.import_roster(OPERATOR, backend, tables(changed))
    assert [error.message_id for error in done.errors] == ["roster.open-work"]


async def test_of_many_endings_and_moves_at_once_nothing_is_lost(store: Store) -> None:
    backend = await filled(store)
    sents = [await sent(backend) for _ in range(4)]

    async def attempt(work: Any) -> bool:
        try:
            await work
        except (Conflict, Invalid, NoChannel):
            return False
        return True

    to = ["shelter-night-desk"]
    tries = [
        *(ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=to) for _ in range(2)),
        *(handoffs.move_handoff(SHELTER, backend, each["handoffs"][0]["id"], "accept") for each in sents),
        *(sending.refer(UNIT, backend, HOUSING, to="shelter-desk") for _ in range(2)),
    ]
    done = await asyncio.gather(*(attempt(each) for each in tries))
    assert sum(done[:2]) <= 1
    if not any(done[:2]):
        await ending.end(SHELTER, backend, "contact-point", "shelter-desk", to=to)
    rows = await raw(store, "MATCH (d:ContactPoint)-[:HOLDS_OPEN]->(h:Handoff) RETURN d.id AS desk, h.id AS id")
    assert {row["desk"] for row in rows} == {"shelter-night-desk"}
    assert len(rows) >= len(sents)
    for each in sents:
        assert sum(step["status"] == "requested" for step in (await seen(backend, each))["handoffs"]) == 1
    assert await sound(backend)
