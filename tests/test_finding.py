"""Who can take a case: filters, criteria, routes and whom to avoid. Pure: no store, no clock."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.domain import filters, unrouted
from relaypoint.domain.answer import Finding, Need
from relaypoint.domain.criteria import CRITERIA
from relaypoint.domain.finding import find
from relaypoint.domain.model import Absence, Area, Body, Ground, Holder, Membership, Named, Operation, Service
from relaypoint.domain.responsiveness import Responsiveness
from relaypoint.domain.words import (
    Access,
    Capacity,
    ChannelCondition,
    ChannelKind,
    ChannelState,
    Confidentiality,
    HolderRole,
    OperationalState,
    Presence,
    Priority,
    Staffing,
)
from relaypoint.tests.cases import (
    NIGHT,
    NOON,
    OFFICE_HOURS,
    UNKNOWN_HOURS,
    body,
    codes,
    desk,
    ground,
    mail,
    need,
    order,
    pathway,
    phone,
    service,
)

POLICE = Body("police", "police")
UNIT = body("unit", "government", POLICE)
ENDED = Area(
    id="AQ-BAY", name="Bay", depth=0, until="2020-04-01", replaced_by=(Named("AQ-GULF", "Gulf"),)
)  # fmt: skip


# What rules a service out


@dataclass
class Way:
    """A ground and a need that give ``code``, and the same mended so that the service fits."""

    code: str
    broken: Service
    mended: Service
    need: Need = field(default_factory=need)
    broken_ground: dict[str, Any] = field(default_factory=dict)
    mended_ground: dict[str, Any] = field(default_factory=dict)
    mended_need: Need | None = None

    def find(self, mended: bool) -> Finding:
        offered, around = (self.mended, self.mended_ground) if mended else (self.broken, self.broken_ground)
        asked = self.mended_need if mended and self.mended_need else self.need
        return find(ground(offered, **around), asked, NOON)


def by_pathway(**more: Any) -> dict[str, Any]:
    return {"access": Access.PATHWAY, "pathways": (pathway("way", "asker", "help-org", **more),)}


def with_desk(**more: Any) -> Service:
    channels = more.pop("channels", (phone(),))
    return service("help", None, desk("help-desk", channels=channels, **more))


WAYS = [
    Way("avoided", service(), service(), need(avoid=["help-org"]), mended_need=need()),
    Way("organization-ended", service("help", body("o", until="2026-11-23")), service("help", body("o"))),
    Way("organization-ended", service("help", body("o", since="2026-11-24")), service("help", body("o"))),
    Way("suspended", service("help", body("o", status="suspended")), service("help", body("o"))),
    Way("service-ended", service(until="2026-11-23"), service(until="2026-11-24")),
    Way("service-ended", service(since="2026-11-24"), service(since="2026-11-23")),
    Way("place", service(areas=frozenset({"AQ-SOUTH"})), service(areas=frozenset({"AQ"}))),
    Way(
        "place",
        with_desk(areas=frozenset({"AQ-SOUTH"})),
        with_desk(areas=frozenset({"AQ-NORTH"})),
    ),
    Way("eligibility", service(serves=("female",)), service(serves=("female", "male")), need(tags=("male",))),
    Way(
        "language",
        service(languages=("en",), interpretation="no"),
        service(languages=("en", "vi-VN"), interpretation="no"),
        need(languages=("vi",)),
    ),
    Way(
        "closed",
        service(operation=Operation(OperationalState.CLOSED, "2026-12-01")),
        service(operation=Operation(OperationalState.LIMITED, "2026-12-01")),
    ),
    Way("full", service(capacity=Capacity.FULL), service(capacity=Capacity.LIMITED)),
    Way("contact-point-ended", with_desk(until="2026-11-23"), with_desk(until="2026-11-24")),
    Way("contact-point-closed", with_desk(presence=Presence.CLOSED), with_desk(presence=Presence.REMOTE)),
    Way("eligibility", with_desk(serves=("child",)), with_desk(serves=("adult",)), need(tags=("adult",))),
    Way("no-contact-point", with_desk(service_types=frozenset({"food"})), with_desk(service_types={"shelter"})),
    Way("no-channel", with_desk(channels=()), with_desk()),
    Way(
        "channel-assurance",
        with_desk(channels=(mail(assurance=Confidentiality.OFFICIAL),)),
        with_desk(channels=(mail(assurance=Confidentiality.STRICT),)),
        need(confidentiality=Confidentiality.STRICT),
    ),
    Way(
        "no-working-channel",
        with_desk(channels=(phone(state=ChannelState.DEAD),)),
        with_desk(channels=(phone(state=ChannelState.FAILING),)),
    ),
    Way(
        "no-working-channel",
        with_desk(channels=(phone(until="2026-11-23"),)),
        with_desk(channels=(phone(since="2026-11-23"),)),
    ),
    Way(
        "no-working-channel",
        with_desk(channels=(phone(condition=ChannelCondition.CONTINGENCY),)),
        with_desk(channels=(phone(condition=ChannelCondition.NORMAL),)),
    ),
    Way("no-pathway", service(), service(), broken_ground={"access": Access.PATHWAY}, mended_ground=by_pathway()),
    Way(
        "no-pathway",
        service(),
        service(),
        broken_ground=by_pathway(from_organization=None, from_role="support-provider", task_force="force"),
        mended_ground=by_pathway(from_organization=None, from_role="first-responder", task_force="force"),
    ),
    Way(
        "no-pathway",
        service(),
        service(),
        broken_ground=by_pathway(from_organization=None, from_role="first-responder", task_force="other"),
        mended_ground=by_pathway(from_organization=None, from_role="first-responder", task_force="force"),
    ),
    Way(
        "no-pathway",
        service(),
        service(),
        broken_ground=by_pathway(from_organization=None, from_kind="police"),
        mended_ground=by_pathway(from_organization=None, from_kind="cso"),
    ),
    Way(
        "no-pathway",
        service(),
        service(),
        broken_ground=by_pathway(contact_point="another-desk"),
        mended_ground=by_pathway(contact_point="help-desk"),
    ),
    Way(
        "consent",
        service(),
        service(),
        need(consent=frozenset({"legal-aid"}), tags=("adult",)),
        broken_ground=by_pathway(consent="required"),
        mended_ground=by_pathway(consent="required"),
        mended_need=need(consent=frozenset({"shelter"}), tags=("adult",)),
    ),
    Way(
        "no-pathway",
        service(),
        service(),
        broken_ground=by_pathway(type="food"),
        mended_ground=by_pathway(),
    ),
    Way(
        "pathway-expired",
        service(),
        service(),
        broken_ground=by_pathway(until="2026-11-23"),
        mended_ground=by_pathway(until="2026-11-24"),
    ),
    Way(
        "pathway-elsewhere",
        service(),
        service(),
        broken_ground=by_pathway(areas=frozenset({"AQ-SOUTH"})),
        mended_ground=by_pathway(areas=frozenset({"AQ-NORTH"})),
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.code)
def test_each_reason_appears_and_goes(way: Way) -> None:
    out = way.find(mended=False)
    assert (order(out), codes(out)) == ([], {"help": [way.code]})
    mended = way.find(mended=True)
    assert (order(mended), codes(mended)) == (["help"], {})


def test_no_reason_is_left_out_above() -> None:
    source = inspect.getsource(filters) + inspect.getsource(unrouted)
    known = set(re.findall(r'Reason\(\s*"([a-z-]+)"', source))
    assert known == {way.code for way in WAYS}


def test_every_reason_names_what_it_is_about() -> None:
    for way in WAYS:
        for out in way.find(mended=False).excluded:
            assert all(reason.text and "{" not in reason.text for reason in out.reasons)
            assert all("{" not in (reason.relax or "") for reason in out.reasons)


def test_a_membership_opens_a_pathway_only_in_full_standing_and_in_its_days() -> None:
    way = by_pathway(from_organization=None, from_role="first-responder", task_force="force")
    for change in ({"standing": "suspended"}, {"standing": "observer"}, {"until": "2026-11-23"}):
        membership = Membership(**{"role": "first-responder", "standing": "full", "task_force": "force", **change})
        found = find(ground(service(), memberships=(membership,), **way), need(), NOON)
        assert codes(found) == {"help": ["no-pathway"]}


def test_without_a_pathway_the_remedy_names_who_may_refer() -> None:
    ways = (
        pathway("a", "gate", "help-org"),
        pathway("b", None, "help-org", from_role="first-responder", task_force="other"),
        pathway("c", "past", "help-org", until="2020-01-01"),
    )
    found = find(ground(service(), access=Access.PATHWAY, pathways=ways), need(), NOON)
    (reason,) = found.excluded[0].reasons
    assert reason.relax is not None
    assert "Body gate" in reason.relax
    assert "first-responder" in reason.relax
    assert "Body past" not in reason.relax


def test_assurance_says_what_the_best_channel_that_works_is_good_for() -> None:
    channels = (phone("old", state=ChannelState.DEAD, assurance=Confidentiality.STRICT), phone("new"))
    found = find(ground(with_desk(channels=channels)), need(confidentiality=Confidentiality.STRICT), NOON)
    (reason,) = found.excluded[0].reasons
    assert reason.code == "channel-assurance"
    assert reason.relax is not None
    assert "confidential" in reason.relax


def test_an_organization_that_ended_names_its_successor() -> None:
    gone = body("o", until="2021-04-01", replaced_by=(body("heir", name="The Heir"),))
    (out,) = find(ground(service("help", gone)), need(), NOON).excluded
    assert "2021-04-01" in out.reasons[0].text
    assert "The Heir" in (out.reasons[0].relax or "")


def test_a_place_that_ended_leaves_a_note_with_its_successor() -> None:
    notes = find(ground(service(), areas=(ENDED,)), need(), NOON).notes
    assert len(notes) == 1
    assert "Gulf (AQ-GULF)" in notes[0]
    assert find(ground(service()), need(), NOON).notes == ()
    future = replace(ENDED, until="2026-11-24")
    assert find(ground(service(), areas=(future,)), need(), NOON).notes == ()


def test_the_nearest_miss_comes_first() -> None:
    near = service("z-near", capacity=Capacity.FULL)
    far = service("a-far", capacity=Capacity.FULL, serves=("female",), areas=frozenset({"AQ-SOUTH"}))
    found = find(ground(far, near), need(tags=("male",)), NOON)
    assert list(codes(found)) == ["z-near", "a-far"]
    assert len(codes(found)["a-far"]) == 3


def test_of_several_desks_the_nearest_one_explains() -> None:
    bad = desk("a-desk", channels=(), until="2020-01-01")
    better = desk("b-desk", channels=())
    (out,) = find(ground(service("help", None, bad, better)), need(), NOON).excluded
    assert out.contact_point is not None
    assert (out.contact_point.id, [r.code for r in out.reasons]) == ("b-desk", ["no-channel"])


def test_each_desk_that_fits_is_a_candidate() -> None:
    found = find(ground(service("help", None, desk("a"), desk("b"), desk("c", channels=()))), need(), NOON)
    assert [c.contact_point.id for c in found.candidates] == ["a", "b"]
    assert found.excluded == ()


# The order of the candidates


def soon(minutes: int) -> Responsiveness:
    return Responsiveness(5, minutes, minutes)


BETTER: dict[str, tuple[Service, Service, dict[str, Any], dict[str, Any]]] = {
    "route": (service("b"), service("a"), {}, {"pathways": (pathway("way", "asker", "b-org"),)}),
    "reachable": (
        service("b"),
        service("a", None, desk("a", calendar=OFFICE_HOURS)),
        {},
        {},
    ),
    "fit": (service("b", serves=("female",)), service("a"), {"tags": ("female",)}, {}),
    "place": (service("b"), service("a", areas=frozenset({"AQ"})), {}, {}),
    "language": (service("b", languages=("vi",)), service("a", interpretation="yes"), {"languages": ("vi",)}, {}),
    "capacity": (service("b", capacity=Capacity.OPEN), service("a", capacity=Capacity.LIMITED), {}, {}),
    "staffing": (service("b"), service("a", None, desk("a", staffing=Staffing.HOLDER)), {}, {}),
    "responsiveness": (service("b"), service("a"), {}, {"responses": {("b-desk", "shelter"): soon(30)}}),
}


@pytest.mark.parametrize("name", BETTER)
def test_each_criterion_puts_the_better_one_first_and_says_so(name: str) -> None:
    better, worse, asked, around = BETTER[name]
    found = find(ground(worse, better, **around), need(**asked), NIGHT)
    assert order(found) == ["b", "a"]
    assert found.candidates[0].separated_by == name
    assert found.candidates[1].separated_by is None


def test_no_criterion_is_left_out_above() -> None:
    assert tuple(BETTER) == CRITERIA


@pytest.mark.parametrize("higher", range(len(CRITERIA) - 1))
def test_a_criterion_weighs_more_than_all_that_follow(higher: int) -> None:
    """One service is better in one criterion and worse in the next one: the earlier decides."""
    first, second = CRITERIA[higher], CRITERIA[higher + 1]
    values = dict.fromkeys(CRITERIA, 0)
    one, two = {**values, second: 1}, {**values, first: 1}
    found = find(ground(_standing("one", one), _standing("two", two), **_ways("one", "two", one, two)), ASKED, NIGHT)
    assert order(found) == ["one", "two"]
    assert found.candidates[0].separated_by == first


ASKED = need(tags=("female",), languages=("vi",))


def _standing(id: str, worse: dict[str, int]) -> Service:
    """A service that is worse in the criteria that are 1 than where they are 0."""
    return service(
        id,
        None,
        desk(
            f"{id}-desk",
            calendar=OFFICE_HOURS if worse["reachable"] else desk().calendar,
            staffing=Staffing.HOLDER if worse["staffing"] else Staffing.OFFICE,
        ),
        serves=() if worse["fit"] else ("female",),
        areas=frozenset({"AQ" if worse["place"] else "AQ-BAY"}),
        languages=() if worse["language"] else ("vi",),
        capacity=Capacity.LIMITED if worse["capacity"] else Capacity.OPEN,
    )


def _ways(one: str, two: str, worse_one: dict[str, int], worse_two: dict[str, int]) -> dict[str, Any]:
    agreed = [id for id, worse in ((one, worse_one), (two, worse_two)) if not worse["route"]]
    times = {
        (f"{id}-desk", "shelter"): soon(600 if worse["responsiveness"] else 30)
        for id, worse in ((one, worse_one), (two, worse_two))
    }
    return {"pathways": tuple(pathway(f"to-{id}", "asker", f"{id}-org") for id in agreed), "responses": times}


def test_the_standing_of_equals_is_settled_by_their_ids() -> None:
    found = find(ground(service("b"), service("a")), need(), NOON)
    assert order(found) == ["a", "b"]
    assert found.candidates[0].separated_by is None


@pytest.mark.parametrize("priority", [Priority.STAT, Priority.ASAP])
def test_where_time_presses_who_can_be_reached_now_comes_first(priority: Priority) -> None:
    agreed_but_closed = service("agreed", None, desk("agreed", calendar=OFFICE_HOURS))
    open_now = service("open")
    around = ground(agreed_but_closed, open_now, pathways=(pathway("way", "asker", "agreed-org"),))
    assert order(find(around, need(), NIGHT)) == ["agreed", "open"]
    found = find(around, need(priority=priority), NIGHT)
    assert order(found) == ["open", "agreed"]
    assert found.candidates[0].separated_by == "reachable"
    assert [criterion.name for criterion in found.candidates[0].criteria][:2] == ["reachable", "route"]
    assert order(find(around, need(priority=priority), NOON)) == ["agreed", "open"]


def test_hours_open_then_unknown_then_closed() -> None:
    offers = [
        service(id, None, desk(id, calendar=calendar))
        for id, calendar in (("closed", OFFICE_HOURS), ("unknown", UNKNOWN_HOURS), ("open", desk().calendar))
    ]
    assert order(find(ground(*offers), need(priority=Priority.STAT), NIGHT)) == ["open", "unknown", "closed"]


def test_what_is_closed_now_says_when_it_opens() -> None:
    (found,) = find(ground(with_desk(calendar=OFFICE_HOURS)), need(), NIGHT).candidates
    (use,) = found.channels
    assert use.open is False
    assert use.opens_at == NIGHT.replace(hour=9)


def test_channels_usable_first_then_open_then_by_rank() -> None:
    channels = (
        phone("dead", state=ChannelState.DEAD, rank=1),
        phone("closed", hours="Mo-Fr 09:00-17:00", rank=1),
        phone("failing", state=ChannelState.FAILING, rank=1),
        phone("third", rank=3),
        phone("second", rank=2),
    )
    (found,) = find(ground(with_desk(channels=channels)), need(), NIGHT).candidates
    assert [use.channel.id for use in found.channels] == ["second", "third", "failing", "closed", "dead"]
    assert [use.barred for use in found.channels] == [None, None, None, None, "dead"]


# Whom the person is


@pytest.mark.parametrize("tag", ["child", "age-unknown"])
def test_unknown_age_counts_as_child(tag: str) -> None:
    around = ground(service("adults", serves=("adult",)), service("children", serves=("child",)))
    found = find(around, need(tags=(tag,)), NOON)
    assert order(found) == ["children"]
    assert codes(found) == {"adults": ["eligibility"]}


def test_a_service_for_unknown_age_takes_children() -> None:
    found = find(ground(service(serves=("age-unknown",))), need(tags=("child",)), NOON)
    assert order(found) == ["help"]


def test_what_the_case_leaves_unsaid_is_asked_not_held_against_it() -> None:
    found = find(ground(service(serves=("female", "sexual"))), need(tags=("female",)), NOON)
    assert order(found) == ["help"]
    assert any("sexual" in ask for ask in found.candidates[0].confirm)
    assert not any("female" in ask for ask in found.candidates[0].confirm)
    said = find(ground(service(serves=("female", "sexual"))), need(tags=("female", "sexual")), NOON)
    assert said.candidates[0].confirm == ()


def test_each_dimension_that_does_not_fit_is_a_reason_of_its_own() -> None:
    found = find(ground(service(serves=("female", "sexual"))), need(tags=("male", "labour")), NOON)
    assert codes(found) == {"help": ["eligibility", "eligibility"]}


def test_who_needs_an_accessible_place_is_asked_to_confirm() -> None:
    found = find(ground(service("plain"), service("ramp", serves=("accessible",))), need(tags=("accessible",)), NOON)
    assert order(found) == ["ramp", "plain"]
    assert any("accessible" in ask for ask in found.candidates[1].confirm)


@pytest.mark.parametrize(
    ("languages", "interpretation", "value"),
    [
        (("vi",), "no", 0),
        (("vi-VN",), "no", 0),
        (("en",), "yes", 1),
        ((), "yes", 1),
        (("en",), "unknown", 2),
        ((), "no", 2),
        (("en",), "no", None),
    ],
)
def test_language(languages: Sequence[str], interpretation: str, value: int | None) -> None:
    offered = service(languages=tuple(languages), interpretation=interpretation)
    found = find(ground(offered), need(languages=("vi",)), NOON)
    if value is None:
        assert codes(found) == {"help": ["language"]}
    else:
        assert _value(found, "language") == value
    assert order(find(ground(offered), need(), NOON)) == ["help"]


def _value(found: Finding, criterion: str) -> int:
    return next(c.value for c in found.candidates[0].criteria if c.name == criterion)


def test_the_languages_of_the_desk_count_too() -> None:
    found = find(ground(with_desk(languages=("vi",))), need(languages=("vi",)), NOON)
    assert _value(found, "language") == 0


@pytest.mark.parametrize(
    ("case", "usable"),
    [
        (Confidentiality.PUBLIC, ["a", "b", "c", "d"]),
        (Confidentiality.OFFICIAL, ["b", "c", "d"]),
        (Confidentiality.CONFIDENTIAL, ["c", "d"]),
        (Confidentiality.STRICT, ["d"]),
    ],
)
def test_a_channel_that_assures_less_than_the_case_needs_is_never_used(
    case: Confidentiality, usable: list[str]
) -> None:
    channels = tuple(phone(id, assurance=level) for id, level in zip("abcd", Confidentiality, strict=True))
    (found,) = find(ground(with_desk(channels=channels)), need(confidentiality=case), NOON).candidates
    assert [use.channel.id for use in found.channels if use.barred is None] == usable
    assert {use.barred for use in found.channels if use.channel.id not in usable} <= {"assurance"}


def test_staffing_falls_back_to_the_deputy() -> None:
    def value(*holders: Holder) -> int:
        return _value(find(ground(with_desk(staffing=Staffing.HOLDER, holders=holders)), need(), NOON), "staffing")

    primary = Holder(id="p", role=HolderRole.PRIMARY)
    deputy = Holder(id="d", role=HolderRole.DEPUTY)
    gone = replace(primary, until="2026-11-23")
    assert (value(primary), value(gone, deputy), value(gone), value()) == (0, 1, 2, 2)


def test_a_service_inside_the_place_is_named_with_the_question_where() -> None:
    found = find(ground(service("part", areas=frozenset({"AQ-BAY-QUAY"})), service("whole")), need(), NOON)
    assert order(found) == ["whole", "part"]
    assert any("Bay" in ask for ask in found.candidates[1].confirm)


def test_consent_and_form_of_a_pathway_are_said() -> None:
    way = pathway("way", "asker", "help-org", consent="required", form="https://form.example")
    adult = find(ground(service(), pathways=(way,)), need(tags=("adult",)), NOON).candidates[0]
    assert any("consent" in ask for ask in adult.confirm)
    assert any("https://form.example" in note for note in adult.notes)
    child = find(ground(service(), pathways=(way,)), need(tags=("age-unknown",)), NOON).candidates[0]
    assert not any("consent" in ask for ask in child.confirm)


# Whom to avoid


@pytest.mark.parametrize("entry", ["unit", "police", "government"])
def test_an_organization_is_avoided_by_itself_its_parent_and_their_kinds(entry: str) -> None:
    around = ground(service("help", UNIT), service("other"))
    assert order(find(around, need(), NOON)) == ["help", "other"]
    found = find(around, need(avoid=[entry]), NOON)
    assert (order(found), codes(found)) == (["other"], {"help": ["avoided"]})


def test_a_kind_is_avoided_through_the_parent_whatever_the_parents_id() -> None:
    unit = body("unit", "government", Body("ice-force", "police"))
    assert codes(find(ground(service("help", unit)), need(avoid=["police"]), NOON)) == {"help": ["avoided"]}
    assert codes(find(ground(service("help", unit)), need(avoid=["ice-force"]), NOON)) == {"help": ["avoided"]}
    assert order(find(ground(service("help", unit)), need(avoid=["immigration"]), NOON)) == ["help"]


def test_who_is_away_does_not_answer_unless_somebody_stands_in() -> None:
    def held(*absences: Absence) -> str:
        holder = Holder(id="first", role=HolderRole.PRIMARY, absences=absences)
        found = find(ground(with_desk(staffing=Staffing.HOLDER, holders=(holder,))), need(), NOON)
        return next(each.text.message_id for each in found.candidates[0].criteria if each.name == "staffing")

    second = Holder(id="second", role=HolderRole.DEPUTY)
    assert held() == "why.staffing.primary"
    assert held(Absence(since="2026-11-23", until="2026-11-24")) == "why.staffing.away"
    assert held(Absence(since="2026-11-24")) == held(Absence(until="2026-11-23")) == "why.staffing.primary"
    assert held(Absence(stand_in=second)) == "why.staffing.stand-in"
    assert held(Absence(stand_in=replace(second, until="2026-11-23"))) == "why.staffing.away"


def test_a_desk_where_somebody_stands_in_whom_the_case_avoids_is_out() -> None:
    second = Holder(id="second", role=HolderRole.DEPUTY)
    holder = Holder(id="first", role=HolderRole.PRIMARY, absences=(Absence(stand_in=second),))
    there = ground(with_desk(holders=(holder,)))
    assert find(there, need(), NOON).candidates
    assert not find(there, need(avoid=["second"]), NOON).candidates


def test_a_contact_point_and_a_holder_are_avoided_and_the_other_desk_stays() -> None:
    held = desk("held", holders=(Holder(id="somebody", role=HolderRole.DEPUTY),))
    around = ground(service("help", None, held, desk("other")))
    for entry in ("held", "somebody"):
        found = find(around, need(avoid=[entry]), NOON)
        assert [c.contact_point.id for c in found.candidates] == ["other"]
    alone = find(ground(service("help", None, held)), need(avoid=["somebody"]), NOON)
    assert codes(alone) == {"help": ["avoided"]}


def test_who_held_the_desk_once_is_not_there_to_be_avoided() -> None:
    held = desk("held", holders=(Holder(id="somebody", role=HolderRole.PRIMARY, until="2020-01-01"),))
    found = find(ground(service("help", None, held)), need(avoid=["somebody"]), NOON)
    # To be told of a case once, by a mistake in a date, would be worse than a desk too few.
    assert codes(found) == {"help": ["avoided"]}


RELAY = phone("relay", kind=ChannelKind.RELAY, address=None, via_contact_point="front-desk", via=UNIT.bodies)


@pytest.mark.parametrize("entry", ["unit", "police", "front-desk"])
def test_a_relay_channel_is_barred_by_who_relays(entry: str) -> None:
    around = ground(with_desk(channels=(RELAY, phone("own"))))
    (found,) = find(around, need(avoid=[entry]), NOON).candidates
    assert {use.channel.id: use.barred for use in found.channels} == {"relay": "avoided", "own": None}
    only = find(ground(with_desk(channels=(RELAY,))), need(avoid=[entry]), NOON)
    assert codes(only) == {"help": ["no-working-channel"]}
    assert order(find(ground(with_desk(channels=(RELAY,))), need(), NOON)) == ["help"]


def test_avoiding_somebody_takes_out_just_them() -> None:
    offers = [service(id) for id in "abcd"]
    before = order(find(ground(*offers), need(), NOON))
    for id in "abcd":
        after = find(ground(*offers), need(avoid=[f"{id}-org"]), NOON)
        assert order(after) == [other for other in before if other != id]
        assert codes(after) == {id: ["avoided"]}


# Routes of several hops


def chained(*steps: tuple[str, str], **more: Any) -> Ground:
    """Pathways from body to body; help is the last one's."""
    ways = tuple(pathway(f"{start}-{to}", start, to) for start, to in steps)
    return ground(service("help", body("end")), access=Access.PATHWAY, pathways=ways, **more)


