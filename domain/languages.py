"""Languages as people read them: a tag of BCP 47 has a name that can be translated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from langcodes import Language

from relaypoint.domain.texts import Text, listed, say, term

#: Those that messages are written in; ``notifications/locale`` has a catalogue for each but English.
WRITTEN: Final = ("en", "ar", "es", "fr", "ru", "uk")


@lru_cache(maxsize=1024)
def language(tag: str) -> Text:
    """Its English name, under the message id ``language.TAG``."""
    return term(f"language.{tag}", Language.get(tag).display_name())


def languages(tags: Iterable[str]) -> Text:
    return listed(language(tag) for tag in tags)


def speaks(languages: Sequence[str], wanted: str) -> bool:
    """Whether one of the languages is the wanted one, whatever the region or script."""
    return wanted.split("-")[0] in {language.split("-")[0] for language in languages}


def first_spoken(languages: Sequence[str], wanted: Iterable[str]) -> str | None:
    """The first of the wanted languages that is spoken."""
    return next((each for each in wanted if speaks(languages, each)), None)


def unwritten(sheet: str, id: str, column: str, tag: object) -> Text | None:
    """That no messages are written in the language which this cell wants them in; None for every other cell."""
    if (sheet, column) != ("holders", "message_language") or not tag or speaks(WRITTEN, str(tag)):
        return None
    return say(
        "roster.unwritten-language",
        "{sheet} {id}, {column}: no messages are written in {language}, only in {written}. They come in the first of "
        "these that the contact point's languages name, or else in English.",
        sheet=sheet,
        id=id,
        column=column,
        language=language(str(tag)),
        written=languages(WRITTEN),
    )
