"""The ops console on a loopback port: built by Vite on Deno when its sources changed, served as static files."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from deno import find_deno_bin

from local.paths import REPOSITORY
from local.ports import LOOPBACK

CONSOLE = REPOSITORY / "livekit-system" / "console"
DIST = CONSOLE / "dist"
STAMP = DIST / ".built-from"
SOURCES = ("deno.json", "deno.lock", "vite.config.ts", "index.html", "public/**/*", "src/**/*")
SHARED = ("schemas/notices.json", "clients/typescript/src/refusal_texts.ts")
"""What the console takes from its neighbours, below `livekit-system/`."""
BUILD_SECONDS = 180.0
"""The first build fetches Vite and React; later ones take seconds."""


class ConsoleBuildError(RuntimeError):
    """The console could not be built; the message carries what the build said."""


async def built() -> Path:
    """The folder of the built console, built first when the sources have changed.

    Raises:
        ConsoleBuildError: Deno or Vite failed, or the npm registry cannot be reached.
    """
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return DIST
    process = await asyncio.create_subprocess_exec(
        *(find_deno_bin(), "task", "--quiet", "build"),
        cwd=CONSOLE,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(BUILD_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        raise ConsoleBuildError(f"the console's build took more than {BUILD_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ConsoleBuildError(f"the console could not be built:\n{said.decode(errors='replace')}")
    STAMP.write_text(wanted)
    return DIST


def fingerprint() -> str:
    """A hash over the names and contents of everything that the build reads."""
    digest = hashlib.sha256()
    own = (file for pattern in SOURCES for file in CONSOLE.glob(pattern) if file.is_file())
    for file in sorted((*own, *(CONSOLE.parent / name for name in SHARED))):
        digest.update(f"{file.relative_to(CONSOLE.parent)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@asynccontextmanager
async def served(port: int, env: Mapping[str, str]) -> AsyncIterator[str]:
    """Builds the console if need be and serves it; yields its address. `env`: the stack's.

    Raises:
        ConsoleBuildError: see `built`.
    """
    runner = web.AppRunner(application(await built(), env))
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"http://{LOOPBACK}:{port}/"
    finally:
        await runner.cleanup()


async def keep_open(port: int, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Serves the console until cancelled, having told its address, or why there is none."""
    try:
        async with served(port, env) as address:
            say(f"ops console: {address}")
            await asyncio.Event().wait()
    except (ConsoleBuildError, OSError) as error:
        say(f"no ops console: {error}")


def application(folder: Path, env: Mapping[str, str]) -> web.Application:
    """The files of `folder`, and the `config.json` that tells the page where its project is."""
    url = env["SUPABASE_URL"]
    config = json.dumps({"supabaseUrl": url, "supabaseKey": env["SUPABASE_ANON_KEY"]})

    async def index(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / "index.html")

    async def config_json(_request: web.Request) -> web.Response:
        return web.Response(text=config, content_type="application/json")

    async def guard(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(security_headers(url, env["LIVEKIT_URL"]))
        if not request.path.startswith("/assets/"):
            response.headers["Cache-Control"] = "no-store"

    app = web.Application()
    routes: tuple[tuple[str, Handler], ...] = (("/", index), ("/config.json", config_json))
    for path, handler in routes:
        app.router.add_get(path, handler)
    app.router.add_static("/", folder)
    app.on_response_prepare.append(guard)
    return app


def security_headers(supabase_url: str, livekit_url: str) -> dict[str, str]:
    """What a deployment should send as well: scripts from here alone, requests to the project and LiveKit alone,
    no frames. Listening in needs LiveKit's websocket, and its HTTP for what went wrong; a clip of evidence is fetched,
    compared with its hash, and played from memory (`blob:`); recordings are played from the project."""
    both = (supabase_url, livekit_url.replace("ws", "http", 1))
    sources = " ".join(f"{url} {url.replace('http', 'ws', 1)}" for url in both)
    return {
        "Content-Security-Policy": f"default-src 'self'; connect-src 'self' {sources}; "
        f"img-src 'self' data: blob: {supabase_url}; media-src 'self' blob: {supabase_url}; "
        "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
