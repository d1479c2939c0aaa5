"""The whole roster in memory: read once, then kept true by the record of what changed since.

Reading a large roster takes far longer than looking at the version of its root. What is held is shared: whoever asks
for it changes nothing in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from relaypoint.domain.clock import Instant
from relaypoint.domain.errors import Conflict
from relaypoint.domain.history import moment, redone, undone
from relaypoint.domain.index import Index
from relaypoint.domain.responsiveness import Responses, Responsiveness
from relaypoint.domain.roster import Sheet
from relaypoint.domain.roster_kept import RECORDED
from relaypoint.domain.rows import Rows
from relaypoint.domain.words import MESSAGE_KINDS, ChannelKind
from relaypoint.graph import Row, Step, Store

if TYPE_CHECKING:
    from relaypoint.resolvers.backend import Backend

Columns = dict[str, Any]

#: A large roster is changed by others while it is being read; then it is read again.
_TRIES: Final = 5

#: With more changes than this a whole reading is as fast as catching up.
_MANY: Final = 5000


@dataclass(frozen=True, slots=True)
class Known:
    """The roster's root as it was (``version``, and ``length`` and ``head`` of its record), and all its rows, with the
    index of them."""

    root: Mapping[str, Any]
    index: Index
    #: The kinds of channels that messages can be sent by from here.
    carried: frozenset[ChannelKind] = MESSAGE_KINDS
    #: What was worked out from these rows, by a name of its own; kept as long as they are.
    derived: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def rows(self) -> Rows:
        return self.index.rows

    @property
    def length(self) -> int:
        return int(self.root["length"] or 0)


async def roster_at(backend: Backend, at: str | None = None) -> Known:
    """The roster as it is, or as it was on record at ``at``, a day or an instant. Raises ``Invalid`` for neither."""
    wanted = moment(at) if at is not None else None
    known = await backend.memory.roster(backend.store)
    return known if wanted is None else Known(known.root, Index(await _as_of(backend.store, known, wanted)))


async def rows_on(backend: Backend, at: str | None = None) -> tuple[Rows, str]:
    """The rows as they are, or as they were on record at ``at``, and the day (ISO) that they are looked at for."""
    known = await roster_at(backend, at)
    return known.rows, (moment(at) if at is not None else backend.now())[:10]


class Memory:
    """What was known of a store's roster last. One a store; it starts empty unless something is known already.
    ``carried`` are the kinds of channels that messages can be sent by from here."""

    def __init__(self, known: Known | None = None, carried: frozenset[ChannelKind] = MESSAGE_KINDS) -> None:
        self._known = known
        self.carried = carried
        #: How soon contact points answer, as it was worked out last.
        self.responses: Responses = {}
        self._edition: str | None = None
        #: Fingerprints of who looked for what in vain, and was counted: that needs no second write.
        self.asked: set[str] = set()

    async def roster(self, store: Store) -> Known:
        """The roster as it is now. Raises ``Conflict`` where others change it all the time."""
        (root,) = await store.read("roster_root")
        edition = root.pop("responses")
        if edition != self._edition:
            self.responses = await _responses(store)
            self._edition = edition
        known = self._known
        if known is None or dict(root) != dict(known.root):
            known = (await _caught_up(store, known, root) if known else None) or await read_whole(store)
            known = self._known = replace(known, carried=self.carried, derived={})
        return known


async def _responses(store: Store) -> Responses:
    rows = await store.read("responsiveness_list")
    return {
        (row["contact_point"], row["service_type"]): Responsiveness(
            row["count"], row["acknowledge"], row["decide"], bool(row["silent"])
        )
        for row in rows
    }


async def read_whole(store: Store) -> Known:
    """The roster, row by row from the store. Sheets are read one by one, so all again where an import came between.

    The root is looked at under its lock, before and after: beside a commit one might see its root and not yet its rows.
    """
    settle = [Step("roster_settle", {})]
    ((root,),) = await store.write(settle)
    for _ in range(_TRIES):
        rows, same = {}, _Same()
        for name, sheet in RECORDED.items():
            found = await store.read(f"{name}_list")
            rows[name] = {same[row["row"]["id"]]: same.of(comparable(sheet, row["row"])) for row in found}
        before, ((root,),) = root, await store.write(settle)
        if root == before:
            return Known(root, Index(rows))
    raise Conflict(
        "roster.busy",
        "The roster is being changed by others all the time; it can't be read as a whole now.",
        remedy="Try again when they are done.",
    )


class _Same(dict[str, str]):
    """Of equal texts one: a large roster names each id and word in many rows, and is walked through the faster."""

    def __missing__(self, text: str) -> str:
        self[text] = text
        return text

    def of(self, columns: Columns) -> Columns:
        for name, value in columns.items():
            if isinstance(value, str):
                columns[name] = self[value]
            elif isinstance(value, list):
                columns[name] = [self[each] if isinstance(each, str) else each for each in value]
        return columns


async def _as_of(store: Store, known: Known, at: Instant) -> Rows:
    """All rows as they were on record at the instant, what was recorded in its millisecond among it."""
    (last,) = await store.read("roster_last_at", at=at)
    since = range(known.length, last["sequence"] or 0, -1)
    return undone(known.rows, await _changes(store, since))


async def _caught_up(store: Store, known: Known, root: Row) -> Known | None:
    """None where it can't be done: the record is shorter than it was, too long, or not all of it is to be seen yet."""
    since = range(known.length + 1, (root["length"] or 0) + 1)
    if not 0 < len(since) <= _MANY:
        return None
    changes = await _changes(store, since)
    if len(changes) != len(since):
        return None
    return Known(root, known.index.after(redone(known.rows, changes), changes))


async def _changes(store: Store, sequences: range) -> list[dict[str, Any]]:
    """What the events with these numbers changed, in the order of the numbers."""
    rows = await store.read("roster_changes", ids=[f"roster.{each}" for each in sequences])
    data = {row["sequence"]: row["data"] for row in rows}
    return [json.loads(data[each]) for each in sequences if each in data]


def comparable(sheet: Sheet, row: Mapping[str, Any]) -> Columns:
    """The row's columns in their order; a list of references has no order of its own, so it gets one."""
    columns: Columns = {}
    for name in sheet.columns:
        value = row.get(name)
        if name in sheet.lists:
            columns[name] = sorted(value or ()) if name in sheet.references else value or []
        else:
            columns[name] = value or None
    return columns
