"""Operational status as GraphQL shows it: what a body says of itself, and how many can still operate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.resolvers import operational
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable


@strawberry.input(description="How far an organization, or one of its services, works from today on.")
class StatusInput:
    organization: str = strawberry.field(description="Its key; one's own.")
    service: str | None = strawberry.field(default=None, description="Of this service alone (its key).")
    state: str = strawberry.field(description="open, limited, remote or closed.")
    capacity: str = strawberry.field(
        default="unknown", description="open, limited, full or unknown: as the roster says."
    )
    needs: list[str] = strawberry.field(
        default_factory=list,
        description="What it lacks: funding, staff, protective-equipment, accommodation, interpreters, transport.",
    )
    until: str | None = strawberry.field(
        default=None, description="The day from which it is unknown again: in 14 days unless given, in 31 at most."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="A random text; a repeat under it within 24 hours gets the first answer."
    )


@governed(Action.SET_STATUS)
@strawberry.type(description="What an organization has said of itself.")
class OperationalStatus:
    organization: str = strawberry.field(description="Its key.")
    service: str | None = strawberry.field(description="Key of the service that it is about; null: all of it.")
    state: str = strawberry.field(description="open, limited, remote or closed.")
    capacity: str = strawberry.field(description="open, limited, full or unknown.")
    needs: list[str] = strawberry.field(description="What it lacks.")
    since: str = strawberry.field(description="The day on which it was said.")
    until: str = strawberry.field(description="The day from which it is unknown again.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


StatusResult = Annotated[
    OperationalStatus | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("StatusResult", description="The status that holds now, or why it could not be set."),
]


@governed(Action.READ_ROSTER)
@strawberry.type(description="How many are in a state.")
class StateCount:
    state: str = strawberry.field(description="open, limited, remote, closed or unknown; or a need.")
    count: int = strawberry.field(description="How many.")

    @classmethod
    def some(cls, counts: Mapping[str, int]) -> list[Self]:
        return [cls(state=state, count=counts[state]) for state in sorted(counts)]


@governed(Action.READ_ROSTER)
@strawberry.type(description="The services of one type in one place.")
class OverviewCell:
    service_type: str = strawberry.field(description="The service type.")
    place: str = strawberry.field(description="The place's code.")
    services: list[StateCount] = strawberry.field(description="How many are in each state.")


@governed(Action.READ_ROSTER)
@strawberry.type(description="How many can still operate, as they say themselves and as far as it still holds.")
class OperationalOverview:
    day: str = strawberry.field(description="Today.")
    organizations: list[StateCount] = strawberry.field(description="Those that offer a service, by state.")
    needs: list[StateCount] = strawberry.field(description="What they lack, by how many say so.")
    cells: list[OverviewCell] = strawberry.field(description="By service type and place.")

    @classmethod
    def of(cls, found: operational.Overview) -> Self:
        return cls(
            day=found.day,
            organizations=StateCount.some(found.organizations),
            needs=StateCount.some(found.needs),
            cells=[
                OverviewCell(service_type=cell.service_type, place=cell.place, services=StateCount.some(cell.counts))
                for cell in found.cells
            ],
        )
