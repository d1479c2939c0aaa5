"""The browsers of duty officers: each is written to when something comes for its contact point, as long as it likes."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relaypoint.domain.errors import Limit, NotFound, Unavailable
from relaypoint.domain.policy import Action, Subject, may_act_for
from relaypoint.domain.roster_fields import trimmed
from relaypoint.graph import Row, Step
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.known import rows_on

#: So many browsers a contact point may have.
MOST: Final = 30

#: What a browser is called, in characters.
_NAME: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """``name`` is what its owner calls it, to tell it from others."""

    id: str
    name: str
    contact_point: str
    created_at: str


@permitted(Action.KEEP_BROWSERS)
async def browsers(subject: Subject, backend: Backend, contact_point: str) -> list[Browser]:
    """Those of a contact point of the subject's own, the oldest first. Raises ``NotFound``."""
    desk = await _own(subject, backend, contact_point)
    return [_browser_of(row) for row in await backend.store.read("browsers_of", contact_points=[desk])]


@permitted(Action.KEEP_BROWSERS)
async def keep(
    subject: Subject, backend: Backend, contact_point: str, reached: Mapping[str, str], name: str = ""
) -> Browser:
    """Writes to a browser from now on. ``reached`` are the address and the keys that it gave; the caller has checked
    them. Again the same one: it is written to once. Raises ``NotFound``, and ``Limit`` for more than ``MOST``."""
    desk = await _own(subject, backend, contact_point)
    id = hashlib.sha256(f"{desk}\n{reached['endpoint']}".encode()).hexdigest()
    known = await backend.store.read("browsers_of", contact_points=[desk])
    if len(known) >= MOST and id not in {row["browser"]["id"] for row in known}:
        raise Limit(
            "browser.many",
            "A contact point has {most} browsers at most.",
            path=("contactPoint",),
            remedy="Have those forgotten that nobody uses.",
            most=MOST,
        )
    properties: dict[str, Any] = {
        "name": trimmed(name)[:_NAME] or "browser",
        "sealed": backend.vault.seal_setting(dict(reached)),
        "created_at": backend.now(),
    }
    await backend.store.write([Step("browser_put", {"id": id, "contact_point": desk, "properties": properties})])
    return Browser(id=id, contact_point=desk, name=properties["name"], created_at=properties["created_at"])


@permitted(Action.KEEP_BROWSERS)
async def forget(subject: Subject, backend: Backend, contact_point: str, id: str) -> Browser:
    """Writes to it no more. Returns it as it was. Raises ``NotFound``."""
    for browser in await browsers(subject, backend, contact_point):
        if browser.id == id.strip().lower():
            await backend.store.write([Step("browser_end", {"id": browser.id}, None)])
            return browser
    raise NotFound(
        "browser.none",
        "There is no browser '{id}' of this contact point.",
        path=("id",),
        remedy="The contact point's browsers are listed with their ids.",
        id=id[:80],
    )


async def reached(backend: Backend, contact_points: Collection[str]) -> dict[str, list[tuple[str, Mapping[str, str]]]]:
    """By contact point, the id of each of its browsers with its address and keys."""
    found: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    for row in await backend.store.read("browsers_of", contact_points=sorted(contact_points)):
        of = row["browser"]
        with contextlib.suppress(Unavailable):  # One that can't be read stops no message.
            found.setdefault(row["contact_point"], []).append((of["id"], backend.vault.unseal_setting(of["sealed"])))
    return found


def gone(ids: Sequence[str]) -> list[Step]:
    """The steps that end browsers which are subscribed no more."""
    return [Step("browser_end", {"id": id}, None) for id in ids]


def _browser_of(row: Row) -> Browser:
    of = row["browser"]
    return Browser(id=of["id"], name=of["name"], contact_point=row["contact_point"], created_at=of["created_at"])


async def _own(subject: Subject, backend: Backend, contact_point: str) -> str:
    id = contact_point.strip().lower()
    rows, _ = await rows_on(backend)
    desk = rows["contact_points"].get(id)
    if desk is None or not may_act_for(subject, desk["organization"]):
        raise NotFound(
            "browser.desk",
            "'{id}' is not a contact point of yours.",
            path=("contactPoint",),
            remedy="Name one of your own organization.",
            id=contact_point[:60],
        )
    return id
