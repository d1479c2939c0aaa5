"""The person that answers for each open step of a referral now, for those who see the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relaypoint.domain.deadlines import DEFAULTS
from relaypoint.domain.handoffs import Status
from relaypoint.domain.handover import face
from relaypoint.domain.rota import Rota
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import present_view

_NOBODY: Final[Mapping[str, Any]] = {"answered_by": None, "diverted_to": None, "paused": None}


async def with_faces(backend: Backend, handoffs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps, each with ``answered_by``: ``{id, name, role}``, or None where it is closed or no person is named; and
    ``diverted_to``: ``{id, name}`` of the contact point that answers for its own one while a contingency holds, and
    ``paused``: the one that lets its escalation wait, unless it presses by its ``priority``.

    Read when it is shown and never kept with a result: a name belongs to the roster alone.
    """
    there = [each["id"] for each in handoffs if Status(each["status"]).open]
    if not there:
        return [{**each, **_NOBODY} for each in handoffs]
    takers = {row["handoff"]: row["holder"] for row in await backend.store.read("handoff_takers", handoffs=there)}
    view = await present_view(backend)
    return [
        {**each, **_face(view, each["contact_point"]["id"], takers.get(each["id"]), each.get("priority"))}
        if Status(each["status"]).open
        else {**each, **_NOBODY}
        for each in handoffs
    ]


def _face(view: View, id: str, taken_by: str | None, priority: str | None) -> dict[str, Any]:
    desk, rows = view.desk(id), view.index.rows
    other = desk.diverted_to
    answering = rows["contact_points"][other.id if other else id]
    person = face(desk.holders, view.day, taken_by, Rota(answering["rota_every"], answering["rota_since"]))
    named = {"id": person.id, "name": rows["holders"][person.id]["name"], "role": person.role.value} if person else None
    return {
        "answered_by": named,
        "diverted_to": {"id": other.id, "name": other.name} if other else None,
        "paused": None if priority and DEFAULTS[Priority(priority)].basis == "clock" else view.paused.get(id),
    }


def called_back(view: View, referral: Mapping[str, Any]) -> dict[str, Any] | None:
    """How and when the receiver may call the sender back about it, as the roster has it now; None where nothing was
    said, or the channel has gone."""
    channels = view.index.rows["channels"]
    row = channels.get(referral.get("call_back") or "")
    if row is None and not referral.get("safe_hours"):
        return None
    return {
        "kind": row["kind"] if row else None,
        "address": row["address"] if row else None,
        "hours": referral.get("safe_hours"),
    }
