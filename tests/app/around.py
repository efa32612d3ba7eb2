"""What a built app is played on: Chromium, a stack, people; and how a build comes to know that stack."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from local.chromium import NoChromiumError, launched
from local.paths import STATE
from local.people.person import People
from local.stack import Stack
from tests.conformance.steps import Skipped

URL, KEY = "https://supabase.invalid", "sb_publishable_of_the_stack"
"""What a build is made with: `point` puts a stack's own in their place."""


@dataclass(frozen=True, slots=True)
class Around:
    browser: Browser
    stack: Stack
    people: People


@asynccontextmanager
async def around(*, recording: bool = False) -> AsyncIterator[Around]:
    """All three, for as long as it lasts. Raises Skipped where there is no Chromium."""
    async with AsyncExitStack() as opened:
        try:
            browser = await opened.enter_async_context(launched())
        except NoChromiumError as missing:
            raise Skipped(str(missing)) from None
        stack = await opened.enter_async_context(Stack(STATE / "app-test", recording=recording))
        yield Around(browser, stack, await opened.enter_async_context(People(stack.env)))


def point(folder: Path, stack: Stack) -> None:
    """The build in `folder` asks this stack from now on."""
    for script in folder.rglob("*.js"):
        text = script.read_text()
        if URL in text:
            script.write_text(text.replace(URL, stack.url).replace(KEY, stack.keys.publishable))
