"""How the command line shows contingencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape

from relaypoint.app.show import Data, many, wide

#: How many of a kind are shown; --json has all.
_SHOWN: Final = 12


def declared(console: Console, found: Sequence[Data]) -> None:
    if not found:
        console.print("[green]No contingency is declared.[/]")
    for each in found:
        _head(console, each)
        if each["waiting"] is not None:
            many = f"At least {each['waiting']}" if each["waiting"] else "Fewer than five"
            console.print(f"[bold yellow]{many} silent steps of what you coordinate wait for its end[/];")
            console.print("relaypoint stalled --by organization counts all that is silent, in groups of five or more.")
        open_now = [desk for desk in each["contactPoints"] if desk["reachable"]]
        console.print(f"{len(open_now)} of {len(each['contactPoints'])} contact points can be reached.")
        _covered(console, "What is open", sorted(open_now, key=lambda desk: not desk["divertedTo"]))


def changed(console: Console, done: Data) -> None:
    if done["applied"]:
        _head(console, done["contingency"])
    else:
        console.print(f"[bold]A preview for {escape(_scope(done['contingency']))}: nothing was changed.[/]")
    effect = done["effect"]
    if effect is None:
        return
    desks = effect["contactPoints"]
    lost = [each for each in desks if each["otherwise"] and not each["reachable"]]
    if not desks:
        console.print("It changes nothing at any contact point today.")
        console.print("[dim]A place covers the contact points that serve nothing outside it.[/]")
        return
    never = sum(not each["otherwise"] and not each["reachable"] for each in desks)
    told = many(len(desks), "contact point is", "contact points are")
    told += f" concerned, {never} of which can't be reached anyway: "
    console.print(
        told + f"{len(lost)} can't be reached any more, {sum(bool(d['divertedTo']) for d in desks)} diverted."
    )
    _covered(console, "Those that change", [*lost, *(each for each in desks if each["divertedTo"])])
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
        console.print(f"It closes {many(effect['closes'], 'gap')}.")


def _head(console: Console, each: Data) -> None:
    scope = _scope(each)
    state = "[bold red]holds[/]" if each["active"] else "does not hold"
    console.print(
        f"[bold]{escape(each['id'])}[/] for {escape(scope)} {state}, "
        f"{each['since']} to {each['until']}: {escape(each['reason'])}"
    )
    if each["pauseEscalations"]:
        console.print("[bold yellow]Meanwhile nobody is reminded of slowness there[/], but with asap and stat;")
        console.print("its sender is told once. What can't be delivered, and who can't be reached, is told as ever.")


def _scope(each: Data) -> str:
    return str(next(each[name] for name in ("place", "taskForce", "organization") if each[name]))


def _covered(console: Console, title: str, desks: Sequence[Data]) -> None:
    if not desks:
        return
    table = wide(f"{title} ({len(desks)})", ("Contact point", 4), ("Organization", 3), ("Reached", 4))
    for each in desks[:_SHOWN]:
        how = f"through {escape(each['divertedTo'])}" if each["divertedTo"] else "itself"
        table.add_row(
            escape(each["name"]), escape(each["organization"]), how if each["reachable"] else "[bold red]not at all[/]"
        )
    console.print(table)
    if len(desks) > _SHOWN:
        console.print(f"[dim]and {len(desks) - _SHOWN} more; --json lists all.[/]")
