"""Languages as people read them: a tag of BCP 47 has a name that can be translated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from langcodes import Language

from relaypoint.domain.texts import Text, listed, term


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
