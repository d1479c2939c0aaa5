"""The roster as the checks for gaps look at it: the rows in force on one day, by id, and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from relaypoint.domain.assurance import NONE, caps, least
from relaypoint.domain.contingency import diversions, in_contingency
from relaypoint.domain.model import holds
from relaypoint.domain.roster_kept import KEPT
from relaypoint.domain.rows import Columns, Rows, grouped, upwards
from relaypoint.domain.texts import Text
from relaypoint.domain.words import Confidentiality

#: From gravest to lightest; the report comes in this order.
SEVERITIES: Final = ("critical", "major", "minor")

#: What may be seen to be lacking as soon as a service is offered: when, in which language, in which other places.
OF_COVER: Final = ("place-uncovered", "language-uncovered", "no-emergency-cover")


class Mend(NamedTuple):
    """What mends a gap: ``by`` whom (``organization``, that is its owner, or ``coordinator``), and what to import.

    That is the row ``row`` of ``sheet``, or a new one where it is None, with at least these ``columns``. ``then`` are
    the kinds of gap that it may uncover: a first holder has no deputy yet. ``command`` does it instead where an import
    can't.
    """

    by: str
    text: Text
    sheet: str
    row: str | None = None
    columns: tuple[tuple[str, Any], ...] = ()
    then: tuple[str, ...] = ()
    command: str | None = None


class Told(NamedTuple):
    """A gap in words, and what mends it."""

    text: Text
    mend: Mend


class Gap(NamedTuple):
    """``subject`` is the id of the row that the gap is about, in the sheet ``sheet``.

    ``service_type``, ``place`` and ``language`` are set where the gap is one of cover: what nobody offers there.
    ``opens_on`` is the day on which it opens as the roster stands; None: it is open.
    """

    kind: str
    severity: str
    sheet: str
    subject: str
    organization: str | None
    #: Makes the words from ``about``, when somebody reads them: a large roster has more gaps than anybody reads.
    tell: Callable[..., Told]
    about: tuple[Any, ...]
    service_type: str | None = None
    place: str | None = None
    language: str | None = None
    opens_on: str | None = None
    #: Of a gap that is one person's: the holder's id.
    holder: str | None = None

    @property
    def text(self) -> Text:
        return self.tell(*self.about).text

    @property
    def mend(self) -> Mend:
        return self.tell(*self.about).mend

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same gap on another day."""
        where = (self.service_type or "", self.place or "", self.language or "")
        return (self.kind, self.sheet, self.subject, *where, self.holder or "")


class Roster:
    """``rows`` are the sheets' columns, by id; ``day`` is ISO."""

    def __init__(self, rows: Rows, day: str) -> None:
        self.day = day
        self.all = rows
        # What no file holds is asked by its state, never by its days; in time it is the most of the rows.
        self.now = {
            sheet: {id: row for id, row in of.items() if holds(row, day)}
            for sheet, of in rows.items()
            if sheet not in KEPT
        }
        self.contingent = in_contingency(rows, day)
        #: By organization, how much its kinds of channel assure at most.
        self.caps = caps(rows, day)
        #: Who answers, of those in contingency, for the desks that are diverted.
        self.diverted = diversions(rows, self.contingent, day)
        #: The contact points that have closed for now.
        self.shut = {id for id, row in self.now["contact_points"].items() if row["presence"] == "closed"}
        self._usable = self._channels()
        self.holders = grouped(self.now["holders"].values(), "contact_point")
        self.away = grouped(self.now["absences"].values(), "holder")
        self.former = grouped(self.all["holders"].values(), "contact_point")
        self.desks = grouped(self.now["contact_points"].values(), "organization")
        self.services = grouped(self.now["services"].values(), "organization")
        said = {
            row["service"] or row["organization"]: row["state"] for row in self.now["operational_statuses"].values()
        }
        #: The services that are closed for now, as they or their organizations say.
        self.closed = {
            id
            for id, row in (self.now["services"].items() if said else ())
            if said.get(id, said.get(row["organization"])) == "closed"
        }
        self.roles = grouped(self.now["memberships"].values(), "organization")
        self.parts = grouped(self.now["jurisdictions"].values(), "within")

    def name(self, sheet: str, id: str) -> str:
        return str(self.all[sheet][id]["name"]) if id in self.all[sheet] else id

    @cached_property
    def owned_desks(self) -> list[tuple[Columns, str]]:
        """The contact points of organizations in being, each with its owner's id."""
        bodies = self.now["organizations"]
        owners = ((desk, desk["organization"]) for desk in self.now["contact_points"].values())
        return [(desk, owner) for desk, owner in owners if owner in bodies]

    @cached_property
    def reached(self) -> list[tuple[Columns, str, Sequence[Columns]]]:
        """Of these, those that can be reached, each with its owner's id and the channels that may work."""
        found = ((desk, owner, self._usable.get(desk["id"])) for desk, owner in self.owned_desks)
        return [(desk, owner, channels) for desk, owner, channels in found if channels]

    @cached_property
    def unreached(self) -> list[tuple[Columns, str]]:
        """Of these, those that can't be reached, each with its owner's id."""
        return [(desk, owner) for desk, owner in self.owned_desks if desk["id"] not in self._usable]

    @cached_property
    def reachable_desks(self) -> Mapping[str, Sequence[Columns]]:
        """The contact points that can be reached, by their owner."""
        desks = (desk for desk in self.now["contact_points"].values() if desk["id"] in self._usable)
        return grouped(desks, "organization")

    def _channels(self) -> dict[str, list[Columns]]:
        """By contact point, the channels that may work as things are."""
        off = {True: "normal", False: "contingency"}
        working = (
            row
            for row in self.now["channels"].values()
            if row["contact_point"] not in self.shut
            and row["state"] != "dead"
            and row["condition"] != off[row["contact_point"] in self.contingent]
        )
        own = grouped(working, "contact_point")
        instead = {desk: own.get(other, []) for desk, other in self.diverted.items()}
        return {desk: channels for desk, channels in {**own, **instead}.items() if channels}

    def usable(self, desk: str) -> Sequence[Columns]:
        """Its channels that may work now, or those of who answers for it."""
        return self._usable.get(desk, ())

    def assurance(self, channel: Columns) -> Confidentiality:
        """How much it assures, as far as its task forces let it."""
        owner = self.all["contact_points"][channel["contact_point"]]["organization"]
        return least(self.caps.get(owner, NONE).get(channel["kind"]), channel["assurance"])

    def reachable(self, desk: str) -> bool:
        return desk in self._usable

    def answers(self, holder: str) -> bool:
        """Whether that holder is there, or whoever stands in, or whoever stands in for these."""
        asked, seen = [holder], {holder}
        while asked:
            person = asked.pop()
            if person not in self.now["holders"]:
                return False
            for absence in self.away.get(person, ()):
                instead = absence["stand_in"]
                if instead is None or instead in seen:
                    return False
                seen.add(instead)
                asked.append(instead)
        return True

    def within(self, place: str | None) -> list[str]:
        """The place and all that it lies in, the nearest first."""
        return upwards(self.all["jurisdictions"], place)

    def around(self, force: str | None) -> list[str]:
        """The task force and those that it belongs to, as far as they are in force, the nearest first."""
        return upwards(self.now["task_forces"], force)
