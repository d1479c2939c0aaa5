"""What people looked for and nobody could take: kept by week, service type and place, never by who asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from relaypoint.domain.gaps_roster import OF_COVER, Gap, Mend, Roster, Told
from relaypoint.domain.texts import Text, listed, say, term

#: For so many weeks it is told; then it was of another time.
WEEKS: Final = 4

#: Reasons that hang on who asks, or on what the person refuses: they are not kept, for they could tell of either.
OF_WHO_ASKS: Final = frozenset({"consent", "no-pathway", "pathway-expired", "pathway-elsewhere"})

#: Reasons that hang on the person. Of fewer than ``FEWEST`` they would say what one of them needs.
_OF_THE_PERSON: Final = frozenset({"eligibility", "language", "channel-assurance"})
FEWEST: Final = 5

#: What ruled out the nearest one, by the code of the reason.
_LACKING: Final[Mapping[str, Text]] = {
    "place": say("lacking.place", "it is for other places"),
    "eligibility": say("lacking.eligibility", "it is not for such a person"),
    "language": say("lacking.language", "it lacks the language, and interpretation"),
    "full": say("lacking.full", "it had no capacity"),
    "closed": say("lacking.closed", "it had closed for the time being"),
    "contact-point-closed": say("lacking.contact-point-closed", "its desk had closed for the time being"),
    "suspended": say("lacking.suspended", "it is suspended"),
    "no-contact-point": say("lacking.no-contact-point", "it has no contact point"),
    "contact-point-ended": say("lacking.contact-point-ended", "its contact point has ended"),
    "no-channel": say("lacking.no-channel", "no number or mailbox of it is on record"),
    "no-working-channel": say("lacking.no-working-channel", "none of its channels worked"),
    "channel-assurance": say("lacking.channel-assurance", "it has no channel that is safe enough"),
    "organization-ended": say("lacking.organization-ended", "it has ended"),
    "service-ended": say("lacking.service-ended", "the service has ended"),
}


@dataclass(frozen=True, slots=True)
class Unmet:
    """In a ``week``, by its Monday (ISO), so many searches found nobody; ``lacking`` are the reasons of the nearest
    miss of the last one, as codes."""

    week: str
    service_type: str
    place: str
    count: int
    lacking: tuple[str, ...]


def week_of(day: str) -> str:
    """The Monday of the day's week."""
    at = date.fromisoformat(day)
    return (at - timedelta(days=at.weekday())).isoformat()


def first_week(day: str) -> str:
    """The first week that is still told on that day."""
    return (date.fromisoformat(week_of(day)) - timedelta(weeks=WEEKS - 1)).isoformat()


def unmet(roster: Roster, found: Sequence[Unmet]) -> Iterator[Gap]:
    """One gap for each service type and place; those that the roster does not hold any more are left out."""
    groups: dict[tuple[str, str], list[Unmet]] = {}
    for each in found:
        if each.service_type in roster.all["service_types"] and each.place in roster.all["jurisdictions"]:
            groups.setdefault((each.service_type, each.place), []).append(each)
    for (type, place), of in groups.items():
        last = max(of, key=lambda each: each.week)
        count = sum(each.count for each in of)
        hidden = _OF_THE_PERSON if count < FEWEST else frozenset()
        yield Gap(
            kind="unmet-need",
            severity="major",
            sheet="service_types",
            subject=type,
            organization=None,
            tell=_told,
            about=(
                roster.name("service_types", type),
                roster.name("jurisdictions", place),
                count,
                min(each.week for each in of),
                tuple(code for code in last.lacking if code not in hidden),
                type,
                place,
            ),
            service_type=type,
            place=place,
        )


def _told(name: str, where: str, count: int, since: str, lacking: tuple[str, ...], type: str, place: str) -> Told:
    text = "'{name}' in {where}: looked for in vain since the week of {since}, times: {count}."
    if lacking:
        text = f"{text} What the nearest one lacked: {{lacking}}."
    id = "gap.unmet-need.lacking" if lacking else "gap.unmet-need"
    return Told(
        say(
            id,
            text,
            name=name,
            where=where,
            since=since,
            count=count,
            lacking=listed(_LACKING.get(code) or term(f"lacking.{code}", code) for code in lacking),
        ),
        Mend(
            "coordinator",
            say("mend.unmet-need", "Mend what the nearest one lacks, or win a member that offers it there."),
            "services",
            columns=(("service_type", type), ("jurisdictions", (place,))),
            then=("no-contact-point", *OF_COVER),
        ),
    )
