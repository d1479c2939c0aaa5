"""Reading and writing rosters: every encoding and line end, damaged and hostile files, and the way there and back."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relaypoint.domain.errors import Invalid, Limit, Problem
from relaypoint.domain.roster import SHEETS
from relaypoint.domain.roster_fields import UNPRINTABLE, trimmed
from relaypoint.resolvers import tables, tables_cells, tables_csv, tables_xlsx
from relaypoint.resolvers.roster_check import check
from relaypoint.resolvers.tables import RawTable, check_target, read_tables, write_tables
from relaypoint.resolvers.tables_cells import guarded, still_guarded, without_quote

CELLS = [(2, ["cafe", "Café “Zoë”", "cso"]), (4, ["other", "Two, names", "police"])]


def organizations(folder: Path, content: bytes | str) -> RawTable:
    data = content.encode() if isinstance(content, str) else content
    (folder / "organizations.csv").write_bytes(data)
    return read_tables(folder)[0]


def told(table: RawTable) -> list[tuple[int | None, str]]:
    return [(each.row, each.message_id) for each in table.errors]


# CSV


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_separators_and_line_ends(tmp_path: Path, encoding: str, separator: str, end: str) -> None:
    rows = [["id", "name", "kind"], ["cafe", "Café “Zoë”", "cso"], [], ["  other ", ' "Two, names"', "police "]]
    table = organizations(tmp_path, end.join(separator.join(row) for row in rows).encode(encoding))
    assert table.errors == ()
    assert (table.header, table.rows) == (["id", "name", "kind"], CELLS)


def test_rows_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    table = organizations(tmp_path, '\n\r\nid,name,kind\r\n\r\na1,"one\r\ntwo\rthree",cso\n,,\nb1,x,cso')
    assert table.header_row == 3
    assert table.rows == [(5, ["a1", "one\ntwo\nthree", "cso"]), (9, ["b1", "x", "cso"])]


def test_a_line_that_names_the_separator(tmp_path: Path) -> None:
    table = organizations(tmp_path, "sep=;\r\nid;name;kind\r\na1;A, B;cso\r\n")
    assert (table.header_row, table.rows) == (2, [(3, ["a1", "A, B", "cso"])])


def test_invisible_spaces_are_trimmed(tmp_path: Path) -> None:
    assert organizations(tmp_path, "id,name\n\u00a0a1\u200b ,\ufeff A\u2003\n").rows == [(2, ["a1", "A"])]


@pytest.mark.parametrize("content", ["", "\n\n", " , ,\n", "\ufeff"])
def test_an_empty_file_is_an_empty_sheet(tmp_path: Path, content: str) -> None:
    table = organizations(tmp_path, content)
    assert (table.header, table.rows, table.errors) == ([], [], ())
    assert check([table], {}).errors == []


@pytest.mark.parametrize(
    ("content", "row", "message_id"),
    [
        (b"id,name\na1,\x00A\n", 2, "binary"),
        ("id,name\na1,Ä\n".encode("utf-16-le"), 1, "binary"),
        (b"PK\x03\x04\x00\x00\xff", 1, "binary"),
        ("id,name\na1,Café\n".encode() + "b1,Café\n".encode("cp1252"), 3, "encoding"),
        ("\ufeffid,name\n".encode() + b"a1,Caf\xe9\n", 2, "encoding"),
        (b"id,name\r\na1,\x81\x8d\r\n", 2, "encoding"),
        (b"\xff\xfei\x00d\x00\x00", None, "encoding"),
        (b"\xff\xfe\x00\xd8a\x00", None, "encoding"),
        (b'id,name\na1,"never closed\nb1,B\n', 2, "bad-csv"),
        (b'id,name\na1,"closed" early\n', 2, "bad-csv"),
        (b"id,name\na1," + b"x" * 200_000 + b"\n", 2, "bad-csv"),
        (b"id,name\na1," + b"x" * 1_000_001 + b"\n", 2, "long-line"),
    ],
)
def test_what_cannot_be_read_is_told_in_its_place(
    tmp_path: Path, content: bytes, row: int | None, message_id: str
) -> None:
    table = organizations(tmp_path, content)
    assert told(table) == [(row, f"roster.{message_id}")]
    assert not table.whole
    assert all(each.remedy and each.file == "organizations.csv" for each in check([table], {}).errors)


def test_other_files_are_read_beside_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "channels.csv").write_bytes(b"\x00")
    (tmp_path / "holders.csv").write_text("id,contact_point,role\nh1,desk,nobody\n")
    errors = check(read_tables(tmp_path), {"contact_points": {"desk": {}}}).errors
    assert [each.file for each in errors] == ["holders.csv", "channels.csv"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200) | st.text(alphabet='id,name;"\n\r\t=x\0é', max_size=80).map(str.encode))
def test_any_bytes_give_a_table_or_errors(tmp_path: Path, content: bytes) -> None:
    table = organizations(tmp_path, content)
    for each in check([table], {}).errors:
        assert each.message
        assert each.remedy


# folders


def test_files_by_name_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "Task forces.CSV").write_text("id\nt1\n")
    (tmp_path / "JURISDICTIONS.csv").write_text("id\nGB\n")
    (tmp_path / ".~lock.channels.csv").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "old.csv").mkdir()
    assert [(each.sheet, each.file) for each in read_tables(tmp_path)] == [
        ("jurisdictions", "JURISDICTIONS.csv"),
        ("task_forces", "Task forces.CSV"),
    ]


def test_unknown_and_second_files_are_told(tmp_path: Path) -> None:
    for name in ("channels", "Channels", "chanels", "budget"):
        (tmp_path / f"{name}.csv").write_text("id\nc1\n")
    told_of = {each.file: table for table in read_tables(tmp_path) for each in table.errors}
    assert {file: table.errors[0].message_id for file, table in told_of.items()} == {
        "budget.csv": "roster.unknown-file",
        "chanels.csv": "roster.unknown-file",
        "channels.csv": "roster.second-file",
    }
    assert told_of["chanels.csv"].errors[0].remedy.startswith("Name it channels")


@pytest.mark.parametrize("name", ["missing", "empty", "one.csv", "old.xls", "bad.xlsx"])
def test_no_roster(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    for file in ("one.csv", "old.xls", "bad.xlsx"):
        (tmp_path / file).write_text("id\n")
    with pytest.raises(Invalid) as refusal:
        read_tables(tmp_path / name)
    assert name in refusal.value.message
    assert refusal.value.remedy


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert len(organizations(tmp_path, "id\na\nb\n").rows) == 2
    with pytest.raises(Limit):
        organizations(tmp_path, "id\na\nb\nc\n")
    monkeypatch.setattr(tables_csv, "MAX_FILE_BYTES", 10)
    assert told(organizations(tmp_path, "id\n" + "a" * 20)) == [(None, "roster.too-large")]


# workbooks


def workbook(path: Path, *rows: list[Any], sheet: str = "organizations") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.create_sheet("Sheet2")
    book.create_sheet("Readme").append(["About this roster"])
    book.save(path)
    return path


def test_cells_of_a_workbook_are_read_as_a_person_would(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "roster.xlsx",
        [],
        ["id", "name", "since"],
        [" a1 ", 5.0, date(2026, 1, 31)],
        [],
        ["b1", True, datetime(2026, 1, 31, 9, 30)],  # noqa: DTZ001 - a cell has no time zone
        ["c1", 0.5, 442079460123],
    )
    (table,) = read_tables(path)
    assert (table.sheet, table.file, table.header_row) == ("organizations", "roster.xlsx#organizations", 2)
    assert table.rows == [
        (3, ["a1", "5", "2026-01-31"]),
        (5, ["b1", "yes", "2026-01-31 09:30:00"]),
        (6, ["c1", "0.5", "442079460123"]),
    ]


def test_formulas_and_cell_errors_are_told_once(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "roster.xlsx",
        ["id", "name", "kind"],
        ["a1", "=1+1", "cso"],
        ["b1", "B", "#REF!"],
        ["c1", "C", "cso"],
    )
    result = check(read_tables(path), {})
    assert [(each.file, each.row, each.column, each.value, each.message_id) for each in result.errors] == [
        ("roster.xlsx#organizations", 2, "name", "=1+1", "roster.formula"),
        ("roster.xlsx#organizations", 3, "kind", "#REF!", "roster.cell-error"),
    ]
    assert [row.id for row in result.rows["organizations"]] == ["c1"]


def test_an_unknown_sheet_is_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "roster.xlsx", ["id"], ["a1"], sheet="Contact points")
    book = openpyxl.load_workbook(path)
    book.create_sheet("Chanels").append(["id"])
    book.save(path)
    points, unknown = read_tables(path)
    assert points.sheet == "contact_points"
    assert [(each.file, each.message_id) for each in unknown.errors] == [("roster.xlsx#Chanels", "roster.unknown-file")]


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "roster.xlsx", ["id"], ["a1"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/nothing.bin", bytes(3_000_000))
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(tables_xlsx, "MAX_UNPACKED_BYTES", 2_000_000)
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(Limit):
        read_tables(path)


def rewritten(path: Path, old: bytes, new: bytes) -> Path:
    """The workbook with bytes of its first sheet replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                assert old in content
                content = content.replace(old, new)
            target.writestr(part.filename, content)
    path.write_bytes(out.getvalue())
    return path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'),
        (b'<row r="2"', b'<row r="99999999999"'),
        (b'<row r="2"', b'<row r="x"'),
        (b"</sheetData>", b""),
        (b"</sheetData>", b'<row r="3"><c r="A3" t="s"><v>999</v></c></row></sheetData>'),
    ],
)
def test_hostile_workbooks_are_refused_in_words(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = rewritten(workbook(tmp_path / "roster.xlsx", ["id"], ["a1"]), old, new)
    with pytest.raises(Problem) as refusal:
        read_tables(path)
    assert refusal.value.remedy


def test_a_workbook_that_lies_about_its_size_is_read_whole(tmp_path: Path) -> None:
    path = workbook(tmp_path / "roster.xlsx", ["id", "name"], ["a1", "A"], ["b1", "B"])
    assert len(read_tables(rewritten(path, b'ref="A1:B3"', b'ref="A1:A2"'))[0].rows) == 2
    assert read_tables(path)[0].rows[1] == (3, ["b1", "B"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, at: float, byte: int, cut: bool) -> None:
    source = tmp_path / "whole.xlsx"
    if not source.exists():
        workbook(source, ["id", "name"], ["a1", "A"])
    content = bytearray(source.read_bytes())
    place = int(at * (len(content) - 1))
    content[place] = byte
    damaged = tmp_path / "roster.xlsx"
    damaged.write_bytes(content[:place] if cut else content)
    said = "read"
    try:
        read_tables(damaged)
    except Problem as refusal:
        said = refusal.remedy
    assert said


# there and back

CELL = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t'=+-@;,\""), max_size=30)
TEXT = CELL.filter(lambda text: not UNPRINTABLE.search(text) and "x005F_" not in text and "_x000D_" not in text)


@pytest.mark.parametrize("name", ["roster", "roster.xlsx"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({"id": TEXT, "text": TEXT, "name": TEXT}), min_size=1, max_size=5))
def test_any_text_comes_back(tmp_path: Path, name: str, rows: list[dict[str, str]]) -> None:
    rows = [row | {"id": f"x{number}{row['id']}"} for number, row in enumerate(rows)]
    write_tables(tmp_path / name, {"guidance": rows})
    (table,) = read_tables(tmp_path / name)
    assert table.errors == ()
    assert table.header == list(SHEETS["guidance"].columns)
    back = [dict(zip(table.header, cells, strict=False)) for _, cells in table.rows]
    for row, cells in zip(rows, back, strict=True):
        assert {column: cells.get(column, "") for column in row} == {key: trimmed(text) for key, text in row.items()}


@given(text=TEXT.map(trimmed))
def test_quotes_come_off_as_they_went_on(text: str) -> None:
    assert without_quote(guarded(text)) == text
    assert without_quote(still_guarded(text)) == text
    assert guarded(text)[:1] not in ("=", "+", "-", "@")


def test_formulas_are_never_written(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "g1", "name": "=1+1", "version": 1, "text": "+442079460123"},
        {"id": "g2", "name": "'@x", "text": "-"},
    ]
    write_tables(tmp_path / "roster", {"guidance": rows})
    written = (tmp_path / "roster" / "guidance.csv").read_text(encoding="utf-8").splitlines()
    assert written[1].startswith("g1,'=1+1,1,,,'+442079460123,")
    assert written[2].startswith("g2,''@x,")
    write_tables(tmp_path / "roster.xlsx", {"guidance": rows})
    page = openpyxl.load_workbook(tmp_path / "roster.xlsx")["guidance"]
    assert [page[cell].value for cell in ("B2", "F2", "B3")] == ["=1+1", "+442079460123", "''@x"]
    assert {cell.data_type for row in page.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}
    for name in ("roster", "roster.xlsx"):
        cells = [row[1] for _, row in read_tables(tmp_path / name)[0].rows]
        assert cells == ["=1+1", "'@x"]


@pytest.mark.parametrize("name", ["roster", "roster.xlsx"])
def test_an_export_of_the_example_is_the_example(tmp_path: Path, name: str) -> None:
    example = check(read_tables(Path(__file__).parent.parent / "examples" / "uk-nrm"), {})
    rows = {sheet: [row.model_dump(mode="json") for row in each] for sheet, each in example.rows.items()}
    write_tables(tmp_path / name, rows)
    again = check(read_tables(tmp_path / name), {})
    assert again.errors == []
    assert again.rows == example.rows
    assert len(read_tables(tmp_path / name)) == len(SHEETS)


def test_a_folder_keeps_its_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "roster"
    write_tables(folder, {"guidance": [], "channels": []})
    (folder / "README.md").write_text("mine")
    write_tables(folder, {"channels": [{"id": "c1"}]})
    assert sorted(each.name for each in folder.iterdir()) == ["README.md", "channels.csv", "guidance.csv"]
    assert [each.name for each in tmp_path.iterdir()] == ["roster"]
    assert [len(each.rows) for each in read_tables(folder)] == [1, 0]


@pytest.mark.parametrize(
    "sheets",
    [
        {"nonsense": []},
        {"channels": [{"colour": "red"}]},
        {"organizations": [{"other_names": ["a;b"]}]},
        {"guidance": [{"text": "a\x00b"}]},
        {"guidance": [{"text": "a\x1bb"}]},
    ],
)
def test_what_cannot_be_read_again_is_not_written(tmp_path: Path, sheets: dict[str, list[dict[str, Any]]]) -> None:
    for name in ("roster", "roster.xlsx"):
        with pytest.raises(Invalid):
            write_tables(tmp_path / name, sheets)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "roster.xlsx"
    write_tables(path, {"channels": [{"id": "c1"}]})
    before = path.read_bytes()
    with pytest.raises(Invalid):
        write_tables(path, {"guidance": [{"text": "x" * 40_000}]})
    with pytest.raises(Invalid):
        write_tables(path / "below", {"channels": []})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables, "write_csv", full)
    with pytest.raises(Invalid, match="No space left"):
        write_tables(tmp_path / "roster", {"channels": []})
    assert [each.name for each in tmp_path.iterdir()] == ["roster.xlsx"]
    assert path.read_bytes() == before


