"""A transport that lays messages into a folder, for offices without a network and for tests."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path

from relaypoint.domain.words import MESSAGE_KINDS
from relaypoint.notifications.messages import Message


class Spool:
    """One file a message, named after its key: sending the same message again changes nothing."""

    kinds = MESSAGE_KINDS

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, kind: str, message: Message) -> None:
        """Returns when the message is on disk. Raises ``OSError`` when it can't be."""
        await asyncio.to_thread(self._write, kind, message)

    async def close(self) -> None:
        """There is nothing to take leave of."""

    def _write(self, kind: str, message: Message) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        final = self.folder / f"{message.key}.json"
        part = final.with_suffix(".part")
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            json.dump({"channel": kind, **asdict(message)}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, final)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
