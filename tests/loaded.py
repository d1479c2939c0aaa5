"""Runs the command line without its start: one process has loaded what it needs, and forks for each command.

Loading takes longer than most commands do. What runs is the same ``main``, in a process of its own with its own
arguments, environment, folder and streams. Tests that are about the start, a signal or a server start theirs afresh.

As a module it is the process that has everything loaded (``python -m relaypoint.tests.loaded SOCKET``). As a file it
asks that process, for a shell: ``python -I -S loaded.py SOCKET ARGUMENTS``; so it imports nothing heavy by itself.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys

_LENGTH = struct.Struct("!I")


def ask(
    path: str,
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
    streams: tuple[int, int, int],
    seconds: float | None = None,
) -> int:
    """The exit code of ``relaypoint`` with these; negative, as a signal's number, where one ended it.

    Raises TimeoutError after so many seconds; the command is killed then.
    """
    request = json.dumps([arguments, environment, folder]).encode()
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(seconds)
        line.connect(path)
        descriptors = array.array("i", streams)
        line.sendmsg([_LENGTH.pack(len(request))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
        line.sendall(request)
        return int(line.makefile().readline())


def _serve(path: str) -> None:
    """Forks one process for each request, which forks the command and says how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen(64)
        print("loaded", flush=True)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                os._exit(_run(line))
            line.close()


def _run(line: socket.socket) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, descriptors, _, _ = socket.recv_fds(line, _LENGTH.size, 3)
    asked = line.makefile("rb").read(_LENGTH.unpack(head)[0])
    command = os.fork()
    if command == 0:
        line.close()
        arguments, environment, folder = json.loads(asked)
        os._exit(_command(arguments, environment, folder, descriptors))
    for each in descriptors:
        os.close(each)
    # Readable before the command has ended: whoever asked has gone.
    ended = os.pidfd_open(command)
    ready, _, _ = select.select([ended, line.fileno()], [], [])
    if ended not in ready:
        os.kill(command, signal.SIGKILL)
    _, status = os.waitpid(command, 0)
    try:
        line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    except OSError:
        return 1
    return 0


def _command(arguments: list[str], environment: dict[str, str], folder: str, descriptors: list[int]) -> int:
    """What a new interpreter would do with them."""
    for stream, each in enumerate(descriptors):
        os.dup2(each, stream)
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["relaypoint", *arguments]
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", errors="backslashreplace")  # noqa: SIM115
    code = 0
    try:
        importlib.import_module("relaypoint.app.cli").main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except (OSError, ValueError):
            code = code or 120
    return code


def _load() -> None:
    """All of relaypoint and what it imports late. Its console reads the width of the terminal when it prints, if no
    COLUMNS are set when it is imported."""
    import pkgutil

    os.environ.pop("COLUMNS", None)
    for room in ("domain", "graph", "resolvers", "schema", "notifications", "app"):
        package = importlib.import_module(f"relaypoint.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"relaypoint.{room}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    importlib.import_module("holidays.countries")


if __name__ == "__main__":
    if len(sys.argv) == 2 and __package__:
        _load()
        _serve(sys.argv[1])
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2:], dict(os.environ), os.getcwd(), (0, 1, 2)))
