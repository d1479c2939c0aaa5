"""Rows of the roster: contact points, who holds them, and how they are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core.core_schema import ValidationInfo

from relaypoint.domain import addresses
from relaypoint.domain.roster_codes import HolidayCalendar, Hours, Language, Languages, TimeZone
from relaypoint.domain.roster_faults import Fault, fault
from relaypoint.domain.roster_fields import (
    Day,
    Duration,
    Items,
    Line,
    Number,
    OneOf,
    Tags,
    Text,
    Times,
    To,
    YesNo,
)
from relaypoint.domain.roster_row import Reading, Row
from relaypoint.domain.words import (
    ChannelCondition,
    ChannelKind,
    ChannelState,
    Confidentiality,
    ContactPointKind,
    HolderRole,
    Presence,
    Staffing,
)


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
    message_language: Language | None = None
    digest: Times = Field(default_factory=list)
    important_only: Annotated[YesNo, OneOf(YesNo)] | None = None


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
