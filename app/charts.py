"""Pages to print: figures as charts and tables, in one file that loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring

import pygal
from pygal.style import Style

from relaypoint.app.console import write_text

_STYLE: Final = Style(
    background="white",
    plot_background="white",
    font_family="sans-serif",
    colors=("#1f5f8b", "#b3541e", "#4b7f52", "#7a5195"),
    label_font_size=13,
    major_label_font_size=13,
    title_font_size=16,
    value_font_size=12,
)
#: ``js`` is empty: a printed page has no tooltips, and none of ours asks another server for a script.
_HOW: Final[dict[str, Any]] = {
    "js": [],
    "disable_xml_declaration": True,
    "style": _STYLE,
    "print_values": True,
    "height": 380,
    "width": 900,
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:1rem/1.4 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}}
table{{border-collapse:collapse;width:100%;margin:1rem 0}}
th,td{{border:1px solid #999;padding:.3rem .5rem;text-align:right}}
th:first-child,td:first-child{{text-align:left}}figure{{margin:1rem 0;break-inside:avoid}}svg{{width:100%;height:auto}}
@media print{{body{{margin:0}}}}</style>
</head><body><h1>{title}</h1><p>{about}</p>{body}</body></html>
"""
#: So many bars a chart has; the table has all.
MOST: Final = 15


def bars(title: str, rows: Sequence[tuple[str, dict[str, float]]]) -> str:
    """A bar for each row and series, as SVG; of many rows the first ones."""
    chart = pygal.HorizontalBar(
        **(_HOW | {"height": 160 + 40 * min(len(rows), MOST)}),
        title=title,
        show_legend=len({name for _, values in rows for name in values}) > 1,
    )
    shown = list(rows[:MOST])[::-1]  # The library begins at the bottom.
    chart.x_labels = [label for label, _ in shown]
    for name in dict.fromkeys(name for _, values in rows for name in values):
        chart.add(name, [values.get(name) for _, values in shown])
    return _figure(chart)


def line(title: str, points: Sequence[tuple[str, float]]) -> str:
    """One line over time, as SVG."""
    chart = pygal.Line(**_HOW, title=title, show_legend=False, x_label_rotation=30, min_scale=2)
    chart.x_labels = [label for label, _ in points]
    chart.add("", [value for _, value in points])
    return _figure(chart)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def write_page(path: Path, title: str, about: str, parts: Sequence[str]) -> None:
    """Raises ``Invalid`` where it can't be written."""
    text = _PAGE.format(title=escape(title), about=escape(about), body="".join(parts))
    write_text(path, text, "--page")


def _figure(chart: Any) -> str:
    """Without the script that the library lays beside every chart."""
    tree: Element = chart.render_tree()
    for parent in list(tree.iter()):
        for child in [each for each in parent if each.tag == "script"]:
            parent.remove(child)
    return f"<figure>{tostring(tree, encoding='unicode')}</figure>"
