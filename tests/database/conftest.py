"""Owns the fixtures of the database tests: one migrated Postgres for the run, one `world` for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.database.server import address, throwaway
from tests.database.world import World


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Yield the address of a migrated database that the whole run shares."""
    with throwaway() as socket:
        yield address(socket)


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    """Yield a test's own connections; users and sessions are never shared between tests."""
    world = World(dsn)
    yield world
    await world.close()
