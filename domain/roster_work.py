"""Rows of the roster: what is offered and agreed, and what bodies do together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from relaypoint.domain.addresses import SecureUrl, Url
from relaypoint.domain.roster_codes import Languages
from relaypoint.domain.roster_faults import Fault, fault
from relaypoint.domain.roster_fields import (
    Basis,
    Consent,
    Day,
    Duration,
    Hours,
    Items,
    Line,
    Number,
    OneOf,
    Slug,
    SomeItems,
    Tags,
    Text,
    To,
)
from relaypoint.domain.roster_row import Row
from relaypoint.domain.words import (
    Access,
    Answer,
    Capacity,
    EventKind,
    EventState,
    FacilityKind,
    OrganizationKind,
    Rung,
)

#: How often one rung may be repeated: what four reminders did not bring about, a fifth seldom does.
MOST_TIMES: Final = 5


class ServiceTypeRow(Row):
    sheet = "service_types"

    name: Line
    other_names: Items = Field(default_factory=list)
    description: Text | None = None
    within: Annotated[Line | None, To("service_types")] = None
    access: Annotated[Access | None, OneOf(Access)] = None
    added_for: Tags = Field(default_factory=list)


class ServiceRow(Row):
    sheet = "services"

    name: Line
    organization: Annotated[Line, To("organizations")]
    service_type: Annotated[Line, To("service_types")]
    jurisdictions: Annotated[SomeItems, To("jurisdictions")]
    serves: Tags = Field(default_factory=list)
    languages: Languages = Field(default_factory=list)
    interpretation: Annotated[Answer, OneOf(Answer)] = Answer.UNKNOWN
    capacity: Annotated[Capacity, OneOf(Capacity)] = Capacity.UNKNOWN
    capacity_as_of: Day | None = None
    eligibility: Text | None = None


class PathwayRow(Row):
    sheet = "pathways"

    name: Line
    from_organization: Annotated[Line | None, To("organizations")] = None
    from_kind: Annotated[OrganizationKind, OneOf(OrganizationKind)] | None = None
    from_role: Slug | None = None
    task_force: Annotated[Line | None, To("task_forces")] = None
    to_organization: Annotated[Line, To("organizations")]
    contact_point: Annotated[Line | None, To("contact_points")] = None
    service_types: Annotated[SomeItems, To("service_types")]
    jurisdictions: Annotated[Items, To("jurisdictions")] = Field(default_factory=list)
    basis: Annotated[Basis, OneOf(Basis)]
    citation: Text | None = None
    form: SecureUrl | None = None
    acknowledge_within: Duration | None = None
    decide_within: Duration | None = None
    start_within: Duration | None = None
    complete_within: Duration | None = None
    consent: Annotated[Consent, OneOf(Consent)] = Consent.NONE

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        sources = ("from_organization", "from_kind", "from_role")
        if all(each in values for each in sources):
            given = [each for each in sources if values[each]]
            if len(given) != 1:
                shown = "; ".join(f"{each}={values[each]}" for each in given)
                column = given[-1] if given else "from_organization"
                yield fault("roster.pathway-source", column, shown, given=", ".join(given) or "none")
        if values.get("from_role") and "task_force" in values and not values["task_force"]:
            yield fault("roster.pathway-task-force", "task_force")


class EscalationRow(Row):
    """One rung of an escalation policy, which belongs to a task force, a pathway or a contact point."""

    sheet = "escalations"

    task_force: Annotated[Line | None, To("task_forces")] = None
    pathway: Annotated[Line | None, To("pathways")] = None
    contact_point: Annotated[Line | None, To("contact_points")] = None
    position: Number
    action: Annotated[Rung, OneOf(Rung)]
    wait: Duration | None = None
    hours: Annotated[Hours, OneOf(Hours)] | None = None
    times: Number = 1

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        owners = ("task_force", "pathway", "contact_point")
        if all(each in values for each in owners):
            given = [each for each in owners if values[each]]
            if len(given) != 1:
                yield fault(
                    "roster.escalation-owner", given[-1] if given else "task_force", given=", ".join(given) or "none"
                )
        if values.get("times", 1) > MOST_TIMES:
            yield fault("roster.escalation-times", "times", str(values["times"]), most=MOST_TIMES)


class GuidanceRow(Row):
    sheet = "guidance"

    name: Line
    version: Number
    task_force: Annotated[Line | None, To("task_forces")] = None
    contact_point: Annotated[Line | None, To("contact_points")] = None
    text: Text | None = None
    url: Url | None = None
    acknowledge_by: Day | None = None
    role: Slug | None = None

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        if values.get("role") and "task_force" in values and not values["task_force"]:
            yield fault("roster.guidance-role", "role", values["role"])


class FacilityRow(Row):
    """A place where people are received, held or stopped; ``contact_point`` is whom to ask there."""

    sheet = "facilities"

    name: Line
    kind: Annotated[FacilityKind, OneOf(FacilityKind)]
    organization: Annotated[Line | None, To("organizations")] = None
    jurisdiction: Annotated[Line, To("jurisdictions")]
    contact_point: Annotated[Line | None, To("contact_points")] = None


class AuthorisationRow(Row):
    """Who may enter a facility, until when."""

    sheet = "authorisations"

    organization: Annotated[Line, To("organizations")]
    facility: Annotated[Line, To("facilities")]
    citation: Text | None = None


class EventRow(Row):
    """A training, meeting or exercise of a task force, ``on`` a day."""

    sheet = "events"

    name: Line
    kind: Annotated[EventKind, OneOf(EventKind)]
    task_force: Annotated[Line, To("task_forces")]
    on: Day
    state: Annotated[EventState, OneOf(EventState)] = EventState.PLANNED
    note: Text | None = None
