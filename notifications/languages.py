"""The languages of messages: English as it stands in ``sentences``, and each that has a catalogue in ``locale``.

The catalogues are read as translators leave them (``messages.po``), once; there is nothing to compile.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from relaypoint.domain.texts import Text

ENGLISH: Final = "en"

#: Whose way of writing days is meant; without a region English has the month before the day.
_DAYS: Final = {ENGLISH: "en_GB"}


@cache
def served() -> tuple[str, ...]:
    """The languages that there are sentences in, English first."""
    return (ENGLISH, *sorted(each.name for each in files(__package__).joinpath("locale").iterdir() if each.is_dir()))


@cache
def catalogue(language: str) -> Catalog:
    """What is said in that language. Each sentence is found by its English text, and its id as the context."""
    file = files(__package__).joinpath("locale", language, "LC_MESSAGES", "messages.po")
    with file.open("rb") as opened:
        return read_po(opened, locale=language, abort_invalid=True)


def chosen(wanted: Sequence[str]) -> str:
    """The first of the wanted languages (tags of BCP 47) that is served, whatever its region; English where none is."""
    return negotiate_locale([tag.lower() for tag in wanted], served(), sep="-") or ENGLISH


#: More languages than a person reads; who asks for more is not looked at further.
_MOST: Final = 20


def accepted(header: str) -> list[str]:
    """The tags that an ``Accept-Language`` names, the most wanted first; what can't be read in it is passed over."""
    wanted = []
    for each in header.split(",")[:_MOST]:
        tag, _, weight = (part.strip() for part in each.partition(";"))
        with suppress(ValueError):
            wanted.append((float(weight.removeprefix("q=")) if weight else 1.0, tag))
    return [tag for weight, tag in sorted(wanted, key=lambda each: -each[0]) if weight > 0]


def translated(text: Text, language: str) -> str:
    """The text in that language, and so the texts that are filled into it; in English where it has no translation."""
    template = text.template
    if language != ENGLISH and (known := catalogue(language).get(template, context=text.message_id)):
        template = str(known.string) or template
    fields = {
        name: translated(each, language) if isinstance(each, Text) else each for name, each in text.fields.items()
    }
    return template.format(**fields)


def direction(language: str) -> str:
    """``ltr`` or ``rtl``."""
    return Locale.parse(language).text_direction


def day(iso: str, language: str) -> str:
    """A day (ISO) as people write it, the month in letters."""
    return format_date(date.fromisoformat(iso), format="long", locale=_DAYS.get(language, language))
