"""What comes back of messages that had been taken: the address is at fault, and the next channel is used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from relaypoint.domain.clock import format_instant
from relaypoint.domain.evidence import Result, Try, address_id, against
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.words import ChannelKind
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.settling import speaks_against

#: What the secret in a message is for.
PURPOSE: Final = "bounce"

#: So long after it was sent a message may come back. Who finds an old one makes nothing of it.
BELIEVED: Final = timedelta(days=14)

#: Where others change one of several messages meanwhile, all are looked at again.
_TRIES: Final = 3


def proof(backend: Backend, key: str) -> str:
    """What a message bears so that what comes back of it is believed."""
    return backend.vault.token(PURPOSE, key)


@permitted(Action.DELIVER_NOTICES)
async def came_back(
    subject: Subject, backend: Backend, key: str, secret: str, address: str, reply: str | None
) -> str | None:
    """Takes note that the message with this key came back from this mail address, for good. It goes out again, not to
    that address; where it was several in one, each does.

    Returns the contact point's id; None where no such message went there, or it was noted before. Anybody may write
    what looks like a report: only whoever was sent the message knows the ``proof`` that it bore.
    """
    if not backend.vault.is_token(secret, PURPOSE, key):
        return None
    id = address_id(ChannelKind.EMAIL, address.strip())
    for _ in range(_TRIES):
        found = await backend.store.read("notice_by_id", id=key)
        found = found or await backend.store.read("notices_of_digest", id=key)
        since = format_instant(backend.clock() - BELIEVED)
        rows = [row for row in found if _went_to(row, id) and row["notice"]["tried_at"] >= since]
        if not rows:
            return None
        try:
            await backend.store.write(_steps(backend, rows, id, reply))
        except Unmet:
            continue  # Something else came of one of them meanwhile.
        return str(rows[0]["contact_point"])
    return None


def _went_to(row: Row, id: str) -> bool:
    """Whether the message counts as delivered by a channel that took it at that address, and has not come back from
    there before."""
    notice = row["notice"]
    taken = notice["status"] == "delivered" and f"{notice['channel']} {id}" in row["taken"]
    return taken and id not in (notice["bounced"] or ())


def _steps(backend: Backend, rows: Sequence[Row], id: str, reply: str | None) -> list[Step]:
    """Each goes out again; what it shows of the address counts once."""
    at, steps = backend.now(), []
    for row in rows:
        key, channel = row["notice"]["id"], row["notice"]["channel"]
        told = {"at": at, "attempt": 0, "channel": channel, "result": str(Result.BOUNCED), "reply": reply}
        steps += [
            Step(
                "notice_came_back",
                {"id": key, "operation": backend.new_id(), "channel": channel, "address": id, "at": at},
            ),
            Step("notices_tried", {"tries": [{"notice": key, "address": id, "properties": told}]}),
        ]
    attempt = Try(rows[0]["notice"]["channel"], Result.BOUNCED, reply)
    return [*steps, speaks_against(id, attempt, at)] if against(attempt) else steps
