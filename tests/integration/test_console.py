"""The console's own tests and its build, which need Deno and its npm packages but no stack."""

import json
import subprocess

from aiohttp.test_utils import TestClient, TestServer
from deno import find_deno_bin

from local import console

ENV = {
    "SUPABASE_URL": "http://127.0.0.1:1",
    "SUPABASE_ANON_KEY": "sb_publishable_x",
    "LIVEKIT_URL": "ws://127.0.0.1:2",
}
SECRETS = {"SUPABASE_SERVICE_ROLE_KEY": "sb_secret_x", "DATABASE_URL": "postgres://x"}


def test_the_consoles_own_tests_pass() -> None:
    command = [find_deno_bin(), "task", "--quiet", "test"]
    run = subprocess.run(
        command, cwd=console.CONSOLE, capture_output=True, text=True, timeout=110, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


async def test_the_build_is_made_once_and_served_with_the_public_key_alone() -> None:
    folder = await console.built()
    made = (folder / "index.html").stat().st_mtime_ns
    assert await console.built() == folder
    assert (folder / "index.html").stat().st_mtime_ns == made

    async with TestClient(TestServer(console.application(folder, ENV | SECRETS))) as browser:
        page = await browser.get("/")
        assert page.status == 200
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        # Evidence is compared with its hash before it is shown: it comes from memory.
        assert "img-src 'self' data: blob:" in policy
        assert "media-src 'self' blob:" in policy
        config = json.loads(await (await browser.get("/config.json")).text())
        assert config == {"supabaseUrl": ENV["SUPABASE_URL"], "supabaseKey": ENV["SUPABASE_ANON_KEY"]}
        assert (await browser.get("/../deno.json")).status == 404


async def test_a_changed_source_is_noticed() -> None:
    before = console.fingerprint()
    extra = console.CONSOLE / "src" / "changed-by-a-test.ts"
    try:
        extra.write_text("export {};\n")
        assert console.fingerprint() != before
    finally:
        extra.unlink()
    assert console.fingerprint() == before
