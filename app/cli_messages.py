"""The commands of messages: sending what is due, what could not be delivered, and what came back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app import show
from relaypoint.app.commands import Run, commands
from relaypoint.app.console import command, err, out, tell, whom
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, wide
from relaypoint.domain.errors import Invalid
from relaypoint.notifications import bounces

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

#: A page of the list; the command asks for one after the other.
_PAGE = 200


@command("notify")
async def notify(as_json: Json = False) -> int:
    """Deliver what the outbox holds, as `relaypoint serve` does by itself."""
    async with commands(read_settings()) as run:
        done = await run("Deliver", {})
    tell(as_json, done, lambda: show.delivered(out, done))
    return 1 if done["dead"] or done["failed"] else 0


@command("undelivered")
async def undelivered(
    again: Annotated[
        list[str] | None,
        typer.Option("--again", metavar="ID", help="Send this one again; its id or reference; repeatable."),
    ] = None,
    all_again: Annotated[bool, typer.Option("--all-again", help="Send all of --contact-point again.")] = False,
    told: Annotated[
        list[str] | None,
        typer.Option("--told", metavar="ID", help="This one was told in another way, as on the phone; repeatable."),
    ] = None,
    contact_point: Annotated[
        str | None, typer.Option("--contact-point", metavar="ID", help="Only those to this contact point.")
    ] = None,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="As this organization.")] = None,
    as_json: Json = False,
) -> int:
    """Messages that could not be delivered, the most urgent first; to be sent again, or noted as told otherwise."""
    if all_again and contact_point is None:
        raise Invalid(
            "undelivered.which",
            "--all-again needs a contact point.",
            path=("--contact-point",),
            remedy="Name it with --contact-point; `relaypoint gaps` names those concerned.",
        )
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        if again or all_again:
            sent = await run("SendAgain", {"ids": again or [], "contactPoint": contact_point if all_again else None})
            err.print(show.many(sent["count"], "message goes", "messages go") + " out again.")
        if told:
            noted = await run("ToldOtherwise", {"ids": told})
            err.print(show.many(noted["count"], "message is", "messages are") + " noted as told otherwise.")
        found = await _all(run, contact_point)
    tell(as_json, found, lambda: _shown(out, found))
    return 1 if found else 0


async def _all(run: Run, contact_point: str | None) -> list[Data]:
    found: list[Data] = []
    after = None
    while True:
        page = await run("Undelivered", {"contactPoint": contact_point, "first": _PAGE, "after": after})
        found += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


@command("bounces")
async def bounces_(
    mails: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Mails as files; without any, one from standard input.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Take note of mails that came back, as a mail server reports them; they are due again, by the next channel."""
    reports = [report for mail in _read(mails or []) for report in bounces.read(mail)]
    given = [{"key": each.key, "proof": each.proof, "address": each.address, "reply": each.reply} for each in reports]
    async with commands(read_settings()) as run:
        done = await run("NoteBounces", {"bounces": given})
    came = show.many(done["count"], "message came back, and is", "messages came back, and are")
    tell(as_json, done, lambda: out.print(f"{came} due again, by another channel where there is one: see notify."))
    return 0


def _read(mails: list[Path]) -> list[bytes]:
    if not mails:
        return [sys.stdin.buffer.read(bounces.MOST + 1)]
    try:
        return [mail.read_bytes() for mail in mails]
    except OSError as problem:
        raise Invalid(
            "bounces.file",
            "A mail can't be read: {why}.",
            path=("FILE",),
            remedy="Name files that hold one mail each.",
            why=problem.strerror or type(problem).__name__,
        ) from None


def _shown(console: Console, found: list[Data]) -> None:
    if not found:
        console.print("[green]No message is undelivered.[/]")
        return
    table = wide("Undelivered", ("Message", 3), ("For", 3), ("Since", 3), ("What came of the channels", 6))
    for each in found:
        outcomes = "\n".join(f"{escape(one['channel'])}: {escape(one['text'])}" for one in each["channels"])
        table.add_row(
            f"{each['reference']}\n{each['kind']}, {each['priority']}",
            escape(each["contactPoint"]),
            f"{each['createdAt'][:16].replace('T', ' ')} UTC",
            outcomes or "no channel",
        )
    console.print(table)
    console.print(
        "What a message is about: relaypoint handoff REFERENCE. Once the channel is mended: relaypoint undelivered "
        "--again REFERENCE; where you told it otherwise: --told REFERENCE."
    )
