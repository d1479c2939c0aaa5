"""The commands that change single entries of the roster, and decide on what others propose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app.commands import commands
from relaypoint.app.console import app, command, out, proposed, tell
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, warned
from relaypoint.domain.errors import Invalid

#: So much news is shown.
_NEWS: Final = 30

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Acting = Annotated[str | None, typer.Option("--as", metavar="ORG", help="Act for this organization.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The proposal's id.")]
Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in a sentence.")]


@command("edit", app)
async def edit(
    sheet: Annotated[str, typer.Argument(metavar="SHEET", help="A sheet of the roster, as channels.")],
    id: Annotated[str, typer.Argument(metavar="ID", help="The entry.")],
    columns: Annotated[list[str], typer.Argument(metavar="COLUMN=VALUE…", help="What it shall hold; COLUMN= empties.")],
    new: Annotated[bool, typer.Option("--new", help="Add the entry; otherwise it has to be there.")] = False,
    acting: Acting = None,
    reason: Why = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what differs; change nothing.")] = False,
    as_json: Json = False,
) -> int:
    """Change one entry: one's own at once, another's as a proposal that its owner or the coordinator decides on."""
    settings = read_settings()
    given = {"sheet": sheet, "key": id, "columns": [column(each) for each in columns]}
    async with commands(settings, acting or settings.organization) as run:
        done = await run("EditRoster", {"edit": {**given, "new": new, "reason": reason, "preview": dry_run}})
    tell(as_json, done, lambda: _edited(out, done, dry_run, new))
    return 0


@command("news", app)
async def news(
    since: Annotated[str | None, typer.Option("--since", metavar="WHEN", help="A day or an instant.")] = None,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """What changed in one's task forces: members, rules, guidance, contingencies; in the last 30 days unless given."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await run("News", {"since": since})
    tell(as_json, found, lambda: _news(out, found))
    return 0


@command("list", proposed)
async def list_(
    past: Annotated[bool, typer.Option("--past", help="Also those that were decided.")] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """What is proposed, with what it would change."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await run("Proposals", {"past": past})
    tell(as_json, found, lambda: _listed(out, found))
    return 0


@command("accept", proposed)
async def accept(id: Id, acting: Acting = None, reason: Why = None, as_json: Json = False) -> int:
    """Accept it: the entry is changed."""
    return await _decide(id, "accept", reason, acting, as_json)


@command("decline", proposed)
async def decline(
    id: Id,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why not, in a sentence.")],
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Decline it: the entry stays as it is."""
    return await _decide(id, "decline", reason, acting, as_json)


@command("vouch", proposed)
async def vouch(id: Id, acting: Acting = None, as_json: Json = False) -> int:
    """Vouch for a newcomer that is proposed, as a full member of the task force."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run("VouchFor", {"key": id})
    tell(as_json, done, lambda: _proposal(out, done))
    return 0


@command("withdraw", proposed)
async def withdraw(id: Id, acting: Acting = None, reason: Why = None, as_json: Json = False) -> int:
    """Take back what one proposed oneself."""
    return await _decide(id, "withdraw", reason, acting, as_json)


async def _decide(id: str, verb: str, reason: str | None, acting: str | None, as_json: bool) -> int:
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run("DecideProposal", {"key": id, "verb": verb, "reason": reason})
    tell(as_json, done, lambda: _proposal(out, done))
    return 0


def column(given: str) -> dict[str, Any]:
    name, equals, value = given.partition("=")
    if not equals:
        raise Invalid(
            "edit.form",
            "'{given}' does not say what a column shall hold.",
            path=("columns",),
            remedy="Write COLUMN=VALUE, as languages=en;cy; COLUMN= empties it.",
            given=given[:60],
        )
    return {"name": name.strip(), "value": value}


def _news(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("Nothing has changed.")
    for each in found[:_NEWS]:
        console.print(f"{each['at'][:16].replace('T', ' ')}  {escape(each['text'])}")
    if len(found) > _NEWS:
        console.print(f"[dim]and {len(found) - _NEWS} more; --json lists all.[/]")


def _edited(console: Console, done: Data, dry_run: bool, new: bool) -> None:
    if not done["changes"]:
        console.print(f"{escape(done['key'])} of {done['sheet']} is so already; nothing was changed.")
    elif done["proposal"]:
        console.print("This is not yours to change alone, so it is proposed.")
        _proposal(console, done["proposal"])
    else:
        verb = "added" if new else "changed"
        told = f"would be {verb}" if dry_run else f"is {verb}"
        console.print(f"{escape(done['key'])} of {done['sheet']} {told}:")
        _changes(console, done["changes"])
    warned(console, done)


def _listed(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("[green]Nothing is proposed.[/]")
    for each in found:
        _proposal(console, each)


def _proposal(console: Console, each: Data) -> None:
    by = "a holder of the contact point" if each["byHolder"] else each["organization"] or "the operator"
    console.print(f"[bold]{escape(each['key'])}[/]: {escape(each['entry'])} of {each['sheet']}, {each['state']}")
    console.print(
        f"  proposed on {each['since']} by {escape(by)}" + (f": {escape(each['reason'])}" if each["reason"] else "")
    )
    _changes(console, each["changes"])
    if each["stale"]:
        console.print("  [yellow]The entry was changed since; have it proposed anew.[/]")
    if each["state"] != "open":
        console.print(f"  on {each['until']}" + (f": {escape(each['answer'])}" if each["answer"] else ""))
    elif each["mayDecide"]:
        console.print(f"  relaypoint proposal accept {escape(each['key'])}, or decline it with --reason")
    else:
        deciders = ", ".join(each["deciders"]) or "the operator"
        console.print(f"  decided by: {escape(deciders)}")


def _changes(console: Console, changes: Sequence[Data]) -> None:
    for each in changes:
        console.print(
            f"  {each['column']}: {escape(each['before']) or '(empty)'} → {escape(each['after']) or '(empty)'}"
        )
