"""What the steps of `make conformance` share: outcomes, Debian's packages, and commands with a time limit."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.paths import REPOSITORY

INSTALL_SECONDS = 600.0
TAIL_LINES = 30


class Skipped(Exception):
    """This machine cannot run the step. The message says why."""


class Failed(Exception):
    """The step ran, and something did not hold. The message holds the last lines that it printed."""


@dataclass(frozen=True, slots=True)
class Step:
    """`run` returns what it found, in a few words; it raises Skipped or Failed."""

    name: str
    run: Callable[[Path], Awaitable[str]]
    """Given an empty folder of its own."""


async def packages(names: Sequence[str], program: str | Path) -> None:
    """See to it that `program` is there: by Debian's packages, where they may be installed."""
    if shutil.which(program):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Skipped(f"{program} is not installed, and only root on Debian gets it by apt-get")
    await command(["apt-get", "update", "-qq"], seconds=INSTALL_SECONDS)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
    try:
        await command(install, env={"DEBIAN_FRONTEND": "noninteractive"}, seconds=INSTALL_SECONDS)
    except Failed as error:
        raise Skipped(f"{', '.join(names)} could not be installed") from error
    if not shutil.which(program):
        raise Skipped(f"{program} did not come with {', '.join(names)}")


async def command(
    argv: Sequence[str | Path],
    *,
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: Path = REPOSITORY,
) -> str:
    """What a program printed, when it ended well and in time.

    Raises:
        Failed: it did not.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        raise Failed(f"{argv[0]} did not end within {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = output.decode(errors="replace")
    if process.returncode:
        raise Failed("\n".join(said.splitlines()[-TAIL_LINES:]))
    return said


async def run_tests(*paths: str, env: Mapping[str, str] | None = None, seconds: float = 900.0) -> str:
    """Run these tests; pytest's closing line."""
    argv = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--no-loadscope-reorder", *paths]
    return (await command(argv, env=env, seconds=seconds)).splitlines()[-1]
