"""Owns the fixtures of the database tests: one migrated Postgres for the run, one `world` for each test."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.database.server import address, migrate, postgres
from tests.database.world import World


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Yield the address of a migrated database that the whole run shares."""
    with tempfile.TemporaryDirectory(prefix="live-db-") as directory:
        Path(directory).chmod(0o755)  # Postgres may run as another user than the tests
        with postgres(Path(directory)) as socket:
            migrate(socket)
            yield address(socket)


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    """Yield a test's own connections; users and sessions are never shared between tests."""
    world = World(dsn)
    yield world
    await world.close()
