"""The stories of the documentation, run as they stand, step by step, each in one shell."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from relaypoint.tests import loaded
from relaypoint.tests.helpers import ROOT
from relaypoint.tests.processes import door, environment

_BLOCK = re.compile(r"^```(sh|text)(?: exit=(\d))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """The commands, the exit code of the last one, and the lines that they have to show, each somewhere."""

    commands: str
    code: int
    shown: list[str]


def steps(story: str) -> list[Step]:
    found: list[Step] = []
    for kind, code, text in _BLOCK.findall((ROOT / "docs" / story).read_text(encoding="utf-8")):
        if kind == "sh":
            found.append(Step(text, int(code or 0), []))
        else:
            found[-1].shown.extend(text.splitlines())
    return found


def plain(output: str) -> str:
    """Without the lines of tables and with single blanks, so that no width decides."""
    return re.sub(r"[\s│┃]+", " ", output)


@pytest.mark.parametrize("story", ["coordinator.md", "caseworker.md"])
def test_it_goes_as_it_is_written(tmp_path: Path, story: str) -> None:
    shutil.copytree(ROOT / "examples" / "rehearsal", tmp_path / "examples" / "rehearsal")
    day = steps(story)
    assert len(day) > 10
    assert all(step.shown for step in day)
    script = [f"relaypoint() {{ '{sys.executable}' -I -S '{loaded.__file__}' '{door()}' \"$@\"; }}"]
    for number, step in enumerate(day):
        script.append(f'{step.commands}\necho "=== {number} $?"')
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=environment({}) | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,  # It is some sixty commands, each a process of its own; a busy machine takes its time.
    )
    parts = re.split(r"^=== (\d+) (\d+)\n", done.stdout, flags=re.MULTILINE)
    assert "Traceback" not in done.stdout
    outputs = list(zip(parts[0::3], parts[2::3], strict=False))
    assert len(outputs) == len(day)
    for step, (output, code) in zip(day, outputs, strict=True):
        for line in step.shown:
            assert plain(line).strip() in plain(output), f"{step.commands}\n{output}"
        assert int(code) == step.code, f"{step.commands}\n{output}"
