"""At which of its own desks a sender is told what became of a referral."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from relaypoint.domain.answer import Need
from relaypoint.domain.channels import usable, weigh
from relaypoint.domain.errors import Invalid
from relaypoint.domain.hours import read_hours
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.words import MESSAGE_KINDS


def reply_desk(desks: Iterable[ContactPoint], need: Need, around: frozenset[str], at: datetime) -> ContactPoint | None:
    """The desk nearest to the case; ``around`` are the places that its place lies in, and those within it.

    First those that cover the place, then those that a message safe enough for the case can reach, then those for
    the service asked for. None where no desk is in being.
    """

    def far(desk: ContactPoint) -> tuple[bool, bool, bool, bool, str]:
        uses = weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid)
        return (
            bool(desk.areas) and desk.areas.isdisjoint(around),
            not any(use.carries_message for use in uses),
            not desk.areas,
            not desk.takes(need.service),
            desk.id,
        )

    return min((desk for desk in desks if desk.holds(at.date().isoformat())), key=far, default=None)


def call_back(desks: Iterable[ContactPoint], need: Need, at: datetime, typed: str | None) -> str | None:
    """By which of the sender's own channels the receiver is to call back: the one that is named, or the first by voice
    of these desks, in their order, that is safe enough for the case. None where there is none.

    Raises ``Invalid`` for a channel that is not the sender's, or not safe enough for the case.
    """
    uses = (weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid) for desk in desks)
    safe = [use.channel for each in uses for use in usable(each)]
    if typed is None:
        return next((channel.id for channel in safe if channel.kind not in MESSAGE_KINDS), None)
    wanted = typed.strip().lower()
    if wanted in {channel.id for channel in safe}:
        return wanted
    raise Invalid(
        "refer.call-back",
        "'{value}' is no channel of the sender that is safe enough for this case.",
        path=("callBack",),
        remedy="Use one of: {known}, or leave it out." if safe else "Leave it out.",
        value=typed,
        known=", ".join(channel.id for channel in safe),
    )


def safe_hours(typed: str | None) -> str | None:
    """When it is safe to call back, as opening hours. Raises ``Invalid`` for what can't be read as such."""
    if typed is None:
        return None
    try:
        # A comment in quotes could say more than when.
        if read_hours(typed) is not None and '"' not in typed:
            return typed.strip()
    except Invalid as problem:
        problem.path = ("safeHours",)
        raise
    raise Invalid(
        "refer.safe-hours",
        "Safe hours are opening hours, and nothing beside them.",
        path=("safeHours",),
        remedy="Write them as opening hours, such as Mo-Fr 09:00-12:00, or leave them out.",
    )
