"""The committed SDL of the operational schema: ``python -m relaypoint.schema.sdl`` writes it, ``--check`` compares."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from relaypoint.schema.operational import schema

FILE = Path(__file__).with_name("operational.graphql")


def main(arguments: list[str]) -> int:
    """0 where the file says what the program does; 1, with the difference, where it does not."""
    present = schema.as_str().rstrip() + "\n"
    if "--check" not in arguments:
        FILE.write_text(present, encoding="utf-8")
        return 0
    committed = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    difference = difflib.unified_diff(committed.splitlines(), present.splitlines(), "committed", "present", lineterm="")
    lines = list(difference)
    print("\n".join(lines) or f"{FILE.name} is current.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
