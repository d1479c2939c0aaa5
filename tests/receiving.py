"""A receiver of one's own: it keeps what is posted to it, and answers as the path says."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """``/410/…`` is answered with that status, ``/hang/…`` not at all, ``/drip/…`` a byte at a time, ``/big/…`` without
    end; ``/302/…`` leads to ``elsewhere``. What is answered is ``said``."""

    port: int = 0
    connections: int = 0
    elsewhere: str = ""
    said: bytes = b"taken"
    posted: list[Posted] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def came(self, posted: int) -> None:
        """Returns when so much has come."""
        while len(self.posted) < posted:
            await self.more.wait()
            self.more.clear()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split()[1]
        self.posted.append(Posted(path, headers, body))
        self.more.set()
        word = path.split("/")[1]
        status = word if word.isdigit() else "200"
        more = f"location: {self.elsewhere}\r\n" if status.startswith("3") else ""
        said = self.said
        if word == "hang":
            await asyncio.sleep(30)
        head = f"HTTP/1.1 {status} Said\r\n{more}content-length: {10**12 if word == 'big' else len(said)}\r\n\r\n"
        writer.write(head.encode())
        if word == "drip":
            for number in range(len(said)):
                writer.write(said[number : number + 1])
                await asyncio.sleep(0.1)
        else:
            writer.write(said)
        while word == "big":
            writer.write(b"x" * 100_000)
            await writer.drain()
        await writer.drain()
        return True


@asynccontextmanager
async def receiving(files: tuple[Path, Path] | None = None) -> AsyncIterator[Receiver]:
    """On 127.0.0.1 for as long as the block lasts, with TLS where there are files for it."""
    receiver, tls = Receiver(), None
    if files:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*files)
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
