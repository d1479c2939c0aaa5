"""Whom to call before anything else: the danger-now number of a place and its national hotline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse, weigh
from relaypoint.domain.model import Area, ContactPoint
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import ChannelKind, Confidentiality, Presence

_AVOIDED: Final = say("emergency.avoided", "The hotline of this place is among those to avoid, and is left out.")
_SIGNED_OUT: Final = say("emergency.signed-out", "Sign in to be told of a hotline for a case that avoids somebody.")


@dataclass(frozen=True, slots=True)
class Emergency:
    """Shown above every answer. ``country`` names the place in which the number helps; ``channel`` is the hotline's
    phone to call: one that is open, where there is one. ``notes`` are what to know before calling."""

    country: Text | str | None = None
    number: str | None = None
    service: str | None = None
    hotline: ContactPoint | None = None
    channel: ChannelUse | None = None
    notes: tuple[Text, ...] = ()


def emergency_of(areas: Sequence[Area], at: datetime, avoid: Avoid, *, police: bool = False) -> Emergency:
    """``areas`` are the place and those that it lies in, the nearest first; ``police``: the case avoids police. A
    hotline that the case avoids, or that is reached only through somebody whom it avoids, is left out: the one of the
    next larger place stands in."""
    danger = next((area for area in areas if area.emergency_number), None)
    lines = [area.hotline for area in areas if area.hotline is not None and _offered(area, at, avoid)]
    reached = [(desk, phone) for desk in lines if (phone := phone_of(desk, Confidentiality.PUBLIC, at, avoid))]
    # A hotline without a phone is still one to write to, but not where that would lead through whom the case avoids.
    desk, channel = next(iter(reached), (next(iter(lines), None) if not avoid.entries else None, None))
    return Emergency(
        country=(danger or areas[-1]).name,
        number=danger.emergency_number if danger else None,
        service=danger.emergency_service if danger else None,
        hotline=desk,
        channel=channel,
        notes=(*_notes(danger, police=police), *_left_out(areas, desk, at)),
    )


def for_the_case(found: Emergency, floor: Confidentiality, at: datetime, avoid: Avoid) -> Emergency:
    """With a word of warning where the hotline's line is not safe enough for the case."""
    if found.hotline is None or found.channel is None or phone_of(found.hotline, floor, at, avoid) is not None:
        return found
    text = "Tell {name} nothing that says who the person is: the line is not safe enough for '{floor}'."
    said = say("emergency.unsafe", text, name=found.hotline.name, floor=floor)
    return replace(found, notes=(*found.notes, said))


def without_hotline(found: Emergency) -> Emergency:
    """For somebody who may not learn whether the case avoids who stands behind it."""
    kept = (note for note in found.notes if note is not _AVOIDED)
    return replace(found, hotline=None, channel=None, notes=(*kept, _SIGNED_OUT))


def phone_of(desk: ContactPoint, floor: Confidentiality, at: datetime, avoid: Avoid) -> ChannelUse | None:
    """Its phone to call for such a case: one that is open, where there is one."""
    uses: Iterable[ChannelUse] = weigh(desk, floor=floor, at=at, avoid=avoid)
    return next((use for use in uses if use.barred is None and use.channel.kind is ChannelKind.PHONE), None)


def _notes(danger: Area | None, *, police: bool) -> list[Text]:
    """It is for danger to life, so it stays although it may bring whom the case avoids; but that has to be known."""
    if danger is None or not police:
        return []
    text = "{number} may bring the police, whom this case avoids. Call it all the same where a life is in danger."
    return [say("emergency.police", text, number=danger.emergency_number)]


def _left_out(areas: Sequence[Area], desk: ContactPoint | None, at: datetime) -> list[Text]:
    """A hotline that is not shown is missed less where it is said why."""
    here = desk is None and any(area.hotline is not None and _offered(area, at, Avoid()) for area in areas)
    return [_AVOIDED] if here else []


def _offered(area: Area, at: datetime, avoid: Avoid) -> bool:
    """A hotline that is public, works, has not closed, and is not one whom the case avoids."""
    desk, owner, day = area.hotline, area.hotline_owner, at.date().isoformat()
    return (
        desk is not None
        and area.hotline_public
        and desk.holds(day)
        and desk.presence is not Presence.CLOSED
        and (owner is None or owner.answers(day))
        and not avoid.bars_contact_point(desk, owner)
    )
