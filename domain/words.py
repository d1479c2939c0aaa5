"""The closed vocabularies, in the field's standard terms. Each value is what rosters, GraphQL and the store hold."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OrganizationKind(StrEnum):
    """What an organization is. ``avoid`` takes any of these; a part of a police body counts as police too."""

    POLICE = "police"
    IMMIGRATION = "immigration"
    BORDER = "border"
    COMPETENT_AUTHORITY = "competent-authority"
    LABOUR_INSPECTORATE = "labour-inspectorate"
    LOCAL_AUTHORITY = "local-authority"
    HEALTH = "health"
    SOCIAL_SERVICES = "social-services"
    PROSECUTION = "prosecution"
    COURT = "court"
    GOVERNMENT = "government"
    CSO = "cso"
    INTERNATIONAL = "international"


class Presence(StrEnum):
    """How an office works: one can go there, it works from a distance, or it has closed for now."""

    ON_SITE = "on-site"
    REMOTE = "remote"
    CLOSED = "closed"


class ContactPointKind(StrEnum):
    """An office, or a leader whom a community trusts: those agree to be listed, and are not public by default."""

    OFFICE = "office"
    COMMUNITY = "community"


class FacilityKind(StrEnum):
    """Where people are received, held or stopped, and where they may be met."""

    RECEPTION_CENTRE = "reception-centre"
    DETENTION = "detention"
    TRANSIT = "transit"
    BORDER_POST = "border-post"
    HOT_SPOT = "hot-spot"


class EventKind(StrEnum):
    TRAINING = "training"
    MEETING = "meeting"
    EXERCISE = "exercise"


class EventState(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    SUSPENDED = "suspended"


class JointKind(StrEnum):
    """What one organization asks another for: to meet, or to be let into a facility or a hot spot."""

    MEET = "meet"
    ENTER = "enter"


class JointState(StrEnum):
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Designation(StrEnum):
    """Who names the contact points and holders of a task force's members."""

    MEMBERS = "members"
    COORDINATOR = "coordinator"


class ProposalState(StrEnum):
    """How a change that somebody proposed to another's entry stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class RoundKind(StrEnum):
    """What a round asks: whether people still hold their contact points, or whether a channel is answered."""

    CONFIRMATION = "confirmation"
    DRILL = "drill"


class RequestState(StrEnum):
    """What a holder has answered to a confirmation round."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    LEFT = "left"


class TrialState(StrEnum):
    """How the test of a channel in a drill stands."""

    SENT = "sent"
    ANSWERED = "answered"
    SILENT = "silent"
    UNTRIED = "untried"


class _Scale(StrEnum):
    """Words in order: ``level`` counts from 0, as they are declared."""

    level: int

    def __init__(self, word: str) -> None:
        self.level = len(type(self).__members__)


class Priority(_Scale):
    """FHIR request-priority. Pages read ``stat`` as "emergency"; the order of declaration is the order."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class Confidentiality(_Scale):
    """One scale for what a case needs and what a channel assures; the order of declaration is the order."""

    PUBLIC = "public"
    OFFICIAL = "official"
    CONFIDENTIAL = "confidential"
    STRICT = "strict"


class ChannelKind(StrEnum):
    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    SECURE_EMAIL = "secure-email"
    MESSENGER = "messenger"
    WEB_FORM = "web-form"
    IN_PERSON = "in-person"
    RELAY = "relay"


#: Kinds that carry a message by themselves; the others need a person to act.
MESSAGE_KINDS: Final = frozenset({ChannelKind.EMAIL, ChannelKind.SECURE_EMAIL, ChannelKind.SMS, ChannelKind.MESSENGER})
#: Kinds of which the same number or address leads to the same people. A form's page is shared by many whom it tells
#: apart, a building by many who do not answer for each other.
ANSWERED_KINDS: Final = MESSAGE_KINDS | {ChannelKind.PHONE}
#: Kinds by which one talks with somebody at once.
VOICE_KINDS: Final = frozenset({ChannelKind.PHONE, ChannelKind.IN_PERSON})


class ChildsView(StrEnum):
    """What a child wants for themselves, as far as they could say it. It is heard, and does not decide alone
    (Convention on the Rights of the Child, article 12)."""

    WANTS_IT = "wants-it"
    WANTS_SOMETHING_ELSE = "wants-something-else"
    DOES_NOT_WANT_IT = "does-not-want-it"
    COULD_NOT_SAY = "could-not-say"
    NOT_ASKED_YET = "not-asked-yet"


class Rung(StrEnum):
    """A step of an escalation policy: whom it turns to."""

    REMIND = "remind"
    DEPUTY = "deputy"
    OTHER_DESK = "other-desk"
    COORDINATOR = "coordinator"
    NATIONAL_COORDINATOR = "national-coordinator"
    OFFER = "offer"


class ChannelCondition(StrEnum):
    ALWAYS = "always"
    NORMAL = "normal"
    CONTINGENCY = "contingency"


class ChannelState(StrEnum):
    UNPROVEN = "unproven"
    WORKING = "working"
    FAILING = "failing"
    DEAD = "dead"


class HolderRole(StrEnum):
    PRIMARY = "primary"
    DEPUTY = "deputy"


class Staffing(StrEnum):
    """``holder``: named holders answer, so their lack is a gap. ``office``: whoever is on duty at a published desk."""

    HOLDER = "holder"
    OFFICE = "office"


class Standing(StrEnum):
    FULL = "full"
    OBSERVER = "observer"
    SUSPENDED = "suspended"


class Access(StrEnum):
    """``direct``: help anyone may ask for. ``pathway``: reached only along an agreed pathway."""

    DIRECT = "direct"
    PATHWAY = "pathway"


class RankedBy(StrEnum):
    """The criteria that candidates are ordered by, in their usual order."""

    ROUTE = "route"
    REACHABLE = "reachable"
    FIT = "fit"
    PLACE = "place"
    LANGUAGE = "language"
    CAPACITY = "capacity"
    STAFFING = "staffing"
    RESPONSIVENESS = "responsiveness"


class Capacity(StrEnum):
    OPEN = "open"
    LIMITED = "limited"
    FULL = "full"
    UNKNOWN = "unknown"


class OperationalState(StrEnum):
    """Whether a body or a service works now; unknown where nobody has said so lately."""

    OPEN = "open"
    LIMITED = "limited"
    REMOTE = "remote"
    CLOSED = "closed"


class OperationalNeed(StrEnum):
    """What a body lacks to go on."""

    FUNDING = "funding"
    STAFF = "staff"
    PROTECTIVE_EQUIPMENT = "protective-equipment"
    ACCOMMODATION = "accommodation"
    INTERPRETERS = "interpreters"
    TRANSPORT = "transport"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class JurisdictionKind(StrEnum):
    COUNTRY = "country"
    NATION = "nation"
    REGION = "region"
    COUNTY = "county"
    LOCAL_AUTHORITY = "local-authority"
    AREA = "area"


#: Population tags by dimension (Palermo Protocol; Directive (EU) 2024/1712). A task force may add its own,
#: which form one more dimension.
TAG_DIMENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "age": ("adult", "child", "age-unknown"),
    "sex": ("female", "male", "other"),
    "exploitation": (
        "sexual",
        "labour",
        "domestic-servitude",
        "forced-criminality",
        "forced-begging",
        "forced-marriage",
        "illegal-adoption",
        "surrogacy",
        "organ-removal",
    ),
    "access": ("accessible",),
}
