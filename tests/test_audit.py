"""Whether a record that was tampered with, or a state behind its record's back, is found. On each engine."""

from __future__ import annotations

import pytest

from relaypoint.domain.errors import NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import audit, handoffs, referrals
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import imported, member, row, tiny_roster

NEED = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))
UNIT, SHELTER = member("example-unit"), member("example-shelter")


async def lived(backend: Backend) -> str:
    """A roster that changed and a referral that moved; the referral's reference."""
    roster = tiny_roster()
    row(roster, "organizations", "example-line")["name"] = "Other"
    row(roster, "channels", "line-mail")["until"] = "2026-02-01"
    await imported(backend, roster)
    referral = (await referrals.refer(UNIT, backend, NEED, to="shelter-desk")).referral
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
        ("MATCH (e:Event {kind: 'handoff-accept'}) SET e.actor = 'operator'", "referral", 2),
        ("MATCH (e:Event {kind: 'handoff-seen'}) DETACH DELETE e", "referral", 5),
        ("MATCH (:Referral)-[:RECORDED]->(e:Event) DETACH DELETE e", "referral", 1),
        ("MATCH (c:Channel {id: 'shelter-phone'}) SET c.address = '+442079460199'", "roster", None),
        ("MATCH (c:Channel {id: 'shelter-phone'}) DETACH DELETE c", "roster", None),
        ("MATCH (e:Event {id: 'roster.3'}) SET e.at = '2020-01-01T00:00:00.000Z'", "roster", 3),
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
