"""``relaypoint serve``: the HTTP server, the command socket beside an embedded store, and the background work."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from relaypoint.app import http, signing_in
from relaypoint.app.graphql_http import Limits
from relaypoint.app.runtime import Runtime, running
from relaypoint.app.settings import Settings
from relaypoint.domain.addresses import loopback
from relaypoint.domain.errors import Invalid, Problem
from relaypoint.domain.policy import OPERATOR
from relaypoint.resolvers import escalating, leases, recounting, responding, trend, writing
from relaypoint.schema.problems import where

log = logging.getLogger("relaypoint.serve")

#: Seconds for which one thread may keep the interpreter from another. An answer is made by the store's threads and this
#: one in turn, and would wait that long at each turn while something else is at work.
_SWITCH: Final = 0.0005

#: How often the outbox is looked through, in seconds.
_PAUSE = 1.0

#: How often it is looked for mails that came back, in seconds.
_BOUNCES_PAUSE = 60.0

#: How often it is looked for what has gone silent, in seconds; and after what time another server takes that over.
_ESCALATION_PAUSE = 15.0
_ESCALATION_LEASE = timedelta(minutes=2)

#: How often the gaps are counted: the last count of a day stays.
_HOUR = 3600.0

#: The command socket takes whole rosters.
_COMMANDS = Limits(body=1 << 28)


async def serve(settings: Settings, host: str, port: int, announce: str) -> None:
    """Serves until it is told to stop. Raises ``Invalid`` where the dev sign-in would be open to others.

    ``announce`` is printed once requests are answered.
    """
    if settings.dev and not loopback(host):
        raise Invalid(
            "serve.dev",
            "The dev sign-in believes anyone, so it is not served on {host}.",
            path=("--host",),
            remedy="Serve it on 127.0.0.1, or unset RELAYPOINT_DEV.",
            host=host,
        )
    sys.setswitchinterval(_SWITCH)
    async with running(settings) as opened:
        with _listening(host, port) as tcp, _command_socket(settings.socket) as unix:
            port = tcp.getsockname()[1]
            runtime = replace(opened, served=address_of(host, port))
            servers = [_server(http.build(runtime, signing_in.developer if settings.dev else signing_in.nobody))]
            sockets = [tcp]
            if unix is not None:
                servers.append(_server(http.build(runtime, signing_in.operator, _COMMANDS)))
                sockets.append(unix)
            async with _background(runtime):
                print(announce.format(host=host, port=port), flush=True)
                await _run(servers, sockets)


def address_of(host: str, port: int) -> str:
    """Where this machine finds what listens there; what listens on all its addresses does so on its own as well."""
    with contextlib.suppress(ValueError):  # A name is as good as an address.
        if (all_of := ip_address(host)).is_unspecified:
            host = "127.0.0.1" if all_of.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _run(servers: list[uvicorn.Server], sockets: list[socket.socket]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop)
    await asyncio.gather(*(server.serve([sock]) for server, sock in zip(servers, sockets, strict=True)))


class _Server(uvicorn.Server):
    """Two of these share one process, which takes the signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _server(app: Starlette) -> uvicorn.Server:
    # No access log: addresses and URLs of those who ask are nobody's business.
    return _Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))


@contextlib.asynccontextmanager
async def _background(runtime: Runtime) -> AsyncIterator[None]:
    backend, worker = runtime.backend, runtime.backend.new_id()

    async def outbox() -> None:
        await runtime.deliver()

    async def evidence() -> None:
        await runtime.prove()

    async def webhooks() -> None:
        await runtime.post_events()

    async def bounces() -> None:
        await runtime.take_bounces()

    async def escalation() -> None:
        if await leases.take_lease(backend, "escalation", worker, _ESCALATION_LEASE) is not None:
            await recounting.recount(OPERATOR, backend)
            await escalating.escalate(OPERATOR, backend)

    async def snapshot() -> None:
        await trend.snapshot(OPERATOR, backend)
        await responding.measure(OPERATOR, backend)

    async def housekeeping() -> None:
        await writing.forget_operations(backend)

    work = (
        (outbox, _PAUSE),
        (evidence, _PAUSE),
        (webhooks, _PAUSE),
        (bounces, _BOUNCES_PAUSE),
        (escalation, _ESCALATION_PAUSE),
        (snapshot, _HOUR),
        (housekeeping, _HOUR),
    )
    tasks = [asyncio.create_task(_again_and_again(each, pause)) for each, pause in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(work: Callable[[], Awaitable[None]], pause: float) -> None:
    """What fails once is told in the log, by its place and never by what it was about, and tried again."""
    while True:
        try:
            await work()
        except Problem as problem:
            log.warning("%s: %s", work.__name__, problem.message_id)
        except Exception as error:
            log.error("%s: %s", work.__name__, where(error))
        await asyncio.sleep(pause)


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With its protocol named, asyncio sends small packets at once; without, each answer comes 40 ms late.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(256)
    except OSError as error:
        raise Invalid(
            "serve.address",
            "Nothing can listen on {host}:{port}: {why}.",
            path=("--port",),
            remedy="Choose another --port, or stop what uses it.",
            host=host,
            port=port,
            why=error.strerror or "refused",
        ) from error
    with sock:
        yield sock


@contextlib.contextmanager
def _command_socket(path: Path | None) -> Iterator[socket.socket | None]:
    """Listens for this machine's commands, for this user only. The store's lease says that we are the only server."""
    if path is None:
        yield None
        return
    with short_path(path) as short, socket.socket(socket.AF_UNIX) as sock:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            sock.bind(short)
        finally:
            os.umask(before)
        sock.listen(64)
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket that fits into the 107 bytes which the system takes, however deep the folder lies."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
