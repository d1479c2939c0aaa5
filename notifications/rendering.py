"""Messages as they are written: a subject, plain text and HTML, each from its template in ``templates``; and the pages
that say the like in the same languages.

A template is handed what its message holds and nothing else; what it has no value for is an error, not a blank.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from relaypoint.domain.texts import Text
from relaypoint.notifications.languages import direction, translated
from relaypoint.notifications.sentences import sentence


@dataclass(frozen=True, slots=True)
class Written:
    """``html`` is None for what is never shown as a page."""

    subject: str
    body: str
    html: str | None

    def filled(self, **values: str) -> Written:
        """With these where it was rendered with a ``mark`` of the same name: what is said again and again is rendered
        once."""

        def put(text: str, values: Mapping[str, str]) -> str:
            return _MARKED.sub(lambda found: values[found[1]], text)

        shown = {name: escape(value) for name, value in values.items()}
        html = put(self.html, shown) if self.html is not None else None
        return Written(put(self.subject, values), put(self.body, values), html)


_MARKED: Final = re.compile("\ue000([a-z]+)\ue001")  # Characters that no text has (private use).

#: Messages for what shows plain text alone.
_PLAIN: Final = frozenset({"short"})

Value = Text | str | Sequence[Mapping[str, Text | str]] | None


def mark(name: str) -> str:
    """Stands in a message for a value that ``Written.filled`` puts there."""
    return f"\ue000{name}\ue001"


def written(name: str, language: str, **values: Value) -> Written:
    """The message of that name (``notice``, ``digest``, ``short`` or ``link``). Raises ``UndefinedError`` for a value
    that is lacking."""
    given = _given(language, values)
    template = _environment().get_template
    subject = template(f"{name}.subject").render(given).strip()
    body = template(f"{name}.txt").render(given)
    html = None if name in _PLAIN else template(f"{name}.html").render(given, subject=subject)
    return Written(subject, body, html)


def page(name: str, language: str, subject: Text, **values: Value) -> str:
    """The page of that name, with its title. Raises ``UndefinedError`` for a value that is lacking."""
    given = _given(language, values)
    return _environment().get_template(f"{name}.html").render(given, subject=translated(subject, language))


def _given(language: str, values: Mapping[str, Value]) -> dict[str, Any]:
    """What a template is handed: its values, and how to say something in the language."""
    toward = direction(language)

    def say(id: str, **fields: Any) -> str:
        return translated(sentence(id, **fields), language)

    def isolated(text: str) -> str:
        """Within a line from right to left, marked as a piece of its own; else its parts would change places."""
        return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if toward == "rtl" else text

    return {**values, "language": language, "direction": toward, "say": say, "isolated": isolated}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("relaypoint.notifications"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
