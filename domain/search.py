"""Search over the names of a roster, in whatever script and spelling they are typed.

It runs in process on plain texts, so that every storage engine gives the same. Stages run from a whole name down to a
likeness, until there are enough hits. What one may see is decided elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import log
from typing import Final

from anyascii import anyascii
from rapidfuzz import fuzz, process

from relaypoint.domain.model import Dated
from relaypoint.domain.rows import Rows

SHEETS: Final = ("jurisdictions", "organizations", "task_forces", "service_types", "services", "contact_points")
#: So many characters of a typed text or of a name are looked at.
LONGEST: Final = 200
#: How a hit was found, the best first. An abbreviation that more than ``_MANY`` names share comes after ``words``: else
#: "col" would bring each City of L… before Columbus.
HOW: Final = ("id", "whole", "abbreviation", "start", "words", "alike")
_MANY: Final = 10
#: How alike two words have to be, of 100: one wrong letter in four. So much of what was typed has to be in the name.
ALIKE: Final = 75
#: How alike short words, whole names and their consonants have to be: of three letters one may lack, none be wrong.
CLOSE: Final = 85
_SMALL: Final = frozenset({"of", "and", "the", "for"})
_BRACKETS: Final = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_ABJAD: Final = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")  # Hebrew, Arabic and their kin
_VOWELS: Final = str.maketrans("", "", "aeiouw")


def normalised(text: str) -> str:
    """Words of small Latin letters and digits, with one space between; empty where nothing of it can be read.

    Capitals, accents and scripts are levelled, apostrophes and what is invisible vanish, ``&`` is and, other marks part
    words. ``LONGEST`` characters at most are read, and given.
    """
    text = anyascii(unicodedata.normalize("NFKC", text[:LONGEST]))
    text = re.sub(r"['`]", "", text.lower().replace("&", " and "))
    return re.sub(r"[^a-z0-9]+", " ", text).strip()[:LONGEST].rstrip()


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found: a row of a sheet, by all its names."""

    sheet: str
    id: str
    name: str
    names: tuple[str, ...]
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """``how`` is one of ``HOW``, ``score`` says how well within that, of 100, ``matched`` is the name that did."""

    entry: Entry
    how: str
    score: int
    matched: str


def entries_of(rows: Rows, day: str) -> list[Entry]:
    """The rows of ``SHEETS`` with their names, the official one first; ``ended`` is of that day (ISO)."""
    entries = []
    for sheet in SHEETS:
        for id, row in rows.get(sheet, {}).items():
            names = (row["name"], *(row.get("other_names") or ()))
            entries.append(Entry(sheet, id, row["name"], names, Dated(until=row["until"]).ended(day)))
    return entries


