from __future__ import annotations

from pathlib import Path

from relaypoint.docs.check_links import dead_links


def test_says_where_and_why(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# A `good` guide!\n\n## Twice\n\n## Twice\n")
    (tmp_path / "README.md").write_text(
        "[ok](docs/guide.md#a-good-guide) [ok](docs/guide.md#twice-1) [ok](https://example.org/x) [ok](#here)\n"
        "[gone](docs/none.md) and `[code](not-a-link.md)`\n"
        "```\n[fenced](none.md)\n```\n"
        "[lost](docs/guide.md#chapter)\n"
        "[out](../elsewhere.md)\n"
        "[late]: late.md\n"
        "## Here\n"
    )
    assert dead_links(tmp_path) == [
        "README.md:2: docs/none.md: no such file",
        "README.md:6: docs/guide.md#chapter: no such heading",
        "README.md:7: ../elsewhere.md: leads out of the project",
        "README.md:8: late.md: no such file",
    ]


def test_leaves_made_folders_out(tmp_path: Path) -> None:
    for folder in (".venv", "build"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "page.md").write_text("[gone](none.md)\n")
    assert dead_links(tmp_path) == []
