"""Open work that changes hands, as the steps of one write: at its desk to another person, or on to another desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from relaypoint.domain import chain
from relaypoint.domain.answer import Candidate
from relaypoint.domain.deadlines import Agreed
from relaypoint.domain.erasure_remarks import erasure_over
from relaypoint.domain.errors import NoChannel
from relaypoint.domain.handoffs import Status, missing_at_end, passing_on
from relaypoint.domain.policy import Subject
from relaypoint.domain.silences import Strand
from relaypoint.domain.steps import days_held, no_longer_served
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import StoredCase, stored_case
from relaypoint.resolvers.referral_steps import handoff_steps, new_handoff, record, salted, senders_desk, told
from relaypoint.resolvers.telling import coordinator_desk


def handed_over(subject: Subject, backend: Backend, rows: Sequence[Row], holder: str, operation: str) -> list[Step]:
    """The steps (``rows`` of the statement ``work_of``) stay at their desk; that holder answers for them from now on,
    and is told."""
    referrals = Referrals(subject, backend, operation)
    steps: list[Step] = []
    for row in rows:
        handoff = row["handoff"]
        after = {**handoff, "version": handoff["version"] + 1}
        steps += referrals.move(row, "handed-over", {}, {"before": handoff, "after": after, "to": holder})
        steps.append(told(backend, row, row["contact_point"]["id"], "handed-over"))
    ids = [row["handoff"]["id"] for row in rows]
    steps.append(Step("handoff_untaken", {"handoffs": ids}, None))
    steps.append(Step("handoff_not_left", {"handoffs": ids}, None))
    steps.append(Step("handoff_taken", {"handoffs": ids, "holder": holder}, len(ids)))
    return steps


def passed_on(
    subject: Subject, backend: Backend, view: View, moves: Sequence[tuple[Row, Candidate]], operation: str, roster: int
) -> list[Step]:
    """Each step is closed, and one that continues it is sent to the desk that takes it; that desk and the sender are
    told. ``roster`` is the version of the roster that the moves were decided on, ``view`` that roster."""
    referrals = Referrals(subject, backend, operation)
    steps: list[Step] = []
    for row, chosen in moves:
        handoff, priority = row["handoff"], Priority(row["referral"]["priority"])
        within = Agreed(*(handoff[name] for name in Agreed._fields))
        following = new_handoff(backend, chosen, priority, backend.clock(), within, continues=handoff)
        # The same body's other desk, or its successor's, is no further hop, and may hold it no longer.
        following |= {"hops": handoff["hops"] or 1, "held_days": days_held(handoff, backend.clock())}
        case = stored_case(backend, row["sealed_key"], row["referral"]["sealed"])
        raised = raised_still(backend, view, row, case, chosen, following)
        steps += referrals.replaced(row, chosen, following, roster, verb="reassigned", reason="reassigned")
        steps += [*told_of_successor(backend, row, chosen, following), *raised]
    return steps


def raised_still(
    backend: Backend, view: View, row: Row, case: StoredCase, chosen: Candidate, following: dict[str, Any]
) -> list[Step]:
    """What the sender has turned to the coordinator about is not settled because the receiving side lays it at another
    desk: the step that continues it keeps the question, and the coordinator is told of that step. Changes
    ``following``."""
    if not row["handoff"].get("respond_by"):
        return []
    following |= {name: row["handoff"][name] for name in ("raised_at", "respond_by")}
    body = chosen.service.organization
    between = {**row, "receiver": {"id": body.id, "name": body.name}}
    try:
        desk = coordinator_desk(backend, view, between, case)
    except NoChannel:
        return []  # Nobody coordinates these two: its sender sees that nobody answers.
    following["raised_to"] = view.desk(desk).organization
    return [told(backend, row, desk, "moved", handoff=following["id"])]


def told_of_successor(backend: Backend, row: Row, chosen: Candidate, following: dict[str, Any]) -> list[Step]:
    """The new desk is told, but by an official form where that is the referral; and so is the sender."""
    steps = []
    if following["form"] is None:
        steps.append(told(backend, row, chosen.contact_point.id, "requested", handoff=following["id"]))
    if desk := senders_desk(row):
        steps.append(told(backend, row, desk, "moved", handoff=following["id"]))
    return steps


class Referrals:
    """The referrals as the steps so far leave them: several steps of one may move in the same write. ``actor`` is how
    their events name who did it, where that is not the subject."""

    def __init__(self, subject: Subject, backend: Backend, operation: str, *, actor: str | None = None) -> None:
        self.subject, self.backend, self.operation = subject, backend, operation
        self.actor = actor or subject.name
        self.heads: dict[str, tuple[int, str]] = {}
        self.moves: dict[str, int] = {}

    def move(self, row: Row, verb: str, changes: dict[str, Any], data: dict[str, Any]) -> list[Step]:
        referral = row["referral"]
        _, head = self.heads.get(referral["id"], (0, referral["chain_head"]))
        moved = self.moves.get(referral["id"], 0)
        self.moves[referral["id"]] = moved + 1
        given = {
            "handoff": row["handoff"]["id"],
            "operation": self.operation,
            "before": row["handoff"],
            "referral_version": referral["version"] + moved,
            "chain_head": head,
            "changes": changes,
        }
        return [
            Step("handoff_move", given),
            *_erasing(row["handoff"], changes),
            self.event(referral, f"handoff-{verb}", data),
        ]

    def noted(self, row: Row, verb: str, changes: Mapping[str, Any]) -> list[Step]:
        """Something is said of a step that leaves its status as it is."""
        handoff, changed = row["handoff"], {**changes, "changed_at": self.backend.now()}
        after = {**handoff, **changed, "version": handoff["version"] + 1}
        return self.move(row, verb, changed, {"before": handoff, "after": after})

    def replaced(
        self,
        row: Row,
        chosen: Candidate,
        following: dict[str, Any],
        roster: int,
        *,
        verb: str,
        reason: str,
        agreed: bool = False,
        why: Mapping[str, Any] = MappingProxyType({}),
    ) -> list[Step]:
        """The step ends, if it is open, and ``following`` continues it at the chosen desk. ``agreed``: the person
        agrees now that the body which had it may know them. ``why`` is kept with the record of it."""
        handoff, referral = row["handoff"], row["referral"]
        if Status(handoff["status"]).open:
            status, code = passing_on(Status(handoff["status"]), reason)
            changes: dict[str, Any] = {"status": status.value, "reason": code, "review_on": None}
            now = self.backend.now()
            changes |= {"changed_at": now, "moved_at": now, "asked_at": None, "answer_by": None}
            if chosen.service.organization.id == row["receiver"]["id"] and (over := erasure_over(handoff)):
                # The same body serves the person on; what it is to erase is asked of the step that it does so by.
                following |= {name: handoff[name] for name in over}
                changes |= over
            changes |= no_longer_served({**handoff, **changes}, self.backend.clock())
            ended = [Step("handoff_close", {"handoff": handoff["id"]})]
            if verb == "resent" and missing_at_end({**handoff, **changes}):
                ended.append(Step("handoff_must_see", {"handoff": handoff["id"]}))
        elif missing_at_end(handoff) and row["must_see"]:
            # To lay the case elsewhere finds nobody: the person is looked for until somebody says what became of them.
            changes, ended = {}, []
        else:  # It came back: who sends it anew has seen it.
            changes = {"seen_at": self.backend.now()}
            ended = [Step("handoff_seen", {"handoff": handoff["id"]}, None)]
        if agreed:
            changes |= erasure_over(handoff)
            following |= erasure_over(following)
        if handoff.get("respond_by"):
            # To send it on is the coordinator's answer; the receiving side takes the question with the case, and a
            # sender that sends it anew waits for nothing any more.
            answered = verb == "redirected"
            changes |= {
                "respond_by": None,
                "response": verb if answered else None,
                "responded_by": self.subject.organization if answered else None,
            }
        after = {**handoff, **changes, "version": handoff["version"] + 1}
        steps = [*self.move(row, verb, changes, {"before": handoff, "after": after, **why}), *ended]
        steps += handoff_steps(following, referral["id"], chosen, self.operation, roster)
        steps += [*_erasing({}, following), *_climbed(handoff, following)]
        steps.append(Step("handoff_continues", {"handoff": following["id"], "before": handoff["id"]}))
        sent = {"handoff": following, "contact_point": chosen.contact_point.id, "continues": handoff["id"]}
        steps.append(self.event(referral, "handoff-sent-on", {"before": None, "after": sent}))
        return steps

    def event(self, referral: Row, kind: str, data: dict[str, Any]) -> Step:
        length, head = self.heads.get(referral["id"], (referral["chain_length"], referral["chain_head"]))
        event = chain.append(
            referral["id"],
            length,
            head,
            kind=kind,
            at=self.backend.now(),
            actor=self.actor,
            data=salted(data),
        )
        self.heads[referral["id"]] = (event.sequence, event.hash)
        return record(event)


def _erasing(handoff: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Step]:
    """What is to be erased is open work from when it is asked for until it is answered."""
    if changes.keys().isdisjoint(("erasure", "erasure_asked_at")):
        return []
    after = {**handoff, **changes}
    if after["erasure_asked_at"] and not after["erasure"]:
        return [Step("handoff_to_erase", {"handoff": after["id"]})]
    return [Step("handoff_erasure_said", {"handoff": after["id"]}, None)]


def _climbed(handoff: Mapping[str, Any], following: Mapping[str, Any]) -> list[Step]:
    """What goes on from step to step is climbed on: the search for a person, a question that its coordinator owes an
    answer to. To lay the case elsewhere begins neither anew."""
    strands = {Strand.MISSING: following.get("expected_by"), Strand.COORDINATOR: following.get("respond_by")}
    return [
        Step(
            "escalation_goes_on",
            {
                "escalation": f"{handoff['id']}.{strand}",
                "handoff": following["id"],
                "following": f"{following['id']}.{strand}",
            },
            None,
        )
        for strand, goes_on in strands.items()
        if goes_on
    ]
