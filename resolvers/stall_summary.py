"""The stalled report in figures: how many and how old, by organization, task force, place, service or reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from relaypoint.domain import around
from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import Side
from relaypoint.domain.history import moment
from relaypoint.domain.kept_back import fives
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.stall_report import ANYTHING
from relaypoint.domain.stall_summary import Ages, By, Group, grouped, grouped_for_coordinator
from relaypoint.domain.stalls import Stall
from relaypoint.domain.view import View
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.open_handoffs import open_handoffs
from relaypoint.resolvers.parts import Coordinated
from relaypoint.resolvers.stalled import Silent, places_of, silent
from relaypoint.resolvers.wanted import WantedInput, wanted_of

#: So many weeks back one can look: each is read from the record anew.
MOST_WEEKS: Final = 26

_SHEETS: Final[dict[str, str]] = {
    By.ORGANIZATION: "organizations",
    By.TASK_FORCE: "task_forces",
    By.PLACE: "jurisdictions",
    By.SERVICE: "service_types",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A group with the name of what its key stands for."""

    group: Group
    name: str | None


@permitted(Action.SEE_STALLED)
async def stalled_summary(
    subject: Subject, backend: Backend, by: str, typed: WantedInput | None = None, *, as_of: str | None = None
) -> list[Named]:
    """What ``stalled`` reports of the same, counted. For a coordinator there follows what went silent between members
    that it coordinates, whether it was told of it or not, but for cases that avoid it, and so that no case can be
    singled out; its own steps are told as they are. It looks at whole hours.

    ``organization`` is each one whose turn it is, ``reason`` each way in which a step is silent, ``task-force`` those
    of both sides, ``place`` where the case is for
    who may read that, for others where its contact point works.

    Raises ``Invalid`` and ``NotFound`` for what is typed and not understood.
    """
    try:
        way = By(by.strip().lower())
    except ValueError:
        raise Invalid(
            "stalled.by",
            "'{value}' is nothing to group by.",
            path=("by",),
            remedy="Use one of: {known}.",
            value=by,
            known=", ".join(By),
        ) from None
    coordinates = await _coordinates(subject, backend)
    if coordinates and as_of is not None:
        as_of = _hour(as_of)
    work = await open_handoffs(subject, backend, as_of, of_all=coordinates)
    wanted = await wanted_of(backend, work.view, typed) if typed else ANYTHING
    found = await silent(subject, backend, work, wanted, coarse=True)
    own, others = _apart(found)
    groups = [
        *grouped(pair for each in own for pair in _counted(subject, work.view, each, way)),
        *grouped_for_coordinator(pair for each in others for pair in _counted(subject, work.view, each, way)),
    ]
    return [Named(group, None if group.withheld else group_name(work.view, way, group.key)) for group in groups]


@dataclass(frozen=True, slots=True)
class Week:
    """How it stood at an instant; ``working`` None where nothing had stalled. ``coordinated`` are the steps between
    members that the reader coordinates, in fives; None: fewer."""

    at: str
    count: int
    working: Ages | None
    coordinated: int | None = None


@permitted(Action.SEE_STALLED)
async def stalled_trend(subject: Subject, backend: Backend, weeks: int, typed: WantedInput | None = None) -> list[Week]:
    """How much had stalled when each of the last weeks was over (Monday, 00:00 UTC), and how much has now.

    Raises ``Invalid`` for too many weeks, and what ``stalled_summary`` raises.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(
            "stalled.weeks",
            "One can look 1 to {most} weeks back, not {value}.",
            path=("weeks",),
            remedy="Use a number of weeks in between, such as 8.",
            most=MOST_WEEKS,
            value=weeks,
        )
    now = backend.clock()
    monday = datetime.combine(now.date() - timedelta(days=now.weekday()), time(), UTC)
    moments = [format_instant(monday - timedelta(weeks=ago)) for ago in reversed(range(weeks))]
    of_all = await _coordinates(subject, backend)
    return [await _stood(subject, backend, typed, at, of_all=of_all) for at in (*moments, None)]


def _hour(as_of: str) -> str:
    """The hour in which an instant lies; a day is one already. By instants one could find the one at which a single
    case of others was sent."""
    return as_of if len(as_of.strip()) <= len("2026-11-23") else f"{moment(as_of)[:14]}00:00.000Z"


async def _coordinates(subject: Subject, backend: Backend) -> bool:
    """Whether it coordinates anything: in figures it is then told of all its members' work."""
    own = subject.organization
    return own is not None and Coordinated(await present_view(backend), own).anything()


async def _stood(
    subject: Subject, backend: Backend, typed: WantedInput | None, at: str | None, *, of_all: bool
) -> Week:
    work = await open_handoffs(subject, backend, at, of_all=of_all)
    wanted = await wanted_of(backend, work.view, typed) if typed else ANYTHING
    own, others = _apart(await silent(subject, backend, work, wanted, coarse=True))
    hours = [each.stall.age.working_hours for each in own]
    return Week(at or backend.now(), len(hours), Ages.of(hours) if hours else None, fives(len(others)) or None)


def _apart(found: Sequence[Silent]) -> tuple[list[Silent], list[Silent]]:
    """What the reader sent or holds itself, and what it coordinates."""
    own = [each for each in found if each.side is not Side.COORDINATOR]
    return own, [each for each in found if each.side is Side.COORDINATOR]


def _counted(subject: Subject, view: View, each: Silent, way: By) -> Iterable[tuple[Iterable[str], Stall]]:
    """In which groups a step counts, and as what. Who has to act, and why, differs with the way in which it is silent:
    it counts once under each of these, as the list finds it by each."""
    handoff = each.stall.handoff
    if way is By.TASK_FORCE:
        yield around.shared_forces(view, handoff.sender.id, handoff.receiver.id), each.stall
    elif way is By.PLACE:
        yield places_of(subject, handoff, each.case, view), each.stall
    elif way is By.SERVICE:
        yield (handoff.service_type,), each.stall
    else:
        keyed = [(found.turn if way is By.ORGANIZATION else found.reason, found) for found in each.ways]
        # The gravest of those of one key stands for them.
        yield from (((key,) if key else (), found) for key, found in dict(reversed(keyed)).items())


def group_name(view: View, way: str, key: str | None) -> str | None:
    """What the key of a group is called, ``way`` being what is grouped by."""
    return view.name_or_id(_SHEETS[way], key) if key and way in _SHEETS else key
