"""Finds dead links in the project's Markdown: files that aren't there and headings that nobody wrote.

``python docs/check_links.py`` prints one line a dead link, as FILE:LINE: TARGET: WHY, and exits with 1 if there is
one. Links to other sites are left alone: a check must not depend on the network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {"build", "dist", "node_modules"}
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*(?:\"[^\"]*\")?$")
ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages(root: Path) -> list[Path]:
    """Every Markdown file of the project; folders made by tools are left out."""
    found = []
    for page in sorted(root.rglob("*.md")):
        folders = page.relative_to(root).parts[:-1]
        if not any(folder.startswith(".") or folder in SKIPPED for folder in folders):
            found.append(page)
    return found


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines outside code blocks, without code spans."""
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            yield number, line


@cache
def anchors(page: Path) -> frozenset[str]:
    """The fragments that a link into this page may name, as the usual renderers make them from headings."""
    found: set[str] = set()
    for _, line in prose(page):
        found.update(ANCHOR.findall(line))
        if heading := HEADING.match(line):
            text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "").lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            count = 0
            while (numbered := f"{slug}-{count}" if count else slug) in found:
                count += 1
            found.add(numbered)
    return frozenset(found)


def fault(page: Path, target: str, root: Path) -> str:
    """Why a link is dead, or nothing."""
    if ELSEWHERE.match(target) or target.startswith("//"):
        return ""
    path, _, fragment = unquote(target).partition("#")
    there = (root / path.lstrip("/") if path.startswith("/") else page.parent / path) if path else page
    there = there.resolve()
    if not there.is_relative_to(root.resolve()):
        return "leads out of the project"
    if not there.exists():
        return "no such file"
    if fragment and there.suffix == ".md" and fragment.lower() not in anchors(there):
        return "no such heading"
    return ""


def dead_links(root: Path) -> list[str]:
    """One line for each dead link below ``root``."""
    lines = []
    for page in pages(root):
        for number, line in prose(page):
            bare = re.sub(r"`[^`]*`", "", line)
            targets = LINK.findall(bare) + REFERENCE.findall(bare)
            for target in targets:
                if why := fault(page, target, root):
                    lines.append(f"{page.relative_to(root)}:{number}: {target}: {why}")
    return lines


if __name__ == "__main__":
    dead = dead_links(ROOT)
    print("\n".join(dead) if dead else f"links: {len(pages(ROOT))} pages, none dead")
    sys.exit(bool(dead))
