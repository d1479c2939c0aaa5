"""Any history of a referral, against a model of the table that is written apart from it. On each engine.

The model knows the design's pairs of statuses and what each remark needs. What it forbids must be refused and change
nothing, whatever was said before; what it allows must happen; and at the end the records must give the state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from relaypoint.domain.clock import format_instant, parse_instant
from relaypoint.domain.errors import Problem
from relaypoint.domain.policy import OPERATOR, Subject
from relaypoint.graph import open_store
from relaypoint.resolvers import audit, handoffs, referrals, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.tests.helpers import FULL, at_time, imported, make_backend, member
from relaypoint.tests.test_passing import two_shelters

T = TypeVar("T")

#: verb → (who says it, from where, to where)
MOVES: Final[dict[str, tuple[str, str, str]]] = {
    "receive": ("receiver", "requested", "received"),
    "accept": ("receiver", "requested received", "accepted"),
    "reject": ("receiver", "requested received", "rejected"),
    "start": ("receiver", "accepted", "in-progress"),
    "hold": ("receiver", "accepted in-progress", "on-hold"),
    "resume": ("receiver", "on-hold", "in-progress"),
    "complete": ("receiver", "accepted in-progress on-hold", "completed"),
    "fail": ("receiver", "accepted in-progress on-hold", "failed"),
    "cancel": ("sender", "requested received accepted in-progress on-hold", "cancelled"),
}
OPEN: Final = ["requested", "received", "accepted", "in-progress", "on-hold"]
ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "reject": {"reason": "no-capacity"},
    "fail": {"reason": "unreachable"},
    "cancel": {"reason": "no-longer-needed"},
    "phoned": {"reason": "reached"},
    "ask": {"lacking": ["age"]},
    "answer": {"reason": "told"},
}
VERBS: Final = [*MOVES, "correct", "seen", "phoned", "ask", "answer", "expect", "arrived", "not-arrived"]
PASSES: Final = {"pass-on": "receiver", "redirect": "coordinator", "resend": "sender"}
DESKS: Final = {"shelter-desk": "example-shelter", "line-desk": "example-line", "shelter-night-desk": "example-shelter"}


@dataclass
class Step:
    """What the model knows of one step."""

    id: str
    desk: str
    status: str = "requested"
    asked: bool = False
    expected: bool = False
    by: datetime = datetime(9999, 1, 1, tzinfo=UTC)
    arrival: str | None = None
    must_see: bool = False
    moved: datetime = datetime(1, 1, 1, tzinfo=UTC)
    sought: bool = False
    version: int = 1

    @property
    def awaited(self) -> bool:
        return self.expected and self.arrival != "arrived"

    @property
    def missing(self) -> bool:
        """It is over, and the person was late by then, or is known not to have come; and nobody said what became of
        them."""
        late = self.arrival == "not-arrived" or self.by <= self.moved
        return self.status not in OPEN and self.awaited and late and not self.sought

    def late(self, now: datetime) -> bool:
        return self.status in OPEN and self.awaited and (self.arrival == "not-arrived" or self.by <= now)


class Referral(RuleBasedStateMachine):
    """One referral of a child, so that no consent stands in the way of sending it on."""

    #: As it is at the beginning.
    plain: Backend
    runner: asyncio.Runner

    @initialize()
    def send(self) -> None:
        self.now = parse_instant("2026-03-02T10:00:00Z")
        need = NeedInput(
            from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("child", "female", "labour")
        )
        sent = self.run(sending.refer(member("example-unit"), self.backend, need, to="shelter-desk")).referral
        self.id = sent["id"]
        self.steps = [Step(sent["handoffs"][0]["id"], "shelter-desk")]

    @property
    def backend(self) -> Backend:
        return at_time(self.plain, format_instant(self.now))

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def subject(self, side: str, step: Step) -> Subject:
        return member({"sender": "example-unit", "coordinator": "example-authority"}.get(side) or DESKS[step.desk])

    def tick(self, minutes: int) -> datetime:
        self.now += timedelta(minutes=minutes)
        return self.now

    @rule(verb=st.sampled_from(VERBS), side=st.sampled_from(["sender", "receiver"]), minutes=st.integers(1, 3000))
    def say(self, verb: str, side: str, minutes: int) -> None:
        step, now = self.steps[-1], self.tick(minutes)
        how = dict(ARGUMENTS.get(verb, {}))
        if verb == "hold":
            how |= {"reason": "awaiting-person", "review": (now + timedelta(days=2)).date().isoformat()}
        if verb == "expect":
            how["expected"] = format_instant(now + timedelta(hours=3))
        if verb == "complete" and minutes % 2:
            how["reason"] = "advised"
        closed = step.status == "completed" and step.awaited and not step.sought
        if verb == "seen" and (step.missing or closed or step.late(now)):
            how["reason"] = "found"
        after = self.allowed(step, verb, side, how.get("reason"))
        self.attempt(step, after, handoffs.move_handoff(self.subject(side, step), self.backend, step.id, verb, **how))

    def allowed(self, step: Step, verb: str, side: str, reason: str | None) -> dict[str, Any] | None:
        """What the model says becomes of the step; None: it must be refused."""
        if verb in MOVES:
            by, sources, target = MOVES[verb]
            if side != by or step.status not in sources.split():
                return None
            changes: dict[str, Any] = {"status": target, "asked": step.asked and verb in ("receive", "hold", "resume")}
            changes["moved"] = self.now
            if target in ("rejected", "failed"):
                changes["must_see"] = True
            if target == "cancelled":
                changes["must_see"] = replace(step, **changes).missing
            if verb == "complete" and step.expected and step.arrival != "arrived":
                if reason != "advised":
                    return None
                changes["must_see"] = True
            return changes
        if verb == "correct":
            over = replace(step, status="entered-in-error", moved=self.now)
            return (
                None
                if step.status == "entered-in-error"
                else {
                    "status": "entered-in-error",
                    "moved": self.now,
                    "must_see": side == "receiver" or over.missing,
                    "asked": False,
                }
            )
        if verb == "seen" and side == "sender" and step.late(self.now):
            return {"sought": True}
        if verb == "seen":
            # Found, they have nobody still, where the desk gave them up.
            left = bool(reason) and step.status != "cancelled"
            after = {"must_see": left, "sought": step.sought or bool(reason)}
            return after if side == "sender" and step.must_see else None
        waiting, working, open = step.status in OPEN[:2], step.status in OPEN[2:4], step.status in OPEN
        here = {
            "phoned": side == "sender" and waiting,
            "ask": side == "receiver" and open and not step.asked,
            "answer": side == "sender" and open and step.asked,
            "expect": open if side == "sender" else working and not step.expected,
            "arrived": side == "receiver"
            and (step.status in OPEN[2:] or (step.status not in OPEN and step.expected))
            and step.arrival != "arrived",
            "not-arrived": side == "receiver"
            and step.status in OPEN[2:]
            and step.expected
            and step.arrival != "arrived",
        }[verb]
        if not here:
            return None
        becomes: dict[str, dict[str, Any]] = {
            "phoned": {},
            "ask": {"asked": True, "status": "received", "moved": self.now}
            if step.status == "requested"
            else {"asked": True},
            "answer": {"asked": False},
            "expect": {"expected": True, "arrival": None, "sought": False, "by": self.now + timedelta(hours=3)},
            "arrived": {
                "arrival": "arrived",
                "must_see": step.must_see and step.status in ("rejected", "failed", "entered-in-error"),
            },
            "not-arrived": {"arrival": "not-arrived"},
        }
        return becomes[verb]

    @rule(
        verb=st.sampled_from(sorted(PASSES)),
        side=st.sampled_from(["sender", "receiver", "coordinator"]),
        to=st.sampled_from(sorted(DESKS)),
        old=st.booleans(),
        minutes=st.integers(1, 300),
    )
    def send_on(self, verb: str, side: str, to: str, old: bool, minutes: int) -> None:
        step = self.steps[0] if old else self.steps[-1]
        self.tick(minutes)
        last = step is self.steps[-1]
        sources = OPEN if verb != "resend" else [*OPEN, "rejected", "failed", "cancelled"]
        if step.must_see:  # It came back, also as an error of the receiving side, or closed with the person missing.
            sources = [*sources, "entered-in-error", "completed"] if verb == "resend" else sources
        if step.status == "completed" and step.expected and step.arrival != "arrived" and verb == "resend":
            sources = [*sources, "completed"]
        there = to == step.desk and step.status in OPEN
        allowed = side == PASSES[verb] and last and step.status in sources and not there
        work = pass_handoff(self.subject(side, step), self.backend, step.id, verb, to)
        if not allowed:
            self.attempt(step, None, work)
            return
        done = self.run(work)
        assert not done.sender_asked
        if step.status in OPEN:
            before = step.status in OPEN[:2] and verb == "pass-on"  # Others decline nothing for the desk.
            step.status = "rejected" if before else "cancelled"
            step.moved, step.must_see = self.now, True
        # To send the case elsewhere finds nobody.
        step.must_see, step.asked = verb == "resend" and step.must_see and step.missing, False
        step.version += 1
        following = Step(done.handoff["id"], to)
        # Where the person is expected then, their sender says anew; and who has come there has not come here.
        if verb != "resend" and step.awaited:
            following = replace(following, expected=step.expected, by=step.by, arrival=step.arrival, sought=step.sought)
        self.steps.append(following)

    @rule(minutes=st.integers(0, 50), version=st.integers(1, 12))
    def say_what_was_seen_before(self, minutes: int, version: int) -> None:
        """A version that is not the present one loses, whatever it wants."""
        step = self.steps[-1]
        if version == step.version:
            return
        self.tick(minutes)
        subject = self.subject("receiver", step)
        work = handoffs.move_handoff(subject, self.backend, step.id, "accept", expected_version=version)
        self.attempt(step, None, work)

    def attempt(self, step: Step, after: dict[str, Any] | None, work: Awaitable[Any]) -> None:
        before = self.stored()
        try:
            self.run(work)
        except Problem as problem:
            refused: Problem | None = problem
        else:
            refused = None
        if refused is not None:
            assert after is None, f"{refused.message} {refused.remedy}"
            assert refused.code in ("ILLEGAL_TRANSITION", "CONFLICT", "INVALID")
            assert self.stored() == before, "a refusal changes nothing"
            return
        assert after is not None, "what the table forbids was done"
        for name, value in after.items():
            setattr(step, name, value)
        step.version += 1

    def stored(self) -> Any:
        found = self.run(referrals.referral(OPERATOR, self.backend, self.id))
        events = self.run(referrals.timeline(OPERATOR, self.backend, self.id))
        return found["handoffs"], [event.hash for event in events]

    @invariant()
    def the_store_agrees(self) -> None:
        if not hasattr(self, "id"):
            return
        found = {each["id"]: each for each in self.stored()[0]}
        for step in self.steps:
            there = found[step.id]
            asked, expected, sought = bool(there["asked_at"]), bool(there["expected_by"]), bool(there["sought"])
            told = (there["status"], asked, expected, there["arrival"], sought)
            assert told == (step.status, step.asked, step.expected, step.arrival, step.sought)
            assert (there["must_see"], there["version"]) == (step.must_see, step.version)
        assert [step.status in OPEN for step in self.steps[:-1]] == [False] * (len(self.steps) - 1)

    def teardown(self) -> None:
        if hasattr(self, "id"):
            assert self.run(audit.verify(OPERATOR, self.backend)) == []


@pytest.mark.counted
def test_any_history_goes_as_the_table_says(store_url: str, store_auth: dict[str, Any], engine: str) -> None:
    count = {"embedded": (12, 150), "neo4j": (3, 30)}[engine][FULL]
    with asyncio.Runner() as runner:
        store = runner.run(open_store(store_url, **store_auth))
        try:
            backend = make_backend(store)
            runner.run(prove_key(backend))
            runner.run(imported(backend, two_shelters()))
            bound = {"plain": backend, "runner": runner}
            machine = type("Bound", (Referral,), bound)
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=count,
                    stateful_step_count=25,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(store.close())
