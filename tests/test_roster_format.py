"""The roster format: what a row must hold, and that every fault is reported where it is, with its remedy."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import isodate
import pytest
from pydantic import ValidationError

from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_bodies import JurisdictionRow, OrganizationRow
from relaypoint.domain.roster_desks import ChannelRow
from relaypoint.domain.roster_faults import shown
from relaypoint.domain.roster_messages import MESSAGES
from relaypoint.domain.roster_reading import faults_of, read_row
from relaypoint.domain.roster_work import PathwayRow, ServiceRow
from relaypoint.resolvers.roster_check import CheckedRoster, check
from relaypoint.resolvers.tables import RawTable, read_tables

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "roster-format.md").read_text(encoding="utf-8")

GOOD = {
    "jurisdictions": ["id,name,kind,within", "GB,United Kingdom,country,", "GB-SCT,Scotland,nation,GB"],
    "organizations": ["id,name,kind,jurisdictions", "org-a,A,cso,GB", "org-b,B,police,GB-SCT"],
    "task_forces": ["id,name,level,jurisdiction", "tf,Task force,national,GB"],
    "service_types": ["id,name", "support,Support"],
    "contact_points": ["id,name,organization,time_zone", "desk-a,A,org-a,Etc/UTC", "desk-b,B,org-b,Etc/UTC"],
}  # fmt: skip


def table(sheet: str, *lines: str) -> RawTable:
    cells = list(csv.reader(lines))
    return RawTable(sheet, f"{sheet}.csv", cells[0], list(enumerate(cells[1:], 2)))


def checked(known: dict[str, dict[str, dict[str, str]]] | None = None, **sheets: list[str]) -> CheckedRoster:
    return check([table(sheet, *lines) for sheet, lines in (GOOD | sheets).items()], known or {})


def found(result: CheckedRoster) -> list[tuple[str, int | None, str | None, str]]:
    return [(each.file, each.row, each.column, each.message_id) for each in result.errors]


def only(sheet: str, row: int, column: str | None, message_id: str) -> list[tuple[str, int | None, str | None, str]]:
    return [(f"{sheet}.csv", row, column, f"roster.{message_id}")]


# the document


def documented(sheet: str) -> dict[str, bool]:
    """Columns of the sheet's section, and whether they are marked as required."""
    section = re.split(rf"^## {sheet}$", DOCUMENT, flags=re.MULTILINE)[1].split("\n## ")[0]
    return {name: bool(star) for name, star in re.findall(r"^\| `(\w+)`( \*)? \|", section, flags=re.MULTILINE)}


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_column_is_documented(sheet: str) -> None:
    common = documented("Rules for all sheets")
    assert set(common) == {"since", "until", "source", "as_of"}
    own = documented(sheet)
    assert {*own, *common} == set(SHEETS[sheet].columns)
    assert {column for column, required in own.items() if required} == set(SHEETS[sheet].required)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_word_and_reference_is_documented(sheet: str) -> None:
    section = re.split(rf"^## {sheet}$", DOCUMENT, flags=re.MULTILINE)[1].split("\n## ")[0]
    lines = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
    for column, target in SHEETS[sheet].references.items():
        assert f"→ {target}" in lines[column]
    for column, info in SHEETS[sheet].model.model_fields.items():
        words = list(getattr(info.annotation, "__members__", {}).values())
        assert column in lines or not words
        assert all(f"`{word}`" in lines[column] for word in words)


