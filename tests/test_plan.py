"""A case's whole plan through the store: several needs, consent, another country, what nobody could take, how soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.gaps import Scope
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.responsiveness import FEWEST
from relaypoint.domain.texts import Text
from relaypoint.graph import Operation as StoreOperation
from relaypoint.graph import Row, Store
from relaypoint.resolvers import gaps, handoffs, responding, searching, sending, unmet
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import Answer, find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.referring import refer_many
from relaypoint.tests.helpers import Roster, Through, imported, make_backend, member, raw, remarked, row, tiny_roster

UNIT = member("example-unit")
HOUSING = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female", "adult"))


def desks(answer: Answer, at: int = 0) -> list[str]:
    return [candidate.contact_point.id for candidate in answer.items[at].finding.candidates]


def codes(answer: Answer, at: int = 0) -> dict[str, list[str]]:
    return {out.service.id: [r.code for r in out.reasons] for out in answer.items[at].finding.excluded}


async def changed(store: Store, change: Callable[[Roster], None]) -> Backend:
    roster = tiny_roster()
    change(roster)
    backend = make_backend(store)
    done = await imported(backend, roster)
    assert done.errors == []
    return backend


def added_for_adults(roster: Roster) -> None:
    row(roster, "service_types", "identification")["added_for"] = "adult; child"


# several needs of one case


async def test_several_needs_give_one_plan_and_the_bodies_for_more_than_one(store: Store) -> None:
    def one_body(roster: Roster) -> None:
        roster["services"].append(
            {**row(roster, "services", "line-advice"), "id": "shelter-advice", "organization": "example-shelter"}
        )

    backend = await changed(store, one_body)
    answer = await find(UNIT, backend, replace(HOUSING, also=("advice", "housing")))
    assert [(item.service_type.id, item.added) for item in answer.items] == [("housing", None), ("advice", None)]
    assert "line-desk" in desks(answer, 1)
    (body,) = answer.together
    assert body.organization.id == "example-shelter"
    assert [need.id for need, _ in body.needs] == ["housing", "advice"]


async def test_what_belongs_to_such_a_person_is_added_and_holds_nothing_up(store: Store) -> None:
    backend = await changed(store, added_for_adults)
    answer = await find(UNIT, backend, HOUSING)
    assert [item.service_type.id for item in answer.items] == ["housing", "identification"]
    added = answer.items[1]
    assert added.added is not None
    assert "adult" in added.added
    assert desks(answer)[0] == "shelter-desk"
    # Nobody said who the person is: nothing is added.
    assert len((await find(UNIT, backend, replace(HOUSING, tags=()))).items) == 1
    # What was asked for is not added once more.
    asked = await find(UNIT, backend, replace(HOUSING, also=("identification",)))
    assert [(item.service_type.id, item.added) for item in asked.items][1] == ("identification", None)


async def test_where_nobody_is_found_for_what_was_added_it_is_said_and_told_to_the_coordinator(store: Store) -> None:
    backend = await changed(store, added_for_adults)
    answer = await find(member("example-shelter"), backend, replace(HOUSING, from_organization="example-shelter"))
    assert desks(answer)
    assert desks(answer, 1) == []
    assert any(note.message_id == "plan.lacking" for note in answer.items[1].finding.notes)
    assert [each.service_type for each in await unmet.unmet_needs(backend, "2026-03-03")] == ["identification"]


# consent


IDENTIFICATION = NeedInput(from_organization="example-line", service="identification", place="GB-X-SOUTH")
LINE = member("example-line")


@pytest.mark.parametrize(
    ("tags", "consent", "fits", "asks"),
    [
        (("adult",), None, True, True),
        (("adult",), ("identification",), True, False),
        (("adult",), (), False, False),
        (("adult",), ("advice",), False, False),
        (("child",), (), True, False),
        (("age-unknown",), None, True, False),
    ],
)
async def test_consent_is_asked_given_or_refused_and_a_childs_protection_needs_none(
    backend: Backend, tags: tuple[str, ...], consent: tuple[str, ...] | None, fits: bool, asks: bool
) -> None:
    answer = await find(LINE, backend, replace(IDENTIFICATION, tags=tags, consent=consent))
    assert bool(desks(answer)) == fits
    if fits:
        assert asks == any(each.message_id == "confirm.consent" for each in remarked(answer.finding.candidates[0]))
    else:
        assert codes(answer)["authority-decision"] == ["consent"]
    # An adult who refuses still gets advice.
    assert desks(await find(LINE, backend, replace(IDENTIFICATION, service="advice", tags=tags, consent=consent)))


async def test_what_the_person_refuses_is_no_lack_of_the_roster(store: Store) -> None:
    backend = await changed(store, added_for_adults)
    line = replace(HOUSING, from_organization="example-line", consent=())
    answer = await find(LINE, backend, line)
    assert desks(answer)
    assert codes(answer, 1)["authority-decision"] == ["consent"]
    assert [note.message_id for note in answer.items[1].finding.notes] == ["plan.refused"]
    assert await raw(backend.store, "MATCH (n:UnmetNeed) RETURN n.id AS id") == []
    assert answer.coordinators == ()


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (lambda roster: None, True),
        (lambda roster: row(roster, "services", "authority-decision").update(capacity="full"), True),
        (lambda roster: row(roster, "services", "authority-decision").update(serves="male"), False),
        (lambda roster: second_authority(roster, "full"), False),
        (lambda roster: second_authority(roster, "full", jurisdictions="GB-X-NORTH"), True),
    ],
)
async def test_a_refusal_is_no_lack_though_something_else_is_in_the_way(
    store: Store, change: Callable[[Roster], None], refused: bool
) -> None:
    backend = await changed(store, change)
    need = replace(IDENTIFICATION, tags=("adult", "female"), consent=(), confidentiality="strict")
    answer = await find(LINE, backend, need)
    assert desks(answer) == []
    assert "consent" in codes(answer)["authority-decision"]
    assert len(codes(answer)["authority-decision"]) > 1
    assert (answer.items[0].refused, answer.items[0].lacking) == (refused, not refused)
    assert bool(await unmet.unmet_needs(backend, "2026-03-03")) == (not refused)


def second_authority(roster: Roster, capacity: str, jurisdictions: str = "GB") -> None:
    """It takes no consent, and can't take anybody now."""
    authority, service = (
        row(roster, "organizations", "example-authority"),
        row(roster, "services", "authority-decision"),
    )
    roster["organizations"].append({**authority, "id": "second"})
    second = {**service, "id": "second-decision", "organization": "second", "capacity": capacity}
    roster["services"].append({**second, "jurisdictions": jurisdictions})
    desk = {**row(roster, "contact_points", "authority-desk"), "id": "second-desk", "organization": "second"}
    roster["contact_points"].append(desk)
    phone = {**row(roster, "channels", "line-phone"), "id": "second-phone", "contact_point": "second-desk"}
    roster["channels"].append({**phone, "address": "+442079460199"})
    way = {**row(roster, "pathways", "to-authority"), "id": "to-second", "to_organization": "second", "consent": "none"}
    roster["pathways"].append({**way, "contact_point": "second-desk", "form": ""})


