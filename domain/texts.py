"""Sentences that people read: a stable message id, its English text, and the values that go into it.

A ``Text`` is its English sentence, so it prints and travels as one; a catalogue finds its translation by the id and
fills in the same values. No sentence is put together from pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any


class Text(str):
    """An English sentence that remembers its ``message_id``, its ``template`` and the ``fields`` filled in."""

    __slots__ = ("fields", "message_id", "template")
    message_id: str
    template: str
    fields: dict[str, Any]


def say(message_id: str, template: str, **fields: Any) -> Text:
    """``template`` is a format string over ``fields``."""
    return _filled(message_id, template, fields) if fields else _constant(message_id, template)


@cache
def _constant(message_id: str, template: str) -> Text:
    return _filled(message_id, template, {})


def _filled(message_id: str, template: str, fields: dict[str, Any]) -> Text:
    text = Text(template.format(**fields))
    text.message_id, text.template, text.fields = message_id, template, fields
    return text


def term(message_id: str, english: str) -> Text:
    """A word that goes into sentences and has a translation of its own, such as the name of a place or a language."""
    text = Text(english)
    text.message_id, text.template, text.fields = message_id, "{term}", {"term": english}
    return text


def any_of(words: Iterable[str]) -> Text:
    """A list of words of which one is enough."""
    return _list("list.any", " or ", words)


def listed(words: Iterable[str]) -> Text:
    """A list of words, each of which is meant."""
    return _list("list.all", ", ", words)


def _list(message_id: str, between: str, words: Iterable[str]) -> Text:
    """The list is a value: its words keep their own message ids, and a catalogue has its own way to join them."""
    words = tuple(words)
    text = Text(between.join(words))
    text.message_id, text.template, text.fields = message_id, "{words}", {"words": words}
    return text
