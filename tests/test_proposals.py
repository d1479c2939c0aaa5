"""One's own entries are changed at once; others' only when their owner or the coordinator agrees."""

from __future__ import annotations

from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, NotFound, UnsafeText
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, NotSignedIn, Subject
from relaypoint.domain.roster import SHEETS
from relaypoint.graph import Store
from relaypoint.resolvers import audit, finding, proposals, proposing, roster, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.proposing import Outcome
from relaypoint.tests.helpers import dump, filled, member, tables

SHELTER, LINE, UNIT, POLICE = (member(f"example-{each}") for each in ("shelter", "line", "unit", "police"))
#: Of the two task forces that the shelter is in.
COORDINATORS = ["example-authority", "example-line"]
#: It coordinates nothing, and owns nothing of what is changed here.
STRANGER = POLICE
#: Its desk coordinates the task force that shelter, line and unit are members of.
COORDINATOR = member("example-authority")


async def edit(
    subject: Subject, backend: Backend, sheet: str, id: str, *, new: bool = False, **columns: str
) -> Outcome:
    return await proposing.edit(subject, backend, sheet, id, columns, new=new)


async def stored(backend: Backend, sheet: str, id: str) -> dict[str, Any]:
    return next(row for row in (await roster.export_roster(OPERATOR, backend))[sheet] if row["id"] == id)


async def test_ones_own_entries_change_at_once(store: Store) -> None:
    backend = await filled(store)
    done = await edit(SHELTER, backend, "channels", "shelter-phone", address="+44 20 7946 0109", rank="1")
    assert done.applied
    assert [(each.column, each.before, each.after) for each in done.changes] == [
        ("address", "+442079460101", "+442079460109"),
        ("rank", "2", "1"),
    ]
    assert (await stored(backend, "channels", "shelter-phone"))["address"] == "+442079460109"
    added = await edit(
        SHELTER,
        backend,
        "channels",
        "shelter-b",
        contact_point="shelter-desk",
        kind="email",
        address="b@example.org",
        new=True,
    )
    assert added.applied
    assert (await stored(backend, "channels", "shelter-b"))["state"] == "unproven"
    again = await edit(SHELTER, backend, "channels", "shelter-phone", rank="1")
    assert (again.applied, again.changes) == (True, [])
    assert await proposals.proposals(OPERATOR, backend) == []
    assert await audit.verify(OPERATOR, backend) == []


@pytest.mark.parametrize(
    ("subject", "sheet", "id", "columns", "deciders"),
    [
        (
            UNIT,
            "channels",
            "shelter-phone",
            {"address": "+442079460109"},
            ["example-authority", "example-line", "example-shelter"],
        ),
        (SHELTER, "task_forces", "example-force", {"name": "Another name"}, ["example-authority"]),
        (SHELTER, "task_forces", "example-force-north", {"coordinator": ""}, COORDINATORS),
        (SHELTER, "memberships", "unit-in-force", {"standing": "observer"}, ["example-authority"]),
        (UNIT, "pathways", "unit-to-shelter", {"citation": "Agreement 2"}, COORDINATORS),
        (LINE, "jurisdictions", "GB-X-NORTH", {"name": "North"}, ["example-authority"]),
        # What a body is, others rely on: it does not say so alone.
        (SHELTER, "organizations", "example-shelter", {"kind": "police"}, COORDINATORS),
        (SHELTER, "organizations", "example-shelter", {"status": "suspended"}, COORDINATORS),
        # Nor how its task force lies in the whole.
        (LINE, "task_forces", "example-force-north", {"jurisdiction": "GB"}, COORDINATORS),
    ],
)
async def test_others_entries_change_when_they_agree(
    store: Store, subject: Subject, sheet: str, id: str, columns: dict[str, str], deciders: list[str]
) -> None:
    backend = await filled(store)
    before = await stored(backend, sheet, id)
    done = await proposing.edit(subject, backend, sheet, id, columns, reason="It reads so on their page.")
    assert not done.applied
    assert done.proposal is not None
    assert await stored(backend, sheet, id) == before
    left = [each for each in deciders if each != subject.organization]
    assert done.proposal.deciders == left
    for body in left:
        (seen,) = await proposals.proposals(member(body), backend)
        assert seen.may_decide
    (own,) = await proposals.proposals(subject, backend)
    assert not own.may_decide
    assert await proposals.proposals(STRANGER, backend) == []
    accepted = await proposing.decide(member(left[0]), backend, done.proposal.row["id"], "accept")
    assert (accepted.row["state"], accepted.row["until"]) == ("accepted", "2026-03-03")
    (column, value), *_ = columns.items()
    assert (await stored(backend, sheet, id))[column] == (value or None)
    assert await proposals.proposals(OPERATOR, backend) == []
    assert len(await proposals.proposals(OPERATOR, backend, past=True)) == 1
    assert await audit.verify(OPERATOR, backend) == []