def hops(finding: Finding) -> list[str]:
    return [hop.id for hop in finding.candidates[0].route.hops]


def test_pathways_are_laid_end_to_end() -> None:
    found = find(chained(("asker", "a"), ("a", "b"), ("b", "end")), need(), NOON)
    assert hops(found) == ["asker-a", "a-b", "b-end"]
    assert _value(found, "route") == 3
    assert "Body a" in found.candidates[0].criteria[0].text


def test_the_shortest_route_is_taken() -> None:
    found = find(chained(("asker", "a"), ("a", "b"), ("b", "end"), ("a", "end"), ("asker", "b")), need(), NOON)
    assert hops(found) == ["asker-a", "a-end"]


def test_four_hops_are_too_many() -> None:
    found = find(chained(("asker", "a"), ("a", "b"), ("b", "c"), ("c", "end")), need(), NOON)
    assert codes(found) == {"help": ["no-pathway"]}


def test_loops_end() -> None:
    found = find(chained(("asker", "a"), ("a", "b"), ("b", "a"), ("a", "asker"), ("b", "end")), need(), NOON)
    assert hops(found) == ["asker-a", "a-b", "b-end"]
    nowhere = find(chained(("asker", "a"), ("a", "b"), ("b", "a"), ("a", "asker")), need(), NOON)
    assert codes(nowhere) == {"help": ["no-pathway"]}


