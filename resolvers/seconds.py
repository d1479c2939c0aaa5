"""Acts that need two people: the first says what is to be done, and it is done when another one says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relaypoint.domain.gaps_people import STANDS
from relaypoint.domain.policy import Subject
from relaypoint.domain.rounds import last_day
from relaypoint.domain.rows import Columns
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.roster_edit import kept
from relaypoint.resolvers.roster_write import Change


@dataclass(frozen=True, slots=True)
class Second:
    """``first`` is who wanted it before: an organization or the operator, another than the subject; None: nobody has.
    ``changes`` note the wish, or that it was done."""

    first: str | None
    changes: list[Change]


def second(known: Known, subject: Subject, act: Mapping[str, Any], day: str) -> Second:
    """Whether somebody else wants the same; if not, the subject's wish as a change of the record."""
    who = subject.organization or str(subject.kind)
    said = json.dumps(act, sort_keys=True, ensure_ascii=False)
    same = [
        row
        for _, row in sorted(known.rows["seconds"].items())
        if row["act"] == said and row["until"] is None and day < last_day(STANDS, row["since"])
    ]
    other = next((row for row in same if row["by"] != who), None)
    if other is not None:
        return Second(other["by"], kept(known, "seconds", [{**row, "until": day} for row in same], day))
    if same:
        return Second(None, [])
    wish: Columns = {"id": f"second-{len(known.rows['seconds']) + 1}", "act": said, "by": who, "since": day}
    return Second(None, kept(known, "seconds", [wish], day))
