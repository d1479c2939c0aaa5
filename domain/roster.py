"""The roster: its sheets, their columns, and what a row must hold by itself.

A row is made from the texts of a spreadsheet or from typed values alike; ``row.model_dump(mode="json")`` gives the
columns as they are kept: text, whole numbers, lists of text, days as YYYY-MM-DD, None or [] where empty.
``domain.roster_reading`` reads a row with all its faults; what rows must hold together is in ``domain.roster_rules``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_origin

from pydantic import AfterValidator, Field
from pydantic_core.core_schema import ValidationInfo

from relaypoint.domain import addresses
from relaypoint.domain.addresses import SecureUrl, Url
from relaypoint.domain.roster_codes import HolidayCalendar, Hours, Languages, Place, TimeZone, subdivisions
from relaypoint.domain.roster_faults import Fault, fault, nearest
from relaypoint.domain.roster_fields import (
    Basis,
    Consent,
    Day,
    Duration,
    EmergencyNumber,
    Items,
    Line,
    Number,
    OneOf,
    OrganizationStatus,
    Slug,
    SomeItems,
    Tags,
    TaskForceLevel,
    Text,
    To,
    YesNo,
)
from relaypoint.domain.roster_row import Reading, Row
from relaypoint.domain.words import (
    Access,
    Answer,
    Capacity,
    ChannelCondition,
    ChannelKind,
    ChannelState,
    Confidentiality,
    ContactPointKind,
    Designation,
    EventKind,
    EventState,
    FacilityKind,
    HolderRole,
    JurisdictionKind,
    OperationalNeed,
    OperationalState,
    OrganizationKind,
    Presence,
    Staffing,
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


class ServiceTypeRow(Row):
    sheet = "service_types"

    name: Line
    description: Text | None = None
    within: Annotated[Line | None, To("service_types")] = None
    access: Annotated[Access, OneOf(Access)] = Access.DIRECT


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


class ContactPointRow(Row):
    sheet = "contact_points"

    name: Line
    organization: Annotated[Line, To("organizations")]
    service_types: Annotated[Items, To("service_types")] = Field(default_factory=list)
    jurisdictions: Annotated[Items, To("jurisdictions")] = Field(default_factory=list)
    languages: Languages = Field(default_factory=list)
    hours: Hours | None = None
    time_zone: TimeZone
    holidays: HolidayCalendar | None = None
    staffing: Annotated[Staffing, OneOf(Staffing)] = Staffing.HOLDER
    public: Annotated[YesNo, OneOf(YesNo)] = YesNo.YES
    task_forces: Annotated[Items, To("task_forces")] = Field(default_factory=list)
    serves: Tags = Field(default_factory=list)
    presence: Annotated[Presence, OneOf(Presence)] = Presence.ON_SITE
    rota_every: Duration | None = None
    rota_since: Day | None = None
    kind: Annotated[ContactPointKind, OneOf(ContactPointKind)] = ContactPointKind.OFFICE
    consented_on: Day | None = None
    public_consent_on: Day | None = None

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        if values.get("rota_every") and "rota_since" in values and not values["rota_since"]:
            yield fault("roster.rota", "rota_since")
        if values.get("kind") is ContactPointKind.COMMUNITY:
            if "consented_on" in values and not values["consented_on"]:
                yield fault("roster.community-consent", "consented_on")
            public = values.get("public") is YesNo.YES
            if public and "public_consent_on" in values and not values["public_consent_on"]:
                yield fault("roster.community-public", "public", "yes")


class DiversionRow(Row):
    """Where the work of a contact point is answered while it is in contingency."""

    sheet = "diversions"

    contact_point: Annotated[Line, To("contact_points")]
    to: Annotated[Line, To("contact_points")]

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        if values.get("to") and values.get("to") == values.get("contact_point"):
            yield fault("roster.own-diversion", "to", values["to"])


class HolderRow(Row):
    sheet = "holders"

    contact_point: Annotated[Line, To("contact_points")]
    name: Line | None = None
    role: Annotated[HolderRole, OneOf(HolderRole)]
    rank: Number = 1
    rota: Number | None = None
    confirmed_on: Day | None = None
    appointment: Text | None = None


class AbsenceRow(Row):
    sheet = "absences"

    holder: Annotated[Line, To("holders")]
    stand_in: Annotated[Line | None, To("holders")] = None

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        if values.get("stand_in") and values.get("stand_in") == values.get("holder"):
            yield fault("roster.own-stand-in", "stand_in", values["stand_in"])


def _address(value: str, info: ValidationInfo) -> str:
    """Checked by the kind, which is read before it; unchecked where the kind itself is faulty."""
    kind = info.data.get("kind")
    region = info.context.region if isinstance(info.context, Reading) else None
    return addresses.address(kind, value, region) if kind else value


class ChannelRow(Row):
    sheet = "channels"

    contact_point: Annotated[Line, To("contact_points")]
    kind: Annotated[ChannelKind, OneOf(ChannelKind)]
    address: Annotated[Line, AfterValidator(_address)] | None = None
    rank: Number = 1
    assurance: Annotated[Confidentiality, OneOf(Confidentiality)] = Confidentiality.OFFICIAL
    hours: Hours | None = None
    condition: Annotated[ChannelCondition, OneOf(ChannelCondition)] = ChannelCondition.ALWAYS
    state: Annotated[ChannelState, OneOf(ChannelState)] = ChannelState.UNPROVEN
    proven_on: Day | None = None
    proven_how: Text | None = None
    via: Annotated[Line | None, To("contact_points")] = None
    note: Text | None = None

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().rules(values)
        kind = values.get("kind")
        if kind is ChannelKind.RELAY:
            if "via" in values and not values["via"]:
                yield fault("roster.no-via", "via")
        elif kind and kind is not ChannelKind.IN_PERSON and "address" in values and not values["address"]:
            yield fault("roster.no-address", "address", kind=kind.value)


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


class ContingencyRow(Row):
    """A declared, dated and reversible state of a task force, a place or an organization."""

    sheet = "contingencies"
    within_a_day = True

    place: Annotated[Line | None, To("jurisdictions")] = None
    task_force: Annotated[Line | None, To("task_forces")] = None
    organization: Annotated[Line | None, To("organizations")] = None
    reason: Text

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


@dataclass(frozen=True)
class Sheet:
    """``references`` maps a column to the sheet whose ids it holds; ``lists`` are the columns of several values."""

    name: str
    singular: str
    model: type[Row]
    columns: tuple[str, ...]
    required: tuple[str, ...]
    references: Mapping[str, str]
    lists: frozenset[str]
    #: What a column that a row leaves out holds, where that is not None.
    defaults: Mapping[str, Any]


def sheet_of(singular: str, model: type[Row]) -> Sheet:
    """What is known of the sheet that holds such rows."""
    own = [name for name in model.model_fields if name not in Row.model_fields]
    references = {
        name: mark.sheet for name in own for mark in model.model_fields[name].metadata if isinstance(mark, To)
    }
    columns = ("id", *own, "since", "until", "source", "as_of")
    required = tuple(each for each in columns if model.model_fields[each].is_required())
    left_out = {each: info.get_default(call_default_factory=True) for each, info in model.model_fields.items()}
    lists = frozenset(each for each in columns if get_origin(model.model_fields[each].annotation) is list)
    defaults = {each: left_out[each] for each in columns if each not in required and left_out[each] is not None}
    return Sheet(model.sheet, singular, model, columns, required, references, lists, defaults)


#: In the order in which they can be imported: what a sheet refers to comes before it, but for hotline and coordinator.
SHEETS: Final[dict[str, Sheet]] = {
    sheet.name: sheet
    for sheet in (
        sheet_of("jurisdiction", JurisdictionRow),
        sheet_of("organization", OrganizationRow),
        sheet_of("task_force", TaskForceRow),
        sheet_of("channel_rule", ChannelRuleRow),
        sheet_of("membership", MembershipRow),
        sheet_of("service_type", ServiceTypeRow),
        sheet_of("service", ServiceRow),
        sheet_of("contact_point", ContactPointRow),
        sheet_of("diversion", DiversionRow),
        sheet_of("holder", HolderRow),
        sheet_of("absence", AbsenceRow),
        sheet_of("channel", ChannelRow),
        sheet_of("pathway", PathwayRow),
        sheet_of("guidance", GuidanceRow),
        sheet_of("facility", FacilityRow),
        sheet_of("authorisation", AuthorisationRow),
        sheet_of("event", EventRow),
        sheet_of("contingency", ContingencyRow),
        sheet_of("operational_status", OperationalStatusRow),
    )
}