async def test_the_coordinator_changes_members_entries_at_once(store: Store) -> None:
    backend = await filled(store)
    assert (await edit(COORDINATOR, backend, "channels", "shelter-phone", state="dead")).applied
    assert (await edit(COORDINATOR, backend, "task_forces", "example-force", name="Force")).applied
    # But does not decide alone on what it is itself.
    own = await edit(COORDINATOR, backend, "organizations", "example-authority", kind="government")
    assert own.proposal is not None
    assert own.proposal.deciders == []
    assert (await proposing.decide(OPERATOR, backend, own.proposal.row["id"], "accept")).row["state"] == "accepted"


async def test_declined_and_withdrawn_leave_the_entry_as_it_is(store: Store) -> None:
    backend = await filled(store)
    before = await stored(backend, "channels", "shelter-phone")
    first = (await edit(UNIT, backend, "channels", "shelter-phone", state="dead")).proposal
    second = (await edit(UNIT, backend, "channels", "shelter-phone", rank="9")).proposal
    assert first is not None
    assert second is not None
    with pytest.raises(Invalid) as refused:
        await proposing.decide(SHELTER, backend, first.row["id"], "decline")
    assert refused.value.path == ("reason",)
    declined = await proposing.decide(SHELTER, backend, first.row["id"], "decline", reason="It rings again.")
    assert (declined.row["state"], declined.row["answer"]) == ("declined", "It rings again.")
    with pytest.raises(Invalid) as others:
        await proposing.decide(SHELTER, backend, second.row["id"], "withdraw")
    assert others.value.path == ("verb",)
    with pytest.raises(Invalid):
        await proposing.decide(UNIT, backend, second.row["id"], "accept")
    assert (await proposing.decide(UNIT, backend, second.row["id"], "withdraw")).row["state"] == "withdrawn"
    for verb in ("accept", "decline"):
        with pytest.raises(Conflict) as over:
            await proposing.decide(SHELTER, backend, first.row["id"], verb, reason="Anew")
        assert over.value.message_id == "proposal.decided"
    assert await stored(backend, "channels", "shelter-phone") == before


async def test_what_was_changed_since_is_not_overwritten(store: Store) -> None:
    backend = await filled(store)
    made = (await edit(UNIT, backend, "channels", "shelter-phone", address="+442079460109")).proposal
    assert made is not None
    await edit(SHELTER, backend, "channels", "shelter-phone", address="+442079460110")
    (seen,) = await proposals.proposals(SHELTER, backend)
    assert seen.stale
    with pytest.raises(Conflict) as stale:
        await proposing.decide(SHELTER, backend, made.row["id"], "accept")
    assert stale.value.message_id == "proposal.stale"
    # What else the row holds may change.
    await edit(SHELTER, backend, "channels", "shelter-phone", address="+442079460101", rank="5")
    assert (await proposing.decide(SHELTER, backend, made.row["id"], "accept")).row["state"] == "accepted"
    row = await stored(backend, "channels", "shelter-phone")
    assert (row["address"], row["rank"]) == ("+442079460109", 5)


