"""Searching the roster by names, in any spelling and script."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.search import SHEETS, Hit
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.finding import present_view

#: How many hits one may ask for.
MOST: Final = 200


@permitted(Action.READ_ROSTER)
async def search(
    subject: Subject, backend: Backend, text: str, *, sheets: Sequence[str] = (), limit: int = 20
) -> list[Hit]:
    """What bears such a name, the best first; of these sheets, or of all that have names.

    Raises ``Invalid`` for a sheet that has none, and for a limit that is not 1 to ``MOST``.
    """
    wanted = [sheet.strip().lower().replace("-", "_") for sheet in sheets]
    for index, sheet in enumerate(wanted):
        if sheet not in SHEETS:
            raise Invalid(
                "search.sheet",
                "'{value}' has no names to be searched.",
                path=("in", str(index)),
                remedy="Use one of: {known}.",
                value=sheets[index][:60],
                known=", ".join(SHEETS),
            )
    if not 1 <= limit <= MOST:
        raise Invalid(
            "search.limit",
            "One can ask for 1 to {most} hits, not {value}.",
            path=("first",),
            remedy="Use a number in between.",
            most=MOST,
            value=limit,
        )
    view = await present_view(backend)
    # On a large roster the index takes a moment; others are answered meanwhile.
    names = await asyncio.to_thread(view.names, *SHEETS)
    return names.search(text, sheets=wanted or None, limit=limit)
