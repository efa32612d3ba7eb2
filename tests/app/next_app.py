"""OPS.md's files in a Next.js app: built and started by Next.js itself, and opened by somebody of ops in Chromium."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Error, expect

from local.people.person import PASSWORD, People
from local.stack import Stack
from tests.app import ops_page
from tests.app.around import KEY, URL, around, point
from tests.app.example import COMMANDS
from tests.app.node import NODE, NPM, environment
from tests.app.ops_page import NEXT, PACKAGE
from tests.conformance.steps import Failed, command

TITLE = "Opened in Next.js"
INSTALL_SECONDS, BUILD_SECONDS, START_SECONDS = 600.0, 600.0, 120.0
PATIENCE_MS = 30_000
LAYOUT = """export default function Root({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}
"""
"""What `create-next-app` has written before."""
# As an app's own sign-in leaves it.
SIGN_IN = """async ([url, key, email, password]) => {
  const asked = { method: "POST", headers: { apikey: key, "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }) };
  const answer = await fetch(`${url}/auth/v1/token?grant_type=password`, asked);
  if (!answer.ok) throw new Error(`sign-in answered ${answer.status}`);
  localStorage.setItem(`sb-${new URL(url).hostname.split(".")[0]}-auth-token`, await answer.text());
}"""


async def build(app: Path) -> None:
    """The app in a folder of its own, with what Next.js needs to build on this machine."""
    for name in ("package.json", "package-lock.json", "tsconfig.json", "next-env.d.ts"):
        shutil.copy(NEXT / name, app / name)
    for name, text in ops_page.snippets().items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)
    (app / "app" / "layout.tsx").write_text(LAYOUT)
    env = {**environment(COMMANDS), "NEXT_TELEMETRY_DISABLED": "1"}
    install: list[str | Path] = [NODE, NPM, "install", "--no-save", "--ignore-scripts", "--prefer-offline"]
    await command(install, seconds=INSTALL_SECONDS, env=env, cwd=app)
    shutil.copytree(PACKAGE, app / "node_modules" / "@ipelya" / "live-console")
    told = {"NEXT_PUBLIC_SUPABASE_URL": URL, "NEXT_PUBLIC_SUPABASE_KEY": KEY}
    argv: list[str | Path] = [NODE, app / "node_modules" / "next" / "dist" / "bin" / "next", "build"]
    await command(argv, seconds=BUILD_SECONDS, env=env | told, cwd=app)


@asynccontextmanager
async def started(app: Path) -> AsyncIterator[str]:
    """`next start` on a loopback port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    argv: list[str | Path] = [
        NODE,
        app / "node_modules" / "next" / "dist" / "bin" / "next",
        "start",
        "-H",
        "127.0.0.1",
        "-p",
        port,
    ]
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=app, env=environment(COMMANDS), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Reported:
    """A live room and the case of its host, by their ids."""

    room: str
    case: str
    host: str


async def reported(people: People) -> Reported:
    """Of a host whom somebody in the room has reported."""
    host, viewer = await people.arrive("Onur", creator=True), await people.arrive("Ece")
    session = await host.open_session("audio_room", "public", TITLE)
    for person in (host, viewer):
        await person.enter(session.id)
        await person.until_on_record(session.id)
    await viewer.api.rpc("report_person", user_id=host.id, session_id=session.id, reason_code="threat")
    case = await people.service.row("moderation_cases", user_id=f"eq.{host.id}")
    assert case is not None
    return Reported(session.id, case["id"], host.name)


async def visit(browser: Browser, address: str, stack: Stack, email: str, about: Reported) -> None:
    """The door, behind it the switches and the inbox, and from there the case and its room; nothing is thrown."""
    context = await browser.new_context(locale="en-GB")
    try:
        page, faults = await context.new_page(), list[str]()
        page.on("pageerror", lambda error: faults.append(str(error)))
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    await page.goto(f"{address}/ops")
                    break
                except Error:
                    await asyncio.sleep(0.2)
        await expect(page.get_by_text("Sign in as somebody of ops.")).to_be_visible(timeout=PATIENCE_MS)
        await page.evaluate(SIGN_IN, [stack.url, stack.keys.publishable, email, PASSWORD])
        await page.reload()
        for heading in ("Switches", "Cases"):
            await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(
                timeout=PATIENCE_MS
            )
        await expect(page.get_by_role("switch").first).to_be_visible(timeout=PATIENCE_MS)
        await page.locator(f'[data-case="{about.case}"]').get_by_role("link").click(timeout=PATIENCE_MS)
        await page.wait_for_url(f"**/ops/cases/{about.case}", timeout=PATIENCE_MS)
        case = page.locator('[data-feed="case"]')
        await expect(case.get_by_role("button", name="Claim")).to_be_visible(timeout=PATIENCE_MS)
        await case.get_by_role("link", name=TITLE).click()
        await page.wait_for_url(f"**/ops/rooms/{about.room}", timeout=PATIENCE_MS)
        await expect(page.get_by_role("heading", level=1, name=TITLE)).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator(f'[data-person="{about.host}"]')).to_be_visible(timeout=PATIENCE_MS)
        if faults:
            raise Failed(f"the page threw: {faults}")
    finally:
        await context.close()


async def next_app(folder: Path) -> str:
    """Built, started, opened."""
    app = folder / "app-of-the-handbook"
    app.mkdir()
    await build(app)
    async with around() as its:
        ops = await its.people.arrive("Ops", ops=True)
        point(app / ".next", its.stack)
        async with started(app) as address:
            await visit(its.browser, address, its.stack, ops.email, await reported(its.people))
    return (
        "the handbook's Next.js app was built and started; somebody of ops saw switches, a case and its room"
    )
