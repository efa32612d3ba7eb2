"""The example's web build in a real Chromium, against the real stack: two people, one of them on two devices, play
what `evening.py` says. A browser has all of it but what a phone alone has: push, CallKit, audio routes, the foreground
service, the small window.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from local import redis
from local.paths import STATE
from local.stack import Stack
from tests.app.around import KEY, URL, around, point
from tests.app.evening import Cast, evening
from tests.app.example import COMMANDS, EXAMPLE
from tests.app.node import NODE, environment
from tests.app.screen import Screen, screen
from tests.conformance.steps import command


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


@asynccontextmanager
async def served(folder: Path, stack: Stack) -> AsyncIterator[str]:
    """The build on a loopback port; its address."""
    point(folder, stack)
    app = web.Application()

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / "index.html")

    for link in ("/", "/live/{id}", "/call/{id}"):
        app.router.add_get(link, index)
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def play(folder: Path) -> str:
    """The evening, in Turkish on the host's screen and in English on the guest's two."""
    out = folder / "web"
    await build(out)
    recording = redis.is_there()
    async with around(recording=recording) as its, AsyncExitStack() as opened:
        await its.stack.start_worker("worker")
        creator = await its.people.arrive("Host", creator=True)
        viewer = await its.people.arrive("Viewer", creator=True, coins=500)
        address = await opened.enter_async_context(served(out, its.stack))
        host, guest, second = [
            await opened.enter_async_context(screen(its.browser, address, locale))
            for locale in ("tr-TR", "en-GB", "en-GB")
        ]
        try:
            said = await evening(Cast(host, guest, second, creator, viewer), recording=recording)
        except Exception:
            await pictures(host=host, guest=guest, second=second)
            raise
    shutil.rmtree(out)
    return said


async def pictures(**screens: Screen) -> None:
    """What all of them saw when it failed."""
    for name, one in screens.items():
        if not one.page.is_closed():
            await one.page.screenshot(path=STATE / "app" / f"{name}.png", full_page=True)
