"""What the sender's word says of the person's consent: to whom it is given, and from whom it is taken back."""

from __future__ import annotations

from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.handoffs import AGREED, ANSWER
from relaypoint.domain.questions import asked_where, consent_asked
from relaypoint.domain.steps import wrong_field
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.cases import StoredCase
from relaypoint.resolvers.finding import present_view


async def agreeing(
    backend: Backend, row: Row, case: StoredCase, verb: str, answer: str | None, to: str | None
) -> str | None:
    """The body that the person agrees to be made known at, by its sender's answer; None: no consent is given."""
    if to is not None and verb != ANSWER:
        raise wrong_field(verb, "consentTo", ANSWER)
    if to is not None and answer != AGREED:
        raise Invalid(
            "handoff.no-consent",
            "'{answer}' tells of no consent.",
            path=("consentTo",),
            remedy="Answer agreed, if the person agrees; or leave the contact point out.",
            answer=answer or "",
        )
    about = asked_where(row["handoff"])
    desk = to.strip().lower() if to is not None else about
    if verb != ANSWER or answer != AGREED:
        return None
    if desk is None:  # Asked for consent in general, it is the receiver's own.
        return str(row["receiver"]["id"])
    view = await present_view(backend)
    rows = view.index.rows["contact_points"]
    if desk not in rows:
        raise NotFound(
            "handoff.consent-to",
            "'{value}' is not a contact point.",
            path=("consentTo",),
            remedy="Use the one that the receiver would pass the case on to; the step shows it.",
            value=desk,
        )
    body = rows[desk]["organization"]
    if about is not None and rows[about]["organization"] != body:
        raise Invalid(
            "handoff.consent-elsewhere",
            "It is asked whether the person may be made known at {about}.",
            path=("consentTo",),
            remedy="Answer that; relaypoint consent records that the person agrees to another body.",
            about=about,
        )
    if case.avoid.bars_contact_point(view.desk(desk), view.organization(body)):
        # Nobody else may know why it does not go there.
        raise Invalid(
            "handoff.consent-avoided",
            "The case avoids somebody at {desk}: it does not go there, whatever the person agrees to.",
            path=("reason",) if to is None else ("consentTo",),
            remedy="Answer not-agreed, which tells them no more than that; or refer the person anew without avoiding "
            "them, if that is what they want.",
            desk=desk,
        )
    return str(body)


async def taken_back(backend: Backend, row: Row, case: StoredCase, verb: str, reason: str | None) -> str | None:
    """The body of which the sender says that the person does not agree, or no longer agrees, that it learns of them.

    Where the case would only go to another desk of the body that has it, or can't go since the case avoids somebody
    there, to say no takes no consent back.
    """
    if verb == "cancel" and reason == "consent-withdrawn":
        return str(row["receiver"]["id"])
    if verb == ANSWER and reason == "not-agreed":
        if not consent_asked(row["handoff"]):
            return None
        about, view = asked_where(row["handoff"]), await present_view(backend)
        if about is None:
            return str(row["receiver"]["id"])
        body = view.desk(about).organization
        there = body == row["receiver"]["id"]
        return None if there or case.avoid.bars_contact_point(view.desk(about), view.organization(body)) else body
    return None
