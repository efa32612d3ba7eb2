"""What browser tests share: an installed Chromium, the console, pages whose errors fail the test, an evening."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from local import console
from local.chromium import NoChromiumError, launched
from local.people.person import People
from local.ports import Offset
from local.stack import Stack
from tests.browser.desk import Desk
from tests.browser.evening import Evening, begin


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One headless Chromium for all browser tests; they open contexts of their own."""
    try:
        async with launched() as browser:
            yield browser
    except NoChromiumError as missing:
        pytest.skip(str(missing))


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


@pytest_asyncio.fixture(loop_scope="session")
async def evening(stack: Stack, people: People) -> AsyncIterator[Evening]:
    """A room on air with a host, a listener and somebody of ops; over when the test is."""
    del stack
    begun = await begin(people)
    yield begun
    await begun.host.end_session(begun.session.id)
