"""How the process report is shown: as a table, for a spreadsheet, and as a page to print."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relaypoint.app.show import Data, percent
from relaypoint.domain.kept_back import FEWEST
from relaypoint.domain.process import Fate, Stage
from relaypoint.resolvers.tables_cells import guarded

_HEADER: Final = ("Steps", "Acknowledged in time", "Decided in time", "Hours to decide", "Lost")
_SHARES: Final = ("acknowledged", "decided")


def shown(console: Console, groups: Sequence[Data], by: str) -> None:
    if not groups:
        console.print(f"No group has {FEWEST} steps in that time; fewer are not told.")
        return
    table = Table(title=f"How steps went, by {by}", title_justify="left")
    table.add_column(by.capitalize())
    for name in _HEADER:
        table.add_column(name, justify="right")
    for group in groups:
        table.add_row(*map(escape, _row(group)))
    console.print(table)
    for group in groups:
        ends = ", ".join(f"{each['text']} {_told(each['count'])}" for each in group["fates"])
        console.print(f"[bold]{escape(_name(group))}[/]: {escape(ends)}")


def csv_of(groups: Sequence[Data]) -> None:
    """One row a group; what is fewer than five is empty."""
    rows = csv.writer(sys.stdout)
    ages = ("median", "p90")
    stages = [f"hours_{stage}_{age}" for stage in Stage for age in ages]
    fates = [f"steps_{fate}" for fate in Fate]
    rows.writerow(["key", "name", "steps", "acknowledged_in_time", "decided_in_time", "lost", *stages, *fates])
    for group in groups:
        hours = {each["stage"]: each["hours"] for each in group["stages"]}
        counts = {each["fate"]: each["count"] for each in group["fates"]}
        rows.writerow(
            [
                *(guarded(group[name] or "") for name in ("key", "name")),
                group["count"],
                *(group[name] for name in _SHARES),
                group["lost"],
                *(hours.get(stage, {}).get(age) for stage in Stage for age in ages),
                *(counts.get(fate, 0) for fate in Fate),
            ]
        )


def written(path: Path, groups: Sequence[Data], by: str) -> None:
    """A page to print. Raises ``Invalid`` where it can't be written."""
    from relaypoint.app import charts  # Nobody waits for it who prints nothing.

    parts = []
    if groups:
        parts = [
            charts.bars("Answered in time, per cent", _shares(groups, *_SHARES)),
            charts.bars("Lost, per cent", _shares(groups, "lost")),
            charts.table((by.capitalize(), *_HEADER), [_row(each) for each in groups]),
        ]
    about = f"Of the steps that were sent in the period, by {by}. Groups of fewer than {FEWEST} steps are left out."
    charts.write_page(path, "How referrals went", about, parts)


def _shares(groups: Sequence[Data], *names: str) -> list[tuple[str, dict[str, float]]]:
    """Those that are told, per cent, by group."""
    return [(_name(each), {name: 100 * each[name] for name in names if each[name] is not None}) for each in groups]


def _row(group: Data) -> tuple[str, ...]:
    decided = next((each["hours"] for each in group["stages"] if each["stage"] == Stage.DECIDED), None)
    within = f" (9 of 10 within {decided['p90']:.1f})" if decided and decided["p90"] is not None else ""
    hours = f"{decided['median']:.1f}{within}" if decided else "–"
    shares = (percent(group[name]) for name in _SHARES)
    return (_name(group), str(group["count"]), *shares, hours, percent(group["lost"]))


def _name(group: Data) -> str:
    return str(group["name"] or "–")


def _told(count: int | None) -> str:
    return f"fewer than {FEWEST}" if count is None else str(count)
