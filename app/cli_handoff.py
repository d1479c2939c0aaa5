"""The commands that move a referral step, send it on, and show a referral."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from relaypoint.app import show, show_step
from relaypoint.app.commands import Run, commands
from relaypoint.app.console import command, option_of, out, tell, whom
from relaypoint.app.settings import read_settings
from relaypoint.domain.errors import Invalid
from relaypoint.domain.handoffs import ALIASES, PASSES
from relaypoint.domain.words import ChildsView

Acting = Annotated[str | None, typer.Option("--as", metavar="ORG", help="Act for this organization only.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@command("handoff")
async def handoff(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="The step's id, or a reference: the referral's or a message's.")
    ],
    verb: Annotated[
        str | None,
        typer.Argument(
            metavar="VERB",
            help="receive (or acknowledge), accept, reject (or decline), start, hold, resume, complete, fail, cancel "
            "(or recall); correct: it should never have been sent; form-submitted: the official form is in; seen: you "
            "know that it came back, and what became of who is looked for, also while the step is open; phoned: what "
            "was said on the phone; "
            "ask (or request-information) and answer; "
            "expect, arrived, not-arrived: of a person on the way; claim and release: who of the desk works on it; "
            "raise (or appeal): turn to the coordinator; respond: the coordinator's answer; pass-on (or forward), "
            "redirect (the coordinator) and resend: to another contact point, with --to. None: show the step.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", "--outcome", "--result", metavar="CODE", help="The coded reason, outcome, result or answer."
        ),
    ] = None,
    review: Annotated[str | None, typer.Option("--review", metavar="DAY", help="For hold: when to look again.")] = None,
    lacking: Annotated[
        list[str] | None, typer.Option("--lacking", metavar="CODE", help="For ask: what is asked for; repeatable.")
    ] = None,
    expected: Annotated[
        str | None,
        typer.Option("--expected", "--by", metavar="TIME", help="For expect: by when the person is to arrive."),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="For phoned: when the call was made; otherwise now.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            "--role",
            metavar="ROLE",
            help="For phoned: with whom: duty-officer, caseworker, manager, reception, interpreter or other.",
        ),
    ] = None,
    holder: Annotated[
        str | None, typer.Option("--holder", metavar="HOLDER", help="For claim: the holder that works on it.")
    ] = None,
    consent_to: Annotated[
        str | None,
        typer.Option(
            "--consent-to",
            metavar="CONTACT_POINT",
            help="For answer agreed: where the person agrees to be made known; otherwise where it was asked about.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="CONTACT_POINT", help="For pass-on, redirect and resend: who is to have it."),
    ] = None,
    consent: Annotated[
        bool, typer.Option("--consent", help="For resend: the person agrees to the new recipient.")
    ] = False,
    risk_checked: Annotated[
        bool, typer.Option("--risk-checked", help="For resend into another country: the risk there was checked.")
    ] = False,
    danger: Annotated[
        bool, typer.Option("--danger", help="For pass-on and redirect: danger to life stands in for consent.")
    ] = False,
    duty: Annotated[
        str | None,
        typer.Option("--duty", metavar="CITATION", help="For pass-on and redirect: the legal duty, in its stead."),
    ] = None,
    expected_version: Annotated[
        int | None, typer.Option("--expected-version", help="Refuse if it was changed since this version.")
    ] = None,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Move a referral step on, send it elsewhere, or show it.

    Reasons: reject takes no-capacity, not-eligible, out-of-area, language-not-covered, not-safe-here, duplicate,
    insufficient-information or other; fail: unreachable, declined-by-person, no-capacity, not-eligible or other;
    cancel: declined-by-person, consent-withdrawn, no-longer-needed, sent-elsewhere, duplicate, served-there (what was
    accepted on the phone) or other;
    hold: awaiting-information, awaiting-capacity, awaiting-person or other; complete: served (unless given), advised or
    waitlisted; phoned: reached, accepted, refused or no-answer; answer: told, agreed, not-known or not-agreed;
    respond: spoken, nobody-else or upheld; seen, of who is looked for: found, reported-missing or no-longer-sought;
    where consent was withdrawn, erased, or must-keep with still-serving, child-protection, legal-duty, legal-claim or
    audit.
    ask takes --lacking age, call-back, consent, health, language, place, risk, service or other.
    """
    settings = read_settings()
    saying = ALIASES.get(verb, verb) if verb else None
    passes = {"to": to, "consent": consent, "riskChecked": risk_checked, "danger": danger, "duty": duty}
    moves = {
        **{"reason": reason, "review": review, "lacking": lacking or [], "expected": expected},
        **{"at": at, "role": role, "holder": holder, "consentTo": consent_to},
    }
    _check_options(verb, saying in PASSES, passes, moves)
    async with commands(settings, whom(acting, settings)) as run:
        if saying == "redirect":
            # A coordinator sees a step only once it was told of it, and may redirect it all the same.
            common = {"handoff": id, "verb": saying, "expectedVersion": expected_version}
            return await _passed(run, {**common, **passes}, as_json)
        present = await run("Handoff", {"id": id})
        if saying is not None:
            step = present["handoff"]
            common = {
                "handoff": step["id"],
                "verb": saying,
                "expectedVersion": step["version"] if expected_version is None else expected_version,
            }
            if saying in PASSES:
                return await _passed(run, {**common, **passes}, as_json)
            present = await run("Move", {"move": {**common, **moves}})
    tell(as_json, present, lambda: show_step.step(out, present["handoff"], present["nextVerbs"]))
    return 0


