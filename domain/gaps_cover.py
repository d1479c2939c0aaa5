"""Gaps of cover: a kind of help that a task force answers for, and a place where nobody offers it.

Cover is asked of a national task force together with the local ones under it. What is offered in a place is offered in
all that lies in it; and where every part of a place lacks the same, the place is told, not its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.gaps_roster import OF_COVER, Gap, Mend, Roster, Told
from relaypoint.domain.languages import speaks
from relaypoint.domain.model import Dated, access, takes
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import say
from relaypoint.domain.words import Access

#: How far the search for a time without anybody looks: every day of the week comes once.
WEEK: Final = timedelta(days=7)

#: Time zone, opening hours and holidays of a desk: what its ``Calendar`` is made of.
Hours = tuple[str, str | None, str | None]
#: What services contribute to a place, gathered on the way down to it; and whether that is enough.
Facts = frozenset[Any]


_OFFERED: Final[Facts] = frozenset((True,))
_NEVER: Final[frozenset[Hours]] = frozenset()


def cover(roster: Roster) -> Iterator[Gap]:
    for force in roster.now["task_forces"].values():
        if len(roster.around(force["id"])) == 1 and force["jurisdiction"] in roster.now["jurisdictions"]:
            yield from _Cover(roster, force).gaps()


class _Cover:
    """What the members of one task force offer, and where."""

    def __init__(self, roster: Roster, force: Columns) -> None:
        self.roster, self.force = roster, force
        below = [f for f in roster.now["task_forces"].values() if force["id"] in roster.around(f["id"])]
        forces = {each["id"] for each in below}
        members = {
            row["organization"]
            for row in roster.now["memberships"].values()
            if row["task_force"] in forces and row["standing"] != "suspended"
        }
        self._when: dict[str, frozenset[Hours]] = {}
        self.offered: dict[str, list[Columns]] = {}
        for service in roster.now["services"].values():
            owner = roster.now["organizations"].get(service["organization"])
            if owner is not None and owner["status"] != "suspended" and owner["id"] in members:
                self.offered.setdefault(service["service_type"], []).append(service)
        named = dict.fromkeys(type for each in below for type in each["service_types"])
        known = sorted({*self.offered, *_formerly(roster, forces)})
        self.types = [type for type in named or known if type in roster.now["service_types"]]
        # What has closed for now is still asked for there.
        self.offered = {
            type: [row for row in services if row["id"] not in roster.closed] for type, services in self.offered.items()
        }
        self.languages = list(dict.fromkeys(language for each in below for language in each["languages"]))

    def gaps(self) -> Iterator[Gap]:
        for type in self.types:
            services = _by_place(self.offered.get(type, ()))
            places = self._lacking(services, lambda service: _OFFERED, bool)
            yield from (self._uncovered(type, place) for place in places)
            if places == [self.force["jurisdiction"]]:
                continue  # Nobody offers it at all: nor at night, nor in any language.
            for language in self.languages:
                lacking = self._lacking(services, partial(self._spoken, language), any)
                yield from (self._unspoken(type, place, language) for place in lacking if place not in places)
            if access(self.roster.all["service_types"], type) is Access.DIRECT:
                lacking = self._lacking(services, self._hours, self._never_silent)
                yield from (self._silent(type, place, services) for place in lacking if place not in places)

    def _lacking(
        self,
        services: dict[str, list[Columns]],
        facts: Callable[[Columns], Facts],
        enough: Callable[[Facts], bool],
    ) -> list[str]:
        """The largest places for which what is offered is not enough. ``facts`` are those of one service."""
        roster, top = self.roster, self.force["jurisdiction"]

        def with_those_of(place: str, above: Facts) -> Facts:
            return above.union(*map(facts, services[place])) if place in services else above

        def lacking(place: str, above: Facts) -> list[str]:
            here = with_those_of(place, above)
            if enough(here):
                return []
            parts = roster.parts.get(place)
            if parts is None:
                return [place]
            found = [lacking(part["id"], here) for part in parts]
            if all(below == [part["id"]] for part, below in zip(parts, found, strict=True)):
                return [place]
            return [id for below in found for id in below]

        above: Facts = frozenset()
        for place in roster.within(top)[1:]:
            above = with_those_of(place, above)
        return lacking(top, above)

    def _inside(self, place: str) -> Iterator[str]:
        for part in self.roster.parts.get(place, ()):
            yield part["id"]
            yield from self._inside(part["id"])

    def _desks(self, services: Iterable[Columns]) -> Iterator[Columns]:
        """The services' contact points in force that can be reached."""
        for service in services:
            for desk in self.roster.reachable_desks.get(service["organization"], ()):
                if takes(desk["service_types"], service["service_type"]):
                    yield desk

    def _spoken(self, language: str, service: Columns) -> Facts:
        """Whether it is offered in the language, or with interpretation."""
        spoken = (*service["languages"], *self._at_desks(service))
        return frozenset((service["interpretation"] == "yes" or speaks(spoken, language),))

    def _at_desks(self, service: Columns) -> list[str]:
        return [language for desk in self._desks((service,)) for language in desk["languages"]]

    def _never_silent(self, hours: frozenset[Hours]) -> bool:
        return first_silence(hours, self.roster.day) is None

    def _hours(self, service: Columns) -> frozenset[Hours]:
        """Of all channels over which the service can be reached; asked for once in every place that it covers."""
        if service["organization"] not in self.roster.reachable_desks:
            return _NEVER
        when = self._when.get(service["id"])
        if when is None:
            when = self._when[service["id"]] = frozenset(
                [
                    (desk["time_zone"], channel["hours"] or desk["hours"], desk["holidays"])
                    for desk in self._desks((service,))
                    for channel in self.roster.usable(desk["id"])
                ]
            )
        return when

    def _gap(self, kind: str, severity: str, type: str, place: str, text: Any, mend: Mend, **more: Any) -> Gap:
        return Gap(
            kind=kind,
            severity=severity,
            sheet="task_forces",
            subject=self.force["id"],
            organization=None,
            tell=Told,
            about=(text, mend),
            service_type=type,
            place=place,
            **more,
        )

    def _names(self, type: str, place: str) -> dict[str, str]:
        return {
            "force": self.force["name"],
            "type": self.roster.name("service_types", type),
            "place": self.roster.name("jurisdictions", place),
        }

    def _uncovered(self, type: str, place: str) -> Gap:
        return self._gap(
            "place-uncovered",
            "critical",
            type,
            place,
            say("gap.place-uncovered", "{force}: no member offers '{type}' in {place}.", **self._names(type, place)),
            Mend(
                "coordinator",
                say("mend.uncovered", "Find a member that offers it there, and add a row to services."),
                "services",
                columns=(("service_type", type), ("jurisdictions", (place,))),
                then=("no-contact-point", *OF_COVER),
            ),
        )

    def _unspoken(self, type: str, place: str, language: str) -> Gap:
        return self._gap(
            "language-uncovered",
            "major",
            type,
            place,
            say(
                "gap.language-uncovered",
                "{force}: '{type}' is not offered in the language {language} in {place}.",
                language=language,
                **self._names(type, place),
            ),
            Mend(
                "coordinator",
                say("mend.language", "Find a member that speaks it or has interpretation, and add a row to services."),
                "services",
                columns=(("service_type", type), ("jurisdictions", (place,)), ("languages", (language,))),
                then=("no-contact-point", *OF_COVER),
            ),
            language=language,
        )

    def _silent(self, type: str, place: str, services: dict[str, list[Columns]]) -> Gap:
        there = [s for id in (*self.roster.within(place), *self._inside(place)) for s in services.get(id, ())]
        hours = _NEVER.union(*[self._when.get(service["id"], _NEVER) for service in there])
        first = first_silence(hours, self.roster.day)
        zone = next((desk["time_zone"] for desk in self._desks(there)), None)
        text = say(
            "gap.no-emergency-cover",
            "{force}: in an emergency there is a time when nobody is known to answer for '{type}' in {place}.",
            **self._names(type, place),
        )
        opened = datetime.fromisoformat(self.roster.day).replace(tzinfo=UTC)
        if first is not None and first > opened and zone is not None:
            text = say(
                "gap.no-emergency-cover.when",
                "{force}: in an emergency nobody is known to answer for '{type}' in {place} from {at} ({zone}).",
                at=f"{first.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}",
                zone=zone,
                **self._names(type, place),
            )
        return self._gap(
            "no-emergency-cover",
            "major",
            type,
            place,
            text,
            Mend(
                "coordinator",
                say(
                    "mend.emergency-cover",
                    "Have a member that offers it there add a contact point that is open then, with a channel.",
                ),
                "contact_points",
                columns=(("service_types", (type,)), ("hours", "24/7"), ("staffing", "office")),
                then=("channel-unproven", "single-number"),
            ),
        )


