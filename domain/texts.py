"""Sentences that people read: a stable message id, its English text, and the values that go into it.

A ``Text`` is its English sentence, so it prints and travels as one; a catalogue finds its translation by the id and
fills in the same values. No sentence is put together from pieces.
"""

from __future__ import annotations

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


def any_of(words: tuple[str, ...]) -> Text:
    """A list of words of which one is enough."""
    text = Text(" or ".join(words))
    text.message_id, text.template, text.fields = "list.any", "{words}", {"words": words}
    return text
