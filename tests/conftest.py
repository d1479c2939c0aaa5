"""What every test can ask for, and the account of the run at its end.

A test that takes ``store`` or ``store_url`` runs twice, on the embedded engine and on Neo4j. One that is about a
single engine takes ``embedded_url`` or ``neo4j_server`` instead, and is not counted for either.

The suite may run in several processes (pytest-xdist). Each then has a server of its own, whose database is emptied for
each test on Neo4j; where ``NEO4J_URI`` names one, these tests share one process.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from relaypoint.graph import Step, Store, open_store
from relaypoint.graph.neo4j import Neo4jStore
from relaypoint.graph.schema import VERSION
from relaypoint.resolvers.backend import Backend
from relaypoint.tests.engines import NoNeo4j, Server, running
from relaypoint.tests.helpers import filled

ALL_ENGINES = ("embedded", "neo4j")
# One engine alone is for a quick look at one's own desk; a CI run always has both.
ENGINES = (os.environ["RELAYPOINT_TEST_ENGINE"],) if os.environ.get("RELAYPOINT_TEST_ENGINE") else ALL_ENGINES
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

#: The files with tests that ask for Neo4j alone.
NEO4J_ALONE = ("tests/test_statements.py", "tests/test_store.py")

# Machines that check others' work must give the same answer twice, so they take the same examples every time.
for _name, _examples in (("default", 40), ("full", 400)):
    hypothesis.settings.register_profile(_name, max_examples=_examples, deadline=None, derandomize=IN_CI)
hypothesis.settings.load_profile(os.environ.get("RELAYPOINT_TEST_PROFILE") or "default")


class Account:
    """What ran on which engine, kept for the summary."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.tests: dict[str, Counter[str]] = {engine: Counter() for engine in ALL_ENGINES}
        self.skipped = 0
        self.said: list[str] = []
        self.server: Server | None = None
        self.neo4j = ""
        self.no_server = ""
        self.prepared: set[str] = set()

    def problem(self) -> str:
        """Why a run in CI is not good enough, or nothing."""
        counts = {engine: sum(outcomes.values()) for engine, outcomes in self.tests.items()}
        if self.skipped:
            return f"{self.skipped} skipped, and CI skips nothing"
        if len(set(counts.values())) > 1:
            return "the engines did not run the same number of tests"
        return ""


ACCOUNT = Account()


