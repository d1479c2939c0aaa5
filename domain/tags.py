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


def tag(code: str) -> Text:
    return term(f"tag.{code}", _WORDS.get(code, code))


def any_tag(codes: Iterable[str]) -> Text:
    """A list of tags of which one is enough."""
    return any_of(tag(code) for code in codes)
