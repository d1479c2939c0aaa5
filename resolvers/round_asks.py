"""Rounds as they stand: which there are, whom they ask, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.errors import NotFound
from relaypoint.domain.ownership import coordinates
from relaypoint.domain.policy import Action, Kind, Subject
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.rounds import minutes
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.words import RequestState, RoundKind, TrialState
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import rows_on

#: The sheet that holds what a round of each kind asks.
ASKS: Final[Mapping[str, str]] = {RoundKind.CONFIRMATION: "requests", RoundKind.DRILL: "trials"}


#: What is still to be answered.
UNANSWERED: Final = (RequestState.ASKED, TrialState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a round asked one holder, or the test of one channel. ``row`` is of ``requests``, or of ``trials``."""

    row: Columns
    subject: str
    contact_point: str
    organization: str
    minutes: int | None = None

    @property
    def open(self) -> bool:
        return self.row["state"] in UNANSWERED


@permitted(Action.RUN_ROUND)
async def rounds(subject: Subject, backend: Backend, *, past: bool = False) -> list[Columns]:
    """The rounds of the task forces that the subject coordinates, the next due first; ``past``: also closed ones."""
    rows, day = await rows_on(backend)
    found = [row for row in rows["rounds"].values() if past or row["until"] is None]
    mine = [row for row in found if may_run(subject, rows, row["task_force"], day)]
    return sorted(mine, key=lambda row: (row["due"], row["id"]))


@permitted(Action.RUN_ROUND)
async def round_of(subject: Subject, backend: Backend, id: str) -> Columns:
    """One round by its id. Raises ``NotFound``."""
    rows, day = await rows_on(backend)
    return found_round(subject, rows, id, day)


@permitted(Action.RUN_ROUND)
async def asks(subject: Subject, backend: Backend, id: str) -> list[Ask]:
    """All that a round asks, by id. Raises ``NotFound``."""
    rows, day = await rows_on(backend)
    row = found_round(subject, rows, id, day)
    return [ask_of(rows, each) for each in asks_of(rows, row)]


def ask_of(rows: Rows, row: Columns) -> Ask:
    drill = "channel" in row
    about = rows["channels"][row["channel"]] if drill else rows["holders"][row["holder"]]
    desk = rows["contact_points"][about["contact_point"]]
    return Ask(
        row=row,
        subject=about["id"],
        contact_point=desk["id"],
        organization=desk["organization"],
        minutes=minutes(row) if drill else None,
    )


def asks_of(rows: Rows, row: Columns) -> list[Columns]:
    """What a round asks, by id: rows of requests, or of trials for a drill."""
    found = [ask for ask in rows[ASKS[row["kind"]]].values() if ask["round"] == row["id"]]
    return sorted(found, key=lambda ask: str(ask["id"]))


def found_round(subject: Subject, rows: Rows, id: str, day: str) -> Columns:
    row = rows["rounds"].get(id.strip().lower())
    if row is not None and may_run(subject, rows, row["task_force"], day):
        return row
    near = nearest(id, [each for each, of in rows["rounds"].items() if may_run(subject, rows, of["task_force"], day)])
    raise NotFound(
        "round.none",
        "There is no round '{id}' that you run.",
        path=("id",),
        remedy="Did you mean {near}?" if near else "`relaypoint round list` shows those that there are.",
        id=id[:60],
        near=near,
    )


def may_run(subject: Subject, rows: Rows, force: str | None, day: str) -> bool:
    if subject.organization is None:
        return subject.kind is Kind.OPERATOR
    return force is not None and coordinates(rows, day, subject.organization, force)
