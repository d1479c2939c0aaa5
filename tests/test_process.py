"""The process report and the trend: how steps went, told of those who received them and never of a case."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.process import Course, Fate, Stage, fate, figures
from relaypoint.resolvers import handoffs, sending
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.passing import pass_handoff
from relaypoint.resolvers.process import Named, process
from relaypoint.resolvers.stall_summary import stalled_trend
from relaypoint.tests.helpers import at_time as at
from relaypoint.tests.helpers import imported, member, write_folder
from relaypoint.tests.processes import run
from relaypoint.tests.test_passing import AUTHORITY, FORMER, LINE, NEED, SHELTER, UNIT, two_shelters

CHILD = replace(NEED, tags=("child", "female", "labour"))


async def history(backend: Backend) -> Backend:
    """Six steps at the shelter, one of them at the line after it; and it is six days later."""
    await imported(backend, two_shelters())
    ids = []
    for _ in range(6):
        ids.append((await sending.refer(UNIT, backend, CHILD, to="shelter-desk")).referral["handoffs"][0]["id"])
    soon, late = at(backend, "2026-03-03T12:00:00.000Z"), at(backend, "2026-03-06T12:00:00.000Z")
    await handoffs.move_handoff(SHELTER, soon, ids[0], "accept")
    await handoffs.move_handoff(SHELTER, at(backend, "2026-03-04T12:00:00.000Z"), ids[0], "start")
    await handoffs.move_handoff(SHELTER, late, ids[0], "complete")
    await handoffs.move_handoff(SHELTER, late, ids[1], "accept")
    await handoffs.move_handoff(SHELTER, soon, ids[2], "reject", reason="no-capacity")
    await handoffs.move_handoff(UNIT, late, ids[3], "cancel", reason="sent-elsewhere")
    await pass_handoff(SHELTER, soon, ids[4], "pass-on", "line-desk")
    return at(backend, "2026-03-09T12:00:00.000Z")


async def told(subject: Any, backend: Backend, by: str = "organization", **period: str) -> dict[str | None, Named]:
    return {each.figures.key: each for each in await process(subject, backend, by, **period)}


async def test_times_answers_and_losses_are_told_of_who_received_the_steps(backend: Backend) -> None:
    later = await history(backend)
    found = await told(OPERATOR, later)
    assert list(found) == ["example-shelter"], "of the line there is but one step"
    shelter = found["example-shelter"]
    assert (shelter.name, shelter.figures.count) == ("Example Shelter", 5), "rounded down to fives"
    # Within four working hours: the one accepted at once, the one declined, the one passed on.
    assert (shelter.figures.acknowledged.due, shelter.figures.acknowledged.kept) == (6, 3)
    assert shelter.figures.decided.share == pytest.approx(3 / 6)
    # Every count is under five, and so is every stage.
    assert set(shelter.figures.fates) == {
        Fate.SERVED,
        Fate.OPEN,
        Fate.DECLINED,
        Fate.UNANSWERED,
        Fate.PASSED_ON,
    }
    assert set(shelter.figures.fates.values()) == {None}
    assert shelter.figures.hours == {}
    # Declined, taken back when nobody had answered in time, and the one of which nobody has heard: three can't be told.
    assert shelter.figures.lost is None
    assert [each.figures.count for each in (await told(OPERATOR, later, "service")).values()] == [5], "seven"
    forces = await told(OPERATOR, later, "task-force")
    assert forces["example-force"].figures.hops.worst == 2


async def test_nobody_learns_of_others_but_who_coordinates_both(backend: Backend) -> None:
    later = await history(backend)
    assert list(await told(SHELTER, later)) == ["example-shelter"]
    assert list(await told(AUTHORITY, later)) == ["example-shelter"]
    for other in (UNIT, FORMER, member("example-police")):
        assert await told(other, later) == {}
    # The line coordinates the north, but the unit and the shelter meet there as well.
    assert set(await told(LINE, later)) <= {"example-shelter"}


async def test_only_the_period_is_told_and_one_that_is_none_is_refused(backend: Backend) -> None:
    later = await history(backend)
    assert await told(OPERATOR, later, since="2026-03-04") == {}
    assert await told(OPERATOR, later, until="2026-03-03") == {}
    assert list(await told(OPERATOR, later, since="2026-03-03", until="2026-03-04")) == ["example-shelter"]
    for by, period in (
        ("sender", {}),
        ("place", {}),
        ("service", {"since": "yesterday"}),
        ("service", {"since": "2026-03-04", "until": "2026-03-04"}),
        ("service", {"since": "2020-01-01"}),
    ):
        with pytest.raises(Invalid):
            await process(OPERATOR, later, by, **period)


def course(*states: tuple[str, str], **more: Any) -> Course:
    told = tuple(
        (f"2026-03-0{day}T10:00:00.000Z", {"status": status, "acknowledge_by": BY, "decide_by": BY, **more})
        for day, status in states
    )
    return Course("body", "help", (), 1, told)


BY = "2026-03-03T10:00:00.000Z"
NOW = "2026-03-09T10:00:00.000Z"


@pytest.mark.parametrize(
    ("states", "more", "end"),
    [
        ([("1", "requested")], {}, Fate.UNANSWERED),
        ([("1", "requested")], {"decide_by": "2026-03-10T10:00:00.000Z"}, Fate.OPEN),
        # An office without accounts answers nothing here, and has served the person all the same.
        ([("1", "requested"), ("8", "cancelled")], {"reason": "served-there"}, Fate.SERVED),
        ([("1", "requested"), ("2", "received")], {}, Fate.UNDECIDED),
        ([("1", "requested"), ("2", "cancelled")], {}, Fate.TAKEN_BACK),
        ([("1", "requested"), ("4", "cancelled")], {}, Fate.UNANSWERED),
        ([("1", "requested"), ("2", "received"), ("4", "cancelled")], {}, Fate.UNDECIDED),
        ([("1", "requested"), ("2", "cancelled")], {"reason": "redirected"}, Fate.PASSED_ON),
        # Who sends it elsewhere because nobody answers does not hide that nobody did.
        ([("1", "requested"), ("4", "cancelled")], {"reason": "redirected"}, Fate.UNANSWERED),
        ([("1", "requested"), ("2", "accepted"), ("4", "cancelled")], {"reason": "redirected"}, Fate.PASSED_ON),
        # A mistake is no answer.
        ([("1", "requested"), ("2", "accepted")], {}, Fate.OPEN),
        ([("1", "requested"), ("2", "accepted"), ("3", "cancelled")], {}, Fate.NOT_BEGUN),
        ([("1", "requested"), ("2", "accepted"), ("3", "in-progress"), ("4", "failed")], {}, Fate.FAILED),
        ([("1", "requested"), ("2", "rejected")], {}, Fate.DECLINED),
        ([("1", "requested"), ("2", "rejected")], {"reason": "referred-onward"}, Fate.PASSED_ON),
        ([("1", "requested"), ("2", "accepted"), ("3", "completed")], {"reason": "waitlisted"}, Fate.WAITLISTED),
        ([("1", "requested"), ("2", "accepted"), ("3", "completed")], {"reason": "served"}, Fate.SERVED),
        ([("1", "requested"), ("2", "entered-in-error")], {}, Fate.IN_ERROR),
    ],
)
def test_where_a_step_has_come_to(states: list[tuple[str, str]], more: dict[str, Any], end: Fate) -> None:
    assert fate(course(*states, **more), NOW) is end


def test_of_enough_steps_the_stages_are_timed() -> None:
    went = course(("1", "requested"), ("2", "accepted"), ("3", "on-hold"), ("4", "in-progress"), ("6", "completed"))
    (found,) = figures([(("a",), went)] * 5 + [(("b",), went)] * 4, NOW)
    assert (found.key, found.count) == ("a", 5)
    assert {stage: hours.median for stage, hours in found.hours.items()} == {
        Stage.ACKNOWLEDGED: 24,
        Stage.DECIDED: 24,
        Stage.STARTED: 48,
        Stage.COMPLETED: 96,
        Stage.HELD: 24,
    }
    assert (found.fates, found.lost, found.acknowledged.share) == ({Fate.SERVED: 5}, 0, 1)


async def test_how_much_had_stalled_week_by_week(backend: Backend) -> None:
    later = await history(backend)
    weeks = await stalled_trend(OPERATOR, later, 2)
    assert [(week.at[:10], week.count) for week in weeks] == [("2026-03-02", 0), ("2026-03-09", 3), ("2026-03-09", 3)]
    assert weeks[0].working is None
    assert weeks[1].working is not None
    for wrong in (0, 27):
        with pytest.raises(Invalid):
            await stalled_trend(OPERATOR, later, wrong)


def test_both_reports_are_printed_with_charts_that_load_nothing(tmp_path: Path) -> None:
    settings = {"RELAYPOINT_STORE": f"file:{tmp_path / 'store'}", "RELAYPOINT_NOW": "2026-03-03T10:00:00Z"}
    settings["RELAYPOINT_SPOOL"] = str(tmp_path / "spool")
    assert run(settings, "import", str(write_folder(tmp_path / "roster", two_shelters()))).returncode == 0
    group = ("group", "--people", "6", "--from", "example-unit", "--service", "housing", "--place", "GB-X-NORTH")
    assert run(settings, *group, "--for", "child", "--for", "female", "--for", "labour").returncode == 0
    late = {**settings, "RELAYPOINT_NOW": "2026-03-12T10:00:00Z"}
    for name, command in (
        ("stalled", ("stalled", "--by", "organization")),
        ("process", ("process", "--by", "service")),
    ):
        page = tmp_path / f"{name}.html"
        shown = run(late, *command, "--page", str(page))
        assert shown.returncode in (0, 1), shown.stderr
        text = page.read_text()
        assert text.count("<svg") >= 2
        assert "Example Shelter" in text or "Night shelter" in text
        assert not re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?https?://', text)
        assert "<script" not in text
        rows = run(late, *command, "--csv").stdout.splitlines()
        assert len(rows) == 2, rows
    figures_of = json.loads(run(late, "process", "--json").stdout)
    (shelter,) = figures_of
    assert (shelter["key"], shelter["count"], shelter["decided"], shelter["lost"]) == ("example-shelter", 5, 0, 1)
    assert "6" in run(late, "stalled", "--weeks", "2").stdout
    nowhere = run(late, "process", "--page", str(tmp_path / "no" / "folder.html"))
    assert (nowhere.returncode, "can't be written" in nowhere.stderr) == (2, True)


async def test_a_coordinator_is_told_nothing_of_cases_that_avoid_it(backend: Backend) -> None:
    await imported(backend, two_shelters())
    for avoid in ((), ("example-authority",), ("authority-desk",), ("competent-authority",)):
        for _ in range(5):
            await sending.refer(UNIT, backend, replace(CHILD, avoid=avoid), to="shelter-desk")
    later = at(backend, "2026-03-09T12:00:00.000Z")
    counts = {name: (await told(who, later))["example-shelter"].figures.count for name, who in WHO.items()}
    assert counts == {"operator": 20, "receiver": 20, "coordinator": 5}


WHO = {"operator": OPERATOR, "receiver": SHELTER, "coordinator": AUTHORITY}


async def test_a_period_at_the_beginning_of_the_calendar_is_none(backend: Backend) -> None:
    later = await history(backend)
    assert await told(OPERATOR, later, until="0001-02-01") == {}
