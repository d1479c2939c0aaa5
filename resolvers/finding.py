"""Finding the contact: one read of the store, then the domain decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from langcodes import standardize_tag, tag_is_valid
from rapidfuzz import process

from relaypoint.domain import finding
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.finding import Finding, Need
from relaypoint.domain.model import Area, ContactPoint, Ground
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.domain.words import TAG_DIMENSIONS, ChannelKind, Confidentiality, OrganizationKind, Priority
from relaypoint.graph.mapping import areas as areas_from_rows
from relaypoint.graph.mapping import ground as ground_from_row
from relaypoint.resolvers.backend import Backend, permitted

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
        raise _unknown("from", wanted.asker, "an organization that you act for")
    rows = await backend.store.read(
        "find_ground",
        place=wanted.place,
        service=wanted.service,
        asker=wanted.asker,
        avoid=sorted(wanted.avoid.entries),
    )
    row = rows[0]
    for field, value, what in (
        ("from", wanted.asker, "an organization"),
        ("service", wanted.service, "a service type"),
        ("place", wanted.place, "a place"),
    ):
        if row[{"from": "asker", "service": "type", "place": "place"}[field]] is None:
            raise await _unknown_place(backend, need.place) if field == "place" else _unknown(field, value, what)
    known = set(OrganizationKind) | set(row["avoidable"])
    for index, entry in enumerate(need.avoid):
        if _tidy(entry) not in known:
            raise _unknown(f"avoid.{index}", entry, "an organization, a kind, a contact point or a holder")
    ground = ground_from_row(row)
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


@permitted(Action.SEE_EMERGENCY)
async def emergency(subject: Subject, backend: Backend, place: str, avoid: Avoid | None = None) -> Emergency:
    """The danger-now number and the national hotline of a place; asked for without sign-in.

    A hotline that a case avoids is left out.
    """
    rows = await backend.store.read("place_emergency", place=place.strip().upper())
    if not rows:
        raise _unknown("place", place, "a place")
    return _emergency(areas_from_rows(rows[0]["areas"]), backend.clock(), avoid or Avoid())


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
            raise Invalid(
                "find.tag",
                "'{value}' is not a population tag.",
                path=("for",),
                remedy="Use one of: {known}.",
                value=tag,
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


async def _unknown_place(backend: Backend, typed: str) -> NotFound:
    """Names the places whose name or code is nearest to what was typed."""
    wanted = typed.strip().casefold()
    by_name: dict[str, list[str]] = {}
    for row in await backend.store.read("place_names"):
        for name in (row["name"], row["id"], *(row["other_names"] or ())):
            by_name.setdefault(name.casefold(), []).append(f"{row['name']} ({row['id']})")
    close = [name for name, _, _ in process.extract(wanted, list(by_name), limit=3, score_cutoff=75)]
    likely = [wanted] if wanted in by_name else close
    places = list(dict.fromkeys(place for name in likely for place in by_name[name]))
    if not places:
        return _unknown("place", typed, "a place")
    return NotFound(
        "find.unknown-place",
        "'{value}' is not the code of a place in this roster.",
        path=("place",),
        remedy="Did you mean {places}? Give the code.",
        value=typed,
        places=", ".join(places),
    )


def _unknown(field: str, value: str, what: str) -> NotFound:
    return NotFound(
        "find.unknown",
        "'{value}' is not {what} in this roster.",
        path=tuple(field.split(".")),
        remedy="Check the id; `relaypoint export` shows all of them.",
        value=value,
        what=what,
    )
