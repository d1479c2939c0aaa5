"""Languages by what people call them, in whatever language. It loads all their names: imported when it is needed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

import langcodes
from language_data.names import data_filename, load_trie, normalize_name
from language_data.population_data import LANGUAGE_SPEAKING_POPULATION as SPEAKERS

from relaypoint.domain.search import HOW, LONGEST, Entry, Names


def languages(text: str, limit: int = 5) -> list[str]:
    """BCP 47 tags that a tag, or a name of a language in whatever language, may mean; empty for none. Never raises.

    A whole tag or name comes first, a likeness last, and of equals the language with more speakers.
    """
    typed = text[:LONGEST].strip()
    tags = [langcodes.standardize_tag(typed)] if langcodes.tag_is_valid(typed) else []
    found = [(-1, 0, tag) for tag in (*languages_called(typed), *tags)]
    found += [(HOW.index(hit.how), -hit.score, hit.entry.id) for hit in _spoken().search(typed, limit=len(SPEAKERS))]
    found.sort(key=lambda each: (each[0], each[1], -SPEAKERS.get(each[2], 0)))
    return list(dict.fromkeys(tag for _, _, tag in found))[: max(limit, 0)]


def languages_called(text: str) -> list[str]:
    """What the whole name of a language means in English, then what it means in any, if that is another; as tags."""
    # The names can't be asked for half a character, and answer nonsense to a control character.
    name = normalize_name(re.sub(r"[\x00-\x1f\ud800-\udfff]", " ", unicodedata.normalize("NFKC", text[:LONGEST])))
    return list(dict.fromkeys(names[name][0].decode() for names in map(_named, ("en", "und")) if name in names))


def territory_called(text: str) -> str | None:
    """The code (ISO 3166-1) of the country or territory of that English name or code; None for none."""
    name = normalize_name(re.sub(r"[\x00-\x1f\ud800-\udfff]", " ", unicodedata.normalize("NFKC", text[:LONGEST])))
    known = load_trie(data_filename("trie/en/name_to_territory.marisa"))
    codes = [found.decode() for found in known[name]] if name in known else []
    return next((code for code in codes if len(code) == 2 and code.isalpha()), None)


@cache
def _named(language: str) -> Any:
    """The tags of languages by their names in that language; ``und`` is any."""
    return load_trie(data_filename(f"trie/{language}/name_to_language.marisa"))


@cache
def _spoken() -> Names:
    """Sign languages, and those whose speakers were counted, by their names in English and in themselves."""
    tags = [(name, tag.decode()) for name, tag in _named("en").items()]
    spoken = [(name, tag) for name, tag in tags if tag in SPEAKERS or "sign language" in name]
    return Names(Entry("", tag, tag, (name, langcodes.get(tag).autonym())) for name, tag in spoken)
