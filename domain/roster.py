"""The roster: its sheets, their columns, and what a row must hold by itself.

A row is made from the texts of a spreadsheet or from typed values alike; ``row.model_dump(mode="json")`` gives the
columns as they are kept: text, whole numbers, lists of text, days as YYYY-MM-DD, None or [] where empty.
``domain.roster_reading`` reads a row with all its faults; what rows must hold together is in ``domain.roster_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_origin

from relaypoint.domain.roster_bodies import (
    ChannelRuleRow,
    JurisdictionRow,
    MembershipRow,
    OrganizationRow,
    TaskForceRow,
)
from relaypoint.domain.roster_desks import AbsenceRow, ChannelRow, ContactPointRow, DiversionRow, HolderRow
from relaypoint.domain.roster_fields import To
from relaypoint.domain.roster_row import Row
from relaypoint.domain.roster_states import ContingencyRow, OperationalStatusRow
from relaypoint.domain.roster_work import (
    AuthorisationRow,
    EscalationRow,
    EventRow,
    FacilityRow,
    GuidanceRow,
    PathwayRow,
    ServiceRow,
    ServiceTypeRow,
)


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
        sheet_of("escalation", EscalationRow),
        sheet_of("guidance", GuidanceRow),
        sheet_of("facility", FacilityRow),
        sheet_of("authorisation", AuthorisationRow),
        sheet_of("event", EventRow),
        sheet_of("contingency", ContingencyRow),
        sheet_of("operational_status", OperationalStatusRow),
    )
}
