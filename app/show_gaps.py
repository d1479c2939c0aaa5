"""How the command line shows the roster's gaps, who is in a task force, and what an ending leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape

from relaypoint.app.show import Data, wide

#: How many examples of a kind are shown.
_SHOWN: Final = 3

_COLUMNS: Final = (("Severity", 2), ("Kind", 3), ("How many", 2), ("For example", 6), ("What mends it", 4))


def gaps(console: Console, report: Data) -> None:
    ahead = [edge["node"] for edge in report["ahead"]["edges"]]
    if report["total"]:
        title = f"Gaps in the roster ({report['total']}) on {report['day']}, gravest first"
        table = wide(title, *_COLUMNS)
        for alike in report["counts"]:
            examples = alike["examples"]
            texts = "\n".join(escape(gap["text"]) for gap in examples)
            table.add_row(alike["severity"], alike["kind"], str(alike["count"]), texts, escape(_mend(examples[0])))
        console.print(table)
    else:
        console.print(f"[green]The roster has no gap on {escape(report['day'])}.[/]")
    if ahead:
        title = f"Gaps ahead ({report['totalAhead']})"
        table = wide(title, ("Opens on", 3), ("Severity", 2), ("What", 6), ("What mends it", 4))
        for gap in ahead:
            table.add_row(gap["opensOn"], gap["severity"], escape(gap["text"]), escape(_mend(gap)))
        console.print(table)
    if report["total"] or ahead:
        console.print("[dim]--kind KIND lists all of a kind with what mends each; --json lists every one.[/]")


def listed(console: Console, report: Data) -> None:
    """Every gap of a kind, with the row or the command that mends it."""
    if not report["gaps"] and not report["ahead"]:
        console.print("[green]There is no gap of this kind.[/]")
    for gap in (*report["gaps"], *report["ahead"]):
        when = f" (from {gap['opensOn']} on)" if gap["opensOn"] else ""
        console.print(f"[bold]{gap['severity']}[/] {escape(gap['text'])}{when}")
        mend = gap["mend"]
        console.print(f"  {mend['by']}: {escape(mend['text'])}")
        if mend["command"]:
            console.print(f"  {escape(mend['command'])}")
        elif mend["cells"] or mend["row"]:
            cells = " ".join(f"{cell['column']}={cell['value'] or ''}" for cell in mend["cells"])
            console.print(f"  {mend['sheet']} {escape(mend['row'] or 'NEW-ID')} {escape(cells)}")


def trend(console: Console, points: Sequence[Data]) -> None:
    if not points:
        console.print("Nothing was counted yet; `relaypoint snapshot` does, and so does a running server each day.")
        return
    table = wide("Gaps, day by day", ("Day", 2), ("Gaps", 1), ("Since the day before", 3), ("Most of them", 6))
    before = None
    for point in points:
        most = sorted(point["counts"], key=lambda of: (-of["count"], of["kind"]))[:_SHOWN]
        change = "" if before is None else f"{point['total'] - before:+}"
        told = ", ".join(f"{of['count']} {of['kind']}" for of in most)
        table.add_row(point["day"], str(point["total"]), change, told)
        before = point["total"]
    console.print(table)


def guidance(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("No guidance is in force.")
        return
    columns = (("Guidance", 5), ("Version", 2), ("For", 4), ("By", 2), ("Not acknowledged", 3))
    table = wide("Guidance", *columns)
    for each in found:
        meant = each["contactPoint"] or " ".join(filter(None, (each["taskForce"], each["role"])))
        name = f"{each['name']} ({each['key']})"
        by = each["acknowledgeBy"] or ""
        table.add_row(escape(name), str(each["version"]), escape(meant), by, str(len(each["readers"])))
    console.print(table)


def readers(console: Console, found: Data) -> None:
    console.print(f"[bold]{escape(found['name'])}[/], version {found['version']}")
    for line in (found["text"], found["url"]):
        if line:
            console.print(escape(line))
    table = wide("", ("Holder", 4), ("Contact point", 4), ("Organization", 4), ("Due", 2), ("Acknowledged", 2))
    for each in found["readers"]:
        names = (escape(each[name]) for name in ("holder", "contactPoint", "organization"))
        table.add_row(*names, each["due"] or "", each["readOn"] or "–")
    console.print(table)


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
    verb = "ended" if done["applied"] else "is to end" if done["waits"] else "would end"
    console.print(f"[bold]{escape(done['name'])}[/] ({done['kind']} {escape(done['id'])}) {verb} on {done['day']}.")
    if done["waits"]:
        console.print("[yellow]This takes two: another coordinator, or the operator, has to give the same command.[/]")
        console.print("It stands for a week, and is listed by `relaypoint gaps`. Nothing was changed yet.")
        return
    for ask in done["asks"]:
        instead = f"; {ask['taker']} is asked instead" if ask["taker"] else ""
        console.print(escape(f"An open {ask['kind']}, due on {ask['due']}: {ask['subject']}{instead}."))
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
