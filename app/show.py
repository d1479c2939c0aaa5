"""What the commands print for people: tables that fit one screen a step, the most urgent line first."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from relaypoint.app.runtime import clock_of
from relaypoint.app.settings import read_settings
from relaypoint.domain.words import VOICE_KINDS

Data = dict[str, Any]


def many(count: int, one: str, more: str | None = None) -> str:
    """The count with its words; ``more`` than one, or none, by an s unless given."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def wide(title: str, *columns: tuple[str, int | None], lines: bool = False) -> Table:
    """An empty table as wide as the screen; each column is a name and its share of the width."""
    table = Table(title=title, title_justify="left", show_lines=lines, expand=True)
    for name, ratio in columns:
        table.add_column(name, ratio=ratio, overflow="fold")
    return table


def when(instant: str | None, zone: str | None = None) -> str:
    """An instant to the minute, in the IANA zone or else in this machine's own."""
    if not instant:
        return "–"
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(zone) if zone else None):%a %d %b %Y %H:%M %Z}"


def until(instant: str | None) -> str:
    """A deadline as ``when`` tells it, with a word where it has passed."""
    passed = instant is not None and datetime.fromisoformat(instant) < clock_of(read_settings())()
    return f"{when(instant)} [bold red](passed)[/]" if passed else when(instant)


def percent(share: float | None) -> str:
    """A share from 0 to 1."""
    return "–" if share is None else f"{100 * share:.0f} %"


def emergency(console: Console, found: Data | None) -> None:
    """Stands above every answer."""
    if not found:
        return
    lines = [f"[bold yellow]{escape(note)}[/]" for note in found["notes"]]
    if found["number"]:
        lines.append(f"[bold]Danger now: call {escape(found['number'])}[/] ({escape(found['answeredBy'] or '')})")
    if found["hotlineNumber"]:
        lines.append(
            f"{escape(found['hotline'])}: [bold]{spoken(found['hotlineNumber'])}[/]{_hours(found['hotlineOpen'])}"
        )
    if found["phoneNow"]:
        lines.append(f"[bold red]{escape(found['phoneNow'])}[/]")
    if lines:
        land = escape(found["country"]) if found["country"] else None
        console.print(Panel("\n".join(lines), border_style="red", title=land, title_align="left"))


def diverted(at: Data) -> str:
    return f"\n(diverted to {escape(at['divertedTo']['name'])})" if at["divertedTo"] else ""


def paused(at: Data) -> str:
    """Until when its escalation waits, and why; empty where it does not."""
    if not (pause := at["paused"]):
        return ""
    return f"waits until {pause['until']}: {escape(pause['reason'])}, for {escape(pause['name'])}"


def audited(console: Console, broken: list[Data]) -> None:
    if not broken:
        console.print("[green]Every record is whole, and the store holds what they say.[/]")
    for each in broken:
        console.print(f"{each['aggregate']} {each['id']}: {each['text']}", style="bold red", markup=False)


def delivered(console: Console, done: Data) -> None:
    console.print(", ".join(f"{count} {status}" for status, count in done.items()))
    if done["dead"]:
        console.print("[bold red]What is dead reached nobody:[/] relaypoint stalled says whom to phone.")
    if done["failed"]:
        console.print("What failed is tried again with the next deliveries; relaypoint doctor asks the mail server.")
    if done["waiting"]:
        console.print(
            "What waits goes out when a channel opens, at its time of day, when it is to be tried again, or is being "
            "tried by a server now."
        )


_KINDS = ("reopened", "ended", "changed", "added")


