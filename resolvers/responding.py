"""How soon contact points answer: worked out from the records beside everything else, and kept for finding."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from relaypoint.domain.clock import Instant, format_instant
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.responsiveness import DAYS, Answered, responses
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend, permitted

#: Which moves answer: to accept or to reject is to have acknowledged as well, and so is to ask.
_DECIDES: Final = ("handoff-accept", "handoff-reject")
_TAKEN_BACK: Final = ("cancelled", "entered-in-error")


@permitted(Action.TAKE_SNAPSHOT)
async def measure(subject: Subject, backend: Backend) -> int:
    """Works the figures out anew and keeps them; returns of how many contact points and service types there are any."""
    since = format_instant(backend.clock() - timedelta(days=DAYS))
    rows = await backend.store.read("responses_since", since=since)
    found = responses(_answered(row, backend.now()) for row in rows)
    kept = [
        {
            "id": f"{desk}|{type}",
            "contact_point": desk,
            "service_type": type,
            "count": each.count,
            "acknowledge": each.acknowledge,
            "decide": each.decide,
            "silent": each.silent,
        }
        for (desk, type), each in sorted(found.items())
    ]
    await backend.store.write(
        [
            Step("responsiveness_clear", {"ids": [row["id"] for row in kept]}, None),
            Step("responsiveness_put", {"rows": kept, "edition": backend.new_id()}, len(kept)),
        ]
    )
    return len(kept)


def _answered(row: Row, now: Instant) -> Answered:
    own = [event for event in row["events"] if _handoff(event) == row["handoff"]]
    decided = min((event["at"] for event in own if event["kind"] in _DECIDES), default=None)
    acknowledged = min((event["at"] for event in own), default=None)
    until = row["changed_at"] if row["status"] in _TAKEN_BACK else now
    return Answered(
        row["referral"],
        row["act"],
        row["contact_point"],
        row["service_type"],
        row["sent_at"],
        acknowledged,
        decided,
        until,
    )


def _handoff(event: dict[str, Any]) -> str:
    after = json.loads(event["data"])["after"]
    return str(after["id"])
