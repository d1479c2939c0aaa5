"""Who can take a case, found the slow way: the rules of docs/how-it-works.md, in plain loops over all rows of a roster.

The program is held against this, so it shares nothing with it but the calendar and the words: it has no index, keeps
nothing, and says each rule once, to be read beside the document from top to bottom.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relaypoint.domain.calendars import Calendar
from relaypoint.domain.words import TAG_DIMENSIONS, Confidentiality, RankedBy

Columns = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Columns]]
#: By contact point and service type, in how many minutes it decides as a rule.
Decided = Mapping[tuple[str, str], int]
Route = tuple[Columns, ...]

SHOWN = 50
STEPS = 3
#: What does not pass.
LASTING = ("eligibility", "organization-ended", "service-ended", "contact-point-ended", "suspended")
#: Where nobody answers, or it is not known by which way.
SILENT = ("no-contact-point", "no-channel", "no-working-channel", "closed", "contact-point-closed")


@dataclass(frozen=True)
class Asked:
    """A need in plain words. ``consent``: None where it was not said."""

    asker: str
    service: str
    place: str
    languages: tuple[str, ...] = ()
    priority: str = "routine"
    confidentiality: str = "official"
    tags: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    near: bool = False
    consent: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Candidate:
    service: str
    contact_point: str
    values: Mapping[str, int]


@dataclass(frozen=True)
class Expected:
    """``excluded``: by service, the nearest miss first, the codes of its reasons in alphabetical order."""

    candidates: list[Candidate]
    excluded: dict[str, list[str]]
    total: int


def answer(rows: Rows, asked: Asked, at: datetime, decided: Decided | None = None) -> Expected:
    return _Search(rows, asked, at, decided or {}).answer()


def _as_child(tags: Collection[str]) -> set[str]:
    return {"child" if tag == "age-unknown" else tag for tag in tags}


def _dimensions(tags: Collection[str]) -> set[str]:
    """Without accessibility, which narrows nothing. A task force's own tags are one more."""
    known = {tag: name for name, of in TAG_DIMENSIONS.items() for tag in of}
    return {known.get(tag, "own") for tag in tags} - {"access"}


