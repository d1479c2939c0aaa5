"""The commands of operational status."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app.commands import commands
from relaypoint.app.console import command, out, statuses, tell
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, wide

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

_STATES: Final = ("open", "limited", "remote", "closed", "unknown")

#: How many places of a service type are shown; --json has all.
_SHOWN: Final = 20


@command("set", statuses)
async def set_(
    state: Annotated[str, typer.Argument(metavar="STATE", help="open, limited, remote or closed.")],
    organization: Annotated[str, typer.Option("--as", metavar="ORG", help="The organization that says so of itself.")],
    service: Annotated[str | None, typer.Option("--service", metavar="ID", help="Of this service alone.")] = None,
    capacity: Annotated[str, typer.Option("--capacity", help="open, limited, full or unknown.")] = "unknown",
    needs: Annotated[list[str] | None, typer.Option("--need", help="What it lacks, as staff; repeatable.")] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DAY", help="Unknown again from then on; otherwise in 14 days."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Say in one call how far an organization, or a service of it, works from today on."""
    said = {"organization": organization, "service": service, "state": state, "capacity": capacity}
    async with commands(read_settings(), organization) as run:
        done = await run("SetStatus", {"status": {**said, "needs": needs or [], "until": until}})
    what = done["service"] or done["organization"]
    tell(
        as_json, done, lambda: out.print(f"{escape(what)} is {done['state']}, until {done['until']} unless said anew.")
    )
    return 0


@command("overview", statuses)
async def overview(
    place: Annotated[str | None, typer.Option("--place", metavar="CODE", help="Only services that touch it.")] = None,
    service: Annotated[str | None, typer.Option("--service", metavar="CODE", help="Only this service type.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only organizations of this kind, as cso.")] = None,
    as_json: Json = False,
) -> int:
    """How many can still operate, by service and place, as they say themselves."""
    async with commands(read_settings()) as run:
        found = await run("Overview", {"place": place, "serviceType": service, "kind": kind})
    tell(as_json, found, lambda: _show(out, found))
    return 0


def _show(console: Console, found: Data) -> None:
    by_state = ", ".join(f"{each['count']} {each['state']}" for each in found["organizations"]) or "none"
    console.print(f"Organizations that offer a service, on {found['day']}: {by_state}.")
    if found["needs"]:
        console.print("They lack: " + ", ".join(f"{each['state']} ({each['count']})" for each in found["needs"]) + ".")
    if not found["cells"]:
        return
    columns = tuple((state.capitalize(), 2) for state in _STATES)
    table = wide("Services, by type and place", ("Service type", 4), ("Place", 3), *columns)
    for cell in found["cells"][:_SHOWN]:
        counts = {each["state"]: str(each["count"]) for each in cell["services"]}
        table.add_row(
            escape(cell["serviceType"]), escape(cell["place"]), *(counts.get(state, "–") for state in _STATES)
        )
    console.print(table)
    if len(found["cells"]) > _SHOWN:
        console.print(f"[dim]and {len(found['cells']) - _SHOWN} more; --json lists all.[/]")
