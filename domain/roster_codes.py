"""The cells that hold codes of public standards: places, languages, time zones, opening hours, holiday calendars."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

import holidays
import langcodes
import opening_hours
import pycountry
from pydantic import AfterValidator, BeforeValidator

from relaypoint.domain.roster_faults import nearest, refused
from relaypoint.domain.roster_fields import Item, Line, OneOf, split, unique
from relaypoint.domain.words import RankedBy


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(each.alpha_2 for each in pycountry.countries)


@lru_cache(maxsize=1)
def subdivisions() -> frozenset[str]:
    """The codes of ISO 3166-2."""
    return frozenset(each.code for each in pycountry.subdivisions)


def _place(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]+)*", value) or len(value) > 64:
        better = re.sub(r"[^A-Z0-9]+", "-", value.upper()).strip("-")
        raise refused("roster.bad-place", value, nearest=better if re.match(r"[A-Z]{2}(-|$)", better) else "")
    if value[:2] not in _countries():
        usual = {"UK": "GB", "EL": "GR"}.get(value[:2], "")
        raise refused("roster.bad-country", value, nearest=usual and usual + value[2:])
    return value


def _language(value: str) -> str:
    try:
        if langcodes.tag_is_valid(value):
            return langcodes.standardize_tag(value)
    except ValueError:
        pass
    raise refused("roster.bad-language", value, nearest=_language_named(value))


def _language_named(value: str) -> str:
    try:
        return langcodes.find(value).to_tag() if value.isalpha() else ""
    except LookupError:
        return ""


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"Factory", "localtime", "posixrules"}


def _zone(value: str) -> str:
    if value not in _zones():
        raise refused("roster.bad-time-zone", value, nearest=nearest(value, sorted(_zones())))
    return value


@lru_cache(maxsize=4096)
def _hours(value: str) -> str:
    try:
        opening_hours.OpeningHours(value)
    except opening_hours.ParserError:  # type: ignore[attr-defined]  # its text repeats the value over several lines
        raise refused("roster.bad-hours", value) from None
    if re.search(r"sunrise|sunset|dawn|dusk", value, re.IGNORECASE):
        raise refused("roster.sun-hours", value)
    return value


@lru_cache(maxsize=1)
def _calendars() -> frozenset[str]:
    supported = holidays.list_supported_countries()
    return frozenset(code if not part else f"{code}-{part}" for code in supported for part in ("", *supported[code]))


def _calendar(value: str) -> str:
    if value not in _calendars():
        raise refused("roster.bad-holidays", value, nearest=nearest(value, sorted(_calendars())))
    return value


Place = Annotated[Line, AfterValidator(_place)]
TimeZone = Annotated[Line, AfterValidator(_zone)]
Hours = Annotated[Line, AfterValidator(_hours)]
HolidayCalendar = Annotated[Line, AfterValidator(_calendar)]
Language = Annotated[Line, AfterValidator(_language)]
Languages = Annotated[list[Annotated[Item, AfterValidator(_language)]], BeforeValidator(split), AfterValidator(unique)]
Ranking = Annotated[list[Annotated[RankedBy, OneOf(RankedBy)]], BeforeValidator(split), AfterValidator(unique)]
