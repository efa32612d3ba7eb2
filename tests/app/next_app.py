"""OPS.md's files in a Next.js app: built and started by Next.js itself, and opened by somebody of ops in Chromium."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Error, expect

from local.people.person import PASSWORD
from local.stack import Stack
from tests.app import ops_page
from tests.app.around import KEY, URL, around, point
from tests.app.example import COMMANDS
from tests.app.node import NODE, NPM, environment
from tests.app.ops_page import NEXT, PACKAGE
from tests.conformance.steps import Failed, command

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


async def visit(browser: Browser, address: str, stack: Stack, email: str) -> None:
    """The door, and behind it the switches and the inbox; nothing is thrown."""
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
            await visit(its.browser, address, its.stack, ops.email)
    return (
        "the handbook's Next.js app was built and started, and somebody of ops saw switches and cases in it"
    )
