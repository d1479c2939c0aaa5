"""A made-up national roster of any size, to measure how finding grows: more organizations, as many near a case.

Every town has the same few bodies, so that a case in one town has as many candidates in a small country as in a large
one. What grows is the number of towns, and with it all that has nothing to do with the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relaypoint.resolvers.tables_cells import RawTable

#: Bodies in a town, each with a service, a contact point and two channels.
IN_A_TOWN = 8
#: Towns in a region.
IN_A_REGION = 20

TYPES = ("shelter", "legal-aid", "medical-help", "identification")
TOWN = "GB-X-R0-T0"
ASKER = "body-0"


def tables(organizations: int, pathways: int) -> list[RawTable]:
    """About so many organizations and pathways; ``pathways`` lead from each body to others of its own region."""
    return [
        RawTable(sheet, f"{sheet}.csv", list(rows[0]), [(at, list(cells)) for at, cells in enumerate(rows[1:], 2)])
        for sheet, rows in _sheets(organizations, pathways).items()
    ]


def _sheets(organizations: int, pathways: int) -> dict[str, list[Sequence[str]]]:
    towns = max(1, organizations // IN_A_TOWN)
    per_body = max(1, pathways // (towns * IN_A_TOWN))
    places = [f"GB-X-R{town // IN_A_REGION}-T{town}" for town in range(towns)]
    regions = list(dict.fromkeys(place.rpartition("-")[0] for place in places))
    bodies = [(f"body-{number}", places[number // IN_A_TOWN], number) for number in range(towns * IN_A_TOWN)]
    return {
        "jurisdictions": [
            ("id", "name", "kind", "within", "emergency_number"),
            ("GB", "Country", "country", "", "999"),
            *((region, region, "region", "GB", "") for region in regions),
            *((place, place, "area", place.rpartition("-")[0], "") for place in places),
        ],
        "organizations": [
            ("id", "name", "kind", "jurisdictions"),
            *((id, f"Body {number}", "police" if number % 8 == 7 else "cso", place) for id, place, number in bodies),
        ],
        "task_forces": [
            ("id", "name", "level", "within", "jurisdiction", "coordinator"),
            ("national", "National", "national", "", "GB", f"{ASKER}-desk"),
        ],
        "memberships": [
            ("id", "organization", "task_force", "role"),
            *(
                (f"{id}-in", id, "national", "first-responder" if number % 8 == 7 else "member")
                for id, _, number in bodies
            ),
        ],
        "service_types": [
            ("id", "name", "access"),
            *((type, type, "pathway" if type == "identification" else "direct") for type in TYPES),
        ],
        "services": [
            ("id", "name", "organization", "service_type", "jurisdictions", "serves", "languages", "interpretation"),
            *(
                (f"{id}-service", f"Help {number}", id, TYPES[number % 4], place, "", "en", ("yes", "no")[number % 2])
                for id, place, number in bodies
            ),
        ],
        "contact_points": [
            ("id", "name", "organization", "time_zone", "hours", "staffing"),
            *((f"{id}-desk", "Desk", id, "Europe/London", "Mo-Fr 09:00-17:00", "office") for id, _, _ in bodies),
        ],
        "channels": [
            ("id", "contact_point", "kind", "address", "rank", "state"),
            *_channels(bodies),
        ],
        "pathways": [
            ("id", "name", "from_organization", "to_organization", "service_types", "basis", "decide_within"),
            *_pathways(bodies, per_body),
        ],
    }


#: The ranges of a thousand numbers each that Ofcom keeps for drama (ofcom.org.uk, "Numbers for drama").
_NUMBERS = (
    *(f"{city} 496 0" for city in (113, 114, 116, 117, 118, 121, 131, 141, 151, 161)),
    "20 7946 0",
    "191 498 0",
    "28 9649 6",
    "29 2018 0",
)


def _channels(bodies: list[tuple[str, str, int]]) -> Iterator[Sequence[str]]:
    for id, _, number in bodies:
        area = _NUMBERS[number // 1000 % len(_NUMBERS)]
        yield (f"{id}-phone", f"{id}-desk", "phone", f"+44 {area}{number % 1000:03}", "1", "working")
        yield (f"{id}-mail", f"{id}-desk", "email", f"desk@{id}.example.org", "2", "working")


def _pathways(bodies: list[tuple[str, str, int]], per_body: int) -> Iterator[Sequence[str]]:
    """To the bodies that come next in the same region, in the towns next to the own."""
    region = IN_A_TOWN * IN_A_REGION
    for id, _, number in bodies:
        first = number - number % region
        for way in range(per_body):
            to = first + (number - first + 1 + 3 * way) % min(region, len(bodies) - first)
            if to != number:
                yield (f"{id}-way-{way}", f"Way {way}", id, f"body-{to}", TYPES[to % 4], "mou", "P1D")
