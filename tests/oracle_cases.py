"""Small random rosters, and a case on each: what the oracle and the program are asked.

The rosters are small so that their parts meet: two countries, a few bodies, three kinds of help at most. What a rule
looks at is mostly as it mostly is, and now and then as it is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_kept import RECORDED
from relaypoint.domain.words import Confidentiality, Priority, RankedBy
from relaypoint.resolvers.known import comparable
from relaypoint.tests.oracle import Asked

T = TypeVar("T")
Columns = dict[str, Any]
Rows = dict[str, dict[str, Columns]]

#: A Monday at noon and at night, and the Monday of a public holiday in Scotland.
MOMENTS: Final = tuple(datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((23, 12), (23, 2), (30, 12)))
DAY: Final = "2026-11-23"
#: Of what does not simply hold: it does for a time, it ended long ago or on the day, it has not begun.
DATES: Final[Sequence[dict[str, str]]] = (
    {"since": "2026-01-01", "until": "2027-06-01"},
    {"since": "2026-11-23"},
    {"until": "2026-01-01"},
    {"until": "2026-11-23"},
    {"since": "2026-12-01"},
)
KINDS: Final = ("cso", "cso", "police", "health")
ROLES: Final = ("first-responder", "first-responder", "support-provider")
LANGUAGES: Final = ("en", "cy", "fr")
HOURS: Final = ("Mo-Fr 09:00-17:00", "Sa-Su 09:00-17:00", "24/7")
#: ``night`` stands for a tag of a task force's own.
TAGS: Final = ("adult", "child", "age-unknown", "female", "male", "sexual", "labour", "accessible", "night")
SERVES: Final = (("female",), ("child",), ("adult", "female"), ("sexual", "labour"), ("night",), ("accessible", "male"))


class Making:
    """A roster in the making: how it is drawn, and the rows so far."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], rows: Rows | None = None) -> None:
        self.draw = draw
        self.rows: Rows = rows or {sheet: {} for sheet in RECORDED}

    def one(self, of: Sequence[T]) -> T:
        drawn: T = self.draw(st.sampled_from(of))
        return drawn

    def upto(self, most: int, least: int = 0) -> range:
        return range(1, self.draw(st.integers(least, most)) + 1)

    def chance(self, in_ten: int) -> bool:
        return bool(self.draw(st.integers(0, 9)) >= 10 - in_ten)

    def seldom(self, usual: T, *others: T, in_ten: int = 1) -> T:
        return self.one(others) if self.chance(in_ten) else usual

    def some(self, of: Sequence[T], least: int = 0, most: int = 2) -> list[T]:
        lists = st.lists(st.sampled_from(of), min_size=least, max_size=most, unique=True)
        return list(self.draw(lists)) if of else []

    def dates(self, in_ten: int = 1) -> dict[str, str]:
        return self.one(DATES) if self.chance(in_ten) else {}

    def ids(self, sheet: str, **columns: Any) -> list[str]:
        rows = self.rows[sheet].items()
        return [id for id, row in rows if all(row[name] == value for name, value in columns.items())]

    def gated(self, type: str) -> bool:
        return bool(self.rows["service_types"][type]["access"] != "direct")

    def put(self, sheet: str, id: str, **columns: Any) -> None:
        """A row as the store keeps it."""
        model = SHEETS[sheet].model
        named = {"name": id} if "name" in model.model_fields else {}
        kept = model.model_validate({"id": id, **named, **columns}).model_dump(mode="json")
        self.rows[sheet][id] = comparable(SHEETS[sheet], kept)


@st.composite
def rosters(draw: st.DrawFn) -> Rows:
    making = Making(draw)
    for part in (_places, _bodies, _types, _forces, _services, _desks, _people, _ways, _bad_times):
        part(making)
    return making.rows


def _places(making: Making) -> None:
    for country in ("GB", "FR"):
        making.put("jurisdictions", country, kind="country")
    for number in making.upto(5, 1):
        within = making.one([id for id in making.ids("jurisdictions") if len(id) < 7])
        making.put("jurisdictions", f"{within}-{number}", kind="area", within=within)


