"""What all tests share: one real stack per session, on free ports of its own."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from local.paths import STATE
from local.people.person import People
from local.stack import Stack
from local.supervisor import Child

TESTS = Path(__file__).parent
LONGEST_FIRST = ("browser", "integration", "chaos", "contract", "database", "property", "unit", "arch")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(worker_id: str) -> AsyncIterator[Stack]:
    """The local cloud, with every migration and the hooks that break it on purpose; no worker in it.

    It is shared: a test makes its own users and rooms, and puts back what it breaks. Each process that runs tests has
    one of its own.
    """
    async with Stack(STATE / f"test-{worker_id}", fault_hooks=True) as running:
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

    The longest come first, so that no process is left with them at the end.
    """
    items.sort(key=lambda item: LONGEST_FIRST.index(item.path.relative_to(TESTS).parts[0]))
    for item in items:
        if not isinstance(item, pytest.Function) or not inspect.iscoroutinefunction(item.obj):
            continue
        if "stack" in item.fixturenames:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class Together(LoadFileScheduling):
    """A file's tests run in one process, for what they share; those in a browser all do."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)
