"""Keeping what was measured: one file of results, a part for each measurement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results.json"


def keep(name: str, table: dict[str, Any], *, beside: bool = False) -> None:
    """Puts the table into ``bench/results.json`` under that name; ``beside``: what it does not name stays there."""
    record = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    record[name] = {**(record.get(name, {}) if beside else {}), **_rounded(table)}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value
