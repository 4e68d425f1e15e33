"""A bad line: a proxy between somebody and a server, whose faults change while it runs.

It passes bytes and understands none of them. A "response" is what the server says first after it was spoken
to, which is true of HTTP, Redis and PostgreSQL as they are used here. It lives in a thread of its own.
"""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHUNK = 1 << 16
PATIENCE_SECONDS = 10
ABORT_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s: closing sends a reset

# A TCP port of this machine, or a Unix socket.
Place = int | Path


@dataclass
class Faults:
    """What is wrong with the line now.

    `latency` seconds, give or take `jitter`, go by before the server hears each message. `reset_share` of the
    messages and `drop_share` of the responses break their connection: of a dropped response the server
    did its part, and nobody hears of it. `bytes_per_second` is of each connection and direction; after
    `most_bytes` toward the client a connection breaks. A black hole takes everything and passes nothing; a
    line that `is_down` refuses whoever comes.
    """

    latency: float = 0.0
    jitter: float = 0.0
    reset_share: float = 0.0
    drop_share: float = 0.0
    bytes_per_second: float | None = None
    most_bytes: int | None = None
    is_black_hole: bool = False
    is_down: bool = False


@dataclass
class Counts:
    connections: int = 0
    responses: int = 0
    dropped: int = 0
    resets: int = 0


class Passage:
    """One connection through the proxy."""

    def __init__(self, proxy: "Proxy", client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._is_spoken_to = False
        self._told = 0

    async def ask(self, client: asyncio.StreamReader) -> None:
        faults, chance = self._proxy.faults, self._proxy.random
        while data := await client.read(CHUNK):
            if delay := faults.latency + chance.uniform(-faults.jitter, faults.jitter):
                await asyncio.sleep(max(0.0, delay))
            if chance.random() < faults.reset_share:
                self._proxy.counts.resets += 1
                self.cut()
                return
            self._is_spoken_to = True
            await self._pass(data, self._server)

    async def answer(self, server: asyncio.StreamReader) -> None:
        faults = self._proxy.faults
        while data := await server.read(CHUNK):
            if self._is_spoken_to:
                self._is_spoken_to = False
                self._proxy.counts.responses += 1
                if self._proxy.random.random() < faults.drop_share:
                    self._proxy.counts.dropped += 1
                    self.cut()
                    return
            self._told += len(data)
            if faults.most_bytes is not None and self._told > faults.most_bytes:
                self.cut()
                return
            await self._pass(data, self._client)

    async def _pass(self, data: bytes, to: asyncio.StreamWriter) -> None:
        faults = self._proxy.faults
        while faults.is_black_hole:
            await asyncio.sleep(0.05)
        if faults.bytes_per_second:
            await asyncio.sleep(len(data) / faults.bytes_per_second)
        to.write(data)
        await to.drain()

    def cut(self) -> None:
        for end in (self._client, self._server):
            line = end.get_extra_info("socket")
            if line is not None and line.family != socket.AF_UNIX:
                with suppress(OSError):
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_AT_ONCE)
            end.transport.abort()


class Proxy:
    """Listens at `place` (port 0: a free one, see `port`) and passes on to `target`."""

    def __init__(self, place: Place, target: Place, *, seed: int = 0) -> None:
        self.place, self.target = place, target
        self.faults, self.counts = Faults(), Counts()
        self.random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._passages: dict[Passage, asyncio.Task[Any]] = {}
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()
        if isinstance(self.place, Path):
            self.place.unlink(missing_ok=True)

    @property
    def port(self) -> int:
        if self._server is None or isinstance(self.place, Path):
            raise ValueError("This proxy has no port.")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def heal(self) -> None:
        """A good line again; connections that live go on."""
        for one in fields(Faults):
            setattr(self.faults, one.name, one.default)

    def cut(self) -> None:
        """Break every connection that there is."""
        self._loop.call_soon_threadsafe(self._cut_all)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    async def _listen(self) -> None:
        if isinstance(self.place, Path):
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self.place.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self.place)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.place, backlog=4096)

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        self._cut_all()
        tasks = list(self._passages.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cut_all(self) -> None:
        for passage in list(self._passages):
            passage.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.is_down:
            writer.transport.abort()
            return
        try:
            if isinstance(self.target, Path):
                from_server, to_server = await asyncio.open_unix_connection(self.target)
            else:
                from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.counts.connections += 1
        passage = Passage(self, writer, to_server)
        ways = [asyncio.create_task(passage.ask(reader)), asyncio.create_task(passage.answer(from_server))]
        serving = asyncio.current_task()
        assert serving is not None  # noqa: S101 - we are called by one
        self._passages[passage] = serving
        try:
            # Nobody here closes half a connection: where one way ends, both do.
            with suppress(asyncio.CancelledError):  # when the proxy ends; asyncio would call it a failure
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._passages.pop(passage, None)
            writer.close()
            to_server.close()
