"""A designation list as published, held against a roster: what was matched and how, what is new, what has ended.

Stages run one after the other over all names: an official name that fits whole is never taken by a likeness, and what
is matched once is out of the later stages. Stripping the kind of council comes late, for it makes Somerset County
Council and its successor, Somerset Council, the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz import fuzz, process

from relaypoint.domain.model import Dated, holds

#: How alike two names have to be, of 100, to be proposed as one.
ALIKE: Final = 90

#: Words that say what kind of council a place has, and not which place it is.
_KINDS: Final = re.compile(
    r"\b(?:council|county|city|borough|district|metropolitan|unitary|royal|london|authority|corporation|of|the|and)\b"
)
_SIDES: Final = re.compile(r"\b(?:north|south|east|west|mid|upper|lower|inner|outer)(?:ern)?\b")
_ARTICLE: Final = re.compile(r"^the\s+")
_REVERSED: Final = re.compile(
    r"^(?P<place>[^,]+), (?P<kind>(?:city|county|borough|london borough|royal borough)(?: and .*)? of)$"
)


@dataclass(frozen=True, slots=True)
class Body:
    """An organization of the roster; ``ended`` is of the day asked for, ``replaced_by`` are its successors' ids."""

    id: str
    names: tuple[str, ...]
    ended: bool = False
    until: str | None = None
    replaced_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.names[0]


def bodies_of(rows: Iterable[Mapping[str, Any]], day: str) -> list[Body]:
    """The organizations of a roster, from the columns of its sheet."""
    return [
        Body(
            id=row["id"],
            names=(row["name"], *(row["other_names"] or ())),
            ended=Dated(until=row["until"]).ended(day),
            until=row["until"],
            replaced_by=tuple(row["replaced_by"] or ()),
        )
        for row in rows
    ]


def members_of(rows: Iterable[Mapping[str, Any]], role: str, day: str) -> list[str]:
    """The ids of the organizations that hold a role on that day, from the columns of the sheet of memberships."""
    return [row["organization"] for row in rows if row["role"] == role and holds(row, day)]


@dataclass(frozen=True, slots=True)
class Match:
    """``how`` is whole, normalised, stripped or alike; ``score`` says how alike, of 100. A likeness is a proposal."""

    name: str
    body: Body
    how: str
    score: int = 100


@dataclass(frozen=True, slots=True)
class Reconciled:
    """``abolished``: matched bodies that have ended, each with its successors. ``lacking``: successors, in being, that
    the list does not hold. ``new``: names that the roster does not hold. ``twice``: names that came more than once.
    ``unlisted``: bodies that the list was expected to hold and does not.
    """

    matched: tuple[Match, ...]
    abolished: tuple[tuple[Match, tuple[Body, ...]], ...]
    lacking: tuple[Body, ...]
    new: tuple[str, ...]
    twice: tuple[str, ...]
    unlisted: tuple[Body, ...]


def reconcile(names: Sequence[str], bodies: Iterable[Body], expected: Iterable[str] = ()) -> Reconciled:
    """``expected`` are the ids of those in being that the list should hold, such as the members in that role."""
    by_id = {body.id: body for body in bodies}
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    found: dict[str, Match] = {}
    for how, key in _STAGES:
        _same(found, wanted, by_id, how, key)
    _alike(found, wanted, by_id)
    matched = tuple(found[name] for name in wanted if name in found)
    on_list = {match.body.id for match in matched}
    abolished = tuple((match, _heirs(match.body, by_id)) for match in matched if match.body.ended)
    heirs = {heir.id: heir for _, found_heirs in abolished for heir in found_heirs}
    counts = Counter(name.strip() for name in names)
    return Reconciled(
        matched=matched,
        abolished=abolished,
        lacking=tuple(heirs[id] for id in sorted(heirs) if id not in on_list and not heirs[id].ended),
        new=tuple(name for name in wanted if name not in found),
        twice=tuple(name for name in wanted if counts[name] > 1),
        unlisted=tuple(
            by_id[id] for id in sorted(set(expected)) if id in by_id and id not in on_list and not by_id[id].ended
        ),
    )


def _heirs(body: Body, by_id: Mapping[str, Body]) -> tuple[Body, ...]:
    """Its successors in being, through those that have ended in turn; those that ended without any are named too."""
    found: dict[str, Body] = {}
    seen, waiting = {body.id}, list(body.replaced_by)
    while waiting:
        id = waiting.pop(0)
        if id in seen or id not in by_id:
            continue
        seen.add(id)
        heir = by_id[id]
        if heir.ended and heir.replaced_by:
            waiting += heir.replaced_by
        else:
            found[id] = heir
    return tuple(found.values())


def _same(
    found: dict[str, Match], wanted: Sequence[str], by_id: Mapping[str, Body], how: str, key: Callable[[str], str]
) -> None:
    """Matches the names whose key belongs to one body alone; of several, the one in being, if it is alone in that."""
    taken = {match.body.id for match in found.values()}
    keys: dict[str, list[Body]] = {}
    for body in by_id.values():
        if body.id not in taken:
            for of in {key(name) for name in body.names} - {""}:
                keys.setdefault(of, []).append(body)
    for name in wanted:
        if name in found:
            continue
        fitting = keys.get(key(name), [])
        if len(fitting) > 1:
            fitting = [body for body in fitting if not body.ended]
        if len(fitting) == 1 and fitting[0].id not in taken:
            found[name] = Match(name, fitting[0], how)
            taken.add(fitting[0].id)


def _alike(found: dict[str, Match], wanted: Sequence[str], by_id: Mapping[str, Body]) -> None:
    """Proposes for each name that is left the likest body that is left."""
    taken = {match.body.id for match in found.values()}
    names = {
        (body.id, at): normalised(name)
        for body in by_id.values()
        if body.id not in taken
        for at, name in enumerate(body.names)
    }
    for name in wanted:
        if name in found:
            continue
        plain = normalised(name)
        near = process.extract(plain, names, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None)
        likely = [(_likeness(plain, other), id) for other, _, (id, _) in near]
        score, id = max(likely, key=lambda each: each[0], default=(0, ""))
        if score >= ALIKE:
            found[name] = Match(name, by_id[id], "alike", round(score))
            names = {key: value for key, value in names.items() if key[0] != id}


def _likeness(one: str, other: str) -> float:
    """How alike two normalised names are, of 100, with and without the kind of council: else its words would outweigh
    the place's. North and South are never alike, however long the rest is.
    """
    if set(_SIDES.findall(one)) != set(_SIDES.findall(other)):
        return 0
    return min(fuzz.ratio(one, other), fuzz.ratio(stripped(one), stripped(other)))


def normalised(name: str) -> str:
    """Without capitals, accents, punctuation and a leading article; ``&`` is and; ``Bristol, City of`` turned round."""
    text = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter)).replace("&", " and ")
    text = " ".join(text.split())
    turned = _REVERSED.match(text)
    if turned:
        text = f"{turned['kind']} {turned['place']}"
    text = re.sub(r"['’]", "", text)
    return _ARTICLE.sub("", " ".join(re.sub(r"[^\w]+", " ", text).split()))


def stripped(name: str) -> str:
    """Without the words that say what kind of council it is; empty where nothing else is left."""
    return " ".join(_KINDS.sub(" ", normalised(name)).split())


_STAGES: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("whole", lambda name: " ".join(name.split())),
    ("normalised", normalised),
    ("stripped", stripped),
)
