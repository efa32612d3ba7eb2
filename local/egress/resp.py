"""The little of Redis' protocol (RESP2) that psrpc needs: publish, subscribe, and one key that only one may set."""

import asyncio
from typing import Self

Reply = bytes | int | list["Reply"] | None


class RedisError(RuntimeError):
    """Redis answered with an error, or not at all."""


class RedisConnection:
    """One connection. Commands go one after the other; after `subscribe` it only receives."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        """A connection to the Redis there. Raises OSError."""
        return cls(*await asyncio.open_connection(host, port))

    async def command(self, *words: bytes | str | int) -> Reply:
        """Send one command and return its answer. Raises RedisError."""
        async with self._turn:
            self.write(*words)
            return await self.read()

    def write(self, *words: bytes | str | int) -> None:
        """Send a command and wait for nothing."""
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        head = b"*%d\r\n" % len(parts)
        self._writer.write(head + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))

    async def read(self) -> Reply:
        """The next reply. Raises `RedisError` for an error's, and when the connection is over."""
        line = await self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("Redis has closed the connection")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return rest
            case b":":
                return int(rest)
            case b"$":
                return None if rest == b"-1" else (await self._reader.readexactly(int(rest) + 2))[:-2]
            case b"*":
                return [await self.read() for _ in range(int(rest))]
            case _:
                raise RedisError(rest.decode(errors="replace"))

    def close(self) -> None:
        """Close it."""
        self._writer.close()
