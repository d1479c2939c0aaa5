"""A person's consent that a body learns of them, recorded and withdrawn by whoever referred the case.

To withdraw it stops further sharing and nothing else: a step that is open goes on, for a withdrawn consent costs nobody
a bed. Whoever no longer wants the service has its step cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from relaypoint.domain import chain
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.words import ChildsView
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import consented, refused, viewed, withdrawn
from relaypoint.resolvers.erasing import erasing, erasing_over
from relaypoint.resolvers.handing_over import Referrals
from relaypoint.resolvers.needs import word
from relaypoint.resolvers.referrals import own_referral, referral
from relaypoint.resolvers.writing import earlier, operation_id, write_once

_TRIES: Final = 5


@permitted(Action.REFER)
async def record_consent(
    subject: Subject,
    backend: Backend,
    id: str,
    to: str,
    *,
    withdraw: bool = False,
    idempotency_key: str | None = None,
) -> dict[str, Any]:
    """Records that the person agrees that the body of the contact point ``to`` learns of them for the referral's
    service, or no longer does: then that body, where it has or had the case, is asked to erase what it knows. Returns
    the referral.

    Raises what ``own_referral`` raises for one that the subject did not send, ``NotFound`` for the contact point,
    ``Invalid`` where there is no consent to withdraw, ``Conflict`` where the referral is being changed by others all
    the time.
    """
    body = await _body(backend, to)
    kind = "consent-withdrawn" if withdraw else "consent-given"

    def changed(row: Row) -> str:
        sealed = withdrawn(backend, row, body) if withdraw else consented(backend, row, body)
        if sealed is None and _steps_of(row, body):
            sealed = refused(backend, row, body)  # It has the case without: for a child, for danger, or by its basis.
        if sealed is None:
            raise Invalid(
                "consent.none",
                "No consent for '{to}' is in force.",
                path=("to",),
                remedy="There is nothing to withdraw; the referral shows what was recorded.",
                to=to,
            )
        return sealed

    request = {"consent": id, "to": to, "withdraw": withdraw}
    return await _recorded(subject, backend, id, kind, changed, request, idempotency_key, about=(body, withdraw))


@permitted(Action.REFER)
async def record_view(
    subject: Subject, backend: Backend, id: str, view: str, *, idempotency_key: str | None = None
) -> dict[str, Any]:
    """Records what a child wants for themselves, as a code of ``ChildsView``. Returns the referral.

    Raises what ``own_referral`` raises for one that the subject did not send, ``Invalid`` for a word that is none and
    where the case is not a child's, ``Conflict`` as ``record_consent``.
    """
    said = word(ChildsView, "view", view)

    def changed(row: Row) -> str:
        sealed = viewed(backend, row, said)
        if sealed is None:
            raise Invalid(
                "consent.no-child",
                "This is not a child's case.",
                path=("view",),
                remedy="Of an adult, record the consent: relaypoint consent.",
            )
        return sealed

    request = {"childs_view": id, "view": view}
    return await _recorded(subject, backend, id, "childs-view", changed, request, idempotency_key)


async def _recorded(
    subject: Subject,
    backend: Backend,
    id: str,
    kind: str,
    changed: Callable[[Row], str],
    request: dict[str, Any],
    idempotency_key: str | None,
    *,
    about: tuple[str, bool] | None = None,
) -> dict[str, Any]:
    """The case as ``changed`` seals it anew, with its event, in one write; ``about`` is the body whose consent it is,
    and whether it was withdrawn."""
    operation = operation_id(subject, backend, idempotency_key)
    done = await earlier(backend, operation, request)
    if done is not None:
        return await referral(subject, backend, done["referral"])
    for _ in range(_TRIES):
        row = await own_referral(subject, backend, id)
        row |= {"sealed": row["referral"]["sealed"], "service_type": row["service_type"]["id"]}
        sealed, stored = changed(row), row["referral"]
        referrals = Referrals(subject, backend, operation)
        change = {
            "referral": stored["id"],
            "operation": operation,
            "chain_head": stored["chain_head"],
            "sealed": sealed,
        }
        noted = {"before": None, "after": {"case": chain.salted_digest(sealed)}}
        steps = [Step("case_change", change), referrals.event(stored, kind, noted)]
        if about is not None:
            referrals.moves[stored["id"]] = 1
            body, withdrawing = about
            steps += await (erasing if withdrawing else erasing_over)(backend, referrals, _steps_of(row, body))
        try:
            result = await write_once(backend, operation, steps, request=request, result={"referral": stored["id"]})
        except Unmet:
            continue
        return await referral(subject, backend, result["referral"])
    raise Conflict(
        "consent.busy",
        "The referral was being changed by others all the time; nothing was recorded.",
        path=("id",),
        remedy="Try again.",
    )


def _steps_of(row: Row, body: str) -> list[str]:
    return [each["id"] for each in row["handoffs"] if each["receiver"]["id"] == body]


async def _body(backend: Backend, to: str) -> str:
    rows = (await backend.memory.roster(backend.store)).rows["contact_points"]
    desk = to.strip().lower()
    if desk not in rows:
        raise NotFound(
            "consent.to",
            "'{value}' is not a contact point.",
            path=("to",),
            remedy="Name the contact point whose body the person agrees to be made known to.",
            value=to,
        )
    return str(rows[desk]["organization"])
