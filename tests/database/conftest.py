"""Owns the fixtures of the database tests: one migrated Postgres for the run, one `world` for each test."""

import inspect
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.database.server import address, throwaway
from tests.database.world import Kept, World


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Yield the address of a migrated database that the whole run shares."""
    with throwaway() as socket:
        yield address(socket)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept(dsn: str) -> AsyncIterator[Kept]:
    """Yield the connection that tests have one after the other: a new one learns every table and function anew."""
    kept = Kept(dsn)
    yield kept
    await kept.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(kept: Kept) -> AsyncIterator[World]:
    """Yield a test's own users and sessions, which are never shared between tests."""
    world = World(kept.dsn, kept=kept)
    yield world
    await world.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that has the kept connection runs in its loop."""
    for item in items:
        if isinstance(item, pytest.Function) and "kept" in item.fixturenames:
            drawn = getattr(item.obj, "hypothesis", None)
            if inspect.iscoroutinefunction(drawn.inner_test if drawn else item.obj):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