class Names:
    """An index of names, made once, then only read. Each text is kept once: thousands of desks have the same name."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        # What fits equally well comes in this order, so its number in it is all that ranking needs of an entry.
        self._entries = sorted(entries, key=lambda each: (each.ended, len(each.name), each.name, each.id, each.sheet))
        self._ids: dict[str, list[int]] = {}
        read = {name: text for entry in self._entries for name in entry.names if (text := normalised(name))}
        texts: dict[str, dict[int, int]] = {}
        for number, entry in enumerate(self._entries):
            self._ids.setdefault(entry.id.casefold(), []).append(number)
            for place, name in enumerate(entry.names):
                if name in read:
                    texts.setdefault(read[name], {}).setdefault(number, place)
        # From here on all goes by the number of a text. Its entries come with its place among their names.
        self._places = [list(places.items()) for places in texts.values()]
        self._numbers = {text: at for at, text in enumerate(texts)}
        self._padded = [f" {text} " for text in texts]
        self._words = [_folded(text).split() for text in texts]
        self._joined = ["".join(words) for words in self._words]
        self._bare = {at: joined.translate(_VOWELS) for at, joined in enumerate(self._joined)}
        self._abjad = {at: self._bare[at] for at in {self._numbers[read[name]] for name in read if _ABJAD.search(name)}}
        self._short: dict[str, set[int]] = {}
        for name, text in read.items():
            for short in _abbreviations(name, text):
                self._short.setdefault(short, set()).add(self._numbers[text])
        self._having: dict[str, list[int]] = {}
        for at, words in enumerate(self._words):
            for word in set(words):
                self._having.setdefault(word, []).append(at)

    def search(
        self, text: str, *, sheets: Collection[str] | None = None, limit: int = 20, until: str | None = None
    ) -> list[Hit]:
        """At most ``limit`` entries, of these sheets or of all; empty where nothing fits. Never raises. ``until``: the
        last of ``HOW`` that is looked for.

        Ranked by ``how``, score, in being before ended, the shorter name, name, id. Each comes once, by its best name.
        """
        plain = normalised(text)
        if not plain:
            return []
        within = (lambda number: self._entries[number].sheet in sheets) if sheets is not None else None
        ids = [each for each in self._ids.get(text[:LONGEST].strip().casefold(), ()) if within is None or within(each)]
        found = {number: Hit(self._entries[number], "id", 100, self._entries[number].name) for number in ids}
        for how, fitting in self._stages(text[:LONGEST], plain):
            if len(found) >= limit or (until is not None and HOW.index(how) > HOW.index(until)):
                break
            ranked: list[tuple[int, int, int]] = []
            for score, at in fitting:
                places = self._places[at] if within is None else [each for each in self._places[at] if within(each[0])]
                ranked += [(-score, number, place) for number, place in places[:limit]]
            for minus, number, place in sorted(ranked):
                if number not in found and len(found) < limit:
                    found[number] = Hit(self._entries[number], how, -minus, self._entries[number].names[place])
        return list(found.values())[: max(limit, 0)]

    def _stages(self, text: str, plain: str) -> list[tuple[str, Iterable[tuple[int, int]]]]:
        """Each with the scores, of 100, and the numbers of what fits; worked out only when it is gone through."""
        words = plain.split()
        meant = [word for word in dict.fromkeys(words) if word not in _SMALL] or words
        short = self._short.get("".join(words) if len(plain) < 2 * len(words) else plain, set())
        stages: list[tuple[str, Iterable[tuple[int, int]]]] = [
            ("whole", [(100, self._numbers[plain])] if plain in self._numbers else []),
            ("start", self._starting(plain)),
            ("words", self._having_all(meant)),
            ("alike", self._alike(text, plain, meant)),
        ]
        stages.insert(1 if len(short) <= _MANY else 3, ("abbreviation", [(100, at) for at in short]))
        return stages

    def _starting(self, plain: str) -> Iterator[tuple[int, int]]:
        """Better where the text ends with a word of the name, and where the name begins with it."""
        part, complete = f" {plain}", f" {plain} "
        for at, name in enumerate(self._padded):
            if part in name:
                yield (95 if complete in name else 80) + (5 if name.startswith(part) else 0), at

    def _having_all(self, words: list[str]) -> Iterator[tuple[int, int]]:
        fitting, typed = list(range(len(self._padded))), sum(map(len, words))
        for word in sorted(words, key=len, reverse=True):
            fitting = [at for at in fitting if f" {word}" in self._padded[at]]
        yield from ((min(99, 100 * typed // len(self._joined[at])), at) for at in fitting)

    def _alike(self, text: str, plain: str, words: list[str]) -> Iterator[tuple[int, int]]:
        """By the words, by the name as a whole, and by its consonants where one side has no vowels."""
        scores = self._alike_words(sorted(words, key=len, reverse=True)[:8])  # They are enough to tell names apart.
        typed, whole = plain.split(), _folded(plain).replace(" ", "")
        for _, score, at in process.extract(whole, self._joined, scorer=fuzz.ratio, score_cutoff=CLOSE, limit=None):
            pairs = zip(typed, self._padded[at].split(), strict=False)
            # Kent is not Gwent, however long the rest; but words may part elsewhere.
            if len(typed) != len(self._words[at]) or all(len(b) < 4 or fuzz.ratio(a, b) >= ALIKE for a, b in pairs):
                scores[at] = max(score, scores.get(at, 0))
        bare, others = whole.translate(_VOWELS), self._bare if _ABJAD.search(text) else self._abjad
        if len(bare) > 2:  # Of two, too many are the same.
            for _, score, at in process.extract(bare, others, scorer=fuzz.ratio, score_cutoff=CLOSE, limit=None):
                scores[at] = max(score, scores.get(at, 0))
        yield from ((min(99, round(score)), at) for at, score in scores.items())

    def _alike_words(self, words: list[str]) -> dict[int, float]:
        """The texts with words alike to these, of which one weighs the more, the fewer texts have it."""
        near = {word: self._near(word) for word in words}
        having = {word: [at for each in near[word] for at in self._having[each]] for word in words}
        weights = {word: log(2 + len(self._words) / (1 + len(having[word]))) for word in words}
        whole = left = sum(weights.values())
        likely: set[int] = set()
        for word in sorted(words, key=lambda each: len(having[each])):
            if 100 * left < ALIKE * whole:
                break  # What has none of the words so far can't have enough.
            left -= weights[word]
            likely.update(having[word])
        scores, typed = {}, sum(map(len, words))
        for at in likely:
            best = (weights[word] * max(near[word].get(each, 0) for each in self._words[at]) for word in words)
            if (score := sum(best) / whole) >= ALIKE:  # Among these, what was typed more of comes first.
                scores[at] = 0.9 * score + min(10, 10 * typed / len(self._joined[at]))
        return scores

    def _near(self, word: str) -> dict[str, float]:
        """The words of all names that this one begins or may be meant for, and how alike they are."""
        folded, cutoff = _folded(word), ALIKE if len(word) > 3 else CLOSE
        near = process.extract(folded, self._having.keys(), scorer=fuzz.ratio, score_cutoff=cutoff, limit=None)
        found = {each: 95.0 for each in self._having if len(folded) > 2 and each.startswith(folded)}
        return found | {each: max(score, found.get(each, 0)) for each, score, _ in near}


def _folded(text: str) -> str:
    """Without what is mistyped most, and differs from one transliteration to the next: doubled letters, i or y."""
    return re.sub(r"([a-z])\1+", r"\1", text.replace("y", "i"))


def _abbreviations(name: str, text: str) -> set[str]:
    """The initials of a name, with and without small words, and what it has in brackets with capitals."""
    found = {normalised(each) for each in _BRACKETS.findall(name) if sum(map(str.isupper, each)) > 1}
    words = (normalised(_BRACKETS.sub(" ", name)) if found else text).split()
    initials = ("".join(word[0] for word in some) for some in (words, [w for w in words if w not in _SMALL]))
    return {each for each in (*found, *initials) if len(each) > 1 and " " not in each}
