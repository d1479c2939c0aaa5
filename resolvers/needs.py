"""A need as it was typed, and as it is understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from relaypoint.domain.answer import Need
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.errors import Invalid, Limit, NotFound
from relaypoint.domain.model import holds
from relaypoint.domain.roster_faults import nearest
from relaypoint.domain.tags import meant
from relaypoint.domain.tags import tag as tag_told
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.view import View
from relaypoint.domain.words import TAG_DIMENSIONS, Confidentiality, OrganizationKind, Priority
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.typed import (
    ended_so_named,
    language_tag,
    organization_named,
    place_named,
    places_like,
    service_type_named,
)
from relaypoint.resolvers.unknown import unknown

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


def agreeing(typed: NeedInput, consent: bool) -> NeedInput:
    """The need, where the adult gave informed consent to what is asked for. Raises ``Invalid`` where they are said to
    agree to nothing as well."""
    if not consent or typed.consent is None:
        return typed
    if not typed.consent:
        raise Invalid(
            "refer.consent-twice",
            "The adult's consent is both given and refused.",
            path=("consent",),
            remedy="Leave one of them out.",
        )
    return replace(typed, consent=(*typed.consent, typed.service, *typed.also))


def understood(view: View, typed: NeedInput, need: Need) -> list[Text]:
    """How the need was understood, where it may have been meant otherwise."""
    notes = []
    if need.formerly is None and (others := places_like(view, typed.place, need.place)):
        text = "'{typed}' was taken for {place} ({id}). Others of such a name: {others}."
        names = {"typed": typed.place.strip(), "place": view.place(need.place).name, "id": need.place}
        notes.append(say("note.place-taken", text, **names, others=listed(others)))
    if is_child(need.tags) and "adult" in need.tags:
        other = "child" if "child" in need.tags else "age-unknown"
        text = "Both {one} and {other} were said: it is looked for as for a child."
        notes.append(say("note.child", text, one=tag_told("adult"), other=tag_told(other)))
    if "age-unknown" in need.tags and "adult" not in need.tags:
        text = "Whoever is of unknown age is looked for as a child, until the age is known."
        notes.append(say("note.age-unknown", text))
    if {"male", "female"} <= set(need.tags):
        text = "Both {one} and {other} were said: what is for one of them counts as fitting."
        notes.append(say("note.sexes", text, one=tag_told("female"), other=tag_told("male")))
    if is_child(need.tags) and need.consent is not None:
        text = "Consent to a procedure is an adult's: nothing that a child needs depends on it here."
        notes.append(say("note.child-consent", text))
    if is_child(need.tags):
        text = "Ask the child what they want themselves, in words they understand; it is recorded with the referral."
        notes.append(say("note.childs-view", text))
    return notes


def check_lengths(need: NeedInput) -> None:
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


def moved(view: View, need: Need) -> tuple[Need, tuple[Text, ...]]:
    """A place that was abolished stands for the one that came after it, where it is one."""
    place = present_place(view, need.place)
    if place == need.place:
        return need, ()
    here, heir = view.area(need.place, 0), view.place(place).name
    text = "{place} ended on {until} and is {heir} now: this is for {heir}."
    said = say("note.place-moved", text, place=here.name, until=here.until, heir=heir)
    return replace(need, place=place, formerly=need.place), (said,)


def present_place(view: View, place: str) -> str:
    """The place, or the one in being that came after it, however often it was abolished."""
    last = view.line(place)[-1]
    return last if holds(view.index.rows["jurisdictions"][last], view.day) else place


async def checked(backend: Backend, view: View, need: NeedInput, asker: str) -> tuple[Need, list[str]]:
    """The need, and the further service types."""
    service = await service_type_named(backend, view, need.service, ("service",))
    also = [await service_type_named(backend, view, each, ("also", str(index))) for index, each in enumerate(need.also)]
    avoid = [id for index, entry in enumerate(need.avoid) for id in await _avoided(backend, view, entry, index)]
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
        tags=tuple(dict.fromkeys(tag for said in need.tags for tag in _tags_meant(said, view))),
        avoid=Avoid.of(avoid),
        near=need.near,
        consent=consent,
    )
    _check_tags(wanted.tags, view)
    return wanted, also


async def _avoided(backend: Backend, view: View, entry: str, index: int) -> list[str]:
    """The entry as the roster has it; of an organization its name will do, with those that ended and bore it too. A
    slip must not let anybody through."""
    if _avoidable(view, tidy(entry)):
        return [tidy(entry)]
    try:
        return [await organization_named(backend, view, entry, ("avoid", str(index))), *ended_so_named(view, entry)]
    except NotFound:
        what = "an organization, a kind, a contact point or a holder"
        raise await unknown(backend, f"avoid.{index}", entry, what) from None


def _tags_meant(said: str, view: View) -> tuple[str, ...]:
    """A tag of a task force's own stands for itself, whatever the word means elsewhere."""
    own = tidy(said)
    return (own,) if own in _TAGS | view.own_tags else meant(said)


def _avoidable(view: View, entry: str) -> bool:
    return entry in _KINDS or any(view.has(sheet, entry) for sheet in ("organizations", "contact_points", "holders"))


def tidy(text: str) -> str:
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
        return words(tidy(value))
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
