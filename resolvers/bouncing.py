"""What comes back of messages that had been taken: the address is at fault, and the next channel is used."""

from __future__ import annotations

from relaypoint.domain.evidence import Result, Try, address_id, against
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.words import ChannelKind
from relaypoint.graph import Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import rows_on
from relaypoint.resolvers.outbox import speaks_against


@permitted(Action.DELIVER_NOTICES)
async def came_back(subject: Subject, backend: Backend, key: str, address: str, reply: str | None) -> str | None:
    """Takes note that the message with this key came back from this mail address, for good. It goes out again by the
    next channel.

    Returns the contact point's id; None where no such message went there, or it was noted before: anybody may write
    what looks like a report, but only who was sent the message knows its key.
    """
    found = await backend.store.read("notice_by_id", id=key)
    id = address_id(ChannelKind.EMAIL, address.strip())
    if not found or id not in found[0]["taken"] or found[0]["notice"]["status"] != "delivered":
        return None
    (row,) = found
    channel = row["notice"]["channel"]
    roster, _ = await rows_on(backend)
    used = roster["channels"].get(channel)
    if used is None or not used["address"] or address_id(used["kind"], used["address"]) != id:
        return None  # It has another address by now.
    at = backend.now()
    attempt = Try(channel, Result.BOUNCED, reply)
    told = {"at": at, "attempt": 0, "channel": channel, "result": str(attempt.result), "reply": reply}
    steps = [
        Step("notice_came_back", {"id": key, "operation": backend.new_id(), "channel": channel, "at": at}),
        Step("notice_tried", {"id": key, "tries": [{"address": id, "properties": told}]}),
    ]
    if against(attempt):
        steps.append(speaks_against(id, attempt, at))
    try:
        await backend.store.write(steps)
    except Unmet:
        return None
    return str(row["contact_point"])