class _Search:
    def __init__(self, rows: Rows, asked: Asked, at: datetime, decided: Decided) -> None:
        self.rows, self.asked, self.at, self.decided = rows, asked, at, decided
        self.day = at.date().isoformat()
        self.up = self.above(asked.place)
        tags = _as_child(asked.tags)
        self.tags = tags - {"adult"} if "child" in tags else tags
        self.near = asked.near and not self.protects()

    # Rows

    def holds(self, row: Columns) -> bool:
        return (row["since"] or "") <= self.day and (row["until"] is None or self.day < row["until"])

    def all(self, sheet: str, **columns: Any) -> list[Columns]:
        """The rows in which the columns have these values, by their ids."""
        rows = [row for _, row in sorted(self.rows[sheet].items())]
        return [row for row in rows if all(row[name] == value for name, value in columns.items())]

    def now(self, sheet: str, **columns: Any) -> list[Columns]:
        return [row for row in self.all(sheet, **columns) if self.holds(row)]

    def chain(self, sheet: str, column: str, id: str) -> list[str]:
        """The row and all that it lies in, or is part of, the nearest first."""
        found = [id]
        while self.rows[sheet][found[-1]][column]:
            found.append(self.rows[sheet][found[-1]][column])
        return found

    # Places

    def above(self, place: str) -> list[str]:
        return self.chain("jurisdictions", "within", place)

    def cover(self, places: Collection[str]) -> int | None:
        """0: the place itself; one more for each larger one; then a part of it; then what is near it. None: nothing."""
        found = []
        for place in places:
            if place in self.up:
                found.append(self.up.index(place))
            elif self.asked.place in self.above(place):
                found.append(len(self.up))
            elif self.near and self.up[1:2] and self.up[1] in self.above(place):
                found.append(len(self.up) + 1)
        return min(found, default=None)

    def is_for(self, places: Collection[str]) -> bool:
        """Whether a desk that names these places is for the case; one that names none is for all."""
        return not places or self.cover(places) is not None

    def far(self, places: Collection[str]) -> int:
        """How many times the place has to be taken larger until one of these lies in it. 0: they cover it or a part."""
        if any(place in self.up or self.asked.place in self.above(place) for place in places):
            return 0
        around = {larger for place in places for larger in self.above(place)}
        return next((steps for steps, larger in enumerate(self.up) if larger in around), len(self.up))

    def meet(self, service: Columns, desk: Columns) -> bool:
        """Whether the desk is for the place, and for a place of the service's."""
        ours, theirs = ({each: self.above(each) for each in row["jurisdictions"]} for row in (service, desk))
        touch = any(one in theirs[other] or other in ours[one] for one in ours for other in theirs)
        return not theirs or (touch and self.is_for(theirs))

    def protects(self) -> bool:
        """Whether it is part of a child's protection, which is where the child is."""
        wider = self.chain("service_types", "within", self.asked.service)
        added = [each for each in wider if "child" in self.rows["service_types"][each]["added_for"]]
        by_all = [
            each for each in added if self.access(each) == "direct" and self.holds(self.rows["service_types"][each])
        ]
        return "child" in self.tags and bool(by_all)

    def access(self, type: str) -> str:
        """As it says itself, or else as the nearest wider one does."""
        said = [self.rows["service_types"][each]["access"] for each in self.chain("service_types", "within", type)]
        return str([*filter(None, said), "direct"][0])

    # Bodies

    def bodies(self, body: str) -> list[str]:
        return self.chain("organizations", "part_of", body)

    def kinds(self, body: str) -> list[str]:
        return [self.rows["organizations"][each]["kind"] for each in self.bodies(body)]

    def works(self, body: str) -> bool:
        """Whether one may turn to it: it is there, not suspended, and does not say that all of it has closed."""
        said = [row["state"] for row in self.now("operational_statuses", organization=body, service=None)]
        return self.holds(self.rows["organizations"][body]) and not self.suspended(body) and "closed" not in said

    def suspended(self, body: str) -> bool:
        return bool(self.rows["organizations"][body]["status"] == "suspended")

    def around(self, members: list[Columns]) -> set[str]:
        """The task forces of these memberships, and those that they lie in."""
        return {each for row in members for each in self.chain("task_forces", "within", row["task_force"])}

    def forces(self, body: str) -> list[Columns]:
        """Those that it is a full member of, and those that these lie in; the innermost first."""
        rows, ids = self.rows["task_forces"], self.around(self.now("memberships", organization=body, standing="full"))
        ids -= {row["task_force"] for row in self.now("memberships", organization=body, standing="suspended")}
        inner = sorted(ids, key=lambda each: (-len(self.chain("task_forces", "within", each)), each))
        return [rows[each] for each in inner if self.holds(rows[each])]

    def avoids_body(self, body: str) -> bool:
        return not {*self.lineage(body), *self.kinds(body)}.isdisjoint(self.asked.avoid)

    def lineage(self, body: str) -> list[str]:
        """What it is, is part of, and came after, and what these are part of and came after in their turn."""
        found = [body]
        for each in found:
            replaced = [row["id"] for row in self.all("organizations") if each in row["replaced_by"]]
            found += [id for id in (*self.bodies(each), *replaced) if id not in found]
        return found

    def avoids_desk(self, desk: Columns) -> bool:
        """Itself or who answers for it, and whoever holds one of the two."""
        return self.avoids_who_answers(desk) or self.avoids_holders(desk)

    def avoids_who_answers(self, desk: Columns) -> bool:
        at = self.answering(desk)
        return not {desk["id"], at["id"]}.isdisjoint(self.asked.avoid) or self.avoids_holders(at)

    def avoids_holders(self, desk: Columns) -> bool:
        """Who holds it, or stands in there, at any time; and where these belong."""
        holders = {row["id"] for row in self.all("holders", contact_point=desk["id"])}
        stand_ins = {row["stand_in"] for row in self.all("absences") if row["holder"] in holders} - {None}
        homes = [self.rows["contact_points"][self.rows["holders"][each]["contact_point"]] for each in stand_ins]
        barred = not (holders | stand_ins | {home["id"] for home in homes}).isdisjoint(self.asked.avoid)
        return barred or any(self.avoids_body(home["organization"]) for home in homes)

    def barred(self, via: Columns, before: tuple[str, ...] = ()) -> bool:
        """Whether nothing goes through there: it would reach somebody avoided, or nobody there can be asked, or only by
        a way that the case can't take."""
        at = self.answering(via)
        if self.avoids_who_answers(via) or self.avoids_body(via["organization"]):
            return True
        if not (self.holds(via) and self.works(via["organization"])) or at["presence"] == "closed":
            return True
        seen = (*before, via["id"])
        return not any(self.safe(row, at["organization"]) for row in self.free(at, seen))

    # Contingency

    def contingent(self, desk: Columns) -> bool:
        return self.holds(desk) and any(self.covers(row, desk) for row in self.now("contingencies"))

    def covers(self, contingency: Columns, desk: Columns) -> bool:
        owner = desk["organization"]
        if contingency["organization"]:
            return contingency["organization"] in self.bodies(owner)
        if contingency["task_force"]:
            return contingency["task_force"] in self.around(self.now("memberships", organization=owner))
        served = [row for row in self.all("services", organization=owner) if self.takes(desk, row["service_type"])]
        offered = sorted({place for row in served if self.holds(row) for place in row["jurisdictions"]})
        places = desk["jurisdictions"] or self.rows["organizations"][owner]["jurisdictions"] or offered
        return bool(places) and all(contingency["place"] in self.above(place) for place in places)

    def answering(self, desk: Columns) -> Columns:
        """Who answers for it: itself, or in a contingency the last one that its diversions lead to."""
        last, seen = desk, [desk["id"]]
        while self.contingent(last) and (ways := self.now("diversions", contact_point=last["id"])):
            last = self.rows["contact_points"][ways[0]["to"]]
            if last["id"] in seen:
                return desk
            seen.append(last["id"])
        return last if self.holds(last) else desk

    # Desks

    def takes(self, desk: Columns, type: str) -> bool:
        return not desk["service_types"] or type in desk["service_types"]

    def assurance(self, channel: Columns, owner: str) -> int:
        """What its owner says, or what a task force grants its kind, whichever is least."""
        forces = self.around(self.now("memberships", organization=owner))
        rules = [row for row in self.now("channel_rules", kind=channel["kind"]) if row["task_force"] in forces]
        return min(Confidentiality(row["assurance"]).level for row in (channel, *rules))

    def channels(self, desk: Columns) -> tuple[list[Columns], str]:
        """Those that the case may use, and the code of why there are none."""
        at = self.answering(desk)
        free = self.free(at)
        safe = [row for row in free if self.safe(row, desk["organization"])]
        if not self.all("channels", contact_point=at["id"]):
            return safe, "no-channel"
        return safe, "channel-assurance" if len(safe) < len(free) else "no-working-channel"

    def free(self, at: Columns, before: tuple[str, ...] = ()) -> list[Columns]:
        """What works there as things are, and leads through nobody avoided, nor back to where it came from."""
        conditions = ("always", "contingency" if self.contingent(at) else "normal")
        rows = [row for row in self.now("channels", contact_point=at["id"]) if row["condition"] in conditions]
        ways = [(row, self.rows["contact_points"].get(row["via"])) for row in rows if row["state"] != "dead"]
        ways = [(row, via) for row, via in ways if not self.reaches_avoided(row)]
        return [row for row, via in ways if via is None or (via["id"] not in before and not self.barred(via, before))]

    def reaches_avoided(self, channel: Columns) -> bool:
        """Whether the same number or address is that of somebody avoided, wherever a person is meant by it."""
        kinds = ("phone", "sms", "messenger", "email", "secure-email")
        if not channel["address"] or channel["kind"] not in kinds:
            return False
        same = [row for row in self.now("channels", address=channel["address"]) if row["kind"] in kinds]
        others = {row["contact_point"] for row in same} - {channel["contact_point"]}
        desks = [desk for desk in self.now("contact_points") if desk["id"] in others]
        return any(
            desk["id"] in self.asked.avoid or self.avoids_holders(desk) or self.avoids_body(desk["organization"])
            for desk in desks
        )

    def safe(self, channel: Columns, owner: str) -> bool:
        return self.assurance(channel, owner) >= Confidentiality(self.asked.confidentiality).level

    def reachable(self, desk: Columns) -> int:
        """Where time presses, somebody has to be spoken with: what can only be written to counts as not known. So does
        a desk in a contingency for which no other way was planned."""
        at, open, usable = self.answering(desk), list[bool | None](), self.channels(desk)[0]
        stands_in = any(self.answering(each)["id"] == desk["id"] != each["id"] for each in self.all("contact_points"))
        planned = at is not desk or stands_in or any(row["condition"] == "contingency" for row in usable)
        for row in usable:
            now = Calendar(at["time_zone"], row["hours"] or at["hours"], at["holidays"]).is_open(self.at)
            spoken = row["kind"] in ("phone", "in-person") or self.asked.priority not in ("asap", "stat")
            known = spoken and (planned or not self.contingent(desk))
            open.append(now if known or not now else None)
        return 0 if True in open else 1 if None in open else 2

    def staffing(self, desk: Columns) -> int:
        at, best = self.answering(desk), 2
        for holder in self.now("holders", contact_point=at["id"]):
            stand_ins = [row["stand_in"] for row in self.now("absences", holder=holder["id"])]
            if not stand_ins and holder["role"] == "primary":
                best = 0
            elif all(each and self.holds(self.rows["holders"][each]) for each in stand_ins):
                best = min(best, 1)
        return 0 if at["staffing"] == "office" else best

    def language(self, service: Columns, desk: Columns) -> int | None:
        """None: it is ruled out."""
        spoken = {*service["languages"], *self.answering(desk)["languages"]}
        if not self.asked.languages or not spoken.isdisjoint(self.asked.languages):
            return 0
        if service["interpretation"] == "yes":
            return 1
        return None if spoken and service["interpretation"] == "no" else 2

    # Whom it is for

    def against(self, serves: Collection[str]) -> list[str]:
        """A code for each dimension in which it is for others than the person, as far as the case tells."""
        wanted = _as_child(serves)
        told = _dimensions(wanted) & _dimensions(self.tags)
        return ["eligibility" for _ in told - _dimensions(wanted & self.tags)]

    def fit(self, service: Collection[str], desk: Collection[str]) -> int:
        """First how much has to be asked, then in how much it is for anyone. An accessible desk is no accessible bed:
        that the service has to say itself."""
        serves = {*service, *desk}
        made, told = _dimensions(serves), _dimensions(self.tags)
        asked = len(made - told) + ("accessible" in self.tags and "accessible" not in service)
        asked += "child" in self.tags and "age" not in made
        return asked * 6 + len(told - made)

    def untold(self, serves: Collection[str]) -> bool:
        """Whether it is only for somebody of whom the case does not tell."""
        return bool(_dimensions(_as_child(serves)) - _dimensions(self.tags))

    # Ways

    def starts(self, body: str) -> list[Columns]:
        """The pathways that the body may take: its own, its kind's, its role's; and those of whom it is part of."""
        out = {row["task_force"] for row in self.now("memberships", organization=body, standing="suspended")}
        members = self.now("memberships", organization=body, standing="full")
        members = [row for row in members if row["task_force"] not in out]
        roles, forces = ([(row["role"], row["task_force"]) for row in members], [row["task_force"] for row in members])
        found = []
        for row in self.all("pathways"):
            own = row["from_organization"] in self.bodies(body)
            kind = row["from_kind"] in self.kinds(body) and row["task_force"] in (None, *forces)
            if own or kind or (row["from_role"], row["task_force"]) in roles:
                found.append(row)
        return found

    def fault(self, pathway: Columns, type: str) -> str | None:
        force = self.rows["task_forces"].get(pathway["task_force"])
        if not self.holds(pathway) or (force and not self.holds(force)):
            return "pathway-expired"
        if pathway["jurisdictions"] and set(pathway["jurisdictions"]).isdisjoint(self.up):
            return "pathway-elsewhere"
        return "consent" if pathway["consent"] == "required" and self.refuses(type) else None

    def refuses(self, type: str) -> bool:
        """A child's protection needs no consent, and what was not said is asked for. Who agrees to a wider type agrees
        to the narrower."""
        given, wider = self.asked.consent, self.chain("service_types", "within", type) if type else []
        return given is not None and {*wider, self.asked.service}.isdisjoint(given) and "child" not in self.tags

    def gates(self, pathway: Columns, type: str) -> list[Columns]:
        """The desks for such cases at which the body that it leads to can be asked to pass the case on."""
        body, found = pathway["to_organization"], []
        for desk in self.now("contact_points", organization=body):
            for_such = self.takes(desk, type) and self.is_for(desk["jurisdictions"])
            for_such = for_such and not any(self.against(each["serves"]) for each in (desk, self.answering(desk)))
            there = self.answering(desk)["presence"] != "closed" and bool(self.channels(desk)[0])
            if pathway["contact_point"] in (None, desk["id"]) and for_such and there and not self.avoids_desk(desk):
                found.append(desk)
        return found if self.works(body) and not self.avoids_body(body) else []

    def routes(self, service: Columns, desk: Columns, *leave: str) -> list[Route]:
        """The pathways laid end to end, never in a loop, from the asker to the desk; the best first. ``leave``: what is
        left out of account of what is wrong with them."""
        type, found = service["service_type"], []
        open: list[Route] = [()]
        while open:
            route = open.pop(0)
            been = [self.asked.asker, *(row["to_organization"] for row in route)]
            for row in self.starts(been[-1]):
                if row["to_organization"] in been or type not in row["service_types"]:
                    continue
                if self.fault(row, type) not in (None, *leave):
                    continue
                if row["to_organization"] == service["organization"] and row["contact_point"] in (None, desk["id"]):
                    found.append((*route, row))
                if len(route) + 1 < STEPS and ("gateway" in leave or self.gates(row, type)):
                    open.append((*route, row))
        return sorted(found, key=lambda route: (len(route), [row["id"] for row in route]))

    def way(self, service: Columns, desk: Columns) -> tuple[int, Route, str]:
        """The value of the way to the desk and its pathways; the code of why there is none, or nothing."""
        owner, type, asker = service["organization"], service["service_type"], self.asked.asker
        routes = self.routes(service, desk)
        if owner == asker:
            return 0, (), ""
        if routes and len(routes[0]) == 1:
            return 0, routes[0], ""
        if self.access(type) == "direct":
            return 1, (), ""
        if routes:
            return len(routes[0]), routes[0], ""
        # Without any pathway, directly where a task force of both allows it there.
        shared = [row for row in self.forces(owner) if row in self.forces(asker)]
        allowed = any(type in row["direct_for"] and row["jurisdiction"] in self.up for row in shared)
        if allowed and not self.refuses(type):
            return 1, (), ""
        # What the person refuses is told first, also where nobody but others has a pathway that needs it.
        through_all = self.routes(service, desk, "gateway")
        if allowed or self.routes(service, desk, "consent"):
            return 0, (), "consent"
        if self.routes(service, desk, "consent", "gateway") and not through_all:
            return 0, (), "consent"
        towards = [row for row in self.all("pathways", to_organization=owner) if type in row["service_types"]]
        faults = {self.fault(row, type) for row in towards if row in self.starts(asker)}
        others = {self.fault(row, type) for row in towards} - {"pathway-expired", "pathway-elsewhere"}
        if not faults and others == {"consent"}:
            return 0, (), "consent"
        if through_all or not faults or faults & {None, "consent"}:
            return 0, (), "no-pathway"
        return 0, (), "pathway-elsewhere" if "pathway-elsewhere" in faults else "pathway-expired"

    def reached(self, types: Collection[str]) -> set[str]:
        """The bodies that pathways in force lead to, whatever the case asks of them."""
        found: set[str] = set()
        for _ in range(STEPS):
            rows = [row for body in sorted(found | {self.asked.asker}) for row in self.starts(body)]
            rows = [row for row in rows if self.fault(row, "") in (None, "consent")]
            found |= {row["to_organization"] for row in rows if not set(row["service_types"]).isdisjoint(types)}
        return found

    # The answer

    def said(self, service: Columns) -> Columns:
        """What its body says of it now, or else of all that it offers."""
        rows = self.now("operational_statuses", organization=service["organization"])
        by_service = {row["service"]: row for row in rows}
        return by_service.get(service["id"]) or by_service.get(None) or {"state": None, "capacity": "unknown"}

    def capacity(self, service: Columns) -> str:
        stated = str(self.said(service)["capacity"])
        return str(service["capacity"]) if stated == "unknown" else stated

    def of_service(self, service: Columns) -> list[str]:
        owner = service["organization"]
        ended = not self.holds(self.rows["organizations"][owner])
        codes = {
            "avoided": self.avoids_body(owner),
            "organization-ended": ended,
            "suspended": self.suspended(owner) and not ended,
            "service-ended": not self.holds(service),
            "place": self.cover(service["jurisdictions"]) is None,
            "closed": self.said(service)["state"] == "closed",
            "full": self.capacity(service) == "full",
        }
        return [*(code for code, out in codes.items() if out), *self.against(service["serves"])]

    def of_desk(self, service: Columns, desk: Columns) -> list[str]:
        usable, lacking = self.channels(desk)
        codes = {
            "contact-point-closed": self.answering(desk)["presence"] == "closed",
            "contact-point-ended": not self.holds(desk),
            "place": self.cover(service["jurisdictions"]) is not None and not self.meet(service, desk),
            "language": self.language(service, desk) is None,
            "avoided": self.avoids_desk(desk) and not self.avoids_body(desk["organization"]),
            lacking: not usable,
            self.way(service, desk)[2]: bool(self.way(service, desk)[2]),
        }
        own = [*(code for code, out in codes.items() if out), *self.against(desk["serves"])]
        # Who answers for the desk has to take such a person as well.
        return own if self.answering(desk) is desk else [*own, *self.against(self.answering(desk)["serves"])]

    def values(self, service: Columns, desk: Columns) -> dict[str, Any]:
        value, route, _ = self.way(service, desk)
        asked = self.gates(route[0], service["service_type"]) if value > 1 else [desk]
        minutes = self.decided.get((desk["id"], service["service_type"]))
        soon = next((value for value, hours in enumerate((1, 4, 24, 72)) if (minutes or 0) <= hours * 60), 5)
        return {
            "route": value,
            "reachable": min(self.reachable(each) for each in asked),
            "fit": self.fit(service["serves"], desk["serves"]),
            "place": self.cover(desk["jurisdictions"] or service["jurisdictions"]),
            "language": self.language(service, desk),
            "capacity": ["open", "limited", "unknown"].index(self.capacity(service)),
            "staffing": self.staffing(desk),
            "responsiveness": 4 if minutes is None else soon,
        }

    def decide(self, service: Columns) -> tuple[list[Candidate], list[str], bool]:
        """The candidates, one for each desk that takes the case, or the codes of why the service is out; and whether it
        is only for others than the case tells of."""
        own, places = self.of_service(service), set(service["jurisdictions"])
        desks = self.all("contact_points", organization=service["organization"])
        tried = [(self.of_desk(service, each), each) for each in desks if self.takes(each, service["service_type"])]
        if found := [desk for codes, desk in tried if not codes and not own]:
            return [Candidate(service["id"], desk["id"], self.values(service, desk)) for desk in found], [], False
        if not tried:
            gone = {"organization-ended", "service-ended"} & set(own)
            return [], own if gone else [*own, "no-contact-point"], self.untold(service["serves"])

        def explains(each: tuple[list[str], Columns]) -> tuple[Any, ...]:
            """One that is not avoided; of those with as many reasons, one that names a place of the service; the one
            that is reached the soonest."""
            codes, desk = each
            elsewhere = places.isdisjoint(desk["jurisdictions"])
            return "avoided" in codes, len(codes), elsewhere, self.reachable(desk)

        codes, desk = min(tried, key=explains)
        return [], [*own, *codes], self.untold([*service["serves"], *desk["serves"]])

    def order(self) -> list[str]:
        """The criteria, the first to compare first."""
        rankings = [row["ranking"] for row in self.forces(self.asked.asker) if row["ranking"]]
        pressing = ["reachable"] if self.asked.priority in ("asap", "stat") else []
        return list(dict.fromkeys([*pressing, *(rankings[0] if rankings else ()), *RankedBy]))

    def answer(self) -> Expected:
        within = {each: self.chain("service_types", "within", each) for each in self.rows["service_types"]}
        types = {each for each in within if self.asked.service in within[each]}
        reached, order = self.reached(types), self.order()
        near, elsewhere = [], []
        for row in self.all("services"):
            if row["service_type"] in types:
                if self.cover(row["jurisdictions"]) is not None or row["organization"] in reached:
                    near.append(row)
                elif any(place[:2] == self.asked.place[:2] for place in row["jurisdictions"]):
                    elsewhere.append(row)
        decided = [(row, *self.decide(row)) for row in near]
        out = [(row, codes, untold) for row, found, codes, untold in decided if not found]
        elsewhere.sort(key=lambda row: self.far(row["jurisdictions"]))
        shown = out + [(row, *self.decide(row)[1:]) for row in elsewhere[: max(SHOWN - len(out), 0)]]

        def miss(of: tuple[Columns, list[str], bool]) -> tuple[Any, ...]:
            row, codes, untold = of
            lasting = sum(code in LASTING for code in codes)
            silent = not set(codes).isdisjoint(SILENT)
            far = self.far(row["jurisdictions"])
            return "avoided" in codes, "place" in codes, far, len(codes), lasting, silent, untold, row["id"]

        candidates = [each for _, found, *_ in decided for each in found]
        candidates.sort(key=lambda each: ([each.values[name] for name in order], each.service, each.contact_point))
        excluded = {row["id"]: sorted(codes) for row, codes, _ in sorted(shown, key=miss)[:SHOWN]}
        return Expected(candidates, excluded, len(out) + len(elsewhere))
