"""The types of a roster's cells. Each takes the text of a cell, tidies it and refuses with a message and a remedy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from relaypoint.domain.roster_faults import nearest, refused

MAX_TEXT: Final = 20_000
MAX_LINE: Final = 500

#: What no cell may hold: neither a workbook nor a terminal carries it safely.
#: Nor what makes a reader see another text than is there: it turns the direction of writing or can't be seen. The
#: joiners stay (U+200C, U+200D), which Persian and Indic scripts need.
UNPRINTABLE: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T", bound=str)


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"


class OrganizationStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class TaskForceLevel(StrEnum):
    NATIONAL = "national"
    LOCAL = "local"


class Basis(StrEnum):
    """What an agreed pathway rests on."""

    MOU = "mou"
    SOP = "sop"
    LAW = "law"
    GUIDANCE = "guidance"


class Hours(StrEnum):
    """On what a wait runs: day and night, or in the contact point's working time."""

    CLOCK = "clock"
    WORKING = "working"


class Consent(StrEnum):
    REQUIRED = "required"
    NONE = "none"


@dataclass(frozen=True)
class To:
    """Marks a column whose values are ids of ``sheet``."""

    sheet: str


def trimmed(value: str) -> str:
    """Without the spaces around it, also those that one does not see; line ends as LF; letters composed (NFC)."""
    value = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    while (shorter := value.strip().strip("\ufeff\u200b")) != value:
        value = shorter
    return value


def is_empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not trimmed(value))


def unprintable(text: str) -> str:
    """The first character that no cell may hold, as one looks it up."""
    found = UNPRINTABLE.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def _text(value: Any) -> str:
    text = trimmed(str(value))
    if UNPRINTABLE.search(text):
        raise refused("roster.control-character", text, character=unprintable(text))
    if len(text) > MAX_TEXT:
        raise refused("roster.too-long", text, limit=MAX_TEXT)
    return text


def _line(value: Any) -> str:
    text = " ".join(_text(value).split())
    if len(text) > MAX_LINE:
        raise refused("roster.too-long", text, limit=MAX_LINE)
    return text


def split(value: Any) -> Any:
    """The items of a list, in their order, each once."""
    items = value.split(";") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        return items
    return list(dict.fromkeys(each for each in (trimmed(str(item)) for item in items) if each))


def unique(values: list[T]) -> list[T]:
    return list(dict.fromkeys(values))


def _item(value: str) -> str:
    if ";" in value:
        raise refused("roster.separator", value)
    return value


def _not_empty(values: list[str]) -> list[str]:
    if not values:
        raise refused("roster.required", "")
    return values


def _id(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,63}", value):
        raise refused("roster.bad-id", value, nearest=_slug(value, "._"))
    return value


def _slug_of(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", value):
        raise refused("roster.bad-slug", value, nearest=_slug(value, ""))
    return value


def _slug(value: str, also: str) -> str:
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    plain = re.sub(rf"[^a-z0-9{also}-]+", "-", plain).strip("-._")[:64].strip("-._")
    return plain if len(plain) > 1 else ""


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = trimmed(str(value))
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise refused("roster.bad-date", text)


def _number(value: Any) -> int:
    text = trimmed(str(value))
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) < 1:
        raise refused("roster.bad-number", text, low=1, high=999_999)
    return int(text)


def _duration(value: str) -> str:
    # Months and years have no fixed length, so that no deadline can be counted in them.
    match = re.fullmatch(r"P(?:([0-9]{1,4})W|(?:([0-9]{1,4})D)?(?:T(?=.)(?:([0-9]{1,4})H)?(?:([0-9]{1,4})M)?)?)", value)
    if not match or not any(int(each or 0) for each in match.groups()):
        raise refused("roster.bad-duration", value)
    return value


def _time(value: str) -> str:
    # A spreadsheet adds the seconds.
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?", value)
    if not match:
        raise refused("roster.bad-time", value)
    return f"{int(match[1]):02}:{match[2]}"


def _in_order(values: list[str]) -> list[str]:
    return sorted(set(values))


def _emergency(value: str) -> str:
    digits = value.replace(" ", "")
    if not re.fullmatch(r"\+?[0-9]{2,15}", digits):
        raise refused("roster.bad-emergency-number", value)
    return digits


def _enum(kind: type[E]) -> Callable[[Any], E]:
    def read(value: Any) -> E:
        text = trimmed(str(value)).casefold()
        try:
            return kind(text)
        except ValueError:
            allowed = [each.value for each in kind]
            near = nearest(text, allowed)
            raise refused("roster.bad-enum", value, allowed=", ".join(allowed), nearest=near) from None

    return read


def OneOf(kind: type[E]) -> BeforeValidator:
    """``Annotated[Kind, OneOf(Kind)]``: a word of a closed vocabulary, in any case of letters."""
    return BeforeValidator(_enum(kind))


Text = Annotated[str, BeforeValidator(_text)]
Line = Annotated[str, BeforeValidator(_line)]
Id = Annotated[Line, AfterValidator(_id)]
Slug = Annotated[Line, AfterValidator(_slug_of)]
Number = Annotated[int, BeforeValidator(_number)]
Day = Annotated[date, BeforeValidator(_date), PlainSerializer(date.isoformat, return_type=str)]
Duration = Annotated[Line, AfterValidator(_duration)]
EmergencyNumber = Annotated[Line, AfterValidator(_emergency)]

Item = Annotated[Line, AfterValidator(_item)]
Items = Annotated[list[Item], BeforeValidator(split), AfterValidator(unique)]
Tags = Annotated[
    list[Annotated[Item, AfterValidator(str.casefold), AfterValidator(_slug_of)]],
    BeforeValidator(split),
    AfterValidator(unique),
]
Times = Annotated[list[Annotated[Item, AfterValidator(_time)]], BeforeValidator(split), AfterValidator(_in_order)]
SomeItems = Annotated[Items, AfterValidator(_not_empty)]
