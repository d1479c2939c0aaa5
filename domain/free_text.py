"""Free text that people write into the system: it must hold nothing by which a person could be found.

Names can't be told from other words; what can be told is mail addresses, phone numbers, document numbers and dates
that may be of birth. What looks like one is refused with its place, so that the writer can take it out.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from relaypoint.domain.errors import Invalid, UnsafeText

#: Long enough for two sentences; what needs more belongs elsewhere.
LONGEST: Final = 300

#: A day within so many of today is more likely an appointment than a birth.
_NEAR: Final = 366

_MAIL: Final = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+")
_DAY: Final = re.compile(r"\b(?:(\d{4})[-./](\d{1,2})[-./](\d{1,2})|(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2}))\b")
_PHONE: Final = re.compile(r"\+?\(?\d[\d\s()./-]{5,}\d")
_DOCUMENT: Final = re.compile(
    r"\b(?=[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z0-9-]{6,}\b", re.I
)


def checked(text: str, day: str, path: tuple[str, ...]) -> str:
    """The text, trimmed. ``day`` is today (ISO).

    Raises ``Invalid`` where it is blank, too long or holds control characters, ``UnsafeText`` with the span in the
    trimmed text for what looks like personal data.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not all(each.isprintable() for each in text):
        raise Invalid(
            "text.form",
            "This has to be one line of 1 to {most} characters.",
            path=path,
            remedy="Say it in a sentence.",
            most=LONGEST,
        )
    for kind, span in _found(text, date.fromisoformat(day)):
        raise UnsafeText(
            "text.unsafe",
            "This text seems to hold {kind}, in characters {first} to {last}.",
            path=path,
            remedy="Take it out: nothing by which a person could be found belongs in a free text.",
            kind=kind,
            first=span[0] + 1,
            last=span[1],
            span=span,
        )
    return text


def _found(text: str, today: date) -> list[tuple[str, tuple[int, int]]]:
    found: list[tuple[str, tuple[int, int]]] = []
    near: list[tuple[int, int]] = []
    for mail in _MAIL.finditer(text):
        found.append(("a mail address", mail.span()))
    for written in _DAY.finditer(text):
        if _is_near(written, today):
            near.append(written.span())
        else:
            found.append(("a date of birth", written.span()))
    for kind, pattern, least in (("a phone number", _PHONE, 7), ("a document number", _DOCUMENT, 5)):
        for number in pattern.finditer(text):
            start, end = number.span()
            inside = any(start < last and first < end for first, last in near)
            if not inside and sum(each.isdigit() for each in number.group()) >= least:
                found.append((kind, number.span()))
    return sorted(found, key=lambda each: each[1])


def _is_near(written: re.Match[str], today: date) -> bool:
    year, month, day, first, second, short = written.groups()
    if year is None:
        year = short if len(short) == 4 else f"20{short}"
        day, month = first, second
    for one, other in ((month, day), (day, month)):
        try:
            return abs((date(int(year), int(one), int(other)) - today).days) <= _NEAR
        except ValueError:
            continue
    return False
