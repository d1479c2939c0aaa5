"""Who may do what. Everything that acts or reads asks here; what the table does not name is denied.

A subject is anonymous, a member acting for one organization, a program that acts for one by a key of its own, or the
operator of this machine's command line. ``POLICY`` says which kinds may start an action at all, ``SCOPES`` what a
program may; the functions below say on which referrals.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from relaypoint.domain.errors import NotFound, Problem
from relaypoint.domain.handoffs import Side


class Kind(StrEnum):
    ANONYMOUS = "anonymous"
    MEMBER = "member"
    INTEGRATOR = "integrator"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a key may be for. Who writes may read as well."""

    DIRECTORY_READ = "directory.read"
    REFERRALS_READ = "referrals.read"
    REFERRALS_WRITE = "referrals.write"
    STATUS_WRITE = "status.write"
    EVENTS_READ = "events.read"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is acting. ``organization`` is set for a member and for a program, and for an operator who acts on behalf of
    one; ``scopes`` and ``key``, the id of its key, for a program."""

    kind: Kind
    organization: str | None = None
    scopes: frozenset[Scope] = frozenset()
    key: str | None = None

    @property
    def name(self) -> str:
        """How events name the subject: kind and organization, never a person, and of a program which one."""
        parts = [str(self.kind), self.organization, self.key]
        return ":".join(part for part in parts if part)


ANONYMOUS: Final = Subject(Kind.ANONYMOUS)
OPERATOR: Final = Subject(Kind.OPERATOR)


def by_link(organization: str) -> str:
    """How events name whoever used a link that was sent to a contact point of the organization: no subject, and no
    member, for nobody knows who it was."""
    return f"link:{organization}"


class Action(StrEnum):
    READ_FRAME = "read-frame"
    SEE_EMERGENCY = "see-emergency"
    FIND = "find"
    READ_ROSTER = "read-roster"
    READ_REFERRAL = "read-referral"
    REFER = "refer"
    MOVE_HANDOFF = "move-handoff"
    SAY_RECEIVED = "say-received"
    SEE_STALLED = "see-stalled"
    SEE_PROCESS = "see-process"
    SEE_GAPS = "see-gaps"
    END_ENTRY = "end-entry"
    SET_STATUS = "set-status"
    EDIT_ROSTER = "edit-roster"
    SEE_PROPOSALS = "see-proposals"
    ACKNOWLEDGE = "acknowledge"
    ASK_JOINTLY = "ask-jointly"
    TAKE_SNAPSHOT = "take-snapshot"
    RUN_ROUND = "run-round"
    ANSWER_ROUND = "answer-round"
    SEE_CONTINGENCIES = "see-contingencies"
    DECLARE_CONTINGENCY = "declare-contingency"
    CHANGE_ROSTER = "change-roster"
    EXPORT_ROSTER = "export-roster"
    DELIVER_NOTICES = "deliver-notices"
    SEE_UNDELIVERED = "see-undelivered"
    ESCALATE = "escalate"
    READ_FEED = "read-feed"
    KEEP_WEBHOOKS = "keep-webhooks"
    KEEP_API_KEYS = "keep-api-keys"
    POST_EVENTS = "post-events"
    KEEP_BROWSERS = "keep-browsers"
    VERIFY_CHAIN = "verify-chain"


_ANYONE: Final = frozenset(Kind)
#: A program is, too, as far as its scopes go (``SCOPES``).
_SIGNED_IN: Final = frozenset({Kind.MEMBER, Kind.OPERATOR})
_OPERATOR: Final = frozenset({Kind.OPERATOR})

POLICY: Final[dict[Action, frozenset[Kind]]] = {
    Action.READ_FRAME: _ANYONE,  # Pages, problems and names that lead on: what holds them has a policy of its own.
    Action.SEE_EMERGENCY: _ANYONE,
    Action.FIND: _SIGNED_IN,
    Action.READ_ROSTER: _SIGNED_IN,
    Action.READ_REFERRAL: _SIGNED_IN,
    Action.REFER: _SIGNED_IN,
    Action.MOVE_HANDOFF: _SIGNED_IN,
    Action.SAY_RECEIVED: _ANYONE,  # Who has the link of a message may say that one thing.
    Action.SEE_STALLED: _SIGNED_IN,
    Action.SEE_PROCESS: _SIGNED_IN,
    Action.SEE_GAPS: _SIGNED_IN,
    Action.END_ENTRY: _SIGNED_IN,
    Action.SET_STATUS: _SIGNED_IN,
    Action.EDIT_ROSTER: _SIGNED_IN,
    Action.SEE_PROPOSALS: _SIGNED_IN,
    Action.ACKNOWLEDGE: _SIGNED_IN,
    Action.ASK_JOINTLY: _SIGNED_IN,
    Action.TAKE_SNAPSHOT: _OPERATOR,
    Action.RUN_ROUND: _SIGNED_IN,
    Action.ANSWER_ROUND: _ANYONE,
    Action.SEE_CONTINGENCIES: _SIGNED_IN,
    Action.DECLARE_CONTINGENCY: _SIGNED_IN,
    Action.CHANGE_ROSTER: _OPERATOR,
    Action.EXPORT_ROSTER: _OPERATOR,
    Action.DELIVER_NOTICES: _OPERATOR,
    Action.SEE_UNDELIVERED: _SIGNED_IN,
    Action.ESCALATE: _OPERATOR,
    Action.READ_FEED: _SIGNED_IN,
    Action.KEEP_WEBHOOKS: _SIGNED_IN,
    Action.KEEP_API_KEYS: _SIGNED_IN,
    Action.POST_EVENTS: _OPERATOR,
    Action.KEEP_BROWSERS: _SIGNED_IN,
    Action.VERIFY_CHAIN: _OPERATOR,
}


_READ_DIRECTORY: Final = frozenset({Action.FIND, Action.READ_ROSTER, Action.SEE_CONTINGENCIES})
_READ_REFERRALS: Final = frozenset(
    {Action.READ_REFERRAL, Action.SEE_STALLED, Action.SEE_PROCESS, Action.SEE_UNDELIVERED}
)

#: What a program may, for each of the scopes of its key. Nothing here makes or ends other ways in, and nothing that
#: people answer for: the roster, rounds, a contingency.
SCOPES: Final[dict[Scope, frozenset[Action]]] = {
    Scope.DIRECTORY_READ: _READ_DIRECTORY,
    Scope.REFERRALS_READ: _READ_REFERRALS,
    Scope.REFERRALS_WRITE: _READ_DIRECTORY | _READ_REFERRALS | {Action.REFER, Action.MOVE_HANDOFF},
    Scope.STATUS_WRITE: frozenset({Action.SET_STATUS}),
    Scope.EVENTS_READ: frozenset({Action.READ_FEED}),
}


class NotSignedIn(Problem):
    """The one refusal that says so: nobody is signed in, so nothing of a case can be told by it."""

    code = "NOT_FOUND"


def allows(subject: Subject, action: Action) -> bool:
    if subject.kind in POLICY.get(action, frozenset()):
        return True
    return subject.kind is Kind.INTEGRATOR and any(action in SCOPES[scope] for scope in subject.scopes)


def require(subject: Subject, action: Action) -> None:
    """Raises a ``NOT_FOUND`` problem: what one may not see looks as if it were not there."""
    if allows(subject, action):
        return
    if subject.kind is Kind.ANONYMOUS:
        raise NotSignedIn(
            "policy.sign-in",
            "There is nothing here for someone who is not signed in.",
            remedy="Sign in as a member organization.",
        )
    if subject.kind is Kind.INTEGRATOR:
        raise NotFound("policy.scope", "There is nothing here for this key.", remedy="See which scopes it has.")
    raise NotFound("policy.none", "There is nothing here.", remedy="Ask your task force's coordinator.")


def may_act_for(subject: Subject, organization: str) -> bool:
    """A member or its program acts for its own organization only; the operator for the one named, or for any where none
    is."""
    if subject.kind is Kind.OPERATOR:
        return subject.organization in (None, organization)
    return subject.kind in (Kind.MEMBER, Kind.INTEGRATOR) and subject.organization == organization


def one_of(subject: Subject, organizations: Collection[str | None]) -> bool:
    """Whether the subject acts for one of these, or is the operator, acting for nobody."""
    if subject.organization is None:
        return subject.kind is Kind.OPERATOR
    return subject.organization in organizations


def may_see_referral(subject: Subject, sender: str, receivers: frozenset[str]) -> bool:
    """The case wall: the bodies on its chain, and the operator, who sees no case field."""
    if subject.kind is Kind.OPERATOR and subject.organization is None:
        return True
    return subject.organization is not None and subject.organization in {sender, *receivers}


def steps_seen(subject: Subject, sender: str, steps: Sequence[tuple[str, bool]]) -> int:
    """How many of a referral's steps the subject sees, oldest first. ``steps`` are their receivers, each with whether
    it passed the case on itself. Its sender and the operator see all; a body on the way those up to its own last one,
    and the one that it passed the case on to: what becomes of it after that is not its business any more."""
    if may_act_for(subject, sender):
        return len(steps)
    own = [at for at, (receiver, _) in enumerate(steps, start=1) if receiver == subject.organization]
    return max((at + passed for at, (_, passed) in enumerate(steps, start=1) if at in own), default=0)


def may_see_case(subject: Subject, sender: str) -> bool:
    """Who may read the case's own fields back: the body that referred it."""
    return subject.organization == sender


def sides(subject: Subject, sender: str, receiver: str) -> frozenset[Side]:
    """On which sides of a handoff the subject stands."""
    found = set()
    if may_act_for(subject, sender):
        found.add(Side.SENDER)
    if may_act_for(subject, receiver):
        found.add(Side.RECEIVER)
    return frozenset(found)
