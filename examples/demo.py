"""The main job on the embedded store, step by step: the commands are the real ones, and can be typed by hand.

A night in Wales: a caseworker of Migrant Help, a charity that is a designated first responder, sits with a woman who
left a house where she was made to work. It is half past eleven. The clock is fixed, so that each run shows the same.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.rule import Rule

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".demo" / "night"
CASE = [
    *("--from", "migrant-help", "--service", "emergency-support", "--place", "GB-WLS", "--language", "vi"),
    *("--priority", "asap", "--for", "adult", "--for", "female", "--for", "domestic-servitude"),
]

console = Console(highlight=False)


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    console.print(
        "\n[bold]relaypoint[/]: who can take a case now, by which channel, and who took over.\n"
        "The roster is the United Kingdom's National Referral Mechanism, from published facts: examples/uk-nrm.\n"
        "The case: an adult woman, domestic servitude, speaks Vietnamese, in Wales, 23 November 2026, 23:30."
    )
    step(
        "1. Load the national roster: checked whole, applied as one write",
        "2026-11-23T23:30:00Z",
        "import",
        "examples/uk-nrm",
    )
    step("2. Who can take her tonight, and why", "2026-11-23T23:30:00Z", "find", *CASE)
    step("3. Send the referral: stored first, then told", "2026-11-23T23:30:00Z", "refer", *CASE)
    step(
        "4. The notification goes out: urgency, a reference and a link, nothing else", "2026-11-23T23:30:05Z", "notify"
    )
    for message in sorted((FOLDER / "spool").glob("*.json")):
        told = json.loads(message.read_text(encoding="utf-8"))
        console.print(f"To: {told['address']}\nSubject: {told['subject']}\n\n{told['body']}", markup=False)
    step("5. Half an hour later: nothing is overdue yet", "2026-11-24T00:00:00Z", "stalled")
    step("6. Nobody answers. Half past two: who has it, since when, whom to turn to", "2026-11-24T02:30:00Z", "stalled")
    step("7. And the coordinator's morning: where this roster has holes", "2026-11-24T08:00:00Z", "gaps")
    console.print(
        "\nMost bodies of this roster publish no contact for trafficking cases. They stand in it with a contact point "
        "and no channel: a true gap, not an empty line.\n"
        "[bold]make serve[/] opens the same roster over GraphQL; [bold]relaypoint --help[/] shows all commands."
    )


def step(title: str, now: str, *command: str) -> None:
    """Runs one command with the clock at ``now`` and shows what it prints. 1 says that something is amiss: expected."""
    console.print()
    console.print(Rule(f"[bold]{title}", align="left"))
    console.print(f"[dim]$ RELAYPOINT_NOW={now} relaypoint {' '.join(command)}[/]", soft_wrap=True)
    environment = {
        **os.environ,
        "RELAYPOINT_STORE": f"file:{FOLDER / 'store'}",
        "RELAYPOINT_SPOOL": str(FOLDER / "spool"),
        "RELAYPOINT_NOW": now,
        "COLUMNS": str(console.width if console.is_terminal else 120),
        "TZ": "Europe/London",
        **({"FORCE_COLOR": "1"} if console.is_terminal else {}),
    }
    done = subprocess.run([sys.executable, "-m", "relaypoint.app", *command], cwd=ROOT, env=environment, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
