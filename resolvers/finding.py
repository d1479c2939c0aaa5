"""Finding the contact: one look at the roster's root, then the domain decides on what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from relaypoint.domain import finding, grounds, plan
from relaypoint.domain.answer import Finding, Need
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.errors import Invalid, Limit, NotFound
from relaypoint.domain.model import Area, ContactPoint, Ground
from relaypoint.domain.plan import Coordinator, Item, Together
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.texts import Text, say
from relaypoint.domain.view import View
from relaypoint.domain.words import TAG_DIMENSIONS, ChannelKind, Confidentiality, OrganizationKind, Priority
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import Known
from relaypoint.resolvers.typed import language_tag, organization_named, place_named, service_type_named
from relaypoint.resolvers.unknown import not_yours, unknown
from relaypoint.resolvers.unmet import note_unmet

E = TypeVar("E", bound=StrEnum)

#: So many entries a list of a need may have, and so many characters each of them.
_MOST: Final = {"also": 10, "languages": 20, "for": 30, "avoid": 100, "consent": 20}
LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedInput:
    """A need as it was typed; ``find`` checks it. Field names are those of the command line and GraphQL.

    ``service`` and ``place`` are ids, or names as they are written. ``also`` are further needs of the same case.
    ``consent`` has the service types that the adult agrees to; None: it was not said.
    """

    from_organization: str
    service: str
    place: str
    also: Sequence[str] = ()
    languages: Sequence[str] = ()
    priority: str = "routine"
    confidentiality: str = "official"
    tags: Sequence[str] = ()
    avoid: Sequence[str] = ()
    near: bool = False
    consent: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """Shown above every answer. ``channel`` is the hotline's phone to call: one that is open, where there is one."""

    number: str | None
    service: str | None
    hotline: ContactPoint | None
    channel: ChannelUse | None


