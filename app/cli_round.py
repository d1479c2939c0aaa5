"""The commands of confirmation rounds and drills."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from relaypoint.app.cli_edit import column
from relaypoint.app.commands import Run, commands
from relaypoint.app.console import command, out, rounds, tell
from relaypoint.app.settings import read_settings
from relaypoint.app.show import Data, many, wide
from relaypoint.domain.errors import Invalid

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Acting = Annotated[str | None, typer.Option("--as", metavar="ORG", help="The coordinator's organization.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The round's id.")]
Save = Annotated[
    Path | None,
    typer.Option("--links", metavar="FILE", help="Write all links to a new CSV file, readable by you alone."),
]

#: How many links or asks are shown; --json has all.
_SHOWN: Final = 20
_PAGE: Final = 200


@command("start", rounds)
async def start(
    due: Annotated[str, typer.Option("--due", metavar="DAY", help="The day by which answers are expected.")],
    task_force: Annotated[str | None, typer.Option("--task-force", metavar="ID", help="Of its members.")] = None,
    drill: Annotated[bool, typer.Option("--drill", help="Try every channel, instead of asking the holders.")] = False,
    links: Save = None,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Ask every holder whether they still hold their contact point; with --drill, send a test over every channel."""
    given = {"kind": "drill" if drill else "confirmation", "due": due, "taskForce": task_force}
    return await _started("StartRound", {"start": given}, acting, links, as_json)


@command("remind", rounds)
async def remind(id: Id, links: Save = None, acting: Acting = None, as_json: Json = False) -> int:
    """Send new links to those who have not answered; the old ones no longer hold."""
    return await _started("RemindRound", {"key": id}, acting, links, as_json)


