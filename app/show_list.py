"""What ``reconcile`` prints for people."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relaypoint.app.show import Data, many


def reconciled(console: Console, found: Data) -> None:
    counts = Counter(match["how"] for match in found["matched"])
    names = many(len(found["matched"]) + len(found["new"]), "name")
    console.print(
        f"{names}: {many(counts['whole'], 'matches', 'match')} whole, "
        f"{counts['normalised'] + counts['stripped']} but for the spelling or the kind, "
        f"{many(counts['alike'], 'is', 'are')} only alike, "
        f"{many(len(found['new']), 'is', 'are')} not in the roster."
    )
    _table(
        console,
        "Only alike: look at each",
        ("On the list", "In the roster"),
        [
            (m["name"], f"{m['organization']['name']} ({m['organization']['id']}), {m['score']} of 100")
            for m in found["matched"]
            if m["how"] == "alike"
        ],
    )
    _table(
        console,
        "Abolished",
        ("On the list", "Ended", "Succeeded by"),
        [(a["name"], a["until"] or "–", _names(a["successors"])) for a in found["abolished"]],
    )
    for title, rows in (
        ("Successors that the list lacks", [b["name"] for b in found["lacking"]]),
        ("In the role, and not on the list", [b["name"] for b in found["unlisted"]]),
        ("More than once on the list", found["twice"]),
        ("Not in the roster", found["new"]),
    ):
        _table(console, title, ("Name",), [(name,) for name in rows])


def _names(bodies: list[Data]) -> str:
    return ", ".join(body["name"] for body in bodies) or "nobody known"


def _table(console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    console.print(f"\n[bold]{title}[/] ({len(rows)})")
    table = Table()
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
