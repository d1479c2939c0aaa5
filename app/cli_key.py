"""The commands of the keys by which programs ask."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app.commands import commands
from relaypoint.app.console import command, keys, out, tell, whom
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, wide
from relaypoint.domain.policy import Scope

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
As = Annotated[str | None, typer.Option("--as", metavar="ORG", help="The organization that it acts for.")]


@command("add", keys)
async def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which program it is for, as 'case system'.")],
    scopes: Annotated[
        list[str], typer.Option("--scope", metavar="SCOPE", help=f"What it may: {', '.join(Scope)}; repeatable.")
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="DAY", help="The last day on which it is valid; else in 90 days.")
    ] = None,
    acting: As = None,
    as_json: Json = False,
) -> int:
    """Let a program ask for an organization. The key is shown this once."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        made = await run("CreateApiKey", {"apiKey": {"name": name, "scopes": scopes, "expires": expires}})
    tell(as_json, made, lambda: _made(out, made))
    return 0


@command("list", keys)
async def list_(acting: As = None, as_json: Json = False) -> int:
    """The keys, what they may, until when, and when each was used last."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        found = await run("ApiKeys", {})
    tell(as_json, found, lambda: _listed(out, found))
    return 0


@command("end", keys)
async def end(
    id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `relaypoint key list` gives it.")],
    acting: As = None,
    as_json: Json = False,
) -> int:
    """End a key at once."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        done = await run("EndApiKey", {"key": id})
    tell(as_json, done, lambda: out.print(f"{done['key']} is ended."))
    return 0


def _made(console: Console, key: Data) -> None:
    scopes = ", ".join(key["scopes"])
    console.print(
        f"{key['key']}: {escape(key['name'])}, for {key['organization']}, {scopes}, up to and with {key['expires']}"
    )
    console.print(f"Key (shown this once): {key['secret']}", markup=False, soft_wrap=True)


def _listed(console: Console, found: list[Data]) -> None:
    if not found:
        console.print("There is no key.")
        return
    columns = (("Id", 4), ("Name", 3), ("Organization", 3), ("May", 4), ("Until", 2), ("Used last", 3))
    table = wide("Keys", *columns)
    for key in found:
        may = ", ".join(key["scopes"])
        names = (escape(key["name"]), key["organization"])
        table.add_row(key["key"], *names, may, key["expires"], key["usedAt"] or "never")
    console.print(table)
