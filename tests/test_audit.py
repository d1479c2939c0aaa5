"""Whether a record that was tampered with, or a state behind its record's back, is found. On each engine."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from relaypoint.domain.errors import NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, handoffs, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.consenting import record_consent, record_view
from relaypoint.resolvers.ending import end
from relaypoint.resolvers.escalating import escalate
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.recounting import recount
from relaypoint.resolvers.referring import refer_many
from relaypoint.resolvers.shifts import hand_over_shift
from relaypoint.tests.helpers import at_time, imported, member, raw, row, tiny_roster

NEED = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
UNIT, SHELTER = member("example-unit"), member("example-shelter")


async def lived(backend: Backend) -> str:
    """A roster that changed and a referral that moved; the referral's reference."""
    roster = tiny_roster()
    row(roster, "organizations", "example-line")["name"] = "Other"
    row(roster, "channels", "line-mail")["until"] = "2026-02-01"
    await imported(backend, roster)
    referral = (await sending.refer(UNIT, backend, NEED, to="shelter-desk")).referral
    id = referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, id, "accept")
    await handoffs.move_handoff(SHELTER, backend, id, "hold", reason="other", review="2026-03-10")
    await handoffs.move_handoff(SHELTER, backend, id, "fail", reason="other")
    await handoffs.move_handoff(UNIT, backend, id, "seen")
    return str(referral["reference"])


async def test_what_nobody_touched_is_whole(backend: Backend) -> None:
    await lived(backend)
    assert await audit.verify(OPERATOR, backend) == []


@pytest.mark.parametrize(
    ("hand", "aggregate", "sequence"),
    [
        ("MATCH (h:Handoff) SET h.status = 'completed'", "referral", None),
        ("MATCH (h:Handoff) SET h.decide_by = '2027-01-01T00:00:00.000Z'", "referral", None),
        ("MATCH (h:Handoff) DETACH DELETE h", "referral", None),
        ("MATCH ()-[e:RECORDED {kind: 'handoff-accept'}]->() SET e.actor = 'operator'", "referral", 2),
        ("MATCH ()-[e:RECORDED {kind: 'handoff-seen'}]->() DELETE e", "referral", 5),
        ("MATCH (:Referral)-[:RECORDED]->(e:Event) DETACH DELETE e", "referral", 1),
        ("MATCH (c:Channel {id: 'shelter-phone'}) SET c.address = '+442079460199'", "roster", None),
        ("MATCH (c:Channel {id: 'shelter-phone'}) DETACH DELETE c", "roster", None),
        ("MATCH ()-[e:RECORDED {id: 'roster.3'}]->() SET e.at = '2020-01-01T00:00:00.000Z'", "roster", 3),
    ],
)
async def test_a_hand_in_the_store_is_found(backend: Backend, hand: str, aggregate: str, sequence: int | None) -> None:
    reference = await lived(backend)
    await backend.store.apply([hand])
    found = await audit.verify(OPERATOR, backend)
    assert {(each.aggregate, each.id) for each in found} == {
        (aggregate, "roster" if aggregate == "roster" else reference)
    }
    assert found[0].sequence == sequence
    assert all(each.text for each in found)


async def test_only_the_operator_verifies(backend: Backend) -> None:
    with pytest.raises(NotFound):
        await audit.verify(UNIT, backend)


async def test_what_was_agreed_for_a_step_is_audited_too(backend: Backend) -> None:
    reference = await lived(backend)
    await backend.store.apply(["MATCH (h:Handoff) SET h.decide_within = 'P99D'"])
    assert [(each.aggregate, each.id) for each in await audit.verify(OPERATOR, backend)] == [("referral", reference)]


async def test_each_event_of_a_referral_has_a_salt_of_its_own(backend: Backend) -> None:
    """Both sides see the hashes: without a salt who is not told what changed could try out what it may have been."""
    await lived(backend)
    many = await refer_many(UNIT, backend, replace(NEED, tags=("child", "female")), people=2)
    referral = many.referrals[0]
    id, *_ = [each["id"] for each in referral["handoffs"]]
    await record_consent(UNIT, backend, referral["id"], "shelter-desk")
    await record_consent(UNIT, backend, referral["id"], "shelter-desk", withdraw=True)
    await record_consent(UNIT, backend, referral["id"], "shelter-desk")
    await record_view(UNIT, backend, referral["id"], "wants-it")
    await handoffs.move_handoff(UNIT, backend, id, "raise")
    await handoffs.move_handoff(SHELTER, backend, id, "claim", holder="shelter-second")
    await hand_over_shift(SHELTER, backend, "shelter-desk", "shelter-first")
    await escalate(OPERATOR, at_time(backend, "2026-03-20T10:00:00.000Z"))
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["hours"] = "Mo-Fr 08:00-17:00"
    await imported(backend, roster)
    assert await recount(OPERATOR, backend)
    await pass_handoff(SHELTER, backend, id, "pass-on", "shelter-night-desk")
    assert (await end(OPERATOR, backend, "contact-point", "shelter-night-desk", to=("shelter-desk",))).applied
    found = await raw(backend.store, "MATCH (:Referral)-[e:RECORDED]->() RETURN e.kind AS kind, e.data AS data")
    salts = [json.loads(each["data"]).get("salt", "") for each in found]
    assert [each["kind"] for each, salt in zip(found, salts, strict=True) if len(salt) != 32] == []
    assert len(set(salts)) == len(salts) > 15
    kinds = {each["kind"] for each in found}
    assert kinds >= {"referral-sent", "handoff-erasure-asked", "handoff-erasure-over", "handoff-escalated"}
    assert kinds >= {"handoff-recounted", "handoff-reassigned", "handoff-handed-over", "childs-view"}
    assert await audit.verify(OPERATOR, backend) == []
