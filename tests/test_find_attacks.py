"""What a case must never reach, learn or set going, tried by those who would like it to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Invalid, Limit, NoChannel
from relaypoint.domain.policy import ANONYMOUS, OPERATOR
from relaypoint.domain.responsiveness import Answered, responses
from relaypoint.graph import Store
from relaypoint.resolvers import gaps, sending, trend, unmet
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import emergency, find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.roster import import_roster
from relaypoint.tests.helpers import Roster, make_backend, member, row, tables, tiny_roster
from relaypoint.tests.test_plan import HOUSING, UNIT, changed, codes, desks

AVOIDED = ("police", "example-police", "example-unit", "unit-desk", "officer")


def only_desk(roster: Roster) -> None:
    """The shelter's day desk takes the case alone."""
    row(roster, "contact_points", "shelter-night-desk")["service_types"] = "advice"


def officer_stands_in(roster: Roster) -> None:
    only_desk(roster)
    second = row(roster, "holders", "shelter-second")
    roster["holders"].append({**second, "id": "officer", "contact_point": "unit-desk", "role": "primary", "rank": "1"})
    roster["absences"] = [
        {"id": f"away-{id}", "holder": id, "stand_in": "officer", "since": "2026-03-01", "until": "2026-03-10"}
        for id in ("shelter-first", "shelter-second")
    ]


@pytest.mark.parametrize("avoided", AVOIDED)
async def test_who_stands_in_belongs_where_they_belong(store: Store, avoided: str) -> None:
    backend = await changed(store, officer_stands_in)
    need = replace(HOUSING, from_organization="example-line", avoid=(avoided,))
    assert desks(await find(member("example-line"), backend, need)) == []
    with pytest.raises(NoChannel):
        await sending.refer(member("example-line"), backend, need, to="shelter-desk")


def relayed(roster: Roster) -> None:
    """The shelter is reached through the line alone, and the line through the police alone."""
    only_desk(roster)
    roster["channels"] = [c for c in roster["channels"] if c["id"] in ("shelter-relay", "unit-mail", "authority-mail")]
    relay = row(roster, "channels", "shelter-relay")
    roster["channels"].append({**relay, "id": "line-relay", "contact_point": "line-desk", "via": "unit-desk"})
    roster["jurisdictions"][0]["hotline"] = ""


@pytest.mark.parametrize("avoided", ["police", "unit-desk", "line-desk", "example-line"])
async def test_a_relay_is_barred_by_whoever_answers_on_the_way(store: Store, avoided: str) -> None:
    backend = await changed(store, relayed)
    need = replace(HOUSING, from_organization="example-authority", tags=("female",))
    authority = member("example-authority")
    assert desks(await find(authority, backend, need)) == ["shelter-desk"]
    assert desks(await find(authority, backend, replace(need, avoid=(avoided,)))) == []


async def test_the_hotline_is_not_shown_where_it_leads_through_whom_the_case_avoids(store: Store) -> None:
    def through_the_police(roster: Roster) -> None:
        row(roster, "channels", "line-phone").update(kind="relay", address="", via="unit-desk")
        row(roster, "channels", "line-mail")["state"] = "dead"

    backend = await changed(store, through_the_police)
    answer = await find(UNIT, backend, replace(HOUSING, avoid=("police",)))
    assert (answer.emergency.hotline, answer.emergency.channel) == (None, None)


async def test_nobody_is_shown_a_number_that_is_not_public(store: Store) -> None:
    def diverted(roster: Roster) -> None:
        line = row(roster, "contact_points", "line-desk")
        roster["contact_points"].append({**line, "id": "line-secret", "public": "no"})
        phone = row(roster, "channels", "line-phone")
        roster["channels"].append(
            {**phone, "id": "secret-phone", "contact_point": "line-secret", "address": "+442079460177"}
        )
        roster["diversions"].append(
            {"id": "to-secret", "contact_point": "line-desk", "to": "line-secret", "since": "", "until": ""}
        )
        roster["contingencies"].append(
            {"id": "now", "place": "", "task_force": "", "organization": "example-line", "reason": "A fire",
             "since": "2026-03-01", "until": "2026-03-10"}
        )  # fmt: skip

    backend = await changed(store, diverted)
    shown = await emergency(ANONYMOUS, backend, "GB-X-NORTH")
    assert (shown.number, shown.hotline) == ("999", None)


# into another country


def foreign(roster: Roster) -> None:
    roster["jurisdictions"].append({**row(roster, "jurisdictions", "GB"), "id": "IE", "name": "Ireland", "hotline": ""})
    line = row(roster, "organizations", "example-line")
    roster["organizations"].append({**line, "id": "irish-line", "name": "Irish Line", "jurisdictions": "IE"})
    service = row(roster, "services", "line-advice")
    roster["services"] = [s for s in roster["services"] if s["id"] != "line-advice"]
    roster["services"].append({**service, "id": "irish-advice", "organization": "irish-line", "jurisdictions": "GB;IE"})
    desk = row(roster, "contact_points", "line-desk")
    roster["contact_points"].append({**desk, "id": "irish-desk", "organization": "irish-line"})
    phone = row(roster, "channels", "line-phone")
    roster["channels"].append({**phone, "id": "irish-phone", "contact_point": "irish-desk", "address": "+442079460178"})


