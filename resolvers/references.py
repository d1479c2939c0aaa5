"""What a person reads out instead of an id: the reference of a referral, or of a message about one of its steps."""

from __future__ import annotations

import re
from typing import Final

from relaypoint.domain.handoffs import Status
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend

#: How a reference looks, in capitals: no letter or digit that is mistaken for another.
REFERENCE: Final = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")


async def by_reference(backend: Backend, typed: str) -> Row | None:
    """The ``referral`` and the step (``id``) that a reference stands for, or None.

    Of several steps it is the open one, or else the last. Who may see it is for the caller to decide.
    """
    reference = typed.strip().upper()
    if not REFERENCE.fullmatch(reference):
        return None
    steps = await backend.store.read("handoffs_by_reference", reference=reference)
    steps = steps or await backend.store.read("handoff_by_notice", reference=reference)
    still_open = [step for step in steps if Status(step["status"]).open]
    return next(iter(still_open or reversed(steps)), None)
