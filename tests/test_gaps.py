"""Every kind of gap appears, is mended as it says, and goes; a whole roster has none."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaypoint.domain import (
    gaps_addresses,
    gaps_bodies,
    gaps_channels,
    gaps_cover,
    gaps_desks,
    gaps_joint,
    gaps_people,
)
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.gaps import CHECKS, EVERYTHING, Scope
from relaypoint.domain.gaps import KINDS as KNOWN
from relaypoint.domain.gaps import gaps as gaps_of
from relaypoint.domain.gaps import gaps_ahead as gaps_ahead_of
from relaypoint.domain.gaps_cover import first_silence
from relaypoint.domain.gaps_roster import Gap
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.rows import Rows
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.gaps import coverage_gaps
from relaypoint.resolvers.roster import export_roster
from relaypoint.tests.helpers import imported, tiny_roster
from relaypoint.tests.helpers import row as row_of

DAY = "2026-03-03"
Sheets = dict[str, list[dict[str, Any]]]
Change = Callable[[Sheets], None]
_number = count()


def end(sheet: str, *ids: str, day: str = "2026-02-01") -> Change:
    return put(sheet, *ids, until=day)


def put(sheet: str, *ids: str, **columns: Any) -> Change:
    def change(sheets: Sheets) -> None:
        for each in sheets[sheet]:
            if each["id"] in ids:
                each.update(columns)

    return change


def add(sheet: str, id: str, **columns: Any) -> Change:
    """A new row, with the format's defaults in the columns not given."""

    def change(sheets: Sheets) -> None:
        empty: dict[str, Any] = {}
        for name in SHEETS[sheet].columns:
            field = SHEETS[sheet].model.model_fields[name]
            empty[name] = None if field.is_required() else field.get_default(call_default_factory=True)
        sheets[sheet].append({**empty, "id": id, **columns})

    return change


def together(*changes: Change) -> Change:
    def change(sheets: Sheets) -> None:
        for each in changes:
            each(sheets)

    return change


COMPLETE = together(
    put("channels", "line-mail", assurance="confidential"),
    add(
        "channels", "night-mail", contact_point="shelter-night-desk", kind="email", address="night@shelter.example.org"
    ),
    add("channels", "unit-phone", contact_point="unit-desk", kind="phone", address="+442079460104"),
    put("task_forces", "example-force", languages=["en"]),
    put("services", "authority-decision", interpretation="yes"),
)


def by_id(sheets: Sheets) -> Rows:
    return {sheet: {each["id"]: each for each in rows} for sheet, rows in sheets.items()}


def gaps(sheets: Sheets, day: str, scope: Scope = EVERYTHING) -> list[Gap]:
    return gaps_of(by_id(sheets), day, scope)


def gaps_ahead(sheets: Sheets, day: str, known: list[Gap], **more: Any) -> list[Gap]:
    return gaps_ahead_of(by_id(sheets), day, known, **more)


async def complete(backend: Backend) -> Sheets:
    """The tiny roster with what it lacks: a second way to each desk, and help in the language of the country."""
    sheets: Sheets = deepcopy(await export_roster(OPERATOR, backend))
    COMPLETE(sheets)
    return sheets


SILENT_SHELTER = together(put("contact_points", "shelter-night-desk", hours="Mo-Fr 18:00-08:00"))
ALONE = together(
    put("holders", "shelter-first", name="A. Example"),
    end("holders", "shelter-second"),
    put("contact_points", "shelter-night-desk", staffing="holder"),
    add("holders", "night-first", contact_point="shelter-night-desk", name="A. Example", role="primary"),
)

#: The first stands in for the second, and is away too.
AWAY = together(
    put("absences", "second-in-august", since="2026-03-01"),
    add("absences", "first-away", holder="shelter-first", since="2026-03-02", until="2026-03-09"),
)

MODULES = (gaps_desks, gaps_channels, gaps_addresses, gaps_bodies, gaps_cover, gaps_people, gaps_joint)