@command("list", rounds)
async def list_(
    past: Annotated[bool, typer.Option("--past", help="Also those that were closed.")] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """The rounds that run, with how many have answered what."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await run("Rounds", {"past": past})
    tell(as_json, found, lambda: _listed(out, found))
    return 0


@command("show", rounds)
async def show(
    id: Id,
    open: Annotated[bool, typer.Option("--open", help="Only who has not answered.")] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Who has answered what, and who has not."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        found = await _whole(run, id, open)
    tell(as_json, found, lambda: _shown(out, found))
    return 1 if any(each["state"] in ("asked", "sent", "silent", "left") for each in found["asks"]) else 0


@command("close", rounds)
async def close(
    id: Id,
    early: Annotated[bool, typer.Option("--early", help="Before the day on which answers are due.")] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """End a round: its links no longer hold, and channels whose message nobody answered are failing."""
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run("CloseRound", {"key": id, "early": early})
    tell(as_json, done, lambda: _head(out, done))
    return 0


@command("note", rounds)
async def note(
    id: Annotated[str, typer.Argument(metavar="TEST", help="The test's id, from `relaypoint round show`.")],
    said: Annotated[str, typer.Argument(metavar="RESULT", help="answered or silent.")],
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Note what came of a test that you made yourself, such as a call; while the drill is open also anew."""
    if said not in ("answered", "silent"):
        raise Invalid(
            "round.result",
            "'{said}' is no result of a test.",
            path=("result",),
            remedy="Write answered or silent.",
            said=said[:60],
        )
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run("NoteTest", {"key": id, "answered": said == "answered"})
    tell(as_json, done, lambda: out.print(f"{escape(done['subject'])}: {done['state']}."))
    return 0


@command("answer", rounds)
async def answer(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token of the link.")],
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="confirm, correct or left.")] = "confirm",
    corrections: Annotated[
        list[str] | None,
        typer.Option("--correct", metavar="SHEET/ID/COLUMN=VALUE", help="What is wrong; repeatable."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Answer a link, as one who was told it over the phone."""
    wrong = [_correction(each) for each in corrections or ()]
    async with commands(read_settings()) as run:
        done = await run("AnswerRound", {"token": token, "answer": said, "corrections": wrong})
    tell(as_json, done, lambda: out.print(f"{escape(done['organization'])}, {escape(done['name'])}: {done['state']}."))
    return 0


async def _started(
    document: str, variables: dict[str, Any], acting: str | None, file: Path | None, as_json: bool
) -> int:
    _new(file)
    settings = read_settings()
    async with commands(settings, acting or settings.organization) as run:
        done = await run(document, variables)
    if file is not None:
        _save(file, done["links"])
    tell(as_json, done, lambda: _links(out, done, file))
    return 0


def _new(file: Path | None) -> None:
    if file is not None and file.exists():
        raise Invalid(
            "round.links-file",
            "{file} is there already.",
            path=("links",),
            remedy="Name a file that does not exist.",
            file=str(file),
        )


async def _whole(run: Run, id: str, open: bool) -> Data:
    """The round with all that it asks, page by page."""
    asks: list[Data] = []
    after = None
    while True:
        found = await run("Round", {"key": id, "open": open, "first": _PAGE, "after": after})
        asks += [edge["node"] for edge in found["asks"]["edges"]]
        after = found["asks"]["pageInfo"]["endCursor"]
        if not found["asks"]["pageInfo"]["hasNextPage"]:
            return {**found, "asks": asks}


def _correction(given: str) -> dict[str, Any]:
    sheet, slash, rest = given.partition("/")
    id, second, cell = rest.partition("/")
    if not slash or not second:
        raise Invalid(
            "round.correction-form",
            "'{given}' does not say what is wrong.",
            path=("corrections",),
            remedy="Write SHEET/ID/COLUMN=VALUE, as channels/shelter-phone/address=+442079460101.",
            given=given[:60],
        )
    return {"sheet": sheet, "key": id, "columns": [column(cell)]}


def _save(file: Path, links: Sequence[Data]) -> None:
    names = ("organization", "contactPoint", "name", "subject", "kind", "address", "sent", "token", "key")
    with open(file, "x", encoding="utf-8", newline="", opener=_private) as written:
        writer = csv.DictWriter(written, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(links)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _links(console: Console, done: Data, file: Path | None) -> None:
    _head(console, done["round"])
    links = done["links"]
    if not links:
        console.print("[yellow]Nothing was sent: everybody has answered, or the links were told before.[/]")
        return
    if done["unasked"] and done["round"]["kind"] != "drill":
        nobody = many(done["unasked"], "contact point has", "contact points have")
        console.print(f"[yellow]{nobody} no holders to ask; try what nobody holds by --drill.[/]")
    unsent = [each for each in links if not each["sent"]]
    console.print(f"{len(links) - len(unsent)} of {len(links)} went out as messages.")
    if unsent:
        table = wide("To be told another way", ("Whom", 5), ("By", 4), ("Token", 4), ("Note it with", 5))
        for each in unsent[:_SHOWN]:
            way = f"{each['kind']} {each['address']}" if each["kind"] else "no channel"
            drill = done["round"]["kind"] == "drill"
            noted = f"note {each['key']} answered" if drill else f"answer {each['token']}"
            table.add_row(
                escape(f"{each['organization']}: {each['name']}"),
                escape(way),
                each["token"],
                escape(f"relaypoint round {noted}"),
            )
        console.print(table)
        if len(unsent) > _SHOWN and file is None:
            console.print(f"[dim]and {len(unsent) - _SHOWN} more; --links FILE keeps all of them.[/]")
    console.print("[dim]The tokens are stored nowhere; `relaypoint round remind` makes new ones.[/]")


def _head(console: Console, each: Data) -> None:
    whom = each["taskForce"] or "everybody"
    over = f", closed on {each['until']}" if each["until"] else ""
    console.print(f"[bold]{escape(each['key'])}[/]: {each['kind']} of {escape(whom)}, due on {each['due']}{over}")
    console.print("  " + ", ".join(f"{answer['count']} {answer['state']}" for answer in each["answers"]))


def _listed(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("No round is open.")
    for each in found:
        _head(console, each)


def _shown(console: Console, found: Data) -> None:
    _head(console, found)
    asks = found["asks"]
    if not asks:
        return
    table = wide("", ("Whom", 5), ("Contact point", 4), ("Answer", 2), ("On", 2), ("Reminded", 3), ("Test", 5))
    for each in asks[:_SHOWN]:
        took = f", {each['minutes']} min" if each["minutes"] is not None else ""
        table.add_row(
            escape(each["subject"]),
            escape(each["contactPoint"]),
            each["state"] + took,
            each["until"] or "",
            "\n".join(each["reminded"]),
            escape(each["key"]) if found["kind"] == "drill" else "",
        )
    console.print(table)
    if len(asks) > _SHOWN:
        console.print(f"[dim]and {len(asks) - _SHOWN} more; --json lists all.[/]")
