"""``relaypoint`` in processes of its own: a command run to its end, a server that answers."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from relaypoint.tests import loaded


def relaypoint(*arguments: str) -> list[str]:
    """The command line of ``relaypoint`` with these arguments, for a process of its own."""
    return [sys.executable, "-c", "from relaypoint.app.cli import main; main()", *arguments]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings of relaypoint and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RELAYPOINT_")} | dict(settings)


def run(settings: Mapping[str, str], *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs ``relaypoint`` to its end, in a process that did not have to load it first."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors, open(os.devnull) as nothing:
        streams = (nothing.fileno(), output.fileno(), errors.fileno())
        try:
            code = loaded.ask(door(), list(arguments), environment(settings), os.getcwd(), streams, seconds)
        except TimeoutError:
            raise subprocess.TimeoutExpired(["relaypoint", *arguments], seconds) from None
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(["relaypoint", *arguments], code, output.read(), errors.read())


@functools.cache
def door() -> str:
    """Where ``loaded.ask`` finds the process that has relaypoint loaded; started once, and ended with this one."""
    folder = tempfile.mkdtemp(prefix="relaypoint-loaded-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = str(Path(folder, "door"))
    process = subprocess.Popen(
        [sys.executable, "-m", "relaypoint.tests.loaded", path], stdout=subprocess.PIPE, text=True, env=environment({})
    )
    atexit.register(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "loaded\n"
    return path


@contextlib.contextmanager
def serving(settings: Mapping[str, str], *arguments: str, seconds: float = 60) -> Iterator[str]:
    """The address, as http://127.0.0.1:PORT, of ``relaypoint serve`` in a process of its own; stopped at the end."""
    command = relaypoint("serve", "--port", "0", *arguments)
    with subprocess.Popen(
        command, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        late = threading.Timer(seconds, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            announced = process.stdout.readline()
            late.cancel()
            if not announced.startswith("Serving on http://"):
                process.kill()
                pytest.fail(f"no server: {announced}{process.stdout.read()}{process.stderr.read()}")
            errors: list[str] = []
            # Read on, lest a full pipe stops the server.
            reader = threading.Thread(target=lambda pipe: errors.extend(pipe), args=(process.stderr,), daemon=True)
            reader.start()
            yield announced.split()[-1].removesuffix("/graphql")
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            reader.join(5)
            # A server says only what is wrong, so here it has to be silent.
            assert not errors, "".join(errors)
            assert process.returncode == 0
        finally:
            late.cancel()
            if process.poll() is None:
                process.kill()
