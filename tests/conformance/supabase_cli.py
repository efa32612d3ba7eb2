"""Supabase's own command line, from its npm package through Deno: what pushes migrations and deploys functions."""

import asyncio
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deno import find_deno_bin

from local.paths import machine_cache

VERSION = "3.1.0"
PACKAGES = {
    ("Linux", "x86_64"): "cli-linux-x64",
    ("Linux", "aarch64"): "cli-linux-arm64",
    ("Darwin", "arm64"): "cli-darwin-arm64",
    ("Darwin", "x86_64"): "cli-darwin-x64",
}
INSTALL_SECONDS = 300.0
RUN_SECONDS = 120.0
QUIET = {"DO_NOT_TRACK": "1", "SUPABASE_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command of it said."""

    code: int
    out: str
    err: str


async def find_binary() -> Path:
    """The pinned version, installed into the machine's cache once.

    Raises:
        RuntimeError: npm has none for this platform, or it cannot be fetched.
    """
    package = PACKAGES.get((platform.system(), platform.machine()))
    if package is None:
        raise RuntimeError(f"the Supabase CLI is not published for {platform.system()} {platform.machine()}")
    home = machine_cache() / f"supabase-cli-{VERSION}"
    binary = home / "node_modules" / "@supabase" / package / "bin" / "supabase"
    if not binary.exists():
        home.mkdir(parents=True, exist_ok=True)
        manifest = {"imports": {"cli": f"npm:@supabase/{package}@{VERSION}"}, "nodeModulesDir": "auto"}
        (home / "deno.json").write_text(json.dumps(manifest))
        ran = await _run([find_deno_bin(), "install", "--quiet"], home, {}, INSTALL_SECONDS)
        if ran.code or not binary.exists():
            raise RuntimeError(f"the Supabase CLI could not be installed: {ran.err.strip()}")
    return binary


async def supabase(
    binary: Path, repository: Path, *arguments: str | Path, env: dict[str, str] | None = None
) -> Ran:
    """One command of it in `repository`, which holds `supabase/`. It asks nothing and reports nothing home."""
    command = [binary, *arguments, "--workdir", repository]
    return await _run(command, repository, {**QUIET, **(env or {})}, RUN_SECONDS)


async def _run(command: Sequence[str | Path], where: Path, env: dict[str, str], seconds: float) -> Ran:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=where,
        env={**os.environ, **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
