"""A person's consent that a body learns of them, recorded and withdrawn by whoever referred the case.

To withdraw it stops further sharing and nothing else: a step that is open goes on, for a withdrawn consent costs nobody
a bed. Whoever no longer wants the service has its step cancelled.
"""

from __future__ import annotations

from typing import Any, Final

from relaypoint.domain import chain
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.policy import Action, Subject
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import consented, withdrawn
from relaypoint.resolvers.referral_steps import record
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
    service, or no longer does. Returns the referral.

    Raises ``NotFound`` for a referral that the subject did not send and for the contact point, ``Invalid`` where there
    is no consent to withdraw, ``Conflict`` where the referral is being changed by others all the time.
    """
    operation = operation_id(subject, backend, idempotency_key)
    request = {"consent": id, "to": to, "withdraw": withdraw}
    done = await earlier(backend, operation, request)
    if done is not None:
        return await referral(subject, backend, done["referral"])
    body = await _body(backend, to)
    for _ in range(_TRIES):
        row = await own_referral(subject, backend, id)
        row |= {"sealed": row["referral"]["sealed"], "service_type": row["service_type"]["id"]}
        sealed = withdrawn(backend, row, body) if withdraw else consented(backend, row, body)
        if sealed is None:
            raise Invalid(
                "consent.none",
                "No consent for '{to}' is in force.",
                path=("to",),
                remedy="There is nothing to withdraw; the referral shows what was recorded.",
                to=to,
            )
        event = chain.append(
            row["referral"]["id"],
            row["referral"]["chain_length"],
            row["referral"]["chain_head"],
            kind="consent-withdrawn" if withdraw else "consent-given",
            at=backend.now(),
            actor=subject.name,
            data={"before": None, "after": {"case": chain.salted_digest(sealed)}},
        )
        change = {
            "referral": event.aggregate,
            "operation": operation,
            "chain_head": row["referral"]["chain_head"],
            "sealed": sealed,
        }
        steps = [Step("case_change", change), record(event)]
        try:
            result = await write_once(backend, operation, steps, request=request, result={"referral": event.aggregate})
        except Unmet:
            continue
        return await referral(subject, backend, result["referral"])
    raise Conflict(
        "consent.busy",
        "The referral was being changed by others all the time; nothing was recorded.",
        path=("id",),
        remedy="Try again.",
    )


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
