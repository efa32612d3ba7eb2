"""An installed Chromium, headless, with a microphone and a camera without a person in front of them."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deno import find_deno_bin
from playwright.async_api import Browser, async_playwright

from local.paths import REPOSITORY

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
)
START_MS = 60_000
CLIENT = REPOSITORY / "livekit-system" / "clients" / "typescript"
BUNDLE_SECONDS = 100


class NoChromiumError(RuntimeError):
    def __init__(self) -> None:
        super().__init__("NO CHROMIUM: `apt-get install chromium`, or name one in the environment's CHROMIUM")


def find_chromium() -> str | None:
    """What `CHROMIUM` names, or the first on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def found() -> str:
    """Raises NoChromiumError where none is installed."""
    path = find_chromium()
    if path is None:
        raise NoChromiumError
    return path


@asynccontextmanager
async def launched(program: str | None = None) -> AsyncIterator[Browser]:
    """A browser of one's own, or started by `program`; raises NoChromiumError where none is installed."""
    path = program or found()
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags, timeout=START_MS)
        try:
            yield browser
        finally:
            await browser.close()


def bundled(page: str, folder: Path) -> str:
    """A page of the TypeScript client's folder, with everything that it imports, as one script."""
    bundle = folder / "page.js"
    command = [find_deno_bin(), "run", "-A", "npm:esbuild@0.28.2", page, "--bundle"]
    options = ["--format=iife", "--target=es2022", f"--outfile={bundle}"]
    subprocess.run([*command, *options], cwd=CLIENT, check=True, capture_output=True, timeout=BUNDLE_SECONDS)  # noqa: S603  (our own)
    return bundle.read_text()
