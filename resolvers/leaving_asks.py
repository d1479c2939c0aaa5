"""What rounds still ask of somebody who leaves: a confirmation that the taker gives, tests that nobody makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relaypoint.domain.rounds import hashed
from relaypoint.domain.words import RequestState, TrialState
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.leaving import Leaving
from relaypoint.resolvers.roster_edit import kept
from relaypoint.resolvers.roster_write import Change


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """A confirmation or a test that is still to be answered: ``kind`` is confirmation or drill, ``subject`` the holder
    or channel, ``taker`` the holder who is asked instead."""

    key: str
    kind: str
    subject: str
    due: str
    taker: str | None = None


def open_asks(known: Known, leaving: Leaving, to: Sequence[str]) -> list[OpenAsk]:
    """Of a tenure its own confirmations; of a contact point or an organization those of its holders and channels."""
    rows, found = known.rows, []
    for sheet, column, about, state in (
        ("requests", "holder", "holders", RequestState.ASKED),
        ("trials", "channel", "channels", TrialState.SENT),
    ):
        for id, row in sorted(rows[sheet].items()):
            round, subject = rows["rounds"][row["round"]], rows[about][row[column]]
            if row["state"] != state or round["until"] is not None or not _goes(known, leaving, about, subject):
                continue
            taker = to[0] if sheet == "requests" and leaving.kind == "holder" and to else None
            found.append(OpenAsk(id, str(round["kind"]), subject["id"], round["due"], taker))
    return found


def asks_handed_over(backend: Backend, known: Known, leaving: Leaving, asks: Sequence[OpenAsk]) -> list[Change]:
    """The asks as closed; and a new one for a taker whom its round has not asked. Its link comes with a reminder."""
    requests: list[Mapping[str, Any]] = []
    trials: list[Mapping[str, Any]] = []
    for each in asks:
        sheet = "requests" if each.key in known.rows["requests"] else "trials"
        row = known.rows[sheet][each.key]
        if sheet == "trials":
            trials.append({**row, "state": TrialState.UNTRIED, "until": leaving.day})
            continue
        requests.append({**row, "state": RequestState.LEFT, "until": leaving.day})
        asked = {of["holder"] for of in known.rows["requests"].values() if of["round"] == row["round"]}
        if each.taker is not None and each.taker not in asked:
            count = sum(of["round"] == row["round"] for of in known.rows["requests"].values())
            anew = {"id": f"{row['round']}.{count + 1:05}", "round": row["round"], "holder": each.taker}
            requests.append({**anew, "token": hashed(backend.new_token()), "since": leaving.day})
    return [*kept(known, "requests", requests, leaving.day), *kept(known, "trials", trials, leaving.day)]


def _goes(known: Known, leaving: Leaving, sheet: str, row: Mapping[str, Any]) -> bool:
    if leaving.kind == "holder":
        return sheet == "holders" and bool(row["id"] == leaving.id)
    if leaving.kind == "contact-point":
        return bool(row["contact_point"] == leaving.id)
    desk = known.rows["contact_points"][row["contact_point"]]
    return leaving.kind == "organization" and bool(desk["organization"] == leaving.id)