def imported(console: Console, done: Data, dry_run: bool) -> None:
    if done["errors"]:
        table = wide(
            f"Errors: {len(done['errors'])}; nothing was changed",
            ("Where", 3),
            ("Value", 2),
            ("What is wrong", 4),
            ("What to do", 4),
        )
        for error in done["errors"]:
            where = error["file"] + (f", row {error['row']}" if error["row"] else "")
            where += f", {error['column']}" if error["column"] else ""
            table.add_row(*(escape(text) for text in (where, error["value"], error["message"], error["remedy"])))
        console.print(table)
        return
    changes = done["changes"]
    for left in done["left"]:
        console.print(
            f"[yellow]Not in the file, and staying: {many(left['count'], 'stored row')} of {left['sheet']}.[/] "
            "To end one, give its row an until."
        )
    warned(console, done)
    if not changes:
        console.print(f"{many(done['rows'], 'row')} read; [green]the store holds all of them already.[/]")
        return
    table = Table(title="What would change" if dry_run else "What changed", title_justify="left")
    for name in ("Sheet", *_KINDS):
        table.add_column(name, justify="left" if name == "Sheet" else "right")
    counts = Counter((change["sheet"], change["kind"]) for change in changes)
    for sheet in dict.fromkeys(change["sheet"] for change in changes):
        table.add_row(sheet, *(str(counts[sheet, kind] or "") for kind in _KINDS))
    console.print(table)
    for kind in _KINDS:
        _changes(console, [change for change in changes if change["kind"] == kind])
    console.print("Nothing was changed: this was a dry run." if dry_run else "[green]Applied, as one write.[/]")


def _changes(console: Console, changes: list[Data], shown: int = 20) -> None:
    """Each change with what it was and is; what is reopened stands out, for an old file does that unasked."""
    for change in changes[:shown]:
        style = "bold yellow" if change["kind"] == "reopened" else None
        console.print(f"  {change['kind']} {change['sheet']} {change['id']}", markup=False, style=style)
        for each in change["differences"]:
            console.print(f"    {each['column']}: {each['before'] or '–'} → {each['after'] or '–'}", markup=False)
    if len(changes) > shown:
        console.print(f"  [dim]and {len(changes) - shown} more {changes[0]['kind']}; --json lists them.[/]")


def doctor(console: Console, report: Data) -> None:
    for name, value in report["settings"].items():
        console.print(f"RELAYPOINT_{name.upper()} = {'' if value is None else value}", markup=False)
    console.print(f"key file: {report['keyFile']}", markup=False)
    console.print(f"commands go {report['commands']}", markup=False)
    warned(console, report)
    console.print(f"the store {report['store']}", markup=False)
    if report["mail"]:
        good = report["mail"] == "answers"
        console.print(f"the mail server {report['mail']}", style=None if good else "bold red", markup=False)
    if "problem" in report:
        console.print(f"{report['problem']['message']} {report['problem']['remedy']}", style="bold red", markup=False)


_STATES = {"failing": "[yellow](failing)[/]", "unproven": "[dim](not confirmed yet)[/]"}


def by_voice(use: Data) -> bool:
    """Whether one speaks with somebody over the channel."""
    return use["kind"] in VOICE_KINDS


def channel(use: Data) -> str:
    """One line: kind, address, whether it answers now, what to know."""
    voice = by_voice(use)
    address = spoken(use["address"]) if use["kind"] in ("phone", "sms") else use["address"] or ""
    line = f"{use['kind']} [bold]{escape(address)}[/]" + (_hours(use["open"]) if voice else "")
    if voice and use["opensAt"]:
        line += f" until {when(use['opensAt'], use['timeZone'])}"
    if use["state"] in _STATES:
        line += f" {_STATES[use['state']]}"
    return line + (f"\n  [dim]{escape(use['note'])}[/]" if use["note"] else "")


def spoken(number: str | None) -> str:
    """A number as one dials it within its country, and the prefix from abroad: many freephones answer only at home."""
    import phonenumbers

    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return f"{national} (+{parsed.country_code})"


def _hours(is_open: bool | None) -> str:
    words = {True: "[green](open now)[/]", False: "[yellow](closed now)[/]", None: "[dim](hours not known)[/]"}
    return f" {words[is_open]}"


def warned(console: Console, done: Data) -> None:
    for warning in done["warnings"]:
        console.print(f"warning: {warning}", style="yellow", markup=False)
