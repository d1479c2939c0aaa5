"""The person that answers for each open step of a referral now, for those who see the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relaypoint.domain.handoffs import Status
from relaypoint.domain.handover import face
from relaypoint.domain.rota import Rota
from relaypoint.graph.mapping import holder
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.overlay import overlay


async def with_faces(backend: Backend, handoffs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps, each with ``answered_by``: ``{id, name, role}``, or None where it is closed or no person is named; and
    ``diverted_to``: ``{id, name}`` of the contact point that answers for its own one while a contingency holds.

    Read when it is shown and never kept with a result: a name belongs to the roster alone.
    """
    there = [each for each in handoffs if Status(each["status"]).open]
    if not there:
        return [{**each, "answered_by": None, "diverted_to": None} for each in handoffs]
    over = await overlay(backend)
    instead = {each["id"]: over.diverted_to(each["contact_point"]["id"]) for each in there}
    asked = [
        {"handoff": each["id"], "desk": other.id if (other := instead[each["id"]]) else each["contact_point"]["id"]}
        for each in there
    ]
    rows = {row["handoff"]: row for row in await backend.store.read("faces", asked=asked)}
    day = backend.now()[:10]
    found = []
    for each in handoffs:
        shown = {**each, "answered_by": None, "diverted_to": None}
        if other := instead.get(each["id"]):
            shown["diverted_to"] = {"id": other.id, "name": other.name}
        if row := rows.get(each["id"]):
            rota = Rota(row["rota_every"], row["rota_since"])
            person = face(tuple(holder(h) for h in row["holders"]), day, row["taken_by"], rota)
            names = {h["id"]: h["name"] for h in row["holders"]}
            if person:
                shown["answered_by"] = {"id": person.id, "name": names[person.id], "role": person.role.value}
        found.append(shown)
    return found
