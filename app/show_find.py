"""What ``find`` prints for people: whom to call first, why this one, and what would let the others in."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from relaypoint.app.show import by_voice, channel, diverted, emergency, when, wide

Data = dict[str, Any]

#: So many that are ruled out are printed; of a kind of help that nobody asked for.
_SHOWN = 6
_FEW = 2


def found(console: Console, answer: Data, need: Data | None = None) -> None:
    """``need`` is what was asked for, to be read back."""
    emergency(console, answer["emergency"] | {"phoneNow": None})
    console.print(f"For {escape(answer['place']['name'])}, as of {when(answer['at'])}")
    if answer["languages"]:
        console.print(f"Languages: {escape(', '.join(answer['languages']))}")
    if answer["tags"]:
        console.print(f"Person: {escape(', '.join(answer['tags']))}")
    needs = [answer, *answer["also"]]
    if asked := _asked(need or {}):
        console.print(f"Asked with: {escape(asked)}")
    if answer["avoiding"]:
        left = answer["leftOut"]
        more = " or more" if left and any(each["excludedTotal"] > len(each["excluded"]) for each in needs) else ""
        found = f"{left}{more} of what was found is theirs, left out" if left else "nothing that was found is theirs"
        known = "as far as it is on record who answers"
        console.print(f"Avoided, as asked: [bold]{escape(', '.join(answer['avoiding']))}[/] ({found}, {known})")
    if answer["abroad"]:
        country = escape(answer["abroad"]["name"])
        console.print(f"[bold yellow]{country} is another country: nothing is sent there by itself.[/]")
    if answer["advice"] or answer["coordinators"]:
        _what_now(console, answer)
    _need(console, answer, several=bool(answer["also"]))
    for need in answer["also"]:
        _need(console, {**need, "languages": answer["languages"]}, several=True)
    for body in answer["together"]:
        names = ", ".join(each["name"] for each in body["serviceTypes"])
        console.print(f"[bold]{escape(body['organization']['name'])}[/] can take several of these: {escape(names)}")
    for line in answer.get("pictureLines") or ():
        console.print(line, markup=False, highlight=False, no_wrap=True)


def _asked(need: Data) -> str:
    """What else the answer rests on, where it is not as usual: a word that was forgotten there changes everything."""
    consent = need.get("consent")
    said = {
        "priority": need.get("priority") if need.get("priority") != "routine" else None,
        "confidentiality": need.get("confidentiality") if need.get("confidentiality") != "official" else None,
        "near": "what lies around the place will do" if need.get("near") else None,
        "consent": None if consent is None else ", ".join(consent) or "the adult agrees to nothing that needs it",
    }
    return "; ".join(f"{name}: {value}" for name, value in said.items() if value)


def _what_now(console: Console, answer: Data) -> None:
    """Where somebody is lacking: whom to turn to all the same, the first step first."""
    console.print("[bold]What to do now[/]")
    press = answer["emergency"]["phoneNow"]
    if press and any(by_voice(use) for each in answer["advice"] for use in each["channels"]):
        console.print(f"[bold red]{escape(press)}[/]")
    for number, each in enumerate(answer["advice"], start=1):
        _step(console, number, escape(each["text"]), each["channels"])
    offices: dict[str, list[Data]] = {}
    for office in answer["coordinators"]:
        offices.setdefault(office["contactPoint"]["id"], []).append(office)
    for number, of in enumerate(offices.values(), start=len(answer["advice"]) + 1):
        forces = ", ".join(office["taskForce"]["name"] for office in of)
        text = f"Ask who coordinates {escape(forces)}: {escape(of[0]['contactPoint']['name'])}"
        _step(console, number, text, [use for use in of[0]["channels"] if use["usable"]])


def _step(console: Console, number: int, text: str, channels: list[Data]) -> None:
    console.print(f"{number}. {text}")
    for use in channels:
        console.print("   " + channel(use).replace("\n", "\n   "))


def _need(console: Console, need: Data, *, several: bool) -> None:
    if several:
        console.rule(f"[bold]{escape(need['serviceType']['name'])}[/]", align="left")
    if need.get("added"):
        console.print(escape(need["added"]))
    for note in need["notes"]:
        console.print(f"[yellow]{escape(note)}[/]")
    if need["candidates"]:
        _candidates(console, need["candidates"], spoken=bool(need.get("languages")))
    elif need.get("added"):
        console.print("The nearest misses:")
    else:
        console.print("[bold red]No contact point can take this case as described.[/] The nearest misses:")
    if need["excluded"]:
        excluded(console, need["excluded"], need["excludedTotal"], _FEW if need.get("added") else _SHOWN)


def _candidates(console: Console, rows: list[Data], *, spoken: bool) -> None:
    table = wide(
        "Who can take the case",
        ("#", None),
        ("Contact point", 3),
        ("How to reach it now", 4),
        ("Why it stands here", 5),
        lines=True,
    )
    telling = _telling(rows) | ({"language"} if spoken else set())
    for candidate in rows:
        table.add_row(
            str(candidate["rank"]),
            f"[bold]{escape(candidate['organization']['name'])}[/]\n{escape(candidate['contactPoint']['name'])}"
            f"{diverted(candidate)}"
            f"\n{escape(candidate['service']['name'])}\n[dim]{candidate['contactPoint']['id']}[/]",
            _reached(candidate),
            _why(candidate, telling),
        )
    console.print(table)


def _reached(candidate: Data) -> str:
    """How to reach it; or, where others have to be asked to send the case on, these."""
    gate = candidate["gateway"]
    ways = [channel(use) for use in (gate or candidate)["channels"] if use["usable"]]
    if gate:
        names = escape(gate["organization"]["name"]), escape(gate["contactPoint"]["name"])
        ways.insert(0, "through [bold]{}[/], {}".format(*names))
    return "\n".join([*(f"[bold red]{escape(text)}[/]" for text in candidate["warnings"]), *ways])


def excluded(console: Console, rows: list[Data], total: int, shown: int = _SHOWN) -> None:
    table = wide(
        f"Ruled out ({total}), nearest miss first", ("Service", 3), ("Why not", 4), ("What would let it in", 3)
    )
    for row in rows[:shown]:
        reasons = row["reasons"]
        table.add_row(
            f"{escape(row['organization']['name'])}: {escape(row['service']['name'])}{_says(row)}{_phone(row)}",
            "\n".join(escape(text) for text in (*(reason["text"] for reason in reasons), *row["toConfirm"])),
            _relaxed(reasons, row["toConfirm"]),
        )
    console.print(table)
    if total > shown:
        console.print(f"[dim]{total - shown} more are ruled out; --json lists the {len(rows)} nearest.[/]")


def _relaxed(reasons: list[Data], unsaid: list[str]) -> str:
    """What would let it in: all of it together, and nothing where one of the reasons stays."""
    relaxed = [escape(reason["relax"]) for reason in reasons if reason["relax"]]
    if len(relaxed) < len(reasons):
        return "–"
    relaxed += [f"It is {escape(text)}." for text in unsaid]
    return "\n".join(["[bold]All of these:[/]", *relaxed] if relaxed[1:] else relaxed)


def _says(out: Data) -> str:
    return f"\n[dim]for whom: {escape(out['eligibility'])}[/]" if out["eligibility"] else ""


def _phone(out: Data) -> str:
    """The first number by which it may be asked all the same."""
    ways = (f"\n{channel({**use, 'note': None})}" for use in out["channels"] if use["usable"] and by_voice(use))
    return next(ways, "")


def _telling(candidates: list[Data]) -> set[str]:
    """The criteria on which the candidates differ, or none of them stands at its best; the others decide nothing."""
    values: dict[str, set[int]] = {}
    for criterion in (criterion for candidate in candidates for criterion in candidate["why"]):
        values.setdefault(criterion["name"], set()).add(criterion["value"])
    # How soon somebody answers is told where it is known of anyone.
    return {name for name, found in values.items() if len(found) > 1 or (found != {0} and name != "responsiveness")}


def _why(candidate: Data, telling: set[str]) -> str:
    lines = [f"[bold]{escape(candidate['behind'])}[/]"] if candidate["behind"] else []
    lines += [f"{escape(each['term'])}: {escape(each['text'])}" for each in candidate["why"] if each["name"] in telling]
    lines += [f"by: {escape(hop['citation'])}" for hop in candidate["pathway"] if hop["citation"]]
    lines.append(f"decided within: {escape(candidate['decidedWithin'])}")
    for way in candidate["alternatives"]:
        bodies = ", ".join(hop["to"]["name"] for hop in way[:-1])
        through = f" through {escape(bodies)}" if bodies else ""
        lines.append(f"or{through}: {escape(', '.join(hop['name'] for hop in way))}")
    lines += [f"[yellow]make sure: {escape(text)}[/]" for text in candidate["confirm"]]
    lines += [f"[dim]{escape(text)}[/]" for text in candidate["notes"]]
    return "\n".join(lines)
