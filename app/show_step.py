"""How a referral and its steps are shown to a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relaypoint.app.show import Data, by_voice, channel, emergency, many, paused, until, when, wide
from relaypoint.domain.handoffs import BEFORE, BY_LINK, Status, accepted_by_phone


def sent(console: Console, done: Data) -> None:
    emergency(console, done["emergency"])
    referral = done["referral"]
    (handoff, *_) = referral["handoffs"]
    to = f"[bold]{escape(handoff['receiver']['name'])}[/], {escape(handoff['contactPoint']['name'])}"
    if done["repeated"]:
        console.print("[yellow]It had been sent before under this key; nothing was sent again.[/]")
    for warning in done["warnings"]:
        console.print(f"[bold red]{escape(warning)}[/]")
    console.print(f"[bold green]Recorded.[/] Reference [bold]{referral['reference']}[/], for {to}")
    if done["form"]:
        console.print(
            f"[bold]Submit the official form: {escape(done['form'])}[/]\nIt is the referral; this step only keeps "
            f"track of it. Then: relaypoint handoff {referral['reference']} form-submitted"
        )
    elif done["byHand"]:
        console.print("[bold red]Nobody has been told: no message can be delivered there. Phone it now.[/]")
    else:
        console.print("A message goes out with the next delivery (relaypoint notify, or the running server).")
        if referral["priority"] == "asap" and any(use["usable"] and by_voice(use) for use in done["channels"]):
            console.print("[bold]Phone as well:[/] nobody may be there to read it in time.")
    for use in done["channels"]:
        if use["usable"]:
            console.print("  " + channel(use))
    for text in done["confirm"]:
        console.print(f"[yellow]Make sure: {escape(text)}[/]")
    for each in done["protection"]:
        console.print(f"[bold]Beside this.[/] {escape(each['text'])}")
        for use in each["channels"]:
            console.print("  " + channel(use))
    step(console, handoff)


#: What its sender was told there, before anybody there has said it here.
_PHONED = {"accepted": "Accepted on the phone by", "refused": "[bold red]Refused on the phone by[/]"}
_WHERE = {
    "requested": "Waits at",
    "received": "Waits at",
    "accepted": "Held by",
    "in-progress": "Held by",
    "on-hold": "Held by",
}


def step(console: Console, handoff: Data, verbs: Iterable[str] = ()) -> None:
    grid = Table.grid(padding=(0, 2))
    if sender := handoff.get("sender"):  # As it is asked for by itself.
        grid.add_row("For", f"{escape(handoff['serviceType']['name'])}, {handoff['priority']}")
        grid.add_row("From", escape(sender["name"]))
    code, words = handoff["reason"], handoff["reasonText"] or ""
    why = f" ({code})" if words == (code or "").replace("-", " ") else f" ({code}: {escape(words)})"
    why = why if code else ""
    grid.add_row("Status", f"[bold]{handoff['status']}[/]{why}{_unverified(handoff)}")
    where = _WHERE.get(handoff["status"], "Was with")
    if handoff["status"] in BEFORE:
        where = _PHONED.get(handoff["phoned"], where)
    grid.add_row(
        where,
        f"{escape(handoff['receiver']['name'])}, {escape(handoff['contactPoint']['name'])}",
    )
    if other := handoff["divertedTo"]:
        grid.add_row("Diverted to", f"[bold]{escape(other['name'])}[/], while a contingency holds")
    if waits := paused(handoff):
        grid.add_row("Escalation", f"[bold yellow]{waits}[/]")
    if face := handoff["answeredBy"]:
        grid.add_row("Answered by", escape(f"{face['name'] or face['id']} ({face['role']})"))
    if handoff["mustSee"]:
        grid.add_row("[bold red]Seen by the sender[/]", "[bold red]not yet[/]")
    if _unreached(handoff):
        grid.add_row("[bold red]Nobody there has been told[/]", "[bold red]no message reaches them: phone it[/]")
    if handoff["status"] == "requested" and not handoff["phoned"]:
        if handoff["messageTakenAt"]:
            grid.add_row(
                "A message to them",
                f"is on its way since {when(handoff['messageTakenAt'])}; nobody has said yet that they read it",
            )
        elif handoff["messageDueAt"]:
            grid.add_row(
                "[bold yellow]A message to them[/]",
                f"[bold yellow]has not gone out yet[/]; it is tried {when(handoff['messageDueAt'])}",
            )
    grid.add_row("Since", when(_since(handoff)))
    if handoff["sentAt"] != _since(handoff):
        grid.add_row("Sent", when(handoff["sentAt"]))
    if handoff["status"] == "requested" and not handoff["phoned"]:
        grid.add_row("To be acknowledged by", until(handoff["acknowledgeBy"]))
    if handoff["status"] in BEFORE and not accepted_by_phone(handoff):
        stands = f"{when(handoff['decideBy'])}; stands still while its sender is asked"
        grid.add_row("To be decided by", stands if handoff["answerBy"] else until(handoff["decideBy"]))
    if handoff["status"] == "accepted" or accepted_by_phone(handoff):
        grid.add_row("To begin by", until(handoff["startBy"]))
    if handoff["status"] == "in-progress":
        grid.add_row("To be completed by", until(handoff["completeBy"]))
    if handoff["phoned"]:
        role = f", {handoff['phonedRole']}" if handoff["phonedRole"] else ""
        told = f"{handoff['phoned']}{role}, {when(handoff['phonedAt'])}; so its sender reports"
        grid.add_row("By phone", told)
    about = f", to pass it on to {escape(handoff['askedAbout'])}" if handoff["askedAbout"] else ""
    if handoff["answerBy"]:
        what = ", ".join(handoff["asked"]) or "information"  # A coordinator is not told what.
        grid.add_row("[bold]Its sender is asked for[/]", f"[bold]{what}[/]{about}")
        grid.add_row("To be answered by", until(handoff["answerBy"]))
    elif handoff["wishedTo"] and handoff["status"] in _WHERE:
        grid.add_row("The coordinator would send it to", f"{escape(handoff['wishedTo'])}, if the person agrees: answer")
        grid.add_row("To be answered by", until(handoff["wishBy"]))
    elif handoff["answered"]:
        answer = f"{', '.join(handoff['asked'])}{about}: [bold]{handoff['answered']}[/]"
        grid.add_row("Its sender was asked for", answer)
    if handoff["wishAnswered"]:
        grid.add_row(f"To be sent to {escape(handoff['wishAbout'])}", f"[bold]{handoff['wishAnswered']}[/]")
    if handoff["expectedBy"] or handoff["arrival"]:
        came = f"{handoff['arrival']} ({when(handoff['arrivalAt'])})" if handoff["arrival"] else None
        grid.add_row("The person", came or f"is expected by {until(handoff['expectedBy'])}")
    if handoff["sought"]:
        grid.add_row("Looked for from here", f"no more: {handoff['sought']}")
    if ground := handoff["withoutConsent"]:
        why = "danger to life" if ground == "danger" else escape(f"a legal {ground}")
        grid.add_row("[bold red]Sent on without the person's consent[/]", f"[bold red]{why}[/]")
    if handoff["respondBy"]:
        asked = f"{escape(handoff['raisedTo'])}, who" if handoff["raisedTo"] else "and"
        grid.add_row("The coordinator is asked", f"{asked} is to answer by {until(handoff['respondBy'])}")
    elif handoff["response"]:
        by = f" ({escape(handoff['respondedBy'])})" if handoff["respondedBy"] else ""
        grid.add_row("The coordinator's answer", handoff["response"] + by)
    if handoff["erasureAskedAt"]:
        answer = handoff["erasureText"] or "[bold]not answered yet[/]"
        grid.add_row(
            "Consent withdrawn", f"asked to erase what is known there {when(handoff['erasureAskedAt'])}: {answer}"
        )
    if handoff["hops"] > 1:
        grid.add_row("Hop", str(handoff["hops"]))
    if handoff["reviewOn"]:
        grid.add_row("Hold is reviewed on", escape(handoff["reviewOn"]))
    if calling := handoff["callBack"]:
        grid.add_row("Call back", _calling(calling))
    grid.add_row("Step", f"[dim]{handoff['id']}[/]")
    if verbs:
        grid.add_row("What can be said next", ", ".join(verbs))
    console.print(grid)
    if handoff["mustSee"] and handoff["status"] != "cancelled":
        console.print("[bold red]Nobody has this case now.[/]")
        if handoff["sought"] and "resend" in verbs:
            say = f"relaypoint handoff {handoff['id']}"
            console.print(
                f"Send it on: {say} resend --to CONTACT_POINT; or record that you see to it yourself, or that it is no "
                f"longer needed: {say} seen"
            )
    elif "resend" in verbs and not handoff["mustSee"] and not Status(handoff["status"]).open:
        console.print(
            "[bold]Nobody has this case now.[/] Where the person still needs it: "
            f"relaypoint handoff {handoff['id']} resend --to CONTACT_POINT"
        )
    if handoff["sought"] and handoff["arrival"] != "arrived" and "expect" in verbs and "cancel" in verbs:
        console.print(_sought(handoff))
    for each in handoff.get("turnTo", ()):
        desk = f"{escape(each['organization'])}, {escape(each['contactPoint']['name'])}"
        console.print(f"{escape(each['text'])} [bold]{desk}[/]")
        for use in each["channels"]:
            console.print("  " + channel(use))
    if handoff["status"] == "cancelled" and handoff["formSubmittedAt"]:
        console.print("[bold]The receiver knows it by the official form: withdraw it there as well.[/]")


def _sought(handoff: Data) -> str:
    """What is left to its sender of an open step, once it has said what became of the person."""
    say, over = (
        f"relaypoint handoff {handoff['id']}",
        f"take it back: relaypoint handoff {handoff['id']} cancel --reason CODE",
    )
    if handoff["sought"] == "found":
        return f"The desk still has the case. Say by when the person comes now: {say} expect --by TIME; or {over}"
    if handoff["sought"] == "reported-missing":
        return f"The desk still has the case. Once they are found: {say} seen --result found; or {over}"
    return f"The desk still has the case. Where it is over, {over}"


def _unverified(handoff: Data) -> str:
    """That it was received was said through a link, by whoever has the message."""
    by_link = handoff["status"] == "received" and handoff["receivedBy"] == BY_LINK
    return ", by whom is not verified" if by_link else ""


def _since(handoff: Data) -> str:
    """Since when it stands as it is shown to; what an office without accounts decided on the phone, from then on."""
    decided = handoff["status"] in BEFORE and handoff["phoned"] in ("accepted", "refused")
    since: str = handoff["phonedAt"] if decided else handoff["movedAt"]
    return since


def _unreached(handoff: Data) -> bool:
    """Whether its desk knows nothing of it, for all that was tried."""
    return bool(handoff["undelivered"]) and handoff["status"] == "requested" and not handoff["phoned"]


def _left(handoff: Data) -> str:
    """What a step leaves to its sender that it has yet to see."""
    if handoff["status"] == "cancelled":
        return "[bold yellow]over, and the desk could not be told: tell them[/]"
    return "[bold red]came back: nobody has the case[/]"


def _calling(calling: Data) -> str:
    by = f"{calling['kind']} {escape(calling['address'] or '')}" if calling["kind"] else "by no channel of its own"
    return f"{by}; safe: {escape(calling['hours'])}" if calling["hours"] else by


def referral(console: Console, found: Data) -> None:
    console.print(
        f"[bold]{found['reference']}[/]  {escape(found['serviceType']['name'])}, {found['priority']}, from "
        f"{escape(found['sender']['name'])}"
    )
    if found["callBack"]:
        console.print(f"Call back: {_calling(found['callBack'])}")
    for handoff in found["handoffs"]:
        step(console, handoff)
    if found["together"]:
        whose = f" (this is for person {found['person']})" if found["person"] else ""
        console.print(f"[bold]Sent with it, or for the same person{whose}:[/]")
    for each in found["together"]:
        person = f"person {each['person']}, " if each["person"] else ""
        back = f"  {_left(each)}" if each["mustSee"] else ""
        console.print(
            f"  [bold]{each['reference']}[/]  {person}{escape(each['serviceType']['name'])}: {each['status']}, "
            f"{escape(each['receiver']['name'])}{back}"
        )
    for event in found.get("timeline") or ():
        by = event["actor"].partition(":")[2] or event["actor"]
        console.print(f"  {when(event['at'])}  {escape(event['text'])}  [dim]{escape(by)}[/]")


def is_open(found: Data) -> bool:
    """Whether somebody still has to do something about a referral."""
    return any(each["mustSee"] or Status(each["status"]).open for each in found["handoffs"])


def referrals(console: Console, rows: list[Data]) -> None:
    """A line each: what was sent, and where it stands."""
    if not rows:
        console.print("No referral is on record here.")
        return
    table = wide("Referrals, newest first", ("Reference", 3), ("For", 4), ("Stands at", 5), ("Status", 4))
    for found in rows:
        last = next((each for each in found["handoffs"] if Status(each["status"]).open), found["handoffs"][-1])
        back = f"\n{_left(last)}" if last["mustSee"] else ""
        back = "\n[bold red]nobody there has been told: phone it[/]" if _unreached(last) else back
        said = f", {last['phoned']} on the phone" if last["phoned"] and last["status"] in BEFORE else ""
        sent = f"\nsent {when(last['sentAt'])}" if last["sentAt"] != _since(last) else ""
        table.add_row(
            f"[bold]{found['reference']}[/]\n{found['priority']}",
            f"{escape(found['serviceType']['name'])}\nfrom {escape(found['sender']['name'])}",
            f"{escape(last['receiver']['name'])}\n{escape(last['contactPoint']['name'])}",
            f"{last['status']}{said}{_unverified(last)}\nsince {when(_since(last))}{sent}{back}",
        )
    console.print(table)


def passed(console: Console, done: Data) -> None:
    """What became of a step that was to be sent on."""
    if done["senderAsked"]:
        console.print(
            "[bold yellow]Nothing was sent.[/] As things are it may not go there; its sender is asked, and decides."
        )
    else:
        console.print("[bold green]Sent on.[/] The step before it is closed.")
        if done["byHand"]:
            console.print("[bold red]Nobody there has been told: no message can be delivered there. Phone it now.[/]")
        for use in done["channels"]:
            if by_voice(use):
                console.print("  " + channel(use))
    step(console, done["handoff"])


def escalated(console: Console, done: Data) -> None:
    """The rungs that were taken now."""
    if not done["taken"]:
        console.print("[green]Nothing that is silent is due for its next step.[/]")
    if waiting := done["waiting"]:
        console.print(
            f"[bold yellow]{many(waiting, 'silent step waits', 'silent steps wait')} for the end of a contingency[/]; "
            "relaypoint stalled shows what waits."
        )
    for each in done["taken"]:
        whom = escape(each["contactPoint"]) if each["contactPoint"] else "[bold red]nobody could be told[/]"
        console.print(f"{each['reference']}  {each['reason']}: {each['rung']}. {each['action']}: {whom}")


def consents(console: Console, found: Data) -> None:
    """Who may learn of the person, for what, since when."""
    for each in found["case"]["consents"]:
        until = f", withdrawn on {each['withdrawnOn']}" if each["withdrawnOn"] else ""
        console.print(f"{escape(each['organization'])}, {each['serviceType']}: {_given(each['givenOn'])}{until}")
    if view := found["case"]["childsView"]:
        console.print(f"The child's own view: {view['text']} ({view['recordedOn']})")


def withdrawn(console: Console, id: str) -> None:
    """What a consent that was taken back leaves to be done."""
    console.print(
        "They are asked to erase what they know, and an open step there goes on. Where the person no longer wants it: "
        f"relaypoint handoff {escape(id)} cancel --reason consent-withdrawn"
    )


def _given(day: str | None) -> str:
    return f"given on {day}" if day else "never given"


def sent_many(console: Console, done: Data) -> None:
    """What was sent in one act, by its references, each with its deadline and how to phone there."""
    console.print(f"[bold green]Recorded: {len(done['referrals'])}.[/]")
    ways = {each["contactPoint"]: each["channels"] for each in done["ways"]}
    before = None
    for each in done["referrals"]:
        (step, *_) = each["handoffs"]
        if each["person"] and each["person"] != before:
            before = each["person"]
            console.print(f"[bold]Person {before}[/]")
        hand = "  [bold red]phone it: no message reaches them[/]" if each["reference"] in done["byHand"] else ""
        console.print(
            f"  [bold]{each['reference']}[/]  {escape(each['serviceType']['name'])}: "
            f"{escape(step['receiver']['name'])}, {escape(step['contactPoint']['name'])}{hand}"
        )
        console.print(f"    To be acknowledged by {when(step['acknowledgeBy'])}")
        if step["form"]:
            console.print(
                f"    [bold]Submit the official form: {escape(step['form'])}[/]; then: relaypoint handoff "
                f"{each['reference']} form-submitted"
            )
        for use in ways[step["contactPoint"]["id"]]:
            if use["usable"] and by_voice(use):
                console.print(f"    {channel(use)}")
