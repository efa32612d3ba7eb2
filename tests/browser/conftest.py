"""What browser tests share: an installed Chromium, and pages whose errors fail the test."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from local import console
from local.ports import Offset
from local.stack import Stack
from tests.browser.desk import Desk

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    # A microphone and a camera without a person in front of them, over loopback.
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
)
START_MS = 60_000


def find_chromium() -> str | None:
    """An installed Chromium: what `CHROMIUM` names, or the first on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One headless Chromium for all browser tests; they open contexts of their own."""
    path = find_chromium()
    if path is None:
        pytest.skip("NO CHROMIUM: `apt-get install chromium`, or name one in the environment's CHROMIUM")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags, timeout=START_MS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def console_url(stack: Stack) -> AsyncIterator[str]:
    """The address of the ops console, built from this clone's sources."""
    async with console.served(stack.ports.of(Offset.CONSOLE), stack.env) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chromium: Browser, console_url: str) -> AsyncIterator[Desk]:
    """Opens the console as anybody; whatever a page threw fails the test at its end."""
    async with Desk(chromium, console_url) as opened:
        yield opened