@lru_cache(maxsize=4096)
def first_silence(hours: frozenset[Hours], day: str) -> datetime | None:
    """The first instant of the week from midnight UTC of ``day`` at which none of them is open; None: always one is."""
    calendars = [Calendar(*each) for each in hours]
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    end = at + WEEK
    while at < end:
        held = [calendar for calendar in calendars if calendar.is_open(at)]
        if not held:
            return at
        closings = [calendar.next_closing(at) for calendar in held]
        if None in closings:
            return None
        at = max(closing for closing in closings if closing is not None)
    return None


def _by_place(services: Iterable[Columns]) -> dict[str, list[Columns]]:
    found: dict[str, list[Columns]] = {}
    for service in services:
        for place in service["jurisdictions"]:
            found.setdefault(place, []).append(service)
    return found


def _formerly(roster: Roster, forces: set[str]) -> set[str]:
    """The service types of those that were members when they ended: somebody counted on them."""
    gone = {
        row["organization"]
        for row in roster.all["memberships"].values()
        if row["organization"] not in roster.now["organizations"]
        and row["task_force"] in forces
        and Dated(until=roster.all["organizations"][row["organization"]]["until"]).ended(roster.day)
    }
    return {row["service_type"] for row in roster.all["services"].values() if row["organization"] in gone}
