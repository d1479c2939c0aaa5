"""Whom to call before anything else: the danger-now number of a place and its national hotline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.model import Area, Body, ContactPoint, Named
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import ChannelKind, Confidentiality, OrganizationKind

_POLICE: Final = Body("", OrganizationKind.POLICE)


@dataclass(frozen=True, slots=True)
class Emergency:
    """Shown above every answer. ``country`` is where these numbers help; ``channel`` is the hotline's phone to call:
    one that is open, where there is one. ``notes`` are what to know before calling."""

    country: Named | None = None
    number: str | None = None
    service: str | None = None
    hotline: ContactPoint | None = None
    channel: ChannelUse | None = None
    notes: tuple[Text, ...] = ()


def emergency_of(areas: Sequence[Area], at: datetime, avoid: Avoid) -> Emergency:
    """``areas`` are the place and those that it lies in, the nearest first. A hotline that the case avoids, or that is
    reached only through somebody whom it avoids, is left out."""
    danger = next((area for area in areas if area.emergency_number), None)
    day = at.date().isoformat()
    hotline = next((area.hotline for area in areas if area.hotline and _offered(area, day, avoid)), None)
    phone = None
    if hotline:
        uses = weigh(hotline, floor=Confidentiality.PUBLIC, at=at, avoid=avoid)
        phone = next((use for use in uses if use.barred is None and use.channel.kind is ChannelKind.PHONE), None)
        if phone is None and avoid.entries:
            hotline = None  # Every way to it leads through somebody whom the case avoids.
    land = areas[-1]
    return Emergency(
        country=Named(land.id, land.name),
        number=danger.emergency_number if danger else None,
        service=danger.emergency_service if danger else None,
        hotline=hotline,
        channel=phone,
        notes=tuple(_notes(danger, avoid)),
    )


def _notes(danger: Area | None, avoid: Avoid) -> list[Text]:
    """It is for danger to life, so it stays although it may bring whom the case avoids; but that has to be known."""
    answered = (danger.emergency_service or "").lower() if danger else ""
    if danger and avoid.entries and avoid.bars_body(_POLICE) and "police" in answered:
        text = "{number} may bring the police, whom this case avoids. Call it all the same where a life is in danger."
        return [say("emergency.police", text, number=danger.emergency_number)]
    return []


def _offered(area: Area, day: str, avoid: Avoid) -> bool:
    """A hotline that is public, in being, and not one whom the case avoids."""
    desk, owner = area.hotline, area.hotline_owner
    return (
        desk is not None
        and area.hotline_public
        and desk.holds(day)
        and (owner is None or owner.holds(day))
        and not avoid.bars_contact_point(desk, owner)
    )
