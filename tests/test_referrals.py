"""Sending a referral and moving it, on each engine: what is stored, who sees it, what a repeat is told."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from relaypoint.domain import chain
from relaypoint.domain.errors import Conflict, IllegalTransition, Invalid, NoChannel, NotFound
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, Kind, NotSignedIn, Subject
from relaypoint.domain.replay import step_after
from relaypoint.graph import Row, Store
from relaypoint.resolvers import audit, handoffs, outbox, referrals, sending, settling, stalled
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import find
from relaypoint.resolvers.needs import NeedInput
from relaypoint.tests.helpers import (
    Through,
    at_time,
    dump,
    imported,
    make_backend,
    member,
    raw,
    row,
    settle,
    tiny_roster,
)

NEED = NeedInput(
    from_organization="example-unit",
    service="housing",
    place="GB-X-NORTH",
    languages=("cy",),
    priority="urgent",
    tags=("female", "labour"),
    avoid=("example-line",),
)
NOBODY = (NotFound, NotSignedIn)
UNIT, SHELTER, LINE = member("example-unit"), member("example-shelter"), member("example-line")


async def send(backend: Backend, key: str | None = None) -> sending.Sent:
    return await sending.refer(UNIT, backend, NEED, to="shelter-desk", idempotency_key=key)


async def test_everything_is_stored_at_once(backend: Backend) -> None:
    before = await dump(backend.store)
    sent = await send(backend)
    new = [line.split(" ")[0] for line in await dump(backend.store) if line not in before and " -" not in line]
    # The desk and the two roots were only locked.
    assert sorted(set(new) - {"ContactPoint"}) == ["CaseKey", "Event", "Handoff", "Notice", "Operation", "Referral"]
    (step,) = sent.referral["handoffs"]
    assert (step["status"], step["version"], step["contact_point"]["id"]) == ("requested", 1, "shelter-desk")
    assert step["acknowledge_by"] == "2026-03-03T14:00:00.000Z", "four working hours, as the pathway agrees"


async def test_nothing_of_a_case_is_stored_in_clear(backend: Backend) -> None:
    sent = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, sent.referral["handoffs"][0]["id"], "accept")
    kinds = ("Referral", "Handoff", "Event", "Notice", "Operation", "CaseKey")
    for line in await dump(backend.store):
        if line.startswith(kinds) and '"aggregate": "roster"' not in line:
            for word in ("GB-X-NORTH", '"cy"', "female", "labour", "example-line"):
                assert word not in line, line


async def test_only_the_sender_reads_the_case_back(backend: Backend) -> None:
    id = (await send(backend)).referral["id"]
    mine = (await referrals.referral(UNIT, backend, id))["case"]
    assert (mine["place"], mine["tags"], mine["avoid"]) == ("GB-X-NORTH", ["female", "labour"], ["example-line"])
    assert (await referrals.referral(SHELTER, backend, id))["case"] is None
    assert (await referrals.referral(OPERATOR, backend, id))["case"] is None


async def test_whoever_is_not_on_the_chain_can_not_tell_it_from_nothing(backend: Backend) -> None:
    sent = await send(backend)
    told = []
    for id in (sent.referral["id"], "nothing"):
        with pytest.raises(NotFound) as refused:
            await referrals.referral(LINE, backend, id)
        told.append(json.dumps(refused.value.as_dict()).replace(id, "ID"))
    assert told[0] == told[1]
    told = []
    for id in (sent.referral["handoffs"][0]["id"], sent.referral["reference"], "ABCDE-23456"):
        with pytest.raises(NotFound) as refused:
            await handoffs.move_handoff(LINE, backend, id, "accept")
        told.append(json.dumps(refused.value.as_dict()).replace(id, "ID"))
        with pytest.raises(NotFound):
            await handoffs.handoff(LINE, backend, id)
    assert len(set(told)) == 1
    assert await referrals.referrals(LINE, backend) == []
    assert await stalled.stalled(LINE, at_time(backend, "2027-01-01T00:00:00.000Z")) == []
    with pytest.raises(NotFound):
        await referrals.timeline(LINE, backend, sent.referral["id"])


@pytest.mark.parametrize("subject", [ANONYMOUS, LINE, Subject(Kind.OPERATOR, "example-line")])
async def test_nobody_refers_for_another_organization(backend: Backend, subject: Subject) -> None:
    before = await dump(backend.store)
    with pytest.raises(NOBODY):
        await sending.refer(subject, backend, NEED)
    assert await dump(backend.store) == before


async def test_a_repeat_gets_the_first_answer(backend: Backend) -> None:
    first = await send(backend, "key")
    before = await dump(backend.store)
    again = await send(backend, "key")
    assert again.referral == first.referral
    assert await dump(backend.store) == before
    with pytest.raises(Invalid) as refused:
        await sending.refer(UNIT, backend, NEED, to="shelter-night-desk", idempotency_key="key")
    assert refused.value.path == ("idempotencyKey",)
    # The key is the subject's own.
    with pytest.raises(NotFound):
        await sending.refer(LINE, backend, NEED, to="shelter-desk", idempotency_key="key")


async def test_a_repeated_move_gets_the_first_answer(backend: Backend) -> None:
    step = (await send(backend)).referral["handoffs"][0]["id"]
    first = await handoffs.move_handoff(SHELTER, backend, step, "accept", expected_version=1, idempotency_key="k")
    again = await handoffs.move_handoff(SHELTER, backend, step, "accept", expected_version=1, idempotency_key="k")
    assert again == first
    assert (await handoffs.handoff(SHELTER, backend, step)).handoff["version"] == 2


async def test_a_stale_version_is_told_the_present_state(backend: Backend) -> None:
    step = (await send(backend)).referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, step, "receive", expected_version=1)
    before = await dump(backend.store)
    with pytest.raises(Conflict) as told:
        await handoffs.move_handoff(SHELTER, backend, step, "accept", expected_version=1)
    assert told.value.present == {"status": "received", "version": 2}
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(SHELTER, backend, step, "start", expected_version=2)
    assert await dump(backend.store) == before


class HalfSeen(Through):
    """Its first ``times`` reads of a step come beside a commit: the named columns are still as they were before."""

    def __init__(self, inner: Store, before: dict[str, Any], times: int = 1) -> None:
        super().__init__(inner)
        self.before, self.times = before, times

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        rows = await self.inner.read(statement, **parameters)
        if statement == "handoff_get" and self.times:
            self.times -= 1
            return [{**each, "handoff": {**each["handoff"], **self.before}} for each in rows]
        return rows


@pytest.mark.parametrize("before", [{"version": 1}, {"status": "requested"}])
@pytest.mark.parametrize("expected", [1, None])
async def test_nothing_is_decided_on_a_step_that_was_half_seen(
    backend: Backend, before: dict[str, Any], expected: int | None
) -> None:
    step = (await send(backend)).referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, step, "reject", reason="no-capacity")
    present = await dump(backend.store)
    beside = replace(backend, store=HalfSeen(backend.store, before))
    with pytest.raises(Conflict) as told:
        await handoffs.move_handoff(SHELTER, beside, step, "accept", expected_version=expected)
    assert isinstance(told.value, IllegalTransition) == (expected is None)
    assert told.value.present["status"] == "rejected"
    assert await dump(backend.store) == present


async def test_the_sides_may_only_say_their_own(backend: Backend) -> None:
    step = (await send(backend)).referral["handoffs"][0]["id"]
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(UNIT, backend, step, "accept")
    with pytest.raises(IllegalTransition):
        await handoffs.move_handoff(SHELTER, backend, step, "cancel", reason="duplicate")
    cancelled = await handoffs.move_handoff(UNIT, backend, step, "cancel", reason="duplicate")
    assert cancelled.handoff["status"] == "cancelled"


async def test_a_life_of_a_step_is_a_whole_chain_from_which_the_state_follows(backend: Backend) -> None:
    sent = await send(backend)
    id, step = sent.referral["id"], sent.referral["handoffs"][0]["id"]
    await handoffs.move_handoff(SHELTER, backend, step, "accept")
    await handoffs.move_handoff(SHELTER, backend, step, "hold", reason="awaiting-person", review="2026-03-10")
    await handoffs.move_handoff(SHELTER, backend, step, "resume")
    done = await handoffs.move_handoff(SHELTER, backend, step, "complete")
    events = await referrals.timeline(UNIT, backend, id)
    assert [event.kind for event in events] == [
        "referral-sent",
        "handoff-accept",
        "handoff-hold",
        "handoff-resume",
        "handoff-complete",
    ]
    state = step_after(events[-1].data)
    assert {name: state.get(name) for name in ("status", "version", "reason", "review_on")} == {
        name: done.handoff[name] for name in ("status", "version", "reason", "review_on")
    }
    # Of before, an event holds what was otherwise, and that alone.
    held, resumed = (json.loads(event.data)["before"] for event in events[2:4])
    assert not {"id", "sent_at", "hops"} & {*held, *resumed}
    assert (held["status"], held["review_on"], resumed["review_on"]) == ("accepted", None, "2026-03-10")
    assert await audit.broken_link(OPERATOR, backend, id) is None
    assert not await raw(backend.store, "MATCH ()-[r:HOLDS_OPEN]->() RETURN r"), "closed work hangs on nothing"


async def test_a_changed_event_breaks_the_chain(backend: Backend) -> None:
    sent = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, sent.referral["handoffs"][0]["id"], "accept")
    rows = await backend.store.read("events_of", id=sent.referral["id"])
    events = [chain.Event(**each["event"]) for each in rows]
    length, head = rows[0]["length"], rows[0]["head"]
    assert chain.broken_link(events, length, head) is None
    forged = chain.Event(**{**events[0].properties(), "actor": "member:somebody"})
    assert chain.broken_link([forged, events[1]], length, head) == 1
    assert chain.broken_link(events[:1], length, head) == 2
    assert chain.broken_link(events[::-1], length, head) == 1


async def test_a_hand_in_the_store_is_found_out(backend: Backend) -> None:
    sent = await send(backend)
    id = sent.referral["id"]
    await handoffs.move_handoff(SHELTER, backend, sent.referral["handoffs"][0]["id"], "accept")
    assert await audit.broken_link(OPERATOR, backend, id) is None
    await backend.store.apply([f"MATCH ()-[e:RECORDED {{id: '{id}.2'}}]->() SET e.at = '2026-03-03T09:00:00.000Z'"])
    assert await audit.broken_link(OPERATOR, backend, id) == 2
    await backend.store.apply([f"MATCH (e:Event {{id: '{id}.2'}}) DETACH DELETE e"])
    assert await audit.broken_link(OPERATOR, backend, id) == 2
    with pytest.raises(NotFound):
        await audit.broken_link(OPERATOR, backend, "nothing")


async def test_a_coordinators_relay_by_whom_the_case_avoids_is_no_way_on(backend: Backend) -> None:
    roster = tiny_roster()
    for each in roster["channels"]:
        if each["contact_point"] == "authority-desk":
            each |= {"kind": "relay", "address": "", "via": "line-desk"}
    roster["channels"] = [each for each in roster["channels"] if each["id"] != "authority-form"]
    row(roster, "channels", "authority-mail")["id"] = "authority-form"
    await imported(backend, roster)
    await backend.store.apply(["MATCH (c:Channel {id: 'authority-mail'}) DETACH DELETE c"])
    # Past the version of the roster, so that only who is started anew sees it.
    backend = make_backend(backend.store, vault=backend.vault)
    for avoid, reached in (((), True), (("example-line",), False)):
        await sending.refer(UNIT, backend, replace(NEED, avoid=avoid), to="shelter-desk")
        late = at_time(backend, "2026-03-10T10:00:00.000Z")
        stall = (await stalled.stalled(UNIT, late))[-1]
        desks = {step.contact_point.id for step in stall.next_steps if step.contact_point}
        assert ("authority-desk" in desks) == reached
        await handoffs.move_handoff(UNIT, backend, stall.stall.handoff.id, "cancel", reason="duplicate")


async def test_a_hotline_whose_holder_the_case_avoids_is_no_way_on(backend: Backend) -> None:
    roster = tiny_roster()
    roster["holders"].append({"id": "line-first", "contact_point": "line-desk", "role": "primary", "rank": "1"})
    await imported(backend, roster)
    late = at_time(backend, "2026-03-10T10:00:00.000Z")
    for avoid, roles in (((), {"coordinator", "hotline"}), (("line-first",), set())):
        await sending.refer(UNIT, backend, replace(NEED, avoid=avoid), to="shelter-desk")
        (stall,) = await stalled.stalled(UNIT, late)
        assert {s.role for s in stall.next_steps if s.contact_point and s.contact_point.id == "line-desk"} == roles
        await handoffs.move_handoff(UNIT, backend, stall.stall.handoff.id, "cancel", reason="duplicate")


async def test_without_its_key_a_case_is_gone_and_its_referral_is_not(backend: Backend) -> None:
    sent = await send(backend)
    await backend.store.apply(["MATCH (k:CaseKey) DETACH DELETE k"])
    shown = await referrals.referral(UNIT, backend, sent.referral["id"])
    assert shown["case"] is None
    assert shown["reference"] == sent.referral["reference"]


async def test_who_is_avoided_is_avoided_in_every_way(backend: Backend) -> None:
    """The relay through the avoided body, and its desk as coordinator and hotline."""
    answer = await find(UNIT, backend, NEED)
    for candidate in answer.finding.candidates:
        assert {use.channel.id: use.barred for use in candidate.channels}.get("shelter-relay") in (None, "avoided")
    with pytest.raises(NoChannel):
        await sending.refer(UNIT, backend, replace(NEED, service="advice", avoid=("cso",)))
    await send(backend)
    late = at_time(backend, "2026-03-10T10:00:00.000Z")
    (stall,) = await stalled.stalled(UNIT, late)
    reached = {step.contact_point.id for step in stall.next_steps if step.contact_point}
    assert reached, "there is somebody to turn to"
    assert "line-desk" not in reached
    assert stall.next_steps[-1].role == "sender"


async def test_a_roster_change_that_takes_the_desk_away_is_a_stall(backend: Backend) -> None:
    await send(backend)
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk")["until"] = "2026-03-05"
    await imported(backend, roster)
    late = at_time(backend, "2026-03-05T09:00:00.000Z")
    (stall,) = await stalled.stalled(OPERATOR, late)
    assert stall.stall.reason == "orphaned"
    assert {step.role for step in stall.next_steps} >= {"other-desk", "sender"}


async def test_two_workers_never_get_the_same_notice(backend: Backend) -> None:
    for number in range(6):
        await send(backend, f"key-{number}")
    first = await outbox.lease(OPERATOR, backend, limit=4)
    second = await outbox.lease(OPERATOR, backend, limit=4)
    assert (len(first), len(second)) == (4, 2)
    assert not {each.id for each in first} & {each.id for each in second}
    assert await outbox.lease(OPERATOR, backend) == []
    late = at_time(backend, "2026-03-03T10:05:00.000Z")
    taken = await outbox.lease(OPERATOR, late, limit=10)
    assert len(taken) == 6, "a lapsed lease is taken over"
    assert not await settle(late, first[0], "delivered", "shelter-mail", {}), "and its holder told"
    for each in taken:
        assert await settle(late, each, "delivered", "shelter-mail", {})
    assert await outbox.lease(OPERATOR, at_time(backend, "2026-03-09T10:05:00.000Z")) == []


async def test_a_failing_transport_backs_off_and_is_seen_in_the_end(backend: Backend) -> None:
    await send(backend)
    seen = 0
    for day in range(3, 20):
        late = at_time(backend, f"2026-03-{day:02}T10:00:00.000Z")
        for each in await outbox.lease(OPERATOR, late):
            seen += 1
            await settle(late, each, "failed", None, {"shelter-mail": "failed: OSError"})
            assert await outbox.lease(OPERATOR, late) == [], "not again at once"
    assert seen == settling.MOST_ATTEMPTS
    (notice,) = await raw(backend.store, "MATCH (n:Notice) RETURN n.status AS status, n.why AS why")
    assert notice["status"] == "dead"
    assert notice["why"] == ["shelter-mail: failed: OSError"]


async def test_an_outsider_who_knows_a_reference_learns_nothing_by_it(backend: Backend) -> None:
    reference = (await send(backend)).referral["reference"]
    told = []
    for id in (reference, "22222-22222"):
        with pytest.raises(NotFound) as refused:
            await handoffs.handoff(LINE, backend, id)
        told.append(json.dumps(refused.value.as_dict()).replace(id, "ID"))
    assert told[0] == told[1]


async def test_a_key_holds_for_a_day_and_is_never_blank(backend: Backend) -> None:
    first = await send(backend, "key")
    next_day = at_time(backend, "2026-03-04T10:00:00.001Z")
    second = await send(next_day, "key")
    assert second.referral["id"] != first.referral["id"]
    with pytest.raises(Invalid) as refused:
        await send(backend, " ")
    assert refused.value.path == ("idempotencyKey",)


async def test_a_request_can_not_be_guessed_from_its_trace(backend: Backend) -> None:
    await send(backend)
    (row,) = await raw(backend.store, "MATCH (o:Operation) WHERE o.result <> '{}' RETURN o.fingerprint AS fingerprint")
    other = make_backend(backend.store).vault
    request = json.dumps(
        {
            **asdict(NEED),
            "to": "shelter-desk",
            "reply_to": None,
            "consent": False,
            "risk_checked": False,
            "call_back": None,
            "safe_hours": None,
        },
        sort_keys=True,
        default=str,
    )
    assert row["fingerprint"] == backend.vault.fingerprint(request) != other.fingerprint(request)


async def test_a_case_that_can_not_be_read_reaches_nobody_and_stops_nothing(backend: Backend) -> None:
    lost = await send(backend, "one")
    await backend.store.apply(["MATCH (k:CaseKey) DETACH DELETE k"])
    kept = await send(backend, "two")
    leased = {each.kind: each for each in await outbox.lease(OPERATOR, backend)}
    assert leased
    late = at_time(backend, "2026-03-10T10:00:00.000Z")
    stalls = {stall.stall.handoff.reference: stall for stall in await stalled.stalled(UNIT, late)}
    assert stalls.keys() == {lost.referral["reference"], kept.referral["reference"]}
    unreadable = stalls[lost.referral["reference"]]
    assert (unreadable.stall.reason, [step.role for step in unreadable.next_steps]) == ("avoided", ["sender"])


async def test_a_person_said_to_be_both_is_protected_as_a_child(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "services", "shelter-beds")["serves"] = "adult"
    await imported(backend, roster)
    for ages in (("adult", "child"), ("age-unknown", "adult")):
        found = await find(UNIT, backend, replace(NEED, tags=ages))
        assert found.finding.candidates == ()


async def test_a_body_that_ended_asks_for_nobody(backend: Backend) -> None:
    with pytest.raises(Invalid) as refused:
        await find(OPERATOR, backend, replace(NEED, from_organization="example-former"))
    assert refused.value.message_id == "find.asker-ended"


async def test_a_hotline_that_is_avoided_is_not_named(backend: Backend) -> None:
    avoided = await find(UNIT, backend, NEED)
    assert (avoided.emergency.number, avoided.emergency.hotline) == ("999", None)
    plain = await find(UNIT, backend, replace(NEED, avoid=()))
    assert plain.emergency.hotline is not None


async def test_a_suspended_body_finds_and_does_not_refer(backend: Backend) -> None:
    """A person is never left without an answer; what is already on its way goes on."""
    sent = await send(backend)
    roster = tiny_roster()
    row(roster, "organizations", "example-unit")["status"] = "suspended"
    await imported(backend, roster)
    answer = await find(UNIT, backend, NEED)
    assert answer.finding.candidates
    assert "suspended" in answer.finding.notes[0]
    with pytest.raises(Invalid) as refused:
        await send(backend)
    assert (refused.value.message_id, refused.value.path) == ("refer.suspended", ("from",))
    await handoffs.move_handoff(UNIT, backend, sent.referral["handoffs"][0]["id"], "cancel", reason="duplicate")


@pytest.mark.parametrize(
    ("change", "path", "hint"),
    [
        ({"from_organization": "exampel-unit"}, ("from",), "Example Police Unit (example-unit)"),
        ({"service": "housng"}, ("service",), "Housing (housing)"),
        ({"service": "qqqqqqqq"}, ("service",), "advice, housing, identification, night-shelter"),
        ({"place": "exmaple north"}, ("place",), "Example North (GB-X-NORTH)"),
        ({"avoid": ("polise",)}, ("avoid", "0"), "police"),
        ({"avoid": ("Example Lime",)}, ("avoid", "0"), "Example Line (example-line)"),
        ({"tags": ("femal",)}, ("for",), "Did you mean female?"),
    ],
)
async def test_a_slip_of_the_pen_is_answered_with_what_was_meant(
    backend: Backend, change: dict[str, Any], path: tuple[str, ...], hint: str
) -> None:
    with pytest.raises((NotFound, Invalid)) as refused:
        await find(OPERATOR, backend, replace(NEED, **change))
    assert refused.value.path == path
    assert hint in refused.value.remedy


async def test_whose_organization_exists_is_not_told_to_another(backend: Backend) -> None:
    told = set()
    for other in ("example-line", "nobody"):
        with pytest.raises(NotFound) as refused:
            await find(UNIT, backend, replace(NEED, from_organization=other))
        told.add((refused.value.message.replace(other, "it"), refused.value.remedy))
    assert len(told) == 1


async def test_the_receiver_is_told_how_and_when_to_call_back(backend: Backend) -> None:
    roster = tiny_roster()
    phone = {**row(roster, "channels", "line-phone"), "contact_point": "unit-desk", "hours": ""}
    roster["channels"] += [
        {**phone, "id": "unit-phone", "address": "+442079460190"},
        {**phone, "id": "unit-open-phone", "address": "+442079460191", "assurance": "public"},
    ]
    await imported(backend, roster)
    how: dict[str, Any] = {"safe_hours": "Mo-Fr 09:00-12:00"}
    sent = await sending.refer(UNIT, backend, NEED, to="shelter-desk", **how)
    wanted = {"kind": "phone", "address": "+442079460190", "hours": "Mo-Fr 09:00-12:00"}
    assert sent.referral["call_back"] == wanted
    for subject in (UNIT, SHELTER):
        step = (await handoffs.handoff(subject, backend, sent.referral["reference"])).handoff
        assert step["call_back"] == wanted
    named = await sending.refer(UNIT, backend, NEED, to="shelter-desk", call_back="unit-mail")
    assert named.referral["call_back"] == {"kind": "email", "address": "desk@unit.example.org", "hours": None}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"call_back": "line-phone"}, "callBack"),
        ({"call_back": "unit-open-phone"}, "callBack"),
        ({"safe_hours": "when her brother is out"}, "safeHours"),
        ({"safe_hours": 'Mo-Fr 09:00-12:00 "ask for Mary"'}, "safeHours"),
        ({"safe_hours": " "}, "safeHours"),
    ]
    for how, field in wrong:
        before = await dump(backend.store)
        with pytest.raises(Invalid) as refused:
            await sending.refer(UNIT, backend, NEED, to="shelter-desk", **how)
        assert refused.value.path == (field,)
        assert await dump(backend.store) == before


async def test_a_page_of_them_takes_as_many_reads_as_one(backend: Backend) -> None:
    class Counting(Through):
        reads = 0

        async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
            self.reads += 1
            return await super().read(statement, **parameters)

    counted, counts = replace(backend, store=Counting(backend.store)), []
    for sent in range(1, 4):
        await send(backend)
        counted.store.reads = 0  # type: ignore[attr-defined]
        shown = await referrals.referrals(UNIT, counted)
        assert len(shown) == sent
        assert [each["handoffs"][0]["answered_by"]["role"] for each in shown] == ["primary"] * sent
        counts.append(counted.store.reads)  # type: ignore[attr-defined]
    assert counts[1] == counts[2]
