"""The commands of the roster's gaps, of how they go on over time, and of guidance."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from relaypoint.app import show_gaps
from relaypoint.app.commands import Run, commands
from relaypoint.app.console import app, command, guides, out, tell
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, many
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.gaps import KINDS

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Force = Annotated[str | None, typer.Option("--task-force", metavar="ID", help="Only its own and its members'.")]
Acting = Annotated[str | None, typer.Option("--as", metavar="ORG", help="As this organization.")]

#: As many as a page of the API has at most.
_PAGE: Final = 200


@command("gaps", app)
async def gaps(
    organization: Annotated[str | None, typer.Option("--organization", metavar="ORG", help="Only its gaps.")] = None,
    task_force: Force = None,
    place: Annotated[str | None, typer.Option("--place", metavar="CODE", help="Only those that touch it.")] = None,
    service: Annotated[str | None, typer.Option("--service", metavar="CODE", help="Only those that touch it.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="DAY", help="As of that day, as 2026-03-01.")] = None,
    ahead: Annotated[int, typer.Option("--ahead", metavar="DAYS", help="How many days to look ahead.")] = 30,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="WHEN", help="As it was on record then: a day, as 2026-03-01, or an instant."),
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="List every gap of this kind, as no-holder.")] = None,
    as_json: Json = False,
) -> int:
    """Where the roster has holes that a case could fall into, gravest first, and which ones open soon."""
    if kind and kind not in KINDS:
        raise Invalid(
            "gaps.kind",
            "'{value}' is not a kind of gap.",
            path=("--kind",),
            remedy="Use one of: {known}.",
            value=kind[:60],
            known=", ".join(KINDS),
        )
    scope = {"organization": organization, "taskForce": task_force, "place": place, "serviceType": service}
    asked = {**scope, "at": at, "days": ahead, "asOf": as_of}
    async with commands(read_settings()) as run:
        found = await _all(run, asked) if as_json or kind else await run("Gaps", asked)
    if kind:
        found = {**found, **{name: [gap for gap in found[name] if gap["kind"] == kind] for name in ("gaps", "ahead")}}
    tell(as_json, found, lambda: show_gaps.listed(out, found) if kind else show_gaps.gaps(out, found))
    return 1 if (found["gaps"] if as_json or kind else found["total"]) else 0


@command("trend", app)
async def trend(
    task_force: Force = None,
    days: Annotated[int, typer.Option("--days", metavar="DAYS", help="How many days back.")] = 90,
    as_json: Json = False,
) -> int:
    """How many gaps there were, day by day. A server counts them each day; `relaypoint snapshot` does it now."""
    async with commands(read_settings()) as run:
        found = await run("GapTrend", {"taskForce": task_force, "days": days})
    tell(as_json, found, lambda: show_gaps.trend(out, found))
    return 0


@command("snapshot", app)
async def snapshot(as_json: Json = False) -> int:
    """Count today's gaps for the trend; the last count of a day stays."""
    async with commands(read_settings()) as run:
        done = await run("TakeSnapshot", {})
    tell(as_json, done, lambda: out.print(f"{many(done['total'], 'gap')} on {done['day']}."))
    return 0


@command("list", guides)
async def list_(acting: Acting = None, as_json: Json = False) -> int:
    """The guidance in force, and how many have still to acknowledge it."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await _guidance(run, unread=True)
    tell(as_json, found, lambda: show_gaps.guidance(out, found))
    return 0


@command("show", guides)
async def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="The guidance.")],
    unread: Annotated[bool, typer.Option("--unread", help="Only who has not acknowledged it.")] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """What it says, whom it is meant for, and who has acknowledged it."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = next((each for each in await _guidance(run, unread=unread) if each["key"] == id), None)
    if found is None:
        raise NotFound(
            "guidance.none",
            "There is no guidance '{id}' in force.",
            path=("key",),
            remedy="`relaypoint guidance list` shows what there is.",
            id=id[:60],
        )
    tell(as_json, found, lambda: show_gaps.readers(out, found))
    return 0


@command("acknowledge", guides)
async def acknowledge(
    id: Annotated[str, typer.Argument(metavar="ID", help="The guidance.")],
    holder: Annotated[str, typer.Option("--holder", metavar="ID", help="Who has read it.")],
    version: Annotated[int | None, typer.Option("--version", help="The version that was read.")] = None,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Note that a holder of one's own has read it."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run("Acknowledge", {"key": id, "holder": holder, "version": version})
    tell(as_json, done, lambda: out.print(f"{done['holder']} has acknowledged it on {done['readOn']}."))
    return 0


async def _all(run: Run, asked: dict[str, Any]) -> Data:
    """The whole report, page by page."""
    gaps: list[Data] = []
    ahead: list[Data] = []
    pages: dict[str, Any] = {"gaps": _PAGE, "afterGaps": None, "ahead": _PAGE, "afterAhead": None}
    while True:
        found = await run("GapPage", {**asked, **pages})
        for name, to, after in (("gaps", gaps, "afterGaps"), ("ahead", ahead, "afterAhead")):
            to += [edge["node"] for edge in found[name]["edges"]]
            more = found[name]["pageInfo"]
            pages |= {name: _PAGE if more["hasNextPage"] else 0, after: more["endCursor"] or pages[after]}
        if not pages["gaps"] and not pages["ahead"]:
            return {"day": found["day"], "gaps": gaps, "ahead": ahead}


async def _guidance(run: Run, *, unread: bool) -> list[Data]:
    """What is in force, each with all its readers."""
    found: list[Data] = await run("GuidanceReaders", {"first": _PAGE, "after": None, "unread": unread})
    for each in found:
        page, each["readers"] = each["readers"], []
        while True:
            each["readers"] += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            asked = {"first": _PAGE, "after": page["pageInfo"]["endCursor"], "unread": unread}
            again = await run("GuidanceReaders", asked)
            page = next(other["readers"] for other in again if other["key"] == each["key"])
    return found
