"""Confirmation rounds and drills, as a coordinator runs them: started, reminded, looked at and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relaypoint.domain.clock import parse_end
from relaypoint.domain.errors import Conflict, Invalid, NotFound
from relaypoint.domain.model import holds
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.rounds import LONGEST, asked, channel_after, desks, hashed, tried
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.words import MESSAGE_KINDS, ChannelKind, HolderRole, RoundKind, TrialState
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.roster_edit import decided, edited_all, kept
from relaypoint.resolvers.roster_write import Change
from relaypoint.resolvers.round_asks import ASKS, UNANSWERED, asks_of, found_round, may_run
from relaypoint.resolvers.unknown import unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What one request or test is answered with, told once: only the hash of the ``token`` is stored.

    ``kind`` and ``address`` are of the channel that it goes by; None where no channel there takes messages.
    """

    key: str
    subject: str
    contact_point: str
    name: str
    organization: str
    token: str
    channel: str | None
    kind: str | None
    address: str | None
    due: str
    #: How a holder holds it, and at which rank among those there.
    role: HolderRole | None = None
    rank: int = 1
    #: Those that are spoken there (tags of BCP 47), as the roster has them.
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """``row`` of the sheet ``rounds``; no links for a repeat under the same key: ask for reminders then. ``unasked``
    counts the contact points that nobody is recorded as holding, such as offices: only a drill tries these."""

    row: Columns
    links: Sequence[Link]
    unasked: int = 0


@permitted(Action.RUN_ROUND)
async def start(
    subject: Subject,
    backend: Backend,
    kind: str,
    due: str,
    *,
    task_force: str | None = None,
    idempotency_key: str | None = None,
) -> Started:
    """Asks every holder of the task force's members (of all, for the operator without one) whether they still hold
    their contact point; or, for a drill, tries each of their channels.

    Raises ``NotFound`` for a task force that the subject does not coordinate, ``Invalid`` for the kind, for the day
    and where nobody is to be asked, and ``Conflict`` where such a round is open already.
    """
    today = backend.now()[:10]
    wanted = kind.strip().lower()
    if wanted not in ASKS:
        raise Invalid(
            "round.kind",
            "'{kind}' is no kind of round.",
            path=("kind",),
            remedy="Use one of: {known}.",
            kind=kind[:60],
            known=", ".join(ASKS),
        )
    force = task_force.strip().lower() if task_force else None
    last = parse_end(due, today, LONGEST, path=("due",))
    links: list[Link] = []

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        await _coordinated(subject, backend, known.rows, force, today)
        _none_open(known.rows, wanted, force)
        id = _free(known.rows, f"{wanted}-{today}")
        row = {"id": id, "kind": wanted, "task_force": force, "since": today, "due": last}
        links[:] = _links(backend, known.rows, row, today)
        if not links:
            raise Invalid(
                "round.nobody",
                "There is nobody to be asked there: no contact point has holders, or channels to try.",
                path=("taskForce",),
                remedy="Where offices answer, use a drill; otherwise add holders, which `relaypoint gaps` asks for.",
            )
        asks = [_ask(wanted, id, link, backend.now()) for link in links]
        return [*kept(known, "rounds", [row], today), *kept(known, ASKS[wanted], asks, today)], {"id": id}

    request = {"start": wanted, "task_force": force, "due": last}
    done = await decided(subject, backend, decide, request, idempotency_key)
    known = await backend.memory.roster(backend.store)
    of = desks(known.rows, today, force)
    return Started(
        known.rows["rounds"][done.answer["id"]],
        list(links) if done.before else [],
        len(of.keys() - {row["contact_point"] for row in asked(known.rows, today, force)}),
    )


@permitted(Action.RUN_ROUND)
async def remind(subject: Subject, backend: Backend, id: str, *, idempotency_key: str | None = None) -> Started:
    """New links for those who have not answered; the old ones no longer hold. Raises ``NotFound``, ``Invalid``."""
    today = backend.now()[:10]
    links: list[Link] = []

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        row = _open(subject, known.rows, id, today)
        sheet = ASKS[row["kind"]]
        links.clear()
        changes = []
        for ask in asks_of(known.rows, row):
            if ask["state"] not in UNANSWERED:
                continue
            link = _link(backend, known.rows, row["kind"], ask, ask["id"], row["due"])
            if link is None:
                continue
            links.append(link)
            again = (
                {"sent": backend.now(), "address": link.address}
                if sheet == "trials"
                else {"reminded": [*ask["reminded"], today]}
            )
            changes += kept(known, sheet, [{**ask, **again, "token": hashed(link.token)}], today)
        return changes, {"id": row["id"]}

    done = await decided(subject, backend, decide, {"remind": id}, idempotency_key)
    known = await backend.memory.roster(backend.store)
    return Started(known.rows["rounds"][done.answer["id"]], list(links) if done.before else [])


@permitted(Action.RUN_ROUND)
async def close(
    subject: Subject, backend: Backend, id: str, *, early: bool = False, idempotency_key: str | None = None
) -> Columns:
    """Ends a round: its links no longer hold. Channels whose message nobody answered are failing from now on; what
    takes a person, such as a call, and was not noted, was not tried. Who has not confirmed stays a gap.

    Raises ``NotFound``, ``Invalid`` also before the day on which answers are due, unless ``early``.
    """
    today = backend.now()[:10]

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        row = _open(subject, known.rows, id, today)
        if today < row["due"] and not early:
            raise Invalid(
                "round.early",
                "Answers are due on {due}; who has not answered may still do so.",
                path=("early",),
                remedy="Wait, or say that it is to be closed early.",
                due=row["due"],
            )
        changes = kept(known, "rounds", [{**row, "until": today}], today)
        open = [ask for ask in asks_of(known.rows, row) if ask["state"] == TrialState.SENT]
        ended = [unanswered(ask, today, tried=_messaged(known.rows, ask)) for ask in open]
        return [*changes, *tested(known, ended, today)], {"id": row["id"]}

    done = await decided(subject, backend, decide, {"close": id}, idempotency_key)
    return (await backend.memory.roster(backend.store)).rows["rounds"][done.answer["id"]]


