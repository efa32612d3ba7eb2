"""What all tests share: one real stack per session, on free ports of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from local.paths import STATE
from local.stack import Stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack() -> AsyncIterator[Stack]:
    """The local cloud, with every migration and the hooks that break it on purpose; no worker in it.

    It is shared: a test makes its own users and rooms, and puts back what it breaks.
    """
    async with Stack(STATE / "test", fault_hooks=True) as running:
        yield running