def asked(state: str, since: str, due: str) -> Change:
    """A confirmation round that asked the shelter's deputy, with what they answered."""

    def change(sheets: Sheets) -> None:
        row = {"id": "ask", "round": "spring", "holder": "shelter-second", "state": state}
        sheets["rounds"] = [{"id": "spring", "due": due, "since": since, "until": None}]
        sheets["requests"] = [{**row, "since": since, "until": since}]

    return change


def proposed(sheets: Sheets) -> None:
    row = {"id": "change", "row": "x", "on_sheet": "channels", "organization": "example-line", "state": "open"}
    sheets["proposals"] = [{**row, "since": "2026-02-24", "until": None}]


def wished(sheets: Sheets) -> None:
    act = {"end": "task-force", "id": "example-force-north", "to": [], "replaced_by": [], "override": False}
    sheets["seconds"] = [{"id": "wish", "act": json.dumps(act), "by": "operator", "since": "2026-03-01", "until": None}]


def asked_jointly(sheets: Sheets) -> None:
    row = {"id": "ask", "organization": "example-line", "to_organization": "example-unit", "state": "asked"}
    sheets["joint_requests"] = [{**row, "since": "2026-02-20", "due": "2026-03-03", "until": None}]


#: A kind, the id that it is about, what breaks the roster.
KINDS: list[tuple[str, str, Change]] = [
    ("no-contact-point", "line-advice", put("contact_points", "line-desk", service_types=["housing"])),
    ("no-channel", "shelter-night-desk", end("channels", "night-phone", "night-mail")),
    ("no-channel", "shelter-night-desk", put("channels", "night-phone", "night-mail", state="dead")),
    ("no-channel", "shelter-night-desk", put("channels", "night-phone", "night-mail", condition="contingency")),
    ("channel-failing", "unit-desk", put("channels", "unit-mail", "unit-phone", state="failing")),
    ("address-at-fault", "line-mail", put("channels", "line-mail", "unit-mail", state="failing", kind="email",
                                           address="desk@shared.example.org")),
    ("address-at-fault", "line-mail", put("channels", "line-mail", "unit-mail", state="dead", kind="email",
                                           address="desk@shared.example.org")),
    ("channel-unproven", "unit-desk", put("channels", "unit-mail", state="unproven")),
    ("channel-unsafe", "line-desk", put("channels", "line-mail", "line-phone", assurance="public")),
    ("channel-above-rule", "line-mail", put("channel_rules", "plain-mail", assurance="official")),
    ("not-vouched", "line-in-force", together(put("task_forces", "example-force", vouchers=2),
                                              put("memberships", "line-in-force", since="2026-01-01"))),
    ("single-number", "unit-desk", end("channels", "unit-phone")),
    ("single-number", "unit-desk", put("channels", "unit-phone", address="desk@unit.example.org")),
    ("no-holder", "shelter-desk", lambda sheets: sheets["holders"].clear()),
    ("holder-left", "shelter-desk", end("holders", "shelter-first", "shelter-second")),
    ("holder-away", "shelter-desk", AWAY),
    ("no-deputy", "shelter-desk", end("holders", "shelter-second")),
    ("one-person", "shelter-night-desk", ALONE),
    ("unconfirmed", "shelter-second", asked("asked", "2026-02-01", "2026-03-03")),
    ("unconfirmed", "shelter-first", put("task_forces", "example-force", confirm_every="P30D")),
    ("unconfirmed", "shelter-first", together(put("task_forces", "example-force-north", confirm_every="P4W"),
                                              put("holders", "shelter-first", confirmed_on="2026-02-03"))),
    ("holder-gone", "shelter-second", asked("left", "2026-03-01", "2026-03-09")),
    ("proposal-waiting", "change", proposed),
    ("desk-closed", "line-desk", put("contact_points", "line-desk", presence="closed")),
    ("duty-uncovered", "shelter-desk", together(
        put("contact_points", "shelter-desk", rota_every="P7D", rota_since="2026-02-24"),
        put("holders", "shelter-first", rota=1), put("holders", "shelter-second", rota=2),
        add("absences", "second-away", holder="shelter-second", since="2026-03-02", until="2026-03-09"))),
    ("access-expired", "shelter-in-centre", put("authorisations", "shelter-in-centre", until="2026-03-01")),
    ("request-overdue", "ask", asked_jointly),
    ("event-overdue", "autumn-training", put("events", "autumn-training", state="planned", on="2026-03-02")),
    ("event-suspended", "autumn-training", put("events", "autumn-training", state="suspended")),
    ("guidance-unread", "force-rules", put("guidance", "force-rules", acknowledge_by="2026-03-03")),
    ("guidance-unread", "force-rules", put("guidance", "force-rules", acknowledge_by="2026-03-03",
                                           role="support-provider")),
    ("guidance-unread", "desk-rules", put("guidance", "desk-rules", acknowledge_by="2026-01-03")),
    ("hotline-down", "GB", end("contact_points", "line-desk")),
    ("hotline-down", "GB", end("organizations", "example-line")),
    ("second-waiting", "wish", wished),
    ("no-coordinator", "example-force", put("task_forces", "example-force", coordinator=None)),
    ("no-coordinator", "example-force", end("channels", "authority-form", "authority-mail")),
    ("successor-not-member", "old", add("memberships", "old", organization="example-former", task_force="example-force",
                                        role="first-responder", until="2020-01-01")),
    ("place-abolished", "line-advice", put("services", "line-advice", jurisdictions=["GB-X-OLD"])),
    ("place-abolished", "example-line", put("organizations", "example-line", jurisdictions=["GB-X-OLD"])),
    ("no-capacity", "shelter-beds", put("services", "shelter-beds", capacity="full")),
    ("pathway-expired", "unit-to-shelter", end("pathways", "unit-to-shelter")),
    ("pathway-ended-organization", "unit-to-shelter", end("organizations", "example-shelter")),
    ("pathway-nowhere", "police-to-line", end("channels", "line-phone", "line-mail")),
    ("place-uncovered", "example-force", put("services", "shelter-beds", jurisdictions=["GB-X-NORTH"])),
    ("place-uncovered", "example-force", put("task_forces", "example-force", service_types=["advice", "housing"])),
    ("language-uncovered", "example-force", put("task_forces", "example-force", languages=["fr"])),
    ("no-emergency-cover", "example-force", SILENT_SHELTER),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "subject", "change"), KINDS)
