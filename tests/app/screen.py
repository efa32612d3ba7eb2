"""The example on one person's screen, and what that person does and sees there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

from playwright.async_api import Browser, Page, expect

from local.people.person import PASSWORD, Person
from tests.conformance.steps import Failed

PATIENCE_MS = 30_000


class Screen:
    """The example on one person's screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def tap(self, name: str) -> None:
        await self.page.get_by_test_id(name).click(timeout=PATIENCE_MS)

    async def write(self, name: str, text: str) -> None:
        await self.page.get_by_test_id(name).fill(text, timeout=PATIENCE_MS)

    async def shows(self, name: str, text: str = "", *, within_ms: float = PATIENCE_MS) -> None:
        await expect(self.page.get_by_test_id(name).last).to_contain_text(text, timeout=within_ms)

    async def lacks(self, name: str) -> None:
        await expect(self.page.get_by_test_id(name)).to_have_count(0, timeout=PATIENCE_MS)

    async def follow(self, link: str) -> None:
        """Open the app by a link, a path below its address."""
        await self.page.goto(urljoin(self.page.url, link))

    async def sign_in(self, person: Person) -> None:
        await self.write("email", person.email)
        await self.write("password", PASSWORD)
        await self.tap("sign-in")

    async def dies(self) -> None:
        """At once and without a word to anybody, as a phone whose battery is taken out."""
        died = asyncio.Event()
        self.page.on("crash", lambda _: died.set())
        devtools = await self.page.context.new_cdp_session(self.page)
        crash = asyncio.ensure_future(devtools.send("Page.crash"))
        await asyncio.wait_for(died.wait(), PATIENCE_MS / 1000)
        crash.cancel()

    async def plays(self) -> None:
        """A picture moves."""
        moving = (
            "() => [...document.querySelectorAll('video')].some(v => v.videoWidth > 0 && v.currentTime > 0)"
        )
        await self.page.wait_for_function(moving, timeout=PATIENCE_MS)


@asynccontextmanager
async def screen(browser: Browser, address: str, locale: str) -> AsyncIterator[Screen]:
    context = await browser.new_context(locale=locale, permissions=["camera", "microphone"])
    try:
        page = await context.new_page()
        shown = Screen(page)
        await page.goto(address)
        yield shown
        if shown.faults:
            raise Failed(f"the page threw: {shown.faults}")
    finally:
        await context.close()
