"""Finding the contact: one read of the store, then the domain decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from langcodes import standardize_tag, tag_is_valid

from relaypoint.domain import finding
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.errors import Invalid
from relaypoint.domain.finding import Finding, Need
from relaypoint.domain.model import Area, ContactPoint, Ground
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.words import TAG_DIMENSIONS, ChannelKind, Confidentiality, OrganizationKind, Priority
from relaypoint.graph import Row
from relaypoint.graph.mapping import areas as areas_from_rows
from relaypoint.graph.mapping import ground as ground_from_row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.operational import as_they_say
from relaypoint.resolvers.overlay import overlay
from relaypoint.resolvers.unknown import not_yours, unknown

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedInput:
    """A need as it was typed; ``find`` checks it. Field names are those of the command line and GraphQL."""

    from_organization: str
    service: str
    place: str
    language: str | None = None
    priority: str = "routine"
    confidentiality: str = "official"
    tags: Sequence[str] = ()
    avoid: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Emergency:
    """Shown above every answer. ``hotline`` is its first phone that is open, or whose hours are not known."""

    number: str | None
    service: str | None
    hotline: ContactPoint | None
    channel: ChannelUse | None


@dataclass(frozen=True, slots=True)
class Answer:
    need: Need
    ground: Ground
    finding: Finding
    emergency: Emergency
    at: datetime


@permitted(Action.FIND)
async def find(subject: Subject, backend: Backend, need: NeedInput) -> Answer:
    """Ranked candidates and the excluded ones, each with its reasons.

    Raises ``Invalid`` for a field that is not understood and ``NotFound`` for an id that the roster does not hold.
    """
    wanted = _checked(need)
    if not may_act_for(subject, wanted.asker):
        raise not_yours(wanted.asker)
    row = await _ground(backend, wanted)
    for field, typed, what in (
        ("from", wanted.asker, "an organization"),
        ("service", wanted.service, "a service type"),
        ("place", need.place, "a place"),
    ):
        if row[{"from": "asker", "service": "type", "place": "place"}[field]] is None:
            raise await unknown(backend, field, typed, what)
    known = set(OrganizationKind) | set(row["avoidable"])
    for index, entry in enumerate(need.avoid):
        if _tidy(entry) not in known:
            what = "an organization, a kind, a contact point or a holder"
            raise await unknown(backend, f"avoid.{index}", entry, what)
    over = await overlay(backend)
    ground = await as_they_say(backend, over.ground(ground_from_row(row)))
    _check_tags(wanted.tags, ground)
    at = backend.clock()
    if not ground.asker.holds(at.date().isoformat()):
        raise Invalid(
            "find.asker-ended",
            "{name} is not an organization on this day.",
            path=("from",),
            remedy="Ask for the organization that succeeded it.",
            name=ground.asker.name,
        )
    return Answer(wanted, ground, finding.find(ground, wanted, at), _emergency(ground.areas, at, wanted.avoid), at)


async def find_again(backend: Backend, need: Need) -> Finding:
    """Who can take a case that was sent before, now: all that bound it then binds it still."""
    over = await overlay(backend)
    ground = await as_they_say(backend, over.ground(ground_from_row(await _ground(backend, need))))
    return finding.find(ground, need, backend.clock())


async def _ground(backend: Backend, need: Need) -> Row:
    rows = await backend.store.read(
        "find_ground",
        place=need.place,
        service=need.service,
        asker=need.asker,
        avoid=sorted(need.avoid.entries),
    )
    return rows[0]


@permitted(Action.SEE_EMERGENCY)
async def emergency(subject: Subject, backend: Backend, place: str, avoid: Avoid | None = None) -> Emergency:
    """The danger-now number and the national hotline of a place; asked for without sign-in.

    A hotline that a case avoids is left out.
    """
    rows = await backend.store.read("place_emergency", place=place.strip().upper())
    if not rows:
        raise await unknown(backend, "place", place, "a place")
    over = await overlay(backend)
    areas = [over.area(area) for area in areas_from_rows(rows[0]["areas"])]
    return _emergency(areas, backend.clock(), avoid or Avoid())


def _emergency(areas: Sequence[Area], at: datetime, avoid: Avoid) -> Emergency:
    danger = next((area for area in areas if area.emergency_number), None)
    day = at.date().isoformat()
    hotline = next((area.hotline for area in areas if area.hotline and _offered(area, day, avoid)), None)
    phone = None
    if hotline:
        uses = weigh(hotline, floor=Confidentiality.PUBLIC, at=at)
        phone = next((use for use in uses if use.barred is None and use.channel.kind is ChannelKind.PHONE), None)
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


def _checked(need: NeedInput) -> Need:
    language = need.language
    if language is not None:
        if not tag_is_valid(language):
            raise Invalid(
                "find.language",
                "'{value}' is not a language tag.",
                path=("language",),
                remedy="Use a BCP 47 tag such as vi, cy or pt-BR.",
                value=language,
            )
        language = standardize_tag(language)
    return Need(
        asker=_tidy(need.from_organization),
        service=_tidy(need.service),
        place=need.place.strip().upper(),
        language=language,
        priority=_word(Priority, "priority", need.priority),
        confidentiality=_word(Confidentiality, "confidentiality", need.confidentiality),
        tags=tuple(dict.fromkeys(_tidy(tag) for tag in need.tags)),
        avoid=Avoid.of(_tidy(entry) for entry in need.avoid),
    )


def _tidy(text: str) -> str:
    """Ids and words are small letters; a capital or a stray blank is no reason to turn someone away."""
    return text.strip().lower()


_TAGS = frozenset(tag for tags in TAG_DIMENSIONS.values() for tag in tags)


def _check_tags(tags: Sequence[str], ground: Ground) -> None:
    """A misspelt tag must not pass for one that no service asks about."""
    known = _TAGS | {tag for service in ground.services for tag in service.serves}
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


def _word(words: type[E], field: str, value: str) -> E:
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
