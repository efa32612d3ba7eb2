"""What all tests share: one real stack per session, on free ports of its own."""

import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from local.paths import STATE
from local.people.person import People
from local.stack import Stack
from local.supervisor import Child


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack() -> AsyncIterator[Stack]:
    """The local cloud, with every migration and the hooks that break it on purpose; no worker in it.

    It is shared: a test makes its own users and rooms, and puts back what it breaks.
    """
    async with Stack(STATE / "test", fault_hooks=True) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(stack: Stack) -> Child:
    """The agent, as in production, moderating every room of the shared stack."""
    return await stack.start_worker("worker")


@pytest_asyncio.fixture(loop_scope="session")
async def people(stack: Stack) -> AsyncIterator[People]:
    """Simulated people of this test's own, who leave when it ends."""
    async with People(stack.env) as everybody:
        yield everybody


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses the shared stack runs in the stack's event loop; all others have one of their own.

    What a browser shows comes last: those tests fill the shared stack, and need most that all else is well.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
    for item in items:
        if not isinstance(item, pytest.Function) or not inspect.iscoroutinefunction(item.obj):
            continue
        if "stack" in item.fixturenames:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
