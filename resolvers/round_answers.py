"""What comes back from a round: by a one-time link, without signing in, or noted by whoever made the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relaypoint.domain.errors import Conflict, Invalid, Limit, NotFound
from relaypoint.domain.model import holds
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.roster_fields import trimmed
from relaypoint.domain.rounds import hashed
from relaypoint.domain.rows import Columns, Rows
from relaypoint.domain.words import RequestState, TrialState
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.guidance import acknowledged, to_read
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.proposing import named, number, proposed
from relaypoint.resolvers.roster_edit import decided, edited, kept
from relaypoint.resolvers.roster_write import Change
from relaypoint.resolvers.round_asks import Ask, ask_of, found_round
from relaypoint.resolvers.rounds import tested, unanswered

#: What a holder may answer.
ANSWERS: Final = {
    "confirm": RequestState.CONFIRMED,
    "correct": RequestState.CORRECTED,
    "left": RequestState.LEFT,
}

#: What a closed round leaves without an answer.
_NO_ANSWER: Final = (RequestState.ASKED, TrialState.SENT, TrialState.SILENT, TrialState.UNTRIED)

#: More than anybody has to say of one contact point.
MOST: Final = 20

#: The sheets whose entries of one's own contact point one may correct through a link.
_OWN: Final = ("contact_points", "channels", "holders", "absences")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a link asks. ``kind`` is of the round, ``desk`` the contact point as the roster has it. Where ``state`` is
    asked or sent, it is still to be answered; then a confirmation has the desk's ``channels`` and the ``guidance`` that
    the holder has not acknowledged yet."""

    kind: str
    state: str
    due: str
    desk: Columns
    organization: str
    role: str | None = None
    channels: Sequence[Columns] = ()
    guidance: Sequence[Columns] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry of one's own contact point, and what its columns shall hold, as cells of the sheet."""

    sheet: str
    key: str
    columns: Mapping[str, str] = field(default_factory=dict)


@permitted(Action.ANSWER_ROUND)
async def asked(subject: Subject, backend: Backend, token: str) -> Asked:
    """What the link asks, without signing in. Raises ``NotFound`` for one that does not hold, or no longer."""
    known = await backend.memory.roster(backend.store)
    sheet, ask = _found(known, token)
    if sheet == "requests":
        _holding(known.rows, ask, backend.now()[:10])
    return _asked(known.rows, sheet, ask, backend.now()[:10])


@permitted(Action.ANSWER_ROUND)
async def answer(
    subject: Subject,
    backend: Backend,
    token: str,
    said: str = "confirm",
    corrections: Sequence[Correction] = (),
    *,
    read: Sequence[str] = (),
) -> Asked:
    """Answers a link, once: the holder still holds it (``confirm``), does so but something is wrong (``correct``, with
    what), or has ``left``. The test of a channel is answered by ``confirm``.

    ``read`` are the guidances that the holder acknowledges with it, by id.
    Corrections become proposals that the organization accepts: who has the link may not be who it was meant for.
    Raises ``NotFound`` for the link, ``Conflict`` where it was answered, ``Invalid`` for the answer.
    """
    today = backend.now()[:10]
    if len(corrections) > MOST or len(read) > MOST:
        raise Limit(
            "round.too-much",
            "One answer takes up to {most} corrections and as many guidances.",
            path=("corrections",) if len(corrections) > MOST else ("read",),
            remedy="Say what matters most; the rest goes to your coordinator.",
            most=MOST,
        )
    state = ANSWERS.get(said.strip().lower())
    if state is None:
        raise Invalid(
            "round.answer",
            "'{said}' is no answer.",
            path=("answer",),
            remedy="Use one of: {known}.",
            said=said[:60],
            known=", ".join(ANSWERS),
        )
    if (state is RequestState.CORRECTED) != bool(corrections):
        raise Invalid(
            "round.corrections",
            "Corrections belong to the answer 'correct', and it needs at least one.",
            path=("corrections",),
            remedy="Say what is wrong and what it should be, or answer 'confirm'.",
        )

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        sheet, ask = _found(known, token)
        if sheet == "requests":
            _holding(known.rows, ask, today)
        if ask["until"] is not None:
            raise Conflict(
                "round.answered",
                "This link was used on {until}.",
                path=("token",),
                remedy="Ask your coordinator for another one if something has changed.",
                until=ask["until"],
            )
        if sheet == "trials":
            return _trial(known, ask, state, backend.now()), {"id": ask["id"]}
        changes = _request(known, ask, state, corrections, today)
        return [*changes, *_acknowledged(known, ask["holder"], read, today)], {"id": ask["id"]}

    # No repeat under a key: a link is good for one answer.
    done = await decided(subject, backend, decide, {"answer": hashed(token)})
    known = await backend.memory.roster(backend.store)
    sheet = "trials" if done.answer["id"] in known.rows["trials"] else "requests"
    return _asked(known.rows, sheet, known.rows[sheet][done.answer["id"]], today)