async def test_a_body_of_another_country_gets_nothing_by_itself(store: Store) -> None:
    backend = await changed(store, foreign)
    advice = NeedInput(from_organization="example-unit", service="advice", place="GB-X-NORTH", tags=("adult",))
    answer = await find(UNIT, backend, advice)
    assert desks(answer) == ["irish-desk"]
    assert any(each.message_id == "confirm.abroad" for each in answer.finding.candidates[0].warnings)
    with pytest.raises(NoChannel):
        await sending.refer(UNIT, backend, advice)
    with pytest.raises(Invalid) as refused:
        await sending.refer(UNIT, backend, advice, to="irish-desk")
    assert refused.value.message_id == "refer.abroad"
    sent = await sending.refer(UNIT, backend, advice, to="irish-desk", consent=True, risk_checked=True)
    assert sent.referral["reference"]


async def test_who_works_nowhere_in_particular_sends_nothing_abroad_by_itself(store: Store) -> None:
    def nowhere(roster: Roster) -> None:
        foreign(roster)
        row(roster, "organizations", "example-line")["jurisdictions"] = ""
        roster["memberships"] = [m for m in roster["memberships"] if m["organization"] != "example-line"]

    backend = await changed(store, nowhere)
    need = NeedInput(from_organization="example-line", service="advice", place="IE", tags=("adult",))
    with pytest.raises(Invalid) as refused:
        await sending.refer(member("example-line"), backend, need)
    assert refused.value.message_id == "refer.abroad"


async def test_a_place_lies_in_no_other_country(store: Store) -> None:
    roster = tiny_roster()
    foreign(roster)
    row(roster, "jurisdictions", "GB-X-NORTH")["within"] = "IE"
    done = await import_roster(OPERATOR, make_backend(store), tables(roster))
    assert [error.message_id for error in done.errors] == ["roster.place-abroad"]


# what is counted


async def test_what_was_looked_for_in_vain_is_told_to_nobody_else(backend: Backend) -> None:
    unfit = replace(HOUSING, tags=("male",), from_organization="example-line")
    line = member("example-line")
    await trend.snapshot(OPERATOR, backend)
    before = await trend.trend(UNIT, backend)
    await find(line, backend, unfit)
    await trend.snapshot(OPERATOR, backend)
    assert await trend.trend(UNIT, backend) == before
    assert "unmet-need" not in {gap.kind for gap in (await gaps.coverage_gaps(UNIT, backend)).gaps}
    (needed,) = await unmet.unmet_needs(backend, "2026-03-03")
    for _ in range(2):
        with pytest.raises(NoChannel):
            await sending.refer(line, backend, unfit)
    assert await unmet.unmet_needs(backend, "2026-03-03") == [needed]


async def test_nothing_is_counted_where_it_would_be_told_to_whom_the_case_avoids(backend: Backend) -> None:
    for avoided in ("example-authority", "competent-authority"):
        await find(UNIT, backend, replace(HOUSING, tags=("male",), avoid=(avoided,)))
    assert await unmet.unmet_needs(backend, "2026-03-03") == []
    await find(UNIT, backend, replace(HOUSING, tags=("male",), avoid=("example-former",)))
    (needed,) = await unmet.unmet_needs(backend, "2026-03-03")
    assert needed.lacking == ()


async def test_what_is_avoided_is_not_advised_to_be_asked_again(store: Store) -> None:
    def full(roster: Roster) -> None:
        row(roster, "services", "shelter-beds")["capacity"] = "full"

    answer = await find(UNIT, await changed(store, full), replace(HOUSING, avoid=("example-shelter",)))
    assert codes(answer)["shelter-beds"] == ["avoided", "full"]
    (out,) = [out for out in answer.finding.excluded if out.service.id == "shelter-beds"]
    assert [reason.relax for reason in out.reasons] == [None, None]
    assert out.channels == ()


def test_who_does_not_answer_is_not_quick() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)

    numbers = map(str, count())

    def step(minutes: int | None, waited: int = 100_000) -> Answered:
        at = format_instant(start)
        decided = None if minutes is None else format_instant(start + timedelta(minutes=minutes))
        return Answered(
            number := next(numbers),
            number,
            "desk",
            "advice",
            at,
            decided,
            decided,
            format_instant(start + timedelta(minutes=waited)),
        )

    quick = [step(10) for _ in range(5)]
    assert responses(quick)["desk", "advice"].decide == 10
    silent = responses([*quick, *(step(None) for _ in range(95))])["desk", "advice"]
    assert (silent.decide, silent.silent, silent.count) == (None, True, 100)
    # Who was asked a moment ago says nothing yet.
    assert responses([*quick, *(step(None, waited=5) for _ in range(95))])["desk", "advice"].count == 5


# too much of everything


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"languages": ["vi"] * 21}, "languages"),
        ({"also": ["advice"] * 11}, "also"),
        ({"avoid": ["police"] * 101}, "avoid"),
        ({"consent": ["advice"] * 21}, "consent"),
        ({"tags": ["female"] * 31}, "for"),
        ({"place": "x" * 201}, "place"),
        ({"service": "x" * 201}, "service"),
        ({"languages": ["x" * 201]}, "languages"),
    ],
)
async def test_nobody_keeps_others_waiting_with_endless_needs(
    backend: Backend, given: dict[str, object], path: str
) -> None:
    with pytest.raises(Limit) as told:
        await find(UNIT, backend, replace(HOUSING, **given))  # type: ignore[arg-type]
    assert told.value.path[0] == path
