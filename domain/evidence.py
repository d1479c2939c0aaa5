"""What messages show of an address, and what that makes of the channels that use it.

An address that was refused, or from which a message came back, is failing; refused again and again for more than a day
it is dead, and nothing is sent there any more. That a server took a message proves nothing of who reads it; that
somebody answered does. What says nothing of the address itself, as that nobody could be reached at all, is no evidence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from relaypoint.domain.addresses import same_address
from relaypoint.domain.clock import later, parse_instant
from relaypoint.domain.model import holds
from relaypoint.domain.rows import Columns
from relaypoint.domain.words import ChannelKind, ChannelState


class Result(StrEnum):
    """What came of one attempt over one channel. ``failed``: nobody could be asked; ``late``: it was put off until
    nothing more was to be tried."""

    TAKEN = "taken"
    REFUSED = "refused"
    BOUNCED = "bounced"
    NOT_NOW = "not-now"
    LATE = "late"
    FAILED = "failed"

    @property
    def words(self) -> str:
        return self.value.replace("-", " ")


#: So many in a row, the first and the last of them at least so long apart, and an address is taken for dead.
MOST: Final = 3
LASTING: Final = timedelta(days=1)

#: What is answered often is not noted each time: the day of the last proof is as good for so many days.
FRESH: Final = 7


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt over one channel. ``reply`` is the code that came back, never its words."""

    channel: str
    result: Result
    reply: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of an address. ``refused`` counts what spoke against it in a row, ``since`` and ``last`` are the
    first and last instant of that, ``lasting`` whether each said that there is no such address. ``mended``: what was
    refused is taken again. ``answered`` is the last instant at which somebody answered a message, at the contact point
    ``answered_at``: it proves the channels of that one alone, for anybody may name another's address as its own."""

    id: str
    version: int
    refused: int = 0
    since: str | None = None
    last: str | None = None
    lasting: bool = True
    mended: bool = False
    answered: str | None = None
    answered_at: str | None = None


def address_id(kind: str, address: str) -> str:
    """The same for all channels that reach the same place in the same way; it does not tell the address."""
    return hashlib.sha256("\n".join(same_address(ChannelKind(kind), address)).encode()).hexdigest()


def against(attempt: Try) -> bool:
    """Whether it speaks against the address. A refusal for other causes (RFC 3463: 5.3 to 5.7, as a policy or a server
    that does not relay for this one) would be the same for any address; so would one that no server's code goes with,
    as from a way out that is not for such addresses."""
    if attempt.result is Result.LATE:
        return True
    if attempt.reply is not None and not attempt.reply.startswith("5"):
        return False
    return attempt.result in (Result.REFUSED, Result.BOUNCED) and _subject(attempt.reply) in (None, "0", "1", "2")


def lasting(attempt: Try) -> bool:
    """Whether it says that there is no such address, or no longer; a mailbox that is full (5.2.2) has room again."""
    if attempt.result is Result.LATE:
        return False
    return _subject(attempt.reply) != "2" or bool(re.search(r"\b5\.2\.1\b", attempt.reply or ""))


def _subject(reply: str | None) -> str | None:
    """The second number of an enhanced status code; None where there is none."""
    enhanced = re.search(r"\b[45]\.(\d{1,3})\.\d{1,3}\b", reply or "")
    return enhanced[1] if enhanced else None


def begins_anew(evidence: Evidence, proven: str) -> bool:
    """Whether what spoke against it is counted from the last time on: one of its channels was proven on that day (ISO),
    after the first."""
    return bool(evidence.refused and (evidence.since or "")[:10] < proven <= (evidence.last or "")[:10])


def channel_after(channel: Columns, evidence: Evidence, day: str) -> dict[str, Any] | None:
    """The channel as the evidence leaves it; None where it stays as it is. Who answers a message proves the channel,
    also one that was taken for dead."""
    if not holds(channel, day):
        return None
    proven, state = str(channel["proven_on"] or ""), ChannelState(channel["state"])
    if evidence.refused and proven <= (evidence.last or "")[:10]:
        first = proven > (evidence.since or "")[:10]  # Proven since the others: this is the first again.
        found = ChannelState.FAILING if first else _against(evidence)
        return {**channel, "state": found} if _GRAVITY[found] > _GRAVITY[state] else None
    own = evidence.answered_at == channel.get("contact_point")
    answered = (evidence.answered or "")[:10] if own else ""
    lately = state == ChannelState.WORKING and proven != "" and later(proven, FRESH) > answered
    if answered > proven and not lately:
        how = "a message, acknowledged"
        return {**channel, "state": ChannelState.WORKING, "proven_on": answered, "proven_how": how}
    if evidence.mended and state == ChannelState.FAILING:
        return {**channel, "state": ChannelState.UNPROVEN}
    return None


_GRAVITY: Final[Mapping[ChannelState, int]] = {
    ChannelState.WORKING: 0,
    ChannelState.UNPROVEN: 0,
    ChannelState.FAILING: 1,
    ChannelState.DEAD: 2,
}


def _against(evidence: Evidence) -> ChannelState:
    first, last = evidence.since, evidence.last
    if not evidence.lasting or evidence.refused < MOST or first is None or last is None:
        return ChannelState.FAILING
    long = parse_instant(last) - parse_instant(first) >= LASTING
    return ChannelState.DEAD if long else ChannelState.FAILING
