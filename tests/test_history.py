"""The roster of another moment is exactly what it was."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.domain.clock import fixed_clock, format_instant, parse_instant
from relaypoint.domain.errors import Invalid, NotFound
from relaypoint.domain.history import moment
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, NotSignedIn
from relaypoint.graph import Operation, Row, Step, Store
from relaypoint.resolvers import contingency, directory, operational, proposing
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.gaps import coverage_gaps
from relaypoint.resolvers.known import Memory, read_whole
from relaypoint.resolvers.roster import export_roster
from relaypoint.schema.operational import schema
from relaypoint.tests.helpers import (
    FULL,
    NOW,
    Roster,
    Through,
    at_time,
    filled,
    imported,
    make_backend,
    member,
    row,
    tiny_roster,
)

HISTORIES = 12 if FULL else 3

#: All that can be asked of the roster, but for versions, which the past has none of.
EVERYTHING = """
query Everything($asOf: String) {
  roster(asOf: $asOf)
  organizations(first: 200, asOf: $asOf) { edges { node {
    id name kind otherNames website status since until
    jurisdictions { key name } partOf { key name } replacedBy { key name }
    memberships { ...Member } contactPoints { ...Desk }
  } } }
  taskForces(first: 200, asOf: $asOf) { edges { node {
    id name level since until jurisdiction { key name } within { key name } coordinator { ...Desk }
    memberships { ...Member }
  } } }
  contactPoints(first: 200, asOf: $asOf) { edges { node { ...Desk } } }
}
fragment Member on Membership { key organization { key name } taskForce { key name } role standing since until }
fragment Desk on ContactPoint {
  id name organization { key name } serviceTypes languages hours timeZone staffing since until
  channels { key kind address rank assurance hours condition state note }
}
"""


async def asked(backend: Backend, query: str, **variables: Any) -> Any:
    answer = await schema.execute(query, variables, context_value=Runtime(Settings(), backend).context(OPERATOR))
    assert not answer.errors, answer.errors
    return answer.data


def at(minutes: float) -> str:
    return format_instant(parse_instant(NOW) + timedelta(minutes=minutes))


def later(backend: Backend, minutes: float, *, forgetful: bool = False) -> Backend:
    memory = Memory() if forgetful else backend.memory
    return replace(backend, clock=fixed_clock(at(minutes)), memory=memory)


def _added(sheet: str, like: str, **columns: str) -> Callable[[Roster, int], None]:
    def add(roster: Roster, n: int) -> None:
        roster[sheet].append({**row(roster, sheet, like), "id": f"{like}-{n}", **columns})

    return add


#: What somebody may do to the roster, with a number to make it differ.
EDITS: list[Callable[[Roster, int], None]] = [
    lambda roster, n: row(roster, "organizations", "example-line").update(name=f"Line {n}"),
    lambda roster, n: row(roster, "organizations", "example-unit").update(part_of="" if n % 2 else "example-police"),
    lambda roster, n: row(roster, "channels", "line-phone").update(note=f"Ask for {n}", rank=str(n % 9 + 3)),
    lambda roster, n: row(roster, "services", "line-advice").update(jurisdictions="GB-X-SOUTH" if n % 2 else "GB"),
    lambda roster, n: row(roster, "contact_points", "line-desk").update(languages="en;cy" if n % 2 else "fr"),
    lambda roster, n: row(roster, "memberships", "line-in-force").update(until="2026-02-01" if n % 2 else ""),
    lambda roster, n: row(roster, "holders", "shelter-second").update(until="2026-05-01" if n % 2 else ""),
    lambda roster, n: row(roster, "task_forces", "example-force").update(coordinator="line-desk" if n % 2 else ""),
    lambda roster, n: row(roster, "jurisdictions", "GB-X-NORTH").update(name=f"North {n}"),
    _added("organizations", "example-line", name="New"),
    _added("contact_points", "line-desk", name="New desk"),
    _added("memberships", "line-in-force", role="another", organization="example-police"),
]


@pytest.mark.counted
@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_as_of_gives_back_exactly_what_was_true(backend: Backend, seed: int) -> None:
    """A random history, with a snapshot after each change; each is then asked for at its first and last instant."""
    chance, roster = random.Random(seed), tiny_roster()
    snapshots = [await asked(backend, EVERYTHING)]
    for number in range(1, 9):
        for edit in chance.sample(EDITS, chance.randint(1, 3)):
            edit(roster, 1000 * number + chance.randint(0, 1))
        await imported(later(backend, 10 * number), roster)
        snapshots.append(await asked(later(backend, 10 * number), EVERYTHING))
    for reader in (later(backend, 10_000), later(backend, 10_000, forgetful=True)):
        for number, snapshot in enumerate(snapshots):
            for minutes in (10 * number, 10 * number + 9.99):
                assert await asked(reader, EVERYTHING, asOf=at(minutes)) == snapshot
    nothing = await asked(backend, EVERYTHING, asOf=at(-1))
    assert not any(nothing["roster"].values())
    assert nothing["organizations"]["edges"] == []


async def test_who_was_in_it_on_the_first_of_march(backend: Backend) -> None:
    """On that day as it is known now, and as it was known then, are two questions."""
    roster = tiny_roster()
    row(roster, "memberships", "line-in-force")["until"] = "2026-02-01"
    await imported(later(backend, 10), roster)
    query = """query ($on: String, $asOf: String) {
      taskForce(key: "example-force", asOf: $asOf) { version memberships(on: $on) { key } }
    }"""

    async def keys(**variables: str) -> set[str]:
        found = (await asked(later(backend, 20), query, **variables))["taskForce"]
        assert (found["version"] is None) == ("asOf" in variables)
        return {each["key"] for each in found["memberships"]}

    everyone = {"unit-in-force", "line-in-force", "shelter-in-force", "authority-in-force"}
    assert await keys() == await keys(on="2026-01-31") == everyone
    assert await keys(on="2026-03-01") == everyone - {"line-in-force"}
    assert await keys(on="2026-03-01", asOf=at(5)) == everyone


async def test_gaps_as_they_were(backend: Backend) -> None:
    roster = tiny_roster()
    for id in ("shelter-first", "shelter-second"):
        row(roster, "holders", id)["until"] = "2026-03-01"
    await imported(later(backend, 10), roster)
    now = await coverage_gaps(OPERATOR, later(backend, 20))
    then = await coverage_gaps(OPERATOR, later(backend, 20), as_of=at(5))
    assert "holder-left" in {gap.kind for gap in now.gaps} - {gap.kind for gap in then.gaps}
    report = await coverage_gaps(OPERATOR, later(backend, 20), as_of="2026-03-04")
    assert report.day == "2026-03-04"
    with pytest.raises(NotFound) as told:
        await coverage_gaps(OPERATOR, later(backend, 20), as_of=at(-1))
    assert told.value.message_id == "gaps.nothing-yet", "an empty roster is not one without gaps"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-03-01T10:00", "20260301", "2026-W09-1"])
async def test_a_moment_that_is_none_is_told(backend: Backend, text: str) -> None:
    with pytest.raises(Invalid) as told:
        await directory.page(OPERATOR, backend, "organizations", after=None, limit=2, as_of=text)
    assert told.value.path == ("asOf",)


def test_a_day_is_meant_to_its_end() -> None:
    assert moment("2026-03-01") == "2026-03-01T23:59:59.999Z"
    assert moment(" 2026-03-01T10:00+01:00 ") == "2026-03-01T09:00:00.000Z"


async def test_the_past_is_for_those_who_may_read_the_present(backend: Backend) -> None:
    for refused in (
        directory.page(ANONYMOUS, backend, "organizations", after=None, limit=2, as_of=NOW),
        export_roster(member("example-line"), backend, as_of=NOW),
    ):
        with pytest.raises((NotFound, NotSignedIn)) as told:
            await refused
        assert told.value.code == "NOT_FOUND"


class Counting(Through):
    """Counts the statements that read a whole sheet, and can hold back the newest events."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.whole = 0
        self.unseen = 0

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        self.whole += statement == "organizations_list"
        rows = await self.inner.read(statement, **parameters)
        return rows[: len(rows) - self.unseen] if statement == "roster_changes" else rows