def test_the_examples_of_the_document_are_a_roster() -> None:
    blocks = re.findall(r"^## (\w+)$.*?^```csv\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
    assert [sheet for sheet, _ in blocks] == list(SHEETS)
    result = check([table(sheet, *block.splitlines()) for sheet, block in blocks], {})
    assert result.errors == []
    assert all(result.rows.values())


# the planted errors

PLANTED = {
    "jurisdictions": [
        "id,name,kind,within",
        "GB,United Kingdom,country,",
        "GB-ZZZ,Nowhere,nation,GB",  # 1 not in ISO 3166-2
        "XX-1,Elsewhere,area,",  # 2 no such country
        "GB-A,A,area,GB-B",
        "GB-B,B,area,GB-A",  # 3 a circle
    ],
    "organizations": [
        "id,name,kind,jurisdictions,website,colour",  # 4 unknown column
        "org-a,A,cso,GB,,",
        "org-a,A again,cso,GB,,",  # 5 duplicate id
        "Org B,B,cso,GB,,",  # 6 bad id
        "org-c,C,polise,GB,,",  # 7 no such kind
        "org-d,D,cso,GB,htp://x,",  # 8 bad web address
    ],
    "task_forces": ["id,name,jurisdiction", "tf,Task force,GB"],  # 9 missing column level
    "services": [
        "id,name,organization,service_type,jurisdictions,languages,capacity_as_of",
        "srv-1,One,org-a,support,GB,klingon,",  # 10 bad language
        "srv-2,Two,org-a,support,GB,en,31/01/2026",  # 11 bad date
        "srv-3,Three,org-x,support,GB,en,",  # 12 unknown reference
    ],
    "service_types": ["id,name,since,until", "support,Support,2026-02-01,2026-01-01"],  # 13 ends before it begins
    "contact_points": [
        "id,name,organization,time_zone,hours,holidays",
        "desk-a,A,org-a,Europe/Londn,,",  # 14 bad time zone
        "desk-b,B,org-a,Europe/London,9 to 5,",  # 15 bad hours
        "desk-c,C,org-a,Europe/London,,GB-XYZ",  # 16 bad holidays
    ],
    "holders": [
        "id,contact_point,role,since,until",
        "hold-1,desk-a,primary,2026-01-01,",
        "hold-2,desk-a,primary,2026-06-01,",  # 17 two primary holders
    ],
    "channels": [
        "id,contact_point,kind,address,via",
        "chan-1,desk-a,phone,+44 123,",  # 18 bad phone
        "chan-2,desk-a,email,nobody@nowhere,",  # 19 bad e-mail address
        "chan-3,desk-a,web-form,http://forms.example.org,",  # 20 not https
        "chan-4,desk-a,relay,,",  # 21 relay without via
    ],
    "pathways": [
        "id,name,from_kind,from_organization,to_organization,service_types,basis,decide_within",
        "path-1,One,police,org-c,org-a,support,sop,",  # 22 two beginnings
        "path-2,Two,police,,org-a,support,sop,5 days",  # 23 bad duration
    ],
    "chanels": ["id", "chan-9"],  # 24 no such sheet
}

EXPECTED = [
    ("jurisdictions.csv", 3, "id", "GB-ZZZ", "roster.bad-subdivision"),
    ("jurisdictions.csv", 4, "id", "XX-1", "roster.bad-country"),
    ("jurisdictions.csv", 6, "within", "GB-A", "roster.cycle"),
    ("organizations.csv", 1, "colour", "colour", "roster.unknown-column"),
    ("organizations.csv", 3, "id", "org-a", "roster.duplicate-id"),
    ("organizations.csv", 4, "id", "Org B", "roster.bad-id"),
    ("organizations.csv", 5, "kind", "polise", "roster.bad-enum"),
    ("organizations.csv", 6, "website", "htp://x", "roster.bad-url"),
    ("task_forces.csv", 1, "level", "", "roster.missing-column"),
    ("service_types.csv", 2, "until", "2026-01-01", "roster.bad-period"),
    ("services.csv", 2, "languages", "klingon", "roster.bad-language"),
    ("services.csv", 3, "capacity_as_of", "31/01/2026", "roster.bad-date"),
    ("services.csv", 4, "organization", "org-x", "roster.unknown-reference"),
    ("contact_points.csv", 2, "time_zone", "Europe/Londn", "roster.bad-time-zone"),
    ("contact_points.csv", 3, "hours", "9 to 5", "roster.bad-hours"),
    ("contact_points.csv", 4, "holidays", "GB-XYZ", "roster.bad-holidays"),
    ("holders.csv", 3, "contact_point", "desk-a", "roster.two-primaries"),
    ("channels.csv", 2, "address", "+44 123", "roster.bad-phone"),
    ("channels.csv", 3, "address", "nobody@nowhere", "roster.bad-email"),
    ("channels.csv", 4, "address", "http://forms.example.org", "roster.insecure-url"),
    ("channels.csv", 5, "via", "", "roster.no-via"),
    ("pathways.csv", 2, "from_kind", "from_organization=org-c; from_kind=police", "roster.pathway-source"),
    ("pathways.csv", 3, "decide_within", "5 days", "roster.bad-duration"),
    ("chanels.csv", None, None, "chanels", "roster.unknown-file"),
]  # fmt: skip


def test_every_planted_error_is_reported_in_its_place_with_a_remedy(tmp_path: Path) -> None:
    for sheet, lines in PLANTED.items():
        (tmp_path / f"{sheet}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("Not a sheet.")
    result = check(read_tables(tmp_path), {})
    seen = [(each.file, each.row, each.column, each.value, each.message_id) for each in result.errors]
    assert seen == EXPECTED
    assert all(each.remedy and each.message for each in result.errors)
    assert not any("{" in each.remedy + each.message for each in result.errors)
    hints = {each.message_id: each.remedy for each in result.errors}
    assert "org-a" in hints["roster.unknown-reference"]
    assert "police" in hints["roster.bad-enum"]
    assert "international" in hints["roster.bad-enum"]
    assert "Europe/London" in hints["roster.bad-time-zone"]
    assert "org-b" in hints["roster.bad-id"]
    assert "channels" in hints["roster.unknown-file"]
    assert "row 2" in next(each.message for each in result.errors if each.message_id == "roster.duplicate-id")
    assert result.errors[0].as_dict() == {
        "file": "jurisdictions.csv",
        "row": 3,
        "column": "id",
        "value": "GB-ZZZ",
        "messageId": "roster.bad-subdivision",
        "message": "GB-ZZZ is not a subdivision code of ISO 3166-2.",
        "remedy": result.errors[0].remedy,
    }


def test_a_good_roster_has_no_errors() -> None:
    result = checked()
    assert result.errors == []
    assert list(result.rows) == list(SHEETS)
    assert [row.id for row in result.rows["organizations"]] == ["org-a", "org-b"]


def test_faulty_rows_are_not_among_the_rows() -> None:
    result = checked(organizations=["id,name,kind,part_of", "org-a,A,cso,", "org-b,B,cso,org-z", "org-c,,cso,"])
    assert [row.id for row in result.rows["organizations"]] == ["org-a"]


def test_a_row_reports_all_its_faults_at_once() -> None:
    line = "org-a,,polise,GB;GB-XYZ;GB-ABC,2026-13-01,ftp://a.example.org,2026-01-01"
    result = checked(organizations=["id,name,kind,jurisdictions,since,website,until", line, "org-b,B,cso,,,,"])
    assert [(column, message_id) for _, _, column, message_id in found(result)] == [
        ("name", "roster.required"),
        ("kind", "roster.bad-enum"),
        ("jurisdictions", "roster.unknown-reference"),
        ("jurisdictions", "roster.unknown-reference"),
        ("website", "roster.bad-url"),
        ("since", "roster.bad-date"),
    ]


def test_rules_of_a_row_are_told_beside_faults_of_its_values() -> None:
    result = checked(channels=["id,contact_point,kind,since,until,rank", "chan,desk-a,phone,2026-01-02,2026-01-01,x"])
    assert [column for _, _, column, _ in found(result)] == ["address", "rank", "until"]


# one mistake, told once


def test_references_to_a_faulty_row_hold() -> None:
    result = checked(organizations=["id,name,kind", "org-a,A,nothing", "org-b,B,police", "Org C,C,cso"],
                     holders=["id,contact_point,role", "holder,desk-a,primary"])  # fmt: skip
    assert [message_id for *_, message_id in found(result)] == ["roster.bad-enum", "roster.bad-id"]


def test_references_to_a_sheet_that_could_not_be_read_are_left_alone() -> None:
    broken = RawTable("organizations", "organizations.csv", [], [], whole=False)
    rest = [table(sheet, *lines) for sheet, lines in GOOD.items() if sheet != "organizations"]
    assert check([broken, *rest], {}).errors == []


def test_a_misspelt_header_is_told_once() -> None:
    result = checked(contact_points=["id,name,organisation,time_zone", "desk-a,A,org-a,Europe/London"])
    assert found(result) == only("contact_points", 1, "organisation", "unknown-column")
    assert result.errors[0].remedy.startswith("Name it organization")


def test_known_ids_are_references_too() -> None:
    lines = ["id,contact_point,role", "holder,desk-z,primary"]
    assert found(checked(holders=lines)) == only("holders", 2, "contact_point", "unknown-reference")
    assert checked({"contact_points": {"desk-z": {}}}, holders=lines).errors == []


# headers and shape


def test_headers_in_any_case_and_with_spaces() -> None:
    result = checked(contact_points=["ID, Name ,ORGANIZATION,Time zone", "desk-a,A,org-a,Europe/London"])
    assert result.errors == []


@pytest.mark.parametrize(
    ("lines", "row", "column", "message_id"),
    [
        (["id,name,kind,name", "org-a,A,cso,B", "org-b,B,cso,B"], 1, "name", "second-column"),
        (["id,name,kind,", "org-a,A,cso,", "org-b,B,cso,x"], 3, None, "unnamed-column"),
        (["id,name,kind", "org-a,A,cso", "org-b,B,cso,GB"], 3, None, "too-many-cells"),
        (["id,name,kind", "org-a,A,cso", "org-b,B"], 3, "kind", "required"),
        (["id,name,kind", "org-a,A,cso", "org-b,B\x07,cso"], 3, "name", "control-character"),
        (["id,name,kind", "org-a,A,cso", "org-b,B\u202egro,cso"], 3, "name", "control-character"),
        (["id,name,kind", "org-a,A,cso", "org-b,B\u200bB,cso"], 3, "name", "control-character"),
        (["id,name,kind", "org-a,A,cso", "org-b,B\u2066B,cso"], 3, "name", "control-character"),
        (["id,name,kind", "org-a,A,cso", f"org-b,{'B' * 501},cso"], 3, "name", "too-long"),
    ],
)
def test_shape(lines: list[str], row: int, column: str | None, message_id: str) -> None:
    assert found(checked(organizations=lines)) == only("organizations", row, column, message_id)


def test_values_are_shown_without_control_characters() -> None:
    result = checked(organizations=["id,name,kind", "org-a,A,\x1b[31mred", "org-b,B,cso"])
    assert "\x1b" not in "".join(str(part) for part in result.errors[0].as_dict().values())
    assert shown("x" * 500) == "x" * 119 + "…"


def test_every_message_is_whole() -> None:
    for message in MESSAGES.values():
        assert message.text.endswith(".")
        assert message.remedy.endswith((".", "?"))


# places


@pytest.mark.parametrize(
    ("code", "kind", "message_id"),
    [
        ("GB", "country", None),
        ("GB-SCT", "nation", None),
        ("GB-GSS-E09000007", "local-authority", None),
        ("US-CA-037", "county", None),
        ("gb", "country", "bad-place"),
        ("GB_SCT", "nation", "bad-place"),
        ("UK", "country", "bad-country"),
        ("UK-GSS-1", "area", "bad-country"),
        ("GB-SCT", "country", "not-a-country"),
        ("GB", "region", "is-a-country"),
        ("GB-GSS-1", "nation", "bad-subdivision"),
    ],
)
def test_places(code: str, kind: str, message_id: str | None) -> None:
    _, _, faults = read_row(JurisdictionRow, {"id": code, "name": "Place", "kind": kind})
    assert [each.message_id for each in faults] == ([f"roster.{message_id}"] if message_id else [])


def test_uk_is_gb() -> None:
    _, _, faults = read_row(JurisdictionRow, {"id": "UK-SCT", "name": "Scotland", "kind": "nation"})
    assert faults[0].remedy == "Did you mean GB-SCT?"


# addresses


@pytest.mark.parametrize(
    ("kind", "address", "region", "kept"),
    [
        ("phone", "+44 20 7946 0123", None, "+442079460123"),
        ("phone", "+44 (0)20 7946 0123", None, "+442079460123"),
        ("phone", "020 7946 0123", "GB", "+442079460123"),
        ("sms", "(202) 555-0123", "US", "+12025550123"),
        ("email", "Desk.One@Example.ORG", None, "Desk.One@example.org"),
        ("secure-email", "desk@mail.example.org", None, "desk@mail.example.org"),
        ("web-form", "https://forms.example.org/start?x=1", None, "https://forms.example.org/start?x=1"),
        ("messenger", "@desk", None, "@desk"),
        ("messenger", "+44 20 7946 0123", None, "+442079460123"),
        ("in-person", "1 High Street", None, "1 High Street"),
    ],
)
def test_addresses(kind: str, address: str, region: str | None, kept: str) -> None:
    cells = {"id": "chan", "contact_point": "desk", "kind": kind, "address": address}
    row, _, faults = read_row(ChannelRow, cells, region)
    assert isinstance(row, ChannelRow)
    assert (row.address, faults) == (kept, [])


@pytest.mark.parametrize(
    ("kind", "address", "message_id"),
    [
        ("phone", "020 7946 0123", "phone-country"),
        ("phone", "442079460123", "phone-country"),
        ("phone", "+44 20 7946 0123 ext. 5", "phone-extension"),
        ("phone", "+999123456", "bad-phone"),
        ("phone", "call us", "bad-phone"),
        ("phone", "", "no-address"),
        ("email", "desk", "bad-email"),
        ("email", "Desk <desk@example.org>", "bad-email"),
        ("email", "a@b@example.org", "bad-email"),
        ("email", "desk@example..org", "bad-email"),
        ("email", "desk @example.org", "bad-email"),
        ("web-form", "http://forms.example.org", "insecure-url"),
        ("web-form", "forms.example.org", "bad-url"),
        ("web-form", "https://user:word@forms.example.org", "bad-url"),
        ("web-form", "https://[::1", "bad-url"),
        ("web-form", "https://forms.example.org:99999/", "bad-url"),
        ("web-form", "javascript:alert(1)", "bad-url"),
        ("messenger", "two words", "bad-messenger"),
        ("relay", "", "no-via"),
    ],
)
def test_bad_addresses(kind: str, address: str, message_id: str) -> None:
    cells = {"id": "chan", "contact_point": "desk", "kind": kind, "address": address}
    row, _, faults = read_row(ChannelRow, cells)
    assert row is None
    assert [each.message_id for each in faults] == [f"roster.{message_id}"]


def test_a_national_number_is_of_the_country_that_the_roster_tells() -> None:
    result = checked(channels=["id,contact_point,kind,address", "chan,desk-a,phone,020 7946 0123"])
    assert result.errors == []
    assert result.rows["channels"][0].model_dump(mode="json")["address"] == "+442079460123"
    two = ["id,name,kind,jurisdictions", "org-a,A,cso,GB;US", "org-b,B,police,GB"]
    us = [*GOOD["jurisdictions"], "US,United States,country,"]
    channel = ["id,contact_point,kind,address", "chan,desk-a,phone,020 7946 0123"]
    result = checked(organizations=two, jurisdictions=us, channels=channel)
    assert found(result) == only("channels", 2, "address", "phone-country")


def test_the_country_comes_from_the_body_above_too() -> None:
    organizations = ["id,name,kind,jurisdictions,part_of", "org-a,A,cso,,org-b", "org-b,B,police,GB,"]
    result = checked(
        organizations=organizations, channels=["id,contact_point,kind,address", "chan,desk-a,phone,020 7946 0123"]
    )
    assert result.errors == []


# other values


@pytest.mark.parametrize("text", ["P5D", "PT4H", "P1W", "P1DT12H", "PT15M", "PT36H"])
def test_durations(text: str) -> None:
    assert isodate.parse_duration(text).total_seconds() > 0
    row, _, faults = read_row(PathwayRow, pathway(from_kind="police", decide_within=text))
    assert isinstance(row, PathwayRow)
    assert (row.decide_within, faults) == (text, [])


@pytest.mark.parametrize(
    "text", ["5 days", "P", "PT", "P0D", "P1M", "P1Y", "-P1D", "P1DT", "p5d", "P99999D", "PT0S", "P1.5D"]
)
def test_bad_durations(text: str) -> None:
    _, _, faults = read_row(PathwayRow, pathway(from_kind="police", decide_within=text))
    assert [each.message_id for each in faults] == ["roster.bad-duration"]


@pytest.mark.parametrize(
    ("sources", "message_id"),
    [
        ({}, "pathway-source"),
        ({"from_kind": "police", "from_role": "member", "task_force": "tf"}, "pathway-source"),
        ({"from_role": "member"}, "pathway-task-force"),
        ({"from_role": "member", "task_force": "tf"}, None),
        ({"from_organization": "org"}, None),
    ],
)
def test_where_a_pathway_starts(sources: dict[str, str], message_id: str | None) -> None:
    _, _, faults = read_row(PathwayRow, pathway(**sources))
    assert [each.message_id for each in faults] == ([f"roster.{message_id}"] if message_id else [])


def pathway(**cells: str) -> dict[str, str]:
    return {"id": "path", "name": "P", "to_organization": "org", "service_types": "support", "basis": "sop", **cells}


SERVICE = {"id": "srv", "name": "S", "organization": "org", "service_type": "support", "jurisdictions": "GB"}


def test_lists_and_languages_are_tidied() -> None:
    row, _, faults = read_row(
        ServiceRow, SERVICE | {"languages": " eng ; EN_gb;;en ", "serves": "Female; female;own-tag"}
    )
    assert isinstance(row, ServiceRow)
    assert (row.languages, row.serves, faults) == (["en", "en-GB"], ["female", "own-tag"], [])


def test_a_required_list_needs_an_item() -> None:
    _, _, faults = read_row(ServiceRow, SERVICE | {"jurisdictions": " ; "})
    assert [(each.column, each.message_id) for each in faults] == [("jurisdictions", "roster.required")]


@pytest.mark.parametrize("text", ["Mo-Fr 09:00-17:00; PH off", "24/7", "Mo-Fr 22:00-06:00"])
def test_hours(text: str) -> None:
    lines = ["id,name,organization,time_zone,hours", f"desk-a,A,org-a,Europe/London,{text}"]
    assert checked(contact_points=lines).errors == []


def test_hours_of_the_sun_are_refused() -> None:
    lines = ["id,name,organization,time_zone,hours", "desk-a,A,org-a,Europe/London,sunrise-sunset"]
    assert found(checked(contact_points=lines)) == only("contact_points", 2, "hours", "sun-hours")


# rows together


@pytest.mark.parametrize("column", ["part_of", "replaced_by"])
def test_circles_of_organizations(column: str) -> None:
    lines = [f"id,name,kind,{column}", "org-a,A,cso,org-b", "org-b,B,cso,org-c", "org-c,C,cso,org-a"]
    result = checked(organizations=lines)
    assert found(result) == only("organizations", 4, column, "cycle")
    assert "org-a > org-b > org-c > org-a" in result.errors[0].message


def test_a_row_that_refers_to_itself_is_a_circle() -> None:
    lines = ["id,name,within", "support,Support,support"]
    assert found(checked(service_types=lines)) == only("service_types", 2, "within", "cycle")


def test_relays_do_not_go_round() -> None:
    lines = ["id,contact_point,kind,via", "relay-a,desk-a,relay,desk-b", "relay-b,desk-b,relay,desk-a"]
    assert found(checked(channels=lines)) == only("channels", 3, "via", "cycle")


def test_a_diamond_is_no_circle_and_long_chains_are_fine() -> None:
    diamond = ["id,name,kind,replaced_by", "org-a,A,cso,org-b;org-c", "org-b,B,cso,org-d", "org-c,C,cso,org-d"]
    assert checked(organizations=[*diamond, "org-d,D,cso,"]).errors == []
    chain = ["id,name,within", "support,S,", *(f"type-{n},T,type-{n - 1}" for n in range(1, 5000)), "type-0,T,support"]
    assert checked(service_types=chain).errors == []


def test_primaries_one_after_the_other() -> None:
    header = "id,contact_point,role,since,until"
    after = [header, "hold-1,desk-a,primary,,2026-01-01", "hold-2,desk-a,primary,2026-01-01,"]
    assert checked(holders=[*after, "hold-3,desk-a,deputy,,", "hold-4,desk-b,primary,,"]).errors == []
    during = [header, "hold-1,desk-a,primary,,", "hold-2,desk-a,primary,2026-01-01,2026-02-01"]
    result = checked(holders=[*during, "hold-3,desk-a,primary,2026-03-01,"])
    assert [(row, message_id) for _, row, _, message_id in found(result)] == [
        (3, "roster.two-primaries"),
        (4, "roster.two-primaries"),
    ]


def test_one_address_once_a_contact_point() -> None:
    header = "id,contact_point,kind,address,until"
    lines = [header, "chan-1,desk-a,phone,+442079460123,", "chan-2,desk-a,phone,020 7946 0123,"]
    result = checked(channels=lines)
    assert found(result) == only("channels", 3, "address", "same-address")
    assert "row 2" in result.errors[0].message
    fine = [
        header,
        "chan-1,desk-a,phone,+442079460123,",
        "chan-2,desk-a,sms,+442079460123,",
        "chan-3,desk-b,phone,+442079460123,",
    ]
    assert checked(channels=fine).errors == []


# models on their own


def test_a_row_comes_back_from_what_is_kept() -> None:
    row = OrganizationRow(id="org-a", name="A", kind="cso", since="2026-01-01", jurisdictions=["GB"])  # type: ignore[arg-type]
    kept = row.model_dump(mode="json")
    assert set(kept) == set(SHEETS["organizations"].columns)
    assert (kept["since"], kept["until"], kept["other_names"], kept["status"]) == ("2026-01-01", None, [], "active")
    assert OrganizationRow.model_validate(kept) == row
    assert row.since == date(2026, 1, 1)


def test_a_refused_row_tells_its_faults() -> None:
    with pytest.raises(ValidationError) as unknown:
        OrganizationRow.model_validate({"id": "org-a", "name": "A", "kind": "cso", "web_site": "x"})
    assert [each.message_id for each in faults_of(unknown.value)] == ["roster.unknown-column"]
    assert faults_of(unknown.value)[0].remedy.startswith("Name it website")
    with pytest.raises(ValidationError) as backwards:
        OrganizationRow.model_validate(
            {"id": "org-a", "name": "A", "kind": "cso", "since": "2026-01-01", "until": "2026-01-01"}
        )
    assert [each.message_id for each in faults_of(backwards.value)] == ["roster.bad-period"]


def test_the_example_is_a_roster() -> None:
    result = check(read_tables(ROOT / "examples" / "uk-nrm"), {})
    assert result.errors == []
    assert len(result.rows["jurisdictions"]) > 400


def test_sheets_come_before_what_refers_to_them() -> None:
    order = list(SHEETS)
    later = [
        (sheet.name, column)
        for sheet in SHEETS.values()
        for column, target in sheet.references.items()
        if order.index(target) > order.index(sheet.name)
    ]
    assert later == [
        ("jurisdictions", "hotline"),
        ("task_forces", "coordinator"),
        ("task_forces", "service_types"),
        ("task_forces", "deputies"),
        ("task_forces", "direct_for"),
        ("memberships", "continuity"),
    ]
