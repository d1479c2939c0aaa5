"""When a handoff has gone silent, and why. Derived at any instant from what is stored; never a status.

A stalled handoff always has a reason, an age, who holds it now, and the steps that can be taken next
(``domain.next_steps``). A handoff that came back stays one until its sender has seen it: nobody has the case then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from relaypoint.domain import silences
from relaypoint.domain.avoid import Avoid
from relaypoint.domain.deadlines import DEFAULTS, Age, age
from relaypoint.domain.handoffs import ARRIVED, UNSERVED, Side, Status
from relaypoint.domain.model import Declared
from relaypoint.domain.open_handoff import OpenHandoff
from relaypoint.domain.silences import MISSING, Found
from relaypoint.domain.texts import Text, say


@dataclass(frozen=True, slots=True)
class Stall:
    """``due`` is the instant that was missed; ``age`` runs from there, and ``waited`` from when it was sent."""

    handoff: OpenHandoff
    reason: str
    text: Text
    due: str
    age: Age
    waited: Age

    @property
    def episode(self) -> str:
        """What an escalation belongs to: the silence of a status; and by itself what must not wait for the end of
        it."""
        status = self.handoff.status.value
        return f"{status} {self.reason}" if self.reason in _BY_ITSELF else status

    @property
    def senders(self) -> bool:
        """Whether the silence is the sender's: nobody else has the case, or is waited for."""
        return self.reason in _SENDERS

    @property
    def waits(self) -> Declared | None:
        """The contingency that its escalation waits for. That lets a desk be slow, with what does not press, and
        nobody else."""
        presses = DEFAULTS[self.handoff.priority].basis == "clock"
        others = self.senders or self.reason in _BY_ITSELF or self.reason == "avoided"
        return None if presses or others else self.handoff.paused


#: Silences that begin a ladder of their own, whatever was climbed before: a person is missing, the coordinator is
#: silent as well, nobody says what was erased, or it is the sender that has to phone again.
_BY_ITSELF: Final = MISSING | {"coordinator-silent", "erasure-not-answered", "accepted-by-phone"}

_SENDERS: Final = frozenset(
    {
        "rejected",
        "failed",
        "waitlisted",
        "entered-in-error",
        "untold",
        "form-not-submitted",
        "information-not-answered",
        "refused-by-phone",
        "accepted-by-phone",
        "not-arrived",
    }
)


def stall(handoff: OpenHandoff, at: datetime, side: Side = Side.SENDER) -> Stall | None:
    """The first of the reasons that holds at that moment, gravest first; None while all is well.

    The receiving side and a coordinator are told nothing that whom the case avoids decides.
    """
    if side is not Side.SENDER:
        # Nor of a message: it may not have arrived because of whom the case avoids, and who reads this knows of it.
        handoff = replace(handoff, avoid=Avoid(), notice=None)
    if handoff.must_see:
        found: Found | None = silences.unheard(handoff, at) or _returned(handoff)
    else:
        found = (silences.reason if handoff.status.open else silences.unerased)(handoff, at)
    if found is None or (side is Side.RECEIVER and found[0] == "form-not-submitted"):
        return None
    reason, text, due = found
    due = max(due, handoff.sent_at)  # Nothing was missed before it was sent.
    return Stall(
        handoff=handoff,
        reason=reason,
        text=text,
        due=due,
        age=age(at, due, handoff.desk.calendar),
        waited=age(at, handoff.sent_at, handoff.desk.calendar),
    )


def _returned(handoff: OpenHandoff) -> Found:
    """How a closed handoff came back, or that nobody could be told that it was closed."""
    if handoff.status is Status.COMPLETED and handoff.code not in UNSERVED:
        text = say("stall.closed-missing", "it was closed, and nobody has said that the person arrived")
        return "not-arrived", text, handoff.moved_at or handoff.changed_at
    code = handoff.code or "–"
    reason, text = {
        Status.REJECTED: (
            "rejected",
            say("stall.rejected", "it was declined ({code}); nobody has the case", code=code),
        ),
        Status.COMPLETED: (
            "waitlisted",
            say("stall.waitlisted", "the person was put on a waiting list; nobody serves them yet"),
        ),
        Status.FAILED: ("failed", _failed(handoff, code)),
        Status.ENTERED_IN_ERROR: (
            "entered-in-error",
            say("stall.voided", "the receiving side marked it as entered in error; nobody has the case"),
        ),
    }.get(
        handoff.status,
        ("untold", say("stall.untold", "it is over, but no message could tell the contact point so")),
    )
    # What is said of it afterwards makes it no younger.
    return reason, text, handoff.moved_at or handoff.changed_at


def _failed(handoff: OpenHandoff, code: str) -> Text:
    if handoff.arrival == ARRIVED and (handoff.arrival_at or "") > (handoff.moved_at or ""):
        text = "it was given up ({code}), and the person has come since: send it there anew, or elsewhere"
        return say("stall.failed-arrived", text, code=code)
    return say("stall.failed", "it could not be done ({code}); nobody has the case", code=code)
