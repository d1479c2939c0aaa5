"""Commands of finding the contact and sending a case."""

from __future__ import annotations

import contextlib
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from relaypoint.app import show, show_find, show_step
from relaypoint.app.commands import commands
from relaypoint.app.console import command, err, out, tell, whom, write_text
from relaypoint.app.settings import read_settings
from relaypoint.domain.errors import Invalid, Problem
from relaypoint.domain.words import TAG_DIMENSIONS, Confidentiality, OrganizationKind, Priority

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
From = Annotated[str, typer.Option("--from", metavar="ORG", help="The organization that asks.")]
Service = Annotated[str, typer.Option("--service", metavar="CODE", help="Service type, as emergency-support.")]
Services = Annotated[
    list[str],
    typer.Option("--service", metavar="CODE", help="Service type, as emergency-support; repeat it for one plan."),
]
Place = Annotated[str, typer.Option("--place", metavar="PLACE", help="A place's code, as GB-WLS, or its name.")]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", metavar="L", help="A language of the person, as vi or Vietnamese; repeatable."),
]
PriorityOption = Annotated[
    str, typer.Option("--priority", metavar="WORD", help=f"{', '.join(Priority)}. stat is an emergency.")
]
ConfidentialityOption = Annotated[
    str,
    typer.Option(
        "--confidentiality", metavar="WORD", help=f"{', '.join(Confidentiality)}: the least that a channel must assure."
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--for", metavar="TAG", help="Of the person; repeatable: " + ", ".join(chain(*TAG_DIMENSIONS.values()))
    ),
]
Avoid = Annotated[
    list[str] | None,
    typer.Option(
        "--avoid",
        metavar="WHOM",
        help=f"Not to reach: an organization, contact point or holder, or a kind ({', '.join(OrganizationKind)}).",
    ),
]
NoConsent = Annotated[
    bool,
    typer.Option("--no-consent", help="The adult agrees to nothing that needs it: it goes the way that takes none."),
]
Near = Annotated[bool, typer.Option("--near", help="What lies around the place will do as well.")]


def _need(
    from_: str,
    services: list[str],
    place: str,
    languages: list[str] | None,
    priority: str,
    confidentiality: str,
    tags: list[str] | None,
    avoid: list[str] | None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "from": from_,
        "service": services[0],
        "also": services[1:],
        "place": place,
        "languages": languages or [],
        "priority": priority.strip().lower(),
        "confidentiality": confidentiality.strip().lower(),
        "for": tags or [],
        "avoid": avoid or [],
        **more,
    }


def _said(near: bool, no_consent: bool) -> dict[str, Any]:
    return {"near": near, "consent": [] if no_consent else None}


async def _or_emergency(from_: str, name: str, variables: dict[str, Any], as_json: bool, *, both: bool = False) -> Any:
    """The answer; where there is none, the numbers to call still stand above the reason. ``both``: consent is said to
    be given and refused."""
    settings = read_settings()
    try:
        if both:
            raise Invalid(
                "find.consent",
                "--consent and --no-consent contradict each other.",
                path=("--no-consent",),
                remedy="Leave one of them out.",
            )
        async with commands(settings, from_) as run:
            return await run(name, variables)
    except Problem as problem:
        if problem.path == ("as",):
            problem.path = ("from",)  # The one who asks is the one acted for.
        need = variables["need"]
        with contextlib.suppress(Problem):
            async with commands(settings) as run:
                numbers = {name: need[name] for name in ("place", "avoid", "priority", "confidentiality")}
                problem.emergency = await run("Emergency", numbers)
        if problem.emergency and not as_json:
            show.emergency(err, problem.emergency)
        raise


ReplyTo = Annotated[
    str | None,
    typer.Option("--reply-to", metavar="CONTACT", help="Your own desk to be told; otherwise the nearest one."),
]

CallBack = Annotated[
    str | None,
    typer.Option("--call-back", metavar="CHANNEL", help="Your own channel by which to call you back."),
]

SafeHours = Annotated[
    str | None,
    typer.Option("--safe-hours", metavar="HOURS", help="When that is safe, as 'Mo-Fr 09:00-12:00'."),
]


