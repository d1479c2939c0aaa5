"""Who may send a step's case on, and where it may go: the rules behind ``resolvers.passing``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from relaypoint.domain import around
from relaypoint.domain.answer import Candidate, Finding
from relaypoint.domain.deadlines import AS_USUAL, Agreed
from relaypoint.domain.errors import Conflict, IllegalTransition, Invalid, NoChannel
from relaypoint.domain.handoffs import PASSES, Side, Status, may_resend
from relaypoint.domain.moves import check_allowed
from relaypoint.domain.policy import Subject
from relaypoint.domain.view import View
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import StoredCase
from relaypoint.resolvers.choosing import check_abroad, check_sender, check_way, no_desk
from relaypoint.resolvers.finding import Again, look_again, view_of
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.parts import parts
from relaypoint.resolvers.step_rows import gone_on, no_handoff

#: The side that says each of them: who stands on several says it as that one.
SAID_BY: Final = {verb: next(iter(each.sides)) for verb, each in PASSES.items()}


@dataclass(frozen=True, slots=True)
class Ground:
    """What may stand in for consent: danger to life, or a legal duty in the words of who cites it."""

    danger: bool
    duty: str | None

    def __bool__(self) -> bool:
        return self.danger or self.duty is not None

    def recorded(self) -> dict[str, Any]:
        found: dict[str, Any] = {"danger": True} if self.danger else {}
        return {"without_consent": found | ({"duty": self.duty} if self.duty else {})} if self else {}

    def told(self) -> str | None:
        """As a step keeps it: ``danger``, or ``duty: `` and the citation."""
        return f"duty: {self.duty}" if self.duty else ("danger" if self.danger else None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The desk as a candidate, and the deadlines that the two bodies have agreed. ``unagreed``: something else stands
    in for the person's consent."""

    candidate: Candidate
    agreed: Agreed
    unagreed: bool = False


def check_side(subject: Subject, view: View, row: Row, case: StoredCase, verb: str, asked: str) -> frozenset[Side]:
    """The sides of whoever asks. What one has no part in is not there; and a side that the verb is not for is told so
    by the table."""
    on = parts(subject, view, row, case, unasked=True)
    if not on:
        raise no_handoff(asked)
    if SAID_BY[verb] not in on:
        check_allowed(PASSES[verb], Status(row["handoff"]["status"]), next(iter(sorted(on))))
    return on


def check_resend(row: Row) -> None:
    """Raises ``IllegalTransition`` where there is nothing to send anew."""
    if not may_resend({**row["handoff"], "must_see": row["must_see"]}):
        raise IllegalTransition(
            "handoff.resend",
            "The person was served by this step, or its sender called it an error.",
            path=("verb",),
            remedy="Refer the person anew for what is needed next.",
            present={"status": row["handoff"]["status"]},
        )


def check_last(row: Row) -> None:
    """A referral goes on from its last step only: two open steps would be two cases."""
    others = [each for each in row["steps"] if each["id"] != row["handoff"]["id"]]
    if any(Status(each["status"]).open for each in others) or gone_on(row):
        raise Conflict(
            "handoff.gone-on",
            "The referral has gone on from this step already.",
            path=("id",),
            remedy="Use the referral's reference: it stands for the step that is open.",
            present={"status": row["handoff"]["status"], "version": row["handoff"]["version"]},
        )


def check_not_asked(row: Row, to: str) -> None:
    """Raises ``IllegalTransition`` where its sender has yet to answer about another contact point: the question about
    this one would take its place, and the one who asked would never read the answer."""
    handoff = row["handoff"]
    about = handoff["asked_about"] if handoff["asked_at"] else None
    if about not in (None, to.strip().lower()):
        raise IllegalTransition(
            "handoff.asked-about",
            "Its sender is asked about {about} already, and has not answered.",
            path=("to",),
            remedy="Wait for the answer, or phone its sender; then pass it on. Or decline it, or fail it.",
            about=about,
            present={"status": handoff["status"], "version": handoff["version"]},
        )


def check_no_other_wish(subject: Subject, row: Row, to: str) -> None:
    """Raises ``IllegalTransition`` where another coordinator has asked its sender about another contact point, and has
    no answer yet: it would never read one."""
    handoff = row["handoff"]
    about, by = handoff["wished_to"], handoff["wished_by"]
    if about not in (None, to.strip().lower()) and by != subject.organization:
        raise IllegalTransition(
            "handoff.wished-already",
            "Another coordinator has asked its sender about {about} already, who has not answered.",
            path=("to",),
            remedy="Wait for the answer, or speak with its sender and the other coordinator.",
            about=about,
            present={"status": handoff["status"], "version": handoff["version"]},
        )


