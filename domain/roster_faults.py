"""A ``Fault`` says what is wrong with a value; a ``RosterError`` says where it stands as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic_core import PydanticCustomError
from rapidfuzz import fuzz, process

from relaypoint.domain.roster_messages import MESSAGES


@dataclass(frozen=True)
class Fault:
    """Something wrong with ``value`` in ``column`` (None: with no single column)."""

    message_id: str
    column: str | None
    value: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return MESSAGES[self.message_id].text.format(**self._fields())

    @property
    def remedy(self) -> str:
        message = MESSAGES[self.message_id]
        return (message.near if self.fields.get("nearest") else message.remedy).format(**self._fields())

    def _fields(self) -> dict[str, str]:
        return {**self.fields, "column": self.column or "", "value": self.value}


@dataclass(frozen=True)
class RosterError:
    """A fault and its place. ``row`` counts from 1 as a spreadsheet or editor does; None means the whole file."""

    file: str
    row: int | None
    column: str | None
    value: str
    message_id: str
    message: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: ``file, row, column, value, messageId, message, remedy``."""
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "messageId": self.message_id,
            "message": self.message,
            "remedy": self.remedy,
        }


def fault(message_id: str, column: str | None = None, value: object = "", **fields: object) -> Fault:
    """Make a fault; long or unprintable values are cut and escaped, so that they can be shown anywhere."""
    return Fault(message_id, column, shown(value), {name: str(each) for name, each in fields.items()})


def error(found: Fault, file: str, row: int | None) -> RosterError:
    return RosterError(file, row, found.column, found.value, found.message_id, found.message, found.remedy)


def refused(message_id: str, value: object, **fields: object) -> PydanticCustomError:
    """For validators to raise; ``faults_of`` in ``domain.roster`` turns it back into a fault."""
    text = MESSAGES[message_id].text.format_map(_Blank({**fields, "value": shown(value)}))
    return PydanticCustomError("roster", "{message}", {"message": text, "id": message_id, "value": value, **fields})


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key


def shown(value: object, limit: int = 120) -> str:
    """Text safe to print on a terminal: unprintable characters escaped, at most ``limit`` characters."""
    text = str(value)[: limit + 1]
    text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def nearest(value: str, allowed: Iterable[str]) -> str:
    """The one of ``allowed`` that looks most like ``value``, ignoring case; "" if none is close."""
    return _nearest(value, tuple(allowed)) if value and len(value) <= 100 else ""


@lru_cache(maxsize=4096)
def _nearest(value: str, allowed: tuple[str, ...]) -> str:
    found = process.extractOne(value, allowed, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=65)
    return found[0] if found else ""
