"""Rows of the roster: places, organizations, task forces, their rules and their members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from relaypoint.domain.addresses import Url
from relaypoint.domain.roster_codes import Languages, Place, Ranking, subdivisions
from relaypoint.domain.roster_faults import Fault, fault, nearest
from relaypoint.domain.roster_fields import (
    Duration,
    EmergencyNumber,
    Items,
    Line,
    Number,
    OneOf,
    OrganizationStatus,
    Slug,
    TaskForceLevel,
    Text,
    To,
)
from relaypoint.domain.roster_row import Row
from relaypoint.domain.words import (
    ChannelKind,
    Confidentiality,
    Designation,
    JurisdictionKind,
    OrganizationKind,
    Standing,
)


class JurisdictionRow(Row):
    sheet = "jurisdictions"

    id: Place
    name: Line
    kind: Annotated[JurisdictionKind, OneOf(JurisdictionKind)]
    within: Annotated[Line | None, To("jurisdictions")] = None
    replaced_by: Annotated[Items, To("jurisdictions")] = Field(default_factory=list)
    other_names: Items = Field(default_factory=list)
    emergency_number: EmergencyNumber | None = None
    emergency_service: Line | None = None
    hotline: Annotated[Line | None, To("contact_points")] = None

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        code, kind = values.get("id"), values.get("kind")
        if not code or not kind:
            return
        if kind is JurisdictionKind.COUNTRY:
            if len(code) != 2:
                yield fault("roster.not-a-country", "id", code)
        elif len(code) == 2:
            yield fault("roster.is-a-country", "id", code)
        elif kind is JurisdictionKind.NATION and code not in subdivisions():
            same_country = sorted(each for each in subdivisions() if each.startswith(code[:3]))
            yield fault("roster.bad-subdivision", "id", code, nearest=nearest(code, same_country))


class OrganizationRow(Row):
    sheet = "organizations"

    name: Line
    kind: Annotated[OrganizationKind, OneOf(OrganizationKind)]
    other_names: Items = Field(default_factory=list)
    jurisdictions: Annotated[Items, To("jurisdictions")] = Field(default_factory=list)
    part_of: Annotated[Line | None, To("organizations")] = None
    replaced_by: Annotated[Items, To("organizations")] = Field(default_factory=list)
    website: Url | None = None
    status: Annotated[OrganizationStatus, OneOf(OrganizationStatus)] = OrganizationStatus.ACTIVE


class TaskForceRow(Row):
    sheet = "task_forces"

    name: Line
    level: Annotated[TaskForceLevel, OneOf(TaskForceLevel)]
    within: Annotated[Line | None, To("task_forces")] = None
    jurisdiction: Annotated[Line, To("jurisdictions")]
    coordinator: Annotated[Line | None, To("contact_points")] = None
    service_types: Annotated[Items, To("service_types")] = Field(default_factory=list)
    languages: Languages = Field(default_factory=list)
    deputies: Annotated[Items, To("contact_points")] = Field(default_factory=list)
    designation: Annotated[Designation, OneOf(Designation)] = Designation.MEMBERS
    vouchers: Number | None = None
    confirm_every: Duration | None = None
    acknowledge_within: Duration | None = None
    decide_within: Duration | None = None
    start_within: Duration | None = None
    complete_within: Duration | None = None
    missing_person: Text | None = None
    direct_for: Annotated[Items, To("service_types")] = Field(default_factory=list)
    ranking: Ranking = Field(default_factory=list)


class ChannelRuleRow(Row):
    """How much a kind of channel assures at most, for the members of a task force."""

    sheet = "channel_rules"

    task_force: Annotated[Line, To("task_forces")]
    kind: Annotated[ChannelKind, OneOf(ChannelKind)]
    assurance: Annotated[Confidentiality, OneOf(Confidentiality)]


class MembershipRow(Row):
    sheet = "memberships"

    organization: Annotated[Line, To("organizations")]
    task_force: Annotated[Line, To("task_forces")]
    role: Slug
    standing: Annotated[Standing, OneOf(Standing)] = Standing.FULL
    vouched_by: Annotated[Items, To("organizations")] = Field(default_factory=list)
    reason: Text | None = None
    continuity: Annotated[Line | None, To("contact_points")] = None

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        if values.get("standing") is Standing.SUSPENDED:
            for column in ("reason", "continuity"):
                if column in values and not values[column]:
                    yield fault("roster.suspension", column)
