"""One person's page in a browser, with the package in it: what `tests/app_page.ts` offers, called from here. Part of
`bench.app`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from local.people.person import OpenSession, Person
from local.people.waiting import until
from local.stack import Stack

PATIENCE = 30.0


class AppScreen:
    """One person's page."""

    def __init__(self, page: Page, stack: Stack, person: Person) -> None:
        self.page, self._stack, self.person = page, stack, person

    def visit(self, session: OpenSession, **more: Any) -> dict[str, Any]:
        """The options with which the page's script enters `session`; `more` are added, or replace some."""
        return {
            "url": self._stack.url,
            "key": self._stack.keys.publishable,
            "accessToken": self.person.api.access_token,
            "userId": self.person.id,
            "sessionId": session.id,
            **more,
        }

    async def call(self, name: str, *args: Any) -> Any:
        """What the function `app.<name>` of `tests/app_page.ts` answers. Raises Playwright's Error when it throws."""
        return await self.page.evaluate(f"(args) => app.{name}(...args)", list(args))

    async def enter(self, session: OpenSession, **more: Any) -> None:
        """Returns when the page is connected. Raises NotInTimeError after `PATIENCE` seconds."""
        await self.call("enter", self.visit(session, **more))
        await self.until("connected", lambda view: view["phase"] == "connected")

    async def until(self, what: str, holds: Any) -> None:
        """Waits until `holds`, given the page's view (a dict), is true. `what` is for the message of NotInTimeError."""

        async def there() -> bool:
            return bool(holds(await self.call("view")))

        await until(f"{self.person.name}: {what}", there, PATIENCE)


@asynccontextmanager
async def screen(browser: Browser, stack: Stack, person: Person, script: str) -> AsyncIterator[AppScreen]:
    """A browser context of its own, with camera and microphone, and the page's `script` in it."""
    context = await browser.new_context(permissions=["camera", "microphone"])
    try:
        page = await context.new_page()
        await page.goto(stack.livekit_url.replace("ws", "http", 1))
        await page.add_script_tag(content=script)
        yield AppScreen(page, stack, person)
    finally:
        await context.close()
