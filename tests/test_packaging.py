"""The package list in pyproject.toml is written by hand, since the root itself is the package. It must not lag."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: Folders at the root that are not part of the installed package.
NOT_SHIPPED = {"bench", "build", "dist", "docs", "examples", "tests"}


def folders_with_code() -> list[Path]:
    """Every folder of the package, the root first, as paths below it."""
    found = {Path()}
    for top in ROOT.iterdir():
        if top.is_dir() and not top.name.startswith((".", "__")) and top.name not in NOT_SHIPPED:
            found |= {module.parent.relative_to(ROOT) for module in top.rglob("*.py")}
    return sorted(found)


def data_files() -> set[str]:
    kinds = {".cypher", ".graphql", ".typed", ".po", ".html", ".txt", ".subject"}
    return {
        str(file.relative_to(ROOT))
        for folder in folders_with_code()
        for file in ((ROOT / folder).rglob("*") if folder.parts else ROOT.glob("*"))
        if file.suffix in kinds or file.name == "py.typed"
    }


def test_package_list_names_every_folder() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert settings["package-dir"] == {"relaypoint": "."}
    assert sorted(settings["packages"]) == sorted(".".join(("relaypoint", *f.parts)) for f in folders_with_code())


def test_every_folder_is_a_package() -> None:
    assert [str(folder) for folder in folders_with_code() if not (ROOT / folder / "__init__.py").exists()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from a copy of what git would check out here."""
    copy = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(source.read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(out), str(copy)], check=True, capture_output=True, text=True)
    (built,) = out.glob("relaypoint-*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_wheel_carries_code_and_data(wheel: set[str]) -> None:
    expected = {f"relaypoint/{name}" for name in data_files()}
    expected |= {
        f"relaypoint/{module.relative_to(ROOT)}"
        for folder in folders_with_code()
        for module in (ROOT / folder).glob("*.py")
    }
    for kind in (".cypher", ".po", ".html", ".txt", ".subject"):
        assert any(name.endswith(kind) for name in expected), kind
    assert expected - wheel == set()


def test_wheel_claims_no_other_name(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"relaypoint"}
    assert not any(name.startswith(("relaypoint/tests", "relaypoint/bench", "relaypoint/examples")) for name in wheel)
