"""The statements, read from ``graph/statements/*.cypher``. The same text runs on every engine.

A file holds one topic. Each statement starts with a line ``// name: NAME``, followed by comment lines that say what
it is for, among them ``// mode: read|write`` and ``// starts: id|open|label``:

id     every pattern starts at a node found by its id
open   it starts at the open work's own relationships, so that its cost grows with what is open
label  it reads a whole kind of node, as a list or an export has to
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Mode = Literal["read", "write"]
Starts = Literal["id", "open", "label"]

_NAME = re.compile(r"^// name: (\w+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    text: str
    mode: Mode
    starts: Starts

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters that the text refers to."""
        return frozenset(re.findall(r"\$(\w+)", self.text))


@cache
def statements() -> dict[str, Statement]:
    """Every statement by its name."""
    found: dict[str, Statement] = {}
    for file in sorted(files(__package__).joinpath("statements").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".cypher"):
            continue
        parts = _NAME.split(file.read_text(encoding="utf-8"))
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            if name in found:
                raise ValueError(f"two statements are named {name}")
            found[name] = _parse(name, body)
    return found


def _parse(name: str, body: str) -> Statement:
    notes = dict(re.findall(r"^// (mode|starts): (\w+)$", body, re.MULTILINE))
    text = "\n".join(line for line in body.splitlines() if line.strip() and not line.startswith("//"))
    if notes.get("mode") not in ("read", "write") or notes.get("starts") not in ("id", "open", "label"):
        raise ValueError(f"statement {name} does not say its mode and where it starts")
    return Statement(name, text, cast(Mode, notes["mode"]), cast(Starts, notes["starts"]))
