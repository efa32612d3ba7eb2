"""A wire between two parts that can be cut, held half-open or slowed: TCP on loopback, bytes passed as they come."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65_536


class Wire:
    """`async with Wire(port) as wire`: what connects to `wire.port` talks to `port`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self.delay = 0.0
        """Seconds that every chunk takes longer, in either direction."""
        self.held = bytearray()
        """What came while nothing moved, since the last stall."""
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Every connection is reset, and so is every new one."""
        self._is_cut = True
        self._flowing.set()
        for end in self._ends:
            end.transport.abort()

    def stall(self) -> None:
        """Half-open: connections are accepted and kept, and nothing moves."""
        self.held.clear()
        self._flowing.clear()

    def restore(self) -> None:
        """All well again; what was held moves on."""
        self._is_cut, self.delay = False, 0.0
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            if not self._is_cut:
                await self._connect(reader, writer)
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pass_on(reader, writer, self._target)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, target)
            self._ends.add(far_writer)
            ways = [
                asyncio.create_task(self._pump(reader, far_writer)),
                asyncio.create_task(self._pump(far_reader, writer)),
            ]
            try:
                # Either end gone is the end of both: no client here half-closes.
                await asyncio.wait(ways, return_when="FIRST_COMPLETED")
            finally:
                self._ends.discard(far_writer)
                far_writer.transport.abort()
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK_BYTES):
            await asyncio.sleep(self.delay)
            if not self._flowing.is_set():
                self.held += data
                await self._flowing.wait()
            sink.write(data)
            await sink.drain()
        # What was written last must be out before the other way is torn down.
        if sink.can_write_eof():
            sink.write_eof()
