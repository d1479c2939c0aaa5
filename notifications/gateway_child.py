"""The process that Apprise runs in: a request a line on stdin, an answer a line on stdout, by id.

Apprise knows a hundred services and follows what its address says, so the interpreter itself is told here what nobody
may do in it: connect to what is not public, start a program, write a file. That holds for whatever a name leads to, and
for whatever a server sends it to.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote, unquote

import apprise

from relaypoint.notifications.networks import reachable

#: Addresses that a template is tried with, until the service takes one: each service has a form of its own.
_SAMPLES: Final = {
    "sms": ("+442079460101",),
    "messenger": ("+442079460101", "@sample", "ABCDEFGH", "#sample:example.org"),
}

_NEVER: Final = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.", "syslog.")
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """What the interpreter asks before it does anything. ``barred``: something was refused since this was unset."""

    def __init__(self, *, local: bool) -> None:
        self.local, self.barred = local, False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_NEVER):
            refused = True
        elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            # Neither a door of this machine (a Unix socket) nor a name, which would be resolved unseen. None: it is
            # connected already.
            numbered = isinstance(address, tuple) and reachable(str(address[0]), local=self.local)
            refused = address is not None and not numbered
        elif event == "open":
            refused = isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
        else:
            return
        if refused:
            self.barred = True
            raise PermissionError("barred")


class Services:
    """``templates``: by kind of channel, the address of a service with ``{address}`` in it."""

    def __init__(self, templates: Mapping[str, str], guard: Guard) -> None:
        self._templates, self._guard = templates, guard
        self._asset = apprise.AppriseAsset(
            async_mode=False,
            secure_logging=True,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            http_redirects=False,
        )

    def unfit(self) -> str | None:
        """The first kind whose template is none that can be used."""
        for kind in self._templates:
            if all(self._service(kind, sample) is None for sample in _SAMPLES[kind]):
                return kind
        return None

    def send(self, kind: str, address: str, title: str, body: str) -> str:
        """``sent``, ``failed``, ``barred`` or ``no address``."""
        service = self._service(kind, address)
        if service is None:
            return "no address"
        self._guard.barred = False
        one = apprise.Apprise(asset=self._asset)
        one.add(service)
        if one.notify(body, title, body_format=apprise.NotifyFormat.TEXT):
            return "sent"
        return "barred" if self._guard.barred else "failed"

    def _service(self, kind: str, address: str) -> apprise.NotifyBase | None:
        """The service that takes messages for this address, and for it alone; None where it can't.

        Some services drop an address that they do not understand, and write to themselves instead.
        """
        url = self._templates[kind].replace("{address}", quote(address, safe=""))
        service = apprise.Apprise.instantiate(url, asset=self._asset)
        if service is None or not self._safe(service, url.partition(":")[0].lower()):
            return None
        held = unquote(str(service.url(privacy=False))).casefold()  # type: ignore[no-untyped-call]
        return service if len(service) == 1 and address.lstrip("+@#").casefold() in held else None

    def _safe(self, service: apprise.NotifyBase, scheme: str) -> bool:
        """Encrypted, with a certificate that is looked at, and without redirects. What has no encrypted form at all is
        a program or a device of this machine, and no gateway."""
        secure, plain = _schemes(service.secure_protocol), _schemes(service.protocol)
        if self._guard.local:
            return bool(secure) and scheme in secure + plain
        return scheme in secure and bool(service.verify_certificate) and not service.redirects


def _schemes(told: Any) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told or ())


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a library prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # It would tell addresses, and what they hold.
    logging.disable()
    services: Services | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if services is None:
            guard = Guard(local=request["local"])
            sys.addaudithook(guard)
            services = Services(request["templates"], guard)
            said = services.unfit()
        else:
            said = "failed"
            with suppress(Exception):
                said = services.send(request["kind"], request["address"], request["title"], request["body"])
        print(json.dumps({"id": request["id"], "said": said}), file=answers, flush=True)


if __name__ == "__main__":
    main()
