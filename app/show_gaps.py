"""How the command line shows the roster's gaps, who is in a task force, and what an ending leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relaypoint.app.show import Data, wide

#: How many examples of a kind are shown.
_SHOWN: Final = 3

_COLUMNS: Final = (("Severity", 2), ("Kind", 3), ("How many", 2), ("For example", 6), ("What mends it", 4))


def gaps(console: Console, report: Data) -> None:
    found, ahead = report["gaps"], report["ahead"]
    if found:
        console.print(_table(f"Gaps in the roster ({len(found)}) on {report['day']}, gravest first", found))
    else:
        console.print(f"[green]The roster has no gap on {escape(report['day'])}.[/]")
    if ahead:
        table = wide(f"Gaps ahead ({len(ahead)})", ("Opens on", 3), ("Severity", 2), ("What", 6), ("What mends it", 4))
        for gap in ahead[: 4 * _SHOWN]:
            table.add_row(gap["opensOn"], gap["severity"], escape(gap["text"]), escape(_mend(gap)))
        console.print(table)
    if found or ahead:
        console.print("[dim]--json lists every one, with the row that mends it, for relaypoint import.[/]")


def _table(title: str, found: Sequence[Data]) -> Table:
    table = wide(title, *_COLUMNS)
    kinds: dict[tuple[str, str], list[Data]] = {}
    for gap in found:
        kinds.setdefault((gap["severity"], gap["kind"]), []).append(gap)
    for (severity, kind), alike in kinds.items():
        table.add_row(
            severity,
            kind,
            str(len(alike)),
            "\n".join(escape(gap["text"]) for gap in alike[:_SHOWN]),
            escape(_mend(alike[0])),
        )
    return table


def _mend(gap: Data) -> str:
    return f"{gap['mend']['by']}: {gap['mend']['text']}"


def members(console: Console, force: Data) -> None:
    title = f"{escape(force['name'])} ({len(force['memberships'])})"
    table = wide(title, ("Who", 5), ("As", 3), ("Since", 2), ("Until", 2))
    for each in sorted(force["memberships"], key=lambda row: (row["organization"]["name"], row["role"])):
        standing = "" if each["standing"] == "full" else f" ({each['standing']})"
        role = escape(each["role"] + standing)
        table.add_row(escape(each["organization"]["name"]), role, each["since"] or "", each["until"] or "")
    console.print(table)


def ended(console: Console, done: Data) -> None:
    verb = "ended" if done["applied"] else "would end"
    console.print(f"[bold]{escape(done['name'])}[/] ({done['kind']} {escape(done['id'])}) {verb} on {done['day']}.")
    if not done["work"]:
        console.print("[green]It leaves no open work behind.[/]")
        return
    table = wide(f"Its open work ({len(done['work'])})", ("Referral", 3), ("From", 3), ("Lies at", 3), ("Taken", 5))
    for each in done["work"]:
        taken = f"[green]{escape(each['text'])}[/]" if each["taker"] else f"[bold red]{escape(each['text'])}[/]"
        step = f"[bold]{each['reference']}[/]\n{each['priority']}, {each['status']}"
        table.add_row(step, escape(each["sender"]), escape(each["contactPoint"]), taken)
    console.print(table)
    if done["overridden"] and done["applied"]:
        console.print("[yellow]What nobody takes is a gap until it is settled: relaypoint gaps.[/]")
