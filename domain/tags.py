"""Population tags as people read them; a task force's own tags stand for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from relaypoint.domain.texts import Text, any_of, term

_WORDS: Final = {
    "age-unknown": "of unknown age",
    "sexual": "sexual exploitation",
    "labour": "labour exploitation",
    "domestic-servitude": "domestic servitude",
    "forced-criminality": "forced criminality",
    "forced-begging": "forced begging",
    "forced-marriage": "forced marriage",
    "illegal-adoption": "illegal adoption",
    "organ-removal": "organ removal",
}


#: What people say, and the tags that it stands for.
_SAID: Final = {
    "woman": ("female", "adult"),
    "women": ("female", "adult"),
    "man": ("male", "adult"),
    "men": ("male", "adult"),
    "girl": ("female", "child"),
    "boy": ("male", "child"),
    "children": ("child",),
    "minor": ("child",),
    "unaccompanied minor": ("child",),
    "age unknown": ("age-unknown",),
    "unknown age": ("age-unknown",),
    "labor": ("labour",),
    "forced labour": ("labour",),
    "forced labor": ("labour",),
    "sexual exploitation": ("sexual",),
    "criminal exploitation": ("forced-criminality",),
    "disabled": ("accessible",),
    "wheelchair": ("accessible",),
}


def meant(said: str) -> tuple[str, ...]:
    """The tags that a word stands for; one that is none of these words stands for itself."""
    word = " ".join(said.strip().lower().split())
    if word in _SAID:
        return _SAID[word]
    return next(((code,) for code, name in _WORDS.items() if word in (name, code.replace("-", " "))), (word,))


def tag(code: str) -> Text:
    return term(f"tag.{code}", _WORDS.get(code, code))


def any_tag(codes: Iterable[str]) -> Text:
    """A list of tags of which one is enough."""
    return any_of(tag(code) for code in codes)
