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
from relaypoint.domain.criteria import speaks
from relaypoint.domain.gaps_roster import OF_COVER, Gap, Mend, Roster
from relaypoint.domain.model import Dated, takes
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import say

#: How far the search for a time without anybody looks: every day of the week comes once.
WEEK: Final = timedelta(days=7)

Test = Callable[[tuple[Columns, ...]], bool]


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
        self._when: dict[str, frozenset[Calendar]] = {}
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
            places = self._lacking(services, bool)
            yield from (self._uncovered(type, place) for place in places)
            if places == [self.force["jurisdiction"]]:
                continue  # Nobody offers it at all: nor at night, nor in any language.
            for language in self.languages:
                lacking = self._lacking(services, partial(self._spoken, language))
                yield from (self._unspoken(type, place, language) for place in lacking if place not in places)
            if self.roster.now["service_types"][type]["access"] == "direct":
                lacking = self._lacking(services, lambda found: self._silence(found) is None)
                yield from (self._silent(type, place, services) for place in lacking if place not in places)

    def _lacking(self, services: dict[str, list[Columns]], enough: Test) -> list[str]:
        """The largest places for which what is offered is not enough."""
        roster, top = self.roster, self.force["jurisdiction"]

        def lacking(place: str, above: tuple[Columns, ...]) -> list[str]:
            here = (*above, *services.get(place, ()))
            if enough(here):
                return []
            parts = [part["id"] for part in roster.parts.get(place, ())]
            found = [lacking(part, here) for part in parts]
            if all(below == [part] for part, below in zip(parts, found, strict=True)):
                return [place]
            return [id for below in found for id in below]

        above = tuple(service for place in roster.within(top)[1:] for service in services.get(place, ()))
        return lacking(top, above)

    def _desks(self, services: Iterable[Columns]) -> Iterator[Columns]:
        """The services' contact points in force that can be reached."""
        for service in services:
            for desk in self.roster.reachable_desks.get(service["organization"], ()):
                if takes(desk["service_types"], service["service_type"]):
                    yield desk

    def _spoken(self, language: str, services: Iterable[Columns]) -> bool:
        """Whether one of them is offered in the language, or with interpretation."""
        return any(
            service["interpretation"] == "yes" or speaks((*service["languages"], *self._at_desks(service)), language)
            for service in services
        )

    def _at_desks(self, service: Columns) -> list[str]:
        return [language for desk in self._desks((service,)) for language in desk["languages"]]

    def _silence(self, services: Iterable[Columns]) -> datetime | None:
        """When first nobody answers there; the first instant of the day where nobody ever does."""
        calendars = frozenset[Calendar]().union(*(self._calendars(service) for service in services))
        return first_silence(calendars, self.roster.day)

    def _calendars(self, service: Columns) -> frozenset[Calendar]:
        """Of all channels over which the service can be reached; asked for once in every place that it covers."""
        if service["id"] not in self._when:
            self._when[service["id"]] = frozenset(
                _calendar(desk["time_zone"], channel["hours"] or desk["hours"], desk["holidays"])
                for desk in self._desks((service,))
                for channel in self.roster.usable(desk["id"])
            )
        return self._when[service["id"]]

    def _gap(self, kind: str, severity: str, type: str, place: str, text: Any, mend: Mend, **more: Any) -> Gap:
        return Gap(
            kind=kind,
            severity=severity,
            sheet="task_forces",
            subject=self.force["id"],
            organization=None,
            text=text,
            mend=mend,
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
        around = set(self.roster.within(place))
        there = [s for id, of in services.items() if id in around or place in self.roster.within(id) for s in of]
        first = self._silence(there)
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


_calendar = lru_cache(maxsize=4096)(Calendar)


@lru_cache(maxsize=4096)
def first_silence(calendars: frozenset[Calendar], day: str) -> datetime | None:
    """The first instant of the week from midnight UTC of ``day`` at which none of them is open; None: always one is."""
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
        if row["task_force"] in forces
        and row["organization"] not in roster.now["organizations"]
        and Dated(until=roster.all["organizations"][row["organization"]]["until"]).ended(roster.day)
    }
    return {row["service_type"] for row in roster.all["services"].values() if row["organization"] in gone}
