"""What the tests of the store, the use cases and the server share: makers, a made-up roster, and a look inside.

Nobody in the roster is real: the organizations are called what they are examples of, the addresses end in
example.org, and the phone numbers are from the block that is kept for drama.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from relaypoint.domain import chain
from relaypoint.domain.answer import Candidate
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.evidence import Try
from relaypoint.domain.policy import OPERATOR, Kind, Subject
from relaypoint.domain.texts import Text
from relaypoint.graph import Operation, Row, Step, Store, open_store
from relaypoint.graph.embedded import EmbeddedStore
from relaypoint.graph.neo4j import Neo4jStore
from relaypoint.resolvers import settling
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.keys import prove_key
from relaypoint.resolvers.outbox import Leased
from relaypoint.resolvers.roster import Import, import_roster
from relaypoint.resolvers.tables_cells import RawTable
from relaypoint.resolvers.vault import Vault
from relaypoint.tests.snapshots import once

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "uk-nrm"

#: A Tuesday morning, within the hours of every office of the roster.
NOW = "2026-03-03T10:00:00.000Z"

#: Whether as much is tried as is promised (``make test-full``), or a small run of it.
FULL: Final = os.environ.get("RELAYPOINT_TEST_PROFILE") == "full"

Roster = dict[str, list[dict[str, str]]]

_TINY = {
    "jurisdictions": """
        id,name,kind,within,replaced_by,emergency_number,emergency_service,hotline,until
        GB,United Kingdom,country,,,999,police,line-desk,
        GB-X-NORTH,Example North,area,GB,,,,,
        GB-X-SOUTH,Example South,area,GB,,,,,
        GB-X-OLD,Example Old Town,area,GB,GB-X-NORTH;GB-X-SOUTH,,,,2020-01-01
    """,
    "organizations": """
        id,name,kind,jurisdictions,part_of,replaced_by,website,until
        example-police,Example Police,police,GB,,,,
        example-unit,Example Police Unit,police,GB-X-NORTH,example-police,,,
        example-shelter,Example Shelter,cso,GB-X-NORTH;GB-X-SOUTH,,,https://shelter.example.org,
        example-line,Example Line,cso,GB,,,,
        example-authority,Example Authority,competent-authority,GB,,,,
        example-former,Example Former Shelter,cso,GB-X-OLD,,example-shelter,,2020-01-01
    """,
    "task_forces": """
        id,name,level,within,jurisdiction,coordinator
        example-force,Example Task Force,national,,GB,authority-desk
        example-force-north,Example Task Force North,local,example-force,GB-X-NORTH,line-desk
    """,
    "channel_rules": """
        id,task_force,kind,assurance,since,until
        plain-mail,example-force,email,confidential,,
    """,
    "memberships": """
        id,organization,task_force,role
        unit-in-force,example-unit,example-force,first-responder
        line-in-force,example-line,example-force,first-responder
        shelter-in-force,example-shelter,example-force,support-provider
        shelter-in-north,example-shelter,example-force-north,support-provider
        unit-in-north,example-unit,example-force-north,member
        authority-in-force,example-authority,example-force,competent-authority
    """,
    "service_types": """
        id,name,description,within,access
        housing,Housing,A place to stay,,direct
        night-shelter,Night shelter,A bed for tonight,housing,direct
        advice,Advice,,,direct
        identification,Identification,,,pathway
    """,
    "services": """
        id,name,organization,service_type,jurisdictions,serves,languages,interpretation,capacity,capacity_as_of
        shelter-beds,Beds,example-shelter,night-shelter,GB-X-NORTH;GB-X-SOUTH,female;sexual;labour,en;cy,yes,limited,2026-03-01
        line-advice,Advice by phone,example-line,advice,GB,,en,no,open,2026-03-01
        former-beds,Former beds,example-former,night-shelter,GB-X-OLD,,,unknown,unknown,
        authority-decision,Decisions,example-authority,identification,GB,,,unknown,unknown,
    """,
    "contact_points": """
        id,name,organization,service_types,jurisdictions,languages,hours,time_zone,holidays,staffing,until
        shelter-desk,Shelter desk,example-shelter,night-shelter;housing,GB-X-NORTH,en;cy,Mo-Fr 08:00-18:00,Europe/London,GB-ENG,holder,
        shelter-night-desk,Shelter night desk,example-shelter,,,en,24/7,Europe/London,,office,
        line-desk,Line,example-line,,,,24/7,Europe/London,,office,
        unit-desk,Unit desk,example-unit,,,,,Europe/London,GB-ENG,office,
        authority-desk,Authority desk,example-authority,identification,,,Mo-Fr 09:00-17:00,Europe/London,GB-ENG,office,
    """,
    "holders": """
        id,contact_point,role,rank,until
        shelter-first,shelter-desk,primary,1,
        shelter-second,shelter-desk,deputy,2,
    """,
    "diversions": """
        id,contact_point,to,since,until
        shelter-at-night,shelter-desk,shelter-night-desk,,
    """,
    "contingencies": """
        id,place,task_force,organization,reason,since,until
        summer-flood,GB-X-SOUTH,,,A flood,2026-08-01,2026-08-15
        force-drill,,example-force-north,,A rehearsal,2025-08-01,2025-08-02
        line-strike,,,example-line,A strike,2025-09-01,2025-09-02
    """,
    "operational_statuses": """
        id,organization,service,state,capacity,needs,since,until
        shelter-in-august,example-shelter,shelter-beds,limited,full,staff;funding,2026-08-01,2026-08-15
    """,
    "absences": """
        id,holder,stand_in,since,until
        second-in-august,shelter-second,shelter-first,2026-08-01,2026-08-15
    """,
    "channels": """
        id,contact_point,kind,address,rank,assurance,hours,state,via,note
        shelter-mail,shelter-desk,secure-email,desk@shelter.example.org,1,strict,,working,,
        shelter-phone,shelter-desk,phone,+442079460101,2,confidential,,unproven,,Ask for the desk
        shelter-relay,shelter-desk,relay,,3,confidential,,unproven,line-desk,
        night-phone,shelter-night-desk,phone,+442079460102,1,confidential,,working,,
        line-phone,line-desk,phone,+442079460103,1,confidential,24/7,working,,
        line-mail,line-desk,email,desk@line.example.org,2,official,,working,,
        unit-mail,unit-desk,email,desk@unit.example.org,1,confidential,,working,,
        authority-form,authority-desk,web-form,https://authority.example.org/form,1,confidential,,working,,
        authority-mail,authority-desk,email,desk@authority.example.org,2,confidential,,working,,
    """,
    "pathways": """
        id,name,from_organization,from_kind,from_role,task_force,to_organization,contact_point,service_types,jurisdictions,basis,citation,form,acknowledge_within,decide_within,consent
        unit-to-shelter,Unit to shelter,example-unit,,,,example-shelter,shelter-desk,night-shelter;housing,GB-X-NORTH,mou,Agreement 1,,PT4H,P1D,none
        police-to-line,Police to line,,police,,,example-line,,advice,,sop,,,,,none
        to-authority,Formal identification,,,first-responder,example-force,example-authority,authority-desk,identification,,law,Act 1,https://authority.example.org/form,P1D,P5D,required
    """,
    "escalations": """
        id,task_force,pathway,contact_point,position,action,wait,hours,times,until
        old-1,example-force,,,1,remind,PT1H,clock,2,2020-01-01
        old-2,,unit-to-shelter,,1,deputy,,,,2020-01-01
        old-3,,,shelter-desk,1,offer,,working,,2020-01-01
    """,
    "facilities": """
        id,name,kind,organization,jurisdiction,contact_point,until
        north-centre,Northern centre,reception-centre,example-authority,GB-X-NORTH,authority-desk,
    """,
    "authorisations": """
        id,organization,facility,citation,since,until
        shelter-in-centre,example-shelter,north-centre,Order 3,2026-01-01,
        line-in-centre,example-line,north-centre,Order 4,2026-01-01,2027-06-01
    """,
    "events": """
        id,name,kind,task_force,on,state,since,until
        autumn-training,Indicators,training,example-force,2025-10-01,held,,
    """,
    "guidance": """
        id,name,version,task_force,contact_point,text,url,acknowledge_by
        force-rules,Rules of the force,2,example-force,,How we work,,
        desk-rules,Rules of the desk,1,,shelter-desk,,https://shelter.example.org/rules,2026-12-31
    """,
}  # fmt: skip


def tiny_roster() -> Roster:
    """Every sheet, as texts: a country with two areas, six bodies, five desks. A fresh copy, to be changed at will."""
    return {
        sheet: list(csv.DictReader(line.strip() for line in text.strip().splitlines())) for sheet, text in _TINY.items()
    }


def row(roster: Roster, sheet: str, id: str) -> dict[str, str]:
    """That row of the roster itself, to be changed in place."""
    return next(each for each in roster[sheet] if each["id"] == id)


def tables(roster: Mapping[str, Sequence[Mapping[str, str]]]) -> list[RawTable]:
    """The roster as it is after reading its files."""
    raw = []
    for sheet, rows in roster.items():
        header = list(dict.fromkeys(name for each in rows for name in each))
        cells = [[each.get(name, "") for name in header] for each in rows]
        raw.append(RawTable(sheet, f"{sheet}.csv", header, list(enumerate(cells, 2))))
    return raw


def write_folder(folder: Path, roster: Mapping[str, Sequence[Mapping[str, str]]]) -> Path:
    """The roster as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables(roster):
        with (folder / table.file).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([table.header, *(cells for _, cells in table.rows)])
    return folder