def test_a_gateway_that_is_avoided_is_gone_round_or_not_passed() -> None:
    around = chained(("asker", "a"), ("asker", "b"), ("a", "end"), ("b", "end"))
    assert hops(find(around, need(), NOON)) == ["asker-a", "a-end"]
    assert hops(find(around, need(avoid=["a"]), NOON)) == ["asker-b", "b-end"]
    assert codes(find(around, need(avoid=["a", "b"]), NOON)) == {"help": ["no-pathway"]}


def test_of_several_ways_to_a_gateway_one_that_may_be_passed_is_enough() -> None:
    ways = (
        pathway("a", "asker", "gate", contact_point="first"),
        pathway("b", "asker", "gate", contact_point="second"),
        pathway("c", "gate", "help-org"),
    )
    around = ground(service(), access=Access.PATHWAY, pathways=ways, gates={"gate": (desk("first"), desk("second"))})
    (found,) = find(around, need(avoid=["first"]), NOON).candidates
    assert [hop.id for hop in found.route.hops] == ["b", "c"]
    assert found.gateway is not None
    assert found.gateway.contact_point.id == "second"
    assert order(find(around, need(avoid=["first", "second"]), NOON)) == []


def test_of_a_gateways_desks_the_one_that_is_reached_the_soonest_is_asked() -> None:
    ways = (pathway("a", "asker", "gate"), pathway("b", "gate", "help-org"))
    gates = {"gate": (desk("by-day", calendar=OFFICE_HOURS), desk("night"))}
    (found,) = find(ground(service(), access=Access.PATHWAY, pathways=ways, gates=gates), need(), NIGHT).candidates
    assert found.gateway is not None
    assert found.gateway.contact_point.id == "night"
    assert next(c.value for c in found.criteria if c.name == "reachable") == 0


