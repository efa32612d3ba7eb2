"""A worker's own lane on the local stack: the role `live_agent` with a password, as an operator gives it one."""

from urllib.parse import urlsplit, urlunsplit

import asyncpg

from local.ports import LOOPBACK

PASSWORD = "only-for-this-machine"  # noqa: S105


async def lane_url(database_url: str) -> str:
    """The address for LIVE_DATABASE_URL; `database_url` is the owner's. Once at a time."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(f"alter role live_agent login password '{PASSWORD}'")
    finally:
        await owner.close()
    return at(database_url, urlsplit(database_url).netloc.rpartition("@")[2])


def over_port(url: str, port: int) -> str:
    """The same address over a wire on loopback."""
    return at(url, f"{LOOPBACK}:{port}")


def at(url: str, host: str) -> str:
    """The lane's address there: the database's, as `live_agent`. `host` with its port."""
    return urlunsplit(urlsplit(url)._replace(netloc=f"live_agent:{PASSWORD}@{host}"))
