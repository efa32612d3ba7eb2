"""The edge functions' own tests, which need Deno and no server, as a part of `make test`."""

import subprocess

from deno import find_deno_bin

from local.functions import FUNCTIONS


def test_the_functions_own_tests_pass() -> None:
    run = subprocess.run(
        [find_deno_bin(), "task", "test"],
        cwd=FUNCTIONS,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