def tested(known: Known, trials: Sequence[Columns], day: str) -> list[Change]:
    """Tests as they ended, and their channels as that leaves them."""
    channels = (channel_after(known.rows["channels"][trial["channel"]], trial, day) for trial in trials)
    return [
        *kept(known, "trials", trials, day),
        *edited_all(known, "channels", [row for row in channels if row is not None], day),
    ]


def unanswered(trial: Columns, day: str, *, tried: bool = True) -> Columns:
    """A test that nobody answered, or that nobody made."""
    return {**trial, "state": TrialState.SILENT if tried else TrialState.UNTRIED, "answered": None, "until": day}


def _messaged(rows: Rows, trial: Columns) -> bool:
    return ChannelKind(rows["channels"][trial["channel"]]["kind"]) in MESSAGE_KINDS


def _open(subject: Subject, rows: Rows, id: str, day: str) -> Columns:
    row = found_round(subject, rows, id, day)
    if row["until"] is not None:
        raise Invalid(
            "round.closed",
            "This round was closed on {until}.",
            path=("id",),
            remedy="Start another one.",
            until=row["until"],
        )
    return row


async def _coordinated(subject: Subject, backend: Backend, rows: Rows, force: str | None, day: str) -> None:
    known = force is None or (force in rows["task_forces"] and holds(rows["task_forces"][force], day))
    if known and may_run(subject, rows, force, day):
        return
    if subject.organization is None:
        raise await unknown(backend, "taskForce", force or "", "a task force")
    raise NotFound(
        "round.force",
        "'{force}' is not a task force that you coordinate.",
        path=("taskForce",),
        remedy="Name one whose coordinator you are.",
        force=(force or "")[:60],
    )


def _none_open(rows: Rows, kind: str, force: str | None) -> None:
    for row in rows["rounds"].values():
        if row["until"] is None and (row["kind"], row["task_force"]) == (kind, force):
            raise Conflict(
                "round.open",
                "There is a round of that kind already: {id}, due on {due}.",
                path=("taskForce",),
                remedy="Remind those who have not answered, or close it first.",
                id=row["id"],
                due=row["due"],
            )


def _links(backend: Backend, rows: Rows, row: Mapping[str, Any], day: str) -> list[Link]:
    kind, force = row["kind"], row["task_force"]
    subjects = tried(rows, day, force) if kind == RoundKind.DRILL else asked(rows, day, force)
    column = "channel" if kind == RoundKind.DRILL else "holder"
    made = (
        _link(backend, rows, kind, {column: each["id"]}, f"{row['id']}.{at:05}", row["due"])
        for at, each in enumerate(subjects, 1)
    )
    return [link for link in made if link is not None]


def _free(rows: Rows, name: str) -> str:
    """The name, or with a number where there is one of that day already."""
    numbered = (f"{name}-{at}" for at in range(2, len(rows["rounds"]) + 3))
    return next(each for each in (name, *numbered) if each not in rows["rounds"])


def _link(backend: Backend, rows: Rows, kind: str, ask: Columns, key: str, due: str) -> Link | None:
    """A new one for what is asked; None where it is there no longer."""
    day = backend.now()[:10]
    sheet, column = ("channels", "channel") if kind == RoundKind.DRILL else ("holders", "holder")
    row = rows[sheet][ask[column]]
    desk = rows["contact_points"][row["contact_point"]]
    if not holds(row, day) or not holds(desk, day):
        return None
    drill = kind == RoundKind.DRILL
    channel = row if drill else _mailbox(rows, desk["id"], day)
    own = () if drill or not row["message_language"] else (row["message_language"],)
    return Link(
        key=key,
        subject=row["id"],
        contact_point=desk["id"],
        name=desk["name"],
        organization=desk["organization"],
        token=backend.new_token(),
        channel=channel["id"] if channel else None,
        kind=channel["kind"] if channel else None,
        address=channel["address"] if channel else None,
        due=due,
        role=None if drill else HolderRole(row["role"]),
        rank=1 if drill else row["rank"],
        languages=(*own, *desk["languages"]),
    )


def _mailbox(rows: Rows, desk: str, day: str) -> Columns | None:
    """The contact point's first channel that takes messages and is not known to be dead."""
    found = [
        row
        for row in rows["channels"].values()
        if row["contact_point"] == desk
        and holds(row, day)
        and ChannelKind(row["kind"]) in MESSAGE_KINDS
        and row["address"]
        and row["state"] != "dead"
    ]
    return min(found, key=lambda row: (row["rank"], row["id"]), default=None)


def _ask(kind: str, round: str, link: Link, at: str) -> dict[str, Any]:
    row = {"id": link.key, "round": round, "token": hashed(link.token), "since": at[:10]}
    if kind == RoundKind.DRILL:
        return {**row, "channel": link.subject, "address": link.address, "sent": at}
    return {**row, "holder": link.subject}
