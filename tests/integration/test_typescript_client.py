"""The TypeScript client's own tests, which need Deno and its npm packages but no stack."""

import subprocess

from deno import find_deno_bin

from local.paths import REPOSITORY

CLIENT = REPOSITORY / "livekit-system" / "clients" / "typescript"


def test_the_clients_own_tests_pass() -> None:
    command = [find_deno_bin(), "task", "--quiet", "test"]
    run = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
