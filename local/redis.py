"""A real Redis on loopback: what two LiveKit nodes share. It keeps nothing: a restart loses all that they knew."""

import asyncio
import os
import shutil
from pathlib import Path

from local.ports import LOOPBACK
from local.supervisor import NotInstalledError, Spec


def find_binary() -> Path:
    """`REDIS_SERVER`, or the PATH's.

    Raises:
        NotInstalledError: there is none.
    """
    found = os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
    if found is None:
        raise NotInstalledError("no redis-server: install one (Debian: `apt-get install redis-server`)")
    return Path(found)


def spec(binary: Path, directory: Path, port: int) -> Spec:
    """The process; ready when it answers."""

    async def ready() -> bool:
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(b"PING\r\n")
            answer = await asyncio.wait_for(reader.readline(), 1)
            writer.close()
        except (OSError, TimeoutError):
            return False
        return answer == b"+PONG\r\n"

    without_memory = ("--save", "", "--appendonly", "no", "--bind", LOOPBACK, "--dir", directory)
    return Spec(name="redis", argv=[binary, "--port", str(port), *without_memory], ready=ready)
