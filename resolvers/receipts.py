"""That a desk has received a new step, said through the link in its message: a ``receive`` of whom nobody knows."""

from __future__ import annotations

from typing import Final

from relaypoint.domain import receipts
from relaypoint.domain.errors import Unavailable
from relaypoint.domain.handoffs import BY_LINK, Side, Status
from relaypoint.domain.policy import Action, Subject, by_link
from relaypoint.domain.receipts import PURPOSE
from relaypoint.domain.saying import Saying
from relaypoint.domain.steps import said
from relaypoint.domain.words import Priority
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import stored_case
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.handing_over import Referrals
from relaypoint.resolvers.proving import answered
from relaypoint.resolvers.step_rows import step_of
from relaypoint.resolvers.telling import telling
from relaypoint.resolvers.writing import write_once

#: The one verb that is said so.
_VERB: Final = "receive"

#: Another step of the same referral may move in between.
_TRIES: Final = 5


def secret(backend: Backend, notice: Row, status: str, *, own: bool) -> str | None:
    """What makes the link in a message hold; None where it would do nothing. ``notice`` has ``kind``, ``created_at``
    and ``reference``; ``status`` is that of the step which it is about, ``own``: it goes to that step's desk."""
    if not receipts.may_be_said(status):
        return None
    if not receipts.of_use(notice["kind"], notice["created_at"], own=own, at=backend.clock()):
        return None
    return backend.vault.token(PURPOSE, notice["reference"])


@permitted(Action.SAY_RECEIVED)
async def receive(subject: Subject, backend: Backend, token: str) -> bool:
    """The step that a message told of was received, whoever says so: it stops the clock of acknowledging, as any
    ``receive`` does, and is recorded as said through a link. To say it again changes nothing.

    Returns whether it is noted. Otherwise the token does not hold, or no longer, or not for this: nobody is told which,
    nor whether there is such a message. Raises ``Unavailable``.
    """
    read = receipts.read(token)
    if read is None or not backend.vault.is_token(read.secret, PURPOSE, read.reference):
        return False  # Without a look into the store: how long that takes tells nothing.
    found = await backend.store.read("notice_by_reference", reference=read.reference)
    if not found:
        return False
    (about,) = found
    row = await step_of(backend, about["handoff"])
    for _ in range(_TRIES):
        if not await _holds(backend, about, row):
            return False
        if (noted := _noted(row)) or not receipts.may_be_said(row["handoff"]["status"]):
            # A read beside somebody's commit may see half of it.
            row, before = await step_of(backend, about["handoff"]), row
            if row["handoff"] == before["handoff"]:
                return noted
            continue
        operation = backend.new_id()
        try:
            await write_once(
                backend,
                operation,
                await _steps(subject, backend, about, row, operation),
                request={"notice": about["notice"]["id"], "verb": _VERB},
                result={},
            )
        except Unmet:
            row = await step_of(backend, about["handoff"])
            continue
        return True
    raise Unavailable(
        "receipt.busy",
        "Others change this at the same time.",
        path=("token",),
        remedy="Try again in a moment.",
    )


async def _holds(backend: Backend, about: Row, row: Row) -> bool:
    """Whether its message is young enough, went to the desk that the step lies at, and the case does not avoid who is
    there now."""
    notice, own = about["notice"], about["contact_point"] == row["contact_point"]["id"]
    if not receipts.of_use(notice["kind"], notice["created_at"], own=own, at=backend.clock()):
        return False
    view = await present_view(backend)
    desk = view.desk(about["contact_point"])
    owner = None if desk.organization == row["sender"]["id"] else view.organization(desk.organization)
    return not stored_case(backend, row["sealed_key"], row["sealed"]).avoid.bars_contact_point(desk, owner)


def _noted(row: Row) -> bool:
    """Whether it was said so already, and nothing since."""
    handoff = row["handoff"]
    return bool(handoff["status"] == Status.RECEIVED and handoff["received_by"] == BY_LINK)


async def _steps(subject: Subject, backend: Backend, about: Row, row: Row, operation: str) -> list[Step]:
    """What a ``receive`` writes, and through what it was said."""
    handoff, view = row["handoff"], await present_view(backend)
    calendar = view.desk(row["contact_point"]["id"]).calendar
    saying, priority = Saying(verb=_VERB), Priority(row["referral"]["priority"])
    changes = said(handoff, saying, Side.RECEIVER, backend.clock(), priority, calendar) | {"received_by": BY_LINK}
    after = {**handoff, **changes, "version": handoff["version"] + 1}
    referrals = Referrals(subject, backend, operation, actor=by_link(row["receiver"]["id"]))
    return [
        *referrals.move(row, _VERB, changes, {"before": handoff, "after": after}),
        *telling(backend, row, _VERB, Side.RECEIVER, None),
        *answered(backend, view, row, about["notice"]["id"]),
    ]
