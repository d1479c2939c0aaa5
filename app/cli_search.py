"""The command that searches the roster by names."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from relaypoint.app.commands import commands
from relaypoint.app.console import command, out, tell
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, wide


@command("search")
async def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A name, as written or nearly; or its first letters.")],
    sheets: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="SHEET", help="Only in this sheet, as organizations; repeatable."),
    ] = None,
    first: Annotated[int, typer.Option("--first", help="How many at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> int:
    """Find organizations, contact points, services and places by any of their names, in any script, with slips."""
    async with commands(read_settings()) as run:
        hits = await run("Search", {"text": text, "in": sheets or [], "first": first})
    tell(as_json, hits, lambda: _shown(hits, text))
    return 0 if hits else 1


def _shown(hits: list[Data], text: str) -> None:
    if not hits:
        out.print(f"Nothing is called {escape(text)}, or nearly so.")
        return
    table = wide("Found", ("Name", 5), ("Id", 4), ("What", 3), ("How", 2))
    for hit in hits:
        also = "" if hit["matched"] == hit["name"] else f"\n[dim]{escape(hit['matched'])}[/]"
        ended = " [yellow](ended)[/]" if hit["ended"] else ""
        what = hit["sheet"].replace("_", " ")
        table.add_row(f"{escape(hit['name'])}{ended}{also}", hit["id"], what, hit["how"])
    out.print(table)