def test_limits_are_as_documented() -> None:
    assert (tables_cells.MAX_FILE_BYTES, tables_xlsx.MAX_UNPACKED_BYTES) == (50 * 2**20, 200 * 2**20)
    assert tables_cells.MAX_ROWS == 200_000


@pytest.mark.parametrize("name", ["roster.pdf", "roster.csv", "roster.xls"])
def test_a_name_that_no_roster_has_is_refused(tmp_path: Path, name: str) -> None:
    for force in (False, True):
        with pytest.raises(Invalid, match="no name for a roster"):
            check_target(tmp_path / name, force)


def test_what_is_there_is_written_over_only_on_demand(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("mine")
    (tmp_path / "book.xlsx").write_text("mine")
    (tmp_path / "empty").mkdir()
    for name, taken in (
        ("folder", True),
        ("book.xlsx", True),
        ("empty", False),
        ("new", False),
        ("2026.11", False),
        ("new.xlsx", False),
    ):
        check_target(tmp_path / name, force=True)
        if taken:
            with pytest.raises(Invalid, match="there already"):
                check_target(tmp_path / name, force=False)
        else:
            check_target(tmp_path / name, force=False)


def test_a_misspelt_file_alone_is_answered_with_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "organisations.csv").write_text("id,name,kind\n")
    for path in (tmp_path, tmp_path / "organisations.csv"):
        with pytest.raises(Invalid) as refused:
            read_tables(path)
        assert "Did you mean organizations?" in refused.value.remedy
