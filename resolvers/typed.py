"""What somebody typed where an id is meant: a code, a name in any of its spellings, a language by its name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from langcodes import standardize_tag, tag_is_valid

from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.languages import language
from relaypoint.domain.texts import any_of
from relaypoint.domain.view import View
from relaypoint.resolvers.backend import Backend

if TYPE_CHECKING:
    from relaypoint.domain.search import Hit


#: How like what was typed a name has to be, of 100, to be meant.
_SURE: Final = 80

#: From here on a name has all that was typed as whole words.
_WORD: Final = 95

#: Sign languages are called by letters that, as codes, mean other languages.
_SIGNED: Final = {"BSL": "bfi", "ISL": "isg", "ASL": "ase", "LSF": "fsl", "DGS": "gsg", "NGT": "dse", "LSE": "ssp"}


async def place_named(backend: Backend, view: View, typed: str) -> str:
    """The code of the place that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    return await _named(backend, view, "jurisdictions", typed, ("place",), "a place")


def places_like(view: View, typed: str, id: str) -> list[str]:
    """Other places in being that bear the name that was typed, as a part of theirs; none where a code was typed."""
    if typed.strip().upper() == id:
        return []
    found = view.names("jurisdictions").search(typed, limit=20, until="start")
    hits = [hit for hit in found if hit.score >= _WORD and not hit.entry.ended]
    around = {id, *view.above(id)}
    near = [hit for hit in hits if hit.entry.id not in around and id not in view.above(hit.entry.id)]
    return [_shown(view, hit) for hit in near[:3]]


async def service_type_named(backend: Backend, view: View, typed: str, path: tuple[str, ...]) -> str:
    """The id of the service type that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    return await _named(backend, view, "service_types", typed, path, "a service type")


async def organization_named(backend: Backend, view: View, typed: str, path: tuple[str, ...]) -> str:
    """The id of the organization that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    return await _named(backend, view, "organizations", typed, path, "an organization")


def ended_so_named(view: View, typed: str) -> list[str]:
    """The organizations that have ended and bore just this name."""
    found = view.names("organizations").search(typed, limit=50)
    return [hit.entry.id for hit in found if hit.how in ("id", "whole") and hit.entry.ended]


async def task_force_named(backend: Backend, view: View, typed: str, path: tuple[str, ...]) -> str:
    """The id of the task force that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    return await _named(backend, view, "task_forces", typed, path, "a task force")


async def contact_point_named(backend: Backend, view: View, typed: str, path: tuple[str, ...]) -> str:
    """The id of the contact point that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    return await _named(backend, view, "contact_points", typed, path, "a contact point")


async def _named(backend: Backend, view: View, sheet: str, typed: str, path: tuple[str, ...], what: str) -> str:
    """The id that was typed, or that of what bears just this name; of what has ended only where nothing else does."""
    id = typed.strip().upper() if sheet == "jurisdictions" else typed.strip().lower()
    if view.has(sheet, id):
        return id
    names = await asyncio.to_thread(view.names, sheet)
    found = names.search(typed, limit=50)
    whole = [hit for hit in found if hit.how in ("id", "whole")]
    hits = [hit for hit in whole if not hit.entry.ended] or whole
    if len(hits) == 1:
        return hits[0].entry.id
    if hits:
        raise Invalid(
            "find.several",
            "'{value}' is the name of several.",
            path=path,
            remedy="Give the code of the one that is meant: {choices}.",
            value=typed[:60],
            choices=", ".join(_shown(view, hit) for hit in hits[:10]),
        )
    if sheet == "jurisdictions" and (land := territory(typed)) and not view.has(sheet, land):
        raise NotFound(
            "find.elsewhere",
            "'{value}' is another country, and not in this roster.",
            path=path,
            remedy="{lands} Ask that country's own directory, or its hotline.",
            value=typed[:60],
            lands=_lands(view),
        )
    near = [hit for hit in found if hit.how != "alike" or hit.score >= _SURE][:4]
    hint = f"Did you mean {', '.join(_shown(view, hit) for hit in near)}? Give the code in brackets." if near else ""
    if hint and sheet == "jurisdictions":
        hint = f"{hint} {_lands(view)}"
    raise NotFound(
        "find.unknown",
        "'{value}' is not {what} in this roster.",
        path=path,
        remedy="{hint}",
        value=typed[:60],
        what=what,
        hint=hint or _otherwise(view, sheet),
    )


def territory(typed: str) -> str | None:
    """The code (ISO 3166-1) of a country or territory that was typed by its name or code."""
    from relaypoint.domain.language_names import territory_called  # It loads the names of all of them.

    return territory_called(typed)


def _shown(view: View, hit: Hit) -> str:
    """With what tells it from others of the same name: the code, what a place lies in, and that it has ended."""
    above = view.above(hit.entry.id)[1:-1] if hit.entry.sheet == "jurisdictions" else ()
    where = f", {view.name('jurisdictions', above[-1])}" if above else ""
    return f"{hit.entry.name}{where} ({hit.entry.id}{', ended' if hit.entry.ended else ''})"


def _otherwise(view: View, sheet: str) -> str:
    if sheet == "jurisdictions":
        parts = [part for land in countries(view) for part in (land, *view.index.ids("places in", land))]
        names = ", ".join(f"{view.name(sheet, id)} ({id})" for id in parts[:8])
        return f"Give a larger place that it lies in, such as its council or county, or one of: {names}. {_lands(view)}"
    if sheet == "service_types":
        return f"Use one of: {', '.join(sorted(view.index.rows[sheet]))}."
    return "Check the id; `relaypoint search` finds names."


def countries(view: View) -> list[str]:
    """The codes of the countries that the roster has."""
    return [id for id in sorted(view.index.rows["jurisdictions"]) if len(id) == 2]


def _lands(view: View) -> str:
    names = ", ".join(view.name("jurisdictions", id) for id in countries(view))
    return f"No other country than {names} is in this roster." if names else "No country is in this roster."


def language_tag(typed: str, index: int) -> str:
    """The tag (BCP 47) of a language that was typed as a tag or by its name. Raises ``Invalid``."""
    text = typed.strip()
    if text in _SIGNED:
        return _SIGNED[text]
    if text and tag_is_valid(text):
        return str(standardize_tag(text))
    from relaypoint.domain.language_names import languages, languages_called  # It loads the names of all languages.

    if text[-1:].isalpha() and (called := languages_called(text)):
        return called[0]
    found = ["sgn", *_SIGNED.values()] if "sign" in text.lower().split() else languages(text)
    raise Invalid(
        "find.language",
        "'{value}' is not a language tag.",
        path=("languages", str(index)),
        remedy="Use a BCP 47 tag such as vi, cy or pt-BR{hint}.",
        value=typed[:60],
        hint=f"; did you mean {any_of(f'{language(tag)} ({tag})' for tag in found)}?" if found else "",
    )
