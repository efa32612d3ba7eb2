"""The console as a person uses it: signing in, opening a room, asking for moderation."""

from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from local.people.person import PASSWORD, OpenSession, Person

PATIENCE_MS = 15_000
# The refresh token is one that the server does not know any more, and the access token's time is over.
EXPIRE = """() => {
  const kept = JSON.parse(localStorage.getItem("ipelya-live-console"));
  localStorage.setItem("ipelya-live-console",
    JSON.stringify({ ...kept, expires_at: 1, refresh_token: "revoked" }));
  document.dispatchEvent(new Event("visibilitychange"));
}"""
expect.set_options(timeout=PATIENCE_MS)


async def tick(choice: Locator) -> None:
    """Choose what is a radio or a checkbox. React shows it when it has rendered, which a busy machine does later."""
    if not await choice.is_checked():
        await choice.click()
    await expect(choice).to_be_checked()


class Desk:
    """A place from which people open the console, each in a browser profile of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self.url = browser, url
        self._contexts: list[BrowserContext] = []
        self._thrown: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for context in self._contexts:
            await context.close()
        assert kind is not None or not self._thrown, self._thrown

    async def open(self, **options: Any) -> "ConsolePage":
        """The console's door. `options`: Playwright's for a context (viewport, color_scheme, locale…)."""
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 860}} | options
        context = await self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self._thrown.append(str(error)))
        await page.goto(self.url)
        return ConsolePage(page, self.url)

    async def sign_in(self, person: Person, **options: Any) -> "ConsolePage":
        opened = await self.open(**options)
        await opened.sign_in(person.email)
        return opened


class ConsolePage:
    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        await self.page.locator("input[name=email]").fill(email)
        await self.page.locator("input[name=password]").fill(password)
        await self.page.locator("form button[type=submit]").click()

    async def expire(self) -> None:
        """The session is over, as after a night; the door is shown."""
        await self.page.evaluate(EXPIRE)
        await expect(self.page.locator("input[name=password]")).to_be_visible()

    async def go(self, address: str) -> None:
        """To a page of the console: `rooms`, `rooms/<id>`, `people/<id>`, `switches`, `reports`."""
        await self.page.goto(f"{self._url}#/{address}")

    async def open_room(self, session: OpenSession, title: str) -> None:
        """From the list, as a person would."""
        await self.page.get_by_role("link", name=title, exact=True).click()
        await expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        assert session.id in self.page.url

    def person(self, person: Person) -> Locator:
        return self.page.locator(f'.lc-person[data-person="{person.name}"]')

    def meter(self, person: Person) -> Locator:
        return self.person(person).get_by_role("meter")

    def asked(self, action: str) -> Locator:
        """The line of a request made on this page."""
        return self.page.locator(f'.lc-asked [data-action="{action}"]')

    async def aim(self, person: Person) -> Locator:
        """The form that acts on someone."""
        await self.person(person).get_by_role("button").click()
        return self.page.get_by_role("dialog")

    async def act(self, person: Person, action: str, *, reason: str, how_long: str | None = None) -> None:
        """Asks for an action by its English name, with a reason, and for as long as one of its choices says."""
        await self._send(await self.aim(person), action, reason, how_long)

    async def act_on_room(self, action: str, *, reason: str) -> None:
        await self.page.get_by_role("button", name="The whole room").click()
        await self._send(self.page.get_by_role("dialog"), action, reason, None)

    async def _send(self, form: Locator, action: str, reason: str, how_long: str | None) -> None:
        await tick(form.get_by_role("radio", name=action, exact=True))
        if how_long is not None:
            await form.get_by_label("How long").select_option(label=how_long)
        await form.get_by_label("Reason").fill(reason)
        await form.locator("button[type=submit]").click()
        await expect(form).to_be_hidden()

    async def applied(self, action: str) -> str:
        """Waits until a request of this page is applied; what its line says then."""
        line = self.asked(action).first
        await expect(line.locator('[data-status="applied"]')).to_be_visible()
        return await line.inner_text()