def _bodies(making: Making) -> None:
    for number in making.upto(6, 2):
        before = making.ids("organizations")
        dates = making.dates() if before else {}  # The first is there to ask.
        making.put(
            "organizations",
            f"o{number}",
            kind=making.one(KINDS),
            jurisdictions=making.some(making.ids("jurisdictions")) if making.chance(4) else [],
            part_of=making.one(before) if before and making.chance(2) else None,
            replaced_by=making.some(before) if dates.get("until") else [],
            status="suspended" if before and making.chance(1) and making.chance(5) else "active",
            **dates,
        )


def _types(making: Making) -> None:
    for number in making.upto(3, 1):
        before = making.ids("service_types")
        within = making.one(before) if before and making.chance(6) else None
        added = ["child"] if making.chance(1) else []
        access = making.one(("direct", "pathway", None) if within else ("direct", "pathway"))
        making.put("service_types", f"s{number}", within=within, access=access, added_for=added)


def _forces(making: Making) -> None:
    types, bodies = making.ids("service_types"), making.ids("organizations")
    for number in making.upto(3):
        before = making.ids("task_forces")
        force = f"t{number}"
        making.put(
            "task_forces",
            force,
            level="national",
            jurisdiction=making.one(("GB", *making.ids("jurisdictions"))),
            within=making.one(before) if before and making.chance(6) else None,
            direct_for=making.some(types, 1) if making.chance(5) else [],
            ranking=making.some(tuple(RankedBy), 1, 3) if making.chance(3) else [],
            **making.dates(),
        )
        for body in bodies:
            if making.chance(6):
                # A suspension names a contact point to turn to: the first, of a body that is always there.
                suspended = {"standing": "suspended", "reason": "Under review", "continuity": "d1"}
                standing = making.seldom({}, {"standing": "observer"}, suspended)
                dates, role = making.dates(), making.one(ROLES)
                id = f"m-{body}-{force}"
                making.put("memberships", id, organization=body, task_force=force, role=role, **standing, **dates)
        if making.chance(2):
            granted = {"kind": making.one(("phone", "email")), "assurance": making.one(("public", "confidential"))}
            making.put("channel_rules", f"r-{force}", task_force=force, **granted, **making.dates())


def _services(making: Making) -> None:
    places, bodies, types = (making.ids(each) for each in ("jurisdictions", "organizations", "service_types"))
    for number in making.upto(6, 2):
        making.put(
            "services",
            f"v{number}",
            organization=making.one(bodies),
            service_type=making.one(types),
            jurisdictions=making.some(places, 1),
            serves=making.one(SERVES) if making.chance(2) else (),
            languages=making.some(LANGUAGES, 1) if making.chance(4) else [],
            interpretation=making.one(("unknown", "yes", "no")),
            capacity=making.one(
                ("unknown", "open", "limited", "unknown", "open", "limited", "unknown", "open", "full")
            ),
            **making.dates(),
        )
    if making.one(range(25)) == 24:
        # So many that not all can be shown.
        for number in range(10, 65):
            copied = {**making.rows["services"]["v1"], "id": f"v{number}", "jurisdictions": [places[number % 3]]}
            making.rows["services"][f"v{number}"] = copied


def _desks(making: Making) -> None:
    numbers = itertools.count(1)
    for body in making.ids("organizations"):
        for _ in range(making.one((1, 2, 3, 1, 2, 1, 2, 1, 2, 0)) if body != "o1" else 1):
            _desk(making, next(numbers), body)


