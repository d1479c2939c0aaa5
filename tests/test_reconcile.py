"""A published list against a roster: the stages of matching, abolished bodies, and lists as they come."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.domain.errors import Invalid, Limit
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.reconcile import Body, reconcile
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.lists import MOST_NAMES, read_list
from relaypoint.resolvers.reconcile import against_path, against_stored
from relaypoint.tests.helpers import EXAMPLE, row, tiny_roster, write_folder
from relaypoint.tests.processes import run

OLD = Body("old", ("Westshire County Council",), ended=True, until="2023-04-01", replaced_by=("new",))
NEW = Body("new", ("Westshire Council", "Westshire"))
BODIES = [
    OLD,
    NEW,
    Body("isle", ("The Isle Council",)),
    Body("port", ("City of Port",)),
    Body("kings", ("King's Harbour and Lea Borough Council",)),
    Body("north", ("Newtownmoor Borough Council",)),
]


def how(names: list[str], *bodies: Body) -> dict[str, tuple[str, str]]:
    return {match.name: (match.body.id, match.how) for match in reconcile(names, bodies or BODIES).matched}


@pytest.mark.parametrize(
    ("name", "id", "stage"),
    [
        ("Westshire County Council", "old", "whole"),
        ("Westshire Council", "new", "whole"),
        ("Westshire", "new", "whole"),
        ("Isle Council", "isle", "normalised"),
        ("Port, City of", "port", "normalised"),
        ("Kings Harbour & Lea Borough Council", "kings", "normalised"),
        ("KING’S  HARBOUR AND LEA BOROUGH COUNCIL", "kings", "normalised"),
        ("Westshire District Council", "new", "stripped"),
        ("Port City Council", "port", "stripped"),
        ("Newtonmoor Borough Council", "north", "alike"),
    ],
)
def test_each_stage_matches_what_the_one_before_can_not(name: str, id: str, stage: str) -> None:
    assert how([name]) == {name: (id, stage)}


def test_a_whole_name_is_never_taken_by_a_likeness() -> None:
    """Without the kind of council both would be Westshire."""
    names = ["Westshire District Council", "Westshire Council", "Westshire County Council"]
    assert how(names) == {"Westshire Council": ("new", "whole"), "Westshire County Council": ("old", "whole")}


def test_what_is_unlike_is_new_and_not_guessed() -> None:
    found = reconcile(["Refugee Council", "Eastshire Council", "Council", "Harbour Police"], BODIES)
    assert found.matched == ()
    assert found.new == ("Refugee Council", "Eastshire Council", "Council", "Harbour Police")


def test_north_and_south_are_never_alike() -> None:
    far = Body("far", ("North Westermoreshire and Harbourland District Council",))
    name = "South Westermoreshire and Harbourland District Council"
    assert reconcile([name], [far]).new == (name,)


def test_abolished_bodies_are_named_with_the_successors_that_the_list_lacks() -> None:
    found = reconcile(["Westshire County Council"], BODIES)
    assert [(match.name, [heir.id for heir in heirs]) for match, heirs in found.abolished] == [
        ("Westshire County Council", ["new"])
    ]
    assert [body.id for body in found.lacking] == ["new"]
    assert reconcile(["Westshire County Council", "Westshire Council"], BODIES).lacking == ()


def test_a_successor_that_ended_leads_on_and_a_loop_ends() -> None:
    chain = [
        Body("a", ("Aaa",), True, "2000-01-01", ("b",)),
        Body("b", ("Bbb",), True, "2010-01-01", ("a", "c")),
        Body("c", ("Ccc",)),
    ]
    ((_, heirs),) = reconcile(["Aaa"], chain).abolished
    assert [heir.id for heir in heirs] == ["c"]


def test_names_that_come_twice_and_bodies_that_are_missing_are_told() -> None:
    found = reconcile(["Isle Council", " Isle Council ", ""], BODIES, ["isle", "port", "old"])
    assert found.twice == ("Isle Council",)
    assert [body.id for body in found.unlisted] == ["port"], "what has ended is not expected"


_words = ["Westshire", "Isle", "Port", "Council", "County", "Borough", "Moor", "&", "The"]
_names = st.lists(st.sampled_from(_words), max_size=4).map(" ".join)


@given(st.lists(_names, max_size=8), st.lists(_names, max_size=8))
def test_every_name_is_matched_once_or_new_and_no_body_twice(wanted: list[str], known: list[str]) -> None:
    bodies = [Body(f"b{number}", (name,)) for number, name in enumerate(known) if name.strip()]
    found = reconcile(wanted, bodies)
    names = {name.strip() for name in wanted if name.strip()}
    assert {match.name for match in found.matched} | set(found.new) == names
    assert not {match.name for match in found.matched} & set(found.new)
    ids = [match.body.id for match in found.matched]
    assert len(ids) == len(set(ids))


# lists as they come


def test_a_list_is_read_in_each_form(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffÎle Council\r\n\r\n Port \r\n".encode())
    (tmp_path / "b.txt").write_bytes("Île Council\nPort\n".encode("cp1252"))
    (tmp_path / "c.csv").write_text("id;Name\n1;Île Council\n2;Port\n")
    (tmp_path / "d.csv").write_text("Organisation,Since\nÎle Council,2020\nPort,\n")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (("Notes", "Name"), ("x", "Île Council"), (None, "Port")):
        sheet.append(cells)
    book.save(tmp_path / "e.xlsx")
    for path in sorted(tmp_path.iterdir()):
        assert read_list(path) == ["Île Council", "Port"], path


def test_what_is_no_list_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,place\n1,x\n")
    (tmp_path / "b.txt").write_bytes(b"a\x00b")
    (tmp_path / "c.xlsx").write_text("no workbook")
    for name in ("a.csv", "b.txt", "c.xlsx", "missing.txt", "."):
        with pytest.raises(Invalid) as refused:
            read_list(tmp_path / name)
        assert refused.value.remedy, name
    (tmp_path / "d.txt").write_text("x\n" * (MOST_NAMES + 1))
    with pytest.raises(Limit):
        read_list(tmp_path / "d.txt")


def test_of_two_lists_what_came_and_what_went(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("Isle Council\nPort\nMoor\n")
    found = against_path(["Isle Council", "Port ", "Harbour"], tmp_path / "old.txt", "2026-01-01")
    assert (found.new, [body.id for body in found.unlisted]) == (("Harbour",), ["Moor"])


async def test_the_stored_roster_and_the_same_on_disk_give_the_same(backend: Backend, tmp_path: Path) -> None:
    names = ["Example Former Shelter", "Example Police", "example line", "Exampel Police Unit", "Nobody"]
    stored = await against_stored(OPERATOR, backend, names, role="support-provider")
    assert {match.name: match.how for match in stored.matched} == {
        "Example Former Shelter": "whole",
        "Example Police": "whole",
        "example line": "normalised",
        "Exampel Police Unit": "alike",
    }
    assert [[heir.id for heir in heirs] for _, heirs in stored.abolished] == [["example-shelter"]]
    assert [body.id for body in stored.lacking] == ["example-shelter"]
    assert [body.id for body in stored.unlisted] == ["example-shelter"]
    folder = write_folder(tmp_path / "roster", tiny_roster())
    assert against_path(names, folder, "2026-03-03", "support-provider") == stored
    with pytest.raises(Limit):
        await against_stored(OPERATOR, backend, ["x"] * (MOST_NAMES + 1))


def test_the_command_compares_with_the_store_and_with_a_path(embedded_url: str, tmp_path: Path) -> None:
    settings = {"RELAYPOINT_STORE": embedded_url, "RELAYPOINT_NOW": "2026-03-03T10:00:00Z"}
    folder = write_folder(tmp_path / "roster", tiny_roster())
    assert run(settings, "import", str(folder)).returncode == 0
    (tmp_path / "list.txt").write_text("Example Former Shelter\nExample Police\n")
    stored = run(settings, "reconcile", str(tmp_path / "list.txt"), "--json")
    on_disk = run(settings, "reconcile", str(tmp_path / "list.txt"), "--against", str(folder), "--json")
    assert (stored.returncode, on_disk.returncode) == (1, 1)
    assert json.loads(stored.stdout) == json.loads(on_disk.stdout)
    told = run(settings, "reconcile", str(tmp_path / "list.txt"))
    assert "Successors that the list lacks (1)" in told.stdout
    (tmp_path / "good.txt").write_text("Example Police\n")
    assert run(settings, "reconcile", str(tmp_path / "good.txt")).returncode == 0
    broken = tiny_roster()
    row(broken, "organizations", "example-police")["kind"] = "nothing"
    wrong = write_folder(tmp_path / "wrong", broken)
    refused = run(settings, "reconcile", str(tmp_path / "list.txt"), "--against", str(wrong))
    assert (refused.returncode, "errors" in refused.stderr) == (2, True)


def test_the_example_names_every_body_of_its_own_list(tmp_path: Path) -> None:
    """Each designated body of the example is found by its own name, those that have ended with who came after."""
    import csv

    with open(EXAMPLE / "organizations.csv", encoding="utf-8") as file:
        rows = {each["id"]: each for each in csv.DictReader(file)}
    with open(EXAMPLE / "memberships.csv", encoding="utf-8") as file:
        designated = [each["organization"] for each in csv.DictReader(file) if each["role"] == "first-responder"]
    names = [rows[id]["name"] for id in designated]
    found = against_path(names, EXAMPLE, "2026-11-24")
    assert (found.new, {match.how for match in found.matched}) == ((), {"whole"})
    assert {match.body.id for match, _ in found.abolished} == {id for id in designated if rows[id]["until"]}
    assert all(heirs for _, heirs in found.abolished)
