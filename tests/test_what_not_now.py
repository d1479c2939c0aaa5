"""Whom the advice must not lead to, and what it must not tell: what an attack on it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from relaypoint.domain.errors import NotFound, Unavailable
from relaypoint.domain.policy import ANONYMOUS, OPERATOR
from relaypoint.graph import Operation, Row, Step, Store
from relaypoint.resolvers import outbox, passing, unmet
from relaypoint.resolvers.finding import Answer, emergency, find
from relaypoint.resolvers.sending import refer
from relaypoint.tests.helpers import Roster, Through, imported, make_backend, member, row, tiny_roster
from relaypoint.tests.test_plan import HOUSING, UNIT, changed, desks
from relaypoint.tests.test_what_now import full, ids, texts

AUTHORITY = member("example-authority")


def named(answer: Answer) -> set[str]:
    return {step.organization.id for step in answer.advice if step.organization}


@pytest.mark.parametrize("avoided", ["authority-desk", "police", "example-authority"])
async def test_no_number_to_look_up_of_whom_the_case_avoids(store: Store, avoided: str) -> None:
    def offers(roster: Roster) -> None:
        full(roster)
        row(roster, "contact_points", "authority-desk")["service_types"] = "identification"
        advice = row(roster, "services", "line-advice")
        roster["services"].append({**advice, "id": "authority-beds", "organization": "example-authority"})
        row(roster, "services", "authority-beds")["service_type"] = "housing"
        if avoided == "police":
            row(roster, "organizations", "example-authority")["part_of"] = "example-police"

    backend = await changed(store, offers)
    assert "example-authority" not in named(await find(UNIT, backend, replace(HOUSING, avoid=(avoided,))))
    # Nor otherwise: a number of it is on record, so there is none to look up.
    assert "example-authority" not in named(await find(UNIT, backend, HOUSING))


async def test_nobody_is_named_who_could_go_round_an_agreed_way(store: Store) -> None:
    def deskless(roster: Roster) -> None:
        roster["contact_points"] = [each for each in roster["contact_points"] if each["id"] != "authority-desk"]
        for sheet in ("channels", "pathways", "facilities", "authorisations"):
            roster[sheet] = [
                each
                for each in roster.get(sheet, [])
                if "authority-desk" not in each.values() and sheet != "authorisations"
            ]
        for force in roster["task_forces"]:
            force["coordinator"] = ""

    backend = await changed(store, deskless)
    need = replace(HOUSING, service="identification", tags=("adult",))
    for consent in (None, ()):
        assert "example-authority" not in named(await find(UNIT, backend, replace(need, consent=consent)))


async def test_no_lower_safety_is_advised_for_a_way_through_whom_the_case_avoids(store: Store) -> None:
    def through_police(roster: Roster) -> None:
        roster["channels"] = [each for each in roster["channels"] if not each["contact_point"].startswith("shelter")]
        relay = {"id": "night-relay", "contact_point": "shelter-night-desk", "kind": "relay", "address": ""}
        roster["channels"].append(
            {
                **relay,
                "rank": "1",
                "assurance": "public",
                "hours": "",
                "state": "working",
                "via": "unit-desk",
                "note": "",
            }
        )

    backend = await changed(store, through_police)
    asked = replace(HOUSING, avoid=("police",), from_organization="example-line")
    answer = await find(member("example-line"), backend, asked)
    assert desks(answer) == []
    assert not any("advice.less-strict" in id for id in ids(answer))
    assert not any(reason.code == "channel-assurance" for out in answer.finding.excluded for reason in out.reasons)


@pytest.mark.parametrize("entry", ["police", "example-police", "example-unit", "unit-desk"])
async def test_whoever_of_the_police_is_avoided_the_number_for_danger_says_so(store: Store, entry: str) -> None:
    backend = await changed(store, lambda roster: None)
    asked = replace(HOUSING, avoid=(entry,), from_organization="example-line")
    answer = await find(member("example-line"), backend, asked)
    assert [note.message_id for note in answer.emergency.notes] == ["emergency.police"]


async def test_no_successor_is_named_whose_desks_are_all_avoided(store: Store) -> None:
    def gone(roster: Roster) -> None:
        row(roster, "services", "former-beds")["jurisdictions"] = "GB-X-NORTH"

    backend = await changed(store, gone)
    avoid = ("shelter-desk", "shelter-night-desk")
    for entries, told in (((), True), (avoid, False)):
        answer = await find(UNIT, backend, replace(HOUSING, avoid=entries))
        out = next(each for each in answer.finding.excluded if each.service.id == "former-beds")
        assert any("Example Shelter" in (reason.relax or "") for reason in out.reasons) == told


async def test_a_message_in_the_queue_stops_where_its_body_turns_out_to_follow_an_avoided_one(store: Store) -> None:
    roster = tiny_roster()
    row(roster, "organizations", "example-former")["replaced_by"] = ""
    backend = make_backend(store)
    await imported(backend, roster)
    await refer(UNIT, backend, replace(HOUSING, avoid=("example-former",)), to="shelter-desk")
    await imported(backend, tiny_roster())
    leased = await outbox.lease(OPERATOR, backend)
    assert [each.kind for each in leased] == ["requested"]
    assert all(use.barred for use in leased[0].channels)


@pytest.mark.parametrize("entry", ["authority-desk", "example-authority"])
async def test_who_coordinates_only_from_an_avoided_desk_has_no_part_in_it(store: Store, entry: str) -> None:
    backend = await changed(store, lambda roster: None)
    need = replace(HOUSING, avoid=(entry,), tags=("child", "female", "labour"))
    sent = await refer(UNIT, backend, need, to="shelter-desk")
    step = sent.referral["handoffs"][0]["id"]
    with pytest.raises(NotFound):
        await passing.pass_handoff(AUTHORITY, backend, step, "redirect", "shelter-night-desk")


@pytest.mark.parametrize("entry", ["authority-desk", "example-authority", "competent-authority"])
async def test_nothing_is_counted_where_a_desk_that_would_be_told_is_avoided(store: Store, entry: str) -> None:
    backend = await changed(store, full)
    answer = await find(UNIT, backend, replace(HOUSING, avoid=(entry,)))
    assert await unmet.unmet_needs(backend, "2026-03-03") == []
    assert not any(note.message_id == "note.unmet" for note in answer.notes)


async def test_what_could_not_be_written_is_not_said_to_be_counted(store: Store) -> None:
    backend = await changed(store, full)

    class Refusing(Through):
        async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
            raise Unavailable("store.away", "The store is away.", remedy="Try again.")

    await backend.memory.roster(store)  # To read it whole takes a lock, and so a write.
    broken = replace(backend, store=Refusing(store))
    answer = await find(UNIT, broken, HOUSING)
    assert not any(note.message_id == "note.unmet" for note in answer.notes)
    again = await find(UNIT, backend, HOUSING)
    assert any(note.message_id == "note.unmet" for note in again.notes), "it is tried again"


@pytest.mark.parametrize(
    "change",
    [
        lambda roster: row(roster, "organizations", "example-line").update(status="suspended"),
        lambda roster: row(roster, "contact_points", "line-desk").update(presence="closed"),
    ],
)
async def test_a_hotline_that_does_not_work_is_not_advised(store: Store, change: object) -> None:
    def both(roster: Roster) -> None:
        full(roster)
        change(roster)  # type: ignore[operator]

    backend = await changed(store, both)
    answer = await find(UNIT, backend, HOUSING)
    assert answer.emergency.hotline is None
    assert not any(id.startswith("advice.hotline") for id in ids(answer))


async def test_a_dead_line_of_the_region_does_not_hide_the_national_one(store: Store) -> None:
    def regional(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB-X-NORTH")["hotline"] = "shelter-night-desk"
        row(roster, "channels", "night-phone")["state"] = "dead"

    backend = await changed(store, regional)
    answer = await find(UNIT, backend, HOUSING)
    assert answer.emergency.hotline is not None
    assert answer.emergency.hotline.id == "line-desk"


async def test_the_hotlines_safe_phone_is_advised_where_it_has_one(store: Store) -> None:
    def two_phones(roster: Roster) -> None:
        full(roster)
        first = row(roster, "channels", "line-phone")
        roster["channels"].append(
            {**first, "id": "line-safe", "rank": "3", "assurance": "strict", "address": "+442079460109"}
        )
        first["assurance"] = "public"

    backend = await changed(store, two_phones)
    answer = await find(UNIT, backend, replace(HOUSING, confidentiality="strict"))
    assert ids(answer)[0] == "advice.hotline"
    assert answer.advice[0].channels[0].channel.id == "line-safe"


async def test_many_without_a_number_are_told_once_each_and_not_without_end(store: Store) -> None:
    def many(roster: Roster) -> None:
        full(roster)
        body, beds = row(roster, "organizations", "example-shelter"), row(roster, "services", "shelter-beds")
        for number in range(20):
            roster["organizations"].append({**body, "id": f"silent-{number}", "name": f"Silent {number}"})
            for each in "ab":
                roster["services"].append(
                    {**beds, "id": f"beds-{number}-{each}", "organization": f"silent-{number}", "capacity": "open"}
                )

    backend = await changed(store, many)
    answer = await find(UNIT, backend, HOUSING)
    silent = [step.organization.id for step in answer.advice if step.organization and "silent" in step.organization.id]
    assert len(silent) == len(set(silent)) == 3
    near = await find(UNIT, backend, replace(HOUSING, place="GB"))
    assert sum(id == "advice.closer" for id in ids(near)) <= 1
    assert len(near.advice) < 12


async def test_coordinators_who_may_not_be_asked_are_not_said_to_be_lacking(store: Store) -> None:
    backend = await changed(store, full)
    for need in (replace(HOUSING, confidentiality="strict"), replace(HOUSING, avoid=("authority-desk", "line-desk"))):
        said = texts(await find(UNIT, backend, need))
        assert any("can't be asked about this case" in text for text in said)
        assert not any("No coordinator is on record" in text for text in said)


async def test_ones_own_desk_is_called_ones_own(store: Store) -> None:
    def own(roster: Roster) -> None:
        row(roster, "services", "line-advice")["capacity"] = "full"

    backend = await changed(store, own)
    need = replace(HOUSING, service="advice", from_organization="example-line")
    answer = await find(member("example-line"), backend, need)
    assert "advice.ask-own" in ids(answer)
    assert "advice.ask" not in ids(answer)


async def test_a_tag_of_a_task_forces_own_is_no_everyday_word(store: Store) -> None:
    def tagged(roster: Roster) -> None:
        row(roster, "services", "shelter-beds")["serves"] = "minor"

    backend = await changed(store, tagged)
    assert (await find(UNIT, backend, replace(HOUSING, tags=("minor",)))).need.tags == ("minor",)


async def test_an_abolished_place_has_the_numbers_of_the_one_that_came_after_it(store: Store) -> None:
    def moved(roster: Roster) -> None:
        old = row(roster, "jurisdictions", "GB-X-OLD")
        old["replaced_by"], old["emergency_number"] = "GB-X-NORTH", "000"

    backend = await changed(store, moved)
    assert (await emergency(ANONYMOUS, backend, "GB-X-OLD")).number == "999"
    answer = await find(UNIT, backend, replace(HOUSING, place="Example Old Town"))
    assert [note.message_id for note in answer.notes] == ["note.place-moved"]


async def test_who_is_not_signed_in_learns_nothing_of_who_stands_behind_a_hotline(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    for avoid in ("example-line", "example-authority", "nobody"):
        told = await emergency(ANONYMOUS, backend, "GB", [avoid])
        assert (told.number, told.hotline) == ("999", None)
        assert [note.message_id for note in told.notes] == ["emergency.signed-out"]
    own = await emergency(UNIT, backend, "GB", ["example-line"])
    assert own.hotline is None
    assert [note.message_id for note in own.notes] == ["emergency.avoided"]
    elsewhere = await emergency(ANONYMOUS, backend, "France")
    assert (elsewhere.number, elsewhere.country) == ("999", "United Kingdom")
    assert [note.message_id for note in elsewhere.notes] == ["emergency.elsewhere"]
    with pytest.raises(NotFound, match="another country"):
        await find(UNIT, backend, replace(HOUSING, place="France"))
