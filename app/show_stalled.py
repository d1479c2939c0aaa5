"""What the commands print of what has gone silent."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relaypoint.app.show import Data, channel, diverted, many, paused, percent, when, wide
from relaypoint.resolvers.tables_cells import guarded

_ROLES = {
    "same-desk": "now",
    "other-desk": "then",
    "reply-desk": "sender",
    "next-candidate": "instead",
    "coordinator": "coordinator",
    "hotline": "hotline",
    "sender": "you",
    "receiver": "you",
    "yours": "you",
}


def stalled(
    console: Console, stalls: list[Data], *, more: bool = False, own: bool = False, narrowed: bool = False
) -> None:
    """``more``: they are the first of several. ``own``: to a body, which is told of what it has a part in.
    ``narrowed``: only some were asked for."""
    if not stalls:
        what = " of what you sent or hold, and nothing of others' was brought before you" if own else ""
        if narrowed:  # No all-clear.
            console.print(f"Nothing that was asked for has stalled{what}. Without the options there may be more.")
        else:
            console.print(f"[green]Nothing has stalled{what}.[/]")
        return
    table = wide(
        f"Stalled ({'the first ' if more else ''}{len(stalls)}), most urgent first",
        ("Referral", 3),
        ("Why, since when", 4),
        ("Who holds it", 3),
        ("Whom to turn to", 6),
        lines=True,
    )
    for stall in stalls:
        table.add_row(
            f"[bold]{stall['reference']}[/]\n{stall['priority']}, {stall['status']}\n"
            f"from {escape(stall['sender']['name'])}",
            f"[bold red]{stall['reason']}[/]\n{escape(stall['text'])}\n"
            f"{''.join(f'also: {escape(text)}{chr(10)}' for text in stall['also'])}since {when(stall['due'])}\n"
            f"{_hours_told(stall, 'clockHours', 'workingHours')}\n"
            f"[dim]sent {_hours_told(stall, 'waitedClockHours', 'waitedWorkingHours')} ago[/]"
            f"{_escalated(stall)}",
            f"{escape(stall['organization']['name'])}\n{escape(stall['holder']['name'])}" + diverted(stall),
            "\n".join(_next(step) for step in stall["nextSteps"]),
        )
    console.print(table)
    if more:
        console.print("[bold]There are more.[/] Without --first all are shown.")


def _escalated(stall: Data) -> str:
    line, climbed = "", stall["escalated"]
    if climbed and climbed["taken"]:
        whom = "a message to them was made" if climbed["told"] else "[bold]nobody who is there could be told[/]"
        line = f"\nescalated: {climbed['taken']}. {climbed['action']}, {when(climbed['takenAt'])}, {whom}"
        line += "" if stall["paused"] else f"; next {when(climbed['nextAt'])}"
    return line + (f"\n[bold yellow]escalation {waits}[/]" if (waits := paused(stall)) else "")


def _next(step: Data) -> str:
    line = f"[bold]{_ROLES[step['role']]}[/]: {escape(step['text'])}"
    if step["contactPoint"]:
        line += f"\n  {escape(step['organization'])}, {escape(step['contactPoint']['name'])}"
    return "".join((line, *(f"\n  {channel(use)}" for use in step["channels"][:3])))


def _hours_told(stall: Data, clock: str, working: str) -> str:
    if stall["priority"] in ("stat", "asap"):
        return _hours_long(stall[clock])  # These run by the clock.
    return f"{_hours_long(stall[clock])}, {_hours_long(stall[working], days=False)} of them working time"


def _hours_long(hours: float, *, days: bool = True) -> str:
    """``days``: many hours are told in days, which working hours have not 24 of."""
    minutes = round(hours * 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return many(minutes // 1440, "day") if days else f"{minutes // 60} h"


def due(console: Console, found: list[Data], hours: int) -> None:
    """What falls due, by contact point, the next first."""
    if not found:
        console.print("Nothing falls due in the next " + ("hour." if hours == 1 else f"{hours} hours."))
        return
    for desk in dict.fromkeys(each["contactPoint"]["id"] for each in found):
        here = [each for each in found if each["contactPoint"]["id"] == desk]
        console.print(f"[bold]{escape(here[0]['contactPoint']['name'])}[/] [dim]{escape(desk)}[/]")
        for each in here:
            who = {"receiver": "", "sender": " (its sender)", "coordinator": " (who coordinates)"}[each["side"]]
            console.print(f"  {when(each['at'])}  {each['reference']}  {each['priority']}, {each['text']}{who}")
            for step in each["turnTo"]:
                console.print(f"    {_next(step)}".replace("\n", "\n    "))


#: Said beside every form of the figures; of a spreadsheet or for a machine, where nothing else is read.
KEPT_BACK: Final = "Of what you coordinate nothing is told that would tell of fewer than five steps."

_HEADER: Final = ("Steps", "Median", "9 of 10 within", "Worst", "Answered in time")


def summary(console: Console, groups: list[Data], by: str) -> None:
    """How many have stalled in each group, and how old they are in working time; of what one coordinates apart."""
    own = [group for group in groups if not group["coordinated"]]
    others = [group for group in groups if group["coordinated"]]
    for what, part in (("Stalled", own), ("Stalled between those whom you coordinate, in fives", others)):
        if not part:
            continue
        table = Table(title=f"{what}, by {escape(by)} (working hours since the deadline)", title_justify="left")
        table.add_column(by.capitalize())
        for name in _HEADER:
            table.add_column(name, justify="right")
        for group in part:
            table.add_row(*map(escape, _cells(group)))
        console.print(table)
    if not own:
        console.print("[green]Nothing of your own has stalled.[/]")
    if groups:
        console.print("[dim]Answered in time: of the steps sent in the last 90 days, where there were five or more.[/]")
    console.print(f"[dim]{KEPT_BACK}[/]")


def _cells(group: Data) -> list[str]:
    hours, share = group["workingHours"] or {}, group["answeredInTime"]
    ages = ("–" if hours.get(each) is None else f"{hours[each]:.1f}" for each in ("median", "p90", "worst"))
    return [_name(group), str(group["count"]), *ages, percent(share)]


def _name(group: Data) -> str:
    if group["withheld"]:
        return "kept back, of small groups and who would tell of them"
    name = group["name"] or "–"
    return f"{name} (coordinated)" if group["coordinated"] else name


def summary_csv(console: Console, groups: list[Data], by: str) -> None:
    """The same for a spreadsheet, with the ages on the clock beside."""
    rows = csv.writer(sys.stdout)
    ages = ("median", "p90", "worst")
    hours = [f"{kind}_hours_{age}" for kind in ("working", "clock") for age in ages]
    rows.writerow([by, "name", "steps", *hours, "answered_in_time", "coordinated", "kept_back"])
    for group in groups:
        figures = [(group[kind] or {}).get(age) for kind in ("workingHours", "clockHours") for age in ages]
        names = (guarded(group[each] or "") for each in ("key", "name"))
        whose, left = ("yes" if group[each] else "" for each in ("coordinated", "withheld"))
        rows.writerow([*names, group["count"], *figures, group["answeredInTime"], whose, left])


def trend(console: Console, weeks: list[Data]) -> None:
    """How many had stalled at the end of each week, and now; with what one coordinates, in fives, behind it."""
    most = max(map(_all_of, weeks), default=0) or 1
    for week in weeks:
        hours = f"  median {week['workingHours']['median']:.1f} working hours" if week["workingHours"] else ""
        others = f"  and {week['coordinated']} or more that you coordinate (▒)" if week["coordinated"] else ""
        whole, mine = (round(30 * count / most) for count in (_all_of(week), week["count"]))
        bar = "█" * mine + "▒" * (whole - mine)
        console.print(f"{when(week['at'])}  {week['count']:>6}  {bar}{hours}{others}")
    console.print(f"[dim]{KEPT_BACK}[/]")


def _all_of(week: Data) -> int:
    return int(week["count"] + (week["coordinated"] or 0))


def written(path: Path, groups: list[Data], weeks: list[Data], by: str) -> None:
    """A page to print. Raises ``Invalid`` where it can't be written."""
    from relaypoint.app import charts  # Nobody waits for it who prints nothing.

    parts = [charts.line("Stalled, week by week", [(week["at"][:10], _all_of(week)) for week in weeks])]
    if groups:
        counts = [(_name(group), {"stalled": group["count"]}) for group in groups]
        ages = [(_name(each), {"median": each["workingHours"]["median"]}) for each in groups if not each["withheld"]]
        parts += [
            charts.bars(f"Stalled, by {by}", counts),
            charts.bars("Working hours since the deadline, median", ages),
            charts.table((by.capitalize(), *_HEADER), [_cells(group) for group in groups]),
        ]
    about = "Ages are working hours since the deadline that was missed. Answered in time: of the steps sent in 90 days."
    charts.write_page(path, "What has stalled", about, parts)
