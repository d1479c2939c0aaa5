"""When a handoff has gone silent, and why. Derived at any instant from what is stored; never a status.

A stalled handoff always has a reason, an age, who holds it now, and the steps that can be taken next
(``domain.next_steps``). A handoff that came back stays one until its sender has seen it: nobody has the case then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.clock import parse_instant
from relaypoint.domain.deadlines import DEFAULTS, Age, age
from relaypoint.domain.handoffs import Side
from relaypoint.domain.model import Declared
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.silences import Strand, open_reasons
from relaypoint.domain.silences_ended import ended_reasons
from relaypoint.domain.texts import Text


@dataclass(frozen=True, slots=True)
class Stall:
    """``due`` is the instant that was missed; ``age`` runs from there to ``at``, and ``waited`` from when it was sent.
    ``also`` tells in what other ways it is silent."""

    handoff: OpenHandoff
    strand: Strand
    reason: str
    text: Text
    due: str
    at: datetime
    age: Age
    also: tuple[Text, ...] = ()

    @property
    def waited(self) -> Age:
        return age(self.at, self.handoff.sent_at, self.handoff.desk.calendar)

    @property
    def episode(self) -> str:
        """What a ladder belongs to: this silence since what it is about began. What begins anew is climbed anew."""
        handoff = self.handoff
        step = f"{handoff.status} {handoff.moved_at or ''}"
        asked = {"information-not-answered": handoff.asked_at, "wish-not-answered": handoff.wish_by}.get(self.reason)
        since = {
            # Of what had not gone out nobody at the desk was slow: the reminder is theirs still, once they are.
            Strand.STEP: f"{step} undelivered" if self.early else step,
            Strand.DESK: step,
            Strand.SENDER: f"{self.reason} {asked or step}",
            Strand.AVOIDED: "",
            Strand.ROUND: "",
            Strand.MISSING: "",
            Strand.COORDINATOR: handoff.raised_at or "",
            Strand.ERASURE: handoff.erase_by or "",
            Strand.PHONE: handoff.phoned_at or "",
        }
        return f"{self.strand} {since[self.strand]}"

    @property
    def since(self) -> str:
        """Since when it has been so: what was not known of a person, and is now, is another thing to act on."""
        said = self.handoff.arrival_at if self.reason == "not-arrived" else None
        return max(self.due, said or "")

    @property
    def senders(self) -> bool:
        """Whether the silence is the sender's: nobody else has the case, or is waited for."""
        return _of_sender(self.handoff, self.strand, self.reason)

    @property
    def turn(self) -> str | None:
        """The body whose turn it is; None: a coordinator's, where it is not known which one was asked."""
        if self.strand is Strand.COORDINATOR:
            return self.handoff.raised_to
        return self.handoff.sender.id if self.senders else self.handoff.receiver.id

    @property
    def early(self) -> bool:
        """Whether no message went out, and nobody is late yet."""
        by = self.handoff.acknowledge_by
        return self.reason == "undelivered" and (by is None or self.at <= parse_instant(by))

    @property
    def discreet(self) -> bool:
        """Whether no coordinator is told: it would learn whom the case avoids, or that a consent was taken back. Why a
        message did not arrive may lie in whom the case avoids; that nobody has acknowledged it in time does not."""
        return self.reason in _DISCREET or self.early

    @property
    def waits(self) -> Declared | None:
        """The contingency that its escalation waits for. That lets a desk be slow with what does not press, and
        nothing else."""
        presses = DEFAULTS[self.handoff.priority].basis == "clock"
        return self.handoff.paused if self.reason in _SLOW and not presses else None


_SLOW: Final = frozenset({"unacknowledged", "undecided", "not-started", "overdue", "hold-expired"})
_DISCREET: Final = frozenset({"avoided", "erasure-not-answered"})
_SENDERS: Final = frozenset(
    {
        "rejected",
        "failed",
        "waitlisted",
        "not-served",
        "entered-in-error",
        "untold",
        "form-not-submitted",
        "information-not-answered",
        "wish-not-answered",
        "refused-by-phone",
        "accepted-by-phone",
        "not-arrived",
        "avoided",
    }
)


def stall(handoff: OpenHandoff, at: datetime, side: Side = Side.SENDER) -> Stall | None:
    """The gravest of the ways in which it is silent at that moment; None while all is well."""
    return gravest(stalls(handoff, at, side))


def gravest(found: Sequence[Stall], takes: Callable[[Stall], bool] | None = None) -> Stall | None:
    """The first of them that is asked for, beside which the others are told."""
    chosen = next((each for each in found if takes is None or takes(each)), None)
    others = tuple(each.text for each in found if each is not chosen)
    return replace(chosen, also=others) if chosen and others else chosen


def stalls(handoff: OpenHandoff, at: datetime, side: Side = Side.SENDER) -> list[Stall]:
    """All of them, the gravest first.

    The receiving side and a coordinator are told nothing that whom the case avoids decides; a coordinator nothing of
    what the person consents to; and the receiving side is not asked to see the end that it made.
    """
    if side is not Side.SENDER:
        # Nor of a message: it may not have arrived because of whom the case avoids, and who reads this knows of it.
        handoff = replace(handoff, avoid=Avoid(), notice=None)
        if side is Side.RECEIVER:  # Nor which coordinator was asked: who was passed over may be one.
            handoff.raised_to = None
    found = (open_reasons if handoff.status.open else ended_reasons)(handoff, at)
    return [
        _stall(handoff, strand, reason, text, max(due, handoff.sent_at), at)  # Nothing was missed before it was sent.
        for strand, (reason, text, due) in found
        if _told(handoff, side, strand, reason)
    ]


def _told(handoff: OpenHandoff, side: Side, strand: Strand, reason: str) -> bool:
    if side is Side.COORDINATOR:  # Why nobody could be told of the end may lie in whom the case avoids.
        return strand is not Strand.ERASURE and reason != "untold"
    if side is Side.RECEIVER:
        return reason not in ("form-not-submitted", "wish-not-answered") and (
            strand is Strand.ERASURE or not handoff.must_see
        )
    return True


def _stall(handoff: OpenHandoff, strand: Strand, reason: str, text: Text, due: str, at: datetime) -> Stall:
    # The hours are those of who has to act; the sender's are of the desk that it named.
    senders = handoff.senders_hours if _of_sender(handoff, strand, reason) else None
    return Stall(handoff, strand, reason, text, due, at, age(at, due, senders or handoff.desk.calendar))


def _of_sender(handoff: OpenHandoff, strand: Strand, reason: str) -> bool:
    return reason in _SENDERS or (strand is Strand.MISSING and not handoff.status.open)