class HalfCommitted(Through):
    """The root of a change is to be seen already, and its rows are not before its lock is free."""

    def __init__(self, inner: Store, stale: list[Row]) -> None:
        super().__init__(inner)
        self.stale: list[Row] | None = stale

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        if statement == "organizations_list" and self.stale is not None:
            return self.stale
        return await self.inner.read(statement, **parameters)

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        self.stale = None
        return await self.inner.write(steps, operation)


async def test_what_is_kept_was_not_half_seen(backend: Backend) -> None:
    stale = await backend.store.read("organizations_list")
    roster = tiny_roster()
    EDITS[0](roster, 1)
    await imported(backend, roster)
    names = {
        each["name"]
        for each in (await export_roster(OPERATOR, make_backend(HalfCommitted(backend.store, stale))))["organizations"]
    }
    assert "Line 1" in names


async def test_what_is_known_is_kept_true_by_what_others_record(backend: Backend) -> None:
    counting = Counting(backend.store)
    reader, roster = make_backend(counting), tiny_roster()
    assert await export_roster(OPERATOR, reader) == await export_roster(OPERATOR, backend)
    for number in range(3):
        for edit in EDITS:
            edit(roster, number)
        await imported(backend, roster)
        known = await reader.memory.roster(counting)
        assert known == await read_whole(backend.store)
    assert counting.whole == 1
    # Where not all of the record is to be seen yet, the rows themselves are read.
    counting.unseen = 1
    EDITS[0](roster, 99)
    await imported(backend, roster)
    assert await reader.memory.roster(counting) == await read_whole(backend.store)
    assert counting.whole == 2


async def test_what_else_is_asked_of_the_roster_has_a_past_too(store: Store) -> None:
    backend = await filled(store)
    later = at_time(backend, "2026-03-09T10:00:00.000Z")
    authority = member("example-authority")
    await proposing.edit(authority, later, "guidance", "force-rules", {"version": "3"})
    await proposing.edit(authority, later, "facilities", "north-centre", {"name": "Another centre"})
    await operational.set_status(member("example-line"), later, "example-line", "closed")
    scope = contingency.Scope(organization="example-line")
    await contingency.declare(member("example-line"), later, scope, "A flood", "2026-03-20")
    now = await asked(later, "{ guidance { version } facilities { name } contingencies { key } }")
    then = await asked(
        later,
        '{ guidance(asOf: "2026-03-03") { version } facilities(asOf: "2026-03-03") { name } '
        'contingencies(asOf: "2026-03-03") { key } }',
    )
    assert [each["version"] for each in now["guidance"]] == [1, 3]
    assert [each["version"] for each in then["guidance"]] == [1, 2]
    assert (now["facilities"][0]["name"], then["facilities"][0]["name"]) == ("Another centre", "Northern centre")
    assert (len(now["contingencies"]), [each["key"] for each in then["contingencies"]]) == (2, ["summer-flood"])
    for day, states in (("2026-03-03", {"unknown"}), ("2026-03-09", {"unknown", "closed"})):
        seen = await operational.overview(OPERATOR, later, as_of=day)
        assert set(seen.organizations) == states
