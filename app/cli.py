"""The ``relaypoint`` command. Every command has ``--json`` for machines.

Exit codes: 0 done; 1 nothing fits or something is amiss (a gap, a stall); 2 bad input; 3 conflict, or a move that
the step's status or your side does not allow; 5 store or server unavailable.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from relaypoint.app import (
    cli_contingency,
    cli_edit,
    cli_find,
    cli_gaps,
    cli_handoff,
    cli_joint,
    cli_key,
    cli_messages,
    cli_process,
    cli_round,
    cli_search,
    cli_stalled,
    cli_status,
    cli_webhook,
    show,
    show_gaps,
    show_list,
)
from relaypoint.app.commands import commands
from relaypoint.app.console import audits, command, err, out, tell, whom
from relaypoint.app.console import main as run_command
from relaypoint.app.doctor import examine
from relaypoint.app.settings import read_settings
from relaypoint.domain.errors import NotFound

__all__ = [
    "cli_contingency",
    "cli_edit",
    "cli_find",
    "cli_gaps",
    "cli_handoff",
    "cli_joint",
    "cli_key",
    "cli_messages",
    "cli_process",
    "cli_round",
    "cli_search",
    "cli_stalled",
    "cli_status",
    "cli_webhook",
    "main",
]

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="As on record at that instant, or at the end of that day (UTC)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@command("reconcile")
async def reconcile(
    list_: Annotated[
        Path, typer.Argument(metavar="LIST", help="One name a line, or a CSV or XLSX with a name column.")
    ],
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="PATH", help="A roster or another list; otherwise the stored roster."),
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="Expect all who hold it, as first-responder.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Hold a published list against the roster: what is new, what has ended, who succeeded it, what is missing."""
    from relaypoint.app.comparing import compared
    from relaypoint.resolvers.lists import read_list

    settings = read_settings()
    names = read_list(list_)
    if against is not None:
        found = compared(names, against, settings, role)
    else:
        async with commands(settings) as run:
            found = await run("Reconcile", {"names": names, "role": role})
    tell(as_json, found, lambda: show_list.reconciled(out, found))
    amiss = ("abolished", "lacking", "new", "twice", "unlisted")
    return 1 if any(found[part] for part in amiss) or any(m["how"] == "alike" for m in found["matched"]) else 0


@command("import")
async def import_(
    path: Annotated[Path, typer.Argument(help="A folder of CSV files, or one XLSX.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show; change nothing.")] = False,
    as_json: Json = False,
) -> int:
    """Check a roster, show what it changes, and apply it as one write; all errors are shown at once."""
    from relaypoint.resolvers.tables import read_tables

    with _progress(as_json) as progress:
        reading = progress.add_task("Reading the sheets", total=None)
        tables = read_tables(path)
        rows = sum(len(table.rows) for table in tables)
        progress.update(reading, total=rows, completed=rows)
        applying = progress.add_task("Checking" if dry_run else "Checking and applying", total=None)
        async with commands(read_settings()) as run:
            done = await run("Import", {"tables": [_table(table) for table in tables], "dryRun": dry_run})
        progress.update(applying, total=rows, completed=rows)
    tell(as_json, done, lambda: show.imported(out, done, dry_run))
    return 2 if done["errors"] else 0


@command("export")
async def export(
    path: Annotated[Path, typer.Argument(help="A folder for CSV files, or a name that ends in .xlsx.")],
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Write the whole roster in the same format; importing it again changes nothing."""
    from relaypoint.resolvers.tables import check_target, write_tables

    check_target(path, force)

    async with commands(read_settings()) as run:
        sheets = await run("Roster", {"asOf": as_of})
    write_tables(path, sheets)
    counts = {sheet: len(rows) for sheet, rows in sheets.items()}
    tell(
        as_json,
        {"path": str(path), "rows": counts},
        lambda: out.print(f"{show.many(sum(counts.values()), 'row')} to {path}"),
    )
    return 0


@command("end")
async def end(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="holder, contact-point, organization or task-force.")],
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id in the roster.")],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="TAKER", help="Who takes its open work: a holder or contact point; repeatable."),
    ] = None,
    replaced_by: Annotated[
        list[str] | None, typer.Option("--replaced-by", metavar="ORG", help="Who succeeds it; repeatable.")
    ] = None,
    override: Annotated[
        str | None, typer.Option("--override", metavar="REASON", help="End it although work is left; reported since.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the work and who takes it.")] = False,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="Act for this organization.")] = None,
    as_json: Json = False,
) -> int:
    """End a tenure, a contact point, an organization or a task force: not while it holds work that nobody takes."""
    settings = read_settings()
    wanted = {"kind": kind, "key": id, "to": to or [], "replacedBy": replaced_by or []}
    async with commands(settings, whom(acting, settings)) as run:
        done = await run("End", {"end": {**wanted, "override": override, "dryRun": dry_run}})
    tell(as_json, done, lambda: show_gaps.ended(out, done))
    return 1 if any(each["taker"] is None for each in done["work"]) else 0


@command("members")
async def members(
    task_force: Annotated[str, typer.Argument(metavar="TASK_FORCE", help="Its id.")],
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="Only who was in it on that day.")] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Who is in a task force, or was: --on a day, and --as-of what was on record at a moment."""
    async with commands(read_settings()) as run:
        found = await run("Members", {"key": task_force.strip().lower(), "on": on, "asOf": as_of})
    if found is None:
        raise NotFound(
            "members.none",
            "There is no task force '{id}'{then}.",
            path=("task_force",),
            remedy="relaypoint export shows what there is, in task_forces.",
            id=task_force,
            then=" on record at that time" if as_of else "",
        )
    tell(as_json, found, lambda: show_gaps.members(out, found))
    return 0


@command("verify", audits)
async def audit_verify(as_json: Json = False) -> int:
    """Check every record, link by link, and that the store holds what the records say."""
    async with commands(read_settings()) as run:
        broken = await run("AuditVerify", {})
    tell(as_json, broken, lambda: show.audited(out, broken))
    return 1 if broken else 0


@command("serve")
async def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0: any free one.")] = 8000,
) -> int:
    """Serve the GraphQL API, take this machine's commands, and deliver the outbox."""
    from relaypoint.app.serving import serve as run

    await run(read_settings(), host, port, "Serving on http://{host}:{port}/graphql")
    return 0


@command("doctor")
async def doctor(as_json: Json = False) -> int:
    """Show the settings without secrets, which way commands go, and whether the store answers."""
    settings = read_settings()
    report = await examine(settings)
    tell(as_json, report, lambda: show.doctor(out, report))
    return 0 if report["store"] == "answers" else 5


def _table(table: Any) -> dict[str, Any]:
    return {
        "sheet": table.sheet,
        "file": table.file,
        "header": table.header,
        "numbers": [number for number, _ in table.rows],
        "rows": [cells for _, cells in table.rows],
        "headerRow": table.header_row,
        "whole": table.whole,
        "errors": [error.as_dict() for error in table.errors],
    }


def _progress(quiet: bool) -> Progress:
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    return Progress(*columns, console=err, transient=True, disable=quiet)


def main() -> None:
    os.umask(0o077)  # What is written here, store, key and spool, is for this user alone.
    # The driver warns of every retry; a retry is what it is for, and what fails in the end is told as such.
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    run_command()