def _desk(making: Making, number: int, body: str) -> None:
    id, before = f"d{number}", making.ids("contact_points")
    making.put(
        "contact_points",
        id,
        organization=body,
        service_types=making.some(making.ids("service_types"), 1) if making.chance(3) else [],
        jurisdictions=making.some(making.ids("jurisdictions"), 1) if making.chance(2) else [],
        languages=making.some(LANGUAGES, 1) if making.chance(2) else [],
        hours=making.seldom("24/7", None, *HOURS, in_ten=5),
        time_zone="Europe/London",
        holidays=making.seldom(None, "GB-SCT"),
        staffing=making.one(("office", "holder")),
        serves=making.one(SERVES) if making.chance(1) else (),
        presence=making.seldom("on-site", "remote", "closed"),
        **making.dates(),
    )
    for each in range(making.one((1, 2, 1, 2, 1, 2, 1, 2, 0))):
        # Relays lead back only, so that they never go round in a circle.
        via = making.one(before) if before and making.chance(2) else None
        kind = "relay" if via else making.one(("phone", "email", "in-person"))
        at = making.seldom(number, *range(1, number)) if number > 1 else number  # Some share a number or an address.
        making.put(
            "channels",
            f"c{number}-{each}",
            contact_point=id,
            kind=kind,
            address={"phone": f"+442079460{at:02}{each}", "email": f"c{at}-{each}@example.org"}.get(kind),
            via=via,
            assurance=making.seldom("confidential", *Confidentiality, in_ten=3),
            state=making.seldom("unproven", "working", "failing", "dead", in_ten=3),
            condition=making.seldom("always", "normal", "contingency", in_ten=2),
            hours=making.seldom(None, *HOURS, in_ten=2),
            **making.dates(),
        )


def _people(making: Making) -> None:
    for desk in making.ids("contact_points", staffing="holder"):
        for number in making.upto(2):
            role = "primary" if number == 1 and making.chance(7) else "deputy"
            making.put("holders", f"h-{desk}-{number}", contact_point=desk, role=role, **making.dates())
    people = making.ids("holders")
    for holder in people:
        if making.chance(3):
            others = [each for each in people if each != holder]
            stand_in = making.one(others) if others and making.chance(7) else None
            making.put("absences", f"a-{holder}", holder=holder, stand_in=stand_in, **making.dates(4))


def _ways(making: Making) -> None:
    bodies = making.ids("organizations")
    if making.chance(7):
        # Random pathways seldom meet: here they are laid end to end, from who asks to who offers something.
        services = [row for row in making.rows["services"].values() if making.gated(row["service_type"])]
        service = making.one(services or list(making.rows["services"].values()))
        manned = {row["organization"] for row in making.rows["contact_points"].values()}
        between = [each for each in bodies if each in manned - {"o1", service["organization"]}]
        stops = ["o1", *making.some(between, making.one((0, 1, 2)) if between[1:] else 0, 3), service["organization"]]
        for number, (one, next) in enumerate(itertools.pairwise(stops)):
            _pathway(making, f"p{number}", next, [service["service_type"]], plain=8, from_organization=one)
    for number in making.upto(5):
        forces = making.ids("task_forces")
        start: dict[str, Any] = {"from_organization": making.one(bodies)}
        if making.chance(3):
            start = {"from_kind": making.one(KINDS), "task_force": making.seldom(None, *forces) if forces else None}
        elif forces and making.chance(3):
            start = {"from_role": making.one(ROLES), "task_force": making.one(forces)}
        types = making.some(making.ids("service_types"), 1)
        _pathway(making, f"p{number + 4}", making.one(bodies), types, **start)


def _pathway(making: Making, id: str, to: str, types: Sequence[str], plain: int = 0, **start: Any) -> None:
    plainly = making.chance(plain)
    desks = making.ids("contact_points", organization=to)
    making.put(
        "pathways",
        id,
        to_organization=to,
        contact_point=making.one(desks) if desks and not plainly and making.chance(3) else None,
        service_types=types,
        jurisdictions=making.some(making.ids("jurisdictions"), 1) if not plainly and making.chance(3) else [],
        basis="mou",
        consent=making.seldom("none", "required", in_ten=4),
        **start,
        **({} if plainly else making.dates(3)),
    )


