"""What every row of the roster has, whatever its sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from relaypoint.domain.roster_faults import Fault, fault
from relaypoint.domain.roster_fields import Day, Id, Text, is_empty


@dataclass
class Reading:
    """What a validation may know beyond the row, and the values of the row that passed, column by column."""

    region: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


class Row(BaseModel):
    """What every sheet has. ``since`` is inclusive, ``until`` exclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sheet: ClassVar[str]
    #: Whether a row may end on the day on which it began: it held for a part of that day.
    within_a_day: ClassVar[bool] = False

    id: Id
    since: Day | None = None
    until: Day | None = None
    source: Text | None = None
    as_of: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: Any) -> Any:
        return (
            {column: value for column, value in data.items() if not is_empty(value)} if isinstance(data, dict) else data
        )

    @field_validator("*", mode="after")
    @classmethod
    def _keep(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(info.context, Reading) and info.field_name:
            info.context.values[info.field_name] = value
        return value

    @model_validator(mode="after")
    def _hold_rules(self) -> Self:
        for found in self.rules(self.__dict__):
            raise PydanticCustomError("roster.rule", "{message}", {"message": found.message, "fault": found})
        return self

    @classmethod
    def rules(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """What the columns must hold together. ``values`` lacks those that are faulty by themselves."""
        since, until = values.get("since"), values.get("until")
        if since and until and (until < since or (until == since and not cls.within_a_day)):
            yield fault("roster.bad-period", "until", until, since=since)