def test_a_gateway_is_avoided_by_its_kind() -> None:
    ways = (pathway("one", "asker", body("a", "police")), pathway("two", "a", "end"))
    around = ground(service("help", body("end")), access=Access.PATHWAY, pathways=ways)
    assert hops(find(around, need(), NOON)) == ["one", "two"]
    assert codes(find(around, need(avoid=["police"]), NOON)) == {"help": ["no-pathway"]}


def test_a_gateway_is_avoided_by_the_kind_of_the_body_that_it_is_part_of() -> None:
    ways = (
        pathway("one", "asker", UNIT),
        pathway("two", "unit", "end"),
    )
    around = ground(service("help", body("end")), access=Access.PATHWAY, pathways=ways)
    assert hops(find(around, need(), NOON)) == ["one", "two"]
    assert codes(find(around, need(avoid=["police"]), NOON)) == {"help": ["no-pathway"]}


def test_a_kind_leads_on_from_a_gateway_of_that_kind() -> None:
    ways = (
        pathway("one", "asker", body("a", "health")),
        pathway("two", None, "end", from_kind="health"),
    )
    around = ground(service("help", body("end")), access=Access.PATHWAY, pathways=ways)
    assert hops(find(around, need(), NOON)) == ["one", "two"]


def test_a_gateway_uses_the_pathways_of_the_body_that_it_is_part_of() -> None:
    first = pathway("one", "asker", UNIT)
    for second in (pathway("two", "police", "end"), pathway("two", None, "end", from_kind="police")):
        around = ground(service("help", body("end")), access=Access.PATHWAY, pathways=(first, second))
        assert hops(find(around, need(), NOON)) == ["one", "two"]


