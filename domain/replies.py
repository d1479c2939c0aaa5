"""At which of its own desks a sender is told what became of a referral."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from relaypoint.domain.answer import Need
from relaypoint.domain.channels import usable, weigh
from relaypoint.domain.model import ContactPoint
from relaypoint.domain.words import MESSAGE_KINDS


def reply_desk(desks: Iterable[ContactPoint], need: Need, around: frozenset[str], at: datetime) -> ContactPoint | None:
    """The desk nearest to the case; ``around`` are the places that its place lies in, and those within it.

    First those that cover the place, then those that a message safe enough for the case can reach, then those for
    the service asked for. None where no desk is in being.
    """

    def far(desk: ContactPoint) -> tuple[bool, bool, bool, bool, str]:
        uses = usable(weigh(desk, floor=need.confidentiality, at=at, avoid=need.avoid))
        return (
            bool(desk.areas) and desk.areas.isdisjoint(around),
            not any(use.channel.kind in MESSAGE_KINDS for use in uses),
            not desk.areas,
            not desk.takes(need.service),
            desk.id,
        )

    return min((desk for desk in desks if desk.holds(at.date().isoformat())), key=far, default=None)
