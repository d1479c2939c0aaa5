"""The commands of joint work: requests to meet or to enter, facilities, and who is on duty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app.commands import commands
from relaypoint.app.console import app, command, joint, out, places, tell
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, wide
from relaypoint.domain.errors import NotFound

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Acting = Annotated[str | None, typer.Option("--as", metavar="ORG", help="Act for this organization.")]


@command("ask", joint)
async def ask(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="meet or enter.")],
    organization: Annotated[str, typer.Option("--as", metavar="ORG", help="Who asks.")],
    to: Annotated[str, typer.Option("--to", metavar="ORG", help="Who is asked.")],
    by: Annotated[str, typer.Option("--by", metavar="DAY", help="The day by which an answer is expected.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a sentence.")],
    facility: Annotated[str | None, typer.Option("--facility", metavar="ID", help="To enter: which.")] = None,
    as_json: Json = False,
) -> int:
    """Ask another organization to meet, or to be let into a facility or a hot spot."""
    given = {"organization": organization, "to": to, "kind": kind, "facility": facility, "reason": reason, "due": by}
    async with commands(read_settings(), organization) as run:
        done = await run("AskJointly", {"ask": given})
    tell(as_json, done, lambda: _listed(out, [done]))
    return 0


@command("answer", joint)
async def answer(
    id: Annotated[str, typer.Argument(metavar="ID", help="The request.")],
    verb: Annotated[str, typer.Argument(metavar="VERB", help="agree or refuse; withdraw, by who asked.")],
    acting: Acting = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; needed to refuse.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="The day that is agreed on.")] = None,
    as_json: Json = False,
) -> int:
    """Answer such a request: none ends in silence."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run("AnswerJointly", {"key": id, "verb": verb, "reason": reason, "on": on})
    tell(as_json, done, lambda: _listed(out, [done]))
    return 0


@command("list", joint)
async def list_(
    past: Annotated[bool, typer.Option("--past", help="Also those that were answered.")] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """The requests that concern one, the next due first."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await run("JointRequests", {"past": past})
    tell(as_json, found, lambda: _listed(out, found))
    return 0


@command("list", places)
async def facilities(
    organization: Annotated[str | None, typer.Option("--for", metavar="ORG", help="Only those it may enter.")] = None,
    as_json: Json = False,
) -> int:
    """The facilities, whom to ask there, and who may enter until when."""
    async with commands(read_settings()) as run:
        found = await run("Facilities", {"organization": organization})
    tell(as_json, found, lambda: _facilities(out, found))
    return 0


@command("duty", app)
async def duty(
    desk: Annotated[str, typer.Argument(metavar="CONTACT-POINT", help="The contact point.")],
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="The day; today unless given.")] = None,
    as_json: Json = False,
) -> int:
    """Whose turn it is on the rota of a contact point. Exit code 1: nothing turns there."""
    async with commands(read_settings()) as run:
        found = await run("Duty", {"key": desk, "on": on})
    if found is None:
        raise NotFound(
            "duty.none",
            "There is no contact point '{id}'.",
            path=("key",),
            remedy="Check the id; `relaypoint export` shows all of them.",
            id=desk[:60],
        )
    turn = found["onDuty"]
    tell(as_json, turn, lambda: out.print(_turn(turn)))
    return 0 if turn else 1


def _turn(turn: Data | None) -> str:
    if turn is None:
        return "No rota turns there."
    return escape(f"{turn['name'] or turn['holder']} ({turn['role']}, {turn['holder']})")


def _listed(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("No request is open.")
    for each in found:
        what = f"to enter {each['facility']}" if each["facility"] else "to meet"
        asks = escape(f"{each['organization']} asks {each['to']} {what}")
        console.print(f"[bold]{escape(each['key'])}[/]: {asks}")
        console.print(f"  {escape(each['reason'])}")
        if each["state"] == "asked":
            console.print(f"  asked on {each['since']}, an answer is due on {each['due']}")
        else:
            day = f" for {each['on']}" if each["on"] else ""
            why = f": {escape(each['answer'])}" if each["answer"] else ""
            console.print(f"  {each['state']} on {each['until']}{day}{why}")


def _facilities(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("No such facility: none is listed, or it may enter none.")
        return
    table = wide("Facilities", ("Facility", 5), ("Kind", 3), ("Where", 2), ("Whom to ask", 4), ("May enter", 6))
    for each in found:
        may = [of["organization"] + (f", until {of['until']}" if of["until"] else "") for of in each["authorisations"]]
        names = (f"{each['name']} ({each['key']})", each["kind"], each["jurisdiction"], each["contactPoint"] or "–")
        table.add_row(*(escape(name) for name in names), escape("\n".join(may)))
    console.print(table)
