"""Where the roster has a hole that a case could fall into, now or soon.

Each gap says how grave it is, who can mend it and what to import for that. What opens soon is found by asking the same
checks on each day ahead on which something begins or ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from relaypoint.domain import (
    clock,
    gaps_addresses,
    gaps_bodies,
    gaps_channels,
    gaps_cover,
    gaps_desks,
    gaps_joint,
    gaps_messages,
    gaps_people,
    gaps_unmet,
    gaps_work,
)
from relaypoint.domain.gaps_messages import PausedWebhook, Undelivered
from relaypoint.domain.gaps_roster import SEVERITIES, Gap, Roster
from relaypoint.domain.gaps_unmet import Unmet
from relaypoint.domain.gaps_work import Left, OpenStep
from relaypoint.domain.rows import Rows, upwards

#: How many days ahead the report looks.
AHEAD: Final = 30

CHECKS: Final = (
    gaps_desks.no_contact_point,
    gaps_channels.no_channel,
    gaps_channels.unsure_channels,
    gaps_channels.unsafe_channels,
    gaps_channels.above_the_rule,
    gaps_channels.single_number,
    gaps_addresses.shared_faults,
    gaps_desks.holders,
    gaps_desks.duty,
    gaps_desks.one_person,
    gaps_joint.access_expired,
    gaps_joint.unanswered,
    gaps_joint.events,
    gaps_people.unconfirmed,
    gaps_people.proposals_waiting,
    gaps_people.seconds_waiting,
    gaps_people.guidance_unread,
    gaps_bodies.no_coordinator,
    gaps_bodies.hotline_down,
    gaps_bodies.successor_missing,
    gaps_bodies.not_vouched,
    gaps_bodies.abolished_place,
    gaps_bodies.no_capacity,
    gaps_bodies.broken_pathway,
    gaps_cover.cover,
)


#: Every kind of gap.
KINDS: Final = (
    "access-expired",
    "address-at-fault",
    "channel-above-rule",
    "channel-failing",
    "channel-unproven",
    "channel-unsafe",
    "desk-closed",
    "duty-uncovered",
    "event-overdue",
    "event-suspended",
    "guidance-unread",
    "holder-away",
    "holder-gone",
    "holder-left",
    "hotline-down",
    "language-uncovered",
    "no-capacity",
    "no-channel",
    "no-contact-point",
    "no-coordinator",
    "no-deputy",
    "no-emergency-cover",
    "no-holder",
    "not-vouched",
    "one-person",
    "pathway-ended-organization",
    "pathway-expired",
    "pathway-nowhere",
    "place-abolished",
    "place-uncovered",
    "proposal-waiting",
    "request-overdue",
    "second-waiting",
    "sender-ended",
    "single-number",
    "successor-not-member",
    "unconfirmed",
    "undelivered",
    "unmet-need",
    "webhook-paused",
    "work-left",
    "work-unheld",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which part of the roster gaps are asked; None is all of it. All are ids."""

    organization: str | None = None
    task_force: str | None = None
    place: str | None = None
    service_type: str | None = None

    def has(self, roster: Roster, gap: Gap) -> bool:
        return (
            self.organization in (None, gap.organization)
            and (self.task_force is None or self.task_force in _forces(roster, gap))
            and (self.service_type is None or self._concerns(roster, gap))
            and (self.place is None or _touches(roster, self.place, _places(roster, gap)))
        )

    def _concerns(self, roster: Roster, gap: Gap) -> bool:
        """Whether it is about the service type or a narrower one. What is about none concerns a body that offers
        nothing; only where it is about no body does it concern all."""
        types = _types(roster, gap)
        if not types:
            return gap.organization is None
        return any(self.service_type in upwards(roster.all["service_types"], type) for type in types)


#: The whole roster.
EVERYTHING: Final = Scope()


def gaps(rows: Rows, day: str, scope: Scope = EVERYTHING) -> list[Gap]:
    """All gaps of the roster on a day (ISO), the gravest first. ``rows`` are the sheets' columns, by id."""
    roster = Roster(rows, day)
    found = [gap for check in CHECKS for gap in check(roster)]
    if scope != EVERYTHING:
        found = [gap for gap in found if scope.has(roster, gap)]
    return ordered(found)


def gaps_ahead(rows: Rows, day: str, known: Iterable[Gap], scope: Scope = EVERYTHING, days: int = AHEAD) -> list[Gap]:
    """The gaps that open within ``days`` after the day, as the roster stands; the next first. ``known`` are those of
    the day itself."""
    if not days:
        return []
    seen = {gap.key for gap in known}
    ahead: list[Gap] = []
    for later in _turns(rows, date.fromisoformat(day), days):
        for gap in gaps(rows, later, scope):
            if gap.key not in seen:
                seen.add(gap.key)
                ahead.append(gap._replace(opens_on=later))
    return ahead


def merged(*found: Iterable[Gap]) -> list[Gap]:
    """All of them, the gravest first."""
    return ordered(gap for each in found for gap in each)


