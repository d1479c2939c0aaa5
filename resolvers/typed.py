"""What somebody typed where an id is meant: a code, a name in any of its spellings, a language by its name."""

from __future__ import annotations

import asyncio

from langcodes import standardize_tag, tag_is_valid

from relaypoint.domain.errors import Invalid
from relaypoint.domain.view import View
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.unknown import unknown


async def place_named(backend: Backend, view: View, typed: str) -> str:
    """The code of the place that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    code = typed.strip().upper()
    if view.has("jurisdictions", code):
        return code
    return await _named(backend, view, "jurisdictions", typed, ("place",), "a place")


async def service_type_named(backend: Backend, view: View, typed: str, path: tuple[str, ...]) -> str:
    """The id of the service type that was typed. Raises ``NotFound``, and ``Invalid`` where several bear the name."""
    id = typed.strip().lower()
    if view.has("service_types", id):
        return id
    return await _named(backend, view, "service_types", typed, path, "a service type")


async def _named(backend: Backend, view: View, sheet: str, typed: str, path: tuple[str, ...], what: str) -> str:
    """The id of what bears just this name; of what has ended only where nothing else does."""
    names = await asyncio.to_thread(view.names, sheet)
    whole = [hit for hit in names.search(typed, limit=50) if hit.how in ("id", "whole")]
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
            choices=", ".join(f"{hit.entry.name} ({hit.entry.id})" for hit in hits[:10]),
        )
    problem = await unknown(backend, "place" if sheet == "jurisdictions" else "service", typed, what)
    problem.path = path
    raise problem


def language_tag(typed: str, index: int) -> str:
    """The tag (BCP 47) of a language that was typed as a tag or by its name. Raises ``Invalid``."""
    text = typed.strip()
    if text and tag_is_valid(text):
        return str(standardize_tag(text))
    from relaypoint.domain.language_names import languages, languages_called  # It loads the names of all languages.

    if called := languages_called(text):
        return called[0]
    found = languages(text)
    raise Invalid(
        "find.language",
        "'{value}' is not a language tag.",
        path=("languages", str(index)),
        remedy="Use a BCP 47 tag such as vi, cy or pt-BR{hint}.",
        value=typed[:60],
        hint=f"; did you mean {' or '.join(found)}?" if found else "",
    )
