"""What find says to do first: who was found before what is lacking, who could refer, and what to say to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relaypoint.app.show_find import _relaxed
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.finding import find as decide
from relaypoint.domain.policy import ANONYMOUS
from relaypoint.graph import Store
from relaypoint.resolvers.finding import emergency, find
from relaypoint.resolvers.sending import refer
from relaypoint.tests.cases import NOON, desk, ground, mail, need, order, service
from relaypoint.tests.helpers import Roster, member, row
from relaypoint.tests.test_plan import HOUSING, UNIT, added_for_adults, changed, desks
from relaypoint.tests.test_what_now import ids, texts

SHELTER = member("example-shelter")
SIDE_BY_SIDE = replace(HOUSING, from_organization="example-shelter", also=("identification",), priority="asap")


async def test_who_was_found_comes_before_what_is_lacking(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    # The shelter has no way to the authority; the line and the unit have, and only the line can be phoned.
    answer = await find(SHELTER, backend, SIDE_BY_SIDE)
    assert desks(answer, 1) == []
    first, second, *_ = answer.advice
    assert str(first.text).startswith("Housing: your own organization")
    assert first.contact_point is not None
    assert first.contact_point.id == "shelter-desk"
    assert second.contact_point is not None
    assert second.contact_point.id == "line-desk"
    assert "In the same call: Identification: you have no agreed way to it" in second.text
    assert not any("nobody else is on record" in text for text in texts(answer))


async def test_who_may_refer_is_named_with_a_number(store: Store) -> None:
    backend = await changed(store, lambda roster: row(roster, "jurisdictions", "GB").update(hotline=""))
    answer = await find(SHELTER, backend, SIDE_BY_SIDE)
    step = next(step for step in answer.advice if step.text.message_id.startswith("advice.referrer"))
    assert step.contact_point is not None
    assert step.contact_point.id == "line-desk"
    assert [use.channel.kind for use in step.channels] == ["phone"]
    for avoided in ("example-line", "line-desk", "cso"):
        answer = await find(SHELTER, backend, replace(SIDE_BY_SIDE, avoid=(avoided,)))
        assert not any(id.startswith("advice.referrer") for id in ids(answer)), avoided


@pytest.mark.parametrize(
    "change",
    [
        lambda roster: row(roster, "memberships", "line-in-force").update(since="2027-01-01"),
        lambda roster: row(roster, "memberships", "line-in-force").update(until="2026-01-01"),
        lambda roster: row(roster, "memberships", "line-in-force").update(role="member"),
        lambda roster: row(roster, "organizations", "example-line").update(status="suspended"),
        lambda roster: row(roster, "contact_points", "line-desk").update(presence="closed"),
        lambda roster: row(roster, "channels", "line-phone").update(state="dead"),
    ],
)
async def test_nobody_is_named_to_refer_who_can_not(store: Store, change: object) -> None:
    def both(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB")["hotline"] = ""
        change(roster)  # type: ignore[operator]

    backend = await changed(store, both)
    answer = await find(SHELTER, backend, SIDE_BY_SIDE)
    assert not any(id.startswith("advice.referrer") for id in ids(answer))
    assert any("Identification: nobody else is on record" in text for text in texts(answer))


async def test_one_desk_for_two_needs_is_one_call(store: Store) -> None:
    backend = await changed(store, lambda roster: row(roster, "jurisdictions", "GB").update(hotline=""))
    answer = await find(SHELTER, backend, replace(SIDE_BY_SIDE, service="advice"))
    (step,) = [step for step in answer.advice if step.contact_point and step.contact_point.id == "line-desk"]
    assert "Advice: ask" in step.text
    assert "In the same call: Identification" in step.text


async def test_where_time_presses_it_says_whom_to_phone_though_all_is_found(store: Store) -> None:
    backend = await changed(store, added_for_adults)
    answer = await find(UNIT, backend, replace(HOUSING, priority="stat"))
    assert desks(answer)
    assert ids(answer)[0] in ("advice.found", "advice.found-sure")
    assert (await find(UNIT, backend, HOUSING)).advice == ()


async def test_where_nobody_is_known_to_answer_it_says_so_at_every_priority(store: Store) -> None:
    def unknown(roster: Roster) -> None:
        for each in (*roster["contact_points"], *roster["channels"]):
            each["hours"] = ""

    backend = await changed(store, unknown)
    assert ids(await find(UNIT, backend, HOUSING)) == ["advice.pressing"]
    urgent = await find(UNIT, backend, replace(HOUSING, priority="urgent"))
    assert urgent.advice[0].contact_point is not None
    assert "advice.hotline" in ids(urgent)


async def test_of_unknown_age_it_says_who_takes_an_adult(store: Store) -> None:
    def adults(roster: Roster) -> None:
        row(roster, "services", "shelter-beds")["serves"] = "adult"

    backend = await changed(store, adults)
    unknown = await find(UNIT, backend, replace(HOUSING, tags=("age-unknown",)))
    (step,) = [step for step in unknown.advice if step.text.message_id == "advice.if-grown"]
    assert step.channels
    for tags in (("child",), ("child", "age-unknown")):
        assert "advice.if-grown" not in ids(await find(UNIT, backend, replace(HOUSING, tags=tags)))


async def test_nobody_is_asked_to_lift_a_bar_that_would_change_nothing(store: Store) -> None:
    def for_women(roster: Roster) -> None:
        row(roster, "services", "shelter-beds")["serves"] = "female"
        row(roster, "jurisdictions", "GB")["hotline"] = ""

    backend = await changed(store, for_women)
    avoiding = replace(HOUSING, avoid=("example-shelter",))
    assert "advice.nobody-left" in ids(await find(UNIT, backend, replace(avoiding, tags=("female", "adult"))))
    assert "advice.nobody-left" not in ids(await find(UNIT, backend, replace(avoiding, tags=("male", "adult"))))


def test_what_is_to_be_asked_first_counts_one_by_one() -> None:
    accessible, plain = ("male", "adult"), ("adult",)
    two, one = service("a", serves=("female", "sexual")), service("b", serves=("sexual",))
    assert order(decide(ground(two, one), need(tags=plain), NOON)) == ["b", "a"]
    # A doubt that all share puts none of them first.
    made, anyone = service("b", serves=accessible), service("a")
    found = decide(ground(anyone, made), need(tags=("adult", "male", "accessible")), NOON)
    assert order(found) == ["b", "a"]
    assert "made for this case in age, sex; to be confirmed (accessible)" in str(found.candidates[1].behind)


def test_who_to_talk_through_is_to_be_made_sure_of() -> None:
    help = service("help", None, desk("help-desk", mail()))
    (candidate,) = decide(ground(help), need(languages=("ti",)), NOON).candidates
    assert any("ask for an interpreter" in text for text in candidate.confirm)
    (candidate,) = decide(ground(replace(help, interpretation="yes")), need(languages=("ti",)), NOON).candidates
    assert candidate.confirm == ()


def test_what_would_let_it_in_tells_all_that_is_lacking() -> None:
    reason = {"relax": "It fits if the person can get to: South."}
    assert _relaxed([reason], []) == reason["relax"]
    both = _relaxed([reason], ["only for female: ask, since the case does not say it"])
    assert both.splitlines()[1:] == [reason["relax"], "It is only for female: ask, since the case does not say it."]
    assert _relaxed([reason, {"relax": None}], ["only for female"]) == "–"


async def test_a_kind_that_may_have_been_meant_comes_before_a_single_body(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    with pytest.raises(NotFound) as problem:
        await find(UNIT, backend, replace(HOUSING, avoid=("polis",)))
    assert str(problem.value.remedy).startswith("Did you mean police (all of that kind)")
    with pytest.raises(NotFound) as problem:
        await find(UNIT, backend, replace(HOUSING, avoid=("ex-husband",)))
    assert "local-authority" in str(problem.value.remedy)
    assert "private person" in str(problem.value.remedy)


async def test_the_number_above_says_what_not_to_say(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    strict = await find(UNIT, backend, replace(HOUSING, confidentiality="strict"))
    assert [note.message_id for note in strict.emergency.notes] == ["emergency.unsafe"]
    assert (await find(UNIT, backend, HOUSING)).emergency.notes == ()


async def test_what_was_said_of_consent_changes_nothing_for_a_child(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    answer = await find(UNIT, backend, replace(HOUSING, tags=("child",), consent=()))
    assert "note.child-consent" in [note.message_id for note in answer.notes]


async def test_what_was_to_be_made_sure_of_is_told_again_when_it_is_sent(store: Store) -> None:
    backend = await changed(store, lambda roster: row(roster, "service_types", "advice").update(added_for="child"))
    need = replace(HOUSING, tags=("child",), confidentiality="confidential")
    found = await find(UNIT, backend, need)
    sent = await refer(UNIT, backend, need)
    assert found.finding.candidates[0].confirm
    assert sent.confirm == found.finding.candidates[0].confirm
    assert [step.contact_point.id for step in sent.protection if step.contact_point] == ["line-desk"]
    assert (await refer(UNIT, backend, replace(need, tags=("adult",)))).protection == ()


async def test_a_danger_is_told_again_when_it_is_sent(store: Store) -> None:
    def one_form(roster: Roster) -> None:
        way = row(roster, "pathways", "to-authority")
        roster["pathways"].append({**way, "id": "to-police", "to_organization": "example-police", "contact_point": ""})

    backend = await changed(store, one_form)
    need = replace(HOUSING, service="identification", avoid=("example-police",), from_organization="example-line")
    sent = await refer(member("example-line"), backend, need, consent=True)
    assert [text.message_id for text in sent.warnings] == ["confirm.form-shared"]


async def test_a_large_place_is_named_more_closely_where_several_are_for_parts_of_it(store: Store) -> None:
    def two_parts(roster: Roster) -> None:
        row(roster, "services", "shelter-beds")["jurisdictions"] = "GB-X-NORTH"
        beds = {**row(roster, "services", "shelter-beds"), "id": "line-beds", "organization": "example-line"}
        roster["services"].append({**beds, "jurisdictions": "GB-X-SOUTH"})

    backend = await changed(store, two_parts)
    with pytest.raises(Invalid) as refused:
        await refer(UNIT, backend, replace(HOUSING, place="GB"))
    assert refused.value.message_id == "refer.part"
    assert (await refer(UNIT, backend, replace(HOUSING, place="GB"), to="line-desk")).referral["handoffs"]


async def test_where_those_of_the_place_are_for_others_those_elsewhere_are_named_too(store: Store) -> None:
    def for_others(roster: Roster) -> None:
        here = row(roster, "services", "shelter-beds")
        here["serves"], here["eligibility"], here["jurisdictions"] = "male", "Men; phone and ask", "GB-X-NORTH"
        row(roster, "jurisdictions", "GB")["hotline"] = ""
        away = {**here, "id": "line-beds", "organization": "example-line", "jurisdictions": "GB-X-SOUTH"}
        roster["services"].append({**away, "serves": "", "eligibility": ""})

    backend = await changed(store, for_others)
    steps = (await find(UNIT, backend, HOUSING)).advice
    asked = [step.organization.id for step in steps if step.need and step.organization]
    assert asked == ["example-shelter", "example-line"]


async def test_who_helps_only_others_is_not_named_to_refer(store: Store) -> None:
    def for_adults(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB")["hotline"] = ""
        row(roster, "services", "line-advice")["serves"] = "adult"

    backend = await changed(store, for_adults)
    assert any(id.startswith("advice.referrer") for id in ids(await find(SHELTER, backend, SIDE_BY_SIDE)))
    child = await find(SHELTER, backend, replace(SIDE_BY_SIDE, tags=("child",)))
    assert not any(id.startswith("advice.referrer") for id in ids(child))


async def test_under_strict_nobody_is_said_to_be_lacking_who_is_only_not_safe_enough(store: Store) -> None:
    def without_mail(roster: Roster) -> None:
        roster["channels"] = [each for each in roster["channels"] if each["id"] != "shelter-mail"]
        row(roster, "jurisdictions", "GB")["hotline"] = ""

    backend = await changed(store, without_mail)
    found = ids(await find(UNIT, backend, replace(HOUSING, confidentiality="strict")))
    assert "advice.less-strict" in found
    assert not any(id.startswith("advice.nobody") for id in found)


async def test_the_numbers_alone_say_what_not_to_say_too(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    told = await emergency(UNIT, backend, "GB", (), "strict")
    assert [note.message_id for note in told.notes] == ["emergency.unsafe"]
    assert (await emergency(ANONYMOUS, backend, "GB", (), "no such word")).notes == ()


async def test_consent_is_all_that_need_not_be_made_sure_of_once_it_was_given(store: Store) -> None:
    backend = await changed(store, lambda roster: None)
    asker = member("example-line")
    need = replace(HOUSING, service="identification", from_organization="example-line", tags=("adult", "accessible"))
    found = [text.message_id for text in (await find(asker, backend, need)).finding.candidates[0].confirm]
    assert {"confirm.consent", "confirm.accessible"} <= set(found)
    sent = await refer(asker, backend, need, consent=True)
    assert [text.message_id for text in sent.confirm] == [id for id in found if id != "confirm.consent"]


async def test_a_member_that_is_suspended_in_the_task_force_as_well_is_not_named_to_refer(store: Store) -> None:
    def twice(roster: Roster) -> None:
        row(roster, "jurisdictions", "GB")["hotline"] = ""
        review = {"standing": "suspended", "reason": "Conduct under review", "continuity": "shelter-desk"}
        roster["memberships"].append({**row(roster, "memberships", "line-in-force"), "id": "line-out", **review})

    backend = await changed(store, twice)
    answer = await find(SHELTER, backend, SIDE_BY_SIDE)
    assert not any(id.startswith("advice.referrer") for id in ids(answer))
