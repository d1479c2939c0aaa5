"""Finding, or starting, the Neo4j that the suite runs on. One server a process; its data is thrown away.

Looked for in this order:

1. ``NEO4J_URI`` (with ``NEO4J_USER`` and ``NEO4J_PASSWORD``). The suite empties that database again and again, so
   it must be empty to begin with, or ``RELAYPOINT_TEST_WIPE=1`` must say that what is in it may go.
2. Docker, if its daemon answers and the image is local or can be pulled.
3. A JDK of 17 or later and Maven: Neo4j's own jars, kept under ``.cache/``, and ``neo4j/BoltForTests.java``.
   ``RELAYPOINT_TEST_JAVA`` names the JDK's folder when another than the newest suitable one is wanted.

None of them: ``NoNeo4j``, which says what was tried.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import neo4j

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "neo4j:2026.09-community"
#: The lowest Java feature release that a version of Neo4j runs on, newest first.
VERSIONS = ((21, "2026.09.0"), (17, "5.26.30"))
START_SECONDS = 120
#: For a server that lives for minutes: to compile its code once more, and better, costs more than that saves.
_THRIFTY = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
_OPENED = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in ("java.nio", "java.io", "sun.nio.ch")]


class NoNeo4j(Exception):
    """There is no Neo4j to test on; the text says why, one reason for each way that was tried."""


@dataclass(frozen=True, slots=True)
class Server:
    """A Neo4j that answers. ``origin`` says where it came from, for the person who reads the test output."""

    uri: str
    user: str | None
    password: str | None
    origin: str
    seconds: float

    def driver(self) -> neo4j.Driver:
        auth = (self.user, self.password or "") if self.user else None
        return neo4j.GraphDatabase.driver(self.uri, auth=auth, notifications_min_severity="OFF")

    def empty(self) -> None:
        """Deletes every node. Constraints and indexes stay: they are the same for every test."""
        with self.driver() as driver, driver.session() as session:
            some = "MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(*) AS gone"
            while session.run(some).single(strict=True)["gone"]:
                pass

    def holds_something(self) -> bool:
        with self.driver() as driver, driver.session() as session:
            return bool(session.run("MATCH (n) RETURN n LIMIT 1").data())


#: How much memory the server takes that is started here; a large roster is one write, and wants more.
HEAP = os.environ.get("NEO4J_HEAP", "1g")


@contextmanager
def running(*, briefly: bool = False) -> Iterator[Server]:
    """The server for one session, stopped at the end if this started it. Raises ``NoNeo4j``.

    ``briefly``: for many small tests, and not to be measured.
    """
    reasons: list[str] = []
    with ExitStack() as stack:
        for way in (_given, _in_docker, partial(_with_java, briefly)):
            try:
                server = stack.enter_context(way())
            except NoNeo4j as reason:
                reasons.append(str(reason))
                continue
            yield server
            return
    raise NoNeo4j("; ".join(reasons))


@contextmanager
def _given() -> Iterator[Server]:
    uri = os.environ.get("NEO4J_URI")
    if not uri:
        raise NoNeo4j("NEO4J_URI is not set")
    password = os.environ.get("NEO4J_PASSWORD") or None
    user = os.environ.get("NEO4J_USER") or ("neo4j" if password else None)
    server = Server(uri, user, password, "NEO4J_URI", 0.0)
    # Not a reason to try the next way: whoever named a server wants that one.
    if os.environ.get("RELAYPOINT_TEST_WIPE") != "1" and server.holds_something():
        raise RuntimeError(
            f"The database at {uri} is not empty, and the tests would delete all of it. "
            "Set RELAYPOINT_TEST_WIPE=1 if it may go."
        )
    yield server
    server.empty()


@contextmanager
def _in_docker() -> Iterator[Server]:
    if not _succeeds(["docker", "info"], 10):
        raise NoNeo4j("no Docker daemon answers")
    if not _succeeds(["docker", "image", "inspect", IMAGE], 10) and not _succeeds(["docker", "pull", "-q", IMAGE], 300):
        raise NoNeo4j(f"Docker has no image {IMAGE} and can't pull it")
    # The session stops its own container; the helper container that would do it has to be pulled first.
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    began = time.monotonic()
    password = secrets.token_urlsafe(12)
    container = DockerContainer(IMAGE).with_exposed_ports(7687)
    container.with_envs(NEO4J_AUTH=f"neo4j/{password}", NEO4J_dbms_usage__report_enabled="false")
    container.waiting_for(LogMessageWaitStrategy("Started.").with_startup_timeout(START_SECONDS))
    with container:
        uri = f"bolt://{container.get_container_host_ip()}:{container.get_exposed_port(7687)}"
        server = Server(uri, "neo4j", password, f"Docker image {IMAGE}", time.monotonic() - began)
        with server.driver() as driver:
            driver.verify_connectivity()
        yield server


@contextmanager
def _with_java(briefly: bool) -> Iterator[Server]:
    feature, home = _jdk()
    version = next(version for lowest, version in VERSIONS if feature >= lowest)
    jars = _jars(version, home)
    began = time.monotonic()
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="relaypoint-neo4j-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "server.log")
        port = _free_port()
        with log.open("wb") as output:
            command = [
                str(home / "bin/java"),
                f"-Xmx{HEAP}",
                *(_THRIFTY if briefly else ()),
                *_OPENED,
                "-cp",
                f"{jars}/*",
            ]
            command += [str(ROOT / "tests/neo4j/BoltForTests.java"), f"{folder}/data", str(port)]
            command += ["briefly"] if briefly else []
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "BOLT_PASSWORD": password},
                start_new_session=True,  # Ctrl-C is for pytest, which then stops the server itself
            )
        try:
            _wait_for_ready(process, log)
            origin = f"Neo4j {version} on Java {feature}"
            yield Server(f"bolt://127.0.0.1:{port}", "neo4j", password, origin, time.monotonic() - began)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "READY" not in log.read_text(errors="replace").splitlines():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("Neo4j did not start:\n" + log.read_text(errors="replace")[-4000:])
        time.sleep(0.1)


def _jdk() -> tuple[int, Path]:
    """The feature release and folder of the JDK to use: the lowest that runs the newest possible Neo4j."""
    if wanted := os.environ.get("RELAYPOINT_TEST_JAVA"):
        homes = [Path(wanted)]
    else:
        homes = [Path(value) for value in [os.environ.get("JAVA_HOME")] if value]
        if java := shutil.which("java"):
            homes.append(Path(java).resolve().parent.parent)
        homes += sorted(Path("/usr/lib/jvm").glob("*"))
    found = {home.resolve(): feature for home in homes if (feature := _java_feature(home))}
    for lowest, _ in VERSIONS:
        fitting = sorted((feature, home) for home, feature in found.items() if feature >= lowest)
        if fitting:
            return fitting[0]
    raise NoNeo4j(f"no JDK of {VERSIONS[-1][0]} or later was found")


def _java_feature(home: Path) -> int | None:
    """17 for the folder of a JDK 17; None for anything that isn't a JDK (a JRE can't run a source file)."""
    release = home / "release"
    if not (home / "bin/javac").exists() or not release.exists():
        return None
    stated = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(errors="replace"), re.MULTILINE)
    return int(stated[1]) if stated else None


def _jars(version: str, java_home: Path) -> Path:
    """The folder with that version's jars, fetched by Maven when it isn't there yet; whole, or not there."""
    folder = ROOT / ".cache" / f"neo4j-{version}" / "lib"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if not maven:
        raise NoNeo4j("Maven (mvn) is not installed")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock, tempfile.TemporaryDirectory(dir=folder.parent) as part:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Another process of the suite may be fetching them.
        if folder.is_dir():
            return folder
        target = Path(part, "lib")
        command = [maven, "-q", "-B", "-ntp", "-f", str(ROOT / "tests/neo4j/pom.xml"), "-Dmaven.artifact.threads=8"]
        command += [f"-Dneo4j.version={version}", f"-DoutputDirectory={target}", "dependency:copy-dependencies"]
        environment = {**os.environ, "JAVA_HOME": str(java_home)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise NoNeo4j(f"Maven could not fetch Neo4j {version}: {done.stdout[-600:].strip()}")
        target.rename(folder)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _succeeds(command: list[str], seconds: float) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
