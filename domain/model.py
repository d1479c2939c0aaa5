"""What a decision rests on: the roster as the domain sees it. Plain values; ``domain.view`` makes them from rows.

Dates (``since``, ``until``) are ISO days; ``since`` is inclusive, ``until`` exclusive, None is open. Calendar days of
the roster are read in UTC unless a contact point's own zone is at hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.deadlines import Agreed
from relaypoint.domain.responsiveness import Responses
from relaypoint.domain.rows import Columns, upwards
from relaypoint.domain.words import (
    Access,
    Capacity,
    ChannelCondition,
    ChannelKind,
    ChannelState,
    Confidentiality,
    HolderRole,
    OperationalState,
    Presence,
    Staffing,
)


def within(day: str, since: str | None, until: str | None) -> bool:
    """Whether the day (ISO) is within since (inclusive) and until (exclusive); None is open."""
    return (since is None or since <= day) and (until is None or day < until)


def holds(row: Mapping[str, Any], day: str) -> bool:
    """Whether a row of the roster is in force on that day (ISO)."""
    since, until = row["since"], row["until"]  # Spelt out: this is asked of every row of a roster.
    return (since is None or since <= day) and (until is None or day < until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    since: str | None = None
    until: str | None = None

    def holds(self, day: str) -> bool:
        """Whether ``day`` (ISO) is within since (inclusive) and until (exclusive)."""
        return within(day, self.since, self.until)

    def ended(self, day: str) -> bool:
        return self.until is not None and self.until <= day


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Body:
    """An organization, one that it is part of, or one that it came after; what ``avoid`` is compared with. A kind that
    is empty is compared with nothing."""

    id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization(Dated):
    """``bodies`` are itself and those that it is part of, ``lineage`` also those that any of them came after;
    ``closed``: it says of itself that it has closed for now."""

    id: str
    name: str
    kind: str
    status: str = "active"
    bodies: tuple[Body, ...] = ()
    lineage: tuple[Body, ...] = ()
    replaced_by: tuple[Organization, ...] = ()
    closed: bool = False

    @property
    def suspended(self) -> bool:
        return self.status == "suspended"

    def works(self, day: str) -> bool:
        """Whether one may turn to it: it is in being on that day (ISO) and not suspended."""
        return self.holds(day) and not self.suspended

    def answers(self, day: str) -> bool:
        """Whether one may turn to it now: it works, and has not closed."""
        return self.works(day) and not self.closed


@dataclass(frozen=True, slots=True)
class Relay:
    """Through whom a channel goes: the names of all who may answer there, whether one may turn to them on the day
    (``works``), and the ``channels`` by which they are reached, in a ``contingency`` or not."""

    answering: frozenset[str]
    channels: tuple[Channel, ...]
    works: bool = True
    contingency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Dated):
    """One way to reach a contact point. ``via`` is the lineage of the organization behind a relay; ``shared`` has
    the names of all who may answer elsewhere at the same number or address: ids, and the kinds of their bodies."""

    id: str
    kind: ChannelKind
    address: str | None
    rank: int = 1
    assurance: Confidentiality = Confidentiality.OFFICIAL
    hours: str | None = None
    condition: ChannelCondition = ChannelCondition.ALWAYS
    state: ChannelState = ChannelState.UNPROVEN
    note: str | None = None
    via_contact_point: str | None = None
    via: tuple[Body, ...] = ()
    relay: Relay | None = None
    shared: frozenset[str] = frozenset()
    #: This installation can send messages of that kind.
    carried: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Dated):
    """A time in which a holder is out of office; ``stand_in`` answers meanwhile."""

    stand_in: Holder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder(Dated):
    id: str
    role: HolderRole
    rank: int = 1
    rota: int | None = None
    #: In which language, at which times of day together (``HH:MM``), and whether what asks for nothing may wait.
    message_language: str | None = None
    digest: tuple[str, ...] = ()
    important_only: bool = False
    absences: tuple[Absence, ...] = ()
    #: Of who stands in: their own contact point, and the bodies behind it.
    contact_point: str | None = None
    bodies: tuple[Body, ...] = ()

    @property
    def stand_ins(self) -> tuple[Holder, ...]:
        return tuple(absence.stand_in for absence in self.absences if absence.stand_in)

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of all who may answer: its own, and those who stand in at some time."""
        return (self.id, *(stand_in.id for stand_in in self.stand_ins))

    def away(self, day: str) -> list[Absence]:
        return [absence for absence in self.absences if absence.holds(day)]

    def present(self, day: str) -> bool:
        """Whether the holder is in tenure and in the office on that day (ISO)."""
        return self.holds(day) and not self.away(day)

    def answers(self, day: str) -> bool:
        """Whether the holder or, while it is away, a stand-in who is in tenure is there on that day."""
        return self.holds(day) and all(
            absence.stand_in is not None and absence.stand_in.holds(day) for absence in self.away(day)
        )


def takes(service_types: Collection[str], service_type: str) -> bool:
    """Whether a contact point is for that type; one that names none takes all that its organization offers."""
    return not service_types or service_type in service_types


def access(types: Mapping[str, Columns], service_type: str) -> Access:
    """How that type is asked for: as it says itself, or else as the nearest wider one does; or else directly."""
    said = (types[each]["access"] for each in upwards(types, service_type))
    return Access(next(filter(None, said), Access.DIRECT))