async def _passed(run: Run, wanted: dict[str, Any], as_json: bool) -> int:
    done = await run("Pass", {"pass": wanted})
    tell(as_json, done, lambda: show_step.passed(out, done))
    return 1 if done["senderAsked"] else 0


def _check_options(verb: str | None, passing: bool, passes: dict[str, Any], moves: dict[str, Any]) -> None:
    """An option that the verb has no use for was meant for something: it is never dropped without a word."""
    given = [name for name, value in (moves if passing else passes).items() if value]
    if given:
        option = option_of(given[0])
        raise Invalid(
            "handoff.option",
            "{verb} takes no {option}.",
            path=(option,),
            remedy="Leave it out; relaypoint handoff --help says what goes with which.",
            verb=verb or "showing a step",
            option=option,
        )
    if passing and not passes["to"]:
        raise Invalid(
            "handoff.needs-desk",
            "{verb} needs a contact point to go to.",
            path=("--to",),
            remedy="Name it; find shows who can take the case.",
            verb=verb or "",
        )


@command("referral")
async def referral(
    id: Annotated[str, typer.Argument(metavar="ID", help="The referral's id or reference.")],
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="As this organization sees it.")] = None,
    as_json: Json = False,
) -> int:
    """Show a referral: who has it, since when, and all that happened."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        found = await run("Referral", {"id": id})
    tell(as_json, found, lambda: show_step.referral(out, found))
    return 0


@command("referrals")
async def referrals(
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="Those that it sent or received.")] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only those with a step that is open, or that came back and was not seen.")
    ] = False,
    first: Annotated[int, typer.Option("--first", metavar="N", min=1, max=200, help="The newest N.")] = 20,
    as_json: Json = False,
) -> int:
    """The referrals that one sent or received, the newest first: where each of them stands."""
    settings, found, after = read_settings(), list[show.Data](), None
    async with commands(settings, whom(acting, settings)) as run:
        while len(found) < first:
            page = await run("Referrals", {"first": first, "after": after})
            nodes = (edge["node"] for edge in page["edges"])
            found += [node for node in nodes if not open_only or show_step.is_open(node)]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
    tell(as_json, found[:first], lambda: show_step.referrals(out, found[:first]))
    return 0


@command("escalate")
async def escalate(as_json: Json = False) -> int:
    """Take the next step for everything that has gone silent and is due for it; a running server does so by itself."""
    async with commands(read_settings()) as run:
        done = await run("Escalate", {})
    tell(as_json, done, lambda: show_step.escalated(out, done))
    return 1 if any(each["contactPoint"] is None for each in done["taken"]) else 0


@command("consent")
async def consent(
    id: Annotated[str, typer.Argument(metavar="ID", help="The referral's id or reference.")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="CONTACT_POINT", help="A contact point of the body concerned."),
    ],
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="It no longer holds. An open step goes on, until you cancel it.")
    ] = False,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Record that the person agrees that a body learns of them for this service, or no longer does."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        done = await run("Consent", {"consent": {"referral": id, "to": to, "withdraw": withdraw}})

    def shown() -> None:
        show_step.consents(out, done["referral"])
        if withdraw:
            show_step.withdrawn(out, id)

    tell(as_json, done, shown)
    return 0


@command("childs-view")
async def childs_view(
    id: Annotated[str, typer.Argument(metavar="ID", help="The referral's id or reference.")],
    view: Annotated[ChildsView, typer.Argument(help="What the child wants for themselves.")],
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Record what a child wants for themselves, as far as they could say it: it is heard, and does not decide alone."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        done = await run("ChildsView", {"view": {"referral": id, "view": view.value}})
    tell(as_json, done, lambda: show_step.consents(out, done["referral"]))
    return 0


@command("shift")
async def shift(
    contact_point: Annotated[str, typer.Argument(metavar="CONTACT_POINT", help="Your own contact point.")],
    to: Annotated[str, typer.Option("--to", metavar="HOLDER", help="Who takes its open steps.")],
    taken_from: Annotated[
        str | None, typer.Option("--from", metavar="HOLDER", help="Only what this one had claimed.")
    ] = None,
    acting: Acting = None,
    as_json: Json = False,
) -> int:
    """Hand a shift over: the open steps of a contact point go to another of its holders."""
    settings = read_settings()
    wanted = {"contactPoint": contact_point, "to": to, "takenFrom": taken_from}
    async with commands(settings, whom(acting, settings)) as run:
        done = await run("Shift", {"shift": wanted})
    tell(as_json, done, lambda: out.print(f"{show.many(len(done['handoffs']), 'open step')} handed over."))
    return 0
