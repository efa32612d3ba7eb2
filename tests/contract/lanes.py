"""A worker's own lane in the tests: the role `live_agent` with a password, as an operator gives it one."""

from urllib.parse import urlsplit, urlunsplit

import asyncpg

PASSWORD = "only-for-tests"  # noqa: S105


async def lane_url(database_url: str) -> str:
    """The address for LIVE_DATABASE_URL; `database_url` is the owner's."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(f"alter role live_agent login password '{PASSWORD}'")
    finally:
        await owner.close()
    parts = urlsplit(database_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"live_agent:{PASSWORD}@{host}"))