@dataclass(frozen=True, slots=True)
class Declared:
    """A contingency in force: for whom or where, why, and until which day (ISO)."""

    id: str
    name: str
    reason: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPoint(Dated):
    id: str
    name: str
    calendar: Calendar
    organization: str = ""
    staffing: Staffing = Staffing.HOLDER
    languages: tuple[str, ...] = ()
    service_types: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    serves: tuple[str, ...] = ()
    presence: Presence = Presence.ON_SITE
    holders: tuple[Holder, ...] = ()
    channels: tuple[Channel, ...] = ()
    #: Whether a contingency holds there now; and the desk that answers for it meanwhile, whose channels, holders
    #: and hours are then those given here, while whom and what it is for stays its own.
    contingency: bool = False
    #: The contingency that holds there, and whether it answers for others that are diverted to it.
    declared: Declared | None = None
    stands_in: bool = False
    instead: ContactPoint | None = None
    #: Who holds it itself while another desk answers: they still see what lies there.
    diverted_holders: tuple[Holder, ...] = ()

    @property
    def diverted_to(self) -> Named | None:
        return Named(self.instead.id, self.instead.name) if self.instead else None

    def takes(self, service_type: str) -> bool:
        return takes(self.service_types, service_type)


@dataclass(frozen=True, slots=True)
class Operation:
    """How far a body or a service works, as it said itself; from the day ``until`` on it is unknown again."""

    state: OperationalState
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Dated):
    """``areas`` are ids of places, ``places`` the same with their names."""

    id: str
    name: str
    type: str
    organization: Organization
    areas: frozenset[str]
    contact_points: tuple[ContactPoint, ...]
    places: tuple[Named, ...] = ()
    serves: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    interpretation: str = "unknown"
    capacity: Capacity = Capacity.UNKNOWN
    capacity_as_of: str | None = None
    eligibility: str | None = None
    operation: Operation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway(Dated):
    """An agreed route. Exactly one of ``from_organization``, ``from_kind`` and ``from_role`` says who may use it."""

    id: str
    name: str
    type: str
    to: Organization
    from_organization: Organization | None = None
    from_kind: str | None = None
    from_role: str | None = None
    task_force: str | None = None
    contact_point: str | None = None
    areas: frozenset[str] = frozenset()
    basis: str = ""
    citation: str | None = None
    form: str | None = None
    acknowledge_within: str | None = None
    decide_within: str | None = None
    start_within: str | None = None
    complete_within: str | None = None
    consent: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Dated):
    role: str
    standing: str
    task_force: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Area(Dated):
    """A place on the way up from the one asked for; ``depth`` 0 is that place itself."""

    id: str
    name: str
    depth: int
    emergency_number: str | None = None
    emergency_service: str | None = None
    hotline: ContactPoint | None = None
    hotline_owner: Organization | None = None
    hotline_public: bool = True
    replaced_by: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that one search rests on, as it is at one moment.

    ``areas`` are the place asked for and those that it lies in, ``inside`` those that lie in it, ``near`` those around
    it that a case takes as well; ``within`` leads from each place named here to those that it lies in. ``services``
    are all that could take the case; ``elsewhere`` others of the type in the country, the nearest first, which are
    there to be told of; ``total`` counts them all.
    """

    place: Named
    service_type: Named
    access: Access
    asker: Organization
    memberships: tuple[Membership, ...]
    areas: tuple[Area, ...]
    inside: frozenset[str]
    within: Mapping[str, frozenset[str]]
    services: tuple[Service, ...]
    pathways: tuple[Pathway, ...]
    elsewhere: tuple[Service, ...] = ()
    total: int = 0
    #: How many more there are that cover a part of the place, beyond those looked at.
    unlooked: int = 0
    near: frozenset[str] = frozenset()
    #: The abolished places that this one came after, as far as one of them was named.
    formerly: frozenset[str] = frozenset()
    #: The country, where the place lies in another one than the asker.
    abroad: Named | None = None
    #: The names of the task forces, by id.
    forces: Mapping[str, str] = field(default_factory=dict)
    #: By organization, the desks at which those that may pass a case on are asked to.
    gates: Mapping[str, tuple[ContactPoint, ...]] = field(default_factory=dict)
    #: By organization, the task force of the asker's in which its membership is suspended.
    suspended_in: Mapping[str, Named] = field(default_factory=dict)
    #: By organization, the country of those that work in another one than the asker.
    foreign: Mapping[str, Named] = field(default_factory=dict)
    #: By organization, the memberships of those that the asker's pathways lead to.
    others: Mapping[str, tuple[Membership, ...]] = field(default_factory=dict)
    #: Of the narrower types, those that are reached only along pathways.
    by_pathway: frozenset[str] = frozenset()
    #: By organization and service type, the task force whose rules let the asker turn to it without a pathway.
    direct_by: Mapping[tuple[str, str], Named] = field(default_factory=dict)
    #: By sender and receiver, what the task forces of both have agreed on as their deadlines.
    agreed: Mapping[tuple[str, str], Agreed] = field(default_factory=dict)
    #: How soon contact points answer, by contact point and service type.
    responses: Responses = field(default_factory=dict)
    #: By organization that came after one of the owners, its desks.
    heirs: Mapping[str, tuple[ContactPoint, ...]] = field(default_factory=dict)
    #: The contingencies that hold for the place, for the asker or for a task force of the asker's.
    declared: tuple[Declared, ...] = ()
    #: The order of the criteria that the asker's task force has set.
    ranking: tuple[str, ...] = ()

    def only_by_pathway(self, service_type: str) -> bool:
        """Whether that type, the one asked for or a narrower one, is reached only along agreed pathways."""
        own = self.access is Access.PATHWAY and service_type == self.service_type.id
        return own or service_type in self.by_pathway
