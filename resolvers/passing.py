"""Moves that send a step's case on to another desk in the same write: pass on, redirect, resend.

The case's own conditions bind each of them as they bound the first step. A body that passes a case on needs the
person's consent for the new recipient; where there is none, or a condition bars the way, nothing is sent and the
sender is asked. Danger to life or a legal duty, which is cited, stands in for consent, and for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain import free_text
from relaypoint.domain.chain import salted_digest
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.deadlines import answer_due
from relaypoint.domain.errors import Conflict
from relaypoint.domain.handoffs import ALIASES, ARRIVING, ASK, PASSES, Side, Status
from relaypoint.domain.moves import check_allowed, in_order, unknown_verb
from relaypoint.domain.next_steps_between import desks_of_both
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.questions import wished
from relaypoint.domain.saying import Saying
from relaypoint.domain.steps import days_held, said
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import StoredCase, consented, stored_case
from relaypoint.resolvers.erasing import erasing_over, steps_of_body
from relaypoint.resolvers.faces import with_faces
from relaypoint.resolvers.finding import view_of
from relaypoint.resolvers.handing_over import Referrals, raised_still, told_of_successor
from relaypoint.resolvers.handoffs import check_version, with_next
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.passing_rules import (
    SAID_BY,
    Chosen,
    Ground,
    check_last,
    check_no_other_wish,
    check_not_asked,
    check_not_refused,
    check_resend,
    check_side,
    choose,
)
from relaypoint.resolvers.referral_steps import new_handoff, senders_desk, told
from relaypoint.resolvers.step_rows import shown, step_of
from relaypoint.resolvers.writing import earlier, operation_id, write_once

_TRIES: Final = 5

#: How the record names each of them.
_RECORDED: Final = {"pass-on": "passed-on", "redirect": "redirected", "resend": "resent"}


@dataclass(frozen=True, slots=True)
class Passed:
    """``handoff`` is the step that continues the case; or, where its sender was asked instead, the step as it was.
    ``by_hand``: no message reaches the new desk, so that somebody has to phone it. ``channels`` lead there directly."""

    handoff: dict[str, Any]
    sender_asked: bool
    by_hand: bool = False
    channels: tuple[ChannelUse, ...] = ()


@permitted(Action.MOVE_HANDOFF)
async def pass_handoff(
    subject: Subject,
    backend: Backend,
    id: str,
    verb: str,
    to: str,
    *,
    consent: bool = False,
    risk_checked: bool = False,
    danger: bool = False,
    duty: str | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> Passed:
    """Ends the step, where it is open, with its successor at the desk ``to`` in one write: ``pass-on`` by the
    receiving side, ``redirect`` by the coordinator of a task force of both, ``resend`` by the sender.

    ``consent``: the sender records that the person agrees to the new recipient. ``danger`` and ``duty`` (a citation)
    let the receiving side or the coordinator send it on without; the sender is told.

    Raises ``NotFound`` (also for a subject with no part in it), ``IllegalTransition``, ``Invalid`` for a desk or word
    that is not understood, ``NoChannel`` where the sender's own choice is ruled out, with the reasons, ``UnsafeText``,
    and ``Conflict`` with the present state where somebody was first.
    """
    verb = ALIASES.get(verb, verb)
    wanted = PASSES.get(verb)
    if wanted is None:
        raise unknown_verb(verb)
    day = backend.now()[:10]
    ground = Ground(danger, free_text.checked(duty, day, ("duty",)) if duty is not None else None)
    operation = operation_id(subject, backend, idempotency_key)
    request = {"id": id, "verb": verb, "to": to, "consent": consent, "danger": danger, "duty": duty}
    request |= {"version": expected_version, "risk_checked": risk_checked}
    done = await earlier(backend, operation, request)
    if done is not None:
        return await _told(backend, done)
    row = await step_of(backend, id, subject)
    for _ in range(_TRIES):
        known = await backend.memory.roster(backend.store)
        case = stored_case(backend, row["sealed_key"], row["sealed"])
        on = check_side(subject, view_of(known, backend.clock()), row, case, verb, id)
        try:
            check_version(row, expected_version)
            check_allowed(wanted, Status(row["handoff"]["status"]), SAID_BY[verb])
            check_last(row)
            if verb == "resend":
                check_resend(row)
            chosen = choose(
                backend, known, row, case, verb, to, consent=consent, risk_checked=risk_checked, ground=ground
            )
            if chosen is None:
                body = known.rows["contact_points"][to.strip().lower()]["organization"]
                check_not_refused(row, case, body, verb, to)
                if verb == "pass-on":
                    check_not_asked(row, to)
                if verb == "redirect":
                    check_no_other_wish(subject, row, to)
        except Conflict as refused:
            row, before = await step_of(backend, row["handoff"]["id"]), row
            if row["handoff"] == before["handoff"]:
                refused.present.setdefault("version", row["handoff"]["version"])
                raise with_next(refused, row, on, backend.now()) from None
            continue
        if chosen is None:
            steps, result = _asked(subject, backend, known, row, operation, verb, to, ground)
        else:
            moving = Referrals(subject, backend, operation)
            body = chosen.candidate.service.organization.id
            agreed = consent and not case.agreed_to(body, row["service_type"])
            steps, result = _sent_on(moving, known, row, case, chosen, verb, ground, agreed=agreed)
            if agreed:
                steps += await erasing_over(backend, moving, await steps_of_body(backend, row, body))
        try:
            return await _told(backend, await write_once(backend, operation, steps, request=request, result=result))
        except Unmet:
            row = await step_of(backend, row["handoff"]["id"])
    raise Conflict(
        "handoff.busy",
        "The step or the roster was being changed by others all the time; nothing was sent.",
        path=("to",),
        remedy="Look at its present state, then try again.",
        present={"status": row["handoff"]["status"], "version": row["handoff"]["version"]},
    )


async def _told(backend: Backend, result: dict[str, Any]) -> Passed:
    (handoff,) = await with_faces(backend, [result["handoff"]])
    if result["asked"]:
        return Passed(handoff, True)
    view = view_of(await backend.memory.roster(backend.store), backend.clock())
    floor = Confidentiality(result["confidentiality"])
    desk = view.desk(handoff["contact_point"]["id"])
    (there,) = desks_of_both([("same-desk", desk, view.organization(desk.organization))], floor, backend.clock())
    return Passed(handoff, False, result["hand"], there.channels)


def _sent_on(
    referrals: Referrals,
    known: Known,
    row: Row,
    case: StoredCase,
    to: Chosen,
    verb: str,
    ground: Ground,
    *,
    agreed: bool,
) -> tuple[list[Step], dict[str, Any]]:
    """``agreed``: the person agrees now that the body it goes to learns of them."""
    subject, backend = referrals.subject, referrals.backend
    before = [each["desk"] for each in in_order(row["steps"])]
    priority, chosen = Priority(row["referral"]["priority"]), to.candidate
    following = new_handoff(backend, chosen, priority, backend.clock(), to.agreed, before, row["handoff"])
    if verb == "resend":  # Where the person is expected now, their sender says anew.
        following = {name: value for name, value in following.items() if name not in ARRIVING}
    if chosen.service.organization.id == row["receiver"]["id"]:
        following["held_days"] = days_held(row["handoff"], backend.clock())  # From desk to desk it is held no longer.
    if to.unagreed:
        following["without_consent"] = ground.told()
    if verb == "redirect" and subject.organization:
        following["redirected_by"] = subject.organization  # Who sent it there sees whether it is taken.
    still = view_of(known, backend.clock())
    raised = raised_still(backend, still, row, case, chosen, following) if verb == "pass-on" else []
    why: dict[str, Any] = dict(ground.recorded())
    steps: list[Step] = []
    if agreed:
        sealed = consented(backend, row, chosen.service.organization.id)
        why["case"] = salted_digest(sealed)
        steps.append(Step("case_reseal", {"referral": row["referral"]["id"], "sealed": sealed}))
    steps = [
        *referrals.replaced(
            row,
            chosen,
            following,
            known.root["version"],
            verb=_RECORDED[verb],
            reason=PASSES[verb].reason,
            agreed=agreed and chosen.service.organization.id == row["receiver"]["id"],
            why=why,
        ),
        *steps,
        *told_of_successor(backend, row, chosen, following),
        *raised,
    ]
    if verb != "pass-on" and Status(row["handoff"]["status"]).open and not row["handoff"]["form"]:
        # Who had it did not send it on: they have to know that it is no longer theirs.
        steps.append(told(backend, row, row["contact_point"]["id"], "cancelled"))
    desk, confidentiality = chosen.contact_point, Confidentiality(row["referral"]["confidentiality"])
    result = {
        **shown(row, following, PASSES[verb].sides),
        "must_see": False,
        "contact_point": {"id": desk.id, "name": desk.name},
        "receiver": {"id": chosen.service.organization.id, "name": chosen.service.organization.name},
        "continues": row["handoff"]["id"],
    }
    # For its sender past whom the case avoids; nobody else is to know of them.
    ways = chosen.channels if verb == "resend" else weigh(desk, floor=confidentiality, at=backend.clock())
    hand = following["form"] is None and not any(use.carries_message for use in ways)
    return steps, {"handoff": result, "asked": False, "hand": hand, "confidentiality": confidentiality.value}


def _asked(
    subject: Subject, backend: Backend, known: Known, row: Row, operation: str, verb: str, to: str, ground: Ground
) -> tuple[list[Step], dict[str, Any]]:
    """Nothing is sent: the step stays where it is, and its sender is asked whether the person may be made known
    there. A coordinator's wish stops no clock of the receiver, who may not even have seen the step."""
    handoff, kind, desk_id = row["handoff"], ASK, to.strip().lower()
    changes: dict[str, Any] = {"changed_at": backend.now()}
    if verb == "redirect":
        kind, again = "redirect-asked", wished(handoff) and handoff["wished_to"] == desk_id
        changes |= {"wished_to": desk_id, "wished_by": subject.organization, "wish_about": None, "wish_answered": None}
        if not again:
            changes["wish_by"] = answer_due(Priority(row["referral"]["priority"]), backend.clock())
    elif handoff["asked_at"]:
        again = handoff.get("asked_about") == desk_id
        changes["asked_about"] = desk_id
    else:
        again = False
        desk = view_of(known, backend.clock()).desk(row["contact_point"]["id"])
        saying = Saying(verb=ASK, lacking=("consent",))
        priority = Priority(row["referral"]["priority"])
        changes = said(handoff, saying, Side.RECEIVER, backend.clock(), priority, desk.calendar)
        changes["asked_about"] = desk_id
    after = {**handoff, **changes, "version": handoff["version"] + 1}
    referrals = Referrals(subject, backend, operation)
    steps = referrals.move(row, kind, changes, {"before": handoff, "after": after, **ground.recorded()})
    # Who was asked the same before, and has not answered, gets no second message.
    if not again and (sender := senders_desk(row)):
        steps.append(told(backend, row, sender, "moved"))
    return steps, {"handoff": shown(row, after, PASSES[verb].sides), "asked": True}