def member(organization: str) -> Subject:
    return Subject(Kind.MEMBER, organization)


def make_backend(store: Store, now: str = NOW, vault: Vault | None = None) -> Backend:
    """The store with a clock that stands still at ``now`` and a key of its own; ids and references are real ones."""
    return Backend(store, fixed_clock(now), vault or Vault(Vault.new_installation_key()))


def at_time(backend: Backend, now: str) -> Backend:
    """The same at another time: as a server that has run all the while, it knows the roster already."""
    return replace(backend, clock=fixed_clock(now))


async def filled(store: Store, now: str = NOW) -> Backend:
    """A backend whose store has the proof of its key and the tiny roster."""
    backend = make_backend(store, now)
    await prove_key(backend)
    await imported(backend)
    return backend


async def imported(backend: Backend, roster: Roster | None = None) -> Import:
    """Imports the roster, or the tiny one, as the operator; fails on any error in it."""
    sheets = roster or tiny_roster()

    async def work() -> Import:
        return await import_roster(OPERATOR, backend, tables(sheets))

    done = await once(backend.store, backend.now(), sheets, work)
    assert done.errors == [], done.errors
    return done


async def broken_roster_link(store: Store) -> int | None:
    """The first event of the roster whose link does not hold, or None."""
    root = (await store.read("roster_root"))[0]
    events = [chain.Event(**each["event"]) for each in await store.read("roster_events")]
    return chain.broken_link(events, root["length"] or 0, root["head"] or "")


