"""Asks a loopback port whether its owner is ready, without an HTTP client."""

import asyncio
from contextlib import suppress

from local.ports import LOOPBACK

TIMEOUT_SECONDS = 2.0


async def tcp_open(port: int) -> bool:
    """Whether somebody takes connections."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
        return True
    return False


async def http_ok(port: int, path: str) -> bool:
    """Whether a GET is answered with status 200."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}\r\n\r\n".encode())
                status_line = await reader.readline()
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
            return b" 200 " in status_line
    return False
