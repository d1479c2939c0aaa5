"""Importing and exporting the roster, on each engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from relaypoint.domain.errors import Conflict, NoChannel, NotFound
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Operation, Row, Step, Store
from relaypoint.resolvers import referrals, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.roster import export_roster, import_roster
from relaypoint.resolvers.tables import read_tables, write_tables
from relaypoint.tests.helpers import (
    EXAMPLE,
    Roster,
    Through,
    broken_roster_link,
    dump,
    imported,
    make_backend,
    member,
    row,
    tables,
    tiny_roster,
    write_folder,
)
from relaypoint.tests.processes import run


async def test_importing_again_changes_nothing(backend: Backend) -> None:
    before = await dump(backend.store)
    again = await imported(backend)
    assert (again.applied, again.changes) == (False, [])
    assert await dump(backend.store) == before


async def test_an_import_is_recorded_in_a_whole_chain(backend: Backend) -> None:
    events = await backend.store.read("roster_events")
    assert len(events) == sum(len(rows) for rows in tiny_roster().values())
    assert await broken_roster_link(backend.store) is None


@pytest.mark.parametrize("name", ["roster", "roster.xlsx"])
async def test_importing_an_export_changes_nothing(backend: Backend, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_tables(path, await export_roster(OPERATOR, backend))
    done = await import_roster(OPERATOR, backend, read_tables(path))
    assert done.errors == []
    assert done.changes == []
    assert done.rows == sum(len(rows) for rows in tiny_roster().values())


async def test_a_dry_run_tells_and_changes_nothing(store: Store) -> None:
    backend = make_backend(store)
    before = await dump(store)
    done = await import_roster(OPERATOR, backend, tables(tiny_roster()), dry_run=True)
    assert len(done.changes) == done.rows > 0
    assert not done.applied
    assert await dump(store) == before


async def test_what_differs_is_added_changed_or_ended(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "organizations", "example-shelter")["name"] = "Example Refuge"
    row(roster, "contact_points", "unit-desk")["until"] = "2026-06-01"
    roster["channels"].append(
        {"id": "unit-phone", "contact_point": "unit-desk", "kind": "phone", "address": "+442079460109"}
    )
    done = await imported(backend, roster)
    assert {(change.kind, change.id, change.columns) for change in done.changes} == {
        ("changed", "example-shelter", ("name",)),
        ("ended", "unit-desk", ("until",)),
        ("added", "unit-phone", ()),
    }
    assert await broken_roster_link(backend.store) is None


async def test_references_are_laid_anew(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "services", "shelter-beds")["jurisdictions"] = "GB-X-SOUTH"
    row(roster, "task_forces", "example-force-north")["coordinator"] = "unit-desk"
    await imported(backend, roster)
    exported = await export_roster(OPERATOR, backend)
    assert next(s for s in exported["services"] if s["id"] == "shelter-beds")["jurisdictions"] == ["GB-X-SOUTH"]
    north = next(each for each in exported["task_forces"] if each["id"] == "example-force-north")
    assert north["coordinator"] == "unit-desk"


async def test_with_any_error_nothing_is_applied(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "organizations", "example-shelter")["name"] = "Example Refuge"
    row(roster, "channels", "line-phone")["address"] = "12"
    before = await dump(backend.store)
    done = await import_roster(OPERATOR, backend, tables(roster))
    assert [(error.file, error.column, error.value) for error in done.errors] == [("channels.csv", "address", "12")]
    assert done.errors[0].remedy
    assert await dump(backend.store) == before


async def test_of_two_imports_at_once_one_is_told(backend: Backend) -> None:
    async def attempt(name: str) -> str:
        roster = tiny_roster()
        row(roster, "organizations", "example-shelter")["name"] = name
        try:
            await import_roster(OPERATOR, backend, tables(roster))
        except Conflict:
            return "told"
        return name

    class Slow(Through):
        """Both have read before either writes."""

        async def write(self, steps: object, operation: object = None) -> list[list[Row]]:
            waiting.set_result(None) if not waiting.done() else None
            await asyncio.sleep(0.2)
            return await self.inner.write(steps, operation)  # type: ignore[arg-type]

    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    backend = Backend(Slow(backend.store), backend.clock, backend.vault)
    outcomes = await asyncio.gather(attempt("One"), attempt("Two"))
    assert outcomes.count("told") == 1
    names = {each["name"] for each in (await export_roster(OPERATOR, backend))["organizations"]}
    assert names & {"One", "Two"} == set(outcomes) - {"told"}


class Changing(Through):
    """Between the decision and the write the roster changes: by what ``change`` makes of it the next time."""

    def __init__(self, inner: Store, backend: Backend, change: Callable[[Roster, int], None]) -> None:
        super().__init__(inner)
        self.backend, self.change, self.times = backend, change, 0

    async def write(self, steps: object, operation: object = None) -> list[list[Row]]:
        if operation is not None:
            roster = tiny_roster()
            self.times += 1
            self.change(roster, self.times)
            await imported(Backend(self.inner, self.backend.clock, self.backend.vault), roster)
        return await self.inner.write(steps, operation)  # type: ignore[arg-type]


def meanwhile(backend: Backend, change: Callable[[Roster, int], None]) -> Backend:
    return Backend(Changing(backend.store, backend, change), backend.clock, backend.vault)


async def test_a_referral_rests_on_the_roster_as_it_is_when_it_is_written(backend: Backend) -> None:
    need = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))

    def dies(roster: Roster, _: int) -> None:
        row(roster, "channels", "shelter-mail")["state"] = "dead"

    sent = await sending.refer(OPERATOR, meanwhile(backend, dies), need, to="shelter-desk")
    assert {use.channel.id: use.barred for use in sent.channels}["shelter-mail"] == "dead"
    assert len(await referrals.referrals(OPERATOR, backend)) == 1


async def test_a_contact_point_that_closed_meanwhile_is_not_referred_to(backend: Backend) -> None:
    need = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))

    def closes(roster: Roster, _: int) -> None:
        row(roster, "contact_points", "shelter-desk")["presence"] = "closed"

    with pytest.raises(NoChannel) as closed:
        await sending.refer(OPERATOR, meanwhile(backend, closes), need, to="shelter-desk")
    assert (closed.value.message_id, closed.value.path) == ("refer.excluded", ("to",))
    assert "closed for now" in closed.value.message
    assert await referrals.referrals(OPERATOR, backend) == []


async def test_where_the_roster_never_rests_nothing_is_sent(backend: Backend) -> None:
    need = NeedInput(from_organization="example-unit", service="housing", place="GB-X-NORTH", tags=("female",))

    def renames(roster: Roster, times: int) -> None:
        row(roster, "contact_points", "line-desk")["name"] = f"Line {times}"

    with pytest.raises(Conflict) as told:
        await sending.refer(OPERATOR, meanwhile(backend, renames), need, to="shelter-desk")
    assert told.value.message_id == "refer.changed"
    assert await referrals.referrals(OPERATOR, backend) == []


async def versions(store: Store) -> dict[str, int]:
    found = await store.read("contact_points_page", after=None, limit=200)
    return {row["node"]["id"]: row["node"]["version"] for row in found}


@pytest.mark.parametrize(
    ("sheet", "id", "column", "value", "bumped"),
    [
        ("channels", "shelter-phone", "address", "+442079460108", {"shelter-desk"}),
        ("channels", "shelter-phone", "contact_point", "shelter-night-desk", {"shelter-desk", "shelter-night-desk"}),
        ("holders", "shelter-second", "until", "2026-06-01", {"shelter-desk"}),
        ("absences", "second-in-august", "until", "2026-09-01", {"shelter-desk"}),
        ("services", "shelter-beds", "capacity", "full", {"shelter-desk", "shelter-night-desk"}),
        ("services", "line-advice", "organization", "example-unit", {"line-desk", "unit-desk"}),
        ("organizations", "example-line", "status", "suspended", {"line-desk"}),
        ("contact_points", "unit-desk", "hours", "24/7", {"unit-desk"}),
        ("jurisdictions", "GB-X-NORTH", "name", "Example Far North", set()),
        ("guidance", "desk-rules", "version", "2", set()),
    ],
)
async def test_what_a_contact_point_rests_on_changes_its_version(
    backend: Backend, sheet: str, id: str, column: str, value: str, bumped: set[str]
) -> None:
    before = await versions(backend.store)
    assert set(before.values()) == {1}
    roster = tiny_roster()
    row(roster, sheet, id)[column] = value
    done = await imported(backend, roster)
    assert [(change.sheet, change.id, change.columns) for change in done.changes] == [(sheet, id, (column,))]
    after = await versions(backend.store)
    assert {id for id in after if after[id] != before[id]} == bumped
    assert {after[id] for id in bumped} <= {2}


async def test_a_change_of_who_stands_in_changes_the_contact_points_version(backend: Backend) -> None:
    roster = tiny_roster()
    roster["holders"].append({"id": "line-first", "contact_point": "line-desk", "role": "primary"})
    row(roster, "absences", "second-in-august")["stand_in"] = "line-first"
    await imported(backend, roster)
    before = await versions(backend.store)
    row(roster, "holders", "line-first")["until"] = "2026-08-05"
    await imported(backend, roster)
    after = await versions(backend.store)
    assert {id for id in after if after[id] != before[id]} == {"shelter-desk", "line-desk"}


async def test_a_value_that_is_taken_out_goes(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "contact_points", "shelter-desk").update(hours="", holidays="", languages="", service_types="")
    row(roster, "channels", "shelter-relay").update(kind="in-person", via="")
    row(roster, "jurisdictions", "GB")["hotline"] = ""
    done = await imported(backend, roster)
    assert {change.id for change in done.changes} == {"shelter-desk", "shelter-relay", "GB"}
    exported = await export_roster(OPERATOR, backend)
    desk = next(each for each in exported["contact_points"] if each["id"] == "shelter-desk")
    assert (desk["hours"], desk["holidays"], desk["languages"], desk["service_types"]) == (None, None, [], [])
    lines = await dump(backend.store)
    assert not [line for line in lines if "-HANDLES->" in line and line.startswith("ContactPoint shelter-desk")]
    assert not [line for line in lines if "-VIA->" in line or "-HOTLINE->" in line]
    assert not any(
        '"hours"' in line for line in lines if line.startswith("ContactPoint {") and '"shelter-desk"' in line
    )
    # And back again: the store is then what it was, but for versions and events.
    await imported(backend)
    assert (await imported(backend)).changes == []
    assert await broken_roster_link(backend.store) is None


async def test_rows_that_are_left_out_stay(backend: Backend) -> None:
    only = {"organizations": [{**row(tiny_roster(), "organizations", "example-line"), "name": "Example Phone Line"}]}
    before = await export_roster(OPERATOR, backend)
    done = await imported(backend, only)
    assert [(change.id, change.columns) for change in done.changes] == [("example-line", ("name",))]
    after = await export_roster(OPERATOR, backend)
    assert {sheet: len(rows) for sheet, rows in after.items()} == {sheet: len(rows) for sheet, rows in before.items()}
    assert after["channels"] == before["channels"]


async def test_a_tampered_roster_is_found(backend: Backend) -> None:
    (third,) = [r["event"] for r in await backend.store.read("roster_events") if r["event"]["sequence"] == 3]
    assert await broken_roster_link(backend.store) is None
    await backend.store.apply([f"MATCH ()-[e:RECORDED {{id: '{third['id']}'}}]->() SET e.actor = 'operator:other'"])
    assert await broken_roster_link(backend.store) == 3
    await backend.store.apply([f"MATCH ()-[e:RECORDED {{id: '{third['id']}'}}]->() SET e.actor = 'operator'"])
    assert await broken_roster_link(backend.store) is None
    last = sum(len(rows) for rows in tiny_roster().values())
    await backend.store.apply([f"MATCH (e:Event {{id: 'roster.{last}'}}) DETACH DELETE e"])
    assert await broken_roster_link(backend.store) == last


class Between(Through):
    """Runs imports between the reads of a roster: each changes an organization and the desk of another sheet."""

    def __init__(self, inner: Store, times: int) -> None:
        super().__init__(inner)
        self.times = times

    async def read(self, statement: str, /, **parameters: object) -> list[Row]:
        rows = await self.inner.read(statement, **parameters)
        if statement == "organizations_list" and self.times:
            self.times -= 1
            roster = tiny_roster()
            for sheet, id in (("organizations", "example-line"), ("contact_points", "line-desk")):
                row(roster, sheet, id)["name"] = f"Name {self.times}"
            await imported(make_backend(self.inner), roster)
        return rows


async def test_an_export_beside_an_import_is_of_one_moment(backend: Backend) -> None:
    exported = await export_roster(OPERATOR, make_backend(Between(backend.store, 2)))
    names = {
        each["name"] for sheet in exported.values() for each in sheet if each["id"] in ("example-line", "line-desk")
    }
    assert names == {"Name 0"}


async def test_a_roster_that_never_rests_is_told(backend: Backend) -> None:
    with pytest.raises(Conflict) as told:
        await export_roster(OPERATOR, make_backend(Between(backend.store, 1000)))
    assert told.value.message_id == "roster.busy"


async def test_only_the_operator_changes_or_exports_the_roster(backend: Backend) -> None:
    with pytest.raises(NotFound):
        await import_roster(member("example-shelter"), backend, [])
    with pytest.raises(NotFound):
        await export_roster(member("example-shelter"), backend)


async def test_the_real_example_goes_in_and_comes_out_the_same(store: Store, tmp_path: Path) -> None:
    backend = make_backend(store)
    first = await import_roster(OPERATOR, backend, read_tables(EXAMPLE))
    assert first.errors == []
    assert {change.kind for change in first.changes} == {"added"}
    write_tables(tmp_path / "out", await export_roster(OPERATOR, backend))
    again = await import_roster(OPERATOR, backend, read_tables(tmp_path / "out"))
    assert (again.errors, again.changes, again.rows) == ([], [], first.rows)


PLANTED = {  # file, row, column: what to plant
    ("jurisdictions.csv", 3, "within"): "GB-NOWHERE",
    ("jurisdictions.csv", 4, "kind"): "kingdom",
    ("organizations.csv", 2, "kind"): "polise",
    ("organizations.csv", 3, "part_of"): "example-polise",
    ("organizations.csv", 4, "website"): "shelter",
    ("organizations.csv", 5, "until"): "31.12.2026",
    ("task_forces.csv", 2, "level"): "federal",
    ("task_forces.csv", 3, "coordinator"): "line-desc",
    ("memberships.csv", 2, "role"): "First Responder!",
    ("memberships.csv", 3, "organization"): "nobody",
    ("service_types.csv", 2, "access"): "open",
    ("services.csv", 2, "languages"): "en;klingonese",
    ("services.csv", 3, "capacity"): "plenty",
    ("services.csv", 4, "service_type"): "beds",
    ("contact_points.csv", 2, "hours"): "from nine to five",
    ("contact_points.csv", 3, "time_zone"): "Europe/Londres",
    ("contact_points.csv", 4, "staffing"): "robots",
    ("channels.csv", 3, "address"): "0",
    ("channels.csv", 7, "address"): "desk.line.example.org",
    ("pathways.csv", 2, "acknowledge_within"): "4 hours",
}


async def test_twenty_planted_errors_are_all_reported_and_nothing_changes(
    store_env: dict[str, str], tmp_path: Path
) -> None:
    settings = {**store_env, "RELAYPOINT_KEY_FILE": str(tmp_path / "key"), "RELAYPOINT_SPOOL": str(tmp_path / "spool")}
    assert run(settings, "import", str(write_folder(tmp_path / "good", tiny_roster()))).returncode == 0
    assert run(settings, "export", str(tmp_path / "before")).returncode == 0
    roster = tiny_roster()
    for (file, line, column), value in PLANTED.items():
        roster[file.removesuffix(".csv")][line - 2][column] = value
    done = run(settings, "import", str(write_folder(tmp_path / "bad", roster)), "--json")
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    errors = json.loads(done.stdout)["errors"]
    found = {(error["file"], error["row"], error["column"]) for error in errors}
    assert len(PLANTED) == 20
    assert found == set(PLANTED)
    assert all(error["remedy"] and error["message"] for error in errors)
    assert run(settings, "export", str(tmp_path / "after")).returncode == 0
    for sheet in sorted((tmp_path / "before").iterdir()):
        assert sheet.read_bytes() == (tmp_path / "after" / sheet.name).read_bytes()


async def test_the_rules_hold_together_with_what_is_stored(backend: Backend) -> None:
    before = await dump(backend.store)
    whole = tiny_roster()
    police = {**row(whole, "organizations", "example-police"), "part_of": "example-unit"}
    holder = {**row(whole, "holders", "shelter-first"), "id": "shelter-third"}
    mail = {**row(whole, "channels", "line-mail"), "id": "line-mail-again"}
    desk = {**row(whole, "contact_points", "unit-desk"), "organization": "example-line"}
    for sheet, each, message in (
        ("organizations", police, "roster.cycle"),
        ("holders", holder, "roster.two-primaries"),
        ("channels", mail, "roster.same-address"),
        ("contact_points", desk, "roster.changes-hands"),
    ):
        done = await import_roster(OPERATOR, backend, tables({sheet: [each]}))
        assert [(error.message_id, error.file, error.row) for error in done.errors] == [(message, f"{sheet}.csv", 2)]
        assert not done.applied
    assert await dump(backend.store) == before


async def test_a_column_that_is_left_out_stays_as_it_is(backend: Backend) -> None:
    before = await export_roster(OPERATOR, backend)
    roster = tiny_roster()
    desks = [
        {k: v for k, v in each.items() if k not in ("hours", "jurisdictions")} for each in roster["contact_points"]
    ]
    desks[0] = {**desks[0], "name": "Another name", "languages": ""}
    done = await import_roster(OPERATOR, backend, tables({"contact_points": desks}))
    ((change,), errors) = (done.changes, done.errors)
    assert (errors, change.id, change.columns) == ([], desks[0]["id"], ("name", "languages"))
    after = await export_roster(OPERATOR, backend)
    assert [each["hours"] for each in after["contact_points"]] == [each["hours"] for each in before["contact_points"]]


async def test_what_is_judged_together_counts_the_columns_that_are_left_out(backend: Backend) -> None:
    """A pathway needs one who may use it: that is stored, and not in the file."""
    kept = ("id", "name", "to_organization", "service_types", "basis", "until")
    rows = [
        {k: v for k, v in {**each, "until": "2027-01-01"}.items() if k in kept} for each in tiny_roster()["pathways"]
    ]
    done = await import_roster(OPERATOR, backend, tables({"pathways": rows}))
    assert (done.errors, {change.kind for change in done.changes}) == ([], {"ended"})
    assert {change.columns for change in done.changes} == {("until",)}


async def test_what_an_old_file_reopens_stands_out(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "channels", "line-mail")["until"] = "2026-02-01"
    row(roster, "channels", "line-phone")["until"] = "2027-02-01"
    assert {change.kind for change in (await imported(backend, roster)).changes} == {"ended"}
    old = tiny_roster()
    old["channels"] = [{**each, "until": ""} for each in old["channels"]]
    kinds = {change.id: change.kind for change in (await imported(backend, old)).changes}
    assert kinds == {"line-mail": "reopened", "line-phone": "changed"}


async def test_the_rows_that_a_file_leaves_out_are_counted(backend: Backend) -> None:
    roster = tiny_roster()
    done = await import_roster(
        OPERATOR, backend, tables({"channels": roster["channels"][:2], "holders": roster["holders"]})
    )
    assert done.left == {"channels": len(roster["channels"]) - 2}
    assert (await imported(backend)).left == {}


async def test_a_national_number_is_read_by_the_stored_country(backend: Backend) -> None:
    channel = {**row(tiny_roster(), "channels", "line-phone"), "address": "020 7946 0177"}
    done = await import_roster(OPERATOR, backend, tables({"channels": [channel]}))
    assert done.errors == []
    assert done.changes[0].after["address"] == "+442079460177"


class Lost(Through):
    """A store whose answer to the first write is lost, so that the driver tries it again."""

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        await self.inner.write(steps, operation)
        return await self.inner.write(steps, operation)


async def test_an_import_whose_answer_was_lost_is_done_once(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "organizations", "example-line")["name"] = "Other"
    done = await imported(make_backend(Lost(backend.store)), roster)
    assert (done.applied, len(done.changes)) == (True, 1)
    assert (await imported(backend, roster)).changes == []
    assert await broken_roster_link(backend.store) is None