def _bad_times(making: Making) -> None:
    for body in making.ids("organizations"):
        desks = making.ids("contact_points", organization=body)
        for id, after in zip(desks, (*desks[1:], *desks[:1]), strict=True):
            if after != id and making.chance(6):  # To the next one, which may lead on; the last leads back.
                making.put("diversions", f"x-{id}", contact_point=id, to=after, **making.dates())
    scopes = {"organization": "organizations", "place": "jurisdictions", "task_force": "task_forces"}
    scope = making.seldom("", "organization", *scopes, in_ten=4)
    if scope and (ids := making.ids(scopes[scope])):
        offering = [row["organization"] for row in making.rows["services"].values()]
        of = making.one(offering if scope == "organization" else ids)
        dates = {"since": "2026-11-01", "until": making.seldom("2026-12-15", "2026-11-23")}
        making.put("contingencies", "flood", reason="A flood", **{scope: of}, **dates)
    for number in making.upto(2) if making.chance(3) else ():
        # One of a body as a whole, and one of a service: of two alike nothing is said.
        service = making.one(list(making.rows["services"].values()))
        making.put(
            "operational_statuses",
            f"w{number}",
            organization=service["organization"],
            service=service["id"] if number == 1 else None,
            state=making.one(("closed", "limited", "open", "remote")),
            capacity=making.one(("unknown", "open", "limited", "full")),
            since="2026-11-20",
            until=making.seldom("2026-12-01", "2026-11-22"),
        )


# Cases


@dataclass(frozen=True, repr=False)
class Case:
    """``decided``: by contact point and service type, in how many minutes it decides as a rule."""

    rows: Rows
    asked: Asked
    at: datetime
    decided: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        """What the rows say beyond what they say by themselves, so that a counterexample can be read."""
        lines = [f"{self.asked} {self.at} {self.decided or ''}"]
        for sheet, rows in self.rows.items():
            usual = {"time_zone": "Europe/London", "rank": 1, **SHEETS[sheet].defaults} if rows else {}
            for row in rows.values():
                told = {name: value for name, value in row.items() if value and value != usual.get(name, row["id"])}
                lines.append(f"{sheet} {row['id']}: {told}")
        return "\n".join(lines)


@st.composite
def needs(draw: st.DrawFn, rows: Rows) -> Asked:
    making = Making(draw, rows)
    types, desks, bodies = (making.ids(each) for each in ("service_types", "contact_points", "organizations"))
    sound = [id for id in bodies if rows["organizations"][id]["status"] == "active"]
    askers = [id for id in sound if not rows["organizations"][id]["until"] and not rows["organizations"][id]["since"]]
    services = list(rows["services"].values())
    # Mostly what is offered, where it is; half the time what pathways alone lead to.
    ends = {(row["to_organization"], type) for row in rows["pathways"].values() for type in row["service_types"]}
    led = [row for row in services if (row["organization"], row["service_type"]) in ends]
    led = [row for row in led if making.gated(row["service_type"])]
    about = making.one(led) if led and making.chance(5) else making.one(services)
    type, places = about["service_type"], about["jurisdictions"]
    tags = making.some(TAGS, 1, 3) if making.chance(5) else []
    return Asked(
        asker=making.seldom("o1", *askers, in_ten=2),
        service=making.seldom(type, rows["service_types"][type]["within"] or type, *types, in_ten=3),
        place=making.one(making.ids("jurisdictions") if making.chance(3) else places),
        languages=tuple(making.some(LANGUAGES, 1)) if making.chance(5) else (),
        priority=making.seldom("routine", *Priority, in_ten=2),
        confidentiality=making.seldom("official", *Confidentiality, in_ten=3),
        tags=tuple(tags),
        avoid=tuple(making.some([*bodies, "police", *desks, *making.ids("holders")], 1)) if making.chance(3) else (),
        near=making.chance(3),
        consent=making.one((None, tuple(types), (), None, tuple(types[:1]))),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows = draw(rosters())
    told = st.tuples(st.sampled_from(sorted(rows["contact_points"])), st.sampled_from(sorted(rows["service_types"])))
    decided = st.dictionaries(told, st.sampled_from((30, 60, 61, 240, 1440, 4000, 9000)), max_size=3)
    return Case(rows, draw(needs(rows)), draw(st.sampled_from(MOMENTS)), draw(decided))
