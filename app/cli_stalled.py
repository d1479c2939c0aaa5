"""The command that shows what has gone silent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from relaypoint.app import show_stalled
from relaypoint.app.commands import Run, commands
from relaypoint.app.console import app, command, err, out, tell, whom
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data
from relaypoint.domain import process
from relaypoint.domain.errors import Invalid

#: As many as a page of the API has at most.
_PAGE: Final = 200
#: So many weeks a printed page looks back.
_WEEKS: Final = 8


@command("stalled", app)
async def stalled(
    organization: Annotated[
        str | None, typer.Option("--organization", metavar="ORG", help="Only where it is its turn, as --by counts it.")
    ] = None,
    task_force: Annotated[
        str | None, typer.Option("--task-force", metavar="ID", help="Only what lies with its members.")
    ] = None,
    place: Annotated[
        str | None,
        typer.Option("--place", metavar="CODE", help="Only your cases there; of others', what lies with desks there."),
    ] = None,
    service: Annotated[str | None, typer.Option("--service", metavar="CODE", help="Only this service type.")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="CODE", help="Only this, as unacknowledged.")
    ] = None,
    priority: Annotated[
        str | None, typer.Option("--priority", metavar="WORD", help="Only routine, urgent, asap or stat.")
    ] = None,
    contact_point: Annotated[
        str | None, typer.Option("--contact-point", metavar="ID", help="Only what lies there.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="WHAT", help="In figures: by organization, task-force, place, service or reason."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="With --by: print CSV.")] = False,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE", help="With --by: also write a page to print, with charts (HTML)."),
    ] = None,
    weeks: Annotated[
        int | None, typer.Option("--weeks", metavar="N", help="How many had stalled at the end of each of N weeks.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--first", metavar="N", min=1, help="The first N only; all unless given.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="TIME", help="As on record at that instant, or at the end of that day (UTC)."),
    ] = None,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="Only what concerns it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> int:
    """Every step that has gone silent: why, how long, who holds it, whom to turn to next and how."""
    settings = read_settings()
    wanted = {
        "organization": organization,
        "taskForce": task_force,
        "place": place,
        "serviceType": service,
        "reason": reason,
        "priority": priority,
        "contactPoint": contact_point,
    }
    if (as_csv or page) and by is None:
        option = "--csv" if as_csv else "--page"
        remedy = "Add --by reason, or use --json."
        raise Invalid("stalled.csv", "{option} goes with --by.", path=(option,), remedy=remedy, option=option)
    _check_together(weeks=weeks, by=by, as_of=as_of, page=page)
    async with commands(settings, whom(acting, settings)) as run:
        if by is not None:
            return await _in_figures(run, by, wanted, as_of, as_csv=as_csv, page=page, as_json=as_json)
        if weeks is not None:
            trend = await run("StalledTrend", {"weeks": weeks, "filter": wanted})
            tell(as_json, trend, lambda: show_stalled.trend(out, trend))
            return 1 if trend[-1]["count"] or trend[-1]["coordinated"] else 0
        found, more = await pages(run, {"filter": wanted, "asOf": as_of}, first)
    narrowed = any(wanted.values())
    tell(
        as_json,
        found,
        lambda: show_stalled.stalled(out, found, more=more, own=acting is not None, narrowed=narrowed),
    )
    return 1 if found else 0


#: What would be left out of the answer is not dropped without a word.
_APART: Final = (("--by", "--weeks"), ("--as-of", "--weeks"), ("--page", "--as-of"))


def _check_together(**given: object) -> None:
    """``given`` are the options that were typed, by name; None: it was not."""
    typed = {f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None}
    for one, other in _APART:
        if {one, other} <= typed:
            raise Invalid(
                "stalled.together",
                "{one} and {other} don't go together.",
                path=(one,),
                remedy="Ask for one after the other.",
                one=one,
                other=other,
            )


async def _in_figures(
    run: Run, by: str, wanted: Data, as_of: str | None, *, as_csv: bool, page: Path | None, as_json: bool
) -> int:
    """By group; with the share of its steps that were answered in time, over the last 90 days, where that is known."""
    groups = await run("StalledSummary", {"by": by, "filter": wanted, "asOf": as_of})
    way = by.strip().lower()
    known = await run("Process", {"by": way}) if way in frozenset(process.By) else []
    shares = {each["key"]: each["decided"] for each in known}
    groups = [{**each, "answeredInTime": None if each["withheld"] else shares.get(each["key"])} for each in groups]
    if page is not None:
        trend = await run("StalledTrend", {"weeks": _WEEKS, "filter": wanted})
        show_stalled.written(page, groups, trend, by)
    shown = show_stalled.summary_csv if as_csv else show_stalled.summary
    tell(as_json, groups, lambda: shown(out, groups, by))
    if as_json or as_csv:
        err.print(show_stalled.KEPT_BACK)
    return 1 if groups else 0


async def pages(run: Run, asked: dict[str, Any], first: int | None) -> tuple[list[Data], bool]:
    """The first so many, or all, page by page; and whether there are more."""
    found: list[Data] = []
    after = None
    while True:
        size = _PAGE if first is None else min(_PAGE, first - len(found))
        page = await run("Stalled", {**asked, "first": size, "after": after})
        found += [edge["node"] for edge in page["edges"]]
        more = page["pageInfo"]["hasNextPage"]
        if not more or len(found) == first:
            return found, more
        after = page["pageInfo"]["endCursor"]


@command("due", app)
async def due(
    hours: Annotated[int, typer.Option("--hours", metavar="N", help="How far ahead, 1 to 336.")] = 8,
    contact_point: Annotated[
        str | None, typer.Option("--contact-point", metavar="ID", help="Only what lies there.")
    ] = None,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="Only what concerns it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> int:
    """What falls due in the next hours, at each contact point; what is overdue already is told by stalled."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        found = await run("Due", {"hours": hours, "contactPoint": contact_point})
    tell(as_json, found, lambda: show_stalled.due(out, found, hours))
    return 0
