"""What messages showed of addresses, carried into the channels of the roster that use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relaypoint.domain.clock import later
from relaypoint.domain.evidence import FRESH, Evidence, address_id, begins_anew, channel_after
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.rows import Columns
from relaypoint.domain.view import View
from relaypoint.domain.words import MESSAGE_KINDS, ChannelState
from relaypoint.graph import Row, Step, Unmet
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.roster_edit import decided, edited_all
from relaypoint.resolvers.roster_write import Change


@permitted(Action.DELIVER_NOTICES)
async def prove(subject: Subject, backend: Backend) -> list[str]:
    """Weighs what is new: a channel whose address was refused is failing or dead, one that was answered works.

    Returns the ids of the channels that changed. What is shown meanwhile is weighed the next time.
    """
    shown = await _shown(backend)
    if not shown:
        return []
    day = backend.now()[:10]

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        rows = []
        for evidence in await _shown(backend):
            channels = _by_address(known).get(evidence.id, ())
            after = (channel_after(known.rows["channels"][id], evidence, day) for id in channels)
            rows += [row for row in after if row is not None]
        return edited_all(known, "channels", rows, day), {"channels": [row["id"] for row in rows]}

    done = await decided(subject, backend, decide, {"prove": [[each.id, each.version] for each in shown]})
    known = await backend.memory.roster(backend.store)
    rows, of = known.rows["channels"], _by_address(known)
    for each in shown:
        proven = max((str(rows[id]["proven_on"] or "") for id in of.get(each.id, ())), default="")
        await _weighed(backend, each, anew=begins_anew(each, proven))
    return list(done.answer["channels"])


def answered(backend: Backend, view: View, row: Row, notice: str | None = None) -> list[Step]:
    """What it shows that the receiving desk acts on a step that it was told of: whoever reads there. Nothing is written
    where each of its channels that take messages was proven lately. ``row`` is the step as stored, ``notice`` the id of
    the message that was answered; None: the last one that it was told by."""
    desk, rows = view.desk(row["contact_point"]["id"]), view.index.rows["channels"]
    for channel in desk.channels:
        proven = rows[channel.id]["proven_on"] if channel.id in rows else None
        lately = channel.state is ChannelState.WORKING and proven and later(proven, FRESH) > backend.now()[:10]
        if channel.kind in MESSAGE_KINDS and channel.address and not lately:
            of = {"handoff": row["handoff"]["id"], "contact_point": desk.id, "notice": notice}
            return [Step("address_answered", {**of, "at": backend.now()}, None)]
    return []


async def _shown(backend: Backend) -> list[Evidence]:
    return [
        Evidence(**{name: value for name, value in row["address"].items() if value is not None})
        for row in await backend.store.read("addresses_to_weigh")
    ]


async def _weighed(backend: Backend, evidence: Evidence, *, anew: bool) -> None:
    parameters = {
        "id": evidence.id,
        "version": evidence.version,
        "operation": backend.new_id(),
        "refused": 1 if anew else evidence.refused,
        "since": evidence.last if anew else evidence.since,
    }
    try:
        await backend.store.write([Step("address_weighed", parameters)])
    except Unmet:
        return  # Something new was shown: it is weighed again.


def _by_address(known: Known) -> Mapping[str, Sequence[str]]:
    """The ids of the channels by their address's."""
    if "addresses" not in known.derived:
        found: dict[str, list[str]] = {}
        rows: Mapping[str, Columns] = known.rows["channels"]
        for id, row in rows.items():
            if row["address"]:
                found.setdefault(address_id(row["kind"], row["address"]), []).append(id)
        known.derived["addresses"] = found
    addresses: Mapping[str, Sequence[str]] = known.derived["addresses"]
    return addresses