@dataclass(frozen=True, slots=True)
class Answer:
    """``items`` are the needs of the case, the one asked for first at the front. ``coordinators`` are whom to turn to
    where nothing fits. ``roster`` is the version of the roster that the answer rests on; ``notes`` tell how the need
    was understood."""

    items: tuple[Item, ...]
    together: tuple[Together, ...]
    coordinators: tuple[Coordinator, ...]
    emergency: Emergency
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
        found = known.derived["view"] = View(known.index, day)
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
    _check_lengths(need)
    try:
        asker = await organization_named(backend, view, need.from_organization, ("from",))
    except (Invalid, NotFound):
        if subject.organization is None:
            raise
        asker = _tidy(need.from_organization)  # Whether there is such a one is not told to another.
    if not may_act_for(subject, asker):
        raise not_yours(_tidy(need.from_organization))
    wanted, also = await _checked(backend, view, need, asker)
    wanted, notes = _moved(view, wanted)
    if not view.organization(wanted.asker).holds(view.day):
        raise Invalid(
            "find.asker-ended",
            "{name} is not an organization on this day.",
            path=("from",),
            remedy="Ask for the organization that succeeded it.",
            name=view.name("organizations", wanted.asker),
        )
    found = plan.plan(view, wanted, also, at, backend.memory.responses)
    lacking = [item for item in found.items if not (item.finding.candidates or item.refused)]
    if lacking:
        await note_unmet(backend, view, lacking)
    return Answer(
        items=found.items,
        together=found.together,
        coordinators=tuple(plan.coordinators(view, wanted, at)) if any(not item.added for item in lacking) else (),
        emergency=_emergency(view.areas(wanted.place), at, wanted.avoid),
        at=at,
        roster=known.root["version"],
        notes=notes,
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
async def emergency(subject: Subject, backend: Backend, place: str, avoid: Avoid | None = None) -> Emergency:
    """The danger-now number and the national hotline of a place; asked for without sign-in.

    A hotline that a case avoids is left out.
    """
    at = backend.clock()
    view = view_of(await backend.memory.roster(backend.store), at)
    try:
        where = await place_named(backend, view, place)
    except (Invalid, NotFound):
        # Whoever mistypes a place in an emergency still gets the numbers, where there is no doubt which.
        lands = [id for id in view.index.rows["jurisdictions"] if len(id) == 2]
        if len(lands) != 1:
            raise
        where = lands[0]
    return _emergency(view.areas(where), at, avoid or Avoid())


def _emergency(areas: Sequence[Area], at: datetime, avoid: Avoid) -> Emergency:
    danger = next((area for area in areas if area.emergency_number), None)
    day = at.date().isoformat()
    hotline = next((area.hotline for area in areas if area.hotline and _offered(area, day, avoid)), None)
    phone = None
    if hotline:
        uses = weigh(hotline, floor=Confidentiality.PUBLIC, at=at, avoid=avoid)
        phone = next((use for use in uses if use.barred is None and use.channel.kind is ChannelKind.PHONE), None)
        if phone is None and avoid.entries:
            hotline = None  # Every way to it leads through somebody whom the case avoids.
    return Emergency(
        danger.emergency_number if danger else None, danger.emergency_service if danger else None, hotline, phone
    )


def _offered(area: Area, day: str, avoid: Avoid) -> bool:
    """A hotline that is public, in being, and not one whom the case avoids."""
    desk, owner = area.hotline, area.hotline_owner
    return (
        desk is not None
        and area.hotline_public
        and desk.holds(day)
        and (owner is None or owner.holds(day))
        and not avoid.bars_contact_point(desk, owner)
    )


def _check_lengths(need: NeedInput) -> None:
    """Nobody has that much to say; whoever sends more wants to keep others waiting."""
    lists = {
        "also": need.also,
        "languages": need.languages,
        "for": need.tags,
        "avoid": need.avoid,
        "consent": need.consent or (),
    }
    for field, values in lists.items():
        if len(values) > _MOST[field]:
            raise Limit(
                "find.too-many",
                "{field} takes {most} entries at most.",
                path=(field,),
                remedy="Leave out what matters least.",
                field=field,
                most=_MOST[field],
            )
    single = {"from": need.from_organization, "service": need.service, "place": need.place}
    texts: list[tuple[tuple[str, ...], str]] = [((field,), text) for field, text in single.items()]
    texts += [((field, str(at)), text) for field, values in lists.items() for at, text in enumerate(values)]
    for path, text in texts:
        if len(text) > LONGEST:
            raise Limit(
                "find.too-long",
                "A name or code has {most} characters at most.",
                path=path,
                remedy="Give the code, or the name alone.",
                most=LONGEST,
            )


def _moved(view: View, need: Need) -> tuple[Need, tuple[Text, ...]]:
    """A place that was abolished stands for the one that came after it, where it is one."""
    here = view.area(need.place, 0)
    heirs = [heir for heir in here.replaced_by if not view.area(heir.id, 0).ended(view.day)]
    if not here.ended(view.day) or len(here.replaced_by) != 1 or not heirs:
        return need, ()
    text = "{place} ended on {until} and is {heir} now: this is for {heir}."
    said = say("note.place-moved", text, place=here.name, until=here.until, heir=heirs[0].name)
    return replace(need, place=heirs[0].id, formerly=need.place), (said,)


async def _checked(backend: Backend, view: View, need: NeedInput, asker: str) -> tuple[Need, list[str]]:
    """The need, and the further service types."""
    service = await service_type_named(backend, view, need.service, ("service",))
    also = [await service_type_named(backend, view, each, ("also", str(index))) for index, each in enumerate(need.also)]
    for index, entry in enumerate(need.avoid):
        if not _avoidable(view, _tidy(entry)):
            what = "an organization, a kind, a contact point or a holder"
            raise await unknown(backend, f"avoid.{index}", entry, what)
    consent = None
    if need.consent is not None:
        consent = frozenset(
            [
                await service_type_named(backend, view, each, ("consent", str(index)))
                for index, each in enumerate(need.consent)
            ]
        )
    wanted = Need(
        asker=asker,
        service=service,
        place=await place_named(backend, view, need.place),
        languages=tuple(dict.fromkeys(language_tag(each, index) for index, each in enumerate(need.languages))),
        priority=word(Priority, "priority", need.priority),
        confidentiality=word(Confidentiality, "confidentiality", need.confidentiality),
        tags=tuple(dict.fromkeys(_tidy(tag) for tag in need.tags)),
        avoid=Avoid.of(_tidy(entry) for entry in need.avoid),
        near=need.near,
        consent=consent,
    )
    _check_tags(wanted.tags, view)
    return wanted, also


def _avoidable(view: View, entry: str) -> bool:
    return entry in _KINDS or any(view.has(sheet, entry) for sheet in ("organizations", "contact_points", "holders"))


def _tidy(text: str) -> str:
    """Ids and words are small letters; a capital or a stray blank is no reason to turn someone away."""
    return text.strip().lower()


_KINDS = frozenset(OrganizationKind)
_TAGS = frozenset(tag for tags in TAG_DIMENSIONS.values() for tag in tags)


def _check_tags(tags: Sequence[str], view: View) -> None:
    """A misspelt tag must not pass for one that no service asks about."""
    if _TAGS.issuperset(tags):
        return
    known = _TAGS | view.own_tags
    for tag in tags:
        if tag not in known:
            near = nearest(tag, sorted(known))
            raise Invalid(
                "find.tag",
                "'{value}' is not a population tag.",
                path=("for",),
                remedy="{hint}Use one of: {known}.",
                value=tag,
                hint=f"Did you mean {near}? " if near else "",
                known=", ".join(sorted(known)),
            )


def word(words: type[E], field: str, value: str) -> E:
    try:
        return words(value)
    except ValueError:
        raise Invalid(
            "find.word",
            "'{value}' is not a {field}.",
            path=(field,),
            remedy="Use one of: {known}.",
            value=value,
            field=field,
            known=", ".join(words),
        ) from None
