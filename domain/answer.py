"""The values of a search: what is needed, who can take it, who can't and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from relaypoint.domain.avoid import Avoid
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.criteria import Criterion
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.filters import Reason
from relaypoint.domain.model import ContactPoint, Organization, Pathway, Service
from relaypoint.domain.responsiveness import Responsiveness
from relaypoint.domain.routing import Route
from relaypoint.domain.texts import Text
from relaypoint.domain.words import Confidentiality, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a caseworker asks for, of one kind. ``service`` and ``place`` are ids; ``tags`` population tags.

    ``languages`` are those of the person, any of which is enough. ``near``: what lies around the place will do.
    ``formerly`` is the abolished place that was named, where ``place`` came after it: what still says that it is for
    that one is found as well. ``consent`` has the service types that an adult has agreed to; None: it was not said.
    """

    asker: str
    service: str
    place: str
    languages: tuple[str, ...] = ()
    priority: Priority = Priority.ROUTINE
    confidentiality: Confidentiality = Confidentiality.OFFICIAL
    tags: tuple[str, ...] = ()
    avoid: Avoid = field(default_factory=Avoid)
    near: bool = False
    formerly: str | None = None
    consent: frozenset[str] | None = None

    def takes(self, pathway: Pathway) -> bool:
        """Whether the person goes that way; where an adult's consent is known to be lacking, not one that needs it."""
        return pathway.consent != "required" or not self.refuses(pathway.type)

    def refuses(self, type: str) -> bool:
        """Whether an adult is known not to agree to what only goes with consent."""
        if self.consent is None or is_child(self.tags):
            return False
        return self.consent.isdisjoint((type, self.service))

    @property
    def unsaid(self) -> bool:
        """Whether an adult's consent was neither given nor refused."""
        return self.consent is None and not is_child(self.tags)

    def asks(self, pathway: Pathway) -> bool:
        """Whether consent is still to be asked for."""
        return pathway.consent == "required" and self.unsaid


@dataclass(frozen=True, slots=True)
class Gateway:
    """Who is asked first where a route has several steps: an organization, its desk, and how that is reached."""

    organization: Organization
    contact_point: ContactPoint
    channels: tuple[ChannelUse, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """``separated_by`` is the first criterion that puts it before the next candidate; None for the last or a tie.

    ``warnings`` are of danger for the person, ``confirm`` has what the caseworker has to make sure of, ``notes`` what
    to know. ``behind`` says why it is not where the one before it is; None for the first. ``gateway`` is whom to ask,
    where that is not the contact point itself; ``alternatives`` are other routes to it. ``decided`` tells in how much
    time it is decided, all steps of the route together, ``times`` for each of them.
    """

    service: Service
    contact_point: ContactPoint
    route: Route
    channels: tuple[ChannelUse, ...]
    criteria: tuple[Criterion, ...]
    warnings: tuple[Text, ...]
    confirm: tuple[Text, ...]
    notes: tuple[Text, ...]
    decided: Text
    times: tuple[Text, ...] = ()
    gateway: Gateway | None = None
    responds: Responsiveness | None = None
    alternatives: tuple[Route, ...] = ()
    separated_by: str | None = None
    behind: Text | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """``contact_point`` is the desk that came nearest, if the organization has one for the service. ``far`` counts how
    many times the place has to be taken larger until the service covers something in it. ``channels`` are those by
    which it may be asked all the same; ``safest`` is the most that those assure which are not safe enough.
    """

    service: Service
    contact_point: ContactPoint | None
    reasons: tuple[Reason, ...]
    far: int = 0
    channels: tuple[ChannelUse, ...] = ()
    safest: Confidentiality | None = None
    #: Whom else it is only for, which the case does not tell.
    unsaid: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """``excluded`` are those nearest to fitting; ``total`` counts all that are ruled out. ``passed_over`` are desks
    that are out, of services that another desk can take."""

    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    notes: tuple[Text, ...]
    total: int = 0
    passed_over: tuple[Excluded, ...] = ()
