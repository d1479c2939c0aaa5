"""A handoff that somebody still has to do something about, with all that decides whether it has gone silent."""

from __future__ import annotations

from dataclasses import dataclass, field

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.calendars import Calendar
from relaypoint.domain.handoffs import Status, missing_at_end
from relaypoint.domain.model import ContactPoint, Declared, Organization
from relaypoint.domain.words import Confidentiality, Priority


# Not frozen: one is made for each step of a report, and a frozen one takes twice as long to make.
@dataclass(slots=True, kw_only=True)
class OpenHandoff:
    """What the report needs of one open handoff, to be read and not changed. Instants are texts.

    ``must_see``: it is closed, and its sender has yet to see how.
    """

    id: str
    reference: str
    status: Status
    version: int
    priority: Priority
    confidentiality: Confidentiality
    service_type: str
    sent_at: str
    changed_at: str
    acknowledge_by: str | None
    decide_by: str | None
    review_on: str | None
    form: str | None
    form_submitted_at: str | None
    notice: str | None
    sender: Organization
    receiver: Organization
    desk: ContactPoint
    moved_at: str | None = None
    start_by: str | None = None
    complete_by: str | None = None
    phoned: str | None = None
    phoned_at: str | None = None
    asked_at: str | None = None
    answer_by: str | None = None
    #: The words that answer what is asked now.
    answers: tuple[str, ...] = ("told", "not-agreed", "not-known")
    #: Where a coordinator would send it, if the person agrees, and by when its sender is to say so; and what it said
    #: of where.
    wished_to: str | None = None
    wish_by: str | None = None
    wish_about: str | None = None
    wish_answered: str | None = None
    expected_by: str | None = None
    raised_at: str | None = None
    #: The coordinators' body that was asked then.
    raised_to: str | None = None
    respond_by: str | None = None
    #: How the coordinator answered its sender, as a code.
    response: str | None = None
    #: The bodies that have answered, since the step moved last, that they can do no more about it.
    said_all: frozenset[str] = frozenset()
    arrival: str | None = None
    #: When that was said.
    arrival_at: str | None = None
    #: What its sender said became of a person who was looked for.
    sought: str | None = None
    #: By when the receiving body is to say whether it has erased what it knows; None where that is not open.
    erase_by: str | None = None
    hops: int = 1
    been_here: bool = False
    #: The day since which its body or service says that it is closed.
    closed_since: str | None = None
    #: What the task force of both has agreed for a person who was expected and is missing.
    missing_person: str | None = None
    #: By when the coordinator that was told of its silence is to see to it: then others are told.
    look_by: str | None = None
    #: The contingency that lets the escalation of its desk's silence wait.
    paused: Declared | None = None
    must_see: bool = False
    #: Another step continues it.
    gone_on: bool = False
    #: The sender's desk that was named to be told what becomes of it, and its hours.
    answered_at: str | None = None
    senders_hours: Calendar | None = None
    code: str | None = None
    avoid: Avoid = field(default_factory=Avoid)

    @property
    def waiting(self) -> bool:
        """Nobody has decided on it yet."""
        return self.status in (Status.REQUESTED, Status.RECEIVED)

    @property
    def wish_open(self) -> bool:
        """A coordinator waits for its sender to say whether the person agrees."""
        return bool(self.wished_to and self.wish_by) and self.status.open

    @property
    def missing_at_end(self) -> bool:
        """It was ended while a person was looked for."""
        came = {"arrival": self.arrival, "expected_by": self.expected_by, "sought": self.sought}
        return missing_at_end({"status": self.status, "moved_at": self.moved_at, **came})

    @property
    def accepted_by_phone(self) -> bool:
        """As its sender reports, and not confirmed since: an office without accounts can't."""
        return self.waiting and self.phoned == "accepted"

    @property
    def refused_by_phone(self) -> bool:
        """As its sender reports: nobody has the case."""
        return self.waiting and self.phoned == "refused"

    @property
    def form_awaited(self) -> bool:
        """The official form is the referral, and is not recorded as submitted."""
        return bool(self.form) and self.form_submitted_at is None
