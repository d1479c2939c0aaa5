"""The process that mail goes out from: a request a line on stdin, an answer a line on stdout, by id, several at once.

It stands back where others want the processor, and ends with whoever started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from relaypoint.domain.clock import parse_instant
from relaypoint.domain.evidence import Result
from relaypoint.domain.words import Priority
from relaypoint.notifications.delivery import Refused, came_of
from relaypoint.notifications.messages import Message
from relaypoint.notifications.mime import written
from relaypoint.notifications.smtp import MailServer, Smtp

#: Bytes of the longest request.
_LINE: Final = 1 << 22

_STANDING_BACK: Final = 10


class Sender:
    """Sends through one server and says on ``answers`` what came of it."""

    def __init__(self, server: MailServer, answers: int) -> None:
        self._smtp, self._sender, self._answers = Smtp(server), server.sender, answers

    async def answer(self, request: dict[str, Any]) -> None:
        given = request["message"]
        message = Message(**{**given, "priority": Priority(given["priority"])})
        self.say(request["id"], await self._came_of(message, request["at"]))

    def say(self, id: int, said: object) -> None:
        os.write(self._answers, json.dumps({"id": id, "said": said}).encode() + b"\n")

    async def close(self) -> None:
        await self._smtp.close()

    async def _came_of(self, message: Message, at: str) -> tuple[str, str | None]:
        try:
            await self._send(message, at)
        except Exception as error:  # Whatever breaks on the way of one message stops no other.
            return came_of(error)
        return Result.TAKEN, None

    async def _send(self, message: Message, at: str) -> None:
        try:
            mail = written(message, self._sender, parse_instant(at))
        except ValueError as error:
            raise Refused("no address") from error
        await self._smtp.send(message.address, mail, message.priority)


async def serve(answers: int) -> None:
    requests = asyncio.StreamReader(limit=_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    first = json.loads(await requests.readline())
    id, ca = first.pop("id"), first.pop("ca")
    sender = Sender(MailServer(**first, ca=Path(ca) if ca else None), answers)
    sender.say(id, None)
    at_work: set[asyncio.Task[None]] = set()
    while line := await requests.readline():
        task = asyncio.create_task(sender.answer(json.loads(line)))
        at_work.add(task)
        task.add_done_callback(at_work.discard)
    for task in at_work:
        task.cancel()
    await sender.close()


def main() -> None:
    answers = os.dup(1)
    # What a library prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.nice(_STANDING_BACK)
    asyncio.run(serve(answers))


if __name__ == "__main__":
    main()
