"""The commands of webhooks, and of the feed of events that they are sent."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app.commands import commands
from relaypoint.app.console import command, hooks, out, tell, whom
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, many, wide

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
As = Annotated[str | None, typer.Option("--as", metavar="ORG", help="The organization that it belongs to.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, as `relaypoint webhook list` gives it.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only this type of event, as handoff.changed; repeatable."),
]

#: So many attempts are shown; --json has all.
_SHOWN = 10


@command("add", hooks)
async def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are posted: https, with a public name.")],
    types: Types = None,
    contact_points: Annotated[
        list[str] | None,
        typer.Option("--contact-point", metavar="ID", help="Only steps at this one of your own; repeatable."),
    ] = None,
    acting: As = None,
    as_json: Json = False,
) -> int:
    """Have a program told of events from now on. The secret that they are signed with is shown this once."""
    given = {"url": url, "types": types or [], "contactPoints": contact_points or []}
    return await _done("CreateWebhook", {"webhook": given}, acting, as_json)


@command("list", hooks)
async def list_(acting: As = None, as_json: Json = False) -> int:
    """The webhooks, where they go, and what came of the last attempts."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        found = await run("Webhooks", {})
    tell(as_json, found, lambda: _listed(out, found))
    return 1 if any(each["state"] == "paused" and each["pausedFor"] != "asked" for each in found) else 0


@command("rotate", hooks)
async def rotate(id: Id, acting: As = None, as_json: Json = False) -> int:
    """Sign with a new secret, and for a day with the one before too. It is shown this once."""
    return await _done("RotateWebhook", {"key": id}, acting, as_json)


@command("pause", hooks)
async def pause(id: Id, acting: As = None, as_json: Json = False) -> int:
    """Send nothing until it is resumed; what happens meanwhile is sent then."""
    return await _done("PauseWebhook", {"key": id}, acting, as_json)


@command("resume", hooks)
async def resume(id: Id, acting: As = None, as_json: Json = False) -> int:
    """Send again, from where it stopped."""
    return await _done("ResumeWebhook", {"key": id}, acting, as_json)


@command("replay", hooks)
async def replay(
    id: Id,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="An instant, or a day.")],
    acting: As = None,
    as_json: Json = False,
) -> int:
    """Send once more what happened since a moment, each event under the id that it had."""
    return await _done("ReplayWebhook", {"key": id, "since": since}, acting, as_json)


@command("test", hooks)
async def send_test(id: Id, acting: As = None, as_json: Json = False) -> int:
    """Send a test next, which is about nothing; `relaypoint webhook list` tells what came of it."""
    return await _done("TestWebhook", {"key": id}, acting, as_json)


@command("end", hooks)
async def end(id: Id, acting: As = None, as_json: Json = False) -> int:
    """End a webhook, and forget its address and secrets."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        done = await run("EndWebhook", {"key": id})
    tell(as_json, done, lambda: out.print(f"{done['key']} is ended."))
    return 0


@command("events")
async def events(
    after: Annotated[
        str | None, typer.Option("--after", metavar="CURSOR", help="What happened behind this; now unless given.")
    ] = None,
    first: Annotated[int, typer.Option("--first", help="How many at most.")] = 20,
    types: Types = None,
    acting: As = None,
    as_json: Json = False,
) -> int:
    """What happened, as far as one may see it; go on from the cursor that is told last. Begin with feed:0."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        page = await run("Events", {"after": after, "first": first, "types": types or []})
    tell(as_json, page, lambda: _page(out, page))
    return 0


async def _done(name: str, variables: dict[str, Any], acting: str | None, as_json: bool) -> int:
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        done = await run(name, variables)
    tell(as_json, done, lambda: _one(out, done))
    return 0


def _one(console: Console, hook: Data) -> None:
    console.print(f"{hook['key']}: {_state(hook)}, to {escape(hook['host'])}, {escape(_what(hook))}, {_stands(hook)}")
    if hook["secret"]:
        console.print(f"Secret (shown this once): {hook['secret']}", markup=False)


def _listed(console: Console, found: list[Data]) -> None:
    if not found:
        console.print("There is no webhook.")
    for hook in found:
        _one(console, hook)
        table = wide("Last attempts", ("When", 3), ("Event", 2), ("What came of it", 4))
        for each in hook["attempts"][-_SHOWN:]:
            table.add_row(each["at"], each["cursor"] or "test", escape(each["outcome"]))
        if hook["attempts"]:
            console.print(table)


def _state(hook: Data) -> str:
    if hook["state"] == "paused":
        by = "".join(f", message {reference}" for reference in hook["toldBy"])
        return f"[bold red]paused[/] since {hook['pausedAt']} ({hook['pausedFor']}{by})"
    return f"tried again at {hook['dueAt']}" if hook["dueAt"] else "active"


def _stands(hook: Data) -> str:
    behind = hook["behind"]
    if not behind:
        return f"up to {hook['cursor']}, the last"
    return f"up to {hook['cursor']}, {many(behind, 'event')} behind"


def _what(hook: Data) -> str:
    types = ", ".join(hook["types"]) or "all events"
    return f"{types} at {', '.join(hook['contactPoints'])}" if hook["contactPoints"] else types


def _page(console: Console, page: Data) -> None:
    edges = page["edges"]
    if edges:
        table = wide("Events", ("When", 3), ("What", 3), ("Step", 4), ("Contact point", 3))
        for edge in edges:
            node = edge["node"]
            about = node["handoff"] or node["referral"] or ""
            table.add_row(node["at"], node["type"], about, escape(node["contactPoint"] or ""))
        console.print(table)
    console.print(f"Go on with: relaypoint events --after {page['pageInfo']['endCursor']}", markup=False)
