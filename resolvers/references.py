"""What a person reads out instead of an id: the reference of a referral, or of a message about one of its steps."""

from __future__ import annotations

import re
from typing import Final

from relaypoint.domain.handoffs import Status
from relaypoint.domain.moves import in_order
from relaypoint.domain.policy import Subject, sides
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend

#: How a reference looks, in capitals: no letter or digit that is mistaken for another.
REFERENCE: Final = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")


async def by_reference(subject: Subject, backend: Backend, typed: str) -> Row | None:
    """The ``referral`` and the step (``id``) that a reference stands for, or None.

    Of several steps it is the open one, or else the last; for a body that had one of the others, or was told of one as
    a coordinator, its own last one. Who may see it is for the caller to decide.
    """
    read = re.sub(r"[\s\u200e\u200f\u2066-\u2069-]", "", typed).upper()  # As heard on the phone, or copied from Arabic.
    reference = f"{read[:5]}-{read[5:]}"
    if not REFERENCE.fullmatch(reference):
        return None
    steps = await backend.store.read("handoffs_by_reference", reference=reference)
    steps = steps or await backend.store.read("handoff_by_notice", reference=reference)
    if not steps:
        return None
    steps = in_order(steps)
    present = next((step for step in steps if Status(step["status"]).open), steps[-1])
    own = [step for step in steps if sides(subject, step["sender"], step["receiver"]) or told_of(subject, step)]
    return present if present in own or not own else own[-1]


def told_of(subject: Subject, step: Row) -> bool:
    """Whether a body that may coordinate both sides knows of the step: by a message, as it redirected it there, or
    as it would have it sent on."""
    own = subject.organization
    return own is not None and own in (*step["told"], step["redirected_by"], step["wished_by"])
