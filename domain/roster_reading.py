"""Reading one row of the roster: the row, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_faults import Fault, fault, nearest
from relaypoint.domain.roster_fields import is_empty
from relaypoint.domain.roster_row import Reading, Row


def read_row(
    model: type[Row], cells: Mapping[str, Any], region: str | None = None
) -> tuple[Row | None, dict[str, Any], list[Fault]]:
    """``(row or None, the values that passed, faults)``. ``region``: the country of national phone numbers."""
    reading = Reading(region)
    row, found = None, []
    try:
        row = model.model_validate(dict(cells), context=reading)
    except ValidationError as refusal:
        # What the row must hold together is looked at below, also where single values are refused.
        found = [_fault(each, refusal.title) for each in refusal.errors(include_url=False) if each["loc"]]
    sheet = SHEETS[model.sheet]
    for name in sheet.columns:
        if name not in reading.values and name not in sheet.required and is_empty(cells.get(name)):
            reading.values[name] = copy(sheet.defaults.get(name))
    found += model.rules(reading.values)
    return (None if found else row), reading.values, found


def faults_of(refusal: ValidationError) -> list[Fault]:
    """A refusal by one of these models as faults, in the order of its columns."""
    return [_fault(each, refusal.title) for each in refusal.errors(include_url=False)]


def _fault(problem: ErrorDetails, title: str) -> Fault:
    context = problem.get("ctx", {})
    column = str(problem["loc"][0]) if problem["loc"] else None
    if isinstance(context.get("fault"), Fault):
        return context["fault"]  # type: ignore[no-any-return]
    if problem["type"] == "roster":
        extra = {key: value for key, value in context.items() if key not in ("message", "id", "value")}
        return fault(context["id"], column, context["value"], **extra)
    if problem["type"] == "extra_forbidden":
        sheet = next(each for each in SHEETS.values() if each.model.__name__ == title)
        near = nearest(str(column), sheet.columns)
        return fault(
            "roster.unknown-column", column, column, sheet=sheet.name, allowed=", ".join(sheet.columns), nearest=near
        )
    return fault("roster.required", column)
