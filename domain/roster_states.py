"""Rows of the roster that hold for a time: contingencies, and how far a body works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from relaypoint.domain.roster_faults import Fault, fault, nearest
from relaypoint.domain.roster_fields import (
    Line,
    OneOf,
    Tags,
    Text,
    To,
    YesNo,
)
from relaypoint.domain.roster_row import Row
from relaypoint.domain.words import (
    Capacity,
    OperationalNeed,
    OperationalState,
)


class ContingencyRow(Row):
    """A declared, dated and reversible state of a task force, a place or an organization."""

    sheet = "contingencies"
    within_a_day = True

    place: Annotated[Line | None, To("jurisdictions")] = None
    task_force: Annotated[Line | None, To("task_forces")] = None
    organization: Annotated[Line | None, To("organizations")] = None
    reason: Text
    pause_escalations: Annotated[YesNo, OneOf(YesNo)] = YesNo.NO

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        scopes = ("place", "task_force", "organization")
        if all(each in values for each in scopes):
            given = [each for each in scopes if values[each]]
            if len(given) != 1:
                column = given[-1] if given else "task_force"
                yield fault("roster.contingency-scope", column, values[column] or "", given=", ".join(given) or "none")
        for column in ("since", "until"):
            if column in values and not values[column]:
                yield fault("roster.contingency-dates", column)


class OperationalStatusRow(Row):
    """How far a body, or one of its services, works for now; what has run out is unknown again."""

    sheet = "operational_statuses"
    within_a_day = True

    organization: Annotated[Line, To("organizations")]
    service: Annotated[Line | None, To("services")] = None
    state: Annotated[OperationalState, OneOf(OperationalState)]
    capacity: Annotated[Capacity, OneOf(Capacity)] = Capacity.UNKNOWN
    needs: Tags = Field(default_factory=list)

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        for need in values.get("needs") or ():
            if need not in set(OperationalNeed):
                allowed = ", ".join(OperationalNeed)
                yield fault("roster.bad-enum", "needs", need, allowed=allowed, nearest=nearest(need, OperationalNeed))
        for column in ("since", "until"):
            if column in values and not values[column]:
                yield fault("roster.status-dates", column)