async def test_a_gap_appears_and_goes_when_mended(backend: Backend, kind: str, subject: str, change: Change) -> None:
    sheets = await complete(backend)
    assert gaps(sheets, DAY) == []
    change(sheets)
    found = [gap for gap in gaps(sheets, DAY) if (gap.kind, gap.subject) == (kind, subject)]
    assert found
    assert all(gap.text and gap.mend.text and gap.mend.by in ("organization", "coordinator") for gap in found)
    for gap in found:
        mended(sheets, gap)
    assert [gap for gap in gaps(sheets, DAY) if (gap.kind, gap.subject) == (kind, subject)] == []


def test_no_kind_is_left_out_above() -> None:
    source = "".join(inspect.getsource(module) for module in MODULES)
    known = set(re.findall(r'say\(\s*"gap\.', source))
    named = set(
        re.findall(
            r'"(unconfirmed|(?:no|not|hotline|second|desk|duty|access|request|event|channel|address|single|holder|one|successor|place|pathway|language|proposal|guidance)-[a-z-]+)"',
            source,
        )
    )
    assert known
    assert named == {kind for kind, _, _ in KINDS}
    defined = {f"{check.__module__}.{check.__name__}" for check in CHECKS}
    written = {
        f"{module.__name__}.{name}"
        for module in MODULES
        for name, value in inspect.getmembers(module, inspect.isgeneratorfunction)
        if value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert defined == written, "a check that is never asked"


def mended(sheets: Sheets, gap: Gap) -> None:
    """Does what the gap says, and fills in by itself what only people know: an address, a name, who can help."""
    mend, number = gap.mend, next(_number)
    columns: dict[str, Any] = {name: list(v) if isinstance(v, tuple) else v for name, v in mend.columns}
    if gap.kind == "guidance-unread":
        row = {"id": f"read-{number}", "guidance": gap.subject, "holder": gap.holder, "since": DAY, "until": None}
        version = next(each["version"] for each in sheets["guidance"] if each["id"] == gap.subject)
        sheets.setdefault("acknowledgements", []).append({**row, "edition": version})
        return
    if mend.row is not None:
        owner, desk = _somebody(sheets)
        if gap.kind == "no-coordinator":
            columns["coordinator"] = desk
        if gap.kind == "hotline-down":
            columns["hotline"] = desk
        if gap.kind in ("pathway-nowhere", "pathway-ended-organization"):
            columns |= {"to_organization": owner, "contact_point": desk}
        put(mend.sheet, mend.row, **columns)(sheets)
        return
    if mend.sheet == "channels":
        columns = {"kind": "email", "address": f"desk{number}@example.org", "state": "working", "rank": 9} | columns
    elif mend.sheet == "holders":
        columns["name"] = f"Example {number}"
    elif mend.sheet == "services":
        columns = {
            "organization": _somebody(sheets)[0],
            "name": "New",
            "interpretation": "unknown",
            "capacity": "open",
        } | columns
    elif mend.sheet == "contact_points":
        alive = {each["id"] for each in sheets["organizations"] if not each["until"]}
        offers = [e["organization"] for e in sheets["services"] if e["service_type"] == gap.service_type]
        member = next((each for each in offers if each in alive), None)
        columns = {"organization": member, "name": "New", "time_zone": "Europe/London"} | columns
        columns.setdefault("staffing", "office")
        if gap.kind == "no-emergency-cover":
            shared = {"contact_point": f"new-{number}", "state": "working"}
            add("channels", f"new-{number}-phone", kind="phone", address=f"+44{number}", **shared)(sheets)
            add("channels", f"new-{number}-mail", kind="email", address=f"night{number}@example.org", **shared)(sheets)
    add(mend.sheet, f"new-{number}", **columns)(sheets)


def _somebody(sheets: Sheets) -> tuple[str, str]:
    """An organization that can be reached, and its desk."""
    live = {c["contact_point"] for c in sheets["channels"] if c["until"] is None and c["state"] == "working"
            and c["condition"] == "always"}  # fmt: skip
    ended = {each["id"] for each in sheets["organizations"] if each["until"]}
    return next(
        (each["organization"], each["id"])
        for each in sheets["contact_points"]
        if each["id"] in live and each["organization"] not in ended
    )


#: What can be mended whatever else is broken.
_APART = [(kind, change) for kind, _, change in KINDS if not kind.startswith("pathway-")]


@settings(deadline=None)
@given(broken=st.lists(st.sampled_from(range(len(_APART))), max_size=4, unique=True), data=st.data())
def test_mending_a_gap_ends_it_and_opens_none_that_it_does_not_name(broken: list[int], data: st.DataObject) -> None:
    sheets = deepcopy(_COMPLETE)
    for index in broken:
        _APART[index][1](sheets)
    found = gaps(sheets, DAY)
    if not found:
        return
    gap = data.draw(st.sampled_from(found))
    before = {each.key for each in found}
    mended(sheets, gap)
    after = {each.key: each for each in gaps(sheets, DAY)}
    assert gap.key not in after
    assert {each.kind for key, each in after.items() if key not in before} <= set(gap.mend.then)


def _typed(roster: dict[str, list[dict[str, str]]]) -> Sheets:
    """The rows as an export gives them, without a store."""
    sheets: Sheets = {}
    for name, sheet in SHEETS.items():
        rows = [
            sheet.model.model_validate({key: value for key, value in row.items() if value})
            for row in roster.get(name, [])
        ]
        sheets[name] = [row.model_dump(mode="json") for row in rows]
    return sheets


_COMPLETE = _typed(tiny_roster())
COMPLETE(_COMPLETE)


async def test_the_rows_without_a_store_are_those_of_the_store(backend: Backend) -> None:
    assert gaps(_COMPLETE, DAY) == gaps(await complete(backend), DAY) == []


async def test_what_only_a_body_offered_that_ended_is_missed(backend: Backend) -> None:
    sheets = await complete(backend)
    end("organizations", "example-line")(sheets)

    def missed() -> set[tuple[str, str | None]]:
        return {(gap.kind, gap.service_type) for gap in gaps(sheets, DAY) if gap.kind == "place-uncovered"}

    assert missed() == {("place-uncovered", "advice")}
    more = {"organization": "example-shelter", "service_type": "advice", "jurisdictions": ["GB"], "name": "Advice"}
    add("services", "shelter-advice", **more)(sheets)
    assert missed() == set()


async def test_the_gravest_come_first(backend: Backend) -> None:
    sheets = await complete(backend)
    together(end("holders", "shelter-first", "shelter-second"), end("pathways", "unit-to-shelter"))(sheets)
    found = gaps(sheets, DAY)
    assert [(gap.severity, gap.kind) for gap in found] == [("critical", "pathway-expired"), ("major", "holder-left")]


async def test_a_desk_without_channel_is_graver_where_no_other_takes_what_it_takes(backend: Backend) -> None:
    sheets = await complete(backend)
    for ended, subject, severity in (
        (("night-phone", "night-mail"), "shelter-night-desk", "critical"),
        (("shelter-mail", "shelter-phone", "shelter-relay"), "shelter-desk", "major"),
    ):
        broken = deepcopy(sheets)
        end("channels", *ended)(broken)
        gap = next(gap for gap in gaps(broken, DAY) if gap.kind == "no-channel")
        assert (gap.subject, gap.severity) == (subject, severity)


async def test_a_pathway_that_was_agreed_anew_has_not_expired(backend: Backend) -> None:
    sheets = await complete(backend)
    old = next(each for each in sheets["pathways"] if each["id"] == "unit-to-shelter")
    end("pathways", "unit-to-shelter")(sheets)
    sheets["pathways"].append({**old, "id": "anew", "until": None, "service_types": ["night-shelter"]})
    assert [gap.kind for gap in gaps(sheets, DAY)] == ["pathway-expired"], "it leads to less than before"
    put("pathways", "anew", service_types=["night-shelter", "housing", "advice"])(sheets)
    assert gaps(sheets, DAY) == []


async def test_a_place_is_told_whole_where_all_its_parts_lack_the_same(backend: Backend) -> None:
    sheets = await complete(backend)

    def places(*change: Change) -> list[str | None]:
        broken = deepcopy(sheets)
        together(*change)(broken)
        return [gap.place for gap in gaps(broken, DAY) if gap.kind == "place-uncovered"]

    assert places(put("services", "shelter-beds", jurisdictions=["GB-X-NORTH"])) == ["GB-X-SOUTH"]
    assert places(put("services", "shelter-beds", jurisdictions=["GB-X-OLD"])) == ["GB"]
    assert places(put("services", "shelter-beds", jurisdictions=["GB"])) == []
    quay = add("jurisdictions", "GB-X-QUAY", name="Quay", kind="area", within="GB-X-SOUTH")
    part = put("services", "shelter-beds", jurisdictions=["GB-X-NORTH", "GB-X-QUAY"])
    assert places(quay, part) == [], "the south has no other part"
    shore = add("jurisdictions", "GB-X-SHORE", name="Shore", kind="area", within="GB-X-SOUTH")
    assert places(quay, shore, part) == ["GB-X-SHORE"]


async def test_what_is_offered_in_a_larger_place_counts_in_its_parts(backend: Backend) -> None:
    sheets = await complete(backend)
    together(
        put("services", "shelter-beds", jurisdictions=["GB"]),
        put("contact_points", "shelter-desk", "shelter-night-desk", hours="Mo-Su 08:00-20:00", holidays=None),
        put("contact_points", "line-desk", hours="Mo-Su 20:00-08:00"),
        put("channels", "line-phone", hours=None),
        add("services", "line-beds", organization="example-line", name="Beds by night", service_type="night-shelter",
            jurisdictions=["GB-X-NORTH"], interpretation="yes"),
    )(sheets)  # fmt: skip
    scope = Scope(service_type="night-shelter")
    assert [(gap.kind, gap.place) for gap in gaps(sheets, DAY, scope)] == [("no-emergency-cover", "GB-X-SOUTH")]
    put("task_forces", "example-force", jurisdiction="GB-X-NORTH")(sheets)
    assert gaps(sheets, DAY, scope) == [], "day and night answer there together"


async def test_only_members_in_good_standing_cover_a_place(backend: Backend) -> None:
    for change in (
        put("memberships", "shelter-in-force", "shelter-in-north", standing="suspended"),
        end("memberships", "shelter-in-force", "shelter-in-north"),
        put("organizations", "example-shelter", status="suspended"),
    ):
        sheets = await complete(backend)
        put("task_forces", "example-force", service_types=["night-shelter"])(sheets)
        assert [gap.kind for gap in gaps(sheets, DAY)] == []
        change(sheets)
        assert "place-uncovered" in {gap.kind for gap in gaps(sheets, DAY)}


async def test_emergency_cover_says_from_when_nobody_answers(backend: Backend) -> None:
    sheets = await complete(backend)
    SILENT_SHELTER(sheets)
    found = [gap for gap in gaps(sheets, DAY) if gap.kind == "no-emergency-cover"]
    # By day the shelter's other desk is open, Saturdays from 8 in the morning on nobody is.
    assert [(gap.place, "2026-03-07 08:00 (Europe/London)" in gap.text) for gap in found] == [("GB", True)]


def test_cover_is_that_of_all_together() -> None:
    day = ("Europe/London", "Mo-Su 08:00-20:00", None)
    night = ("Europe/London", "Mo-Su 20:00-08:00", None)
    late = ("Europe/London", "Mo-Su 21:00-08:00", None)
    assert first_silence(frozenset({day, night}), DAY) is None
    assert first_silence(frozenset({day, late}), DAY) == datetime(2026, 3, 3, 20, tzinfo=UTC)
    assert first_silence(frozenset({("Europe/London", None, None)}), DAY) == datetime(2026, 3, 3, tzinfo=UTC)
    assert first_silence(frozenset(), DAY) == datetime(2026, 3, 3, tzinfo=UTC)


async def test_what_opens_soon_is_told_with_its_day(backend: Backend) -> None:
    sheets = await complete(backend)
    assert gaps_ahead(sheets, DAY, gaps(sheets, DAY)) == []
    end("holders", "shelter-second", day="2026-03-20")(sheets)
    end("pathways", "unit-to-shelter", day="2026-03-10")(sheets)
    end("channels", "unit-phone", day="2026-04-10")(sheets)
    assert gaps(sheets, DAY) == []
    ahead = gaps_ahead(sheets, DAY, gaps(sheets, DAY))
    assert [(gap.opens_on, gap.kind) for gap in ahead] == [
        ("2026-03-10", "pathway-expired"),
        ("2026-03-20", "no-deputy"),
    ]
    assert [gap.kind for gap in gaps_ahead(sheets, DAY, gaps(sheets, DAY), days=60)][-1] == "single-number"
    for gap in ahead:
        assert gap.opens_on is not None
        assert gap.key not in {each.key for each in gaps(sheets, "2026-03-09")}
        assert gap.key in {each.key for each in gaps(sheets, gap.opens_on)}


async def test_a_holiday_without_cover_is_told_ahead(backend: Backend) -> None:
    sheets = await complete(backend)
    put("contact_points", "shelter-night-desk", hours="Mo-Su 00:00-24:00; PH off", holidays="GB-ENG")(sheets)
    assert gaps(sheets, DAY) == []
    (gap,) = gaps_ahead(sheets, DAY, gaps(sheets, DAY), days=40)
    assert (gap.kind, "2026-04-03" in gap.text) == ("no-emergency-cover", True)  # Good Friday


SCOPES: Sequence[tuple[Scope, set[str]]] = (
    (Scope(), {"pathway-expired", "single-number", "no-deputy"}),
    (Scope(organization="example-shelter"), {"pathway-expired", "no-deputy"}),
    (Scope(organization="example-line"), set()),
    (Scope(place="GB-X-NORTH"), {"pathway-expired", "single-number", "no-deputy"}),
    (Scope(place="GB-X-SOUTH"), set()),
    (Scope(service_type="night-shelter"), {"pathway-expired", "no-deputy"}),
    (Scope(service_type="housing"), {"pathway-expired", "no-deputy"}),
    (Scope(service_type="advice"), set()),
    (Scope(task_force="example-force-north"), {"pathway-expired", "single-number", "no-deputy"}),
    (Scope(task_force="example-force", organization="example-unit"), {"single-number"}),
)


@pytest.mark.parametrize(("scope", "kinds"), SCOPES)
async def test_gaps_of_a_part_of_the_roster(backend: Backend, scope: Scope, kinds: set[str]) -> None:
    sheets = await complete(backend)
    end("holders", "shelter-second")(sheets)
    end("pathways", "unit-to-shelter")(sheets)
    end("channels", "unit-phone")(sheets)
    assert {gap.kind for gap in gaps(sheets, DAY, scope)} == kinds


async def test_the_report_of_the_stored_roster(backend: Backend) -> None:
    roster = tiny_roster()
    for each in roster["pathways"]:
        each["until"] = ""
    row_of(roster, "pathways", "unit-to-shelter")["until"] = "2026-03-10"
    for each in roster["task_forces"]:
        each |= {"service_types": "", "languages": ""}
    row_of(roster, "task_forces", "example-force").update(service_types="night-shelter;housing", languages="en;cy")
    await imported(backend, roster)
    report = await coverage_gaps(OPERATOR, backend, days=30)
    assert report.day == DAY
    assert ("place-uncovered", "housing", "GB") in {(gap.kind, gap.service_type, gap.place) for gap in report.gaps}
    assert [(gap.kind, gap.opens_on) for gap in report.ahead] == [("pathway-expired", "2026-03-10")]
    later = await coverage_gaps(OPERATOR, backend, Scope(organization="example-shelter"), at="2026-03-10")
    assert [gap.kind for gap in later.gaps] == ["pathway-expired", "single-number"]
    assert later.ahead == []
    assert await coverage_gaps(OPERATOR, backend, Scope(place=" gb-x-north ")) == await coverage_gaps(
        OPERATOR, backend, Scope(place="GB-X-NORTH")
    )


async def test_what_is_not_in_the_roster_is_told_with_what_may_be_meant(backend: Backend) -> None:
    for scope, path, hint in (
        (Scope(task_force="example-forse"), ("taskForce",), "example-force"),
        (Scope(place="Example Nort"), ("place",), "GB-X-NORTH"),
        (Scope(service_type="advise"), ("serviceType",), "advice"),
        (Scope(organization="example-lime"), ("organization",), "example-line"),
    ):
        with pytest.raises(NotFound) as told:
            await coverage_gaps(OPERATOR, backend, scope)
        assert (told.value.path, hint in told.value.remedy) == (path, True)
        typed = next(
            value for value in (scope.task_force, scope.place, scope.service_type, scope.organization) if value
        )
        assert f"'{typed}'" in told.value.message, "as it was typed"
    for at, days, path in (("yesterday", 0, ("at",)), (None, -1, ("days",)), (None, 367, ("days",))):
        with pytest.raises(Invalid) as refused:
            await coverage_gaps(OPERATOR, backend, at=at, days=days)
        assert refused.value.path == path


def test_every_kind_of_gap_is_known_by_its_name() -> None:
    made = {kind for kind, *_ in KINDS}
    assert made <= set(KNOWN)
    assert sorted(KNOWN) == list(KNOWN)
    assert set(KNOWN) - made <= {
        "unmet-need",
        "undelivered",
        "webhook-paused",
        "work-left",
        "work-unheld",
        "sender-ended",
    }