@pytest.mark.parametrize(
    ("sheet", "id", "columns", "path"),
    [
        ("channel", "shelter-phone", {"rank": "1"}, ("sheet",)),
        ("rounds", "shelter-phone", {"rank": "1"}, ("sheet",)),
        ("contingencies", "summer-flood", {"reason": "x"}, ("sheet",)),
        ("channels", "shelter-phone", {}, ("columns",)),
        ("channels", "shelter-phone", {"adress": "+442079460109"}, ("columns", "adress")),
        ("channels", "shelter-phone", {"id": "other"}, ("columns", "id")),
        ("channels", "shelter-phone", {"address": "12"}, ("columns", "address")),
        ("channels", "shelter-phone", {"contact_point": "line-desk"}, ("columns", "contact_point")),
        ("memberships", "unit-in-north", {"organization": "example-authority"}, ("columns", "organization")),
        ("channels", "shelter-phone", {"RANK": "1", "rank ": "2"}, ("columns", "rank ")),
        ("channels", "\u200bshelter-phon", {"rank": "1"}, ("id",)),
        ("channels", "shelter-phone", {"kind": ""}, ("columns", "kind")),
        ("channels", "shelter-phon", {"rank": "1"}, ("id",)),
        ("channels", "shelter-phone", {"proven_on": "2026-03-04"}, ("columns", "proven_on")),
        ("holders", "shelter-first", {"confirmed_on": "2030-01-01"}, ("columns", "confirmed_on")),
        ("holders", "shelter-first", {"until": "2026-03-03"}, ("columns", "until")),
        ("contact_points", "shelter-desk", {"until": "2026-02-01"}, ("columns", "until")),
        ("organizations", "example-shelter", {"until": "2026-03-03"}, ("columns", "until")),
        ("task_forces", "example-force", {"until": "2026-03-03"}, ("columns", "until")),
        ("contact_points", "shelter-desk", {"organization": "example-line"}, ("columns", "organization")),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(
    store: Store, sheet: str, id: str, columns: dict[str, str], path: tuple[str, ...]
) -> None:
    backend = await filled(store)
    before = await dump(store)
    for subject in (SHELTER, LINE):
        with pytest.raises((Invalid, NotFound)) as refused:
            await proposing.edit(subject, backend, sheet, id, columns)
        assert refused.value.path == path
        assert refused.value.remedy
    assert await dump(store) == before


@pytest.mark.parametrize(
    ("id", "columns", "path"),
    [
        ("new", {"rank": "1"}, ("columns", "contact_point")),
        ("nö", {"contact_point": "shelter-desk", "kind": "in-person"}, ("id",)),
        ("shelter-phone", {"contact_point": "shelter-desk", "kind": "in-person"}, ("id",)),
    ],
)
async def test_what_is_new_is_said_to_be(store: Store, id: str, columns: dict[str, str], path: tuple[str, ...]) -> None:
    backend = await filled(store)
    before = await dump(store)
    with pytest.raises(Invalid) as refused:
        await proposing.edit(SHELTER, backend, "channels", id, columns, new=True)
    assert refused.value.path == path
    assert await dump(store) == before


async def test_what_was_shown_of_an_address_goes_with_it(store: Store) -> None:
    backend = await filled(store)
    proof: dict[str, Any] = {"state": "working", "proven_on": "2026-03-01", "proven_how": "called"}
    await edit(SHELTER, backend, "channels", "shelter-phone", **proof)
    done = await edit(SHELTER, backend, "channels", "shelter-phone", address="+442079460109")
    assert {each.column for each in done.changes} == {"address", "state", "proven_on", "proven_how"}
    row = await stored(backend, "channels", "shelter-phone")
    assert (row["state"], row["proven_on"], row["proven_how"]) == ("unproven", None, None)
    # Nor does another's proposal keep it, once it is accepted; what is said of the new one stays.
    made = (await edit(UNIT, backend, "channels", "night-phone", address="+442079460110")).proposal
    assert made is not None
    await proposing.decide(SHELTER, backend, made.row["id"], "accept")
    assert (await stored(backend, "channels", "night-phone"))["state"] == "unproven"
    await edit(SHELTER, backend, "channels", "shelter-phone", address="+442079460111", **proof)
    assert (await stored(backend, "channels", "shelter-phone"))["proven_on"] == "2026-03-01"
    await edit(SHELTER, backend, "services", "shelter-beds", capacity="full")
    assert (await stored(backend, "services", "shelter-beds"))["capacity_as_of"] == "2026-03-03"
    # The same address, written another way, is no other.
    await edit(SHELTER, backend, "channels", "shelter-phone", address="+442079460111")
    assert (await stored(backend, "channels", "shelter-phone"))["state"] == "working"


async def test_reasons_hold_no_personal_data(store: Store) -> None:
    backend = await filled(store)
    with pytest.raises(UnsafeText):
        await proposing.edit(LINE, backend, "channels", "shelter-phone", {"rank": "1"}, reason="Ask a@b.example.org")


async def test_nobody_leaves_work_behind_by_an_edit(store: Store) -> None:
    backend = await filled(store)
    need = NeedInput(from_organization="example-unit", service="night-shelter", place="GB-X-NORTH", tags=("female",))
    await sending.refer(UNIT, backend, need, to="shelter-desk")
    with pytest.raises(Invalid) as refused:
        await edit(SHELTER, backend, "holders", "shelter-second", until="2026-03-03")
    assert (refused.value.message_id, refused.value.path) == ("edit.end", ("columns", "until"))
    assert refused.value.remedy == "Use: relaypoint end holder shelter-second"
    # What is to come may be said; it is a gap ahead until somebody takes the work.
    assert (await edit(SHELTER, backend, "holders", "shelter-second", until="2026-03-05")).applied
    # Nor by agreeing to somebody else's, when the day has come.
    made = (await edit(UNIT, backend, "holders", "shelter-first", until="2026-03-10")).proposal
    assert made is not None
    late = backend.__class__(store, lambda: backend.clock().replace(day=20), backend.vault)
    with pytest.raises(Invalid) as left:
        await proposing.decide(SHELTER, late, made.row["id"], "accept")
    assert left.value.message_id == "roster.open-work"
    assert (await finding.find(UNIT, late, need)).finding.candidates


@pytest.mark.parametrize(("sheet", "id"), [("organizations", "example-line"), ("task_forces", "example-force-north")])
async def test_no_edit_ends_a_body_or_a_force_alone(store: Store, sheet: str, id: str) -> None:
    backend = await filled(store)
    for subject in (COORDINATOR, OPERATOR):
        made = (await edit(subject, backend, sheet, id, until="2026-06-01")).proposal
        assert made is not None
        with pytest.raises(Invalid):
            await proposing.decide(subject, backend, made.row["id"], "accept")
    assert (await stored(backend, sheet, id))["until"] is None


async def test_a_preview_and_a_repeat_change_nothing(store: Store) -> None:
    backend = await filled(store)
    before = await dump(store)
    seen = await proposing.edit(UNIT, backend, "channels", "shelter-phone", {"rank": "7"}, preview=True)
    assert (seen.applied, seen.proposal, [each.after for each in seen.changes]) == (False, None, ["7"])
    assert await dump(store) == before
    for subject in (UNIT, LINE):
        once = await proposing.edit(subject, backend, "channels", "line-mail", {"rank": "7"}, idempotency_key="k")
        kept = await dump(store)
        assert (
            await proposing.edit(subject, backend, "channels", "line-mail", {"rank": "7"}, idempotency_key="k") == once
        )
        assert await dump(store) == kept
    made = await proposals.proposals(UNIT, backend)
    assert len(made) == 1
    with pytest.raises(NotSignedIn):
        await edit(ANONYMOUS, backend, "channels", "line-mail", rank="1")
    with pytest.raises(NotFound):
        await proposing.decide(POLICE, backend, made[0].row["id"], "accept")


async def test_proposals_are_in_no_file(store: Store) -> None:
    backend = await filled(store)
    await edit(UNIT, backend, "channels", "shelter-phone", rank="7")
    exported = await roster.export_roster(OPERATOR, backend)
    assert set(exported) == set(SHEETS)
    forged = {"proposals": [{"id": "forged", "on_sheet": "channels", "row": "line-mail", "columns": "{}", "was": "{}"}]}
    before = await dump(store)
    done = await roster.import_roster(OPERATOR, backend, tables(forged))
    assert [error.message_id for error in done.errors] == ["roster.unknown-file"]
    assert await dump(store) == before