def check_not_refused(row: Row, case: StoredCase, body: str, verb: str, to: str) -> None:
    """Raises ``NoChannel`` where its sender has answered that the person does not agree to be made known there, or at
    another desk of that body: to ask again would be no end. What a coordinator was answered is not told to the
    receiver."""
    handoff = row["handoff"]
    said = [(handoff["answered"], handoff["asked_about"])]
    if verb == "redirect":
        said.append((handoff["wish_answered"], handoff["wish_about"]))
    if ("not-agreed", to.strip().lower()) in said or (
        any(answer == "not-agreed" for answer, _ in said) and case.withdrawn_from(body, row["service_type"])
    ):
        raise NoChannel(
            "handoff.not-agreed",
            "The person does not agree to be made known there, as the sender says.",
            path=("to",),
            remedy="Choose another contact point; or phone the sender, who records it if the person agrees after all.",
        )


def choose(
    backend: Backend,
    known: Known,
    row: Row,
    case: StoredCase,
    verb: str,
    to: str,
    *,
    consent: bool,
    risk_checked: bool,
    ground: Ground,
) -> Chosen | None:
    """The desk as a candidate for the case; None where its sender has to be asked.

    The sender is told why its choice is ruled out. Anybody else is told nothing by which they could know whom the case
    avoids: what bars the way and what is lacking look alike, but for what the roster says to all, that the desk is not
    for the service.
    """
    desk = to.strip().lower()
    if desk not in known.rows["contact_points"]:
        raise no_desk(to)
    if desk == row["contact_point"]["id"] and Status(row["handoff"]["status"]).open:
        raise Invalid(
            "handoff.there",
            "It lies at {desk} already.",
            path=("to",),
            remedy="Name another contact point; sending it there again would only start its deadlines anew.",
            desk=row["contact_point"]["name"],
        )
    view = view_of(known, backend.clock())
    if verb != "resend" and not around.offers(view, view.desk(desk), row["service_type"]):
        # The roster says so to everybody: to ask the sender whether the person agrees would lead nowhere.
        raise NoChannel(
            "handoff.other-service",
            "{desk} can't take this case: it is not for this service.",
            path=("to",),
            remedy="Name a contact point of a body that offers the service: find or search shows them.",
            desk=known.rows["contact_points"][desk]["name"],
        )
    asker = row["receiver"]["id"] if verb == "pass-on" else row["sender"]["id"]
    need = case.need(row, asker)
    if need and need.consent is not None and (consent or ground):  # What was refused before is agreed to, or overruled.
        need = replace(need, consent=need.consent | {row["service_type"]})
    again = look_again(known, need, backend.clock()) if need else None
    found = again.finding if again else Finding((), (), ())
    if again:
        check_sender(again.ground.asker, "verb")
    candidate = next((each for each in found.candidates if each.contact_point.id == desk), None)
    body = known.rows["contact_points"][desk]["organization"]
    agreed = consent or case.agreed_to(body, row["service_type"])
    abroad = again.ground.abroad or again.ground.foreign.get(body) if again else None
    if verb == "resend":
        if not consent and case.withdrawn_from(body, row["service_type"]):
            raise Invalid(
                "handoff.withdrawn",
                "The person does not agree, or no longer, that {name} learns of them.",
                path=("consent",),
                remedy="Send it elsewhere, or say --consent if the person agrees now.",
                name=known.rows["organizations"][body]["name"],
            )
        if abroad:
            check_abroad(abroad.name, to, agreed=agreed, risk_checked=risk_checked)
        return Chosen(_own_choice(found, candidate, desk, agreed), _terms(again, asker, body))
    if consent:
        raise Invalid(
            "handoff.consent",
            "Consent is the sender's to record.",
            path=("consent",),
            remedy="Leave it out: where it is lacking, the sender is asked.",
        )
    if candidate is None or len(candidate.route.hops) > 1 or abroad:
        return None
    agreed = case.may_move_to(body, row["service_type"], row["receiver"]["id"])
    if not agreed and not ground:
        return None
    return Chosen(candidate, _terms(again, asker, body), unagreed=not agreed)


def _terms(again: Again | None, sender: str, receiver: str) -> Agreed:
    return again.ground.agreed.get((sender, receiver), AS_USUAL) if again else AS_USUAL


def _own_choice(found: Finding, candidate: Candidate | None, desk: str, agreed: bool) -> Candidate:
    if candidate is None:
        out = next((each for each in found.excluded if each.contact_point and each.contact_point.id == desk), None)
        raise NoChannel(
            "refer.excluded",
            "{desk} can't take this case: {reasons}",
            path=("to",),
            remedy="Run find to see who can.",
            desk=out.contact_point.name if out and out.contact_point else desk,
            reasons=" ".join(reason.text for reason in out.reasons) if out else "it is not for this service.",
        )
    check_way(candidate, agreed=agreed)
    return candidate
