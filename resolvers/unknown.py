"""What was typed and is not in the roster: which of its names and ids may have been meant."""

from __future__ import annotations

from typing import Final

from rapidfuzz import process

from relaypoint.domain.errors import NotFound
from relaypoint.domain.words import OrganizationKind
from relaypoint.resolvers.backend import Backend

#: So like each other two names have to be, of 100, for one to stand for the other.
_ALIKE: Final = 75
#: And for a kind: it is one word, and a word of another language.
_KIND: Final = 60

_NAMES: Final = {
    "place": "place_names",
    "service": "service_type_names",
    "serviceType": "service_type_names",
    "taskForce": "task_force_names",
    "organization": "organization_names",
    "from": "organization_names",
    "as": "organization_names",
    "avoid": "organization_names",
}


def not_yours(organization: str) -> NotFound:
    """For whoever acts for another organization: the same, whether that one exists or not."""
    return _problem("from", organization, "an organization that you act for", "Ask for your own organization.")


async def unknown(backend: Backend, field: str, typed: str, what: str) -> NotFound:
    """The problem for an id that the roster does not hold. ``field`` is its place in the need, as ``avoid.0``."""
    kind = field.split(".")[0]
    names: dict[str, list[str]] = {}
    rows = await backend.store.read(_NAMES[kind])
    for row in rows:
        for name in (row["name"], row["id"], *(row["other_names"] or ())):
            names.setdefault(name.casefold(), []).append(f"{row['name']} ({row['id']})")
    wanted = typed.strip().casefold()
    close = [name for name, _, _ in process.extract(wanted, list(names), limit=3, score_cutoff=_ALIKE)]
    if kind == "avoid":
        kinds = {word.value: [f"{word.value} (all of that kind)"] for word in OrganizationKind}
        names |= kinds
        # Whoever fears one office of a kind fears all: a kind that may have been meant comes before any single body.
        close = [name for name, _, _ in process.extract(wanted, list(kinds), limit=1, score_cutoff=_KIND)] + close
    likely = [wanted] if wanted in names else close
    meant = list(dict.fromkeys(entry for name in likely for entry in names[name]))
    if meant:
        return _problem(field, typed, what, f"Did you mean {', '.join(meant)}? Give the code.")
    if kind in ("service", "serviceType"):
        return _problem(field, typed, what, f"Use one of: {', '.join(sorted(row['id'] for row in rows))}.")
    if kind == "avoid":
        words = ", ".join(OrganizationKind)
        given = "an organization, desk or holder of this roster"
        text = f"Give {given}, or a kind: {words}. A private person is none of them."
        return _problem(field, typed, what, text)
    return _problem(field, typed, what, "Check the id; `relaypoint export` shows all of them.")


def _problem(field: str, typed: str, what: str, remedy: str) -> NotFound:
    return NotFound(
        "find.unknown",
        "'{value}' is not {what} in this roster.",
        path=tuple(field.split(".")),
        remedy="{remedy_text}",
        value=typed,
        what=what,
        remedy_text=remedy,
    )