def test_one_does_not_go_through_a_gateway_for_what_can_be_asked_for_directly() -> None:
    around = replace(chained(("asker", "a"), ("a", "end")), access=Access.DIRECT)
    assert hops(find(around, need(), NOON)) == []
    assert _value(find(around, need(), NOON), "route") == 1


def test_a_part_of_a_body_uses_the_pathways_of_the_body() -> None:
    part = body("asker", "government", Body("ministry", "government"))
    way = {"access": Access.PATHWAY, "pathways": (pathway("way", "ministry", "help-org"),)}
    assert order(find(ground(service(), asker=part, **way), need(), NOON)) == ["help"]
    assert codes(find(ground(service(), **way), need(), NOON)) == {"help": ["no-pathway"]}


# The same question, the same answer

_offers: Any = st.lists(
    st.builds(
        dict,
        serves=st.sets(st.sampled_from(["adult", "child", "female", "male", "sexual", "labour"]))
        .map(sorted)
        .map(tuple),
        capacity=st.sampled_from(Capacity),
        areas=st.sampled_from(["AQ-BAY", "AQ", "AQ-SOUTH", "AQ-BAY-QUAY"]).map(lambda area: frozenset({area})),
        languages=st.sampled_from([(), ("vi",), ("en",)]),
        interpretation=st.sampled_from(["yes", "no", "unknown"]),
        calendar=st.sampled_from([OFFICE_HOURS, UNKNOWN_HOURS]),
        kind=st.sampled_from(["cso", "police", "health"]),
        way=st.booleans(),
    ),
    max_size=6,
)
_needs = st.builds(
    need,
    tags=st.sets(st.sampled_from(["adult", "age-unknown", "female", "male", "labour"])).map(sorted).map(tuple),
    languages=st.sampled_from([(), ("vi",), ("ti", "vi")]),
    priority=st.sampled_from(Priority),
    confidentiality=st.sampled_from(Confidentiality),
)