@command("find")
async def find(
    from_: From,
    service: Services,
    place: Place,
    language: Languages = None,
    priority: PriorityOption = Priority.ROUTINE.value,
    confidentiality: ConfidentialityOption = Confidentiality.OFFICIAL.value,
    tags: Tags = None,
    avoid: Avoid = None,
    near: Near = False,
    consent: Annotated[
        list[str] | None,
        typer.Option("--consent", metavar="CODE", help="A service type that the adult agrees to; repeatable."),
    ] = None,
    no_consent: NoConsent = False,
    picture: Annotated[bool, typer.Option("--picture", help="Also draw the ways, in the terminal.")] = False,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also write the ways as a picture.")] = None,
    as_json: Json = False,
) -> int:
    """Who can take this case, now and safely: ranked, with the reasons, and who can't, with why.

    Without --consent and --no-consent it is still to be asked. Exit code 1: nobody fits for one of the needs.
    """
    agreed = [] if no_consent else consent or None
    need = _need(from_, service, place, language, priority, confidentiality, tags, avoid, near=near, consent=agreed)
    drawn = {"svg": svg is not None, "lines": picture, "width": out.width}
    both = bool(consent) and no_consent
    answer = await _or_emergency(from_, "Find", {"need": need, **drawn}, as_json, both=both)
    if svg is not None:
        write_text(svg, answer.pop("picture"), "--svg")
    tell(as_json, answer, lambda: show_find.found(out, answer, need))
    asked = [answer, *(each for each in answer["also"] if each["added"] is None)]
    return 0 if all(each["candidates"] for each in asked) else 1


@command("refer")
async def refer(
    from_: From,
    service: Service,
    place: Place,
    to: Annotated[
        str | None, typer.Option("--to", metavar="CONTACT", help="The contact point; otherwise the first candidate.")
    ] = None,
    reply_to: ReplyTo = None,
    call_back: CallBack = None,
    safe_hours: SafeHours = None,
    consent: Annotated[bool, typer.Option("--consent", help="The adult gave informed consent to this.")] = False,
    no_consent: NoConsent = False,
    risk_checked: Annotated[
        bool, typer.Option("--risk-checked", help="Into another country: the risk there was checked.")
    ] = False,
    language: Languages = None,
    priority: PriorityOption = Priority.ROUTINE.value,
    confidentiality: ConfidentialityOption = Confidentiality.OFFICIAL.value,
    tags: Tags = None,
    avoid: Avoid = None,
    near: Near = False,
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="Say the same key again when you repeat a request.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Send the case to the first candidate, or to the one named: stored before anything goes out."""
    need = _need(from_, [service], place, language, priority, confidentiality, tags, avoid, **_said(near, no_consent))
    send = {"to": to, "replyTo": reply_to, "consent": consent, "riskChecked": risk_checked, "idempotencyKey": key}
    send |= {"callBack": call_back, "safeHours": safe_hours}
    done = await _or_emergency(from_, "Refer", {"need": need, "send": send}, as_json)
    tell(as_json, done, lambda: show_step.sent(out, done))
    return 0


@command("group")
async def group(
    from_: From,
    service: Services,
    place: Place,
    people: Annotated[int, typer.Option("--people", metavar="N", help="How many, each with all the needs.")] = 1,
    to: Annotated[
        str | None, typer.Option("--to", metavar="CONTACT", help="All there, where there is one need; else the first.")
    ] = None,
    reply_to: ReplyTo = None,
    call_back: CallBack = None,
    safe_hours: SafeHours = None,
    consent: Annotated[bool, typer.Option("--consent", help="The adults gave informed consent to this.")] = False,
    no_consent: NoConsent = False,
    language: Languages = None,
    priority: PriorityOption = Priority.ROUTINE.value,
    confidentiality: ConfidentialityOption = Confidentiality.OFFICIAL.value,
    tags: Tags = None,
    avoid: Avoid = None,
    near: Near = False,
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="Say the same key again when you repeat a request.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Send many people, or several needs of one, in one act: one referral each, all of them or none."""
    need = _need(from_, service, place, language, priority, confidentiality, tags, avoid, **_said(near, no_consent))
    send = {"people": people, "to": to, "consent": consent, "idempotencyKey": key}
    send |= {"replyTo": reply_to, "callBack": call_back, "safeHours": safe_hours}
    done = await _or_emergency(from_, "ReferMany", {"need": need, "send": send}, as_json)
    tell(as_json, done, lambda: show_step.sent_many(out, done))
    return 0


@command("split")
async def split(
    id: Annotated[str, typer.Argument(metavar="ID", help="The referral's id or reference.")],
    service: Annotated[
        list[str], typer.Option("--service", metavar="CODE", help="What is needed as well; repeatable.")
    ],
    consent: Annotated[bool, typer.Option("--consent", help="The adult gave informed consent to this.")] = False,
    no_consent: NoConsent = False,
    acting: Annotated[str | None, typer.Option("--as", metavar="ORG", help="Act for this organization.")] = None,
    as_json: Json = False,
) -> int:
    """Send further needs of somebody who was referred, as the case is known: nothing has to be told again."""
    settings = read_settings()
    async with commands(settings, whom(acting, settings)) as run:
        done = await run(
            "Split", {"split": {"referral": id, "services": service, "consent": consent, "noConsent": no_consent}}
        )
    tell(as_json, done, lambda: show_step.sent_many(out, done))
    return 0
