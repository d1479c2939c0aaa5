"""Every kind of gap appears, is mended as it says, and goes; a whole roster has none."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from relaypoint.domain import gaps as rules
from relaypoint.domain.gaps import gaps
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.roster import export_roster

DAY = "2026-03-03"
Sheets = dict[str, list[dict[str, Any]]]
Change = Callable[[Sheets], None]


def end(sheet: str, *ids: str, day: str = "2026-02-01") -> Change:
    def change(sheets: Sheets) -> None:
        for each in sheets[sheet]:
            if each["id"] in ids:
                each["until"] = day

    return change


def put(sheet: str, id: str, **columns: Any) -> Change:
    def change(sheets: Sheets) -> None:
        next(each for each in sheets[sheet] if each["id"] == id).update(columns)

    return change


KINDS: list[tuple[str, str, Change]] = [
    ("no-contact-point", "line-advice", put("contact_points", "line-desk", service_types=["housing"])),
    ("no-channel", "shelter-night-desk", end("channels", "night-phone")),
    ("no-channel", "shelter-night-desk", put("channels", "night-phone", state="dead")),
    ("no-holder", "shelter-desk", end("holders", "shelter-first", "shelter-second")),
    ("no-coordinator", "example-force", put("task_forces", "example-force", coordinator=None)),
    ("no-coordinator", "example-force", end("channels", "authority-form", "authority-mail")),
    ("pathway-expired", "unit-to-shelter", end("pathways", "unit-to-shelter")),
    ("pathway-ended-organization", "unit-to-shelter", end("organizations", "example-shelter")),
    ("pathway-nowhere", "police-to-line", end("channels", "line-phone", "line-mail")),
]


@pytest.mark.parametrize(("kind", "subject", "change"), KINDS)
async def test_a_gap_appears_and_goes(backend: Backend, kind: str, subject: str, change: Change) -> None:
    whole = await export_roster(OPERATOR, backend)
    assert gaps(whole, DAY) == []
    broken = deepcopy(whole)
    change(broken)
    found = [gap for gap in gaps(broken, DAY) if (gap.kind, gap.subject) == (kind, subject)]
    assert len(found) == 1
    assert found[0].mend
    assert found[0].text
    assert gaps(whole, DAY) == []


def test_no_kind_is_left_out_above() -> None:
    known = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', inspect.getsource(rules)))
    assert known == {kind for kind, _, _ in KINDS} | {"successor-not-member"}


async def test_the_gravest_come_first(backend: Backend) -> None:
    sheets = await export_roster(OPERATOR, backend)
    end("holders", "shelter-first", "shelter-second")(sheets)
    end("pathways", "unit-to-shelter")(sheets)
    found = gaps(sheets, DAY)
    assert [(gap.severity, gap.kind) for gap in found] == [("critical", "pathway-expired"), ("major", "no-holder")]


async def test_a_successor_that_is_not_a_member(backend: Backend) -> None:
    sheets = await export_roster(OPERATOR, backend)
    old = {**next(m for m in sheets["memberships"] if m["id"] == "unit-in-force"), "id": "old"}
    sheets["memberships"].append({**old, "organization": "example-former", "until": "2020-01-01"})
    (gap,) = gaps(sheets, DAY)
    assert (gap.kind, gap.organization) == ("successor-not-member", "example-shelter")
    sheets["memberships"].append({**old, "id": "heir", "organization": "example-shelter"})
    assert gaps(sheets, DAY) == []


async def test_a_desk_without_channel_is_graver_where_no_other_takes_what_it_takes(backend: Backend) -> None:
    sheets = await export_roster(OPERATOR, backend)
    for ended, subject, severity in (
        (("night-phone",), "shelter-night-desk", "critical"),
        (("shelter-mail", "shelter-phone", "shelter-relay"), "shelter-desk", "major"),
    ):
        broken = deepcopy(sheets)
        end("channels", *ended)(broken)
        gap = next(gap for gap in gaps(broken, DAY) if gap.kind == "no-channel")
        assert (gap.subject, gap.severity) == (subject, severity)
