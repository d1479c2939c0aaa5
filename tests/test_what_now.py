"""What find says to do where somebody is lacking, and before anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.finding import find as decide
from relaypoint.domain.words import ChannelKind, Priority
from relaypoint.graph import Store
from relaypoint.resolvers.finding import Answer, find
from relaypoint.tests.cases import NOON, codes, desk, ground, need, order, phone, service
from relaypoint.tests.helpers import Roster, member, row
from relaypoint.tests.test_plan import HOUSING, UNIT, added_for_adults, changed, desks

LINE = member("example-line")


def texts(answer: Answer) -> list[str]:
    return [str(step.text) for step in answer.advice]


def ids(answer: Answer) -> list[str]:
    return [str(getattr(step.text, "message_id", "")) for step in answer.advice]


def full(roster: Roster) -> None:
    """No bed is free, so that nobody fits; the shelter says whom it is for."""
    for each in roster["services"]:
        each["capacity"], each["eligibility"] = "full", "Women, and couples on request"


async def test_where_nobody_fits_it_says_step_by_step_what_to_do(store: Store) -> None:
    backend = await changed(store, full)
    answer = await find(UNIT, backend, HOUSING)
    assert desks(answer) == []
    assert ids(answer)[0] == "advice.hotline"
    asked = next(step for step in answer.advice if getattr(step.text, "message_id", "") == "advice.ask-says")
    assert "Women, and couples on request" in asked.text
    assert asked.organization is not None
    assert all(use.channel.kind is ChannelKind.PHONE for use in asked.channels)


async def test_where_all_is_found_there_is_no_advice(store: Store) -> None:
    backend = await changed(store, added_for_adults)
    assert (await find(UNIT, backend, HOUSING)).advice == ()
    # Formal identification is lacking for the shelter's own adult; help goes on, and nothing is to be done at once.
    answer = await find(member("example-shelter"), backend, replace(HOUSING, from_organization="example-shelter"))
    assert desks(answer, 1) == []
    assert answer.advice == ()


async def test_a_childs_protection_is_told_first(store: Store) -> None:
    def protects(roster: Roster) -> None:
        full(roster)
        row(roster, "services", "line-advice")["capacity"] = "open"
        row(roster, "service_types", "advice")["added_for"] = "child"

    backend = await changed(store, protects)
    answer = await find(UNIT, backend, replace(HOUSING, tags=("child",)))
    assert ids(answer)[0] == "advice.found-sure"
    assert answer.advice[0].channels


async def test_who_has_the_duty_is_told_though_no_number_is_on_record(store: Store) -> None:
    def silent(roster: Roster) -> None:
        roster["channels"] = [each for each in roster["channels"] if not each["contact_point"].startswith("shelter")]

    backend = await changed(store, silent)
    answer = await find(UNIT, backend, HOUSING)
    assert any("no number of it is on record" in text for text in texts(answer))


async def test_a_line_that_is_not_safe_enough_is_phoned_without_telling_who_the_person_is(store: Store) -> None:
    def without_mail(roster: Roster) -> None:
        roster["channels"] = [each for each in roster["channels"] if each["id"] != "shelter-mail"]

    backend = await changed(store, without_mail)
    answer = await find(UNIT, backend, replace(HOUSING, confidentiality="strict"))
    said = " ".join(texts(answer))
    assert "say nothing that tells who the person is" in said
    assert "ask again with it" in said
    again = await find(UNIT, backend, replace(HOUSING, confidentiality="confidential"))
    for candidate in again.finding.candidates:
        assert candidate.service.organization.name in said


async def test_nobody_is_advised_who_is_avoided_or_closed(store: Store) -> None:
    backend = await changed(store, full)
    answer = await find(UNIT, backend, replace(HOUSING, avoid=("example-shelter",)))
    assert "example-shelter" not in [step.organization.id for step in answer.advice if step.organization]


def test_who_said_that_it_is_closed_is_not_to_be_asked_all_the_same() -> None:
    from relaypoint.domain.model import Operation
    from relaypoint.domain.words import OperationalState

    shut = replace(service(), operation=Operation(OperationalState.CLOSED, "2026-12-01"))
    (out,) = decide(ground(shut), need(), NOON).excluded
    assert [reason.code for reason in out.reasons] == ["closed"]
    assert out.channels == ()


def test_of_two_as_near_the_one_that_can_be_asked_comes_first() -> None:
    silent = service("a", None, desk("a-desk", channels=()))
    closed = service("b", serves=("male",))
    found = decide(ground(silent, closed), need(tags=("female",)), NOON)
    assert list(codes(found)) == ["a", "b"]  # What may pass is nearer still.
    lasting = service("a", None, desk("a-desk", channels=(), until="2020-01-01"))
    found = decide(ground(replace(lasting, until="2020-01-01"), replace(closed, until="2020-01-01")), need(), NOON)
    assert next(iter(codes(found))) == "b"


def test_where_time_presses_somebody_has_to_be_spoken_with() -> None:
    written = service("a", None, desk("a-desk", channels=(phone("mail", kind=ChannelKind.EMAIL),)))
    spoken = service("b", None, desk("b-desk", channels=(phone("line"),)))
    assert order(decide(ground(written, spoken), need(), NOON)) == ["a", "b"]
    found = decide(ground(written, spoken), need(priority=Priority.STAT), NOON)
    assert order(found) == ["b", "a"]
    assert "written to" in str(found.candidates[1].behind)


def test_a_time_that_nobody_agreed_on_is_called_our_own() -> None:
    (candidate,) = decide(ground(service()), need(), NOON).candidates
    assert "own limit" in candidate.decided
    assert "own limit" not in candidate.times[0]
    (pressing,) = decide(ground(service()), need(priority=Priority.STAT), NOON).candidates
    assert pressing.decided == "1 hour (relaypoint's own limit; nothing is agreed)"


def test_hours_are_told_in_the_desks_own_zone() -> None:
    night = desk("desk", channels=(phone("line", hours="Mo-Fr 22:00-23:00"),), calendar=Calendar("Asia/Kathmandu"))
    (candidate,) = decide(ground(service("a", None, night)), need(), NOON).candidates
    (use,) = candidate.channels
    assert (use.open, use.time_zone) == (False, "Asia/Kathmandu")


# whom a case avoids, and what came after it


async def test_what_came_after_whom_the_case_avoids_is_avoided(store: Store) -> None:
    def heirs(roster: Roster) -> None:
        old = {
            **row(roster, "organizations", "example-shelter"),
            "id": "old-body",
            "name": "Old body",
            "until": "2020-01-01",
        }
        older = {**old, "id": "older-body", "name": "Older body", "until": "2010-01-01"}
        roster["organizations"] += [{**old, "replaced_by": "example-shelter"}, {**older, "replaced_by": "old-body"}]

    backend = await changed(store, heirs)
    assert "shelter-desk" in desks(await find(UNIT, backend, HOUSING))
    for entry in ("old-body", "older-body"):
        answer = await find(UNIT, backend, replace(HOUSING, avoid=(entry,)))
        assert "shelter-desk" not in desks(answer)
        out = next(each for each in answer.finding.excluded if each.service.organization.id == "example-shelter")
        assert out.reasons[0].text.message_id == "out.avoided-before"
    # Its kind was its own: what came after it has another.
    assert "shelter-desk" in desks(await find(UNIT, backend, replace(HOUSING, avoid=("example-line",))))


async def test_the_number_for_danger_says_that_it_may_bring_whom_the_case_avoids(store: Store) -> None:
    def police(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB")["emergency_service"] = "Police, ambulance, fire"

    backend = await changed(store, police)
    answer = await find(UNIT, backend, replace(HOUSING, avoid=("police",), from_organization="example-unit"))
    assert [note.message_id for note in answer.emergency.notes] == ["emergency.police"]
    assert (await find(UNIT, backend, HOUSING)).emergency.notes == ()
    assert answer.emergency.country == "United Kingdom"


# how a need is understood


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        (("woman",), ("female", "adult")),
        (("Girl", "labor"), ("female", "child", "labour")),
        (("sexual exploitation",), ("sexual",)),
        (("minor", "male"), ("child", "male")),
    ],
)
async def test_everyday_words_do(store: Store, said: tuple[str, ...], tags: tuple[str, ...]) -> None:
    backend = await changed(store, lambda roster: None)
    assert (await find(UNIT, backend, replace(HOUSING, tags=said))).need.tags == tags


async def test_adult_and_child_at_once_is_told(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    answer = await find(UNIT, backend, replace(HOUSING, tags=("adult", "child")))
    assert [note.message_id for note in answer.notes] == ["note.child", "note.childs-view"]


async def test_a_name_that_others_bear_as_well_is_told(store: Store) -> None:
    def twins(roster: Roster) -> None:
        north = row(roster, "jurisdictions", "GB-X-NORTH")
        north["name"], north["other_names"] = "Port upon Sea", "Port"
        row(roster, "jurisdictions", "GB-X-SOUTH")["name"] = "Port under Hill"

    backend = await changed(store, twins)
    answer = await find(UNIT, backend, replace(HOUSING, place="Port"))
    assert answer.need.place == "GB-X-NORTH"
    assert any("Port under Hill" in note for note in answer.notes)
    assert not (await find(UNIT, backend, replace(HOUSING, place="GB-X-NORTH"))).notes


async def test_another_word_for_a_kind_of_help_does(store: Store) -> None:
    def named(roster: Roster) -> None:
        row(roster, "service_types", "housing")["other_names"] = "shelter; refuge"

    backend = await changed(store, named)
    answer = await find(UNIT, backend, replace(HOUSING, service="Refuge"))
    assert answer.need.service == "housing"


async def test_a_contingency_of_the_place_is_told_and_covers_desks_by_what_they_take(store: Store) -> None:
    def storm(roster: Roster) -> None:
        for each in roster["contact_points"]:
            if each["organization"] == "example-shelter":
                each["jurisdictions"] = ""
        row(roster, "organizations", "example-shelter")["jurisdictions"] = ""
        roster["contingencies"] = [
            {"id": "storm", "place": "GB", "reason": "Floods", "since": "2026-03-01", "until": "2026-03-20"}
        ]

    backend = await changed(store, storm)
    answer = await find(UNIT, backend, HOUSING)
    assert any("Floods" in note for note in answer.finding.notes)
    shelter = next(each for each in answer.finding.candidates if each.service.organization.id == "example-shelter")
    assert shelter.contact_point.contingency
