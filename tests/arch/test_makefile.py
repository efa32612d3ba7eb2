"""The commands of the Makefile expand to something that can run."""

import re
import subprocess

import pytest

from local.paths import REPOSITORY

TARGETS = re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE)


def test_the_commands_that_people_rely_on_are_there() -> None:
    assert {"demo", "test", "up", "check"} <= set(TARGETS)


def rehearsed(target: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--dry-run", *options, target],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_a_command_names_no_variable_that_nobody_set(target: str) -> None:
    ran = rehearsed(target, "--warn-undefined-variables")
    # HOLD, PORT_BASE and the like are the caller's to set.
    complaints = [line for line in ran.stderr.splitlines() if "undefined variable" in line]
    assert not [line for line in complaints if not re.search(r"'(XDG_CACHE_HOME|HOLD|PORT_BASE)'", line)]


def test_what_takes_longer_than_a_test_may_is_built_before_them() -> None:
    lines = rehearsed("test").stdout.splitlines()
    fetched = next(n for n, line in enumerate(lines) if "-m local fetch" in line)
    assert fetched < next(n for n, line in enumerate(lines) if "bin/pytest" in line)


@pytest.mark.parametrize("target", ["test", "soak"])
def test_what_looks_at_pages_installs_a_browser_first(target: str) -> None:
    assert "install -y -qq --no-install-recommends chromium" in rehearsed(target).stdout