@permitted(Action.RUN_ROUND)
async def note(subject: Subject, backend: Backend, id: str, *, answered: bool) -> Ask:
    """What came of a test that a person made, such as a call: somebody answered, or nobody. Raises ``NotFound`` for
    one of another's drill, ``Conflict`` where that is closed; until then a slip can be noted anew."""
    today = backend.now()[:10]

    async def decide(known: Known) -> tuple[Sequence[Change], Mapping[str, Any]]:
        trial = known.rows["trials"].get(id.strip().lower())
        if trial is None:
            raise NotFound(
                "round.no-trial",
                "There is no test '{id}' of a drill that you run.",
                path=("id",),
                remedy="`relaypoint round show` lists the tests of a drill.",
                id=id[:60],
            )
        round = found_round(subject, known.rows, trial["round"], today)
        if round["until"] is not None:
            raise Conflict(
                "round.tested",
                "This drill was closed on {until}; the test was {state}.",
                path=("id",),
                remedy="Test it again in another drill.",
                until=round["until"],
                state=trial["state"],
            )
        ended = _answered(trial, backend.now()) if answered else unanswered(trial, today)
        return tested(known, [ended], today), {"id": trial["id"]}

    done = await decided(subject, backend, decide, {"note": id, "answered": answered})
    rows = (await backend.memory.roster(backend.store)).rows
    return ask_of(rows, rows["trials"][done.answer["id"]])


def _found(known: Known, token: str) -> tuple[str, Columns]:
    """The request or the test that the token is for, with its sheet."""
    if "tokens" not in known.derived:
        known.derived["tokens"] = {
            row["token"]: (sheet, id) for sheet in ("requests", "trials") for id, row in known.rows[sheet].items()
        }
    sheet, id = known.derived["tokens"].get(hashed(token), (None, None))
    row = known.rows[sheet][id] if sheet else None
    over = row is not None and known.rows["rounds"][row["round"]]["until"] is not None
    if row is None or (
        over and row["state"] in (RequestState.ASKED, TrialState.SENT, TrialState.SILENT, TrialState.UNTRIED)
    ):
        raise NotFound(
            "round.link",
            "This link does not hold, or no longer.",
            path=("token",),
            remedy="Check that all of it was copied, or ask your coordinator for a new one.",
        )
    return str(sheet), row


