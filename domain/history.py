"""The roster of another moment: its rows, with what was recorded since done again or undone.

Rows are a mapping of the sheets to their rows by id. A change is an event's ``data``: the ``sheet``, the row's ``id``,
and its columns ``before`` and ``after``, None where there was no such row. Nothing that is given is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from relaypoint.domain.clock import Instant, format_instant, parse_day, parse_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.rows import Columns, Rows

Change = Mapping[str, Any]

_DAY_BEGIN: Final = "T00:00:00.000Z"
_DAY_END: Final = "T23:59:59.999Z"


def redone(rows: Rows, changes: Iterable[Change]) -> Rows:
    """The rows after these changes, the earliest first."""
    return _put(rows, ((change, change["after"]) for change in changes))


def undone(rows: Rows, changes: Iterable[Change]) -> Rows:
    """The rows before these changes, the latest first."""
    return _put(rows, ((change, change["before"]) for change in changes))


def _put(rows: Rows, changed: Iterable[tuple[Change, Columns | None]]) -> Rows:
    sheets = dict(rows)
    copied: dict[str, dict[str, Columns]] = {}
    for change, columns in changed:
        sheet = change["sheet"]
        if sheet not in copied:
            sheets[sheet] = copied[sheet] = dict(rows[sheet])
        if columns is None:
            copied[sheet].pop(change["id"], None)
        else:
            copied[sheet][change["id"]] = columns
    return sheets


def moment(text: str) -> Instant:
    """The instant of an ``asOf``: an instant, or a day, which is meant to its end in UTC. Raises ``Invalid``."""
    return _moment(text, _DAY_END, "history.as-of", "asOf")


def beginning(text: str) -> Instant:
    """The instant of a ``since``: an instant, or a day, which is meant from its begin in UTC on. Raises ``Invalid``."""
    return _moment(text, _DAY_BEGIN, "news.since", "since")


def _moment(text: str, of_day: str, message_id: str, field: str) -> Instant:
    wanted = text.strip()
    try:
        return parse_day(wanted) + of_day if len(wanted) == 10 else format_instant(parse_instant(wanted))
    except Invalid:
        raise Invalid(
            message_id,
            "'{value}' is neither a day nor an instant.",
            path=(field,),
            remedy="Write a day, such as 2026-03-01, or an instant, such as 2026-03-01T08:30:00Z.",
            value=wanted[:60],
        ) from None