async def test_nobody_is_named_who_could_go_round_a_refusal(backend: Backend) -> None:
    shelter = replace(IDENTIFICATION, from_organization="example-shelter", tags=("adult",), consent=())
    (out,) = (await find(member("example-shelter"), backend, shelter)).finding.excluded
    assert [(reason.code, "Ask" in (reason.relax or "")) for reason in out.reasons] == [("consent", False)]


async def test_a_consent_given_with_the_need_is_enough_to_refer(backend: Backend) -> None:
    agreed = replace(IDENTIFICATION, tags=("adult",), consent=("identification",))
    assert (await sending.refer(LINE, backend, agreed)).form
    with pytest.raises(Invalid) as asked:
        await sending.refer(LINE, backend, replace(agreed, consent=None))
    assert asked.value.message_id == "refer.consent"


# places


async def test_a_place_a_type_and_a_language_may_be_typed_by_name(store: Store) -> None:
    def spelt(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB-X-NORTH")["other_names"] = "Північ; الشمال"

    backend = await changed(store, spelt)
    for typed in ("Example North", "північ", "الشمال", "gb-x-north"):
        answer = await find(UNIT, backend, replace(HOUSING, service="Housing", place=typed, languages=("Welsh",)))
        assert (answer.need.place, answer.need.service, answer.need.languages) == ("GB-X-NORTH", "housing", ("cy",))


async def test_who_asks_may_be_typed_by_name_too(backend: Backend) -> None:
    for subject in (UNIT, OPERATOR):
        answer = await find(subject, backend, replace(HOUSING, from_organization="example police unit"))
        assert answer.need.asker == "example-unit"
    for typed in ("Example Police", "Nobody at all"):
        with pytest.raises(NotFound) as told:
            await find(UNIT, backend, replace(HOUSING, from_organization=typed))
        assert told.value.remedy == "Ask for your own organization."


@pytest.mark.parametrize(
    ("typed", "tag"), [("vi", "vi"), ("Romanian", "ro"), ("vietnamien", "vi"), ("українська", "uk"), ("PT-br", "pt-BR")]
)
async def test_a_language_may_be_typed_by_its_name(backend: Backend, typed: str, tag: str) -> None:
    assert (await find(UNIT, backend, replace(HOUSING, languages=(typed,)))).need.languages == (tag,)


async def test_a_language_that_nobody_knows_is_asked_back(backend: Backend) -> None:
    with pytest.raises(Invalid) as told:
        await find(UNIT, backend, replace(HOUSING, languages=("vi", "Vietnamesse")))
    assert (told.value.message_id, told.value.path) == ("find.language", ("languages", "1"))
    assert "vi" in told.value.remedy


async def test_a_name_of_several_places_is_asked_back(store: Store) -> None:
    def twice(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB-X-SOUTH")["other_names"] = "Example North"

    backend = await changed(store, twice)
    with pytest.raises(Invalid) as told:
        await find(UNIT, backend, replace(HOUSING, place="example north"))
    assert (told.value.message_id, told.value.path) == ("find.several", ("place",))
    assert "GB-X-NORTH" in told.value.remedy
    assert "GB-X-SOUTH" in told.value.remedy


async def test_near_takes_what_lies_around(store: Store) -> None:
    def in_the_south(roster: Roster) -> None:
        row(roster, "services", "shelter-beds")["jurisdictions"] = "GB-X-SOUTH"
        row(roster, "contact_points", "shelter-desk")["jurisdictions"] = ""

    backend = await changed(store, in_the_south)
    assert desks(await find(UNIT, backend, HOUSING)) == []
    answer = await find(UNIT, backend, replace(HOUSING, near=True))
    assert set(desks(answer)) == {"shelter-desk", "shelter-night-desk"}
    assert any(each.message_id == "confirm.near" for each in remarked(answer.finding.candidates[0]))


def abroad(roster: Roster) -> None:
    roster["jurisdictions"].append({**row(roster, "jurisdictions", "GB"), "id": "IE", "name": "Ireland", "hotline": ""})
    roster["services"].append(
        {
            **row(roster, "services", "line-advice"),
            "id": "advice-abroad",
            "jurisdictions": "IE",
            "interpretation": "yes",
        }
    )


async def test_into_another_country_nothing_is_sent_by_itself(store: Store) -> None:
    backend = await changed(store, abroad)
    need = NeedInput(from_organization="example-unit", service="advice", place="IE", tags=("adult",))
    answer = await find(UNIT, backend, need)
    assert desks(answer) == ["line-desk"]
    assert answer.ground.abroad is not None
    assert answer.ground.abroad.name == "Ireland"
    assert any(each.message_id == "confirm.abroad" for each in remarked(answer.finding.candidates[0]))
    given: dict[str, Any] = {}
    for path, more in (
        ("to", {"to": "line-desk"}),
        ("consent", {"consent": True}),
        ("riskChecked", {"risk_checked": True}),
    ):
        with pytest.raises(Invalid) as refused:
            await sending.refer(UNIT, backend, need, **given)
        assert (refused.value.message_id, refused.value.path) == ("refer.abroad", (path,))
        given |= more
    assert (await sending.refer(UNIT, backend, need, **given)).referral["reference"]
    assert (await find(UNIT, backend, replace(need, place="GB-X-NORTH"))).ground.abroad is None


# what a task force sets


async def test_a_task_force_sets_the_order_of_the_criteria(store: Store) -> None:
    def ranked(roster: Roster) -> None:
        row(roster, "task_forces", "example-force")["ranking"] = "staffing; route"

    names = [c.name for c in (await find(UNIT, await changed(store, ranked), HOUSING)).finding.candidates[0].criteria]
    assert names[:4] == ["staffing", "route", "reachable", "fit"]
    urgent = await find(UNIT, make_backend(store), replace(HOUSING, priority="stat"))
    assert [c.name for c in urgent.finding.candidates[0].criteria][:3] == ["reachable", "staffing", "route"]


async def test_a_task_force_lets_its_members_ask_directly(store: Store) -> None:
    def allowed(roster: Roster) -> None:
        row(roster, "task_forces", "example-force")["direct_for"] = "identification"
        row(roster, "memberships", "shelter-in-force")["role"] = "support-provider"

    shelter = replace(IDENTIFICATION, from_organization="example-shelter", tags=("adult",))
    backend = await changed(store, lambda _: None)
    assert codes(await find(member("example-shelter"), backend, shelter)) == {"authority-decision": ["no-pathway"]}
    backend = await changed(store, allowed)
    answer = await find(member("example-shelter"), backend, shelter)
    assert desks(answer) == ["authority-desk"]
    route = answer.finding.candidates[0].route
    assert (route.hops, route.by and route.by.id) == ((), "example-force")
    assert "Example Task Force allows" in answer.finding.candidates[0].criteria[0].text


async def test_a_narrower_type_by_pathway_is_not_reached_through_a_wider_one(store: Store) -> None:
    def narrower(roster: Roster) -> None:
        row(roster, "service_types", "identification")["within"] = "advice"

    backend = await changed(store, narrower)
    advice = replace(IDENTIFICATION, service="advice", from_organization="example-shelter", tags=("adult",))
    answer = await find(member("example-shelter"), backend, advice)
    assert desks(answer) == ["line-desk"]
    assert codes(answer) == {"authority-decision": ["no-pathway"]}


# what nobody could take

ASKERS = ("law", "clinic", "church", "school", "union")


async def test_what_nobody_could_take_is_a_gap_for_the_coordinator_alone(backend: Backend) -> None:
    for asker in ("example-line", "example-unit"):
        for _ in range(2):  # Who looks twice is counted once.
            need = replace(HOUSING, tags=("male",), from_organization=asker)
            answer = await find(member(asker), backend, need)
            assert desks(answer) == []
    office = answer.coordinators[0]
    assert (office.task_force.id, office.contact_point.id) == ("example-force-north", "line-desk")
    (node,) = [each["node"] for each in await raw(backend.store, "MATCH (n:UnmetNeed) RETURN properties(n) AS node")]
    kept = ["askers", "count", "id", "lacking", "place", "service_type", "week"]
    assert sorted(node.keys() - {"title", "type"}) == kept  # The two are the embedded engine's own.
    assert "example-line" not in str(node)
    assert node["lacking"] == ["eligibility"]

    for subject, sees in ((OPERATOR, True), (member("example-authority"), True), (member("example-shelter"), False)):
        found = (await gaps.coverage_gaps(subject, backend)).gaps
        told = [gap for gap in found if gap.kind == "unmet-need"]
        assert bool(told) == sees
    (gap,) = [gap for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps if gap.kind == "unmet-need"]
    assert "times: 2." in gap.text
    assert (gap.service_type, gap.place) == ("housing", "GB-X-NORTH")
    elsewhere = (await gaps.coverage_gaps(OPERATOR, backend, Scope(place="GB-X-SOUTH"))).gaps
    assert "unmet-need" not in {each.kind for each in elsewhere}
    # It is told for four weeks, and then it was of another time.
    for day, sees in (("2026-03-29", True), ("2026-03-30", False)):
        late = make_backend(backend.store, f"{day}T10:00:00.000Z")
        kinds = {each.kind for each in (await gaps.coverage_gaps(OPERATOR, late)).gaps}
        assert ("unmet-need" in kinds) == sees


async def test_a_body_counts_once_however_often_the_program_is_started(backend: Backend) -> None:
    unfit = replace(HOUSING, tags=("male",))
    for _ in range(3):
        await find(UNIT, make_backend(backend.store, vault=backend.vault), unfit)
    assert [each.count for each in await unmet.unmet_needs(backend, "2026-03-03")] == [1]
    # What is kept to know it by can't be made again from the names, but with the installation's key.
    (kept,) = await raw(backend.store, "MATCH (n:UnmetNeed) RETURN n.askers AS askers")
    assert len(kept["askers"]) == 1
    await find(UNIT, make_backend(backend.store), unfit)
    assert [each.count for each in await unmet.unmet_needs(backend, "2026-03-03")] == [2]
    # Another week is counted anew, and the first is forgotten with its fingerprints.
    for day, counts in (("2026-03-10", [2, 1]), ("2026-03-31", [1, 1])):
        later = make_backend(backend.store, f"{day}T10:00:00.000Z", backend.vault)
        await find(UNIT, later, unfit)
        await find(UNIT, later, unfit)
        assert [each.count for each in await unmet.unmet_needs(backend, day)] == counts
    assert len(await raw(backend.store, "MATCH (n:UnmetNeed) RETURN n.id AS id")) == 2


async def test_what_hangs_on_who_asks_or_on_one_person_is_not_told(store: Store) -> None:
    def without(roster: Roster) -> None:
        """Nobody has a pathway, and one body alone needs a channel that is safer."""
        roster["memberships"] += [
            {**row(roster, "memberships", "line-in-force"), "id": f"{id}-in-force", "organization": id} for id in ASKERS
        ]
        police = row(roster, "organizations", "example-police")
        roster["organizations"] += [{**police, "id": id, "name": id, "kind": "cso"} for id in ASKERS]
        row(roster, "pathways", "to-authority")["from_role"] = "competent-authority"

    backend = await changed(store, without)

    async def lacking() -> dict[str, str]:
        found = (await gaps.coverage_gaps(OPERATOR, backend)).gaps
        return {gap.service_type or "": gap.text for gap in found if gap.kind == "unmet-need"}

    for number, asker in enumerate(ASKERS, 1):
        need = replace(HOUSING, from_organization=asker, tags=("male",), languages=("vi",))
        await find(member(asker), backend, need)
        decision = replace(need, service="identification", tags=("adult",), confidentiality="strict")
        await find(member(asker), backend, decision)
        told = await lacking()
        assert set(told) == {"housing", "identification"}
        assert f"times: {number}." in told["housing"]
        assert ("not for such a person" in told["housing"]) == (number >= 5)
        assert ("safe enough" in told["identification"]) == (number >= 5)
        assert "pathway" not in told["identification"]
    kept = await unmet.unmet_needs(backend, "2026-03-03")
    assert {each.service_type: each.lacking for each in kept} == {
        "housing": ("eligibility",),
        "identification": ("channel-assurance",),
    }


async def test_who_looks_for_what_is_there_leaves_no_trace(backend: Backend) -> None:
    await find(UNIT, backend, HOUSING)
    assert await raw(backend.store, "MATCH (n:UnmetNeed) RETURN n.id AS id") == []


# how soon contact points answer


async def test_how_soon_is_told_of_five_cases_and_of_no_fewer(backend: Backend) -> None:
    shelter = member("example-shelter")
    for number in range(FEWEST):
        sent = await sending.refer(OPERATOR, backend, HOUSING, to="shelter-desk")
        (step,) = sent.referral["handoffs"]
        soon = make_backend(backend.store, f"2026-03-03T10:{10 + number}:00.000Z", backend.vault)
        await handoffs.move_handoff(shelter, soon, step["id"], "receive")
        later = make_backend(backend.store, f"2026-03-03T1{1 + number}:00:00.000Z", backend.vault)
        await handoffs.move_handoff(
            shelter,
            later,
            step["id"],
            "accept" if number % 2 else "reject",
            reason=None if number % 2 else "no-capacity",
        )
        measured = await responding.measure(OPERATOR, backend)
        (first, *_) = (await find(UNIT, backend, HOUSING)).finding.candidates
        assert measured == (number == FEWEST - 1)
        assert (first.responds is not None) == (number == FEWEST - 1)
    assert first.responds is not None
    assert (first.responds.count, first.responds.acknowledge, first.responds.decide) == (5, 12, 180)
    assert "3 hours" in next(c.text for c in first.criteria if c.name == "responsiveness")
    # After ninety days it is of another time.
    late = make_backend(backend.store, "2026-06-20T10:00:00.000Z", backend.vault)
    assert await responding.measure(OPERATOR, late) == 0
    assert (await find(UNIT, backend, HOUSING)).finding.candidates[0].responds is None


async def test_how_soon_is_not_told_of_one_case_however_often_it_was_sent(backend: Backend) -> None:
    shelter = member("example-shelter")
    sent = await sending.refer(UNIT, backend, HOUSING, to="shelter-desk", consent=True)
    (step,) = sent.referral["handoffs"]
    for hour in range(10, 10 + FEWEST):
        later = make_backend(backend.store, f"2026-03-03T{hour}:30:00.000Z", backend.vault)
        await handoffs.move_handoff(shelter, later, step["id"], "reject", reason="no-capacity")
        step = (await pass_handoff(UNIT, later, step["id"], "resend", "shelter-desk", consent=True)).handoff
    late = make_backend(backend.store, "2026-03-10T16:00:00.000Z", backend.vault)
    assert await responding.measure(OPERATOR, late) == 0


async def test_how_soon_is_not_told_of_one_act_however_many_were_sent_in_it(backend: Backend) -> None:
    late = make_backend(backend.store, "2026-03-10T16:00:00.000Z", backend.vault)
    together = await refer_many(UNIT, backend, HOUSING, people=FEWEST)
    assert await responding.measure(OPERATOR, late) == 0
    await sending.refer(UNIT, backend, HOUSING, to="shelter-desk")
    assert await responding.measure(OPERATOR, late) == 1
    # Sending one of them anew makes no more of them.
    (step,) = together.referrals[0]["handoffs"]
    await handoffs.move_handoff(member("example-shelter"), backend, step["id"], "reject", reason="no-capacity")
    await pass_handoff(UNIT, backend, step["id"], "resend", "shelter-desk", consent=True)
    assert await responding.measure(OPERATOR, late) == 1
    (first, *_) = (await find(UNIT, late, HOUSING)).finding.candidates
    assert first.responds is not None
    assert (first.responds.count, first.responds.silent) == (FEWEST + 1, True)


# one read, the same words, and a picture


class Counting(Through):
    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.asked: list[str] = []

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        self.asked.append(statement)
        return await self.inner.read(statement, **parameters)

    async def write(self, steps: Any, operation: StoreOperation | None = None) -> list[list[Row]]:
        self.asked += [step.statement for step in steps]
        return await self.inner.write(steps, operation)


async def test_finding_reads_the_store_once(backend: Backend) -> None:
    counting = Counting(backend.store)
    seen = replace(backend, store=counting)
    await find(UNIT, seen, HOUSING)
    counting.asked.clear()
    await find(UNIT, seen, replace(HOUSING, also=("advice",), tags=("adult", "female"), avoid=("police",)))
    assert counting.asked == ["roster_root"]


async def test_every_text_has_a_message_id_down_to_places_and_languages(backend: Backend) -> None:
    need = replace(HOUSING, also=("advice",), languages=("vi",), tags=("male",), avoid=("line-desk",))
    answer = await find(UNIT, backend, need)
    texts = [
        text
        for item in answer.items
        for text in (
            *item.finding.notes,
            *(r for out in item.finding.excluded for reason in out.reasons for r in (reason.text, reason.relax) if r),
            *(c.text for each in item.finding.candidates for c in each.criteria),
            *(each.decided for each in item.finding.candidates),
        )
    ]
    assert texts
    assert all(isinstance(text, Text) and text.message_id for text in texts)
    inner = {value.message_id for text in texts for value in text.fields.values() if isinstance(value, Text)}
    assert "place.GB-X-NORTH" in inner or any(each.startswith("list.") for each in inner)


async def test_the_ways_are_drawn(backend: Backend) -> None:
    from relaypoint.domain.picture import lines
    from relaypoint.domain.picture_svg import svg
    from relaypoint.domain.picturing import picture_of

    answer = await find(UNIT, backend, replace(HOUSING, also=("advice",)))
    drawn = picture_of(answer.items)
    names = {stop.name for stop in drawn.stops}
    assert "Example Shelter: Shelter desk" in names
    assert any("Unit to shelter" in way.label for way in drawn.ways)
    told = "\n".join(lines(drawn, 80))
    assert "Unit to shelter" in told
    assert ElementTree.fromstring(svg(drawn)).tag.endswith("svg")


@pytest.mark.parametrize(
    ("typed", "sheet", "id", "how"),
    [
        ("example shelter", "organizations", "example-shelter", "whole"),
        ("Exmaple Sheltr", "organizations", "example-shelter", "alike"),
        ("unit police", "organizations", "example-unit", "words"),
        ("shelter-night-desk", "contact_points", "shelter-night-desk", "id"),
        ("EXAMPLE NOR", "jurisdictions", "GB-X-NORTH", "start"),
        ("ЕКЗАМПЛЕ НОРТХ", "jurisdictions", "GB-X-NORTH", "alike"),
        ("ETF", "task_forces", "example-force", "abbreviation"),
    ],
)
async def test_names_are_found_in_any_spelling_and_the_same_on_each_engine(
    backend: Backend, typed: str, sheet: str, id: str, how: str
) -> None:
    hits = await searching.search(UNIT, backend, typed, sheets=[sheet])
    assert (hits[0].entry.id, hits[0].how) == (id, how)


async def test_a_search_that_can_not_be_made_is_told(backend: Backend) -> None:
    for given, path in (
        ({"sheets": ["holders"]}, ("in", "0")),
        ({"limit": 0}, ("first",)),
        ({"limit": 201}, ("first",)),
    ):
        with pytest.raises(Invalid) as told:
            await searching.search(UNIT, backend, "x", **given)
        assert told.value.path == path
    assert await searching.search(UNIT, backend, " \u202e ") == []