def _asked(rows: Rows, sheet: str, ask: Columns, day: str) -> Asked:
    round = rows["rounds"][ask["round"]]
    about = rows["channels"][ask["channel"]] if sheet == "trials" else rows["holders"][ask["holder"]]
    desk = rows["contact_points"][about["contact_point"]]
    found = Asked(
        kind=round["kind"],
        state=str(ask["state"]),
        due=round["due"],
        desk=desk,
        organization=rows["organizations"][desk["organization"]]["name"],
    )
    if sheet == "trials" or ask["until"] is not None:
        return found
    channels = [row for row in rows["channels"].values() if row["contact_point"] == desk["id"] and holds(row, day)]
    return Asked(
        kind=found.kind,
        state=found.state,
        due=found.due,
        desk=desk,
        organization=found.organization,
        role=about["role"],
        channels=sorted(channels, key=lambda row: (row["rank"], row["id"])),
        guidance=[each.guidance for each in to_read(rows, about["id"], day)],
    )


def _holding(rows: Rows, ask: Columns, day: str) -> Columns:
    """The holder that is asked. Raises ``NotFound`` where the tenure is over."""
    holder = rows["holders"][ask["holder"]]
    if holds(holder, day):
        return holder
    raise NotFound(
        "round.over",
        "This is no longer yours to confirm: the tenure is over.",
        path=("token",),
        remedy="Ask your coordinator if that is wrong.",
    )


def _trial(known: Known, trial: Columns, state: RequestState, at: str) -> list[Change]:
    if state is not RequestState.CONFIRMED:
        raise Invalid(
            "round.test",
            "This is a test of a channel; it is only answered or not.",
            path=("answer",),
            remedy="Answer 'confirm'.",
        )
    return tested(known, [_answered(trial, at)], at[:10])


def _answered(trial: Columns, at: str) -> Columns:
    return {**trial, "state": TrialState.ANSWERED, "answered": at, "until": at[:10]}


def _request(
    known: Known,
    ask: Columns,
    state: RequestState,
    corrections: Sequence[Correction],
    day: str,
) -> list[Change]:
    holder = _holding(known.rows, ask, day)
    changes = kept(known, "requests", [{**ask, "state": state, "until": day}], day)
    if state is not RequestState.LEFT:
        changes += edited(known, "holders", {**holder, "confirmed_on": day}, day, {})
    count = 0
    for at, each in enumerate(corrections):
        sheet, key = trimmed(each.sheet).lower(), trimmed(each.key).lower()
        if not _own(known.rows, holder, sheet, key, named(each.columns)):
            raise Invalid(
                "round.not-own",
                "'{key}' of {sheet} is not an entry of this contact point.",
                path=("corrections", str(at)),
                remedy="Correct the contact point itself, its channels, or your own tenure and absences.",
                key=key[:60],
                sheet=sheet[:60],
            )
        try:
            made = proposed(known, number(known.rows, count), sheet, key, each.columns, ask["id"], day)
        except Invalid as wrong:
            wrong.path = ("corrections", str(at), *wrong.path)
            raise
        count += len(made)
        changes += made
    return changes


def _acknowledged(known: Known, holder: str, read: Sequence[str], day: str) -> list[Change]:
    unread = {each.guidance["id"]: each for each in to_read(known.rows, holder, day)} if read else {}
    changes: list[Change] = []
    for at, id in enumerate(dict.fromkeys(each.strip().lower() for each in read)):
        if id not in unread:
            raise Invalid(
                "round.guidance",
                "'{id}' is not a guidance that you have still to acknowledge.",
                path=("read", str(at)),
                remedy="Leave it out; the link shows what is to be read.",
                id=id[:60],
            )
        changes += acknowledged(known, unread[id], None, day, len(changes))
    return changes


def _own(rows: Rows, holder: Columns, sheet: str, key: str, columns: Mapping[str, str]) -> bool:
    """Whether it is an entry of the holder's contact point, before and after."""
    if sheet not in _OWN:
        return False
    if sheet == "contact_points":
        return key == str(holder["contact_point"])
    column, own = ("holder", holder["id"]) if sheet == "absences" else ("contact_point", holder["contact_point"])
    row = rows[sheet].get(key)
    if sheet == "holders" and key != holder["id"]:
        return False
    before = row[column] if row else own
    return bool(before == own and columns.get(column, row[column] if row else None) == own)
