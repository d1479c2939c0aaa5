"""The command of the process report: how referrals went, from the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relaypoint.app import show_process
from relaypoint.app.commands import commands
from relaypoint.app.console import app, command, out, tell, whom
from relaypoint.app.settings import read_settings

Page = Annotated[
    Path | None, typer.Option("--page", metavar="FILE", help="Also write a page to print, with charts (HTML).")
]


@command("process", app)
async def process(
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="organization (who received the steps), task-force or service.")
    ] = "organization",
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="The first day; 90 days back unless given.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="The day after the last one; tomorrow unless given.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    page: Page = None,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="As this organization may see it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> int:
    """How the steps went that were sent in a period: times, answers in time, and where they were lost.

    Neither who sent them nor a case is in it, and groups of fewer than five are left out.
    """
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        found = await run("Process", {"by": by, "since": since, "until": until})
    if page is not None:
        show_process.written(page, found, by)
    tell(as_json, found, lambda: show_process.csv_of(found) if as_csv else show_process.shown(out, found, by))
    return 0
