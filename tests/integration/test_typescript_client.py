"""The TypeScript client's own tests, which need Deno and its npm packages but no stack."""

import subprocess

from deno import find_deno_bin

from local.paths import REPOSITORY

CLIENT = REPOSITORY / "livekit-system" / "clients" / "typescript"


def task(name: str) -> None:
    command = [find_deno_bin(), "task", "--quiet", name]
    run = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_clients_own_tests_pass() -> None:
    task("test")


def test_an_app_compiles_against_the_built_package() -> None:
    """`make app-test` tries the other two pairs of settings as well."""
    task("build")
    task("compile")