def pytest_configure(config: pytest.Config) -> None:
    if unknown := set(ENGINES) - set(ALL_ENGINES):
        raise pytest.UsageError(f"RELAYPOINT_TEST_ENGINE is {unknown.pop()!r}; it can be {' or '.join(ALL_ENGINES)}.")
    if IN_CI and ENGINES != ALL_ENGINES:
        raise pytest.UsageError("RELAYPOINT_TEST_ENGINE is set, but in CI the suite runs on both engines.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            item.add_marker("counted")
        call = getattr(item, "callspec", None)
        engine = call.params.get("engine") if call is not None else None
        if engine in ALL_ENGINES:
            item.user_properties.append(("engine", engine))
        if "neo4j_server" in getattr(item, "fixturenames", ()) and not _on_neo4j(item.nodeid):
            raise pytest.UsageError(f"{item.nodeid} asks for neo4j_server: name its file in conftest.NEO4J_ALONE.")


def _on_neo4j(nodeid: str) -> bool:
    return nodeid.startswith(NEO4J_ALONE) or re.search(r"[\[-]neo4j[\]-]", nodeid) is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests on Neo4j go by file, for each process starts a server of its own for them; every other test by itself. Of a
    server that was named there is one."""
    from xdist.scheduler import LoadScopeScheduling

    class ByEngine(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            if not _on_neo4j(nodeid):
                return nodeid
            return "neo4j" if os.environ.get("NEO4J_URI") else f"neo4j {nodeid.partition('::')[0]}"

    return ByEngine(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # A test is counted once: by its call, or by the setup that failed or skipped it. A failed teardown adds nothing.
    if report.when != "call" and not (report.when == "setup" and report.outcome != "passed"):
        return
    if report.skipped and not hasattr(report, "wasxfail"):
        ACCOUNT.skipped += 1
    properties = dict(report.user_properties)
    engine = properties.get("engine")
    if isinstance(engine, str):
        ACCOUNT.tests[engine][report.outcome] += 1
    if said := properties.get("said"):
        ACCOUNT.said.append(str(said))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """What a process of the suite's knows of Neo4j, for the one that prints the summary."""
    told = getattr(node, "workeroutput", {})
    ACCOUNT.neo4j = told.get("neo4j") or ACCOUNT.neo4j
    ACCOUNT.no_server = told.get("no_server") or ACCOUNT.no_server


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told |= {"neo4j": ACCOUNT.neo4j, "no_server": ACCOUNT.no_server}
    elif IN_CI and exitstatus == pytest.ExitCode.OK and ACCOUNT.problem():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    say = terminalreporter.write_line
    terminalreporter.section("engines")
    parts = [
        f"engine {engine}: {sum(ran.values())} tests ({', '.join(f'{n} {word}' for word, n in ran.items()) or 'none'})"
        for engine, ran in ACCOUNT.tests.items()
    ]
    say(f"{'; '.join(parts)}; skipped {ACCOUNT.skipped}")
    for said in ACCOUNT.said:
        say(said)
    if ACCOUNT.neo4j:
        say(f"neo4j: {ACCOUNT.neo4j}")
    elif ACCOUNT.no_server:
        say(f"neo4j: none. {ACCOUNT.no_server}", yellow=True)
    say(f"the suite took {time.monotonic() - ACCOUNT.began:.1f} s")
    if IN_CI and (problem := ACCOUNT.problem()):
        say(f"FAILED: {problem}", red=True)


@pytest.fixture(scope="session")
def _neo4j() -> Iterator[Server | None]:
    """Started by the first test that needs it. None, and not an error, so that only one start is tried."""
    try:
        with running(briefly=True) as server:
            ACCOUNT.server = server
            ACCOUNT.neo4j = server.origin + (f", started in {server.seconds:.1f} s" if server.seconds else "")
            yield server
    except NoNeo4j as reason:
        ACCOUNT.no_server = str(reason)
        yield None


@pytest.fixture
def neo4j_server(_neo4j: Server | None) -> Server:
    """The session's Neo4j, with an empty database. Skips without one; in CI that is a failure."""
    if _neo4j is None:
        if IN_CI:
            pytest.fail(f"no Neo4j in CI: {ACCOUNT.no_server}", pytrace=False)
        pytest.skip(f"no Neo4j: {ACCOUNT.no_server}")
    _neo4j.empty()
    return _neo4j


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """``embedded``, then ``neo4j``."""
    return str(request.param)


@pytest.fixture
def embedded_url(tmp_path: Path) -> str:
    """The address of an embedded store that does not exist yet."""
    return f"file:{tmp_path / 'store'}"


@pytest.fixture
def store_url(engine: str, request: pytest.FixtureRequest) -> str:
    """The address of an empty store on the engine at hand."""
    if engine == "embedded":
        return str(request.getfixturevalue("embedded_url"))
    server: Server = request.getfixturevalue("neo4j_server")
    return server.uri


@pytest.fixture
def store_auth(store_url: str, engine: str) -> dict[str, str | None]:
    """``user`` and ``password`` for ``open_store(store_url, …)``; both None for the embedded engine."""
    server = ACCOUNT.server if engine == "neo4j" else None
    return {"user": server.user if server else None, "password": server.password if server else None}


@pytest.fixture
def store_env(store_url: str, store_auth: dict[str, str | None]) -> dict[str, str]:
    """The same as environment variables, for a command in a process of its own."""
    env = {"RELAYPOINT_STORE": store_url}
    for key, value in store_auth.items():
        if value is not None:
            env[f"RELAYPOINT_NEO4J_{key.upper()}"] = value
    return env


@pytest.fixture
async def store(store_url: str, store_auth: dict[str, str | None]) -> AsyncIterator[Store]:
    """An open, empty store on the engine at hand."""
    if store_url in ACCOUNT.prepared:
        # A server keeps its constraints when it is emptied; to look for each again takes longer than most tests.
        opened: Store = await Neo4jStore.open(store_url, **store_auth)
        await opened.write([Step("schema_found", {"version": VERSION})])
    else:
        opened = await open_store(store_url, **store_auth)
        if opened.engine == "neo4j":
            ACCOUNT.prepared.add(store_url)
    yield opened
    await opened.close()


@pytest.fixture
async def backend(store: Store) -> Backend:
    """The store with the made-up roster of ``helpers.tiny_roster``, a clock that stands still, and a key of its own."""
    return await filled(store)