def counted(rows: Rows, day: str, found: Iterable[Gap]) -> dict[str, dict[str, int]]:
    """How many gaps of each kind there are: in all (under ""), and of each task force."""
    roster = Roster(rows, day)
    counts: dict[str, dict[str, int]] = {force: {} for force in ("", *roster.now["task_forces"])}
    for gap in found:
        for force in ("", *_forces(roster, gap)):
            of = counts.setdefault(force, {})
            of[gap.kind] = of.get(gap.kind, 0) + 1
    return counts


def unmet_gaps(rows: Rows, day: str, needs: Sequence[Unmet], scope: Scope = EVERYTHING) -> list[Gap]:
    """What was looked for lately and nobody could take."""
    if not needs:
        return []
    roster = Roster(rows, day)
    return [gap for gap in gaps_unmet.unmet(roster, needs) if scope == EVERYTHING or scope.has(roster, gap)]


def message_gaps(
    rows: Rows, day: str, found: Sequence[Undelivered], paused: Sequence[PausedWebhook] = (), scope: Scope = EVERYTHING
) -> list[Gap]:
    """What could not be delivered, and the webhooks that are paused for it."""
    if not found and not paused:
        return []
    roster = Roster(rows, day)
    every = [*gaps_messages.undelivered(roster, found), *gaps_messages.paused(paused)]
    return [gap for gap in every if scope == EVERYTHING or scope.has(roster, gap)]


def work_gaps(
    rows: Rows, day: str, steps: Sequence[OpenStep], left: Sequence[Left], scope: Scope = EVERYTHING
) -> list[Gap]:
    """Open work that lies with nobody on a day, or that was left there."""
    if not steps and not left:
        return []
    roster = Roster(rows, day)
    return [gap for gap in gaps_work.work(roster, steps, left) if scope == EVERYTHING or scope.has(roster, gap)]


def work_gaps_ahead(
    rows: Rows, day: str, steps: Sequence[OpenStep], left: Sequence[Left], scope: Scope = EVERYTHING, days: int = AHEAD
) -> list[Gap]:
    """The open work that will lie with nobody within ``days`` after the day, as the roster stands."""
    seen = {gap.key for gap in work_gaps(rows, day, steps, left, scope)}
    ahead = []
    last = clock.later(day, days)
    for later in sorted(each for each in gaps_work.ends(rows, steps) if day < each <= last):
        for gap in work_gaps(rows, later, steps, left, scope):
            if gap.key not in seen:
                seen.add(gap.key)
                ahead.append(gap._replace(opens_on=later))
    return ahead


def _turns(rows: Rows, day: date, days: int) -> list[str]:
    """The days ahead on which a row begins or ends, and one a week, since holidays are in no row."""
    first, last = day.isoformat(), (day + timedelta(days=days)).isoformat()
    dates = {row[edge] for of in rows.values() for row in of.values() for edge in ("since", "until") if row[edge]}
    weeks = {(day + timedelta(days=ahead)).isoformat() for ahead in range(7, days + 1, 7)}
    turns = dates | weeks | gaps_people.turns(rows) | gaps_joint.turns(rows)
    return sorted(each for each in turns if first < each <= last)


def ordered(found: Iterable[Gap]) -> list[Gap]:
    """The gravest first, then by what makes each the same gap on another day."""
    grave = {severity: at for at, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda gap: (grave[gap.severity], gap.key))


def _forces(roster: Roster, gap: Gap) -> set[str]:
    """The task forces whose roster is the worse for the gap: its subject's own, and its organization's."""
    row = roster.all[gap.sheet][gap.subject]
    own = {gap.subject} if gap.sheet == "task_forces" else {row.get("task_force")}
    member = {each["task_force"] for each in roster.roles.get(gap.organization or "", ())}
    return {force for each in own | member for force in roster.around(each)}


def _types(roster: Roster, gap: Gap) -> set[str]:
    """The service types that it is about."""
    row = roster.all[gap.sheet][gap.subject]
    own = gap.service_type or row.get("service_type")
    named = {own} if own else set(row.get("service_types") or ())
    return named or {service["service_type"] for service in roster.services.get(gap.organization or "", ())}


def _places(roster: Roster, gap: Gap) -> set[str]:
    """The places that it is about; none: all."""
    row = roster.all[gap.sheet][gap.subject]
    own = gap.place or row.get("jurisdiction")
    named = {own} if own else set(row.get("jurisdictions") or ())
    if named or gap.organization is None:
        return named
    served = {place for service in roster.services.get(gap.organization, ()) for place in service["jurisdictions"]}
    return served or set(roster.all["organizations"][gap.organization]["jurisdictions"])


def _touches(roster: Roster, place: str, places: set[str]) -> bool:
    """Whether the place lies in one of these, or one of these in it."""
    around = set(roster.within(place))
    return not places or not around.isdisjoint(places) or any(place in roster.within(each) for each in places)