def _built(offers: list[dict[str, Any]]) -> tuple[list[Service], list[Any]]:
    services, ways = [], []
    for number, offer in enumerate(offers):
        rest = {key: value for key, value in offer.items() if key not in ("calendar", "kind", "way")}
        id = f"s{number}"
        owner = body(f"{id}-org", offer["kind"])
        services.append(service(id, owner, desk(f"{id}-desk", calendar=offer["calendar"]), **rest))
        if offer["way"]:
            ways.append(pathway(f"to-{id}", "asker", owner))
    return services, ways


_moments = st.sampled_from([NOON, NIGHT])


@given(_offers, _needs, _moments, st.randoms(use_true_random=False))
def test_the_order_of_what_is_read_changes_nothing(
    offers: list[dict[str, Any]], asked: Need, at: datetime, random: Any
) -> None:
    services, ways = _built(offers)
    first = find(ground(*services, pathways=tuple(ways)), asked, at)
    random.shuffle(services)
    random.shuffle(ways)
    assert find(ground(*services, pathways=tuple(ways)), asked, at) == first


@given(_offers, _needs, _moments)
def test_every_service_is_either_a_candidate_or_explained(
    offers: list[dict[str, Any]], asked: Need, at: datetime
) -> None:
    services, ways = _built(offers)
    found = find(ground(*services, pathways=tuple(ways)), asked, at)
    assert sorted([*order(found), *codes(found)]) == sorted(service.id for service in services)
    assert all(out.reasons for out in found.excluded)


@given(_offers, _needs, _moments)
def test_an_organization_that_has_nothing_to_do_with_it_changes_nothing(
    offers: list[dict[str, Any]], asked: Need, at: datetime
) -> None:
    services, ways = _built(offers)
    before = find(ground(*services, pathways=tuple(ways)), asked, at)
    stranger = service("stranger", body("stranger-org"), areas=frozenset({"AQ-SOUTH"}))
    around = ground(*services, stranger, pathways=(*ways, pathway("astray", "elsewhere", "stranger-org")))
    after = find(around, asked, at)
    assert after.candidates == before.candidates
    assert [out for out in after.excluded if out.service.id != "stranger"] == list(before.excluded)


@given(_offers, _needs, _moments, st.integers(0, 5))
def test_avoiding_one_organization_takes_out_just_that_one(
    offers: list[dict[str, Any]], asked: Need, at: datetime, which: int
) -> None:
    services, ways = _built(offers)
    around = ground(*services, pathways=tuple(ways))
    before = find(around, asked, at)
    after = find(around, replace(asked, avoid=need(avoid=[f"s{which}-org"]).avoid), at)
    assert order(after) == [id for id in order(before) if id != f"s{which}"]
    assert "avoided" in codes(after).get(f"s{which}", ["avoided"])
