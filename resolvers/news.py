"""What members are told of their task forces: who came, was suspended or left, which rules and guidance changed, and
where a contingency holds. It is read from the roster's record, so that nothing of it can be forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from relaypoint.domain.clock import Instant, format_instant
from relaypoint.domain.history import beginning
from relaypoint.domain.ownership import forces
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.rows import Columns, Rows, upwards
from relaypoint.domain.texts import Text, say
from relaypoint.resolvers.backend import Backend, permitted

#: How far back it goes unless asked otherwise, and how many changes are looked through at most.
USUAL: Final = timedelta(days=30)
MOST: Final = 5000
_PAGE: Final = 500

#: The columns of a task force that are its rules.
_RULES: Final = (
    "coordinator", "deputies", "designation", "vouchers", "confirm_every", "acknowledge_within", "decide_within",
    "start_within", "complete_within", "missing_person",
    "service_types", "languages",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class News:
    """``at`` is when it was recorded; ``about`` the id of the row that it is about, in the sheet ``sheet``."""

    at: Instant
    sheet: str
    about: str
    text: Text


@permitted(Action.READ_ROSTER)
async def news(subject: Subject, backend: Backend, *, since: str | None = None) -> list[News]:
    """What was recorded since a day or an instant (30 days unless given) for the task forces that the subject's
    organization is in, and those that these lie in; all for the operator. The newest first.

    Raises ``Invalid`` for a moment that is none.
    """
    earliest = beginning(since) if since else format_instant(backend.clock() - USUAL)
    known = await backend.memory.roster(backend.store)
    mine = _forces(known.rows, subject, backend.now()[:10])
    found: list[News] = []
    last, least = known.length, max(known.length - MOST, 0)
    while last > least:
        ids = [f"roster.{each}" for each in range(max(last - _PAGE, least) + 1, last + 1)]
        rows = await backend.store.read("roster_changes", ids=ids)
        for row in sorted(rows, key=lambda row: -int(row["sequence"])):
            if row["at"] < earliest:
                return found
            change = json.loads(row["data"])
            text = _told(known.rows, change)
            if text is not None and _concerns(known.rows, change, mine, row["at"][:10]):
                found.append(News(row["at"], change["sheet"], change["id"], text))
        last -= _PAGE
    return found


def _forces(rows: Rows, subject: Subject, day: str) -> set[str] | None:
    """None: all."""
    if subject.organization is None:
        return None
    row = rows["organizations"].get(subject.organization)
    return forces(rows, day, "organizations", row) if row else set()


def _concerns(rows: Rows, change: Mapping[str, Any], mine: set[str] | None, day: str) -> bool:
    if mine is None or change["after"].get("place"):
        return True
    row = change["after"]
    if change["sheet"] == "contingencies" and row["organization"]:
        return bool(forces(rows, day, "organizations", rows["organizations"][row["organization"]]) & mine)
    if change["sheet"] == "organizations":
        return bool(forces(rows, day, "organizations", row) & mine)
    force = change["id"] if change["sheet"] == "task_forces" else row.get("task_force")
    return bool(set(upwards(rows["task_forces"], force)) & mine)


def _told(rows: Rows, change: Mapping[str, Any]) -> Text | None:
    """What it says to members; None where it is none of their news."""
    tell = _TELL.get(change["sheet"])
    return next(tell(rows, change["before"], change["after"]), None) if tell else None


def _membership(rows: Rows, before: Columns | None, after: Columns) -> Iterator[Text]:
    names = {
        "body": _name(rows, "organizations", after["organization"]),
        "force": _name(rows, "task_forces", after["task_force"]),
    }
    if after["until"] and (before is None or before["until"] != after["until"]):
        yield say("news.left", "{body} leaves {force} on {until}.", until=after["until"], **names)
    elif before is None:
        yield say("news.joined", "{body} is in {force}, as {role}.", role=after["role"], **names)
    elif after["standing"] == "suspended" != before["standing"]:
        desk = rows["contact_points"].get(after["continuity"] or "", {})
        yield say(
            "news.suspended",
            "{body} is suspended in {force}: {reason}. For its open cases turn to {desk}.",
            reason=(after["reason"] or "").rstrip("."),
            desk=desk.get("name", "the coordinator"),
            **names,
        )
    elif after["standing"] != before["standing"]:
        yield say("news.standing", "{body} is in {force} as {standing} member.", standing=after["standing"], **names)


def _organization(rows: Rows, before: Columns | None, after: Columns) -> Iterator[Text]:
    if before is None:
        return
    name = after["name"]
    if after["until"] and after["until"] != before["until"]:
        heirs = ", ".join(_name(rows, "organizations", each) for each in after["replaced_by"])
        follows = say("news.follows", "{heirs} takes its place.", heirs=heirs) if heirs else ""
        yield say("news.ended", "{name} ends on {until}. {follows}", name=name, until=after["until"], follows=follows)
    elif after["status"] != before["status"]:
        suspended = after["status"] == "suspended"
        text = "{name} is suspended." if suspended else "{name} is no longer suspended."
        yield say("news.status-suspended" if suspended else "news.status-active", text, name=name)


def _task_force(rows: Rows, before: Columns | None, after: Columns) -> Iterator[Text]:
    if before is None:
        return
    changed = [column for column in _RULES if before.get(column) != after[column]]
    if after["until"] and after["until"] != before["until"]:
        yield say("news.force-ended", "{name} ends on {until}.", name=after["name"], until=after["until"])
    elif changed:
        yield say("news.rules", "{name} has other rules: {columns}.", name=after["name"], columns=", ".join(changed))


def _rule(rows: Rows, before: Columns | None, after: Columns) -> Iterator[Text]:
    yield say(
        "news.channel-rule",
        "In {force}, a channel of the kind {kind} assures '{assurance}' at most.",
        force=_name(rows, "task_forces", after["task_force"]),
        kind=after["kind"],
        assurance=after["assurance"],
    )


def _guidance(rows: Rows, before: Columns | None, after: Columns) -> Iterator[Text]:
    if before is None or before["version"] != after["version"]:
        by = after["acknowledge_by"]
        text = "'{name}' is in force in version {version}, to be acknowledged by {by}."
        if by is None:
            text = "'{name}' is in force in version {version}."
        id = "news.guidance-by" if by else "news.guidance"
        yield say(id, text, name=after["name"], version=after["version"], by=by)


def _contingency(rows: Rows, before: Columns | None, after: Columns) -> Iterator[Text]:
    sheet, column = next(
        pair
        for pair in (("jurisdictions", "place"), ("task_forces", "task_force"), ("organizations", "organization"))
        if after[pair[1]]
    )
    names = {"scope": _name(rows, sheet, after[column]), "until": after["until"]}
    if before is None:
        waits = say(
            "news.contingency-pause", "; meanwhile nobody is told of what goes silent there, but of asap and stat"
        )
        pause = waits if after["pause_escalations"] == "yes" else ""
        text = "A contingency holds for {scope} until {until}{pause}: {reason}"
        yield say("news.contingency", text, reason=after["reason"], pause=pause, **names)
    elif after["until"] < before["until"]:
        yield say("news.contingency-over", "The contingency for {scope} is over on {until}.", **names)
    elif after["until"] > before["until"]:
        yield say("news.contingency-renewed", "The contingency for {scope} goes on until {until}.", **names)


def _name(rows: Rows, sheet: str, id: str) -> str:
    return str(rows[sheet][id]["name"]) if id in rows[sheet] else id


_TELL: Final = {
    "memberships": _membership,
    "organizations": _organization,
    "task_forces": _task_force,
    "channel_rules": _rule,
    "guidance": _guidance,
    "contingencies": _contingency,
}
