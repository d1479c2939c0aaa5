"""A list against a roster or a list on disk: no store is opened, and the answer has the same form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from relaypoint.app.runtime import clock_of
from relaypoint.app.settings import Settings
from relaypoint.domain.clock import format_instant
from relaypoint.resolvers.reconcile import against_path
from relaypoint.schema.reconcile_types import Reconciliation


def compared(names: Sequence[str], path: Path, settings: Settings, role: str | None) -> dict[str, Any]:
    """What the command line shows. Raises ``Invalid`` where there is nothing to compare with."""
    day = format_instant(clock_of(settings)())[:10]
    found = asdict(Reconciliation.of(against_path(names, path, day, role)))
    return {part: _named(value) for part, value in found.items()}


def _named(value: Any) -> Any:
    """A plain key is called id, as in every command's JSON."""
    if isinstance(value, list):
        return [_named(each) for each in value]
    if isinstance(value, dict):
        return {"id" if name == "key" else name: _named(each) for name, each in value.items()}
    return value
