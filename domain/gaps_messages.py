"""Gaps of messages: what could not be delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relaypoint.domain.gaps_desks import names, of_desk
from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.texts import say


@dataclass(frozen=True, slots=True)
class Undelivered:
    """How many messages to a contact point could not be delivered, whether one of them is an emergency, and since when
    (ISO day)."""

    contact_point: str
    count: int
    emergency: bool
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedWebhook:
    """A webhook that is paused though nobody asked for it, since when (ISO day), and why: its receiver is ``gone``, or
    failed. ``untold``: no message could tell its organization."""

    id: str
    organization: str
    host: str
    since: str
    gone: bool
    untold: bool


def paused(found: Sequence[PausedWebhook]) -> Iterator[Gap]:
    for each in found:
        text = "A program of {owner} is told of nothing since {since}: {host} {why}."
        untold = "A program of {owner} is told of nothing since {since}: {host} {why}. Nobody could be told of that."
        why = (
            say("webhook.gone", "says that it is gone") if each.gone else say("webhook.failing", "did not take events")
        )
        yield Gap(
            kind="webhook-paused",
            severity="major",
            sheet="organizations",
            subject=each.organization,
            organization=each.organization,
            tell=Told,
            about=(
                say(
                    "gap.webhook-paused-untold" if each.untold else "gap.webhook-paused",
                    untold if each.untold else text,
                    owner=each.organization,
                    since=each.since,
                    host=each.host,
                    why=why,
                ),
                Mend(
                    "organization",
                    say("mend.webhook-paused", "Its owner mends the program and resumes the webhook, or ends it."),
                    "organizations",
                    each.organization,
                    command=f"relaypoint webhook resume {each.id} --as {each.organization}",
                ),
            ),
            holder=each.id,
        )


def undelivered(roster: Roster, found: Sequence[Undelivered]) -> Iterator[Gap]:
    for each in found:
        desk = roster.all["contact_points"][each.contact_point]
        yield of_desk(
            roster,
            desk,
            "undelivered",
            "critical" if each.emergency else "major",
            say(
                "gap.undelivered",
                "{owner}: messages to '{desk}' that could not be delivered: {count}, the first on {since}.",
                count=each.count,
                since=each.since,
                **names(roster, desk),
            ),
            Mend(
                "organization",
                say(
                    "mend.undelivered",
                    "Its owner looks at them (relaypoint undelivered --as {id}), mends the channel, and has them sent "
                    "again.",
                    id=desk["organization"],
                ),
                "channels",
                columns=(("contact_point", desk["id"]),),
                command=f"relaypoint undelivered --all-again --contact-point {desk['id']}",
            ),
        )
