"""How the command line shows contingencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape

from relaypoint.app.show import Data, wide

#: How many of a kind are shown; --json has all.
_SHOWN: Final = 12


def declared(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("[green]No contingency is declared.[/]")
    for each in found:
        _head(console, each)
        _covered(console, each["contactPoints"])


def changed(console: Console, done: Data) -> None:
    _head(console, done["contingency"])
    if not done["applied"]:
        console.print("[bold]A preview: nothing was changed.[/]")
    effect = done["effect"]
    if effect is None:
        return
    _covered(console, effect["contactPoints"])
    if channels := effect["channels"]:
        table = wide(f"Channels that come in or drop out ({len(channels)})", ("Channel", 3), ("Kind", 2), ("", 2))
        for each in channels[:_SHOWN]:
            table.add_row(escape(each["id"]), each["kind"], "[green]comes in[/]" if each["on"] else "[red]drops out[/]")
        console.print(table)
    if handoffs := effect["handoffs"]:
        table = wide(f"Open referral steps that it concerns ({len(handoffs)})", ("Referral", 3), ("At", 3), ("", 6))
        for each in sorted(handoffs, key=lambda each: each["to"] is not None)[:_SHOWN]:
            text = escape(each["text"]) if each["to"] else f"[bold red]{escape(each['text'])}[/]"
            table.add_row(each["reference"], escape(each["contactPoint"]), text)
        console.print(table)
    if opens := effect["opens"]:
        table = wide(f"Gaps that it opens ({len(opens)})", ("Severity", 2), ("What", 8))
        for gap in opens[:_SHOWN]:
            table.add_row(gap["severity"], escape(gap["text"]))
        console.print(table)
    if effect["closes"]:
        console.print(f"It closes {effect['closes']} gaps.")


def _head(console: Console, each: Data) -> None:
    scope = next(each[name] for name in ("place", "taskForce", "organization") if each[name])
    state = "[bold red]holds[/]" if each["active"] else "does not hold"
    console.print(
        f"[bold]{escape(each['id'])}[/] for {escape(scope)} {state}, "
        f"{each['since']} to {each['until']}: {escape(each['reason'])}"
    )


def _covered(console: Console, desks: Sequence[Data]) -> None:
    if not desks:
        return
    table = wide(f"Contact points ({len(desks)})", ("Contact point", 4), ("Organization", 3), ("Reached", 4))
    for each in sorted(desks, key=lambda each: each["reachable"])[:_SHOWN]:
        how = f"through {escape(each['divertedTo'])}" if each["divertedTo"] else "itself"
        table.add_row(
            escape(each["name"]), escape(each["organization"]), how if each["reachable"] else "[bold red]not at all[/]"
        )
    console.print(table)
