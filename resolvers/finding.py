"""Finding the contact: one look at the roster's root, then the domain decides on what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from relaypoint.domain import finding, grounds, plan
from relaypoint.domain.advice import advise
from relaypoint.domain.advice_steps import Advice
from relaypoint.domain.answer import Finding, Need
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.emergency import Emergency, emergency_of, for_the_case, without_hotline
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.model import Ground
from relaypoint.domain.plan import Coordinator, Item, Together
from relaypoint.domain.policy import Action, Subject, allows, may_act_for
from relaypoint.domain.referrers import referrers
from relaypoint.domain.texts import Text, say
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.needs import NeedInput, check_lengths, checked, moved, present_place, tidy, understood
from relaypoint.resolvers.typed import countries, organization_named, place_named
from relaypoint.resolvers.unknown import not_yours
from relaypoint.resolvers.unmet import note_unmet


@dataclass(frozen=True, slots=True)
class Answer:
    """``items`` are the needs of the case, the one asked for first at the front. ``coordinators`` are whom to turn to
    where nothing fits, ``advice`` what to do then. ``roster`` is the version of the roster that the answer rests on;
    ``notes`` tell how the need was understood."""

    items: tuple[Item, ...]
    together: tuple[Together, ...]
    coordinators: tuple[Coordinator, ...]
    emergency: Emergency
    advice: tuple[Advice, ...]
    at: datetime
    roster: int
    notes: tuple[Text, ...] = ()

    @property
    def need(self) -> Need:
        return self.items[0].need

    @property
    def ground(self) -> Ground:
        return self.items[0].ground

    @property
    def finding(self) -> Finding:
        return self.items[0].finding


def view_of(known: Known, at: datetime) -> View:
    """The roster as it is on that day; what was made of it for one case is there for the next."""
    day = at.date().isoformat()
    found: View | None = known.derived.get("view")
    if found is None or found.day != day:
        found = known.derived["view"] = View(known.index, day, known.carried)
    return found


async def present_view(backend: Backend) -> View:
    """The roster as it is now."""
    return view_of(await backend.memory.roster(backend.store), backend.clock())


@permitted(Action.FIND)
async def find(subject: Subject, backend: Backend, need: NeedInput) -> Answer:
    """Who can take the case, ranked, and who can't, each with its reasons; for every need of it.

    Raises ``Invalid`` for a field that is not understood and ``NotFound`` for what the roster does not hold.
    """
    known = await backend.memory.roster(backend.store)
    at = backend.clock()
    view = view_of(known, at)
    check_lengths(need)
    try:
        asker = await organization_named(backend, view, need.from_organization, ("from",))
    except (Invalid, NotFound):
        if subject.organization is None:
            raise
        asker = tidy(need.from_organization)  # Whether there is such a one is not told to another.
    if not may_act_for(subject, asker):
        raise not_yours(tidy(need.from_organization))
    wanted, also = await checked(backend, view, need, asker)
    wanted, notes = moved(view, wanted)
    if not view.organization(wanted.asker).holds(view.day):
        raise Invalid(
            "find.asker-ended",
            "{name} is not an organization on this day.",
            path=("from",),
            remedy="Ask for the organization that succeeded it.",
            name=view.name("organizations", wanted.asker),
        )
    found = plan.plan(view, wanted, also, at, backend.memory.responses)
    lacking = [item for item in found.items if item.lacking]
    notes = (*notes, *understood(view, need, wanted))
    if lacking and await note_unmet(backend, view, lacking):
        notes = (*notes, _NOTED)
    urgent = for_the_case(_numbers(view, wanted.place, at, wanted.avoid), wanted.confidentiality, at, wanted.avoid)
    asked = any(not item.added for item in lacking)
    offices = tuple(plan.coordinators(view, wanted, at)) if asked else ()
    coordinated = asked and bool(plan.coordinating(view, wanted))
    direct = plan.direct_help(view, wanted) if any(item.refused for item in found.items) else ()
    advice = advise(
        found.items,
        urgent,
        offices,
        at,
        coordinated=coordinated,
        direct=direct,
        referrers=lambda item: referrers(view, item, at),
    )
    return Answer(
        items=found.items,
        together=found.together,
        coordinators=offices,
        emergency=urgent,
        advice=tuple(advice),
        at=at,
        roster=known.root["version"],
        notes=notes,
    )


_NOTED: Final = say(
    "note.unmet", "That somebody is lacking here is counted for who coordinates; who asked, and for whom, is not told."
)


@dataclass(frozen=True, slots=True)
class Again:
    """Who can take a case that was sent before, now, and what that rests on."""

    ground: Ground
    finding: Finding


def look_again(known: Known, need: Need, at: datetime) -> Again | None:
    """All that bound the case when it was sent binds it still. None: its place or service type is gone."""
    view = view_of(known, at)
    if not (view.has("jurisdictions", need.place) and view.has("service_types", need.service)):
        return None
    on = grounds.ground(view, asker=need.asker, service=need.service, place=need.place, near=need.near)
    return Again(on, finding.find(on, need, at))


def find_again(known: Known, need: Need, at: datetime) -> Finding:
    """As ``look_again``, the finding alone."""
    again = look_again(known, need, at)
    return again.finding if again else Finding((), (), ())


@permitted(Action.SEE_EMERGENCY)
async def emergency(
    subject: Subject,
    backend: Backend,
    place: str,
    avoid: Sequence[str] | Avoid = (),
    confidentiality: str | None = None,
) -> Emergency:
    """The danger-now number and the national hotline of a place; asked for without sign-in. ``confidentiality``: what
    is no word for it is not minded; where the hotline's line is not safe enough for it, that is said.

    ``avoid``: a hotline that the case avoids is left out; what is no entry of the roster is not minded. To somebody who
    is not signed in no hotline is then told at all, for the answer would tell who stands behind it.
    """
    at = backend.clock()
    view = view_of(await backend.memory.roster(backend.store), at)
    whom = avoid if isinstance(avoid, Avoid) else Avoid.of(tidy(each) for each in avoid)
    found = await _numbers_of(backend, view, place, at, whom)
    if whom.entries and not allows(subject, Action.FIND):
        return without_hotline(found)
    if confidentiality in {word.value for word in Confidentiality}:
        return for_the_case(found, Confidentiality(confidentiality), at, whom)
    return found


async def _numbers_of(backend: Backend, view: View, place: str, at: datetime, whom: Avoid) -> Emergency:
    """Whoever mistypes a place in an emergency still gets the numbers, where there is no doubt which."""
    try:
        where = present_place(view, await place_named(backend, view, place))
    except (Invalid, NotFound):
        lands = countries(view)
        if len(lands) != 1:
            raise
        found = _numbers(view, lands[0], at, whom)
        text = (
            "'{typed}' is not in this roster, and these are the numbers of {place}. In another country call that "
            "country's own emergency number: 112 in the European Union."
        )
        said = say("emergency.elsewhere", text, typed=place.strip()[:60], place=found.country)
        return replace(found, notes=(said, *found.notes))
    return _numbers(view, where, at, whom)


def _numbers(view: View, place: str, at: datetime, avoid: Avoid) -> Emergency:
    return emergency_of(view.areas(place), at, avoid, police=view.means_police(avoid))
