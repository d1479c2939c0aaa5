"""One thing that somebody can do next about a step, and how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.model import ContactPoint, Organization
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.texts import Text
from relaypoint.domain.words import MESSAGE_KINDS


@dataclass(frozen=True, slots=True)
class NextStep:
    """``role`` is same-desk, other-desk, reply-desk, next-candidate, coordinator, hotline, sender, receiver or yours.

    The last three are oneself, and have no desk: ``yours`` is that of who coordinates both sides, who is told of
    ``reply-desk``, the sender's. ``channels`` are the usable ones, the first to try first.
    """

    role: str
    text: Text
    contact_point: ContactPoint | None = None
    organization: str | None = None
    channels: tuple[ChannelUse, ...] = ()


def command_of(handoff: OpenHandoff, verb: str) -> str:
    # The reference stands for the step that continues it, where there is one.
    return f"relaypoint handoff {handoff.id if handoff.gone_on else handoff.reference} {verb}"


def choice_of(handoff: OpenHandoff, verb: str, words: Sequence[str]) -> str:
    """With the words that can stand where ``verb`` has VERB or RESULT. Who pastes it as it is says nothing by that."""
    if len(words) == 1:
        return command_of(handoff, verb.replace("VERB", words[0]).replace("RESULT", words[0]))
    blank = "VERB" if "VERB" in verb else "RESULT"
    return f"{command_of(handoff, verb)} ({blank}: {', '.join(words)})"


def is_there(desk: ContactPoint, organization: Organization, at: datetime) -> bool:
    day = at.date().isoformat()
    return desk.holds(day) and organization.works(day)


def by_voice_first(uses: Iterable[ChannelUse]) -> tuple[ChannelUse, ...]:
    return tuple(sorted(uses, key=lambda use: (not use.usable_now, use.channel.kind in MESSAGE_KINDS)))
