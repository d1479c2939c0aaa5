"""Which stalls are asked for, from what was typed: ids, or names as they are written."""

from __future__ import annotations

from dataclasses import dataclass

from relaypoint.domain.errors import Invalid
from relaypoint.domain.silences import REASONS
from relaypoint.domain.stall_report import Wanted
from relaypoint.domain.view import View
from relaypoint.domain.words import Priority
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import word
from relaypoint.resolvers.typed import (
    contact_point_named,
    organization_named,
    place_named,
    service_type_named,
    task_force_named,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedInput:
    """None: any. Field names are those of GraphQL."""

    organization: str | None = None
    task_force: str | None = None
    place: str | None = None
    service_type: str | None = None
    reason: str | None = None
    priority: str | None = None
    contact_point: str | None = None


async def wanted_of(backend: Backend, view: View, given: WantedInput) -> Wanted:
    """Raises ``NotFound`` for what the roster does not hold, and ``Invalid`` for the name of several and for a word
    that is none."""
    body, force, place, type, desk = (
        given.organization,
        given.task_force,
        given.place,
        given.service_type,
        given.contact_point,
    )
    return Wanted(
        organization=await organization_named(backend, view, body, ("organization",)) if body is not None else None,
        task_force=await task_force_named(backend, view, force, ("taskForce",)) if force is not None else None,
        place=await place_named(backend, view, place) if place is not None else None,
        service_type=await service_type_named(backend, view, type, ("serviceType",)) if type is not None else None,
        reason=_reason(given.reason) if given.reason is not None else None,
        priority=word(Priority, "priority", given.priority) if given.priority is not None else None,
        contact_point=await contact_point_named(backend, view, desk, ("contactPoint",)) if desk is not None else None,
    )


def _reason(typed: str) -> str:
    reason = typed.strip().lower()
    if reason in REASONS:
        return reason
    raise Invalid(
        "stalled.reason",
        "'{value}' is not a reason for which a step stalls.",
        path=("reason",),
        remedy="Use one of: {known}.",
        value=typed[:60],
        known=", ".join(REASONS),
    )
