"""The commands of a contingency."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from relaypoint.app import show_contingency
from relaypoint.app.commands import commands
from relaypoint.app.console import command, contingencies, out, tell
from relaypoint.app.settings import read_settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Place = Annotated[str | None, typer.Option("--place", metavar="CODE", help="What serves this place alone.")]
Force = Annotated[str | None, typer.Option("--task-force", metavar="ID", help="The members of this task force.")]
Body = Annotated[str | None, typer.Option("--organization", metavar="ORG", help="This organization and its parts.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; members read it.")]
Until = Annotated[str, typer.Option("--until", metavar="DAY", help="The day on which it no longer holds.")]
Acting = Annotated[str | None, typer.Option("--as", metavar="ORG", help="The coordinator, or the organization itself.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id.")]


@command("preview", contingencies)
async def preview(
    until: Until,
    place: Place = None,
    task_force: Force = None,
    organization: Body = None,
    reason: Reason = "A rehearsal",
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Show what it would change, and change nothing: channels, diversions, open referral steps, gaps."""
    scope = {"place": place, "taskForce": task_force, "organization": organization}
    return await _run("DeclareContingency", _declared(scope, reason, until, None, preview=True), acting, as_json)


@command("declare", contingencies)
async def declare(
    reason: Reason,
    until: Until,
    place: Place = None,
    task_force: Force = None,
    organization: Body = None,
    id: Annotated[str | None, typer.Option("--id", metavar="ID", help="An id of your own.")] = None,
    pause: Annotated[
        bool,
        typer.Option("--pause-escalations", help="Let escalations wait, but of asap and stat; for a coordinator."),
    ] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Declare it from today on: contingency channels and diversions apply, normal ones do not."""
    scope = {"place": place, "taskForce": task_force, "organization": organization}
    return await _run(
        "DeclareContingency", _declared(scope, reason, until, id, preview=False, pause=pause), acting, as_json
    )


@command("renew", contingencies)
async def renew(id: Id, until: Until, acting: Acting = None, as_json: Json = False) -> int:
    """Let it hold until another day."""
    return await _run("RenewContingency", {"key": id, "until": until}, acting, as_json)


@command("end", contingencies)
async def end(id: Id, acting: Acting = None, as_json: Json = False) -> int:
    """End it now: everything reads as before, but what was settled meanwhile."""
    return await _run("EndContingency", {"key": id}, acting, as_json)


@command("list", contingencies)
async def list_(
    past: Annotated[bool, typer.Option("--past", help="Also those that are over.")] = False,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="As this organization sees it.")] = None,
    as_json: Json = False,
) -> int:
    """What is declared, and what is open under it."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await run("Contingencies", {"past": past})
    tell(as_json, found, lambda: show_contingency.declared(out, found))
    return 0


def _declared(
    scope: dict[str, str | None], reason: str, until: str, id: str | None, *, preview: bool, pause: bool = False
) -> dict[str, Any]:
    declared = {**scope, "reason": reason, "until": until, "key": id, "preview": preview}
    return {"declare": {**declared, "pauseEscalations": pause}}


async def _run(document: str, variables: dict[str, Any], acting: str | None, as_json: bool) -> int:
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run(document, variables)
    tell(as_json, done, lambda: show_contingency.changed(out, done))
    return 1 if done["effect"] and any(each["to"] is None for each in done["effect"]["handoffs"]) else 0
