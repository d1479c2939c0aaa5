"""The real example: its facts as counted, and the answers that cases get from it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from relaypoint.domain.errors import Invalid, NoChannel
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Store
from relaypoint.resolvers import gaps, handoffs, referrals, sending, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import Answer, find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.roster import export_roster, import_roster
from relaypoint.resolvers.tables import read_tables
from relaypoint.tests.helpers import EXAMPLE, dump, make_backend, member

NIGHT = "2026-11-23T23:30:00.000Z"


@pytest.fixture
async def uk(store: Store) -> Backend:
    """A store with the example, on a night in November."""
    backend = make_backend(store, NIGHT)
    done = await import_roster(OPERATOR, backend, read_tables(EXAMPLE))
    assert done.applied
    return backend


def need(service: str, place: str, *tags: str, asker: str = "migrant-help", **more: Any) -> NeedInput:
    given: dict[str, Any] = {"from_organization": asker, "service": service, "place": place, "tags": tags, **more}
    return NeedInput(**given)


def names(answer: Answer) -> list[str]:
    return [candidate.service.id for candidate in answer.finding.candidates]


def why_not(answer: Answer) -> dict[str, list[str]]:
    return {out.service.id: [reason.code for reason in out.reasons] for out in answer.finding.excluded}


async def test_cases_get_the_right_contacts_with_the_right_reasons(uk: Backend) -> None:
    async def ask(service: str, place: str, *tags: str, **more: Any) -> Answer:
        return await find(OPERATOR, uk, need(service, place, *tags, **more))

    # A woman, sexually exploited, in Scotland: the service that is made for her comes first, the open one after it.
    woman = await ask("emergency-support", "GB-SCT", "adult", "female", "sexual", asker="police-scotland")
    assert names(woman) == ["tara-emergency-support", "migrant-help-scotland-emergency-support"]
    assert woman.finding.candidates[0].separated_by == "reachable"
    assert why_not(woman)["womens-aid-ni-emergency-support"] == ["place"]
    assert "place" in why_not(woman)["salvation-army-emergency-support"]

    # A man in Scotland: the service that is only for women is out, and says so.
    man = await ask("emergency-support", "GB-SCT", "adult", "male", asker="police-scotland")
    assert names(man) == ["migrant-help-scotland-emergency-support"]
    (tara,) = [out for out in man.finding.excluded if out.service.id == "tara-emergency-support"]
    assert [reason.code for reason in tara.reasons] == ["eligibility"]
    assert "female" in tara.reasons[0].text
    assert "female" in (tara.reasons[0].relax or "")
    assert man.finding.excluded[0].service.id == "tara-emergency-support", "the nearest miss comes first"

    # A woman in forced labour: not that service either, for another reason.
    labour = await ask("emergency-support", "GB-SCT", "adult", "female", "labour", asker="police-scotland")
    assert why_not(labour)["tara-emergency-support"] == ["eligibility"]

    # A child in Wales, and a person of unknown age: guardianship, never the service for adults.
    for age in ("child", "age-unknown"):
        assert names(await ask("child-guardianship", "GB-WLS", age)) == ["ictg-guardianship"]
        adults = await ask("emergency-support", "GB-WLS", age)
        assert names(adults) == []
        assert why_not(adults)["salvation-army-emergency-support"] == ["eligibility"]

    # A child in Cardiff: the council protects children, and publishes no contact for it: a gap, with its remedy.
    cardiff = await ask("child-protection", "GB-GSS-W06000015", "child")
    assert names(cardiff) == []
    nearest = cardiff.finding.excluded[0]
    assert nearest.service.organization.id == "la-cardiff"
    assert [reason.code for reason in nearest.reasons] == ["no-channel"]

    # A man in forced labour in Northern Ireland, from a district there.
    belfast = await ask("emergency-support", "GB-NIR", "adult", "male", "labour", asker="police-northern-ireland")
    assert names(belfast) == ["migrant-help-ni-emergency-support"]

    # Who fears the immigration service is not sent to its authority, by kind, though that kind is its parent's.
    fears = await ask("formal-identification", "GB-WLS", "adult", avoid=("immigration",))
    assert names(fears) == ["sca-identification"]
    assert "avoided" in why_not(fears)["ieca-identification"]
    plain = await ask("formal-identification", "GB-WLS", "adult")
    assert names(plain) == ["sca-identification", "ieca-identification"]

    # A body that is no first responder can't ask for a decision, and learns who can.
    outsider = await ask("formal-identification", "GB-ENG", "adult", asker="la-cumberland")
    assert names(outsider) == []
    assert why_not(outsider)["sca-identification"] == ["no-pathway"]
    assert "first-responder" in (outsider.finding.excluded[0].reasons[0].relax or "")

    # An abolished council as the place: it is looked for in its successor.
    gone = await ask("advice-line", "GB-GSS-E07000026", "adult")
    assert "Cumberland" in gone.notes[0]
    assert gone.ground.place.name == "Cumberland"

    # Above every answer.
    assert woman.emergency.number == "999"
    assert woman.emergency.channel is not None
    assert woman.emergency.channel.channel.address == "+448000121700"


#: What the forms and the toolkit publish, and nothing else: no number and no mailbox of a person.
PUBLISHED = {
    "+448008083733",
    "+441412767724",
    "+441418847900",
    "+441412128553",
    "+442892448449",
    "+442890662385",
    "+448000121700",
    "+448000434303",
    "mstreferrals@salvationarmy.org.uk",
    "traffickingscotland@migranthelpuk.org",
    "northernireland@migranthelpuk.org",
    "nrm@modernslavery.gov.uk",
    "IECompetentAuthority@homeoffice.gov.uk",
    "https://www.modernslavery.gov.uk/start",
}


async def test_the_example_is_as_its_readme_counts_it(uk: Backend) -> None:
    sheets = await export_roster(OPERATOR, uk)
    told = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    counted: dict[str, int] = {}
    for names_, counts in re.findall(r"^\| ([a-z_, ]+) \| ([0-9, ]+) \|", told, flags=re.MULTILINE):
        counted |= dict(zip(names_.split(", "), map(int, counts.split(", ")), strict=True))
    assert counted == {sheet: len(rows) for sheet, rows in sheets.items() if rows}
    assert counted["organizations"] == 575
    assert {each["address"] for each in sheets["channels"]} == PUBLISHED
    assert sheets["holders"] == []
    assert all(row["source"] and row["as_of"] for rows in sheets.values() for row in rows)


async def test_formal_identification_keeps_to_the_official_form(uk: Backend) -> None:
    case = need("formal-identification", "GB-WLS", "adult")
    with pytest.raises(Invalid) as asked:
        await sending.refer(OPERATOR, uk, case)
    assert asked.value.path == ("consent",)
    sent = await sending.refer(OPERATOR, uk, case, consent=True)
    assert sent.form == "https://www.modernslavery.gov.uk/start"
    assert not [line for line in await dump(uk.store) if line.startswith("Notice ")], "nothing is sent beside the form"
    (step,) = sent.referral["handoffs"]
    later = Backend(uk.store, make_backend(uk.store, "2026-11-26T12:00:00.000Z").clock, uk.vault)
    (stall,) = await stalled.stalled(OPERATOR, later)
    assert stall.stall.reason == "form-not-submitted"
    moved = await handoffs.move_handoff(member("migrant-help"), later, step["id"], "form-submitted")
    assert moved.handoff["form_submitted_at"] == "2026-11-26T12:00:00.000Z"
    # Five working days from a Thursday noon: the aim that is published.
    assert moved.handoff["decide_by"] == "2026-12-03T12:00:00.000Z"
    assert await stalled.stalled(OPERATOR, later) == []
    # A child is referred without it.
    await sending.refer(OPERATOR, uk, need("formal-identification", "GB-WLS", "child"))


async def test_what_nobody_can_take_is_not_sent(uk: Backend) -> None:
    with pytest.raises(NoChannel):
        await sending.refer(OPERATOR, uk, need("emergency-support", "GB-WLS", "child"))
    with pytest.raises(NoChannel, match="only for"):
        await sending.refer(
            OPERATOR, uk, need("emergency-support", "GB-WLS", "child"), to="salvation-army-referral-desk"
        )
    assert await referrals.referrals(OPERATOR, uk) == []


async def test_the_example_shows_its_true_gaps(uk: Backend) -> None:
    found = (await gaps.coverage_gaps(OPERATOR, uk)).gaps
    kinds = {gap.kind for gap in found}
    assert kinds == {
        "no-channel",
        "channel-unproven",
        "single-number",
        "no-holder",
        "no-coordinator",
        "successor-not-member",
        "place-uncovered",
        "no-emergency-cover",
    }
    uncovered = {(gap.service_type, gap.place) for gap in found if gap.kind == "place-uncovered"}
    assert {("child-guardianship", "GB-SCT"), ("child-guardianship", "GB-NIR")} <= uncovered
    silent = {(gap.service_type, gap.place) for gap in found if gap.kind == "no-emergency-cover"}
    assert ("emergency-support", "GB-NIR") in silent
    assert ("emergency-support", "GB") not in silent, "the line for England and Wales is open day and night"
    heirs = {gap.organization for gap in found if gap.kind == "successor-not-member"}
    assert len(heirs) == 7, "the seven successors that the published list lacks"
    ended = [m for m in (await export_roster(OPERATOR, uk))["memberships"] if m["until"]]
    assert len(ended) == 45, "the abolished councils that still stand on it"