class Through:
    """A store that does what another one does. Subclasses step in between."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.engine = inner.engine

    async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
        return await self.inner.read(statement, **parameters)

    async def write(self, steps: Sequence[Step], operation: Operation | None = None) -> list[list[Row]]:
        return await self.inner.write(steps, operation)

    async def apply(self, statements: Sequence[str]) -> None:
        await self.inner.apply(statements)

    async def ready(self) -> None:
        await self.inner.ready()

    async def close(self) -> None:
        await self.inner.close()


# a look inside, past the statements


async def raw(store: Store, text: str) -> list[Row]:
    """The rows of any reading Cypher text, straight from the engine."""
    if isinstance(store, EmbeddedStore):
        rows: list[Row] = store._session.cypher(text).to_list()
        return rows
    assert isinstance(store, Neo4jStore)
    async with store._session() as session:
        return [record.data() async for record in await session.run(text)]


async def dump(store: Store) -> list[str]:
    """Every node with its properties, and every relationship, each as a line of text, in an order of their own."""
    nodes = await raw(store, "MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties")
    ties = await raw(
        store,
        "MATCH (a)-[r]->(b) RETURN labels(a) AS from, a.id AS id, type(r) AS type, labels(b) AS to, b.id AS to_id, "
        "properties(r) AS properties",
    )
    lines = [f"{node['labels'][0]} {_held(node)}" for node in nodes]
    lines += [
        f"{tie['from'][0]} {tie['id']} -{tie['type']}-> {tie['to'][0]} {tie['to_id']} {_held(tie)}" for tie in ties
    ]
    return sorted(lines)


def _held(row: Row) -> str:
    # The embedded engine gives all that it holds these two of its own; nothing of ours has such a name.
    properties = {name: value for name, value in row["properties"].items() if name not in ("title", "type")}
    return json.dumps(properties, sort_keys=True, ensure_ascii=False)


@contextlib.asynccontextmanager
async def opened(url: str, auth: Mapping[str, str | None]) -> AsyncIterator[Store]:
    """The store at that address, closed again at the end, so that another process can have it."""
    store = await open_store(url, user=auth["user"], password=auth["password"])
    try:
        yield store
    finally:
        await store.close()


def remarked(candidate: Candidate) -> list[Text]:
    """All that is said of a candidate beside its place in the order."""
    return [*candidate.warnings, *candidate.confirm, *candidate.notes]


def unordered(value: Any) -> Any:
    """The value with every list in it ordered by its content, for comparing what has no order of its own."""
    if isinstance(value, Mapping):
        return {key: unordered(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((unordered(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


async def settle(
    backend: Backend,
    leased: Leased,
    status: str,
    channel: str | None,
    why: Mapping[str, str],
    tries: Sequence[Try] = (),
) -> str | None:
    """What is recorded of one message; None where another worker has taken it."""
    of = settling.settlement(backend, [leased], status, channel, why, tries)
    (ended,) = await settling.settle_all(OPERATOR, backend, [of])
    return ended[0] if ended else None
