"""What all tests share: one real stack per session, on free ports of its own."""

import inspect
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
import pytest_asyncio

from local import redis
from local.paths import STATE
from local.people.person import People
from local.stack import Stack
from local.supervisor import Child, NotInstalledError
from tests import target

if TYPE_CHECKING:
    from local.studio import Studio

TESTS = Path(__file__).parent
TARGET = target.named()
ALONE = "alone"
"""The name of the one process that runs tests, where pytest-xdist is not there or not asked."""
WAITING = ("browser", "integration", "chaos", "conformance", "contract")
COMPUTING = ("database", "property", "unit", "arch")
FOLDERS = (*WAITING, *COMPUTING)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack() -> AsyncIterator[Stack]:
    """The local cloud, with every migration and the hooks that break it on purpose; no worker in it.

    It is shared: a test makes its own users and rooms, and puts back what it breaks. Each process that runs tests has
    one of its own.
    """
    process = os.environ.get("PYTEST_XDIST_WORKER", ALONE)
    if TARGET is not None:
        yield target.as_stack(TARGET)
        return
    nodes: Literal[1, 2] = 2 if os.environ.get("LIVEKIT_NODES") == "2" else 1
    async with Stack(STATE / f"test-{process}", fault_hooks=True, nodes=nodes) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(stack: Stack) -> Child:
    """The agent, as in production, moderating every room of the shared stack."""
    return target.as_stack(TARGET).worker if TARGET is not None else await stack.start_worker("worker")


@pytest_asyncio.fixture(loop_scope="session")
async def people(stack: Stack) -> AsyncIterator[People]:
    """Simulated people of this test's own, who leave when it ends."""
    async with People(stack.env) as everybody:
        yield everybody


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def studio() -> AsyncIterator["Studio"]:
    """A cloud whose LiveKit has a Redis, with two workers: for what needs egress or ingress."""
    from local.studio import Studio  # noqa: PLC0415  (it imports PyAV, which few processes need)

    try:
        redis.find_binary()
    except NotInstalledError as error:
        pytest.skip(f"NOTHING IS RECORDED AND NOBODY STREAMS FROM OBS: {error}")
    async with Studio(STATE / "test-recording", brief=True) as running:
        yield running


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("xdist"):
        from tests import shared_out  # noqa: PLC0415  (it imports pytest-xdist)

        config.pluginmanager.register(shared_out)


def mixed(items: list[pytest.Item]) -> list[pytest.Item]:
    """The browser's tests, then those that wait for rooms, with the files of those that compute spread among them: so
    the cores are busy all the time, and no process is left with the longest at the end."""
    files = dict.fromkeys(
        item.path for item in sorted(items, key=lambda item: FOLDERS.index(folder_of(item.path)))
    )
    place = dict[Path, float]()
    for kind in (WAITING, COMPUTING):
        of_kind = [file for file in files if folder_of(file) in kind]
        place |= {file: (n + 0.5) / len(of_kind) for n, file in enumerate(of_kind)}
    return sorted(items, key=lambda item: 0.0 if folder_of(item.path) == "browser" else place[item.path])


def folder_of(file: Path) -> str:
    return file.relative_to(TESTS).parts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses the shared stack runs in the stack's event loop; all others have one of their own."""
    if TARGET is not None:
        for item in items:
            if why := TARGET.why_not(item):
                item.add_marker(pytest.mark.skip(reason=why))
    items[:] = mixed(items)
    for item in items:
        if not isinstance(item, pytest.Function) or not inspect.iscoroutinefunction(item.obj):
            continue
        if {"stack", "studio"} & set(item.fixturenames):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
