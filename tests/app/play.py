"""The example's web build in a real Chromium, against the real stack, with two people: going live, chat, gifts, hands,
moderation, a call, and the end of an account. A browser has all of it but what a phone alone has: push, CallKit, audio
routes, the small window.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, Page, expect

from local.chromium import NoChromiumError, launched
from local.paths import STATE
from local.people.person import PASSWORD, People, Person
from local.stack import Stack
from tests.app.example import COMMANDS, EXAMPLE
from tests.app.node import NODE, environment
from tests.conformance.steps import Failed, Skipped, command

URL, KEY = "https://supabase.invalid", "sb_publishable_of_the_stack"
"""What the build is made with; replaced by the stack's own where it is served."""
PATIENCE_MS = 30_000


async def build(out: Path) -> None:
    argv: list[str | Path] = [
        NODE,
        EXAMPLE / "node_modules" / "expo" / "bin" / "cli",
        "export",
        "--platform",
        "web",
        "--output-dir",
        out,
    ]
    env = {**environment(COMMANDS), "EXPO_PUBLIC_SUPABASE_URL": URL, "EXPO_PUBLIC_SUPABASE_KEY": KEY}
    await command(argv, seconds=600.0, env=env, cwd=EXAMPLE)


def point(folder: Path, stack: Stack) -> None:
    for script in folder.rglob("*.js"):
        script.write_text(script.read_text().replace(URL, stack.url).replace(KEY, stack.keys.publishable))


@asynccontextmanager
async def served(folder: Path, stack: Stack) -> AsyncIterator[str]:
    """The build on a loopback port; its address."""
    point(folder, stack)
    app = web.Application()

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / "index.html")

    app.router.add_get("/", index)
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


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

    async def shows(self, name: str, text: str = "") -> None:
        await expect(self.page.get_by_test_id(name).last).to_contain_text(text, timeout=PATIENCE_MS)

    async def lacks(self, name: str) -> None:
        await expect(self.page.get_by_test_id(name)).to_have_count(0, timeout=PATIENCE_MS)

    async def sign_in(self, person: Person) -> None:
        await self.write("email", person.email)
        await self.write("password", PASSWORD)
        await self.tap("sign-in")

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


async def evening(host: Screen, guest: Screen, creator: Person, viewer: Person) -> None:
    await host.sign_in(creator)
    await guest.sign_in(viewer)
    await live(host, guest)
    await talk(host, guest, viewer)
    await ring(host, guest, creator)
    await guest.tap("account")
    await guest.tap("delete-account")
    await guest.tap("delete-account")
    await guest.shows("sign-in")


async def live(host: Screen, guest: Screen) -> None:
    """A broadcast: seen, talked about, given to, ended."""
    await begin(host, "video", "Songs")
    await enter(guest, "Songs")
    await guest.plays()
    await guest.write("draft", "merhaba")
    await guest.tap("say")
    await host.shows("chat", "merhaba")
    await guest.tap("gift-rose")
    for one in (host, guest):
        await one.shows("gift", "Viewer")
    await host.tap("end")
    for one in (host, guest):
        await one.shows("standing")
        await one.tap("back")


async def talk(host: Screen, guest: Screen, viewer: Person) -> None:
    """An audio room: a hand, a role, a microphone, and what moderation takes away again."""
    await begin(host, "audio", "Talk")
    await enter(guest, "Talk")
    await guest.tap("hand")
    await host.shows("hands", viewer.name)
    await host.tap("moderate")
    await host.tap(f"set_role-{viewer.id}")
    await guest.tap("microphone")
    await guest.shows("microphone", "●")
    await host.tap(f"mute-{viewer.id}")
    await host.shows("outcome", "applied")
    await guest.lacks("microphone")
    await host.tap(f"kick-{viewer.id}")
    await guest.shows("standing")
    await guest.tap("back")
    await host.tap("end")
    await host.tap("back")


async def ring(host: Screen, guest: Screen, creator: Person) -> None:
    """A call to a creator who is live, which rings on their screen, whatever that shows."""
    await begin(host, "audio", "Ring me")
    await guest.tap(f"call-{creator.id}")
    await host.tap("answer")
    for one in (host, guest):
        await one.shows("together")
    await guest.tap("hang-up")
    for one in (host, guest):
        await one.shows("duration", "s")
        await one.tap("back")


async def begin(host: Screen, kind: str, title: str) -> None:
    await host.tap("go-live")
    await host.write("title", title)
    await host.tap(f"begin-{kind}")


async def enter(guest: Screen, title: str) -> None:
    await guest.page.get_by_role("button", name=title, exact=True).click(timeout=PATIENCE_MS)


async def play(folder: Path) -> str:
    """The evening, in English on one screen and in Turkish on the other."""
    out = folder / "web"
    await build(out)
    async with AsyncExitStack() as opened:
        try:
            browser = await opened.enter_async_context(launched())
        except NoChromiumError as missing:
            raise Skipped(str(missing)) from None
        stack = await opened.enter_async_context(Stack(STATE / "app-test"))
        await stack.start_worker("worker")
        people = await opened.enter_async_context(People(stack.env))
        creator = await people.arrive("Host", creator=True)
        viewer = await people.arrive("Viewer", coins=500)
        address = await opened.enter_async_context(served(out, stack))
        host = await opened.enter_async_context(screen(browser, address, "tr-TR"))
        guest = await opened.enter_async_context(screen(browser, address, "en-GB"))
        try:
            await evening(host, guest, creator, viewer)
        except Exception:
            await pictures(host, guest)
            raise
    shutil.rmtree(out)
    return "two people: a broadcast, an audio room, a call, and an account deleted"


async def pictures(host: Screen, guest: Screen) -> None:
    """What both saw when it failed."""
    for name, one in (("host", host), ("guest", guest)):
        await one.page.screenshot(path=STATE / "app" / f"{name}.png", full_page=True)
