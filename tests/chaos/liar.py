"""A wire to LiveKit whose server API can lie, or be another server's, while the rooms' own connections go on."""

import asyncio
import contextlib
import re

from tests.chaos.proxy import Wire

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
NOT_FOUND = b'{"code":"not_found","msg":"requested room does not exist"}'
NOBODY = b""
"""An empty list, in Protobuf."""


class LiarsWire(Wire):
    """The first request of a connection says whether it is the API's; such a one is answered here while it lies."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self._api_target = target
        self._lying = False
        self._api_ends: set[asyncio.StreamWriter] = set()

    def lie(self) -> None:
        """The API says of everybody that they are not there, and of every room that it is empty."""
        self._lying = True
        self._drop_api()

    def ask_elsewhere(self, port: int) -> None:
        """The API is that of the server on another port."""
        self._api_target = port
        self._drop_api()

    def restore(self) -> None:
        if self._lying or self._api_target != self._target:
            self._lying, self._api_target = False, self._target
            self._drop_api()
        super().restore()

    def _drop_api(self) -> None:
        """Connections are kept and used again: those of before must not outlive the change."""
        for end in self._api_ends:
            end.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        asks_api = b"/twirp/" in head.split(b"\r\n", 1)[0]
        if not asks_api:
            return await self._pass(head, reader, writer, self._target)
        self._api_ends.add(writer)
        try:
            if self._lying:
                await self._answer(head, reader, writer)
            else:
                await self._pass(head, reader, writer, self._api_target)
        finally:
            self._api_ends.discard(writer)

    async def _pass(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int
    ) -> None:
        joined = asyncio.StreamReader()
        joined.feed_data(head)
        copying = asyncio.create_task(self._copy(reader, joined))
        try:
            await self._pass_on(joined, writer, target)
        finally:
            copying.cancel()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                sink.feed_data(data)
        sink.feed_eof()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = LENGTH.search(head)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readexactly(int(found[1]) if found else 0)
            writer.write(response(head))
            await writer.drain()


def response(head: bytes) -> bytes:
    """A list of nobody, or that what was asked for is not there."""
    lists = b"/ListParticipants" in head or b"/ListRooms" in head
    status, kind, body = (
        ("200 OK", "application/protobuf", NOBODY)
        if lists
        else ("404 Not Found", "application/json", NOT_FOUND)
    )
    lines = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return lines.encode() + body
